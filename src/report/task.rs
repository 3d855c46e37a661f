//! Tasks on the page.

use super::words::{Words, count, words};

/// A task for the reader.
pub(super) struct ReportTask {
    pub(super) count: String,
    pub(super) what: Words,
    pub(super) link: &'static str,
    pub(super) urgent: bool,
}

/// Makes a task unless the number is 0: Chinese; English for one and for many, and the rest of the sentence.
pub(super) fn task(
    number: i128,
    [zh, one, many, rest]: [&str; 4],
    (link, urgent): (&'static str, bool),
) -> Option<ReportTask> {
    let subject = if number == 1 { one } else { many };
    let what = words(zh, format!("{subject} {rest}"));
    (number > 0).then(|| ReportTask { count: count(number), what, link, urgent })
}
