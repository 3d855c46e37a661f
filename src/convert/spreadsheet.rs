//! Workbooks as exports: XLSX and XLS.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use super::table::{CellForm, ExportReader, ExportSink};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    text::Text,
    workbook::{CellContent, CellSink, Unreadable, WorkbookBounds, XlsFile, XlsxFile},
};

/// The bytes by which a workbook is told.
const HEAD: u64 = 4_096;
/// The most bytes of a row. Many cells may name one long text.
const LONGEST_ROW: usize = 1 << 20;

/// A workbook whose sheets are known.
pub(crate) struct Spreadsheet {
    /// The file as findings name it.
    name: String,
    book: AnyWorkbook,
    /// The names of the sheets that hold cells, and their places in the workbook.
    sheets: Vec<String>,
    places: Vec<usize>,
}

enum AnyWorkbook {
    Xlsx(Box<XlsxFile<File>>),
    Xls(XlsFile),
}

impl AnyWorkbook {
    fn sheets(&self) -> Vec<String> {
        match self {
            AnyWorkbook::Xlsx(book) => book.sheets(),
            AnyWorkbook::Xls(book) => book.sheets(),
        }
    }

    fn read(&mut self, sheet: usize, sink: &mut dyn CellSink) -> Result<(), Unreadable> {
        match self {
            AnyWorkbook::Xlsx(book) => book.read(sheet, sink),
            AnyWorkbook::Xls(book) => book.read(sheet, sink),
        }
    }
}

/// What a file is by its first bytes, whatever its name says.
enum FirstBytes {
    Xlsx,
    Xls,
    /// A table of another program; what it is.
    Foreign(Text),
    /// Perhaps text, or Parquet.
    Other,
}

impl FirstBytes {
    fn of(head: &[u8]) -> FirstBytes {
        if let Some(found) = foreign_archive(head) {
            return FirstBytes::Foreign(found);
        }
        match head {
            [b'P', b'K', 3 | 5, 4 | 6, ..] => FirstBytes::Xlsx,
            [0xd0, 0xcf, 0x11, 0xe0, ..] => FirstBytes::Xls,
            // The first record of a workbook without a file system around it.
            [0x09, 0x00 | 0x02 | 0x04 | 0x08, 0x04 | 0x06 | 0x08, 0x00, ..] => {
                FirstBytes::Foreign(text!("a workbook of Excel 5 or earlier"))
            }
            _ => markup(head).map_or(FirstBytes::Other, FirstBytes::Foreign),
        }
    }
}

