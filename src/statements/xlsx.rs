//! Writes workbooks as XLSX: text stays text, totals are formulas that agree with our sums, pages print on A4.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula,
    Workbook as Book, Worksheet, XlsxError, utility::row_col_to_cell,
};

use super::{
    plain::shown,
    renderer::Renderer,
    sheet::{CellValue, Sheet, SheetLayout, Workbook},
    template::Template,
};
use crate::{
    diag::{Failure, Outcome},
    model::money::{FenSum, yuan},
    spelling::beginning,
    text::Text,
};

/// Writes a workbook as XLSX.
pub(super) struct Xlsx {
    /// The day of creation that the file names.
    pub(super) issued_on: NaiveDate,
}

/// The most rows of one sheet; a spreadsheet holds 1,048,576.
const MOST_ROWS: usize = 1_000_000;
/// The first day that a spreadsheet can hold.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("Invariant: a day");
/// The number of the paper size A4.
const PAPER: u8 = 9;
/// The most UTF-16 units of a cell, and of a sheet's name.
const MOST_TEXT: usize = 32_767;
const LONGEST_NAME: usize = 31;
/// The most characters that fit beside each other on a page, in small print.
const WIDEST: u32 = 240;
/// The first amount, in fen, that the 15 digits of a spreadsheet's number cannot hold exactly. It is written as text.
const EXACT: FenSum = FenSum::new(1_000_000_000_000_000);

impl Renderer for Xlsx {
    fn render(&self, workbook: &Workbook, template: &Template) -> Outcome<Vec<(String, Vec<u8>)>> {
        let failed = |error: XlsxError| {
            Failure::Bug(text!("workbook {}: {}", workbook.name, Text::foreign(error)))
        };
        let mut book = Book::new();
        // Books of earlier versions may name an earlier day.
        let day = self.issued_on.max(FIRST_DAY);
        let created = ExcelDateTime::parse_from_str(&format!("{day}T00:00:00"));
        let properties = DocProperties::new().set_creation_datetime(&created.map_err(failed)?);
        book.set_properties(&properties);
        // Spreadsheets reserve this name.
        let mut names = BTreeSet::from(["history".to_owned()]);
        for sheet in &workbook.sheets {
            let parts = sheet.rows.chunks(MOST_ROWS).count().max(1);
            for part in 0..parts {
                let worksheet = book.add_worksheet();
                let number = if parts == 1 { 0 } else { part + 1 };
                worksheet.set_name(sheet_name(&sheet.name, number, &mut names)).map_err(failed)?;
                let rows = sheet.rows.chunks(MOST_ROWS).nth(part).unwrap_or_default();
                PaperSheet { sheet, template, worksheet }.write(rows).map_err(failed)?;
            }
        }
        let bytes = book.save_to_buffer().map_err(failed)?;
        Ok(vec![(format!("{}.xlsx", workbook.name), bytes)])
    }
}

/// A worksheet that is being written.
struct PaperSheet<'a> {
    sheet: &'a Sheet,
    template: &'a Template,
    worksheet: &'a mut Worksheet,
}

/// The row of the headings, from 0. Title and subtitle stand above.
const HEADINGS: u32 = 2;

