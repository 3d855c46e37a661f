//! Sheets and workbooks, before anybody writes them as files.

use crate::model::money::FenSum;

/// A value of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellValue {
    /// Text, which stays text in a spreadsheet.
    Text(String),
    /// Money in fen.
    Money(FenSum),
    /// A whole number.
    Count(i128),
}

/// A sheet: a title, headings, rows.
#[derive(Debug)]
pub struct Sheet {
    /// Its name, short.
    pub name: String,
    /// Its name in files, in Latin letters.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Lines below the title.
    pub subtitle: String,
    /// Headings, with the width of each column in characters.
    pub columns: Vec<(String, u16)>,
    /// Rows, as many values as there are columns.
    pub rows: Vec<Vec<CellValue>>,
    /// What it looks like.
    pub layout: SheetLayout,
    /// A column in which readers choose one of some words.
    pub choices: Option<(usize, Vec<String>)>,
}

/// What a sheet looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetLayout {
    /// Headings, rows, and the sums of amounts and counts below them.
    Summed,
    /// Headings and rows, sums among them where there are any.
    Listed,
    /// The lines of a notice.
    Notice,
}

/// A workbook of one reader.
#[derive(Debug)]
pub struct Workbook {
    /// Folder below the output folder.
    pub folder: String,
    /// Name of the file without its ending.
    pub name: &'static str,
    /// Its sheets.
    pub sheets: Vec<Sheet>,
}
