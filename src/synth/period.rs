//! Generates periods one after the other. All threads write the files of a period, then it is moved into place.

use std::{fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};

use crate::{
    interrupt,
    model::{
        codes::{Month, Side},
        money::FenSum,
    },
    place::{
        make_below,
        output::{Output, Readers, Replace},
    },
    rules::Rules,
};

use super::{
    deliver::{self, DeliveredSums, FileJob, Progress},
    money::{MoneyLines, SynthMoney},
    options::{LAST_PERIOD, MOST_PERIODS, MOST_SETTLEMENTS, Order, SynthError, SynthOptions},
    pace::{PairSums, no_sums},
    parallel::in_parallel,
    row::SyntheticId,
    scan::{Findings, scan},
    small,
    summary::{Profile, Summary},
    table::FileTotals,
    world::World,
};

/// A task for one thread.
#[derive(Clone, Copy)]
enum SynthTask {
    File(Side, usize),
    Scan(usize),
}

/// The result of a task.
enum Done {
    File(String, DeliveredSums),
    Scan(Findings),
}

/// Generates all periods.
pub fn generate(
    options: &SynthOptions,
    rules: &Rules,
    progress: &Progress,
) -> Result<Summary, SynthError> {
    if !(1..=MOST_PERIODS).contains(&options.periods) {
        return Err(SynthError::Options(text!("periods must be 1 to {}", MOST_PERIODS)));
    }
    if !(1..=MOST_SETTLEMENTS).contains(&options.settlements) {
        return Err(SynthError::Options(text!("settlements must be 1 to {}", MOST_SETTLEMENTS)));
    }
    let world = World::new(options, rules)?;
    let periods: Vec<Month> =
        (0..options.periods).map(|n| options.first_period.plus(n.cast_signed())).collect();
    if let Some(last) = periods.last().filter(|last| **last > LAST_PERIOD) {
        let problem = text!("the last period would be {}, after {}", last, LAST_PERIOD);
        return Err(SynthError::Options(problem));
    }
    let place = |period: &Month| {
        let folder = options.out.join(period.to_string());
        if folder.exists() {
            return Err(SynthError::Exists(folder));
        }
        Ok(Output::folder(&folder)?)
    };
    let places: Vec<Output> = periods.iter().map(place).collect::<Result<_, SynthError>>()?;
    let opening = opening(options)?;
    let mut money = SynthMoney::new(&world, options.breaks.payments_refused);
    let quotas = small::opening_quotas(money.quotas());
    let mut summary = Summary::default();
    let mut profile = Profile::new(world.policy(options.first_period));
    for (period, place) in periods.into_iter().zip(places) {
        interrupt::unsettle();
        let lines = money.deliver(period);
        let made = place
            .fill(|folder| write_period(&world, options, period, (folder, &lines), progress))?;
        if period == options.first_period {
            interrupt::unsettle();
            opening.write(Readers::Usual, &quotas)?;
        }
        summary.rows += made.rows;
        profile.merge(&made.profile);
        for class in made.classes {
            *summary.breaks.entry(class.to_owned()).or_default() += 1;
        }
        summary.settlements += world.births(period).iter().sum::<u64>();
        summary.payments += lines.payments.len() as u64;
        for (code, refused) in &lines.refused {
            *summary.payments_refused.entry((*code).to_owned()).or_default() += refused;
        }
        summary.count(money.close(period, &made.net));
    }
    summary.measure(&world, &profile);
    Ok(summary)
}

/// Returns the place of the opening quotas.
fn opening(options: &SynthOptions) -> Result<Output, SynthError> {
    let path = options.out.join(small::OPENING);
    if fs::symlink_metadata(&path).is_ok() {
        return Err(SynthError::Exists(path));
    }
    Ok(Output::file(&path, Replace::Never)?)
}

/// What a period holds.
struct MadePeriod {
    rows: u64,
    profile: Profile,
    classes: Vec<&'static str>,
    /// What each pair clears, less accepted deductions.
    net: PairSums,
}

