//! Pages of a row group, decompressed by a decompressor that all columns of a thread share.
//!
//! The parquet crate gives every open column chunk a decompressor of its own, some 150 KiB each. With dozens of row
//! groups open in step these are hundreds of megabytes, which miss the cache. So the crate is told that chunks are
//! uncompressed: it returns pages as they lie in the file. They are unpacked here, into buffers of the size that their
//! headers claim, once these claims have been checked (`claims`).

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use parquet::{
    arrow::arrow_reader::RowGroups,
    basic::Compression,
    column::page::{Page, PageIterator, PageMetadata, PageReader},
    errors::Result,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
        reader::{ChunkReader, Length},
        serialized_reader::SerializedPageReader,
    },
};

use super::buffers::Tools;
use crate::columnar::guard::damage;
use crate::{
    columnar::{
        claims, codec, payload,
        shared::{FileReader, SharedFile},
    },
    event::Activity,
};

/// A row group of a file.
pub(super) struct FileRowGroup<'a> {
    pub(super) file: Arc<SharedFile>,
    pub(super) metadata: &'a ParquetMetaData,
    pub(super) number: usize,
    pub(super) tools: Arc<Tools>,
}

impl FileRowGroup<'_> {
    fn group(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.number)
    }

    /// Checks the page headers of a column, and returns a reader of its pages.
    pub(super) fn pages(&self, leaf: usize) -> Result<Box<dyn PageReader>> {
        let chunk = self.group().column(leaf);
        let claims = claims::check_column(&self.file, chunk).map_err(damage)?;
        let size = Arc::new(PageSize(AtomicI64::new(-1)));
        let tools = Arc::clone(&self.tools);
        let tapped = Tapped { file: Arc::clone(&self.file), size: Arc::clone(&size), tools };
        let as_it_lies = ColumnChunkMetaData::into_builder(chunk.clone())
            .set_compression(Compression::UNCOMPRESSED)
            .build()?;
        let rows = self.num_rows();
        let pages = SerializedPageReader::new(Arc::new(tapped), &as_it_lies, rows, None)?;
        Ok(Box::new(Unpacked {
            pages,
            codec: chunk.compression(),
            nullable: chunk.column_descr().max_def_level() > 0,
            most: usize::try_from(claims.page).unwrap_or(usize::MAX),
            size,
            tools: Arc::clone(&self.tools),
        }))
    }
}

impl RowGroups for FileRowGroup<'_> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.group().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(OneChunk(Some(self.pages(leaf)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.group()))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.metadata
    }
}

/// The only column chunk of a column.
struct OneChunk(Option<Result<Box<dyn PageReader>>>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take()
    }
}

impl PageIterator for OneChunk {}

/// A reader of the pages of a column, which unpacks them.
struct Unpacked {
    pages: SerializedPageReader<Tapped>,
    codec: Compression,
    /// Whether its values have definition levels, 0 or 1.
    nullable: bool,
    /// Bytes of its largest page, unpacked.
    most: usize,
    size: Arc<PageSize>,
    tools: Arc<Tools>,
}

impl Unpacked {
    /// Unpacks the bytes of a page, of which the first `plain` are never compressed.
    fn unpack(&self, bytes: &Bytes, plain: usize) -> Result<Bytes> {
        if self.codec == Compression::UNCOMPRESSED {
            return Ok(bytes.clone());
        }
        let size = usize::try_from(self.size.0.load(Ordering::Relaxed))
            .map_err(|_| damage(text!("a page header in disorder")))?;
        if plain > bytes.len() || plain > size || size > self.most {
            return Err(damage(text!("a page header that cannot be true")));
        }
        self.tools.bytes(size, |whole| {
            let (levels, values) = whole.split_at_mut(plain);
            levels.copy_from_slice(&bytes[..plain]);
            // A page of nulls has no values, and no compressed frame.
            if values.is_empty() {
                return Ok(());
            }
            let unpack = || codec::unpack(self.codec, &bytes[plain..], values);
            self.tools.stopwatch.measure(Activity::Decompress, unpack)?;
            self.tools.stopwatch.count(Activity::Decompress, 0, size as u64);
            Ok(())
        })
    }
}

impl PageReader for Unpacked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(mut page) = self.pages.get_next_page()? else { return Ok(None) };
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = self.unpack(buf, 0)?;
            }
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                let levels = usize::try_from(levels).unwrap_or(usize::MAX);
                if *is_compressed {
                    *buf = self.unpack(buf, levels)?;
                }
            }
        }
        payload::check(&page, self.nullable)?;
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl Iterator for Unpacked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// The unpacked size of the last page by its header, which the crate does not return; −1 when it is unknown.
//
// An atomic only because the types of the crate must be `Send` and `Sync`: the page reader reads a header and then
// unpacks the page in one thread, so Relaxed is enough.
struct PageSize(AtomicI64);

/// A file that notes the size in each page header that is read from it.
struct Tapped {
    file: Arc<SharedFile>,
    size: Arc<PageSize>,
    tools: Arc<Tools>,
}

/// A reader of a page header: the first bytes that are read are the header.
struct TappedReader {
    reader: BufReader<FileReader>,
    size: Arc<PageSize>,
    begun: bool,
}

impl Length for Tapped {
    fn len(&self) -> u64 {
        self.file.len
    }
}

impl ChunkReader for Tapped {
    type T = TappedReader;

    fn get_read(&self, start: u64) -> Result<TappedReader> {
        let size = Arc::clone(&self.size);
        Ok(TappedReader { reader: self.file.get_read(start)?, size, begun: false })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let stopwatch = &self.tools.stopwatch;
        stopwatch.count(Activity::Read, 0, length as u64);
        let read = |buffer: &mut [u8]| self.file.read_exact_at(buffer, start);
        Ok(stopwatch.measure(Activity::Read, || self.tools.bytes(length, read))?)
    }
}

impl Read for TappedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.begun {
            self.begun = true;
            let size = uncompressed_size(self.reader.fill_buf()?);
            self.size.0.store(size.unwrap_or(-1), Ordering::Relaxed);
        }
        self.reader.read(buffer)
    }
}

/// Reads the second field of a page header in the compact protocol of Thrift. Each of the first two fields is a byte
/// that says "next field, 32 bits" and a zigzag-encoded varint.
fn uncompressed_size(header: &[u8]) -> Option<i64> {
    const NEXT_FIELD_OF_32_BITS: u8 = 0x15;
    let mut bytes = header.iter().copied();
    let mut field = || {
        bytes.next().filter(|byte| *byte == NEXT_FIELD_OF_32_BITS)?;
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = bytes.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        None
    };
    field()?;
    field()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_the_second_field() {
        assert_eq!(uncompressed_size(&[0x15, 0x00, 0x15, 0x90, 0x4e, 0x15, 0x02]), Some(5000));
        assert_eq!(uncompressed_size(&[0x15, 0x00, 0x15, 0x01]), Some(-1));
        assert_eq!(uncompressed_size(&[0x15, 0x00, 0x25, 0x02]), None);
        assert_eq!(uncompressed_size(&[0x15, 0x00, 0x15, 0x90]), None);
    }
}
