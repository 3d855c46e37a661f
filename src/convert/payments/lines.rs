//! Takes the lines of statements from converted rows.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    matching::BankLine,
    party::BankParties,
    statement::{LineValues, bank_line},
};
use crate::{
    convert::{
        columns::{fen, written},
        exports::Export,
        listing::RefusedWriter,
        rows::Converted,
        tables::{Place, TableSink},
        tally::{Refusal, Tally},
        target::ConvertTarget,
        written::WrittenFile,
    },
    diag::{Code, Failure, Finding, Outcome},
    model::{dates::parse_day, money::Fen},
    text::Text,
};

/// The most lines of statements, and the most bytes of them.
const MOST: usize = 1_000_000;
const HELD: usize = 256 << 20;

/// A line of a statement with its place.
pub(super) struct ReadLine {
    pub(super) export: String,
    pub(super) sheet: String,
    pub(super) line: u64,
    /// The line; or its amount, if that is known, and why it is none.
    pub(super) read: Result<BankLine, (Option<Fen>, Text)>,
}

/// The lines of statements, in their order.
pub(super) struct StatementLines<'a> {
    parties: &'a BankParties,
    refused: &'a mut RefusedWriter,
    targets: Vec<ConvertTarget>,
    lines: Vec<ReadLine>,
    /// The first line of the table that is read.
    first: usize,
    /// The bytes of the texts that are held.
    held: usize,
}

impl<'a> StatementLines<'a> {
    pub(super) fn new(
        parties: &'a BankParties,
        refused: &'a mut RefusedWriter,
    ) -> StatementLines<'a> {
        StatementLines {
            parties,
            refused,
            targets: Vec::new(),
            lines: Vec::new(),
            first: 0,
            held: 0,
        }
    }

    pub(super) fn finish(self) -> Vec<ReadLine> {
        self.lines
    }

    fn push(&mut self, place: &Place, line: u64, read: Result<BankLine, (Option<Fen>, Text)>) {
        let (export, sheet) = (place.export.to_owned(), place.sheet.to_owned());
        self.held += export.len() + sheet.len();
        if let Ok(bank) = &read {
            self.held += bank.bank_name.len() + bank.bank_serial.len();
        }
        self.lines.push(ReadLine { export, sheet, line, read });
    }
}

impl TableSink for StatementLines<'_> {
    fn begin(&mut self, _: &Export, _: &str, targets: Vec<ConvertTarget>) -> Outcome<()> {
        (self.targets, self.first) = (targets, self.lines.len());
        Ok(())
    }

    fn take(&mut self, place: &Place, converted: Converted) -> Outcome<()> {
        self.refused.take(place, &converted.refusals)?;
        for (row, line) in converted.lines.iter().enumerate() {
            let values = BankRow::of(&self.targets, &converted, row);
            self.push(place, *line, bank_line(&values, self.parties));
        }
        for (line, why) in refused_lines(&converted.refusals) {
            self.push(place, line, Err((None, why)));
        }
        if self.lines.len() > MOST || self.held > HELD {
            let found = text!("more than {} lines of statements, or 256 MiB of them", MOST);
            return Err(Failure::Unfit(
                text!("exports"),
                vec![Finding::of_file(Code::K09, place.export, found)],
            ));
        }
        Ok(())
    }

    fn end(&mut self, tally: &Tally) -> Outcome<Vec<WrittenFile>> {
        let lines = &mut self.lines[self.first..];
        lines.sort_by_key(|line| line.line);
        let there = lines.len() as u64;
        Failure::unless(there == tally.read, || {
            text!("{} rows read, {} lines of a statement", tally.read, there)
        })?;
        Ok(Vec::new())
    }
}

/// Returns each refused line with the first reason.
fn refused_lines(refusals: &[Refusal]) -> Vec<(u64, Text)> {
    let mut lines: Vec<(u64, Text)> = Vec::new();
    for refusal in refusals {
        if lines.last().is_none_or(|(line, _)| *line != refusal.line) {
            let why = if refusal.field.is_empty() {
                refusal.why.clone()
            } else {
                text!("{}: {}", refusal.field, refusal.why.clone())
            };
            lines.push((refusal.line, why));
        }
    }
    lines
}

/// The values of a row.
struct BankRow {
    texts: BTreeMap<&'static str, String>,
    amounts: BTreeMap<&'static str, Fen>,
}

impl BankRow {
    fn of(targets: &[ConvertTarget], converted: &Converted, row: usize) -> BankRow {
        let columns = || targets.iter().zip(&converted.columns);
        let text =
            |(target, column): (&ConvertTarget, _)| Some((target.name, written(column, row)?));
        let amount = |(target, column): (&ConvertTarget, _)| Some((target.name, fen(column, row)?));
        BankRow {
            texts: columns().filter_map(text).collect(),
            amounts: columns().filter_map(amount).collect(),
        }
    }
}

impl LineValues for BankRow {
    fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    fn amount(&self, name: &str) -> Option<Fen> {
        self.amounts.get(name).copied()
    }

    fn day(&self, name: &str) -> Option<NaiveDate> {
        self.texts.get(name).and_then(|day| parse_day(day))
    }
}
