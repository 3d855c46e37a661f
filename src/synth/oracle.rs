//! A second, slow implementation of the contract for the tests. It reads whole deliveries back from their files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use arrow_array::{Array, RecordBatch, cast::AsArray, types};
use chrono::Datelike;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{
    model::{
        codes::{Month, Pair, Province, Side},
        fields::{AMOUNT_FIELDS, COMPARED, FIELDS, Field, FieldKind, IDENTITY_FIELDS},
    },
    rules::{Permit, Policy},
};

/// A delivered row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct RememberedRow {
    texts: BTreeMap<Field, String>,
    amounts: Vec<i128>,
    pub(super) micros: i64,
}

impl RememberedRow {
    /// The settlement key.
    pub(super) fn setl_id(&self) -> &str {
        &self.texts[&Field::setl_id]
    }
}

pub(super) fn read_all(folder: &Path) -> Vec<RememberedRow> {
    let mut rows = Vec::new();
    for path in files(folder) {
        for batch in batches(&path) {
            rows.extend((0..batch.num_rows()).map(|row| read(&batch, row)));
        }
    }
    rows
}

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("there").map(|e| e.expect("entry").path()).collect();
    paths.sort();
    paths
}

pub(super) fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).expect("opens");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build();
    reader.expect("reads").map(|batch| batch.expect("decodes")).collect()
}

fn read(batch: &RecordBatch, row: usize) -> RememberedRow {
    let mut read = RememberedRow { texts: BTreeMap::new(), amounts: Vec::new(), micros: 0 };
    for field in FIELDS {
        let column = batch.column_by_name(field.name()).expect("every field is there");
        match field.kind() {
            FieldKind::Text if column.is_null(row) => {}
            FieldKind::Text => {
                read.texts.insert(field, column.as_string::<i32>().value(row).to_owned());
            }
            FieldKind::Time => {
                let times = column.as_primitive::<types::TimestampMicrosecondType>();
                read.micros = times.value(row);
            }
            FieldKind::Date | FieldKind::Amount => {}
        }
    }
    read.amounts = AMOUNT_FIELDS
        .map(|field| {
            let column = batch.column_by_name(field.name()).expect("every amount is there");
            column.as_primitive::<types::Decimal128Type>().value(row)
        })
        .to_vec();
    read
}

impl RememberedRow {
    pub(super) fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    fn id(&self) -> String {
        self.text(Field::setl_id).to_owned()
    }

    pub(super) fn cost_month(&self) -> Month {
        Month::of_day(self.micros.div_euclid(86_400_000_000))
    }

    fn pair(&self) -> Option<Pair> {
        let province = |field| Province::of_division(self.text(field).as_bytes());
        let insured = province(Field::insuplc_admdvs)?;
        Some(Pair { insured, treating: province(Field::mdtrtarea_admvs)? })
    }

    fn identity(&self) -> (Vec<&str>, Month) {
        (IDENTITY_FIELDS.map(|field| self.text(field)).to_vec(), self.cost_month())
    }

    fn equals(&self, other: &RememberedRow) -> bool {
        self.identity() == other.identity() && self.amounts[..COMPARED] == other.amounts[..COMPARED]
    }

    /// Returns the amount that deductions may not exceed.
    pub(super) fn payable(&self) -> i128 {
        self.amounts[2..11].iter().sum()
    }

    /// Returns the row rules that the row breaks.
    fn rules(&self, policy: &Policy, period: Month) -> Vec<u8> {
        let mut broken = Vec::new();
        let mut check = |rule, wrong| {
            if wrong {
                broken.push(rule);
            }
        };
        let a = &self.amounts;
        let huge = a.iter().any(|amount| amount.abs() >= 10_000_000_000_000_000);
        let care = policy.care_class(self.text(Field::med_type));
        let open = policy.chronic_since(self.text(Field::dise_codg));
        let day = self.micros.div_euclid(86_400_000_000);
        let code = self.text(Field::fixmedins_code).as_bytes();
        check(1, self.text(Field::psn_no).is_empty());
        check(2, self.pair().is_none());
        check(3, self.pair().is_some_and(|pair| pair.insured == pair.treating));
        check(4, policy.fund_class(self.text(Field::insutype)).is_none());
        check(5, care.is_none());
        let chronic = care.is_some_and(|care| care.name() == "chronic");
        check(6, chronic && open.is_none_or(|since| since > day));
        check(7, a[1] != a[2..10].iter().sum::<i128>());
        check(8, !huge && a[0] != a[1] + a[10] + a[11] + a[12]);
        let reversal = !self.text(Field::init_setl_id).is_empty();
        check(9, a[..COMPARED].iter().any(|a| if reversal { *a > 0 } else { *a < 0 }));
        check(10, self.cost_month() > period);
        let plain = code.iter().all(u8::is_ascii_alphanumeric);
        check(11, code.len() != 12 || !plain || !matches!(code[0], b'H' | b'P'));
        check(12, self.text(Field::fulamt_advpay_flag) == "1");
        check(13, !huge && a[0] != a[14..].iter().sum::<i128>());
        check(14, self.text(Field::psn_no).len() > 40);
        check(15, huge);
        broken
    }
}

