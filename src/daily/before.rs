//! Reads the result of an earlier run of the month.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use arrow_array::{
    Array, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringViewArray, cast::AsArray,
};
use arrow_schema::DataType;
use chrono::NaiveDate;

use super::{
    class::DailyClass,
    copies::CopyFacts,
    differences::{DIFFERENCES, Difference, FACT_COLUMNS, Provinces},
    holder::{Holder, Looking},
    summary::DailySummary,
};
use crate::{
    bounded,
    diag::{Failure, Outcome},
    digest::sha256_hex,
    ingest::any_parquet::AnyParquet,
    known::unreadable,
    model::{
        codes::{Month, Province},
        dates::{parse_date, parse_day},
        money::FenSum,
    },
    text::{Text, quoted},
};

/// The result of an earlier run.
#[derive(Debug)]
pub(super) struct Before {
    folder: PathBuf,
    period: Month,
    /// Its reference day.
    pub(super) reference: NaiveDate,
    /// The days that it and those before it have reconciled.
    pub(super) days_done: BTreeSet<NaiveDate>,
    /// The number of its differences.
    differences: u64,
    /// The digest of its summary.
    pub(super) sha256: String,
}

/// The names of the files that are read.
pub(super) const SUMMARY: &str = "summary.json";
pub(super) const DIFFERENCES_FILE: &str = "differences.parquet";

/// Rows that are decoded at a time.
const ROWS: usize = 8 * 1024;

impl Before {
    /// Opens the result of a run of a period. Of another folder or another period it fails.
    pub(super) fn open(folder: &Path, period: Month) -> Outcome<Before> {
        let path = folder.join(SUMMARY);
        let bytes = bounded::read(&path, bounded::MANIFEST)
            .map_err(|error| unreadable(&path, error, |why| no_result(folder, why)))?
            .ok_or_else(|| no_result(folder, &text!("{} is too long", SUMMARY)))?;
        let summary: DailySummary = serde_json::from_slice(&bytes)
            .map_err(|error| no_result(folder, &text!("{}: {}", SUMMARY, Text::foreign(error))))?;
        if summary.period != period.to_string() {
            let other = quoted(&summary.period);
            let problem = text!("--before {} is of {}, and --period is {}", folder, other, period);
            return Err(Failure::Usage(problem.hinting(text!("name a result of the same month"))));
        }
        let days = summary.days_done.iter().map(|day| parse_day(day));
        let days_done: Option<BTreeSet<NaiveDate>> = days.collect();
        let known = days_done.zip(parse_date(&summary.reference_day).ok());
        let is_possible = |(days, reference): &(BTreeSet<NaiveDate>, NaiveDate)| {
            let first = days.first().is_none_or(|first| period.first_day() <= *first);
            let last = days.last().is_none_or(|last| *last <= period.last_day().min(*reference));
            first && last && *reference >= period.first_day()
        };
        let Some((days_done, reference)) = known.filter(is_possible) else {
            let why = text!("{}: its days are not of its month", SUMMARY);
            return Err(no_result(folder, &why));
        };
        let (folder, differences) = (folder.to_owned(), summary.differences);
        let sha256 = sha256_hex(&bytes);
        Ok(Before { folder, period, reference, days_done, differences, sha256 })
    }

    /// Shows every difference that was open.
    pub(super) fn each(&self, mut look: impl FnMut(Difference) -> Outcome<()>) -> Outcome<()> {
        let path = self.folder.join(DIFFERENCES_FILE);
        let refused = |why: Text| no_result(&self.folder, &text!("{}: {}", DIFFERENCES_FILE, why));
        fs::File::open(&path)
            .map_err(|error| unreadable(&path, error, |why| no_result(&self.folder, why)))?;
        let file = AnyParquet::open(DIFFERENCES_FILE, &path);
        let file = file.map_err(|finding| refused(finding.found))?;
        let names = DIFFERENCES.columns();
        if !file.nested().is_empty() || !file.columns().eq(names.iter().map(|(name, _)| *name)) {
            return Err(refused(text!("other columns")));
        }
        let (mut rows, mut last) = (0u64, None);
        for group in 0..file.row_groups() {
            for batch in file.batches(group, ROWS).map_err(refused)? {
                let batch = batch.map_err(refused)?;
                let columns =
                    BeforeColumns::of(&batch).ok_or_else(|| refused(text!("other types")))?;
                for row in 0..batch.num_rows() {
                    let number = rows + row as u64;
                    let difference = columns.row(row).filter(|row| self.may_be(row));
                    let difference = difference
                        .ok_or_else(|| refused(text!("row {} is no difference", number)))?;
                    let key = (difference.day, difference.setl_id.clone());
                    if last.as_ref() >= Some(&key) {
                        return Err(refused(text!("row {} is not in its order", number)));
                    }
                    last = Some(key);
                    look(difference)?;
                }
                rows += batch.num_rows() as u64;
            }
        }
        if rows != self.differences {
            let (found, said) = (rows, self.differences);
            return Err(refused(text!("{} rows where {} says {}", found, SUMMARY, said)));
        }
        Ok(())
    }

