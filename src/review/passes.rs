//! The passes over partitions: persons, shared credentials, institutions.

use std::sync::{
    Mutex,
    atomic::{self, AtomicUsize},
};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    account::{RowAccount, UnknownValues},
    behaviour::{self, CoveredMonths, peers},
    benefit_rules::{self, BenefitCounts},
    benefits::plans::BenefitPlans,
    context::ReviewContext,
    fields::ReviewField,
    filing::{self, Filing},
    found::FoundLead,
    keys::{RowBits, RowStates},
    lead::Lead,
    packed_rows::{
        PackedStore, PackedWriter, Standing, UnpackedRow, emptied, together, unpack_rows,
        unpacked_rows,
    },
    row::ReviewedRow,
    subject::{InstitutionRows, Person},
    thresholds::Thresholds,
};
use crate::{
    diag::Outcome,
    event::{Activity, Monitor},
    keyed::{sorted::Sorter, store::locked},
};

/// What all passes share.
pub(super) struct Passes<'a> {
    pub(super) thresholds: &'a Thresholds,
    pub(super) context: &'a ReviewContext<'a>,
    pub(super) states: &'a RowStates,
    /// The settlements whose credential several persons have used.
    pub(super) shared: Option<&'a RowBits>,
    pub(super) covered: &'a CoveredMonths,
    pub(super) leads: &'a Sorter<FoundLead>,
    /// The rows by institution, which the pass over persons fills.
    pub(super) institutions: PackedStore,
    /// The settlements whose credential is shared, by credential.
    pub(super) credentials: PackedStore,
    pub(super) memory: u64,
    pub(super) monitor: &'a Monitor,
}

/// What is counted in the pass over persons.
#[derive(Debug, Default)]
pub(super) struct PersonCounts {
    pub(super) rows: RowAccount,
    pub(super) persons: u64,
    pub(super) benefits: BenefitCounts,
    /// The fields that have a value in a reviewed row, a bit each.
    pub(super) delivered: u16,
    /// Whether a reviewed row has an in-scope amount.
    pub(super) in_scope: bool,
    /// The values that `values` does not have.
    pub(super) unknown: UnknownValues,
}

impl PersonCounts {
    fn absorb(&mut self, other: PersonCounts) {
        let (rows, others) = (&mut self.rows, other.rows);
        rows.reversals += others.reversals;
        rows.reversed += others.reversed;
        rows.settlements += others.settlements;
        self.persons += other.persons;
        self.benefits.absorb(&other.benefits);
        self.delivered |= other.delivered;
        self.in_scope |= other.in_scope;
        self.unknown.absorb(other.unknown);
    }

    /// Counts a reviewed row.
    fn row(&mut self, row: &ReviewedRow, standing: Standing) {
        match standing {
            Standing::Settlement => self.rows.settlements += 1,
            Standing::Reversal => self.rows.reversals += 1,
            Standing::Reversed => self.rows.reversed += 1,
            Standing::NoDisease => {}
        }
        self.delivered |= row.optional.delivered;
        self.in_scope |= row.in_scope.is_some();
        for (field, value) in &row.optional.unknown {
            let field = ReviewField::ALL.get(usize::from(*field));
            self.unknown.add(field.map_or("", |field| field.name()), value, 1);
        }
    }
}

