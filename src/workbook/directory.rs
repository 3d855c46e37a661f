//! The claims of the directory of a ZIP archive, checked before a reader takes memory by them.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem::Finder;

/// The most entries of an archive.
pub(super) const ENTRIES: u64 = 10_000;
/// The most bytes of their names, comments and further fields.
const NAMES: u64 = 64 << 20;
/// How much is looked at at once.
const CHUNK: usize = 1 << 20;
/// The bytes of a record that are looked at, from its mark.
const RECORD: usize = 46;

/// Returns whether the directory of an archive claims no more than the bounds. Its records are found by their marks:
/// an archive may hold several directories, and readers differ in which of them they take.
pub(super) fn is_bounded(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mark = Finder::new(b"PK");
    let (mut entries, mut names) = (0, 0);
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut held = Vec::with_capacity(CHUNK + RECORD);
    loop {
        let before = held.len();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut held)?;
        let ended = held.len() == before;
        // A record that may go on behind this chunk is looked at with the next one.
        let whole = if ended { held.len() } else { held.len().saturating_sub(RECORD) };
        for at in mark.find_iter(&held).take_while(|at| *at < whole) {
            let record = &held[at..];
            match record.get(2..4) {
                Some(b"\x01\x02") => {
                    entries += 1;
                    names += [28, 30, 32].map(|at| number(record, at, 2)).iter().sum::<u64>();
                }
                // Counts of the record at the end are small without this one, which has 64 bits for them. Packed bytes
                // may look like its mark; their length then goes beyond the file.
                Some(b"\x06\x06") if number(record, 4, 8) <= length => {
                    entries = entries.max(number(record, 24, 8)).max(number(record, 32, 8));
                    names = names.max(number(record, 4, 8));
                }
                _ => {}
            }
            if entries > ENTRIES || names > NAMES {
                return Ok(false);
            }
        }
        if ended {
            return Ok(true);
        }
        held.drain(..whole);
    }
}

/// Returns a number of a record; what lies behind the end of the file is 0.
fn number(record: &[u8], at: usize, bytes: usize) -> u64 {
    let bytes = record.get(at..at + bytes).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn bounded(bytes: Vec<u8>) -> bool {
        is_bounded(&mut Cursor::new(bytes)).expect("read")
    }

    #[test]
    fn claims_are_counted_on_both_sides_of_the_border() {
        let entry = |name: u16| {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.resize(RECORD, 0);
            entry[28..30].copy_from_slice(&name.to_le_bytes());
            entry
        };
        assert!(bounded(Vec::new()));
        assert!(bounded(b"PK\x01\x02".to_vec()));
        assert!(bounded(entry(3).repeat(10_000)));
        assert!(!bounded(entry(3).repeat(10_001)));
        // 1,024 names of 65,535 bytes are 1,024 bytes short of the bound.
        assert!(bounded(entry(u16::MAX).repeat(1_024)));
        assert!(!bounded(entry(u16::MAX).repeat(1_025)));
        for (claim, is) in
            [(10_000_u64, true), (10_001, false), (4 << 30, false), (u64::MAX, false)]
        {
            for at in [24, 32] {
                for before in [0, CHUNK - 1, CHUNK - 24, CHUNK, CHUNK + 1] {
                    let mut bytes = vec![0; before];
                    bytes.extend(b"PK\x06\x06");
                    bytes.resize(before + 56, 0);
                    bytes[before + at..before + at + 8].copy_from_slice(&claim.to_le_bytes());
                    let mut packed = bytes.clone();
                    packed[before + 11] = 1;
                    assert_eq!(bounded(bytes), is, "{claim} {at} {before}");
                    assert!(bounded(packed));
                }
            }
        }
    }
}
