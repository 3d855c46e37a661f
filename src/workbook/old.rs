//! Workbooks of Excel 97 to 2003, XLS. Their cells are sent one after the other; the file is in memory.
//!
//! Readers of whole sheets take memory for the rectangle between the first and the last cell, which two cells make as
//! large as they like, and read formulas, which name other texts many times. Neither is needed here.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
};

use super::{
    biff::{BiffReader, BiffRecord, kind},
    cells::{CellContent, CellSink, Unreadable},
    compound::CompoundFile,
    context::WorkbookContext,
    formats::NumberFormat,
    number,
    sheet::shown_number,
};

/// The most bytes of an old workbook. A sheet of 65,536 rows and 40 columns has some 60 MiB.
const PACKED: u64 = 256 << 20;
/// The last column of a sheet, from 0. Programs of today let these sheets be wider than Excel did.
const LAST_COLUMN: u32 = 16_383;
/// The most sheets.
const SHEETS: usize = 256;

/// An old workbook.
pub(crate) struct XlsFile {
    stream: Vec<u8>,
    /// The name and the place of each sheet of cells.
    sheets: Vec<(String, usize)>,
    shared: WorkbookContext,
}

fn damage() -> Unreadable {
    Unreadable::Form(text!("a damaged workbook (XLS)"))
}

impl XlsFile {
    /// Opens an old workbook.
    pub(crate) fn open(mut file: impl Read + Seek) -> Result<XlsFile, Unreadable> {
        if file.seek(SeekFrom::End(0)).map_err(|_| damage())? > PACKED {
            let found = text!("a workbook of more than {} MiB", PACKED >> 20);
            return Err(Unreadable::Bounds(found));
        }
        let mut compound = CompoundFile::open(file).map_err(|_| damage())?;
        if compound.has("EncryptedPackage") {
            return Err(encrypted());
        }
        if let Some(stream) = compound.stream("Workbook").map_err(|_| damage())? {
            return XlsFile::read_frame(stream);
        }
        Err(Unreadable::Form(if compound.has("Book") {
            text!("a workbook of Excel 5 or 95")
        } else if compound.has("WordDocument") {
            text!("a document of Word")
        } else {
            text!("no workbook, or a damaged one")
        }))
    }

    /// Reads what the sheets share.
    fn read_frame(stream: Vec<u8>) -> Result<XlsFile, Unreadable> {
        let mut shared = WorkbookContext::default();
        let mut sheets: Vec<(String, usize)> = Vec::new();
        let (mut codes, mut styles) = (BTreeMap::new(), Vec::new());
        let mut rest = stream.as_slice();
        loop {
            let record = BiffRecord::take(&mut rest).ok_or_else(damage)?;
            let mut values = record.reader();
            let done = match record.kind {
                kind::EOF => break,
                kind::FILE_PASS => return Err(encrypted()),
                kind::BOF => values.u16().filter(|version| *version == 0x0600).map(drop),
                kind::DATE_MODE => values.u16().map(|mode| shared.from_1904 = mode == 1),
                kind::FORMAT => take_format(&mut values).map(|(id, format)| {
                    codes.insert(id, format);
                }),
                kind::XF => take_style(&mut values).map(|id| styles.push(id)),
                kind::SST => take_texts(&mut values, &mut shared),
                kind::BOUND_SHEET => take_sheet(&mut values).map(|sheet| {
                    // Two sheets may name one place, which must be read once.
                    let known = |(_, place): &(String, usize)| {
                        sheet.as_ref().is_some_and(|(_, new)| place == new)
                    };
                    if !sheets.iter().any(known) {
                        sheets.extend(sheet);
                    }
                }),
                _ => Some(()),
            };
            done.ok_or_else(damage)?;
            if sheets.len() > SHEETS {
                let found = text!("a workbook of more than {} sheets", SHEETS);
                return Err(Unreadable::Bounds(found));
            }
        }
        let format = |id: &u16| codes.get(id).copied().unwrap_or(NumberFormat::built_in(*id));
        shared.formats = styles.iter().map(format).collect();
        Ok(XlsFile { stream, sheets, shared })
    }

    /// Returns the names of the sheets, in the order of the workbook.
    pub(crate) fn sheets(&self) -> Vec<String> {
        self.sheets.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Sends the cells of a sheet, named by its place, to a sink.
    pub(crate) fn read(&self, sheet: usize, sink: &mut dyn CellSink) -> Result<(), Unreadable> {
        let Some((_, place)) = self.sheets.get(sheet) else { return Ok(()) };
        let mut rest = self.stream.get(*place..).ok_or_else(damage)?;
        let mut cells = OldCells { shared: &self.shared, sink, last: None, formula: None };
        // A chart in a sheet has records of its own.
        let mut depth = 0;
        loop {
            let record = BiffRecord::take(&mut rest).ok_or_else(damage)?;
            match record.kind {
                kind::BOF => depth += 1,
                kind::EOF if depth <= 1 => return Ok(()),
                kind::EOF => depth -= 1,
                of_kind if depth == 1 && !cells.take(of_kind, &mut record.reader())? => {
                    return Ok(());
                }
                _ => {}
            }
        }
    }
}

fn encrypted() -> Unreadable {
    Unreadable::Form(text!("a workbook with a password"))
}

/// Takes the number and the code of a number format.
fn take_format(values: &mut BiffReader) -> Option<(u16, NumberFormat)> {
    let id = values.u16()?;
    let mut code = String::new();
    values.text(false, &mut code)?;
    Some((id, NumberFormat::of_code(&code)))
}

/// Takes the number of the number format of a style.
fn take_style(values: &mut BiffReader) -> Option<u16> {
    values.u16()?;
    values.u16()
}

/// Takes the shared texts. Their declared count is not looked at: the record ends behind the last one.
fn take_texts(values: &mut BiffReader, shared: &mut WorkbookContext) -> Option<()> {
    values.bytes::<8>()?;
    let mut text = String::new();
    while !values.is_at_end() {
        text.clear();
        values.text(false, &mut text)?;
        shared.texts.push(&text)?;
    }
    Some(())
}

/// Takes the name and the place of a sheet; within, `None` when it has no cells.
#[expect(clippy::option_option, reason = "a damaged record is no sheet without cells")]
fn take_sheet(values: &mut BiffReader) -> Option<Option<(String, usize)>> {
    let place = values.u32()? as usize;
    let [_, of_type] = values.bytes()?;
    let mut name = String::new();
    values.text(true, &mut name)?;
    Some((of_type == 0).then_some((name, place)))
}

/// The cells of a sheet on their way to a sink.
struct OldCells<'a> {
    shared: &'a WorkbookContext,
    sink: &'a mut dyn CellSink,
    /// The cell before.
    last: Option<(u16, u16)>,
    /// The place of a formula whose text follows.
    formula: Option<(u16, u16)>,
}

