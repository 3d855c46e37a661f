//! Policy as dated data.
//!
//! **Purpose.** Every number that is policy (limits, delays, code lists, payable fields) comes from a
//! rules file, never from code.
//!
//! **In.** A TOML file, by default the built-in `pipelines/rules.toml`.
//!
//! **Out.** [`Rules`]: the file's bytes and digest, and the [`Policy`] in force for each period.
//!
//! **Invariants.** Unknown keys and unknown formats are refused by name; errors of keys and types are
//! reported one at a time, all others together.

mod coordination;
mod money;
mod schedule;
pub mod test_block;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use self::test_block::TestBlock;
pub use self::{
    coordination::CoordinationRules,
    money::{NegativeNet, YearlyQuota},
    schedule::ProcedureDays,
};
use crate::{
    diag::toml_problem,
    model::{
        calendar::{Calendar, CalendarYear},
        codes::{CareClass, FundClass, Month, Pair},
        dates::parse_day,
        fields::{Amounts, COMPARED_AMOUNTS, Field, PayableField},
        money::{Fen, FenSum},
    },
    shapes::{Day, FormatNumber, Period},
    text::{Text, items, quoted},
};

/// The built-in rules file.
pub const BUILT_IN: &str = include_str!("../../pipelines/rules.toml");
/// The format of rules files that this program knows.
const FORMAT: i64 = 1;

/// A rules file, read and checked.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The file as it was read; the manifest keeps a copy.
    pub text: String,
    /// The meaning of INT96 timestamps.
    pub int96: Int96,
    /// Working days.
    pub calendar: Calendar,
    /// Tests of the rules; they decide nothing.
    pub tests: Vec<TestBlock>,
    policies: Vec<Policy>,
}

/// What an INT96 timestamp means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Int96 {
    /// An instant in UTC, as Spark and Hive write it.
    Utc,
    /// Local time (UTC+8).
    Local,
}

/// A rules file (TOML): every number that is policy (docs/rules.md).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A rules file")]
pub struct RulesFile {
    /// The format of the file.
    #[expect(dead_code, reason = "read and checked before the rest of the file")]
    #[schemars(with = "FormatNumber<1>")]
    format: i64,
    /// What an INT96 timestamp of a delivery means.
    int96: Int96,
    /// What is in force, in the order of `from`.
    #[schemars(length(min = 1))]
    policy: Vec<RawPolicy>,
    /// The working days of years; a year that is not there is Monday to Friday.
    #[serde(default)]
    calendar: Vec<CalendarYear>,
    /// Tests of the rules: what is given, and what has to follow. `liangqing check` runs them; they decide nothing.
    #[serde(default, rename = "test")]
    tests: Vec<TestBlock>,
}

/// What is in force for the periods from one on, until a later policy takes over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Policy")]
struct RawPolicy {
    /// The first clearing period of this policy.
    #[schemars(with = "Period")]
    from: String,
    /// The compared amounts whose sum the insured province owes, by their national field names, each once.
    #[schemars(length(min = 1), with = "Vec<PayableField>")]
    payable: Vec<String>,
    /// A settlement enters clearing at most this many months late without a permit.
    lateness_limit: u16,
    /// The month of the next year whose period is the last one in which the costs of a year clear.
    #[schemars(range(min = 1, max = 12))]
    year_close_month: u8,
    /// The utilisation of the quota in per cent from which a pair is yellow.
    yellow_percent: u16,
    /// The utilisation of the quota in per cent from which a pair is red; not below `yellow_percent`.
    red_percent: u16,
    /// An emergency proposal asks for a quota of this many times the payable of the period.
    emergency_months: u16,
    /// What becomes of a pair whose net is below 0. It stands in every policy of a file or in none; a file without it is
    /// one of version 2 of the contract, which carries.
    #[serde(default)]
    negative_net: Option<NegativeNet>,
    /// Working days from the issue of a notice to its filing with finance.
    file_days: u16,
    /// Working days from filing to payment.
    pay_days: u16,
    /// Working days from payment to confirmation.
    confirm_days: u16,
    /// The day of the month after the period by which treating places have declared their costs.
    #[schemars(range(min = 1, max = 28))]
    declare_day: u8,
    /// The day of the month after the period on which the national allocation is made.
    #[schemars(range(min = 1, max = 28))]
    allocate_day: u8,
    /// The day of the month after the period by which provinces have confirmed.
    #[schemars(range(min = 1, max = 28))]
    confirm_tables_day: u8,
    /// How the yearly quota follows from the payables of a year's end.
    yearly_quota: YearlyQuota,
    /// Days that `status` shows.
    #[serde(default)]
    schedule: Option<ProcedureDays>,
    /// Limits and days of requests between provinces.
    #[serde(default)]
    coordination: Option<CoordinationRules>,
    /// The fund class of each `insutype`.
    fund_class: BTreeMap<String, FundClass>,
    /// The care class of each `med_type`.
    care_class: BTreeMap<String, CareClass>,
    /// The chronic diseases (`dise_codg`) open to cross-province settlement, each with the day (UTC+8) from which
    /// it is open.
    #[schemars(with = "BTreeMap<String, Day>")]
    chronic: BTreeMap<String, String>,
}

