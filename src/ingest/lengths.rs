//! Limits of the texts of a column.
//!
//! A dictionary has a text once, however often it occurs; records have it each time. So a small file could become very
//! large texts. A text has a limit, and all texts of a column in a row group have one together: 256 bytes for each
//! text, and beyond that 1,024 bytes for each byte of the column in the file.

use parquet::file::metadata::RowGroupMetaData;

use super::text::TextColumn;
use crate::columnar::claims::LONGEST_TEXT;
use crate::text::Text;

/// Bytes of a text that do not count, and bytes of all texts that may exceed it, for each byte in the file.
const ORDINARY: u64 = 256;
const FOR_A_BYTE: u64 = 1024;

/// The limit of the texts of a column in a row group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    /// Bytes that the coming texts may take beyond [`ORDINARY`].
    left: u64,
    /// Address of the list of the batch before.
    list: usize,
    /// The bytes of its longest text.
    longest: usize,
}

impl Lengths {
    /// Makes the limit for a column of a row group.
    pub(super) fn of(group: &RowGroupMetaData, leaf: usize) -> Lengths {
        let bytes = group.column(leaf).byte_range().1.saturating_mul(FOR_A_BYTE);
        let left = bytes.saturating_add(LONGEST_TEXT as u64);
        Lengths { left, ..Lengths::default() }
    }

    /// Counts the next texts; fails when one is too long, or all together are.
    pub(super) fn check(&mut self, column: &TextColumn) -> Result<(), Text> {
        let longest = self.longest(column);
        if longest as u64 <= ORDINARY {
            return Ok(());
        }
        if longest > LONGEST_TEXT {
            return Err(text!("a text of {} bytes", longest));
        }
        let beyond = column.bytes_beyond(ORDINARY);
        self.left = self.left.checked_sub(beyond).ok_or(text!("long texts again and again"))?;
        Ok(())
    }

    fn longest(&mut self, column: &TextColumn) -> usize {
        let TextColumn::Coded(coded) = column else { return column.longest() };
        // Many batches share a list. A list stays alive in `Batches` until the next one is made, so that no other list
        // has its address meanwhile.
        if self.list != coded.address() {
            (self.list, self.longest) = (coded.address(), column.longest());
        }
        self.longest
    }
}
