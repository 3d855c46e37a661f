//! BEH-12 an institution's surge 机构暴增 (statistical): a covered month whose payable is `times` the mean of the
//! institution's earlier covered months in which it has a settlement, or more, with `months` or more of these, and
//! `amount` or more. One lead is an institution and month. Source: ours.

use super::{covered::CoveredMonths, groups::by_key};
use crate::{
    model::money::FenSum,
    review::{
        lead::{Detail, Lead},
        numbers::{half_up, product},
        row::ReviewedRow,
        rule::ReviewRule,
        thresholds::SurgeLimits,
    },
};

/// Adds the leads of an institution's settlements.
pub(super) fn leads<'a>(
    settlements: &[&'a ReviewedRow<'a>],
    covered: &CoveredMonths,
    limits: &SurgeLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let (mut months, mut earlier) = (0_u64, FenSum::ZERO);
    by_key(settlements, ReviewedRow::month, |rows| {
        if !covered.has(rows[0].month()) {
            return;
        }
        let payable: FenSum = rows.iter().map(|row| row.payable).sum();
        let is_surge = months >= limits.months.max(1)
            && product(payable.fen(), months) >= product(earlier.fen(), limits.times)
            && payable >= limits.amount.into();
        if is_surge {
            let mean = FenSum::new(half_up(earlier.fen(), months.into()));
            let detail = Detail::default().with_yuan("mean", mean).text();
            leads.push(Lead::of(ReviewRule::Beh12, rows.to_vec(), detail));
        }
        months += 1;
        earlier += payable;
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_house, visit};
    use crate::{
        model::money::Fen,
        review::thresholds::{SurgeLimits, Thresholds},
    };

    fn told(amount: i64, months: &[(&str, &[i64])]) -> Vec<String> {
        let rows = months.iter().flat_map(|(month, amounts)| {
            let at = format!("{month}-15");
            (1..)
                .zip(*amounts)
                .map(move |(number, fen)| visit(&format!("{month}:{number}"), &at).for_fen(*fen))
        });
        let rows: Vec<Sample> = rows.collect();
        let beh12 = Some(SurgeLimits { times: 3, months: 2, amount: Fen::new(amount) });
        of_house(rows, Thresholds { beh12, ..Thresholds::default() })
    }

    #[test]
    fn three_times_the_mean_is_a_lead() {
        // The mean of 100 and 101 is 100.5; three times it is 301.5.
        let of = |fen| told(0, &[("2025-11", &[100]), ("2025-12", &[101]), ("2026-01", &[fen])]);
        assert_eq!(of(302), ["2026-01:1: 3.02 mean=1.01"]);
        assert_eq!(of(301), [""; 0]);
        let gap = told(0, &[("2025-09", &[100]), ("2025-12", &[100]), ("2026-01", &[150, 150])]);
        assert_eq!(gap, ["2026-01:1 2026-01:2: 3.00 mean=1.00"]);
    }

    #[test]
    fn the_amount_and_the_number_of_months_are_needed() {
        let of =
            |amount| told(amount, &[("2025-11", &[1]), ("2025-12", &[1]), ("2026-01", &[500])]);
        assert_eq!(of(500), ["2026-01:1: 5.00 mean=0.01"]);
        assert_eq!(of(501), [""; 0]);
        assert_eq!(told(0, &[("2025-12", &[1]), ("2026-01", &[500])]), [""; 0]);
        assert_eq!(told(0, &[("2025-12", &[500])]), [""; 0]);
    }

    #[test]
    fn months_that_are_not_covered_neither_count_nor_fire() {
        // December has too few settlements to be covered: a twelfth of November's.
        let november = [1; 24];
        let october = [1; 12];
        let months = [
            ("2025-10", &october[..]),
            ("2025-11", &november),
            ("2025-12", &[900, 900]),
            ("2026-01", &[20; 12]),
        ];
        // Of the covered months 18 fen are the mean; 240 is more than three times it.
        let january = told(0, &months);
        assert_eq!(january.len(), 1);
        assert!(
            january[0].starts_with("2026-01:1 ") && january[0].ends_with(": 2.40 mean=0.18"),
            "{january:?}"
        );
    }

    #[test]
    fn sums_beyond_64_bits_are_compared() {
        let most = i64::MAX;
        let months: [(&str, &[i64]); 3] =
            [("2025-11", &[most]), ("2025-12", &[most]), ("2026-01", &[most, most, most])];
        assert_eq!(told(most, &months).len(), 1);
    }
}
