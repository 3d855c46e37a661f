//! The register of all periods, read once: order, each settlement once, and what tables expect of it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

mod expected;

pub(super) use self::expected::Expectations;
use self::expected::Expected;
use super::{
    checks::{Checks, differs, unequal},
    files::{Closed, REGISTER, check_rows},
    place,
};
use crate::{
    audit::entries::{Entries, Entry, REVERSAL, Range, SETTLEMENT, VOIDED, reversals},
    book::grid::Row,
    codes::{CareClass, FundClass, Month, Side},
    control::Class,
    diag::Code,
    ingest::record::Group,
    money::FenSum,
    reconcile::index::Key,
};

/// The register of a period, and what its tables say that it holds.
#[derive(Debug)]
pub(super) struct RegisterFile {
    pub(super) period: Month,
    entries: Entries,
    /// Visits and fen that cleared, by group, as positions have them.
    cleared: BTreeMap<i32, [i128; 2]>,
    /// Settlements that cleared, as control and decisions have them on each side.
    settlements: [i128; 2],
    /// What they owe in fen, likewise; none where a decision cleared the other side's copy with its amounts.
    owed: [Option<FenSum>; 2],
    /// Settlements that a decision voided.
    voided: i128,
    /// Settlements that a decision let clear: a reversal among them needs no original.
    accepted: usize,
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
        let accepted = accepted.filter(|row| row.number_or_null("payable").is_some()).count();
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

/// Visits and fen by group, as positions have them.
fn cleared(closed: &Closed) -> BTreeMap<i32, [i128; 2]> {
    let mut sums: BTreeMap<i32, [i128; 2]> = BTreeMap::new();
    for row in closed.grid("positions").iter() {
        let Some(group) = group_of(row) else { continue };
        let sums = sums.entry(i32::from(group.number())).or_default();
        sums[0] += row.number("visits");
        sums[1] += row.number("payable");
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

/// What the register of a period holds.
#[derive(Debug, Default, Clone)]
pub(super) struct Sums {
    /// Rows.
    pub(super) rows: u64,
    kinds: [i128; 3],
    /// Visits and fen that cleared, by group.
    cleared: BTreeMap<i32, [i128; 2]>,
    /// Reversed settlements that were not cleared by then.
    without_original: usize,
}

impl Sums {
    /// What cleared, in fen.
    pub(super) fn payable(&self) -> FenSum {
        self.cleared.values().map(|[_, fen]| fen).sum()
    }

    fn add(&mut self, other: &Sums) {
        self.rows += other.rows;
        self.without_original += other.without_original;
        for (kind, rows) in self.kinds.iter_mut().zip(other.kinds) {
            *kind += rows;
        }
        for (group, [visits, fen]) in &other.cleared {
            let sums = self.cleared.entry(*group).or_default();
            sums[0] += visits;
            sums[1] += fen;
        }
    }

    fn count(&mut self, entry: &Entry) {
        self.rows += 1;
        if let Ok(kind) = usize::try_from(entry.kind) {
            self.kinds[kind.min(2)] += 1;
        }
        if entry.kind != VOIDED {
            let sums = self.cleared.entry(entry.group).or_default();
            sums[0] += if entry.kind == REVERSAL { -1 } else { 1 };
            sums[1] += entry.payable;
        }
    }

    /// Compares what a register holds with what the tables of its period say.
    pub(super) fn compare(&self, file: &RegisterFile, checks: &mut Checks) {
        let path = place(file.period, REGISTER[0]);
        let groups: BTreeSet<&i32> = self.cleared.keys().chain(file.cleared.keys()).collect();
        let same = groups.into_iter().map(|group| {
            let of = |sums: &BTreeMap<i32, [i128; 2]>| sums.get(group).copied().unwrap_or_default();
            let ([visits, fen], [other_visits, other_fen]) = (of(&self.cleared), of(&file.cleared));
            differs(format!("group {group}, visits"), visits, other_visits)
                .or_else(|| unequal(format!("group {group}"), fen, other_fen))
        });
        checks.law(Code::B09, &path, "what positions have", same);
        let cleared = self.kinds[0] + self.kinds[1];
        let sides = Side::BOTH.map(|side| {
            differs(format!("{} side", side.name()), cleared, file.settlements[side.index()])
        });
        checks.law(Code::B09, &path, "settlements that cleared, as control has them", sides);
        let voided = differs("voided", self.kinds[2], file.voided);
        checks.law(Code::B09, &path, "as many as decisions void", [voided]);
        let owed = Side::BOTH.map(|side| {
            let owed = file.owed[side.index()]?;
            unequal(format!("{} side", side.name()), self.payable(), owed)
        });
        checks.law(Code::B09, &path, "what cleared, as control and decisions have it", owed);
        let reversals = self.without_original <= file.accepted;
        let enough = (!reversals).then(|| format!("{} are not registered", self.without_original));
        let many = i128::try_from(file.reversed.len()).unwrap_or(i128::MAX);
        let many = differs("as many as reversals", many, self.kinds[1]);
        checks.law(Code::B09, &place(file.period, REGISTER[1]), "originals", [enough, many]);
    }
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
        sums.iter_mut().zip(&found.sums).for_each(|(sums, more)| sums.add(more));
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
                    found.sums[at].count(entry);
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
    let of = |key: Key| {
        let at = entries.partition_point(|entry| entry.key < key);
        entries[at..].first().filter(|entry| entry.key == key)
    };
    let within = |key: &Key| range.0 <= key.hash && key.hash <= range.1;
    let from = expected.partition_point(|(key, _, _)| key.hash < range.0);
    for (key, month, expected) in expected[from..].iter().take_while(|(key, ..)| within(key)) {
        found.figures += 1;
        if !expected.holds(of(*key), *month) {
            let problem = format!("key {:016x}: {}", key.hash, expected.words());
            found.problems.push((*month, "what the tables say of a settlement", problem));
        }
    }
    reversed(files, range, of, &mut found);
    found
}

/// Each settlement is reversed once, and was cleared by then.
fn reversed<'a>(
    files: &[RegisterFile],
    range: Range,
    of: impl Fn(Key) -> Option<&'a Entry>,
    found: &mut Found,
) {
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
    for (key, at) in reversed {
        let original = of(key).filter(|entry| entry.kind == SETTLEMENT);
        if original.is_none_or(|entry| entry.period > files[at].period) {
            found.sums[at].without_original += 1;
        }
    }
}
