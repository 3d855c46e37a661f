//! Columns of money: decimals of any scale as fen, with a list of the values that are no valid amounts.

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{Decimal64Type, Decimal128Type},
};
use arrow_buffer::{NullBuffer, ScalarBuffer};

use crate::model::money::{FEN_LIMIT, Fen, FenSum};

/// A column of amounts in fen. The values are plain integers, mostly in the memory that the decoder filled; methods
/// return them as [`Fen`].
#[derive(Debug)]
pub struct AmountColumn {
    /// The values in fen; 0 where null or unfit.
    pub fen: ScalarBuffer<i64>,
    /// Nulls, if there are any.
    pub nulls: Option<NullBuffer>,
    /// Values that break V15 or V18, in the order of rows.
    pub unfit: Vec<Unfit>,
}

/// A value that is no valid amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// Its row.
    pub row: usize,
    /// The real value; the nearest whole fen, half away from 0, where it is a fraction of fen.
    pub fen: FenSum,
    /// Whether it is no whole number of fen (V18); otherwise it does not fit `DECIMAL(16,2)` (V15).
    pub fraction: bool,
}

/// The error of an amount that does not fit `DECIMAL(38,2)`, with its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeyondDecimal(pub usize);

impl AmountColumn {
    /// Returns the amount of a row, 0 when it is unfit; `None` when null.
    pub fn value(&self, row: usize) -> Option<Fen> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => Some(Fen::new(self.fen[row])),
        }
    }

    /// Returns the value of a row for totals: the real value also when it is unfit, 0 for null.
    pub fn counted(&self, row: usize) -> FenSum {
        match self.unfit.binary_search_by_key(&row, |unfit| unfit.row) {
            Ok(at) => self.unfit[at].fen,
            Err(_) => self.value(row).unwrap_or_default().into(),
        }
    }

    /// Returns the sum of the values of all rows for totals; it saturates.
    pub fn total(&self) -> FenSum {
        // A sum of 512 values below 10^16 is below 2^63, so a chunk cannot overflow. Larger chunks could.
        let fit: FenSum = self.fen.chunks(512).map(wrapping_sum).sum();
        self.unfit.iter().fold(fit, |sum, unfit| sum.saturating_add(unfit.fen))
    }

    /// Returns the sum of the magnitudes of the unfit values, which does not depend on their order.
    pub fn magnitude(&self) -> FenSum {
        self.unfit.iter().fold(FenSum::ZERO, |sum, u| sum.saturating_add(u.fen.abs()))
    }
}

/// Returns a sum that is known to fit. Without overflow checks the loop vectorises.
fn wrapping_sum(block: &[i64]) -> Fen {
    Fen::new(block.iter().fold(0, |sum: i64, fen| sum.wrapping_add(*fen)))
}

/// Decodes a column of decimals of a scale.
pub(super) fn decode(array: &ArrayRef, scale: u8) -> Result<AmountColumn, BeyondDecimal> {
    let Some(narrow) = array.as_primitive_opt::<Decimal64Type>() else {
        return converted(array.as_primitive::<Decimal128Type>().iter(), array.nulls(), scale);
    };
    // One comparison for each value (|v| > largest), and no early exit, so that the loop vectorises.
    let largest = FEN_LIMIT.fen() - 1;
    let beyond = |v: &i64| v.wrapping_add(largest).cast_unsigned() > 2 * largest.cast_unsigned();
    let fit = !narrow.values().iter().fold(false, |any, v| any | beyond(v));
    if scale == 2 && narrow.null_count() == 0 && fit {
        // The usual case: the decoded values are used as they are, without a copy.
        let fen = narrow.values().clone();
        return Ok(AmountColumn { fen, nulls: None, unfit: Vec::new() });
    }
    converted(narrow.iter().map(|v| v.map(i128::from)), array.nulls(), scale)
}

fn converted(
    values: impl Iterator<Item = Option<i128>>,
    nulls: Option<&NullBuffer>,
    scale: u8,
) -> Result<AmountColumn, BeyondDecimal> {
    let mut unfit = Vec::new();
    let mut fen = Vec::new();
    for (row, value) in values.enumerate() {
        let (value, fraction) = in_fen(value.unwrap_or(0), scale).ok_or(BeyondDecimal(row))?;
        let fits = Fen::try_from(value).ok().filter(|amount| !fraction && amount.fits());
        if fits.is_none() {
            unfit.push(Unfit { row, fen: value, fraction });
        }
        fen.push(fits.unwrap_or_default().fen());
    }
    Ok(AmountColumn { fen: fen.into(), nulls: nulls.cloned(), unfit })
}

