//! SQL over the tables of closed periods.
//!
//! **Purpose.** Answer what somebody asks of a book in SQL, and say what can be asked.
//!
//! **In.** A book, some of its periods or all of them, a statement.
//!
//! **Out.** Rows, of the types that the tables have.
//!
//! **Invariants.** Nothing but the tables of the book is read, and nothing is written. Whoever does not ask for
//! the numbers of persons and visits gets them masked before the statement sees them, so that no SQL brings
//! them back. The same book and the same statement give the same rows in the same order.

#[cfg(feature = "query")]
mod answer;
#[cfg(feature = "query")]
mod engine;
#[cfg(feature = "query")]
mod frames;
#[cfg(feature = "query")]
mod statement;

use std::path::Path;

use arrow_array::RecordBatch;
use serde::Serialize;

use crate::{
    book::{
        self, Closed,
        schema::{Kind, TABLES, TableSpec},
    },
    diag::{Failure, Outcome},
    model::codes::Month,
};

/// The column that says which period a row is of; it comes first.
pub const PERIOD: &str = "period";

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The book.
    pub book: &'a Path,
    /// The periods whose tables are asked; all closed ones when there are none.
    pub periods: &'a [Month],
    /// One SELECT.
    pub sql: &'a str,
    /// Whether numbers of persons and visits are shown as they are.
    pub unmasked: bool,
}

/// What comes out.
#[derive(Debug)]
pub struct Answer {
    /// The rows: texts, decimals, whole numbers, days, local times in microseconds, yes and no.
    pub rows: RecordBatch,
    /// Columns that were computed in floating point, and rounded to six places.
    pub rounded: Vec<String>,
}

/// A table that can be asked.
#[derive(Debug, Serialize)]
pub struct TableInfo {
    /// Its name.
    pub name: &'static str,
    /// Rows in all periods that are asked.
    pub rows: u64,
    /// Its columns in order.
    pub columns: Vec<ColumnInfo>,
}

/// A column of it.
#[derive(Debug, Serialize)]
pub struct ColumnInfo {
    /// Its name.
    pub name: &'static str,
    /// Its type in SQL.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// Fails unless the program can answer queries.
pub fn available() -> Outcome<()> {
    if cfg!(feature = "query") {
        return Ok(());
    }
    Err(Failure::Usage(
        "this program was built without query; build it with: cargo build --release --features full"
            .to_owned(),
    ))
}

/// Answers a question.
///
/// Fails with [`Failure::Usage`] when the statement cannot be answered, and with [`Failure::Book`] when a period
/// is not closed or a table is damaged.
pub fn answer(question: &Question) -> Outcome<Answer> {
    available()?;
    #[cfg(feature = "query")]
    return engine::answer(question);
    #[cfg(not(feature = "query"))]
    Err(Failure::Bug(format!("no SQL over {} {}", PERIOD, question.sql)))
}

/// Every table of some periods of a book, or of all of them.
pub fn list(book: &Path, periods: &[Month]) -> Outcome<Vec<TableInfo>> {
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
    Ok(TABLES.iter().map(table).collect())
}

/// The closed periods that are asked, oldest first, each once.
fn closed(book: &Path, wanted: &[Month]) -> Outcome<Vec<Closed>> {
    let mut periods = book::periods_in(book)?;
    if let Some(month) = wanted.iter().find(|month| !periods.iter().any(|(m, _)| m == *month)) {
        return Err(Failure::Book(format!(
            "period {month} is not closed in {}",
            crate::diag::shown(book)
        )));
    }
    periods.retain(|(month, _)| wanted.is_empty() || wanted.contains(month));
    if periods.is_empty() {
        return Err(Failure::Book(format!("no period is closed in {}", crate::diag::shown(book))));
    }
    periods.into_iter().map(|(month, folder)| Closed::read(month, folder)).collect()
}

/// The columns that can be asked: the period, then those of the table but a period of its own, which is the same.
fn columns(spec: &TableSpec) -> Vec<(&'static str, Kind)> {
    let own = spec.columns().into_iter().filter(|(name, _)| *name != PERIOD);
    [(PERIOD, Kind::Text)].into_iter().chain(own).collect()
}

const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "VARCHAR",
        Kind::Amount => "DECIMAL(16,2)",
        Kind::Sum => "DECIMAL(38,2)",
        Kind::Count => "BIGINT",
        Kind::Day => "DATE",
        Kind::Time => "TIMESTAMP",
        Kind::Flag => "BOOLEAN",
    }
}
