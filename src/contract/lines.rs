//! The lines of a small file: UTF-8 CSV with a header, its columns by name in any order.

use chrono::NaiveDate;

use super::{
    columns::{SmallFileColumn, ValueKind},
    encoding::{self, Encoding},
    header,
};
use crate::{
    contract::bounds,
    diag::{Code, Finding},
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::{Fen, FenSum, parse_sum, parse_yuan},
    },
    spelling::short,
    text::{Text, quoted},
};

/// A line of a small file, with its values in the order of the columns of the contract.
pub(super) struct SmallFileLine<'a> {
    file: &'a str,
    pub(super) number: u64,
    columns: &'a [SmallFileColumn],
    pub(super) values: Vec<String>,
    findings: &'a mut Vec<Finding>,
}

impl SmallFileLine<'_> {
    pub(super) fn refuse(&mut self, code: Code, column: usize) {
        let place = text!("line {}, column {}", self.number, self.columns[column].name);
        // A value in the wrong column may be long, or may belong to a person, so it is cut.
        let found = text!("{}", quoted(short(&self.values[column], 20)));
        self.findings.push(Finding::new(code, self.file, place, found));
    }

    pub(super) fn refuse_line(&mut self, code: Code, found: Text) {
        self.findings.push(Finding::new(code, self.file, text!("line {}", self.number), found));
    }

    fn checked<T>(
        &mut self,
        code: Code,
        column: usize,
        kind: ValueKind,
        value: Option<T>,
    ) -> Option<T> {
        debug_assert_eq!(self.columns[column].kind, kind, "{}", self.columns[column].name);
        if value.is_none() {
            self.refuse(code, column);
        }
        value
    }

    pub(super) fn amount(&mut self, column: usize) -> Option<Fen> {
        let value = parse_yuan(&self.values[column]).ok();
        self.checked(Code::S04, column, ValueKind::Amount, value)
    }

    pub(super) fn total(&mut self, column: usize) -> Option<FenSum> {
        let value = parse_sum(&self.values[column]).ok();
        self.checked(Code::S04, column, ValueKind::Sum, value)
    }

    pub(super) fn count(&mut self, column: usize) -> Option<u64> {
        let value =
            self.values[column].parse().ok().filter(|_| !self.values[column].starts_with('+'));
        self.checked(Code::S10, column, ValueKind::Count, value)
    }

    pub(super) fn day(&mut self, column: usize) -> Option<NaiveDate> {
        let value = parse_day(&self.values[column]);
        self.checked(Code::S05, column, ValueKind::Day, value)
    }

    pub(super) fn month(&mut self, column: usize) -> Option<Month> {
        let value = Month::from_text(&self.values[column]);
        self.checked(Code::S05, column, ValueKind::Month, value)
    }

    pub(super) fn flag(&mut self, column: usize) -> Option<bool> {
        let value = match self.values[column].as_str() {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        self.checked(Code::S06, column, ValueKind::Flag, value)
    }

    pub(super) fn province(&mut self, column: usize) -> Option<Province> {
        let value = Province::from_text(&self.values[column]);
        self.checked(Code::S07, column, ValueKind::Province, value)
    }
}

/// Parses every line of a file; lines that break a rule become findings.
pub(super) fn read<T>(
    bytes: &[u8],
    name: &str,
    columns: &[SmallFileColumn],
    findings: &mut Vec<Finding>,
    mut parse: impl FnMut(&mut SmallFileLine) -> Option<T>,
) -> Vec<T> {
    let mut refuse = |code, place: Text, found: Text| {
        findings.push(Finding::new(code, name, place, found));
    };
    if let Some((place, found)) = bounds::breach(bytes) {
        refuse(Code::S11, place, found);
        return Vec::new();
    }
    let text = match decoded(bytes) {
        Ok(text) => text,
        Err((line, found)) => {
            refuse(Code::S01, text!("line {}", line), found);
            return Vec::new();
        }
    };
    if let Some(line) = stray_quote(text) {
        refuse(Code::S03, text!("line {}", line), text!("a quote out of place"));
        return Vec::new();
    }
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let (header, start) = match first(&mut reader) {
        Ok(header) => header,
        Err(found) => {
            refuse(Code::S02, text!("line {}", 1), found);
            return Vec::new();
        }
    };
    let positions = match positions(&header, columns, text, start, name) {
        Ok(positions) => positions,
        Err(finding) => {
            findings.push(finding);
            return Vec::new();
        }
    };
    let mut parsed = Vec::new();
    let mut listed = ListedFindings { before: findings.len(), more: 0 };
    let mut lines = LineNumbers { text, at: 0, number: 1 };
    for record in reader.records() {
        listed.bound(findings);
        let record = match record {
            Ok(record) if is_blank(&record) => continue,
            Ok(record) => record,
            Err(error) => {
                findings.push(Finding::of_file(Code::S03, name, Text::foreign(error)));
                continue;
            }
        };
        let number = lines.at_byte(record.position().map_or(0, csv::Position::byte));
        if record.len() != header.len() {
            let found = text!("{} values for {} columns", record.len(), header.len());
            findings.push(Finding::new(Code::S03, name, text!("line {}", number), found));
            continue;
        }
        let value = |at: &Option<usize>| at.map_or_else(String::new, |at| record[at].to_owned());
        let values = positions.iter().map(value).collect();
        let mut line = SmallFileLine { file: name, number, columns, values, findings };
        parsed.extend(parse(&mut line));
    }
    listed.tell(name, findings);
    parsed
}

