//! BEH-10 many pharmacies 多店高额 (statistical): purchases of a person at `institutions` or more in the inputs, together
//! more than `amount` payable. One lead is a person. Source: ours.

use super::groups::{distinct, number};
use crate::{
    model::money::FenSum,
    review::{
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
        thresholds::ManyPharmacyLimits,
    },
};

/// Adds the lead of a person's purchases.
pub(super) fn leads<'a>(
    outside: &[&'a ReviewedRow<'a>],
    limits: &ManyPharmacyLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let purchases = outside.iter().copied().filter(|row| row.is_purchase());
    let purchases: Vec<&ReviewedRow> = purchases.collect();
    if purchases.is_empty() || number(&purchases) < limits.institutions {
        return;
    }
    let pharmacies = distinct(&purchases, |row| row.institution);
    let payable: FenSum = purchases.iter().map(|row| row.payable).sum();
    if pharmacies >= limits.institutions && payable > limits.amount.into() {
        let detail = Detail::default().with("pharmacies", pharmacies).text();
        leads.push(Lead::of(ReviewRule::Beh10, purchases, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{of_one, purchase, visit};
    use crate::{
        model::money::Fen,
        review::thresholds::{ManyPharmacyLimits, Thresholds},
    };

    #[test]
    fn pharmacies_are_counted_once_and_the_amount_is_passed() {
        let told = |third: &str, fen: i64| {
            let rows = vec![
                purchase("a", "2025-01-01").at("X").for_fen(200),
                purchase("b", "2025-06-01").at("Y").for_fen(200),
                purchase("c", "2026-01-01").at(third).for_fen(fen),
                visit("d", "2025-06-01").at("V").for_fen(10_000),
            ];
            let beh10 = Some(ManyPharmacyLimits { institutions: 3, amount: Fen::new(500) });
            of_one(rows, Thresholds { beh10, ..Thresholds::default() })
        };
        assert_eq!(told("Z", 101), ["a b c: 5.01 pharmacies=3"]);
        assert_eq!(told("Z", 100), [""; 0]);
        assert_eq!(told("Y", 101), [""; 0]);
        assert_eq!(told("Z", i64::MAX), ["a b c: 92233720368547762.07 pharmacies=3"]);
    }
}
