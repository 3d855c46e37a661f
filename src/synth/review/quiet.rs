//! The quiet nation: persons who live without giving a lead.
//!
//! Each pair has its persons. They take turns, so that two settlements of a person are never less than 16 days apart,
//! and each has one hospital and one pharmacy. Persons of an institution who come on one day live in different
//! divisions, and in each turn a person comes for something else: of 16 turns one is a stay and one is chronic care.
//! So institutions have the same work each day and month, and no person comes often.

#![expect(clippy::cast_possible_truncation, reason = "random bits cut to size")]

use super::super::{
    draw::{below, hash_at},
    extra::ExtraFields,
    row::{PersonForm, SyntheticId, SyntheticRow},
};
use super::{
    bill::{self, Bill},
    land::{DISEASES, ReviewLand, Site, XIAN, first_day, has_employee_set, yymmdd},
    person::ReviewPerson,
};
use crate::model::codes::CareClass;

/// The seconds of a day in which institutions are open, from 7 to 21 o'clock.
const OPEN: u64 = 50_400;
const OPENS: i64 = 25_200;

/// What a person comes for in 16 turns.
const TURNS: [CareClass; 16] = {
    use CareClass::{Chronic as C, Inpatient as S, Outpatient as O, Pharmacy as P};
    [S, O, P, O, P, O, P, C, O, P, O, P, O, P, O, P]
};
/// The codes of `med_type` of the care classes, in the order of [`CareClass::ALL`].
pub(super) const CARE: [u32; 4] = [3, 6, 0, 11];

/// The quiet settlements of one pair.
#[derive(Clone, Copy)]
pub(super) struct QuietStream {
    insured: usize,
    treating: usize,
    /// Settlements of a month.
    pub(super) count: u64,
    /// Persons.
    pub(super) persons: u64,
    /// Hospitals of the treating province.
    sites: u64,
    salt: u64,
}

/// A quiet person: who, where, and the turn with which the life begins.
#[derive(Clone, Copy)]
pub(super) struct QuietPerson {
    /// The person.
    pub(super) who: ReviewPerson,
    /// The rank of its institutions in the treating province.
    site: u64,
    turn: u64,
}

impl QuietStream {
    /// Returns the stream of a pair, by index.
    pub(super) fn new(land: &ReviewLand, pair: usize) -> QuietStream {
        let count = land.counts[pair];
        QuietStream {
            insured: pair / 32,
            treating: pair % 32,
            count,
            // Six tenths: 28 days × 0.6 are more than 16 days.
            persons: (count * 6).div_ceil(10),
            sites: land.sites(pair % 32),
            salt: hash_at(land.seed, 1 << 40 | pair as u64),
        }
    }

    /// Returns a person.
    pub(super) fn person(&self, land: &ReviewLand, number: u64) -> QuietPerson {
        let (of_site, round) = (number % self.sites, number / self.sites);
        let salt = hash_at(self.salt, of_site);
        let homes = land.homes(self.insured);
        // Persons of one institution who follow each other live in different divisions.
        let home = homes[((round + (salt >> 8)) % homes.len() as u64) as usize];
        let division = land.number(home);
        let hash = hash_at(self.salt ^ 0x5EED, number);
        let employee = hash & 7 < 4 && !has_employee_set(division);
        let who = ReviewPerson {
            home,
            division,
            number: ReviewPerson::spread(self.treating as u64 * 100_000_000 + number),
            employee,
            retired: employee && (hash >> 3).trailing_zeros() >= 2,
            hash,
        };
        let phase = hash_at(self.salt, u64::MAX) % self.sites;
        QuietPerson { who, site: (of_site + phase) % self.sites, turn: round + (salt & 15) }
    }

    /// Returns the day in the month, from 0, and the second of the day of a settlement.
    pub(super) const fn time(&self, days: u64, index: u64) -> (i64, i64) {
        let place = (2 * index + 1) * days * OPEN / (2 * self.count);
        ((place / OPEN).cast_signed(), OPENS + (place % OPEN).cast_signed())
    }

