//! Writes the rows of one delivery file, in order.

use std::path::Path;

use parquet::errors::Result as ParquetResult;

use crate::model::{
    codes::{Month, Side},
    money::FenSum,
};

use super::{
    coordination::Nation,
    draw::{Permutation, below, hash_at},
    geography::{pair_index, pair_of},
    life::{Fate, LAST_DELIVERY},
    options::{Order, SynthError},
    pace::{PairSums, no_sums},
    plan::plan,
    row::SyntheticRow,
    summary::Profile,
    table::{FileBuilder, FileTotals, SynthColumns},
    world::{BirthStream, World},
};

/// Who has the copies of a file.
#[derive(Clone, Copy)]
pub(super) enum CopyHolder<'n> {
    /// The treating or the insured provinces.
    Side(Side),
    /// The nation.
    Nation(&'n Nation<'n>),
}

impl CopyHolder<'_> {
    /// Returns a number of its own.
    fn index(self) -> usize {
        match self {
            CopyHolder::Side(side) => side.index(),
            CopyHolder::Nation(_) => 2,
        }
    }

    /// Returns the pairs of a province's file.
    pub(super) fn pairs(self, province: usize) -> impl Iterator<Item = usize> {
        (0..32).map(move |other| match self {
            CopyHolder::Side(Side::Insured) => pair_index(province, other),
            CopyHolder::Side(Side::Treating) | CopyHolder::Nation(_) => pair_index(other, province),
        })
    }

    fn is(self, side: Side) -> bool {
        matches!(self, CopyHolder::Side(own) if own == side)
    }

    const fn columns(self) -> SynthColumns {
        match self {
            CopyHolder::Side(_) => SynthColumns::Record,
            CopyHolder::Nation(_) => SynthColumns::National,
        }
    }
}

/// A file of a period to write.
#[derive(Clone, Copy)]
pub(super) struct FileJob<'n> {
    /// The period.
    pub(super) period: Month,
    /// Who has its copies.
    pub(super) holder: CopyHolder<'n>,
    /// The province that sends it, or the number of the file when rows are shuffled.
    pub(super) file: usize,
    /// The order of the rows.
    pub(super) order: Order,
}

/// A planted copy, waiting for its place in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Special {
    /// In a file in order of time its second; in a shuffled file its position.
    place: i64,
    birth: Month,
    pair: usize,
    index: u64,
    /// Index of the copy within its family.
    copy: usize,
}

/// What was made of a file.
pub(super) struct DeliveredSums {
    /// Its control totals.
    pub(super) totals: FileTotals,
    /// The profile of its rows.
    pub(super) profile: Profile,
    /// The payable of its ordinary rows by pair, when the treating side delivers it; else 0.
    pub(super) payable: PairSums,
}

/// Receives the number of new rows. Returns whether to go on.
pub(super) type Progress<'p> = dyn Fn(u64) -> bool + Sync + 'p;

/// Writes a file.
pub(super) fn write(
    world: &World,
    job: FileJob<'_>,
    path: &Path,
    progress: &Progress,
) -> Result<DeliveredSums, SynthError> {
    let fail = |source| SynthError::Parquet { path: path.to_owned(), source };
    let table =
        FileBuilder::create(path, world.texts(), job.period, job.holder.columns()).map_err(fail)?;
    let profile = Profile::new(world.policy(job.period));
    let mut file = DeliveredFile {
        world,
        job,
        table,
        profile,
        owed: world.owed(job.period),
        payable: no_sums(),
        unreported: 0,
        stopped: false,
        progress,
    };
    match job.order {
        Order::Time => file.in_time_order(),
        Order::Shuffled => file.shuffled(),
    }
    .map_err(fail)?;
    if file.stopped || !progress(file.unreported) {
        return Err(SynthError::Stopped);
    }
    let DeliveredFile { table, profile, payable, .. } = file;
    Ok(DeliveredSums { totals: table.finish().map_err(fail)?, profile, payable })
}

struct DeliveredFile<'w> {
    world: &'w World<'w>,
    job: FileJob<'w>,
    table: FileBuilder<'w>,
    profile: Profile,
    owed: Vec<usize>,
    payable: PairSums,
    unreported: u64,
    stopped: bool,
    progress: &'w Progress<'w>,
}

/// Stream number that marks a planted copy in a key. Streams of pairs have lower numbers.
const SPECIAL: u64 = 0xFF;

