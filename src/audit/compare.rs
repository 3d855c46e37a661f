//! Compares tables and register of two closed periods row by row.

use std::{cmp::Ordering, collections::BTreeSet, path::Path};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    book::grid::{Cell, Grid, GridRow},
    columnar::shape::{TABLES, TableSpec},
    diag::{Failure, Outcome, shown},
    keyed::key::Key,
    model::{
        codes::Month,
        group::Group,
        money::{FenSum, yuan},
    },
    register::entries::{REVERSAL, RegisterEntries, RegisterEntry},
    shapes::Yuan,
    text::{Text, list, word},
};

/// The maximum number of example rows for a table.
const SHOWN: usize = 20;

/// The name of the register in lists of tables.
const REGISTER: &str = "register";

/// How a table differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableDifference {
    /// The name of the table, or `register`.
    pub table: &'static str,
    /// The number of rows of the first and of the second.
    pub rows: [u64; 2],
    /// The number of rows that only the first has.
    pub only_first: u64,
    /// The number of rows that only the second has.
    pub only_second: u64,
    /// The number of rows that both have, with other values.
    pub changed: u64,
    /// The column whose sum is compared; null for a table without money.
    pub money: Option<&'static str>,
    /// The sum of the second less the sum of the first, in yuan.
    #[schemars(with = "Yuan")]
    pub difference: String,
    /// The first 20 rows that differ.
    pub examples: Vec<Example>,
    /// The settlements of rows that differ.
    #[serde(skip)]
    pub settlements: BTreeSet<Key>,
}

/// A row that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Example {
    /// How it differs.
    pub change: RowChange,
    /// The values of the key columns; for the register the hash of the setl_id in 16 hexadecimal digits.
    pub key: Vec<String>,
    /// The columns that differ; empty for a row of a table that only one side has.
    pub columns: Vec<ColumnDifference>,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowChange {
    /// Only the first has it.
    Gone,
    /// Only the second has it.
    New,
    /// Both have it, with other values.
    Changed,
}

/// A column of a row with the values of both sides; null where a side has no such row.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ColumnDifference {
    /// The column.
    pub column: &'static str,
    /// The value of the first.
    pub first: Option<String>,
    /// The value of the second.
    pub second: Option<String>,
}

impl Example {
    /// The row in words.
    fn words(&self, of_register: bool) -> Text {
        let key = self.key.join(" ");
        if of_register {
            let sides = [self.settlement(|of| &of.first), self.settlement(|of| &of.second)];
            return match (self.change, sides) {
                (RowChange::Gone, [Some(was), _]) => text!("gone: key {}, {}", key, was),
                (RowChange::New, [_, Some(is)]) => text!("new: key {}, {}", key, is),
                (_, [was, is]) => {
                    let side = |side: Option<Text>| side.unwrap_or(text!("none"));
                    text!("changed: key {}, {} to {}", key, side(was), side(is))
                }
            };
        }
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let columns = self.columns.iter().map(|ColumnDifference { column, first, second }| {
            text!("{} {} to {}", column, shown(first), shown(second))
        });
        match self.change {
            RowChange::Gone => text!("gone: {}", key),
            RowChange::New => text!("new: {}", key),
            RowChange::Changed => text!("changed: {}: {}", key, list(columns)),
        }
    }

    /// Returns the settlement in the register of one side in words.
    fn settlement(&self, side: fn(&ColumnDifference) -> &Option<String>) -> Option<Text> {
        let value = |name: &str| {
            let column = self.columns.iter().find(|of| of.column == name)?;
            side(column).as_deref()
        };
        let kind = value("kind")?;
        let Some(payable) = value("payable") else { return Some(text!("{}", word(kind))) };
        let group = ["pair", "fund_class", "care_class"].into_iter().filter_map(value);
        let group = group.collect::<Vec<_>>().join(" ");
        Some(if kind == "reversal" {
            text!("reversal of {} yuan, {}", payable, group)
        } else {
            text!("settlement of {} yuan, {}", payable, group)
        })
    }
}

impl TableDifference {
    /// Returns the number of rows that differ.
    pub fn rows_that_differ(&self) -> u64 {
        self.only_first + self.only_second + self.changed
    }

    /// Returns the number of rows and the money that differ, in words.
    pub fn summary(&self) -> Text {
        let TableDifference { only_first, only_second, changed, money, difference, .. } = self;
        let counts = [
            (*changed > 0).then(|| text!("{} changed", changed)),
            (*only_first > 0).then(|| text!("{} gone", only_first)),
            (*only_second > 0).then(|| text!("{} new", only_second)),
            money.map(|money| text!("{} {} yuan", money, difference)),
        ];
        text!("{}", list(counts.into_iter().flatten()))
    }

    /// Returns the examples in words.
    pub fn examples_in_words(&self) -> impl Iterator<Item = Text> {
        self.examples.iter().map(|example| example.words(self.table == REGISTER))
    }

