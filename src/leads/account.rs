//! What a review did besides finding leads.

use crate::{
    model::{codes::Month, money::FenSum},
    review::rule::ReviewRule,
};

/// What a review did besides finding leads: the rest of `summary.json`. Lists may be in any order.
#[derive(Debug, Clone, Default)]
pub struct ReviewAccount {
    /// The month of the review; none without a covered month.
    pub month: Option<Month>,
    /// The covered months.
    pub covered_months: Vec<Month>,
    /// Files and rows of each input, in the order given.
    pub inputs: Vec<InputAccount>,
    /// The rules that ran.
    pub rules_run: Vec<ReviewRule>,
    /// The rules that did not run, and why.
    pub rules_left_out: Vec<(ReviewRule, NotRun)>,
    /// What became of the rows.
    pub rows: RowAccount,
    /// Persons with a settlement.
    pub persons: u64,
    /// What the benefit rules looked at.
    pub benefits: ReviewedBenefits,
    /// Values that `values` of the rules does not have: field, value, rows.
    pub unknown_values: Vec<(String, String, u64)>,
}

/// An input.
#[derive(Debug, Clone, Copy, Default)]
pub struct InputAccount {
    /// Its files.
    pub files: u64,
    /// Its rows.
    pub rows: u64,
}

/// What became of the rows. All that were read are the sum of these.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowAccount {
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

impl RowAccount {
    /// Returns the number of all rows that were read.
    pub fn read(&self) -> u64 {
        self.rejected + self.repeated + self.reversals + self.reversed + self.settlements
    }
}

/// What the benefit rules looked at.
#[derive(Debug, Clone, Default)]
pub struct ReviewedBenefits {
    /// Settlements for which a range was computed, and their `hifp_pay`.
    pub reviewed: (u64, FenSum),
    /// All other settlements, and their `hifp_pay`.
    pub other: (u64, FenSum),
    /// Insured areas without a rule set: area, settlements, their `hifp_pay`.
    pub areas_without: Vec<(String, u64, FenSum)>,
}

/// Why a rule did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRun {
    /// The rules file turns it off.
    Off,
    /// No threshold of it is in force in the month of the review.
    NotInForce,
    /// Nobody delivered this field.
    NoField(&'static str),
    /// No filings were given.
    NoFilings,
    /// There is no rule set of an insured area.
    NoRuleSet,
    /// No book was given.
    NoBook,
}

impl NotRun {
    /// Returns the reason in Chinese and in English.
    pub fn words(self) -> [String; 2] {
        let [chinese, english] = match self {
            NotRun::Off => ["规则文件将其关闭", "the rules file turns it off"],
            NotRun::NotInForce => {
                ["审核月份没有生效的阈值", "no threshold is in force in the month of the review"]
            }
            NotRun::NoField(field) => {
                return [format!("送达数据没有字段 {field}"), format!("nobody delivered {field}")];
            }
            NotRun::NoFilings => ["未提供备案数据", "no filings were given"],
            NotRun::NoRuleSet => ["没有参保地待遇规则", "there is no rule set of an insured area"],
            NotRun::NoBook => ["未指定账套", "no book was given"],
        };
        [chinese.to_owned(), english.to_owned()]
    }
}

/// The place of a row in the inputs.
#[derive(Debug, Clone, Copy)]
pub struct RowPlace<'a> {
    /// The number of the input, from 1.
    pub input: u32,
    /// The file, by its path below the input.
    pub file: &'a str,
    /// The row of the file, from 0.
    pub row: u64,
}
