//! Laws of notices: which are due, their deadlines, their status.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use super::{
    checks::{Checks, differs, unequal},
    files::ReadablePeriod,
    history::{History, PastNotices, accepted},
    pairs::{ByPair, by_pair},
};
use crate::{
    book::grid::{Grid, GridRow, pair_of_notice},
    diag::Code,
    model::{
        codes::{Pair, Province},
        dates::parse_day,
        money::FenSum,
    },
    rules::Policy,
    text::Text,
};

/// Applies the laws of a period's notices.
pub(super) fn check(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    history: &History,
    policy: &Policy,
    checks: &mut Checks,
) {
    issued(closed, history, policy, checks);
    payments(closed, &history.notices, checks);
    if before.is_some() || closed.is_first() {
        statuses(closed, before, policy, checks);
    }
}

/// Returns the amounts of emergency proposals that this period approves, by pair.
pub(super) fn approved_now(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
) -> Vec<(Pair, FenSum)> {
    let earlier = before.map(approvals).unwrap_or_default();
    let now = approvals(closed);
    let new = now.into_iter().filter(|(id, _)| !earlier.contains_key(id));
    new.filter_map(|(id, fen)| Some((pair_of_notice(id)?, fen))).collect()
}

/// The initial quotas that a period's notices bring, by pair, with the numbers of the notices.
pub(super) fn initial<'a>(closed: &'a ReadablePeriod) -> Vec<(Pair, FenSum, &'a str)> {
    let rows = closed.grid("notices").iter().filter(|row| row.text("kind") == "CS");
    let of = |row: GridRow<'a>| {
        let notice_id = row.text("notice_id");
        Some((pair_of_notice(notice_id)?, row.fen("amount"), notice_id))
    };
    rows.filter_map(of).collect()
}

fn approvals(closed: &ReadablePeriod) -> BTreeMap<&str, FenSum> {
    let rows = closed.grid("notice_status").iter();
    rows.filter_map(|row| Some((row.text("notice_id"), row.fen_or_null("approved")?))).collect()
}

/// The expected values of a notice: payer, payee, amount.
type Due = (Province, Province, FenSum);

/// Works out the notices that are due, by number (contract §5).
fn due(closed: &ReadablePeriod, history: &History, policy: &Policy) -> BTreeMap<String, Due> {
    let quotas = by_pair(closed, "quotas", "quota");
    let next = by_pair(closed, "quotas", "next_quota");
    let yearly = history.money.yearly(closed, policy);
    let initial: ByPair = initial(closed).into_iter().map(|(pair, fen, _)| (pair, fen)).collect();
    let mut due = BTreeMap::new();
    for row in closed.grid("pairs").iter() {
        let Some(pair) = row.pair() else { continue };
        let mut issue = |kind: &str, payer: Province, amount: FenSum| {
            let payee = if payer == pair.insured { pair.treating } else { pair.insured };
            due.insert(format!("{kind}-{}-{pair}", closed.month), (payer, payee, amount));
        };
        let of = |sums: &ByPair| sums.get(&pair).copied().unwrap_or_default();
        let payable = row.fen("payable");
        if payable.is_positive() {
            issue("QS", pair.insured, payable);
        }
        if row.fen("returned").is_positive() {
            issue("FH", pair.treating, row.fen("returned"));
        }
        if let Some(initial) = initial.get(&pair) {
            issue("CS", pair.insured, *initial);
        }
        let difference = yearly.as_ref().map_or(FenSum::ZERO, |yearly| of(yearly) - of(&quotas));
        if !difference.is_zero() {
            let payer = if difference.is_positive() { pair.insured } else { pair.treating };
            issue("ND", payer, difference.abs());
        }
        let wanted = payable.times(policy.emergency_months) - of(&next);
        if row.text("reserve_level") == "red" && wanted.is_positive() {
            issue("JJ", pair.insured, wanted);
        }
    }
    due
}

