//! Cases about benefits, BEN-01 to 06: employees of Xi'an and Shangluo, whose rule sets are shipped.

use super::{
    filing::{Filing, PlannedFiling},
    land::{Site, TWO_DISEASES},
    person::ReviewPerson,
    quiet::xian_percent,
    scene::{Line, Scene, whole_province},
};
use crate::model::codes::CareClass;

/// 61 Shaanxi among the provinces, and a county of each of its two cities.
const SHAANXI: usize = 26;
const XIAN_COUNTY: u32 = 610_103;
const SHANGLUO_COUNTY: u32 = 611_002;
/// The code of level 3, and its place among the levels.
const THIRD: u32 = 2;
/// What a first stay costs at level 3, a second one, and a year of outpatient care, in Xi'an.
const FIRST: i64 = 120_000;
const SECOND: i64 = 96_000;
const YEAR: i64 = 20_000;
/// What a visit costs at level 3 in Shangluo.
const VISIT: i64 = 9_000;
/// The tolerance.
const YUAN: i64 = 100;

/// An employee of a county, treated at a hospital of level 3 outside Shaanxi.
fn begin(scene: &mut Scene<'_>, county: u32, kind: PlannedFiling) -> (ReviewPerson, Site) {
    if scene.treating == SHAANXI {
        scene.treating = 8;
    }
    scene.files = false;
    let who = scene.person_of(scene.land().division(county), true);
    let site = scene.site_of('H', scene.treating, Some(THIRD));
    let place = whole_province(scene.treating);
    scene.file(Filing::new(&who, place, kind, scene.land().span()));
    (who, site)
}

/// What the fund of Xi'an pays an employee at work for a stay at level 3.
const fn paid(scope: i64, deductible: i64) -> i64 {
    (scope - deductible) * xian_percent(true, THIRD, false) / 100
}

/// Sets the deductible by standard and the one that was paid.
fn deduct(scene: &mut Scene<'_>, line: Line, standard: Option<i64>, paid: Option<i64>) {
    let extra = &mut scene.row(line).extra;
    (extra.standard, extra.deductible) = (standard, paid);
}

/// A first stay in Xi'an.
fn stay(scene: &mut Scene<'_>) -> Line {
    let (who, site) = begin(scene, XIAN_COUNTY, PlannedFiling::LongTerm);
    let day = scene.day(6);
    let line = scene.stay(&who, site, (day, day + 5));
    scene.row(line).extra.stays = Some(0);
    line
}

/// A visit in Xi'an.
fn visit(scene: &mut Scene<'_>) -> Line {
    let (who, site) = begin(scene, XIAN_COUNTY, PlannedFiling::LongTerm);
    let day = scene.day(1);
    scene.visit(&who, site, day)
}

/// BEN-01: the basic fund paid another amount than the rule set allows.
pub(super) fn amount(scene: &mut Scene<'_>, variant: u64) {
    const STAY: i64 = 2_120_000;
    let exact = paid(STAY, FIRST);
    // A sixth stay costs 200.00 yuan: without the number of the stay as much more may be paid.
    let most = paid(STAY, 20_000);
    let (inpatient, sum) = match variant {
        0 => (true, exact + YUAN + 1),
        1 => (true, exact + YUAN),
        2 => (true, exact - YUAN - 1),
        3 => (true, exact - YUAN),
        4 => (true, most + YUAN + 1),
        5 => (true, most + YUAN),
        // 1,200.00 yuan of outpatient care: 200.00 or less of them are deducted, half of the rest is paid.
        6 => (false, 50_000 - YUAN - 1),
        7 => (false, 50_000 - YUAN),
        8 => (false, 60_000 + YUAN),
        _ => (false, 60_000 + YUAN + 1),
    };
    let line = if inpatient { stay(scene) } else { visit(scene) };
    scene.pay(line, if inpatient { STAY } else { FIRST }, sum);
    match variant {
        0..=3 => deduct(scene, line, Some(FIRST), Some(FIRST)),
        _ => scene.row(line).extra.stays = None,
    }
    if matches!(variant, 0 | 2 | 4 | 6 | 9) {
        scene.lead("BEN-01", &[line]);
    }
}

/// BEN-02: the deductible is none that the rule set knows.
pub(super) fn deductible(scene: &mut Scene<'_>, variant: u64) {
    const STAY: i64 = 2_000_000;
    let (inpatient, cost, standard, taken) = match variant {
        0 => (true, STAY, None, 110_000),
        1 | 2 => (true, STAY, None, SECOND),
        3 => (true, STAY, Some(100_000), FIRST),
        4 => (true, 90_000, Some(FIRST), 90_000),
        5 => (false, FIRST, None, YEAR + 1),
        6 => (false, FIRST, None, YEAR),
        _ => (false, FIRST, None, 1),
    };
    let line = if inpatient { stay(scene) } else { visit(scene) };
    let percent = xian_percent(inpatient, THIRD, false);
    scene.pay(line, cost, ((cost - taken) * percent + 50) / 100);
    deduct(scene, line, standard, Some(taken));
    if variant == 1 {
        scene.row(line).extra.stays = Some(1);
    }
    if matches!(variant, 0 | 2 | 3 | 5) {
        scene.lead("BEN-02", &[line]);
    }
}

