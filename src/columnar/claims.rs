//! Checks the page headers of a column before any page is read.
//!
//! The decoder allocates the bytes and values that a header announces, and recurses for each level of nesting. So
//! headers are checked first, as footers are: a page lies within the bytes of its column, it does not unpack to more
//! than its codec can produce or its values can need, and all pages together have the values that the footer names.

use std::{io, ops::Range, path::Path};

use parquet::{
    arrow::arrow_reader::ArrowReaderOptions,
    basic::{Compression, Type as Physical},
    file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
    schema::types::ColumnDescriptor,
};

use super::{
    footer::{self, footer_error, most_rows},
    guard::guarded,
    shared::SharedFile,
    thrift::{Input, ThriftReader, kind},
};
use crate::diag::{Failure, Outcome};
use crate::text::Text;

/// Bytes of the longest text that is read; ids of the contract have 40 characters.
pub const LONGEST_TEXT: usize = 64 << 10;
/// Bytes that are read at a time for the checksum of a page that is not unpacked.
const PIECE: usize = 256 << 10;
/// Levels that a page header may be nested; the format needs three.
const DEEPEST: usize = 16;
/// Bytes that a page may have besides its values: levels, padding of a block. For texts it also admits one text that is
/// too long, so that the finding names the text and not the page.
const BESIDES_VALUES: u64 = 64 << 10;
const BESIDES_TEXTS: u64 = 64 << 20;
/// Bytes of levels and dictionary indices for each value, at the most.
const BESIDES_A_VALUE: u64 = 8;
/// Bytes that pages of a row group may take while it is read, and for each byte of the row group in the file:
/// exports are packed to a tenth, not to a thousandth.
const MOST_AT_A_TIME: u64 = 256 << 20;
const MOST_FOR_A_BYTE: u64 = 64;
/// The encodings of texts as lengths and bytes, and as prefixes shared with the text before.
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;

/// The sizes that the page headers of a column claim, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The largest page or dictionary, unpacked.
    pub(crate) page: u64,
    /// The memory that is needed at a time while the column is read.
    pub(crate) at_a_time: u64,
    /// Whether texts are encoded as a list of lengths, whose count is a claim too.
    lengths: bool,
}

/// The fields of a page header that are checked.
#[derive(Debug, Default)]
pub(crate) struct Header {
    of: PageKind,
    unpacked: i64,
    pub(crate) packed: i64,
    pub(crate) crc: Option<i64>,
    values: i64,
    encoding: i64,
}

/// The kinds of pages.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum PageKind {
    #[default]
    Data,
    Index,
    Dictionary,
}

/// The Thrift types of the fields of a page header, from field 1 on; of a data or dictionary page header; of a data
/// page header of version 2.
const HEADER: [u8; 8] = [
    kind::I32,
    kind::I32,
    kind::I32,
    kind::I32,
    kind::STRUCT,
    kind::STRUCT,
    kind::STRUCT,
    kind::STRUCT,
];
const NUMBERS: [u8; 2] = [kind::I32, kind::I32];
const NUMBERS_2: [u8; 6] = [kind::I32; 6];

impl Header {
    /// Reads the fields of a header that are checked; none when it cannot be decoded.
    pub(crate) fn read<I: Input>(walk: &mut ThriftReader<I>) -> Option<Header> {
        let (mut header, mut last, mut seen) = (Header::default(), 0, 0u8);
        loop {
            let (field, of) = walk.field(&mut last, &HEADER)?;
            match (field, of) {
                (_, kind::STOP) => break,
                (1, _) => {
                    header.of = match walk.number()? {
                        0 | 3 => PageKind::Data,
                        1 => PageKind::Index,
                        2 => PageKind::Dictionary,
                        _ => return None,
                    }
                }
                (2, _) => header.unpacked = walk.number()?,
                (3, _) => header.packed = walk.number()?,
                (4, _) => header.crc = Some(walk.number()?),
                (5 | 7, _) => header.read_values(walk, &NUMBERS, 2)?,
                (8, _) => header.read_values(walk, &NUMBERS_2, 4)?,
                _ => walk.skip(of, DEEPEST)?,
            }
            if (1..=3).contains(&field) {
                seen |= 1 << field;
            }
        }
        // Kind and both sizes are required.
        (seen == 0b1110).then_some(header)
    }

