//! BEH-03 frequent stays 频繁住院, GZ10000204004000: `count` or more stays, without those settled in the middle of a stay,
//! that end in one calendar quarter. BEH-08 frequent visits 频繁门诊, GZ10000204002000: `count` or more visits in a month.
//! BEH-09 frequent purchases 频繁购药, GZ10000204003000: `count` or more purchases in a month. All are statistical; one
//! lead is a person and a quarter or month. Source: 知识库、规则库; the counts: ours.

use super::{
    groups::{frequent, number},
    stay::Stay,
};
use crate::{
    model::codes::Month,
    review::{
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
        thresholds::{FrequentPurchaseLimits, FrequentStayLimits, FrequentVisitLimits},
    },
};

/// Returns the year and the quarter of a day, from 1 to 4.
fn quarter(day: i32) -> (i32, u8) {
    let month = Month::of_day(day.into());
    (month.year(), month.of_year().div_ceil(3))
}

/// Adds the leads of BEH-03.
pub(super) fn stays<'a>(
    stays: &[Stay<'a>],
    limits: &FrequentStayLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let whole = stays.iter().map(|stay| stay.row).filter(|row| !row.optional.mid_stay);
    let whole: Vec<&ReviewedRow> = whole.collect();
    let of = |row: &ReviewedRow| row.end.map(quarter);
    frequent(&whole, limits.count, of, |rows| {
        let Some((year, quarter)) = of(rows[0]) else { return };
        let detail = Detail::default().with("quarter", format!("{year:04}Q{quarter}"));
        let detail = detail.with("stays", number(rows)).text();
        leads.push(Lead::of(ReviewRule::Beh03, rows.to_vec(), detail));
    });
}

/// Adds the leads of BEH-08.
pub(super) fn visits<'a>(
    outside: &[&'a ReviewedRow<'a>],
    limits: &FrequentVisitLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let visits = outside.iter().copied().filter(|row| row.is_visit());
    monthly(ReviewRule::Beh08, &visits.collect::<Vec<_>>(), limits.count, leads);
}

/// Adds the leads of BEH-09.
pub(super) fn purchases<'a>(
    outside: &[&'a ReviewedRow<'a>],
    limits: &FrequentPurchaseLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let purchases = outside.iter().copied().filter(|row| row.is_purchase());
    monthly(ReviewRule::Beh09, &purchases.collect::<Vec<_>>(), limits.count, leads);
}

fn monthly<'a>(
    rule: ReviewRule,
    counted: &[&'a ReviewedRow<'a>],
    count: u64,
    leads: &mut Vec<Lead<'a>>,
) {
    frequent(counted, count, ReviewedRow::month, |rows| {
        let detail = Detail::default().with("count", number(rows)).text();
        leads.push(Lead::of(rule, rows.to_vec(), detail));
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{of_one, purchase, settlement, stay, visit};
    use crate::{
        model::codes::CareClass,
        review::thresholds::{
            FrequentPurchaseLimits, FrequentStayLimits, FrequentVisitLimits, Thresholds,
        },
    };

    #[test]
    fn stays_are_counted_by_the_quarter_in_which_they_end() {
        let told = |third: &str| {
            let stays = vec![
                stay("a", "2025-12-01", "2025-12-31"),
                stay("b", "2025-10-01", "2025-10-01").at("K"),
                stay("c", "2025-09-01", third),
            ];
            let beh03 = Some(FrequentStayLimits { count: 3 });
            of_one(stays, Thresholds { beh03, ..Thresholds::default() })
        };
        assert_eq!(told("2025-10-01"), ["a b c: 3.00 quarter=2025Q4;stays=3"]);
        assert_eq!(told("2025-09-30"), [""; 0]);
        assert_eq!(told("2026-01-01"), [""; 0]);
    }

    #[test]
    fn stays_settled_in_their_middle_do_not_count() {
        let stays = |middle: bool| {
            let one = |id| stay(id, "2025-01-01", "2025-03-31");
            vec![one("a"), one("b"), one("c").with(|row| row.optional.mid_stay = middle)]
        };
        let limits =
            || Thresholds { beh03: Some(FrequentStayLimits { count: 3 }), ..Thresholds::default() };
        assert_eq!(of_one(stays(true), limits()), [""; 0]);
        assert_eq!(of_one(stays(false), limits()), ["a b c: 3.00 quarter=2025Q1;stays=3"]);
    }

    #[test]
    fn visits_and_purchases_are_counted_by_month_each_by_itself() {
        let limits = || Thresholds {
            beh08: Some(FrequentVisitLimits { count: 3 }),
            beh09: Some(FrequentPurchaseLimits { count: 2 }),
            ..Thresholds::default()
        };
        let rows = |last: &str| {
            vec![
                visit("a", "2025-12-01 00:00:00"),
                settlement(CareClass::Chronic, "b", "2025-12-31 23:59:59.999999").at("K"),
                visit("c", last),
                purchase("d", last),
                purchase("e", "2025-12-09"),
                settlement(CareClass::Inpatient, "f", "2025-12-09"),
            ]
        };
        let both = ["a b c: 3.00 count=3", "d e: 2.00 count=2"];
        assert_eq!(of_one(rows("2025-12-31 23:59:59.999999"), limits()), both);
        assert_eq!(of_one(rows("2026-01-01 00:00:00"), limits()), [""; 0]);
        assert_eq!(of_one(rows("2025-11-30 23:59:59.999999"), limits()), [""; 0]);
    }
}
