//! What is done with bytes of unknown origin, by the fuzz targets and by the replay of their corpus in the
//! ordinary tests.
//!
//! Whatever the bytes are, a command may refuse them, with the exit status of whatever they are part of. It
//! may not panic, nor take them for a fault of its own.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use liangqing::{
    audit::verify::{VerifyOptions, verify},
    book::manifest::{Manifest, seal},
    contract::small_files::NAMES,
    convert::{ConvertRequest, Destination, convert, guess},
    diag::{Failure, Outcome},
    digest::sha256_hex,
    engine::{RunOptions, RunReport, run},
    event::Monitor,
    model::codes::{Month, Side},
    pipeline::Settings,
    place::period::{MANIFEST, SEAL},
    plausible::CODES,
    rules::Rules,
    statements::{Style, Template, replies},
};
use parquet::{
    basic::CompressionCodec,
    file::metadata::{ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter},
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use rust_xlsxwriter::Workbook;
use tempfile::TempDir;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What bytes of unknown origin are given to.
pub(crate) type Target = fn(&Bench, &[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Target); 7] = [
    ("delivery", Bench::delivery),
    ("pages", Bench::pages),
    ("small_file", Bench::small_file),
    ("settings", Bench::settings),
    ("book", Bench::book),
    ("reply", Bench::reply),
    ("export", Bench::export),
];

/// A good file of requests, and one of replies.
const REQUESTS: &str = "request_id,kind,from_province,to_province,opened_at,problem_type,setl_id,subject\n\
                        v1,verification,34,31,2025-11-03,,S1,twice billed\n\
                        p1,problem,31,34,2025-11-04,filing,,\n";
const REPLIES: &str = "request_id,replied_on,result,reason,confirmed_on,reopened_on\n\
                       v1,2025-12-01,incorrect,billed twice,2025-12-03,\n\
                       p1,2025-11-05,answered,,,2025-11-06\n";

/// The quotas that a first period starts from; it is taken like the small files of a delivery.
const OPENING_QUOTAS: &str = "opening-quotas.csv";

/// The periods of the sample months; the last one is never closed.
const PERIODS: [Month; 3] = [Month::new(2025, 10), Month::new(2025, 11), Month::new(2025, 12)];

/// Prepares the process: panics of decoders are damage of a file, and are not printed.
pub(crate) fn init() {
    liangqing::columnar::guard::quiet_decoder_panics();
}

/// A folder in which runs are tried: the sample months, and what was closed of them.
pub(crate) struct Bench {
    folder: TempDir,
    samples: PathBuf,
    /// What the closed 2025-11 holds, by path.
    closed: BTreeMap<String, Vec<u8>>,
    /// A reply form that is filled in, as CSV, and the parts of it as a workbook.
    reply: (Vec<u8>, BTreeMap<String, Vec<u8>>),
    pool: ThreadPool,
}

impl Bench {
    /// Closes 2025-10 in a book `one`, 2025-10 and 2025-11 in a book `two`.
    pub(crate) fn new() -> Bench {
        // Each run makes its files durable: in memory that takes no time.
        let memory = Path::new("/dev/shm");
        let at_will = memory.is_dir() && std::env::var_os("TMPDIR").is_none();
        let place = if at_will { memory.to_owned() } else { std::env::temp_dir() };
        let folder = TempDir::new_in(place).expect("a folder");
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let samples = package.ancestors().map(|above| above.join("sample-data"));
        let samples = samples.into_iter().find(|path| path.is_dir()).expect("sample data");
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        let (closed, reply) = (BTreeMap::new(), (Vec::new(), BTreeMap::new()));
        let mut bench = Bench { folder, samples, closed, reply, pool };
        for (book, periods) in [("one", 1), ("two", 2)] {
            for (n, period) in PERIODS.into_iter().take(periods).enumerate() {
                let quotas = (n == 0).then(|| bench.samples.join(OPENING_QUOTAS));
                let options = RunOptions {
                    opening_quotas: quotas,
                    signer: None,
                    dry_run: false,
                    ..bench.options(book, period)
                };
                bench.run(&options).expect("the sample months are good");
            }
        }
        let newest = bench.newest();
        let (manifest, _) = Manifest::read(&newest).expect("a manifest");
        let listed = manifest.outputs.into_iter().map(|output| output.path);
        for path in listed.chain([MANIFEST.to_owned()]) {
            let bytes = fs::read(newest.join(&path)).expect("read");
            bench.closed.insert(path, bytes);
        }
        bench.reply = bench.filled_in();
        bench
    }

    /// Valid inputs of a target, to start from.
    pub(crate) fn seeds(&self, target: &str) -> Vec<Vec<u8>> {
        let numbered = |(number, bytes): (usize, Vec<u8>)| {
            let number = u8::try_from(number).expect("few");
            [&[number], bytes.as_slice()].concat()
        };
        match target {
            "delivery" => {
                let sides = PERIODS.map(|period| self.samples.join(period.to_string()));
                let files = sides.iter().flat_map(|input| files(input)).collect::<Vec<_>>();
                let parquet = |path: &&PathBuf| path.extension().is_some_and(|e| e == "parquet");
                files.iter().filter(parquet).map(|path| fs::read(path).expect("read")).collect()
            }
            "pages" => {
                let whole = self.treating();
                let metadata = footer(&whole);
                let columns = metadata.row_group(0).columns().iter().enumerate();
                let pages = columns.map(|(number, column)| {
                    let known =
                        CODECS.iter().position(|codec| *codec == column.compression_codec());
                    let head =
                        [number, known.expect("a codec")].map(|n| u8::try_from(n).expect("few"));
                    let (start, length) = column.byte_range();
                    let [start, length] =
                        [start, length].map(|n| usize::try_from(n).expect("short"));
                    [&head, &whole[start..start + length]].concat()
                });
                pages.collect()
            }
            "small_file" => {
                let file = |(number, name): (usize, &str)| {
                    let folder = if name == OPENING_QUOTAS { "" } else { "2025-11" };
                    let folder = if name == "permits.csv" { "2025-10" } else { folder };
                    let bytes = match name {
                        // The sample has no requests.
                        "requests.csv" => REQUESTS.as_bytes().to_vec(),
                        "replies.csv" => REPLIES.as_bytes().to_vec(),
                        _ => fs::read(self.samples.join(folder).join(name)).expect("read"),
                    };
                    numbered((number, bytes))
                };
                NAMES.into_iter().chain([OPENING_QUOTAS]).enumerate().map(file).collect()
            }
            "settings" => {
                let rules = liangqing::rules::BUILT_IN;
                // Short lists change more easily.
                let short =
                    rules.lines().filter(|line| !line.starts_with("  ")).collect::<Vec<_>>();
                vec![
                    liangqing::pipeline::built_in::MONTH_END.text.into(),
                    rules.into(),
                    short.join("\n").into_bytes(),
                ]
            }
            "export" => self.exports(),
            "reply" => {
                let (csv, parts) = &self.reply;
                let whole = [packed(parts), csv.clone()].map(|bytes| numbered((0, bytes)));
                let parts = (1..).zip(parts.values().cloned()).map(numbered);
                whole.into_iter().chain(parts).collect()
            }
            _ => self.closed.values().cloned().enumerate().map(numbered).collect(),
        }
    }

    /// A Parquet file, delivered by both sides.
    pub(crate) fn delivery(&self, bytes: &[u8]) {
        let input = self.folder.path().join("in");
        for side in ["treating", "insured"] {
            let side = input.join(side);
            fs::create_dir_all(&side).expect("made");
            fs::write(side.join("a.parquet"), bytes).expect("written");
        }
        let options = RunOptions { input, ..self.options("none", PERIODS[1]) };
        match self.run(&options) {
            Ok(_) | Err(Failure::Refused(_)) => {}
            Err(failure) => panic!("{failure:?}"),
        }
    }

    /// The pages of a column with their headers, in place of those of a good file; the first two bytes name the
    /// column and its codec.
    pub(crate) fn pages(&self, bytes: &[u8]) {
        if let Some(([column, codec], pages)) = bytes.split_first_chunk() {
            self.delivery(&with_pages(&self.treating(), (*column).into(), *codec, pages));
        }
    }

    fn treating(&self) -> Vec<u8> {
        fs::read(self.samples.join("2025-10/treating/31.parquet")).expect("read")
    }

    /// A small file, of the kind that the first byte names, in a delivery that is good otherwise.
    pub(crate) fn small_file(&self, bytes: &[u8]) {
        let Some((kind, bytes)) = bytes.split_first() else { return };
        let kind = usize::from(*kind) % (NAMES.len() + 1);
        let (name, book, period) = match NAMES.get(kind) {
            Some(name) => (*name, "one", PERIODS[1]),
            None => (OPENING_QUOTAS, "none", PERIODS[0]),
        };
        let input = self.folder.path().join("with-small-file");
        for side in ["treating", "insured"] {
            let delivered = self.samples.join(period.to_string()).join(side);
            link(&delivered, &input.join(side));
        }
        for other in NAMES {
            _ = fs::remove_file(input.join(other));
        }
        fs::write(input.join(name), bytes).expect("written");
        let opening_quotas = (name == OPENING_QUOTAS).then(|| input.join(name));
        let options = RunOptions { input, opening_quotas, ..self.options(book, period) };
        match self.run(&options) {
            Ok(_) | Err(Failure::Refused(_)) => {}
            Err(failure) => panic!("{failure:?}"),
        }
    }

    /// A pipeline or rules file; a month is closed by rules that are accepted.
    pub(crate) fn settings(&self, bytes: &[u8]) {
        let Ok(text) = str::from_utf8(bytes) else { return };
        _ = Settings::parse(text, Path::new("folder"));
        let Ok(rules) = Rules::parse(text) else { return };
        let options = RunOptions { rules, ..self.options("one", PERIODS[1]) };
        acceptable(self.run(&options));
    }

    /// A file of the newest closed period, which the first byte names; manifest and seal agree with it. The
    /// next month is closed on it, and it is verified.
    pub(crate) fn book(&self, bytes: &[u8]) {
        let Some((which, bytes)) = bytes.split_first() else { return };
        let which = usize::from(*which) % self.closed.len();
        let (path, original) = self.closed.iter().nth(which).expect("one of them");
        let mut manifest = self.closed[MANIFEST].clone();
        if path == MANIFEST {
            manifest = bytes.to_vec();
        } else {
            self.replace(path, bytes);
            let text = String::from_utf8(manifest).expect("UTF-8");
            let (old, new) = (sha256_hex(original), sha256_hex(bytes));
            manifest = text.replace(&old, &new).into_bytes();
        }
        self.seal(&manifest);
        let options = self.options("two", PERIODS[2]);
        let outcome = self.run(&options);
        let verifying =
            VerifyOptions { book: options.book, period: None, head: None, rules: Vec::new() };
        let verified = self.pool.install(|| verify(&verifying, None, &Monitor::silent()));
        self.replace(path, original);
        self.seal(&self.closed[MANIFEST]);
        acceptable(outcome);
        match verified {
            Ok(_) | Err(Failure::Differences(..)) => {}
            Err(failure) => panic!("{failure:?}"),
        }
    }

    /// A reply form, or the part of a good one that the first byte names.
    pub(crate) fn reply(&self, bytes: &[u8]) {
        let Some((which, bytes)) = bytes.split_first() else { return };
        let parts = &self.reply.1;
        let form = match usize::from(*which) % (parts.len() + 1) {
            0 => bytes.to_vec(),
            part => {
                let mut parts = parts.clone();
                *parts.values_mut().nth(part - 1).expect("one of them") = bytes.to_vec();
                packed(&parts)
            }
        };
        let path = self.folder.path().join("reply");
        fs::write(&path, form).expect("written");
        let book = self.folder.path().join("two");
        match replies::read(&[path], &book, &Template::built_in()) {
            Ok(replies) => drop(replies.to_csv().expect("lines of CSV")),
            Err(Failure::Unfit(..)) => {}
            Err(failure) => panic!("{failure:?}"),
        }
    }

    /// An export, perhaps behind a map and the line `%%`; without a map the guessed one is tried.
    pub(crate) fn export(&self, bytes: &[u8]) {
        let place = |name: &str| self.folder.path().join(name);
        let (map, export, out) = (place("map.toml"), place("export"), place("converted"));
        let mut parts = bytes.splitn(2, |byte| *byte == b'%');
        let (given, rest) = (parts.next().unwrap_or_default(), parts.next());
        _ = fs::remove_file(&map);
        fs::write(&export, rest.unwrap_or(bytes)).expect("written");
        let exports = [export];
        let request = ConvertRequest {
            into: Destination::Copies(Side::Treating),
            map: &map,
            out: Some(&out),
            exports: &exports,
            from_float: bytes.len().is_multiple_of(2),
            strict: false,
            say: |text| text.to_string(),
        };
        let refused = |failure: Failure| {
            let status = failure.exit_status();
            assert!(matches!(failure.exit_status(), 2 | 3), "{status}: {failure:?}");
        };
        if rest.is_some() {
            fs::write(&map, given).expect("written");
        } else if let Err(failure) = self.pool.install(|| guess(&request)) {
            return refused(failure);
        }
        let converted = self.pool.install(|| convert(&request, None, &Monitor::silent()));
        _ = fs::remove_dir_all(&out);
        converted.map_or_else(refused, drop);
    }

    /// Exports of the sample month and of writers of workbooks, each with the map that is guessed, and without.
    fn exports(&self) -> Vec<Vec<u8>> {
        let workbooks = self.samples.join("../tests/fixtures/workbooks");
        let folders =
            [self.samples.join("exports"), self.samples.join("2025-10/treating"), workbooks];
        let paths = folders.iter().flat_map(|folder| files(folder)).collect::<Vec<_>>();
        let map = self.folder.path().join("seed.toml");
        let mut seeds = Vec::new();
        for path in paths {
            let export = fs::read(&path).expect("read");
            let exports = [path];
            let request = ConvertRequest {
                into: Destination::Copies(Side::Treating),
                map: &map,
                out: None,
                exports: &exports,
                from_float: false,
                strict: false,
                say: |text| text.to_string(),
            };
            _ = fs::remove_file(&map);
            if self.pool.install(|| guess(&request)).is_ok() {
                seeds.push([&fs::read(&map).expect("read"), b"%".as_slice(), &export].concat());
            }
            seeds.push(export);
        }
        seeds
    }

    /// The reply form of a province of the sample, filled in.
    fn filled_in(&self) -> (Vec<u8>, BTreeMap<String, Vec<u8>>) {
        let out = self.folder.path().join("forms");
        let style = Style::of(Template::built_in());
        let book = self.folder.path().join("two");
        liangqing::statements::write(&book, PERIODS[1], &out, &style).expect("forms");
        let forms = files(&out).into_iter().find(|path| path.ends_with("reply.csv"));
        let text = fs::read_to_string(forms.expect("something is open")).expect("read");
        let mut filled = Vec::new();
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, line) in (0..).zip(text.lines()) {
            let answer = ",void,重复上传,张三,李四,2025-11-20,";
            let line = line.replacen(",,,,,,", answer, usize::from(row > 0));
            for (column, value) in (0..).zip(line.split(',')) {
                sheet
                    .write_string(row, column, value.trim_start_matches('\u{feff}'))
                    .expect("a cell");
            }
            filled.extend([line.as_bytes(), b"\n"].concat());
        }
        let bytes = workbook.save_to_buffer().expect("a workbook");
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        let mut parts = BTreeMap::new();
        for at in 0..archive.len() {
            let mut part = archive.by_index(at).expect("a part");
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).expect("read");
            parts.insert(part.name().expect("UTF-8").into_owned(), bytes);
        }
        (filled, parts)
    }

    fn newest(&self) -> PathBuf {
        self.folder.path().join("two").join(PERIODS[1].to_string())
    }

    fn replace(&self, path: &str, bytes: &[u8]) {
        fs::write(self.newest().join(path), bytes).expect("written");
    }

    fn seal(&self, manifest: &[u8]) {
        self.replace(MANIFEST, manifest);
        self.replace(SEAL, seal(manifest, None).as_bytes());
    }

    /// A dry run of a sample month.
    fn options(&self, book: &str, period: Month) -> RunOptions {
        RunOptions {
            engine: std::sync::Arc::new(liangqing::reconcile::reader::Local),
            period,
            input: self.samples.join(period.to_string()),
            book: self.folder.path().join(book),
            opening_quotas: None,
            daily: None,
            rules: Rules::built_in(),
            accept: CODES.into(),
            as_of: None,
            memory: 16 << 20,
            signer: None,
            independent: None,
            form: liangqing::columnar::shape::TableForm::default(),
            dry_run: true,
            usual_percent: Some(50..=200),
        }
    }

    fn run(&self, options: &RunOptions) -> Outcome<RunReport> {
        loop {
            match self.pool.install(|| run(options, &Monitor::silent())) {
                // Until it begins, a program that another test has started holds the lock of the last run.
                Err(Failure::Book(problem)) if problem.to_string().starts_with("another run") => {}
                outcome => return outcome,
            }
        }
    }
}