impl Passes<'_> {
    /// Runs work on each of some partitions, by all threads, each of which has a state of its own.
    fn each<S: Send>(
        &self,
        partitions: usize,
        begin: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize) -> Outcome<()> + Sync,
    ) -> Outcome<Vec<S>> {
        let next = AtomicUsize::new(0);
        (0..rayon::current_num_threads())
            .into_par_iter()
            .with_max_len(1)
            .map(|_| {
                let mut state = begin();
                loop {
                    let partition = next.fetch_add(1, atomic::Ordering::Relaxed);
                    if partition >= partitions {
                        return Ok(state);
                    }
                    self.monitor.check()?;
                    let look = || work(&mut state, partition);
                    self.monitor.stopwatch.measure(Activity::Look, look)?;
                }
            })
            .collect()
    }

    fn emit(&self, found: &mut Vec<Lead>) -> Outcome<()> {
        if found.is_empty() {
            return Ok(());
        }
        self.leads.push(found.drain(..).map(|lead| FoundLead::from(&lead)).collect())
    }

    /// Looks at persons.
    pub(super) fn of_persons(
        &self,
        persons: &PackedStore,
        filings: Option<&PackedStore>,
    ) -> Outcome<PersonCounts> {
        let begin = || PersonPass {
            bytes: Vec::new(),
            filed: Vec::new(),
            rows: Vec::new(),
            texts: Vec::new(),
            counts: PersonCounts::default(),
            plans: BenefitPlans::default(),
            institutions: self.institutions.writer(),
            credentials: self.credentials.writer(),
        };
        let states = self.each(persons.count(), begin, |pass, partition| {
            persons.must_fit(partition, self.memory, self.monitor, "psn_no", || {
                text!("the rows of persons who share a partition")
            })?;
            persons.take(partition, &mut pass.bytes)?;
            if let Some(filings) = filings {
                filings.take(partition, &mut pass.filed)?;
            }
            pass.partition(self)
        })?;
        let mut counts = PersonCounts::default();
        for pass in states {
            pass.institutions.finish()?;
            pass.credentials.finish()?;
            counts.absorb(pass.counts);
        }
        Ok(counts)
    }

    /// Looks at credentials that several persons have used.
    pub(super) fn of_credentials(&self) -> Outcome<()> {
        let Some(limits) = &self.thresholds.beh18 else { return Ok(()) };
        self.each(self.credentials.count(), PassMemory::default, |memory, partition| {
            self.credentials.take(partition, &mut memory.bytes)?;
            let rows = unpacked_rows(&memory.bytes, &mut memory.texts, |row| row.psn_no)?;
            let mut rows: Vec<&ReviewedRow> = rows.iter().map(|packed| &packed.row).collect();
            rows.sort_unstable_by_key(|row| (row.optional.token, row.time, row.setl_id));
            let mut found = Vec::new();
            for of_token in rows.chunk_by(|a, b| a.optional.token == b.optional.token) {
                behaviour::of_credential(of_token, limits, &mut found);
            }
            self.emit(&mut found)
        })?;
        Ok(())
    }

    /// Looks at institutions.
    pub(super) fn of_institutions(&self) -> Outcome<()> {
        let all = self.institutions.count();
        let means: Mutex<Vec<peers::CostMean>> = Mutex::new(Vec::new());
        self.each(all, PassMemory::default, |memory, partition| {
            self.institutions.must_fit(
                partition,
                self.memory,
                self.monitor,
                "fixmedins_code",
                || text!("the rows of institutions that share a partition"),
            )?;
            self.institutions.read(partition, &mut memory.bytes)?;
            each_institution(memory, |rows| {
                let mut found = Vec::new();
                behaviour::of_institution(rows, self.thresholds, self.covered, &mut found);
                if let Some(limits) = &self.thresholds.beh14 {
                    locked(&means).extend(peers::cost_means(rows, limits));
                }
                self.emit(&mut found)
            })
        })?;
        let Some(limits) = &self.thresholds.beh14 else { return Ok(()) };
        let outliers = peers::outliers(std::mem::take(&mut *locked(&means)), limits);
        let mut partitions: Vec<usize> = outliers
            .iter()
            .map(|outlier| self.institutions.partition_of(outlier.institution().as_bytes()))
            .collect();
        partitions.sort_unstable();
        partitions.dedup();
        self.each(partitions.len(), PassMemory::default, |memory, at| {
            self.institutions.read(partitions[at], &mut memory.bytes)?;
            each_institution(memory, |rows| {
                let mut found = Vec::new();
                peers::cost_leads(rows, &outliers, &mut found);
                self.emit(&mut found)
            })
        })?;
        Ok(())
    }
}

/// Memory of a thread for a partition: new memory costs more than memory that was used before.
#[derive(Default)]
struct PassMemory {
    bytes: Vec<u8>,
    texts: Vec<u8>,
}

