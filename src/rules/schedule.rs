//! Deadlines of the procedure that `status` shows.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::text::Text;

/// Days that the command `status` shows beside those of every policy; they decide nothing in a run. The table may be left
/// out; then these deadlines are not shown.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureDays {
    /// The day of the month after the period by which insured places have reconciled the whole month (procedure §38).
    #[schemars(range(min = 1, max = 28))]
    pub reconcile_day: u8,
    /// Working days after the notices of a period within which a treating place applies for a top-up (procedure §24).
    pub apply_days: u16,
    /// Working days after the notices within which a province collects from its pooling areas or passes down to them
    /// (procedure §49).
    pub pass_down_days: u16,
    /// The month of the next year by whose end the yearly change of quotas is done (procedure §22).
    #[schemars(range(min = 1, max = 12))]
    pub yearly_change_month: u8,
}

impl ProcedureDays {
    /// Adds the errors of the schedule of a policy.
    pub(super) fn check(self, policy: &str, errors: &mut Vec<Text>) {
        if !(1..=28).contains(&self.reconcile_day) {
            let day = self.reconcile_day;
            errors.push(text!("policy {}: a day of the month is 1 to 28, not {}", policy, day));
        }
        if !(1..=12).contains(&self.yearly_change_month) {
            errors.push(text!("policy {}: yearly_change_month is 1 to 12", policy));
        }
    }
}
