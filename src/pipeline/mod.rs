//! The settings of a run: a pipeline file, and the flags that override it.
//!
//! **Purpose.** Define the settings of a run in one place.
//!
//! **In.** A TOML file (by default the built-in `pipelines/month-end.toml`), flags.
//!
//! **Out.** [`Settings`].
//!
//! **Invariants.** Unknown keys are refused; every error of a file is listed with its line.

pub mod built_in;

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::de::DeTable;

use crate::{
    diag::{AcceptedCode, Code, toml_problem},
    model::{
        codes::Month,
        dates::{parse_date, parse_period},
    },
    plausible::parse_code,
    shapes::{Day, MemorySize, Period},
    text::{Text, items, quoted},
    toml_keys,
};

/// A pipeline file (TOML): the settings of a run. Each flag of `liangqing run` overrides the key of its name; paths
/// start at the folder of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A pipeline file", extend("required" = ["pipeline"]))]
pub struct Settings {
    /// What the run does.
    #[serde(default)]
    #[schemars(with = "PipelineKind")]
    pub pipeline: Option<PipelineKind>,
    /// The clearing period to close, or the first one to recompute.
    #[serde(default, deserialize_with = "period")]
    #[schemars(with = "Period")]
    pub period: Option<Month>,
    /// The last of several periods that an audit rerun recomputes; the input folder then holds one folder a period.
    #[serde(default, deserialize_with = "period")]
    #[schemars(with = "Period")]
    pub through: Option<Month>,
    /// The folder of the delivery, or `s3://BUCKET/PREFIX`; `{period}` in it stands for the period.
    #[serde(default, deserialize_with = "path")]
    #[schemars(with = "String")]
    pub input: Option<PathBuf>,
    /// The folder of the book, or `s3://BUCKET/PREFIX`.
    #[serde(default, deserialize_with = "path")]
    #[schemars(with = "String")]
    pub book: Option<PathBuf>,
    /// The CSV file of the quotas that the first period of a book starts from.
    #[serde(default, deserialize_with = "path")]
    #[schemars(with = "String")]
    pub opening_quotas: Option<PathBuf>,
    /// The folder of a result of `daily` of the period; what it knew is told, and the manifest lists its summary.
    #[serde(default, deserialize_with = "path")]
    #[schemars(with = "String")]
    pub daily: Option<PathBuf>,
    /// A rules file in place of the built-in rules.
    #[serde(default, deserialize_with = "path")]
    #[schemars(with = "String")]
    pub rules: Option<PathBuf>,
    /// The day of issue of the notices; without it the last day of the month after the period.
    #[serde(default, deserialize_with = "day")]
    #[schemars(with = "Day")]
    pub as_of: Option<NaiveDate>,
    /// The number of threads; without it one for each processor core.
    #[serde(default, deserialize_with = "threads")]
    #[schemars(with = "usize", range(min = 1, max = 1024))]
    pub threads: Option<usize>,
    /// The memory for rows, settlements and doubts, in bytes once it is read; beyond it the disk is used.
    #[serde(default, deserialize_with = "memory")]
    #[schemars(with = "MemorySize")]
    pub memory: Option<usize>,
    /// The plausibility codes that are meant: what they ask about does not refuse the run.
    #[serde(default, deserialize_with = "codes")]
    #[schemars(with = "Vec<AcceptedCode>")]
    pub accept: BTreeSet<Code>,
    /// What is told of a province when a delivery is checked: rows below the first or above the second number, in per
    /// cent of its cleared visits of the last period. Without it only a province that has not sent is told.
    #[serde(default, deserialize_with = "percents")]
    #[schemars(with = "[u64; 2]")]
    pub usual_percent: Option<RangeInclusive<u64>>,
    /// The private key (PKCS#8 in PEM) that signs the manifest.
    #[serde(default, deserialize_with = "path")]
    #[schemars(with = "String")]
    pub sign_key: Option<PathBuf>,
    /// Who reads the delivery; without it this machine.
    #[serde(default)]
    #[schemars(with = "EngineName")]
    pub engine: Option<EngineName>,
    /// The scheduler of a Ballista cluster: `df://HOST:PORT`.
    #[serde(default, deserialize_with = "address")]
    #[schemars(with = "String")]
    pub cluster: Option<String>,
    /// Whether everything is done but publishing.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub dry_run: Option<bool>,
    /// Whether a second implementation recomputes the period before it is published.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub independent: Option<bool>,
    /// The number of settlements, each with two copies, that a benchmark synthesises. It goes with
    /// `national-benchmark`, which needs it.
    #[serde(default)]
    #[schemars(with = "u64", range(min = 1))]
    pub settlements: Option<u64>,
    /// The seed of the random numbers of a benchmark; without it 0. It goes with `national-benchmark`.
    #[serde(default)]
    #[schemars(with = "u64")]
    pub seed: Option<u64>,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PipelineKind {
    /// Closes a period.
    MonthEnd,
    /// Recomputes a closed period from its inputs and compares the result with what was published.
    AuditRerun,
    /// Synthesises a month, unless it is there, and times the month-end run on it.
    NationalBenchmark,
}

/// Who reads a delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// This machine.
    #[default]
    Native,
    /// A Ballista cluster.
    Ballista,
}

