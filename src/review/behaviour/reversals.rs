//! BEH-16 frequent reversals 频繁退费 (statistical): reversals, by their own institution and month: `count` or more, and
//! `percent` or more of its reviewed rows of that month that are none, reversed ones too. Where there is none at all it
//! fires. One lead is an institution and month. Source: ours.

use std::collections::BTreeMap;

use super::groups::{by_key, number};
use crate::{
    model::codes::Month,
    review::{
        lead::{Detail, Lead},
        numbers::product,
        row::ReviewedRow,
        rule::ReviewRule,
        subject::InstitutionRows,
        thresholds::ReversalLimits,
    },
};

/// Adds the leads of an institution.
pub(super) fn leads<'a>(
    institution: &InstitutionRows<'a>,
    limits: &ReversalLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    if institution.reversals.is_empty() {
        return;
    }
    let mut settlements: BTreeMap<Month, u64> = BTreeMap::new();
    for row in institution.settlements.iter().chain(institution.reversed) {
        *settlements.entry(row.month()).or_default() += 1;
    }
    by_key(institution.reversals, ReviewedRow::month, |rows| {
        let all = settlements.get(&rows[0].month()).copied().unwrap_or(0);
        let count = number(rows);
        if count >= limits.count && product(count, 100) >= product(limits.percent, all) {
            let detail = Detail::default().with("reversals", count).with("settlements", all).text();
            let lead = Lead::of(ReviewRule::Beh16, rows.to_vec(), detail);
            let amount = -lead.amount;
            leads.push(lead.at_stake(amount));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, copies, of_three, visit};
    use crate::review::thresholds::{ReversalLimits, Thresholds};

    fn told(
        settlements: Vec<Sample>,
        reversals: Vec<Sample>,
        reversed: Vec<Sample>,
    ) -> Vec<String> {
        let beh16 = Some(ReversalLimits { count: 2, percent: 50 });
        of_three([settlements, reversals, reversed], Thresholds { beh16, ..Thresholds::default() })
    }

    fn reversal(setl_id: &str, at: &str) -> Sample {
        visit(setl_id, at).for_fen(-100).with(|row| row.reverses = Some("x"))
    }

    #[test]
    fn reversals_are_compared_with_rows_that_are_none() {
        let two = || vec![reversal("a", "2025-12-01"), reversal("b", "2025-12-31")];
        let rows = |number| copies(number, &visit("v", "2025-12-15"));
        let reversed = || vec![visit("r", "2025-12-15")];
        assert_eq!(told(rows(3), two(), reversed()), ["a b: 2.00 reversals=2;settlements=4"]);
        assert_eq!(told(rows(4), two(), reversed()), [""; 0]);
        assert_eq!(told(rows(1), vec![reversal("a", "2025-12-01")], Vec::new()), [""; 0]);
        assert_eq!(told(Vec::new(), two(), Vec::new()), ["a b: 2.00 reversals=2;settlements=0"]);
        let other_month = copies(9, &visit("v", "2026-01-01 00:00:00"));
        assert_eq!(told(other_month, two(), Vec::new()), ["a b: 2.00 reversals=2;settlements=0"]);
        let apart = vec![reversal("a", "2025-12-31"), reversal("b", "2026-01-01 00:00:00")];
        assert_eq!(told(Vec::new(), apart, Vec::new()), [""; 0]);
    }
}
