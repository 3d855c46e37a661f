//! Builds one column chunk: plain or dictionary pages, each compressed by itself.
//!
//! The generator knows the dictionary codes of its values and packs them itself. The writer of the parquet crate would
//! hash every value again, which costs more than drawing it.

use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding, Type, ZstdLevel},
    column::{
        page::{CompressedPage, Page, PageWriter},
        writer::ColumnCloseResult,
    },
    errors::{ParquetError, Result},
    file::{
        metadata::{ColumnChunkMetaData, OffsetIndexBuilder},
        statistics::Statistics,
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::ColumnDescPtr,
};

/// Compresses pages. Its tables are reused for each page.
pub(super) type Compressor = zstd::bulk::Compressor<'static>;

/// The layout of the values of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnLayout {
    /// Plain values, one after the other.
    Plain,
    /// Codes into the dictionary of the row group.
    Dictionary,
    /// Codes into a dictionary, almost all of them 0: only other values are recorded, as (row, code).
    Sparse,
}

/// Both values of a flag, as dictionary entries.
const FLAGS: [&[u8]; 2] = [b"\x01\0\0\x000", b"\x01\0\0\x001"];

/// A column chunk that is being built.
pub(super) struct ColumnChunk {
    descriptor: ColumnDescPtr,
    layout: ColumnLayout,
    optional: bool,
    /// The current page: plain values or dictionary codes, and definition levels.
    plain: Vec<u8>,
    codes: Vec<u32>,
    levels: Vec<u32>,
    /// Rows of the current page with another value than the common one, and their code; rows that are not null.
    rare: Vec<(u32, u32)>,
    filled: Vec<u32>,
    /// The dictionary. `places` has for each outer code its dictionary code plus one, or 0 when it is not in it yet.
    dictionary: Vec<u8>,
    entries: u32,
    places: Vec<u32>,
    /// Finished pages, and offset, size and rows of each.
    pages: Vec<u8>,
    located: Vec<(i64, i32, i64)>,
    uncompressed: usize,
    rows: i64,
    nulls: u64,
    range: Option<(i64, i64)>,
    body: Vec<u8>,
}

impl ColumnChunk {
    /// Makes an empty chunk. `codes` is the number of outer codes.
    pub(super) fn new(
        descriptor: ColumnDescPtr,
        layout: ColumnLayout,
        codes: usize,
    ) -> ColumnChunk {
        ColumnChunk {
            optional: descriptor.max_def_level() > 0,
            descriptor,
            layout,
            plain: Vec::new(),
            codes: Vec::new(),
            levels: Vec::new(),
            rare: Vec::new(),
            filled: Vec::new(),
            dictionary: Vec::new(),
            entries: 0,
            places: vec![0; codes],
            pages: Vec::new(),
            located: Vec::new(),
            uncompressed: 0,
            rows: 0,
            nulls: 0,
            range: None,
            body: Vec::new(),
        }
    }

    /// Appends a plain text of a fixed length.
    pub(super) fn text<const N: usize>(&mut self, text: &[u8; N]) {
        self.plain.reserve(N + 4);
        self.plain.extend_from_slice(&u32::try_from(N).unwrap_or(u32::MAX).to_le_bytes());
        self.plain.extend_from_slice(text);
    }

    /// Appends a plain integer.
    pub(super) fn long(&mut self, value: i64) {
        self.plain.extend_from_slice(&value.to_le_bytes());
    }

