//! Options and report of a verification.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    figures::PeriodVerified,
    policies::{OtherDay, RulesInForce},
};
use crate::{
    model::codes::Month,
    shapes::{FormatNumber, Period, Sha256},
    text::Text,
};

/// The options of a verification.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// The book.
    pub book: PathBuf,
    /// The last period to verify, together with all periods before it; by default the newest.
    pub period: Option<Month>,
    /// The digest that the manifest of that period has to have.
    pub head: Option<String>,
    /// Digests of the allowed rules files; empty if every rules file is allowed.
    pub rules: Vec<String>,
}

/// What was verified.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "verify --format json")]
pub struct Verified {
    /// The format of the report.
    pub(super) format: FormatNumber<2>,
    /// The periods.
    pub periods: Vec<PeriodVerified>,
    /// The newest period of the book.
    #[schemars(with = "Period")]
    pub newest: String,
    /// The SHA-256 of the last manifest that was verified.
    #[schemars(with = "Sha256")]
    pub head: String,
    /// Whether it was compared with a digest from elsewhere.
    pub head_given: bool,
    /// The rules of the periods, in their order; every entry but the first is a change.
    pub rules: Vec<RulesInForce>,
    /// Whether they were compared with rules from elsewhere.
    pub rules_given: bool,
    /// The periods whose day of issue is another than it is by default.
    pub days: Vec<OtherDay>,
    /// Who vouches for which period, when trusted keys were given.
    pub signatures: Vec<VouchedPeriod>,
    /// The number of periods with a signature that nobody checked, since no trusted keys were given.
    pub unchecked: u64,
    /// How many laws were applied.
    pub laws: u64,
    /// How many figures were compared.
    pub figures: u64,
}

/// A period that a trusted key vouches for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VouchedPeriod {
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// Who signed its manifest; null where a later period vouches for it.
    pub by: Option<String>,
    /// The later period whose signature vouches for it; null where its own does.
    #[schemars(with = "Option<Period>")]
    pub through: Option<String>,
}

impl VouchedPeriod {
    /// Returns the period and who vouches for it, in words.
    pub fn words(&self) -> Text {
        let VouchedPeriod { period, by, through } = self;
        match (by, through) {
            (Some(name), _) => text!("{} by {}", period, name),
            (None, Some(later)) => text!("{} through {}", period, later),
            (None, None) => Text::given(period),
        }
    }
}
