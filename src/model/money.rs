//! Money: integer fen (分, 0.01 yuan), no floating point.
//!
//! | type | holds | bounds |
//! |---|---|---|
//! | [`Fen`] (64 bits) | one amount of one record | below [`FEN_LIMIT`] once validated: `DECIMAL(16,2)` |
//! | [`FenSum`] (128 bits) | a sum of amounts | below [`FEN_SUM_LIMIT`] once proven: `DECIMAL(38,2)` |
//!
//! | operation | gives | overflow |
//! |---|---|---|
//! | `Fen + Fen`, `Fen - Fen`, `+=`, `-=`, `-Fen` | `Fen` | traps, in release builds too |
//! | `Fen::checked_add`, `Fen::checked_neg` | `Option<Fen>` | `None` |
//! | `Fen::wrapping_add` | `Fen` | wraps: for loops over amounts that are known to fit |
//! | `FenSum::from(Fen)`, `.into()` | `FenSum` | never |
//! | `Fen::try_from(FenSum)` | `Result<Fen, AmountError>` | [`AmountError::Range`] |
//! | `FenSum + FenSum`, `FenSum - FenSum`, `+=`, `-=`, `-FenSum` | `FenSum` | traps, in release builds too |
//! | `.sum::<FenSum>()` over `Fen` or `FenSum` | `FenSum` | traps, in release builds too |
//! | `FenSum::checked_add` | `Option<FenSum>` | `None` |
//! | `FenSum::saturating_add` | `FenSum` | stays at the end of 128 bits, which is refused later |
//! | `FenSum::times(whole number)` | `FenSum` | traps, in release builds too |
//! | `FenSum::abs` | `FenSum` | stays at the end of 128 bits |
//! | `==`, `<`, `max`, `is_zero`, `is_positive`, `is_negative`, `ZERO` | | never |
//! | `Fen::new`, `FenSum::new`, `.fen()` | from and to a whole number of fen | never |
//!
//! There is no product or quotient of two amounts, and no sum of an amount and a plain number: neither is money.

use std::{
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
};

use crate::text::Text;

/// One amount of one record, in fen. As bytes and as JSON it is the whole number.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Fen(i64);

/// A sum of amounts, in fen. As bytes and as JSON it is the whole number.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
#[repr(transparent)]
pub struct FenSum(i128);

/// The first absolute value that does not fit `DECIMAL(16,2)`: 10^14 yuan in fen (rule V15).
pub const FEN_LIMIT: Fen = Fen(10_000_000_000_000_000);
/// The first absolute value that does not fit `DECIMAL(38,2)`.
pub const FEN_SUM_LIMIT: FenSum = FenSum(100_000_000_000_000_000_000_000_000_000_000_000_000);

macro_rules! money {
    ($($money:ident $number:ident)*) => {$(
        impl $money {
            /// 0 fen.
            pub const ZERO: $money = $money(0);
            /// The smallest value of the type.
            pub const MIN: $money = $money($number::MIN);
            /// The largest value of the type.
            pub const MAX: $money = $money($number::MAX);

            /// Makes an amount of a number of fen.
            pub const fn new(fen: $number) -> $money {
                $money(fen)
            }

            /// Returns the number of fen.
            pub const fn fen(self) -> $number {
                self.0
            }

            /// Whether it is 0.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether it is above 0.
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether it is below 0.
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Returns the sum; `None` when it overflows.
            pub const fn checked_add(self, other: $money) -> Option<$money> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some($money(sum)),
                    None => None,
                }
            }
        }

        impl Add for $money {
            type Output = $money;

            fn add(self, other: $money) -> $money {
                $money(self.0 + other.0)
            }
        }

        impl Sub for $money {
            type Output = $money;

            fn sub(self, other: $money) -> $money {
                $money(self.0 - other.0)
            }
        }

        impl Neg for $money {
            type Output = $money;

            fn neg(self) -> $money {
                $money(-self.0)
            }
        }

        impl AddAssign for $money {
            fn add_assign(&mut self, other: $money) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $money {
            fn sub_assign(&mut self, other: $money) {
                self.0 -= other.0;
            }
        }

        impl Sum<$money> for FenSum {
            fn sum<I: Iterator<Item = $money>>(amounts: I) -> FenSum {
                FenSum(amounts.map(|amount| i128::from(amount.0)).sum())
            }
        }

        impl<'a> Sum<&'a $money> for FenSum {
            fn sum<I: Iterator<Item = &'a $money>>(amounts: I) -> FenSum {
                amounts.copied().sum()
            }
        }
    )*};
}

money! { Fen i64 FenSum i128 }

impl Fen {
    /// Whether it fits `DECIMAL(16,2)`.
    pub const fn fits(self) -> bool {
        self.0.unsigned_abs() < FEN_LIMIT.0.unsigned_abs()
    }

    /// Returns the sum, which the caller knows to fit. There is no overflow check, so that a loop vectorises.
    #[must_use]
    pub const fn wrapping_add(self, other: Fen) -> Fen {
        Fen(self.0.wrapping_add(other.0))
    }

    /// Returns the negative; `None` when it overflows.
    pub const fn checked_neg(self) -> Option<Fen> {
        match self.0.checked_neg() {
            Some(fen) => Some(Fen(fen)),
            None => None,
        }
    }
}

