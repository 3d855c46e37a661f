//! BEH-05 stays of no day 短住院 (statistical): stays with end = begin that are no day surgery. `count` or more, and
//! `percent` or more of all stays of the institution, day surgery too, that end in the month. One lead is an institution
//! and month. Source: ours.

use super::{
    groups::{by_key, number},
    stay::Stay,
};
use crate::{
    model::codes::Month,
    review::{
        lead::{Detail, Lead},
        numbers::product,
        row::ReviewedRow,
        rule::ReviewRule,
        thresholds::ShortStayLimits,
    },
};

/// The `med_type` of day surgery (日间手术), whose patients leave on the day they come.
const DAY_SURGERY: &str = "28";

/// Adds the leads of an institution's stays.
pub(super) fn leads<'a>(stays: &[Stay<'a>], limits: &ShortStayLimits, leads: &mut Vec<Lead<'a>>) {
    let stays: Vec<&ReviewedRow> = stays.iter().map(|stay| stay.row).collect();
    let month_of_end = |row: &ReviewedRow| row.end.map(|end| Month::of_day(end.into()));
    by_key(&stays, month_of_end, |rows| {
        let is_short = |row: &&ReviewedRow| row.begin == row.end && row.med_type != DAY_SURGERY;
        let short: Vec<&ReviewedRow> = rows.iter().copied().filter(is_short).collect();
        let found = number(&short);
        let is_lead = found >= limits.count.max(1)
            && product(found, 100) >= product(limits.percent, number(rows));
        if is_lead {
            let detail = Detail::default().with("short", found).with("stays", number(rows)).text();
            leads.push(Lead::of(ReviewRule::Beh05, short, detail));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_house, stay};
    use crate::review::thresholds::{ShortStayLimits, Thresholds};

    fn told(stays: Vec<Sample>) -> Vec<String> {
        let beh05 = Some(ShortStayLimits { count: 2, percent: 40 });
        of_house(stays, Thresholds { beh05, ..Thresholds::default() })
    }

    fn short(setl_id: &str, day: &str) -> Sample {
        stay(setl_id, day, day)
    }

    #[test]
    fn short_stays_are_counted_by_the_month_in_which_they_end() {
        assert_eq!(
            told(vec![short("a", "2025-12-01"), short("b", "2025-12-31")]),
            ["a b: 2.00 short=2;stays=2"]
        );
        assert_eq!(told(vec![short("a", "2025-12-31"), short("b", "2026-01-01")]), [""; 0]);
        let late = |row: &mut crate::review::row::ReviewedRow<'static>| row.time += 1 << 50;
        let settled_later = vec![short("a", "2025-12-31"), short("b", "2025-12-31").with(late)];
        assert_eq!(told(settled_later), ["a b: 2.00 short=2;stays=2"]);
    }

    #[test]
    fn their_part_of_all_stays_counts_and_day_surgery_is_among_these() {
        let long = |id| stay(id, "2025-12-01", "2025-12-02");
        let surgery = |id| short(id, "2025-12-05").with(|row| row.med_type = "28");
        let two = || vec![short("a", "2025-12-05"), short("b", "2025-12-05")];
        let with = |more: Vec<Sample>| told([two(), more].concat());
        assert_eq!(with(vec![long("c"), long("d"), long("e")]), ["a b: 2.00 short=2;stays=5"]);
        assert_eq!(with(vec![long("c"), long("d"), long("e"), surgery("f")]), [""; 0]);
        assert_eq!(told(vec![short("a", "2025-12-05"), surgery("b")]), [""; 0]);
    }
}