/// What stands for the period in the path of an input.
const PERIOD: &str = "{period}";

/// A month to synthesise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benchmark {
    /// The number of settlements.
    pub settlements: u64,
    /// The seed.
    pub seed: u64,
}

/// The errors of a pipeline file, one line for each.
#[derive(Debug, PartialEq, Eq)]
pub struct PipelineError(pub Vec<Text>);

worded!(PipelineError);

impl PipelineError {
    /// Returns the errors as one message.
    pub fn text(&self) -> Text {
        text!("pipeline refused:{}", items(&self.0))
    }
}

impl Settings {
    /// Parses a pipeline file; relative paths start at its folder.
    pub fn parse(text: &str, folder: &Path) -> Result<Settings, PipelineError> {
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                return Err(PipelineError(vec![toml_problem(text, &error)]));
            }
        };
        let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let mut bad = Vec::new();
        let settings: Settings = toml_keys::read(&table, &mut bad);
        let mut errors: Vec<(usize, Text)> = bad
            .into_iter()
            .map(|bad| (bad.at, text!("{}: {}", bad.key, bad.problem)))
            .chain(settings.out_of_place(&table))
            .map(|(at, error)| {
                let line = 1 + breaks.partition_point(|end| *end < at);
                (line, text!("line {}, {}", line, error))
            })
            .collect();
        if settings.is_benchmark() && settings.settlements.is_none_or(|number| number == 0) {
            errors.push((0, text!("`settlements` is missing, or 0")));
        }
        if !table.contains_key("pipeline") {
            errors.push((0, text!("`pipeline = \"month-end\"` is missing")));
        }
        errors.sort();
        let errors: Vec<Text> = errors.into_iter().map(|(_, error)| error).collect();
        if errors.is_empty() { Ok(settings.below(folder)) } else { Err(PipelineError(errors)) }
    }

    /// Returns errors for benchmark keys in another pipeline, with their places.
    fn out_of_place(&self, table: &DeTable) -> Vec<(usize, Text)> {
        let of_benchmark = ["settlements", "seed"].into_iter().filter(|_| !self.is_benchmark());
        of_benchmark
            .filter_map(|name| {
                let (key, _) = table.get_key_value(name)?;
                let problem = text!("only goes with pipeline = \"national-benchmark\"");
                Some((key.span().start, text!("{}: {}", name, problem)))
            })
            .collect()
    }

    /// Makes relative paths start at a folder.
    fn below(mut self, folder: &Path) -> Settings {
        let Settings { input, book, opening_quotas, daily, rules, sign_key, .. } = &mut self;
        for path in [input, book, opening_quotas, daily, rules, sign_key].into_iter().flatten() {
            if !is_remote(path) {
                *path = folder.join(&*path);
            }
        }
        self
    }

    /// Returns whether the run recomputes a closed period.
    pub fn is_rerun(&self) -> bool {
        self.pipeline == Some(PipelineKind::AuditRerun)
    }

    fn is_benchmark(&self) -> bool {
        self.pipeline == Some(PipelineKind::NationalBenchmark)
    }

    /// Returns the month to synthesise before a timed run.
    pub fn benchmark(&self) -> Option<Benchmark> {
        let settlements = self.settlements.filter(|_| self.is_benchmark())?;
        Some(Benchmark { settlements, seed: self.seed.unwrap_or(0) })
    }

    /// Puts the period where the input has `{period}`. The input of several periods is the folder above theirs.
    #[must_use]
    pub fn in_period(mut self) -> Settings {
        let (Some(period), Some(input)) = (self.period, &mut self.input) else { return self };
        if self.through.is_some() && input.ends_with(PERIOD) {
            input.pop();
        } else if let Some(pattern) = input.to_str() {
            *input = PathBuf::from(pattern.replace(PERIOD, &period.to_string()));
        }
        self
    }

    /// Returns whether the input says `{period}`, and nothing says which one.
    pub fn needs_period(&self) -> bool {
        let input = self.input.as_deref().and_then(Path::to_str);
        self.period.is_none() && input.is_some_and(|input| input.contains(PERIOD))
    }

    /// Merges settings: these where they are given, else the others; accepted codes of both are joined.
    #[must_use]
    pub fn over(self, other: Settings) -> Settings {
        Settings {
            pipeline: self.pipeline.or(other.pipeline),
            period: self.period.or(other.period),
            through: self.through.or(other.through),
            input: self.input.or(other.input),
            book: self.book.or(other.book),
            opening_quotas: self.opening_quotas.or(other.opening_quotas),
            daily: self.daily.or(other.daily),
            rules: self.rules.or(other.rules),
            accept: self.accept.into_iter().chain(other.accept).collect(),
            as_of: self.as_of.or(other.as_of),
            threads: self.threads.or(other.threads),
            memory: self.memory.or(other.memory),
            usual_percent: self.usual_percent.or(other.usual_percent),
            sign_key: self.sign_key.or(other.sign_key),
            engine: self.engine.or(other.engine),
            cluster: self.cluster.or(other.cluster),
            dry_run: self.dry_run.or(other.dry_run),
            independent: self.independent.or(other.independent),
            settlements: self.settlements.or(other.settlements),
            seed: self.seed.or(other.seed),
        }
    }
}