    /// Reads the header of a data or dictionary page: the number of values and their encoding.
    fn read_values<I: Input>(
        &mut self,
        walk: &mut ThriftReader<I>,
        known: &[u8],
        encoding: i16,
    ) -> Option<()> {
        let mut last = 0;
        loop {
            match walk.field(&mut last, known)? {
                (_, kind::STOP) => return Some(()),
                (1, _) => self.values = walk.number()?,
                (field, _) if field == encoding => self.encoding = walk.number()?,
                (_, of) => walk.skip(of, DEEPEST)?,
            }
        }
    }

    fn is_data(&self) -> bool {
        self.of == PageKind::Data
    }
}

/// A reader of the bytes of a column, with a small buffer: page headers are read, pages are skipped.
pub(crate) struct ColumnWindow<'a> {
    file: &'a SharedFile,
    /// The bytes after those in the buffer.
    rest: Range<u64>,
    bytes: [u8; 256],
    at_hand: Range<usize>,
}

impl<'a> ColumnWindow<'a> {
    pub(crate) fn new(file: &'a SharedFile, chunk: &ColumnChunkMetaData) -> ColumnWindow<'a> {
        // `footer_error` has refused bounds beyond the file.
        let (start, length) = chunk.byte_range();
        let rest = start..start.saturating_add(length);
        ColumnWindow { file, rest, bytes: [0; 256], at_hand: 0..0 }
    }

    fn length(&self) -> u64 {
        (self.rest.end - self.rest.start) + self.at_hand.len() as u64
    }

    /// Returns the offset of the next byte in the file.
    pub(crate) fn place(&self) -> u64 {
        self.rest.start - self.at_hand.len() as u64
    }
}

impl Input for ColumnWindow<'_> {
    fn byte(&mut self) -> Option<u8> {
        if self.at_hand.is_empty() {
            let few = (self.rest.end - self.rest.start).min(self.bytes.len() as u64);
            let some = usize::try_from(few).ok().filter(|some| *some > 0)?;
            self.file.read_exact_at(&mut self.bytes[..some], self.rest.start).ok()?;
            self.rest.start += few;
            self.at_hand = 0..some;
        }
        let byte = self.bytes[self.at_hand.start];
        self.at_hand.start += 1;
        Some(byte)
    }

    fn skip_bytes(&mut self, length: usize) -> Option<()> {
        let at_hand = length.min(self.at_hand.len());
        let others = (length - at_hand) as u64;
        if others > self.rest.end - self.rest.start {
            return None;
        }
        self.at_hand.start += at_hand;
        self.rest.start += others;
        Some(())
    }

    fn left(&self) -> usize {
        usize::try_from(self.length()).unwrap_or(usize::MAX)
    }
}

/// The wording that names the column of a finding.
pub(crate) const OF_COLUMN: &str = "column {}: {}";

/// Reads the next page header of a column, with the range of its page; none at the end of the column.
pub(crate) fn next_page(
    walk: &mut ThriftReader<ColumnWindow>,
) -> Result<Option<(Header, Range<u64>)>, Text> {
    if walk.0.left() == 0 {
        return Ok(None);
    }
    let header = Header::read(walk).ok_or(text!("a page header that cannot be decoded"))?;
    let left = walk.0.left();
    let packed = usize::try_from(header.packed).ok().filter(|packed| *packed <= left);
    let packed = packed.ok_or_else(|| {
        text!("a page of {} bytes where its column has {} left", header.packed, left)
    })?;
    let start = walk.0.place();
    walk.skip_bytes(packed).ok_or(text!("a page beyond its column"))?;
    Ok(Some((header, start..start + packed as u64)))
}

