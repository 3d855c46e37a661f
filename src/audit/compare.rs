//! How the tables and the register of one closed period differ from those of another, row by row.

use std::{cmp::Ordering, collections::BTreeSet, path::Path};

use rayon::prelude::*;
use serde::Serialize;

use crate::{
    book::{
        grid::{Cell, Grid, Row},
        schema::{TABLES, TableSpec},
    },
    diag::{Failure, Outcome},
    keyed::key::Key,
    model::{codes::Month, group::Group, money::yuan},
    register::entries::{Entries, Entry, REVERSAL},
};

/// How many rows are shown of a table.
const SHOWN: usize = 20;

/// How a table differs.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Its name, or `register`.
    pub table: &'static str,
    /// Rows of the first and of the second.
    pub rows: [u64; 2],
    /// Rows that only the first has.
    pub only_first: u64,
    /// Rows that only the second has.
    pub only_second: u64,
    /// Rows that both have, with other values.
    pub changed: u64,
    /// The column whose sum is compared.
    pub money: Option<&'static str>,
    /// The sum of the second without that of the first, in yuan.
    pub difference: String,
    /// The first rows that differ, in words.
    pub examples: Vec<String>,
    /// The settlements of rows that differ.
    #[serde(skip)]
    pub settlements: BTreeSet<Key>,
}

impl Difference {
    /// Rows that differ, on either side.
    pub fn rows_that_differ(&self) -> u64 {
        self.only_first + self.only_second + self.changed
    }

    /// In words: how many rows, how much money.
    pub fn summary(&self) -> String {
        let Difference { only_first, only_second, changed, money, difference, .. } = self;
        let mut parts = Vec::new();
        for (count, what) in [(changed, "changed"), (only_first, "gone"), (only_second, "new")] {
            if *count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        if let Some(money) = money {
            parts.push(format!("{money} {difference} yuan"));
        }
        parts.join(", ")
    }

    fn add(&mut self, kind: Ordering, example: impl FnOnce() -> String) {
        match kind {
            Ordering::Less => self.only_first += 1,
            Ordering::Greater => self.only_second += 1,
            Ordering::Equal => self.changed += 1,
        }
        if self.examples.len() < SHOWN {
            self.examples.push(example());
        }
    }
}

/// Compares every table and the register of two folders; those without a difference too.
pub fn compare(first: &Path, second: &Path) -> Outcome<Vec<Difference>> {
    let compared: Vec<Difference> =
        TABLES.into_par_iter().map(|spec| rows(first, second, spec)).collect::<Outcome<_>>()?;
    let mut all = compared;
    let mut found = empty("register", Some("payable"));
    let mut difference = 0;
    register(first, second, |ours, theirs| {
        let fen = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.payable);
        difference += fen(theirs) - fen(ours);
        found.settlements.extend(ours.or(theirs).map(|entry| entry.key));
        let key = ours.or(theirs).map_or(0, |entry| entry.key.hash);
        let was = ours.map(registered).unwrap_or_default();
        let is = theirs.map(registered).unwrap_or_default();
        match (ours, theirs) {
            (Some(_), None) => found.add(Ordering::Less, || format!("gone: key {key:016x}, {was}")),
            (None, _) => found.add(Ordering::Greater, || format!("new: key {key:016x}, {is}")),
            _ => {
                found.add(Ordering::Equal, || format!("changed: key {key:016x}, {was} to {is}"));
            }
        }
    })?;
    found.difference = yuan(difference);
    found.rows = [first, second].map(|folder| rows_of(folder).unwrap_or(0));
    all.push(found);
    Ok(all)
}

fn empty(table: &'static str, money: Option<&'static str>) -> Difference {
    Difference {
        table,
        rows: [0, 0],
        only_first: 0,
        only_second: 0,
        changed: 0,
        money,
        difference: yuan(0),
        examples: Vec::new(),
        settlements: BTreeSet::new(),
    }
}

fn registered(entry: &Entry) -> String {
    let Ok(group) = u16::try_from(entry.group) else { return "voided".to_owned() };
    let group = Group::from_number(group).map_or_else(String::new, |group| {
        format!("{} {} {}", group.pair, group.fund.name(), group.care.name())
    });
    let kind = if entry.kind == REVERSAL { "reversal" } else { "settlement" };
    format!("{kind} of {} yuan, {group}", yuan(entry.payable))
}

