//! Laws of the registers of all periods, in one pass: order, each settlement once, expectations of tables.

use std::collections::BTreeMap;

use rayon::prelude::*;

mod expected;
mod file;
mod sums;

pub(super) use self::{expected::Expectations, file::RegisterFile};
use self::{expected::ExpectedSettlement, sums::RegisterSums};
use super::{checks::Checks, places::place};
use crate::{
    book::manifest::REGISTER,
    diag::Code,
    keyed::key::Key,
    model::{codes::Month, group::Group},
    register::entries::{REVERSAL, Range, RegisterEntry, SETTLEMENT, VOIDED},
    text::Text,
};

/// Sums and problems of a range of keys.
#[derive(Debug, Default)]
struct RangeFindings {
    sums: Vec<RegisterSums>,
    figures: u64,
    problems: Vec<(Month, Text, Text)>,
}

/// Reads all registers, one range of keys at a time, and compares them with each other and with the
/// expectations. Returns the sums of each register.
pub(super) fn check(
    files: &[RegisterFile],
    expectations: &mut Expectations,
    checks: &mut Checks,
) -> Vec<RegisterSums> {
    expectations.list.sort_by_key(|(key, month, _)| (*key, *month));
    let rows: u64 = files.iter().map(|file| file.entries.rows()).sum();
    // About half a million settlements for each range, which nearly fit the cache of a processor.
    let ranges = (rows / 500_000).next_power_of_two().clamp(1, 512);
    // `ranges` is a power of two, so this is 2^64 / ranges; 2^64 itself, for one range, does not fit 64 bits.
    let width = u64::MAX / ranges + u64::from(ranges > 1);
    let found: Vec<RangeFindings> = (0..ranges)
        .into_par_iter()
        .map(|range| {
            let first = range * width;
            let last = if range + 1 == ranges { u64::MAX } else { first + (width - 1) };
            check_range(files, &expectations.list, (first, last))
        })
        .collect();
    let mut sums = vec![RegisterSums::default(); files.len()];
    let mut problems: BTreeMap<(Month, Text), Vec<Text>> = BTreeMap::new();
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

/// Applies the laws to the settlements of a range of keys; `expected` is sorted by key.
fn check_range(
    files: &[RegisterFile],
    expected: &[(Key, Month, ExpectedSettlement)],
    range: Range,
) -> RangeFindings {
    let mut found = RangeFindings {
        sums: vec![RegisterSums::default(); files.len()],
        ..RangeFindings::default()
    };
    let mut entries: Vec<RegisterEntry> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        match file.entries.within(range) {
            Ok(of_file) => {
                for entry in &of_file {
                    found.sums[at].count(entry, &file.accepted);
                }
                entries.extend(of_file);
            }
            Err(problem) => found.problems.push((file.period, text!("order of keys"), problem)),
        }
    }
    entries.sort_by_key(|entry| (entry.key, entry.period));
    found.figures += entries.len() as u64;
    for two in entries.windows(2).filter(|two| two[0].key == two[1].key) {
        let problem = text!("a settlement of {} again", two[0].period);
        found.problems.push((two[1].period, text!("each settlement once"), problem));
    }
    for entry in entries.iter().filter(|entry| !is_well_formed(entry)) {
        let problem = text!("key {}", format!("{:016x}", entry.key.hash));
        found.problems.push((entry.period, text!("kind, group and payable of an entry"), problem));
    }
    let entry_of = |key: Key| {
        let at = entries.partition_point(|entry| entry.key < key);
        entries[at..].first().filter(|entry| entry.key == key)
    };
    let all_reversed = reversed(files, range, entry_of, &mut found);
    let reversed_in = |key: Key| {
        let at = all_reversed.partition_point(|(reversed, _)| *reversed < key);
        let first = all_reversed.get(at).filter(|(reversed, _)| *reversed == key);
        first.map(|(_, file)| files[*file].period)
    };
    let within = |key: &Key| range.0 <= key.hash && key.hash <= range.1;
    let from = expected.partition_point(|(key, _, _)| key.hash < range.0);
    for (key, month, expected) in expected[from..].iter().take_while(|(key, ..)| within(key)) {
        found.figures += 1;
        if !expected.holds(entry_of(*key), reversed_in(*key), *month) {
            let problem = text!("key {}: {}", format!("{:016x}", key.hash), expected.words());
            found.problems.push((*month, text!("what the tables say of a settlement"), problem));
        }
    }
    found
}

/// Returns whether a close can write this entry: a settlement has a payable of 0 or more, a reversal of 0 or
/// less, a voided settlement has no group.
fn is_well_formed(entry: &RegisterEntry) -> bool {
    let group = u16::try_from(entry.group).ok().and_then(Group::from_number);
    let known = group.is_some_and(|group| group.pair.insured != group.pair.treating);
    match entry.kind {
        SETTLEMENT => known && !entry.payable.is_negative(),
        REVERSAL => known && !entry.payable.is_positive(),
        VOIDED => entry.group == -1 && entry.payable.is_zero(),
        _ => false,
    }
}

/// Law: each settlement is reversed once, and cleared before. Returns the reversed settlements of all files,
/// sorted by key.
fn reversed<'a>(
    files: &[RegisterFile],
    range: Range,
    entry_of: impl Fn(Key) -> Option<&'a RegisterEntry>,
    found: &mut RangeFindings,
) -> Vec<(Key, usize)> {
    let mut reversed: Vec<(Key, usize)> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let within = |key: &&Key| range.0 <= key.hash && key.hash <= range.1;
        reversed.extend(file.reversed.iter().filter(within).map(|key| (*key, at)));
    }
    reversed.sort_unstable();
    found.figures += reversed.len() as u64;
    for two in reversed.windows(2).filter(|two| two[0].0 == two[1].0) {
        let problem = text!("reversed in {} already", files[two[0].1].period);
        found.problems.push((
            files[two[1].1].period,
            text!("each settlement is reversed once"),
            problem,
        ));
    }
    for (key, at) in &reversed {
        let original = entry_of(*key).filter(|entry| entry.kind == SETTLEMENT);
        let original = original.filter(|entry| entry.period <= files[*at].period);
        found.sums[*at].count_original(original);
    }
    reversed
}
