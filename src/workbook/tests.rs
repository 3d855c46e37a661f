//! Workbooks of several writers (`tests/fixtures/workbooks.py`), and hostile ones.

use std::{
    fs::{self, File},
    io::{Cursor, Write},
    path::PathBuf,
};

use rust_xlsxwriter::{Format, Workbook};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

/// The cells of a sheet: row, column, text and content.
#[derive(Default)]
struct Taken(Vec<(u32, u32, String, CellContent)>);

impl CellSink for Taken {
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        content: CellContent,
    ) -> Result<bool, Unreadable> {
        self.0.push((row, column, text.to_owned(), content));
        Ok(true)
    }
}

fn fixture(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workbooks");
    folder.join(name)
}

/// Reads every sheet of a workbook.
fn all(name: &str) -> Vec<(String, Taken)> {
    let file = File::open(fixture(name)).expect("a fixture");
    let read = |read: &mut dyn FnMut(&mut Taken) -> Result<(), Unreadable>| {
        let mut taken = Taken::default();
        read(&mut taken).expect("read");
        taken
    };
    if name.split_once('.').is_some_and(|(_, ending)| ending == "xls") {
        let book = XlsFile::open(file).expect("a workbook");
        let sheets = book.sheets().into_iter().enumerate();
        sheets.map(|(at, name)| (name, read(&mut |taken| book.read(at, taken)))).collect()
    } else {
        let mut book = XlsxFile::open(file, WorkbookBounds::EXPORT).expect("a workbook");
        let sheets = book.sheets().into_iter().enumerate();
        sheets.map(|(at, name)| (name, read(&mut |taken| book.read(at, taken)))).collect()
    }
}

/// Returns the cells of a row that say something.
fn row(taken: &Taken, row: u32) -> Vec<(u32, &str, CellContent)> {
    let cells = taken.0.iter().filter(|cell| cell.0 == row);
    cells.map(|(_, column, text, content)| (*column, text.as_str(), *content)).collect()
}

#[test]
fn workbooks_of_every_writer_say_the_same() {
    use CellContent::{Day, Error, Number, Text, Time, Truth};
    for name in ["openpyxl.xlsx", "libreoffice.xlsx", "libreoffice.xls", "xlwt.xls"] {
        let sheets = all(name);
        let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
        let is_xlwt = name.starts_with("xlwt");
        assert_eq!(names, ["扣款", "空", "隐藏"][..if is_xlwt { 2 } else { 3 }], "{name}");
        let cells = &sheets[0].1;
        let numbers = ["S-0001", "340123198001011234", " 上海 & <b> ", "它\n行"];
        let amounts = [("0.1", "1"), ("1234.56", "1"), ("-0.05", "0"), ("100", "1")];
        for ((at, number), (amount, truth)) in (3..).zip(numbers).zip(amounts) {
            let clock = if is_xlwt { "1899-12-31T12:00:00" } else { "1899-12-31T08:30:00" };
            let mut expected = vec![
                (0, number, Text),
                (1, amount, Number),
                (2, "2025-10-01", Day),
                (3, "2025-10-01T08:30:00", Time),
                (4, clock, Time),
                (5, truth, Truth),
            ];
            match name {
                "openpyxl.xlsx" => expected.extend([(6, "", Error), (7, "", Error)]),
                "xlwt.xls" => {}
                _ => expected.extend([(6, "2", Number), (7, "#DIV/0!", Error)]),
            }
            assert_eq!(row(cells, at), expected, "{name}");
        }
        assert!(sheets[1].1.0.is_empty(), "{name}");
        if let Some((_, hidden)) = sheets.get(2) {
            assert_eq!(hidden.0, [(1, 2, "x".to_owned(), Text)], "{name}");
        }
    }
}

#[test]
fn days_from_1904_and_far_cells_are_read() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_number_with_format(0, 0, 45_931.5, &day).expect("written");
    sheet.write_number(0, 2, 1e-7).expect("written");
    sheet.write_string(1_048_575, 16_383, "end").expect("written");
    let bytes = book.save_to_buffer().expect("saved");
    let mut book = XlsxFile::open(Cursor::new(bytes), WorkbookBounds::FORM).expect("a workbook");
    let mut taken = Taken::default();
    book.read(0, &mut taken).expect("read");
    let cell = |row, column, text: &str, content| (row, column, text.to_owned(), content);
    assert_eq!(
        taken.0,
        [
            cell(0, 0, "2025-10-01T12:00:00", CellContent::Time),
            cell(0, 2, "0.0000001", CellContent::Number),
            cell(1_048_575, 16_383, "end", CellContent::Text),
        ]
    );
}

