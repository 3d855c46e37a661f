//! Requests between provinces as they stand at a close, and what followed from verifications that found mistakes.

use std::{collections::BTreeMap, path::PathBuf};

use chrono::NaiveDate;

use crate::{
    book::grid::Grid,
    coordination::rows::{CoordinationRow, rows_of},
    diag::Outcome,
    model::{
        codes::{Month, Province},
        money::FenSum,
        requests::{ReplyResult, RequestKind, RequestState},
    },
};

/// The requests of a book at a close.
#[derive(Debug, Default)]
pub struct RequestFigures {
    /// The rows of the table `coordination`: all that a province may still have to do, and what ended or was refused.
    pub rows: Vec<CoordinationRow>,
    /// The verifications whose reply in force is `incorrect`, also those that ended earlier, by number.
    pub incorrect: Vec<IncorrectVerification>,
}

/// A verification that found a mistake, and the deduction that followed.
#[derive(Debug)]
pub struct IncorrectVerification {
    /// Its newest row.
    pub row: CoordinationRow,
    /// The period that brought the reply.
    pub since: Month,
    /// The accepted deductions of its settlement from that period on, less what was given back.
    pub deducted: FenSum,
}

impl RequestFigures {
    /// Reads the requests of closed periods, oldest first, as they stand at the close of the last one.
    pub fn read(periods: &[(Month, PathBuf)]) -> Outcome<RequestFigures> {
        let mut figures = RequestFigures::default();
        let mut incorrect: BTreeMap<String, IncorrectVerification> = BTreeMap::new();
        for (period, folder) in periods {
            figures.rows = rows_of(&Grid::open(folder, "coordination")?)?;
            for row in figures.rows.iter().filter(|row| row.code.is_none()) {
                let Some(reply) = reply_of(row) else {
                    incorrect.remove(&row.request_id);
                    continue;
                };
                let before = incorrect.get(&row.request_id);
                let same = before.filter(|before| reply_of(&before.row) == Some(reply));
                let since = same.map_or(*period, |before| before.since);
                let found =
                    IncorrectVerification { row: row.clone(), since, deducted: FenSum::ZERO };
                incorrect.insert(row.request_id.clone(), found);
            }
        }
        figures.incorrect = incorrect.into_values().collect();
        figures.add_deductions(periods)?;
        Ok(figures)
    }

    fn add_deductions(&mut self, periods: &[(Month, PathBuf)]) -> Outcome<()> {
        let Some(first) = self.incorrect.iter().map(|of| of.since).min() else { return Ok(()) };
        for (period, folder) in periods.iter().filter(|(period, _)| *period >= first) {
            let mut sums: BTreeMap<String, FenSum> = BTreeMap::new();
            let deductions = Grid::open(folder, "deductions")?;
            for row in deductions.iter().filter(|row| row.flag("accepted") == Some(true)) {
                *sums.entry(row.text("setl_id").to_owned()).or_default() += row.fen("amount");
            }
            for of in self.incorrect.iter_mut().filter(|of| of.since <= *period) {
                of.deducted += sums.get(&of.row.line.setl_id).copied().unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// Returns level and day of the reply in force, if it found a mistake.
fn reply_of(row: &CoordinationRow) -> Option<(i64, NaiveDate)> {
    let standing = row.standing.as_ref()?;
    let reply = standing.reply.as_ref().filter(|of| of.result == ReplyResult::Incorrect)?;
    Some((standing.level, reply.replied_on))
}

/// What is to be done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestDuty {
    /// The province that was asked replies.
    Reply,
    /// The province that asked confirms the reply, or asks again.
    Confirm,
}

/// What is due of a request that no close has ended.
#[derive(Debug, Clone, Copy)]
pub struct DueRequest<'a> {
    /// Its row.
    pub row: &'a CoordinationRow,
    /// What is to be done.
    pub duty: RequestDuty,
    /// The day by which.
    pub on: NaiveDate,
}

impl RequestDuty {
    /// Returns the word for it in reports for programs.
    pub const fn name(self) -> &'static str {
        match self {
            RequestDuty::Reply => "reply",
            RequestDuty::Confirm => "confirm",
        }
    }
}

impl<'a> DueRequest<'a> {
    /// Returns what is due of a request; none when it was refused or has ended.
    pub fn of(row: &'a CoordinationRow) -> Option<DueRequest<'a>> {
        let dates = row.standing.as_ref()?.dates;
        if row.state().is_end() {
            return None;
        }
        let confirm = dates.confirm_by.map(|on| (RequestDuty::Confirm, on));
        let (duty, on) = confirm.unwrap_or((RequestDuty::Reply, dates.due_on));
        Some(DueRequest { row, duty, on })
    }
}

/// Counts of the requests that a province was asked, or asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// All accepted ones that the period lists.
    pub all: u64,
    /// Of these, those that wait for a reply.
    pub waiting: u64,
    /// Those that are late, or were answered late.
    pub late: u64,
    /// Those that silence ended.
    pub deemed: u64,
}

impl RequestCounts {
    /// Counts the rows that are of a province; `side` 0 asks, 1 is asked.
    pub fn of(rows: &[CoordinationRow], side: usize, province: Option<Province>) -> RequestCounts {
        let code = province.map(|province| province.to_string());
        let mut counts = RequestCounts::default();
        for row in rows {
            let Some(standing) = &row.standing else { continue };
            if code.as_ref().is_some_and(|code| *code != row.line.provinces[side]) {
                continue;
            }
            let dates = standing.dates;
            let late_reply = row.line.kind != RequestKind::Verification
                && standing.reply.as_ref().is_some_and(|reply| reply.replied_on > dates.due_on);
            let late = dates.rolled > 0 || late_reply || standing.state == RequestState::Overdue;
            counts.all += 1;
            counts.waiting += u64::from(standing.reply.is_none());
            counts.late += u64::from(late);
            counts.deemed += u64::from(standing.state == RequestState::DeemedConfirmed);
        }
        counts
    }
}
