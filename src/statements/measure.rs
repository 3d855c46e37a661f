//! How wide columns are and how high rows, so that no text lies over another.

use super::sheet::{CellValue, Sheet};
use crate::model::money::{FenSum, yuan_grouped};

/// Returns the widths of the columns of a sheet: those of the template, or what its amounts need.
pub(super) fn widths(sheet: &Sheet) -> Vec<u16> {
    let of_column = |(at, (_, width)): (usize, &(String, u16))| {
        let cells = || sheet.rows.iter().map(|row| &row[at]);
        let money = cells().filter_map(|value| match value {
            CellValue::Money(fen) => Some(*fen),
            _ => None,
        });
        let (widest, sum) = money.fold((0, FenSum::ZERO), |(widest, sum), fen| {
            (widest.max(yuan_grouped(fen).len()), sum.saturating_add(fen))
        });
        let needed = if widest == 0 { 0 } else { widest.max(yuan_grouped(sum).len()) + 4 };
        u16::try_from(needed).unwrap_or(u16::MAX).max(*width).max(1)
    };
    sheet.columns.iter().enumerate().map(of_column).collect()
}

/// Returns the number of lines that a text takes in a width of so many characters.
pub(crate) fn lines_of(text: &str, width: u32, size: u32) -> u32 {
    // In hundredths of a character of 11 points. Chinese characters are as wide as two digits, and a little more.
    let letter = |letter: char| if u32::from(letter) < 0x1100 { 110 } else { 215 };
    let room = (width * 100).saturating_sub(100).max(215);
    let of_line = |line: &str| {
        let wide: u32 = line.chars().map(letter).fold(0, u32::saturating_add);
        (wide / 11).saturating_mul(size).div_ceil(room).max(1)
    };
    text.lines().map(of_line).fold(0, u32::saturating_add).max(1)
}

/// Returns the height of a row in points. A spreadsheet has rows of up to 409.
pub(crate) fn height(lines: u32, size: u32) -> u32 {
    lines.saturating_mul(size * 3 / 2 + 1).saturating_add(2).min(409)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_high_as_their_text() {
        for (text, width, lines) in [
            ("", 6, 1),
            ("66 新疆生产建设兵团", 22, 1),
            ("66 新疆生产建设兵团", 14, 2),
            ("新疆生产建设兵团", 1, 8),
            ("一\n二", 20, 2),
        ] {
            assert_eq!(lines_of(text, width, 11), lines, "{text} in {width}");
        }
        assert!(height(3, 11) > 3 * 16 && height(u32::MAX, 16) == 409);
    }
}
