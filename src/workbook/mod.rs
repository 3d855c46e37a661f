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
mod cells;
mod compound;
mod context;
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

pub(crate) use self::{
    cells::{CellContent, CellSink, Unreadable, WorkbookBounds},
    old::XlsFile,
    serial::day_of_serial,
};
use self::{context::WorkbookContext, frame::Frame, parts::Archive, strings::SharedStrings};

/// A workbook in the form XLSX.
pub(crate) struct XlsxFile<R> {
    archive: Archive<R>,
    frame: Frame,
    shared: WorkbookContext,
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