    /// Whether a row may be of this result: its day is of the period, it is not older than it can be.
    fn may_be(&self, row: &Difference) -> bool {
        let period = self.period;
        let days = period.first_day().to_epoch_days()..=period.last_day().to_epoch_days();
        let reference = self.reference.to_epoch_days();
        let age = i64::from(reference.saturating_sub(row.since)).max(0);
        days.contains(&row.day) && days.contains(&row.since) && row.age == age
    }
}

/// The columns of some differences.
struct BeforeColumns<'a> {
    batch: &'a RecordBatch,
}

impl<'a> BeforeColumns<'a> {
    /// Returns the columns, when they have the types of the table.
    fn of(batch: &'a RecordBatch) -> Option<BeforeColumns<'a>> {
        let decoded = |kind: DataType| match kind {
            DataType::Utf8 => DataType::Utf8View,
            kind => kind,
        };
        let expected = DIFFERENCES.columns().into_iter().map(|(_, kind)| decoded(kind.data_type()));
        let found = batch.columns().iter().map(|column| column.data_type().clone());
        expected.eq(found).then_some(BeforeColumns { batch })
    }

    fn at(&self, name: &str) -> Option<&'a dyn Array> {
        let place = DIFFERENCES.columns().iter().position(|(column, _)| *column == name)?;
        self.batch.columns().get(place).map(AsRef::as_ref)
    }

    fn text(&self, name: &str, row: usize) -> Option<&'a str> {
        let column: &StringViewArray = self.at(name)?.as_any().downcast_ref()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn day(&self, name: &str, row: usize) -> Option<i32> {
        let column: &Date32Array = self.at(name)?.as_any().downcast_ref()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn count(&self, name: &str, row: usize) -> Option<i64> {
        let column: &Int64Array = self.at(name)?.as_any().downcast_ref()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn sum(&self, name: &str, row: usize) -> Option<FenSum> {
        let column: &Decimal128Array = self.at(name)?.as_primitive_opt()?;
        column.is_valid(row).then(|| FenSum::new(column.value(row)))
    }

    /// Reads the facts of a side, and whether they may stand in a row: all sums are there or none is.
    fn facts(&self, side: usize, row: usize) -> (Option<CopyFacts>, bool) {
        let (sums, sign) = FACT_COLUMNS[side];
        let sign = self.count(sign, row);
        let is_sign = sign.is_none_or(|sign| sign.abs() == 1);
        let sign = sign.and_then(|sign| i8::try_from(sign).ok());
        match sums.map(|name| self.sum(name, row)) {
            [None, None, None] => (None, sign.is_none()),
            [Some(medfee), Some(fund), Some(acct)] => {
                let sums = [medfee, fund, acct];
                let fit = sums.iter().all(|sum| sum.fits());
                (Some(CopyFacts { sums, sign }), fit && is_sign)
            }
            _ => (None, false),
        }
    }

    /// Returns a row; none when it cannot be one of a result.
    fn row(&self, row: usize) -> Option<Difference> {
        let province = |name| Province::from_text(self.text(name, row)?);
        let provinces =
            Provinces::of(province("insured_province")?, province("treating_province")?);
        let setl_id = self.text("setl_id", row)?;
        let is_id = !setl_id.is_empty() && setl_id.chars().count() <= LONGEST_ID;
        let class = DailyClass::from_name(self.text("class", row)?);
        let facts = [0, 1, 2].map(|side| self.facts(side, row));
        let may_be = facts.iter().all(|(_, may_be)| *may_be);
        let facts = facts.map(|(facts, _)| facts);
        let look = Looking::from_names(self.text("look", row)?)?;
        let is_there = Holder::ALL.into_iter().any(|holder| facts[holder.index()].is_some());
        (is_id && may_be && is_there).then_some(())?;
        Some(Difference {
            day: self.day("day", row)?,
            setl_id: setl_id.to_owned(),
            class: class.filter(|class| *class != DailyClass::Agrees)?,
            provinces,
            facts,
            look,
            since: self.day("since", row)?,
            age: self.count("age", row)?,
        })
    }
}

/// Longest setl_id of a valid row, in characters (V14).
const LONGEST_ID: usize = 40;

fn no_result(folder: &Path, why: &Text) -> Failure {
    let problem = text!("--before {} is no result of liangqing daily: {}", folder, why);
    Failure::Usage(problem.hinting(text!("name the --out of an earlier run of the same month")))
}