/// Returns the position of each column in a header. A column that is missing has an empty value in every line.
fn positions(
    header: &[String],
    columns: &[SmallFileColumn],
    text: &str,
    start: u64,
    name: &str,
) -> Result<Vec<Option<usize>>, Finding> {
    let is_there = |column: &&SmallFileColumn| {
        !column.may_be_missing || header.iter().any(|name| name == column.name)
    };
    let names: Vec<&str> = columns.iter().filter(is_there).map(|column| column.name).collect();
    let mut found = header::positions(header, &names, text, start, name)?.into_iter();
    let positions = columns.iter().map(|column| is_there(&column).then(|| found.next()).flatten());
    Ok(positions.collect())
}

/// Bounds the listed findings of a file, and counts the others.
pub(super) struct ListedFindings {
    pub(super) before: usize,
    pub(super) more: usize,
}

impl ListedFindings {
    pub(super) fn bound(&mut self, findings: &mut Vec<Finding>) {
        let most = self.before + bounds::FINDINGS;
        self.more += findings.len().saturating_sub(most);
        findings.truncate(most);
    }

    pub(super) fn tell(mut self, name: &str, findings: &mut Vec<Finding>) {
        self.bound(findings);
        if let Some(last) = findings.last().filter(|_| self.more > 0) {
            let found = text!("{} findings more in this file", self.more);
            findings.push(Finding::of_file(last.code, name, found));
        }
    }
}

/// Returns the text of a file, or the line of the first byte that is not UTF-8 and a description.
pub(super) fn decoded(bytes: &[u8]) -> Result<&str, (usize, Text)> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let found = match encoding::guess(bytes) {
                Some(Encoding::Utf16) => text!("text in UTF-16"),
                Some(Encoding::Gbk) => text!("bytes that are not UTF-8, perhaps GBK"),
                _ => text!("bytes that are not UTF-8"),
            };
            Err((good.matches('\n').count() + 1, found))
        }
    }
}

/// Returns the first line that is not blank, and the byte at which the line before it ends.
pub(super) fn first(reader: &mut csv::Reader<&[u8]>) -> Result<(Vec<String>, u64), Text> {
    match reader.records().find(|record| !record.as_ref().is_ok_and(is_blank)) {
        None => Err(text!("no header")),
        Some(Err(error)) => Err(Text::foreign(error)),
        Some(Ok(record)) => {
            let header = record.iter().map(str::to_owned).collect();
            Ok((header, record.position().map_or(0, csv::Position::byte)))
        }
    }
}

/// Returns the line of a quote that opens within a value, closes before its end, or is never closed. The CSV
/// reader would take the text after it, even whole lines, as part of the value.
pub(super) fn stray_quote(text: &str) -> Option<usize> {
    let (mut quoted, mut opened) = (false, 1);
    let mut line = 1;
    let mut last = ',';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match (quoted, letter) {
            (false, '"') if !matches!(last, ',' | '\r' | '\n') => return Some(line),
            (false, '"') => (quoted, opened) = (true, line),
            (true, '"') if letters.next_if_eq(&'"').is_some() => {}
            (true, '"') if !matches!(letters.peek(), None | Some(',' | '\r' | '\n')) => {
                return Some(line);
            }
            (true, '"') => quoted = false,
            _ => {}
        }
        last = letter;
    }
    quoted.then_some(opened)
}

/// Counts lines. The line numbers of the CSV reader are of no use, since it does not count blank lines.
pub(super) struct LineNumbers<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) number: u64,
}

impl LineNumbers<'_> {
    /// Returns the line of the first value at or after a byte. Bytes must not fall from call to call.
    pub(super) fn at_byte(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let start = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
        let blank = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        debug_assert!(self.at <= start + blank, "bytes rise");
        let passed = &self.text.get(self.at..start + blank).unwrap_or_default();
        self.number += passed.matches('\n').count() as u64;
        self.at = start + blank;
        self.number
    }
}

/// Returns whether a line has only commas and blanks, as spreadsheets write it.
pub(super) fn is_blank(record: &csv::StringRecord) -> bool {
    record.iter().all(|value| value.trim().is_empty())
}
