//! What the delivery of a period shows: which places and institutions settled, who sent what.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
};

use crate::{
    audit::scan::{RowJudge, gather},
    book::manifest::Manifest,
    diag::{Code, Failure, Finding, Outcome, codes::RowRule},
    digest::sha256_of,
    event::Monitor,
    ingest::{batch::Batch, delivery::Delivery, rows::CheckedBatch, source::ParquetSource},
    keyed::key::Key,
    model::{
        codes::{Month, Pair, Province, Side},
        fields::Field,
    },
    rules::Rules,
};

/// How many row rules there are.
pub(super) const RULES: usize = RowRule::ALL.len();

/// The codes of the row rules.
pub(super) fn rule_names() -> [&'static str; RULES] {
    std::array::from_fn(|at| RowRule::ALL[at].id())
}

/// What a delivery shows.
#[derive(Debug, Default)]
pub(super) struct DeliveryFigures {
    /// Valid rows of each side, by pair.
    pub(super) pairs: BTreeMap<Pair, [u128; 2]>,
    /// Rows that broke a rule, by side and the sender's own province, where the row names one.
    pub(super) rejects: BTreeMap<(Side, Option<Province>), RejectedFigures>,
    /// Institutions with a valid row of the treating side.
    pub(super) institutions: BTreeMap<Province, BTreeSet<String>>,
    /// Counties with one.
    pub(super) counties: BTreeMap<Province, BTreeSet<String>>,
    /// Pooling areas, as insured and as treating place, by the valid rows of the treating side.
    pub(super) areas: BTreeMap<(Province, String), [Visits; 2]>,
}

/// Rows that broke a rule.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RejectedFigures {
    /// How many.
    pub(super) rows: u128,
    /// How many broke each rule.
    pub(super) rules: [u128; RULES],
}

/// Settlements of a place.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// How many.
    pub(super) rows: u128,
    /// Some of their persons: as many as have to be told apart.
    persons: BTreeSet<Key>,
}

impl Visits {
    /// How many persons, up to the number that is asked for.
    pub(super) fn persons(&self) -> u128 {
        self.persons.len() as u128
    }

    fn add(&mut self, rows: u128, persons: impl IntoIterator<Item = Key>, enough: usize) {
        self.rows += rows;
        if self.persons.len() < enough {
            self.persons.extend(persons);
        }
    }
}

impl DeliveryFigures {
    /// Reads the delivery that a period was closed with; persons are told apart up to a number.
    pub(super) fn read(
        input: &Path,
        period: Month,
        manifest: &Manifest,
        enough: usize,
        monitor: &Monitor,
    ) -> Outcome<DeliveryFigures> {
        let delivery = Delivery::open_whole(input, period)?;
        let sources: Vec<&ParquetSource> = delivery.sources.iter().collect();
        check_inputs(&sources, manifest)?;
        let rules = Rules::parse(&manifest.rules.text)
            .map_err(|error| Failure::Book(text!("the rules of {}: {}", period, error)))?;
        let policy = rules.policy(period).map_err(|error| Failure::Usage(error.text()))?;
        let judge = RowJudge { int96: rules.int96, policy, period };
        let take = |delivered: &mut DeliveryFigures,
                    source: &ParquetSource,
                    batch: &Batch,
                    checked: &CheckedBatch| {
            (0..batch.rows).for_each(|row| delivered.row(source.side, batch, checked, row, enough));
        };
        let mut all = DeliveryFigures::default();
        let gathered = gather(&sources, judge, take, monitor);
        delivery.unchanged()?;
        for group in gathered? {
            all.merge(group, enough);
        }
        Ok(all)
    }

