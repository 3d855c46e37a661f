//! The register of all periods, read once: order, each settlement once, and what tables expect of it.

use std::collections::BTreeMap;

use rayon::prelude::*;

mod expected;
mod sums;

pub(super) use self::expected::Expectations;
use self::{expected::Expected, sums::Sums};
use super::{
    checks::Checks,
    files::{Closed, REGISTER, check_rows},
    place,
};
use crate::{
    book::grid::Row,
    diag::Code,
    keyed::key::Key,
    model::{
        codes::{CareClass, FundClass, Month, Side},
        control::Class,
        group::Group,
        money::FenSum,
    },
    register::entries::{Entries, Entry, REVERSAL, Range, SETTLEMENT, VOIDED, reversals},
};

/// The register of a period, and what its tables say that it holds.
#[derive(Debug)]
pub(super) struct RegisterFile {
    pub(super) period: Month,
    entries: Entries,
    /// What cleared, by group, as positions have it.
    cleared: BTreeMap<i32, Cleared>,
    /// Settlements that cleared, as control and decisions have them on each side.
    settlements: [i128; 2],
    /// What they owe in fen, likewise; none where a decision cleared the other side's copy with its amounts.
    owed: [Option<FenSum>; 2],
    /// Settlements that a decision voided.
    voided: i128,
    /// Settlements that a decision let clear, in order: a reversal among them needs no original.
    accepted: Vec<Key>,
    /// What was reversed.
    reversed: Vec<Key>,
}

impl RegisterFile {
    /// Opens the two files of a period's register.
    pub(super) fn open(closed: &Closed, checks: &mut Checks) -> Option<RegisterFile> {
        let mut damaged = |file: &str, problem: String| {
            checks.find(Code::B06, place(closed.month, file), String::new(), problem);
        };
        let entries = Entries::open(&closed.folder, closed.month);
        let entries = entries.map_err(|problem| damaged(REGISTER[0], problem)).ok()?;
        let reversed = reversals(&closed.folder);
        let reversed = reversed.map_err(|problem| damaged(REGISTER[1], problem)).ok()?;
        let rises = reversed.windows(2).map(|two| (two[0] >= two[1]).then(|| "a key".to_owned()));
        checks.law(Code::B06, &place(closed.month, REGISTER[1]), "order of keys", rises);
        check_rows(closed.month, REGISTER[0], &closed.manifest, entries.rows(), checks);
        check_rows(closed.month, REGISTER[1], &closed.manifest, reversed.len() as u64, checks);
        let accepted = closed.grid("decisions").iter();
        let accepted = accepted.filter(|row| row.number_or_null("payable").is_some());
        let mut accepted: Vec<Key> = accepted.map(|row| Key::of(row.text("setl_id"))).collect();
        accepted.sort_unstable();
        Some(RegisterFile {
            period: closed.month,
            entries,
            cleared: cleared(closed),
            settlements: Side::BOTH.map(|side| cleared_on(closed, side, "rows", |_| 1)),
            owed: Side::BOTH.map(|side| {
                let owed = cleared_on(closed, side, "payable", |row| row.number("payable"));
                (!by_other_copy(closed, side)).then_some(owed)
            }),
            voided: decided(closed, "void").count() as i128,
            accepted,
            reversed,
        })
    }
}

/// What positions have of a group.
#[derive(Debug, Clone, Copy, Default)]
struct Cleared {
    visits: i128,
    fen: FenSum,
    /// Whether a position has something above 0, and something below.
    above: bool,
    below: bool,
}

/// What cleared by group, as positions have it.
fn cleared(closed: &Closed) -> BTreeMap<i32, Cleared> {
    let mut sums: BTreeMap<i32, Cleared> = BTreeMap::new();
    let grid = closed.grid("positions");
    let visits = grid.column("visits");
    let payable = grid.column("payable");
    for row in 0..grid.rows {
        let Some(group) = group_of(grid.row(row)) else { continue };
        let sums = sums.entry(i32::from(group.number())).or_default();
        sums.visits += grid.number(row, visits);
        sums.fen += grid.number(row, payable);
        // The amounts stand between these two.
        for column in visits..=payable {
            let number = grid.number(row, column);
            sums.above |= number > 0;
            sums.below |= number < 0;
        }
    }
    sums
}

fn group_of(row: Row) -> Option<Group> {
    Some(Group {
        pair: row.pair()?,
        fund: FundClass::from_name(row.text("fund_class"))?,
        care: CareClass::from_name(row.text("care_class"))?,
    })
}

fn decided<'a>(closed: &'a Closed, decision: &'a str) -> impl Iterator<Item = Row<'a>> {
    closed.grid("decisions").iter().filter(move |row| row.text("decision") == decision)
}

/// Whether a decision cleared a mismatch with the copy of the other side.
fn by_other_copy(closed: &Closed, side: Side) -> bool {
    let other = match side {
        Side::Treating => "accept_insured",
        Side::Insured => "accept_treating",
    };
    let mismatch = [Class::FieldMismatch, Class::AmountMismatch].map(Class::name);
    decided(closed, other).any(|row| mismatch.contains(&row.text("class_without")))
}

/// Settlements that cleared, or what they owe, seen from a side: its own column of control, and those that a
/// decision let clear without a copy of this side.
fn cleared_on(closed: &Closed, side: Side, column: &str, of: fn(Row) -> i128) -> i128 {
    let rows = closed.grid("control").iter();
    let mut cleared =
        rows.filter(|r| r.text("side") == side.name() && r.text("bucket") == "cleared");
    let missing = match side {
        Side::Treating => Class::MissingTreating,
        Side::Insured => Class::MissingInsured,
    };
    let without = closed.grid("decisions").iter().filter(|row| {
        row.text("class_without") == missing.name() && row.number_or_null("payable").is_some()
    });
    cleared.next().map_or(0, |row| row.number(column)) + without.map(of).sum::<i128>()
}

