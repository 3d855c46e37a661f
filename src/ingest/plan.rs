//! Plans how the rows of a delivery are read: row groups in step with time, or one after the other.

use super::delivery::Delivery;

/// Rows of a batch when row groups are read one after the other.
pub const ROWS_ALONE: usize = 16 * 1024;
/// When row groups are read in step: rows of the batches of all open row groups together, about; the fewest and the
/// most rows of a batch.
const ROWS_IN_STEP: usize = 128 * 1024;
const FEWEST_ROWS: usize = 256;
const MOST_ROWS: usize = 2 * 1024;

/// Row groups that are read one after the other may take so many times the limit: their sizes are known exactly.
const ROOM_ALONE: u64 = 3;

/// The most row groups that are open at a time, as each has a file handle.
const MOST_OPEN: usize = 512;

/// The plan of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadPlan {
    /// Whether row groups are read in step.
    pub in_step: bool,
    /// Rows of a batch.
    pub batch_rows: usize,
    /// Bytes that open row groups take, about.
    pub bytes: u64,
    /// Bytes that row groups may take together when they are read one after the other.
    pub room: u64,
}

impl ReadPlan {
    /// Plans to read in step if the open row groups take `most` bytes or less.
    pub fn of(delivery: &Delivery, most: u64, threads: usize) -> ReadPlan {
        let (lanes, bytes) = most_open(delivery);
        let in_step = bytes <= most && lanes <= MOST_OPEN;
        let batch_rows = if in_step {
            (ROWS_IN_STEP / lanes.max(1)).clamp(FEWEST_ROWS, MOST_ROWS)
        } else {
            ROWS_ALONE
        };
        let largest = all_row_groups(delivery).map(|(_, _, bytes)| bytes).max().unwrap_or(0);
        ReadPlan {
            in_step,
            batch_rows,
            bytes: if in_step { bytes } else { largest.saturating_mul(threads as u64) },
            room: most.saturating_mul(ROOM_ALONE),
        }
    }

    /// Plans to read row groups one after the other, within so many bytes.
    pub const fn alone(room: u64) -> ReadPlan {
        ReadPlan { in_step: false, batch_rows: ROWS_ALONE, bytes: 0, room }
    }
}

/// Returns the first time, the last time and the bytes of every row group.
fn all_row_groups(delivery: &Delivery) -> impl Iterator<Item = (i64, i64, u64)> {
    delivery.sources.iter().flat_map(|source| {
        (0..source.metadata.num_row_groups()).map(|row_group| {
            let (first, last) = source.times(row_group).unwrap_or((i64::MIN, i64::MAX));
            (first, last, source.open_bytes(row_group))
        })
    })
}

/// Returns the most row groups that are open at the same time, and the most bytes.
fn most_open(delivery: &Delivery) -> (usize, u64) {
    // A sweep over begins and ends. At equal times begins sort first: those row groups are open together.
    let mut events: Vec<(i64, bool, u64)> = all_row_groups(delivery)
        .flat_map(|(first, last, bytes)| [(first, false, bytes), (last, true, bytes)])
        .collect();
    events.sort_unstable();
    let (mut open, mut bytes) = (0usize, 0u64);
    let mut most = (0, 0);
    for (_, ends, of_group) in events {
        if ends {
            (open, bytes) = (open - 1, bytes - of_group);
        } else {
            (open, bytes) = (open + 1, bytes + of_group);
        }
        most = (most.0.max(open), most.1.max(bytes));
    }
    most
}
