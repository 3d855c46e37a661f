//! A run: opens three copies, judges and matches them, writes the result.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;

use super::{
    before::{Before, DIFFERENCES_FILE, SUMMARY},
    class::DailyClass,
    copies::pack_before,
    differences::{differences_table, mended_table},
    gather::{Gathered, Gatherer, Gathering},
    holder::Holder,
    page::{OpenDifferences, PageFacts},
    rejects::{DailyReject, rejects_table},
    results::results_table,
    settle::{DailyDays, DailySorters, Settlements, settle},
    summary::{DailySummary, SideRows},
    totals::DayTables,
};
use crate::{
    columnar::table::{TableBuilder, TableWriter},
    diag::{Code, Failure, Finding, Outcome},
    digest::sha256_hex,
    event::{Activity, Monitor},
    ingest::{
        delivery::Delivery,
        plan::ReadPlan,
        survey::{Survey, SurveySetting, survey},
    },
    keyed::{
        key::Key,
        packed::pack,
        sorted::{SortRow, Sorted, Sorter},
        store::{Partitioning, Store},
    },
    model::codes::{Month, Side},
    place::output::Output,
    plausible::{self, Slips},
    rules::Rules,
    shapes::FormatNumber,
};

/// What a run is asked.
#[derive(Debug)]
pub struct DailyRequest<'a> {
    /// The folder with the copies of three sides.
    pub input: &'a Path,
    /// The month.
    pub period: Month,
    /// The day that is reconciled; without it every day of the month is.
    pub day: Option<NaiveDate>,
    /// The day up to which differences age, if it is given.
    pub as_of: Option<NaiveDate>,
    /// The result of an earlier run of the month.
    pub before: Option<&'a Path>,
    /// The folder that is made.
    pub out: &'a Path,
    /// The rules.
    pub rules: &'a Rules,
    /// The plausibility codes that are accepted.
    pub accept: &'a BTreeSet<Code>,
    /// Bytes for rows and results; beyond it the disk is used.
    pub memory: usize,
}

/// Reconciles three copies, and writes the result.
pub fn run(request: &DailyRequest, monitor: &Monitor) -> Outcome<DailySummary> {
    let period = request.period;
    if let Some(day) = request.day.filter(|day| !days_of(period).contains(day)) {
        return Err(Failure::Usage(text!("--day {} is not in {}", day, period)));
    }
    let output = Output::new_or_empty_folder(request.out)?;
    let before = request.before.map(|folder| Before::open(folder, period)).transpose()?;
    let earliest = request.day.max(before.as_ref().map(|before| before.reference));
    if let Some((as_of, earliest)) = request.as_of.zip(earliest)
        && as_of < earliest
    {
        let problem = text!("--as-of {} is before {}", as_of, earliest);
        let hint = text!("differences do not grow younger: give this day or a later one");
        return Err(Failure::Usage(problem.hinting(hint)));
    }
    output.fill(|folder| DailyRun { request, monitor, folder, before: before.as_ref() }.run())
}

/// Returns the days of a month.
fn days_of(period: Month) -> std::ops::RangeInclusive<NaiveDate> {
    period.first_day()..=period.last_day()
}

/// A run in its new folder.
struct DailyRun<'a> {
    request: &'a DailyRequest<'a>,
    monitor: &'a Monitor,
    folder: &'a Path,
    before: Option<&'a Before>,
}

/// The shares of memory: rows by setl_id have half of it, each table of many rows a sixteenth.
const FOR_ROWS: usize = 2;
const FOR_TABLE: usize = 16;
/// A reading row group takes so many times the bytes of its pages, and reading has a quarter of the memory.
const FOR_READING: u64 = 4 * 3;
/// Bytes of a row in the store, about: a setl_id of 24 characters, time, divisions, amounts.
const BYTES_OF_ROW: u64 = 56;
/// Bytes of rows of a partition, at the most and at least: one takes about four times its bytes when it is settled.
const PARTITION: [u64; 2] = [1 << 20, 64 << 10];
/// Bytes of rows that a thread holds for a partition, at the most and at least.
const HELD: [usize; 2] = [4096, 256];

