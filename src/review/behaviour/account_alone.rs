//! BEH-19 purchases from the account alone 全个人账户 (statistical): `count` or more purchases at an institution in a
//! month; `percent` or more of them account alone: fund_pay_sumamt 0 and 100 × acct_pay ≥ 95 × medfee; and the mean medfee
//! of all of them `amount` or more. One lead is an institution and month, with those that are account alone. Source: ours.

use super::groups::{frequent, number};
use crate::{
    model::money::FenSum,
    review::{
        lead::{Detail, Lead},
        numbers::product,
        row::ReviewedRow,
        rule::ReviewRule,
        thresholds::AccountLimits,
    },
};

/// The per cent of the cost that the account pays at least where it pays alone.
const ALONE: i128 = 95;

/// Whether the account has paid a purchase alone.
fn is_alone(row: &ReviewedRow) -> bool {
    row.fund_pay.is_zero() && product(row.acct_pay.fen(), 100) >= product(row.medfee.fen(), ALONE)
}

/// Adds the leads of an institution's settlements.
pub(super) fn leads<'a>(
    settlements: &[&'a ReviewedRow<'a>],
    limits: &AccountLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let purchases = settlements.iter().copied().filter(|row| row.is_purchase());
    let purchases: Vec<&ReviewedRow> = purchases.collect();
    frequent(&purchases, limits.count, ReviewedRow::month, |rows| {
        let alone: Vec<&ReviewedRow> = rows.iter().copied().filter(|row| is_alone(row)).collect();
        let cost: FenSum = rows.iter().map(|row| row.medfee).sum();
        let is_lead = !alone.is_empty()
            && product(number(&alone), 100) >= product(limits.percent, number(rows))
            && cost.fen() >= product(limits.amount.fen(), number(rows));
        if is_lead {
            let detail = Detail::default().with("purchases", number(rows));
            let detail = detail.with("alone", number(&alone)).text();
            leads.push(Lead::of(ReviewRule::Beh19, alone, detail));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_house, purchase, visit};
    use crate::{
        model::money::Fen,
        review::thresholds::{AccountLimits, Thresholds},
    };

    fn told(rows: Vec<Sample>) -> Vec<String> {
        let beh19 = Some(AccountLimits { count: 4, percent: 75, amount: Fen::new(1_000) });
        of_house(rows, Thresholds { beh19, ..Thresholds::default() })
    }

    /// Makes a purchase of 10.00 yuan.
    fn paid(setl_id: &str, fund: i64, account: i64) -> Sample {
        purchase(setl_id, "2025-12-31 23:59:59.999999").for_fen(1_000).with(|row| {
            (row.fund_pay, row.acct_pay) = (Fen::new(fund), Fen::new(account));
        })
    }

    fn three() -> Vec<Sample> {
        vec![paid("a", 0, 1_000), paid("b", 0, 950), paid("c", 0, 1_000)]
    }

    fn with(more: Vec<Sample>) -> Vec<String> {
        told([three(), more].concat())
    }

    #[test]
    fn the_account_pays_95_of_100_and_the_fund_nothing() {
        let most = ["a b c: 30.00 purchases=4;alone=3"];
        assert_eq!(with(vec![paid("d", 1, 1_000)]), most);
        assert_eq!(with(vec![paid("d", 0, 949)]), most);
        assert_eq!(with(vec![paid("d", 0, 950)]), ["a b c d: 40.00 purchases=4;alone=4"]);
        assert_eq!(with(vec![paid("d", 1, 0), paid("e", 1, 0)]), [""; 0]);
    }

    #[test]
    fn purchases_of_one_month_are_counted_and_visits_are_not() {
        assert_eq!(with(Vec::new()), [""; 0]);
        assert_eq!(with(vec![visit("d", "2025-12-31")]), [""; 0]);
        let next = paid("d", 0, 1_000).with(|row| row.time += 1);
        assert_eq!(with(vec![next]), [""; 0]);
    }

    #[test]
    fn the_mean_cost_of_all_of_them_counts() {
        let of = |fen: i64| with(vec![paid("d", 0, 0).with(|row| row.medfee = Fen::new(fen))]);
        assert_eq!(of(1_000), ["a b c: 30.00 purchases=4;alone=3"]);
        assert_eq!(of(999), [""; 0]);
        let free = |id: &str| paid(id, 0, 0).with(|row| row.medfee = Fen::ZERO);
        let dear = |id: &str| paid(id, 0, i64::MAX).with(|row| row.medfee = Fen::new(i64::MAX));
        // A cost of 0 is account alone, and nothing overflows.
        assert_eq!(told(vec![free("a"), free("b"), dear("c"), dear("d")]).len(), 1);
    }
}
