//! The interface to SQL over a book.
//!
//! The command line calls the implementation through [`Query`]. The package `crates/query` implements it.

use std::path::Path;

use arrow_array::RecordBatch;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    book::{self, ClosedPeriod},
    columnar::shape::{CellKind, TABLES, TableSpec},
    diag::{Failure, Outcome},
    model::codes::Month,
    shapes::{ColumnType, FormatNumber},
};

/// Answers a question.
///
/// Fails with [`Failure::Usage`] when the statement cannot be answered, and with [`Failure::Book`] when a period
/// is not closed or a table is damaged.
pub type Query = fn(&Question) -> Outcome<Answer>;

/// The column with the period of a row. It is the first one.
pub const PERIOD: &str = "period";

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The book.
    pub book: &'a Path,
    /// The periods to query. Empty: all closed ones.
    pub periods: &'a [Month],
    /// One SELECT.
    pub sql: &'a str,
    /// Whether numbers of persons and visits are shown unmasked.
    pub unmasked: bool,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The rows: texts, decimals, integers, days, local times in microseconds, booleans.
    pub rows: RecordBatch,
    /// Columns that were computed in floating point and rounded to six decimals.
    pub rounded: Vec<String>,
}

/// The tables that can be asked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "query --list --format json")]
pub struct TableList {
    /// The format of the report.
    format: FormatNumber<1>,
    /// Every table.
    pub tables: Vec<TableInfo>,
}

/// A table that can be asked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableInfo {
    /// Its name.
    pub name: &'static str,
    /// The number of rows in all periods that are asked.
    pub rows: u64,
    /// Its columns in order.
    pub columns: Vec<ColumnInfo>,
}

/// A column of a table.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ColumnInfo {
    /// Its name.
    pub name: &'static str,
    /// Its type in SQL.
    #[serde(rename = "type")]
    #[schemars(with = "ColumnType")]
    pub kind: &'static str,
}

/// Returns every table of some periods of a book, or of all periods.
pub fn list(book: &Path, periods: &[Month]) -> Outcome<TableList> {
    let closed = closed(book, periods)?;
    let rows = |name: &str| {
        let path = format!("tables/{name}.parquet");
        let outputs = closed.iter().flat_map(|period| &period.manifest.outputs);
        outputs.filter(|output| output.path == path).map(|output| output.rows).sum()
    };
    let table = |spec: &TableSpec| TableInfo {
        name: spec.name,
        rows: rows(spec.name),
        columns: columns(spec)
            .into_iter()
            .map(|(name, kind)| ColumnInfo { name, kind: type_name(kind) })
            .collect(),
    };
    Ok(TableList { format: FormatNumber, tables: TABLES.iter().map(table).collect() })
}

/// Returns the wanted closed periods, oldest first, without repetition.
pub fn closed(book: &Path, wanted: &[Month]) -> Outcome<Vec<ClosedPeriod>> {
    let mut periods = book::periods_in(book)?;
    if let Some(month) = wanted.iter().find(|month| !periods.iter().any(|(m, _)| m == *month)) {
        return Err(Failure::Book(text!("period {} is not closed in {}", month, book)));
    }
    periods.retain(|(month, _)| wanted.is_empty() || wanted.contains(month));
    if periods.is_empty() {
        return Err(Failure::Book(text!("no period is closed in {}", book)));
    }
    periods.into_iter().map(|(month, folder)| ClosedPeriod::read(month, folder)).collect()
}

/// Returns the columns for queries: the period, then the table's columns except its own `period`, which is the same.
pub fn columns(spec: &TableSpec) -> Vec<(&'static str, CellKind)> {
    let own = spec.columns().into_iter().filter(|(name, _)| *name != PERIOD);
    [(PERIOD, CellKind::Text)].into_iter().chain(own).collect()
}

const fn type_name(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Text => "VARCHAR",
        CellKind::Amount => "DECIMAL(16,2)",
        CellKind::Sum => "DECIMAL(38,2)",
        CellKind::Count => "BIGINT",
        CellKind::Day => "DATE",
        CellKind::Time => "TIMESTAMP",
        CellKind::Flag => "BOOLEAN",
    }
}