/// Parts as a workbook.
fn packed(parts: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

const CODECS: [CompressionCodec; 7] = [
    CompressionCodec::UNCOMPRESSED,
    CompressionCodec::SNAPPY,
    CompressionCodec::GZIP,
    CompressionCodec::LZ4,
    CompressionCodec::ZSTD,
    CompressionCodec::BROTLI,
    CompressionCodec::LZ4_RAW,
];

fn footer(file: &[u8]) -> ParquetMetaData {
    let bytes = Bytes::copy_from_slice(file);
    ParquetMetaDataReader::new().parse_and_finish(&bytes).expect("a footer")
}

/// A file whose first row group has other pages in a column.
pub(crate) fn with_pages(file: &[u8], column: usize, codec: u8, pages: &[u8]) -> Vec<u8> {
    let metadata = footer(file);
    let mut bytes = file.to_vec();
    let place = i64::try_from(bytes.len()).expect("short");
    bytes.extend(pages);
    let mut groups = metadata.row_groups().to_vec();
    let mut columns = groups[0].columns().to_vec();
    let number = column % columns.len();
    let builder = columns[number].clone().into_builder();
    let changed = builder
        .set_data_page_offset(place)
        .set_dictionary_page_offset(None)
        .set_total_compressed_size(i64::try_from(pages.len()).expect("short"))
        .set_compression_codec(CODECS[usize::from(codec) % CODECS.len()]);
    columns[number] = changed.build().expect("a column");
    let group = groups[0].clone().into_builder().set_column_metadata(columns);
    groups[0] = group.build().expect("a row group");
    let metadata = metadata.into_builder().set_row_groups(groups).build();
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().expect("written");
    bytes
}

/// What a command may say of bytes that are not its own.
fn acceptable(outcome: Outcome<RunReport>) {
    match outcome {
        Ok(_) | Err(Failure::Refused(_) | Failure::Usage(_) | Failure::Book(_)) => {}
        Err(failure) => panic!("{failure:?}"),
    }
}

/// Links a folder, in place of what was there.
fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a parent")).expect("made");
    _ = fs::remove_file(to);
    std::os::unix::fs::symlink(from, to).expect("linked");
}

/// The files below a folder, by path.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
