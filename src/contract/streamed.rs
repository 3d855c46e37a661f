//! A CSV file of any length, read in blocks of whole lines: UTF-8 with a header, its columns by name in any order.
//!
//! The rules of the form are those of small files, but for the length of the file.

use std::io::Read;

use memchr::{memchr, memrchr};

use super::{
    bounds, header,
    lines::{LineNumbers, ListedFindings, decoded, first, is_blank, stray_quote},
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    text::Text,
};

/// Bytes that are read at a time: more than the longest line has.
const BLOCK: usize = 2 * bounds::LINE;

/// Bytes of a file, in blocks that end with a line.
struct WholeLines<R> {
    from: R,
    held: Vec<u8>,
    /// The end of the block that was returned last.
    taken: usize,
}

impl<R: Read> WholeLines<R> {
    /// Returns the next block; an empty one at the end of the file, none where a line is too long.
    fn next(&mut self) -> std::io::Result<Option<&[u8]>> {
        self.held.drain(..self.taken);
        let room = BLOCK.saturating_sub(self.held.len()) as u64;
        let read = self.from.by_ref().take(room).read_to_end(&mut self.held)?;
        let is_last = (read as u64) < room;
        let end = if is_last { Some(self.held.len()) } else { end_of_lines(&self.held) };
        self.taken = end.unwrap_or(0);
        Ok(end.map(|end| &self.held[..end]))
    }
}

/// Returns the end of the last whole line. A line break within quotes ends no line.
fn end_of_lines(bytes: &[u8]) -> Option<usize> {
    if memchr(b'"', bytes).is_none() {
        return memrchr(b'\n', bytes).map(|at| at + 1);
    }
    let (mut quoted, mut end) = (false, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = Some(at + 1),
            _ => {}
        }
    }
    end
}

/// Takes the values of a line, with its number; it may add findings.
type TakesLine<'a> = dyn FnMut(u64, &[&str], &mut Vec<Finding>) -> Outcome<()> + 'a;

/// Hands over the values of each line, in the order of the columns, with the number of the line. What breaks the form
/// becomes a finding; `each` may add its own.
pub(crate) fn read(
    from: impl Read,
    name: &str,
    columns: &[&str],
    findings: &mut Vec<Finding>,
    each: &mut TakesLine<'_>,
) -> Outcome<()> {
    let mut blocks = WholeLines { from, held: Vec::with_capacity(BLOCK), taken: 0 };
    let mut listed = ListedFindings { before: findings.len(), more: 0 };
    let mut heading: Option<StreamHeading> = None;
    let mut number = 1;
    loop {
        let block = match blocks.next().map_err(Failure::io(name.as_ref()))? {
            Some([]) if heading.is_some() => break,
            Some(block) => block,
            None => {
                let found = text!("a line of more than 1 MiB");
                findings.push(Finding::new(Code::N08, name, text!("line {}", number), found));
                break;
            }
        };
        let text = match whole_text(block, number) {
            Ok(text) => text,
            Err((code, line, found)) => {
                findings.push(Finding::new(code, name, text!("line {}", line), found));
                break;
            }
        };
        let mut lines = LineNumbers { text, at: 0, number };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        if heading.is_none() {
            match StreamHeading::find(&mut reader, text, name, columns) {
                Ok(found) => heading = Some(found),
                Err(finding) => {
                    findings.push(finding);
                    break;
                }
            }
        }
        if let Some(heading) = &heading {
            heading.lines(&mut reader, &mut lines, name, (findings, &mut listed), each)?;
        }
        number = lines.at_byte(text.len() as u64);
    }
    listed.tell(name, findings);
    Ok(())
}

/// Returns the text of a block that begins at a line, or what breaks the form: code, line, description.
fn whole_text(block: &[u8], first: u64) -> Result<&str, (Code, u64, Text)> {
    let text =
        decoded(block).map_err(|(line, found)| (Code::S01, first + line as u64 - 1, found))?;
    let has_quotes = memchr(b'"', block).is_some();
    match stray_quote(if has_quotes { text } else { "" }) {
        Some(line) => Err((Code::S03, first + line as u64 - 1, text!("a quote out of place"))),
        None => Ok(text),
    }
}

/// The header of a file.
struct StreamHeading {
    /// The place of each column.
    positions: Vec<usize>,
    /// How many values a line has.
    width: usize,
}

impl StreamHeading {
    fn find(
        reader: &mut csv::Reader<&[u8]>,
        text: &str,
        name: &str,
        columns: &[&str],
    ) -> Result<StreamHeading, Finding> {
        let (header, start) = first(reader)
            .map_err(|found| Finding::new(Code::S02, name, text!("line {}", 1), found))?;
        let positions = header::positions(&header, columns, text, start, name)?;
        Ok(StreamHeading { positions, width: header.len() })
    }

