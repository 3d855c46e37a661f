//! Limits and days of requests between provinces.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        money::{Fen, FenSum},
        requests::ProblemType,
    },
    text::Text,
};

/// Limits and days of requests between provinces (procedure §58, procedure §59). The table may be left out; then that of the
/// newest built-in policy is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoordinationRules {
    /// The total cost in yuan from which a stay may be verified (procedure §58).
    pub verified_from_yuan: u32,
    /// The day of the month on which requests for verification become a batch, and by which a batch is answered in the
    /// month after (procedure §58).
    #[schemars(range(min = 1, max = 28))]
    pub batch_day: u8,
    /// Working days in which the asker confirms the reply to a verification (procedure §58).
    pub verification_confirm_days: u16,
    /// Working days in which a problem of a filing is answered (procedure §59).
    pub filing_days: u16,
    /// Working days in which a fault of a system is answered (procedure §59).
    pub system_days: u16,
    /// Working days in which another problem is answered (procedure §59).
    pub other_days: u16,
    /// Working days after the reply to a problem, after which silence is a yes (procedure §59).
    pub problem_confirm_days: u16,
}

impl CoordinationRules {
    /// Returns the limits and days of the newest policy of the built-in rules.
    pub(super) fn newest(built_in: &str) -> CoordinationRules {
        let rules: Option<toml::Table> = toml::from_str(built_in).ok();
        let policies = rules.and_then(|rules| rules.get("policy")?.as_array().cloned());
        let newest = policies.and_then(|policies| policies.last()?.get("coordination").cloned());
        let newest = newest.and_then(|newest| newest.try_into().ok());
        newest.expect("Invariant: the built-in rules have every table")
    }

    /// Returns the total cost from which a stay may be verified.
    pub fn verified_from(&self) -> FenSum {
        FenSum::from(Fen::new(self.verified_from_yuan.into())).times(100)
    }

    /// Returns the working days in which a problem is answered.
    pub const fn answer_days(&self, problem: ProblemType) -> u16 {
        match problem {
            ProblemType::Filing => self.filing_days,
            ProblemType::System => self.system_days,
            ProblemType::Other => self.other_days,
        }
    }

    /// Adds the errors of the table of a policy.
    pub(super) fn check(self, policy: &str, errors: &mut Vec<Text>) {
        if !(1..=28).contains(&self.batch_day) {
            let day = self.batch_day;
            errors.push(text!("policy {}: a day of the month is 1 to 28, not {}", policy, day));
        }
    }
}
