//! Sends the cells of a sheet of XLSX to a sink, one after the other. None is kept.

use quick_xml::events::{BytesStart, Event};

use super::{
    cells::{CellContent, CellSink, LAST, Unreadable},
    context::WorkbookContext,
    formats::NumberFormat,
    number,
    parts::{PartEvents, each_attribute},
    serial,
    strings::unescape,
};

/// Sends the cells of a sheet to a sink.
pub(super) fn read(
    mut part: PartEvents,
    shared: &WorkbookContext,
    sink: &mut dyn CellSink,
) -> Result<(), Unreadable> {
    let (mut row, mut column, mut inside) = (0, 0, false);
    let mut cell = CellReading::default();
    let mut buffer = Vec::new();
    while let Some(event) = part.next(&mut buffer)? {
        match &event {
            Event::Start(of) => match of.local_name().as_ref() {
                "sheetData" => inside = true,
                "row" if inside => {
                    if let Some(number) = row_number(of).map_err(|Damaged| part.damage())? {
                        if number < row {
                            let found = text!("a workbook whose rows are not in order");
                            return Err(Unreadable::Form(found));
                        }
                        (row, column) = (number, 0);
                    }
                }
                "c" if inside => {
                    cell.begin(of);
                    if let Some((in_row, at)) = cell.place.map_err(|Damaged| part.damage())? {
                        if in_row < row || (in_row == row && at < column) {
                            let found = text!("a workbook whose cells are not in order");
                            return Err(Unreadable::Form(found));
                        }
                        (row, column) = (in_row, at);
                    }
                    if row > LAST.0 || column > LAST.1 {
                        return Err(part.damage());
                    }
                }
                name => cell.open(name),
            },
            Event::End(of) => match of.local_name().as_ref() {
                "sheetData" => return Ok(()),
                "row" if inside => (row, column) = (row.saturating_add(1), 0),
                "c" if inside => {
                    if let Some(content) = cell.end(shared).map_err(|Damaged| part.damage())?
                        && !sink.cell(row, column, &cell.text, content)?
                    {
                        return Ok(());
                    }
                    column += 1;
                }
                name => cell.close(name),
            },
            _ if cell.shown => part.append(&event, &mut cell.value)?,
            _ => {}
        }
    }
    Err(part.damage())
}

/// Something in a sheet is not what it must be.
#[derive(Debug, Clone, Copy)]
struct Damaged;

/// Returns the number of a row, from 0, if it has one.
fn row_number(of: &BytesStart) -> Result<Option<u32>, Damaged> {
    let mut found = Ok(None);
    each_attribute(of, |name, value| {
        if name == "r" {
            let number = value.parse().ok().and_then(|number: u32| number.checked_sub(1));
            found = number.map(Some).ok_or(Damaged);
        }
    });
    found
}

/// The type of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CellType {
    #[default]
    Number,
    /// The number of a shared text.
    Shared,
    /// A text, in the cell itself or as the result of a formula.
    Text,
    /// A day or time in words.
    Date,
    Truth,
    Error,
}

impl CellType {
    fn of(name: &str) -> CellType {
        match name {
            "s" => CellType::Shared,
            "str" | "inlineStr" => CellType::Text,
            "d" => CellType::Date,
            "b" => CellType::Truth,
            "e" => CellType::Error,
            _ => CellType::Number,
        }
    }
}

/// A cell that is being read.
#[expect(clippy::struct_excessive_bools, reason = "which elements have begun")]
struct CellReading {
    /// Row and column, if the cell names them.
    place: Result<Option<(u32, u32)>, Damaged>,
    style: Option<usize>,
    of_type: CellType,
    /// Whether it has a value, and whether it has a formula.
    has_value: bool,
    has_formula: bool,
    /// Whether a rich text goes on, a phonetic run of it, and a text that is shown.
    rich: bool,
    phonetic: bool,
    shown: bool,
    /// The value as it is written, and its meaning.
    value: String,
    text: String,
}

impl Default for CellReading {
    fn default() -> CellReading {
        CellReading {
            place: Ok(None),
            style: None,
            of_type: CellType::Number,
            has_value: false,
            has_formula: false,
            rich: false,
            phonetic: false,
            shown: false,
            value: String::new(),
            text: String::new(),
        }
    }
}

impl CellReading {
    fn begin(&mut self, of: &BytesStart) {
        let (value, text) = (std::mem::take(&mut self.value), std::mem::take(&mut self.text));
        *self = CellReading { value, text, ..CellReading::default() };
        self.value.clear();
        self.text.clear();
        each_attribute(of, |name, value| match name {
            "r" => self.place = cell_reference(value).map(Some).ok_or(Damaged),
            "s" => self.style = value.parse().ok(),
            "t" => self.of_type = CellType::of(value),
            _ => {}
        });
    }

