//! Checks the parts of an unpacked page that the decoder would trust: levels, and counts of texts.

use parquet::{basic::Encoding, column::page::Page, errors::Result};

use crate::columnar::guard::damage;

/// Texts that are written out at a time, and the bytes that they may take together.
const TOGETHER: usize = 4096;
const MOST_TOGETHER: i64 = 1 << 20;

/// Checks the levels and the texts of a page of a column that is not nested.
pub(crate) fn check(page: &Page, nullable: bool) -> Result<()> {
    let (levels, values) = match page {
        Page::DictionaryPage { .. } => return Ok(()),
        Page::DataPage { buf, def_level_encoding: Encoding::RLE, .. } if nullable => {
            let (length, rest) =
                buf.split_first_chunk().ok_or_else(|| damage(text!("a page with no levels")))?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok();
            let parts = length.and_then(|length| rest.split_at_checked(length));
            parts.ok_or_else(|| damage(text!("a page with levels longer than their page")))?
        }
        // Levels in the deprecated encoding BIT_PACKED take a bit each.
        Page::DataPage { buf, num_values, .. } if nullable => {
            let packed = usize::try_from(num_values.div_ceil(8)).ok();
            let values = packed.and_then(|packed| buf.get(packed..));
            (
                &[][..],
                values.ok_or_else(|| damage(text!("a page with levels longer than their page")))?,
            )
        }
        Page::DataPage { buf, .. } => (&[][..], &buf[..]),
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let length = |bytes: &u32| usize::try_from(*bytes).unwrap_or(usize::MAX);
            let rest = buf.get(length(rep_levels_byte_len)..);
            let parts = rest.and_then(|rest| rest.split_at_checked(length(def_levels_byte_len)));
            parts.ok_or_else(|| damage(text!("a page with levels longer than their page")))?
        }
    };
    let most = usize::try_from(page.num_values()).unwrap_or(0);
    if nullable {
        check_levels(levels, most)
            .ok_or_else(|| damage(text!("a page with levels that no page has")))?;
    }
    match page.encoding() {
        // All values are null.
        _ if values.is_empty() => Ok(()),
        Encoding::DELTA_LENGTH_BYTE_ARRAY => delta_head(values, most)
            .map(drop)
            .ok_or_else(|| damage(text!("a page with more texts than it has values"))),
        Encoding::DELTA_BYTE_ARRAY => check_prefixes(values, most),
        _ => Ok(()),
    }
}

/// Checks levels of 0 and 1 until there is one for each value. They come in runs of equal levels (RLE) or in groups of
/// eight, bit-packed.
fn check_levels(mut levels: &[u8], mut values: usize) -> Option<()> {
    while values > 0 && !levels.is_empty() {
        let run = varint(&mut levels)?;
        let count = usize::try_from(i32::try_from(run >> 1).ok()?).ok()?;
        let bit_packed = run & 1 == 1;
        if !bit_packed && *levels.first()? > 1 {
            return None;
        }
        values = values.saturating_sub(if bit_packed { count * 8 } else { count });
        // The last run may end early, with the values.
        levels = levels.get(if bit_packed { count } else { 1 }..).unwrap_or_default();
    }
    Some(())
}

/// Reads the head of delta-encoded numbers: values of a block, miniblocks of a block, count of all values. Fails when
/// the count is above `most`.
fn delta_head(mut bytes: &[u8], most: usize) -> Option<([usize; 3], &[u8])> {
    let mut number = || usize::try_from(varint(&mut bytes)?).ok();
    let head = [number()?, number()?, number()?];
    (head[2] <= most).then_some((head, bytes))
}

/// Checks texts with shared prefixes, which could take a thousand times the page once they are written out.
fn check_prefixes(values: &[u8], most: usize) -> Result<()> {
    let numbers = |bytes| {
        differences(bytes, most).ok_or_else(|| damage(text!("a page with texts in disorder")))
    };
    let (shared, rest) = numbers(values)?;
    let (own, _) = numbers(rest)?;
    let lengths: Vec<i64> = shared.iter().zip(&own).map(|(shared, own)| shared + own).collect();
    let bytes = lengths.chunks(TOGETHER).map(|some| some.iter().sum::<i64>()).max();
    if bytes.is_some_and(|bytes| bytes > MOST_TOGETHER) {
        return Err(damage(text!(
            "a page with texts that are beyond measure once they are written out"
        )));
    }
    Ok(())
}

