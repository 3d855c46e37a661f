//! Reads the treating side of deliveries into partitions of persons.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    account::RowPlace,
    credentials::{CredentialUse, CredentialUses},
    fields::{BatchFields, COLUMNS, FieldMeaning, WordMemos},
    keys::{KeyedRow, KeyedState, RowKeys, number_of},
    packed_rows::{PackedStore, PackedWriter, Standing},
    row::{OptionalFields, ReviewedRow},
};
use crate::{
    diag::{Code, Failure, Finding, Outcome, codes::RowRule, shown},
    event::{Activity, Monitor, Stopwatch},
    ingest::{
        batch::Batch,
        delivery::Delivery,
        plan::ReadPlan,
        rows::CheckedBatch,
        source::ParquetSource,
        survey::{ReadPiece, RowSink, SurveySetting, survey},
    },
    keyed::{key::Key, store::locked},
    model::{
        codes::{Month, Side},
        fields::Field,
        money::Fen,
    },
    rules::{Policy, Rules},
};

/// The deliveries of a review.
pub struct ReviewInputs {
    inputs: Vec<ReviewInput>,
}

struct ReviewInput {
    path: PathBuf,
    delivery: Delivery,
    findings: Vec<Finding>,
    /// The ordinal of its first row.
    first: u64,
}

/// The last month that a settlement may have; V10 breaks in no earlier one.
const LAST: Month = Month::new(2099, 12);

impl ReviewInputs {
    /// Opens the deliveries. What refuses them is told after they are read.
    pub fn open(paths: &[PathBuf]) -> Outcome<ReviewInputs> {
        let mut inputs: Vec<ReviewInput> = Vec::new();
        let mut first = 0;
        for path in paths {
            let mut findings = Vec::new();
            let delivery = Delivery::open_side(path, Side::Treating, COLUMNS, &mut findings)?;
            for finding in findings.iter_mut().filter(|finding| finding.code == Code::F01) {
                let folder = shown(path);
                finding.found = text!("no Parquet file: {} is no folder of one month", folder);
            }
            let rows = delivery.rows(Side::Treating);
            inputs.push(ReviewInput { path: path.clone(), delivery, findings, first });
            first += rows;
        }
        Ok(ReviewInputs { inputs })
    }

    /// Returns the number of rows that the footers name.
    pub fn rows(&self) -> u64 {
        self.inputs.iter().map(|input| input.delivery.rows(Side::Treating)).sum()
    }

    /// Returns the number of files and of rows of each input.
    pub fn files(&self) -> impl Iterator<Item = (u64, u64)> {
        let inputs = self.inputs.iter().map(|input| &input.delivery);
        inputs.map(|input| (input.sources.len() as u64, input.rows(Side::Treating)))
    }

    /// Returns the place of a row.
    pub fn place(&self, ordinal: u64) -> RowPlace<'_> {
        let number = self.inputs.partition_point(|input| input.first <= ordinal).max(1);
        let input = &self.inputs[number - 1];
        let mut row = ordinal - input.first;
        let mut sources = input.delivery.sources.iter();
        let file = sources.find(|source| {
            let rows = source.rows();
            let is_here = row < rows;
            row -= if is_here { 0 } else { rows };
            is_here
        });
        let file = file.map_or("", |source: &ParquetSource| &source.name);
        RowPlace { input: u32::try_from(number).unwrap_or(u32::MAX), file, row }
    }

    /// Fails when a delivery was changed since it was opened.
    pub fn unchanged(&self) -> Outcome<()> {
        self.inputs.iter().try_for_each(|input| input.delivery.unchanged())
    }

    /// Reads all rows; returns the findings of all inputs, which refuse the review.
    pub fn read(
        &mut self,
        reading: &Reading,
        plan: ReadPlan,
        monitor: &Monitor,
    ) -> Outcome<Vec<Finding>> {
        let mut findings = Vec::new();
        let several = self.inputs.len() > 1;
        let policy = reading.policy.policy(LAST).map_err(|error| Failure::Usage(error.text()))?;
        let rules = reading.policy;
        let setting = SurveySetting { rules, policy, period: LAST, monitor, lists_rejects: false };
        for input in &mut self.inputs {
            let sinks = (0..rayon::current_num_threads())
                .map(|_| RowPacker::new(reading, input.first, &monitor.stopwatch))
                .collect();
            let (survey, sinks) = survey(&input.delivery, setting, plan, sinks)?;
            sinks.into_iter().try_for_each(RowPacker::finish)?;
            let mut own = std::mem::take(&mut input.findings);
            own.extend(survey.findings);
            input.delivery.check_files(&survey.files, &mut own);
            if own.is_empty() {
                input.delivery.unchanged()?;
                continue;
            }
            match input.delivery.refused(own) {
                Failure::Refused(own) => findings.extend(own.into_iter().map(|mut finding| {
                    if several {
                        finding.file = format!("{}/{}", shown(&input.path), finding.file);
                    }
                    finding
                })),
                failure => return Err(failure),
            }
        }
        Ok(findings)
    }
}

