//! Makes the workbook of a province from its CSV, line by line: a sheet for each rule, with cells for answers.

use std::{collections::BTreeSet, io, path::Path};

use chrono::NaiveDate;
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder,
    ProtectionOptions, Workbook as Book, Worksheet, XlsxError,
};

use super::{
    columns::{ANSWERS, COLUMNS, FRONT, PackCell, VERDICTS, place_of},
    direction::{PaidDirection, takes_amount},
    guide,
};
use crate::{
    columnar::guard,
    diag::{Failure, Outcome},
    model::{codes::Province, money::parse_sum},
    review::rule::ReviewRule,
    statements::{
        Template, exact, fitting, height, lines_of, province as with_code, sheet_name, unguarded,
    },
    text::Text,
};

/// The most lines of one sheet; a spreadsheet holds 1,048,576.
pub(super) const MOST_LINES: u32 = if cfg!(test) { 100 } else { 1_000_000 };
/// The number of the paper size A4.
const PAPER: u8 = 9;
/// The first day that a spreadsheet can hold.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("Invariant: a day");
/// The row of the headings, below the title and four lines of text.
const HEADINGS: u32 = 5;

/// Writes the workbook of a province, which may answer lines of some rules.
pub(super) fn write(
    csv: &Path,
    xlsx: &Path,
    reader: (Province, &BTreeSet<ReviewRule>),
    created: NaiveDate,
) -> Outcome<()> {
    // The crate returns no error where its own files cannot be written, as on a full disk: it panics.
    let written = guard::caught(|| fill(csv, xlsx, reader, created));
    written.unwrap_or_else(|panic| {
        Err(match error_of_system(&panic) {
            Some(error) => Failure::io(xlsx)(error),
            None => Failure::Bug(text!("workbook {}: {}", xlsx, Text::foreign(panic))),
        })
    })
}

/// Returns the error of the system that a panic was about: messages have it as `Os { code: 28, …`.
fn error_of_system(panic: &str) -> Option<io::Error> {
    let (_, code) = panic.split_once("Os { code: ")?;
    let code = code.split(',').next()?.parse().ok()?;
    Some(io::Error::from_raw_os_error(code))
}

/// Fills the workbook of a province.
fn fill(
    csv: &Path,
    xlsx: &Path,
    reader: (Province, &BTreeSet<ReviewRule>),
    created: NaiveDate,
) -> Outcome<()> {
    let place = text!("{}", xlsx);
    let failed = |error: XlsxError| match error {
        XlsxError::IoError(error) => Failure::Io { place: place.clone(), error },
        error => match error_of_system(&format!("{error:?}")) {
            Some(error) => Failure::Io { place: place.clone(), error },
            None => Failure::Bug(text!("workbook {}: {}", xlsx, Text::foreign(error))),
        },
    };
    let mut lines = csv::Reader::from_path(csv)
        .map_err(|error| Failure::Bug(text!("CSV: {}", Text::foreign(error))))?;
    let mut book = LeadBook::new(xlsx, reader, created).map_err(failed)?;
    let mut line = csv::StringRecord::new();
    loop {
        let more = lines.read_record(&mut line);
        if !more.map_err(|error| Failure::Bug(text!("CSV: {}", Text::foreign(error))))? {
            break;
        }
        book.line(&line).map_err(failed)?;
    }
    book.finish(xlsx).map_err(failed)
}

/// A workbook that is being written.
struct LeadBook<'a> {
    book: Book,
    looks: Looks,
    names: BTreeSet<String>,
    province: Province,
    /// The rules of which the province may answer lines.
    answers: &'a BTreeSet<ReviewRule>,
    /// The rule of the last sheet, the number of the part, and its next row.
    sheet: Option<(ReviewRule, usize, u32)>,
}

/// How cells look.
struct Looks {
    title: Format,
    told: Format,
    heading: Format,
    text: Format,
    wrapped: Format,
    money: Format,
    count: Format,
    closed: Format,
    /// By the place of the answer.
    open: [Format; 6],
}

