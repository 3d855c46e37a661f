//! Compares two tables row by row, and shows the differing rows.

use std::{collections::BTreeMap, path::Path};

use polars::prelude::{AnyValue, DataFrame, Expr, IntoLazy, JoinType, PlSmallStr, col, len, lit};

use super::{
    Compared, ComparedTable,
    stored::{TableOf, failed, sum},
    tables::{PAIR_NUMBERS, TableComparison},
};
use crate::{
    diag::{Failure, Outcome},
    model::{
        fields::Field,
        money::{FenSum, yuan, yuan_grouped},
    },
    text::{Grouped, Text, lines},
};

/// The most keys of a table that are shown.
const SHOWN: usize = 20;

/// Compares tables with those in a folder.
pub(super) fn all(tables: Vec<TableComparison>, result: &Path) -> Outcome<Compared> {
    let mut compared = Vec::new();
    let mut differences = Vec::new();
    for table in tables {
        let (equal, different) = one(table, result)?;
        compared.push(equal);
        differences.extend(different);
    }
    if !differences.is_empty() {
        let problem =
            text!("the independent recomputation found differences\n{}", lines(differences));
        let problem =
            problem.hinting(text!("keep the delivery and the book as they are, and report this"));
        return Err(Failure::Differences(problem, Vec::new()));
    }
    let compared = Compared { tables: compared };
    Failure::unless(compared.rows() > 0, || text!("the recomputation compared nothing"))?;
    Ok(compared)
}

/// Compares a table. Returns what was compared and, if it differs, the differences.
fn one(table: TableComparison, result: &Path) -> Outcome<(ComparedTable, Option<Text>)> {
    let TableComparison { name, key, money, rows } = table;
    let stored = TableOf::read(result, name, None)?;
    let decimals = stored.decimals();
    let stored = stored.plain()?;
    let names = rows.as_ref().unwrap_or(&stored).get_column_names_owned();
    let columns: Vec<Expr> = names.into_iter().map(col).collect();
    let stored = stored.lazy().select(&columns);
    let stored = if name == "pairs" { stored.filter(anything()) } else { stored };
    let stored = stored.collect().map_err(failed)?;
    let rows = rows.unwrap_or_else(|| stored.clear());
    let fen = money.map_or(Ok(0), |money| sum(&stored, money))?;
    let equal = ComparedTable { name, rows: stored.height() as u64, fen: FenSum::new(fen) };
    let only = [without(&stored, &rows, &columns)?, without(&rows, &stored, &columns)?];
    if only.iter().all(|rows| rows.height() == 0) {
        return Ok((equal, None));
    }
    Ok((equal, Some(Different { name, key, money, decimals, only }.describe()?)))
}

/// Selects pairs with at least one number. A pair that only has a quota is in the table but is not recomputed.
fn anything() -> Expr {
    let numbers = PAIR_NUMBERS.map(|name| col(name).neq(lit(0)));
    numbers.into_iter().reduce(Expr::or).unwrap_or(lit(true))
}

/// Returns rows that another table lacks or has less often.
fn without(rows: &DataFrame, others: &DataFrame, columns: &[Expr]) -> Outcome<DataFrame> {
    let counted =
        |frame: &DataFrame| frame.clone().lazy().group_by(columns).agg([len().alias("times")]);
    let on: Vec<Expr> = columns.iter().cloned().chain([col("times")]).collect();
    let alone = counted(rows)
        .join_builder()
        .with(counted(others))
        .how(JoinType::Anti)
        .on(on)
        .join_nulls(true)
        .finish();
    alone.collect().map_err(failed)
}

/// A table with differences.
struct Different<'a> {
    name: &'a str,
    key: &'a [&'a str],
    money: Option<&'a str>,
    /// The money columns.
    decimals: Vec<String>,
    /// Rows that are only in the period, and rows that are only in the recomputation.
    only: [DataFrame; 2],
}

