//! The optional fields of the review (review §2), and how their values are read.

use chrono::NaiveDate;
use xxhash_rust::xxh3::xxh3_128;

use super::{
    registry::ReviewRegistry,
    row::OptionalFields,
    rules_file::values::{EmergencyField, ReviewValues, Worded},
};
use crate::{
    ingest::{
        batch::Batch,
        beside::{BesideField, BesideKind, BesideValues},
    },
    model::money::Fen,
};

macro_rules! review_fields {
    ($($variant:ident $name:literal $kind:ident $doc:literal,)*) => {
        /// An optional field of the review.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ReviewField { $(#[doc = $doc] $variant,)* }

        impl ReviewField {
            /// All fields.
            pub const ALL: &'static [ReviewField] = &[$(ReviewField::$variant),*];

            /// Returns the name of its column.
            pub const fn name(self) -> &'static str {
                match self { $(ReviewField::$variant => $name,)* }
            }
        }

        /// The fields as columns of a file, in the order of [`ReviewField::ALL`].
        pub const COLUMNS: &[BesideField] =
            &[$(BesideField { name: $name, kind: BesideKind::$kind }),*];
    };
}

review_fields! {
    HospLv "hosp_lv" Code "The level of the institution.",
    PsnType "psn_type" Code "The kind of the person.",
    Brdy "brdy" Date "The day of birth.",
    Age "age" Integer "The age in years.",
    ClctGrde "clct_grde" Code "The contribution grade.",
    CalIptCnt "cal_ipt_cnt" Code "The number of the stay in the year.",
    DedcStd "dedc_std" Amount "The deductible by the standard.",
    ActPayDedc "act_pay_dedc" Amount "The deductible that was really paid.",
    OtpErReflFlag "otp_er_refl_flag" Code "Whether it was an emergency or a referral.",
    IptType "ipt_type" Code "The type of the stay.",
    MidSetlFlag "mid_setl_flag" Code "Whether it was settled in the middle of a stay.",
    MdtrtCertType "mdtrt_cert_type" Code "The kind of the credential.",
    MdtrtCertNo "mdtrt_cert_no" Code "The credential.",
}

/// The fields that say whether it was an emergency.
const EMERGENCY: [(ReviewField, EmergencyField); 2] = [
    (ReviewField::OtpErReflFlag, EmergencyField::OtpErReflFlag),
    (ReviewField::IptType, EmergencyField::IptType),
];

/// What the values of the optional fields mean.
#[derive(Clone, Copy)]
pub struct FieldMeaning<'a> {
    /// What the values of the platform mean.
    pub values: &'a ReviewValues,
    /// The registry, if there is one.
    pub registry: Option<&'a ReviewRegistry>,
}

/// The optional fields of a batch.
pub struct BatchFields<'a, 'b> {
    meaning: FieldMeaning<'a>,
    columns: [Option<&'b BesideValues>; COLUMNS.len()],
}

impl<'a, 'b> BatchFields<'a, 'b> {
    /// Finds the columns of a batch.
    pub fn of(meaning: FieldMeaning<'a>, batch: &'b Batch) -> BatchFields<'a, 'b> {
        BatchFields { meaning, columns: std::array::from_fn(|field| batch.beside(field)) }
    }

