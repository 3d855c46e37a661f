//! Cases about visits and purchases of persons: BEH-06 to 11, 17 and 18.

use super::scene::{Line, Scene};

/// The places of 65 Xinjiang and 66 XPCC among the provinces.
const XINJIANG: [usize; 2] = [30, 31];

/// Returns another treating province of the scene.
fn other_province(scene: &Scene<'_>) -> usize {
    let next = (scene.treating + 5..).map(|place| place % 32);
    let free = |place: &usize| *place != scene.home && !XINJIANG.contains(place);
    next.into_iter().find(free).unwrap_or_default()
}

/// Has the persons of a scene live outside of its province and of a second one, which it returns: both of Xinjiang, which
/// count as one, or two others.
fn away_from(scene: &mut Scene<'_>, is_xinjiang: bool) -> usize {
    let other = if is_xinjiang {
        scene.treating = XINJIANG[0];
        XINJIANG[1]
    } else {
        other_province(scene)
    };
    scene.live_outside(&[scene.treating, other]);
    other
}

/// BEH-06: care in two provinces within two hours.
pub(super) fn two_provinces(scene: &mut Scene<'_>, variant: u64) {
    let other = away_from(scene, variant == 3);
    let who = scene.person();
    let (here, there) = (scene.hospital(), scene.site_of('H', other, Some(1)));
    let pharmacy = scene.site_of('P', other, None);
    let day = scene.day(3);
    let noon = 43_200;
    let a = match variant {
        6 => scene.stay(&who, here, (day - 2, day)),
        _ => scene.visit(&who, here, day),
    };
    let b = match variant {
        5 => scene.purchase(&who, pharmacy, day),
        4 => scene.visit(&who, there, day + 1),
        _ => scene.visit(&who, there, day),
    };
    let (first, second) = match variant {
        1 => (noon, noon + 7_201),
        4 => (84_600, 1_800),
        5 => (noon + 60, noon),
        _ => (noon, noon + 7_200),
    };
    scene.at(a, first);
    scene.at(b, second);
    match variant {
        0 | 5 => scene.lead("BEH-06", &[a, b]),
        2 => {
            let site = scene.hospital();
            let c = scene.visit(&who, site, day);
            scene.at(c, noon + 14_400);
            scene.lead("BEH-06", &[a, b, c]);
        }
        _ => {}
    }
}

/// BEH-07: three visits and purchases at one institution on a day.
pub(super) fn same_day(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let (site, other) = (scene.hospital(), scene.hospital());
    let day = scene.day(1);
    let count = if variant == 4 { 4 } else { 2 };
    let mut lines: Vec<Line> = (0..count).map(|_| scene.visit(&who, site, day)).collect();
    match variant {
        0 => lines.push(scene.visit(&who, site, day)),
        2 => lines.push(scene.purchase(&who, site, day)),
        3 => _ = scene.visit(&who, other, day),
        5 => {
            let third = scene.visit(&who, site, day);
            scene.reverse(third, None);
        }
        _ => {}
    }
    if matches!(variant, 0 | 2 | 4) {
        scene.lead("BEH-07", &lines);
    }
}

/// BEH-08: fifteen visits of a person in a month.
pub(super) fn often(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let sites = [scene.hospital(), scene.hospital(), scene.hospital()];
    let pharmacy = scene.pharmacy();
    let day = scene.day_of_month(28);
    let visits = if matches!(variant, 0 | 3) { 15 } else { 14 };
    let mut lines: Vec<Line> = Vec::new();
    for number in 0..visits {
        let (site, day) = (sites[number % 3], day + number.cast_signed() as i64);
        lines.push(match (variant, number) {
            (3, 4) => scene.chronic(&who, site, (day, 0)),
            (3, 9) => scene.chronic(&who, site, (day, 1)),
            _ => scene.visit(&who, site, day),
        });
    }
    match variant {
        0 | 3 => scene.lead("BEH-08", &lines),
        2 => _ = scene.purchase(&who, pharmacy, day + 20),
        _ => {}
    }
}

/// BEH-09: ten purchases of a person in a month.
pub(super) fn buys_often(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let sites = [scene.pharmacy(), scene.pharmacy()];
    let clinic = scene.hospital();
    let day = scene.day_of_month(28);
    let count = if matches!(variant, 0) { 10 } else { 9 };
    let lines: Vec<Line> = (0..count)
        .map(|number| {
            scene.purchase(&who, sites[number % 2], day + 2 * number.cast_signed() as i64)
        })
        .collect();
    match variant {
        0 => scene.lead("BEH-09", &lines),
        2 => _ = scene.visit(&who, clinic, day + 19),
        _ => {}
    }
}

