//! The answer key of daily reconciliation: coordination.md, 1.2, applied to the copies of one settlement.
//!
//! Shares no code with `daily`.

use crate::model::{
    codes::Province,
    fields::amount::{ACCOUNT, FUND, MEDFEE},
    money::FEN_LIMIT,
};

use super::super::{row::SyntheticRow, world::World};

/// Whether a row keeps the rules that are judged over the eight fields. Keys, times and numbers of fen of generated rows
/// are always good.
pub(super) fn is_valid(world: &World, row: &SyntheticRow) -> bool {
    let province = |code| Province::of_division(world.geography.divisions.text(code));
    let (insured, treating) = (province(row.insured), province(row.treating));
    let amounts = [MEDFEE, FUND, ACCOUNT].map(|amount| row.amounts[amount]);
    let fits = |amount: &i64| amount.abs() < FEN_LIMIT.fen();
    let has_sign = |amount: &i64| *amount == 0 || (*amount < 0) == row.init.is_some();
    insured.is_some()
        && treating.is_some()
        && insured != treating
        && amounts.iter().all(|amount| fits(amount) && has_sign(amount))
}

/// What is compared.
fn facts(row: &SyntheticRow) -> ([i64; 3], bool) {
    ([MEDFEE, FUND, ACCOUNT].map(|amount| row.amounts[amount]), row.init.is_some())
}

/// Whether two copies differ in what is compared.
pub(super) fn differ(row: &SyntheticRow, other: &SyntheticRow) -> bool {
    facts(row) != facts(other)
}

/// Returns the class of a settlement that does not agree, by the valid rows of treating, national and insured.
pub(super) fn class(
    treating: &[SyntheticRow],
    national: &[SyntheticRow],
    insured: &[SyntheticRow],
) -> Option<&'static str> {
    let sides = [treating, national, insured];
    if sides.iter().any(|rows| rows.len() > 1) {
        return Some("repeated");
    }
    let either = |row, other, equal, unlike| Some(if differ(row, other) { unlike } else { equal });
    match sides.map(|rows| rows.first()) {
        [Some(t), Some(n), Some(i)] => match (differ(t, n), differ(n, i), differ(t, i)) {
            (false, false, _) => None,
            (true, false, _) => Some("differs_treating"),
            (false, true, _) => Some("differs_insured"),
            (true, true, false) => Some("differs_national"),
            (true, true, true) => Some("differs_all"),
        },
        [Some(t), Some(n), None] => either(t, n, "insured_lacks", "insured_lacks_differs"),
        [None, Some(n), Some(i)] => either(n, i, "treating_lacks", "treating_lacks_differs"),
        [Some(t), None, Some(i)] => either(t, i, "national_lacks", "national_lacks_differs"),
        [Some(_), None, None] => Some("treating_only"),
        [None, Some(_), None] => Some("national_only"),
        [None, None, Some(_)] => Some("insured_only"),
        [None, None, None] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{
            breaks::BreakRates,
            options::{Order, SynthOptions},
            row::SyntheticId,
        },
        *,
    };
    use crate::{model::codes::Month, rules::Rules};

    #[test]
    fn a_row_keeps_or_breaks_the_rules_of_eight_fields() {
        let rules = Rules::built_in();
        let options = SynthOptions {
            out: "nowhere".into(),
            first_period: Month::new(2025, 10),
            periods: 1,
            settlements: 20_000,
            seed: 1,
            breaks: BreakRates::none(),
            coordination: None,
            order: Order::Time,
        };
        let world = World::new(&options, &rules).expect("a world");
        let stream = world.stream(options.first_period, 1);
        let row = world.row(&stream, 0, 0, world.time(options.first_period, &stream, 0));
        let with = |place: usize, amount: i64| {
            let mut changed = row;
            changed.amounts[place] = amount;
            changed
        };
        let limit = FEN_LIMIT.fen();
        assert!(is_valid(&world, &row) && is_valid(&world, &with(MEDFEE, limit - 1)));
        assert!(!is_valid(&world, &with(MEDFEE, limit)) && !is_valid(&world, &with(ACCOUNT, -1)));
        let reversal = |row: SyntheticRow| SyntheticRow { init: Some(row.id), ..row };
        assert!(is_valid(&world, &reversal(row.negated())) && !is_valid(&world, &reversal(row)));
        assert!(is_valid(&world, &reversal(with(FUND, 0).negated())));
        let home = SyntheticRow { treating: row.insured, ..row };
        assert!(!is_valid(&world, &home), "one province");

        let id = SyntheticId { origin: 9, ..row.id };
        assert!(!differ(&row, &SyntheticRow { id, person: 1, insutype: 3, time: 0, ..row }));
        assert!(differ(&row, &with(FUND, 1)) && differ(&row, &reversal(row)));
    }
}