    fn add(&mut self, change: RowChange, example: impl FnOnce() -> Example) {
        match change {
            RowChange::Gone => self.only_first += 1,
            RowChange::New => self.only_second += 1,
            RowChange::Changed => self.changed += 1,
        }
        if self.examples.len() < SHOWN {
            self.examples.push(example());
        }
    }
}

/// Compares every table and the register of two folders; tables without a difference are in the result too.
pub fn compare(first: &Path, second: &Path) -> Outcome<Vec<TableDifference>> {
    let compared: Vec<TableDifference> =
        TABLES.into_par_iter().map(|spec| rows(first, second, spec)).collect::<Outcome<_>>()?;
    let mut all = compared;
    let mut found = empty(REGISTER, Some("payable"));
    let mut difference = FenSum::ZERO;
    register(first, second, |ours, theirs| {
        let fen = |entry: Option<&RegisterEntry>| entry.map_or(FenSum::ZERO, |entry| entry.payable);
        difference += fen(theirs) - fen(ours);
        found.settlements.extend(ours.or(theirs).map(|entry| entry.key));
        let change = match (ours, theirs) {
            (Some(_), None) => RowChange::Gone,
            (None, _) => RowChange::New,
            _ => RowChange::Changed,
        };
        found.add(change, || settlement(change, ours, theirs));
    })?;
    found.difference = yuan(difference);
    found.rows = [first, second].map(|folder| rows_of(folder).unwrap_or(0));
    all.push(found);
    Ok(all)
}

fn empty(table: &'static str, money: Option<&'static str>) -> TableDifference {
    TableDifference {
        table,
        rows: [0, 0],
        only_first: 0,
        only_second: 0,
        changed: 0,
        money,
        difference: yuan(FenSum::ZERO),
        examples: Vec::new(),
        settlements: BTreeSet::new(),
    }
}

/// Makes the example of a settlement that differs between two registers, with all columns of both.
fn settlement(
    change: RowChange,
    ours: Option<&RegisterEntry>,
    theirs: Option<&RegisterEntry>,
) -> Example {
    let hash = ours.or(theirs).map_or(0, |entry| entry.key.hash);
    let sides = [ours, theirs].map(|entry| entry.map(registered));
    let value = |side: usize, at: usize| sides[side].as_ref().and_then(|of| of[at].clone());
    let columns = ["kind", "payable", "pair", "fund_class", "care_class"];
    let columns = columns.into_iter().enumerate().map(|(at, column)| ColumnDifference {
        column,
        first: value(0, at),
        second: value(1, at),
    });
    Example { change, key: vec![format!("{hash:016x}")], columns: columns.collect() }
}

/// Returns kind, payable, pair, fund class and care class of an entry.
fn registered(entry: &RegisterEntry) -> [Option<String>; 5] {
    let Ok(number) = u16::try_from(entry.group) else {
        return [Some("voided".to_owned()), None, None, None, None];
    };
    let kind = if entry.kind == REVERSAL { "reversal" } else { "settlement" };
    let group = Group::from_number(number);
    [
        Some(kind.to_owned()),
        Some(yuan(entry.payable)),
        group.map(|group| group.pair.to_string()),
        group.map(|group| group.fund.name().to_owned()),
        group.map(|group| group.care.name().to_owned()),
    ]
}

fn rows_of(folder: &Path) -> Option<u64> {
    RegisterEntries::open(folder, Month::new(0, 1)).ok().map(|entries| entries.rows())
}

/// Compares a table of two folders by a merge join over both sorted lists of rows.
fn rows(first: &Path, second: &Path, spec: TableSpec) -> Outcome<TableDifference> {
    let (first, second) = (Grid::open(first, spec.name)?, Grid::open(second, spec.name)?);
    let mut found = empty(spec.name, spec.money);
    found.rows = [first.rows as u64, second.rows as u64];
    if let Some(money) = spec.money {
        found.difference = yuan(second.sum(money) - first.sum(money));
    }
    let (all_first, all_second) = (in_order(&first), in_order(&second));
    let (mut left, mut right) = (all_first.as_slice(), all_second.as_slice());
    while let Some(key) = lower(left.first(), right.first()) {
        let (ours, theirs) = (take_key(&mut left, &key), take_key(&mut right, &key));
        let before = found.rows_that_differ();
        rows_of_a_key(ours, theirs, &mut found);
        if found.rows_that_differ() > before && spec.key.contains(&"setl_id") {
            found.settlements.insert(Key::of(key.text("setl_id")));
        }
    }
    Ok(found)
}

/// Returns the row with the smaller key.
fn lower<'a>(left: Option<&GridRow<'a>>, right: Option<&GridRow<'a>>) -> Option<GridRow<'a>> {
    match (left, right) {
        (Some(ours), Some(theirs)) if ours.compare_keys(theirs) == Ordering::Greater => {
            right.copied()
        }
        (Some(_), _) => left.copied(),
        (None, _) => right.copied(),
    }
}

