//! Workbooks of spreadsheet programs, read cell by cell within bounds.
//!
//! **Purpose.** A workbook says of itself how many parts, sheets, texts and cells it has. Nothing of that is believed:
//! parts are unpacked in a stream, and what stays in memory has limits.
//!
//! **In.** XLSX, as bytes or as a file of some GiB ([`XlsxFile`]); XLS of Excel 97 to 2003 ([`XlsFile`]).
//!
//! **Out.** Cells in the order of the sheet, each as text with its [`CellContent`], sent to a [`CellSink`].
//!
//! **Invariants.** Hidden sheets, rows and columns are read like all others. Rows rise; a cell stands in its sheet.

mod biff;
mod compound;
mod directory;
mod formats;
mod frame;
mod number;
mod old;
mod parts;
mod serial;
mod sheet;
mod strings;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

pub(crate) use self::old::XlsFile;
use self::{formats::NumberFormat, frame::Frame, parts::Archive, strings::SharedStrings};
use crate::text::Text;

/// The last row and column of a sheet, from 0.
const LAST: (u32, u32) = (1_048_575, 16_383);

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
    packed: u64,
    /// All parts together, unpacked.
    unpacked: u64,
    /// The shared texts, which stay in memory.
    texts: u64,
    /// The number of sheets.
    sheets: usize,
}

impl WorkbookBounds {
    /// For forms that a person fills in.
    pub(crate) const FORM: WorkbookBounds =
        WorkbookBounds { packed: 64 << 20, unpacked: 512 << 20, texts: 256 << 20, sheets: 64 };
    /// For exports of a database. A full sheet of 40 columns has some 3 GiB.
    pub(crate) const EXPORT: WorkbookBounds =
        WorkbookBounds { packed: 4 << 30, unpacked: 256 << 30, texts: 1 << 30, sheets: 256 };
}

/// A workbook in the form XLSX.
pub(crate) struct XlsxFile<R> {
    archive: Archive<R>,
    frame: Frame,
    shared: WorkbookContext,
}

/// Data that the sheets of a workbook share.
#[derive(Default)]
struct WorkbookContext {
    texts: SharedStrings,
    /// The number format of each style.
    formats: Vec<NumberFormat>,
    /// Whether days are counted from 1904.
    from_1904: bool,
}

impl<R: Read + Seek> XlsxFile<R> {
    /// Opens a workbook. Reads what its sheets share.
    pub(crate) fn open(file: R, bounds: WorkbookBounds) -> Result<XlsxFile<R>, Unreadable> {
        let mut archive = Archive::open(file, bounds)?;
        let frame = Frame::read(&mut archive, bounds.sheets)?;
        let mut shared =
            WorkbookContext { from_1904: frame.from_1904, ..WorkbookContext::default() };
        if let Some(path) = &frame.texts
            && let Some(part) = archive.part(path, bounds.texts)?
        {
            shared.texts = SharedStrings::read(part)?;
        }
        if let Some(path) = &frame.styles
            && let Some(part) = archive.part(path, parts::FRAME)?
        {
            shared.formats = formats::read(part)?;
        }
        Ok(XlsxFile { archive, frame, shared })
    }

    /// Returns the names of the sheets, in the order of the workbook.
    pub(crate) fn sheets(&self) -> Vec<String> {
        self.frame.sheets.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Sends the cells of a sheet, named by its place, to a sink.
    pub(crate) fn read(&mut self, sheet: usize, sink: &mut dyn CellSink) -> Result<(), Unreadable> {
        let Some((_, path)) = self.frame.sheets.get(sheet) else { return Ok(()) };
        let Some(part) = self.archive.part(path, u64::MAX)? else {
            return Err(Unreadable::Form(text!("a workbook without its part {}", path)));
        };
        sheet::read(part, &self.shared, sink)
    }
}
