//! The records of an old workbook, and their values.

use super::number;

/// A kind of record, named as in Microsoft's description of the format.
pub(super) mod kind {
    pub(in super::super) const FORMULA: u16 = 0x0006;
    pub(in super::super) const EOF: u16 = 0x000a;
    pub(in super::super) const DATE_MODE: u16 = 0x0022;
    pub(in super::super) const FILE_PASS: u16 = 0x002f;
    pub(in super::super) const CONTINUE: u16 = 0x003c;
    pub(in super::super) const BOUND_SHEET: u16 = 0x0085;
    pub(in super::super) const MUL_RK: u16 = 0x00bd;
    pub(in super::super) const R_STRING: u16 = 0x00d6;
    pub(in super::super) const XF: u16 = 0x00e0;
    pub(in super::super) const SST: u16 = 0x00fc;
    pub(in super::super) const LABEL_SST: u16 = 0x00fd;
    pub(in super::super) const NUMBER: u16 = 0x0203;
    pub(in super::super) const LABEL: u16 = 0x0204;
    pub(in super::super) const BOOL_ERR: u16 = 0x0205;
    pub(in super::super) const STRING: u16 = 0x0207;
    pub(in super::super) const RK: u16 = 0x027e;
    pub(in super::super) const FORMAT: u16 = 0x041e;
    pub(in super::super) const BOF: u16 = 0x0809;
}

/// A record: its kind, and its bytes with those of the records that continue it.
pub(super) struct BiffRecord<'a> {
    pub(super) kind: u16,
    pub(super) pieces: Vec<&'a [u8]>,
}

impl<'a> BiffRecord<'a> {
    /// Takes a record off a stream; `None` at its end, also when it is cut off.
    pub(super) fn take(stream: &mut &'a [u8]) -> Option<BiffRecord<'a>> {
        let (kind, first) = take_piece(stream)?;
        let mut pieces = vec![first];
        while stream.starts_with(&kind::CONTINUE.to_le_bytes()) {
            pieces.push(take_piece(stream)?.1);
        }
        Some(BiffRecord { kind, pieces })
    }

    /// Reads the record from its beginning.
    pub(super) fn reader(&self) -> BiffReader<'_, 'a> {
        BiffReader { rest: self.pieces[0], more: &self.pieces[1..] }
    }
}

fn take_piece<'a>(stream: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    let (head, rest) = stream.split_at_checked(4)?;
    let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
    let (piece, rest) = rest.split_at_checked(length)?;
    *stream = rest;
    Some((u16::from_le_bytes([head[0], head[1]]), piece))
}

/// Reads the values of a record one after the other. `None` stands for a record that is too short.
pub(super) struct BiffReader<'r, 'a> {
    rest: &'a [u8],
    more: &'r [&'a [u8]],
}

