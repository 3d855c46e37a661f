//! The country of a review: homes, institutions, and how many settlements each pair has.
#![expect(clippy::cast_possible_truncation, reason = "small tables")]

use chrono::{Datelike, NaiveDate};

use crate::{
    model::codes::{Month, Province},
    rules::{Policy, Rules},
};

use super::super::{
    draw::hash_at,
    geography::{Geography, Vocabulary, pair_index, pair_of, shares},
    options::{SynthError, SynthOptions},
    table::TableTexts,
    world::check_classes,
};

/// Settlements of a month for which a province gets one more hospital and one more pharmacy.
const ROWS_OF_A_SITE: u64 = 320;
/// The most quiet hospitals of a province: their numbers have five digits.
const MOST_SITES: u64 = 60_000;

/// An institution, by code in [`ReviewLand::institutions`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// Its code.
    pub(super) code: u32,
    /// Its division, by code.
    pub(super) division: u32,
    /// Its level, by code of `hosp_lv`; pharmacies have none.
    pub(super) level: Option<u32>,
}

/// The quiet institutions and the homes of a province.
struct ProvinceSites {
    homes: Vec<u32>,
    /// Hospitals, and after them as many pharmacies. Both of a number stand in one division.
    sites: Vec<Site>,
}

/// Divisions, institutions, diseases, and the months that are made.
pub(super) struct ReviewLand {
    /// The seed.
    pub(super) seed: u64,
    /// The months, in order.
    pub(super) months: Vec<Month>,
    /// Divisions and their numbers.
    pub(super) geography: Geography,
    /// Institution codes.
    pub(super) institutions: Vocabulary,
    /// Every institution, for the registry, in the order of their codes.
    pub(super) registry: Vec<Site>,
    /// Disease codes that are open from the first month on, and after them what breaks rule V06.
    pub(super) diseases: Vocabulary,
    /// Quiet settlements of a month, by pair.
    pub(super) counts: Vec<u64>,
    provinces: Vec<ProvinceSites>,
    /// Planted institutions so far.
    planted: u32,
}

impl ReviewLand {
    /// Makes the country of the options.
    pub(super) fn new(options: &SynthOptions, rules: &Rules) -> Result<ReviewLand, SynthError> {
        let months: Vec<Month> =
            (0..options.periods).map(|n| options.first_period.plus(n.cast_signed())).collect();
        let policies: Vec<&Policy> =
            months.iter().map(|month| rules.policy(*month)).collect::<Result<_, _>>()?;
        check_classes(&policies)?;
        let mut land = ReviewLand {
            seed: options.seed,
            geography: Geography::new(hash_at(options.seed, 11)),
            institutions: Vocabulary::default(),
            registry: Vec::new(),
            diseases: diseases(policies[0], months[0])?,
            counts: shares(options.settlements, |_| 1000),
            months,
            provinces: Vec::new(),
            planted: 0,
        };
        for province in Province::all() {
            let sites = land.province(province);
            land.provinces.push(sites);
        }
        Ok(land)
    }

    fn province(&mut self, province: Province) -> ProvinceSites {
        let places: Vec<u32> = (0..self.geography.numbers.len() as u32)
            .filter(|code| {
                let text = self.geography.divisions.text(*code);
                Province::of_division(text) == Some(province)
            })
            .collect();
        let number = |code: &u32| self.geography.numbers[*code as usize];
        let counties: Vec<u32> = places
            .iter()
            .copied()
            .filter(|code| number(code) % 100 != 99 && number(code) % 10_000 != 9900)
            .collect();
        let homes = places.iter().copied().filter(|code| !is_unsettled(number(code))).collect();
        let settled: u64 =
            (0..32).map(|insured| self.counts[pair_index(insured, province.index())]).sum();
        let sites = (settled / ROWS_OF_A_SITE).clamp(1, MOST_SITES);
        let seed = hash_at(self.seed, 900 + province.index() as u64);
        let mut made = Vec::new();
        for letter in ['H', 'P'] {
            for rank in 0..sites {
                let place = hash_at(seed, rank) % counties.len() as u64;
                let division = counties[place as usize];
                let number = self.geography.numbers[division as usize];
                let text = format!("{letter}{number}{:05}", rank + 1);
                let level = (letter == 'H').then_some((rank % 3) as u32);
                made.push(self.site(&text, division, level));
            }
        }
        ProvinceSites { homes, sites: made }
    }

    fn site(&mut self, text: &str, division: u32, level: Option<u32>) -> Site {
        let site = Site { code: self.institutions.add(text), division, level };
        self.registry.push(site);
        site
    }

    /// Makes an institution that no quiet person visits.
    pub(super) fn plant(&mut self, letter: char, division: u32, level: Option<u32>) -> Site {
        let number = self.geography.numbers[division as usize];
        let serial = self.planted;
        self.planted += 1;
        let digit = |place: u32| match (serial / 36u32.pow(place) % 36) as u8 {
            digit @ 0..=9 => char::from(b'0' + digit),
            letter => char::from(b'A' + letter - 10),
        };
        let text = format!("{letter}{number}K{}{}{}{}", digit(3), digit(2), digit(1), digit(0));
        self.site(&text, division, level)
    }