/// The policy that is in force for a period.
#[derive(Debug, Clone)]
pub struct Policy {
    /// First period of this policy.
    pub from: Month,
    /// The compared amounts that the insured province owes.
    pub payable: Amounts<bool>,
    /// Months that a settlement may enter clearing late.
    pub lateness_limit: i32,
    /// Last period (month of the next year) in which the costs of a year clear.
    pub year_close_month: u8,
    /// Utilisation in per cent from which a pair is yellow.
    pub yellow_percent: u16,
    /// Utilisation in per cent from which a pair is red.
    pub red_percent: u16,
    /// Months of payable that an emergency proposal asks for.
    pub emergency_months: u16,
    /// What becomes of a net below 0.
    pub negative_net: NegativeNet,
    /// Working days until a notice is filed with finance.
    pub file_days: u16,
    /// Working days after filing until it is paid.
    pub pay_days: u16,
    /// Working days after payment until it is confirmed.
    pub confirm_days: u16,
    /// Day of the month after the period by which treating places declare.
    pub declare_day: u8,
    /// Day of the national allocation.
    pub allocate_day: u8,
    /// Day by which provinces confirm.
    pub confirm_tables_day: u8,
    /// The rule for the yearly quota.
    pub yearly_quota: YearlyQuota,
    /// Days that `status` shows, if the rules have them.
    pub schedule: Option<ProcedureDays>,
    /// Limits and days of requests between provinces.
    pub coordination: CoordinationRules,
    fund_class: BTreeMap<String, FundClass>,
    care_class: BTreeMap<String, CareClass>,
    chronic: BTreeMap<String, NaiveDate>,
}

/// The errors of a refused rules file.
#[derive(Debug)]
pub struct RulesError(pub Vec<Text>);

worded!(RulesError);

impl RulesError {
    /// Returns the errors as one message.
    pub fn text(&self) -> Text {
        text!("rules file refused:{}", items(&self.0))
    }
}

impl Rules {
    /// Returns the rules that are part of the program.
    pub fn built_in() -> Rules {
        Rules::parse(BUILT_IN).expect("Invariant: the built-in rules are tested")
    }

    /// Parses a rules file and checks all of it.
    pub fn parse(text: &str) -> Result<Rules, RulesError> {
        let one = |error: Text| RulesError(vec![error]);
        let table: toml::Table = toml::from_str(text).map_err(|e| one(toml_problem(text, &e)))?;
        match table.get("format").and_then(toml::Value::as_integer) {
            Some(FORMAT) => {}
            Some(other) => {
                let error =
                    text!("format {} is not known to this program, it knows {}", other, FORMAT);
                return Err(one(error));
            }
            None => return Err(one(text!("`format = {}` is missing", FORMAT))),
        }
        let file: RulesFile = toml::from_str(text).map_err(|e| one(toml_problem(text, &e)))?;
        let mut errors = Vec::new();
        let policies: Vec<Policy> =
            file.policy.iter().filter_map(|raw| raw.check(&mut errors)).collect();
        if !policies.is_sorted_by(|a, b| a.from < b.from) {
            errors.push(text!("policies must be in the order of `from`, each later than the last"));
        }
        if file.policy.is_empty() {
            errors.push(text!("there is no [[policy]]"));
        }
        let without = file.policy.iter().filter(|raw| raw.negative_net.is_none());
        let without: Vec<&str> = without.map(|raw| raw.from.as_str()).collect();
        if !without.is_empty() && without.len() < file.policy.len() {
            let without = without.join(", ");
            errors.push(text!(
                "negative_net stands in every policy or in none, and is missing in {}",
                without
            ));
        }
        let calendar = Calendar::of(&file.calendar, &mut errors);
        file.tests.iter().for_each(|test| test.check(&mut errors));
        if !errors.is_empty() {
            return Err(RulesError(errors));
        }
        let (text, int96, tests) = (text.to_owned(), file.int96, file.tests);
        Ok(Rules { text, int96, calendar, tests, policies })
    }

