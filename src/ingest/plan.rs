//! How the rows of a delivery are read: in step, or one row group after the other.

use super::delivery::Delivery;

/// Rows that are decoded at a time when row groups are read one after the other.
pub const ROWS_ALONE: usize = 16 * 1024;
/// Rows of all open row groups that are decoded at a time, about, when they are read in step; the fewest
/// and the most of one.
const ROWS_IN_STEP: usize = 128 * 1024;
const FEWEST_ROWS: usize = 256;
const MOST_ROWS: usize = 2 * 1024;

/// Where row groups are read one after the other, what they take may be so many times as much: it is known.
const ROOM_ALONE: u64 = 3;

/// The most row groups that are open at a time: each has its file open.
const MOST_OPEN: usize = 512;

/// How the rows of a delivery are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadPlan {
    /// Row groups are read in step.
    pub in_step: bool,
    /// Rows that are decoded at a time.
    pub batch_rows: usize,
    /// Bytes that open row groups take, about.
    pub bytes: u64,
    /// Bytes that those may take together which are read one after the other.
    pub room: u64,
}

impl ReadPlan {
    /// Reads in step if the open row groups take at most so many bytes.
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
}

/// The first and the last time, and the cost in bytes, of every row group.
fn all_row_groups(delivery: &Delivery) -> impl Iterator<Item = (i64, i64, u64)> {
    delivery.sources.iter().flat_map(|source| {
        (0..source.metadata.num_row_groups()).map(|row_group| {
            let (first, last) = source.times(row_group).unwrap_or((i64::MIN, i64::MAX));
            (first, last, source.open_bytes(row_group))
        })
    })
}

/// How many row groups are open at the same time, at the most, and how many bytes they take.
fn most_open(delivery: &Delivery) -> (usize, u64) {
    // Row groups that begin at the time at which others end are open together with them.
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
