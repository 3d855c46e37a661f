//! Derives facts about each record from policy and calendar: group, cost month, payable, lateness.

use std::collections::BTreeMap;

use polars::prelude::{
    BooleanChunked, DataFrame, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries, Series,
    StringChunked, UInt32Chunked, UInt64Chunked,
};
use xxhash_rust::xxh3::xxh3_128;

use super::{delivery::LatePermit, stored::failed};
use crate::{
    diag::{Failure, Outcome},
    model::{
        codes::{CareClass, FundClass, Month, Pair, Province},
        fields::{FIELDS, Field},
    },
    rules::Policy,
};

/// A day in microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;
/// Month numbers in frames count from this month.
const YEAR_0: Month = Month::new(0, 1);

/// Columns of a row between the steps, before the columns of the record.
pub(super) const HEAD: [&str; 10] =
    ["open", "file", "row", "key", "check", "first", "month", "group", "payable", "late"];

/// Returns the columns of a row between the steps.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    HEAD.into_iter().chain(FIELDS.iter().map(|field| field.name()))
}

/// The context of a record that affects its facts.
#[derive(Clone, Copy)]
pub(super) struct RecordFacts<'a> {
    pub(super) policy: &'a Policy,
    pub(super) period: Month,
    pub(super) permits: &'a [LatePermit],
}

/// Returns the number of a month in frames.
pub(super) fn number(month: Month) -> i32 {
    month.since(YEAR_0)
}

/// Returns the month of a number in frames.
pub(super) fn month(number: i32) -> Month {
    YEAR_0.plus(number)
}

/// Decodes a group number: who pays whom, from which fund, for which care. The register uses the same numbers.
pub(super) fn of_group(number: i32) -> Option<(Pair, FundClass, CareClass)> {
    let number = usize::try_from(number).ok()?;
    let insured = Province::from_index(number / 256)?;
    let treating = Province::from_index(number / 8 % 32)?;
    Some((Pair { insured, treating }, FundClass::ALL[number / 4 % 2], CareClass::ALL[number % 4]))
}

/// Returns both parts of a settlement's key, as the register has them.
#[expect(clippy::cast_possible_truncation, reason = "the register keeps these bits of 128")]
pub(super) fn key(setl_id: &str) -> (u64, u32) {
    let hash = xxh3_128(setl_id.as_bytes());
    ((hash >> 64) as u64, hash as u32)
}

/// Adds `key`, `check`, `insured` and `treating` (indexes of provinces), `fund`, `care`, `since` (first day of the
/// chronic disease), `day`, `month`, `group`, `payable` (the real value) and `late`.
pub(super) fn add(frame: &mut DataFrame, setting: RecordFacts) -> Outcome<()> {
    let policy = setting.policy;
    let province = |text: &str| Province::of_division(text.as_bytes()).map(Province::index);
    let insured = codes(frame, Field::insuplc_admdvs, province)?;
    let treating = codes(frame, Field::mdtrtarea_admvs, province)?;
    let fund = codes(frame, Field::insutype, |t| policy.fund_class(t).map(|class| class as usize))?;
    let care = codes(frame, Field::med_type, |t| policy.care_class(t).map(|class| class as usize))?;
    let since = texts(frame, Field::dise_codg)?;
    let since: Int64Chunked = since.iter().map(|text| policy.chronic_since(text?)).collect();
    let times = frame.column(Field::setl_time.name()).and_then(|times| times.i64());
    let days = times.map_err(failed)?.iter().map(|time| time.map(|time| time.div_euclid(DAY)));
    let days: Int64Chunked = days.collect();
    let months: Int32Chunked =
        days.iter().map(|day| day.map(|day| number(Month::of_day(day)))).collect();
    let places = insured.iter().zip(treating.iter()).zip(fund.iter().zip(care.iter()));
    let groups = places.map(|((insured, treating), (fund, care))| {
        Some(((insured? * 32 + treating?) * 2 + fund?) * 4 + care?)
    });
    let groups: Int32Chunked = groups.collect();
    let late = lateness(&groups, &months, setting);
    let [keys, checks] = keys(frame)?;
    let payables = payables(frame, policy)?;
    let columns: [(&str, Series); 12] = [
        ("key", keys),
        ("check", checks),
        ("insured", insured.into_series()),
        ("treating", treating.into_series()),
        ("fund", fund.into_series()),
        ("care", care.into_series()),
        ("since", since.into_series()),
        ("day", days.into_series()),
        ("month", months.into_series()),
        ("group", groups.into_series()),
        ("payable", payables.into_series()),
        ("late", late.into_series()),
    ];
    for (name, series) in columns {
        frame.with_column(series.with_name(name.into()).into()).map_err(failed)?;
    }
    Ok(())
}

fn texts(frame: &DataFrame, field: Field) -> Outcome<&StringChunked> {
    frame.column(field.name()).and_then(|column| column.str()).map_err(failed)
}

fn codes(
    frame: &DataFrame,
    field: Field,
    code: impl Fn(&str) -> Option<usize>,
) -> Outcome<Int32Chunked> {
    let codes = texts(frame, field)?.iter().map(|text| i32::try_from(code(text?)?).ok());
    Ok(codes.collect())
}

fn keys(frame: &DataFrame) -> Outcome<[Series; 2]> {
    let texts = texts(frame, Field::setl_id)?;
    let keys = || texts.iter().map(|text| text.map(key));
    let high: UInt64Chunked = keys().map(|key| key.map(|(high, _)| high)).collect();
    let low: UInt32Chunked = keys().map(|key| key.map(|(_, low)| low)).collect();
    Ok([high.into_series(), low.into_series()])
}

/// Sums the payable fields. Null counts as 0.
fn payables(frame: &DataFrame, policy: &Policy) -> Outcome<Int128Chunked> {
    let mut sums = vec![0i128; frame.height()];
    for field in policy.payable_fields() {
        let amounts =
            frame.column(field.name()).and_then(|column| column.i128()).map_err(failed)?;
        for (sum, amount) in sums.iter_mut().zip(amounts.iter()) {
            *sum = sum.checked_add(amount.unwrap_or(0)).ok_or_else(|| {
                Failure::Usage(text!("the independent recomputation: a payable beyond 128 bits"))
            })?;
        }
    }
    Ok(sums.into_iter().map(Some).collect())
}

/// Applies step 4: whether a record is too late and no permit covers it.
fn lateness(groups: &Int32Chunked, months: &Int32Chunked, setting: RecordFacts) -> BooleanChunked {
    let mut known: BTreeMap<(i32, i32), bool> = BTreeMap::new();
    let places = groups.iter().zip(months.iter());
    let late = places.map(|(group, month)| {
        let place = (group?, month?);
        Some(*known.entry(place).or_insert_with(|| is_late(place, setting)))
    });
    late.collect()
}

fn is_late((group, number): (i32, i32), setting: RecordFacts) -> bool {
    let RecordFacts { policy, period, permits } = setting;
    let month = month(number);
    let past_close = period > Month::new(month.year() + 1, policy.year_close_month);
    if period.since(month) <= policy.lateness_limit && !past_close {
        return false;
    }
    let pair = of_group(group).map(|(pair, _, _)| pair);
    !permits.iter().any(|permit| {
        Some(permit.pair) == pair
            && permit.cost_month == month
            && permit.until_period >= period
            && (permit.past_year_close || !past_close)
    })
}
