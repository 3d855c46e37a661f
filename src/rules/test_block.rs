//! `[[test]]` blocks of a rules file: given values, and values that must follow from the policy.

use std::{collections::BTreeMap, fmt, ops::Range};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    model::{
        codes::Month,
        dates::parse_day,
        fields::COMPARED_AMOUNTS,
        money::{FenSum, parse_sum, yuan},
    },
    shapes,
    text::{Text, quoted},
};

/// A test of the rules, by the article that it stands for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBlock {
    /// The article and what it says.
    #[schemars(with = "String")]
    pub source: Spanned<String>,
    /// The period whose policy is asked.
    #[schemars(with = "shapes::Period")]
    pub period: PeriodText,
    /// What is known.
    #[serde(default)]
    pub given: TestGiven,
    /// What has to follow.
    pub expect: Expect,
}

/// What a test gives. What nothing is expected of may be left out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TestGiven {
    /// Code of the kind of insurance.
    #[schemars(with = "String")]
    pub insutype: Option<String>,
    /// Code of the kind of care.
    #[schemars(with = "String")]
    pub med_type: Option<String>,
    /// Code of a chronic disease.
    #[schemars(with = "String")]
    pub dise_codg: Option<String>,
    /// The day of the settlement (UTC+8).
    #[schemars(with = "shapes::Day")]
    pub setl_day: Option<Day>,
    /// The month of the costs.
    #[schemars(with = "shapes::Period")]
    pub cost_month: Option<PeriodText>,
    /// Amounts of a settlement by their fields; one that is not named is 0.
    #[schemars(with = "shapes::MapOf<crate::model::fields::PayableField, shapes::Amount>")]
    pub amounts: Option<BTreeMap<String, Yuan>>,
    /// A day of the calendar.
    #[schemars(with = "shapes::Day")]
    pub day: Option<Day>,
    /// The day on which a notice is issued.
    #[schemars(with = "shapes::Day")]
    pub issued_on: Option<Day>,
    /// The quota of a pair.
    #[schemars(with = "shapes::Amount")]
    pub quota: Option<Yuan>,
    /// The payable of a pair in the period.
    #[schemars(with = "shapes::Amount")]
    pub payable: Option<Yuan>,
    /// What a pair clears in the period, less deductions, plus what was brought forward; it may be below 0.
    #[schemars(with = "shapes::Amount")]
    pub net: Option<Yuan>,
    /// The payables of a pair in the months from which its yearly quota follows.
    #[schemars(with = "Vec<shapes::Amount>")]
    pub payables: Option<Vec<Yuan>>,
}

/// What has to follow, with its place in the file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// `employee`, `resident`, or `none` for a code that breaks V04; of `insutype`.
    #[schemars(with = "shapes::FundWord")]
    pub fund_class: Option<Spanned<String>>,
    /// `outpatient`, `chronic`, `inpatient`, `pharmacy`, or `none` for a code that breaks V05; of `med_type`.
    #[schemars(with = "shapes::CareWord")]
    pub care_class: Option<Spanned<String>>,
    /// Whether the disease is open on the day of settlement; of `dise_codg` and `setl_day`.
    #[schemars(with = "bool")]
    pub chronic_open: Option<Spanned<bool>>,
    /// What the insured province owes; of `amounts`.
    #[schemars(with = "shapes::Amount")]
    pub payable: Option<Spanned<Yuan>>,
    /// Whether the costs need a permit; of `cost_month`.
    #[schemars(with = "bool")]
    pub late: Option<Spanned<bool>>,
    /// Whether the day is a working day; of `day`.
    #[schemars(with = "bool")]
    pub working_day: Option<Spanned<bool>>,
    /// The last day for filing with finance; of `issued_on`.
    #[schemars(with = "shapes::Day")]
    pub file_by: Option<Spanned<Day>>,
    /// The last day for the payment; of `issued_on`.
    #[schemars(with = "shapes::Day")]
    pub pay_by: Option<Spanned<Day>>,
    /// The last day for the confirmation; of `issued_on`.
    #[schemars(with = "shapes::Day")]
    pub confirm_by: Option<Spanned<Day>>,
    /// `green`, `yellow`, `red` or `none`; of `quota` and `payable`.
    #[schemars(with = "shapes::LevelWord")]
    pub level: Option<Spanned<String>>,
    /// The yearly quota; of `payables`.
    #[schemars(with = "shapes::Amount")]
    pub yearly_quota: Option<Spanned<Yuan>>,
    /// What the treating province returns in the period; of `net`.
    #[schemars(with = "shapes::Amount")]
    pub returned: Option<Spanned<Yuan>>,
    /// What is carried to the next period: 0 or below; of `net`.
    #[schemars(with = "shapes::Amount")]
    pub carried_forward: Option<Spanned<Yuan>>,
}

/// A month `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PeriodText(pub Month);

/// A day `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub NaiveDate);

/// An amount in yuan, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Yuan(pub FenSum);

impl TryFrom<String> for PeriodText {
    type Error = String;

    fn try_from(text: String) -> Result<PeriodText, String> {
        Month::from_text(&text)
            .map(PeriodText)
            .ok_or_else(|| format!("{text:?} is not a month YYYY-MM"))
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Day, String> {
        parse_day(&text).map(Day).ok_or_else(|| format!("{text:?} is not a day YYYY-MM-DD"))
    }
}

impl TryFrom<String> for Yuan {
    type Error = String;

    fn try_from(text: String) -> Result<Yuan, String> {
        parse_sum(&text).map(Yuan).map_err(|error| format!("{text:?} is not an amount: {error}"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Yuan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&yuan(self.0))
    }
}

/// One expectation: its key, the place of its value in the file, and the value as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The key.
    pub key: &'static str,
    /// The bytes of the value in the file.
    pub span: Range<usize>,
    /// The value.
    pub value: String,
}

impl Expect {
    /// Returns every expectation of the test.
    pub fn all(&self) -> Vec<Expectation> {
        fn of<T: fmt::Display>(
            key: &'static str,
            value: Option<&Spanned<T>>,
        ) -> Option<Expectation> {
            let value = value?;
            Some(Expectation { key, span: value.span(), value: value.get_ref().to_string() })
        }
        let all = [
            of("fund_class", self.fund_class.as_ref()),
            of("care_class", self.care_class.as_ref()),
            of("chronic_open", self.chronic_open.as_ref()),
            of("payable", self.payable.as_ref()),
            of("late", self.late.as_ref()),
            of("working_day", self.working_day.as_ref()),
            of("file_by", self.file_by.as_ref()),
            of("pay_by", self.pay_by.as_ref()),
            of("confirm_by", self.confirm_by.as_ref()),
            of("level", self.level.as_ref()),
            of("yearly_quota", self.yearly_quota.as_ref()),
            of("returned", self.returned.as_ref()),
            of("carried_forward", self.carried_forward.as_ref()),
        ];
        all.into_iter().flatten().collect()
    }
}

impl TestBlock {
    /// Adds the errors of the block.
    pub(super) fn check(&self, errors: &mut Vec<Text>) {
        let source = self.source.get_ref();
        if source.is_empty() {
            errors.push(text!("a test names no source"));
        }
        if self.expect.all().is_empty() {
            errors.push(text!("test {} expects nothing", quoted(source)));
        }
        for name in self.given.amounts.iter().flat_map(BTreeMap::keys) {
            if !COMPARED_AMOUNTS.iter().any(|field| field.name() == name) {
                errors.push(text!("test {}: {} is not an amount", quoted(source), name));
            }
        }
    }
}
