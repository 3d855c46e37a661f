//! Laws of system errors and of media (coordination, parts 3 and 4).

use std::collections::BTreeMap;

use super::{
    checks::{Checks, differs},
    files::ReadablePeriod,
};
use crate::{
    book::grid::{Cell, GridRow},
    contract::parts::SYSTEM_ERRORS,
    diag::{Code, codes::ErrorRule},
    model::{
        codes::{CareClass, Province},
        dates::parse_day,
        media::Medium,
    },
    privacy::mask::without_numbers,
    system_errors::error::{ErrorClass, RaisedBy},
    text::Text,
};

/// The most characters of a text, a code or a refused number.
const LONGEST_TEXT: usize = 200;
/// The most characters of a number of an error.
const LONGEST_ID: usize = 40;
/// A day in microseconds, and the first day that an error may have.
const DAY: i128 = 86_400_000_000;
const FIRST_DAY: i128 = 10_957;

/// The columns of a group.
const GROUP: [&str; 5] = ["treating_province", "insured_province", "class", "code", "raised_by"];

type ErrorGroup<'a> = [Cell<'a>; 5];

/// Open errors of a group: how many, and the oldest day.
type OpenErrors = (i128, i128);

/// Applies the laws of system errors and of media.
pub(super) fn check(closed: &ReadablePeriod, before: Option<&ReadablePeriod>, checks: &mut Checks) {
    let last_day = parse_day(&closed.manifest.as_of).map(|day| i128::from(day.to_epoch_days()));
    let last_day = last_day.unwrap_or(i128::MAX);
    groups(closed, checks);
    open(closed, last_day, checks);
    stay(closed, checks);
    refused(closed, checks);
    lines(closed, checks);
    media(closed, checks);
    // The period before cannot be read, which is reported already.
    if before.is_some() || closed.is_first() {
        carried(closed, before, last_day, checks);
    }
}

fn group<'a>(row: &GridRow<'a>) -> ErrorGroup<'a> {
    GROUP.map(|column| row.cell(column))
}

fn day_of(row: &GridRow) -> i128 {
    row.number("at").div_euclid(DAY)
}

/// Whether a text is masked and not too long.
fn is_masked(text: &str) -> bool {
    text.chars().count() <= LONGEST_TEXT && without_numbers(text) == text
}

/// Whether provinces, class, code and who has raised it may stand in a row.
fn is_described(row: &GridRow) -> bool {
    let treating = Province::from_text(row.text("treating_province"));
    let insured = row.text_or_null("insured_province").map(Province::from_text);
    treating.is_some()
        && insured != Some(None)
        && insured.flatten() != treating
        && ErrorClass::from_name(row.text("class")).is_some()
        && RaisedBy::from_name(row.text("raised_by")).is_some()
        && row.text_or_null("code").is_none_or(|code| !code.is_empty() && is_masked(code))
}

/// Law: in each group what was brought in and what is new is resolved, struck off or open.
fn groups(closed: &ReadablePeriod, checks: &mut Checks) {
    let file = closed.file("errors");
    let grid = closed.grid("errors");
    let described = grid.iter().map(|row| (!is_described(&row)).then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("provinces, words and a masked code"), described);
    let sums = grid.iter().map(|row| {
        let [errors, brought_in, resolved, answered, struck_off, open] =
            ["errors", "brought_in", "resolved", "answered", "struck_off", "open"]
                .map(|column| row.number(column));
        let are_counts = [brought_in, resolved, answered, struck_off, open]
            .iter()
            .all(|count| (0..=errors).contains(count));
        let has_days = row.number_or_null("answer_days_median").is_some_and(|days| days >= 0);
        let holds = errors > 0
            && are_counts
            && errors == resolved + struck_off + open
            && has_days == (answered > 0)
            && row.number_or_null("oldest_open_on").is_some() == (open > 0);
        (!holds).then(|| row.shown_key())
    });
    checks.law(Code::B07, &file, text!("what has become of every error"), sums);
}

/// Law: an open error is one that may be open, and says nothing of a person.
fn open(closed: &ReadablePeriod, last_day: i128, checks: &mut Checks) {
    let file = closed.file("errors_open");
    let good = |row: &GridRow| {
        let (day, err_id) = (day_of(row), row.text("err_id"));
        let answered = row.number_or_null("answered_on");
        // The as-of day of this period binds what this period brought; a later period may have an earlier one.
        let is_new = row.month("first_period") == Some(closed.month);
        let last_day = if is_new { last_day } else { i128::MAX };
        is_described(row)
            && !err_id.is_empty()
            && err_id.chars().count() <= LONGEST_ID
            && (FIRST_DAY..=last_day).contains(&day)
            && answered.is_none_or(|answered| (day..=last_day).contains(&answered))
            && row.number_or_null("struck_off_on").is_none()
            && row.month("first_period").is_some_and(|first| first <= closed.month)
    };
    let rows = || closed.grid("errors_open").iter();
    let problems = rows().map(|row| (!good(&row)).then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("an error that is open"), problems);
    let texts = rows().map(|row| (!is_masked(row.text("text"))).then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("masked texts"), texts);
}

/// Counts the open errors of a period by group.
fn open_of(closed: &ReadablePeriod) -> BTreeMap<ErrorGroup<'_>, OpenErrors> {
    let mut all = BTreeMap::new();
    for row in closed.grid("errors_open").iter() {
        let (count, oldest) = all.entry(group(&row)).or_insert((0, i128::MAX));
        *count += 1;
        *oldest = day_of(&row).min(*oldest);
    }
    all
}

