//! The optional fields of the review (review §2), and how their values are read.

use chrono::NaiveDate;
use xxhash_rust::xxh3::xxh3_128;

use super::{
    benefits::words::{HospitalLevel, PersonKind},
    registry::{ListedInstitution, ReviewRegistry},
    row::OptionalFields,
    rules_file::values::{EmergencyField, ReviewValues, Worded},
};
use crate::{
    ingest::{
        batch::Batch,
        beside::{BesideField, BesideKind, BesideValues},
        text::ListMemo,
    },
    model::{fields::Field, money::Fen},
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

/// What words of lists mean, kept from batch to batch.
#[derive(Default)]
pub struct WordMemos {
    levels: ListMemo<Option<Worded<HospitalLevel>>>,
    persons: ListMemo<Option<Worded<PersonKind>>>,
    emergencies: [ListMemo<Option<Worded<()>>>; 2],
    listed: ListMemo<ListedInstitution>,
}

/// The optional fields of a batch. Words are looked up by column: once for each value of a dictionary.
pub struct BatchFields<'b> {
    columns: [Option<&'b BesideValues>; COLUMNS.len()],
    levels: Vec<Option<Worded<HospitalLevel>>>,
    persons: Vec<Option<Worded<PersonKind>>>,
    emergencies: [Vec<Option<Worded<()>>>; 2],
    listed: Vec<ListedInstitution>,
    /// A bit for each field that has a value in a row.
    delivered: Vec<u16>,
}

/// Looks up the words of a column; the list is empty where there is no column.
fn words<T: Copy>(
    column: Option<&BesideValues>,
    rows: usize,
    memo: &mut ListMemo<Option<Worded<T>>>,
    look_up: impl Fn(&str) -> Worded<T>,
) -> Vec<Option<Worded<T>>> {
    let mut words = Vec::new();
    if let Some(BesideValues::Text(column)) = column {
        column.map_with(rows, memo, &mut words, |text| text.map(&look_up));
    }
    words
}

/// Returns the text of a row with its word.
fn worded<'b, T: Copy>(
    column: Option<&'b BesideValues>,
    words: &[Option<Worded<T>>],
    row: usize,
) -> Option<(&'b str, Worded<T>)> {
    let word = words.get(row).copied().flatten()?;
    Some((column?.text(row)?, word))
}

impl<'b> BatchFields<'b> {
    /// Finds the columns of a batch. `memos` are those of batches before, with the same meaning.
    pub fn of(
        meaning: FieldMeaning<'_>,
        batch: &'b Batch,
        memos: &mut WordMemos,
    ) -> BatchFields<'b> {
        let FieldMeaning { values, registry } = meaning;
        let columns: [Option<&BesideValues>; COLUMNS.len()] =
            std::array::from_fn(|field| batch.beside(field));
        let of = |field: ReviewField| columns[field as usize];
        let mut listed = Vec::new();
        if let Some(registry) = registry {
            let institutions = batch.text(Field::fixmedins_code);
            institutions.map_with(batch.rows, &mut memos.listed, &mut listed, |institution| {
                institution
                    .and_then(|institution| registry.get(institution))
                    .copied()
                    .unwrap_or_default()
            });
        }
        let rows = batch.rows;
        let (level, person) = (of(ReviewField::HospLv), of(ReviewField::PsnType));
        BatchFields {
            levels: words(level, rows, &mut memos.levels, |value| values.level(value)),
            persons: words(person, rows, &mut memos.persons, |value| values.person(value)),
            emergencies: std::array::from_fn(|at| {
                let (field, says) = EMERGENCY[at];
                let memo = &mut memos.emergencies[at];
                words(of(field), rows, memo, |value| values.emergency(says, value))
            }),
            listed,
            delivered: delivered(&columns, batch.rows),
            columns,
        }
    }

    /// Reads the fields of a row.
    pub fn read(&self, row: usize, day_of_admission: i32) -> OptionalFields<'b> {
        let column = |field: ReviewField| self.columns[field as usize];
        let text = |field: ReviewField| column(field)?.text(row);
        let listed = self.listed.get(row).copied().unwrap_or_default();
        let mut fields = OptionalFields {
            networked: listed.networked,
            age: match column(ReviewField::Brdy).and_then(|days| days.day(row)) {
                Some(birth) => age_on(birth, day_of_admission),
                None => text(ReviewField::Age).and_then(|age| age.parse().ok()),
            },
            grade: text(ReviewField::ClctGrde),
            stay: text(ReviewField::CalIptCnt).and_then(nth),
            dedc_std: self.amount(ReviewField::DedcStd, row),
            act_pay_dedc: self.amount(ReviewField::ActPayDedc, row),
            mid_stay: text(ReviewField::MidSetlFlag) == Some("1"),
            medium: text(ReviewField::MdtrtCertType),
            token: text(ReviewField::MdtrtCertNo).map(|token| xxh3_128(token.as_bytes())),
            delivered: self.delivered[row],
            ..OptionalFields::default()
        };
        let level = worded(column(ReviewField::HospLv), &self.levels, row);
        fields.level = fields.known(ReviewField::HospLv, level).or(listed.level);
        let person = worded(column(ReviewField::PsnType), &self.persons, row);
        fields.person = fields.known(ReviewField::PsnType, person);
        for ((field, _), words) in EMERGENCY.iter().zip(&self.emergencies) {
            let says = worded(column(*field), words, row);
            fields.emergency |= fields.known(*field, says).is_some();
        }
        fields
    }

    /// Returns the amount of a row; none where it is null or no valid amount.
    fn amount(&self, field: ReviewField, row: usize) -> Option<Fen> {
        let column = self.columns[field as usize]?.amounts()?;
        let is_fit = column.unfit.binary_search_by_key(&row, |unfit| unfit.row).is_err();
        column.value(row).filter(|_| is_fit)
    }
}

/// Returns a bit for each field that has a value, for each row.
fn delivered(columns: &[Option<&BesideValues>], rows: usize) -> Vec<u16> {
    let present =
        || columns.iter().enumerate().filter_map(|(field, column)| Some((field, (*column)?)));
    let full = present().filter(|(_, column)| !column.may_be_missing());
    let mut delivered = vec![full.fold(0, |bits, (field, _)| bits | 1 << field); rows];
    let mut texts = Vec::new();
    for (field, column) in present().filter(|(_, column)| column.may_be_missing()) {
        if let BesideValues::Text(column) = column {
            column.is_there(rows, &mut texts);
        }
        for (row, bits) in delivered.iter_mut().enumerate() {
            let has_value = match column {
                BesideValues::Text(_) => texts[row],
                BesideValues::Date(_) => column.day(row).is_some(),
                BesideValues::Amount(amounts) => amounts.value(row).is_some(),
            };
            *bits |= u16::from(has_value) << field;
        }
    }
    delivered
}

impl<'b> OptionalFields<'b> {
    /// Takes a word; notes the value if `values` does not have it.
    fn known<T>(&mut self, field: ReviewField, says: Option<(&'b str, Worded<T>)>) -> Option<T> {
        match says? {
            (_, Worded::Known(word)) => return Some(word),
            (_, Worded::Silent) => {}
            (value, Worded::Unknown) => self.unknown.push((field as u8, value)),
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
