//! The tables `differences` and `mended`.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{class::DailyClass, copies::CopyFacts, holder::Looking};
use crate::{
    columnar::{
        shape::{
            self,
            CellKind::{Count, Day, Sum, Text},
            TableSpec,
        },
        table::TableBuilder,
    },
    keyed::sorted::SortRow,
    model::{codes::Province, money::FenSum},
};

/// The two provinces of a settlement, by their places in the list of provinces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Provinces {
    pub(super) insured: u8,
    pub(super) treating: u8,
}

impl Provinces {
    /// Makes a pair of provinces.
    pub(super) fn of(insured: Province, treating: Province) -> Provinces {
        let place = |province: Province| u8::try_from(province.index()).unwrap_or(u8::MAX);
        Provinces { insured: place(insured), treating: place(treating) }
    }
}

/// Returns the two digits of a province by its place.
pub(super) fn province_code(place: u8) -> Option<String> {
    province_at(place).map(|province| province.to_string())
}

/// Returns the province at a place.
pub(super) fn province_at(place: u8) -> Option<Province> {
    Province::from_index(place.into())
}

/// A settlement that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Difference {
    /// Its day, from 1970-01-01.
    pub(super) day: i32,
    pub(super) setl_id: String,
    pub(super) class: DailyClass,
    pub(super) provinces: Provinces,
    /// The facts of the treating, the national and the insured side.
    pub(super) facts: [Option<CopyFacts>; 3],
    pub(super) look: Looking,
    /// The day since which it has been open.
    pub(super) since: i32,
    /// Calendar days from `since` to the reference day.
    pub(super) age: i64,
}

/// How a difference was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mending {
    /// All copies are there and agree.
    Agrees,
    /// It has no row any more, though its day was delivered again.
    Gone,
    /// Its day is in another month now.
    OtherMonth,
}

impl Mending {
    /// Returns the word for it in tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Mending::Agrees => "agrees",
            Mending::Gone => "gone",
            Mending::OtherMonth => "other_month",
        }
    }
}

/// A difference of the run before that is none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mended {
    /// The difference as it was, but for its age.
    pub(super) was: Difference,
    pub(super) how: Mending,
}

/// The order of both tables. A setl_id stands in a table once.
fn by_day(one: &Difference, other: &Difference) -> Ordering {
    (one.day, one.setl_id.as_bytes()).cmp(&(other.day, other.setl_id.as_bytes()))
}

impl SortRow for Difference {
    fn bytes(&self) -> usize {
        size_of::<Difference>() + self.setl_id.len()
    }

    fn order(&self, other: &Self) -> Ordering {
        by_day(self, other)
    }
}

impl SortRow for Mended {
    fn bytes(&self) -> usize {
        size_of::<Mended>() + self.was.setl_id.len()
    }

    fn order(&self, other: &Self) -> Ordering {
        by_day(&self.was, &other.was)
    }
}

/// The table `differences`.
pub(super) const DIFFERENCES: TableSpec = shape::table(
    "differences",
    &["day", "setl_id"],
    None,
    &[
        ("setl_id", Text),
        ("day", Day),
        ("class", Text),
        ("insured_province", Text),
        ("treating_province", Text),
        ("treating_medfee", Sum),
        ("treating_fund", Sum),
        ("treating_acct", Sum),
        ("treating_sign", Count),
        ("national_medfee", Sum),
        ("national_fund", Sum),
        ("national_acct", Sum),
        ("national_sign", Count),
        ("insured_medfee", Sum),
        ("insured_fund", Sum),
        ("insured_acct", Sum),
        ("insured_sign", Count),
        ("look", Text),
        ("since", Day),
        ("age", Count),
    ],
);

/// The columns of the facts of each side: three sums and the sign.
pub(super) const FACT_COLUMNS: [([&str; 3], &str); 3] = [
    (["treating_medfee", "treating_fund", "treating_acct"], "treating_sign"),
    (["national_medfee", "national_fund", "national_acct"], "national_sign"),
    (["insured_medfee", "insured_fund", "insured_acct"], "insured_sign"),
];

/// Makes the table `differences`.
pub(super) fn differences_table(rows: &[Difference]) -> TableBuilder {
    let mut table = TableBuilder::new(DIFFERENCES)
        .text("setl_id", rows.iter().map(|row| Some(&row.setl_id)))
        .date("day", rows.iter().map(|row| Some(row.day)))
        .text("class", rows.iter().map(|row| Some(row.class.name())))
        .text("insured_province", rows.iter().map(|row| province_code(row.provinces.insured)))
        .text("treating_province", rows.iter().map(|row| province_code(row.provinces.treating)));
    for (side, (sums, sign)) in FACT_COLUMNS.into_iter().enumerate() {
        for (at, name) in sums.into_iter().enumerate() {
            let sum = |row: &Difference| -> Option<FenSum> { Some(row.facts[side]?.sums[at]) };
            table = table.sum_or_null(name, rows.iter().map(sum));
        }
        let signs = rows.iter().map(|row| row.facts[side]?.sign.map(i64::from));
        table = table.count_or_null(sign, signs);
    }
    table
        .text("look", rows.iter().map(|row| Some(row.look.names())))
        .date("since", rows.iter().map(|row| Some(row.since)))
        .count("age", rows.iter().map(|row| row.age))
}

const MENDED: TableSpec = shape::table(
    "mended",
    &["day", "setl_id"],
    None,
    &[
        ("setl_id", Text),
        ("day", Day),
        ("class", Text),
        ("insured_province", Text),
        ("treating_province", Text),
        ("since", Day),
        ("age", Count),
        ("how", Text),
    ],
);

/// Makes the table `mended`.
pub(super) fn mended_table(rows: &[Mended]) -> TableBuilder {
    let was = || rows.iter().map(|row| &row.was);
    TableBuilder::new(MENDED)
        .text("setl_id", was().map(|row| Some(&row.setl_id)))
        .date("day", was().map(|row| Some(row.day)))
        .text("class", was().map(|row| Some(row.class.name())))
        .text("insured_province", was().map(|row| province_code(row.provinces.insured)))
        .text("treating_province", was().map(|row| province_code(row.provinces.treating)))
        .date("since", was().map(|row| Some(row.since)))
        .count("age", was().map(|row| row.age))
        .text("how", rows.iter().map(|row| Some(row.how.name())))
}