/// Tells an archive that is no XLSX, if its first entry says so.
fn foreign_archive(head: &[u8]) -> Option<Text> {
    let name = head.get(30..)?;
    (head.starts_with(b"PK\x03\x04") && name.starts_with(b"mimetype")).then_some(())?;
    let is_table = name.starts_with(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet");
    Some(if is_table {
        text!("an OpenDocument spreadsheet (ODS)")
    } else {
        text!("an archive that is no workbook")
    })
}

/// Tells a table in HTML or XML, which many systems write under the name of a workbook.
fn markup(head: &[u8]) -> Option<Text> {
    // What is no ASCII does not matter here, so that UTF-16 and GBK are told as well.
    let letters: String = head
        .iter()
        .filter(|byte| byte.is_ascii() && **byte != 0)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let start = letters.trim_start();
    let begins = |words: &[&str]| words.iter().any(|word| start.starts_with(word));
    if begins(&["<?xml", "<workbook"])
        && letters.contains("urn:schemas-microsoft-com:office:spreadsheet")
        && !letters.contains("<html")
    {
        return Some(text!("an XML spreadsheet of Excel 2003"));
    }
    let is_page = begins(&["<!doctype html", "<html", "<table", "<meta", "<head", "<style"])
        || (begins(&["<?xml", "<!--"]) && letters.contains("<html"));
    is_page.then(|| text!("a web page (HTML) under the name of a workbook"))
}

impl Spreadsheet {
    /// Opens a workbook; `None` when the file is none by its first bytes. Other tables of spreadsheet programs are
    /// refused.
    pub(crate) fn open(path: &Path, name: &str) -> Outcome<Option<Spreadsheet>> {
        let file = File::open(path).map_err(Failure::io(path))?;
        let mut head = Vec::new();
        (&file).take(HEAD).read_to_end(&mut head).map_err(Failure::io(path))?;
        let opened = match FirstBytes::of(&head) {
            FirstBytes::Other => return Ok(None),
            FirstBytes::Foreign(found) => Err(Unreadable::Form(found)),
            FirstBytes::Xlsx => XlsxFile::open(file, WorkbookBounds::EXPORT)
                .map(|book| AnyWorkbook::Xlsx(Box::new(book))),
            FirstBytes::Xls => XlsFile::open(BufReader::new(file)).map(AnyWorkbook::Xls),
        };
        let mut book = opened.map_err(|found| refused(name, found))?;
        let (mut sheets, mut places) = (Vec::new(), Vec::new());
        for (place, sheet) in book.sheets().into_iter().enumerate() {
            let mut probe = Probe(false);
            book.read(place, &mut probe).map_err(|found| in_sheet(name, &sheet, found))?;
            if probe.0 {
                sheets.push(sheet);
                places.push(place);
            }
        }
        Ok(Some(Spreadsheet { name: name.to_owned(), book, sheets, places }))
    }
}

impl ExportReader for Spreadsheet {
    fn sheets(&self) -> &[String] {
        &self.sheets
    }

    fn read(&mut self, sheet: usize, rows: &mut dyn ExportSink) -> Outcome<()> {
        let Some(place) = self.places.get(sheet) else { return Ok(()) };
        let mut sink = SheetRows { rows, row: None, width: 0, bytes: 0, failure: None };
        let read = self.book.read(*place, &mut sink);
        if let Some(failure) = sink.failure.take() {
            return Err(failure);
        }
        read.map_err(|found| in_sheet(&self.name, &self.sheets[sheet], found))?;
        sink.end_row();
        sink.failure.map_or(Ok(()), Err)
    }
}

fn refused(name: &str, found: Unreadable) -> Failure {
    let (Unreadable::Form(found) | Unreadable::Bounds(found)) = found;
    Failure::Unfit(text!("exports"), vec![Finding::of_file(Code::K09, name, found)])
}

fn in_sheet(name: &str, sheet: &str, found: Unreadable) -> Failure {
    let (Unreadable::Form(found) | Unreadable::Bounds(found)) = found;
    let place = text!("sheet {}", sheet);
    Failure::Unfit(text!("exports"), vec![Finding::new(Code::K09, name, place, found)])
}

/// Whether a cell says nothing.
fn is_blank(text: &str, content: CellContent) -> bool {
    text.is_empty() && content == CellContent::Text
}

/// Looks for a cell.
struct Probe(bool);

impl CellSink for Probe {
    fn cell(
        &mut self,
        _: u32,
        _: u32,
        text: &str,
        content: CellContent,
    ) -> Result<bool, Unreadable> {
        self.0 = !is_blank(text, content);
        Ok(!self.0)
    }
}

/// Makes rows of cells: what lies between them is blank.
struct SheetRows<'a> {
    rows: &'a mut dyn ExportSink,
    row: Option<u32>,
    width: u32,
    bytes: usize,
    failure: Option<Failure>,
}

impl SheetRows<'_> {
    /// Ends the row, if one has begun. Returns whether more are wanted.
    fn end_row(&mut self) -> bool {
        let Some(row) = self.row.take() else { return true };
        (self.width, self.bytes) = (0, 0);
        self.rows.end(u64::from(row) + 1).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            false
        })
    }
}

