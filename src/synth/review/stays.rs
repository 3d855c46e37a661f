//! Cases about stays: BEH-01 to 05 and BEH-15. Each script plays one of its variants; some are near misses.

use super::scene::{Line, Scene};

/// The code of `med_type` for a stay in a day ward, 28.
const DAY_WARD: u32 = 10;

/// BEH-01: two stays of a person at different institutions overlap by a day or more.
pub(super) fn overlapping(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let first = scene.hospital();
    let second = match variant {
        3 => first,
        6 => {
            let next = (scene.treating + 1) % 32;
            let province = if next == scene.home { (next + 1) % 32 } else { next };
            scene.site_of('H', province, Some(1))
        }
        _ => scene.hospital(),
    };
    let day = scene.day_of_month(10);
    let spans = match variant {
        0 | 6 => [(0, 5), (4, 9)],
        1 => [(0, 9), (2, 5)],
        2 => [(0, 5), (5, 9)],
        7 => [(0, 4), (2, 2)],
        5 => [(0, 9), (1, 4)],
        _ => [(0, 5), (3, 9)],
    };
    let mut stay = |site, (begin, end)| scene.stay(&who, site, (day + begin, day + end));
    let stays = [stay(first, spans[0]), stay(second, spans[1])];
    match variant {
        0 | 1 | 6 => scene.lead("BEH-01", &stays),
        4 => _ = scene.reverse(stays[0], None),
        5 => {
            let third = scene.hospital();
            let third = scene.stay(&who, third, (day + 6, day + 8));
            scene.lead("BEH-01", &stays);
            scene.lead("BEH-01", &[stays[0], third]);
            scene.lead("BEH-03", &[stays[0], stays[1], third]);
        }
        _ => {}
    }
}

/// BEH-02: one stay is split into two at one institution, at most seven days apart.
pub(super) fn split(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let first = scene.hospital();
    let second = if variant == 6 { scene.hospital() } else { first };
    let day = scene.day_of_month(14);
    let begin = match variant {
        0 => 3,
        1 => 10,
        2 => 11,
        7 => 9,
        _ => 5,
    };
    let a = scene.stay(&who, first, (day, day + 3));
    let b = scene.stay(&who, second, (day + begin, day + begin + 2));
    match variant {
        0 | 1 => scene.lead("BEH-02", &[a, b]),
        3 => scene.row(a).extra.mid = Some(1),
        4 => {
            scene.row(b).extra.mid = Some(1);
            scene.lead("BEH-02", &[a, b]);
        }
        5 => {
            let c = scene.stay(&who, first, (day + 9, day + 11));
            scene.lead("BEH-02", &[a, b]);
            scene.lead("BEH-02", &[b, c]);
            scene.lead("BEH-03", &[a, b, c]);
        }
        7 => {
            let c = scene.stay(&who, first, (day + 5, day + 6));
            scene.reverse(c, None);
            scene.lead("BEH-02", &[a, b]);
        }
        _ => {}
    }
}

/// BEH-03: three stays of a person end in one quarter.
pub(super) fn frequent(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let day = match variant {
        // The third stay ends on the first day of the next quarter, or on the last day of this one.
        4 | 5 => match scene.end_of_quarter() {
            Some(end) => end - 22 + i64::from(variant == 4),
            None => return,
        },
        _ => scene.day_of_month(26),
    };
    let stays = [0, 10, 20, 24].into_iter().take(match variant {
        1 => 2,
        3 => 4,
        _ => 3,
    });
    let mut lines: Vec<Line> = Vec::new();
    for begin in stays {
        let site = scene.hospital();
        lines.push(scene.stay(
            &who,
            site,
            (day + begin, day + begin + if begin == 24 { 1 } else { 2 }),
        ));
    }
    match variant {
        0 | 3 | 5 => scene.lead("BEH-03", &lines),
        2 => scene.row(lines[1]).extra.mid = Some(1),
        _ => {}
    }
}

/// BEH-04: care elsewhere on a day within a stay.
pub(super) fn away(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let (ward, clinic, pharmacy) = (scene.hospital(), scene.hospital(), scene.pharmacy());
    let day = scene.day_of_month(9);
    let end = if variant == 3 { 1 } else { 6 };
    let stay = scene.stay(&who, ward, (day, day + end));
    match variant {
        0 => {
            scene.visit(&who, clinic, day);
            let first = scene.visit(&who, clinic, day + 1);
            let last = scene.purchase(&who, pharmacy, day + 5);
            scene.visit(&who, clinic, day + 6);
            scene.lead("BEH-04", &[first, last, stay]);
        }
        1 | 3 => {
            scene.visit(&who, clinic, day);
            scene.purchase(&who, pharmacy, day + end);
        }
        2 => {
            let visit = scene.chronic(&who, ward, (day + 3, 0));
            scene.lead("BEH-04", &[visit, stay]);
        }
        4 => {
            let visit = scene.visit(&who, clinic, day + 3);
            scene.reverse(visit, None);
        }
        _ => {
            let other = scene.stay(&who, clinic, (day + 2, day + 8));
            let visit = scene.purchase(&who, pharmacy, day + 4);
            scene.lead("BEH-01", &[stay, other]);
            scene.lead("BEH-04", &[visit, stay]);
            scene.lead("BEH-04", &[visit, other]);
        }
    }
}

/// BEH-05: an institution has many stays of no day.
pub(super) fn short(scene: &mut Scene<'_>, variant: u64) {
    let site = scene.hospital();
    // Stays of no day, those of them in a day ward, and all stays.
    let (none, ward, all) = match variant {
        0 => (5, 0, 25),
        1 => (5, 0, 26),
        2 => (4, 0, 10),
        3 => (5, 1, 10),
        _ => (6, 1, 25),
    };
    let start = scene.day_of_month(28);
    let mut leads: Vec<Line> = Vec::new();
    for number in 0..all {
        let who = scene.person();
        let day = start + number;
        let begin = if number < none { day } else { day - 3 };
        let line = scene.stay(&who, site, (begin, day));
        if number < ward {
            scene.row(line).row.med_type = DAY_WARD;
        } else if number < none {
            leads.push(line);
        }
    }
    if matches!(variant, 0 | 4) {
        scene.lead("BEH-05", &leads);
    }
}

/// BEH-15: costs of stays lie just below the limit from which they may be verified.
pub(super) fn below_limit(scene: &mut Scene<'_>, variant: u64) {
    const LIMIT: i64 = 3_000_000;
    let site = scene.hospital();
    let day = scene.day(40.min(scene.land().span().1 - scene.land().span().0));
    let (below, above) = match variant {
        1 => (5, 2),
        2 => (4, 0),
        3 => (6, 2),
        _ => (5, 1),
    };
    let mut costs: Vec<i64> = vec![LIMIT - 100_000, LIMIT - 1];
    costs.extend((2..below).map(|n| LIMIT - 20_000 * n));
    let counted = costs.len();
    costs.extend([LIMIT, LIMIT + 99_999].iter().take(above));
    if variant == 4 {
        costs.extend([LIMIT + 100_000, LIMIT - 100_001]);
    }
    let lines: Vec<Line> = costs
        .into_iter()
        .zip(0..)
        .map(|(cost, number)| {
            let who = scene.person();
            let end = day + number * 3;
            let line = scene.stay(&who, site, (end - 2, end));
            scene.pay(line, cost, 200_000);
            line
        })
        .collect();
    if matches!(variant, 0 | 3 | 4) {
        scene.lead("BEH-15", &lines[..counted]);
    }
}
