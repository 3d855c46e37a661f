//! Writes the rows of one file: quiet and planted ones, by time or in a mixed order.

use std::path::Path;

use parquet::errors::Result as ParquetResult;

use super::super::{
    draw::{Permutation, hash_at},
    extra::ExtraFields,
    options::{Order, SynthError},
    row::SyntheticRow,
    table::{FileBuilder, FileTotals, SynthColumns},
};
use super::{
    land::{ReviewLand, first_day},
    quiet::QuietStream,
    scene::PlantedRow,
};
use crate::model::codes::Side;

/// Receives the number of new rows. Returns whether to go on.
pub(super) type RowCounter<'p> = dyn Fn(u64) -> bool + Sync + 'p;

/// A file to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReviewFile {
    /// The place of the month among those that are made.
    pub(super) month: usize,
    /// The side that delivers it.
    pub(super) side: Side,
    /// The place of the province that sends it, or the number of the file when rows are mixed.
    pub(super) file: usize,
    /// The order of the rows.
    pub(super) order: Order,
}

/// Writes a file. `planted` are the planted rows of its month.
pub(super) fn write(
    land: &ReviewLand,
    job: ReviewFile,
    planted: &[&PlantedRow],
    (path, counter): (&Path, &RowCounter<'_>),
) -> Result<FileTotals, SynthError> {
    let fail = |source| SynthError::Parquet { path: path.to_owned(), source };
    let columns = match job.side {
        Side::Treating => SynthColumns::Review,
        Side::Insured => SynthColumns::Record,
    };
    let table = FileBuilder::create(path, land.texts(), land.months[job.month], columns);
    let table = table.map_err(fail)?;
    let mut writer = ReviewWriter { land, job, table, counter, uncounted: 0, stopped: false };
    match job.order {
        Order::Time => writer.by_time(planted),
        Order::Shuffled => writer.mixed(planted),
    }
    .map_err(fail)?;
    if writer.stopped || !counter(writer.uncounted) {
        return Err(SynthError::Stopped);
    }
    writer.table.finish().map_err(fail)
}

struct ReviewWriter<'w> {
    land: &'w ReviewLand,
    job: ReviewFile,
    table: FileBuilder<'w>,
    counter: &'w RowCounter<'w>,
    uncounted: u64,
    stopped: bool,
}

impl ReviewWriter<'_> {
    fn push(&mut self, row: &SyntheticRow, extra: &ExtraFields) -> ParquetResult<()> {
        self.uncounted += 1;
        let extra = (self.job.side == Side::Treating).then_some(extra);
        if self.table.push(row, extra)? {
            self.stopped |= !(self.counter)(std::mem::take(&mut self.uncounted));
        }
        Ok(())
    }

    /// Writes the rows of a province, day by day.
    fn by_time(&mut self, planted: &[&PlantedRow]) -> ParquetResult<()> {
        let land = self.land;
        let ours = |(insured, treating)| match self.job.side {
            Side::Treating => treating == self.job.file,
            Side::Insured => insured == self.job.file,
        };
        let mut planted: Vec<&PlantedRow> =
            planted.iter().copied().filter(|planted| ours(planted.pair)).collect();
        planted.sort_by_key(|planted| (planted.row.time, planted.row.id.serial));
        let streams: Vec<QuietStream> = land
            .pairs()
            .filter(|pair| ours((pair / 32, pair % 32)))
            .map(|pair| QuietStream::new(land, pair))
            .collect();
        let month = land.months[self.job.month];
        let first = first_day(month);
        let days = first_day(month.plus(1)) - first;
        let mut next = vec![0; streams.len()];
        // Second, stream, index. Planted rows come after the streams.
        let mut keys: Vec<(i64, usize, u64)> = Vec::new();
        let mut placed = 0;
        for day in 0..days {
            if self.stopped {
                return Ok(());
            }
            keys.clear();
            for (slot, stream) in streams.iter().enumerate() {
                while next[slot] < stream.count {
                    let (of_row, second) = stream.time(days.unsigned_abs(), next[slot]);
                    if of_row != day {
                        break;
                    }
                    keys.push((second, slot, next[slot]));
                    next[slot] += 1;
                }
            }
            while let Some(row) = planted.get(placed).map(|planted| &planted.row)
                && row.time.div_euclid(86_400) == first + day
            {
                keys.push((row.time.rem_euclid(86_400), streams.len(), placed as u64));
                placed += 1;
            }
            keys.sort_unstable();
            for (_, slot, index) in &keys {
                if let Some(stream) = streams.get(*slot) {
                    let (row, extra) = stream.row(land, self.job.month, *index);
                    self.push(&row, &extra)?;
                } else {
                    let planted = planted[usize::try_from(*index).unwrap_or_default()];
                    self.push(&planted.row, &planted.extra)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a thirty-second part of all rows of the side, in an order of its own.
    fn mixed(&mut self, planted: &[&PlantedRow]) -> ParquetResult<()> {
        let land = self.land;
        let streams: Vec<QuietStream> =
            land.pairs().map(|pair| QuietStream::new(land, pair)).collect();
        let mut ends: Vec<u64> = Vec::with_capacity(streams.len());
        for stream in &streams {
            ends.push(ends.last().copied().unwrap_or(0) + stream.count);
        }
        let quiet = ends.last().copied().unwrap_or(0);
        let total = quiet + planted.len() as u64;
        let salt = (self.job.month * 2 + self.job.side.index()) as u64;
        let order = Permutation::new(total, hash_at(land.seed ^ 0x317D, salt));
        let file = self.job.file as u64;
        for position in total * file / 32..total * (file + 1) / 32 {
            if self.stopped {
                return Ok(());
            }
            let number = order.apply(position);
            if number >= quiet {
                let planted = planted[usize::try_from(number - quiet).unwrap_or_default()];
                self.push(&planted.row, &planted.extra)?;
            } else {
                let slot = ends.partition_point(|end| *end <= number);
                let stream = &streams[slot];
                let index = number + stream.count - ends[slot];
                let (row, extra) = stream.row(land, self.job.month, index);
                self.push(&row, &extra)?;
            }
        }
        Ok(())
    }
}