/// BEN-03: the benefit of another class of filing was paid.
pub(super) fn class(scene: &mut Scene<'_>, variant: u64) {
    // 290.00 yuan less 90.00: 60 percent at home, 50 after a transfer or in an emergency, 45 with another filing.
    const COST: i64 = 29_000;
    let (kind, sum) = match variant {
        0 => (PlannedFiling::Temporary, 12_000),
        1 => (PlannedFiling::Temporary, 9_000),
        2 => (PlannedFiling::Transfer, 12_000),
        3 => (PlannedFiling::LongTerm, 10_000),
        4 => (PlannedFiling::Temporary, 10_000),
        5 => (PlannedFiling::Temporary, 12_000 + YUAN + 1),
        _ => (PlannedFiling::Temporary, 12_000 + YUAN),
    };
    let (who, site) = begin(scene, SHANGLUO_COUNTY, kind);
    let day = scene.day(1);
    let line = scene.visit(&who, site, day);
    scene.pay(line, COST, sum);
    deduct(scene, line, Some(VISIT), Some(VISIT));
    if variant == 4 {
        scene.row(line).extra.emergency = Some(1);
    }
    match variant {
        0 | 2 | 3 | 6 => scene.lead("BEN-03", &[line]),
        5 => scene.lead("BEN-01", &[line]),
        _ => {}
    }
}

/// BEN-04: more was paid in a year than its cap.
pub(super) fn cap(scene: &mut Scene<'_>, variant: u64) {
    let (mut who, site) = begin(scene, XIAN_COUNTY, PlannedFiling::LongTerm);
    let months = &scene.land().months;
    let december = months[..months.len() - 1].iter().position(|month| month.of_year() == 12);
    if variant == 3 {
        let Some(december) = december else { return };
        scene.month = december;
    }
    who.retired = variant == 2;
    let mut start = scene.day_of_month(25);
    let percent = xian_percent(false, THIRD, who.retired);
    // Four visits pay 500.00 yuan each, 2,000.00 in all; one of 0.02 yuan pays 0.01 more.
    let mut costs = vec![100_000 + YEAR, 100_000, 100_000, 100_000];
    costs.extend((variant != 1).then_some(2));
    let mut lines: Vec<Line> = Vec::new();
    for (number, cost) in costs.into_iter().enumerate() {
        // Over New Year: two visits are of the old year, the rest of the new one.
        if variant == 3 && number == 2 {
            scene.month += 1;
            start = scene.day_of_month(15) - 10;
        }
        let day = start + 5 * number.cast_signed() as i64;
        let taken = if number == 0 { YEAR } else { 0 };
        let line = scene.settle(&who, site, CareClass::Outpatient, day);
        scene.pay(line, cost, ((cost - taken) * percent + 50) / 100);
        deduct(scene, line, Some(YEAR), Some(taken));
        lines.push(line);
    }
    if variant == 0 {
        scene.lead("BEN-04", &lines);
    }
}

/// BEN-05: the fund paid although the deductible was not reached.
pub(super) fn nothing_due(scene: &mut Scene<'_>, variant: u64) {
    let (cost, sum, taken) = match variant {
        0 => (100_000, 1_000, Some(FIRST)),
        1 => (FIRST, 1, Some(FIRST)),
        2 => (FIRST + YUAN, paid(FIRST + YUAN, FIRST), Some(FIRST)),
        3 => (FIRST, 1_000, None),
        _ => (FIRST, 0, None),
    };
    let line = stay(scene);
    scene.pay(line, cost, sum);
    deduct(scene, line, None, taken);
    if matches!(variant, 0 | 1 | 3) {
        scene.lead("BEN-05", &[line]);
    }
}

/// BEN-06: a chronic settlement of two diseases, or of none. It breaks rule V06 and never clears.
pub(super) fn diseases(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let site = scene.hospital();
    let day = scene.day(1);
    let line = scene.chronic(&who, site, (day, TWO_DISEASES));
    match variant {
        1 => scene.row(line).row.disease = None,
        // A code that is not on the list is one disease.
        2 => scene.row(line).row.disease = Some(TWO_DISEASES + 1),
        _ => {}
    }
    if variant < 2 {
        scene.lead("BEN-06", &[line]);
    }
}
