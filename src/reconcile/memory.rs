//! Shares out the memory of a run before the read, by the sizes in the footers.

use crate::{
    event::Estimate,
    ingest::{delivery::Delivery, plan::ReadPlan},
    keyed::entry::{Claim, Entry},
    model::codes::Side,
};

/// Bytes that open row groups take, for each byte of their pages: pages, batches in the window with their entries, and
/// the overhead of the allocator.
const HELD_FOR_OPEN: u64 = 3;
/// Half of the memory is for reading.
const FOR_READING: u64 = 2;
/// About one row in a hundred is in doubt, and is stored with all its values.
const ROWS_FOR_ONE_IN_DOUBT: u64 = 100;
/// Bytes of a row in doubt in the tables that it goes to, about.
const BYTES_IN_TABLES: u64 = 640;
/// Bytes for the program, positions and tables being written: a fixed part, a part for each row of the delivery, and
/// the most for all rows, as a country has a limited number of divisions.
const BASE: u64 = 48 << 20;
const BASE_OF_A_ROW: u64 = 16;
const BASE_OF_ROWS: u64 = 160 << 20;

/// Bytes of results for each settlement, about, and in any case.
const BYTES_OUT: u64 = 18;
const BASE_OUT: u64 = 4 << 20;
/// Nanoseconds of one core for each row, at least and at the most (docs/performance.md).
const NANOS_IN_STEP: [u64; 2] = [400, 1200];
const NANOS_ALONE: [u64; 2] = [600, 1800];

/// Bytes of a packed copy, about.
pub const PACKED: u64 = 320;

/// The shares of memory for rows in doubt; the rest spills to disk.
#[derive(Debug, Clone, Copy)]
pub struct RoomInDoubt {
    /// Rows that will be in doubt, about.
    pub rows: u64,
    /// Bytes of the memory of the run.
    pub memory: u64,
    /// Bytes of their values, from the first read until they are settled.
    pub values: usize,
    /// Bytes of the keys that they and deductions name.
    pub named: usize,
    /// Bytes of reversals that wait for their originals.
    pub reversals: usize,
    /// Bytes of the rows of tables, until they are written.
    pub tables: usize,
}

impl RoomInDoubt {
    /// Shares out `memory` bytes.
    pub fn of(delivery: &Delivery, memory: usize) -> RoomInDoubt {
        let rows = Side::BOTH.map(|side| delivery.rows(side).min(u32::MAX.into()));
        RoomInDoubt {
            rows: rows.iter().sum::<u64>() / ROWS_FOR_ONE_IN_DOUBT,
            memory: memory as u64,
            values: memory / 8,
            named: memory / 64,
            reversals: memory / 16,
            tables: memory / 4,
        }
    }

    /// Returns the bytes that are expected in memory, until rows are settled and afterwards, and the bytes on disk.
    fn expected(self) -> ([u64; 2], u64) {
        let needed = [self.rows * PACKED, self.rows * BYTES_IN_TABLES];
        let room = [self.values, self.tables + self.reversals].map(|bytes| bytes as u64);
        let parts = || needed.into_iter().zip(room);
        let disk = parts().map(|(needed, room)| needed.saturating_sub(room)).sum();
        ([0, 1].map(|part| needed[part].min(room[part])), disk)
    }
}

/// The shares of the memory of a run.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// How rows are read.
    pub plan: ReadPlan,
    /// Bytes of the index for the rows of each side.
    pub of_side: usize,
    /// Bytes of the index for settlements that cleared.
    pub of_cleared: usize,
    /// Bytes for settlements that are in the register, and as many for those that this period registers.
    pub of_listed: usize,
    /// Bytes that are expected to be in memory at the same time.
    pub memory: u64,
    /// Bytes that go to disk besides the results.
    pub spill: u64,
}

impl Room {
    /// Shares out `memory` bytes.
    pub fn of(delivery: &Delivery, memory: usize, threads: usize) -> Room {
        let memory = memory as u64;
        // A delivery with more rows is refused later; a footer may claim any number.
        let rows = Side::BOTH.map(|side| delivery.rows(side).min(u32::MAX.into()));
        let all = rows[0] + rows[1];
        let plan = ReadPlan::of(delivery, memory / FOR_READING / HELD_FOR_OPEN, threads);
        let reading = plan.bytes.saturating_mul(HELD_FOR_OPEN);
        let ([values, tables], in_doubt) = RoomInDoubt::of(delivery, narrow(memory)).expected();
        let base = BASE + BASE_OF_ROWS.min(all * BASE_OF_A_ROW);
        // Reading and rows of tables share their memory: tables come after the last read.
        let others = base.saturating_add(values).saturating_add(reading.max(tables));
        let index = memory.saturating_sub(others).max(memory / 8);
        let (entry, claim) = (size_of::<Entry>() as u64, size_of::<Claim>() as u64);
        let settlements = rows[0].min(rows[1]);
        let (of_side, of_cleared, needed) = if plan.in_step {
            // Few rows are evicted from the window without having cleared.
            (index / 16, index / 8 * 7, settlements * claim)
        } else {
            // The settlements that clear replace the entries of their rows.
            (index / 2, index, all * entry)
        };
        Room {
            plan,
            of_side: narrow(of_side),
            of_cleared: narrow(of_cleared),
            of_listed: narrow(memory / 32),
            memory: others.saturating_add(needed.min(index)),
            spill: needed.saturating_sub(index) + in_doubt,
        }
    }

    /// Shares out the memory of a run whose rows other machines read.
    pub fn of_collector(delivery: &Delivery, memory: usize) -> Room {
        let plan = ReadPlan { in_step: true, batch_rows: 0, bytes: 0, room: 0 };
        let settlements = delivery.rows(Side::Treating).min(delivery.rows(Side::Insured));
        let needed = settlements.min(u32::MAX.into()) * size_of::<Claim>() as u64;
        let (of_side, of_cleared) = (memory / 8, memory / 2);
        let of_listed = memory / 32;
        let kept = needed.min(of_cleared as u64);
        Room { plan, of_side, of_cleared, of_listed, memory: BASE + kept, spill: needed - kept }
    }

    /// Estimates the needs of the run.
    pub fn estimate(&self, delivery: &Delivery) -> Estimate {
        let rows = Side::BOTH.map(|side| delivery.rows(side).min(u32::MAX.into()));
        let rows: u64 = rows.iter().sum();
        let nanos = if self.plan.in_step { NANOS_IN_STEP } else { NANOS_ALONE };
        Estimate {
            rows,
            input_bytes: delivery.sources.iter().map(|source| source.bytes).sum(),
            memory_bytes: self.memory,
            disk_bytes: self.spill + rows / 2 * BYTES_OUT + BASE_OUT,
            core_seconds: nanos.map(|nanos| rows.saturating_mul(nanos) / 1_000_000_000),
            in_step: self.plan.in_step,
        }
    }

    /// Returns the expected number of entries of each side, and of claims.
    pub fn expected(&self, rows: [u64; 2]) -> ([u64; 2], u64) {
        if self.plan.in_step {
            (rows.map(|rows| rows / ROWS_FOR_ONE_IN_DOUBT), rows[0].min(rows[1]))
        } else {
            (rows, 0)
        }
    }
}

fn narrow(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