fn period<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Month>, D::Error> {
    toml_keys::text(from, parse_period)
}

fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    toml_keys::text(from, parse_date)
}

fn memory<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    toml_keys::text(from, parse_memory)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    toml_keys::text(from, |text| Ok(text.to_owned()))
}

fn path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    toml_keys::text(from, |text| Ok(PathBuf::from(text)))
}

fn threads<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    parse_threads(&i64::deserialize(from)?.to_string()).map(Some).map_err(toml_keys::told)
}

/// Reads two numbers that do not fall.
fn percents<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RangeInclusive<u64>>, D::Error> {
    let [least, most] = <[u64; 2]>::deserialize(from)?;
    let usual = (least <= most).then_some(least..=most);
    let fall = || text!("{} is above {}; the smaller number comes first", least, most);
    usual.ok_or_else(|| toml_keys::told(fall())).map(Some)
}

/// Parses a list of plausibility codes.
fn codes<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<Code>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| parse_code(text)).collect::<Result<_, _>>().map_err(toml_keys::told)
}

/// Returns whether a path is an address of an object store.
pub fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with("s3://"))
}

/// Parses the name of an engine.
pub fn parse_engine(text: &str) -> Result<EngineName, Text> {
    match text {
        "native" => Ok(EngineName::Native),
        "ballista" => Ok(EngineName::Ballista),
        other => Err(text!("{} is no engine; known: native, ballista", quoted(other))),
    }
}

/// Parses a number of threads, 1 to 1024.
pub fn parse_threads(text: &str) -> Result<usize, Text> {
    let threads = text.parse().ok().filter(|threads| (1..=1024).contains(threads));
    threads.ok_or_else(|| text!("{} is not a number from 1 to 1024", quoted(text)))
}

/// The allowed sizes of memory; no machine has more, and sums of sizes cannot overflow below the limit.
const MEMORY: RangeInclusive<usize> = 16 << 20..=1 << 50;

