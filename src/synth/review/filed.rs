//! Cases about filings: FIL-01 to 04.

use super::{
    filing::{Filing, PlannedFiling},
    person::ReviewPerson,
    scene::{Line, Scene, whole_province},
};
use crate::model::codes::PROVINCES;

/// Provinces in which every city is a place of its own.
const CITIES: [u8; 24] = [
    13, 14, 15, 21, 22, 23, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 51, 52, 53, 61, 62, 63, 64,
];

/// A person who is treated in a city of a province, and the divisions of it.
struct Away {
    who: ReviewPerson,
    /// The first day of the care.
    day: i64,
    /// The number of the treating province, such as 320000.
    province: u32,
}

impl Away {
    fn begin(scene: &mut Scene<'_>, length: i64) -> Away {
        let place = CITIES[usize::try_from(scene.below(24)).unwrap_or_default()];
        scene.treating =
            PROVINCES.iter().position(|(code, _, _)| *code == place).unwrap_or_default();
        scene.live_outside(&[scene.treating]);
        scene.files = false;
        let who = scene.person();
        let province = whole_province(scene.treating);
        Away { who, day: scene.day(length), province }
    }

    /// A filing of the person to a division that is valid all the time.
    fn filing(&self, scene: &Scene<'_>, place: u32, kind: PlannedFiling) -> Filing {
        Filing::new(&self.who, place, kind, scene.land().span())
    }

    /// Care in a county of the province: a stay of three days.
    fn stay(&self, scene: &mut Scene<'_>, county: u32) -> Line {
        let division = scene.land().division(self.province + county);
        let site = scene.site_in('H', division, Some(1));
        scene.stay(&self.who, site, (self.day, self.day + 3))
    }

    /// Chronic care in a county of the province.
    fn chronic(&self, scene: &mut Scene<'_>, county: u32) -> Line {
        let division = scene.land().division(self.province + county);
        let site = scene.site_in('H', division, Some(1));
        scene.chronic(&self.who, site, (self.day, 0))
    }
}

/// A county of the capital, one of another city, and the institutions of the province.
const CAPITAL: u32 = 101;
const CITY: u32 = 201;
const PROVINCIAL: u32 = 9900;

/// FIL-01: care without any filing.
pub(super) fn missing(scene: &mut Scene<'_>, variant: u64) {
    let away = Away::begin(scene, 4);
    let line = match variant {
        8 => away.chronic(scene, CAPITAL),
        9 => {
            let site = scene.hospital();
            scene.visit(&away.who, site, away.day)
        }
        _ => away.stay(scene, CAPITAL),
    };
    let mut filing = away.filing(scene, away.province + 100, PlannedFiling::Transfer);
    let other_county = scene.land().homes(scene.home)[1];
    match variant {
        1 => filing.end = Some(away.day - 1),
        2 => filing.end = Some(away.day),
        3 => filing.begin = away.day + 1,
        4 => filing.begin = away.day,
        5 => filing.valid = false,
        6 => filing.insured = away.province + CAPITAL,
        7 => scene.row(line).extra.kind = Some(1),
        10 => filing.end = Some(filing.begin - 1),
        11 => filing.insured = scene.land().number(other_county),
        12 => (filing.place, filing.digits) = (away.province + 100, 4),
        _ => {}
    }
    if !matches!(variant, 0 | 7 | 8 | 9) {
        scene.file(filing);
    }
    if matches!(variant, 0 | 1 | 3 | 5 | 6 | 8 | 10) {
        scene.lead("FIL-01", &[line]);
    }
}

/// FIL-02: the filing was made after the settlement.
pub(super) fn late(scene: &mut Scene<'_>, variant: u64) {
    let away = Away::begin(scene, 4);
    let line = away.stay(scene, CAPITAL);
    let kind = if variant == 6 { PlannedFiling::LongTerm } else { PlannedFiling::Temporary };
    let mut filing = away.filing(scene, away.province + 100, kind);
    let made = filing.made;
    let settled = scene.row(line).row.time;
    filing.made = match variant {
        1 => Some(settled),
        2 => None,
        _ => Some(settled + 1),
    };
    scene.file(filing);
    match variant {
        3 => scene.file(Filing { made, digits: 4, ..filing }),
        4 => scene.file(Filing {
            made: Some(settled + 86_400),
            kind: PlannedFiling::Transfer,
            ..filing
        }),
        5 => scene.row(line).extra.kind = Some(1),
        7 => scene.file(Filing { made, place: away.province + 200, ..filing }),
        _ => {}
    }
    if matches!(variant, 0 | 4 | 6 | 7) {
        scene.lead("FIL-02", &[line]);
    }
}

/// FIL-03: filed, but to another place.
pub(super) fn elsewhere(scene: &mut Scene<'_>, variant: u64) {
    let away = Away::begin(scene, 4);
    let line = match variant {
        2 => away.stay(scene, PROVINCIAL),
        8 => away.chronic(scene, CITY),
        _ => away.stay(scene, CAPITAL),
    };
    let place = match variant {
        1 => away.province + PROVINCIAL,
        2 | 5 | 8 => away.province + 100,
        3 => away.province,
        4 if away.province == 320_000 => 330_100,
        4 => 320_100,
        _ => away.province + 200,
    };
    let filing = away.filing(scene, place, PlannedFiling::Temporary);
    scene.file(filing);
    match variant {
        6 => scene.row(line).extra.kind = Some(1),
        7 => scene.file(Filing { place: away.province + CAPITAL, ..filing }),
        _ => {}
    }
    if matches!(variant, 0 | 4 | 8) {
        scene.lead("FIL-03", &[line]);
    }
}

/// FIL-04: two filings of a long-term resident at once, to different places.
pub(super) fn two_homes(scene: &mut Scene<'_>, variant: u64) {
    let away = Away::begin(scene, 9);
    let mut lines = vec![away.stay(scene, CAPITAL)];
    let site = scene.hospital();
    lines.push(scene.visit(&away.who, site, away.day + 7));
    let here = away.filing(scene, away.province + 100, PlannedFiling::LongTerm);
    let mut there = Filing { place: away.province + 200, ..here };
    match variant {
        1 => there.place = away.province,
        2 => there.end = Some(away.day - 1),
        3 => there.kind = PlannedFiling::Temporary,
        4 => there.place = if away.province == 440_000 { 330_100 } else { 440_300 },
        5 => there.place = away.province + PROVINCIAL,
        6 => {
            there.begin = away.day + 5;
            lines.remove(0);
        }
        _ => {}
    }
    scene.file(here);
    scene.file(there);
    if matches!(variant, 0 | 4 | 6) {
        scene.lead("FIL-04", &lines);
    }
}
