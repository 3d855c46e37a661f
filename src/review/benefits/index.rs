//! Rule sets by area, so that the set of a settlement is found at once.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::{Benefits, rows::BenefitSet};
use crate::model::codes::FundClass;

/// The rule set of a settlement.
#[derive(Debug, Clone, Copy)]
pub struct FoundSet<'a> {
    /// The place of the set among all sets.
    pub number: u32,
    /// The set.
    pub set: &'a BenefitSet,
    /// The area that the insured division begins with.
    pub area: &'a str,
}

/// A set and its days, from 1970-01-01.
#[derive(Debug)]
struct DatedSet<'a> {
    from: i32,
    until: i32,
    found: FoundSet<'a>,
}

/// Rule sets by area and fund class.
#[derive(Debug)]
pub struct BenefitIndex<'a> {
    sets: BTreeMap<(FundClass, u32), Vec<DatedSet<'a>>>,
    /// A bit for the first two digits of each area: most settlements are of a province that has no set.
    provinces: u128,
}

/// Returns the bit of the first two digits; none where they are no digits.
fn province_bit(digits: &str) -> u128 {
    match *digits.as_bytes() {
        [first @ b'0'..=b'9', second @ b'0'..=b'9', ..] => {
            1 << ((first - b'0') * 10 + (second - b'0'))
        }
        _ => 0,
    }
}

/// Returns a number for the digits of an area; areas of other lengths have other ones.
fn number(digits: &str) -> Option<u32> {
    let number: u32 = digits.parse().ok()?;
    u32::try_from(digits.len()).ok().map(|length| length * 1_000_000 + number)
}

impl<'a> BenefitIndex<'a> {
    /// Makes the index of sets. Two sets of an area and a fund class share no day, as the reader has checked.
    pub fn of(benefits: &'a Benefits) -> BenefitIndex<'a> {
        let mut index: BTreeMap<_, Vec<DatedSet<'_>>> = BTreeMap::new();
        let mut provinces = 0;
        for (place, set) in (0..).zip(&benefits.sets) {
            for area in &set.areas {
                let Some(key) = number(&area.0) else { continue };
                provinces |= province_bit(&area.0);
                index.entry((set.fund_class, key)).or_default().push(DatedSet {
                    from: set.from.to_epoch_days(),
                    until: set.until.map_or(i32::MAX, |day| day.to_epoch_days()),
                    found: FoundSet { number: place, set, area: &area.0 },
                });
            }
        }
        BenefitIndex { sets: index, provinces }
    }

    /// Returns the set of a settlement, see [`Benefits::set_of`]. The benefit day counts from 1970-01-01.
    pub fn find(&self, insured: &str, fund: FundClass, benefit_day: i32) -> Option<FoundSet<'a>> {
        if self.provinces & province_bit(insured) == 0 {
            return None;
        }
        [6, 4, 2].into_iter().find_map(|length| {
            let key = number(insured.get(..length)?)?;
            let sets = self.sets.get(&(fund, key))?;
            let set = sets.iter().find(|set| (set.from..=set.until).contains(&benefit_day))?;
            Some(set.found)
        })
    }
}

impl BenefitSet {
    /// Returns the year in which the benefit year of a day begins.
    pub fn benefit_year(&self, day: i32) -> i32 {
        let day = NaiveDate::from_epoch_days(day).unwrap_or(NaiveDate::MAX);
        let start = self.year_starts.map_or((1, 1), |day| (day.0.month(), day.0.day()));
        day.year() - i32::from((day.month(), day.day()) < start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(areas: &str, fund: &str, days: &str) -> String {
        format!(
            "[[set]]\narea = [{areas}]\nfund_class = \"{fund}\"\n{days}\nsource = \"s\"\nratio = [ {{ care_class = \"inpatient\", percent = \"80\" }} ]\n"
        )
    }

    fn benefits() -> Benefits {
        let text = [
            "format = 1\n".to_owned(),
            set("\"61\"", "employee", "from = \"2024-01-01\""),
            set(
                "\"6101\", \"610300\"",
                "employee",
                "from = \"2024-01-01\"\nuntil = \"2024-06-30\"",
            ),
            set("\"6101\"", "employee", "from = \"2025-07-01\"\nyear_starts = \"07-01\""),
            set("\"610102\"", "employee", "from = \"2025-01-01\""),
            set("\"6101\"", "resident", "from = \"2024-03-01\""),
        ]
        .concat();
        Benefits::parse(&[("sets.toml".to_owned(), text)]).expect("they are good")
    }

    proptest! {
        #[test]
        fn the_index_finds_what_the_plain_search_finds(
            insured in prop::sample::select(vec!["610100", "610101", "610102", "610302", "610400", "620100", "61x102"]),
            is_resident in any::<bool>(),
            day in 19_600..20_500,
        ) {
            let benefits = benefits();
            let fund = if is_resident { FundClass::Resident } else { FundClass::Employee };
            let found = BenefitIndex::of(&benefits).find(insured, fund, day);
            let date = NaiveDate::from_epoch_days(day).expect("a day");
            let plain = benefits.set_of(insured, fund, date);
            prop_assert_eq!(found.map(|found| found.set.line), plain.map(|set| set.line));
            if let Some(found) = found {
                prop_assert!(insured.starts_with(found.area));
                prop_assert_eq!(benefits.sets[found.number as usize].line, found.set.line);
            }
        }
    }

    #[test]
    fn a_benefit_year_begins_on_its_day() {
        let benefits = benefits();
        let year = |set: usize, day: &str| {
            let day: NaiveDate = day.parse().expect("a day");
            benefits.sets[set].benefit_year(day.to_epoch_days())
        };
        assert_eq!([year(0, "2024-12-31"), year(0, "2025-01-01")], [2024, 2025]);
        assert_eq!([year(2, "2025-06-30"), year(2, "2025-07-01")], [2024, 2025]);
    }
}
