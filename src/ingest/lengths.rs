//! How long the texts of a column may be.
//!
//! A dictionary keeps a text once, however often it occurs; whatever is made of rows keeps it each time. So a text
//! has a limit, and so have all texts of a column in a row group: what ordinary rows need, and what its bytes in the
//! file can be worth.

use parquet::file::metadata::RowGroupMetaData;

use super::text::TextColumn;
use crate::columnar::claims::LONGEST_TEXT;
use crate::text::Text;

/// Bytes of a text that no column has to account for, and those that it may have besides, for each byte in the file.
const ORDINARY: u64 = 256;
const FOR_A_BYTE: u64 = 1024;

/// What the texts of a column in a row group may take yet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    left: u64,
    /// Address of the list that was looked at last.
    list: usize,
    /// Its longest text.
    longest: usize,
}

impl Lengths {
    /// For a column of a row group.
    pub(super) fn of(group: &RowGroupMetaData, leaf: usize) -> Lengths {
        let bytes = group.column(leaf).byte_range().1.saturating_mul(FOR_A_BYTE);
        let left = bytes.saturating_add(LONGEST_TEXT as u64);
        Lengths { left, ..Lengths::default() }
    }

    /// Takes the next texts into account; says what is wrong with them.
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
        // A list is the same for many batches.
        if self.list != coded.address() {
            (self.list, self.longest) = (coded.address(), column.longest());
        }
        self.longest
    }
}