    fn lines(
        &self,
        reader: &mut csv::Reader<&[u8]>,
        numbers: &mut LineNumbers<'_>,
        name: &str,
        (findings, listed): (&mut Vec<Finding>, &mut ListedFindings),
        each: &mut TakesLine<'_>,
    ) -> Outcome<()> {
        let mut record = csv::StringRecord::new();
        loop {
            listed.bound(findings);
            match reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) if is_blank(&record) => continue,
                Ok(true) => {}
                Err(error) => {
                    findings.push(Finding::of_file(Code::S03, name, Text::foreign(error)));
                    continue;
                }
            }
            let number = numbers.at_byte(record.position().map_or(0, csv::Position::byte));
            let place = text!("line {}", number);
            if record.len() != self.width {
                let found = text!("{} values for {} columns", record.len(), self.width);
                findings.push(Finding::new(Code::S03, name, place, found));
            } else if record.as_slice().len() > bounds::LINE {
                let found = text!("a line of more than 1 MiB");
                findings.push(Finding::new(Code::N08, name, place, found));
            } else {
                let values: Vec<&str> = self.positions.iter().map(|at| &record[*at]).collect();
                each(number, &values, findings)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The lines of a text, each as `number:a|b`, and the findings.
    fn lines(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        std::io::Seek::rewind(&mut file).expect("rewound");
        let (mut found, mut findings) = (Vec::new(), Vec::new());
        read(file, "f.csv", &["a", "b"], &mut findings, &mut |number, values, _| {
            found.push(format!("{number}:{}", values.join("|")));
            Ok(())
        })
        .expect("it is read");
        let said =
            |finding: &Finding| format!("{} {}: {}", finding.code, finding.place, finding.found);
        (found, findings.iter().map(said).collect())
    }

    #[test]
    fn lines_are_numbered_over_all_blocks() {
        let mut text = "b,c,a\r\n".to_owned();
        let long = "x".repeat(999);
        for line in 2..=9_000 {
            // A value with a line break, a blank line, a line without quotes.
            let value = match line % 3 {
                0 => format!("{line},\"{long}\n\"\"y\",1\r\n"),
                1 => "\r\n".to_owned(),
                _ => format!("{line},{long},2\r\n"),
            };
            text.push_str(&value);
        }
        let (found, findings) = lines(text.as_bytes());
        assert_eq!(findings, [""; 0]);
        assert_eq!(found.len(), 6_000);
        assert_eq!(found[..3], ["2:2|2", "3:1|3", "6:2|5"]);
        // Three lines of the loop take four lines of the file.
        assert_eq!(found.last().map(String::as_str), Some("11999:1|9000"));
        assert_eq!(found[5_998], "11998:2|8999");
    }

    #[test]
    fn the_form_is_that_of_small_files() {
        assert_eq!(lines(b"\xef\xbb\xbfa,b\n1,2").0, ["2:1|2"]);
        assert_eq!(lines(b"").1, ["S02 line 1: no header"]);
        assert_eq!(lines(b"a,c\n").1, ["S02 line 1: \"a,c\", without b"]);
        assert_eq!(
            lines(b"a,b\n1\n1,2\n1,2,3\n").1,
            ["S03 line 2: 1 values for 2 columns", "S03 line 4: 3 values for 2 columns"]
        );
        assert_eq!(lines(b"a,b\n1,2\n\"1\"x,2\n").1, ["S03 line 3: a quote out of place"]);
        assert_eq!(
            lines(b"a,b\n\xb1\xb1\xbe\xa9,2\n").1,
            ["S01 line 2: bytes that are not UTF-8, perhaps GBK"]
        );
    }

    #[test]
    fn a_line_is_at_most_a_mebibyte_long() {
        let with = |length: usize| format!("a,b\n{},2\n1,2\n", "x".repeat(length));
        assert_eq!(lines(with(bounds::LINE - 1).as_bytes()).0.len(), 2);
        let (found, findings) = lines(with(bounds::LINE).as_bytes());
        assert_eq!(
            (found.len(), findings),
            (1, vec!["N08 line 2: a line of more than 1 MiB".to_owned()])
        );
        let open = format!("a,b\n1,2\n\"{}", "x,1\n".repeat(BLOCK));
        let (found, findings) = lines(open.as_bytes());
        assert_eq!(found, ["2:1|2"]);
        assert_eq!(findings, ["N08 line 3: a line of more than 1 MiB"]);
    }

    #[test]
    fn findings_are_bounded_and_counted() {
        let (_, findings) =
            lines(format!("a,b\n{}", "1\n".repeat(bounds::FINDINGS + 7)).as_bytes());
        assert_eq!(findings.len(), bounds::FINDINGS + 1);
        assert_eq!(findings.last().map(String::as_str), Some("S03 : 7 findings more in this file"));
    }
}
