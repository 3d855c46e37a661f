//! What a run is: a pipeline file, and the flags that override it.
//!
//! **Purpose.** One place that says which settings a run has.
//!
//! **In.** A TOML file (by default the built-in `pipelines/month-end.toml`), flags.
//!
//! **Out.** [`Settings`].
//!
//! **Invariants.** Unknown keys are refused; every error of a file is listed with its line.

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    diag::{Code, printable, toml_problem},
    model::{
        codes::Month,
        dates::{parse_date, parse_period},
    },
    plausible::parse_code,
};

/// The pipeline that runs when none is named.
pub const MONTH_END: &str = include_str!("../../pipelines/month-end.toml");

/// The settings of a run, each of which may still be open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The period to close.
    pub period: Option<Month>,
    /// The delivery's folder.
    pub input: Option<PathBuf>,
    /// The book's folder.
    pub book: Option<PathBuf>,
    /// Quotas of the first period.
    pub opening_quotas: Option<PathBuf>,
    /// A rules file in place of the built-in one.
    pub rules: Option<PathBuf>,
    /// Day of issue of the notices.
    pub as_of: Option<NaiveDate>,
    /// Threads.
    pub threads: Option<usize>,
    /// Memory in bytes.
    pub memory: Option<usize>,
    /// The plausibility codes that are meant: those of the file and those of the flags.
    pub accept: BTreeSet<Code>,
    /// The private key that signs the manifest.
    pub sign_key: Option<PathBuf>,
    /// Who reads the delivery.
    pub engine: Option<EngineName>,
    /// The scheduler of a cluster.
    pub cluster: Option<String>,
    /// Publish nothing.
    pub dry_run: Option<bool>,
    /// Recompute the period by a second implementation.
    pub independent: Option<bool>,
    /// A month to synthesise before the run, which is then timed.
    pub benchmark: Option<Benchmark>,
    /// Work a closed period out again and compare, in place of closing one.
    pub rerun: bool,
    /// The last of several periods that are worked out again.
    pub through: Option<Month>,
}

/// Who reads a delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EngineName {
    /// This machine.
    #[default]
    Native,
    /// A Ballista cluster.
    Ballista,
}

/// A month to synthesise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Benchmark {
    /// How many settlements; none until the file has said it.
    pub settlements: u64,
    /// The seed.
    pub seed: u64,
}

/// Every error of a pipeline file, a line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("pipeline refused:\n  {}", .0.join("\n  "))]
pub struct PipelineError(pub Vec<String>);

impl Settings {
    /// Reads a pipeline file; its paths are taken from its own folder.
    pub fn parse(text: &str, folder: &Path) -> Result<Settings, PipelineError> {
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                return Err(PipelineError(vec![toml_problem(&error).trim_end().to_owned()]));
            }
        };
        let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let mut settings = Settings::default();
        let mut errors = Vec::new();
        let mut kind = false;
        let named = table.get("pipeline").and_then(|value| value.get_ref().as_str());
        let is_benchmark = named == Some("national-benchmark");
        if is_benchmark {
            settings.benchmark = Some(Benchmark::default());
        }
        for (key, value) in &table {
            let line = 1 + breaks.partition_point(|at| *at < key.span().start);
            kind |= key.get_ref() == "pipeline";
            // Tables are read in the order of their keys: what kind it is is not known before.
            let of_benchmark = ["settlements", "seed"].contains(&key.get_ref().as_ref());
            if of_benchmark && !is_benchmark {
                let error = "only goes with pipeline = \"national-benchmark\"";
                errors.push((line, format!("line {line}, {}: {error}", printable(key.get_ref()))));
                continue;
            }
            if let Err(error) = settings.set(key.get_ref(), value, folder) {
                errors.push((line, format!("line {line}, {}: {error}", printable(key.get_ref()))));
            }
        }
        if is_benchmark && settings.benchmark.is_none_or(|benchmark| benchmark.settlements == 0) {
            errors.push((0, "`settlements` is missing, or 0".to_owned()));
        }
        if !kind {
            errors.push((0, "`pipeline = \"month-end\"` is missing".to_owned()));
        }
        errors.sort();
        let errors: Vec<String> = errors.into_iter().map(|(_, error)| error).collect();
        if errors.is_empty() { Ok(settings) } else { Err(PipelineError(errors)) }
    }

    fn set(&mut self, key: &str, value: &Spanned<DeValue>, folder: &Path) -> Result<(), String> {
        let value = value.get_ref();
        let text = || value.as_str().ok_or("a text in quotes is expected".to_owned());
        let path = || {
            let text = text()?;
            let remote = is_remote(Path::new(text));
            Ok::<_, String>(if remote { PathBuf::from(text) } else { folder.join(text) })
        };
        match key {
            "pipeline" => match text()? {
                "month-end" | "national-benchmark" => {}
                "audit-rerun" => self.rerun = true,
                other => {
                    let known = "known: \"month-end\", \"audit-rerun\", \"national-benchmark\"";
                    return Err(format!("{other:?} is not known; {known}"));
                }
            },
            "settlements" | "seed" => {
                let number = value.as_integer().map(|number| number.as_str().replace('_', ""));
                let number = number.and_then(|number| number.parse::<u64>().ok());
                let number = number.ok_or("a whole number is expected")?;
                let benchmark = self.benchmark.get_or_insert_default();
                match key {
                    "seed" => benchmark.seed = number,
                    _ => benchmark.settlements = number,
                }
            }
            "period" => self.period = Some(parse_period(text()?)?),
            "through" => self.through = Some(parse_period(text()?)?),
            "input" => self.input = Some(path()?),
            "book" => self.book = Some(path()?),
            "opening_quotas" => self.opening_quotas = Some(path()?),
            "rules" => self.rules = Some(path()?),
            "sign_key" => self.sign_key = Some(path()?),
            "engine" => self.engine = Some(parse_engine(text()?)?),
            "cluster" => self.cluster = Some(text()?.to_owned()),
            "accept" => self.accept = parse_codes(value)?,
            "as_of" => self.as_of = Some(parse_date(text()?)?),
            "threads" => {
                let number = value.as_integer().ok_or("a whole number is expected")?;
                self.threads = Some(parse_threads(number.as_str())?);
            }
            "memory" => self.memory = Some(parse_memory(text()?)?),
            "dry_run" => {
                self.dry_run = Some(value.as_bool().ok_or("true or false is expected")?);
            }
            "independent" => {
                self.independent = Some(value.as_bool().ok_or("true or false is expected")?);
            }
            _ => {
                return Err(
                    "unknown key; known: pipeline, period, through, input, book, opening_quotas, \
                            rules, accept, as_of, threads, memory, sign_key, engine, cluster, \
                            dry_run, independent, settlements, seed"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }

    /// These settings where they are given, others where not; codes that are accepted add up.
    #[must_use]
    pub fn over(self, other: Settings) -> Settings {
        Settings {
            period: self.period.or(other.period),
            input: self.input.or(other.input),
            book: self.book.or(other.book),
            opening_quotas: self.opening_quotas.or(other.opening_quotas),
            rules: self.rules.or(other.rules),
            accept: self.accept.into_iter().chain(other.accept).collect(),
            as_of: self.as_of.or(other.as_of),
            threads: self.threads.or(other.threads),
            memory: self.memory.or(other.memory),
            sign_key: self.sign_key.or(other.sign_key),
            engine: self.engine.or(other.engine),
            cluster: self.cluster.or(other.cluster),
            dry_run: self.dry_run.or(other.dry_run),
            independent: self.independent.or(other.independent),
            benchmark: self.benchmark.or(other.benchmark),
            rerun: self.rerun || other.rerun,
            through: self.through.or(other.through),
        }
    }
}

/// Whether a path is an address of an object store.
pub fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with("s3://"))
}