/// Calls `look` with each institution of a partition.
fn each_institution(
    PassMemory { bytes, texts }: &mut PassMemory,
    mut look: impl FnMut(&InstitutionRows) -> Outcome<()>,
) -> Outcome<()> {
    let rows = unpacked_rows(bytes, texts, |row| row.institution)?;
    let rows = together(rows.iter(), |row| row.institution);
    for of_one in rows.chunk_by(|a, b| a.row.institution == b.row.institution) {
        let those = |standing: Standing| -> Vec<&ReviewedRow> {
            of_one.iter().filter(|row| row.standing == standing).map(|row| &row.row).collect()
        };
        look(&InstitutionRows {
            institution: of_one[0].row.institution,
            settlements: &those(Standing::Settlement),
            reversals: &those(Standing::Reversal),
            reversed: &those(Standing::Reversed),
        })?;
    }
    Ok(())
}

/// A settlement that was asked for.
pub(super) enum Asked<T> {
    /// It is a settlement, or breaks V06 alone, and this was made of it.
    Settlement(T),
    /// It is something else.
    Other(Standing),
}

/// Calls `look` with a person of a partition and the settlement of a setl_id, or the row that breaks V06 alone.
pub(super) fn person_of<T>(
    rows: &[u8],
    filed: &[u8],
    psn_no: &str,
    setl_id: &str,
    states: &RowStates,
    look: impl FnOnce(&Person, &ReviewedRow, Standing) -> T,
) -> Outcome<Asked<T>> {
    let mut texts = Vec::new();
    let mut rows = unpacked_rows(rows, &mut texts, |row| row.psn_no)?;
    rows.retain(|packed| packed.row.psn_no == psn_no && !states.dropped.has(packed.row.ordinal));
    for packed in &mut rows {
        packed.standing = standing(packed, states);
    }
    let Some(asked) = rows.iter().find(|packed| packed.row.setl_id == setl_id) else {
        return Ok(Asked::Other(Standing::Settlement));
    };
    if matches!(asked.standing, Standing::Reversal | Standing::Reversed) {
        return Ok(Asked::Other(asked.standing));
    }
    let is_settlement = |packed: &&UnpackedRow| packed.standing == Standing::Settlement;
    let mut settlements: Vec<&ReviewedRow> =
        rows.iter().filter(is_settlement).map(|packed| &packed.row).collect();
    settlements.sort_unstable_by(|a, b| a.time.cmp(&b.time).then_with(|| a.setl_id.cmp(b.setl_id)));
    let filings = each_once(filed)?;
    let own = filings.iter().map(|(_, filing)| filing).filter(|filing| filing.psn_no == psn_no);
    let filings: Vec<&Filing> = own.collect();
    let person = Person { psn_no, settlements: &settlements, filings: &filings };
    Ok(Asked::Settlement(look(&person, &asked.row, asked.standing)))
}

/// Returns the filings of a partition, each once, with the digests of their persons, by digest and person.
fn each_once(filed: &[u8]) -> Outcome<Vec<(u64, Filing<'_>)>> {
    let filings = filing::bytes::all(filed)?.into_iter();
    let mut filings: Vec<_> =
        filings.map(|filing| (xxh3_64(filing.psn_no.as_bytes()), filing)).collect();
    filings.sort_unstable();
    filings.dedup();
    Ok(filings)
}

/// Returns the digest and the number of the person of a filing.
fn person_key<'a>((digest, filing): &(u64, Filing<'a>)) -> (u64, &'a str) {
    (*digest, filing.psn_no)
}

/// Whether two keys are those of one person. Numbers are looked at where digests are equal alone.
fn is_of_one((digest, one): (u64, &str), (other_digest, other): (u64, &str)) -> bool {
    digest == other_digest && one == other
}

/// Returns what a row is, once other rows are known.
fn standing(packed: &UnpackedRow, states: &RowStates) -> Standing {
    match packed.standing {
        Standing::NoDisease => Standing::NoDisease,
        _ if packed.row.reverses.is_some() => Standing::Reversal,
        _ if states.reversed.has(packed.row.ordinal) => Standing::Reversed,
        _ => Standing::Settlement,
    }
}

/// The state of a thread in the pass over persons.
struct PersonPass<'a> {
    /// The rows of a partition as they lie in the store.
    bytes: Vec<u8>,
    /// The filings of a partition as they lie in the store.
    filed: Vec<u8>,
    /// Memory for the rows of a partition.
    rows: Vec<UnpackedRow<'static>>,
    /// Memory for their texts.
    texts: Vec<u8>,
    counts: PersonCounts,
    plans: BenefitPlans,
    institutions: PackedWriter<'a>,
    credentials: PackedWriter<'a>,
}