/// Where the rows of all inputs go, and by what they are read.
pub struct Reading<'a> {
    /// The policy of the month-end run.
    pub policy: &'a Rules,
    /// What the optional fields mean.
    pub meaning: FieldMeaning<'a>,
    /// The keys of all rows.
    pub keys: RowKeys,
    /// The rows by person.
    pub persons: PackedStore,
    /// Who used which credential.
    pub credentials: CredentialUses,
    /// The rows that break a row rule.
    pub rejected: AtomicU64,
    /// The rows that break each row rule.
    pub broken: Mutex<BTreeMap<RowRule, u64>>,
    /// A setl_id that is asked for, and the persons of its rows.
    pub asked: Option<(String, Mutex<Vec<String>>)>,
}

/// Takes the rows of a thread.
struct RowPacker<'a> {
    reading: &'a Reading<'a>,
    stopwatch: &'a Stopwatch,
    /// The ordinal of the first row of the input.
    first: u64,
    persons: PackedWriter<'a>,
    rows: Vec<Vec<KeyedRow>>,
    names: Vec<Vec<KeyedRow>>,
    credentials: Vec<CredentialUse>,
    /// The row rules by other policies than that of the survey.
    others: Vec<CheckedBatch>,
    memos: WordMemos,
    rejected: u64,
    broken: BTreeMap<RowRule, u64>,
}

/// Keyed rows of a partition that go to it together.
const TOGETHER: usize = 256;

impl<'a> RowPacker<'a> {
    fn new(reading: &'a Reading<'a>, first: u64, stopwatch: &'a Stopwatch) -> RowPacker<'a> {
        let lists = || (0..reading.keys.partitioning().count()).map(|_| Vec::new()).collect();
        RowPacker {
            reading,
            first,
            stopwatch,
            persons: reading.persons.writer(),
            rows: lists(),
            names: lists(),
            credentials: Vec::new(),
            others: Vec::new(),
            memos: WordMemos::default(),
            rejected: 0,
            broken: BTreeMap::new(),
        }
    }

    fn finish(self) -> Outcome<()> {
        let keys = &self.reading.keys;
        for (partition, rows) in self.rows.iter().enumerate() {
            keys.push_rows(partition, rows)?;
        }
        for (partition, names) in self.names.iter().enumerate() {
            keys.push_names(partition, names)?;
        }
        self.reading.credentials.push(&self.credentials)?;
        self.reading.rejected.fetch_add(self.rejected, Ordering::Relaxed);
        let mut broken = locked(&self.reading.broken);
        for (rule, rows) in &self.broken {
            *broken.entry(*rule).or_default() += rows;
        }
        drop(broken);
        self.persons.finish()
    }

    /// Takes a row that passed the row rules, or breaks V06 alone.
    fn row(
        &mut self,
        batch: &Batch,
        checked: &CheckedBatch,
        fields: &BatchFields<'_>,
        at: usize,
        ordinal: u64,
        is_valid: bool,
    ) -> Outcome<()> {
        let Some(row) = reviewed_row(batch, checked, fields, at, ordinal) else { return Ok(()) };
        let state = KeyedState::of(is_valid, row.reverses.is_some());
        let month = number_of(row.month());
        let (key, keys) = (Key::of(row.setl_id), &self.reading.keys);
        let keyed = |key: Key| KeyedRow { key, ordinal, month, state };
        let partition = keys.partitioning().of(key);
        let list = &mut self.rows[partition];
        list.push(keyed(key));
        if list.len() >= TOGETHER {
            keys.push_rows(partition, list)?;
            list.clear();
        }
        if let Some(named) = row.reverses {
            let key = Key::of(named);
            let partition = keys.partitioning().of(key);
            let list = &mut self.names[partition];
            list.push(keyed(key));
            if list.len() >= TOGETHER {
                keys.push_names(partition, list)?;
                list.clear();
            }
        }
        if let Some(token) = row.optional.token.filter(|_| state == KeyedState::Valid) {
            self.credentials.push(CredentialUse::of(token, row.psn_no, ordinal));
        }
        if let Some((asked, persons)) = &self.reading.asked
            && asked == row.setl_id
        {
            locked(persons).push(row.psn_no.to_owned());
        }
        let standing = if is_valid { Standing::Settlement } else { Standing::NoDisease };
        self.persons.push_row(standing, &row)
    }
}

impl RowSink for RowPacker<'_> {
    fn take(&mut self, piece: ReadPiece) -> Outcome<()> {
        let (stopwatch, rows) = (self.stopwatch, piece.batch.rows as u64);
        stopwatch.count(Activity::Pack, rows, 0);
        stopwatch.measure(Activity::Pack, || self.pack(piece))
    }
}

