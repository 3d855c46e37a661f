//! The review from inputs to sorted leads.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    account::{InputAccount, NotRun, ReviewAccount, RowAccount, UnknownValues},
    behaviour::CoveredMonths,
    benefits::Benefits,
    book::ReviewBook,
    context::ReviewContext,
    credentials::CredentialUses,
    explain::{Explanation, explanation, explanation_of_candidate},
    fields::{FieldMeaning, ReviewField},
    filing::reader::{FilingsSurvey, must_open, read_filings},
    found::FoundLead,
    keys::{RowBits, RowKeys, RowStates},
    packed_rows::{PackedStore, Standing},
    passes::{Asked, Passes, PersonCounts, person_of},
    reader::{Reading, ReviewInputs},
    registry::ReviewRegistry,
    row::ReviewedRow,
    rule::ReviewRule,
    rules_file::ReviewRules,
    subject::Person,
    thresholds::Thresholds,
};
use crate::{
    diag::{Failure, Finding, Outcome, codes::RowRule},
    event::Monitor,
    ingest::plan::ReadPlan,
    keyed::{
        chunks::ChunkRoom,
        sorted::{Sorted, Sorter},
    },
    rules::Rules,
};

/// The settings of a review.
#[derive(Debug)]
pub struct ReviewOptions {
    /// The deliveries, in the order of their numbers.
    pub inputs: Vec<PathBuf>,
    /// The rules of the review.
    pub rules: ReviewRules,
    /// The rules of the month-end run.
    pub policy: Rules,
    /// The rule sets of insured areas.
    pub benefits: Benefits,
    /// The filings.
    pub filings: Option<PathBuf>,
    /// The registry.
    pub registry: Option<PathBuf>,
    /// The book.
    pub book: Option<PathBuf>,
    /// Bytes of memory.
    pub memory: usize,
}

/// The result of a review: its leads in their order, and the account of what was looked at.
pub struct Reviewed {
    /// The inputs, which say where a row stands.
    pub inputs: ReviewInputs,
    /// The leads.
    pub leads: Sorted<FoundLead>,
    /// The rows of leads whose settlement is registered as cleared; none without a book.
    pub cleared: Option<RowBits>,
    /// What else was done.
    pub account: ReviewAccount,
}

/// Bytes of a packed row, about.
const PACKED: u64 = 112;

/// How the memory of a review is shared out.
#[derive(Debug, Clone, Copy)]
struct ReviewRoom(usize);

impl ReviewRoom {
    const fn quarter(self) -> usize {
        self.0 / 4
    }

    /// For rows by person and rows by institution: one store fills while the other becomes empty.
    fn rows(self, scratch: &Path) -> Arc<ChunkRoom> {
        ChunkRoom::new(self.0 / 16 * 9, &scratch.join("rows"))
    }

    fn filings(self, scratch: &Path) -> Arc<ChunkRoom> {
        ChunkRoom::new(self.0 / 16, &scratch.join("filings"))
    }

    fn credentials(self, scratch: &Path) -> Arc<ChunkRoom> {
        ChunkRoom::new(self.0 / 32, &scratch.join("shared-credentials"))
    }

    const fn eighth(self) -> usize {
        self.0 / 8
    }
}

/// The rows of all inputs, packed by person, and what decides about them.
pub(super) struct Prepared {
    pub(super) inputs: ReviewInputs,
    pub(super) states: RowStates,
    pub(super) persons: PackedStore,
    /// The room that is left when a person is looked at is for the institutions.
    for_rows: Arc<ChunkRoom>,
    pub(super) filings: Option<PackedFilings>,
    pub(super) covered: CoveredMonths,
    /// The persons of the rows of the setl_id that was asked for.
    pub(super) asked: Vec<String>,
    credentials: CredentialUses,
    rejected: u64,
    broken: BTreeMap<RowRule, u64>,
    unknown_levels: UnknownValues,
}

/// Filings by the partition of their person.
pub(super) struct PackedFilings {
    pub(super) store: PackedStore,
    pub(super) read: FilingsSurvey,
}

impl PackedFilings {
    /// Reads a file; returns what is wrong with it too.
    fn read(
        path: &Path,
        rules: &ReviewRules,
        persons: &PackedStore,
        (room, scratch): (ReviewRoom, &Path),
        monitor: &Monitor,
    ) -> Outcome<(PackedFilings, Vec<Finding>)> {
        let mut findings = Vec::new();
        let store = PackedStore::beside(persons, &room.filings(scratch));
        let mut writer = store.writer();
        let mut count = 0_u64;
        let read = read_filings(path, &rules.values, &mut findings, &mut |filing| {
            count += 1;
            if count.is_multiple_of(1 << 16) {
                monitor.check()?;
            }
            writer.push_filing(&filing)
        })?;
        writer.finish()?;
        Ok((PackedFilings { store, read }, findings))
    }
}

