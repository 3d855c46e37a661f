//! Writes workbooks as XLSX: text stays text, totals are formulas that agree with our sums, pages print on A4.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Url,
    Workbook as Book, Worksheet, XlsxError,
    utility::{cell_range, worksheet_range},
};

use super::{
    measure::{height, lines_of, widths},
    plain::shown,
    renderer::Renderer,
    sheet::{CellValue, Sheet, SheetLayout, Workbook},
    sheet_name::sheet_name,
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
const MOST_ROWS: usize = if cfg!(test) { 100 } else { 1_000_000 };
/// The first day that a spreadsheet can hold.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("Invariant: a day");
/// The number of the paper size A4.
const PAPER: u8 = 9;
/// The most UTF-16 units of a cell.
const MOST_TEXT: usize = 32_767;
/// The most characters that fit beside each other on a page, in small print, and on an upright page in full size.
const WIDEST: u32 = 260;
const UPRIGHT: u32 = 95;
/// How amounts and counts are shown: with room to their right, of the width of a digit.
const MONEY: &str = "#,##0.00_0";
const COUNT: &str = "#,##0_0";
/// The most lines of a notice that is printed on one page, so that it is signed on the page that it is on.
const ONE_PAGE: usize = 40;
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
        let names = all_names(&workbook.sheets);
        for (sheet, parts) in workbook.sheets.iter().zip(&names) {
            for (at, name) in parts.iter().enumerate() {
                let worksheet = book.add_worksheet();
                worksheet.set_name(name).map_err(failed)?;
                let rows = sheet.rows.chunks(MOST_ROWS).nth(at).unwrap_or_default();
                let part = SheetPart { at, names: parts, all: &names };
                let widths = widths(sheet);
                PaperSheet { sheet, template, worksheet, widths, part }
                    .write(rows)
                    .map_err(failed)?;
            }
        }
        let bytes = book.save_to_buffer().map_err(failed)?;
        Ok(vec![(format!("{}.xlsx", workbook.name), bytes)])
    }
}

/// Returns the names of the worksheets of each sheet: one a part.
fn all_names(sheets: &[Sheet]) -> Vec<Vec<String>> {
    // Spreadsheets reserve this name.
    let mut names = BTreeSet::from(["history".to_owned()]);
    let of_sheet = |sheet: &Sheet| {
        let parts = sheet.rows.chunks(MOST_ROWS).count().max(1);
        let number = |part: usize| if parts == 1 { 0 } else { part + 1 };
        (0..parts).map(|part| sheet_name(&sheet.name, number(part), &mut names)).collect()
    };
    sheets.iter().map(of_sheet).collect()
}

/// A part of a sheet that has more rows than a worksheet holds.
struct SheetPart<'a> {
    /// Its number, from 0.
    at: usize,
    /// The worksheets of all parts.
    names: &'a [String],
    /// The worksheets of all sheets of the workbook.
    all: &'a [Vec<String>],
}

impl SheetPart<'_> {
    fn is_last(&self) -> bool {
        self.at + 1 == self.names.len()
    }
}

/// A worksheet that is being written.
struct PaperSheet<'a> {
    sheet: &'a Sheet,
    template: &'a Template,
    worksheet: &'a mut Worksheet,
    /// The width of each column in characters.
    widths: Vec<u16>,
    part: SheetPart<'a>,
}

