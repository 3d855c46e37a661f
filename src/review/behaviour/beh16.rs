//! BEH-16, frequent reversals (频繁退费): reversals, by their own institution and month, `count` or more and `percent` or
//! more of the institution's reviewed rows of that month without init_setl_id, reversed ones too; none at all fires.
//! Statistical; ours.

use super::{
    groups::{by_key, number},
    numbers::{is_percent, sum},
};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    subject::InstitutionRows,
    thresholds::ReversalLimits,
};

/// Finds the leads of an institution, one a month.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &ReversalLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    by_key(rows.reversals, ReviewedRow::month, |reversals| {
        let count = number(reversals);
        if count < limits.count {
            return;
        }
        let month = reversals[0].month();
        let others = rows.settlements.iter().chain(rows.reversed);
        let others = others.filter(|row| row.month() == month).count() as u64;
        if is_percent(count, limits.percent, others) {
            let detail = Detail::default().with("reversals", count).with("settlements", others);
            let lead = Lead::of(ReviewRule::Beh16, reversals.to_vec(), detail.text());
            leads.push(lead.at_stake(-sum(reversals, |row| row.payable)));
        }
    });
}
