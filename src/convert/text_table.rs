//! Text files of rows: any encoding and any separator of a map.

use std::{
    fs::File,
    io::{Read, Seek},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use csv_core::{ReadRecordResult, ReaderBuilder};
use encoding_rs::{
    Decoder, DecoderResult, Encoding as Charset, GB18030, UTF_8, UTF_16BE, UTF_16LE,
};
use memchr::{memchr_iter, memchr2_iter, memmem};

use super::{
    map::{InputRule, TextEncoding},
    table::{ExportReader, ExportSink},
};
use crate::{
    contract::encoding::{self, Encoding},
    diag::{Code, Failure, Finding, Outcome},
    text::Text,
};

/// Bytes by which an encoding is told.
const HEAD: u64 = 1 << 20;
/// Bytes that are read at a time.
const PIECE: usize = 256 << 10;
/// The most bytes and cells of a row.
const LONGEST_ROW: usize = 1 << 20;
const WIDEST_ROW: usize = 16_384;
/// Stands for a separator of several bytes.
const UNIT: u8 = 0x1f;

/// Separators that are tried when the map names none.
pub(crate) const SEPARATORS: [&str; 14] =
    ["|@|", "|!|", "@|@", "^|^", "||", ",", "\t", ";", "|", "^", "\u{1}", "，", "；", "~"];

/// A text file whose encoding is known.
pub(crate) struct DelimitedText {
    /// The file as findings name it.
    name: String,
    path: PathBuf,
    encoding: TextEncoding,
    /// Bytes of the byte order mark.
    mark: u64,
    separator: String,
    quote: bool,
    /// Whether the last line that was read has no end.
    cut: bool,
    sheets: [String; 1],
}

impl DelimitedText {
    /// Opens a file and finds out its encoding, unless the map gives it.
    pub(crate) fn open(path: &Path, name: &str, rule: &InputRule) -> Outcome<DelimitedText> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(Failure::io(path))?;
        file.take(HEAD).read_to_end(&mut head).map_err(Failure::io(path))?;
        let (found, mark) = told(&head);
        let encoding = match (rule.encoding, found) {
            (Some(given), _) => given,
            (None, Some(found)) => found,
            (None, None) => {
                let found = text!("bytes that are no text, or text in an unknown encoding");
                return Err(refused(Finding::of_file(Code::K01, name, found)));
            }
        };
        Ok(DelimitedText {
            name: name.to_owned(),
            path: path.to_owned(),
            encoding,
            mark: if found == Some(encoding) { mark } else { 0 },
            separator: rule.separator.clone().unwrap_or_else(|| ",".to_owned()),
            quote: rule.quote != Some(false),
            cut: false,
            sheets: [String::new()],
        })
    }

    /// Reads it with another separator.
    pub(crate) fn set_separator(&mut self, separator: &str) {
        separator.clone_into(&mut self.separator);
    }

    /// Returns its separator.
    pub(crate) fn separator(&self) -> &str {
        &self.separator
    }

    /// Returns its encoding.
    pub(crate) const fn encoding(&self) -> TextEncoding {
        self.encoding
    }
}

/// Tells an encoding by the beginning of a file, and the bytes of its byte order mark.
fn told(head: &[u8]) -> (Option<TextEncoding>, u64) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Some(TextEncoding::Utf8), 3),
        [0xff, 0xfe, ..] => (Some(TextEncoding::Utf16le), 2),
        [0xfe, 0xff, ..] => (Some(TextEncoding::Utf16be), 2),
        // GB 18030 has a byte order mark too.
        [0x84, 0x31, 0x95, 0x33, ..] => (Some(TextEncoding::Gb18030), 4),
        head => {
            // Control characters separate cells in some exports.
            let printable: Vec<u8> = head
                .iter()
                .map(|byte| if matches!(*byte, 1 | UNIT | 0x1a) { b' ' } else { *byte })
                .collect();
            let found = match encoding::guess(&printable) {
                Some(Encoding::Utf8) => Some(TextEncoding::Utf8),
                Some(Encoding::Gbk) => Some(TextEncoding::Gb18030),
                Some(Encoding::Utf16) | None => None,
            };
            (found, 0)
        }
    }
}

fn refused(finding: Finding) -> Failure {
    Failure::Unfit(text!("exports"), vec![finding])
}

