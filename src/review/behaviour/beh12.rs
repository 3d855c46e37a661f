//! BEH-12, an institution's surge (机构暴增): a covered month in which Σ payable is `times` the mean or more of the
//! institution's earlier covered months in which it has a settlement (`months` or more of them), and `amount` or more.
//! Statistical; ours.

use super::{
    covered::CoveredMonths,
    groups::{by_key, number},
    numbers::{mean, sum, times},
};
use crate::{
    model::money::FenSum,
    review::{
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
        subject::InstitutionRows,
        thresholds::SurgeLimits,
    },
};

/// Finds the leads of an institution, one a month.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &SurgeLimits,
    covered: &CoveredMonths,
    leads: &mut Vec<Lead<'a>>,
) {
    let (mut months, mut before) = (0_u64, FenSum::ZERO);
    by_key(rows.settlements, ReviewedRow::month, |of_month| {
        if !covered.has(of_month[0].month()) {
            return;
        }
        let now = sum(of_month, |row| row.payable);
        let is_surge = months > 0
            && months >= limits.months
            && times(now.fen(), months) >= times(before.fen(), limits.times)
            && now >= limits.amount.into();
        if is_surge {
            let detail = Detail::default().with_yuan("mean", mean(before, months));
            leads.push(Lead::of(ReviewRule::Beh12, of_month.to_vec(), detail.text()));
        }
        debug_assert!(number(of_month) > 0, "a month with a settlement");
        (months, before) = (months + 1, before + now);
    });
}
