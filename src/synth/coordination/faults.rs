//! System errors of all periods: rows of system-errors.csv, and the answer key of their states (coordination.md, part 3).

use chrono::{DateTime, Days, NaiveDate};

use super::{
    super::{
        draw::{Draw, below},
        geography::Geography,
    },
    sources::{FaultTurn, VisitSource},
};
use crate::model::codes::{Month, Province};

/// The heading of system-errors.csv.
pub(super) const FAULT_COLUMNS: [&str; 13] = [
    "err_id",
    "at",
    "infno",
    "raised_by",
    "treating_province",
    "insured_province",
    "fixmedins_code",
    "class",
    "code",
    "text",
    "mdtrt_id",
    "answered_on",
    "struck_off_on",
];

/// Classes of errors with a code and a text of each; the first one without a code.
const MESSAGES: [(&str, &str, &str); 9] = [
    ("timeout", "", "国家平台响应超时"),
    ("filing", "B2101", "人员 340100000000001234 无有效备案"),
    ("entitlement", "B1301", "待遇检查不通过"),
    ("credential", "B1101", "电子凭证令牌 2025100112345678 已失效"),
    ("institution", "B1201", "定点机构未开通跨省联网"),
    ("catalogue", "B2204", "目录编码未对照：XJ01DDT071B001010100294"),
    ("amount", "B2207", "费用合计与明细合计不符"),
    ("other", "", "数据格式有误"),
    ("outage", "B9001", "前置机连接中断"),
];
const OUTAGE: usize = 8;
const RAISED_BY: [&str; 4] = ["institution", "treating", "national", "insured"];

/// A system error that was accepted.
#[derive(Debug, Clone)]
struct LiveFault {
    columns: [String; 13],
    birth: Month,
    /// The day of `at`.
    day: NaiveDate,
    number: u64,
    is_answered: bool,
    is_struck_off: bool,
    /// The period whose delivery has a settlement of its visit that came after it.
    mended_in: Option<Month>,
}

/// Errors that may come again, in the order in which they came.
#[derive(Default)]
pub(super) struct FaultBook {
    live: Vec<LiveFault>,
}

/// What a period has of system errors.
#[derive(Default)]
pub(super) struct FaultPapers {
    pub(super) lines: Vec<[String; 13]>,
    /// err_id and state.
    pub(super) truth: Vec<(String, &'static str)>,
}

/// What is done about an error: the periods after its birth in which it is answered and struck off.
const DONE: [(Option<i32>, Option<i32>); 8] = [
    (None, None),
    (Some(0), None),
    (Some(0), Some(0)),
    (Some(1), Some(2)),
    (None, Some(1)),
    (Some(0), Some(1)),
    (None, None),
    (Some(1), None),
];

impl FaultBook {
    /// Makes the papers of a period: of visits, with so many sets of refused rows.
    pub(super) fn deliver(
        &mut self,
        geography: &Geography,
        period: Month,
        visits: &[VisitSource],
        refused: usize,
    ) -> FaultPapers {
        let mut papers = FaultPapers::default();
        let as_of = period.plus(1).last_day();
        for fault in &mut self.live {
            papers.lines.extend(fault.news(period, as_of));
        }
        let first = self.live.len();
        for (number, visit) in (0..).zip(visits) {
            let mut fault = new_fault(geography, period, number, visit);
            fault.news(period, as_of);
            papers.lines.push(fault.columns.clone());
            self.live.push(fault);
        }
        // News of an error that stands above in the same file.
        for fault in self.live[first..].iter_mut().filter(|fault| fault.number % 16 == 8) {
            papers.lines.extend(fault.answer(as_of).then(|| fault.line_of_news()));
        }
        for set in 0..refused {
            papers.lines.extend(refused_lines(period, as_of, set, &self.live[first..]));
        }
        self.live.retain(|fault| {
            let state = fault.state(period);
            papers.truth.push((fault.columns[0].clone(), state));
            state == "open"
        });
        papers.truth.sort_unstable();
        papers
    }
}

impl LiveFault {
    /// Does what is due in a period, and returns the row that says so.
    fn news(&mut self, period: Month, as_of: NaiveDate) -> Option<[String; 13]> {
        let (answered, struck_off) = DONE[usize::try_from(self.number % 8).unwrap_or_default()];
        let due = |after: Option<i32>| after.is_some_and(|after| self.birth.plus(after) == period);
        let (answered, struck_off) = (due(answered), due(struck_off));
        let is_new = answered && self.answer(as_of);
        if struck_off {
            self.is_struck_off = true;
            self.columns[12] = self.done_on(3, as_of);
        }
        (is_new || struck_off).then(|| self.line_of_news())
    }

    /// Answers it, unless it is answered.
    fn answer(&mut self, as_of: NaiveDate) -> bool {
        if self.is_answered {
            return false;
        }
        self.is_answered = true;
        self.columns[11] = self.done_on(1 + self.number % 6, as_of);
        true
    }