    /// Makes the settlement with this index in a month.
    pub(super) fn row(
        &self,
        land: &ReviewLand,
        month: usize,
        index: u64,
    ) -> (SyntheticRow, ExtraFields) {
        let number = month as u64 * self.count + index;
        let (number, cycle) = (number % self.persons, number / self.persons);
        let person = self.person(land, number);
        let care = TURNS[((person.turn + cycle) % 16) as usize];
        let first = first_day(land.months[month]);
        let days = first_day(land.months[month].plus(1)) - first;
        let (day, second) = self.time(days.unsigned_abs(), index);
        let site = match care {
            CareClass::Pharmacy => land.pharmacy(self.treating, person.site),
            _ => land.hospital(self.treating, person.site),
        };
        let bits = hash_at(person.who.hash, cycle + 7);
        let mut extra = person.who.extra(first_day(land.months[0]));
        extra.level = site.level;
        let cost = cost(care, person.site, site.level, bits);
        let amounts = amounts(&person.who, care, cost, bits, &mut extra);
        let stay = care == CareClass::Inpatient;
        if stay {
            extra.kind = Some(u32::from(bits >> 60 == 0));
            extra.stays = Some(0);
            extra.mid = Some(0);
        } else {
            let emergency = care == CareClass::Outpatient && bits >> 59 == 0;
            extra.emergency = Some(u32::from(emergency && !person.who.is_of_xian()));
        }
        let row = SyntheticRow {
            id: SyntheticId {
                insured: person.who.division,
                treating: land.number(site.division),
                day: yymmdd(first + day),
                origin: 0,
                serial: index,
            },
            init: None,
            person_division: person.who.division,
            person: person.who.number,
            person_form: PersonForm::Plain,
            insured: person.who.home,
            treating: site.division,
            institution: site.code,
            insutype: person.who.insurance(),
            med_type: CARE[care as usize],
            disease: (care == CareClass::Chronic).then_some((bits >> 40) as u32 % DISEASES as u32),
            stay: if stay { 2 + below(bits, 5) as u32 } else { 0 },
            time: (first + day) * 86_400 + second,
            refunded: false,
            manual: false,
            amounts,
        };
        (row, extra)
    }
}

impl ReviewPerson {
    /// Whether the rule set of Xi'an pays for the person.
    pub(super) const fn is_of_xian(&self) -> bool {
        self.employee && self.division / 100 == XIAN
    }
}

impl QuietPerson {
    /// Returns a hospital of the person.
    pub(super) fn hospital(&self, land: &ReviewLand, stream: &QuietStream) -> Site {
        land.hospital(stream.treating, self.site)
    }
}

/// Returns the cost of a settlement in fen. Institutions are up to a fifth dearer or cheaper than the middle, evenly,
/// and settlements up to three tenths.
fn cost(care: CareClass, site: u64, level: Option<u32>, bits: u64) -> i64 {
    let middle = match care {
        CareClass::Chronic => 62_000,
        CareClass::Inpatient => 1_200_000,
        CareClass::Outpatient => 25_000,
        CareClass::Pharmacy => 20_000,
    };
    // Levels change from hospital to hospital, so their thirds are spread over the whole range each.
    let rank = if level.is_some() { site / 3 } else { site };
    let place = (rank.reverse_bits() >> 44).cast_signed();
    let permille = 800 + ((place * 400) >> 20);
    let noise = 700 + below(bits >> 32, 601).cast_signed();
    middle * permille / 1000 * noise / 1000
}

/// The deductible of a first stay in Xi'an at levels 1, 2 and 3, in fen.
const XIAN_STAY: [i64; 3] = [20_000, 50_000, 120_000];
/// The deductible of a year for outpatient care, in fen.
const XIAN_YEAR: i64 = 20_000;

/// What the basic fund of Xi'an pays in percent at levels 1, 2 and 3: for stays and for visits, of the active and of the
/// retired.
const XIAN_PERCENT: [[[i64; 3]; 2]; 2] =
    [[[90, 85, 80], [94, 90, 85]], [[70, 60, 50], [75, 65, 55]]];

/// Returns what the basic fund of Xi'an pays in percent.
pub(super) const fn xian_percent(inpatient: bool, level: u32, retired: bool) -> i64 {
    XIAN_PERCENT[!inpatient as usize][retired as usize][level as usize]
}

fn amounts(
    who: &ReviewPerson,
    care: CareClass,
    cost: i64,
    bits: u64,
    extra: &mut ExtraFields,
) -> Bill {
    let stay = care == CareClass::Inpatient;
    let whose = (who.employee, bits);
    if who.is_of_xian() && (stay || care == CareClass::Outpatient) {
        let level = extra.level.unwrap_or_default();
        let standard = if stay { XIAN_STAY[level as usize] } else { XIAN_YEAR };
        let percent = xian_percent(stay, level, who.retired);
        let bill =
            bill::quiet(cost, whose, |scope| bill::percent((scope - standard).max(0), percent));
        extra.standard = Some(standard);
        extra.deductible = Some(standard.min(bill[bill::IN_SCOPE]));
        return bill;
    }
    let permille = match (care, who.employee) {
        (CareClass::Inpatient, true) => 640,
        (CareClass::Inpatient, false) => 520,
        (CareClass::Outpatient, true) => 500,
        (CareClass::Outpatient, false) => 420,
        (CareClass::Chronic, _) => 600,
        (CareClass::Pharmacy, _) if bits >> 56 < 64 => 0,
        (CareClass::Pharmacy, _) => 400,
    };
    if stay {
        extra.standard = Some(60_000);
        extra.deductible = Some(60_000);
    }
    bill::quiet(cost, whose, |scope| scope * permille / 1000)
}