/// BEH-10: purchases at five pharmacies, together above 5,000.00 yuan.
pub(super) fn many_pharmacies(scene: &mut Scene<'_>, variant: u64) {
    let who = scene.person();
    let day = scene.day(24);
    let (pharmacies, count) = match variant {
        2 => (4, 6),
        3 => (5, 6),
        _ => (5, 5),
    };
    let sites: Vec<_> = (0..pharmacies).map(|_| scene.pharmacy()).collect();
    let mut lines: Vec<Line> = Vec::new();
    for number in 0..count {
        let line =
            scene.purchase(&who, sites[number % pharmacies], day + 4 * number.cast_signed() as i64);
        scene.pay(line, 150_000, 100_000);
        lines.push(line);
    }
    if variant == 0 {
        scene.pay(lines[2], 150_000, 100_001);
    }
    if matches!(variant, 0 | 3) {
        scene.lead("BEH-10", &lines);
    }
}

/// BEH-11: persons of one place come to one institution together, again and again.
pub(super) fn companions(scene: &mut Scene<'_>, variant: u64) {
    let site = scene.hospital();
    let homes = scene.land().homes(scene.home);
    let (home, other) = (homes[0], homes[1]);
    let people: Vec<_> = (0..21)
        .map(|number| {
            scene.person_of(if variant == 5 && number == 2 { other } else { home }, false)
        })
        .collect();
    let day = scene.day(12);
    let mut come = |who: usize, after: i64| scene.visit(&people[who], site, day + after);
    match variant {
        // Three on the same two days; or the third with one of them, on two other days.
        0 => {
            let lines = [come(0, 0), come(1, 0), come(2, 0), come(0, 5), come(1, 5), come(2, 5)];
            scene.lead("BEH-11", &lines);
        }
        1 => {
            let first = [come(0, 0), come(1, 0), come(0, 2), come(1, 2)];
            let second = [come(1, 4), come(2, 4), come(1, 9), come(2, 9)];
            come(0, 11);
            scene.lead("BEH-11", &[first, second].concat());
        }
        2 => {
            for after in [0, 3, 6] {
                come(0, after);
                come(1, after);
            }
        }
        // A day with 21 persons does not count, one with 20 does.
        3 | 4 => {
            let crowd = if variant == 3 { 21 } else { 20 };
            let lines = [come(0, 0), come(1, 0), come(2, 0), come(0, 7), come(1, 7), come(2, 7)];
            for who in 3..crowd {
                come(who, 7);
            }
            if variant == 4 {
                scene.lead("BEH-11", &lines);
            }
        }
        5 => {
            for who in 0..3 {
                come(who, 0);
                come(who, 5);
            }
        }
        _ => {
            for (who, after) in [(0, 0), (1, 0), (0, 5), (1, 5), (2, 5), (2, 8)] {
                come(who, after);
            }
        }
    }
}

/// BEH-17: chronic care of one disease more often than a month needs.
pub(super) fn chronic(scene: &mut Scene<'_>, variant: u64) {
    let other = away_from(scene, variant == 3);
    let who = scene.person();
    let (here, there) = (scene.hospital(), scene.site_of('H', other, Some(1)));
    let day = scene.day_of_month(25);
    let mut care = |site, after: i64, disease| scene.chronic(&who, site, (day + after, disease));
    match variant {
        0 => {
            let lines = [care(here, 0, 0), care(here, 7, 0), care(here, 14, 0)];
            scene.lead("BEH-17", &lines);
        }
        1 => _ = [care(here, 0, 0), care(here, 14, 0)],
        2 => {
            let lines = [care(here, 0, 1), care(there, 12, 1)];
            scene.lead("BEH-17", &lines);
        }
        3 => _ = [care(here, 0, 0), care(there, 14, 0)],
        4 => _ = [care(here, 0, 0), care(here, 8, 0), care(here, 16, 1)],
        _ => {
            let first = [care(here, 0, 0), care(there, 9, 0)];
            let second = [care(here, 3, 2), care(there, 20, 2)];
            scene.lead("BEH-17", &first);
            scene.lead("BEH-17", &second);
        }
    }
}

/// BEH-18: one medium serves several persons.
pub(super) fn one_medium(scene: &mut Scene<'_>, variant: u64) {
    let site = scene.hospital();
    let people = [scene.person(), scene.person(), scene.person()];
    let day = scene.day(20);
    let token = people[0].token();
    let persons = match variant {
        1 => 3,
        2 => 1,
        _ => 2,
    };
    let mut lines: Vec<Line> = Vec::new();
    for (number, who) in people.iter().take(persons).enumerate() {
        lines.push(scene.visit(who, site, day + 3 * number.cast_signed() as i64));
    }
    if matches!(variant, 1 | 2) {
        lines.push(scene.visit(&people[0], site, day + 15));
    }
    for (number, line) in lines.iter().enumerate() {
        let extra = &mut scene.row(*line).extra;
        extra.token = (variant != 3).then_some(token);
        extra.medium =
            (variant != 3).then_some(if variant == 4 { u32::from(number == 0) } else { 1 });
    }
    if matches!(variant, 0 | 1 | 4) {
        scene.lead("BEH-18", &lines);
    }
}
