//! The tables `days` and `totals`: settlements and sums by day.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{
    class::DailyClass,
    copies::HeldCopies,
    differences::{FACT_COLUMNS, Provinces, province_code},
    holder::Holder,
};
use crate::{
    columnar::{
        shape::{
            self,
            CellKind::{Count, Day, Sum, Text},
            TableSpec,
        },
        table::TableBuilder,
    },
    model::money::FenSum,
};

/// What a row of `days` is about, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DayGroup {
    pub(super) day: i32,
    pub(super) provinces: Provinces,
    pub(super) class: DailyClass,
}

/// The figures of a group.
#[derive(Debug, Clone, Copy, Default)]
struct GroupSums {
    settlements: u64,
    /// The rows of each side.
    rows: [u64; 3],
    sums: [[FenSum; 3]; 3],
}

impl GroupSums {
    fn absorb(&mut self, other: &GroupSums) {
        self.settlements += other.settlements;
        for side in 0..3 {
            self.rows[side] += other.rows[side];
            add_all(&mut self.sums[side], &other.sums[side]);
        }
    }
}

fn add_all(sums: &mut [FenSum; 3], more: &[FenSum; 3]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}

/// Settlements and sums by group, as they come.
#[derive(Debug, Default)]
pub(super) struct DaySums {
    places: FxHashMap<DayGroup, usize>,
    groups: Vec<(DayGroup, GroupSums)>,
}

impl DaySums {
    /// Adds a settlement.
    pub(super) fn add(&mut self, group: DayGroup, copies: &[HeldCopies; 3]) {
        let sums = self.of(group);
        sums.settlements += 1;
        for (side, copies) in copies.iter().enumerate() {
            sums.rows[side] += copies.rows;
            add_all(&mut sums.sums[side], &copies.sums);
        }
    }

    fn of(&mut self, group: DayGroup) -> &mut GroupSums {
        let next = self.groups.len();
        let place = *self.places.entry(group).or_insert(next);
        if place == next {
            self.groups.push((group, GroupSums::default()));
        }
        &mut self.groups[place].1
    }

    /// Adds other sums.
    pub(super) fn absorb(&mut self, other: &DaySums) {
        for (group, sums) in &other.groups {
            self.of(*group).absorb(sums);
        }
    }

    /// Returns them in the order of the table.
    pub(super) fn sorted(mut self) -> DayTables {
        self.groups.sort_unstable_by_key(|(group, _)| *group);
        let mut totals: BTreeMap<i32, [(u64, [FenSum; 3]); 3]> = BTreeMap::new();
        let mut classes = [0; DailyClass::COUNT];
        for (group, sums) in &self.groups {
            classes[group.class.index()] += sums.settlements;
            let of_day = totals.entry(group.day).or_default();
            for (side, (rows, of_side)) in of_day.iter_mut().enumerate() {
                *rows += sums.rows[side];
                add_all(of_side, &sums.sums[side]);
            }
        }
        DayTables { groups: self.groups, totals, classes }
    }
}

/// The rows of both tables.
#[derive(Debug)]
pub(super) struct DayTables {
    groups: Vec<(DayGroup, GroupSums)>,
    totals: BTreeMap<i32, [(u64, [FenSum; 3]); 3]>,
    /// Settlements by class.
    pub(super) classes: [u64; DailyClass::COUNT],
}

const DAYS: TableSpec = shape::table(
    "days",
    &["day", "insured_province", "treating_province", "class"],
    None,
    &[
        ("day", Day),
        ("insured_province", Text),
        ("treating_province", Text),
        ("class", Text),
        ("settlements", Count),
        ("treating_medfee", Sum),
        ("treating_fund", Sum),
        ("treating_acct", Sum),
        ("national_medfee", Sum),
        ("national_fund", Sum),
        ("national_acct", Sum),
        ("insured_medfee", Sum),
        ("insured_fund", Sum),
        ("insured_acct", Sum),
    ],
);

const TOTALS: TableSpec = shape::table(
    "totals",
    &["day", "side"],
    None,
    &[
        ("day", Day),
        ("side", Text),
        ("settlements", Count),
        ("medfee", Sum),
        ("fund", Sum),
        ("acct", Sum),
    ],
);

/// The sides in the order of their names.
const BY_NAME: [Holder; 3] = [Holder::Insured, Holder::National, Holder::Treating];

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl DayTables {
    /// Returns the days that have a settlement.
    pub(super) fn days(&self) -> impl Iterator<Item = i32> {
        self.totals.keys().copied()
    }

    /// Makes the table `days`.
    pub(super) fn days_table(&self) -> TableBuilder {
        let groups = || self.groups.iter();
        let mut table = TableBuilder::new(DAYS)
            .date("day", groups().map(|(group, _)| Some(group.day)))
            .text(
                "insured_province",
                groups().map(|(group, _)| province_code(group.provinces.insured)),
            )
            .text(
                "treating_province",
                groups().map(|(group, _)| province_code(group.provinces.treating)),
            )
            .text("class", groups().map(|(group, _)| Some(group.class.name())))
            .count("settlements", groups().map(|(_, sums)| count(sums.settlements)));
        for (side, (names, _)) in FACT_COLUMNS.into_iter().enumerate() {
            for (at, name) in names.into_iter().enumerate() {
                table = table.sum(name, groups().map(|(_, sums)| sums.sums[side][at]));
            }
        }
        table
    }

    /// Makes the table `totals`.
    pub(super) fn totals_table(&self) -> TableBuilder {
        let rows = || {
            self.totals.iter().flat_map(|(day, sides)| {
                BY_NAME.into_iter().map(|holder| (*day, holder, sides[holder.index()]))
            })
        };
        let mut table = TableBuilder::new(TOTALS)
            .date("day", rows().map(|(day, ..)| Some(day)))
            .text("side", rows().map(|(_, holder, _)| Some(holder.name())))
            .count("settlements", rows().map(|(_, _, (settlements, _))| count(settlements)));
        for (at, name) in ["medfee", "fund", "acct"].into_iter().enumerate() {
            table = table.sum(name, rows().map(|(_, _, (_, sums))| sums[at]));
        }
        table
    }
}
