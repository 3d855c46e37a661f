//! BEH-05, stays of no day (短住院): stays with end = begin and med_type not 28, `count` or more of them and `percent` or
//! more of all stays (28 too) of the institution that end in the month. Statistical; ours.
//!
//! A childbirth (28) may well be a stay of one day. The month is that of the discharge.

use super::{
    groups::{by_key, number},
    numbers::is_percent,
    stay::Stay,
};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    subject::InstitutionRows,
    thresholds::ShortStayLimits,
};
use crate::model::codes::Month;

/// The type of care of a childbirth.
const CHILDBIRTH: &str = "28";

/// Finds the leads of an institution, one a month.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &ShortStayLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let stays: Vec<&'a ReviewedRow<'a>> =
        rows.settlements.iter().copied().filter(|row| row.stay().is_some()).collect();
    let month_of_end = |row: &ReviewedRow| row.end.map(|end| Month::of_day(end.into()));
    by_key(&stays, month_of_end, |stays| {
        let of_no_day = |row: &&&ReviewedRow| {
            row.med_type != CHILDBIRTH && Stay::of(row).is_some_and(|s| s.begin == s.end)
        };
        let short: Vec<&ReviewedRow> = stays.iter().filter(of_no_day).copied().collect();
        let (count, all) = (number(&short), number(stays));
        if count > 0 && count >= limits.count && is_percent(count, limits.percent, all) {
            let detail = Detail::default().with("short", count).with("stays", all);
            leads.push(Lead::of(ReviewRule::Beh05, short, detail.text()));
        }
    });
}