impl BiffReader<'_, '_> {
    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            while self.rest.is_empty() {
                self.next_piece()?;
            }
            *byte = self.rest[0];
            self.rest = &self.rest[1..];
        }
        Some(bytes)
    }

    fn next_piece(&mut self) -> Option<()> {
        let (next, more) = self.more.split_first()?;
        (self.rest, self.more) = (next, more);
        Some(())
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.bytes().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    /// Returns the number of bytes that are left in this piece.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty() && self.more.iter().all(|piece| piece.is_empty())
    }

    /// Passes bytes, also beyond the end of a piece.
    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > self.rest.len() {
            bytes -= self.rest.len();
            self.next_piece()?;
        }
        self.rest = &self.rest[bytes..];
        Some(())
    }

    /// Appends a text whose length comes first, in 16 bits or in 8.
    pub(super) fn text(&mut self, is_short: bool, into: &mut String) -> Option<()> {
        let letters = if is_short { self.byte()?.into() } else { self.u16()? };
        let flags = self.byte()?;
        let runs = if flags & 8 == 0 { 0 } else { usize::from(self.u16()?) * 4 };
        let phonetic = if flags & 4 == 0 { 0 } else { self.u32()? as usize };
        self.letters(letters.into(), flags & 1 != 0, into)?;
        self.skip(runs)?;
        self.skip(phonetic)
    }

    /// Appends letters of one byte or of two. When a text goes on in the next piece, that says anew which.
    fn letters(&mut self, mut count: usize, mut is_wide: bool, into: &mut String) -> Option<()> {
        let mut wide: Vec<u16> = Vec::new();
        loop {
            let width = if is_wide { 2 } else { 1 };
            let here = count.min(self.rest.len() / width);
            let (letters, rest) = self.rest.split_at(here * width);
            self.rest = rest;
            count -= here;
            if is_wide {
                let units = letters.chunks_exact(2);
                wide.extend(units.map(|two| u16::from_le_bytes([two[0], two[1]])));
            } else {
                wide.extend(letters.iter().map(|letter| u16::from(*letter)));
            }
            if count == 0 {
                break;
            }
            self.next_piece()?;
            is_wide = self.byte()? & 1 != 0;
        }
        into.extend(char::decode_utf16(wide).map(|letter| letter.unwrap_or('\u{fffd}')));
        Some(())
    }

    /// Appends a number in the short form RK: 30 bits of a whole or binary number, perhaps a hundred times too large.
    pub(super) fn rk(&mut self, into: &mut String) -> Option<()> {
        let bits = self.u32()?;
        let is_hundredth = bits & 1 != 0;
        if bits & 2 == 0 {
            let [a, b, c, d] = (bits & !3).to_le_bytes();
            let bytes = [0, 0, 0, 0, a, b, c, d];
            return if is_hundredth {
                number::hundredth_of_bytes(bytes, into)
            } else {
                number::of_bytes(bytes, into)
            };
        }
        let whole = bits.cast_signed() >> 2;
        let text = if is_hundredth {
            let sign = if whole < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", whole.unsigned_abs() / 100, whole.unsigned_abs() % 100)
        } else {
            whole.to_string()
        };
        number::plain(&text, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<'a>(pieces: &[&'a [u8]]) -> BiffRecord<'a> {
        BiffRecord { kind: 0, pieces: pieces.to_vec() }
    }

    #[test]
    fn short_numbers_are_whole_binary_or_hundredths() {
        let rk = |bits: u32| {
            let bytes = bits.to_le_bytes();
            let mut into = String::new();
            record(&[&bytes]).reader().rk(&mut into).map(|()| into)
        };
        let whole = |number: i32, hundredth: u32| (number << 2).cast_unsigned() | 2 | hundredth;
        assert_eq!(rk(whole(1_234, 0)).as_deref(), Some("1234"));
        assert_eq!(rk(whole(-1_234, 1)).as_deref(), Some("-12.34"));
        assert_eq!(rk(whole(1_230, 1)).as_deref(), Some("12.3"));
        assert_eq!(rk(whole(-5, 1)).as_deref(), Some("-0.05"));
        assert_eq!(rk(0x3ff0_0000).as_deref(), Some("1"));
        assert_eq!(rk(0x3ff0_0001).as_deref(), Some("0.01"));
        assert_eq!(record(&[&[1, 2, 3]]).reader().rk(&mut String::new()), None);
    }

    #[test]
    fn texts_go_on_in_the_next_piece() {
        let text = |pieces: &[&[u8]]| {
            let mut into = String::new();
            record(pieces).reader().text(false, &mut into).map(|()| into)
        };
        assert_eq!(text(&[b"\x03\0\0abc"]).as_deref(), Some("abc"));
        assert_eq!(text(&[b"\x02\0\x01\x0a\x4e\x77\x6d"]).as_deref(), Some("上海"));
        // Narrow letters, then wide ones; runs behind them are passed, beyond the end of a piece.
        let pieces: [&[u8]; 3] = [b"\x03\0\x08\x01\0a", b"\x01\x0a\x4e\x77\x6d\0", b"\0\0\0"];
        assert_eq!(text(&pieces).as_deref(), Some("a上海"));
        for cut in [&b"\x03\0\0ab"[..], b"\x03\0", b"", b"\x01\0\x08\x01\0a\0\0\0"] {
            assert_eq!(text(&[cut]), None);
        }
    }

    #[test]
    fn a_record_has_what_continues_it() {
        let mut stream: &[u8] = b"\x85\0\x01\0a\x3c\0\x02\0bc\x0a\0\0\0\x0a\0\x05\0x";
        let first = BiffRecord::take(&mut stream).expect("a record");
        assert_eq!((first.kind, first.pieces), (kind::BOUND_SHEET, vec![&b"a"[..], b"bc"]));
        assert_eq!(BiffRecord::take(&mut stream).expect("a record").kind, kind::EOF);
        assert!(BiffRecord::take(&mut stream).is_none());
    }
}
