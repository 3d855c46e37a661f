//! Laws of carried copies: the row rules, their differences, their class and their breaks.

use std::collections::BTreeMap;

use super::{
    broken::{BreakColumns, cost_month},
    brought::describes,
    checks::{Checks, LawTally},
    files::ReadablePeriod,
    settlements::settlements,
    tables::{amounts_in, compared_fields, parts_of},
};
use crate::{
    book::grid::{Cell, GridRow},
    diag::Code,
    ingest::batch::DAY,
    model::{
        codes::{CareClass, Month, Province},
        control::Class,
        fields::{Amounts, COMPARED_AMOUNTS, Field, SCOPE},
        money::FenSum,
    },
    rules::Policy,
    text::Text,
};

/// Applies the laws of carried copies.
pub(super) fn check(closed: &ReadablePeriod, policy: &Policy, checks: &mut Checks) {
    let file = closed.file("open_items");
    let grid = closed.grid("open_items");
    let places = amounts_in(grid);
    let rules = grid.iter().map(|row| row_rules(closed.month, policy, &places, row));
    checks.law(Code::B07, &file, text!("the row rules"), rules);
    let mut shown: BTreeMap<(&str, &str), [Option<&str>; 2]> = BTreeMap::new();
    for row in closed.grid("break_fields").iter() {
        let values = ["treating_value", "insured_value"].map(|column| row.text_or_null(column));
        shown.insert((row.text("setl_id"), row.text("field")), values);
    }
    let columns = BreakColumns::of(closed.grid("breaks"));
    let [mut differences, mut classes, mut described] =
        std::array::from_fn(|_| LawTally::default());
    for settlement in settlements(closed, None) {
        let setl_id = settlement.setl_id;
        let class = match settlement.carried {
            [None, None] => continue,
            [Some(treating), Some(insured)] => {
                compare(setl_id, [treating, insured], &shown, &mut differences)
            }
            [Some(_), None] => Some(Class::MissingInsured),
            [None, Some(_)] => Some(Class::MissingTreating),
        };
        for copy in settlement.carried.into_iter().flatten() {
            let found = Class::from_name(copy.text("class"));
            let reverses = copy.text_or_null("init_setl_id").is_some();
            let step_8 = [Class::ReversalUnpaired, Class::ReversalMismatch].map(Some);
            let good = class.map_or(reverses && step_8.contains(&found), |c| found == Some(c));
            classes.require(good, || copy.shown_key());
        }
        let copy = settlement.carried[0].or(settlement.carried[1]);
        let carried = settlement.breaks.filter_map(|row| columns.broken(row));
        let carried = carried.filter(|broken| broken.class.is_carried());
        for (broken, copy) in carried.zip(copy) {
            described.require(describes(&broken, copy), || Text::given(setl_id));
        }
    }
    let fields = closed.file("break_fields");
    checks.add_tally(Code::B07, &fields, text!("what the copies have"), differences);
    checks.add_tally(Code::B07, &file, text!("the class that the copies make"), classes);
    let breaks = closed.file("breaks");
    checks.add_tally(Code::B07, &breaks, text!("values of the copy that is carried"), described);
}

/// Returns the day of the settlement, since 1970.
fn day_of(row: GridRow) -> i64 {
    i64::try_from(row.number("setl_time").div_euclid(DAY.into())).unwrap_or(i64::MAX)
}

/// Returns a value in the form of `break_fields`.
fn written(row: GridRow, field: &str) -> Option<String> {
    match field {
        "cost_month" => Some(cost_month(row).to_string()),
        field if row.cell(field) == Cell::Null => None,
        field => Some(row.shown(field)),
    }
}

/// Values by settlement and field, treating first.
type Shown<'a> = BTreeMap<(&'a str, &'a str), [Option<&'a str>; 2]>;

/// Law: `break_fields` has exactly the fields in which two copies differ, with both values. Returns the class
/// of the mismatch, if there is one.
fn compare(
    setl_id: &str,
    copies: [GridRow; 2],
    shown: &Shown,
    tally: &mut LawTally,
) -> Option<Class> {
    let mut first = None;
    for field in compared_fields() {
        let values = copies.map(|copy| written(copy, field));
        let found = shown.get(&(setl_id, field));
        let good = if values[0] == values[1] {
            found.is_none()
        } else {
            first.get_or_insert(field);
            found == Some(&[values[0].as_deref(), values[1].as_deref()])
        };
        tally.require(good, || text!("{} {}", setl_id, field));
    }
    let is_amount = |field| COMPARED_AMOUNTS.iter().any(|amount| amount.name() == field);
    first.map(|field| if is_amount(field) { Class::AmountMismatch } else { Class::FieldMismatch })
}

/// Returns the row rule that a carried copy breaks; it must be a valid row. Chronic diseases are checked in the
/// first period of the copy only.
fn row_rules(
    period: Month,
    policy: &Policy,
    places: &Amounts<usize>,
    row: GridRow,
) -> Option<Text> {
    let amounts = places.map(|column| match row.at(column) {
        Cell::Number(fen) => FenSum::new(fen),
        _ => FenSum::ZERO,
    });
    let [funds, shares] = parts_of(&amounts);
    let provinces = ["insuplc_admdvs", "mdtrtarea_admvs"]
        .map(|column| Province::of_division(row.text(column).as_bytes()));
    let is_reversal = row.text_or_null("init_setl_id").is_some();
    let signs = amounts
        .values()
        .all(|fen| if is_reversal { !fen.is_positive() } else { !fen.is_negative() });
    let scope: Option<Vec<FenSum>> =
        SCOPE.iter().map(|field| row.fen_or_null(field.name())).collect();
    let institution = row.text("fixmedins_code").as_bytes();
    let ids = ["setl_id", "init_setl_id", "psn_no", "mdtrt_id"];
    let care = policy.care_class(row.text("med_type"));
    let is_new = row.month("first_period") == Some(period);
    let open = || policy.chronic_since(row.text("dise_codg")).is_some_and(|day| day <= day_of(row));
    let rules = [
        ("V01", !row.text("psn_no").is_empty()),
        ("V02", provinces.iter().all(Option::is_some)),
        ("V03", provinces[0] != provinces[1]),
        ("V04", policy.fund_class(row.text("insutype")).is_some()),
        ("V05", care.is_some()),
        ("V06", care != Some(CareClass::Chronic) || !is_new || open()),
        ("V07", amounts[Field::fund_pay_sumamt] == funds),
        ("V08", amounts[Field::medfee_sumamt] == shares),
        ("V09", signs),
        ("V10", cost_month(row) <= period),
        ("V11", institution.len() == 12 && institution.iter().all(u8::is_ascii_alphanumeric)),
        ("V11", matches!(institution.first(), Some(b'H' | b'P'))),
        ("V12", row.text("fulamt_advpay_flag") != "1"),
        ("V14", ids.iter().all(|id| row.text(id).chars().count() <= 40)),
        (
            "V13",
            scope.is_none_or(|scope| scope.iter().sum::<FenSum>() == amounts[Field::medfee_sumamt]),
        ),
    ];
    let broken = rules.into_iter().find(|(_, holds)| !holds);
    broken.map(|(rule, _)| text!("{} breaks {}", row.shown_key(), rule))
}