impl OldCells<'_> {
    /// Takes a record. Returns whether more are wanted.
    fn take(&mut self, of_kind: u16, values: &mut BiffReader) -> Result<bool, Unreadable> {
        let (mut text, mut more) = (String::new(), true);
        match of_kind {
            kind::LABEL_SST => {
                let (place, _) = place(values)?;
                let number = values.u32().ok_or_else(damage)? as usize;
                let text = self.shared.texts.get(number).ok_or_else(damage)?;
                return self.send(place, text, CellContent::Text);
            }
            kind::LABEL | kind::R_STRING => {
                let (place, _) = place(values)?;
                values.text(false, &mut text).ok_or_else(damage)?;
                more = self.send(place, &text, CellContent::Text)?;
            }
            kind::STRING => {
                let place = self.formula.take().ok_or_else(damage)?;
                values.text(false, &mut text).ok_or_else(damage)?;
                more = self.send(place, &text, CellContent::Text)?;
            }
            kind::NUMBER => {
                let (place, style) = place(values)?;
                let bytes = values.bytes().ok_or_else(damage)?;
                number::of_bytes(bytes, &mut text).ok_or_else(damage)?;
                more = self.send_number(place, style, &mut text)?;
            }
            kind::RK => {
                let (place, style) = place(values)?;
                values.rk(&mut text).ok_or_else(damage)?;
                more = self.send_number(place, style, &mut text)?;
            }
            kind::MUL_RK => {
                let row = values.u16().ok_or_else(damage)?;
                let mut column = values.u16().ok_or_else(damage)?;
                // The last column stands behind the numbers.
                while more && values.left() > 2 {
                    let style = values.u16().ok_or_else(damage)?;
                    text.clear();
                    values.rk(&mut text).ok_or_else(damage)?;
                    more = self.send_number((row, column), style, &mut text)?;
                    column = column.checked_add(1).ok_or_else(damage)?;
                }
            }
            kind::BOOL_ERR => {
                let (place, _) = place(values)?;
                let [value, is_error] = values.bytes().ok_or_else(damage)?;
                more = self.send_truth(place, value, is_error != 0)?;
            }
            kind::FORMULA => more = self.take_formula(values)?,
            _ => {}
        }
        Ok(more)
    }

    /// Takes a formula: what it was when it was last calculated.
    fn take_formula(&mut self, values: &mut BiffReader) -> Result<bool, Unreadable> {
        let (place, style) = place(values)?;
        let result: [u8; 8] = values.bytes().ok_or_else(damage)?;
        self.formula = None;
        match result {
            [0, .., 0xff, 0xff] => {
                self.formula = Some(place);
                Ok(true)
            }
            [1, _, value, .., 0xff, 0xff] => self.send_truth(place, value, false),
            [2, _, value, .., 0xff, 0xff] => self.send_truth(place, value, true),
            [3, .., 0xff, 0xff] => self.send(place, "", CellContent::Text),
            number => {
                let mut text = String::new();
                number::of_bytes(number, &mut text).ok_or_else(damage)?;
                self.send_number(place, style, &mut text)
            }
        }
    }

    fn send_number(
        &mut self,
        place: (u16, u16),
        style: u16,
        text: &mut String,
    ) -> Result<bool, Unreadable> {
        let format = self.shared.formats.get(usize::from(style)).copied().unwrap_or_default();
        let content = shown_number(format, self.shared.from_1904, text);
        self.send(place, text, content)
    }

    fn send_truth(
        &mut self,
        place: (u16, u16),
        value: u8,
        is_error: bool,
    ) -> Result<bool, Unreadable> {
        match (is_error, value) {
            (false, _) => self.send(place, if value == 0 { "0" } else { "1" }, CellContent::Truth),
            (true, _) => self.send(place, error_name(value), CellContent::Error),
        }
    }

    fn send(
        &mut self,
        place: (u16, u16),
        text: &str,
        content: CellContent,
    ) -> Result<bool, Unreadable> {
        if u32::from(place.1) > LAST_COLUMN {
            return Err(damage());
        }
        if self.last.is_some_and(|last| last >= place) {
            return Err(Unreadable::Form(text!("a workbook whose cells are not in order")));
        }
        self.last = Some(place);
        self.sink.cell(place.0.into(), place.1.into(), text, content)
    }
}

/// Takes the row, the column and the style with which the record of a cell begins.
fn place(values: &mut BiffReader) -> Result<((u16, u16), u16), Unreadable> {
    let mut next = || values.u16().ok_or_else(damage);
    Ok(((next()?, next()?), next()?))
}

/// Returns the name of the error of a formula.
fn error_name(error: u8) -> &'static str {
    match error {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}
