//! Whole numbers: rounding, and products for comparisons.

/// Divides and rounds half up; the divisor is above 0.
pub(super) fn half_up(number: i128, unit: i128) -> i128 {
    let rest = number.rem_euclid(unit);
    number.div_euclid(unit) + i128::from(rest >= unit - rest)
}

/// Returns a product for a comparison. Sums of amounts times whole numbers of a rules file always fit; beyond, it stays at
/// the end of 128 bits.
pub(super) fn product(one: impl Into<i128>, other: impl Into<i128>) -> i128 {
    one.into().saturating_mul(other.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        let rounded =
            [(5, 2), (4, 3), (5, 3), (-5, 2), (-7, 2), (0, 7)].map(|(n, by)| half_up(n, by));
        assert_eq!(rounded, [3, 1, 2, -2, -3, 0]);
        assert_eq!(half_up(i128::MAX, 2), i128::MAX / 2 + 1);
        assert_eq!(half_up(i128::MAX, i128::MAX), 1);
    }

    #[test]
    fn a_product_stays_at_the_end() {
        assert_eq!(product(6, 7_u64), 42);
        assert_eq!(product(i128::MAX, u64::MAX), i128::MAX);
        assert_eq!(product(i128::MIN, 2), i128::MIN);
    }
}
