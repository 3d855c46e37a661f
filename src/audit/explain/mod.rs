//! Explains a book: the life of one settlement, or the settlements behind a figure.

mod closed;
mod event;
pub mod figure;
mod life;
mod request;
mod source;

use self::{
    closed::periods,
    event::{
        BreakEvent, Carried, ClearingEvent, DecisionEvent, DeductionEvent, DeductionOutcome,
        DifferentField, NoticePayment, Paid, RecordValues, RejectionEvent,
    },
    life::SettlementState,
    request::RequestEvent,
};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

pub use self::{
    event::SettlementEvent,
    life::{Chapter, Life, SettlementStanding},
};
use crate::{
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow},
    },
    diag::{Code, Failure, Finding, Outcome, shown},
    event::Monitor,
    keyed::key::Key,
    model::{
        codes::Pair,
        fields::{FIELDS, Field},
        group::Group,
        money::yuan,
    },
    register::entries::{REVERSAL, RegisterEntries, RegisterEntry, VOIDED, reversals},
    reserve::notices::NoticeKind,
    text::Text,
};

/// Returns the life of a settlement, from the book and from the given deliveries.
pub fn explain(setl_id: &str, book: &Path, inputs: &[PathBuf], monitor: &Monitor) -> Outcome<Life> {
    let periods = periods(book)?;
    let key = Key::of(setl_id);
    let mut delivered = Vec::new();
    for input in inputs {
        delivered.extend(source::rows_of(setl_id, input, &periods, monitor)?);
    }
    let mut chapters = Vec::new();
    let mut states = Vec::new();
    let mut notices = Vec::new();
    for (at, period) in periods.iter().enumerate() {
        monitor.stage(text!("explaining"), 0)?;
        let of_period = delivered.iter().filter(|row| row.period == Some(period.month));
        let mut events: Vec<SettlementEvent> = of_period.map(source::SourceRow::event).collect();
        events.extend(table_events(setl_id, period)?);
        let registered = register_events(key, period, &periods[at..], &mut events)?;
        events.extend(deductions(setl_id, period)?);
        notices.extend(events.iter().filter_map(notice_of));
        events.extend(payments(&notices, period)?);
        let state = life::state(&events, registered);
        states.extend(state.map(|state| (period.month.to_string(), state)));
        if !events.is_empty() {
            chapters.push(Chapter { period: Some(period.month.to_string()), events });
        }
    }
    let strangers = delivered.iter().filter(|row| row.period.is_none());
    let strangers: Vec<SettlementEvent> = strangers.map(source::SourceRow::event).collect();
    if !strangers.is_empty() {
        chapters.push(Chapter { period: None, events: strangers });
    }
    if chapters.is_empty() {
        let found = text!("no trace of it in {} periods", periods.len());
        let place = shown(book);
        let found = vec![Finding::new(Code::E01, place, text!("setl_id {}", setl_id), found)];
        return Err(Failure::Differences(text!("nothing to explain"), found));
    }
    Ok(Life::of(setl_id, &states, chapters))
}

/// Returns the number of the notice that a settlement is on.
fn notice_of(event: &SettlementEvent) -> Option<String> {
    match event {
        SettlementEvent::Notice(paid) => paid.notice_id.clone(),
        _ => None,
    }
}

/// Returns the accepted payments of notices in a period.
fn payments(notices: &[String], period: &ClosedPeriod) -> Outcome<Vec<SettlementEvent>> {
    if notices.is_empty() {
        return Ok(Vec::new());
    }
    let grid = Grid::open(&period.folder, "payments")?;
    let own = grid.iter().filter(|row| {
        let notice = row.text("notice_id");
        row.flag("accepted") == Some(true) && notices.iter().any(|known| known == notice)
    });
    let payment = |row: GridRow| {
        SettlementEvent::Payment(NoticePayment {
            notice_id: row.text("notice_id").to_owned(),
            amount: row.shown("amount"),
            paid_on: row.shown("paid_on"),
        })
    };
    Ok(own.map(payment).collect())
}

fn of<'a>(grid: &'a Grid, setl_id: &'a str) -> impl Iterator<Item = GridRow<'a>> {
    grid.iter().filter(move |row| row.text("setl_id") == setl_id)
}

/// Returns the events of a settlement in the tables of a period.
fn table_events(setl_id: &str, period: &ClosedPeriod) -> Outcome<Vec<SettlementEvent>> {
    let folder = &period.folder;
    let mut events = Vec::new();
    for row in of(&Grid::open(folder, "rejects")?, setl_id) {
        let number = i64::try_from(row.number("row")).unwrap_or(i64::MAX);
        events.push(SettlementEvent::Rejected(RejectionEvent {
            file: row.text("file").to_owned(),
            row: number,
            line: number.saturating_add(2),
            rules: row.text("rules").split(',').map(str::to_owned).collect(),
        }));
    }
    let fields = Grid::open(folder, "break_fields")?;
    for row in of(&Grid::open(folder, "breaks")?, setl_id) {
        events.push(SettlementEvent::Break(broken(row, of(&fields, setl_id))));
    }
    for row in of(&Grid::open(folder, "open_items")?, setl_id) {
        let there = FIELDS.map(Field::name).into_iter().filter(|name| row.shown(name) != "null");
        events.push(SettlementEvent::Carried(Carried {
            side: row.text("side").to_owned(),
            first_period: row.text("first_period").to_owned(),
            values: RecordValues(there.map(|name| (name, row.for_people(name))).collect()),
        }));
    }
    for row in of(&Grid::open(folder, "decisions")?, setl_id) {
        events.push(SettlementEvent::Decided(DecisionEvent {
            decision: row.text("decision").to_owned(),
            class_without: row.text("class_without").to_owned(),
        }));
    }
    events.extend(of(&Grid::open(folder, "coordination")?, setl_id).map(request));
    Ok(events)
}