/// Parses a size such as `512MiB`, `2GiB` or `800MB`; from 16 MiB to 1024 TiB.
pub fn parse_memory(text: &str) -> Result<usize, Text> {
    let error =
        || text!("{} is not a size such as 512MiB or 2GiB, from 16MiB to 1024TiB", quoted(text));
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit.trim() {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "KB" | "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(error()),
    };
    let bytes = number.parse::<usize>().ok().and_then(|number| number.checked_mul(factor));
    bytes.filter(|bytes| MEMORY.contains(bytes)).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(errors: &[Text]) -> Vec<String> {
        errors.iter().map(Text::to_string).collect()
    }

    #[test]
    fn every_error_is_listed_with_its_line() {
        let text = "period = \"2025-13\"\nbok = \"b\"\nthreads = 0\nmemory = \"1\"\ndry_run = 1\n";
        let errors = english(&Settings::parse(text, Path::new("")).expect_err("refused").0);
        assert_eq!(errors.len(), 6, "{errors:?}");
        assert!(errors[1].starts_with("line 1, period"), "{errors:?}");
        assert!(errors[2].starts_with("line 2, bok: no such key; is it book?"), "{errors:?}");
    }

    #[test]
    fn the_benchmark_says_what_to_make() {
        let file = built_in::named("national-benchmark").expect("built in");
        let settings = Settings::parse(file.text, Path::new("/p")).expect("good");
        let benchmark = Some(Benchmark { settlements: 20_000_000, seed: 1 });
        assert_eq!(settings.benchmark(), benchmark);
        let bare = "pipeline = \"national-benchmark\"\n";
        assert!(Settings::parse(bare, Path::new("")).is_err());
        let misplaced = "pipeline = \"month-end\"\nseed = 1\n";
        let errors = english(&Settings::parse(misplaced, Path::new("")).expect_err("refused").0);
        assert!(errors[0].starts_with("line 2, seed: only goes with"), "{errors:?}");
    }

    #[test]
    fn flags_go_over_the_file_and_paths_start_at_its_folder() {
        let file = "pipeline = \"month-end\"\nperiod = \"2025-10\"\nbook = \"b\"\n";
        let file = Settings::parse(file, Path::new("/p")).expect("good");
        let flags = Settings { period: Some(Month::new(2025, 11)), ..Settings::default() };
        let both = flags.over(file);
        assert_eq!(both.period, Some(Month::new(2025, 11)));
        assert_eq!(both.book, Some(PathBuf::from("/p/b")));
    }

    #[test]
    fn the_input_may_name_the_period() {
        let input = |input: &str, period: Option<u8>, through: bool| {
            let through = through.then(|| Month::new(2025, 12));
            let period = period.map(|month| Month::new(2025, month));
            let input = Some(PathBuf::from(input));
            Settings { period, through, input, ..Settings::default() }.in_period().input
        };
        let path = |path: &str| Some(PathBuf::from(path));
        assert_eq!(input("d/{period}", Some(10), false), path("d/2025-10"));
        assert_eq!(input("d/{period}/in-{period}", Some(9), false), path("d/2025-09/in-2025-09"));
        assert_eq!(input("s3://b/{period}", Some(10), false), path("s3://b/2025-10"));
        assert_eq!(input("d/{period}", Some(10), true), path("d"));
        assert_eq!(input("d", Some(10), true), path("d"));
        assert_eq!(input("d/{period}", None, false), path("d/{period}"));
    }

    #[test]
    fn usual_rows_are_two_numbers_that_do_not_fall() {
        let read = |pair: &str| {
            let text = format!("pipeline = \"month-end\"\nusual_percent = {pair}\n");
            Settings::parse(&text, Path::new("")).map(|settings| settings.usual_percent)
        };
        assert_eq!(read("[50, 200]"), Ok(Some(50..=200)));
        for bad in ["[200, 50]", "[-1, 50]", "[50]", "50", "[1.5, 2]"] {
            let errors = english(&read(bad).expect_err("refused").0);
            assert!(errors[0].starts_with("line 2, usual_percent: "), "{errors:?}");
        }
    }

    #[test]
    fn codes_that_are_accepted_add_up_and_are_known() {
        let head = "pipeline = \"month-end\"\n";
        let accepted = |list: &str| {
            let text = format!("{head}accept = {list}\n");
            let settings = Settings::parse(&text, Path::new(""))?;
            let flags = Settings { accept: [Code::G04].into(), ..Settings::default() };
            Ok::<_, PipelineError>(flags.over(settings).accept.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(accepted("[]"), Ok(vec![Code::G04]));
        assert_eq!(accepted("[\"G07\", \"G02\"]"), Ok(vec![Code::G02, Code::G04, Code::G07]));
        for bad in ["\"G02\"", "[\"G08\"]", "[\"g02\"]", "[\"F02\"]", "[2]", "true"] {
            let errors = english(&accepted(bad).expect_err("refused").0);
            assert!(errors[0].starts_with("line 2, accept: "), "{errors:?}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_memory("512MiB"), Ok(512 << 20));
        assert_eq!(parse_memory("2 GiB"), Ok(2 << 30));
        assert_eq!(parse_memory("99TiB"), Ok(99 << 40));
        for bad in ["512", "MiB", "1KiB", "99999999999GiB", "-1GiB", "1025TiB", "17179869183GiB"] {
            assert!(parse_memory(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn periods_and_days_are_of_this_century() {
        for good in ["2000-01", "2025-10", "2099-12"] {
            assert!(parse_period(good).is_ok() && parse_date(&format!("{good}-01")).is_ok());
        }
        for bad in ["0000-01", "0001-01", "1899-12", "1999-12", "2100-01", "9999-12"] {
            let refused = format!("\"{bad}\" is not in the years 2000 to 2099");
            assert_eq!(parse_period(bad).map_err(|text| text.to_string()), Err(refused));
            assert!(parse_date(&format!("{bad}-31")).is_err(), "{bad}");
        }
    }
}
