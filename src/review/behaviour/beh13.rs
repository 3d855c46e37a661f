//! BEH-13, a burst on a day (单日冲量): n settlements of a day, `count` or more, with n × days ≥ `times` × total. Days are
//! those of the month with a settlement, this one too; total is all settlements of the month. Statistical; ours.

use super::{
    groups::{by_key, distinct, number},
    numbers::times,
};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    subject::InstitutionRows,
    thresholds::BurstLimits,
};

/// Finds the leads of an institution, one a day.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &BurstLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    by_key(rows.settlements, ReviewedRow::month, |of_month| {
        let (days, total) = (distinct(of_month, ReviewedRow::day), number(of_month));
        by_key(of_month, ReviewedRow::day, |of_day| {
            let count = number(of_day);
            if count >= limits.count && times(count, days) >= times(total, limits.times) {
                let detail = Detail::default().with("count", count).with("days", days);
                let detail = detail.with("total", total).text();
                leads.push(Lead::of(ReviewRule::Beh13, of_day.to_vec(), detail));
            }
        });
    });
}