    /// Returns the policy in force for a period: the last policy whose `from` is not later.
    pub fn policy(&self, period: Month) -> Result<&Policy, RulesError> {
        let found = self.policies.iter().rev().find(|policy| policy.from <= period);
        found.ok_or_else(|| RulesError(vec![text!("no [[policy]] is in force for {}", period)]))
    }

    /// Returns the first policy of the file.
    pub fn first_policy(&self) -> &Policy {
        self.policies.first().expect("Invariant: a file without a policy is refused")
    }
}

impl RawPolicy {
    fn check(&self, errors: &mut Vec<Text>) -> Option<Policy> {
        let before = errors.len();
        let at = &self.from;
        let from = Month::from_text(at);
        if from.is_none() {
            errors.push(text!("policy from = {} is not a month YYYY-MM", quoted(at)));
        }
        let mut payable: Amounts<bool> = Amounts::default();
        for name in &self.payable {
            match COMPARED_AMOUNTS.into_iter().find(|field| field.name() == name) {
                Some(field) if !payable[field] => payable[field] = true,
                Some(_) => errors.push(text!("policy {}: payable names {} twice", at, name)),
                None => {
                    errors.push(text!("policy {}: payable field {} is not an amount", at, name));
                }
            }
        }
        if self.payable.is_empty() {
            errors.push(text!("policy {}: payable names no field", at));
        }
        if !(1..=12).contains(&self.year_close_month) {
            errors.push(text!("policy {}: year_close_month is 1 to 12", at));
        }
        if self.yellow_percent > self.red_percent {
            errors.push(text!("policy {}: yellow_percent is above red_percent", at));
        }
        for day in [self.declare_day, self.allocate_day, self.confirm_tables_day] {
            if !(1..=28).contains(&day) {
                errors.push(text!("policy {}: a day of the month is 1 to 28, not {}", at, day));
            }
        }
        let yearly = self.yearly_quota;
        if !(1 <= yearly.from_month
            && yearly.from_month <= yearly.to_month
            && yearly.to_month <= 12)
        {
            errors.push(text!("policy {}: yearly_quota needs 1 ≤ from_month ≤ to_month ≤ 12", at));
        }
        self.schedule.iter().for_each(|schedule| schedule.check(at, errors));
        let newest = || CoordinationRules::newest(BUILT_IN);
        let coordination = self.coordination.unwrap_or_else(newest);
        coordination.check(at, errors);
        let chronic = self.chronic_days(errors);
        if errors.len() > before {
            return None;
        }
        Some(Policy {
            from: from?,
            payable,
            lateness_limit: self.lateness_limit.into(),
            year_close_month: self.year_close_month,
            yellow_percent: self.yellow_percent,
            red_percent: self.red_percent,
            emergency_months: self.emergency_months,
            negative_net: self.negative_net.unwrap_or(NegativeNet::Carry),
            file_days: self.file_days,
            pay_days: self.pay_days,
            confirm_days: self.confirm_days,
            declare_day: self.declare_day,
            allocate_day: self.allocate_day,
            confirm_tables_day: self.confirm_tables_day,
            yearly_quota: yearly,
            schedule: self.schedule,
            coordination,
            fund_class: self.fund_class.clone(),
            care_class: self.care_class.clone(),
            chronic,
        })
    }

    /// Parses the days of `chronic`; returns them by code.
    fn chronic_days(&self, errors: &mut Vec<Text>) -> BTreeMap<String, NaiveDate> {
        let mut days = BTreeMap::new();
        for (code, written) in &self.chronic {
            if let Some(day) = parse_day(written) {
                days.insert(code.clone(), day);
                continue;
            }
            let (at, written) = (&self.from, quoted(written));
            errors.push(text!("policy {}: chronic {} = {} is not a day", at, code, written));
        }
        days
    }
}

impl Policy {
    /// Returns the fund class of an `insutype`.
    pub fn fund_class(&self, insutype: &str) -> Option<FundClass> {
        self.fund_class.get(insutype).copied()
    }

    /// Returns the care class of a `med_type`.
    pub fn care_class(&self, med_type: &str) -> Option<CareClass> {
        self.care_class.get(med_type).copied()
    }

    /// Returns the first day (from 1970-01-01) on which a chronic disease is open.
    pub fn chronic_since(&self, dise_codg: &str) -> Option<i64> {
        self.chronic.get(dise_codg).map(|day| i64::from(day.to_epoch_days()))
    }

    /// Returns the chronic diseases and the day from which each is open.
    pub fn chronic(&self) -> impl Iterator<Item = (&str, NaiveDate)> {
        self.chronic.iter().map(|(code, day)| (code.as_str(), *day))
    }