    fn open(&mut self, name: &str) {
        match name {
            "v" => (self.has_value, self.shown) = (true, true),
            "f" => self.has_formula = true,
            "is" => (self.has_value, self.rich) = (true, true),
            "rPh" => self.phonetic = true,
            "t" => self.shown = self.rich && !self.phonetic,
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "v" | "t" => self.shown = false,
            "is" => self.rich = false,
            "rPh" => self.phonetic = false,
            _ => {}
        }
    }

    /// Makes the text of the cell. Returns what it is, or `None` when the cell holds nothing.
    fn end(&mut self, shared: &WorkbookContext) -> Result<Option<CellContent>, Damaged> {
        (self.shown, self.rich, self.phonetic) = (false, false, false);
        let (value, text) = (self.value.as_str(), &mut self.text);
        if value.is_empty() {
            let content = match (self.has_formula, self.has_value, self.of_type) {
                (false, false, _) => return Ok(None),
                (true, false, _) | (true, true, CellType::Number) => CellContent::Error,
                (_, true, _) => CellContent::Text,
            };
            return Ok(Some(content));
        }
        Ok(Some(match self.of_type {
            CellType::Shared => {
                let number = value.trim().parse().ok();
                text.push_str(number.and_then(|at| shared.texts.get(at)).ok_or(Damaged)?);
                CellContent::Text
            }
            CellType::Text => {
                unescape(value, text);
                CellContent::Text
            }
            CellType::Date => written_moment(value, text),
            CellType::Truth => {
                text.push_str(value);
                CellContent::Truth
            }
            CellType::Error => {
                text.push_str(value);
                CellContent::Error
            }
            CellType::Number => {
                let format = self.style.and_then(|style| shared.formats.get(style)).copied();
                number_content(value, format.unwrap_or_default(), shared.from_1904, text)
            }
        }))
    }
}

/// Appends the meaning of a number.
fn number_content(
    value: &str,
    format: NumberFormat,
    from_1904: bool,
    text: &mut String,
) -> CellContent {
    if number::plain(value, text).is_none() {
        text.push_str(value);
        return CellContent::Text;
    }
    shown_number(format, from_1904, text)
}

/// Makes a number a day or a time, if its format shows it as one.
pub(super) fn shown_number(
    format: NumberFormat,
    from_1904: bool,
    text: &mut String,
) -> CellContent {
    if format == NumberFormat::Plain {
        return CellContent::Number;
    }
    let mut moment = String::new();
    match serial::moment(text, format, from_1904, &mut moment) {
        Some(content) => {
            *text = moment;
            content
        }
        None => CellContent::Number,
    }
}

/// Appends a day or a time in words, as ISO 8601 has them.
fn written_moment(value: &str, text: &mut String) -> CellContent {
    let value = value.trim();
    text.push_str(value);
    match value.split_once('T') {
        _ if value.get(..10).and_then(crate::model::dates::parse_day).is_none() => {
            CellContent::Text
        }
        None if value.len() == 10 => CellContent::Day,
        // A time with a zone, or without seconds, is a text.
        Some((_, clock)) if is_clock(clock) => CellContent::Time,
        _ => CellContent::Text,
    }
}

/// Whether a text is `HH:MM:SS`, perhaps with a point and further digits.
fn is_clock(text: &str) -> bool {
    let (clock, rest) = text.split_once('.').unwrap_or((text, "0"));
    let form = clock.bytes().zip(b"00:00:00").all(|(letter, form)| match form {
        b':' => letter == b':',
        _ => letter.is_ascii_digit(),
    });
    clock.len() == 8 && form && rest.bytes().all(|letter| letter.is_ascii_digit())
}

/// Parses a cell reference like `B12` into row and column, from 0.
fn cell_reference(place: &str) -> Option<(u32, u32)> {
    let digits = place.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, row) = place.split_at(digits);
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        let letter = letter.to_ascii_uppercase();
        let value = letter.is_ascii_uppercase().then(|| u32::from(letter - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(value)
    })?;
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_spreadsheets() {
        assert_eq!(cell_reference("A1"), Some((0, 0)));
        assert_eq!(cell_reference("xfd1048576"), Some((1_048_575, 16_383)));
        for place in ["A0", "1", "A", "", "A-1", "ZZZZZZZZZZZZ1", "A99999999999", "é1"] {
            assert_eq!(cell_reference(place), None, "{place}");
        }
    }

    #[test]
    fn days_and_times_in_words_are_told_from_texts() {
        let content = |value| written_moment(value, &mut String::new());
        assert_eq!(content("2025-10-01"), CellContent::Day);
        assert_eq!(content("2025-10-01T08:30:00"), CellContent::Time);
        assert_eq!(content("2025-10-01T08:30:00.5"), CellContent::Time);
        for text in ["2025-02-30", "2025-10-01T08:30", "2025-10-01T08:30:00Z", "08:30:00", "x"] {
            assert_eq!(content(text), CellContent::Text, "{text}");
        }
    }
}
