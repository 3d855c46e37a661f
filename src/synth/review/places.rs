//! Cases about institutions: BEH-12, 13, 14, 16 and 19.

use super::{
    bill::bill,
    land::Site,
    scene::{Line, Scene},
};

/// Codes of `hosp_lv` of which only cases of one kind make use, so that quiet institutions are no peers of theirs.
const PEERS: u32 = 3;
const APART: u32 = 4;

/// Adds visits of as many persons, on the days of the month in turn.
fn visits(scene: &mut Scene<'_>, site: Site, start: i64, counts: &[i64]) -> Vec<Vec<Line>> {
    let mut lines = Vec::new();
    for (count, day) in counts.iter().zip(start..) {
        let mut of_day = Vec::new();
        for _ in 0..*count {
            let who = scene.person();
            of_day.push(scene.visit(&who, site, day));
        }
        lines.push(of_day);
    }
    lines
}

/// BEH-12: an institution has three times as much in a month as before. Needs three months.
pub(super) fn surge(scene: &mut Scene<'_>, variant: u64) {
    let months = scene.land().months.len();
    if months < 3 {
        return;
    }
    // What the fund pays in each month, in fen.
    let sums: &[i64] = match variant {
        0 => &[3_000_000, 4_000_000, 10_500_000],
        1 => &[3_000_000, 4_000_000, 10_499_999],
        2 => &[1_000_000, 1_000_000, 9_999_999],
        3 => &[1_000_000, 1_000_000, 10_000_000],
        _ => &[1_000_000, 20_000_000],
    };
    let first = usize::try_from(scene.number()).unwrap_or_default() % (months + 1 - sums.len());
    let site = scene.hospital();
    let mut lines = Vec::new();
    for (sum, month) in sums.iter().zip(first..) {
        scene.month = month;
        let start = scene.day_of_month(28);
        let stays = (sum + 999_999) / 1_000_000;
        lines.clear();
        for number in 0..stays {
            let part = sum / stays + i64::from(number < sum % stays);
            let who = scene.person();
            let line = scene.stay(&who, site, (start + number - 3, start + number));
            scene.pay(line, part + 200_000, part);
            lines.push(line);
        }
    }
    if matches!(variant, 0 | 3) {
        scene.lead("BEH-12", &lines);
    }
}

/// BEH-13: many settlements of a month fall on one day.
pub(super) fn burst(scene: &mut Scene<'_>, variant: u64) {
    let counts: [i64; 8] = match variant {
        // 20 × 7 days are five times 28, but not five times 29; 19 are too few.
        0 => [1, 1, 2, 20, 1, 1, 2, 0],
        1 => [2, 1, 2, 20, 1, 1, 2, 0],
        2 => [1, 1, 1, 19, 1, 1, 1, 1],
        _ => [1, 22, 1, 1, 1, 1, 1, 0],
    };
    let site = scene.hospital();
    let start = scene.day_of_month(8);
    let lines = visits(scene, site, start, &counts);
    if let Some(most) = lines.iter().max_by_key(|lines| lines.len())
        && matches!(variant, 0 | 3)
    {
        scene.lead("BEH-13", most);
    }
}

/// Mean costs of the peers, less the middle one, in fen. Their MAD is 6,745 fen, so 35,000 fen are the border.
const MEANS: [i64; 10] = [0, 1_000, -1_000, 3_000, -3_000, 6_745, -6_745, 8_000, -8_000, -8_500];
/// The middle one, and the settlements of an institution.
const MIDDLE: i64 = 60_000;
const OF_PEER: i64 = 30;

