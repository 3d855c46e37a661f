//! The timings of a run: where its time went.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{lang::said, table::table};
use crate::{
    event::{Activity, ActivityTime},
    model::money::count_grouped,
    text::Text,
};

/// What threads were busy with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Timing")]
pub(super) struct TimingReport {
    /// The activity.
    activity: Activity,
    /// The time in milliseconds, of all threads together.
    busy_milliseconds: u64,
    /// The number of rows.
    rows: u64,
    /// The number of rows for each second of one thread.
    rows_per_second: u64,
    /// The number of bytes.
    bytes: u64,
    /// The number of bytes for each second of one thread.
    bytes_per_second: u64,
}

impl From<&ActivityTime> for TimingReport {
    fn from(timing: &ActivityTime) -> TimingReport {
        TimingReport {
            activity: timing.activity,
            busy_milliseconds: u64::try_from(timing.busy.as_millis()).unwrap_or(u64::MAX),
            rows: timing.rows,
            rows_per_second: per_second(timing.rows, timing.busy),
            bytes: timing.bytes,
            bytes_per_second: per_second(timing.bytes, timing.busy),
        }
    }
}

/// Returns a table of activities, with the time of all threads together.
pub(in crate::cli) fn timings_table(timings: &[ActivityTime]) -> Text {
    let header = [
        text!("busy with"),
        text!("seconds"),
        text!("rows"),
        text!("rows/s"),
        text!("MB"),
        text!("MB/s"),
    ];
    let mut table = table(header, 1);
    let number = |number: u64| if number == 0 { String::new() } else { count_grouped(number) };
    for ActivityTime { activity, busy, rows, bytes } in timings {
        table.add_row([
            said(&activity.text()),
            format!("{}.{:02}", busy.as_secs(), busy.subsec_millis() / 10),
            number(*rows),
            number(per_second(*rows, *busy)),
            number(bytes / 1_000_000),
            number(per_second(*bytes, *busy) / 1_000_000),
        ]);
    }
    table.trim_fmt()
}

fn per_second(count: u64, busy: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000_000 / busy.as_nanos().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}
