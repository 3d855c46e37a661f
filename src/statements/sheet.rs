//! Sheets and workbooks in memory, before a renderer writes them.

use crate::model::money::FenSum;

/// A value in a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellValue {
    /// Text, which stays text in a spreadsheet.
    Text(String),
    /// Money in fen.
    Money(FenSum),
    /// A whole number.
    Count(i128),
}

/// A sheet: a title, lines of text, headings, rows, lines of text.
#[derive(Debug)]
pub struct Sheet {
    /// Its name, short.
    pub name: String,
    /// Its name in files, in Latin letters.
    pub file: String,
    /// The annex of the procedure that it is, such as 附件14-1; empty where it is none.
    pub annex: String,
    /// Its title.
    pub title: String,
    /// The line below the title.
    pub subtitle: String,
    /// The lines of text above the headings.
    pub lead: Vec<String>,
    /// Headings, with the width of each column in characters.
    pub columns: Vec<(String, u16)>,
    /// Rows, as many values as there are columns.
    pub rows: Vec<Vec<CellValue>>,
    /// The lines of text below the rows.
    pub close: Vec<String>,
    /// The amount of the whole sheet in fen, where it has one.
    pub total: Option<FenSum>,
    /// How the sheet is laid out.
    pub layout: SheetLayout,
    /// A column in which readers choose from a list of words, and the list.
    pub choices: Option<(usize, Vec<String>)>,
}

/// The layout of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetLayout {
    /// Headings, rows, and below them the sums of amounts and counts.
    Summed,
    /// Headings and rows. Sums, if any, are rows.
    Listed,
    /// A notice: like `Summed`. All notices of a workbook that have one name in files share a file.
    Paper,
    /// The list of the other sheets of the workbook, one row a sheet. The column leads to the sheet.
    Index(Option<u16>),
}

/// A workbook for one reader.
#[derive(Debug)]
pub struct Workbook {
    /// Folder below the output folder.
    pub folder: String,
    /// Name of the file without its ending.
    pub name: &'static str,
    /// Its sheets.
    pub sheets: Vec<Sheet>,
}
