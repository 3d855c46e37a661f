//! What the cells of a workbook hold, who receives them, and the bounds of what is taken.

use crate::text::Text;

/// The last row and column of a sheet, from 0.
pub(super) const LAST: (u32, u32) = (1_048_575, 16_383);

/// Why a workbook cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no workbook, or it is damaged.
    Form(Text),
    /// It exceeds the bounds.
    Bounds(Text),
}

/// The content of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellContent {
    /// Text.
    Text,
    /// A number in decimal digits, without trailing zeros.
    Number,
    /// A number that is shown as a day, `YYYY-MM-DD`.
    Day,
    /// A number that is shown as a time, `YYYY-MM-DDTHH:MM:SS`, perhaps with a point and thousandths.
    Time,
    /// True or false, as `1` or `0`.
    Truth,
    /// The error of a formula, or a formula that was never calculated.
    Error,
}

/// Receives the cells of a sheet.
pub(crate) trait CellSink {
    /// Receives a cell that holds something. Row and column are counted from 0. Rows never fall, columns rise within a
    /// row. Returns whether more cells of the sheet are wanted.
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        content: CellContent,
    ) -> Result<bool, Unreadable>;
}

/// The most that is taken of a workbook, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkbookBounds {
    /// The file.
    pub(super) packed: u64,
    /// All parts together, unpacked.
    pub(super) unpacked: u64,
    /// The shared texts, which stay in memory.
    pub(super) texts: u64,
    /// The number of sheets.
    pub(super) sheets: usize,
}

impl WorkbookBounds {
    /// For forms that a person fills in.
    pub(crate) const FORM: WorkbookBounds =
        WorkbookBounds { packed: 64 << 20, unpacked: 512 << 20, texts: 256 << 20, sheets: 64 };
    /// For exports of a database. A full sheet of 40 columns has some 3 GiB.
    pub(crate) const EXPORT: WorkbookBounds =
        WorkbookBounds { packed: 4 << 30, unpacked: 256 << 30, texts: 1 << 30, sheets: 256 };
}