/// Law: the table has exactly the notices that are due, with the days that follow from the day of issue.
fn issued(closed: &ReadablePeriod, history: &History, policy: &Policy, checks: &mut Checks) {
    let file = closed.file("notices");
    let mut due = due(closed, history, policy);
    let calendar = &closed.rules.calendar;
    let issued_on = parse_day(&closed.manifest.as_of).unwrap_or_default();
    let file_by = calendar.after(issued_on, policy.file_days);
    let pay_by = calendar.after(file_by, policy.pay_days);
    let confirm_by = calendar.after(pay_by, policy.confirm_days);
    let rows: Vec<Option<Text>> = closed
        .grid("notices")
        .iter()
        .map(|row| {
            let notice_id = row.text("notice_id");
            let Some((payer, payee, amount)) = due.remove(notice_id) else {
                return Some(text!("{} is not due", notice_id));
            };
            let dated = row.text("kind") != "JJ";
            let day = |column: &str, expected: NaiveDate, given: bool| {
                let expected = given.then(|| i128::from(expected.to_epoch_days()));
                row.number_or_null(column) == expected
            };
            let good = notice_id.starts_with(row.text("kind"))
                && row.text("period") == closed.month.to_string()
                && row.text("payer") == payer.to_string()
                && row.text("payee") == payee.to_string()
                && day("issued_on", issued_on, true)
                && day("file_by", file_by, dated)
                && day("pay_by", pay_by, dated)
                && day("confirm_by", confirm_by, dated);
            (!good)
                .then(|| text!("{}: another payer, payee or day", notice_id))
                .or_else(|| unequal(notice_id, row.fen("amount"), amount))
        })
        .collect();
    let missing = due.into_keys().map(|notice_id| Some(text!("{} is missing", notice_id)));
    checks.law(
        Code::B07,
        &file,
        text!("the notices that are due"),
        rows.into_iter().chain(missing),
    );
}

/// Law: payments name notices of earlier periods, a bank serial is accepted once, every refusal has its reason.
fn payments(closed: &ReadablePeriod, past: &PastNotices, checks: &mut Checks) {
    let mut serials = past.serials.clone();
    let grid = closed.grid("payments");
    let now = grid.iter().filter(|row| row.flag("accepted") == Some(true));
    let now: BTreeSet<&str> = now.map(|row| row.text("bank_serial")).collect();
    let open = open_amounts(closed);
    let rows: Vec<Option<Text>> = grid
        .iter()
        .map(|row| {
            let amount = row.fen("amount");
            let serial = row.text("bank_serial");
            let known = past.issued.contains_key(row.text("notice_id"));
            let used = past.serials.contains(serial) || now.contains(serial);
            let fresh = amount.is_positive() && !past.serials.contains(serial);
            // The status table of a period has no notice that an earlier period reported as paid.
            let left = open.get(row.text("notice_id")).copied();
            let good = match (row.flag("accepted"), row.text_or_null("code")) {
                (Some(true), None) => {
                    fresh && known && left.is_some() && serials.insert(serial.to_owned())
                }
                (Some(false), Some("P03")) => !amount.is_positive(),
                (Some(false), Some("P02")) => amount.is_positive() && used,
                (Some(false), Some("P01")) => fresh && !known,
                (Some(false), Some("P04")) => fresh && known && amount > left.unwrap_or_default(),
                _ => false,
            };
            (!good).then(|| row.shown_key())
        })
        .collect();
    checks.law(Code::B07, &closed.file("payments"), text!("accepted or refused"), rows);
}

/// Returns the unpaid amount of each notice after the payments of a period, in fen.
fn open_amounts(closed: &ReadablePeriod) -> BTreeMap<&str, FenSum> {
    let left = |row: GridRow| due_of(row) - row.fen("paid");
    closed.grid("notice_status").iter().map(|row| (row.text("notice_id"), left(row))).collect()
}

/// Returns the whole amount to be paid on a notice, in fen; for a proposal this is the approved amount.
fn due_of(status: GridRow) -> FenSum {
    let proposal = status.text("notice_id").starts_with("JJ");
    status.fen(if proposal { "approved" } else { "amount" })
}