fn write_period(
    world: &World,
    options: &SynthOptions,
    period: Month,
    (folder, money): (&Path, &MoneyLines),
    progress: &Progress,
) -> Result<MadePeriod, SynthError> {
    for side in Side::BOTH {
        make_below(folder, &folder.join(side.name()))?;
    }
    let work = |task: SynthTask| match task {
        SynthTask::File(side, file) => {
            let place = match options.order {
                Order::Time => format!("{}/{}.parquet", side.name(), province_code(file)),
                Order::Shuffled => format!("{}/part-{file:02}.parquet", side.name()),
            };
            let job = FileJob { period, side, file, order: options.order };
            let path = folder.join(&place);
            Ok(Done::File(place, deliver::write(world, job, &path, progress)?))
        }
        SynthTask::Scan(treating) => Ok(Done::Scan(scan(world, &options.breaks, period, treating))),
    };
    let mut files: Vec<(String, FileTotals)> = Vec::new();
    let mut profile = Profile::new(world.policy(period));
    let (mut findings, mut net) = (Findings::none(), no_sums());
    for done in in_parallel(&tasks(world, period, options.order), work)? {
        match done {
            Done::File(place, made) => {
                files.push((place, made.totals));
                profile.merge(&made.profile);
                add(&mut net, &made.payable);
            }
            Done::Scan(found) => findings.append(found),
        }
    }
    files.sort_by(|(place, _), (other, _)| place.cmp(other));
    add(&mut net, &findings.net);
    small::write(world, period, folder, &files, &findings)?;
    small::write_money(folder, money)?;
    findings.truth.sort_unstable();
    write_truth(&folder.join("truth.parquet"), &findings.truth)?;
    let rows = files.iter().map(|(_, totals)| totals.rows).sum();
    let classes = findings.truth.into_iter().map(|(_, class)| class).collect();
    Ok(MadePeriod { rows, profile, classes, net })
}

fn add(sums: &mut [FenSum], more: &[FenSum]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += *more);
}

fn province_code(index: usize) -> u8 {
    crate::model::codes::PROVINCES[index].0
}

/// Returns all tasks of a period, the largest files first, so that none of them starts last and delays the end.
fn tasks(world: &World, period: Month, order: Order) -> Vec<SynthTask> {
    let births = |side, file: usize| -> u64 {
        let pair = |other: usize| match side {
            Side::Treating => other * 32 + file,
            Side::Insured => file * 32 + other,
        };
        match order {
            Order::Time => (0..32).map(|other| world.births(period)[pair(other)]).sum(),
            Order::Shuffled => 0,
        }
    };
    let files = Side::BOTH.into_iter().flat_map(|side| (0..32).map(move |file| (side, file)));
    let mut files: Vec<(Side, usize)> = files.collect();
    files.sort_by_key(|(side, file)| std::cmp::Reverse(births(*side, *file)));
    let files = files.into_iter().map(|(side, file)| SynthTask::File(side, file));
    files.chain((0..32).map(SynthTask::Scan)).collect()
}

/// The most rows of the answer key that are held as columns at a time.
const TRUTH_ROWS: usize = 65_536;

fn write_truth(path: &Path, truth: &[(SyntheticId, &'static str)]) -> Result<(), SynthError> {
    let fail = |source| SynthError::Parquet { path: path.to_owned(), source };
    let batch = |rows: &[(SyntheticId, &'static str)]| {
        let ids = rows.iter().map(|(id, _)| String::from_utf8_lossy(&id.text()).into_owned());
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        let classes = StringArray::from_iter_values(rows.iter().map(|(_, class)| class));
        let classes: ArrayRef = Arc::new(classes);
        RecordBatch::try_from_iter([("setl_id", ids), ("class", classes)])
            .map_err(ParquetError::from)
    };
    let write = || {
        let properties = WriterProperties::builder()
            .set_created_by("liangqing synth".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .build();
        let file = fs::File::create(path).map_err(|e| ParquetError::External(Box::new(e)))?;
        let mut writer = ArrowWriter::try_new(file, batch(&[])?.schema(), Some(properties))?;
        for rows in truth.chunks(TRUTH_ROWS) {
            writer.write(&batch(rows)?)?;
        }
        writer.close().map(|_| ())
    };
    write().map_err(fail)
}