    /// Returns the amounts that the insured province owes.
    pub fn payable_fields(&self) -> impl Iterator<Item = Field> {
        self.payable.iter().filter(|(_, payable)| **payable).map(|(field, _)| field)
    }

    /// Returns the sum of the payable fields of a record; `None` if it overflows.
    pub fn payable(&self, amounts: &Amounts<Fen>) -> Option<Fen> {
        self.payable_fields().map(|field| amounts[field]).try_fold(Fen::ZERO, Fen::checked_add)
    }

    /// Returns the sum of the payable fields of sums of amounts.
    pub fn payable_sum(&self, sums: &Amounts<FenSum>) -> FenSum {
        self.payable_fields().map(|field| sums[field]).sum()
    }

    /// Returns the last period in which costs of a year clear.
    pub const fn year_close(&self, year: i32) -> Month {
        Month::new(year + 1, self.year_close_month)
    }

    /// Returns the lateness of a cost month in a period, and the limits that it breaks.
    pub fn timing(&self, cost_month: Month, period: Month) -> Timing {
        Timing {
            lateness: period.since(cost_month),
            too_late: period.since(cost_month) > self.lateness_limit,
            past_year_close: period > self.year_close(cost_month.year()),
        }
    }
}

/// The lateness of a cost month in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Period − cost month, in months.
    pub lateness: i32,
    /// Lateness is above the limit.
    pub too_late: bool,
    /// The cost year is closed.
    pub past_year_close: bool,
}

impl Timing {
    /// Returns whether it may clear without a permit.
    pub const fn in_time(self) -> bool {
        !self.too_late && !self.past_year_close
    }
}

/// A late claim reported beforehand (报备), as delivered in `permits.csv`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permit {
    /// The number of the permit.
    pub permit_id: String,
    /// The pair that it covers.
    pub pair: Pair,
    /// The cost month that may clear.
    pub cost_month: Month,
    /// The last period in which it may clear.
    pub until_period: Month,
    /// Whether it may also clear past the close of the cost year.
    pub past_year_close: bool,
    /// The reason.
    pub reason: String,
    /// The period that delivered it.
    pub first_period: Month,
}

impl Permit {
    /// Returns whether this permit lets a settlement of a pair and cost month clear in a period.
    pub fn covers(&self, pair: Pair, cost_month: Month, period: Month, timing: Timing) -> bool {
        self.pair == pair
            && self.cost_month == cost_month
            && self.until_period >= period
            && (!timing.past_year_close || self.past_year_close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules_hold_the_published_policy() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        assert_eq!(policy.payable_fields().count(), 9);
        assert_eq!(policy.fund_class("380"), Some(FundClass::Resident));
        assert_eq!(policy.care_class("140104"), Some(CareClass::Chronic));
        assert_eq!(policy.chronic_since("M07800"), None);
        assert_eq!(policy.chronic_since("M03900"), Some(18_871));
        assert_eq!(policy.chronic().count(), 15);
    }

    #[test]
    fn timing_knows_the_limit_and_the_year_close() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        let december = Month::new(2024, 12);
        let at = |year, month| policy.timing(december, Month::new(year, month));
        assert_eq!(at(2025, 2), Timing { lateness: 2, too_late: false, past_year_close: false });
        assert_eq!(at(2025, 3), Timing { lateness: 3, too_late: true, past_year_close: true });
        let october = policy.timing(Month::new(2024, 10), Month::new(2025, 1));
        assert_eq!(october, Timing { lateness: 3, too_late: true, past_year_close: false });
    }

    #[test]
    fn a_bad_file_lists_every_error() {
        let text = BUILT_IN
            .replacen("from = \"2000-01\"", "from = \"2000\"", 1)
            .replacen("\"acct_pay\"", "\"acct_pay\", \"psn_no\"", 1)
            .replacen("yellow_percent = 70", "yellow_percent = 99", 1);
        assert_eq!(Rules::parse(&text).expect_err("refused").0.len(), 3);
        let some = BUILT_IN.replacen("negative_net = \"carry\"\n", "", 1);
        let error = Rules::parse(&some).expect_err("refused").to_string();
        assert!(error.contains("and is missing in 2000-01"), "{error}");
        let old = some.replacen("negative_net = \"return\"\n", "", 1);
        let old = &old[..old.find("[[test]]").expect("tests")];
        let rules = Rules::parse(old).expect("rules of version 2");
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        assert_eq!(policy.negative_net, NegativeNet::Carry);
        let unknown = BUILT_IN.replace("format = 1", "format = 7");
        assert!(Rules::parse(&unknown).expect_err("refused").to_string().contains("format 7"));
        assert!(Rules::parse(&format!("typo = 1\n{BUILT_IN}")).is_err());
    }
}
