//! Footers, looked through before they are decoded.
//!
//! The decoder believes what a footer says of itself: it calls itself once a level of a nested schema, and
//! makes room for as many row groups and children as are announced. A few bytes would end the process,
//! where no finding could be listed any more. So the bounds are checked here first, on the bytes.

use std::io::Read;

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use super::{diagnose::plain, guarded, source::SharedFile};

/// Levels that a schema may be nested; the fields of the contract take one.
const DEEPEST: usize = 64;
/// Row groups are numbered in 16 bits.
const MOST_ROW_GROUPS: usize = i16::MAX as usize;
/// What ends a file: the length of the footer and four letters.
const TAIL: usize = 8;

/// Reads the footer of a file, whatever its bytes are.
pub fn read(file: &SharedFile, options: ArrowReaderOptions) -> Result<ArrowReaderMetadata, String> {
    let decode = || {
        check(&bytes(file)?)?;
        ArrowReaderMetadata::load(file, options).map_err(|error| plain(&error.to_string()))
    };
    guarded(decode).unwrap_or_else(|| Err(DISORDER.into()))
}

const DISORDER: &str = "a footer that cannot be decoded";
/// What is found of a file with encrypted columns.
pub const ENCRYPTED: &str = "encrypted columns";

/// The bytes of a footer.
fn bytes(file: &SharedFile) -> Result<Vec<u8>, String> {
    let read = |start: u64, length: usize| {
        let mut bytes = vec![0; length];
        file.reader(start).read_exact(&mut bytes).map_err(|error| error.to_string())?;
        Ok::<_, String>(bytes)
    };
    const CUT: &str =
        "a file that does not end like a Parquet file: cut off, or with something behind its end";
    let tail = file.len.checked_sub(TAIL as u64).ok_or(CUT)?;
    let end = read(tail, TAIL)?;
    if !end.ends_with(b"PAR1") {
        return Err(CUT.into());
    }
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]);
    match tail.checked_sub(length.into()) {
        Some(start) => read(start, length as usize),
        None => Err(format!("a footer of {length} bytes in a file of {} bytes", file.len)),
    }
}

/// Says what is wrong with a footer, if its bounds are.
fn check(footer: &[u8]) -> Result<(), String> {
    let Bounds { depth, encrypted } = Walk(footer).footer().ok_or(DISORDER)?;
    if encrypted {
        return Err(ENCRYPTED.into());
    }
    if depth > DEEPEST {
        return Err(format!("a schema that is nested deeper than {DEEPEST} levels"));
    }
    Ok(())
}

/// Types of the compact protocol of Thrift.
mod kind {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const UUID: u8 = 13;
}

/// Types of the fields of a footer and of an element of its schema, from the first on. The decoder takes
/// them for granted: what is written as another type would be read as something else than is seen here.
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

/// What a footer says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Bounds {
    /// How deep the schema is nested.
    depth: usize,
    /// Whether it names a way of encryption.
    encrypted: bool,
}

/// What is left of a footer. Every step gives none when the bytes are in disorder.
struct Walk<'a>(&'a [u8]);