impl FenSum {
    /// Returns the absolute value; it saturates.
    pub const fn abs(self) -> FenSum {
        FenSum(self.0.saturating_abs())
    }

    /// Returns the sum of both; it saturates.
    #[must_use]
    pub const fn saturating_add(self, other: FenSum) -> FenSum {
        FenSum(self.0.saturating_add(other.0))
    }

    /// Returns the sum multiplied by a whole number, such as months or percent.
    #[must_use]
    pub fn times(self, number: impl Into<i128>) -> FenSum {
        FenSum(self.0 * number.into())
    }

    /// Whether it fits `DECIMAL(38,2)`.
    pub const fn fits(self) -> bool {
        self.0.unsigned_abs() < FEN_SUM_LIMIT.0.unsigned_abs()
    }
}

impl From<Fen> for FenSum {
    fn from(amount: Fen) -> FenSum {
        FenSum(amount.0.into())
    }
}

impl TryFrom<FenSum> for Fen {
    type Error = AmountError;

    fn try_from(sum: FenSum) -> Result<Fen, AmountError> {
        i64::try_from(sum.0).map(Fen).map_err(|_| AmountError::Range)
    }
}

/// The error of a text that is no amount in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// It is not an optional minus, digits, and at most two decimals.
    Form,
    /// Too large for `DECIMAL(16,2)`.
    Range,
}

worded!(AmountError);

impl AmountError {
    /// Returns the error as a message.
    pub fn text(&self) -> Text {
        match self {
            AmountError::Form => text!("not digits with at most two decimals"),
            AmountError::Range => text!("larger than DECIMAL(16,2) holds"),
        }
    }
}

/// Reads an amount in yuan: an optional minus, digits, and at most two decimals; nothing else.
pub fn parse_yuan(text: &str) -> Result<Fen, AmountError> {
    let fen = Fen::try_from(parse_sum(text)?).map_err(|_| AmountError::Range)?;
    if fen.fits() { Ok(fen) } else { Err(AmountError::Range) }
}

/// Reads a sum in yuan, in the form of [`parse_yuan`].
pub fn parse_sum(text: &str) -> Result<FenSum, AmountError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (yuan, cents) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(yuan) || !all_digits(cents) || cents.len() > 2 {
        return Err(AmountError::Form);
    }
    let fen = format!("{yuan}{cents:0<2}").parse().map(FenSum).map_err(|_| AmountError::Range)?;
    if fen.fits() { Ok(if negative { -fen } else { fen }) } else { Err(AmountError::Range) }
}

/// Writes fen as yuan with two decimals: `-5` becomes `-0.05`.
pub fn yuan(fen: impl Into<FenSum>) -> String {
    let FenSum(fen) = fen.into();
    let sign = if fen < 0 { "-" } else { "" };
    let magnitude = fen.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

/// Writes fen as yuan for people: with separators of thousands and two decimals.
pub fn yuan_grouped(fen: impl Into<FenSum>) -> String {
    let plain = yuan(fen);
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", whole),
    };
    format!("{sign}{}.{cents}", grouped(digits))
}

/// Writes a whole number with separators of thousands.
pub fn count_grouped(count: u64) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let head = digits.len() % 3;
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == head {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_fen() {
        assert_eq!(parse_yuan("12.3"), Ok(Fen(1230)));
        assert_eq!(parse_yuan("-0.05"), Ok(Fen(-5)));
        assert_eq!(parse_yuan("7"), Ok(Fen(700)));
        assert_eq!(parse_yuan("99999999999999.99"), Ok(FEN_LIMIT - Fen(1)));
        for bad in ["", "-", "1.", ".5", "1.234", "+1", " 1", "1e3", "１"] {
            assert_eq!(parse_yuan(bad), Err(AmountError::Form), "{bad:?}");
        }
        assert_eq!(parse_yuan("100000000000000"), Err(AmountError::Range));
        assert_eq!(parse_yuan(&"9".repeat(60)), Err(AmountError::Range));
    }

    #[test]
    fn an_amount_is_written_as_its_number() {
        assert_eq!(toml::Value::try_from(Fen(-5)), Ok(toml::Value::Integer(-5)));
        assert_eq!(toml::Value::Integer(-5).try_into(), Ok(Fen(-5)));
    }

    #[test]
    fn sums_leave_the_bounds_of_an_amount() {
        let largest = Fen(i64::MAX);
        let sum: FenSum = [largest, largest].iter().sum();
        assert_eq!(sum, FenSum::from(largest) + FenSum::from(largest));
        assert_eq!(Fen::try_from(sum), Err(AmountError::Range));
        assert_eq!(largest.checked_add(Fen(1)), None);
        assert!(!FEN_SUM_LIMIT.fits() && (FEN_SUM_LIMIT - FenSum(1)).fits());
    }

    #[test]
    #[should_panic(expected = "overflow")]
    fn an_overflow_traps() {
        let _ = Fen(i64::MAX) + Fen(1);
    }

    #[test]
    fn amounts_are_written_to_the_fen() {
        assert_eq!(yuan(Fen(-5)), "-0.05");
        assert_eq!(yuan(FenSum(123_456)), "1234.56");
        assert_eq!(yuan_grouped(Fen(-123_456_789)), "-1,234,567.89");
        assert_eq!(yuan_grouped(Fen(100)), "1.00");
        assert_eq!(count_grouped(1_000), "1,000");
        assert_eq!(count_grouped(999), "999");
    }
}