    /// Appends the value of an outer code. `value` is called once for each code in a row group.
    pub(super) fn code<'v>(&mut self, code: u32, value: impl FnOnce() -> &'v [u8]) {
        let place = &mut self.places[code as usize];
        if *place == 0 {
            let value = value();
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
            self.dictionary.extend_from_slice(&length.to_le_bytes());
            self.dictionary.extend_from_slice(value);
            self.entries += 1;
            *place = self.entries;
        }
        self.codes.push(*place - 1);
    }

    /// Appends a day; `code` is its outer code.
    pub(super) fn day(&mut self, code: usize, day: i32) {
        let place = &mut self.places[code];
        if *place == 0 {
            self.dictionary.extend_from_slice(&day.to_le_bytes());
            self.entries += 1;
            *place = self.entries;
        }
        self.codes.push(*place - 1);
    }

    /// Records the number of a row of the page, unless it is the common value 0.
    pub(super) fn number(&mut self, row: u32, value: i64) {
        if value != 0 {
            self.start_dictionary(&0i64.to_le_bytes());
            self.dictionary.extend_from_slice(&value.to_le_bytes());
            self.rare.push((row, self.entries));
            self.entries += 1;
        }
    }

    /// Records the flag of a row of the page, unless it is the common value "0".
    pub(super) fn flag(&mut self, row: u32, set: bool) {
        if set {
            self.start_dictionary(FLAGS[0]);
            if self.entries == 1 {
                self.dictionary.extend_from_slice(FLAGS[1]);
                self.entries = 2;
            }
            self.rare.push((row, 1));
        }
    }

    /// Records that a row of the page is not null.
    pub(super) fn fill(&mut self, row: u32) {
        self.filled.push(row);
    }

    /// Puts the common value into an empty dictionary, as code 0.
    fn start_dictionary(&mut self, common: &[u8]) {
        if self.entries == 0 {
            self.dictionary.extend_from_slice(common);
            self.entries = 1;
        }
    }

    /// Fills levels, codes and the range of the page from what was recorded.
    fn lay_out_page(&mut self, rows: u32) {
        if self.optional {
            self.levels.resize(rows as usize, 0);
            for row in &self.filled {
                self.levels[*row as usize] = 1;
            }
            self.nulls += u64::from(rows) - self.filled.len() as u64;
            self.filled.clear();
        }
        if self.layout == ColumnLayout::Sparse {
            let flag = self.descriptor.physical_type() == Type::BYTE_ARRAY;
            self.start_dictionary(if flag { FLAGS[0] } else { &[0; 8] });
            self.codes.resize(rows as usize, 0);
            for (row, code) in self.rare.drain(..) {
                self.codes[row as usize] = code;
            }
        }
        if self.layout == ColumnLayout::Plain && self.descriptor.physical_type() == Type::INT64 {
            for value in self.plain.as_chunks::<8>().0 {
                let value = i64::from_le_bytes(*value);
                let (least, most) = self.range.unwrap_or((value, value));
                self.range = Some((least.min(value), most.max(value)));
            }
        }
    }

    /// Ends a page of `rows` rows.
    pub(super) fn end_page(&mut self, rows: u32, compressor: &mut Compressor) -> Result<()> {
        self.lay_out_page(rows);
        self.body.clear();
        if self.optional {
            self.body.extend_from_slice(&[0; 4]);
            pack(&self.levels, 1, &mut self.body);
            let length = u32::try_from(self.body.len() - 4).unwrap_or(u32::MAX);
            self.body[..4].copy_from_slice(&length.to_le_bytes());
            self.levels.clear();
        }
        let encoding = match self.layout {
            ColumnLayout::Plain => {
                if self.optional {
                    self.body.append(&mut self.plain);
                } else {
                    std::mem::swap(&mut self.body, &mut self.plain);
                    self.plain.clear();
                }
                Encoding::PLAIN
            }
            ColumnLayout::Dictionary | ColumnLayout::Sparse => {
                let width = (32 - self.entries.saturating_sub(1).leading_zeros()).max(1);
                self.body.push(u8::try_from(width).unwrap_or(32));
                pack(&self.codes, width, &mut self.body);
                self.codes.clear();
                Encoding::RLE_DICTIONARY
            }
        };
        let page = Page::DataPage {
            buf: compress(compressor, &self.body)?,
            num_values: rows,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let offset = i64::try_from(self.pages.len()).unwrap_or(i64::MAX);
        let size = write_page(&mut self.pages, page, self.body.len(), &mut self.uncompressed)?;
        self.located.push((offset, size, rows.into()));
        self.rows += i64::from(rows);
        Ok(())
    }

    /// Ends the chunk and begins the next one. Returns its bytes and its metadata for the footer.
    pub(super) fn end_chunk(
        &mut self,
        compressor: &mut Compressor,
    ) -> Result<(Bytes, ColumnCloseResult)> {
        let mut bytes = Vec::with_capacity(self.pages.len() + self.dictionary.len() / 2 + 64);
        if self.layout != ColumnLayout::Plain {
            let page = Page::DictionaryPage {
                buf: compress(compressor, &self.dictionary)?,
                num_values: self.entries,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            write_page(&mut bytes, page, self.dictionary.len(), &mut self.uncompressed)?;
        }
        let start = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        bytes.append(&mut self.pages);
        let mut index = OffsetIndexBuilder::new();
        for (offset, size, rows) in self.located.drain(..) {
            index.append_row_count(rows);
            index.append_offset_and_size(offset + start, size);
        }
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let mut metadata = ColumnChunkMetaData::builder(self.descriptor.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_num_values(self.rows)
            .set_total_compressed_size(size)
            .set_total_uncompressed_size(i64::try_from(self.uncompressed).unwrap_or(i64::MAX))
            .set_data_page_offset(start);
        metadata = match self.layout {
            ColumnLayout::Plain => metadata.set_encodings(vec![Encoding::PLAIN, Encoding::RLE]),
            ColumnLayout::Dictionary | ColumnLayout::Sparse => {
                let encodings = vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
                metadata.set_dictionary_page_offset(Some(0)).set_encodings(encodings)
            }
        };
        if let Some((least, most)) = self.range {
            let nulls = Some(self.nulls);
            metadata = metadata.set_statistics(Statistics::int64(
                Some(least),
                Some(most),
                None,
                nulls,
                false,
            ));
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows.unsigned_abs(),
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(index.build()),
        };
        self.dictionary.clear();
        self.places.fill(0);
        (self.entries, self.uncompressed, self.rows, self.nulls) = (0, 0, 0, 0);
        self.range = None;
        Ok((bytes.into(), close))
    }
}

fn compress(compressor: &mut Compressor, body: &[u8]) -> Result<Bytes> {
    let packed = compressor.compress(body).map_err(|e| ParquetError::External(Box::new(e)))?;
    Ok(packed.into())
}

/// Appends a page with its header and returns its size.
fn write_page(
    out: &mut Vec<u8>,
    page: Page,
    length: usize,
    uncompressed: &mut usize,
) -> Result<i32> {
    let mut sink = TrackedWrite::new(std::mem::take(out));
    let spec =
        SerializedPageWriter::new(&mut sink).write_page(CompressedPage::new(page, length))?;
    *out = sink.into_inner()?;
    *uncompressed += spec.uncompressed_size;
    Ok(i32::try_from(spec.compressed_size).unwrap_or(i32::MAX))
}

/// Encodes numbers in Parquet's hybrid of run lengths and bit-packed groups of eight.
fn pack(values: &[u32], width: u32, out: &mut Vec<u8>) {
    let mut literal = 0;
    let mut at = 0;
    while at < values.len() {
        let run = run_length(&values[at..]);
        if run >= 8 {
            // Only the last group of a page may be padded: padding before a run would add values.
            debug_assert!((at - literal).is_multiple_of(8));
            pack_groups(&values[literal..at], width, out);
            varint((run as u64) << 1, out);
            let bytes = width.div_ceil(8) as usize;
            out.extend_from_slice(&values[at].to_le_bytes()[..bytes]);
            at += run;
            literal = at;
        } else {
            at += 8;
        }
    }
    pack_groups(&values[literal..], width, out);
}

/// Returns the length of the run of the first value, or 0 when it is shorter than a group of eight.
fn run_length(values: &[u32]) -> usize {
    let first = values[0];
    let group = values.first_chunk::<8>();
    if !group.is_some_and(|group| group.iter().all(|value| *value == first)) {
        return 0;
    }
    values.iter().position(|value| *value != first).unwrap_or(values.len())
}

/// Bit-packs values in groups of eight. The last group is padded with zeros.
fn pack_groups(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    varint((values.len().div_ceil(8) as u64) << 1 | 1, out);
    for group in values.chunks(8) {
        let (mut bits, mut held) = (0u64, 0);
        for place in 0..8 {
            bits |= u64::from(group.get(place).copied().unwrap_or(0)) << held;
            held += width;
            if held >= 32 {
                out.extend_from_slice(&bits.to_le_bytes()[..4]);
                bits >>= 32;
                held -= 32;
            }
        }
        out.extend_from_slice(&bits.to_le_bytes()[..held.div_ceil(8) as usize]);
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7F).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}