impl Prepared {
    /// Reads all inputs. `asked` is a setl_id whose person is wanted.
    pub(super) fn read(
        options: &ReviewOptions,
        asked: Option<&str>,
        scratch: &Path,
        monitor: &Monitor,
    ) -> Outcome<Prepared> {
        let mut findings = Vec::new();
        let mut inputs = ReviewInputs::open(&options.inputs)?;
        let registry = options.registry.as_deref();
        let registry = registry
            .map(|path| ReviewRegistry::read(path, &options.rules.values, &mut findings))
            .transpose()?;
        let (room, rows) = (ReviewRoom(options.memory), inputs.rows());
        let for_rows = room.rows(scratch);
        let persons = PackedStore::new(rows * PACKED, &for_rows);
        if let Some(path) = &options.filings {
            must_open(path)?;
        }
        let reading = Reading {
            policy: &options.policy,
            meaning: FieldMeaning { values: &options.rules.values, registry: registry.as_ref() },
            keys: RowKeys::new(rows, room.eighth(), scratch),
            persons,
            credentials: CredentialUses::new(rows, room.eighth() / 2, scratch),
            rejected: AtomicU64::new(0),
            broken: Mutex::default(),
            asked: asked.map(|setl_id| (setl_id.to_owned(), Mutex::default())),
        };
        monitor.stage(text!("reading"), rows)?;
        // One thread reads the filings, which lie in one file, while the others read the rows.
        let (filings, read) = rayon::join(
            || {
                let path = options.filings.as_deref()?;
                let (rules, place) = (&options.rules, (room, scratch));
                Some(PackedFilings::read(path, rules, &reading.persons, place, monitor))
            },
            || inputs.read(&reading, ReadPlan::alone(room.quarter() as u64), monitor),
        );
        let (filings, found) = filings.transpose()?.unzip();
        findings.extend(found.into_iter().flatten());
        findings.extend(read?);
        if !findings.is_empty() {
            return Err(Failure::Unfit(text!("files of the review"), findings));
        }
        let Reading { keys, persons, credentials, rejected, broken, asked, .. } = reading;
        monitor.stage(text!("comparing setl_ids"), 0)?;
        let states = keys.states(rows, monitor)?;
        let covered = CoveredMonths::of(&states.months);
        let asked = asked.map(|(_, persons)| persons.into_inner().unwrap_or_default());
        Ok(Prepared {
            inputs,
            states,
            persons,
            for_rows,
            filings,
            covered,
            asked: asked.unwrap_or_default(),
            credentials,
            rejected: rejected.load(Ordering::Relaxed),
            broken: broken.into_inner().unwrap_or_default(),
            unknown_levels: registry.map(|registry| registry.unknown_levels).unwrap_or_default(),
        })
    }
}

impl ReviewOptions {
    /// Returns what rules on filing and benefit need.
    pub(super) fn context<'a>(
        &'a self,
        thresholds: &'a Thresholds,
        filings: Option<&PackedFilings>,
    ) -> ReviewContext<'a> {
        let off = self.rules.off().collect();
        let filed = filings.map(|filings| filings.read.provinces);
        ReviewContext::new(thresholds, off, &self.benefits, filed)
    }
}

/// Reviews deliveries. Spilled data go to `scratch`, which has to stay as long as the result.
pub fn examine(options: &ReviewOptions, scratch: &Path, monitor: &Monitor) -> Outcome<Reviewed> {
    let book = options.book.as_deref().map(ReviewBook::open).transpose()?;
    let room = ReviewRoom(options.memory);
    let prepared = Prepared::read(options, None, scratch, monitor)?;
    let Prepared {
        inputs,
        states,
        persons,
        for_rows,
        filings,
        covered,
        credentials,
        rejected,
        broken,
        unknown_levels,
        ..
    } = prepared;
    let total = inputs.rows();
    let thresholds = options.rules.thresholds(covered.last());
    let context = options.context(&thresholds, filings.as_ref());
    let shared = match &thresholds.beh18 {
        Some(limits) => Some(credentials.shared(limits.persons, total, &states, monitor)?),
        None => None,
    };
    let leads = Sorter::new(room.eighth(), scratch, "leads");
    let passes = Passes {
        thresholds: &thresholds,
        context: &context,
        states: &states,
        shared: shared.as_ref(),
        covered: &covered,
        leads: &leads,
        institutions: PackedStore::new(total * PACKED, &for_rows),
        credentials: PackedStore::new(1 << 20, &room.credentials(scratch)),
        memory: options.memory as u64,
        monitor,
    };
    monitor.stage(text!("looking at persons"), total)?;
    let counts = passes.of_persons(&persons, filings.as_ref().map(|filings| &filings.store))?;
    drop(persons);
    passes.of_credentials()?;
    monitor.stage(text!("looking at institutions"), total)?;
    passes.of_institutions()?;
    drop(passes);
    if let (Some(book), Some(limits)) = (&book, &thresholds.beh20) {
        leads.push(book.deduction_leads(&covered, limits)?)?;
    }
    monitor.stage(text!("sorting leads"), 0)?;
    let leads = leads.finish()?;
    let cleared = match &book {
        Some(book) => Some(book.cleared(&leads, total, room.quarter(), scratch, monitor)?),
        None => None,
    };
    let rows = RowAccount { rejected, repeated: states.repeated, ..counts.rows };
    if rows.read() != total {
        return Err(Failure::Bug(text!("{} rows of {} are accounted for", rows.read(), total)));
    }
    let (months, files) = (covered.iter(), inputs.files());
    let account = ReviewAccount {
        month: covered.last(),
        covered_months: months.collect(),
        inputs: files.map(|(files, rows)| InputAccount { files, rows }).collect(),
        rows,
        broken,
        unknown_levels,
        ..account_of(options, &thresholds, counts)
    };
    Ok(Reviewed { inputs, leads, cleared, account })
}