impl PaperSheet<'_> {
    fn format(&self) -> Format {
        Format::new().set_font_name(&self.template.font).set_font_size(11)
    }

    fn cell(&self) -> Format {
        self.format().set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter)
    }

    fn write(mut self, rows: &[Vec<CellValue>]) -> Result<(), XlsxError> {
        for (column, width) in (0..).zip(self.widths.clone()) {
            self.worksheet.set_column_width(column, width)?;
        }
        let mut row = self.top()?;
        self.headings(row)?;
        row += 1;
        let first = row;
        for values in rows {
            self.row(row, values)?;
            row += 1;
        }
        if matches!(self.sheet.layout, SheetLayout::Summed | SheetLayout::Paper) {
            self.choices(first, row)?;
            self.totals(first, row, rows)?;
            row += 1;
        }
        // Who signs, signs the whole: below the last part.
        if self.part.is_last() {
            self.bottom(row)?;
        }
        self.page_setup()
    }

    /// Writes annex, title, subtitle and lines of text. Returns the row of the headings.
    fn top(&mut self) -> Result<u32, XlsxError> {
        let mut row = 0;
        let left = self.format().set_text_wrap().set_align(FormatAlign::VerticalCenter);
        if !self.sheet.annex.is_empty() {
            self.across(row, &self.sheet.annex, &left, 11)?;
            row += 1;
        }
        let title = self.format().set_font_size(16).set_bold().set_text_wrap();
        let title = title.set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter);
        self.across(row, &self.sheet.title, &title, 16)?;
        row += 1;
        for line in &self.sheet.lead {
            self.across(row, line, &left, 11)?;
            row += 1;
        }
        let right = self.format().set_align(FormatAlign::Right).set_text_wrap();
        self.across(row, &self.sheet.subtitle, &right, 11)?;
        Ok(row + 1)
    }

    /// Writes the lines of text below the rows, and who signs.
    fn bottom(&mut self, mut row: u32) -> Result<(), XlsxError> {
        let left = self.format().set_text_wrap().set_align(FormatAlign::VerticalCenter);
        for line in &self.sheet.close {
            self.across(row, line, &left, 11)?;
            row += 1;
        }
        if matches!(self.sheet.layout, SheetLayout::Index(_)) {
            return Ok(());
        }
        row += 1;
        // Side by side where there is room, else below each other.
        let people = &self.template.sign_off;
        let blank = " ".repeat(14);
        let beside = people.join(&blank);
        if lines_of(&beside, self.width(), 11) == 1 {
            return self.across(row, &beside, &left, 11);
        }
        for who in people {
            self.across(row, who, &left, 11)?;
            row += 1;
        }
        Ok(())
    }

    /// The width of all columns in characters.
    fn width(&self) -> u32 {
        self.widths.iter().map(|width| u32::from(*width)).sum()
    }

    /// The number of pages that lie side by side.
    fn pages(&self) -> u16 {
        u16::try_from(self.width().div_ceil(WIDEST)).unwrap_or(u16::MAX).max(1)
    }

    /// Writes a line over all columns, in a row that is as high as its text. On a very wide sheet it stands on the
    /// first page.
    fn across(&mut self, row: u32, text: &str, look: &Format, size: u32) -> Result<(), XlsxError> {
        let (mut last, mut width) = (0, u32::from(self.widths[0]));
        let page = self.width().div_ceil(self.pages().into());
        for (column, of_column) in (0..).zip(&self.widths).skip(1) {
            if width + u32::from(*of_column) > page {
                break;
            }
            (last, width) = (column, width + u32::from(*of_column));
        }
        let text = fitting(text);
        self.worksheet.set_row_height(row, height(lines_of(&text, width, size), size))?;
        // A single cell cannot be merged.
        match last {
            0 => self.worksheet.write_string_with_format(row, 0, text, look)?,
            _ => self.worksheet.merge_range(row, 0, row, last, &text, look)?,
        };
        Ok(())
    }

    fn headings(&mut self, row: u32) -> Result<(), XlsxError> {
        let heading = self
            .cell()
            .set_bold()
            .set_align(FormatAlign::Center)
            .set_text_wrap()
            .set_background_color("#E7EDF3");
        let mut lines = 1;
        for (column, (name, _)) in (0..).zip(&self.sheet.columns) {
            lines = lines.max(lines_of(name, self.widths[usize::from(column)].into(), 11));
            self.worksheet.write_string_with_format(row, column, name, &heading)?;
        }
        self.worksheet.set_row_height(row, height(lines, 11) + 8)?;
        // Frozen lines of text would leave no room for the rows.
        if self.sheet.lead.is_empty() {
            self.worksheet.set_freeze_panes(row + 1, 0)?;
        }
        self.worksheet.set_repeat_rows(row, row)?;
        Ok(())
    }

    fn row(&mut self, row: u32, values: &[CellValue]) -> Result<(), XlsxError> {
        let mut lines = 1;
        for (column, value) in (0..).zip(values) {
            if let CellValue::Text(text) = value {
                let room = u32::from(self.widths[usize::from(column)]).saturating_sub(1);
                lines = lines.max(lines_of(text, room, 11));
            }
            if !self.link(row, column, value)? {
                self.value(row, column, value)?;
            }
        }
        self.worksheet.set_row_height(row, height(lines, 11))?;
        Ok(())
    }

    /// Writes a link to another sheet, where the sheet lists them. Returns whether it did.
    fn link(&mut self, row: u32, column: u16, value: &CellValue) -> Result<bool, XlsxError> {
        let (SheetLayout::Index(Some(of_links)), CellValue::Text(text)) =
            (self.sheet.layout, value)
        else {
            return Ok(false);
        };
        let first = self.heading_row() + 1;
        let listed = usize::try_from(row - first).ok().and_then(|at| self.part.all.get(at + 1));
        let Some(name) = listed.and_then(|parts| parts.first()).filter(|_| of_links == column)
        else {
            return Ok(false);
        };
        let place = format!("internal:'{}'!A1", name.replace('\'', "''"));
        let look = self.cell().set_font_color("#0563C1").set_text_wrap().set_indent(1);
        let url = Url::new(place).set_text(fitting(text));
        self.worksheet.write_url_with_format(row, column, url, &look)?;
        Ok(true)
    }

    /// The row of the headings: below annex, title, lines of text and subtitle.
    fn heading_row(&self) -> u32 {
        let above = 2 + self.sheet.lead.len() + usize::from(!self.sheet.annex.is_empty());
        u32::try_from(above).unwrap_or(u32::MAX)
    }

    fn value(&mut self, row: u32, column: u16, value: &CellValue) -> Result<(), XlsxError> {
        let cell = self.cell();
        let right = || self.cell().set_align(FormatAlign::Right);
        match value {
            CellValue::Text(text) => {
                let text_cell = cell.set_num_format("@").set_text_wrap();
                let text_cell = text_cell.set_align(FormatAlign::Left).set_indent(1);
                self.worksheet.write_string_with_format(row, column, fitting(text), &text_cell)?;
            }
            CellValue::Money(fen) => match exact(*fen) {
                Some(number) => {
                    let money = right().set_num_format(MONEY);
                    self.worksheet.write_number_with_format(row, column, number, &money)?;
                }
                None => {
                    self.worksheet.write_string_with_format(row, column, yuan(*fen), &right())?;
                }
            },
            CellValue::Count(count) => {
                #[expect(clippy::disallowed_types, reason = "a spreadsheet has no other numbers")]
                let number = count.to_string().parse::<f64>().unwrap_or_default();
                let counted = right().set_num_format(COUNT);
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

    /// Writes sums of the amounts and counts: formulas whose cached results are our own sums. The last part has the
    /// sums of all parts, each part before it has those of its own rows.
    fn totals(&mut self, first: u32, row: u32, rows: &[Vec<CellValue>]) -> Result<(), XlsxError> {
        let bold = self.cell().set_bold();
        let right = || bold.clone().set_align(FormatAlign::Right);
        self.worksheet.set_row_height(row, height(1, 11))?;
        let (word, rows) = if self.part.is_last() {
            (&self.template.total, &self.sheet.rows[..])
        } else {
            (&self.template.subtotal, rows)
        };
        let label = bold.clone().set_align(FormatAlign::Center);
        self.worksheet.write_string_with_format(row, 0, word, &label)?;
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
                (true, _) => (yuan(money), right().set_num_format(MONEY)),
                (_, true) => (count.to_string(), right().set_num_format(COUNT)),
                _ => {
                    self.worksheet.write_string_with_format(row, column, "", &bold)?;
                    continue;
                }
            };
            if has_money && exact(money).is_none() {
                self.worksheet.write_string_with_format(row, column, result, &right())?;
                continue;
            }
            let sum = Formula::new(self.sum(first, row, column)).set_result(result);
            self.worksheet.write_formula_with_format(row, column, sum, &format)?;
        }
        Ok(())
    }

    /// Returns the formula of a sum: of the rows of this part, or in the last part of all parts.
    fn sum(&self, first: u32, end: u32, column: u16) -> String {
        let own = cell_range(first, column, end - 1, column);
        if !self.part.is_last() {
            return format!("=SUM({own})");
        }
        let full = first + u32::try_from(MOST_ROWS).unwrap_or(0) - 1;
        let before = self.part.names[..self.part.at].iter();
        let before = before.map(|name| worksheet_range(name, first, column, full, column));
        let all: Vec<String> = before.chain([own]).collect();
        format!("=SUM({})", all.join(","))
    }

    fn page_setup(&mut self) -> Result<(), XlsxError> {
        let (width, across) = (self.width(), self.pages());
        let is_paper = self.sheet.layout == SheetLayout::Paper;
        let down = u16::from(is_paper && self.sheet.rows.len() <= ONE_PAGE);
        if across > 1 {
            // The first columns of a wide sheet are repeated on every page, so that rows can be told apart.
            self.worksheet.set_repeat_columns(0, 2)?;
        }
        self.worksheet.set_paper_size(PAPER).set_print_fit_to_pages(across, down);
        self.worksheet.set_print_center_horizontally(true);
        self.worksheet.set_footer("&C&P / &N");
        if width > UPRIGHT {
            self.worksheet.set_landscape();
        }
        Ok(())
    }
}

