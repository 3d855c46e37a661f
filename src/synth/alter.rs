//! Small changes to a copy, which make it differ from its partner or break a row rule.

use crate::model::{
    fields::amount::{ACCOUNT, CASH, FUND, FUNDS, MEDFEE, SCOPE},
    money::FEN_LIMIT,
};

use super::{
    geography::{BAD_DIVISIONS, BAD_INSTITUTIONS, Vocabulary},
    profile::{CHRONIC, EMERGENCY, EMPLOYEE, INPATIENT, NO_CARE, NO_FUND, OUTPATIENT, RESIDENT},
    row::{PersonForm, SyntheticRow},
    world::{BirthStream, NOT_OPEN, World},
};

/// Returns the row with one identity field changed to another valid value: 0 person, 1 insured and 2 treating
/// division, 3 institution, 4 insurance, 5 kind of care, 6 disease, 7 cost month.
pub(super) fn alter_field(
    world: &World,
    stream: &BirthStream,
    row: &SyntheticRow,
    field: u64,
) -> SyntheticRow {
    let geography = &world.geography;
    let mut changed = *row;
    let (insured, treating) = (stream.pair / 32, stream.pair % 32);
    match field {
        1 => changed.insured = draw_other(row.insured, |bits| geography.home(insured, bits)),
        2 => changed.treating = draw_other(row.treating, |bits| geography.home(treating, bits)),
        3 => {
            changed.institution =
                draw_other(row.institution, |bits| geography.hospital(treating, bits).code);
        }
        4 => changed.insutype = if row.insutype == EMPLOYEE { RESIDENT } else { EMPLOYEE },
        5 => {
            changed.med_type = match row.med_type {
                OUTPATIENT => EMERGENCY,
                CHRONIC => CHRONIC + 1,
                4 | 5 => CHRONIC,
                INPATIENT => INPATIENT + 1,
                7..=10 => INPATIENT,
                _ => OUTPATIENT,
            }
        }
        6 => {
            let day = row.time.div_euclid(86_400);
            let open = |bits: u64| world.disease(stream.birth, day, bits << 12);
            let unlike = (0u64..16).filter_map(open).find(|code| Some(*code) != row.disease);
            match unlike {
                Some(code) => changed.disease = Some(code),
                None => changed.person = (row.person + 1) % 10_000_000_000,
            }
        }
        7 => changed.time = world.clock(row.cost_month()).start - 1 - row.time % 3600,
        _ => changed.person = (row.person + 1) % 10_000_000_000,
    }
    changed
}

/// Draws codes until one differs from `code`.
fn draw_other(code: u32, draw: impl Fn(u64) -> u32) -> u32 {
    (0..4096).map(|n| draw(n * 0x0101)).find(|drawn| *drawn != code).unwrap_or(code)
}

/// Returns the row with an amount raised, at the expense of cash if it suffices, otherwise of a higher total.
pub(super) fn alter_amount(row: &SyntheticRow, field: usize, by: i64) -> SyntheticRow {
    let mut changed = *row;
    changed.amounts[field] += by;
    if FUNDS.contains(&field) {
        changed.amounts[FUND] += by;
    }
    if field != CASH && row.amounts[CASH] >= by {
        changed.amounts[CASH] -= by;
    } else {
        changed.amounts[MEDFEE] += by;
        changed.amounts[SCOPE.end - 1] += by;
    }
    changed
}

/// Returns the row with one row rule broken (V01 to V15), and as few others as possible. The time of delivery breaks
/// rule 10, not the row.
pub(super) fn break_rule(
    world: &World,
    stream: &BirthStream,
    row: &SyntheticRow,
    rule: u64,
    bits: u64,
) -> SyntheticRow {
    let geography = &world.geography;
    let bad = |vocabulary: &Vocabulary, bad: usize| {
        let place = vocabulary.len() - 1 - usize::from(bits & 0xFF != 0) * (bad - 1);
        u32::try_from(place).unwrap_or_default()
    };
    let mut broken = *row;
    match rule {
        1 => broken.person_form = PersonForm::Empty,
        2 if bits & 0x100 == 0 => {
            broken.insured = bad(&geography.divisions, BAD_DIVISIONS.len());
        }
        2 => broken.treating = bad(&geography.divisions, BAD_DIVISIONS.len()),
        3 => broken.treating = geography.home(stream.pair / 32, bits),
        4 => broken.insutype = NO_FUND,
        5 => broken.med_type = NO_CARE,
        6 => {
            broken.med_type = CHRONIC;
            broken.disease = (bits & 1 == 0).then_some(NOT_OPEN);
        }
        7 => {
            for amount in [FUND, MEDFEE, SCOPE.end - 1] {
                broken.amounts[amount] += 1;
            }
        }
        8 => broken.amounts[CASH] += 1,
        9 => {
            broken.amounts[ACCOUNT] += broken.amounts[CASH] + 100;
            broken.amounts[CASH] = -100;
        }
        11 => broken.institution = bad(&geography.institutions, BAD_INSTITUTIONS.len()),
        12 => broken.manual = true,
        13 => broken.amounts[SCOPE.start] += 1,
        14 => broken.person_form = PersonForm::Long,
        15 => broken.amounts[MEDFEE] += FEN_LIMIT.fen(),
        _ => {}
    }
    broken
}
