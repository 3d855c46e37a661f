//! Ordinary settlements: distributions of care, persons, places and amounts.
#![expect(clippy::cast_possible_truncation, reason = "random bits cut to size")]

use crate::model::{
    codes::CareClass,
    fields::amount::{ACCOUNT, CASH, FUND, HOSPITAL, MEDFEE, MUTUAL_AID},
};

use super::{
    draw::{Draw, Lognormal},
    row::AMOUNTS,
};

/// Kinds of insurance, by code; the last one has no fund class (V04).
pub(super) const INSUTYPES: [&str; 5] = ["310", "390", "380", "391", "340"];
/// Code of 职工基本.
pub(super) const EMPLOYEE: u32 = 0;
/// Code of 居民基本.
pub(super) const RESIDENT: u32 = 1;
/// Code of an insurance without a fund class.
pub(super) const NO_FUND: u32 = 4;

/// Kinds of care, by code; the last one has no care class (V05).
pub(super) const MED_TYPES: [&str; 13] =
    ["11", "12", "13", "14", "140104", "140201", "21", "22", "23", "24", "28", "41", "51"];
/// Code of ordinary outpatient care.
pub(super) const OUTPATIENT: u32 = 0;
/// Code of emergency care.
pub(super) const EMERGENCY: u32 = 2;
/// Code of chronic care.
pub(super) const CHRONIC: u32 = 3;
/// Code of an ordinary stay.
pub(super) const INPATIENT: u32 = 6;
/// Code of a pharmacy purchase.
pub(super) const PHARMACY: u32 = 11;
/// Code of care without a class.
pub(super) const NO_CARE: u32 = 12;

/// Cost distributions of the four care classes, in the order of [`CareClass::ALL`].
pub(super) struct Costs([Lognormal; 4]);

/// Of 1,000 settlements: chronic, inpatient, outpatient. The rest are pharmacy purchases.
const MIX: [u64; 3] = [65, 65, 420];
/// Of 1,000 persons in each care class, the number of employees.
const EMPLOYEES: [u64; 4] = [640, 450, 860, 985];

impl Costs {
    /// Makes distributions that are calibrated to domain.md section 4.
    pub(super) fn new() -> Costs {
        Costs([
            Lognormal::new(62_000, 85),
            Lognormal::new(2_430_000, 95),
            Lognormal::new(25_000, 85),
            Lognormal::new(11_000, 70),
        ])
    }

    /// Draws the amounts of one settlement.
    pub(super) fn amounts(
        &self,
        care: CareClass,
        employee: bool,
        draw: &mut Draw,
    ) -> [i64; AMOUNTS] {
        let mut amounts = [0; AMOUNTS];
        let total = self.0[care as usize].fen(draw.bits());
        amounts[MEDFEE] = total;
        let scope = scope(care, total, draw.bits());
        amounts[14..].copy_from_slice(&scope);
        funds(&mut amounts, care, employee, scope[3], draw);
        let mut rest = total - amounts[FUND];
        let bits = draw.bits();
        if care == CareClass::Inpatient && bits & 0xFF < 2 {
            amounts[HOSPITAL] = rest / 8;
            rest -= amounts[HOSPITAL];
        }
        if employee {
            let kind = bits >> 8 & 0xFF;
            let part = (bits >> 16 & 0xFF).cast_signed();
            amounts[ACCOUNT] = match (care, kind) {
                (CareClass::Inpatient, 0..=150) => 0,
                (CareClass::Inpatient, _) => (rest * part / 256).min(400_000),
                (CareClass::Pharmacy, 0..=220) | (_, 0..=140) => rest,
                (_, 0..=240) => rest * part / 256,
                _ => 0,
            };
            if bits >> 24 & 0xFF < 6 {
                amounts[MUTUAL_AID] = amounts[ACCOUNT] / 2;
            }
        }
        amounts[CASH] = rest - amounts[ACCOUNT];
        amounts
    }
}

/// Splits a total into: out of scope, over the limit, first share, in scope.
fn scope(care: CareClass, total: i64, bits: u64) -> [i64; 4] {
    let byte = |place: u32| (bits >> place & 0xFF).cast_signed();
    let (own, first) = match care {
        CareClass::Inpatient => (40 + byte(0) / 3, 20 + byte(8) / 3),
        CareClass::Pharmacy => (byte(0) / 4, 0),
        _ => (20 + byte(0) / 4, 10 + byte(8) / 4),
    };
    let own = total * own / 1000;
    let over = if byte(16) < 12 { total * byte(24) / 10_000 } else { 0 };
    let first = total * first / 1000;
    [own, over, first, total - own - over - first]
}

