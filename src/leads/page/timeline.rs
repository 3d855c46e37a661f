//! A lead day by day: the stays and visits of a person as bars and points, or the settlements of many as columns.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use crate::{
    ingest::times::DAY,
    leads::tables::{LeadRole, with_roles},
    page::words::{Words, province, same, words},
    review::found::{FoundLead, LeadSettlement},
    spelling::short,
    text::printable,
};

/// A drawing. Places are per mille of its width.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Timeline {
    pub(super) ticks: Vec<TimeTick>,
    /// A lane for each institution; empty when many persons are counted by day.
    pub(super) lanes: Vec<TimeLane>,
    /// Institutions without a lane.
    pub(super) more_lanes: usize,
    pub(super) columns: Vec<DayColumn>,
    /// The most settlements of a column.
    pub(super) most: u64,
}

/// A label below the drawing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimeTick {
    pub(super) left: i64,
    pub(super) label: String,
}

/// What happened at an institution.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimeLane {
    pub(super) province: Words,
    pub(super) institution: String,
    pub(super) marks: BTreeSet<TimeMark>,
}

/// A stay (a bar) or a visit (a point).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimeMark {
    /// Visits lie above stays.
    pub(super) is_visit: bool,
    /// Suspects lie above the context.
    pub(super) is_suspect: bool,
    pub(super) left: i64,
    pub(super) width: i64,
}

/// The settlements of a day, or of some days.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DayColumn {
    pub(super) left: i64,
    pub(super) width: i64,
    /// Per cent of the height.
    pub(super) height: u64,
}

/// The most lanes, columns and labels.
const LANES: usize = 8;
const COLUMNS: i64 = 93;
const TICKS: i64 = 6;

/// The days of a drawing.
#[derive(Clone, Copy)]
struct Axis {
    first: i32,
    days: i64,
}

impl Axis {
    /// Returns the place of a time in microseconds.
    fn place(self, time: i64) -> i64 {
        let since = i128::from(time) - i128::from(self.first) * i128::from(DAY);
        let place = since * 1000 / (i128::from(self.days) * i128::from(DAY));
        i64::try_from(place.clamp(0, 1000)).unwrap_or(0)
    }

    fn of_day(self, day: i32) -> i64 {
        self.place(i64::from(day) * DAY)
    }
}

impl Timeline {
    /// Draws a lead that has settlements.
    pub(super) fn of(lead: &FoundLead) -> Option<Timeline> {
        if lead.count() == 0 {
            return None;
        }
        let (first, last) = lead.days();
        let axis = Axis { first, days: i64::from(last) - i64::from(first) + 1 };
        let mut drawn = Timeline { ticks: ticks(axis), ..Timeline::default() };
        if lead.psn_no().is_some() {
            drawn.draw_lanes(lead, axis);
        } else {
            drawn.draw_columns(lead, axis);
        }
        Some(drawn)
    }

    fn draw_lanes(&mut self, lead: &FoundLead, axis: Axis) {
        let mut first_of: BTreeMap<&str, (i64, &LeadSettlement)> = BTreeMap::new();
        for settlement in lead.settlements() {
            let begin = mark(settlement, LeadRole::Suspect, axis).left;
            let first = first_of.entry(&settlement.institution).or_insert((begin, settlement));
            if begin < first.0 {
                *first = (begin, settlement);
            }
        }
        let mut lanes: Vec<(i64, &LeadSettlement)> = first_of.into_values().collect();
        lanes.sort_by(|(one, a), (other, b)| {
            one.cmp(other).then_with(|| a.institution.cmp(&b.institution))
        });
        self.more_lanes = lanes.len().saturating_sub(LANES);
        let lane = |(_, first): &(i64, &LeadSettlement)| {
            let own = with_roles(lead).filter(|(_, one)| one.institution == first.institution);
            TimeLane {
                province: province(first.treating_province()),
                institution: printable(&short(&first.institution, 40)),
                marks: own.map(|(role, one)| mark(one, role, axis)).collect(),
            }
        };
        self.lanes = lanes.iter().take(LANES).map(lane).collect();
    }

    fn draw_columns(&mut self, lead: &FoundLead, axis: Axis) {
        let step = (axis.days + COLUMNS - 1) / COLUMNS;
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        for settlement in lead.settlements() {
            let at = (i64::from(settlement.days().0) - i64::from(axis.first)) / step;
            *counts.entry(at).or_default() += 1;
        }
        self.most = counts.values().copied().max().unwrap_or(1);
        let width = (step * 1000 / axis.days).clamp(2, 1000);
        let column = |(at, count): (i64, u64)| DayColumn {
            left: at * step * 1000 / axis.days,
            width,
            height: (count * 100 / self.most).max(3),
        };
        self.columns = counts.into_iter().map(column).collect();
    }