impl DailyRun<'_> {
    fn run(self) -> Outcome<DailySummary> {
        let scratch = self.folder.with_file_name("scratch");
        fs::create_dir(&scratch).map_err(Failure::io(&scratch))?;
        self.monitor.stage(text!("opening copies"), 0)?;
        let mut findings = Vec::new();
        let mut delivery = Delivery::open_daily(self.request.input, &mut findings)?;
        let own = [self.request.out.to_owned()];
        delivery.forget(self.request.input, own.iter().chain(&self.own_before()));
        let rows = self.store(&delivery, &scratch);
        let rejects = self.sorter(&scratch, "rejects");
        let (survey, gathered) = self.read(&delivery, &rows, &rejects)?;
        let slips = self.accepted(&delivery, &survey, findings)?;
        self.bring_before(&rows)?;
        let days = self.days(&gathered);
        let sorters = DailySorters {
            differences: self.sorter(&scratch, "differences"),
            mended: self.sorter(&scratch, "mended"),
            results: self.sorter(&scratch, "results"),
        };
        let all = gathered.read.iter().sum();
        self.monitor.stage(text!("matching"), all)?;
        let settlements = settle(&rows, &days, &sorters, self.monitor)?;
        drop(rows);
        delivery.unchanged()?;
        self.monitor.stage(text!("writing"), 0)?;
        let inputs = delivery.entries(&survey.files);
        let sources = delivery.sources.len();
        let summary = DailySummary {
            format: FormatNumber,
            period: self.request.period.to_string(),
            day: self.request.day.map(|day| day.to_string()),
            reference_day: day_at(days.reference).to_string(),
            days_done: self.days_done(&days).iter().map(ToString::to_string).collect(),
            inputs: sorted(inputs.into_iter().take(sources)),
            before: self.before.map(|before| before.sha256.clone()),
            rules: sha256_hex(self.request.rules.text.as_bytes()),
            accepted: slips.codes(),
            rows: sides(&gathered),
            outside: settlements.outside,
            classes: BTreeMap::new(),
            differences: 0,
            mended: 0,
            rejects: 0,
        };
        self.write(summary, &days, settlements, sorters, rejects)
    }

    fn own_before(&self) -> Option<PathBuf> {
        self.request.before.map(Path::to_owned)
    }

    fn sorter<T: SortRow>(&self, scratch: &Path, name: &str) -> Sorter<T> {
        Sorter::new(self.request.memory / FOR_TABLE, scratch, name)
    }

    /// Makes the store of rows by setl_id.
    fn store(&self, delivery: &Delivery, scratch: &Path) -> Store<u8> {
        let rows =
            Side::BOTH.map(|side| delivery.rows(side)).into_iter().fold(0, u64::saturating_add);
        let bytes = rows.min(u64::from(u32::MAX) * 2) * BYTES_OF_ROW;
        let memory = self.request.memory;
        let [most, least] = PARTITION;
        let each = (memory as u64 / 16 / rayon::current_num_threads() as u64).clamp(least, most);
        let partitioning = Partitioning::for_bytes(bytes, each);
        Store::new(partitioning, bytes, memory / FOR_ROWS, scratch.join("rows"))
    }

    /// Reads every file.
    fn read(
        &self,
        delivery: &Delivery,
        rows: &Store<u8>,
        rejects: &Sorter<DailyReject>,
    ) -> Outcome<(Survey, Gathered)> {
        let DailyRequest { rules, period, memory, .. } = *self.request;
        let policy = rules.policy(period).map_err(|error| Failure::Usage(error.text()))?;
        let all =
            Side::BOTH.map(|side| delivery.rows(side)).into_iter().fold(0, u64::saturating_add);
        self.monitor.stage(text!("reading"), all)?;
        let threads = rayon::current_num_threads();
        let [most, least] = HELD;
        let held = memory / 16 / threads / rows.partitioning().count();
        let gathering = Gathering {
            delivery,
            period: epoch_days(period),
            rows,
            rejects,
            held: held.clamp(least, most),
            monitor: self.monitor,
        };
        let setting =
            SurveySetting { rules, policy, period, monitor: self.monitor, lists_rejects: false };
        let plan = ReadPlan::of(delivery, memory as u64 / FOR_READING, threads);
        let sinks = (0..threads).map(|_| Gatherer::new(&gathering)).collect();
        let (survey, sinks) = survey(delivery, setting, plan, sinks)?;
        let mut gathered = Gathered::default();
        for sink in sinks {
            gathered.absorb(&sink.finish()?);
        }
        Ok((survey, gathered))
    }

    /// Refuses the input with all findings at once; returns what was accepted.
    fn accepted(
        &self,
        delivery: &Delivery,
        survey: &Survey,
        mut findings: Vec<Finding>,
    ) -> Outcome<Slips> {
        // The survey takes the national copies for treating ones, and cannot say which are too large.
        let named = survey.findings.iter().cloned().map(|found| match found.file.as_str() {
            "treating" => Finding { file: "treating, national".to_owned(), ..found },
            _ => found,
        });
        findings.extend(named);
        delivery.check_files(&survey.files, &mut findings);
        findings.extend(plausible::of_copies(delivery, survey));
        let mut slips = Slips::accepting(self.request.accept);
        let findings = slips.remove_accepted(findings);
        if findings.is_empty() { Ok(slips) } else { Err(delivery.refused(findings)) }
    }

    /// Puts the differences of the run before beside the rows of their setl_id.
    fn bring_before(&self, rows: &Store<u8>) -> Outcome<()> {
        let Some(before) = self.before else { return Ok(()) };
        let mut bytes = Vec::new();
        before.each(|difference| {
            bytes.clear();
            pack_before(&difference.setl_id, &pack(&difference)?, &mut bytes)?;
            rows.push(rows.partitioning().of(Key::of(&difference.setl_id)), &bytes)?;
            self.monitor.check()
        })
    }

    /// Returns the days that the run is about.
    fn days(&self, gathered: &Gathered) -> DailyDays {
        let DailyRequest { period, day, as_of, .. } = *self.request;
        let period = epoch_days(period);
        let day = day.map(|day| day.to_epoch_days());
        let before = self.before.map(|before| before.reference.to_epoch_days());
        let found = day.or(gathered.last_day).max(before).unwrap_or(*period.start());
        DailyDays {
            scope: day.map_or(period.clone(), |day| day..=day),
            reference: as_of.map_or(found, |as_of| as_of.to_epoch_days()),
            period,
        }
    }

    /// Returns the days that are reconciled: those of the scope up to the reference day, and those of before.
    fn days_done(&self, days: &DailyDays) -> BTreeSet<NaiveDate> {
        let own = days.scope.clone().filter(|day| *day <= days.reference).map(day_at);
        let before = self.before.iter().flat_map(|before| before.days_done.iter().copied());
        own.chain(before).collect()
    }

    /// Writes tables, page and summary.
    fn write(
        &self,
        mut summary: DailySummary,
        days: &DailyDays,
        settlements: Settlements,
        sorters: DailySorters,
        rejects: Sorter<DailyReject>,
    ) -> Outcome<DailySummary> {
        let stopwatch = &self.monitor.stopwatch;
        let tables = stopwatch.measure(Activity::Write, || -> Outcome<DayTables> {
            let tables = settlements.sums.sorted();
            tables.days_table().write_at(self.folder, "days.parquet")?;
            tables.totals_table().write_at(self.folder, "totals.parquet")?;
            let mut open = OpenDifferences::default();
            summary.differences =
                self.table(DIFFERENCES_FILE, sorters.differences, differences_table, |row| {
                    open.add(row);
                })?;
            summary.mended = self.table("mended.parquet", sorters.mended, mended_table, |_| ())?;
            self.table("results.parquet", sorters.results, results_table, |_| ())?;
            summary.rejects = self.table("rejects.parquet", rejects, rejects_table, |_| ())?;
            summary.classes = classes(&tables);
            let facts = PageFacts {
                period: self.request.period,
                days,
                done: &self.days_done(days),
                with_rows: &tables.days().map(day_at).collect(),
                open: &open,
                mended: summary.mended,
                rejects: summary.rejects,
                rules: self.request.rules,
            };
            self.file("daily.html", facts.page()?.as_bytes())?;
            Ok(tables)
        })?;
        drop(tables);
        let value = serde_json::to_value(&summary).map_err(|error| {
            Failure::Bug(text!("report: {}", crate::text::Text::foreign(error)))
        })?;
        self.file(SUMMARY, format!("{value:#}\n").as_bytes())?;
        Ok(summary)
    }

    /// Writes a table of many rows in their order, and shows each row; returns their number.
    fn table<T: SortRow + Clone>(
        &self,
        name: &str,
        rows: Sorter<T>,
        table: fn(&[T]) -> TableBuilder,
        mut look: impl FnMut(&T),
    ) -> Outcome<u64> {
        let sorted: Sorted<T> = rows.finish()?;
        let mut writer = TableWriter::create(self.folder, name, table)?;
        sorted.for_each(|row| {
            look(row);
            self.monitor.check()?;
            writer.push(row.clone())
        })?;
        Ok(writer.close()?.rows)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Outcome<()> {
        let path = self.folder.join(name);
        let written = fs::File::create_new(&path).and_then(|mut file| {
            std::io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        });
        written.map_err(Failure::io(&path))
    }
}

/// Returns the days of a month, from 1970-01-01.
fn epoch_days(period: Month) -> std::ops::RangeInclusive<i32> {
    period.first_day().to_epoch_days()..=period.last_day().to_epoch_days()
}

/// Returns the day of a number.
pub(super) fn day_at(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

fn sides(gathered: &Gathered) -> BTreeMap<String, SideRows> {
    let rows = |holder: Holder| {
        let side = holder.index();
        SideRows { read: gathered.read[side], rejected: gathered.rejected[side] }
    };
    Holder::ALL.into_iter().map(|holder| (holder.name().to_owned(), rows(holder))).collect()
}

fn classes(tables: &DayTables) -> BTreeMap<String, u64> {
    let counted = DailyClass::all().zip(tables.classes);
    counted.filter(|(_, n)| *n > 0).map(|(class, n)| (class.name().to_owned(), n)).collect()
}
