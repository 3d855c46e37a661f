//! The reader that lets a cluster read a delivery.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, BufReader, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use ballista_core::extension::{SessionConfigExt, SessionStateExt};
use datafusion::{
    arrow::array::{AsArray, LargeBinaryArray, RecordBatch},
    execution::SessionStateBuilder,
    physical_plan::SendableRecordBatchStream,
    prelude::SessionContext,
};
use futures::StreamExt;

use super::{
    Mirror,
    functions::{gather_function, meet_function},
    job::{JobTable, ReadJob, session_config},
    parcels::{Parcel, Report},
    parse_address,
    request::{FINDING, PROGRAM, ReadRequest, Terms, What, identity},
    waiting::{runtime, unless},
};
use crate::{
    diag::{Failure, Finding, Outcome},
    event::Monitor,
    ingest::{
        delivery::Delivery,
        record::Record,
        schedule::FilePart,
        source::ParquetSource,
        survey::{Survey, SurveySetting},
    },
    model::codes::Side,
    reconcile::{
        build::{FirstRead, Foreseen},
        collector::Collector,
        reader::Reader,
        run::Run,
    },
    text::Text,
};

/// The approximate rows of a task. A larger file is read by several tasks.
const TASK_ROWS: u64 = 2_000_000;
/// The approximate copies of a partition, which meet in one task.
const PARTITION_ROWS: u64 = 1_000_000;
const MOST_PARTITIONS: u64 = 1024;
/// The most tasks of a job. One task reads several small files.
const MOST_TASKS: usize = 512;
/// The most rows that one query reads again.
const ROWS_AGAIN: usize = 1_000_000;
/// The time limit for an answer of the scheduler.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the reader of a cluster `df://HOST:PORT`. `mirror` is the local copy if the delivery is in an object store.
pub(super) fn engine(cluster: &str, mirror: Option<Arc<dyn Mirror>>) -> Outcome<Arc<dyn Reader>> {
    Ok(Arc::new(Ballista::new(cluster, mirror)?))
}

/// Reads on a Ballista cluster. Its executors see the files at the same paths as this machine, or in the object store.
#[derive(Debug)]
struct Ballista {
    host: String,
    port: u16,
    /// The local copy, if the delivery is in an object store.
    mirror: Option<Arc<dyn Mirror>>,
}

/// The first read: groups copies by hash, and turns two equal copies into a claim.
const MATCH: &str = "SELECT meet(gather(parcels)) AS parcels FROM job GROUP BY hash";
/// The second read: returns rows by their ordinals.
const ROWS: &str = "SELECT hash, parcels FROM job";

impl Ballista {
    fn new(cluster: &str, mirror: Option<Arc<dyn Mirror>>) -> Outcome<Ballista> {
        let (host, port) = parse_address(cluster)
            .map_err(|problem| Failure::Usage(text!("--cluster {}", problem)))?;
        Ok(Ballista { host, port, mirror })
    }

    fn address(&self) -> String {
        format!("df://{}:{}", self.host, self.port)
    }

    fn failed(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
        Failure::Io { place: Text::given(self.address()), error: io::Error::other(error) }
    }