    /// Reads the fields of a row.
    pub fn read(&self, row: usize, institution: &str, day_of_admission: i32) -> OptionalFields<'b> {
        let FieldMeaning { values, registry } = self.meaning;
        let mut fields = OptionalFields::default();
        let text = |field: ReviewField| self.columns[field as usize]?.text(row);
        let level = text(ReviewField::HospLv)
            .and_then(|value| fields.known(ReviewField::HospLv, value, values.level(value)));
        let listed = registry.and_then(|registry| registry.get(institution));
        fields.level = level.or_else(|| listed.and_then(|listed| listed.level));
        fields.networked = listed.and_then(|listed| listed.networked);
        fields.person = text(ReviewField::PsnType)
            .and_then(|value| fields.known(ReviewField::PsnType, value, values.person(value)));
        for (field, says) in EMERGENCY {
            let says = text(field)
                .and_then(|value| fields.known(field, value, values.emergency(says, value)));
            fields.emergency |= says.is_some();
        }
        fields.age = match self.columns[ReviewField::Brdy as usize].and_then(|days| days.day(row)) {
            Some(birth) => age_on(birth, day_of_admission),
            None => text(ReviewField::Age).and_then(|age| age.parse().ok()),
        };
        fields.grade = text(ReviewField::ClctGrde);
        fields.stay = text(ReviewField::CalIptCnt).and_then(nth);
        fields.dedc_std = self.amount(ReviewField::DedcStd, row);
        fields.act_pay_dedc = self.amount(ReviewField::ActPayDedc, row);
        fields.mid_stay = text(ReviewField::MidSetlFlag) == Some("1");
        fields.medium = text(ReviewField::MdtrtCertType);
        fields.token = text(ReviewField::MdtrtCertNo).map(|token| xxh3_128(token.as_bytes()));
        fields.delivered = self.delivered(row);
        fields
    }

    /// Returns the amount of a row; none where it is null or no valid amount.
    fn amount(&self, field: ReviewField, row: usize) -> Option<Fen> {
        let column = self.columns[field as usize]?.amounts()?;
        let is_fit = column.unfit.binary_search_by_key(&row, |unfit| unfit.row).is_err();
        column.value(row).filter(|_| is_fit)
    }

    /// Returns a bit for each field that has a value in a row.
    fn delivered(&self, row: usize) -> u16 {
        let has_value = |values: &BesideValues| match values {
            BesideValues::Text(column) => column.value(row).is_some(),
            BesideValues::Date(_) => values.day(row).is_some(),
            BesideValues::Amount(column) => column.value(row).is_some(),
        };
        let bits = self.columns.iter().enumerate();
        let bits = bits.filter(|(_, column)| column.is_some_and(has_value));
        bits.fold(0, |all, (field, _)| all | 1 << field)
    }
}

impl<'b> OptionalFields<'b> {
    /// Takes a word; notes the value if `values` does not have it.
    fn known<T>(&mut self, field: ReviewField, value: &'b str, word: Worded<T>) -> Option<T> {
        match word {
            Worded::Known(word) => return Some(word),
            Worded::Silent => {}
            Worded::Unknown => self.unknown.push((field as u8, value)),
        }
        None
    }
}

/// Returns the number of a stay; none where the text is no whole number from 1 on.
fn nth(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number >= 1)
}

/// Returns the whole years from a birth to a day: one more on each birthday, of 29 February on 1 March.
fn age_on(birth: i32, day: i32) -> Option<u16> {
    let [birth, day] = [birth, day].map(NaiveDate::from_epoch_days);
    u16::try_from(day?.years_since(birth?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_added_on_the_birthday() {
        let day = |text: &str| crate::model::dates::parse_day(text).expect("a day").to_epoch_days();
        let age = |birth: &str, at: &str| age_on(day(birth), day(at));
        assert_eq!(age("2007-10-05", "2025-10-04"), Some(17));
        assert_eq!(age("2007-10-05", "2025-10-05"), Some(18));
        assert_eq!(age("2008-02-29", "2026-02-28"), Some(17));
        assert_eq!(age("2008-02-29", "2026-03-01"), Some(18));
        assert_eq!(age("2025-10-06", "2025-10-05"), None);
        assert_eq!(age_on(i32::MIN, 0), None);
    }

    #[test]
    fn the_number_of_a_stay_is_a_whole_number_from_1_on() {
        assert_eq!(
            ["1", "01", "0", "", "-1", "+2", "2.0", "４"].map(nth),
            [Some(1), Some(1), None, None, None, None, None, None]
        );
    }
}