/// Converts a number of a scale to fen, half a fen rounded away from 0; says whether it is no whole number of fen.
/// `None` when it does not fit `DECIMAL(38,2)`.
fn in_fen(number: i128, scale: u8) -> Option<(FenSum, bool)> {
    let (fen, fraction) = match scale.checked_sub(2) {
        None | Some(0) => (number.checked_mul(10i128.pow(u32::from(2 - scale)))?, false),
        Some(more) => {
            let unit = 10i128.pow(more.into());
            let (whole, rest) = (number / unit, number % unit);
            let away = rest.unsigned_abs() * 2 >= unit.unsigned_abs();
            (if away { whole + rest.signum() } else { whole }, rest != 0)
        }
    };
    let fen = FenSum::new(fen);
    fen.fits().then_some((fen, fraction))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Decimal64Array, Decimal128Array};

    use super::*;
    use crate::model::money::FEN_SUM_LIMIT;

    const LARGEST: i128 = FEN_SUM_LIMIT.fen() - 1;

    fn read(number: i128, scale: u8) -> Option<(i128, bool)> {
        in_fen(number, scale).map(|(fen, fraction)| (fen.fen(), fraction))
    }

    #[test]
    fn fractions_of_fen_are_rounded_away_from_0() {
        assert_eq!(read(12_345, 2), Some((12_345, false)));
        assert_eq!(read(-7, 0), Some((-700, false)));
        assert_eq!(read(7, 1), Some((70, false)));
        assert_eq!(read(1_230, 3), Some((123, false)));
        assert_eq!(read(1_234, 3), Some((123, true)));
        assert_eq!(read(1_235, 3), Some((124, true)));
        assert_eq!(read(-1_234, 3), Some((-123, true)));
        assert_eq!(read(-1_235, 3), Some((-124, true)));
        assert_eq!(read(4_999_999_999_999_999, 18), Some((0, true)));
        assert_eq!(read(5_000_000_000_000_000, 18), Some((1, true)));
        assert_eq!(read(-1, 18), Some((0, true)));
    }

    #[test]
    fn numbers_at_the_ends_of_128_bits_are_refused_or_rounded() {
        for scale in 0..=2 {
            assert_eq!(read(i128::MIN, scale), None);
            assert_eq!(read(i128::MAX, scale), None);
        }
        assert_eq!(read(LARGEST, 2), Some((LARGEST, false)));
        assert_eq!(read(LARGEST + 1, 2), None);
        assert_eq!(read(10i128.pow(36), 0), None);
        assert_eq!(read(i128::MAX, 18), Some((17_014_118_346_046_923_173_169, true)));
        assert_eq!(read(i128::MIN, 18), Some((-17_014_118_346_046_923_173_169, true)));
    }

    #[test]
    fn columns_keep_what_is_unfit_beside_the_amounts() {
        let array = Decimal64Array::from(vec![Some(1_000), Some(1_004), None, Some(1_006)]);
        let array: ArrayRef = Arc::new(array.with_precision_and_scale(18, 3).expect("a type"));
        let column = decode(&array, 3).expect("no number is too large");
        assert_eq!(column.fen[..], [100, 0, 0, 0]);
        assert_eq!(
            (0..4).map(|row| column.counted(row).fen()).collect::<Vec<_>>(),
            [100, 100, 0, 101]
        );
        assert_eq!((column.total(), column.magnitude()), (FenSum::new(301), FenSum::new(201)));
        assert!(column.unfit.iter().all(|unfit| unfit.fraction));

        let array = Decimal128Array::from(vec![LARGEST, FEN_LIMIT.fen().into()]);
        let array: ArrayRef = Arc::new(array.with_precision_and_scale(38, 2).expect("a type"));
        let column = decode(&array, 2).expect("38 digits fit");
        assert_eq!(column.unfit.iter().map(|unfit| unfit.row).collect::<Vec<_>>(), [0, 1]);
        assert!(column.unfit.iter().all(|unfit| !unfit.fraction));
        let array = Decimal128Array::from(vec![0, LARGEST]);
        let array: ArrayRef = Arc::new(array.with_precision_and_scale(38, 0).expect("a type"));
        assert_eq!(decode(&array, 0).expect_err("too large"), BeyondDecimal(1));
    }
}