/// A workbook with this sheet.
fn with_sheet(cells: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"x/{kind}\" Target=\"{target}\"/>")
    };
    for (name, part) in [
        ("_rels/.rels", relation("r", "officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("a", "worksheet", "/xl/a.xml")),
        ("xl/workbook.xml", "<workbook><workbookPr date1904=\"1\"/><sheet name=\"&lt;甲\" id=\"a\"/><sheet name=\"b\" id=\"a\"/></workbook>".to_owned()),
        ("xl/a.xml", format!("<worksheet><sheetData>{cells}</sheetData></worksheet>")),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(part.as_bytes()).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

fn read_sheet(cells: &str) -> Result<Vec<String>, Unreadable> {
    let mut book = XlsxFile::open(Cursor::new(with_sheet(cells)), WorkbookBounds::EXPORT)?;
    assert_eq!(book.sheets(), ["<甲"], "one part is one sheet");
    let mut taken = Taken::default();
    book.read(0, &mut taken)?;
    let shown = |(row, column, text, content): (u32, u32, String, CellContent)| {
        format!("{row},{column} {content:?} {text}")
    };
    Ok(taken.0.into_iter().map(shown).collect())
}

#[test]
fn cells_without_places_follow_each_other() {
    let cells = "<row><c><v>1</v></c><c/><c t=\"b\"><v>1</v></c></row><row r=\"4\"><c r=\"C4\" t=\"inlineStr\"><is>\
                 <r><t>a</t></r><rPh><t>x</t></rPh><r><t>b_x000D_</t></r></is></c><c t=\"d\"><v>2025-10-01</v></c></row>\
                 <row><c t=\"str\"><f>A1</f><v></v></c><c><f>A1</f></c><c t=\"e\"><v>#N/A</v></c><c><v>x</v></c></row>";
    assert_eq!(
        read_sheet(cells).expect("read"),
        [
            "0,0 Number 1",
            "0,2 Truth 1",
            "3,2 Text ab\r",
            "3,3 Day 2025-10-01",
            "4,0 Text ",
            "4,1 Error ",
            "4,2 Error #N/A",
            "4,3 Text x",
        ]
    );
}

#[test]
fn what_no_sheet_has_is_refused() {
    for (cells, found) in [
        ("<row r=\"2\"/><row r=\"1\"/>", "rows are not in order"),
        ("<row><c r=\"B1\"/><c r=\"B1\"/></row>", "cells are not in order"),
        ("<row r=\"2\"><c r=\"A1\"/></row>", "cells are not in order"),
        ("<row r=\"0\"/>", "is damaged"),
        ("<row r=\"1048577\"><c/></row>", "is damaged"),
        ("<row><c r=\"XFE1\"/></row>", "is damaged"),
        ("<row><c t=\"s\"><v>0</v></c></row>", "is damaged"),
        ("<row><c><v>&a;</v></c></row>", "is damaged"),
        ("<row><c><v>1", "is damaged"),
    ] {
        let refused = read_sheet(cells).expect_err(cells);
        assert!(
            matches!(&refused, Unreadable::Form(text) if text.to_string().contains(found)),
            "{refused:?}"
        );
    }
    assert!(read_sheet("<row r=\"1048576\"><c r=\"XFD1048576\"/></row>").is_ok());
}

/// An old workbook in which bytes are replaced.
fn edited(edit: impl FnOnce(&mut Vec<u8>)) -> Result<usize, Unreadable> {
    let mut bytes = fs::File::open(fixture("xlwt.xls")).expect("a fixture");
    let mut held = Vec::new();
    bytes.read_to_end(&mut held).expect("read");
    edit(&mut held);
    let book = XlsFile::open(Cursor::new(held))?;
    let mut taken = Taken::default();
    for sheet in 0..book.sheets().len() {
        book.read(sheet, &mut taken)?;
    }
    Ok(taken.0.len())
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = memchr::memmem::find(bytes, from).expect("the bytes");
    bytes[at..at + to.len()].copy_from_slice(to);
}

#[test]
fn old_workbooks_that_lie_are_refused() {
    let whole = edited(|_| ()).expect("read");
    assert_eq!(whole, 6 + 4 * 6);
    let refused = |edit: &dyn Fn(&mut Vec<u8>)| match edited(edit).expect_err("refused") {
        Unreadable::Form(found) | Unreadable::Bounds(found) => found.to_string(),
    };
    assert_eq!(refused(&|bytes| bytes.truncate(600)), "a damaged workbook (XLS)");
    // A table of sectors that goes on in itself and names none: the file has nothing but that.
    let circle = |bytes: &mut Vec<u8>| {
        let end = bytes.len();
        bytes.extend([0xff; 508]);
        let number = u32::try_from(end / 512 - 1).expect("small").to_le_bytes();
        bytes.extend(number);
        bytes[68..72].copy_from_slice(&number);
    };
    assert_eq!(refused(&circle), "a damaged workbook (XLS)");
    // Streams of 4 GiB that are small.
    assert_eq!(refused(&|bytes| bytes[56..60].fill(0xff)), "a damaged workbook (XLS)");
    // A directory, a table of sectors or a stream that go on in a circle, or behind the end.
    for at in [48, 60, 68, 76] {
        for number in [0_u32, 1, 7, 0x00ff_ffff, 0xffff_fff0] {
            let edit =
                |bytes: &mut Vec<u8>| bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            if let Ok(read) = edited(edit) {
                assert_eq!(read, whole, "{at} {number}");
            }
        }
    }
    // A version before Excel 97, and a password.
    let version =
        |bytes: &mut Vec<u8>| replace(bytes, b"\x09\x08\x10\0\0\x06", b"\x09\x08\x10\0\0\x05");
    assert_eq!(refused(&version), "a damaged workbook (XLS)");
    let password = |bytes: &mut Vec<u8>| replace(bytes, b"\x42\0\x02\0", b"\x2f\0\x02\0");
    assert_eq!(refused(&password), "a workbook with a password");
}

#[test]
fn no_byte_of_an_old_workbook_makes_it_fail() {
    let mut state = 1_u64;
    for _ in 0..2_000 {
        // Reads with a few bytes of any value: whatever comes of it, it ends.
        drop(edited(|bytes| {
            for _ in 0..4 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(state >> 33).expect("an index") % bytes.len();
                bytes[at] = state.to_le_bytes()[3];
            }
        }));
    }
}
