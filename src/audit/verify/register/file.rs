//! The register of one period, and the sums that its tables expect of it.

use crate::{
    audit::verify::{
        checks::Checks,
        files::{ReadablePeriod, check_rows},
        places::place,
    },
    book::{grid::GridRow, manifest::REGISTER},
    diag::Code,
    keyed::key::Key,
    model::{
        codes::{CareClass, FundClass, Month, Side},
        control::Class,
        group::Group,
        money::FenSum,
    },
    register::entries::{RegisterEntries, reversals},
    text::Text,
};
use std::collections::BTreeMap;

/// The register of a period, and the sums that its tables expect of it.
#[derive(Debug)]
pub(in crate::audit::verify) struct RegisterFile {
    pub(in crate::audit::verify) period: Month,
    pub(super) entries: RegisterEntries,
    /// Cleared sums by group, from positions.
    pub(super) cleared: BTreeMap<i32, GroupPosition>,
    /// The number of cleared settlements on each side, from control and decisions.
    pub(super) settlements: [i128; 2],
    /// Their payable in fen; none if a decision cleared the other side's copy of a mismatch.
    pub(super) owed: [Option<FenSum>; 2],
    /// The number of settlements that a decision voided.
    pub(super) voided: i128,
    /// Settlements that cleared by decision, sorted; a reversal among them needs no original.
    pub(super) accepted: Vec<Key>,
    /// Keys of the reversed settlements, in the order of the file.
    pub(super) reversed: Vec<Key>,
}

impl RegisterFile {
    /// Opens the two files of a period's register.
    pub(in crate::audit::verify) fn open(
        closed: &ReadablePeriod,
        checks: &mut Checks,
    ) -> Option<RegisterFile> {
        let mut damaged = |file: &str, problem: Text| {
            checks.report(Code::B06, place(closed.month, file), text!(""), problem);
        };
        let entries = RegisterEntries::open(&closed.folder, closed.month);
        let entries = entries.map_err(|problem| damaged(REGISTER[0], problem)).ok()?;
        let reversed = reversals(&closed.folder);
        let reversed = reversed.map_err(|problem| damaged(REGISTER[1], problem)).ok()?;
        let rises = reversed.windows(2).map(|two| (two[0] >= two[1]).then(|| text!("a key")));
        checks.law(Code::B06, &place(closed.month, REGISTER[1]), text!("order of keys"), rises);
        check_rows(closed.month, REGISTER[0], &closed.manifest, entries.rows(), checks);
        check_rows(closed.month, REGISTER[1], &closed.manifest, reversed.len() as u64, checks);
        let accepted = closed.grid("decisions").iter();
        let accepted = accepted.filter(|row| row.fen_or_null("payable").is_some());
        let mut accepted: Vec<Key> = accepted.map(|row| Key::of(row.text("setl_id"))).collect();
        accepted.sort_unstable();
        Some(RegisterFile {
            period: closed.month,
            entries,
            cleared: cleared(closed),
            settlements: Side::BOTH.map(|side| cleared_on(closed, side, "rows", |_| 1)),
            owed: Side::BOTH.map(|side| {
                let owed = cleared_on(closed, side, "payable", |row| row.number("payable"));
                (!by_other_copy(closed, side)).then_some(FenSum::new(owed))
            }),
            voided: decided(closed, "void").count() as i128,
            accepted,
            reversed,
        })
    }
}

/// The sums of a group in positions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GroupPosition {
    pub(super) visits: i128,
    pub(super) fen: FenSum,
    /// Whether a position has a number above 0, and one below 0.
    pub(super) above: bool,
    pub(super) below: bool,
}

/// Adds up positions by group.
fn cleared(closed: &ReadablePeriod) -> BTreeMap<i32, GroupPosition> {
    let mut sums: BTreeMap<i32, GroupPosition> = BTreeMap::new();
    let grid = closed.grid("positions");
    let visits = grid.column("visits");
    let payable = grid.column("payable");
    for row in 0..grid.rows {
        let Some(group) = group_of(grid.row(row)) else { continue };
        let sums = sums.entry(i32::from(group.number())).or_default();
        sums.visits += grid.number(row, visits);
        sums.fen += grid.fen(row, payable);
        // In the schema of positions all amounts are between these two columns.
        for column in visits..=payable {
            let number = grid.number(row, column);
            sums.above |= number > 0;
            sums.below |= number < 0;
        }
    }
    sums
}

fn group_of(row: GridRow) -> Option<Group> {
    Some(Group {
        pair: row.pair()?,
        fund: FundClass::from_name(row.text("fund_class"))?,
        care: CareClass::from_name(row.text("care_class"))?,
    })
}

fn decided<'a>(closed: &'a ReadablePeriod, decision: &'a str) -> impl Iterator<Item = GridRow<'a>> {
    closed.grid("decisions").iter().filter(move |row| row.text("decision") == decision)
}

/// Returns whether a decision cleared a mismatch with the copy of the other side.
fn by_other_copy(closed: &ReadablePeriod, side: Side) -> bool {
    let other = match side {
        Side::Treating => "accept_insured",
        Side::Insured => "accept_treating",
    };
    let mismatch = [Class::FieldMismatch, Class::AmountMismatch].map(Class::name);
    decided(closed, other).any(|row| mismatch.contains(&row.text("class_without")))
}

/// Returns the number or the payable of cleared settlements on a side: the rows of control, and settlements
/// that a decision cleared without a copy of this side.
fn cleared_on(closed: &ReadablePeriod, side: Side, column: &str, of: fn(GridRow) -> i128) -> i128 {
    let rows = closed.grid("control").iter();
    let mut cleared =
        rows.filter(|r| r.text("side") == side.name() && r.text("bucket") == "cleared");
    let missing = match side {
        Side::Treating => Class::MissingTreating,
        Side::Insured => Class::MissingInsured,
    };
    let without = closed.grid("decisions").iter().filter(|row| {
        row.text("class_without") == missing.name() && row.fen_or_null("payable").is_some()
    });
    cleared.next().map_or(0, |row| row.number(column)) + without.map(of).sum::<i128>()
}
