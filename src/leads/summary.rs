//! The summary of a review: `summary.json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::tally::LeadTally;
use crate::review::account::ReviewAccount;
use crate::{
    model::money::{FenSum, yuan_grouped},
    review::rule::ReviewRule,
    shapes::{Period, ProvinceCode},
};

/// Fen as text. Whole numbers of JSON readers may be too small for them.
fn fen(sum: FenSum) -> String {
    sum.fen().to_string()
}

/// Returns fen as text in yuan for people.
pub fn yuan_of(fen: &str) -> String {
    yuan_grouped(FenSum::new(fen.parse().unwrap_or_default()))
}

/// The summary of a review (`summary.json`). Amounts are fen, as text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "summary.json of review; review --format json")]
pub struct ReviewSummary {
    /// The month of the review; null without a covered month.
    #[schemars(with = "Option<Period>")]
    pub month: Option<String>,
    /// The covered months.
    #[schemars(with = "Vec<Period>")]
    pub covered_months: Vec<String>,
    /// The inputs, in the order given.
    pub inputs: Vec<SummaryInput>,
    /// The rules that ran.
    pub rules_run: Vec<&'static str>,
    /// The rules that did not run.
    pub rules_left_out: Vec<LeftOut>,
    /// What became of the rows.
    pub rows: SummaryRows,
    /// Persons with a settlement.
    pub persons: u64,
    /// The number of leads.
    pub leads: u64,
    /// What is at stake in all leads.
    pub fen: String,
    /// The payable of each suspect, once.
    pub fen_once: String,
    /// Leads by rule and strength.
    pub by_rule: Vec<LeadsOfRule>,
    /// Leads by the province that is to check them, and by rule.
    pub by_province: Vec<LeadsOfProvince>,
    /// What the benefit rules looked at.
    pub benefits: SummaryBenefits,
    /// Values that the rules do not know.
    pub unknown_values: Vec<UnknownValue>,
}

/// An input.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryInput {
    /// Its number, from 1.
    pub input: u64,
    /// Its files.
    pub files: u64,
    /// Its rows.
    pub rows: u64,
}

/// A rule that did not run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The rule.
    rule: &'static str,
    /// Why.
    pub reason: String,
}

/// What became of the rows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryRows {
    /// All rows: the sum of the others.
    pub read: u64,
    /// Rows that broke a row rule.
    pub rejected: u64,
    /// Rows whose setl_id a row before them has.
    pub repeated: u64,
    /// Reversals.
    pub reversals: u64,
    /// Settlements that a reversal names.
    pub reversed: u64,
    /// All other settlements.
    pub settlements: u64,
}

/// The leads of a rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeadsOfRule {
    /// The rule.
    pub rule: &'static str,
    /// How strong they are.
    pub strength: &'static str,
    /// Their number.
    pub leads: u64,
    /// The lines of their settlements.
    pub settlements: u64,
    /// What is at stake.
    pub fen: String,
}

/// The leads of a province and a rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeadsOfProvince {
    /// The province that is to check them.
    #[schemars(with = "ProvinceCode")]
    pub treating_province: String,
    /// The rule.
    rule: &'static str,
    /// Their number.
    pub leads: u64,
    /// What is at stake.
    pub fen: String,
}

/// What the benefit rules looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryBenefits {
    /// Settlements for which a range was computed.
    pub reviewed_rows: u64,
    /// Their `hifp_pay`.
    pub reviewed_fen: String,
    /// All other settlements.
    pub other_rows: u64,
    /// Their `hifp_pay`.
    pub other_fen: String,
    /// Insured areas without a rule set.
    pub areas_without: Vec<AreaWithout>,
}

/// An insured area without a rule set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AreaWithout {
    /// The area (`insuplc_admdvs`).
    pub area: String,
    /// Its settlements.
    pub rows: u64,
    /// Their `hifp_pay`.
    pub fen: String,
}

