//! Money: integer fen (分, 0.01 yuan), no floating point.
//!
//! | type | holds | overflow |
//! |---|---|---|
//! | [`Fen`] (`i64`) | one amount of one record; fits `DECIMAL(16,2)` once validated | traps, in release builds too |
//! | [`FenSum`] (`i128`) | a sum of amounts; fits `DECIMAL(38,2)` | traps; control totals saturate and are refused |

/// One amount of one record, in fen.
pub type Fen = i64;
/// A sum of amounts, in fen.
pub type FenSum = i128;

/// The first absolute value that does not fit `DECIMAL(16,2)`: 10^14 yuan in fen (rule V15).
pub const FEN_LIMIT: Fen = 10_000_000_000_000_000;
/// The first absolute value that does not fit `DECIMAL(38,2)`.
pub const FEN_SUM_LIMIT: FenSum = 100_000_000_000_000_000_000_000_000_000_000_000_000;

/// Why a text is not an amount in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Something other than a minus, digits and at most two decimals.
    #[error("not digits with at most two decimals")]
    Form,
    /// Too large for `DECIMAL(16,2)`.
    #[error("larger than DECIMAL(16,2) holds")]
    Range,
}

/// Reads an amount in yuan: an optional minus, digits, and at most two decimals; nothing else.
pub fn parse_yuan(text: &str) -> Result<Fen, AmountError> {
    let fen = Fen::try_from(parse_sum(text)?).map_err(|_| AmountError::Range)?;
    let fits = fen.unsigned_abs() < FEN_LIMIT.unsigned_abs();
    if fits { Ok(fen) } else { Err(AmountError::Range) }
}

/// Reads a sum in yuan, written as [`parse_yuan`] has it.
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
    let fen = format!("{yuan}{cents:0<2}").parse::<FenSum>().map_err(|_| AmountError::Range)?;
    let fits = fen < FEN_SUM_LIMIT;
    if fits { Ok(if negative { -fen } else { fen }) } else { Err(AmountError::Range) }
}

/// Writes fen as yuan with two decimals: `-5` becomes `-0.05`.
pub fn yuan(fen: impl Into<FenSum>) -> String {
    let fen = fen.into();
    let sign = if fen < 0 { "-" } else { "" };
    let magnitude = fen.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

/// Writes fen as yuan for people: thousands separated, two decimals.
pub fn yuan_grouped(fen: impl Into<FenSum>) -> String {
    let plain = yuan(fen);
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", whole),
    };
    format!("{sign}{}.{cents}", grouped(digits))
}

/// Separates the thousands of a whole number.
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
        assert_eq!(parse_yuan("12.3"), Ok(1230));
        assert_eq!(parse_yuan("-0.05"), Ok(-5));
        assert_eq!(parse_yuan("7"), Ok(700));
        assert_eq!(parse_yuan("99999999999999.99"), Ok(FEN_LIMIT - 1));
        for bad in ["", "-", "1.", ".5", "1.234", "+1", " 1", "1e3", "１"] {
            assert_eq!(parse_yuan(bad), Err(AmountError::Form), "{bad:?}");
        }
        assert_eq!(parse_yuan("100000000000000"), Err(AmountError::Range));
        assert_eq!(parse_yuan(&"9".repeat(60)), Err(AmountError::Range));
    }

    #[test]
    fn amounts_are_written_to_the_fen() {
        assert_eq!(yuan(-5i64), "-0.05");
        assert_eq!(yuan(123_456i64), "1234.56");
        assert_eq!(yuan_grouped(-123_456_789i64), "-1,234,567.89");
        assert_eq!(yuan_grouped(100i64), "1.00");
        assert_eq!(count_grouped(1_000), "1,000");
        assert_eq!(count_grouped(999), "999");
    }
}