/// The state that passes from period to period.
#[derive(Default)]
pub(super) struct RememberedBook {
    pub(super) register: BTreeMap<String, RememberedRow>,
    voided: BTreeSet<String>,
    open: [BTreeMap<String, RememberedRow>; 2],
    pub(super) reversed: BTreeSet<String>,
    permits: Vec<Permit>,
    /// How many rejected rows broke exactly this set of rules.
    pub(super) rejected: BTreeMap<Vec<u8>, u64>,
}

impl RememberedBook {
    /// Clears a period. Returns the rows that `breaks` has to list, sorted.
    pub(super) fn close(
        &mut self,
        folder: &Path,
        period: Month,
        policy: &Policy,
    ) -> Vec<(String, String)> {
        self.read_permits(folder, period);
        let decisions = decisions(folder);
        let mut used = BTreeSet::new();
        let mut breaks: Vec<(String, &str)> = Vec::new();
        let mut voided_again = BTreeSet::new();
        for side in Side::BOTH {
            let mut fresh: BTreeMap<String, Vec<RememberedRow>> = BTreeMap::new();
            for row in read_all(&folder.join(side.name())) {
                match row.rules(policy, period) {
                    none if none.is_empty() => fresh.entry(row.id()).or_default().push(row),
                    rules => *self.rejected.entry(rules).or_default() += 1,
                }
            }
            let mut open = std::mem::take(&mut self.open[side.index()]);
            let late = |row: &RememberedRow| {
                let timing = policy.timing(row.cost_month(), period);
                let pair = row.pair().expect("valid");
                let allows = |p: &Permit| p.covers(pair, row.cost_month(), period, timing);
                (timing.too_late || timing.past_year_close) && !self.permits.iter().any(allows)
            };
            for (id, rows) in fresh {
                if self.voided.contains(&id) {
                    voided_again.insert(id);
                    continue;
                }
                if self.register.contains_key(&id) {
                    breaks.extend(rows.iter().map(|_| (id.clone(), "already_cleared")));
                    continue;
                }
                open.remove(&id);
                if !rows.iter().all(|row| row.equals(&rows[0])) {
                    breaks.extend(rows.iter().map(|_| (id.clone(), "conflict")));
                    continue;
                }
                breaks.extend(rows[1..].iter().map(|_| (id.clone(), "duplicate")));
                if late(&rows[0]) {
                    breaks.push((id, "late_refused"));
                } else {
                    self.open[side.index()].insert(id, rows[0].clone());
                }
            }
            for (id, row) in open {
                if late(&row) {
                    breaks.push((id, "expired"));
                } else {
                    self.open[side.index()].insert(id, row);
                }
            }
        }
        breaks.extend(voided_again.into_iter().map(|id| (id, "voided")));
        self.settle(&decisions, &mut used, &mut breaks, policy);
        assert_eq!(used.len(), decisions.len(), "every decision was needed");
        let mut breaks: Vec<(String, String)> =
            breaks.into_iter().map(|(id, class)| (id, class.to_owned())).collect();
        breaks.sort();
        breaks
    }

    fn settle(
        &mut self,
        decisions: &BTreeMap<String, String>,
        used: &mut BTreeSet<String>,
        breaks: &mut Vec<(String, &str)>,
        policy: &Policy,
    ) {
        let [treating, insured] = std::mem::take(&mut self.open);
        let ids: BTreeSet<&String> = treating.keys().chain(insured.keys()).collect();
        let mut reversals = Vec::new();
        for id in ids {
            let copies = [treating.get(id), insured.get(id)];
            let verdict = decisions.get(id).map(String::as_str);
            let (class, row) = match copies {
                [Some(row), None] => ("missing_insured", row),
                [None, Some(row)] => ("missing_treating", row),
                [Some(row), Some(other)] if row.identity() != other.identity() => {
                    ("field_mismatch", row)
                }
                [Some(row), Some(other)] if !row.equals(other) => ("amount_mismatch", row),
                [Some(row), Some(_)] => ("", row),
                [None, None] => unreachable!(),
            };
            let accepted = match verdict {
                Some("accept_treating") => copies[0],
                Some("accept_insured") => copies[1],
                _ => None,
            };
            if verdict == Some("void") {
                assert!(!class.is_empty(), "a void is needed");
                used.insert(id.clone());
                self.voided.insert(id.clone());
                breaks.push((id.clone(), "voided"));
            } else if class.is_empty() || accepted.is_some() {
                if !class.is_empty() {
                    used.insert(id.clone());
                }
                let row = accepted.unwrap_or(row).clone();
                if row.text(Field::init_setl_id).is_empty() {
                    self.register.insert(id.clone(), row);
                } else {
                    reversals.push((id, row, accepted.is_some(), copies));
                }
            } else {
                breaks.push((id.clone(), class));
                self.carry(id, copies);
            }
        }
        for reversal in reversals {
            self.reverse(reversal, used, breaks, policy);
        }
    }