impl PaperSheet<'_> {
    fn format(&self) -> Format {
        Format::new().set_font_name(&self.template.font).set_font_size(11)
    }

    fn cell(&self) -> Format {
        self.format().set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter)
    }

    fn write(mut self, rows: &[Vec<CellValue>]) -> Result<(), XlsxError> {
        let last = u16::try_from(self.sheet.columns.len() - 1).unwrap_or(u16::MAX);
        let centre = self.format().set_align(FormatAlign::Center).set_bold();
        self.across(0, last, &fitting(&self.sheet.title), &centre.set_font_size(16))?;
        let right = self.format().set_align(FormatAlign::Right);
        self.across(1, last, &fitting(&self.sheet.subtitle), &right)?;
        self.worksheet.set_row_height(0, 30)?;
        for (column, (_, width)) in (0..).zip(&self.sheet.columns) {
            self.worksheet.set_column_width(column, *width)?;
        }
        let notice = self.sheet.layout == SheetLayout::Notice;
        let first = if notice { HEADINGS } else { self.headings()? };
        for (row, values) in (first..).zip(rows) {
            for (column, value) in (0..).zip(values) {
                self.value(row, column, value)?;
            }
            if notice {
                self.worksheet.set_row_height(row, 28)?;
            }
        }
        let mut below = first + u32::try_from(rows.len()).unwrap_or(0);
        if self.sheet.layout == SheetLayout::Summed {
            self.choices(first, below)?;
            self.totals(first, below, rows)?;
            below += 1;
        }
        self.sign_off(below + 1, last)?;
        self.page_setup(last)
    }

    /// Writes a line over all columns.
    fn across(&mut self, row: u32, last: u16, text: &str, look: &Format) -> Result<(), XlsxError> {
        // A single cell cannot be merged.
        match last {
            0 => self.worksheet.write_string_with_format(row, 0, text, look)?,
            _ => self.worksheet.merge_range(row, 0, row, last, text, look)?,
        };
        Ok(())
    }

    fn headings(&mut self) -> Result<u32, XlsxError> {
        let heading = self
            .cell()
            .set_bold()
            .set_align(FormatAlign::Center)
            .set_text_wrap()
            .set_background_color("#E7EDF3");
        for (column, (name, _)) in (0..).zip(&self.sheet.columns) {
            self.worksheet.write_string_with_format(HEADINGS, column, name, &heading)?;
        }
        self.worksheet.set_row_height(HEADINGS, 32)?;
        self.worksheet.set_freeze_panes(HEADINGS + 1, 0)?;
        self.worksheet.set_repeat_rows(0, HEADINGS)?;
        Ok(HEADINGS + 1)
    }

    fn value(&mut self, row: u32, column: u16, value: &CellValue) -> Result<(), XlsxError> {
        let cell = self.cell();
        match value {
            CellValue::Text(text) => {
                let text_cell = cell.set_num_format("@").set_text_wrap();
                self.worksheet.write_string_with_format(row, column, fitting(text), &text_cell)?;
            }
            CellValue::Money(fen) => match exact(*fen) {
                Some(number) => {
                    let money = cell.set_num_format("#,##0.00");
                    self.worksheet.write_number_with_format(row, column, number, &money)?;
                }
                None => {
                    self.worksheet.write_string_with_format(row, column, yuan(*fen), &cell)?;
                }
            },
            CellValue::Count(count) => {
                #[expect(clippy::disallowed_types, reason = "a spreadsheet has no other numbers")]
                let number = count.to_string().parse::<f64>().unwrap_or_default();
                let counted = cell.set_num_format("#,##0");
                self.worksheet.write_number_with_format(row, column, number, &counted)?;
            }
        }
        Ok(())
    }

    /// Adds the list of words to the cells of the choice column.
    fn choices(&mut self, first: u32, end: u32) -> Result<(), XlsxError> {
        let Some((column, words)) = self.sheet.choices.as_ref().filter(|_| end > first) else {
            return Ok(());
        };
        let list = DataValidation::new().allow_list_strings(words)?;
        let column = u16::try_from(*column).unwrap_or(u16::MAX);
        self.worksheet.add_data_validation(first, column, end - 1, column, &list)?;
        Ok(())
    }

    /// Writes sums of the amounts and counts of all rows: formulas whose cached results are our own sums.
    fn totals(&mut self, first: u32, row: u32, rows: &[Vec<CellValue>]) -> Result<(), XlsxError> {
        let bold = self.cell().set_bold();
        self.worksheet.write_string_with_format(row, 0, &self.template.total, &bold)?;
        for column in 1..u16::try_from(self.sheet.columns.len()).unwrap_or(u16::MAX) {
            let values = || rows.iter().map(|row| &row[usize::from(column)]);
            let money: FenSum = values()
                .map(|v| if let CellValue::Money(fen) = v { *fen } else { FenSum::ZERO })
                .sum();
            let count: i128 =
                values().map(|v| if let CellValue::Count(n) = v { *n } else { 0 }).sum();
            let has_money = values().any(|value| matches!(value, CellValue::Money(_)));
            let has_count = values().any(|value| matches!(value, CellValue::Count(_)));
            let (result, format) = match (has_money, has_count) {
                (true, _) => (yuan(money), bold.clone().set_num_format("#,##0.00")),
                (_, true) => (count.to_string(), bold.clone().set_num_format("#,##0")),
                _ => {
                    self.worksheet.write_string_with_format(row, column, "", &bold)?;
                    continue;
                }
            };
            if has_money && exact(money).is_none() {
                self.worksheet.write_string_with_format(row, column, result, &bold)?;
                continue;
            }
            let (from, to) = (row_col_to_cell(first, column), row_col_to_cell(row - 1, column));
            let sum = Formula::new(format!("=SUM({from}:{to})")).set_result(result);
            self.worksheet.write_formula_with_format(row, column, sum, &format)?;
        }
        Ok(())
    }

    /// Writes who signs, side by side.
    fn sign_off(&mut self, row: u32, last: u16) -> Result<(), XlsxError> {
        let format = self.format();
        let people = u16::try_from(self.template.sign_off.len()).unwrap_or(1).max(1);
        for (at, who) in (0..).zip(&self.template.sign_off) {
            let (row, column) = match self.sheet.layout {
                SheetLayout::Notice => (row + u32::from(at), 0),
                SheetLayout::Summed | SheetLayout::Listed => (row, at * (last + 1) / people),
            };
            self.worksheet.write_string_with_format(row, column, who, &format)?;
        }
        Ok(())
    }

    fn page_setup(&mut self, last: u16) -> Result<(), XlsxError> {
        let width: u32 = self.sheet.columns.iter().map(|(_, width)| u32::from(*width)).sum();
        let across = u16::try_from(width.div_ceil(WIDEST)).unwrap_or(u16::MAX);
        if across > 1 {
            // The first columns of a wide sheet are repeated on every page, so that rows can be told apart.
            self.worksheet.set_repeat_columns(0, 2)?;
        }
        self.worksheet.set_paper_size(PAPER).set_print_fit_to_pages(across, 0);
        self.worksheet.set_print_center_horizontally(true);
        self.worksheet.set_footer("&C&P / &N");
        if last > 3 {
            self.worksheet.set_landscape();
        }
        Ok(())
    }
}