    /// Returns a day so long after the error, or the last one that may be named.
    fn done_on(&self, days: u64, as_of: NaiveDate) -> String {
        let on = self.day.checked_add_days(Days::new(days)).unwrap_or(as_of);
        on.min(as_of).to_string()
    }

    /// Returns a row of news: what it says besides is not read.
    fn line_of_news(&self) -> [String; 13] {
        let mut line = self.columns.clone();
        line[2] = String::new();
        "见前次报文".clone_into(&mut line[9]);
        line
    }

    fn state(&self, period: Month) -> &'static str {
        match self.mended_in {
            _ if self.is_struck_off => "struck_off",
            Some(mended) if mended == period => "resolved",
            _ => "open",
        }
    }
}

/// Returns the time of a second, as it is written.
fn written(second: i64) -> String {
    let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn new_fault(geography: &Geography, period: Month, number: u64, visit: &VisitSource) -> LiveFault {
    let mut draw = Draw::new(visit.hash);
    let before = 30 + draw.below(3_600).cast_signed();
    let some = usize::try_from(below(draw.bits(), 8)).unwrap_or_default();
    let (class, code, text) = MESSAGES[if visit.is_outage { OUTAGE } else { some }];
    // Of the errors before a settlement of the period some are no errors of its visit, and some came after it.
    let twist = if visit.turn == FaultTurn::Mended { draw.below(12) } else { 0 };
    let at = match (visit.turn, twist) {
        (FaultTurn::Reversed, _) => visit.time + 60,
        (_, 11) => visit.time + 600,
        (_, 10) => visit.time,
        _ => visit.time - before,
    };
    let mended_in = match (visit.turn, twist) {
        (FaultTurn::Reversed, _) | (_, 8 | 9 | 11) => None,
        (FaultTurn::Mended, _) => Some(period),
        (FaultTurn::MendedNext, _) => Some(period.plus(1)),
    };
    let visit_id = String::from_utf8_lossy(&visit.visit).into_owned();
    let elsewhere = Province::all().find(|other| ![visit.insured, visit.treating].contains(other));
    let treating = elsewhere.filter(|_| twist == 9).unwrap_or(visit.treating);
    let insured = if draw.below(10) == 0 { String::new() } else { visit.insured.to_string() };
    let infno = if visit.is_stay { "2304" } else { "2207" };
    let raised_by = RAISED_BY[usize::try_from(draw.below(4)).unwrap_or_default()];
    let institution = geography.institutions.text(visit.institution);
    let day = DateTime::from_timestamp(at, 0).unwrap_or_default().date_naive();
    LiveFault {
        columns: [
            format!("BC{}{number:07}", period.to_string().replace('-', "")),
            written(at),
            infno.to_owned(),
            raised_by.to_owned(),
            treating.to_string(),
            insured,
            String::from_utf8_lossy(institution).into_owned(),
            class.to_owned(),
            code.to_owned(),
            text.to_owned(),
            if twist == 8 { String::new() } else { visit_id },
            String::new(),
            String::new(),
        ],
        birth: period,
        day,
        number,
        is_answered: false,
        is_struck_off: false,
        mended_in,
    }
}

/// Returns a set of refused rows, one of every code.
fn refused_lines(
    period: Month,
    as_of: NaiveDate,
    set: usize,
    live: &[LiveFault],
) -> Vec<[String; 13]> {
    let Some(model) = set.checked_rem(live.len()).and_then(|at| live.get(at)) else {
        return Vec::new();
    };
    let prefix = format!("BC{}-", period.to_string().replace('-', ""));
    let wrong = |code: &str, column: usize, value: &str| {
        let mut line = model.columns.clone();
        line[0] = format!("{prefix}{code}-{set:05}");
        value.clone_into(&mut line[column]);
        line
    };
    let late = as_of.succ_opt().unwrap_or(as_of).to_string();
    let early = model.day.pred_opt().unwrap_or(model.day).to_string();
    let after = format!("{late} 00:00:00");
    let turn = |values: [&str; 3]| values[set % 3].to_owned();
    let mut elsewhere = Province::all().map(|province| province.to_string());
    let elsewhere =
        elsewhere.find(|other| !model.columns[4..6].contains(other)).unwrap_or_default();
    let long = format!("{prefix}{set:05}-{:0>40}", 1);
    let mut lines = vec![
        wrong("N01", 0, &turn(["", &long, ""])),
        wrong("N02", 1, &turn(["", "2025-02-30 10:00:00", &after])),
        wrong("N03", 4, &turn(["", "99", &model.columns[4]])),
        wrong("N04", 3 + set % 2 * 4, "hospital"),
        wrong("N05", 11 + set % 2, &turn(["soon", &early, &late])),
    ];
    // Both provinces the same.
    if set % 3 == 2 {
        lines[2][5].clone_from(&model.columns[4]);
    }
    // The error that is there, told of another province.
    let mut other = model.columns.clone();
    other[4] = elsewhere;
    lines.push(other);
    lines
}
