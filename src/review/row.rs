//! A row of a delivery as the review sees it.

use super::benefits::words::{HospitalLevel, PersonKind};
use crate::{
    ingest::times::DAY,
    model::{
        codes::{CareClass, FundClass, Month, Province},
        money::Fen,
    },
};

/// A row that passed the row rules. Texts are those of the record, days count from 1970-01-01, times are local (UTC+8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedRow<'a> {
    /// The number of the row among the rows of all inputs, in the order of input, file and row.
    pub ordinal: u64,
    /// The settlement (`setl_id`).
    pub setl_id: &'a str,
    /// The settlement that it reverses (`init_setl_id`), if it is a reversal.
    pub reverses: Option<&'a str>,
    /// The person (`psn_no`).
    pub psn_no: &'a str,
    /// The institution (`fixmedins_code`).
    pub institution: &'a str,
    /// The insured division, six digits (`insuplc_admdvs`).
    pub insured: &'a str,
    /// The treating division, six digits (`mdtrtarea_admvs`).
    pub treating: &'a str,
    /// The type of care as the record has it (`med_type`).
    pub med_type: &'a str,
    /// The disease (`dise_codg`); `None` is null.
    pub disease: Option<&'a str>,
    /// The care class, by the policy of the cost month.
    pub care: CareClass,
    /// The fund class, by the policy of the cost month.
    pub fund: FundClass,
    /// The time of settlement, in microseconds.
    pub time: i64,
    /// The day of admission as the record has it (`begndate`).
    pub begin: Option<i32>,
    /// The day of discharge as the record has it (`enddate`).
    pub end: Option<i32>,
    /// The total cost (`medfee_sumamt`).
    pub medfee: Fen,
    /// The payable, by the policy of the cost month.
    pub payable: Fen,
    /// The basic fund's payment (`hifp_pay`).
    pub hifp_pay: Fen,
    /// The payment of all funds (`fund_pay_sumamt`).
    pub fund_pay: Fen,
    /// The payment from the account (`acct_pay`).
    pub acct_pay: Fen,
    /// The in-scope amount (`inscp_scp_amt`); `None` is null.
    pub in_scope: Option<Fen>,
    /// What the record of a settlement does not have.
    pub optional: OptionalFields<'a>,
}

/// The optional fields of a row (review §2). A value that is unknown or null is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptionalFields<'a> {
    /// The level of the institution: that of the record, else that of the registry.
    pub level: Option<HospitalLevel>,
    /// The kind of the person by `psn_type` alone.
    pub person: Option<PersonKind>,
    /// Whole years on the day of admission.
    pub age: Option<u16>,
    /// The contribution grade (`clct_grde`).
    pub grade: Option<&'a str>,
    /// The number of the stay in the year (`cal_ipt_cnt`), from 1.
    pub stay: Option<u32>,
    /// The deductible by the standard (`dedc_std`).
    pub dedc_std: Option<Fen>,
    /// The deductible that was really paid (`act_pay_dedc`).
    pub act_pay_dedc: Option<Fen>,
    /// Whether the record says that it was an emergency.
    pub emergency: bool,
    /// Whether it was settled in the middle of a stay.
    pub mid_stay: bool,
    /// The kind of the credential (`mdtrt_cert_type`).
    pub medium: Option<&'a str>,
    /// A digest of the credential (`mdtrt_cert_no`).
    pub token: Option<u128>,
    /// Whether the institution is in the network, by the registry.
    pub networked: Option<bool>,
    /// The values that `values` does not have: the place of the field among the fields of the review, and the value.
    pub unknown: Vec<(u8, &'a str)>,
    /// The fields that have a value: bit n for field n of the review.
    pub delivered: u16,
}

impl ReviewedRow<'_> {
    /// Returns the day of settlement.
    pub fn day(&self) -> i32 {
        i32::try_from(self.time.div_euclid(DAY)).expect("Invariant: V17 holds the years")
    }

    /// Returns the month of settlement, which is the cost month.
    pub fn month(&self) -> Month {
        Month::of_day(self.time.div_euclid(DAY))
    }

    /// Returns the days of admission and discharge of a stay: an inpatient settlement with both of them in their order.
    pub fn stay(&self) -> Option<(i32, i32)> {
        let days = (self.begin?, self.end?);
        (self.care == CareClass::Inpatient && days.0 <= days.1).then_some(days)
    }

    /// Whether it is a visit: an outpatient or a chronic settlement.
    pub fn is_visit(&self) -> bool {
        matches!(self.care, CareClass::Outpatient | CareClass::Chronic)
    }

    /// Whether it is a purchase in a pharmacy.
    pub fn is_purchase(&self) -> bool {
        self.care == CareClass::Pharmacy
    }

    /// Returns the day of admission: `begndate` of an inpatient settlement where it is there, else the day.
    pub fn day_of_admission(&self) -> i32 {
        self.begin.filter(|_| self.care == CareClass::Inpatient).unwrap_or_else(|| self.day())
    }

    /// Returns the benefit day: `enddate` of an inpatient settlement where it is there, else the day (procedure §41).
    pub fn benefit_day(&self) -> i32 {
        self.end.filter(|_| self.care == CareClass::Inpatient).unwrap_or_else(|| self.day())
    }

    /// Returns the first and the last day for a lead: the days of a stay, else the day.
    pub fn days(&self) -> (i32, i32) {
        self.stay().unwrap_or((self.day(), self.day()))
    }

    /// Returns the insured province.
    pub fn insured_province(&self) -> Province {
        Province::of_division(self.insured.as_bytes()).expect("Invariant: V02 holds divisions")
    }

    /// Returns the treating province.
    pub fn treating_province(&self) -> Province {
        Province::of_division(self.treating.as_bytes()).expect("Invariant: V02 holds divisions")
    }
}