/// Decodes delta-encoded numbers (DELTA_BINARY_PACKED); returns them and the bytes behind them. Fails when a number is
/// below 0.
fn differences(bytes: &[u8], most: usize) -> Option<(Vec<i64>, &[u8])> {
    let ([block, parts, count], mut bytes) = delta_head(bytes, most)?;
    let mut value = zigzag(varint(&mut bytes)?);
    let mut all = Vec::with_capacity(count);
    all.extend((count > 0).then_some(value));
    let of_part = block.checked_div(parts).filter(|values| *values > 0 && values % 8 == 0)?;
    while all.len() < count {
        let least = zigzag(varint(&mut bytes)?);
        let (widths, rest) = bytes.split_at_checked(parts)?;
        bytes = rest;
        for width in widths.iter().map(|width| usize::from(*width)) {
            if all.len() >= count {
                break;
            }
            // Lengths have 32 bits at the most, so `bits` never needs more than eight bytes (32 + 7 bits).
            let packed = (width <= 32).then_some(width * (of_part / 8))?;
            for at in 0..of_part.min(count - all.len()) {
                value = value.wrapping_add(least).wrapping_add(bits(bytes, at * width, width)?);
                all.push(i64::from(i32::try_from(value).ok()?));
            }
            bytes = bytes.get(packed..).unwrap_or_default();
        }
    }
    all.iter().all(|value| *value >= 0).then_some((all, bytes))
}

/// Reads a number of `width` bits from bit `from` on.
fn bits(bytes: &[u8], from: usize, width: usize) -> Option<i64> {
    if width == 0 {
        return Some(0);
    }
    let mut number = [0; 8];
    let some = bytes.get(from / 8..(from + width).div_ceil(8))?;
    number[..some.len()].copy_from_slice(some);
    let number = u64::from_le_bytes(number) >> (from % 8) & ((1 << width) - 1);
    Some(number.cast_signed())
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_0_or_1_in_runs_that_values_can_need() {
        let check = |levels: &[u8]| check_levels(levels, 10).is_some();
        assert!(check(&[20, 1]) && check(&[10, 0, 10, 1]) && check(&[3, 0xff, 4, 1]));
        // The last run is cut short, or longer than needed; bytes behind it are not checked.
        assert!(check(&[5, 0xff]) && check(&[0xc8, 1, 1]) && check(&[20, 1, 77]));
        assert!(!check(&[20, 2]), "a level of 2");
        assert!(!check(&[0x80, 0x80, 0x80, 0x80, 0x80, 1, 1]), "a run of billions");
        assert!(!check(&[20]), "no level");
    }

    #[test]
    fn differences_add_up() {
        // Three numbers from 7 on, each 2 more; the rest of the block is not there.
        assert_eq!(
            differences(&[128, 1, 4, 3, 14, 4, 0, 0, 0, 0], 3),
            Some((vec![7, 9, 11], &[][..]))
        );
        // Five numbers of differences of -1 and 4 bits: 1, 2, 3, 15.
        let packed = [128, 1, 4, 5, 0, 1, 4, 0, 0, 0, 0x21, 0xf3];
        let all = [&packed[..], &[0; 14], b"rest"].concat();
        assert_eq!(differences(&all, 5), Some((vec![0, 0, 1, 3, 17], &b"rest"[..])));
        assert_eq!(differences(&all, 4), None, "more than there are values");
        assert_eq!(differences(&all[..11], 5), None, "cut short");
        assert_eq!(differences(&[128, 1, 4, 1, 1], 1), None, "below 0");
        assert_eq!(differences(&[128, 1, 0, 1, 0], 1), None, "a block of no parts");
    }

    #[test]
    fn texts_that_share_their_beginnings_are_not_written_out_beyond_measure() {
        // So many texts that are as long as the one before and one byte more.
        let page = |texts: usize, shared: u64| {
            let varint = |mut number: u64| {
                let mut bytes = Vec::new();
                while number > 0x7f {
                    bytes.push(u8::try_from(number & 0x7f).expect("7 bits") | 0x80);
                    number >>= 7;
                }
                bytes.push(u8::try_from(number).expect("7 bits"));
                bytes
            };
            let numbers = |first: u64| {
                let head = [vec![128, 1, 4], varint(texts as u64), varint(first << 1)].concat();
                let blocks = [0; 5].repeat((texts - 1).div_ceil(128));
                [head, blocks].concat()
            };
            [numbers(shared), numbers(1), vec![b'x'; texts]].concat()
        };
        assert!(check_prefixes(&page(4000, 250), 4000).is_ok());
        assert!(check_prefixes(&page(4000, 300), 4000).is_err());
        assert!(check_prefixes(&page(4000, 250), 3999).is_err());
    }
}