/// A value that the rules do not know.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnknownValue {
    /// The field.
    pub field: String,
    /// The value.
    pub value: String,
    /// The rows that have it.
    pub rows: u64,
}

impl ReviewSummary {
    /// Makes the summary, with all lists in the order of their keys.
    pub(super) fn of(account: &ReviewAccount, tally: &LeadTally) -> ReviewSummary {
        let mut months = account.covered_months.clone();
        months.sort_unstable();
        let mut run = account.rules_run.clone();
        run.sort_unstable();
        let input = |(number, input): (u64, &crate::review::account::InputAccount)| SummaryInput {
            input: number,
            files: input.files,
            rows: input.rows,
        };
        ReviewSummary {
            month: account.month.map(|month| month.to_string()),
            covered_months: months.iter().map(ToString::to_string).collect(),
            inputs: (1..).zip(&account.inputs).map(input).collect(),
            rules_run: run.into_iter().map(ReviewRule::id).collect(),
            rules_left_out: left_out(account),
            rows: SummaryRows {
                read: account.rows.read(),
                rejected: account.rows.rejected,
                repeated: account.rows.repeated,
                reversals: account.rows.reversals,
                reversed: account.rows.reversed,
                settlements: account.rows.settlements,
            },
            persons: account.persons,
            leads: tally.all.leads,
            fen: fen(tally.all.fen),
            fen_once: fen(tally.fen_once),
            by_rule: by_rule(tally),
            by_province: by_province(tally),
            benefits: benefits(account),
            unknown_values: unknown_values(account),
        }
    }

    /// Returns the bytes of `summary.json`.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self);
        format!("{}\n", text.expect("Invariant: texts and numbers")).into_bytes()
    }
}

fn left_out(account: &ReviewAccount) -> Vec<LeftOut> {
    let mut rules = account.rules_left_out.clone();
    rules.sort_unstable_by_key(|(rule, _)| *rule);
    let line = |(rule, why): (ReviewRule, crate::review::account::NotRun)| {
        let [_, reason] = why.words();
        LeftOut { rule: rule.id(), reason }
    };
    rules.into_iter().map(line).collect()
}

fn by_rule(tally: &LeadTally) -> Vec<LeadsOfRule> {
    let line = |((rule, strength), counted): (&(ReviewRule, _), &super::tally::CountedLeads)| {
        let strength: &crate::review::rule::Strength = strength;
        LeadsOfRule {
            rule: rule.id(),
            strength: strength.name(),
            leads: counted.leads,
            settlements: counted.settlements,
            fen: fen(counted.fen),
        }
    };
    tally.by_rule.iter().map(line).collect()
}

fn by_province(tally: &LeadTally) -> Vec<LeadsOfProvince> {
    let lines = tally.by_province.iter().map(|((province, rule), counted)| LeadsOfProvince {
        treating_province: province.to_string(),
        rule: rule.id(),
        leads: counted.leads,
        fen: fen(counted.fen),
    });
    lines.collect()
}

fn benefits(account: &ReviewAccount) -> SummaryBenefits {
    let benefits = &account.benefits;
    let area = |(area, (rows, sum)): (u32, (u64, FenSum))| AreaWithout {
        area: area.to_string(),
        rows,
        fen: fen(sum),
    };
    SummaryBenefits {
        reviewed_rows: benefits.reviewed_rows,
        reviewed_fen: fen(benefits.reviewed_fen),
        other_rows: benefits.other_rows,
        other_fen: fen(benefits.other_fen),
        areas_without: benefits.areas_without.iter().map(area).collect(),
    }
}

fn unknown_values(account: &ReviewAccount) -> Vec<UnknownValue> {
    let value = |(field, value, rows): (&str, &str, u64)| UnknownValue {
        field: field.to_owned(),
        value: value.to_owned(),
        rows,
    };
    account.unknown_values.iter().map(value).collect()
}