impl ExportReader for DelimitedText {
    fn sheets(&self) -> &[String] {
        &self.sheets
    }

    fn read(&mut self, _: usize, rows: &mut dyn ExportSink) -> Outcome<()> {
        let separator = self.separator.as_bytes();
        let (delimiter, replaced) = match separator {
            [one] => (*one, None),
            several => (UNIT, Some(several)),
        };
        let mut text = Decoded::open(self, replaced)?;
        let csv = ReaderBuilder::new().delimiter(delimiter).quoting(self.quote).build();
        let mut records = TextRows {
            name: &self.name,
            csv,
            cells: vec![0; LONGEST_ROW],
            ends: vec![0; WIDEST_ROW],
            filled: 0,
            counted: 0,
            inside: false,
            line: 1,
            start: 1,
            breaks: LineBreaks::default(),
            cut: false,
        };
        while text.more()? {
            // No text would mean its end.
            if text.ready.is_empty() {
                continue;
            }
            if records.take(&text.ready, rows)?.is_break() {
                return Ok(());
            }
            text.ready.clear();
        }
        records.finish(rows)?;
        self.cut = records.cut;
        Ok(())
    }

    fn notes(&self) -> Vec<Text> {
        let cut = text!("its last line has no end: was the file cut off?");
        self.cut.then_some(cut).into_iter().collect()
    }
}

/// Counts line breaks: CR, LF, or both together.
#[derive(Debug, Default)]
struct LineBreaks {
    /// Whether the last byte was CR.
    carriage: bool,
}

impl LineBreaks {
    /// Counts the breaks of the bytes that follow those of the call before.
    fn count(&mut self, bytes: &[u8]) -> u64 {
        let mut breaks = 0;
        for at in memchr2_iter(b'\r', b'\n', bytes) {
            let follows = match at.checked_sub(1) {
                Some(before) => bytes[before] == b'\r',
                None => self.carriage,
            };
            breaks += u64::from(bytes[at] == b'\r' || !follows);
        }
        if let Some(last) = bytes.last() {
            self.carriage = *last == b'\r';
        }
        breaks
    }
}

/// The text of a file in UTF-8, piece by piece.
struct Decoded<'a> {
    table: &'a DelimitedText,
    file: File,
    decoder: Decoder,
    raw: Vec<u8>,
    utf8: Vec<u8>,
    /// Whole text that the reader of rows may have.
    ready: Vec<u8>,
    /// A separator of several bytes that is replaced by [`UNIT`].
    replaced: Option<&'a [u8]>,
    /// Bytes that may be the beginning of a separator.
    held: Vec<u8>,
    /// The line that comes next, from 1.
    line: u64,
    breaks: LineBreaks,
    ended: bool,
}

impl<'a> Decoded<'a> {
    fn open(table: &'a DelimitedText, replaced: Option<&'a [u8]>) -> Outcome<Decoded<'a>> {
        let mut file = File::open(&table.path).map_err(Failure::io(&table.path))?;
        file.seek(std::io::SeekFrom::Start(table.mark)).map_err(Failure::io(&table.path))?;
        let charset: &'static Charset = match table.encoding {
            TextEncoding::Utf8 => UTF_8,
            TextEncoding::Gb18030 => GB18030,
            TextEncoding::Utf16le => UTF_16LE,
            TextEncoding::Utf16be => UTF_16BE,
        };
        Ok(Decoded {
            table,
            file,
            decoder: charset.new_decoder_without_bom_handling(),
            raw: vec![0; PIECE],
            utf8: vec![0; 4 * PIECE],
            ready: Vec::new(),
            replaced,
            held: Vec::new(),
            line: 1,
            breaks: LineBreaks::default(),
            ended: false,
        })
    }

    /// Decodes the next piece into `ready`. Returns false at the end.
    fn more(&mut self) -> Outcome<bool> {
        if self.ended {
            return Ok(false);
        }
        let read = self.file.read(&mut self.raw).map_err(Failure::io(&self.table.path))?;
        self.ended = read == 0;
        // The room is enough for every encoding: three bytes for one, and the rest of the piece before.
        let (result, taken, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.raw[..read],
            &mut self.utf8,
            self.ended,
        );
        let text = &self.utf8[..written];
        if matches!(result, DecoderResult::Malformed(..)) {
            let line = self.line + self.breaks.count(text);
            let encoding = self.table.encoding.id();
            let found = text!("bytes that are no {}", encoding);
            return Err(refused(Finding::new(
                Code::K01,
                &self.table.name,
                text!("line {}", line),
                found,
            )));
        }
        Failure::unless(taken == read, || {
            text!("a piece of {} bytes, of which {} were decoded", read, taken)
        })?;
        self.line += self.breaks.count(text);
        match self.replaced {
            None => self.ready.extend_from_slice(text),
            Some(separator) => {
                self.held.extend_from_slice(text);
                self.replace(separator)?;
            }
        }
        Ok(true)
    }

    /// Moves held text on, with separators replaced. The end is held back, as it may be half a separator.
    fn replace(&mut self, separator: &[u8]) -> Outcome<()> {
        if memchr_iter(UNIT, &self.held).next().is_some() {
            let found = text!("the control character U+001F, which stands for a separator");
            return Err(refused(Finding::of_file(Code::K01, &self.table.name, found)));
        }
        let mut start = 0;
        for at in memmem::find_iter(&self.held, separator) {
            self.ready.extend_from_slice(&self.held[start..at]);
            self.ready.push(UNIT);
            start = at + separator.len();
        }
        let kept = if self.ended { 0 } else { separator.len() - 1 };
        let end = self.held.len().saturating_sub(kept).max(start);
        self.ready.extend_from_slice(&self.held[start..end]);
        self.held.drain(..end);
        Ok(())
    }
}

