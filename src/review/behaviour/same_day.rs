//! BEH-07 many on a day 同日多次 (consistent): `count` or more visits and purchases of a person at one institution on a
//! day. One lead is a person, institution and day. Source: ours.

use super::groups::{frequent, number};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::SameDayLimits,
};

/// Adds the leads of a person's visits and purchases.
pub(super) fn leads<'a>(
    outside: &[&'a ReviewedRow<'a>],
    limits: &SameDayLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    frequent(
        outside,
        limits.count,
        |row| (row.day(), row.institution),
        |rows| {
            let detail = Detail::default().with("count", number(rows)).text();
            leads.push(Lead::of(ReviewRule::Beh07, rows.to_vec(), detail));
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::tests::{of_one, purchase, settlement, visit};
    use crate::{
        model::codes::CareClass,
        review::thresholds::{SameDayLimits, Thresholds},
    };

    #[test]
    fn one_day_and_one_institution_are_counted() {
        let told = |at: &str, institution: &str| {
            let rows = vec![
                visit("a", "2025-12-31 00:00:00"),
                purchase("b", "2025-12-31 23:59:59.999999"),
                settlement(CareClass::Chronic, "c", at).at(institution),
                settlement(CareClass::Inpatient, "d", "2025-12-31"),
            ];
            let beh07 = Some(SameDayLimits { count: 3 });
            of_one(rows, Thresholds { beh07, ..Thresholds::default() })
        };
        assert_eq!(told("2025-12-31 23:59:59.999999", "H"), ["a b c: 3.00 count=3"]);
        assert_eq!(told("2026-01-01 00:00:00", "H"), [""; 0]);
        assert_eq!(told("2025-12-31", "K"), [""; 0]);
    }
}