impl DeliveredFile<'_> {
    /// Adds an ordinary row of a pair. It clears in this period.
    fn push_ordinary(
        &mut self,
        stream: &BirthStream,
        hash: u64,
        row: &SyntheticRow,
    ) -> ParquetResult<()> {
        match self.job.holder {
            CopyHolder::Nation(nation) => {
                let mut copies = nation.of_ordinary(stream, hash, row).into_iter().flatten();
                return copies.try_for_each(|row| self.push(&row));
            }
            CopyHolder::Side(Side::Treating) => {
                self.payable[stream.pair] += FenSum::new(row.sum_of(&self.owed).into());
            }
            CopyHolder::Side(Side::Insured) => {}
        }
        self.push(row)
    }

    fn push(&mut self, row: &SyntheticRow) -> ParquetResult<()> {
        if self.job.holder.is(Side::Treating) {
            self.profile.add(row);
        }
        self.unreported += 1;
        if self.table.push(row, None)? {
            self.stopped |= !(self.progress)(std::mem::take(&mut self.unreported));
        }
        Ok(())
    }

    fn push_special(&mut self, special: &Special) -> ParquetResult<()> {
        let stream = self.world.stream(special.birth, special.pair);
        let Some(fate) = self.world.fate(stream.hash(special.index)) else { return Ok(()) };
        let family = plan(self.world, &stream, special.index, fate);
        let row = match self.job.holder {
            CopyHolder::Side(_) => family.deliveries.get(special.copy).map(|copy| copy.row),
            CopyHolder::Nation(nation) => {
                let hash = stream.hash(special.index);
                nation.of_family(&stream, hash, &family).get(special.copy).copied()
            }
        };
        row.map_or(Ok(()), |row| self.push(&row))
    }

    fn in_time_order(&mut self) -> ParquetResult<()> {
        let specials = self.specials(&self.pairs_of_file(self.job.file));
        debug_assert!(specials.is_sorted_by_key(|special| special.place));
        let mut specials = specials.iter().peekable();
        let world = self.world;
        let clock = world.clock(self.job.period);
        let streams: Vec<BirthStream> = self.streams();
        // A key orders the rows of a slice in one integer: 16 bits second (a slice has at most 3,600), 8 bits stream,
        // 40 bits index. A stream number of 0xFF or more would be taken for a planted copy.
        debug_assert!(streams.len() as u64 <= SPECIAL);
        let mut next = vec![0u64; streams.len()];
        let mut keys: Vec<u64> = Vec::new();
        let mut due: Vec<Special> = Vec::new();
        while let Some(special) = specials.next_if(|special| special.place < clock.start) {
            self.push_special(special)?;
        }
        for slice in 0..clock.slices() {
            if self.stopped {
                return Ok(());
            }
            keys.clear();
            due.clear();
            let start = clock.slice_start(slice);
            for (slot, stream) in streams.iter().enumerate() {
                let from = next[slot];
                let to = clock.before(slice + 1, stream.count, stream.offset);
                next[slot] = to;
                for index in from..to {
                    let hash = stream.hash(index);
                    if world.fate(hash).is_none() {
                        let second = below(hash, clock.slice) + self.lag(hash);
                        let second = second.min(clock.slice - 1);
                        keys.push(second << 48 | (slot as u64) << 40 | (index - from));
                    }
                }
            }
            let end = start + clock.slice.cast_signed();
            while let Some(special) = specials.next_if(|special| special.place < end) {
                let second = (special.place - start).unsigned_abs();
                keys.push(second << 48 | SPECIAL << 40 | due.len() as u64);
                due.push(*special);
            }
            keys.sort_unstable();
            for key in &keys {
                let (slot, place) = (key >> 40 & 0xFF, key & 0xFF_FFFF_FFFF);
                let time = start + (key >> 48).cast_signed();
                match usize::try_from(slot).ok().and_then(|slot| streams.get(slot)) {
                    Some(stream) => {
                        let before = clock.before(slice, stream.count, stream.offset);
                        let row = world.row(stream, before + place, 0, time);
                        self.push_ordinary(stream, stream.hash(before + place), &row)?;
                    }
                    None => self.push_special(&due[usize::try_from(place).unwrap_or_default()])?,
                }
            }
        }
        specials.try_for_each(|special| self.push_special(special))
    }

    fn shuffled(&mut self) -> ParquetResult<()> {
        let world = self.world;
        let job = self.job;
        let births = world.births(job.period);
        let total: u64 = births.iter().sum();
        let file = job.file as u64;
        let (from, to) = (total * file / 32, total * (file + 1) / 32);
        let every: Vec<usize> = (0..1024).filter(|pair| births[*pair] > 0).collect();
        // Copies of earlier births come from pairs that may have no births now.
        let all: Vec<usize> = (0..1024).filter(|pair| pair_of(*pair).is_some()).collect();
        let mut specials = self.specials(&all);
        for special in &mut specials {
            let hash = special.hash(job.holder);
            special.place = (from + below(hash >> 32, to - from + 1)).cast_signed();
        }
        specials.sort_unstable();
        let mut specials = specials.iter().peekable();
        let streams: Vec<BirthStream> =
            every.iter().map(|pair| world.stream(job.period, *pair)).collect();
        let mut ends = Vec::with_capacity(streams.len());
        for stream in &streams {
            ends.push(ends.last().copied().unwrap_or(0) + stream.count);
        }
        let month = job.period.since(Month::new(0, 1)).unsigned_abs();
        let seed = hash_at(hash_at(world.seed, u64::from(month)), 77 + job.holder.index() as u64);
        let order = Permutation::new(total, seed);
        let slice = world.clock(job.period).slice;
        for position in from..to {
            if self.stopped {
                return Ok(());
            }
            let place = position.cast_signed();
            while let Some(special) = specials.next_if(|special| special.place <= place) {
                self.push_special(special)?;
            }
            let number = order.apply(position);
            let stream = ends.partition_point(|end| *end <= number);
            let (stream, index) = (&streams[stream], number + streams[stream].count - ends[stream]);
            let hash = stream.hash(index);
            if world.fate(hash).is_none() {
                let start = world.clock(job.period).slice_of(index, stream.count, stream.offset);
                let second = (below(hash, slice) + self.lag(hash)).min(slice - 1);
                let time = world.clock(job.period).slice_start(start) + second.cast_signed();
                let row = world.row(stream, index, 0, time);
                self.push_ordinary(stream, hash, &row)?;
            }
        }
        specials.try_for_each(|special| self.push_special(special))
    }

    /// Returns the lag of the insured side's clock in seconds: a few, for one row in 64.
    const fn lag(&self, hash: u64) -> u64 {
        match self.job.holder {
            CopyHolder::Side(Side::Insured) if (hash >> 20).trailing_zeros() >= 6 => {
                1 + (hash >> 26 & 3)
            }
            _ => 0,
        }
    }

    /// Returns the pairs of a province's file.
    fn pairs_of_file(&self, province: usize) -> Vec<usize> {
        self.job.holder.pairs(province).filter(|pair| pair_of(*pair).is_some()).collect()
    }

    fn streams(&self) -> Vec<BirthStream> {
        let pairs = self.pairs_of_file(self.job.file).into_iter();
        let streams = pairs.map(|pair| self.world.stream(self.job.period, pair));
        streams.filter(|stream| stream.count > 0).collect()
    }

    /// Returns the planted copies of this file, sorted by place.
    fn specials(&self, pairs: &[usize]) -> Vec<Special> {
        let period = self.job.period;
        let mut specials = Vec::new();
        for after in 0..=LAST_DELIVERY {
            let birth = period.plus(-after);
            if birth >= self.world.first {
                for pair in pairs {
                    self.collect(&self.world.stream(birth, *pair), after, false, &mut specials);
                }
            }
        }
        if self.job.order == Order::Time {
            for pair in self.pairs_of_file((self.job.file + 31) % 32) {
                self.collect(&self.world.stream(period, pair), 0, true, &mut specials);
            }
        }
        specials.sort_unstable();
        specials
    }

    fn collect(&self, stream: &BirthStream, after: i32, astray: bool, out: &mut Vec<Special>) {
        let holder = self.job.holder;
        let mut found = |place, index, copy| {
            let special = Special { place, birth: stream.birth, pair: stream.pair, index, copy };
            if self.job.order == Order::Time || special.file(holder) == self.job.file {
                out.push(special);
            }
        };
        for index in 0..stream.count {
            let hash = stream.hash(index);
            let Some(fate) = self.world.fate(hash) else { continue };
            if astray && !fate.may_stray() {
                continue;
            }
            if let Fate::Late(months) = fate {
                // The nation had it in its own month.
                if let (0, CopyHolder::Side(side)) = (after, holder) {
                    let time = self.world.time(stream.birth.plus(-months), stream, index);
                    found(time, index, side.index());
                }
                continue;
            }
            let family = plan(self.world, stream, index, fate);
            match holder {
                CopyHolder::Side(side) => {
                    for (number, copy) in family.deliveries.iter().enumerate() {
                        let anywhere = self.job.order == Order::Shuffled;
                        if (copy.after, copy.side) == (after, side)
                            && (anywhere || copy.astray == astray)
                        {
                            found(copy.row.time, index, number);
                        }
                    }
                }
                CopyHolder::Nation(_) if astray => {}
                CopyHolder::Nation(nation) => {
                    for (number, row) in nation.of_family(stream, hash, &family).iter().enumerate()
                    {
                        found(row.time, index, number);
                    }
                }
            }
        }
    }
}

impl Special {
    fn hash(&self, holder: CopyHolder<'_>) -> u64 {
        let pair = match holder {
            CopyHolder::Side(side) => self.pair * 64 + self.copy * 2 + side.index(),
            CopyHolder::Nation(_) => (1024 + self.pair) * 64 + self.copy,
        } as u64;
        hash_at(
            hash_at(self.index, pair),
            u64::from(self.birth.since(Month::new(0, 1)).unsigned_abs()),
        )
    }

    fn file(&self, holder: CopyHolder<'_>) -> usize {
        usize::try_from(self.hash(holder) & 31).unwrap_or_default()
    }
}