/// Law: the status table has every notice that is new or was not paid before, with its approval and payments.
fn statuses(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    policy: &Policy,
    checks: &mut Checks,
) {
    let earlier = before.map(|before| before.grid("notice_status"));
    let earlier = earlier.into_iter().flat_map(Grid::iter);
    let mut expected: BTreeMap<&str, GridRow> = earlier
        .filter(|row| row.text("status") != "paid")
        .map(|row| (row.text("notice_id"), row))
        .collect();
    expected.extend(closed.grid("notices").iter().map(|row| (row.text("notice_id"), row)));
    let grid = closed.grid("notice_status");
    let rows: Vec<Option<Text>> = grid
        .iter()
        .map(|row| match expected.remove(row.text("notice_id")) {
            None => Some(text!("{} was not open", row.shown_key())),
            Some(from) => status(closed, policy, row, from)
                .map(|problem| text!("{}: {}", row.shown_key(), problem)),
        })
        .collect();
    let lost = expected.into_keys().map(|notice_id| Some(text!("{} is gone", notice_id)));
    let file = closed.file("notice_status");
    checks.law(Code::B08, &file, text!("open before or issued now"), rows.into_iter().chain(lost));
}

/// Returns what is wrong with the status of a notice, given its last status or its issue.
fn status(closed: &ReadablePeriod, policy: &Policy, row: GridRow, from: GridRow) -> Option<Text> {
    let is_new = from.is_of("notices");
    let old = |column: &str| if is_new { None } else { from.fen_or_null(column) };
    let now = accepted(closed).filter(|paid| paid.text("notice_id") == row.text("notice_id"));
    let now: Vec<GridRow> = now.collect();
    let paid =
        old("paid").unwrap_or_default() + now.iter().map(|p| p.fen("amount")).sum::<FenSum>();
    let approved = row.fen_or_null("approved");
    let proposal = row.text("notice_id").starts_with("JJ");
    let due = due_of(row);
    let word = match (proposal, approved) {
        (true, None) => "proposed",
        _ if paid == due => "paid",
        _ if paid.is_positive() => "partial",
        _ => "unpaid",
    };
    let completed = row.number_or_null("completed_on");
    let completed_now = now.iter().any(|paid| Some(paid.number("paid_on")) == completed);
    let pay_by = row.number_or_null("pay_by");
    let punctual = completed.zip(pay_by).map(|(completed, pay_by)| completed <= pay_by);
    let newly_approved = approved.is_some() && old("approved").is_none();
    let column = |holds: bool, name: &str| (!holds).then(|| Text::given(name));
    unequal("amount", row.fen("amount"), from.fen("amount"))
        .or_else(|| unequal("paid", row.fen("paid"), paid))
        .or_else(|| differs("status", row.text("status"), word))
        .or_else(|| (paid > due).then(|| text!("more was paid than is due")))
        .or_else(|| column(approved.is_none() || (proposal && !is_new), "approved"))
        .or_else(|| column(old("approved").is_none() || old("approved") == approved, "approved"))
        .or_else(|| column(completed.is_some() == (word == "paid"), "completed_on"))
        .or_else(|| column(completed.is_none() || completed_now, "completed_on"))
        .or_else(|| column(row.flag("punctual") == punctual, "punctual"))
        .or_else(|| {
            let kept = pay_by == from.number_or_null("pay_by");
            let follows = || pay_by.is_some_and(|day| can_be_pay_by(closed, policy, day));
            column(if newly_approved { follows() } else { kept }, "pay_by")
        })
}

/// Returns whether some day of approval leads to this deadline by the calendar.
fn can_be_pay_by(closed: &ReadablePeriod, policy: &Policy, pay_by: i128) -> bool {
    let Some(pay_by) = i32::try_from(pay_by).ok().and_then(NaiveDate::from_epoch_days) else {
        return false;
    };
    let calendar = &closed.rules.calendar;
    let leads = |day: &NaiveDate| {
        calendar.after(calendar.after(*day, policy.file_days), policy.pay_days) >= pay_by
    };
    // The deadline never falls when the approval is later. So the first approval whose deadline is not before
    // `pay_by` decides: it gives `pay_by` exactly, or no approval does.
    let days = u64::from(policy.file_days) + u64::from(policy.pay_days);
    let Some(from) = pay_by.checked_sub_days(Days::new(30 + 4 * days)) else { return true };
    from.iter_days().take_while(|day| *day <= pay_by).find(leads).is_some_and(|day| {
        calendar.after(calendar.after(day, policy.file_days), policy.pay_days) == pay_by
    })
}