/// Checks the page headers of columns of a row group; returns the bytes that their pages take while they are read.
pub(crate) fn check_columns(
    file: &SharedFile,
    group: &RowGroupMetaData,
    leaves: impl Iterator<Item = usize>,
) -> Result<u64, Text> {
    at_a_time(leaves.map(|leaf| {
        let chunk = group.column(leaf);
        Ok((chunk, check_column(file, chunk)?))
    }))
}

/// Adds up the memory of columns that are read together; fails when it is out of proportion to their bytes in the file.
fn at_a_time<'a>(
    columns: impl Iterator<Item = Result<(&'a ColumnChunkMetaData, Claims), Text>>,
) -> Result<u64, Text> {
    let (mut all, mut in_file) = (0u64, 0u64);
    for column in columns {
        let (chunk, claims) = column?;
        all = all.saturating_add(claims.at_a_time);
        in_file = in_file.saturating_add(chunk.byte_range().1);
    }
    if all > MOST_AT_A_TIME.saturating_add(in_file.saturating_mul(MOST_FOR_A_BYTE)) {
        return Err(text!(
            "pages that take {} bytes at a time where {} are there (smaller pages can be read)",
            all,
            in_file
        ));
    }
    Ok(all)
}

/// Checks the page headers of a table of a closed period: of all row groups, or of one. The reader of the parquet crate
/// decodes these tables, so only encodings and codecs are allowed that it decodes within bounds. They include all that
/// this program writes.
pub fn of_table(
    file: &SharedFile,
    metadata: &ParquetMetaData,
    row_group: Option<usize>,
) -> Result<(), Text> {
    if let Some(lie) = footer_error(metadata, file.len) {
        return Err(lie);
    }
    let rows = metadata.file_metadata().num_rows().unsigned_abs();
    if rows > most_rows(file.len) {
        return Err(text!("{} rows in {} bytes", rows, file.len));
    }
    let groups = row_group.map_or(0..metadata.num_row_groups(), |group| group..group + 1);
    for group in groups.map(|group| metadata.row_group(group)) {
        let columns = (0..group.num_columns()).map(|leaf| {
            let (chunk, claims) = (group.column(leaf), check_column(file, group.column(leaf))?);
            let foreign = claims.lengths || !is_ours(chunk.compression());
            let named =
                || text!("column {}: pages as we do not write them", chunk.column_path().string());
            if foreign { Err(named()) } else { Ok((chunk, claims)) }
        });
        at_a_time(columns)?;
    }
    Ok(())
}

/// Checks the tables and the register of a closed period likewise, before a reader without such checks reads them.
pub fn of_period(period: &Path) -> Outcome<()> {
    for folder in [period.to_owned(), period.join("tables")] {
        for entry in std::fs::read_dir(&folder).map_err(Failure::io(&folder))? {
            let path = entry.map_err(Failure::io(&folder))?.path();
            if path.extension().is_some_and(|extension| extension == "parquet") {
                of_table_at(&path)
                    .map_err(|lie| Failure::Book(text!("{} cannot be read: {}", path, lie)))?;
            }
        }
    }
    Ok(())
}

fn of_table_at(path: &Path) -> Result<(), Text> {
    let file = SharedFile::open(path).map_err(|error| text!("{}", error))?;
    let checked = guarded(|| {
        let metadata = footer::read(&file, &ArrowReaderOptions::new())?;
        of_table(&file, metadata.metadata(), None)
    });
    checked.unwrap_or_else(|| Err(text!("pages that cannot be decoded")))
}

fn is_ours(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
}

