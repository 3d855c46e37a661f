//! A person, and what every row says of it.

use super::super::{
    extra::{ExtraFields, TOKEN},
    row::digits,
};

/// Code of 职工基本 and of 居民基本 among the kinds of insurance.
const INSURANCE: [u32; 2] = [0, 1];
/// Days of 365 in a year of age.
const YEAR: i32 = 365;

/// A person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReviewPerson {
    /// The insured division, by code.
    pub(super) home: u32,
    /// Its number.
    pub(super) division: u32,
    /// The number of the person in its division.
    pub(super) number: u64,
    /// Whether the person is an employee; else a resident.
    pub(super) employee: bool,
    /// Whether an employee has retired.
    pub(super) retired: bool,
    /// The hash of the person.
    pub(super) hash: u64,
}

/// Numbers below 10^10 are spread by this factor, so that neighbours do not look alike; it has no divisor of 10.
const SPREAD: u64 = 7_236_067_977;
const NUMBERS: u64 = 10_000_000_000;

impl ReviewPerson {
    /// Returns the personal number without the division: a different one for each serial number below 10^10.
    pub(super) fn spread(serial: u64) -> u64 {
        let product = u128::from(serial) * u128::from(SPREAD) % u128::from(NUMBERS);
        u64::try_from(product).unwrap_or_default()
    }

    /// Returns the code of the kind of insurance.
    pub(super) const fn insurance(&self) -> u32 {
        if self.employee { INSURANCE[0] } else { INSURANCE[1] }
    }

    /// Returns the personal number as it is delivered.
    pub(super) fn text(&self) -> [u8; 26] {
        let mut text = [b'0'; 26];
        digits(&mut text[..6], self.division.into());
        digits(&mut text[16..], self.number);
        text
    }

    /// Returns the number of the medium that belongs to this person alone.
    pub(super) fn token(&self) -> [u8; TOKEN] {
        let mut text = [b'C'; TOKEN];
        digits(&mut text[1..7], self.division.into());
        digits(&mut text[8..], self.number);
        text
    }

    /// Returns what every row says of the person, in a year that begins on this day.
    pub(super) fn extra(&self, today: i64) -> ExtraFields {
        let bits = self.hash >> 20;
        let (person, least) = match (self.employee, self.retired, bits & 7) {
            (true, false, _) => (0, 22),
            (true, true, _) => (1, 61),
            (false, _, 0) => (2, 2),
            (false, _, _) => (3, 19),
        };
        let years = least + i32::try_from(bits >> 3 & 15).unwrap_or_default();
        let day = i32::try_from(bits >> 7 & 255).unwrap_or_default();
        let medium = u32::try_from(bits >> 15 & 3).unwrap_or_default();
        ExtraFields {
            person: Some(person),
            birth: Some(i32::try_from(today).unwrap_or_default() - years * YEAR - years / 4 - day),
            grade: (!self.employee).then_some(u32::from(bits >> 17 & 1 == 1)),
            medium: (medium < 3).then_some(medium),
            token: (medium < 3).then(|| self.token()),
            ..ExtraFields::default()
        }
    }
}
