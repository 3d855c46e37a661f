//! Where people are insured and treated: pooling areas, institutions, and flows between provinces.
#![expect(clippy::cast_possible_truncation, reason = "small tables")]

use crate::model::codes::{PROVINCES, Pair, Province};

use super::draw::{Zipf, hash_at};

/// Facts about each province, in the order of [`PROVINCES`]: prefectures (domain.md 3.8), counties in each, longitude
/// and latitude of its capital in tenths of a degree, and weights as a source and as a destination of cross-province
/// care.
const ATLAS: [(u32, u32, i64, i64, u64, u64); 32] = [
    (1, 16, 1164, 399, 330, 2800),
    (1, 16, 1172, 391, 330, 900),
    (11, 14, 1145, 380, 3000, 420),
    (11, 10, 1125, 379, 1250, 260),
    (12, 8, 1117, 408, 1400, 180),
    (14, 7, 1234, 418, 1000, 560),
    (9, 6, 1253, 439, 1050, 360),
    (13, 9, 1266, 458, 1250, 300),
    (1, 16, 1215, 312, 460, 3000),
    (13, 7, 1188, 321, 2500, 2300),
    (11, 8, 1202, 303, 900, 2500),
    (16, 6, 1173, 319, 3300, 520),
    (9, 9, 1193, 261, 620, 520),
    (11, 9, 1159, 287, 2100, 260),
    (16, 8, 1170, 367, 1650, 640),
    (17, 9, 1136, 348, 3600, 480),
    (13, 8, 1143, 306, 1900, 640),
    (14, 9, 1129, 282, 1800, 560),
    (21, 6, 1133, 231, 900, 1500),
    (14, 8, 1084, 228, 1250, 260),
    (4, 6, 1103, 200, 260, 260),
    (1, 38, 1065, 296, 1150, 700),
    (21, 9, 1041, 307, 1900, 1000),
    (9, 10, 1067, 266, 1650, 170),
    (16, 8, 1027, 250, 1000, 260),
    (7, 10, 911, 297, 46, 8),
    (10, 11, 1089, 343, 900, 620),
    (14, 6, 1038, 361, 1050, 150),
    (8, 5, 1018, 366, 280, 60),
    (5, 5, 1063, 385, 280, 80),
    (14, 8, 876, 438, 450, 150),
    (14, 4, 860, 443, 46, 7),
];

/// The texts of a dictionary column, by code.
#[derive(Default)]
pub(super) struct Vocabulary {
    texts: Vec<u8>,
    ends: Vec<u32>,
}

