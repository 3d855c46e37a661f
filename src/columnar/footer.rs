//! Checks footers before they are decoded.
//!
//! The decoder trusts a footer: it recurses once for each level of a nested schema, and allocates as many row groups
//! and children as are announced. A few bytes could overflow the stack or the memory and end the process before any
//! finding is listed. So the bounds are checked here first, on the bytes.

use std::{io::Read, sync::Arc};

use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
};

use super::{
    guard::{guarded, of_decoder},
    shared::SharedFile,
    thrift::{ThriftReader, kind},
};

use crate::text::Text;

/// The most rows of a side: so many in any case, and so many more for each byte of its files. Rows of nulls or of one
/// repeated value take no bytes, so a small file could claim any number of them.
const ROWS_FOR_NOTHING: u64 = 1 << 20;
const ROWS_FOR_A_BYTE: u64 = 8;

/// Levels that a schema may be nested; the fields of the contract take one.
const DEEPEST: usize = 64;
/// Row groups are numbered in 16 bits.
const MOST_ROW_GROUPS: usize = i16::MAX as usize;
/// Bytes of the end of a file: the length of the footer and four letters.
const TAIL: usize = 8;

/// Reads the footer of a file. Any bytes give metadata or an error, never a panic.
pub fn read(file: &SharedFile, options: &ArrowReaderOptions) -> Result<ArrowReaderMetadata, Text> {
    let decode = || {
        check(&bytes(file)?)?;
        let load = || {
            let loaded = ArrowReaderMetadata::load(file, options.clone())?;
            without_zeros(loaded, options.clone())
        };
        load().map_err(|error| of_decoder(&error))
    };
    guarded(decode).unwrap_or(Err(DISORDER))
}

/// Removes dictionary offsets of 0, by which some writers say that a column has no dictionary.
fn without_zeros(
    loaded: ArrowReaderMetadata,
    options: ArrowReaderOptions,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let zero = |column: &ColumnChunkMetaData| column.dictionary_page_offset() == Some(0);
    let metadata = loaded.metadata();
    if !metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).any(zero) {
        return Ok(loaded);
    }
    let mended = |column: &ColumnChunkMetaData| {
        let builder = column.clone().into_builder();
        if zero(column) { builder.set_dictionary_page_offset(None) } else { builder }.build()
    };
    let groups = metadata.row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(mended).collect::<Result<_, _>>()?;
        group.clone().into_builder().set_column_metadata(columns).build()
    });
    let groups = groups.collect::<Result<_, _>>()?;
    let builder = metadata.as_ref().clone().into_builder().set_row_groups(groups);
    ArrowReaderMetadata::try_new(Arc::new(builder.build()), options)
}

const DISORDER: Text = text!("a footer that cannot be decoded");
/// The finding about a file with encrypted columns.
pub const ENCRYPTED: Text = text!("encrypted columns");

/// The finding about a file without a footer.
const CUT: Text = text!(
    "a file that does not end like a Parquet file: cut off, or with something behind its end"
);

/// Reads the bytes of a footer.
fn bytes(file: &SharedFile) -> Result<Vec<u8>, Text> {
    let read = |start: u64, length: usize| {
        let mut bytes = vec![0; length];
        file.reader(start).read_exact(&mut bytes).map_err(|error| text!("{}", error))?;
        Ok::<_, Text>(bytes)
    };
    let tail = file.len.checked_sub(TAIL as u64).ok_or(CUT)?;
    let end = read(tail, TAIL)?;
    if !end.ends_with(b"PAR1") {
        return Err(CUT);
    }
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]);
    match tail.checked_sub(length.into()) {
        Some(start) => read(start, length as usize),
        None => Err(text!("a footer of {} bytes in a file of {} bytes", length, file.len)),
    }
}

/// Fails when the bounds of a footer are out of range.
fn check(footer: &[u8]) -> Result<(), Text> {
    let bounds = ThriftReader(footer).footer().ok_or(DISORDER)?;
    if bounds.encrypted {
        return Err(ENCRYPTED);
    }
    if bounds.depth > DEEPEST {
        return Err(text!("a schema that is nested deeper than {} levels", DEEPEST));
    }
    if bounds.row_groups.iter().any(|types| !bounds.types.starts_with(types)) {
        return Err(text!("a column of another type than the schema has"));
    }
    Ok(())
}

/// The claims of a footer that the decoder does not check.
#[derive(Debug, Default)]
struct Bounds {
    /// The depth of the schema.
    depth: usize,
    /// Whether it names an encryption algorithm.
    encrypted: bool,
    /// The types of its columns.
    types: Vec<i64>,
    /// The types of the columns of row groups; of equal lists that follow each other only the first.
    row_groups: Vec<Vec<i64>>,
}

