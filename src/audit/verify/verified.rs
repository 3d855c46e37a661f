//! What is verified, and what was.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    figures::PeriodVerified,
    policies::{OtherDay, RulesInForce},
};
use crate::model::codes::Month;

/// What to verify.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// The book.
    pub book: PathBuf,
    /// The last period to verify, with all that it rests on; by default the newest.
    pub period: Option<Month>,
    /// The digest that the manifest of that period has to have.
    pub head: Option<String>,
    /// Digests of the rules files of which every period has to have one; none where any will do.
    pub rules: Vec<String>,
}

/// What was verified.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// The periods.
    pub periods: Vec<PeriodVerified>,
    /// The newest period of the book.
    pub newest: String,
    /// The digest of the last manifest verified.
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
    pub signatures: Vec<String>,
    /// Periods with a signature that nobody checked, since no trusted keys were given.
    pub unchecked: u64,
    /// How many laws were applied.
    pub laws: u64,
    /// How many figures were compared.
    pub figures: u64,
}