impl PersonPass<'_> {
    /// Looks at the persons of a partition.
    fn partition(&mut self, passes: &Passes) -> Outcome<()> {
        let mut rows = emptied(std::mem::take(&mut self.rows));
        let mut texts = std::mem::take(&mut self.texts);
        let (bytes, filed) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.filed));
        unpack_rows(&bytes, &mut texts, |row| row.psn_no, &mut rows)?;
        rows.retain(|packed| !passes.states.dropped.has(packed.row.ordinal));
        let mut found = Vec::new();
        for packed in &mut rows {
            self.stand(passes, packed);
            self.pass_on(passes, packed)?;
        }
        let without_disease = rows.iter().filter(|packed| packed.standing == Standing::NoDisease);
        for packed in without_disease {
            let is_named = passes.states.reversed.has(packed.row.ordinal);
            if !is_named && packed.row.reverses.is_none() {
                benefit_rules::of_candidate(&packed.row, passes.context, &mut found);
            }
        }
        passes.emit(&mut found)?;
        let settlements = rows.iter().filter(|packed| packed.standing == Standing::Settlement);
        let settlements = together(settlements, |row| row.psn_no);
        let filings = each_once(&filed)?;
        let kinds = filings.iter().filter_map(|(_, filing)| filing.unknown_kind);
        for value in kinds.filter(|kind| !kind.is_empty()) {
            self.counts.unknown.add("rloc_rea", value, 1);
        }
        let reviewed: Vec<&ReviewedRow> = settlements.iter().map(|packed| &packed.row).collect();
        let each_filing: Vec<&Filing> = filings.iter().map(|(_, filing)| filing).collect();
        // Both are in the order of digests and numbers of persons.
        let (mut row, mut filing) = (0, 0);
        for of_one in settlements.chunk_by(|a, b| is_of_one(a.person(), b.person())) {
            let key = of_one[0].person();
            let rest = &filings[filing..];
            filing += rest.iter().take_while(|other| person_key(other) < key).count();
            let rest = &filings[filing..];
            let own = rest.iter().take_while(|other| is_of_one(person_key(other), key)).count();
            let person = Person {
                psn_no: key.1,
                settlements: &reviewed[row..row + of_one.len()],
                filings: &each_filing[filing..filing + own],
            };
            row += of_one.len();
            filing += own;
            self.person(passes, &person, &mut found);
            passes.emit(&mut found)?;
        }
        let count = rows.len() as u64;
        self.rows = emptied(rows);
        passes.monitor.stopwatch.count(Activity::Look, count, bytes.len() as u64);
        (self.bytes, self.filed, self.texts) = (bytes, filed, texts);
        passes.monitor.advance(count)
    }

    /// Works out what a row is, and counts it.
    fn stand(&mut self, passes: &Passes, packed: &mut UnpackedRow) {
        packed.standing = standing(packed, passes.states);
        if packed.standing != Standing::NoDisease {
            self.counts.row(&packed.row, packed.standing);
        }
    }

    /// Passes a row on to its institution and its credential.
    fn pass_on(&mut self, passes: &Passes, packed: &UnpackedRow) -> Outcome<()> {
        if packed.standing == Standing::NoDisease {
            return Ok(());
        }
        let institution = packed.row.institution.as_bytes();
        // No rule on institutions looks at credentials.
        self.institutions.push_without_token(institution, packed.standing, packed.packed)?;
        // A reversal uses no credential, and what it names is no settlement any more.
        let is_shared = packed.standing == Standing::Settlement
            && passes.shared.is_some_and(|shared| shared.has(packed.row.ordinal));
        match packed.row.optional.token {
            Some(token) if is_shared => {
                let key = token.to_le_bytes();
                self.credentials.push_packed(&key, packed.standing, packed.packed)
            }
            _ => Ok(()),
        }
    }

    fn person<'p>(&mut self, passes: &Passes<'p>, person: &Person<'p>, found: &mut Vec<Lead<'p>>) {
        self.counts.persons += 1;
        behaviour::of_person(person, passes.thresholds, found);
        let filed = filing::rules::of_person(person, passes.context, found);
        let counts = &mut self.counts.benefits;
        benefit_rules::of_person(&filed, passes.context, &mut self.plans, counts, found);
    }
}