/// Reads a list of plausibility codes.
fn parse_codes(value: &DeValue) -> Result<BTreeSet<Code>, String> {
    let list = value.as_array().ok_or("a list such as [\"G02\"] is expected")?;
    let code = |value: &Spanned<DeValue>| {
        let text = value.get_ref().as_str().ok_or("a text in quotes is expected".to_owned());
        text.and_then(parse_code)
    };
    list.iter().map(code).collect()
}

/// Reads the name of an engine.
pub fn parse_engine(text: &str) -> Result<EngineName, String> {
    match text {
        "native" => Ok(EngineName::Native),
        "ballista" => Ok(EngineName::Ballista),
        other => Err(format!("{other:?} is no engine; known: native, ballista")),
    }
}

/// Reads a number of threads, 1 to 1024.
pub fn parse_threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=1024).contains(threads));
    threads.ok_or_else(|| format!("{text:?} is not a number from 1 to 1024"))
}

/// Sizes of memory that are taken: beyond them no machine is, and sums end.
const MEMORY: RangeInclusive<usize> = 16 << 20..=1 << 50;

/// Reads a size such as `512MiB`, `2GiB` or `800MB`; from 16 MiB to 1024 TiB.
pub fn parse_memory(text: &str) -> Result<usize, String> {
    let error = || format!("{text:?} is not a size such as 512MiB or 2GiB, from 16MiB to 1024TiB");
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

    #[test]
    fn the_built_in_pipeline_is_good() {
        assert!(Settings::parse(MONTH_END, Path::new("")).is_ok());
    }

    #[test]
    fn every_error_is_listed_with_its_line() {
        let text = "period = \"2025-13\"\nbok = \"b\"\nthreads = 0\nmemory = \"1\"\ndry_run = 1\n";
        let errors = Settings::parse(text, Path::new("")).expect_err("refused").0;
        assert_eq!(errors.len(), 6, "{errors:?}");
        assert!(errors[1].starts_with("line 1, period"), "{errors:?}");
        assert!(errors[2].starts_with("line 2, bok: unknown key"), "{errors:?}");
    }

    #[test]
    fn the_benchmark_says_what_to_make() {
        let file = include_str!("../../pipelines/national-benchmark.toml");
        let settings = Settings::parse(file, Path::new("/p")).expect("good");
        let benchmark = Some(Benchmark { settlements: 20_000_000, seed: 1 });
        assert_eq!(settings.benchmark, benchmark);
        let bare = "pipeline = \"national-benchmark\"\n";
        assert!(Settings::parse(bare, Path::new("")).is_err());
        let misplaced = "pipeline = \"month-end\"\nseed = 1\n";
        let errors = Settings::parse(misplaced, Path::new("")).expect_err("refused").0;
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
            let errors = accepted(bad).expect_err("refused").0;
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
            assert_eq!(parse_period(bad), Err(refused));
            assert!(parse_date(&format!("{bad}-31")).is_err(), "{bad}");
        }
    }
}
