//! Comparisons in whole numbers, crosswise multiplied. Thresholds may be of any size, so a product stops at the end of 128
//! bits; amounts of a review are far from it.

use crate::{
    model::money::{Fen, FenSum},
    review::row::ReviewedRow,
};

/// Returns a product.
pub(super) fn times(number: impl Into<i128>, factor: impl Into<i128>) -> i128 {
    number.into().saturating_mul(factor.into())
}

/// Whether `part` is so many per cent of `all` or more.
pub(super) fn is_percent(part: u64, percent: u64, all: u64) -> bool {
    times(part, 100_u8) >= times(all, percent)
}

/// Returns a quotient, half up to a whole number; the divisor is above 0.
pub(super) fn half_up(number: i128, divisor: i128) -> i128 {
    (number.saturating_mul(2).saturating_add(divisor)).div_euclid(divisor.saturating_mul(2))
}

/// Returns the mean of a sum over some items, half up to the fen.
pub(super) fn mean(sum: FenSum, items: u64) -> FenSum {
    FenSum::new(half_up(sum.fen(), i128::from(items.max(1))))
}

/// Returns the sum of an amount over rows.
pub(super) fn sum<'a>(
    rows: impl IntoIterator<Item = &'a &'a ReviewedRow<'a>>,
    amount: impl Fn(&ReviewedRow) -> Fen,
) -> FenSum {
    rows.into_iter().map(|row| amount(row)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        assert_eq!([5, 4, -5, -7, 0].map(|number| half_up(number, 2)), [3, 2, -2, -3, 0]);
        assert_eq!([4, 5, 6].map(|number| half_up(number, 10)), [0, 1, 1]);
        assert_eq!(mean(FenSum::new(10), 4).fen(), 3);
    }

    #[test]
    fn percentages_are_exact() {
        assert!(is_percent(1, 20, 5) && !is_percent(1, 20, 6) && is_percent(0, 0, 9));
        assert!(!is_percent(u64::MAX, u64::MAX, u64::MAX));
    }
}