fn rows_of(folder: &Path) -> Option<u64> {
    Entries::open(folder, Month::new(0, 1)).ok().map(|entries| entries.rows())
}

fn rows(first: &Path, second: &Path, spec: TableSpec) -> Outcome<Difference> {
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

/// The row that comes first in the order of keys.
fn lower<'a>(left: Option<&Row<'a>>, right: Option<&Row<'a>>) -> Option<Row<'a>> {
    match (left, right) {
        (Some(ours), Some(theirs)) if ours.compare_keys(theirs) == Ordering::Greater => {
            right.copied()
        }
        (Some(_), _) => left.copied(),
        (None, _) => right.copied(),
    }
}

/// Takes the rows of a key off the front of a list.
fn take_key<'r, 'a>(rows: &mut &'r [Row<'a>], key: &Row) -> &'r [Row<'a>] {
    let count = rows.iter().take_while(|row| row.compare_keys(key) == Ordering::Equal).count();
    let (taken, rest) = rows.split_at(count);
    *rows = rest;
    taken
}

/// The rows of a table by key, then by every value.
fn in_order(grid: &Grid) -> Vec<Row<'_>> {
    let mut rows: Vec<Row> = grid.iter().collect();
    rows.sort_by(|one, two| one.compare_keys(two).then_with(|| cells(*one).cmp(cells(*two))));
    rows
}

fn cells(row: Row<'_>) -> impl Iterator<Item = Cell<'_>> {
    (0..row.grid().columns().len()).map(move |column| row.at(column))
}

/// Rows of one key: equal ones go, the rest is paired as far as it goes.
fn rows_of_a_key(first: &[Row], second: &[Row], found: &mut Difference) {
    let same = |row: &Row, other: &Row| cells(*row).eq(cells(*other));
    let mut rest: Vec<&Row> = second.iter().collect();
    let mut gone: Vec<&Row> = Vec::new();
    for row in first {
        match rest.iter().position(|other| same(row, other)) {
            Some(at) => drop(rest.remove(at)),
            None => gone.push(row),
        }
    }
    let pairs = gone.len().min(rest.len());
    for (was, is) in gone.iter().zip(&rest) {
        found.add(Ordering::Equal, || changed(**was, **is));
    }
    for row in &gone[pairs..] {
        found.add(Ordering::Less, || format!("gone: {}", row.shown_key()));
    }
    for row in &rest[pairs..] {
        found.add(Ordering::Greater, || format!("new: {}", row.shown_key()));
    }
}

fn changed(was: Row, is: Row) -> String {
    let columns = was.grid().columns().iter().map(|(name, _)| *name);
    let differ = columns.filter(|column| was.cell(column) != is.cell(column));
    let values = differ
        .map(|column| format!("{column} {} to {}", was.for_people(column), is.for_people(column)));
    format!("changed: {}: {}", was.shown_key(), values.collect::<Vec<_>>().join(", "))
}

/// Shows every settlement that the registers of two folders do not have alike.
pub fn register(
    first: &Path,
    second: &Path,
    mut differs: impl FnMut(Option<&Entry>, Option<&Entry>),
) -> Outcome<()> {
    let mut left = Stream::open(first)?;
    let mut right = Stream::open(second)?;
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

/// The settlements of a register, a row group at a time.
struct Stream {
    place: String,
    entries: Entries,
    group: usize,
    read: Vec<Entry>,
    at: usize,
}

impl Stream {
    fn open(folder: &Path) -> Outcome<Stream> {
        let place = crate::diag::shown(&folder.join("register.parquet"));
        // Two registers are compared as if they were of one period.
        let entries = Entries::open(folder, Month::new(0, 1));
        let entries = entries.map_err(|problem| unreadable(&place, &problem))?;
        Ok(Stream { place, entries, group: 0, read: Vec::new(), at: 0 })
    }

    fn peek(&mut self) -> Outcome<Option<Entry>> {
        while self.at == self.read.len() && self.group < self.entries.row_groups() {
            let read = self.entries.group(self.group);
            self.read = read.map_err(|problem| unreadable(&self.place, &problem))?;
            (self.at, self.group) = (0, self.group + 1);
        }
        Ok(self.read.get(self.at).copied())
    }
}

fn unreadable(place: &str, problem: &str) -> Failure {
    Failure::Book(format!("{place} cannot be read: {problem}"))
}
