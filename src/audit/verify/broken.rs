//! Rows of `breaks`.

use super::settlements::UnclearedSettlement;
use crate::{
    book::grid::{Cell, Grid, GridRow},
    ingest::batch::DAY,
    model::{
        codes::{Month, Pair, Province, Side},
        control::Class,
        group::Group,
        money::FenSum,
    },
    rules::Policy,
};

/// The column numbers of `breaks`.
#[derive(Debug)]
pub(super) struct BreakColumns<'a> {
    pub(super) grid: &'a Grid,
    pub(super) class: usize,
    pub(super) side: usize,
    pub(super) payables: [usize; 2],
    pub(super) described: [usize; 5],
    pub(super) first_period: usize,
}

impl<'a> BreakColumns<'a> {
    pub(super) fn of(grid: &'a Grid) -> BreakColumns<'a> {
        let described = ["insuplc_admdvs", "mdtrtarea_admvs", "insutype", "med_type", "cost_month"];
        BreakColumns {
            grid,
            class: grid.column("class"),
            side: grid.column("side"),
            payables: ["treating_payable", "insured_payable"].map(|column| grid.column(column)),
            described: described.map(|column| grid.column(column)),
            first_period: grid.column("first_period"),
        }
    }

    /// Returns a break; none if its class is unknown.
    pub(super) fn broken(&self, row: usize) -> Option<BreakRow<'a>> {
        let class = Class::from_name(self.grid.text(row, self.class))?;
        let side = self.grid.text(row, self.side);
        let number = |column| match self.grid.cell(row, column) {
            Cell::Number(number) => Some(number),
            _ => None,
        };
        Some(BreakRow {
            class,
            on: Side::BOTH.map(|of| [of.name(), "both"].contains(&side)),
            payables: self.payables.map(|column| number(column).map(FenSum::new)),
            row: self.grid.row(row),
            places: self.described,
            first_period: self.first_period,
        })
    }
}

/// A row of `breaks`.
#[derive(Debug, Clone, Copy)]
pub(super) struct BreakRow<'a> {
    pub(super) class: Class,
    /// The sides whose copies it is about, treating first.
    pub(super) on: [bool; 2],
    pub(super) payables: [Option<FenSum>; 2],
    pub(super) row: GridRow<'a>,
    /// The columns that describe the copy; the last is its cost month.
    pub(super) places: [usize; 5],
    pub(super) first_period: usize,
}

impl<'a> BreakRow<'a> {
    /// Returns divisions, insutype, med_type and cost month, of the treating copy if there is one.
    pub(super) fn described(&self) -> [&'a str; 5] {
        self.places.map(|column| self.text(column))
    }

    pub(super) fn text(&self, column: usize) -> &'a str {
        match self.row.at(column) {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    /// Returns whether it is about the whole settlement and not about one row.
    pub(super) fn is_whole(&self) -> bool {
        !is_by_row(self.class)
    }

    /// Returns whether it describes the copy of a side.
    pub(super) fn describes(&self, side: Side) -> bool {
        self.on[side.index()] && (side == Side::Treating || !self.on[0])
    }

    pub(super) fn pair(&self) -> Option<Pair> {
        pair_of(&self.described())
    }

    pub(super) fn cost_month(&self) -> Option<Month> {
        Month::from_text(self.text(self.places[4]))
    }

    /// Returns the number of its group by a policy.
    pub(super) fn group(&self, policy: &Policy) -> Option<i32> {
        group_of(&self.described(), policy)
    }
}

/// Returns the number of the group of a copy from its divisions, insutype and med_type.
pub(super) fn group_of(described: &[&str; 5], policy: &Policy) -> Option<i32> {
    let pair = pair_of(described)?;
    let fund = policy.fund_class(described[2])?;
    let care = policy.care_class(described[3])?;
    Some(Group { pair, fund, care }.number().into())
}

/// Returns the pair of a copy from its divisions.
pub(super) fn pair_of(described: &[&str; 5]) -> Option<Pair> {
    let province = |at: usize| Province::of_division(described[at].as_bytes());
    Some(Pair { insured: province(0)?, treating: province(1)? })
}

/// Returns the cost month of an open item.
pub(super) fn cost_month(row: GridRow) -> Month {
    let day = row.number("setl_time").div_euclid(DAY.into());
    Month::of_day(i64::try_from(day).unwrap_or(i64::MAX))
}

/// Returns whether a break is about a settlement that was voided in an earlier period.
pub(super) fn is_voided_again(settlement: &UnclearedSettlement, broken: &BreakRow) -> bool {
    let voids = settlement.decision.is_some_and(|row| row.text("decision") == "void");
    broken.class == Class::Voided && !voids
}

/// Returns whether a class has one break for each row; other classes have one for each settlement.
pub(super) fn is_by_row(class: Class) -> bool {
    use Class::{AlreadyCleared, Conflict, Duplicate, Expired, LateRefused};
    matches!(class, AlreadyCleared | Duplicate | Conflict | LateRefused | Expired)
}
