//! One copy of a settlement, in compact form.

use crate::model::{
    codes::Month,
    fields::{AMOUNT_FIELDS, Amounts, COMPARED, amount_position},
    money::Fen,
};

/// Number of amounts of a record (`AMOUNT_FIELDS`).
pub(super) const AMOUNTS: usize = AMOUNT_FIELDS.len();

/// A settlement id: `A`, insured and treating division, day, two digits of origin and a serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SyntheticId {
    /// Number of the insured division.
    pub(super) insured: u32,
    /// Number of the treating division.
    pub(super) treating: u32,
    /// Day of settlement as yymmdd.
    pub(super) day: u32,
    /// Months from its day to its delivery, or another number that keeps ids of different births apart.
    pub(super) origin: u8,
    /// Running number of the pair.
    pub(super) serial: u64,
}

/// The form of a personal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PersonForm {
    /// Valid.
    Plain,
    /// It is empty (V01).
    Empty,
    /// It is longer than 40 characters (V14).
    Long,
}

/// One copy of a settlement. Codes are indexes into the vocabularies of the columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SyntheticRow {
    /// The settlement key.
    pub(super) id: SyntheticId,
    /// The reversed settlement, on a reversal.
    pub(super) init: Option<SyntheticId>,
    /// The division that numbered the person.
    pub(super) person_division: u32,
    /// The person's number in that division.
    pub(super) person: u64,
    /// The form of the personal number.
    pub(super) person_form: PersonForm,
    /// Insured division.
    pub(super) insured: u32,
    /// Treating division.
    pub(super) treating: u32,
    /// Institution.
    pub(super) institution: u32,
    /// Kind of insurance.
    pub(super) insutype: u32,
    /// Kind of care.
    pub(super) med_type: u32,
    /// Chronic disease.
    pub(super) disease: Option<u32>,
    /// Days of the stay before the day of settlement.
    pub(super) stay: u32,
    /// Second of settlement from 1970-01-01, local time.
    pub(super) time: i64,
    /// refd_setl_flag.
    pub(super) refunded: bool,
    /// fulamt_advpay_flag.
    pub(super) manual: bool,
    /// The amounts in fen, in the order of `AMOUNT_FIELDS`.
    pub(super) amounts: [i64; AMOUNTS],
}

impl SyntheticRow {
    /// Returns the id of its visit as text.
    pub(super) fn visit(&self) -> [u8; SyntheticId::VISIT_LEN] {
        self.init.unwrap_or(self.id).visit()
    }

    /// Returns the cost month.
    pub(super) fn cost_month(&self) -> Month {
        Month::of_day(self.time.div_euclid(86_400))
    }

    /// Whether an identity field differs.
    pub(super) fn differs_in_identity(&self, other: &SyntheticRow) -> bool {
        let identity = |row: &SyntheticRow| {
            (
                (row.person_division, row.person, row.insured, row.treating, row.institution),
                (row.insutype, row.med_type, row.disease, row.init, row.cost_month()),
            )
        };
        identity(self) != identity(other) || self.person_form != other.person_form
    }

    /// Whether a compared amount differs.
    pub(super) fn differs_in_amount(&self, other: &SyntheticRow) -> bool {
        self.amounts[..COMPARED] != other.amounts[..COMPARED]
    }

    /// Returns the amounts on which both copies must agree.
    pub(super) fn compared(&self) -> Amounts<Fen> {
        Amounts::of(|field| Fen::new(self.amounts[amount_position(field)]))
    }

    /// Returns the sum of the amounts at these positions, in fen.
    pub(super) fn sum_of(&self, positions: &[usize]) -> i64 {
        positions.iter().map(|position| self.amounts[*position]).sum()
    }

    /// Returns the row with all amounts negated.
    pub(super) fn negated(mut self) -> SyntheticRow {
        self.amounts = self.amounts.map(|amount| -amount);
        self
    }
}

/// Fills a slice with a number in decimal digits, with leading zeros.
pub(super) fn digits(out: &mut [u8], mut number: u64) {
    for place in out.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl SyntheticId {
    /// Characters of a settlement id.
    pub(super) const LEN: usize = 30;
    /// Characters of the id of a visit.
    pub(super) const VISIT_LEN: usize = 26;

    /// Returns the id as text, as it is delivered.
    pub(super) fn text(self) -> [u8; SyntheticId::LEN] {
        let mut text = [b'A'; SyntheticId::LEN];
        digits(&mut text[1..7], self.insured.into());
        digits(&mut text[7..13], self.treating.into());
        digits(&mut text[13..19], self.day.into());
        digits(&mut text[19..21], self.origin.into());
        digits(&mut text[21..], self.serial);
        text
    }

    /// Returns the id of its visit as text.
    fn visit(self) -> [u8; SyntheticId::VISIT_LEN] {
        let mut text = [b'S'; SyntheticId::VISIT_LEN];
        digits(&mut text[1..7], self.insured.into());
        digits(&mut text[7..9], u64::from(self.treating / 10_000));
        digits(&mut text[9..15], self.day.into());
        digits(&mut text[15..17], self.origin.into());
        digits(&mut text[17..], self.serial);
        text
    }
}
