//! A filing as bytes. They are read again in the same review only, so their format may change.

use super::{Filing, FilingKind};
use crate::diag::{Failure, Outcome};

/// Flags of a filing: what it has.
mod flag {
    pub(super) const END: u8 = 1;
    pub(super) const MADE: u8 = 1 << 1;
    pub(super) const VALID: u8 = 1 << 2;
    pub(super) const UNKNOWN: u8 = 1 << 3;
}

/// The types in their order among the bytes; a greater number stands for none.
const KINDS: [FilingKind; 3] = [FilingKind::LongTerm, FilingKind::Transfer, FilingKind::Temporary];

/// Appends the bytes of a filing.
pub(in super::super) fn append(filing: &Filing<'_>, bytes: &mut Vec<u8>) {
    let when = |is: bool, flag: u8| if is { flag } else { 0 };
    bytes.extend_from_slice(&[
        when(filing.end.is_some(), flag::END)
            | when(filing.made.is_some(), flag::MADE)
            | when(filing.valid, flag::VALID)
            | when(filing.unknown_kind.is_some(), flag::UNKNOWN),
        filing.kind.map_or(u8::MAX, |kind| kind as u8),
        filing.insured,
    ]);
    bytes.extend_from_slice(&filing.begin.to_le_bytes());
    bytes.extend_from_slice(&filing.end.unwrap_or_default().to_le_bytes());
    bytes.extend_from_slice(&filing.made.unwrap_or_default().to_le_bytes());
    let texts = [filing.psn_no, filing.place, filing.unknown_kind.unwrap_or_default()];
    for text in texts {
        // A text of a column has at most 65,536 bytes (F15).
        let length = u32::try_from(text.len()).expect("Invariant: F15 holds the length of texts");
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
    }
}

/// Returns the filings of bytes.
pub(in super::super) fn all(mut bytes: &[u8]) -> Outcome<Vec<Filing<'_>>> {
    let mut all = Vec::with_capacity(bytes.len() / SHORTEST);
    while !bytes.is_empty() {
        let damaged = || Failure::Bug(text!("the bytes of a filing are not whole"));
        let (filing, rest) = first(bytes).ok_or_else(damaged)?;
        all.push(filing);
        bytes = rest;
    }
    Ok(all)
}

/// Bytes of a filing without its texts.
const SHORTEST: usize = 3 + 2 * 4 + 8 + 3 * 4;

fn first(bytes: &[u8]) -> Option<(Filing<'_>, &[u8])> {
    let ([flags, kind, insured], bytes) = bytes.split_first_chunk()?;
    let has = |flag: u8| flags & flag != 0;
    let (begin, bytes) = bytes.split_first_chunk()?;
    let (end, bytes) = bytes.split_first_chunk()?;
    let (made, bytes) = bytes.split_first_chunk()?;
    let (lengths, bytes) = bytes.split_first_chunk::<12>()?;
    let mut texts = [""; 3];
    let mut rest = bytes;
    for (text, length) in texts.iter_mut().zip(lengths.as_chunks().0) {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (own, after) = rest.split_at_checked(length)?;
        (*text, rest) = (std::str::from_utf8(own).ok()?, after);
    }
    let [psn_no, place, unknown_kind] = texts;
    let filing = Filing {
        psn_no,
        insured: *insured,
        place,
        kind: KINDS.get(usize::from(*kind)).copied(),
        begin: i32::from_le_bytes(*begin),
        end: has(flag::END).then_some(i32::from_le_bytes(*end)),
        made: has(flag::MADE).then_some(i64::from_le_bytes(*made)),
        valid: has(flag::VALID),
        unknown_kind: has(flag::UNKNOWN).then_some(unknown_kind),
    };
    Some((filing, rest))
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*, sample::select};

    use super::*;

    proptest! {
        #[test]
        fn a_filing_comes_back_as_it_went(
            texts in (".{0,8}", "[0-9]{6}", option::of(".{0,3}")),
            kind in option::of(select(&KINDS[..])),
            days in any::<(i32, Option<i32>, Option<i64>)>(),
            (insured, valid) in any::<(u8, bool)>(),
        ) {
            let ((psn_no, place, unknown), (begin, end, made)) = (&texts, days);
            let unknown_kind = unknown.as_deref();
            let filing =
                Filing { psn_no, insured, place, kind, begin, end, made, valid, unknown_kind };
            let mut bytes = Vec::new();
            append(&filing, &mut bytes);
            for end in 1..bytes.len() {
                prop_assert!(all(&bytes[..end]).is_err());
            }
            append(&filing, &mut bytes);
            prop_assert_eq!(all(&bytes).expect("whole"), [filing.clone(), filing]);
        }
    }
}
