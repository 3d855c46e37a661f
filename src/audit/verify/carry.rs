//! What a period takes over: open items and permits of the one before, the lines of its small files.

use std::collections::BTreeMap;

use super::{
    checks::{Checks, differs},
    files::Closed,
};
use crate::{
    book::grid::{Grid, Row},
    codes::{Month, Side},
    diag::Code,
};

/// Applies the laws between a period and the one before; a first period takes over nothing.
pub(super) fn check(closed: &Closed, before: Option<&Closed>, checks: &mut Checks) {
    small_files(closed, checks);
    // What cannot be read has been reported; nothing follows from it.
    if before.is_none() && closed.manifest.previous_manifest_sha256.is_some() {
        return;
    }
    opened(closed, before, checks);
    first_periods(closed, before, checks);
    permits(closed, before, checks);
}

/// What was opened is what was carried, in rows and in cost.
fn opened(closed: &Closed, before: Option<&Closed>, checks: &mut Checks) {
    let carried = |side: Side| {
        let items = before.map(|before| before.grid("open_items"));
        let items = items.into_iter().flat_map(Grid::iter);
        let of_side = items.filter(|row| row.text("side") == side.name());
        of_side.fold([0, 0], |sums, row| [sums[0] + 1, sums[1] + row.number("medfee_sumamt")])
    };
    let found = |side: Side| {
        let mut rows = closed.grid("control").iter();
        let row = rows.find(|r| r.text("side") == side.name() && r.text("bucket") == "opened");
        row.map_or([0, 0], |row| [row.number("rows"), row.number("medfee_sumamt")])
    };
    let same = Side::BOTH.into_iter().flat_map(|side| {
        let (found, carried) = (found(side), carried(side));
        ["rows", "medfee_sumamt"].into_iter().enumerate().map(move |(at, what)| {
            differs(format!("{} {what}", side.name()), found[at], carried[at])
        })
    });
    checks.law(Code::B08, &closed.file("control"), "opened = carried before", same);
}

/// Copies by side and settlement, with the period in which each first came.
fn copies(closed: &Closed) -> BTreeMap<(&str, &str), Option<Month>> {
    let items = closed.grid("open_items").iter();
    items.map(|r| ((r.text("side"), r.text("setl_id")), r.month("first_period"))).collect()
}

/// An open item that is older than the period was one before, of the same age; a new one was none.
fn first_periods(closed: &Closed, before: Option<&Closed>, checks: &mut Checks) {
    let earlier = before.map(copies).unwrap_or_default();
    let same = copies(closed).into_iter().map(|((side, setl_id), first)| {
        let expected = earlier.get(&(side, setl_id)).copied().unwrap_or(Some(closed.month));
        (first != expected).then(|| format!("{side} {setl_id}"))
    });
    checks.law(Code::B08, &closed.file("open_items"), "first_period", same.collect::<Vec<_>>());
}

/// Permits that are in force stay until they end, and new ones are of this period.
fn permits(closed: &Closed, before: Option<&Closed>, checks: &mut Checks) {
    let all = |closed: &Closed| -> Vec<Vec<String>> {
        let grid = closed.grid("permits");
        let shown = |row: Row| grid.columns().iter().map(|(name, _)| row.shown(name)).collect();
        grid.iter().map(shown).collect()
    };
    let until = |permit: &Vec<String>| Month::from_text(&permit[4]) >= Some(closed.month);
    let is_new = |permit: &Vec<String>| permit[7] == closed.month.to_string();
    let (new, old): (Vec<_>, Vec<_>) = all(closed).into_iter().partition(is_new);
    let kept: Vec<_> = before.map(all).unwrap_or_default().into_iter().filter(until).collect();
    let same = (old != kept).then(|| format!("{} of {} are kept", old.len(), kept.len()));
    let ended = new.iter().map(|permit| (!until(permit)).then(|| permit[0].clone()));
    let lines = lines_of(closed, "permits.csv");
    let many = (new.len() as u64 > lines).then(|| format!("{} new, {lines} delivered", new.len()));
    let file = closed.file("permits");
    checks.law(Code::B08, &file, "in force", ended.chain([same, many]));
}

/// Lines of a small file of the delivery.
fn lines_of(closed: &Closed, file: &str) -> u64 {
    closed.manifest.inputs.iter().find(|input| input.path == file).map_or(0, |input| input.rows)
}

/// What the small files brought is all there: every deduction, payment and decision has its row.
fn small_files(closed: &Closed, checks: &mut Checks) {
    let given_back = |row: &Row| row.is_of("deductions") && row.text("code") == "R01";
    let rows =
        |table: &str| closed.grid(table).iter().filter(|row| !given_back(row)).count() as u64;
    for table in ["deductions", "payments", "decisions"] {
        let lines = lines_of(closed, &format!("{table}.csv"));
        let same = [differs("rows", rows(table), lines)];
        checks.law(Code::B07, &closed.file(table), "the lines of the delivery", same);
    }
}