    /// Fails when there is no scheduler or no executor. This is checked first, because a query would wait for them for
    /// ever.
    fn check_scheduler(&self) -> Outcome<()> {
        let start = text!("start one: liangqing cluster scheduler, liangqing cluster executor");
        let absent = |error: Text| {
            self.failed(text!("no scheduler answers: {}", error).hinting(start.clone()))
        };
        let answer = || -> io::Result<String> {
            let addresses = (self.host.as_str(), self.port).to_socket_addrs()?;
            let mut last = io::Error::other(text!("the name has no address"));
            for address in addresses {
                match TcpStream::connect_timeout(&address, PATIENCE) {
                    Ok(mut stream) => {
                        stream.set_read_timeout(Some(PATIENCE))?;
                        write!(
                            stream,
                            "GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                            self.host
                        )?;
                        let mut line = String::new();
                        BufReader::new(stream).read_line(&mut line)?;
                        return Ok(line);
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        let line = answer().map_err(|error| absent(text!("{}", error)))?;
        match line.split(' ').nth(1) {
            Some("200") => Ok(()),
            Some("503") => Err(self.failed(text!("the scheduler has no executor").hinting(start))),
            _ => Err(absent(text!("something else is there"))),
        }
    }

    fn context(&self, partitions: usize) -> Outcome<SessionContext> {
        let config =
            session_config().with_ballista_job_name("liangqing").with_target_partitions(partitions);
        let state = SessionStateBuilder::new().with_config(config).with_default_features().build();
        let state = state
            .upgrade_for_ballista(format!("http://{}:{}", self.host, self.port))
            .map_err(|error| self.failed(error))?;
        let context = SessionContext::new_with_state(state);
        context.register_udf(meet_function().as_ref().clone());
        context.register_udaf(gather_function().as_ref().clone());
        Ok(context)
    }

    /// Runs a query over a job, and passes each batch of its result to a function.
    fn query(
        &self,
        sql: &str,
        job: ReadJob,
        partitions: usize,
        monitor: &Monitor,
        mut look: impl FnMut(&RecordBatch) -> Outcome<()>,
    ) -> Outcome<()> {
        let answer = async {
            let context = self.context(partitions)?;
            let table = Arc::new(JobTable(Arc::new(job)));
            context.register_table("job", table).map_err(|error| self.failed(error))?;
            let query = context.sql(sql).await.map_err(|error| self.failed(error))?;
            let started = unless(query.execute_stream(), || monitor.check()).await?;
            let mut batches: SendableRecordBatchStream =
                started.map_err(|error| self.failed(error))?;
            while let Some(batch) = unless(batches.next(), || monitor.check()).await? {
                look(&batch.map_err(|error| self.failed(error))?)?;
            }
            Ok(())
        };
        runtime()?.block_on(answer)
    }

    fn reading(&self, source: &ParquetSource, what: What) -> Outcome<ReadRequest> {
        let remote = self.mirror.as_ref().and_then(|mirror| mirror.origin(&source.path));
        let place = if let Some(place) = remote {
            place
        } else {
            let path = source.path.canonicalize().map_err(Failure::io(&source.path))?;
            path.display().to_string()
        };
        let treating = source.side == Side::Treating;
        let identity = identity(source);
        Ok(ReadRequest { treating, name: source.name.clone(), place, identity, what })
    }

    fn first_job(
        &self,
        delivery: &Delivery,
        parts: &[FilePart],
        setting: SurveySetting,
    ) -> Outcome<ReadJob> {
        let reading = |(number, part): (u32, &FilePart)| {
            let source = &delivery.sources[part.file];
            let groups = source.metadata.row_groups()[part.row_groups.clone()].iter();
            let rows: u64 = groups.map(|group| group.num_rows().cast_unsigned()).sum();
            Ok((rows, self.reading(source, What::Part(number, part.clone()))?))
        };
        let readings = (0..).zip(parts).map(reading).collect::<Outcome<Vec<_>>>()?;
        Ok(job(setting, spread_out(readings)))
    }

    fn second_job(
        &self,
        delivery: &Delivery,
        side: Side,
        ordinals: &[u32],
        setting: SurveySetting,
    ) -> Outcome<ReadJob> {
        let mut readings = Vec::new();
        let (mut first, mut rest) = (0u32, ordinals);
        for source in delivery.sources.iter().filter(|source| source.side == side) {
            let next = first + u32::try_from(source.rows()).unwrap_or(u32::MAX - first);
            let (wanted, others) = rest.split_at(rest.partition_point(|ordinal| *ordinal < next));
            if !wanted.is_empty() {
                let what = What::Rows(first, wanted.to_vec());
                readings.push((wanted.len() as u64, self.reading(source, what)?));
            }
            (first, rest) = (next, others);
        }
        Ok(job(setting, spread_out(readings)))
    }
}

fn job(setting: SurveySetting, tasks: Vec<Vec<ReadRequest>>) -> ReadJob {
    let terms = Terms {
        program: PROGRAM.to_owned(),
        rules: setting.rules.text.clone(),
        period: setting.period.to_string(),
    };
    ReadJob { terms, tasks }
}

/// Distributes readings to tasks: the largest first, each to the task with the fewest rows.
fn spread_out(mut readings: Vec<(u64, ReadRequest)>) -> Vec<Vec<ReadRequest>> {
    let tasks = readings.len().clamp(1, MOST_TASKS);
    readings.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    let mut shared: Vec<(u64, Vec<ReadRequest>)> = (0..tasks).map(|_| (0, Vec::new())).collect();
    for (rows, reading) in readings {
        if let Some((all, of_task)) =
            shared.iter_mut().min_by_key(|(all, of_task)| (*all, of_task.len()))
        {
            *all += rows;
            of_task.push(reading);
        }
    }
    shared.into_iter().map(|(_, of_task)| of_task).collect()
}

impl Reader for Ballista {
    fn read(&self, run: Run, _: Foreseen) -> Outcome<FirstRead> {
        let Run { delivery, setting, .. } = run;
        self.check_scheduler()?;
        let [treating, insured] = Side::BOTH.map(|side| delivery.rows(side));
        let rows = treating.saturating_add(insured);
        let mut received = Received {
            survey: Survey::begin(delivery),
            collector: Collector::new(run),
            parts: Vec::new(),
            read: BTreeSet::new(),
            announced: 0,
        };
        // An executor downloads a file of an object store whole, so one task reads all of it.
        let task_rows = if self.mirror.is_some() { u64::MAX } else { TASK_ROWS };
        match FilePart::all_of(delivery, task_rows) {
            Ok(parts) => received.parts = parts,
            Err(finding) => received.survey.findings.push(finding),
        }
        let own = received.survey.findings.len();
        setting.monitor.stage(text!("reading on the cluster"), rows)?;
        let job = self.first_job(delivery, &received.parts, setting)?;
        let partitions = (rows / PARTITION_ROWS).clamp(2, MOST_PARTITIONS);
        let partitions = usize::try_from(partitions).unwrap_or(2);
        self.query(MATCH, job, partitions, setting.monitor, |batch| {
            received.add_batch(batch, setting.monitor).map_err(|stop| match stop {
                BadPiece::Failure(failure) => failure,
                BadPiece::Disorder(error) => self.failed(error),
            })
        })?;
        let Received { survey, collector, parts, read, announced } = received;
        let come = (survey.rejects.len() + survey.findings.len() - own) as u64;
        if read.len() != parts.len() || come != announced {
            let found = text!(
                "{} of {} parts, {} of {} reports have come",
                read.len(),
                parts.len(),
                come,
                announced
            );
            return Err(self.failed(found));
        }
        let (index, counters) = collector.finish()?;
        Ok(FirstRead { survey: survey.finish(), index, counters })
    }

    fn fetch(
        &self,
        run: Run,
        side: Side,
        ordinals: &[u32],
        take: &(dyn Fn(u32, Record) -> Outcome<()> + Sync),
    ) -> Outcome<()> {
        let Run { delivery, setting, .. } = run;
        let monitor = setting.monitor;
        for ordinals in ordinals.chunks(ROWS_AGAIN) {
            let job = self.second_job(delivery, side, ordinals, setting)?;
            let mut come = Vec::with_capacity(ordinals.len());
            self.query(ROWS, job, 1, monitor, |batch| {
                let hashes =
                    batch.column(0).as_primitive::<datafusion::arrow::datatypes::UInt64Type>();
                let records: &LargeBinaryArray = batch.column(1).as_binary();
                for (ordinal, record) in hashes.values().iter().zip(records) {
                    if *ordinal == FINDING {
                        let finding: Finding = postcard::from_bytes(record.unwrap_or_default())
                            .map_err(|error| self.failed(error))?;
                        return Err(Failure::Refused(vec![finding]));
                    }
                    let ordinal = u32::try_from(*ordinal).map_err(|error| self.failed(error))?;
                    let record: Record = postcard::from_bytes(record.unwrap_or_default())
                        .map_err(|error| self.failed(error))?;
                    come.push(ordinal);
                    take(ordinal, record)?;
                }
                monitor.advance(batch.num_rows() as u64)
            })?;
            come.sort_unstable();
            if come != ordinals {
                return Err(self.failed(text!("other rows came than were asked for")));
            }
        }
        Ok(())
    }
}

/// The results received so far from the first read.
struct Received {
    survey: Survey,
    collector: Collector,
    parts: Vec<FilePart>,
    /// The parts that have been reported.
    read: BTreeSet<u32>,
    /// The number of rejects and findings that the reports announced.
    announced: u64,
}

/// The error of a received piece.
#[derive(Debug, thiserror::Error)]
enum BadPiece {
    #[error("{0}")]
    Failure(#[from] Failure),
    #[error("{0}")]
    Disorder(Text),
}

impl Received {
    fn add_batch(&mut self, batch: &RecordBatch, monitor: &Monitor) -> Result<(), BadPiece> {
        let groups: &LargeBinaryArray = batch.column(0).as_binary();
        let mut rows = 0;
        for mut group in groups.iter().flatten() {
            loop {
                let parcel = Parcel::unpack(&mut group);
                match parcel.map_err(|error| BadPiece::Disorder(Text::foreign(error)))? {
                    None => break,
                    Some(Parcel::Claim(claim)) => {
                        self.collector.claim(claim)?;
                        rows += 2;
                    }
                    Some(Parcel::Copy(side, entry)) => {
                        self.collector.entry(side, entry)?;
                        rows += 1;
                    }
                    Some(Parcel::Position(part)) => self.collector.position(&part),
                    Some(Parcel::Report(report)) => self.report(*report)?,
                }
            }
        }
        Ok(monitor.advance(rows)?)
    }

    fn report(&mut self, report: Report) -> Result<(), BadPiece> {
        let file_of = |part: u32| {
            let part = self.parts.get(part as usize);
            part.map(|part| part.file).ok_or_else(|| BadPiece::Disorder(text!("no such part")))
        };
        match report {
            Report::Read { part, survey, reports } => {
                self.announced += reports;
                let file = file_of(part)?;
                if !self.read.insert(part) {
                    return Err(BadPiece::Disorder(text!("part {} was read twice", part)));
                }
                self.survey.absorb_part(file, *survey);
            }
            Report::Reject(part, mut reject) => {
                reject.file = file_of(part)?;
                self.survey.rejects.push(reject);
            }
            Report::Finding(finding) => self.survey.findings.push(finding),
        }
        Ok(())
    }
}
