//! Figures of the delivery of a period: places and institutions with settlements, rejected rows by sender.

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

/// The number of row rules.
pub(super) const RULES: usize = RowRule::ALL.len();

/// Returns the codes of the row rules.
pub(super) fn rule_names() -> [&'static str; RULES] {
    std::array::from_fn(|at| RowRule::ALL[at].id())
}

/// The figures of a delivery.
#[derive(Debug, Default)]
pub(super) struct DeliveryFigures {
    /// Valid rows of each side, by pair.
    pub(super) pairs: BTreeMap<Pair, [u128; 2]>,
    /// Rejected rows by side and province of the sender, if the row names it.
    pub(super) rejects: BTreeMap<(Side, Option<Province>), RejectedFigures>,
    /// Institutions with valid rows of the treating side.
    pub(super) institutions: BTreeMap<Province, BTreeSet<String>>,
    /// Counties with valid rows of the treating side.
    pub(super) counties: BTreeMap<Province, BTreeSet<String>>,
    /// Valid rows of the treating side by pooling area, as insured and as treating place.
    pub(super) areas: BTreeMap<(Province, String), [Visits; 2]>,
}

/// Numbers of rejected rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RejectedFigures {
    /// All rejected rows.
    pub(super) rows: u128,
    /// The rows that break each rule.
    pub(super) rules: [u128; RULES],
}

/// Settlements of a place.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// The number of settlements.
    pub(super) rows: u128,
    /// Distinct persons; collected only until there are enough for the threshold.
    persons: BTreeSet<Key>,
}

impl Visits {
    /// Returns the number of distinct persons; a lower bound once there are enough.
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
    /// Reads the delivery that a period was closed with; counts distinct persons up to `enough`.
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
        let fold = |delivered: &mut DeliveryFigures,
                    source: &ParquetSource,
                    batch: &Batch,
                    checked: &CheckedBatch| {
            (0..batch.rows).for_each(|row| delivered.row(source.side, batch, checked, row, enough));
        };
        let mut all = DeliveryFigures::default();
        let gathered = gather(&sources, judge, fold, monitor);
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

/// Returns the pooling area of a division: its city, or its municipality.
fn pooling_area(division: &str) -> String {
    let province = Province::of_division(division.as_bytes());
    let digits = if province.is_some_and(Province::is_municipality) { 2 } else { 4 };
    format!("{:0<6}", division.chars().take(digits).collect::<String>())
}

/// Fails unless the Parquet files are those of the manifest.
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