/// Checks the page headers of a column; returns the sizes that they claim.
pub(crate) fn check_column(file: &SharedFile, chunk: &ColumnChunkMetaData) -> Result<Claims, Text> {
    let named = |lie: Text| text!("column {}: {}", chunk.column_path().string(), lie);
    let mut walk = ThriftReader(ColumnWindow::new(file, chunk));
    let (mut data, mut dictionary) = (0, 0);
    let (mut page, mut left, mut lengths) = (0, chunk.num_values(), false);
    while let Some((header, _)) = next_page(&mut walk).map_err(named)? {
        if let Some(lie) = header.lie(chunk, left) {
            return Err(named(lie));
        }
        let (packed, unpacked) = (header.packed.unsigned_abs(), header.unpacked.unsigned_abs());
        page = page.max(unpacked);
        if header.is_data() {
            left -= header.values;
            data = data.max(packed + unpacked);
        } else {
            // The unpacked dictionary is also decoded into a list of values.
            dictionary = dictionary.max(packed + 2 * unpacked);
        }
        lengths |= matches!(header.encoding, DELTA_LENGTH_BYTE_ARRAY | DELTA_BYTE_ARRAY);
    }
    if left != 0 {
        let (all, missing) = (chunk.num_values(), left);
        return Err(named(text!("{} of {} values are in none of its pages", missing, all)));
    }
    Ok(Claims { page, at_a_time: data + dictionary, lengths })
}

impl Header {
    /// Finds a claim that cannot be true, in a column of which `left` values are still to come.
    fn lie(&self, chunk: &ColumnChunkMetaData, left: i64) -> Option<Text> {
        let column = chunk.column_descr();
        let Header { packed, unpacked, values, .. } = *self;
        let (Ok(from), Ok(size)) = (u64::try_from(packed), u64::try_from(unpacked)) else {
            return Some(text!("a page of {} bytes", unpacked));
        };
        // For an uncompressed page the decoder takes the packed size.
        let size = if chunk.compression() == Compression::UNCOMPRESSED { from } else { size };
        if size > most_unpacked(chunk.compression(), from) {
            return Some(text!("a page of {} bytes that claims to unpack to {}", packed, unpacked));
        }
        if self.of == PageKind::Index {
            return None;
        }
        if values < 0 || (self.is_data() && values > left) {
            return Some(text!("a page of {} values where {} are left", values, left));
        }
        if !self.is_data() && values.unsigned_abs() > size / least_of_a_value(column) {
            return Some(text!("a dictionary of {} bytes that claims {} values", size, values));
        }
        (size > most_of_values(column, values.unsigned_abs()))
            .then(|| text!("a page of {} bytes for {} values", size, values))
    }
}

/// Returns the most bytes that `packed` bytes can unpack to.
fn most_unpacked(codec: Compression, packed: u64) -> u64 {
    let (ratio, besides) = match codec {
        Compression::UNCOMPRESSED => (1, 0),
        // A copy of 64 bytes takes 3 bytes.
        Compression::SNAPPY => (22, 64),
        // A match of 258 bytes takes 2 bits.
        Compression::GZIP(_) => (1032, 4 << 10),
        // Each byte of a length adds 255.
        Compression::LZ4 | Compression::LZ4_RAW => (255, 1 << 10),
        // A block of 128 KiB takes 4 bytes.
        Compression::ZSTD(_) => (32 << 10, 128 << 10),
        // A block of 16 MiB takes a few bits.
        _ => (16 << 20, 16 << 20),
    };
    packed.saturating_mul(ratio).saturating_add(besides)
}

/// Returns the fewest bytes of a value in a dictionary.
fn least_of_a_value(column: &ColumnDescriptor) -> u64 {
    match column.physical_type() {
        Physical::BOOLEAN => 1,
        Physical::INT32 | Physical::FLOAT | Physical::BYTE_ARRAY => 4,
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::INT96 => 12,
        Physical::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.type_length()).unwrap_or(0).max(1),
    }
}

/// Returns the most bytes that `values` values take in a page.
fn most_of_values(column: &ColumnDescriptor, values: u64) -> u64 {
    let (of_a_value, besides) = match column.physical_type() {
        Physical::BYTE_ARRAY => (4 + LONGEST_TEXT as u64, BESIDES_TEXTS),
        _ => (least_of_a_value(column), BESIDES_VALUES),
    };
    values.saturating_mul(of_a_value + BESIDES_A_VALUE).saturating_add(besides)
}