/// Returns text that a cell can hold: invalid characters become pictures, and long text is cut visibly.
fn fitting(text: &str) -> String {
    let text = shown(text);
    if text.len() <= MOST_TEXT || text.encode_utf16().count() <= MOST_TEXT {
        return text;
    }
    let mark = format!("…(共 {} 字)", text.chars().count());
    let most = MOST_TEXT - mark.encode_utf16().count();
    format!("{}{mark}", beginning(&text, most, char::len_utf16))
}

/// Returns a valid sheet name that is not in `names`, with a number when it is not 0, and adds it.
fn sheet_name(name: &str, number: usize, names: &mut BTreeSet<String>) -> String {
    let letter = |letter| if "[]:*?/\\".contains(letter) { '_' } else { letter };
    let name: String = shown(name).replace(['\t', '\n', '\r'], " ").chars().map(letter).collect();
    let name = if name.trim_matches(['\'', ' ']).is_empty() { "表" } else { &name };
    let mut free = (number..).filter_map(|number| {
        let end = if number == 0 { String::new() } else { format!(" {number}") };
        let most = LONGEST_NAME - end.len();
        let name = beginning(name.trim_matches('\''), most, char::len_utf16);
        let name = format!("{}{end}", name.trim_end_matches('\''));
        names.insert(name.to_lowercase()).then_some(name)
    });
    free.next().expect("Invariant: numbers go on")
}

/// Returns an amount as a spreadsheet's number, or `None` when 15 digits do not hold it.
#[expect(clippy::disallowed_types, reason = "a spreadsheet has no other numbers")]
fn exact(fen: FenSum) -> Option<f64> {
    (fen.abs() < EXACT).then(|| yuan(fen).parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_such_as_spreadsheets_take() {
        let mut names = BTreeSet::from(["history".to_owned()]);
        let long = "省".repeat(40);
        for (name, number, expected) in [
            ("应付", 0, "应付".to_owned()),
            ("应付", 0, "应付 1".to_owned()),
            ("应付", 2, "应付 2".to_owned()),
            ("'a/b[c]:d'", 0, "a_b_c__d".to_owned()),
            ("A_B_C__D", 0, "A_B_C__D 1".to_owned()),
            ("History", 0, "History 1".to_owned()),
            ("''", 0, "表".to_owned()),
            (&long, 0, "省".repeat(31)),
            (&long, 0, "省".repeat(29) + " 1"),
            ("\u{1f4a3}\0", 0, "\u{1f4a3}\u{2400}".to_owned()),
        ] {
            let found = sheet_name(name, number, &mut names);
            assert_eq!(found, expected);
            assert!(rust_xlsxwriter::utility::check_sheet_name(&found).is_ok(), "{found:?}");
        }
    }

    #[test]
    fn what_a_cell_does_not_hold_is_cut_visibly() {
        assert_eq!(fitting("x\0\n"), "x\u{2400}\n");
        let most = "字".repeat(MOST_TEXT);
        assert_eq!(fitting(&most), most);
        let cut = fitting(&"\u{1f4a3}".repeat(20_000));
        assert!(cut.ends_with("\u{1f4a3}…(共 20000 字)"), "{}", &cut[cut.len() - 30..]);
        assert!(cut.encode_utf16().count() <= MOST_TEXT);
    }
}