impl Looks {
    fn new() -> Looks {
        let font = Template::built_in().font;
        let plain = || Format::new().set_font_name(&font).set_font_size(11);
        let cell = || plain().set_border(FormatBorder::Thin).set_border_color("#C8CFD7");
        let right = || cell().set_align(FormatAlign::Right);
        let open = |look: Format| look.set_unlocked().set_background_color("#FFF8DC");
        let answer = |column: super::columns::PackColumn| match column.cell {
            PackCell::AnswerMoney => open(right().set_num_format("#,##0.00")),
            PackCell::AnswerDay => open(cell().set_num_format("yyyy-mm-dd")),
            _ => open(cell().set_num_format("@")),
        };
        Looks {
            title: plain().set_font_size(16).set_bold(),
            told: plain().set_text_wrap().set_align(FormatAlign::Top),
            heading: cell()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color("#E7EDF3"),
            wrapped: cell().set_text_wrap().set_align(FormatAlign::Top),
            text: cell().set_num_format("@").set_align(FormatAlign::Left).set_indent(1),
            money: right().set_num_format("#,##0.00"),
            count: right().set_num_format("#,##0"),
            closed: cell().set_background_color("#EEF0F2"),
            open: ANSWERS.map(answer),
        }
    }
}

impl<'a> LeadBook<'a> {
    fn new(
        xlsx: &Path,
        (province, answers): (Province, &'a BTreeSet<ReviewRule>),
        created: NaiveDate,
    ) -> Result<LeadBook<'a>, XlsxError> {
        let mut book = Book::new();
        let day = format!("{}T00:00:00", created.max(FIRST_DAY));
        let day = ExcelDateTime::parse_from_str(&day)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&day));
        if let Some(folder) = xlsx.parent() {
            book.set_tempdir(folder)?;
        }
        // Spreadsheets reserve this name.
        let names = BTreeSet::from(["history".to_owned()]);
        Ok(LeadBook { book, looks: Looks::new(), names, province, answers, sheet: None })
    }

    /// Writes a line into the sheet of its rule.
    fn line(&mut self, line: &csv::StringRecord) -> Result<(), XlsxError> {
        let rule = line.get(place_of("rule")).and_then(ReviewRule::from_id);
        let rule = rule.expect("Invariant: our own line");
        let part = match self.sheet {
            Some((last, part, next)) if last == rule => {
                if next < HEADINGS + 1 + MOST_LINES {
                    None
                } else {
                    Some(part + 1)
                }
            }
            _ => Some(1),
        };
        if let Some(part) = part {
            self.end_sheet()?;
            self.begin_sheet(rule, part)?;
        }
        let Some((_, _, row)) = &mut self.sheet else { return Ok(()) };
        let at = *row;
        *row += 1;
        let worksheet = last_sheet(&mut self.book)?;
        let is_open = line.get(place_of("open")).is_some_and(|open| open.starts_with('是'));
        let direction = line.get(place_of("direction")).unwrap_or_default();
        let is_too_little = PaidDirection::is_too_little(direction);
        let amount_is_open = takes_amount(rule, None) && !is_too_little;
        for ((column, cell), of) in (0..).zip(line).zip(COLUMNS) {
            write_cell(worksheet, (at, column), unguarded(cell), of.cell, &self.looks)?;
            if let Some(answer) = ANSWERS.iter().position(|answer| answer.name == of.name) {
                let is_open = is_open && (amount_is_open || of.cell != PackCell::AnswerMoney);
                let look = if is_open { &self.looks.open[answer] } else { &self.looks.closed };
                worksheet.write_blank(at, column, look)?;
            }
        }
        Ok(())
    }

    fn begin_sheet(&mut self, rule: ReviewRule, part: usize) -> Result<(), XlsxError> {
        let words = guide::of_rule(rule);
        let number = if part == 1 { 0 } else { part };
        let name = format!("{} {}", rule.id(), words.name[0]);
        let name = sheet_name(&name, number, &mut self.names);
        let worksheet = self.book.add_worksheet_with_constant_memory()?;
        worksheet.set_name(name)?;
        let mut width = 0;
        for (at, column) in (0..).zip(COLUMNS) {
            worksheet.set_column_width(at, column.width)?;
            width += if at < FRONT { u32::from(column.width) } else { 0 };
        }
        let title = format!(
            "{} {} {} · {}",
            rule.id(),
            words.name[0],
            words.name[1],
            with_code(self.province)
        );
        worksheet.set_row_height(0, height(1, 16))?;
        worksheet.write_string_with_format(0, 0, title, &self.looks.title)?;
        let is_answerable = self.answers.contains(&rule);
        let how_to = guide::how_to(rule, is_answerable);
        let mut told = [words.check[0], words.check[1], &how_to[0], &how_to[1]];
        if !is_answerable {
            told.rotate_left(2);
        }
        for (row, text) in (1..).zip(told) {
            worksheet.set_row_height(row, height(lines_of(text, width, 11), 11))?;
            worksheet.merge_range(row, 0, row, FRONT - 1, text, &self.looks.told)?;
        }
        worksheet.set_row_height(HEADINGS, height(2, 11) + 4)?;
        for (at, column) in (0..).zip(COLUMNS) {
            let heading = column.heading().replacen(' ', "\n", 1);
            worksheet.write_string_with_format(HEADINGS, at, heading, &self.looks.heading)?;
        }
        worksheet.set_freeze_panes(HEADINGS + 1, 2)?;
        worksheet.set_repeat_rows(0, HEADINGS)?;
        worksheet.set_paper_size(PAPER).set_landscape().set_print_fit_to_pages(1, 0);
        worksheet.set_footer("&C&P / &N");
        self.sheet = Some((rule, part, HEADINGS + 1));
        Ok(())
    }

    /// Adds what holds for all lines of the last sheet.
    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let Some((_, _, next)) = self.sheet else { return Ok(()) };
        let (first, last) = (HEADINGS + 1, next - 1);
        let worksheet = last_sheet(&mut self.book)?;
        let verdict = column_of("verdict");
        let list = DataValidation::new().allow_list_strings(&VERDICTS)?;
        worksheet.add_data_validation(first, verdict, last, verdict, &list)?;
        worksheet.autofilter(HEADINGS, 0, last, column_of("pack"))?;
        // All columns on one page would be too small to read.
        worksheet.set_print_area(0, 0, last, FRONT - 1)?;
        let allowed = ProtectionOptions {
            format_cells: true,
            format_columns: true,
            format_rows: true,
            sort: true,
            use_autofilter: true,
            ..ProtectionOptions::default()
        };
        worksheet.protect_with_options(&allowed);
        Ok(())
    }

    fn finish(mut self, xlsx: &Path) -> Result<(), XlsxError> {
        self.end_sheet()?;
        self.book.save(xlsx)
    }
}

fn last_sheet(book: &mut Book) -> Result<&mut Worksheet, XlsxError> {
    let last = book.worksheets().len().saturating_sub(1);
    book.worksheet_from_index(last)
}

fn column_of(name: &str) -> u16 {
    u16::try_from(place_of(name)).unwrap_or(u16::MAX)
}

fn write_cell(
    worksheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    cell: PackCell,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let number = |text: &str| match cell {
        PackCell::Money | PackCell::Count => parse_sum(text).ok().and_then(exact),
        _ => None,
    };
    let look = match cell {
        PackCell::Money => &looks.money,
        PackCell::Count => &looks.count,
        PackCell::Text => &looks.text,
        PackCell::Wrapped => &looks.wrapped,
        _ => return Ok(()),
    };
    match number(text) {
        Some(number) => worksheet.write_number_with_format(row, column, number, look)?,
        None => worksheet.write_string_with_format(row, column, fitting(text), look)?,
    };
    Ok(())
}