    /// Returns what is drawn, for those who do not see it.
    pub(super) fn told(&self) -> Words {
        if self.lanes.is_empty() {
            let most = self.most;
            return words(
                format!("每列为若干日的结算笔数，最高 {most} 笔"),
                format!("Settlements by day; the highest column has {most}"),
            );
        }
        words(
            "每行一家机构：横条为住院，圆点为门诊或购药；深色为嫌疑，浅色为旁证",
            "A line for each institution: bars are stays, points are visits and purchases; dark ones are suspects, pale ones context",
        )
    }
}

fn mark(settlement: &LeadSettlement, role: LeadRole, axis: Axis) -> TimeMark {
    let is_suspect = role == LeadRole::Suspect;
    match settlement.stay() {
        Some((begin, end)) => {
            let left = axis.of_day(begin);
            let width = (axis.of_day(end.saturating_add(1)) - left).max(4);
            TimeMark { is_visit: false, is_suspect, left, width }
        }
        None => {
            TimeMark { is_visit: true, is_suspect, left: axis.place(settlement.time), width: 0 }
        }
    }
}

fn ticks(axis: Axis) -> Vec<TimeTick> {
    if axis.days == 1 {
        let day = name(axis.first, true);
        let hour = |hour: i64| TimeTick {
            left: hour * 1000 / 24,
            label: if hour == 0 { day.clone() } else { format!("{hour:02}:00") },
        };
        return [0, 6, 12, 18].map(hour).into();
    }
    let step = [1, 2, 5, 10, 15, 30, 60, 90, 180, 365];
    let step = step.into_iter().find(|step| axis.days <= step * TICKS);
    let step = step.unwrap_or((axis.days + TICKS - 1) / TICKS);
    let tick = |at: i64| {
        let day = i32::try_from(i64::from(axis.first) + at * step).unwrap_or(i32::MAX);
        TimeTick { left: axis.of_day(day), label: name(day, at == 0) }
    };
    (0..(axis.days + step - 1) / step).map(tick).collect()
}

/// Returns a day as `2025-10-03`, or as `10-03` where the year stands beside it; the first of January has its year.
fn name(day: i32, with_year: bool) -> String {
    let Some(day) = NaiveDate::from_epoch_days(day) else { return String::new() };
    if with_year || day.ordinal() <= 15 { day.to_string() } else { day.format("%m-%d").to_string() }
}

/// Returns a day, or a range of days, for people.
pub(super) fn days_named((first, last): (i32, i32)) -> Words {
    let first_name = name(first, true);
    same(if first == last { first_name } else { format!("{first_name} – {}", name(last, true)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{leads::samples, review::rule::ReviewRule};

    #[test]
    fn stays_are_bars_and_visits_are_points() {
        let lead = samples::care_during_a_stay(1);
        let drawn = Timeline::of(&lead).expect("drawn");
        // Ten days: a stay from the first to the last of them, a visit at noon of the third.
        let marks: Vec<&TimeMark> = drawn.lanes.iter().flat_map(|lane| &lane.marks).collect();
        assert_eq!(drawn.lanes.len(), 2);
        assert_eq!(
            *marks[0],
            TimeMark { is_visit: false, is_suspect: false, left: 0, width: 1000 }
        );
        assert_eq!(*marks[1], TimeMark { is_visit: true, is_suspect: true, left: 250, width: 0 });
        assert_eq!(drawn.ticks.len(), 5);
        assert_eq!(drawn.ticks[1], TimeTick { left: 200, label: "10-03".to_owned() });
    }

    #[test]
    fn many_persons_are_counted_by_day() {
        let lead = samples::burst(500);
        let drawn = Timeline::of(&lead).expect("drawn");
        assert!(drawn.lanes.is_empty());
        assert_eq!((drawn.columns.len(), drawn.most), (1, 500));
        assert_eq!(drawn.columns[0], DayColumn { left: 0, width: 1000, height: 100 });
        assert_eq!(drawn.ticks.len(), 4);
        let mut long = samples::burst(2_000);
        for (n, suspect) in (0..).zip(&mut long.suspects) {
            suspect.time += n * DAY;
        }
        let drawn = Timeline::of(&long).expect("drawn");
        assert!(drawn.columns.len() <= 93 && drawn.ticks.len() <= 6);
        let of_book = samples::of_book(31);
        assert_eq!((of_book.rule, Timeline::of(&of_book)), (ReviewRule::Beh20, None));
    }
}
