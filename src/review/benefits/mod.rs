//! Rule sets of insured areas: what the fund of each pays, as dated data.
//!
//! **Purpose.** Recomputes what the insured place should have paid (review §6, docs/benefits.md).
//!
//! **In.** Benefit files (TOML), by default those that are built in, and what is known of a settlement.
//!
//! **Out.** The set of a settlement, and the range of what its fund may have paid, with the steps.
//!
//! **Invariants.** A fact that is unknown takes every value, so a known one never widens the range. A file with an error
//! is refused as a whole, with all of its errors.

pub mod built_in;
pub mod caps;
mod cases;
pub mod expected;
pub mod facts;
pub(crate) mod file;
pub mod holes;
pub mod index;
mod named;
pub mod plan;
pub mod plans;
pub mod predicates;
mod reader;
pub mod rows;
#[cfg(test)]
mod tests;
pub(super) mod trial;
pub mod words;

use std::{fs, io, path::Path};

use chrono::NaiveDate;

use self::{built_in::BENEFITS, rows::BenefitSet};
use crate::{
    bounded,
    diag::Failure,
    model::codes::FundClass,
    text::{Text, items},
};

/// All rule sets that are in use.
#[derive(Debug)]
pub struct Benefits {
    /// The sets, in the order of files and lines.
    pub sets: Vec<BenefitSet>,
}

/// The errors of benefit files, by file and line.
#[derive(Debug)]
pub struct BenefitsError(pub Vec<Text>);

worded!(BenefitsError);

impl BenefitsError {
    /// Returns the errors as one message.
    pub fn text(&self) -> Text {
        text!("benefits refused:{}", items(&self.0))
    }
}

impl Benefits {
    /// Returns the sets that are part of the program.
    pub fn built_in() -> Benefits {
        let files = BENEFITS.map(|(name, text)| (format!("{name}.toml"), text.to_owned()));
        Benefits::parse(&files).expect("Invariant: the built-in benefits are tested")
    }

    /// Reads a benefit file, or the `*.toml` of a folder.
    pub fn read(path: &Path) -> Result<Benefits, Failure> {
        let unreadable = |path: &Path, error: io::Error| {
            Failure::Usage(text!("{} cannot be read: {}", path, error))
        };
        let mut paths = Vec::new();
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
                paths.push(entry.map_err(|error| unreadable(path, error))?.path());
            }
            paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
            paths.sort();
        } else {
            paths.push(path.to_owned());
        }
        let mut files = Vec::new();
        for path in paths {
            let text = bounded::read_text(&path, bounded::SETTINGS)
                .map_err(|error| unreadable(&path, error))?;
            let name = path.file_name().unwrap_or(path.as_os_str());
            files.push((name.to_string_lossy().into_owned(), text));
        }
        Benefits::parse(&files).map_err(|error| Failure::Usage(error.text()))
    }

    /// Parses files, each a name and a text, and checks all of them.
    pub fn parse(files: &[(String, String)]) -> Result<Benefits, BenefitsError> {
        let mut errors = Vec::new();
        if files.is_empty() {
            errors.push(text!("there is no *.toml"));
        }
        let read = files.iter().flat_map(|(file, text)| reader::read(file, text, &mut errors));
        let sets: Vec<BenefitSet> = read.collect();
        for (number, set) in sets.iter().enumerate() {
            errors.extend(sets[..number].iter().filter_map(|other| set.overlap(other)));
        }
        if errors.is_empty() { Ok(Benefits { sets }) } else { Err(BenefitsError(errors)) }
    }

    /// Fails when a test in a set fails.
    pub fn tested(&self) -> Result<(), Failure> {
        let failed: Vec<Text> = self.sets.iter().flat_map(BenefitSet::failed_tests).collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(Failure::Usage(text!("tests of benefits failed:{}", items(&failed))))
    }

    /// Returns the set of a settlement: of those that are in force on its benefit day, the one with the longest area that
    /// the insured division begins with.
    pub fn set_of(
        &self,
        insuplc_admdvs: &str,
        fund_class: FundClass,
        benefit_day: NaiveDate,
    ) -> Option<&BenefitSet> {
        let in_force = self
            .sets
            .iter()
            .filter(|set| set.fund_class == fund_class && set.is_in_force(benefit_day));
        let near = in_force.filter_map(|set| {
            let areas = set.areas.iter().filter(|area| insuplc_admdvs.starts_with(&area.0));
            Some((areas.map(|area| area.0.len()).max()?, set))
        });
        near.max_by_key(|(length, _)| *length).map(|(_, set)| set)
    }
}

impl BenefitSet {
    /// Returns the error of two sets of one area and fund class that share a day.
    fn overlap(&self, other: &BenefitSet) -> Option<Text> {
        let area = self.areas.iter().find(|area| other.areas.contains(area))?;
        let shares_day = self.fund_class == other.fund_class
            && self.until.is_none_or(|until| other.from <= until)
            && other.until.is_none_or(|until| self.from <= until);
        shares_day.then(|| {
            let day = self.from.max(other.from);
            let (here, there) = (&self.file, &other.file);
            text!(
                "{} line {}, set: for {} of area {} the set of {} line {} is in force on {} too",
                here,
                self.line,
                self.fund_class,
                &area.0,
                there,
                other.line,
                day
            )
        })
    }
}
