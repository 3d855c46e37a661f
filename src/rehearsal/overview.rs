//! What a delivery has: by sender, by file, by broken rule.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::last::{LastPeriod, Told};
use crate::{
    diag::codes::RowRule,
    ingest::{
        delivery::{Delivery, FileFacts},
        senders::{BrokenRows, SenderRows},
        source::ParquetSource,
        survey::Survey,
    },
    model::{
        codes::{Month, Province, Side},
        money::yuan,
    },
    shapes::{MapOf, Period, ProvinceCode, Yuan},
};

/// What a delivery has, as the senders wrote it and before anything is reconciled.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Overview {
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The last closed period, which the rows are compared with; null without a book or in its first period.
    #[schemars(with = "Option<Period>")]
    pub last_period: Option<String>,
    /// The provinces that have sent or that cleared something in the last period, by side and code.
    pub senders: Vec<SenderTotals>,
    /// The Parquet files that could be opened, by side and path.
    pub files: Vec<SentFile>,
    /// The small files.
    pub small_files: Vec<DeliveredSmallFile>,
    /// The rows that break a rule, by side, province and rule.
    pub broken: Vec<BrokenRuleRows>,
}

/// The rows of a sender: of the treating province on the treating side, of the insured province on the other.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SenderTotals {
    /// The side.
    pub side: Side,
    /// The province; null for rows whose division is of none.
    #[schemars(with = "Option<ProvinceCode>")]
    pub province: Option<String>,
    /// The number of files that have rows of it.
    pub files: u64,
    /// The number of rows.
    pub rows: u64,
    /// The number of rows that break a rule.
    pub rejected: u64,
    /// The number of rows by cost month; rows without an allowed time (V17) have none.
    #[schemars(with = "MapOf<Period, u64>")]
    pub cost_months: BTreeMap<String, u64>,
    /// The sum of medfee_sumamt in yuan.
    #[schemars(with = "Yuan")]
    pub medfee_sumamt: String,
    /// The sum of fund_pay_sumamt in yuan.
    #[schemars(with = "Yuan")]
    pub fund_pay_sumamt: String,
    /// The sum of acct_pay in yuan.
    #[schemars(with = "Yuan")]
    pub acct_pay: String,
    /// The visits that cleared in the last period, a reversal counted −1; null without one.
    pub last_visits: Option<u64>,
    /// The rows in per cent of these visits, cut off; null without any.
    pub percent: Option<u64>,
    /// What is told of it; null when its rows are as usual or nothing is known.
    pub told: Option<Told>,
}

/// A Parquet file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SentFile {
    /// The side.
    pub side: Side,
    /// The path below the delivery.
    pub file: String,
    /// The length in bytes.
    pub bytes: u64,
    /// The number of rows.
    pub rows: u64,
    /// The number of rows that break a rule.
    pub rejected: u64,
    /// The provinces that send its rows.
    #[schemars(with = "Vec<ProvinceCode>")]
    pub provinces: Vec<String>,
    /// The number of rows by cost month; rows without an allowed time (V17) have none.
    #[schemars(with = "MapOf<Period, u64>")]
    pub cost_months: BTreeMap<String, u64>,
    /// The sum of medfee_sumamt in yuan.
    #[schemars(with = "Yuan")]
    pub medfee_sumamt: String,
    /// The sum of fund_pay_sumamt in yuan.
    #[schemars(with = "Yuan")]
    pub fund_pay_sumamt: String,
    /// The sum of acct_pay in yuan.
    #[schemars(with = "Yuan")]
    pub acct_pay: String,
    /// Whether control-totals.csv declares the same rows and sums; null where it declares nothing of the file.
    pub as_declared: Option<bool>,
}

/// A small file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeliveredSmallFile {
    /// Its name.
    pub file: String,
    /// The number of its lines that can be read.
    pub lines: u64,
}

/// The rows of a sender that break a rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BrokenRuleRows {
    /// The side.
    pub side: Side,
    /// The province that sends them; null for rows whose division is of none.
    #[schemars(with = "Option<ProvinceCode>")]
    pub province: Option<String>,
    /// The rule.
    pub code: RowRule,
    /// The number of rows.
    pub rows: u64,
    /// The file of the first of them.
    pub file: String,
    /// The row in this file, from 0.
    pub row: u64,
}

/// A sender by side; a row of no province comes after all others.
type SenderKey = (Side, bool, Option<Province>);