/// Returns text that a cell can hold: invalid characters become pictures, and long text is cut visibly.
pub(crate) fn fitting(text: &str) -> String {
    let text = shown(text);
    if text.len() <= MOST_TEXT || text.encode_utf16().count() <= MOST_TEXT {
        return text;
    }
    let mark = format!("…(共 {} 字)", text.chars().count());
    let most = MOST_TEXT - mark.encode_utf16().count();
    format!("{}{mark}", beginning(&text, most, char::len_utf16))
}

/// Returns an amount as a spreadsheet's number, or `None` when 15 digits do not hold it.
#[expect(clippy::disallowed_types, reason = "a spreadsheet has no other numbers")]
pub(crate) fn exact(fen: FenSum) -> Option<f64> {
    (fen.abs() < EXACT).then(|| yuan(fen).parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    #[test]
    fn a_sheet_that_goes_on_is_summed_and_signed_once() {
        let column = |heading: &str| (heading.to_owned(), 12);
        let row = |n: i128| vec![CellValue::Count(n), CellValue::Money(FenSum::new(100))];
        let sheet = Sheet {
            name: "表".to_owned(),
            file: "sheet".to_owned(),
            annex: "附件14-1".to_owned(),
            title: "新疆生产建设兵团跨省异地就医应付医疗费用清算表".to_owned(),
            subtitle: String::new(),
            lead: Vec::new(),
            columns: vec![column("序号"), column("金额")],
            rows: (0..250).map(row).collect(),
            close: Vec::new(),
            total: None,
            layout: SheetLayout::Summed,
            choices: None,
        };
        let workbook = Workbook { folder: "31".to_owned(), name: "book", sheets: vec![sheet] };
        let day = NaiveDate::from_ymd_opt(2025, 11, 30).expect("a day");
        let template = Template::built_in();
        let files = Xlsx { issued_on: day }.render(&workbook, &template).expect("a workbook");
        let mut archive = zip::ZipArchive::new(Cursor::new(&files[0].1)).expect("an archive");
        let mut part = |name: &str| {
            let mut text = String::new();
            let mut file = archive.by_name(name).expect("a part");
            file.read_to_string(&mut text).expect("text");
            text
        };
        let sheets = [1, 2, 3].map(|n| part(&format!("xl/worksheets/sheet{n}.xml")));
        let sums = [
            "SUM(B5:B104)",
            "SUM(B5:B104)",
            "SUM('表 1'!B5:B104,'表 2'!B5:B104,B5:B54)</f><v>250.00</v>",
        ];
        for (sheet, sum) in sheets.iter().zip(sums) {
            assert!(sheet.contains(sum), "{sum}: {}", &sheet[sheet.len() - 2_000..]);
        }
        let merged = |sheet: &String| sheet.matches("<mergeCell ").count();
        // Annex, title and subtitle; below the last part who signs.
        let signed = template.sign_off.len();
        assert_eq!(merged(&sheets[0]), 3);
        assert!([4, 3 + signed].contains(&merged(&sheets[2])), "{}", merged(&sheets[2]));
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
