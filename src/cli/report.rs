//! The command `report`.

use std::path::PathBuf;

use super::{
    args::{Format, ReportArguments},
    judged,
    printer::{report as print, text},
    run::shown,
};
use crate::{diag::Outcome, report};

/// `liangqing report`
pub(super) fn report(arguments: &ReportArguments) -> Outcome<()> {
    let period = arguments.period;
    let out =
        arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("report-{period}.html")));
    let written = report::write(&arguments.book, period, &out, arguments.force)?;
    match arguments.format {
        Format::Json => print(&written),
        Format::Human => text(&format!(
            "written   {}\nperiods   {} through {}\npayable   {} yuan\nproof     {}\n{}",
            shown(&out),
            written.first_period,
            written.period,
            written.payable,
            if written.balanced { "balanced" } else { "NOT balanced" },
            judged::text(&written.deductions, &written.payments),
        )),
    }
}
