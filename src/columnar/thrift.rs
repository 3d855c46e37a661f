//! A reader of the compact protocol of Thrift for bytes of unknown origin.
//!
//! It skips everything but the fields that are asked for. So no announced length takes memory.

/// Types of the compact protocol of Thrift.
pub(crate) mod kind {
    pub(crate) const STOP: u8 = 0;
    pub(crate) const TRUE: u8 = 1;
    pub(crate) const FALSE: u8 = 2;
    pub(crate) const BYTE: u8 = 3;
    pub(crate) const I16: u8 = 4;
    pub(crate) const I32: u8 = 5;
    pub(crate) const I64: u8 = 6;
    pub(crate) const DOUBLE: u8 = 7;
    pub(crate) const BINARY: u8 = 8;
    pub(crate) const LIST: u8 = 9;
    pub(crate) const SET: u8 = 10;
    pub(crate) const STRUCT: u8 = 12;
    pub(crate) const UUID: u8 = 13;
}

/// A source of bytes.
pub(crate) trait Input {
    /// Reads the next byte.
    fn byte(&mut self) -> Option<u8>;
    /// Skips bytes.
    fn skip_bytes(&mut self, length: usize) -> Option<()>;
    /// Returns the number of bytes that are left.
    fn left(&self) -> usize;
}

impl Input for &[u8] {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.split_first()?;
        *self = rest;
        Some(*byte)
    }

    fn skip_bytes(&mut self, length: usize) -> Option<()> {
        *self = self.get(length..)?;
        Some(())
    }

    fn left(&self) -> usize {
        self.len()
    }
}

/// A reader of Thrift. Every method returns none when the bytes cannot be decoded.
pub(crate) struct ThriftReader<I>(pub(crate) I);

impl<I: Input> ThriftReader<I> {
    /// Reads the head of the next field of a structure: its number and type. `known` are the types of fields from 1 on;
    /// a field of another type is an error.
    pub(crate) fn field(&mut self, last: &mut i16, known: &[u8]) -> Option<(i16, u8)> {
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

    /// Skips a value of a type, nested at most `levels` deep.
    pub(crate) fn skip(&mut self, of: u8, levels: usize) -> Option<()> {
        let levels = levels.checked_sub(1)?;
        match of {
            kind::TRUE | kind::FALSE => Some(()),
            kind::BYTE => self.skip_bytes(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.skip_bytes(8),
            kind::UUID => self.skip_bytes(16),
            kind::BINARY => {
                let length = self.varint()?;
                self.skip_bytes(usize::try_from(length).ok()?)
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
            // Neither a footer nor a page header has maps.
            _ => None,
        }
    }

    /// Reads the head of a list: the number of elements and their type. Each element takes at least a byte, so a count
    /// above the bytes that are left is an error.
    pub(crate) fn list(&mut self) -> Option<(usize, u8)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            0xf => usize::try_from(self.varint()?).ok()?,
            few => few.into(),
        };
        (count <= self.0.left()).then_some((count, byte & 0xf))
    }

    /// Skips the elements of a list.
    fn elements(&mut self, count: usize, of: u8, levels: usize) -> Option<()> {
        // Readers disagree on whether a boolean in a list takes a byte. Footers and page headers have no such lists.
        if matches!(of, kind::TRUE | kind::FALSE) && count > 0 {
            return None;
        }
        (0..count).try_for_each(|_| self.skip(of, levels))
    }

    /// Reads a zigzag-encoded integer.
    pub(crate) fn number(&mut self) -> Option<i64> {
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
        self.0.byte()
    }

    /// Skips bytes.
    pub(crate) fn skip_bytes(&mut self, length: usize) -> Option<()> {
        self.0.skip_bytes(length)
    }
}
