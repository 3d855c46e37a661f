//! Reads what this period takes over from earlier periods. Uses no code of the engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::{Path, PathBuf},
};

use polars::prelude::{
    DataFrame, DataType, Int32Chunked, IntoLazy, IntoSeries, JoinType, PolarsResult, col, lit,
};

use super::{
    delivery::LatePermit,
    facts::number,
    rows::Records,
    stored::{OpenParquet, TableOf, failed, unreadable},
};
use crate::{
    diag::{Failure, Outcome},
    model::codes::{Month, Pair, Province, Side},
    rules::Int96,
    text::{Text, Value},
};

fn damaged(table: &str, what: Text) -> Failure {
    Failure::Book(text!("the book is damaged: table {}: {}", table, Value::Text(what)))
}

/// Reads the permits that the period before hands over.
pub(super) fn permits(folder: &Path) -> Outcome<Vec<LatePermit>> {
    let columns =
        ["insured_province", "treating_province", "cost_month", "until_period", "past_year_close"];
    let table = TableOf::read(folder, "permits", Some(&columns))?;
    let [insured, treating, cost, until] =
        [columns[0], columns[1], columns[2], columns[3]].map(|name| table.texts(name));
    let (insured, treating, cost, until) = (insured?, treating?, cost?, until?);
    let past = table.flags("past_year_close")?;
    let permit = |row: usize| {
        Some(LatePermit {
            pair: pair(insured.get(row), treating.get(row))?,
            cost_month: Month::from_text(cost.get(row)?)?,
            until_period: Month::from_text(until.get(row)?)?,
            past_year_close: past.get(row)?,
        })
    };
    let permit = |row| permit(row).ok_or_else(|| damaged("permits", text!("a permit")));
    (0..table.rows()).map(permit).collect()
}

fn pair(insured: Option<&str>, treating: Option<&str>) -> Option<Pair> {
    let [insured, treating] = [insured, treating].map(|text| text.and_then(Province::from_text));
    Some(Pair { insured: insured?, treating: treating? })
}

/// Reads the amounts that the period before carried forward, by pair.
pub(super) fn carried_forward(folder: &Path) -> Outcome<BTreeMap<Pair, i128>> {
    let columns = ["insured_province", "treating_province", "carried_forward"];
    let table = TableOf::read(folder, "pairs", Some(&columns))?;
    let (insured, treating) = (table.texts(columns[0])?, table.texts(columns[1])?);
    let carried = table.numbers(columns[2])?;
    let rows = insured.iter().zip(treating.iter()).zip(carried.iter());
    rows.map(|((insured, treating), carried)| {
        let pair = pair(insured, treating).ok_or_else(|| damaged("pairs", text!("a province")))?;
        Ok((pair, carried.unwrap_or(0)))
    })
    .collect()
}

/// The accepted deductions of earlier periods.
#[derive(Debug, Default)]
pub(super) struct EarlierDeductions {
    /// Their ids.
    pub(super) ids: BTreeSet<String>,
    /// For each settlement its pair, and its deductions less what was given back.
    pub(super) net: BTreeMap<String, (Pair, i128)>,
}

/// Reads the accepted deductions of all earlier periods.
pub(super) fn deductions(earlier: &[(Month, PathBuf)]) -> Outcome<EarlierDeductions> {
    let columns =
        ["ddct_id", "setl_id", "insured_province", "treating_province", "amount", "accepted"];
    let mut all = EarlierDeductions::default();
    for (_, folder) in earlier {
        let table = TableOf::read(folder, "deductions", Some(&columns))?;
        let (ids, settlements) = (table.texts(columns[0])?, table.texts(columns[1])?);
        let (insured, treating) = (table.texts(columns[2])?, table.texts(columns[3])?);
        let (amounts, accepted) = (table.numbers(columns[4])?, table.flags(columns[5])?);
        for row in (0..table.rows()).filter(|row| accepted.get(*row) == Some(true)) {
            let wrong = || damaged("deductions", text!("an accepted deduction"));
            let pair = pair(insured.get(row), treating.get(row)).ok_or_else(wrong)?;
            let settlement = settlements.get(row).ok_or_else(wrong)?;
            all.ids.insert(ids.get(row).unwrap_or_default().to_owned());
            let net = all.net.entry(settlement.to_owned()).or_insert((pair, 0));
            net.1 += amounts.get(row).ok_or_else(wrong)?;
        }
    }
    Ok(all)
}