/// What was found in a range of keys.
#[derive(Debug, Default)]
struct Found {
    sums: Vec<Sums>,
    figures: u64,
    problems: Vec<(Month, &'static str, String)>,
}

/// Reads all registers, a range of keys at a time, and compares them with each other and with what is
/// expected of them; gives what each holds.
pub(super) fn check(
    files: &[RegisterFile],
    expectations: &mut Expectations,
    checks: &mut Checks,
) -> Vec<Sums> {
    expectations.list.sort_by_key(|(key, month, _)| (*key, *month));
    let rows: u64 = files.iter().map(|file| file.entries.rows()).sum();
    // About half a million settlements a range: they fit a processor's cache, nearly.
    let ranges = (rows / 500_000).next_power_of_two().clamp(1, 512);
    let width = u64::MAX / ranges + u64::from(ranges > 1);
    let found: Vec<Found> = (0..ranges)
        .into_par_iter()
        .map(|range| {
            let first = range * width;
            let last = if range + 1 == ranges { u64::MAX } else { first + (width - 1) };
            look(files, &expectations.list, (first, last))
        })
        .collect();
    let mut sums = vec![Sums::default(); files.len()];
    let mut problems: BTreeMap<(Month, &str), Vec<String>> = BTreeMap::new();
    for found in found {
        sums.iter_mut().zip(found.sums).for_each(|(sums, more)| sums.add(more));
        checks.count(found.figures);
        for (month, law, problem) in found.problems {
            problems.entry((month, law)).or_default().push(problem);
        }
    }
    for ((month, law), all) in problems {
        let file = place(month, REGISTER[0]);
        checks.law(Code::B09, &file, law, all.into_iter().map(Some));
    }
    sums
}

/// Looks at the settlements of a range of keys.
fn look(files: &[RegisterFile], expected: &[(Key, Month, Expected)], range: Range) -> Found {
    let mut found = Found { sums: vec![Sums::default(); files.len()], ..Found::default() };
    let mut entries: Vec<Entry> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        match file.entries.within(range) {
            Ok(of_file) => {
                for entry in &of_file {
                    found.sums[at].count(entry, &file.accepted);
                }
                entries.extend(of_file);
            }
            Err(problem) => found.problems.push((file.period, "order of keys", problem)),
        }
    }
    entries.sort_by_key(|entry| (entry.key, entry.period));
    found.figures += entries.len() as u64;
    for two in entries.windows(2).filter(|two| two[0].key == two[1].key) {
        let problem = format!("a settlement of {} again", two[0].period);
        found.problems.push((two[1].period, "each settlement once", problem));
    }
    for entry in entries.iter().filter(|entry| !is_well_formed(entry)) {
        let problem = format!("key {:016x}", entry.key.hash);
        found.problems.push((entry.period, "kind, group and payable of an entry", problem));
    }
    let of = |key: Key| {
        let at = entries.partition_point(|entry| entry.key < key);
        entries[at..].first().filter(|entry| entry.key == key)
    };
    let all_reversed = reversed(files, range, of, &mut found);
    let reversed_in = |key: Key| {
        let at = all_reversed.partition_point(|(reversed, _)| *reversed < key);
        let first = all_reversed.get(at).filter(|(reversed, _)| *reversed == key);
        first.map(|(_, file)| files[*file].period)
    };
    let within = |key: &Key| range.0 <= key.hash && key.hash <= range.1;
    let from = expected.partition_point(|(key, _, _)| key.hash < range.0);
    for (key, month, expected) in expected[from..].iter().take_while(|(key, ..)| within(key)) {
        found.figures += 1;
        if !expected.holds(of(*key), reversed_in(*key), *month) {
            let problem = format!("key {:016x}: {}", key.hash, expected.words());
            found.problems.push((*month, "what the tables say of a settlement", problem));
        }
    }
    found
}

/// Whether an entry is one that a close can write: a settlement owes, a reversal takes back, what was voided
/// is of no group.
fn is_well_formed(entry: &Entry) -> bool {
    let group = u16::try_from(entry.group).ok().and_then(Group::from_number);
    let known = group.is_some_and(|group| group.pair.insured != group.pair.treating);
    match entry.kind {
        SETTLEMENT => known && entry.payable >= 0,
        REVERSAL => known && entry.payable <= 0,
        VOIDED => entry.group == -1 && entry.payable == 0,
        _ => false,
    }
}

/// Each settlement is reversed once, and was cleared by then; gives all that were reversed, in order.
fn reversed<'a>(
    files: &[RegisterFile],
    range: Range,
    of: impl Fn(Key) -> Option<&'a Entry>,
    found: &mut Found,
) -> Vec<(Key, usize)> {
    let mut reversed: Vec<(Key, usize)> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let within = |key: &&Key| range.0 <= key.hash && key.hash <= range.1;
        reversed.extend(file.reversed.iter().filter(within).map(|key| (*key, at)));
    }
    reversed.sort_unstable();
    found.figures += reversed.len() as u64;
    for two in reversed.windows(2).filter(|two| two[0].0 == two[1].0) {
        let problem = format!("reversed in {} already", files[two[0].1].period);
        found.problems.push((files[two[1].1].period, "each settlement is reversed once", problem));
    }
    for (key, at) in &reversed {
        let original = of(*key).filter(|entry| entry.kind == SETTLEMENT);
        let original = original.filter(|entry| entry.period <= files[*at].period);
        found.sums[*at].count_original(original);
    }
    reversed
}