impl RowPacker<'_> {
    /// Packs the rows of a batch that the review looks at.
    fn pack(&mut self, piece: ReadPiece) -> Outcome<()> {
        let ReadPiece { batch, checked, ordinal, .. } = piece;
        let policies = policies(self.reading.policy, checked);
        let mut others = std::mem::take(&mut self.others);
        others.resize_with(policies.len().max(others.len()), CheckedBatch::default);
        for (policy, other) in policies.iter().zip(&mut others) {
            other.check(&batch, policy, LAST);
        }
        let fields = BatchFields::of(self.reading.meaning, &batch, &mut self.memos);
        for at in 0..batch.rows {
            let of_month = checked.month[at]
                .map(|month| policy_of(self.reading.policy, month))
                .and_then(|policy| policies.iter().position(|one| std::ptr::eq(*one, policy)));
            let checked = of_month.map_or(checked, |policy| &others[policy]);
            let broken = checked.broken[at];
            if !broken.is_valid() {
                self.rejected += 1;
                broken.rules().for_each(|rule| *self.broken.entry(rule).or_default() += 1);
            }
            if broken.is_valid() || broken.rules().eq([RowRule::V06]) {
                let ordinal = self.first + u64::from(ordinal) + at as u64;
                self.row(&batch, checked, &fields, at, ordinal, broken.is_valid())?;
            }
        }
        self.others = others;
        if self.credentials.len() >= TOGETHER {
            self.reading.credentials.push(&self.credentials)?;
            self.credentials.clear();
        }
        Ok(())
    }
}

/// Returns the policy of a cost month. Before the first policy of a file that one is taken: a late claim has no other.
fn policy_of(rules: &Rules, month: Month) -> &Policy {
    rules.policy(month).unwrap_or_else(|_| rules.first_policy())
}

/// Returns the policies of the cost months of a batch, other than that of the last month.
fn policies<'a>(rules: &'a Rules, checked: &CheckedBatch) -> Vec<&'a Policy> {
    let last = policy_of(rules, LAST);
    let mut found: Vec<&Policy> = Vec::new();
    let mut before = None;
    for month in checked.month.iter().flatten().filter(|month| **month <= LAST) {
        if before == Some(*month) {
            continue;
        }
        before = Some(*month);
        let policy = policy_of(rules, *month);
        if !std::ptr::eq(policy, last) && !found.iter().any(|one| std::ptr::eq(*one, policy)) {
            found.push(policy);
        }
    }
    found
}

/// Makes the row of a batch; none where a class or a required value is missing, which a row rule has told.
fn reviewed_row<'b>(
    batch: &'b Batch,
    checked: &CheckedBatch,
    fields: &BatchFields<'b>,
    at: usize,
    ordinal: u64,
) -> Option<ReviewedRow<'b>> {
    let text = |field: Field| batch.text(field).value(at);
    let amount =
        |field: Field| batch.amount(field).and_then(|column| column.value(at)).unwrap_or(Fen::ZERO);
    let mut row = ReviewedRow {
        ordinal,
        setl_id: text(Field::setl_id)?,
        reverses: text(Field::init_setl_id),
        psn_no: text(Field::psn_no)?,
        institution: text(Field::fixmedins_code)?,
        insured: text(Field::insuplc_admdvs)?,
        treating: text(Field::mdtrtarea_admvs)?,
        med_type: text(Field::med_type)?,
        disease: text(Field::dise_codg),
        care: checked.care[at]?,
        fund: checked.fund[at]?,
        time: batch.time().allowed(at)?,
        begin: batch.date(Field::begndate, at),
        end: batch.date(Field::enddate, at),
        medfee: amount(Field::medfee_sumamt),
        payable: checked.payable[at],
        hifp_pay: amount(Field::hifp_pay),
        fund_pay: amount(Field::fund_pay_sumamt),
        acct_pay: amount(Field::acct_pay),
        in_scope: batch.amount(Field::inscp_scp_amt).and_then(|column| column.value(at)),
        optional: OptionalFields::default(),
    };
    row.optional = fields.read(at, row.day_of_admission());
    Some(row)
}