/// The Thrift types of the fields of a footer, from field 1 on; of a schema element, a row group, a column chunk and
/// its metadata. The decoder does not check them: it would read a field of another type differently than this check
/// does.
const FOOTER: [u8; 9] = [
    kind::I32,
    kind::LIST,
    kind::I64,
    kind::LIST,
    kind::LIST,
    kind::BINARY,
    kind::LIST,
    kind::STRUCT,
    kind::BINARY,
];
const ELEMENT: [u8; 10] = [
    kind::I32,
    kind::I32,
    kind::I32,
    kind::BINARY,
    kind::I32,
    kind::I32,
    kind::I32,
    kind::I32,
    kind::I32,
    kind::STRUCT,
];
const ROW_GROUP: [u8; 1] = [kind::LIST];
const COLUMN: [u8; 3] = [kind::BINARY, kind::I64, kind::STRUCT];
const OF_COLUMN: [u8; 1] = [kind::I32];

impl ThriftReader<&[u8]> {
    fn footer(mut self) -> Option<Bounds> {
        let (mut bounds, mut last) = (Bounds::default(), 0);
        loop {
            match self.field(&mut last, &FOOTER)? {
                (_, kind::STOP) => return Some(bounds),
                (2, _) => self.schema(&mut bounds)?,
                (8, of) => {
                    bounds.encrypted = true;
                    self.skip(of, DEEPEST)?;
                }
                (4, _) => {
                    let row_groups = self.structures()?;
                    if row_groups > MOST_ROW_GROUPS {
                        return None;
                    }
                    for _ in 0..row_groups {
                        let types = self.row_group()?;
                        if bounds.row_groups.last() != Some(&types) {
                            bounds.row_groups.push(types);
                        }
                    }
                }
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }

    /// Reads the head of a list of structures; returns their number.
    fn structures(&mut self) -> Option<usize> {
        let (count, of) = self.list()?;
        (of == kind::STRUCT || count == 0).then_some(count)
    }

    /// Reads a schema: its elements in depth-first order, parents before children.
    fn schema(&mut self, bounds: &mut Bounds) -> Option<()> {
        let elements = self.structures()?;
        // A stack: for each open level the number of children that are still to come.
        let mut open: Vec<usize> = Vec::new();
        for left in (0..elements).rev() {
            let (children, of) = self.element()?;
            if children > left {
                return None;
            }
            if let Some(siblings) = open.last_mut() {
                *siblings -= 1;
            }
            if children > 0 {
                open.push(children);
            } else if !open.is_empty() {
                bounds.types.push(of);
            }
            bounds.depth = bounds.depth.max(open.len());
            while open.last() == Some(&0) {
                open.pop();
            }
        }
        Some(())
    }

    /// Reads a schema element; returns the number of its children, and its type.
    fn element(&mut self) -> Option<(usize, i64)> {
        let (mut children, mut of_values, mut last) = (0, 0, 0);
        loop {
            match self.field(&mut last, &ELEMENT)? {
                (_, kind::STOP) => return Some((children, of_values)),
                (1, _) => of_values = self.number()?,
                (5, _) => children = usize::try_from(self.number()?).ok()?,
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }

    /// Reads a row group; returns the types of its columns.
    fn row_group(&mut self) -> Option<Vec<i64>> {
        let (mut types, mut last) = (Vec::new(), 0);
        loop {
            match self.field(&mut last, &ROW_GROUP)? {
                (_, kind::STOP) => return Some(types),
                (1, _) => {
                    for _ in 0..self.structures()? {
                        types.push(self.column()?);
                    }
                }
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }

    /// Reads a column chunk; returns its type.
    fn column(&mut self) -> Option<i64> {
        let (mut of_values, mut last) = (None, 0);
        loop {
            match self.field(&mut last, &COLUMN)? {
                (_, kind::STOP) => return of_values,
                (3, _) => self.column_metadata(&mut of_values)?,
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }

    /// Reads the metadata of a column chunk.
    fn column_metadata(&mut self, of_values: &mut Option<i64>) -> Option<()> {
        let mut last = 0;
        loop {
            match self.field(&mut last, &OF_COLUMN)? {
                (_, kind::STOP) => return Some(()),
                (1, _) => *of_values = Some(self.number()?),
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }
}

/// Finds a contradiction in a footer that could be decoded.
pub fn footer_error(metadata: &ParquetMetaData, len: u64) -> Option<Text> {
    let declared = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups();
    let rows = groups.iter().map(RowGroupMetaData::num_rows).fold(0, i64::saturating_add);
    if rows != declared || groups.iter().any(|group| group.num_rows() < 0) {
        return Some(text!("{} rows declared, {} in its row groups", declared, rows));
    }
    groups.iter().enumerate().find_map(|(index, group)| {
        let lie = group.columns().iter().find_map(|column| column_error(column, group, len))?;
        Some(text!("row group {}, {}", index, lie))
    })
}

/// Returns the most rows that files with a number of bytes may have.
pub fn most_rows(bytes: u64) -> u64 {
    ROWS_FOR_NOTHING.saturating_add(bytes.saturating_mul(ROWS_FOR_A_BYTE))
}

/// Finds a contradiction in what a footer says of a column chunk.
fn column_error(column: &ColumnChunkMetaData, group: &RowGroupMetaData, len: u64) -> Option<Text> {
    let name = column.column_path().string();
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let end = start.checked_add(column.compressed_size());
    let inside = |end: i64| start >= 0 && end >= start && end.cast_unsigned() <= len;
    if !end.is_some_and(inside) {
        return Some(text!("column {}: bytes beyond the file", name));
    }
    let (dictionary, data) = (column.dictionary_page_offset(), column.data_page_offset());
    // Some writers give arbitrary offsets for a column without values.
    let nothing = column.num_values() == 0;
    if !nothing && dictionary.is_some_and(|dictionary| dictionary > data) {
        return Some(text!("column {}: a dictionary behind what it is for", name));
    }
    let flat = column.column_descr().max_rep_level() == 0;
    (flat && column.num_values() != group.num_rows()).then(|| {
        text!("column {}: {} values for {} rows", name, column.num_values(), group.num_rows())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of nothing but a schema: children of its elements.
    fn footer(children: &[u8]) -> Vec<u8> {
        let count = u8::try_from(children.len()).expect("few");
        let mut bytes = vec![0x15, 0x02, 0x19, 0xfc, count];
        for children in children {
            // A name of one letter, then the children.
            bytes.extend([0x48, 1, b'a', 0x15, children << 1, 0]);
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn a_schema_is_as_deep_as_its_deepest_branch() {
        let depth = |children: &[u8]| {
            ThriftReader(&footer(children)[..]).footer().map(|bounds| bounds.depth)
        };
        assert_eq!(depth(&[3, 0, 0, 0]), Some(1));
        assert_eq!(depth(&[3, 0, 1, 1, 0, 0]), Some(3));
        assert_eq!(depth(&[2, 1, 0, 1, 0]), Some(2));
        assert_eq!(depth(&[2, 0]), None, "a child is missing");
    }

    #[test]
    fn what_would_end_the_decoder_is_refused() {
        let mut chain = [1; 66];
        chain[65] = 0;
        assert!(
            check(&footer(&chain)).expect_err("65 levels").to_string().contains("nested deeper")
        );
        assert!(check(&footer(&chain[1..])).is_ok());
        // A million row groups, a list longer than its bytes, children for another element's sake.
        assert!(check(&[0x49, 0xfc, 0xc0, 0x84, 0x3d, 0]).is_err());
        assert!(check(&[0x59, 0xf8, 0xff, 0xff, 0x03, 0]).is_err());
        assert!(check(&footer(&[100, 0])).is_err());
        // The schema as text, a list of truths, a map.
        assert!(check(&[0x28, 1, b'a', 0]).is_err());
        assert!(check(&[0xa9, 0x11, 1, 0]).is_err());
        assert!(check(&[0xab, 0, 0]).is_err());
    }

    #[test]
    fn columns_are_of_the_type_that_the_schema_has() {
        // A schema of one column of type 2, and a row group of one whose column is of the type that is given.
        let of = |number: u8| {
            let schema = [0x29, 0x2c, 0x48, 1, b'r', 0x15, 2, 0, 0x15, 4, 0x38, 1, b'a', 0];
            let column = [0x29, 0x1c, 0x19, 0x1c, 0x3c, 0x15, number << 1, 0, 0, 0];
            check(&[&schema[..], &column, &[0]].concat())
        };
        assert_eq!(of(2), Ok(()));
        assert!(of(1).expect_err("another type").to_string().contains("another type"));
    }

    #[test]
    fn what_is_not_known_is_skipped() {
        assert!(check(&[0xa9, 0x3d, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_err());
        let unknown =
            [0xac, 0x11, 0x13, 7, 0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x19, 0x28, 1, b'a', 0, 0, 0];
        assert!(check(&unknown).is_ok());
    }
}
