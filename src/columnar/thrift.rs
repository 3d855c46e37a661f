//! Bytes in the compact protocol of Thrift, gone through without believing them.
//!
//! Nothing is kept but what is asked for, so that nothing that the bytes announce takes memory.

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

/// Where the bytes come from.
pub(crate) trait Input {
    /// The next byte.
    fn byte(&mut self) -> Option<u8>;
    /// Leaves so many bytes out.
    fn take(&mut self, length: usize) -> Option<()>;
    /// How many there are yet.
    fn left(&self) -> usize;
}

impl Input for &[u8] {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.split_first()?;
        *self = rest;
        Some(*byte)
    }

    fn take(&mut self, length: usize) -> Option<()> {
        *self = self.get(length..)?;
        Some(())
    }

    fn left(&self) -> usize {
        self.len()
    }
}

/// What is left of the bytes. Every step gives none when they are in disorder.
pub(crate) struct ThriftReader<I>(pub(crate) I);

impl<I: Input> ThriftReader<I> {
    /// The next field of a structure and its type.
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

    pub(crate) fn skip(&mut self, of: u8, levels: usize) -> Option<()> {
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
            // Neither a footer nor a page header has maps.
            _ => None,
        }
    }

    /// The number of elements of a list and their type; each takes a byte or more.
    pub(crate) fn list(&mut self) -> Option<(usize, u8)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            0xf => usize::try_from(self.varint()?).ok()?,
            few => few.into(),
        };
        (count <= self.0.left()).then_some((count, byte & 0xf))
    }

    pub(crate) fn elements(&mut self, count: usize, of: u8, levels: usize) -> Option<()> {
        // Readers do not agree whether a truth in a list takes a byte; there are none here.
        if matches!(of, kind::TRUE | kind::FALSE) && count > 0 {
            return None;
        }
        (0..count).try_for_each(|_| self.skip(of, levels))
    }

    /// A zigzag number.
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

    pub(crate) fn take(&mut self, length: usize) -> Option<()> {
        self.0.take(length)
    }
}