/// Checks the page headers of an ignored column, and the checksums of its pages, which are not unpacked.
pub(crate) fn check_ignored(file: &SharedFile, chunk: &ColumnChunkMetaData) -> Result<(), Text> {
    let named = |lie: Text| text!("column {}: {}", chunk.column_path().string(), lie);
    let mut walk = ThriftReader(ColumnWindow::new(file, chunk));
    while let Some((header, page)) = next_page(&mut walk).map_err(named)? {
        if header.unpacked < 0 {
            return Err(named(text!("a page of {} bytes", header.unpacked)));
        }
        if let Some(declared) = header.crc {
            let crc = checksum(file, page).map_err(|error| named(text!("{}", error)))?;
            if i64::from(crc.cast_signed()) != declared {
                return Err(named(text!("a page whose checksum differs")));
            }
        }
    }
    Ok(())
}

/// Returns the CRC-32 of a range of a file, read piece by piece.
fn checksum(file: &SharedFile, mut bytes: Range<u64>) -> io::Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut some = vec![0; PIECE.min(usize::try_from(bytes.end - bytes.start).unwrap_or(PIECE))];
    while !bytes.is_empty() {
        let length = some.len().min(usize::try_from(bytes.end - bytes.start).unwrap_or(PIECE));
        file.read_exact_at(&mut some[..length], bytes.start)?;
        hasher.update(&some[..length]);
        bytes.start += length as u64;
    }
    Ok(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use parquet::basic::ZstdLevel;

    use super::*;

    fn header(bytes: &[u8]) -> Option<Header> {
        Header::read(&mut ThriftReader(bytes))
    }

    #[test]
    fn a_header_is_read_as_far_as_it_matters() {
        // A data page: 40 bytes unpacked, 30 packed, a checksum, 5 values in encoding 8, statistics.
        let own = [0x5c, 0x15, 10, 0x15, 16, 0x15, 6, 0x15, 6, 0x1c, 0x18, 1, b'a', 0, 0];
        let page = [&[0x15, 0, 0x15, 80, 0x15, 60, 0x15, 3], &own[..1], &own[1..], &[0]].concat();
        let mut fields = page.clone();
        fields[8] = 0x1c;
        let read = header(&fields).expect("a header");
        assert_eq!((read.unpacked, read.packed, read.crc), (40, 30, Some(-2)));
        assert_eq!((read.values, read.encoding, read.of), (5, 8, PageKind::Data));
        assert!(header(&fields[..fields.len() - 1]).is_none(), "cut short");
        assert!(header(&[0x15, 0, 0x15, 80, 0]).is_none(), "no packed size");
        assert!(header(&[0x15, 18, 0x15, 80, 0x15, 60, 0]).is_none(), "a kind that nobody knows");
        assert!(header(&[&[0x15, 0, 0x15, 80, 0x15, 60], &[0x1c; 1000][..]].concat()).is_none());
    }

    #[test]
    fn no_codec_makes_more_of_a_byte_than_it_can() {
        let mib = 1 << 20;
        let zstd = zstd::bulk::compress(&vec![0; 64 * mib], 19).expect("packed");
        let snappy = snap::raw::Encoder::new().compress_vec(&vec![0; mib]).expect("packed");
        let lz4 = lz4_flex::block::compress(&vec![0; mib]);
        let most = |codec, packed: Vec<u8>| most_unpacked(codec, packed.len() as u64);
        assert!(most(Compression::ZSTD(ZstdLevel::default()), zstd) >= 64 << 20);
        assert!(most(Compression::SNAPPY, snappy) >= 1 << 20);
        assert!(most(Compression::LZ4_RAW, lz4) >= 1 << 20);
        assert!(most_unpacked(Compression::SNAPPY, 17) < 1 << 10);
    }
}
