//! Rows of an export in any format: cells as texts, each with its form.

use crate::{diag::Outcome, text::Text};

/// The form in which a cell holds its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellForm {
    /// Text. An empty text is no value.
    Text,
    /// A number in decimal digits as the file holds it, perhaps with sign, point and exponent: `-12.50`, `4.5E4`.
    Number,
    /// A number of a column of decimals, of which no digit is lost.
    Decimal,
    /// A number of a column of binary integers.
    Whole,
    /// A binary floating point number of double precision, as the shortest decimal text that names it.
    Double,
    /// The same of single precision.
    Single,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// A time without zone, `YYYY-MM-DDTHH:MM:SS`, perhaps with a point and further digits.
    Time,
    /// An instant in UTC, written as [`CellForm::Time`].
    Instant,
    /// True or false, as `1` or `0`.
    Truth,
    /// No value can be had: the error of a formula such as `#N/A`, or a formula that was never calculated.
    Error,
}

/// Receives the rows of a table, cell by cell.
pub(crate) trait ExportSink {
    /// Adds a cell to the row.
    fn cell(&mut self, text: &str, form: CellForm);

    /// Adds cells that are all texts, concatenated. `ends[i]` is the end of cell `i`.
    fn texts(&mut self, text: &str, ends: &[usize]) {
        let mut start = 0;
        for end in ends {
            self.cell(text.get(start..*end).unwrap_or_default(), CellForm::Text);
            start = *end;
        }
    }

    /// Ends the row. It begins in the line `line` of the file, or is the row `line` of the sheet, from 1. A row may
    /// have fewer cells than others. Rows without any cell are left out. Returns whether more rows are wanted.
    fn end(&mut self, line: u64) -> Outcome<bool>;
}

/// An export that was opened.
pub(crate) trait ExportReader {
    /// Returns the names of its sheets that hold cells, in their order; one empty name when the format has no sheets.
    fn sheets(&self) -> &[String];

    /// Returns the names of columns that it cannot read, such as nested ones.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns what looked odd when the rows were read.
    fn notes(&self) -> Vec<Text> {
        Vec::new()
    }

    /// Sends the rows of a sheet, named by its place in [`ExportReader::sheets`], to a sink.
    fn read(&mut self, sheet: usize, rows: &mut dyn ExportSink) -> Outcome<()>;
}