    fn row(
        &mut self,
        side: Side,
        batch: &Batch,
        checked: &CheckedBatch,
        row: usize,
        enough: usize,
    ) {
        let (insured, treating) = (checked.insured[row], checked.treating[row]);
        let broken = checked.broken[row];
        if !broken.is_valid() {
            let sender = if side == Side::Treating { treating } else { insured };
            let rejected = self.rejects.entry((side, sender)).or_default();
            rejected.rows += 1;
            broken.rules().for_each(|rule| rejected.rules[rule as usize] += 1);
            return;
        }
        let (Some(insured), Some(treating)) = (insured, treating) else { return };
        self.pairs.entry(Pair { insured, treating }).or_default()[side.index()] += 1;
        if side == Side::Insured {
            return;
        }
        let text = |field| batch.text(field).value(row).unwrap_or_default();
        let county = text(Field::mdtrtarea_admvs);
        keep(self.counties.entry(treating).or_default(), county);
        keep(self.institutions.entry(treating).or_default(), text(Field::fixmedins_code));
        let person = Key::of(text(Field::psn_no));
        let places = [(insured, text(Field::insuplc_admdvs)), (treating, county)];
        for (at, (province, division)) in places.into_iter().enumerate() {
            let area = self.areas.entry((province, pooling_area(division))).or_default();
            area[at].add(1, [person], enough);
        }
    }

    fn merge(&mut self, other: DeliveryFigures, enough: usize) {
        for (pair, rows) in other.pairs {
            let sums = self.pairs.entry(pair).or_default();
            sums.iter_mut().zip(rows).for_each(|(sum, rows)| *sum += rows);
        }
        for (sender, rejected) in other.rejects {
            let sums = self.rejects.entry(sender).or_default();
            sums.rows += rejected.rows;
            sums.rules.iter_mut().zip(rejected.rules).for_each(|(sum, rows)| *sum += rows);
        }
        for (province, codes) in other.institutions {
            self.institutions.entry(province).or_default().extend(codes);
        }
        for (province, counties) in other.counties {
            self.counties.entry(province).or_default().extend(counties);
        }
        for (area, sides) in other.areas {
            let sums = self.areas.entry(area).or_default();
            for (sum, side) in sums.iter_mut().zip(sides) {
                sum.add(side.rows, side.persons, enough);
            }
        }
    }
}

fn keep(set: &mut BTreeSet<String>, text: &str) {
    if !set.contains(text) {
        set.insert(text.to_owned());
    }
}

/// The pooling area of a division: its city, or its municipality.
fn pooling_area(division: &str) -> String {
    let province = Province::of_division(division.as_bytes());
    let digits = if province.is_some_and(Province::is_municipality) { 2 } else { 4 };
    format!("{:0<6}", division.chars().take(digits).collect::<String>())
}

/// The Parquet files are those that the manifest lists.
fn check_inputs(sources: &[&ParquetSource], manifest: &Manifest) -> Outcome<()> {
    let mut findings = Vec::new();
    let mut listed: BTreeMap<&str, &str> = manifest
        .inputs
        .iter()
        .filter(|input| input.path.ends_with(".parquet"))
        .map(|input| (input.path.as_str(), input.sha256.as_str()))
        .collect();
    for source in sources {
        let digest = File::open(&source.path).and_then(sha256_of);
        let digest = digest.map_err(Failure::io(&source.path))?;
        let found = match listed.remove(source.name.as_str()) {
            Some(closed) if closed == digest => continue,
            Some(closed) => text!("{}; the period was closed with {}", digest, closed),
            None => text!("{}; the period was closed with {}", digest, text!("no such file")),
        };
        findings.push(Finding::of_file(Code::A01, &source.name, found));
    }
    for (name, digest) in listed {
        let found = text!("{}; the period was closed with {}", text!("no file"), digest);
        findings.push(Finding::of_file(Code::A01, name, found));
    }
    if findings.is_empty() {
        return Ok(());
    }
    let problem = text!("--input is not the delivery of {}", manifest.period);
    Err(Failure::Differences(problem, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_areas_are_cities_and_municipalities() {
        for (division, area) in
            [("340104", "340100"), ("310115", "310000"), ("659001", "659000"), ("500101", "500000")]
        {
            assert_eq!(pooling_area(division), area);
        }
    }
}