impl CellSink for SheetRows<'_> {
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        content: CellContent,
    ) -> Result<bool, Unreadable> {
        if is_blank(text, content) {
            return Ok(true);
        }
        if self.row != Some(row) {
            if !self.end_row() {
                return Ok(false);
            }
            self.row = Some(row);
        }
        self.bytes += text.len();
        if self.bytes > LONGEST_ROW {
            let found = text!("row {}: more than {} bytes", row + 1, LONGEST_ROW);
            return Err(Unreadable::Bounds(found));
        }
        while self.width < column {
            self.rows.cell("", CellForm::Text);
            self.width += 1;
        }
        self.width += 1;
        self.rows.cell(
            text,
            match content {
                CellContent::Text => CellForm::Text,
                CellContent::Number => CellForm::Number,
                CellContent::Day => CellForm::Day,
                CellContent::Time => CellForm::Time,
                CellContent::Truth => CellForm::Truth,
                CellContent::Error => CellForm::Error,
            },
        );
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, path::PathBuf};

    use super::*;

    /// The rows of every sheet: the sheet, the line and the cells.
    #[derive(Default)]
    struct Lines {
        rows: Vec<(u64, String)>,
        cells: Vec<String>,
        most: usize,
    }

    impl ExportSink for Lines {
        fn cell(&mut self, text: &str, form: CellForm) {
            self.cells.push(match form {
                CellForm::Text => text.to_owned(),
                form => format!("{form:?} {text}"),
            });
        }

        fn end(&mut self, line: u64) -> Outcome<bool> {
            self.rows.push((line, std::mem::take(&mut self.cells).join("|")));
            Ok(self.rows.len() < self.most)
        }
    }

    fn fixture(name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workbooks");
        folder.join(name)
    }

    fn opened(bytes: &[u8]) -> Outcome<Option<Spreadsheet>> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        Spreadsheet::open(file.path(), "a.xls")
    }

    #[test]
    fn rows_have_their_lines_and_blanks_between_cells() {
        let mut book =
            Spreadsheet::open(&fixture("libreoffice.xlsx"), "a.xlsx").expect("read").expect("one");
        assert_eq!(book.sheets(), ["扣款", "隐藏"]);
        let mut lines = Lines { most: 4, ..Lines::default() };
        book.read(1, &mut lines).expect("read");
        book.read(0, &mut lines).expect("read");
        assert_eq!(lines.rows, [
            (2, "||x".to_owned()),
            (1, "审核扣款表".to_owned()),
            (3, "结算ID|金额|日期|时间|钟点|是否|公式|错误".to_owned()),
            (4, "S-0001|Number 0.1|Day 2025-10-01|Time 2025-10-01T08:30:00|Time 1899-12-31T08:30:00|Truth 1|Number 2|Error #DIV/0!".to_owned()),
        ]);
    }

    #[test]
    fn a_row_has_an_end() {
        let row = |bytes: usize| {
            let mut book = rust_xlsxwriter::Workbook::new();
            let sheet = book.add_worksheet();
            for column in 0..32 {
                sheet.write_string(2, column, "x".repeat(32_000)).expect("written");
            }
            sheet.write_string(2, 32, "x".repeat(bytes - 32 * 32_000)).expect("written");
            let mut book =
                opened(&book.save_to_buffer().expect("saved")).expect("read").expect("one");
            book.read(0, &mut Lines { most: 1, ..Lines::default() })
        };
        row(LONGEST_ROW).expect("read");
        let failure = row(LONGEST_ROW + 1).expect_err("refused");
        assert_eq!(failure.findings()[0].found.to_string(), "row 3: more than 1048576 bytes");
    }

    #[test]
    fn a_file_is_told_by_its_bytes() {
        for (bytes, found) in [
            (&b"PK\x03\x04"[..], "no workbook, or a damaged one"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a damaged workbook (XLS)"),
            (b"\x09\x04\x06\0\0\0\x10\0", "a workbook of Excel 5 or earlier"),
            (b"\xef\xbb\xbf \n<table border=1><tr>", "a web page (HTML) under the name of a workbook"),
            (b"<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">", "a web page (HTML) under the name of a workbook"),
            (b"<\0h\0t\0m\0l\0>\0", "a web page (HTML) under the name of a workbook"),
            (
                b"<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                "an XML spreadsheet of Excel 2003",
            ),
        ] {
            let failure = opened(bytes).err().expect("refused");
            let told = failure.findings()[0].found.to_string();
            assert_eq!(told, found, "{}", String::from_utf8_lossy(bytes));
        }
        let ods = Spreadsheet::open(&fixture("libreoffice.ods"), "a.ods").err().expect("refused");
        assert_eq!(ods.findings()[0].found.to_string(), "an OpenDocument spreadsheet (ODS)");
        for bytes in [&b"setl_id,amount\n"[..], b"", b"PAR1", b"<5", b"P"] {
            assert!(opened(bytes).expect("read").is_none());
        }
    }
}