impl Overview {
    /// Returns what a delivery has, compared with the last period.
    pub fn of(
        delivery: &Delivery,
        survey: &Survey,
        period: Month,
        last: Option<&LastPeriod>,
    ) -> Overview {
        let read = || delivery.sources.iter().zip(&survey.files);
        let small = delivery.small.entries.iter();
        Overview {
            period: period.to_string(),
            last_period: last.map(|last| last.period.to_string()),
            senders: senders(read(), last),
            files: read().map(|(source, facts)| file(delivery, source, facts)).collect(),
            small_files: small
                .map(|entry| DeliveredSmallFile { file: entry.path.clone(), lines: entry.rows })
                .collect(),
            broken: broken(read()),
        }
    }

    /// Returns the senders of a side.
    pub fn of_side(&self, side: Side) -> impl Iterator<Item = &SenderTotals> {
        self.senders.iter().filter(move |sender| sender.side == side)
    }
}

fn senders<'a>(
    files: impl Iterator<Item = (&'a ParquetSource, &'a FileFacts)>,
    last: Option<&LastPeriod>,
) -> Vec<SenderTotals> {
    let mut all: BTreeMap<SenderKey, (u64, SenderRows)> = BTreeMap::new();
    for side in Side::BOTH {
        for province in last.into_iter().flat_map(|last| last.provinces(side)) {
            all.insert((side, false, Some(province)), Default::default());
        }
    }
    for (source, facts) in files {
        for (province, rows) in facts.senders.by_province() {
            let (files, own) = all.entry((source.side, province.is_none(), province)).or_default();
            *files += 1;
            own.absorb(rows);
        }
    }
    let totals = |((side, _, province), (files, own)): (SenderKey, (u64, SenderRows))| {
        let [medfee_sumamt, fund_pay_sumamt, acct_pay] = own.sums.map(yuan);
        let known = last.zip(province);
        SenderTotals {
            side,
            province: province.map(|province| province.to_string()),
            files,
            rows: own.rows,
            rejected: own.rejected,
            cost_months: months(&own),
            medfee_sumamt,
            fund_pay_sumamt,
            acct_pay,
            last_visits: known.map(|(last, province)| last.visits(side, province)),
            percent: known.and_then(|(last, province)| last.percent(side, province, own.rows)),
            told: known.and_then(|(last, province)| last.told(side, province, own.rows)),
        }
    };
    all.into_iter().map(totals).collect()
}

fn months(rows: &SenderRows) -> BTreeMap<String, u64> {
    rows.months.iter().map(|(month, rows)| (month.to_string(), *rows)).collect()
}

fn file(delivery: &Delivery, source: &ParquetSource, facts: &FileFacts) -> SentFile {
    let mut all = SenderRows::default();
    facts.senders.by_province().for_each(|(_, rows)| all.absorb(rows));
    let provinces = facts.senders.by_province().filter_map(|(province, _)| province);
    let declared = delivery.small.control_totals.iter().flatten();
    let mut declared = declared.filter(|declared| declared.file == source.name);
    let [medfee_sumamt, fund_pay_sumamt, acct_pay] = facts.sums.map(yuan);
    SentFile {
        side: source.side,
        file: source.name.clone(),
        bytes: source.bytes,
        rows: facts.rows,
        rejected: all.rejected,
        provinces: provinces.map(|province| province.to_string()).collect(),
        cost_months: months(&all),
        medfee_sumamt,
        fund_pay_sumamt,
        acct_pay,
        as_declared: declared
            .next()
            .map(|declared| declared.rows == facts.rows && declared.sums == facts.sums),
    }
}

/// Returns the broken rules of each sender, each with the first row in the order of files.
fn broken<'a>(
    files: impl Iterator<Item = (&'a ParquetSource, &'a FileFacts)>,
) -> Vec<BrokenRuleRows> {
    let mut all: BTreeMap<(SenderKey, RowRule), (u64, &str, u64)> = BTreeMap::new();
    for (source, facts) in files {
        for (province, rows) in facts.senders.by_province() {
            let sender = (source.side, province.is_none(), province);
            for (rule, BrokenRows { rows, first }) in rows.broken() {
                all.entry((sender, rule)).or_insert((0, &source.name, first)).0 += rows;
            }
        }
    }
    let rows = all.into_iter().map(|(((side, _, province), code), (rows, file, row))| {
        let province = province.map(|province| province.to_string());
        BrokenRuleRows { side, province, code, rows, file: file.to_owned(), row }
    });
    rows.collect()
}