/// Law: the open errors of each group stay, and the oldest of them is named.
fn stay(closed: &ReadablePeriod, checks: &mut Checks) {
    let mut staying = open_of(closed);
    let grid = closed.grid("errors");
    let mut problems: Vec<Option<Text>> = Vec::new();
    for row in grid.iter().filter(|row| row.number("open") > 0) {
        let told = (row.number("open"), row.number("oldest_open_on"));
        let same = staying.remove(&group(&row)) == Some(told);
        problems.push((!same).then(|| row.shown_key()));
    }
    let more = staying.values().map(|(count, _)| *count).sum();
    problems.push(differs("open errors of other groups", more, 0));
    let (file, law) = (closed.file("errors"), text!("the open errors of a group"));
    checks.law(Code::B07, &file, law, problems);
}

/// Law: what was open in the period before is brought in, and stays as it was but for an answer.
fn carried(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    last_day: i128,
    checks: &mut Checks,
) {
    let mut brought = before.map(open_of).unwrap_or_default();
    let mut problems: Vec<Option<Text>> = Vec::new();
    for row in closed.grid("errors").iter().filter(|row| row.number("brought_in") > 0) {
        let count = brought.remove(&group(&row)).map_or(0, |(count, _)| count);
        problems.push((count != row.number("brought_in")).then(|| row.shown_key()));
    }
    let more = brought.values().map(|(count, _)| *count).sum();
    problems.push(differs("errors of other groups", more, 0));
    let file = closed.file("errors");
    checks.law(Code::B08, &file, text!("the open errors of the period before"), problems);
    let earlier: BTreeMap<&str, GridRow> = before
        .into_iter()
        .flat_map(|before| before.grid("errors_open").iter())
        .map(|row| (row.text("err_id"), row))
        .collect();
    let as_it_was = |row: &GridRow| {
        let is_new = row.month("first_period") == Some(closed.month);
        let Some(old) = earlier.get(row.text("err_id")) else { return is_new };
        let is_answered_now = old.cell("answered_on") == Cell::Null
            && row.number_or_null("answered_on").is_some_and(|answered| answered <= last_day);
        let same = row.grid().columns().iter().all(|(column, _)| {
            let is_same = old.cell(column) == row.cell(column);
            is_same || *column == "answered_on" && is_answered_now
        });
        !is_new && same
    };
    let rows = closed.grid("errors_open").iter();
    let changed = rows.map(|row| (!as_it_was(&row)).then(|| row.shown_key()));
    let file = closed.file("errors_open");
    checks.law(Code::B08, &file, text!("an error as it was, or a new one"), changed);
}

/// Law: a refused row is one of the file, with a code that it may have.
fn refused(closed: &ReadablePeriod, checks: &mut Checks) {
    let good = |row: &GridRow| {
        let rows = i128::from(closed.lines_of(row.text("file")));
        let err_id = row.text_or_null("err_id");
        let length = err_id.map_or(0, |err_id| err_id.chars().count());
        let is_bad_id = length == 0 || length > LONGEST_ID;
        let code = ErrorRule::of_id(row.text("code"));
        SYSTEM_ERRORS.contains(&row.text("file"))
            && (0..rows).contains(&row.number("row"))
            && length <= LONGEST_TEXT
            && err_id != Some("")
            && code.is_some_and(|code| (code == ErrorRule::N01) == is_bad_id)
    };
    let file = closed.file("errors_refused");
    let rows = closed.grid("errors_refused").iter();
    let problems = rows.map(|row| (!good(&row)).then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("a row of the file, with its code"), problems);
}

/// Law: new errors and refused rows are not more than the rows of the file, of which the others are news.
fn lines(closed: &ReadablePeriod, checks: &mut Checks) {
    let errors = closed.grid("errors");
    let new = errors.count("errors") - errors.count("brought_in");
    let refused = closed.grid("errors_refused").rows as i128;
    let lines: i128 = SYSTEM_ERRORS.into_iter().map(|name| i128::from(closed.lines_of(name))).sum();
    let more = (new + refused > lines || new + refused == 0 && errors.rows == 0 && lines > 0)
        .then(|| text!("{} new and {} refused of {} rows", new, refused, lines));
    let file = closed.file("errors");
    checks.law(Code::B07, &file, text!("the rows of the delivery"), [more]);
}

/// Law: where media are told, those of a province and care class are its visits.
fn media(closed: &ReadablePeriod, checks: &mut Checks) {
    let (media, positions) = (closed.grid("media"), closed.grid("positions"));
    let file = closed.file("media");
    let good = |row: &GridRow| {
        Province::from_text(row.text("treating_province")).is_some()
            && CareClass::from_name(row.text("care_class")).is_some()
            && Medium::ALL.iter().any(|medium| medium.name() == row.text("mdtrt_cert_type"))
    };
    let words = media.iter().map(|row| (!good(&row)).then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("a province and known words"), words);
    if media.rows == 0 {
        return;
    }
    let mut visits: BTreeMap<[&str; 2], [i128; 2]> = BTreeMap::new();
    for (side, grid) in [media, positions].into_iter().enumerate() {
        for row in grid.iter() {
            let key = ["treating_province", "care_class"].map(|column| row.text(column));
            visits.entry(key).or_default()[side] += row.number("visits");
        }
    }
    let sums = visits
        .iter()
        .map(|(key, [by_medium, all])| differs(Text::given(key.join(" ")), *by_medium, *all));
    checks.law(Code::B07, &file, text!("the visits of positions"), sums);
}