/// Splits the rows of a key off the front of a sorted list.
fn take_key<'r, 'a>(rows: &mut &'r [GridRow<'a>], key: &GridRow) -> &'r [GridRow<'a>] {
    let count = rows.iter().take_while(|row| row.compare_keys(key) == Ordering::Equal).count();
    let (taken, rest) = rows.split_at(count);
    *rows = rest;
    taken
}

/// Returns the rows of a table, sorted by key and then by every value.
fn in_order(grid: &Grid) -> Vec<GridRow<'_>> {
    let mut rows: Vec<GridRow> = grid.iter().collect();
    rows.sort_by(|one, two| one.compare_keys(two).then_with(|| cells(*one).cmp(cells(*two))));
    rows
}

fn cells(row: GridRow<'_>) -> impl Iterator<Item = Cell<'_>> {
    (0..row.grid().columns().len()).map(move |column| row.at(column))
}

/// Compares the rows of one key. Equal rows cancel out; the other rows of both sides are paired in their order,
/// and rows without a partner are gone or new.
fn rows_of_a_key(first: &[GridRow], second: &[GridRow], found: &mut TableDifference) {
    let same = |row: &GridRow, other: &GridRow| cells(*row).eq(cells(*other));
    let mut rest: Vec<&GridRow> = second.iter().collect();
    let mut gone: Vec<&GridRow> = Vec::new();
    for row in first {
        match rest.iter().position(|other| same(row, other)) {
            Some(at) => drop(rest.remove(at)),
            None => gone.push(row),
        }
    }
    let pairs = gone.len().min(rest.len());
    for (was, is) in gone.iter().zip(&rest) {
        found.add(RowChange::Changed, || changed(**was, **is));
    }
    for row in &gone[pairs..] {
        found.add(RowChange::Gone, || one_side(RowChange::Gone, **row));
    }
    for row in &rest[pairs..] {
        found.add(RowChange::New, || one_side(RowChange::New, **row));
    }
}

fn one_side(change: RowChange, row: GridRow) -> Example {
    Example { change, key: row.shown_keys(), columns: Vec::new() }
}

fn changed(was: GridRow, is: GridRow) -> Example {
    let columns = was.grid().columns().iter().map(|(name, _)| *name);
    let differ = columns.filter(|column| was.cell(column) != is.cell(column));
    let value = |row: GridRow, column: &str| {
        (row.cell(column) != Cell::Null).then(|| row.for_people(column))
    };
    let columns = differ.map(|column| ColumnDifference {
        column,
        first: value(was, column),
        second: value(is, column),
    });
    Example { change: RowChange::Changed, key: was.shown_keys(), columns: columns.collect() }
}

/// Calls `differs` for every settlement that differs between the registers of two folders: a merge join by key.
pub fn register(
    first: &Path,
    second: &Path,
    mut differs: impl FnMut(Option<&RegisterEntry>, Option<&RegisterEntry>),
) -> Outcome<()> {
    let mut left = RegisterStream::open(first)?;
    let mut right = RegisterStream::open(second)?;
    loop {
        let (ours, theirs) = (left.peek()?, right.peek()?);
        let order = match (ours, theirs) {
            (None, None) => return Ok(()),
            (Some(ours), Some(theirs)) => ours.key.cmp(&theirs.key),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        let (ours, theirs) = match order {
            Ordering::Less => (ours, None),
            Ordering::Greater => (None, theirs),
            Ordering::Equal => (ours, theirs),
        };
        if ours != theirs {
            differs(ours.as_ref(), theirs.as_ref());
        }
        left.at += usize::from(ours.is_some());
        right.at += usize::from(theirs.is_some());
    }
}

/// A stream over the entries of a register that holds one row group in memory.
struct RegisterStream {
    place: String,
    entries: RegisterEntries,
    group: usize,
    read: Vec<RegisterEntry>,
    at: usize,
}

impl RegisterStream {
    fn open(folder: &Path) -> Outcome<RegisterStream> {
        let place = shown(&folder.join("register.parquet"));
        // Two registers are compared as if they were of one period.
        let entries = RegisterEntries::open(folder, Month::new(0, 1));
        let entries = entries.map_err(|problem| unreadable(&place, &problem))?;
        Ok(RegisterStream { place, entries, group: 0, read: Vec::new(), at: 0 })
    }

    fn peek(&mut self) -> Outcome<Option<RegisterEntry>> {
        while self.at == self.read.len() && self.group < self.entries.row_groups() {
            let read = self.entries.group(self.group);
            self.read = read.map_err(|problem| unreadable(&self.place, &problem))?;
            (self.at, self.group) = (0, self.group + 1);
        }
        Ok(self.read.get(self.at).copied())
    }
}

fn unreadable(place: &str, problem: &Text) -> Failure {
    Failure::Book(text!("{} cannot be read: {}", place, problem))
}