/// Reads the open items of a closed period in pieces, with every field and `side` and `first`.
pub(super) fn open_items(
    folder: &Path,
    most: usize,
    mut take: impl FnMut(Side, DataFrame) -> Outcome<()>,
) -> Outcome<()> {
    const TABLE: &str = "open_items";
    let path = folder.join("tables/open_items.parquet");
    let records = Records::open(&path, TABLE, Int96::Local)?;
    let table = TableOf::read(folder, TABLE, Some(&["side", "first_period"]))?;
    let (sides, firsts) = (table.texts("side")?, table.texts("first_period")?);
    for rows in records.pieces(most) {
        let mut frame = records.read(rows.clone())?;
        let months = rows.clone().map(|row| firsts.get(row).and_then(Month::from_text).map(number));
        let months: Int32Chunked = months.collect();
        let first = months.with_name("first".into()).into_series();
        let start = i64::try_from(rows.start).unwrap_or(i64::MAX);
        let side = sides.slice(start, rows.len()).with_name("side".into()).into_series();
        if first.null_count() > 0 {
            return Err(damaged(TABLE, text!("a period")));
        }
        frame.with_column(first.into()).map_err(failed)?;
        frame.with_column(side.into()).map_err(failed)?;
        for side in Side::BOTH {
            let of_side = frame.clone().lazy().filter(col("side").eq(lit(side.name()))).collect();
            take(side, of_side.map_err(failed)?)?;
        }
    }
    Ok(())
}

/// The open register files of the earlier periods.
pub(super) struct Registers {
    registers: Vec<(PathBuf, OpenParquet)>,
    reversals: Vec<(PathBuf, OpenParquet)>,
}

impl Registers {
    /// Opens the register files.
    pub(super) fn open(earlier: &[(Month, PathBuf)]) -> Outcome<Registers> {
        let all = |name: &str| {
            let open = |(_, folder): &(Month, PathBuf)| {
                let path = folder.join(name);
                let stored = OpenParquet::open(&path).map_err(|error| unreadable(&path, &error))?;
                Ok((path, stored))
            };
            earlier.iter().map(open).collect::<Outcome<Vec<_>>>()
        };
        Ok(Registers { registers: all("register.parquet")?, reversals: all("reversals.parquet")? })
    }

    /// Looks up keys (`key`, `check`) of a range. Returns those in the register, with `kind`, `group` and `payable`.
    pub(super) fn registered(&self, range: &Range<u128>, wanted: &DataFrame) -> Outcome<DataFrame> {
        look_up(&self.registers, &["key", "check", "kind", "group", "payable"], range, wanted)
    }

    /// Looks up keys of a range. Returns those that were reversed.
    pub(super) fn reversed(&self, range: &Range<u128>, wanted: &DataFrame) -> Outcome<DataFrame> {
        look_up(&self.reversals, &["key", "check"], range, wanted)
    }
}

fn look_up(
    files: &[(PathBuf, OpenParquet)],
    columns: &[&str],
    range: &Range<u128>,
    wanted: &DataFrame,
) -> Outcome<DataFrame> {
    let mut found = empty(columns).map_err(failed)?;
    if wanted.height() == 0 {
        return Ok(found);
    }
    for (path, stored) in files {
        for rows in stored.rows_within("key", range) {
            let hits = hits(stored, columns, rows, wanted);
            found.vstack_mut(&hits.map_err(|error| unreadable(path, &error))?).map_err(failed)?;
        }
    }
    Ok(found)
}

fn hits(
    stored: &OpenParquet,
    columns: &[&str],
    rows: Range<usize>,
    wanted: &DataFrame,
) -> PolarsResult<DataFrame> {
    let names = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut frame = stored.read(names, rows)?;
    if columns.contains(&"payable") {
        let payable = frame.column("payable")?.as_materialized_series().to_physical_repr();
        let payable = payable.cast(&DataType::Int64)?;
        frame.with_column(payable.into())?;
    }
    let on = [col("key"), col("check")];
    let wanted = wanted.clone().lazy();
    frame.lazy().join(wanted, &on, &on, JoinType::Semi.into()).collect()
}

fn empty(columns: &[&str]) -> PolarsResult<DataFrame> {
    let columns = columns.iter().map(|name| {
        let dtype = match *name {
            "key" => DataType::UInt64,
            "check" => DataType::UInt32,
            "payable" => DataType::Int64,
            _ => DataType::Int32,
        };
        polars::prelude::Column::new_empty((*name).into(), &dtype)
    });
    DataFrame::new(0, columns.collect())
}
