//! Generates periods one after the other. All threads write the files of a period, then it is moved into place.

use std::{fs, path::Path};

use crate::{
    contract::parts::NATIONAL,
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
    coordination::{Coordination, CoordinationMade, CoordinationScan, Nation},
    deliver::{self, CopyHolder, DeliveredSums, FileJob, Progress},
    key::write_classes,
    money::{MoneyLines, SynthMoney},
    options::{LAST_PERIOD, MOST_PERIODS, MOST_SETTLEMENTS, Order, SynthError, SynthOptions},
    pace::{PairSums, no_sums},
    parallel::in_parallel,
    scan::{Findings, scan},
    small,
    summary::{Profile, Summary},
    table::FileTotals,
    world::World,
};

/// A task for one thread.
#[derive(Clone, Copy)]
enum SynthTask<'t> {
    File(CopyHolder<'t>, usize),
    Scan(usize),
    Coordinate(&'t Coordination<'t>, &'t Nation<'t>, usize),
}

/// The result of a task.
enum Done {
    File(String, DeliveredSums),
    Scan(Findings),
    Coordinate(CoordinationScan),
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
    let mut coordination =
        options.coordination.as_ref().map(|rates| Coordination::new(&world, rates));
    let quotas = small::opening_quotas(money.quotas());
    let mut summary = Summary::default();
    let mut profile = Profile::new(world.policy(options.first_period));
    for (period, place) in periods.into_iter().zip(places) {
        interrupt::unsettle();
        let lines = money.deliver(period);
        let made = place.fill(|folder| {
            let month = SynthPeriod { world: &world, options, period, folder, progress };
            month.write(&lines, coordination.as_mut())
        })?;
        if period == options.first_period {
            interrupt::unsettle();
            opening.write(Readers::Usual, &quotas)?;
        }
        summary.rows += made.rows;
        profile.merge(&made.profile);
        for class in made.classes {
            *summary.breaks.entry(class.to_owned()).or_default() += 1;
        }
        summary.coordinate(&made.coordination);
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
    coordination: CoordinationMade,
}

/// A period that is written.
struct SynthPeriod<'w> {
    world: &'w World<'w>,
    options: &'w SynthOptions,
    period: Month,
    folder: &'w Path,
    progress: &'w Progress<'w>,
}

impl SynthPeriod<'_> {
    fn write(
        &self,
        money: &MoneyLines,
        mut coordination: Option<&mut Coordination>,
    ) -> Result<MadePeriod, SynthError> {
        let SynthPeriod { world, period, folder, .. } = *self;
        let nation = coordination.as_ref().map(|coordination| coordination.nation(period));
        let folders = Side::BOTH.map(Side::name).into_iter().chain(nation.iter().map(|_| NATIONAL));
        for name in folders {
            make_below(folder, &folder.join(name))?;
        }
        let mut files: Vec<(String, FileTotals)> = Vec::new();
        let mut profile = Profile::new(world.policy(period));
        let (mut findings, mut net, mut scans) = (Findings::none(), no_sums(), Vec::new());
        let shared = coordination.as_deref().zip(nation.as_ref());
        for done in in_parallel(&self.tasks(shared), |task| self.work(task))? {
            match done {
                Done::File(place, made) => {
                    files.push((place, made.totals));
                    profile.merge(&made.profile);
                    add(&mut net, &made.payable);
                }
                Done::Scan(found) => findings.append(found),
                Done::Coordinate(scan) => scans.push(scan),
            }
        }
        files.sort_by(|(place, _), (other, _)| place.cmp(other));
        add(&mut net, &findings.net);
        small::write(world, period, folder, &files, &findings)?;
        small::write_money(folder, money)?;
        findings.truth.sort_unstable();
        write_classes(&folder.join("truth.parquet"), &findings.truth)?;
        let made = coordination.as_mut().map(|own| own.write(period, folder, scans)).transpose()?;
        let own = files.iter().filter(|(place, _)| !place.starts_with(NATIONAL));
        let rows = own.map(|(_, totals)| totals.rows).sum();
        let classes = findings.truth.into_iter().map(|(_, class)| class).collect();
        Ok(MadePeriod { rows, profile, classes, net, coordination: made.unwrap_or_default() })
    }

    fn work(&self, task: SynthTask) -> Result<Done, SynthError> {
        Ok(match task {
            SynthTask::File(holder, file) => return self.file(holder, file),
            SynthTask::Scan(treating) => {
                Done::Scan(scan(self.world, &self.options.breaks, self.period, treating))
            }
            SynthTask::Coordinate(coordination, nation, treating) => {
                Done::Coordinate(coordination.scan(nation, treating))
            }
        })
    }

    fn file(&self, holder: CopyHolder, file: usize) -> Result<Done, SynthError> {
        let SynthPeriod { world, options, period, folder, progress } = *self;
        let name = match holder {
            CopyHolder::Side(side) => side.name(),
            CopyHolder::Nation(_) => NATIONAL,
        };
        let place = match options.order {
            Order::Time => format!("{name}/{}.parquet", province_code(file)),
            Order::Shuffled => format!("{name}/part-{file:02}.parquet"),
        };
        let job = FileJob { period, holder, file, order: options.order };
        let sums = deliver::write(world, job, &folder.join(&place), progress)?;
        Ok(Done::File(place, sums))
    }

    /// Returns all tasks, the largest files first, so that none of them starts last and delays the end.
    fn tasks<'t>(
        &self,
        shared: Option<(&'t Coordination<'t>, &'t Nation<'t>)>,
    ) -> Vec<SynthTask<'t>> {
        let births = self.world.births(self.period);
        let size = |(holder, file): &(CopyHolder, usize)| -> u64 {
            match self.options.order {
                Order::Time => holder.pairs(*file).map(|pair| births[pair]).sum(),
                Order::Shuffled => 0,
            }
        };
        let nation = shared.map(|(_, nation)| CopyHolder::Nation(nation));
        let holders = Side::BOTH.map(CopyHolder::Side).into_iter().chain(nation);
        let files = holders.flat_map(|holder| (0..32).map(move |file| (holder, file)));
        let mut files: Vec<(CopyHolder, usize)> = files.collect();
        files.sort_by_cached_key(|file| std::cmp::Reverse(size(file)));
        let files = files.into_iter().map(|(holder, file)| SynthTask::File(holder, file));
        let scans = (0..32).map(SynthTask::Scan);
        let coordinate = shared.into_iter().flat_map(|(coordination, nation)| {
            (0..32).map(move |treating| SynthTask::Coordinate(coordination, nation, treating))
        });
        files.chain(scans).chain(coordinate).collect()
    }
}

fn add(sums: &mut [FenSum], more: &[FenSum]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += *more);
}

fn province_code(index: usize) -> u8 {
    crate::model::codes::PROVINCES[index].0
}
