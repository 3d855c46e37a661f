//! What somebody has to do, on the page.

use super::words::{Words, count, words};

/// Something to act on.
pub(super) struct ReportTask {
    pub(super) count: String,
    pub(super) what: Words,
    pub(super) link: &'static str,
    pub(super) urgent: bool,
}

/// A task, if there is one: in Chinese; in English for one, for many, and how it goes on.
pub(super) fn task(
    number: i128,
    [zh, one, many, rest]: [&str; 4],
    (link, urgent): (&'static str, bool),
) -> Option<ReportTask> {
    let subject = if number == 1 { one } else { many };
    let what = words(zh, format!("{subject} {rest}"));
    (number > 0).then(|| ReportTask { count: count(number), what, link, urgent })
}