    /// Returns the number of quiet hospitals of a province, which is that of its pharmacies.
    pub(super) fn sites(&self, province: usize) -> u64 {
        self.provinces[province].sites.len() as u64 / 2
    }

    /// Returns a quiet hospital of a province.
    pub(super) fn hospital(&self, province: usize, rank: u64) -> Site {
        self.provinces[province].sites[rank as usize]
    }

    /// Returns a quiet pharmacy of a province.
    pub(super) fn pharmacy(&self, province: usize, rank: u64) -> Site {
        let sites = &self.provinces[province].sites;
        sites[sites.len() / 2 + rank as usize]
    }

    /// Returns the divisions in which insured persons of a province live, by code.
    pub(super) fn homes(&self, province: usize) -> &[u32] {
        &self.provinces[province].homes
    }

    /// Returns the number of a division.
    pub(super) fn number(&self, division: u32) -> u32 {
        self.geography.numbers[division as usize]
    }

    /// Returns the code of a division with this number.
    pub(super) fn division(&self, number: u32) -> u32 {
        let place = self.geography.numbers.iter().position(|other| *other == number);
        place.expect("Invariant: the geography has the divisions that cases name") as u32
    }

    /// Returns the first day of the first month and the day after the last one, from 1970-01-01.
    pub(super) fn span(&self) -> (i64, i64) {
        let last = self.months[self.months.len() - 1];
        (first_day(self.months[0]), first_day(last.plus(1)))
    }

    /// Returns the pairs that have quiet settlements, by index.
    pub(super) fn pairs(&self) -> impl Iterator<Item = usize> {
        (0..1024).filter(|pair| pair_of(*pair).is_some() && self.counts[*pair] > 0)
    }

    /// Returns the texts of the dictionary columns.
    pub(super) const fn texts(&self) -> TableTexts<'_> {
        TableTexts {
            divisions: &self.geography.divisions,
            institutions: &self.institutions,
            diseases: &self.diseases,
            limit: 0,
        }
    }
}

/// Returns a day, counted from 1970-01-01, as yymmdd.
pub(super) fn yymmdd(day: i64) -> u32 {
    let day =
        NaiveDate::from_epoch_days(i32::try_from(day).unwrap_or_default()).unwrap_or_default();
    day.year().rem_euclid(100).cast_unsigned() * 10_000 + day.month() * 100 + day.day()
}

/// Returns the first day of a month, from 1970-01-01.
pub(super) fn first_day(month: Month) -> i64 {
    month.first_day().to_epoch_days().into()
}

/// The chronic diseases that are used.
pub(super) const DISEASES: usize = 4;
/// The code of the text that names two of them. The one after it is on no list.
pub(super) const TWO_DISEASES: u32 = DISEASES as u32;

fn diseases(policy: &Policy, first: Month) -> Result<Vocabulary, SynthError> {
    let mut open: Vec<&str> = policy
        .chronic()
        .filter(|(_, since)| *since <= first.first_day())
        .map(|(code, _)| code)
        .collect();
    open.sort_unstable();
    open.truncate(DISEASES);
    if open.len() < DISEASES {
        let problem =
            text!("before {} at least {} chronic diseases have to be open", first, DISEASES);
        return Err(SynthError::Options(problem));
    }
    let mut diseases = Vocabulary::default();
    for code in &open {
        diseases.add(code);
    }
    diseases.add(&open[..2].join(","));
    diseases.add("M07800");
    Ok(diseases)
}

/// Areas with shipped rule sets for both fund classes: nobody lives there, but the persons of planted cases.
const BOTH_SETS: [&str; 1] = ["6106"];
/// Areas with a shipped rule set for employees: residents alone live there, but the persons of planted cases.
const EMPLOYEE_SETS: [&str; 14] = [
    "11", "12", "31", "50", "3302", "3307", "3501", "4201", "4401", "4403", "5101", "6101", "6107",
    "6110",
];
/// Xi'an: its employees are paid by its rule set.
pub(super) const XIAN: u32 = 6101;

/// Whether an area has rule sets that quiet rows would have to follow, whoever lives there.
fn is_unsettled(division: u32) -> bool {
    begins(division, &BOTH_SETS)
}

/// Whether employees of a division are paid by a rule set that quiet rows do not follow.
pub(super) fn has_employee_set(division: u32) -> bool {
    begins(division, &EMPLOYEE_SETS) && division / 100 != XIAN
}

fn begins(division: u32, areas: &[&str]) -> bool {
    let text = division.to_string();
    areas.iter().any(|area| text.starts_with(area))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The generator knows every shipped rule set by area and fund class: a new one has to be entered above.
    #[test]
    fn every_shipped_set_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/benefits");
        let mut sets = 0;
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("UTF-8");
            let file: toml::Table = toml::from_str(&text).expect("TOML");
            for set in file["set"].as_array().expect("sets") {
                let area = set["area"][0].as_str().expect("an area").trim_end_matches("00");
                let known: &[&str] = match set["fund_class"].as_str() {
                    Some("employee") if BOTH_SETS.contains(&area) => &BOTH_SETS,
                    Some("employee") => &EMPLOYEE_SETS,
                    _ => &BOTH_SETS,
                };
                assert!(known.contains(&area), "{area}");
                sets += 1;
            }
        }
        assert!(sets >= BOTH_SETS.len() + EMPLOYEE_SETS.len());
    }
}