/// Accounts for the pass over persons, and for the rules.
fn account_of(
    options: &ReviewOptions,
    thresholds: &Thresholds,
    counts: PersonCounts,
) -> ReviewAccount {
    let mut account = ReviewAccount { persons: counts.persons, ..ReviewAccount::default() };
    for rule in ReviewRule::ALL {
        match not_run(*rule, options, thresholds, &counts) {
            None => account.rules_run.push(*rule),
            Some(reason) => account.rules_left_out.push((*rule, reason)),
        }
    }
    ReviewAccount { benefits: counts.benefits, unknown_values: counts.unknown, ..account }
}

/// Explains what the insured place should have paid for a settlement.
pub fn explain(
    options: &ReviewOptions,
    setl_id: &str,
    scratch: &Path,
    monitor: &Monitor,
) -> Outcome<Explanation> {
    let prepared = Prepared::read(options, Some(setl_id), scratch, monitor)?;
    let thresholds = options.rules.thresholds(prepared.covered.last());
    let context = options.context(&thresholds, prepared.filings.as_ref());
    let mut standing = None;
    for psn_no in &prepared.asked {
        let partition = prepared.persons.partition_of(psn_no.as_bytes());
        let (mut rows, mut filed) = (Vec::new(), Vec::new());
        prepared.persons.read(partition, &mut rows)?;
        if let Some(filings) = &prepared.filings {
            filings.store.read(partition, &mut filed)?;
        }
        let look = |person: &Person, row: &ReviewedRow, standing: Standing| match standing {
            Standing::NoDisease => {
                let is_named = prepared.states.reversed.has(row.ordinal);
                let is_left = !is_named && row.reverses.is_none();
                explanation_of_candidate(row, person, &context, is_left)
            }
            _ => explanation(row, person, &context),
        };
        match person_of(&rows, &filed, psn_no, setl_id, &prepared.states, look)? {
            Asked::Settlement(Some(explained)) => return Ok(explained),
            Asked::Settlement(None) => {}
            Asked::Other(what) => standing = Some(what),
        }
    }
    let what = match standing {
        Some(Standing::Reversal) => text!("{} is a reversal: no benefit is worked out", setl_id),
        Some(Standing::Reversed) => {
            text!("a reversal names {}: no benefit is worked out", setl_id)
        }
        _ => text!("no row of {} has passed the row rules", setl_id),
    };
    Err(Failure::Usage(what))
}

/// Returns why a rule has not run; none where it has.
fn not_run(
    rule: ReviewRule,
    options: &ReviewOptions,
    thresholds: &Thresholds,
    counts: &PersonCounts,
) -> Option<NotRun> {
    use ReviewRule::{Beh18, Beh20, Ben01, Ben02, Ben03, Ben04, Ben05, Fil01, Fil02, Fil03, Fil04};
    if options.rules.is_off(rule) {
        return Some(NotRun::Off);
    }
    let has = |field: ReviewField| counts.delivered & 1 << field as u16 != 0;
    let lacks = match rule {
        Beh18 if !has(ReviewField::MdtrtCertNo) => Some(NotRun::NoField("mdtrt_cert_no")),
        Beh20 if options.book.is_none() => Some(NotRun::NoBook),
        Fil01 | Fil02 | Fil03 | Fil04 if options.filings.is_none() => Some(NotRun::NoFilings),
        Ben01 | Ben02 | Ben03 | Ben04 | Ben05 if options.benefits.sets.is_empty() => {
            Some(NotRun::NoRuleSet)
        }
        Ben01 | Ben03 | Ben05 if !counts.in_scope => Some(NotRun::NoField("inscp_scp_amt")),
        Ben02 if !has(ReviewField::ActPayDedc) && !has(ReviewField::DedcStd) => {
            Some(NotRun::NoField("act_pay_dedc"))
        }
        _ => None,
    };
    let entry = match rule {
        Fil01 | Fil02 | Fil03 => Some("FIL"),
        Ben01 | Ben03 => Some("BEN"),
        _ => Some(rule.id()).filter(|id| id.starts_with("BEH")),
    };
    let is_in_force = entry.is_none_or(|entry| thresholds.has(entry));
    lacks.or((!is_in_force).then_some(NotRun::NotInForce))
}