/// Fills the eight funds and their sum.
fn funds(
    amounts: &mut [i64; AMOUNTS],
    care: CareClass,
    employee: bool,
    inscp: i64,
    draw: &mut Draw,
) {
    const HIFP: usize = 2;
    const CVLSERV: usize = 3;
    const HIFES: usize = 4;
    const HIFMI: usize = 5;
    const HIFOB: usize = 6;
    const HIFDM: usize = 7;
    const MAF: usize = 8;
    const OTH: usize = 9;
    let bits = draw.bits();
    let byte = |place: u32| (bits >> place & 0xFF).cast_signed();
    let permille = match (care, employee) {
        (CareClass::Inpatient, true) => 640 + byte(0),
        (CareClass::Inpatient, false) => 445 + byte(0),
        (CareClass::Outpatient, _) if byte(8) < 32 => 0,
        (CareClass::Outpatient, true) => 600 + byte(0),
        (CareClass::Outpatient, false) => 480 + byte(0),
        (CareClass::Chronic, true) => 660 + byte(0),
        (CareClass::Chronic, false) => 520 + byte(0),
        (CareClass::Pharmacy, _) if byte(8) < 236 => 0,
        (CareClass::Pharmacy, _) => 400 + byte(0),
    };
    let basic = inscp * permille / 1000;
    amounts[HIFP] = basic;
    // For a few settlements, supplements pay a part of what the basic fund did not.
    if basic > 0 && byte(16) < 40 {
        let left = inscp - basic;
        let share = left * (64 + byte(24) / 2) / 256;
        let field = match (care, employee, byte(32)) {
            (_, true, 0..=3) => HIFDM,
            (_, true, 4..=11) => HIFES,
            (CareClass::Inpatient, true, 12..=150) => HIFOB,
            (_, true, 12..=230) => CVLSERV,
            (CareClass::Inpatient, false, 0..=160) => HIFMI,
            (_, false, 0..=240) => MAF,
            _ => OTH,
        };
        amounts[field] = share;
    }
    amounts[FUND] = amounts[HIFP..=OTH].iter().sum();
}

/// Draws a care class, and whether the person is an employee.
pub(super) fn care(bits: u64, person: u64) -> (CareClass, bool) {
    let part = ((bits & 0xFFFF) * 1000) >> 16;
    let care = match part {
        n if n < MIX[0] => CareClass::Chronic,
        n if n < MIX[0] + MIX[1] => CareClass::Inpatient,
        n if n < MIX[0] + MIX[1] + MIX[2] => CareClass::Outpatient,
        _ => CareClass::Pharmacy,
    };
    (care, ((person & 0xFFFF) * 1000) >> 16 < EMPLOYEES[care as usize])
}

/// Returns a `med_type` of a care class for 8 random bits.
pub(super) const fn med_type(care: CareClass, bits: u64) -> u32 {
    match (care, bits as u8) {
        (CareClass::Outpatient, 0..=9) => 1,
        (CareClass::Outpatient, 10..=29) => EMERGENCY,
        (CareClass::Outpatient, _) => OUTPATIENT,
        (CareClass::Chronic, 0..=63) => 4,
        (CareClass::Chronic, 64..=99) => 5,
        (CareClass::Chronic, _) => CHRONIC,
        (CareClass::Inpatient, 0..=4) => 7,
        (CareClass::Inpatient, 5..=16) => 8,
        (CareClass::Inpatient, 17..=26) => 9,
        (CareClass::Inpatient, 27..=40) => 10,
        (CareClass::Inpatient, _) => INPATIENT,
        (CareClass::Pharmacy, _) => PHARMACY,
    }
}

/// Returns an `insutype` for 8 random bits.
pub(super) const fn insutype(employee: bool, bits: u64) -> u32 {
    match (employee, bits as u8) {
        (true, _) => EMPLOYEE,
        (false, 0..=3) => 2,
        (false, 4..=7) => 3,
        (false, _) => RESIDENT,
    }
}
