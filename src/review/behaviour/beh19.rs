//! BEH-19, purchases from the account alone (全个人账户): `count` or more purchases in a month, `percent` or more of them
//! *account alone*, and a mean medfee of all of them of `amount` or more. Account alone is a purchase with fund_pay_sumamt 0
//! and 100·acct_pay ≥ 95·medfee. Statistical; ours.

use super::{
    groups::{by_key, number},
    numbers::{is_percent, sum, times},
};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    subject::InstitutionRows,
    thresholds::AccountLimits,
};

/// Finds the leads of an institution, one a month.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &AccountLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let purchases: Vec<&'a ReviewedRow<'a>> =
        rows.settlements.iter().copied().filter(|row| row.is_purchase()).collect();
    by_key(&purchases, ReviewedRow::month, |purchases| {
        let count = number(purchases);
        let alone: Vec<&ReviewedRow> =
            purchases.iter().copied().filter(|row| is_account_alone(row)).collect();
        let is_high = sum(purchases, |row| row.medfee).fen() >= times(limits.amount.fen(), count);
        let is_frequent = !alone.is_empty() && count >= limits.count;
        if is_frequent && is_high && is_percent(number(&alone), limits.percent, count) {
            let detail = Detail::default().with("purchases", count).with("alone", number(&alone));
            leads.push(Lead::of(ReviewRule::Beh19, alone, detail.text()));
        }
    });
}

/// Whether a purchase was paid from the account alone, or nearly.
fn is_account_alone(row: &ReviewedRow) -> bool {
    row.fund_pay.is_zero() && times(row.acct_pay.fen(), 100) >= times(row.medfee.fen(), 95)
}