impl Vocabulary {
    /// Adds a text and returns its code.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        self.texts.extend_from_slice(text.as_bytes());
        self.ends.push(self.texts.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// Returns the text of a code.
    pub(super) fn text(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.texts[start as usize..self.ends[code] as usize]
    }

    /// Returns the number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// One medical institution.
#[derive(Clone, Copy)]
pub(super) struct SyntheticInstitution {
    /// Code in [`Geography::institutions`].
    pub(super) code: u32,
    /// Its division, by code in [`Geography::divisions`].
    pub(super) division: u32,
}

struct Area {
    /// Insured divisions for 2,048 equally likely draws.
    insured: Vec<u32>,
    hospitals: Vec<SyntheticInstitution>,
    pharmacies: Vec<SyntheticInstitution>,
    hospital_rank: Zipf,
    pharmacy_rank: Zipf,
}

/// Divisions, institutions and flows.
pub(super) struct Geography {
    /// Division codes; the last three do not belong to a known province.
    pub(super) divisions: Vocabulary,
    /// Institution codes; the last three break rule V11.
    pub(super) institutions: Vocabulary,
    /// The number of each division, used in ids.
    pub(super) numbers: Vec<u32>,
    areas: Vec<Area>,
}

/// Division codes that break rule V02.
pub(super) const BAD_DIVISIONS: [&str; 3] = ["34010", "710000", "31A115"];
/// Institution codes that break rule V11.
pub(super) const BAD_INSTITUTIONS: [&str; 3] = ["S31011500001", "H3101150001", "H310115-0001"];

impl Geography {
    /// Makes the country of a seed.
    pub(super) fn new(seed: u64) -> Geography {
        let mut geography = Geography {
            divisions: Vocabulary::default(),
            institutions: Vocabulary::default(),
            numbers: Vec::new(),
            areas: Vec::new(),
        };
        for province in Province::all() {
            let area = geography.area(province, hash_at(seed, province.index() as u64));
            geography.areas.push(area);
        }
        for bad in BAD_DIVISIONS {
            geography.division(0, bad);
        }
        for bad in BAD_INSTITUTIONS {
            geography.institutions.add(bad);
        }
        geography
    }

    fn area(&mut self, province: Province, seed: u64) -> Area {
        let (prefectures, counties, _, _, _, destination) = ATLAS[province.index()];
        let (mut places, mut pools, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for prefecture in 1..=prefectures {
            let head = match (province.code(), prefecture) {
                (66, 14) => 6590,
                (code, _) => u32::from(code) * 100 + prefecture,
            };
            // The capital of the province weighs several times an ordinary city.
            let weight = 40_000 / (prefecture + 3);
            for county in 1..=counties {
                let number = head * 100 + county;
                places.push((self.division(number, &number.to_string()), weight / counties + 1));
            }
            let number = head * 100 + 99;
            pools.push((self.division(number, &number.to_string()), weight / 3));
        }
        let number = u32::from(province.code()) * 10_000 + 9900;
        pools.push((self.division(number, &number.to_string()), 1500));
        weights.extend_from_slice(&places);
        weights.extend_from_slice(&pools);
        let sites = fill_slots(&places);
        let hospitals = 120 + destination as u16 / 3;
        let pharmacies = 250 + destination as u16;
        Area {
            insured: fill_slots(&weights),
            hospitals: self.institutions(province, 'H', hospitals, &sites, hash_at(seed, 1)),
            pharmacies: self.institutions(province, 'P', pharmacies, &sites, hash_at(seed, 2)),
            hospital_rank: Zipf::new(hospitals),
            pharmacy_rank: Zipf::new(pharmacies),
        }
    }

    fn division(&mut self, number: u32, text: &str) -> u32 {
        self.numbers.push(number);
        self.divisions.add(text)
    }

    fn institutions(
        &mut self,
        province: Province,
        letter: char,
        count: u16,
        sites: &[u32],
        seed: u64,
    ) -> Vec<SyntheticInstitution> {
        let site = |rank: u16| sites[(hash_at(seed, rank.into()) & 2047) as usize];
        (0..count)
            .map(|rank| {
                let division = site(rank);
                let number = self.numbers[division as usize];
                debug_assert_eq!(
                    Province::of_division(self.divisions.text(division)),
                    Some(province)
                );
                let code = self.institutions.add(&format!("{letter}{number}{:05}", rank + 1));
                SyntheticInstitution { code, division }
            })
            .collect()
    }

    /// Returns an insured division for 11 random bits.
    pub(super) fn home(&self, insured: usize, bits: u64) -> u32 {
        self.areas[insured].insured[(bits & 2047) as usize]
    }

    /// Returns a hospital for 32 random bits.
    pub(super) fn hospital(&self, treating: usize, bits: u64) -> SyntheticInstitution {
        let area = &self.areas[treating];
        area.hospitals[area.hospital_rank.rank(bits)]
    }

    /// Returns a pharmacy for 32 random bits.
    pub(super) fn pharmacy(&self, treating: usize, bits: u64) -> SyntheticInstitution {
        let area = &self.areas[treating];
        area.pharmacies[area.pharmacy_rank.rank(bits)]
    }

    /// Returns the numbers of institutions and of insured divisions.
    pub(super) fn counts(&self) -> (usize, usize) {
        let institutions = self.areas.iter().map(|a| a.hospitals.len() + a.pharmacies.len()).sum();
        (institutions, self.divisions.len() - BAD_DIVISIONS.len())
    }

    /// Returns the number of pooling areas: prefectures of all provinces.
    pub(super) fn pooling_areas() -> u32 {
        ATLAS.iter().map(|province| province.0).sum()
    }
}

/// Fills 2,048 slots with codes, in proportion to their weights.
fn fill_slots(weights: &[(u32, u32)]) -> Vec<u32> {
    let total: u64 = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let (mut reached, mut next) = (u64::from(weights[0].1), 0);
    (0..2048u64)
        .map(|part| {
            while reached * 2048 <= total * part {
                next += 1;
                reached += u64::from(weights[next].1);
            }
            weights[next].0
        })
        .collect()
}

/// Returns the index of a directed pair: insured province × 32 + treating province.
pub(super) const fn pair_index(insured: usize, treating: usize) -> usize {
    insured * 32 + treating
}

/// Returns the pair of an index.
pub(super) fn pair_of(index: usize) -> Option<Pair> {
    let insured = Province::from_index(index / 32)?;
    let treating = Province::from_index(index % 32)?;
    (insured != treating).then_some(Pair { insured, treating })
}

/// Distributes settlements over the pairs by source × destination ÷ distance × pace (in per mille).
pub(super) fn shares(settlements: u64, pace: impl Fn(usize) -> u64) -> Vec<u64> {
    let weight = |index: usize| match (index / 32, index % 32) {
        (insured, treating) if insured == treating => 0,
        (insured, treating) => gravity(insured, treating) * pace(index) / 1000,
    };
    let weights: Vec<u64> = (0..32 * 32).map(weight).collect();
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let least = u64::from(settlements >= 10 * 992);
    let mut shares: Vec<u64> = weights
        .iter()
        .map(|weight| match weight {
            0 => 0,
            _ => ((u128::from(settlements) * u128::from(*weight) / total) as u64).max(least),
        })
        .collect();
    // The remainder of rounding goes to the largest pairs, one settlement each, in rounds.
    let mut largest: Vec<usize> = (0..shares.len()).filter(|index| weights[*index] > 0).collect();
    largest.sort_by_key(|index| (std::cmp::Reverse(weights[*index]), *index));
    let given: u64 = shares.iter().sum();
    for (_, index) in (given..settlements).zip(largest.iter().cycle()) {
        shares[*index] += 1;
    }
    for (_, index) in (settlements..given).zip(largest.iter().cycle()) {
        shares[*index] -= 1;
    }
    shares
}

fn gravity(insured: usize, treating: usize) -> u64 {
    let (_, _, x0, y0, source, _) = ATLAS[insured];
    let (_, _, x1, y1, _, destination) = ATLAS[treating];
    let (dx, dy) = ((x1 - x0) * 9, (y1 - y0) * 11);
    let distance = (dx * dx + dy * dy).unsigned_abs().isqrt() + 180;
    source * destination * 1_000_000 / distance
}

/// Returns the name of a province by index, for reports.
pub(super) fn name(index: usize) -> &'static str {
    PROVINCES[index].2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_follow_the_published_order() {
        let shares = shares(20_000_000, |_| 1000);
        assert_eq!(shares.iter().sum::<u64>(), 20_000_000);
        let pairs = (0..1024).filter(|index| pair_of(*index).is_some());
        let least = pairs.map(|index| shares[index]).min();
        assert!((1..10).contains(&least.unwrap_or(0)), "{least:?}");
        let top = |sum: &dyn Fn(usize) -> u64| {
            let mut order: Vec<usize> = (0..32).collect();
            order.sort_by_key(|index| std::cmp::Reverse(sum(*index)));
            let mut top = [name(order[0]), name(order[1]), name(order[2]), name(order[3])];
            top.sort_unstable();
            top
        };
        let to = |t: usize| (0..32).map(|i| shares[pair_index(i, t)]).sum::<u64>();
        let from = |i: usize| shares[i * 32..(i + 1) * 32].iter().sum::<u64>();
        assert_eq!(top(&to), ["Beijing", "Jiangsu", "Shanghai", "Zhejiang"]);
        assert_eq!(top(&from), ["Anhui", "Hebei", "Henan", "Jiangsu"]);
    }

    #[test]
    fn few_settlements_are_shared_out_in_full() {
        for settlements in [0, 1, 991, 9_920, 123_457] {
            assert_eq!(shares(settlements, |_| 1000).iter().sum::<u64>(), settlements);
        }
        assert!(shares(9_920, |_| 1000).iter().filter(|share| **share > 0).count() == 992);
    }

    #[test]
    fn divisions_lie_in_their_province() {
        let geography = Geography::new(1);
        for province in Province::all() {
            for bits in 0..2048 {
                let division = geography.divisions.text(geography.home(province.index(), bits));
                assert_eq!(Province::of_division(division), Some(province));
            }
        }
        assert!((350..460).contains(&Geography::pooling_areas()));
        for bad in BAD_DIVISIONS {
            assert_eq!(Province::of_division(bad.as_bytes()), None);
        }
    }
}
