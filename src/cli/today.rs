//! The day on which a command is called.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{Days, NaiveDate};

/// Returns today in China Standard Time (UTC+8). It decides how many days are left, and nothing that is kept.
#[expect(
    clippy::disallowed_methods,
    reason = "people see how many days are left; no result depends on it"
)]
pub(super) fn today() -> NaiveDate {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let days = (since.as_secs() + 8 * 3600) / 86_400;
    NaiveDate::default().checked_add_days(Days::new(days)).unwrap_or_default()
}