impl Different<'_> {
    /// Words the differences: in rows and fen, then row by row.
    fn describe(&self) -> Outcome<Text> {
        let mut rows: BTreeMap<String, [Vec<usize>; 2]> = BTreeMap::new();
        for (at, frame) in self.only.iter().enumerate() {
            for row in 0..frame.height() {
                rows.entry(self.values(at, row, self.key)?).or_default()[at].push(row);
            }
        }
        let count = |which: fn(&[Vec<usize>; 2]) -> bool| {
            Grouped(rows.values().filter(|rows| which(rows)).count() as u64)
        };
        let head = text!(
            "{}: {} only in the period, {} only recomputed, {} in both but different",
            self.name,
            count(|[_, recomputed]| recomputed.is_empty()),
            count(|[published, _]| published.is_empty()),
            count(|rows| rows.iter().all(|rows| !rows.is_empty()))
        );
        let mut told = vec![text!("  {}{}", head, self.money()?)];
        for (key, found) in rows.iter().take(SHOWN) {
            told.push(text!("    {}", key));
            let columns = self.columns(found)?;
            for row in found[0].iter().take(SHOWN) {
                told.push(text!("      period:     {}", self.values(0, *row, &columns)?));
            }
            for row in found[1].iter().take(SHOWN) {
                told.push(text!("      recomputed: {}", self.values(1, *row, &columns)?));
            }
        }
        if rows.len() > SHOWN {
            told.push(text!("    and {} more", Grouped((rows.len() - SHOWN) as u64)));
        }
        Ok(text!("{}", lines(told)))
    }

    fn money(&self) -> Outcome<Text> {
        let Some(money) = self.money else { return Ok(text!("")) };
        let [period, recomputed] = self.only.each_ref().map(|rows| sum(rows, money));
        let [period, recomputed] = [period?, recomputed?].map(|fen| yuan_grouped(FenSum::new(fen)));
        Ok(text!(
            "; {} of these rows: {} yuan in the period, {} recomputed",
            money,
            period,
            recomputed
        ))
    }

    /// Returns the columns to show for one key: of two rows the differing columns.
    fn columns(&self, found: &[Vec<usize>; 2]) -> Outcome<Vec<&str>> {
        let names = self.only[0].get_column_names().into_iter().map(PlSmallStr::as_str);
        let rest: Vec<&str> = names.filter(|name| !self.key.contains(name)).collect();
        let ([period], [recomputed]) = (&found[0][..], &found[1][..]) else { return Ok(rest) };
        let mut differing = Vec::new();
        for name in rest {
            if value(&self.only[0], name, *period)? != value(&self.only[1], name, *recomputed)? {
                differing.push(name);
            }
        }
        Ok(differing)
    }

    /// Returns some columns of a row for people. Numbers of persons are not shown.
    fn values(&self, at: usize, row: usize, columns: &[&str]) -> Outcome<String> {
        let frame = &self.only[at];
        let person = Field::psn_no.name();
        let of_person = value(frame, "field", row).is_ok_and(|f| f.get_str() == Some(person));
        let mut shown = Vec::new();
        for name in columns {
            let value = value(frame, name, row)?;
            let value = match (&value, value.get_str()) {
                _ if *name == person || (of_person && name.ends_with("_value")) => "***".to_owned(),
                (AnyValue::Null, _) => "-".to_owned(),
                (_, Some(text)) => text.to_owned(),
                (AnyValue::Int128(fen), _) if self.decimals.iter().any(|known| known == name) => {
                    yuan(FenSum::new(*fen))
                }
                (other, _) => other.to_string(),
            };
            shown.push(format!("{name}={value}"));
        }
        Ok(shown.join(" "))
    }
}

fn value<'a>(frame: &'a DataFrame, name: &str, row: usize) -> Outcome<AnyValue<'a>> {
    frame.column(name).and_then(|column| column.get(row)).map_err(failed)
}
