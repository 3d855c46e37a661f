//! The copies that are carried: what they say of each other, of their breaks, and of the month before.

use std::collections::BTreeMap;

use super::{checks::Checks, files::Closed, tables::compared_fields};
use crate::{
    book::grid::{Cell, Row},
    codes::{Month, Province, Side},
    contract::fields::{AMOUNT_FIELDS, amount},
    diag::Code,
    ingest::batch::DAY,
    money::FenSum,
};

/// Both copies of a settlement, treating first, as far as they are carried.
type Copies<'a> = BTreeMap<&'a str, [Option<Row<'a>>; 2]>;

fn copies(closed: &Closed) -> Copies<'_> {
    let mut copies = Copies::new();
    for row in closed.grid("open_items").iter() {
        if let Some(side) = Side::from_name(row.text("side")) {
            copies.entry(row.text("setl_id")).or_default()[side.index()] = Some(row);
        }
    }
    copies
}

/// Applies the laws of carried copies.
pub(super) fn check(closed: &Closed, before: Option<&Closed>, checks: &mut Checks) {
    let copies = copies(closed);
    let file = closed.file("open_items");
    let rules = closed.grid("open_items").iter().map(row_rules);
    checks.law(Code::B07, &file, "the row rules", rules);
    differences(closed, &copies, checks);
    let breaks = closed.grid("breaks").iter().filter(|row| row.flag("carried") == Some(true));
    let described = breaks.map(|row| {
        let both = copies.get(row.text("setl_id"))?;
        let copy = both[0].or(both[1])?;
        let same = ["insuplc_admdvs", "mdtrtarea_admvs", "insutype", "med_type"]
            .iter()
            .all(|column| row.cell(column) == copy.cell(column));
        let good = same && row.month("cost_month") == Some(cost_month(copy));
        (!good).then(|| row.shown_key())
    });
    checks.law(Code::B07, &closed.file("breaks"), "values of the copy that is carried", described);
    if let Some(before) = before {
        kept(closed, before, checks);
    }
}

fn cost_month(row: Row) -> Month {
    let day = row.number("setl_time").div_euclid(DAY.into());
    Month::of_day(i64::try_from(day).unwrap_or(i64::MAX))
}

/// A value as `break_fields` writes it.
fn written(row: Row, field: &str) -> Option<String> {
    match field {
        "cost_month" => Some(cost_month(row).to_string()),
        field if row.cell(field) == Cell::Null => None,
        field => Some(row.shown(field)),
    }
}

/// The fields in which two copies differ are those that breaks and break_fields name, with both values.
fn differences(closed: &Closed, copies: &Copies, checks: &mut Checks) {
    let mut shown: BTreeMap<(&str, &str), [Option<&str>; 2]> = BTreeMap::new();
    for row in closed.grid("break_fields").iter() {
        let values = ["treating_value", "insured_value"].map(|column| row.text_or_null(column));
        shown.insert((row.text("setl_id"), row.text("field")), values);
    }
    let two = copies
        .iter()
        .filter_map(|(setl_id, [treating, insured])| Some((*setl_id, (*treating)?, (*insured)?)));
    let same = two.flat_map(|(setl_id, treating, insured)| {
        let shown = &shown;
        compared_fields().map(move |field| {
            let values = [written(treating, field), written(insured, field)];
            let found = shown.get(&(setl_id, field));
            let good = if values[0] == values[1] {
                found.is_none()
            } else {
                found == Some(&[values[0].as_deref(), values[1].as_deref()])
            };
            (!good).then(|| format!("{setl_id} {field}"))
        })
    });
    checks.law(Code::B07, &closed.file("break_fields"), "what the copies have", same);
}

/// What a carried copy breaks of the row rules that do not need dated lists; it was a valid row once.
fn row_rules(row: Row) -> Option<String> {
    let amounts: [FenSum; 13] =
        std::array::from_fn(|index| row.number(AMOUNT_FIELDS[index].name()));
    let funds: FenSum = amounts[amount::FUNDS].iter().sum();
    let shares = [amount::FUND, amount::ACCOUNT, amount::CASH, amount::HOSPITAL];
    let shares: FenSum = shares.map(|part| amounts[part]).iter().sum();
    let provinces = ["insuplc_admdvs", "mdtrtarea_admvs"]
        .map(|column| Province::of_division(row.text(column).as_bytes()));
    let is_reversal = row.text_or_null("init_setl_id").is_some();
    let signs = amounts.iter().all(|fen| if is_reversal { *fen <= 0 } else { *fen >= 0 });
    let scope: Option<Vec<FenSum>> =
        AMOUNT_FIELDS[amount::SCOPE].iter().map(|f| row.number_or_null(f.name())).collect();
    let institution = row.text("fixmedins_code");
    let rules = [
        ("V01", !row.text("psn_no").is_empty()),
        ("V02", provinces.iter().all(Option::is_some)),
        ("V03", provinces[0] != provinces[1]),
        ("V07", amounts[amount::FUND] == funds),
        ("V08", amounts[amount::MEDFEE] == shares),
        ("V09", signs),
        ("V11", institution.len() == 12 && institution.starts_with(['H', 'P'])),
        ("V12", row.text("fulamt_advpay_flag") != "1"),
        ("V13", scope.is_none_or(|scope| scope.iter().sum::<FenSum>() == amounts[amount::MEDFEE])),
    ];
    let broken = rules.into_iter().find(|(_, holds)| !holds);
    broken.map(|(rule, _)| format!("{} breaks {rule}", row.shown_key()))
}

/// Of the copies that were carried before and still are, at most those that were superseded have changed.
fn kept(closed: &Closed, before: &Closed, checks: &mut Checks) {
    let (grid, earlier) = (closed.grid("open_items"), self::copies(before));
    let changed = |side: Side| {
        let of_side = grid.iter().filter(|row| row.text("side") == side.name());
        let pairs =
            of_side.filter_map(|row| Some((row, earlier.get(row.text("setl_id"))?[side.index()]?)));
        let fields =
            || grid.columns().iter().map(|(name, _)| *name).filter(|name| *name != "class");
        pairs.filter(|(row, was)| fields().any(|field| row.cell(field) != was.cell(field))).count()
    };
    let superseded = |side: Side| {
        let mut rows = closed.grid("control").iter();
        let row = rows.find(|r| r.text("side") == side.name() && r.text("bucket") == "superseded");
        row.map_or(0, |row| row.number("rows"))
    };
    let few = Side::BOTH.map(|side| {
        let (changed, superseded) = (changed(side) as i128, superseded(side));
        let many = || format!("{} side: {changed} changed, {superseded} superseded", side.name());
        (changed > superseded).then(many)
    });
    checks.law(Code::B08, &closed.file("open_items"), "carried as they were", few);
}
