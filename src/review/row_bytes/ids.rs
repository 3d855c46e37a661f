//! The texts of a row that are digits after a first character, two digits in a byte.
//!
//! Ids and divisions are most of the bytes of a row, and nearly all of them are of this shape.

/// The texts that every row has: three ids, two divisions, the type of care.
pub(super) const IDS: usize = 6;
/// The ids, whose first character may be another one than a digit.
const MARKED: usize = 3;
/// The digits that are packed at once, at most.
const MOST: usize = 128;

/// Texts as half bytes.
pub(super) struct PackedIds {
    marks: [u8; MARKED],
    halves: [u8; MOST / 2],
    length: usize,
}

impl PackedIds {
    /// Packs texts; none where they are not of the shape.
    pub(super) fn of(texts: &[&str; IDS]) -> Option<PackedIds> {
        let mut digits = [b'0'; MOST];
        let mut marks = [0; MARKED];
        let mut length = 0;
        for (number, text) in texts.iter().enumerate() {
            let place = digits.get_mut(length..length + text.len())?;
            place.copy_from_slice(text.as_bytes());
            length += text.len();
            if let Some(mark) = marks.get_mut(number) {
                *mark = std::mem::replace(place.first_mut()?, b'0');
            }
        }
        let are_digits = digits.iter().fold(true, |are, digit| are & digit.is_ascii_digit());
        if !are_digits || !marks.is_ascii() {
            return None;
        }
        let mut halves = [0; MOST / 2];
        for (half, [first, second]) in halves.iter_mut().zip(digits.as_chunks::<2>().0) {
            *half = (first & 0xf) << 4 | second & 0xf;
        }
        Some(PackedIds { marks, halves, length: length.div_ceil(2) })
    }

    /// Appends their bytes.
    pub(super) fn append(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.marks);
        bytes.extend_from_slice(&self.halves[..self.length]);
    }
}

/// Returns the number of bytes of packed texts that have some lengths.
pub(super) fn packed_length(lengths: &[usize]) -> usize {
    MARKED + lengths.iter().sum::<usize>().div_ceil(2)
}

/// Writes packed texts of some lengths as one text; none where the bytes are not whole.
pub(super) fn unpack(packed: &[u8], lengths: &[usize], texts: &mut [u8]) -> Option<()> {
    let (marks, packed) = packed.split_first_chunk::<MARKED>()?;
    let mut halves = [0; MOST / 2];
    halves.get_mut(..packed.len())?.copy_from_slice(packed);
    let mut digits = [0; MOST];
    for ([first, second], half) in digits.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
        (*first, *second) = (b'0' + (half >> 4), b'0' + (half & 0xf));
    }
    texts.copy_from_slice(digits.get(..texts.len())?);
    let mut begin = 0;
    for (mark, length) in marks.iter().zip(lengths) {
        *texts.get_mut(begin)? = *mark;
        begin += length;
    }
    Some(())
}