    fn reverse(
        &mut self,
        (id, row, by_decision, copies): (&String, RememberedRow, bool, [Option<&RememberedRow>; 2]),
        used: &mut BTreeSet<String>,
        breaks: &mut Vec<(String, &str)>,
        policy: &Policy,
    ) {
        let original = row.text(Field::init_setl_id).to_owned();
        let found = self.register.get(&original);
        let found = found.filter(|row| row.text(Field::init_setl_id).is_empty());
        let classes = |row: &RememberedRow| {
            let insutype = policy.fund_class(row.text(Field::insutype));
            (row.pair(), insutype, policy.care_class(row.text(Field::med_type)))
        };
        let held = match found {
            None => Some("reversal_unpaired"),
            Some(found) if classes(found) != classes(&row) || found.payable() != -row.payable() => {
                Some("reversal_mismatch")
            }
            Some(_) => None,
        };
        if by_decision && held.is_some() {
            used.insert(id.clone());
        }
        match held {
            Some(class) if !by_decision => {
                breaks.push((id.clone(), class));
                self.carry(id, copies);
            }
            _ if !self.reversed.insert(original) => {
                breaks.push((id.clone(), "already_reversed"));
            }
            _ => _ = self.register.insert(id.clone(), row),
        }
    }

    fn carry(&mut self, id: &str, copies: [Option<&RememberedRow>; 2]) {
        for (open, copy) in self.open.iter_mut().zip(copies) {
            if let Some(copy) = copy {
                open.insert(id.to_owned(), copy.clone());
            }
        }
    }

    fn read_permits(&mut self, folder: &Path, period: Month) {
        for line in lines(&folder.join("permits.csv")) {
            let province = |text: &str| Province::from_text(text).expect("a province");
            let month = |text: &str| Month::from_text(text).expect("a month");
            self.permits.push(Permit {
                permit_id: line[0].clone(),
                pair: Pair { insured: province(&line[1]), treating: province(&line[2]) },
                cost_month: month(&line[3]),
                until_period: month(&line[4]),
                past_year_close: line[5] == "1",
                reason: line[6].clone(),
                first_period: period,
            });
        }
    }
}

fn decisions(folder: &Path) -> BTreeMap<String, String> {
    let lines = lines(&folder.join("decisions.csv"));
    let count = lines.len();
    let decisions: BTreeMap<String, String> = lines
        .into_iter()
        .map(|line| {
            assert!(!line[3].is_empty() && line[3] != line[4]);
            (line[0].clone(), line[1].clone())
        })
        .collect();
    assert_eq!(decisions.len(), count, "each settlement is decided once");
    decisions
}

/// Returns the lines of a small file without its header. Empty when the file does not exist.
pub(super) fn lines(path: &Path) -> Vec<Vec<String>> {
    let Ok(mut reader) = csv::Reader::from_path(path) else { return Vec::new() };
    let line = |line: csv::StringRecord| line.iter().map(ToOwned::to_owned).collect();
    reader.records().map(|record| line(record.expect("a line"))).collect()
}

/// Returns the answer key, sorted.
pub(super) fn truth(folder: &Path) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for batch in batches(&folder.join("truth.parquet")) {
        let (ids, classes) =
            (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let row = |row| (ids.value(row).to_owned(), classes.value(row).to_owned());
        rows.extend((0..batch.num_rows()).map(row));
    }
    rows.sort();
    rows
}

/// Returns the hour and weekday of a time in microseconds.
pub(super) fn hour_and_weekday(micros: i64) -> (i64, u32) {
    let day = micros.div_euclid(86_400_000_000);
    let date = chrono::NaiveDate::from_epoch_days(i32::try_from(day).expect("near")).expect("day");
    (micros.div_euclid(3_600_000_000).rem_euclid(24), date.weekday().num_days_from_monday())
}