/// BEH-14: the mean cost of an institution is unlike that of its peers. One group for a province, kind and month.
pub(super) fn unlike(scene: &mut Scene<'_>, variant: u64) {
    let months = scene.land().months.len() as u64;
    let number = scene.number();
    if number >= 64 * months {
        return;
    }
    let place = |n: u64| usize::try_from(n).unwrap_or_default();
    scene.treating = place(number % 32);
    scene.live_outside(&[scene.treating]);
    scene.month = place(number / 64);
    let letter = if (number / 32).is_multiple_of(2) { 'H' } else { 'P' };
    // The mean of the last one and what its settlements cost in all above 30 times that; and how many they are.
    let (mean, more, count) = match variant {
        0 => (35_000, 0, OF_PEER),
        1 => (34_999, 0, OF_PEER),
        2 => (34_999, 15, OF_PEER),
        3 => (34_999, 14, OF_PEER),
        4 => (-35_000, 0, OF_PEER),
        _ => (50_000, 0, OF_PEER - 1),
    };
    // A low one takes the place of the high one: the middle stays where a low one leaves the list.
    let mut means = MEANS;
    if mean < 0 {
        means[9] = 8_500;
    }
    let start = scene.day_of_month(28);
    let mut site = |mean: i64, more: i64, count: i64| -> Vec<Line> {
        let site = scene.site_of(letter, scene.treating, Some(PEERS));
        let line = |number: i64| {
            let who = scene.person();
            let day = start + number % 28;
            let line = match letter {
                'H' => scene.visit(&who, site, day),
                _ => scene.purchase(&who, site, day),
            };
            // Pairs of settlements lie as far above the mean as below it.
            let apart =
                if number == count - 1 && count % 2 == 1 { 0 } else { 900 - 1_800 * (number % 2) };
            let cost = MIDDLE + mean + apart + if number == 0 { more } else { 0 };
            scene.pay(line, cost, cost / 2);
            line
        };
        (0..count).map(line).collect()
    };
    for mean in means {
        site(mean, 0, OF_PEER);
    }
    let lines = site(mean, more, count);
    if matches!(variant, 0 | 2 | 4) {
        scene.lead("BEH-14", &lines);
    }
}

/// The most scenes of a province and month whose institutions have 30 settlements of a class or more.
const MOST_APART: u64 = 9;

/// Moves a scene to a province and month of its own; returns whether one is left.
fn apart(scene: &mut Scene<'_>) -> bool {
    let months = scene.land().months.len() as u64;
    let place = |n: u64| usize::try_from(n).unwrap_or_default();
    scene.treating = place(scene.number() % 32);
    scene.live_outside(&[scene.treating]);
    scene.month = place(scene.number() / 32 % months);
    scene.number() < MOST_APART * 32 * months
}

/// BEH-16: an institution takes back many settlements.
pub(super) fn reversals(scene: &mut Scene<'_>, variant: u64) {
    if !apart(scene) {
        return;
    }
    let months = scene.land().months.len();
    let (all, back) = match variant {
        0 => (400, 20),
        1 => (401, 20),
        2 => (100, 19),
        3 => (60, 25),
        _ if months < 2 => return,
        _ => (20, 20),
    };
    if variant == 4 {
        scene.month = scene.month.min(months - 2);
    }
    let site = scene.site_of('H', scene.treating, Some(APART));
    let start = scene.day_of_month(28);
    let counts: Vec<i64> = (0..28).map(|day| (all + day) / 28).collect();
    let lines = visits(scene, site, start, &counts).concat();
    let day = if variant == 4 {
        scene.month += 1;
        Some(scene.day_of_month(1))
    } else {
        None
    };
    let every = lines.len() / back;
    let taken: Vec<Line> = lines.into_iter().step_by(every).take(back).collect();
    let taken: Vec<Line> = taken.into_iter().map(|line| scene.reverse(line, day)).collect();
    if matches!(variant, 0 | 3 | 4) {
        scene.lead("BEH-16", &taken);
    }
}

/// BEH-19: a pharmacy sells nearly everything from personal accounts, and dear.
pub(super) fn accounts(scene: &mut Scene<'_>, variant: u64) {
    if !apart(scene) {
        return;
    }
    let (count, alone) = match variant {
        1 => (100, 94),
        2 => (99, 99),
        _ => (100, 95),
    };
    let site = scene.site_of('P', scene.treating, Some(APART));
    let start = scene.day_of_month(28);
    let mut lines: Vec<Line> = Vec::new();
    for number in 0..count {
        let who = scene.employee();
        let line = scene.purchase(&who, site, start + number % 28);
        // The mean is 200.00 yuan, or a hundredth of a fen less.
        let cost = 20_000 + 500 * (1 - 2 * (number % 2)) - i64::from(variant == 3 && number == 0);
        let cost = if count % 2 == 1 && number == count - 1 { 20_000 } else { cost };
        let amounts = match number {
            _ if number >= alone => bill(cost, 4_000, cost / 2),
            // Just 95 percent of the cost, or one fen less than that.
            _ if variant == 4 => bill(cost, 0, cost * 95 / 100),
            0 if variant == 5 => bill(cost, 0, cost * 95 / 100 - 1),
            _ => bill(cost, 0, cost),
        };
        scene.bill(line, amounts);
        lines.push(line);
    }
    if matches!(variant, 0 | 4) {
        let alone = usize::try_from(alone).unwrap_or_default();
        scene.lead("BEH-19", &lines[..alone]);
    }
}