/// Cuts text into rows.
struct TextRows<'a> {
    name: &'a str,
    csv: csv_core::Reader,
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// Bytes of `cells`, and entries of `ends`, that the row has so far.
    filled: usize,
    counted: usize,
    /// Whether a row has begun.
    inside: bool,
    /// The line that is read, and the line in which the row began.
    line: u64,
    start: u64,
    breaks: LineBreaks,
    /// Whether the last row has no line break behind it.
    cut: bool,
}

impl TextRows<'_> {
    fn take(&mut self, text: &[u8], rows: &mut dyn ExportSink) -> Outcome<ControlFlow<()>> {
        let mut rest = text;
        loop {
            if !self.inside {
                let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                self.line += self.breaks.count(&rest[..blank]);
                rest = &rest[blank..];
                if rest.is_empty() {
                    return Ok(ControlFlow::Continue(()));
                }
                (self.inside, self.start) = (true, self.line);
            }
            let (result, read, written, ended) = self.csv.read_record(
                rest,
                &mut self.cells[self.filled..],
                &mut self.ends[self.counted..],
            );
            self.line += self.breaks.count(&rest[..read]);
            rest = &rest[read..];
            (self.filled, self.counted) = (self.filled + written, self.counted + ended);
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    return Ok(ControlFlow::Continue(()));
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(self.too_large());
                }
                ReadRecordResult::Record if !self.hand_over(rows)? => {
                    return Ok(ControlFlow::Break(()));
                }
                ReadRecordResult::Record => {}
            }
        }
    }

    /// Hands over the last row, which may end without a line break.
    fn finish(&mut self, rows: &mut dyn ExportSink) -> Outcome<()> {
        self.cut = self.inside;
        while self.inside {
            let (result, _, written, ended) = self.csv.read_record(
                &[],
                &mut self.cells[self.filled..],
                &mut self.ends[self.counted..],
            );
            (self.filled, self.counted) = (self.filled + written, self.counted + ended);
            match result {
                ReadRecordResult::Record => {
                    self.hand_over(rows)?;
                }
                ReadRecordResult::End => self.inside = false,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(self.too_large());
                }
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, rows: &mut dyn ExportSink) -> Outcome<bool> {
        let cells = std::str::from_utf8(&self.cells[..self.filled])
            .map_err(|_| Failure::Bug(text!("a row that is no UTF-8")))?;
        rows.texts(cells, &self.ends[..self.counted]);
        (self.filled, self.counted, self.inside) = (0, 0, false);
        rows.end(self.start)
    }

    fn too_large(&self) -> Failure {
        let found: Text = text!("a row of more than {} bytes or {} cells", LONGEST_ROW, WIDEST_ROW);
        refused(Finding::new(Code::K08, self.name, text!("line {}", self.start), found))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::convert::table::CellForm;

    #[derive(Default)]
    struct Rows(Vec<(u64, Vec<String>)>, Vec<String>);

    impl ExportSink for Rows {
        fn cell(&mut self, text: &str, _: CellForm) {
            self.1.push(text.to_owned());
        }

        fn end(&mut self, line: u64) -> Outcome<bool> {
            self.0.push((line, std::mem::take(&mut self.1)));
            Ok(true)
        }
    }

    fn read(bytes: &[u8], rule: &InputRule) -> Outcome<Vec<(u64, Vec<String>)>> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let mut rows = Rows::default();
        DelimitedText::open(file.path(), "a.csv", rule)?.read(0, &mut rows)?;
        Ok(rows.0)
    }

    fn rows(rows: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
        let owned = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        rows.iter().map(|(line, cells)| (*line, owned(cells))).collect()
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        let text = "\u{feff}a,b\r\n\r\n1,\"x\r\ny\"\r\n2,\"say \"\"no\"\"\"\n\n3,5\" pipe";
        let found = read(text.as_bytes(), &InputRule::default()).expect("read");
        let old = read(b"a,b\r1,2\r\r3,4", &InputRule::default()).expect("read");
        assert_eq!(old, rows(&[(1, &["a", "b"]), (2, &["1", "2"]), (4, &["3", "4"])]));
        let expected: [(u64, &[&str]); 4] = [
            (1, &["a", "b"]),
            (3, &["1", "x\r\ny"]),
            (5, &["2", "say \"no\""]),
            (7, &["3", "5\" pipe"]),
        ];
        assert_eq!(found, rows(&expected));
    }

    #[test]
    fn encodings_are_told_or_given() {
        let text = "结算ID|金额\n甲|1.00\n";
        let separator = Some("|".to_owned());
        let rule = InputRule { separator, ..InputRule::default() };
        let expected = rows(&[(1, &["结算ID", "金额"]), (2, &["甲", "1.00"])]);
        let (gbk, _, _) = GB18030.encode(text);
        let utf16 =
            |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        assert_eq!(read(text.as_bytes(), &rule).expect("UTF-8"), expected);
        assert_eq!(read(&gbk, &rule).expect("GBK"), expected);
        assert_eq!(
            read(&marked(b"\xff\xfe", utf16(u16::to_le_bytes)), &rule).expect("LE"),
            expected
        );
        assert_eq!(
            read(&marked(b"\xfe\xff", utf16(u16::to_be_bytes)), &rule).expect("BE"),
            expected
        );
        let given = InputRule { encoding: Some(TextEncoding::Utf16le), ..rule.clone() };
        assert_eq!(read(&utf16(u16::to_le_bytes), &given).expect("given"), expected);
        let utf8 = InputRule { encoding: Some(TextEncoding::Utf8), ..rule };
        let failure = read(&gbk, &utf8).expect_err("refused");
        assert_eq!(failure.findings()[0].place.to_string(), "line 1");
    }

    #[test]
    fn separators_have_any_length() {
        for separator in ["\t", "|@|", "，", "\u{1}", "||"] {
            let rule = InputRule { separator: Some(separator.to_owned()), ..InputRule::default() };
            let text = format!("a{separator}b\n1{separator}\n");
            let found = read(text.as_bytes(), &rule).expect("read");
            assert_eq!(found, rows(&[(1, &["a", "b"]), (2, &["1", ""])]), "{separator:?}");
        }
        // A separator may lie across two pieces.
        let rule = InputRule { separator: Some("|@|".to_owned()), ..InputRule::default() };
        let long = "x".repeat(PIECE - 2);
        let found = read(format!("{long}|@|b\n").as_bytes(), &rule).expect("read");
        assert_eq!(found, rows(&[(1, &[&long, "b"])]));
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_within_bounds() {
        let text = format!("a,b\n1,\"x\n{}", "2,y\n".repeat(400_000));
        let failure = read(text.as_bytes(), &InputRule::default()).expect_err("refused");
        assert_eq!(
            (failure.findings()[0].code, &*failure.findings()[0].place.to_string()),
            (Code::K08, "line 2")
        );
        let rule = InputRule { quote: Some(false), ..InputRule::default() };
        assert_eq!(read(text.as_bytes(), &rule).expect("read")[1].1, ["1", "\"x"]);
    }
}