fn request(row: GridRow) -> SettlementEvent {
    let text = |column| row.text(column).to_owned();
    let text_or_null = |column| row.text_or_null(column).map(str::to_owned);
    SettlementEvent::Request(RequestEvent {
        request_id: text("request_id"),
        request_kind: text("kind"),
        from_province: text("from_province"),
        to_province: text("to_province"),
        state: text("state"),
        result: text_or_null("result"),
        code: text_or_null("code"),
    })
}

fn broken<'a>(row: GridRow, fields: impl Iterator<Item = GridRow<'a>>) -> BreakEvent {
    let text = |column| row.text_or_null(column).map(str::to_owned);
    let money = |column| row.fen_or_null(column).map(yuan);
    let field = |field: GridRow| {
        let value = |column| field.text_for_people(column).map(Cow::into_owned);
        DifferentField {
            field: field.text("field").to_owned(),
            treating: value("treating_value"),
            insured: value("insured_value"),
        }
    };
    let fields = fields.filter(|_| text("fields").is_some());
    BreakEvent {
        class: row.text("class").to_owned(),
        side: row.text("side").to_owned(),
        carried: row.flag("carried") == Some(true),
        step: BreakEvent::step_of(row.text("class")),
        cost_month: text("cost_month"),
        lateness: row.number_or_null("lateness").and_then(|months| i64::try_from(months).ok()),
        treating_payable: money("treating_payable"),
        insured_payable: money("insured_payable"),
        effect: money("effect"),
        fields: fields.map(field).collect(),
    }
}

/// Adds the events of a settlement in the register of a period; returns its state if the register has it.
fn register_events(
    key: Key,
    period: &ClosedPeriod,
    from_here: &[ClosedPeriod],
    events: &mut Vec<SettlementEvent>,
) -> Outcome<Option<SettlementState>> {
    let unreadable = |problem: Text| {
        Failure::Book(text!("the register of {} cannot be read: {}", period.month, problem))
    };
    let entries = RegisterEntries::open(&period.folder, period.month).map_err(unreadable)?;
    let found = entries.within((key.hash, key.hash)).map_err(unreadable)?;
    let mut state = None;
    if let Some(entry) = found.iter().find(|entry| entry.key == key) {
        state = Some(registered(entry, period, from_here, events)?);
    }
    if reversals(&period.folder).map_err(unreadable)?.contains(&key) {
        events.push(SettlementEvent::Reversed);
    }
    Ok(state)
}

fn registered(
    entry: &RegisterEntry,
    period: &ClosedPeriod,
    from_here: &[ClosedPeriod],
    events: &mut Vec<SettlementEvent>,
) -> Outcome<SettlementState> {
    let group = u16::try_from(entry.group).ok().and_then(Group::from_number);
    let Some(group) = group.filter(|_| entry.kind != VOIDED) else {
        events.push(SettlementEvent::Voided);
        return Ok(SettlementState::Voided);
    };
    events.push(SettlementEvent::Cleared(ClearingEvent {
        reversal: entry.kind == REVERSAL,
        payable: yuan(entry.payable),
        pair: group.pair,
        fund_class: group.fund,
        care_class: group.care,
    }));
    events.push(SettlementEvent::Notice(on_notice(group.pair, period, from_here)?));
    Ok(SettlementState::Cleared)
}

/// Returns the clearing notice of a pair in a period, as the last close that lists it has it.
fn on_notice(pair: Pair, period: &ClosedPeriod, from_here: &[ClosedPeriod]) -> Outcome<Paid> {
    let number = |kind: NoticeKind| format!("{}-{}-{pair}", kind.name(), period.month);
    let notices = Grid::open(&period.folder, "notices")?;
    let find = |kind| notices.iter().find(|row| row.text("notice_id") == number(kind));
    let (clearing, returning) = (find(NoticeKind::Clearing), find(NoticeKind::Return));
    let mut paid = Paid {
        notice_id: clearing.map(|row| row.text("notice_id").to_owned()),
        pair,
        period: period.month.to_string(),
        amount: clearing.map(|row| row.shown("amount")),
        status: None,
        at_close_of: None,
        completed_on: None,
        return_notice: returning.map(|row| row.text("notice_id").to_owned()),
        returned: returning.map(|row| row.shown("amount")),
    };
    for later in from_here.iter().filter(|_| clearing.is_some()) {
        let statuses = Grid::open(&later.folder, "notice_status")?;
        let number = number(NoticeKind::Clearing);
        if let Some(row) = statuses.iter().find(|row| row.text("notice_id") == number) {
            paid.status = Some(row.text("status").to_owned());
            paid.at_close_of = Some(later.month.to_string());
            let completed = row.number_or_null("completed_on");
            paid.completed_on = completed.map(|_| row.shown("completed_on"));
        }
    }
    Ok(paid)
}

fn deductions(setl_id: &str, period: &ClosedPeriod) -> Outcome<Vec<SettlementEvent>> {
    let grid = Grid::open(&period.folder, "deductions")?;
    let events = of(&grid, setl_id).map(|row| {
        let code = row.text_or_null("code").map(str::to_owned);
        SettlementEvent::Deduction(DeductionEvent {
            ddct_id: row.text("ddct_id").to_owned(),
            amount: row.shown("amount"),
            outcome: match (row.flag("accepted"), &code) {
                (Some(true), None) => DeductionOutcome::HeldBack,
                (Some(true), Some(_)) => DeductionOutcome::GivenBack,
                _ => DeductionOutcome::Refused,
            },
            code,
        })
    });
    Ok(events.collect())
}