impl Walk<'_> {
    fn footer(mut self) -> Option<Bounds> {
        let (mut bounds, mut last) = (Bounds::default(), 0);
        loop {
            match self.field(&mut last, &FOOTER)? {
                (_, kind::STOP) => return Some(bounds),
                (2, _) => bounds.depth = bounds.depth.max(self.schema()?),
                (8, of) => {
                    bounds.encrypted = true;
                    self.skip(of, DEEPEST)?;
                }
                (4, _) => {
                    let (row_groups, of) = self.list()?;
                    if row_groups > MOST_ROW_GROUPS {
                        return None;
                    }
                    self.elements(row_groups, of, DEEPEST)?;
                }
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }

    /// How deep a schema is nested: its elements follow each other, each before its children.
    fn schema(&mut self) -> Option<usize> {
        let (elements, of) = self.list()?;
        if of != kind::STRUCT {
            return None;
        }
        let mut deepest = 0;
        // Children that are still to come, a level each.
        let mut open: Vec<usize> = Vec::new();
        for left in (0..elements).rev() {
            let children = self.element()?;
            if children > left {
                return None;
            }
            if let Some(siblings) = open.last_mut() {
                *siblings -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            deepest = deepest.max(open.len());
            while open.last() == Some(&0) {
                open.pop();
            }
        }
        Some(deepest)
    }

    /// How many children an element of the schema has.
    fn element(&mut self) -> Option<usize> {
        let (mut children, mut last) = (0, 0);
        loop {
            match self.field(&mut last, &ELEMENT)? {
                (_, kind::STOP) => return Some(children),
                (5, _) => children = usize::try_from(self.number()?).ok()?,
                (_, of) => self.skip(of, DEEPEST)?,
            }
        }
    }

    /// The next field of a structure and its type.
    fn field(&mut self, last: &mut i16, known: &[u8]) -> Option<(i16, u8)> {
        let byte = self.byte()?;
        let of = byte & 0xf;
        if of == kind::STOP {
            return Some((0, of));
        }
        *last = match byte >> 4 {
            0 => i16::try_from(self.number()?).ok()?,
            step => last.checked_add(step.into())?,
        };
        let place = usize::try_from(*last).ok().and_then(|id| id.checked_sub(1));
        let expected = place.and_then(|place| known.get(place));
        expected.is_none_or(|expected| *expected == of).then_some((*last, of))
    }

    fn skip(&mut self, of: u8, levels: usize) -> Option<()> {
        let levels = levels.checked_sub(1)?;
        match of {
            kind::TRUE | kind::FALSE => Some(()),
            kind::BYTE => self.take(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.take(8),
            kind::UUID => self.take(16),
            kind::BINARY => {
                let length = self.varint()?;
                self.take(usize::try_from(length).ok()?)
            }
            kind::LIST | kind::SET => {
                let (count, of) = self.list()?;
                self.elements(count, of, levels)
            }
            kind::STRUCT => {
                let mut last = 0;
                loop {
                    match self.field(&mut last, &[])? {
                        (_, kind::STOP) => return Some(()),
                        (_, of) => self.skip(of, levels)?,
                    }
                }
            }
            // A footer has no maps.
            _ => None,
        }
    }

    /// The number of elements of a list and their type; each takes a byte or more.
    fn list(&mut self) -> Option<(usize, u8)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            0xf => usize::try_from(self.varint()?).ok()?,
            few => few.into(),
        };
        (count <= self.0.len()).then_some((count, byte & 0xf))
    }

    fn elements(&mut self, count: usize, of: u8, levels: usize) -> Option<()> {
        // Readers do not agree whether a truth in a list takes a byte; a footer has none.
        if matches!(of, kind::TRUE | kind::FALSE) && count > 0 {
            return None;
        }
        (0..count).try_for_each(|_| self.skip(of, levels))
    }

    /// A zigzag number.
    fn number(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn take(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }
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
        let depth = |children: &[u8]| Walk(&footer(children)).footer().map(|bounds| bounds.depth);
        assert_eq!(depth(&[3, 0, 0, 0]), Some(1));
        assert_eq!(depth(&[3, 0, 1, 1, 0, 0]), Some(3));
        assert_eq!(depth(&[2, 1, 0, 1, 0]), Some(2));
        assert_eq!(depth(&[2, 0]), None, "a child is missing");
    }

    #[test]
    fn what_would_end_the_decoder_is_refused() {
        let mut chain = [1; 66];
        chain[65] = 0;
        assert!(check(&footer(&chain)).expect_err("65 levels").contains("nested deeper"));
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
    fn what_is_not_known_is_skipped() {
        assert!(check(&[0xa9, 0x3d, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_err());
        let unknown =
            [0xac, 0x11, 0x13, 7, 0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x19, 0x28, 1, b'a', 0, 0, 0];
        assert!(check(&unknown).is_ok());
    }
}
