//! Why a fen is where it is: the life of one settlement, or the settlements behind a figure.

pub mod figure;
mod source;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    book::{
        Closed,
        grid::{Grid, Row},
        periods_in,
    },
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    ingest::record::Record,
    keyed::key::Key,
    model::{
        codes::Month,
        control::Class,
        fields::{AMOUNT_FIELDS, FIELDS, Field},
        group::Group,
        money::yuan,
    },
    privacy::mask::masked,
    register::entries::{Entries, Entry, REVERSAL, VOIDED, reversals},
    rules::Rules,
};

/// The life of a settlement across the periods of a book.
#[derive(Debug, Serialize)]
pub struct Life {
    /// The settlement.
    pub setl_id: String,
    /// Where it stands after the last period.
    pub standing: String,
    /// What happened, period by period.
    pub periods: Vec<Chapter>,
}

/// What happened to a settlement in a period.
#[derive(Debug, Serialize)]
pub struct Chapter {
    /// The period.
    pub period: String,
    /// What happened, in the order of the rules.
    pub events: Vec<Event>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct Event {
    /// Delivered, rejected, broken, carried, decided, cleared, reversed, deducted, notified.
    pub kind: &'static str,
    /// In words.
    pub what: String,
    /// Details, name and value.
    pub details: Vec<(String, String)>,
}

impl Event {
    fn new(kind: &'static str, what: String) -> Event {
        Event { kind, what, details: Vec::new() }
    }
}

fn periods(book: &Path) -> Outcome<Vec<Closed>> {
    let periods = periods_in(book)?.into_iter();
    periods.map(|(month, folder)| Closed::read(month, folder)).collect()
}

/// Tells the life of a settlement: from the book, and from deliveries where these are given.
pub fn explain(setl_id: &str, book: &Path, inputs: &[PathBuf], monitor: &Monitor) -> Outcome<Life> {
    let periods = periods(book)?;
    let key = Key::of(setl_id);
    let mut delivered = Vec::new();
    for input in inputs {
        delivered.extend(source::rows_of(setl_id, input, &periods, monitor)?);
    }
    let mut chapters = Vec::new();
    let mut standing = None;
    for (at, period) in periods.iter().enumerate() {
        monitor.stage("explaining", 0)?;
        let of_period = delivered.iter().filter(|row| row.period == Some(period.month));
        let mut events: Vec<Event> = of_period.map(source::Row::event).collect();
        events.extend(table_events(setl_id, period)?);
        let cleared = register_events(key, period, &periods[at..], &mut events)?;
        events.extend(deductions(setl_id, period)?);
        standing = now(&events, cleared, period.month).or(standing);
        if !events.is_empty() {
            let period = period.month.to_string();
            chapters.push(Chapter { period, events });
        }
    }
    let strangers = delivered.iter().filter(|row| row.period.is_none());
    let strangers: Vec<Event> = strangers.map(source::Row::event).collect();
    if !strangers.is_empty() {
        chapters.push(Chapter { period: "in no closed period".to_owned(), events: strangers });
    }
    if chapters.is_empty() {
        let found = format!("no trace of it in {} periods", periods.len());
        let place = crate::diag::shown(book);
        let found = vec![Finding::new(Code::E01, place, format!("setl_id {setl_id}"), found)];
        return Err(Failure::Differences("nothing to explain".to_owned(), found));
    }
    let standing = standing.unwrap_or_else(|| "in no closed period".to_owned());
    Ok(Life { setl_id: setl_id.to_owned(), standing, periods: chapters })
}

/// Where a settlement stands after a period in which something happened to it.
fn now(events: &[Event], cleared: Option<String>, period: Month) -> Option<String> {
    let last = |kind: &str| events.iter().rev().find(|event| event.kind == kind);
    if last("reversed").is_some() {
        return Some(format!("reversed in {period}"));
    }
    if let Some(cleared) = cleared {
        return Some(cleared);
    }
    if last("carried").is_some() {
        return Some(format!("carried out of {period}"));
    }
    let left = last("break").or(last("rejected"));
    left.map(|event| format!("left in {period}: {}", event.what))
}

/// What a class means, with the step of the contract (§4) that gives it.
pub const fn rule_of(class: Class) -> &'static str {
    match class {
        Class::AlreadyCleared => "step 1: its setl_id is in the register",
        Class::Duplicate => "step 2: equal to another row of the delivery, which stays",
        Class::Conflict => "step 2: another row of the delivery has its setl_id and other values",
        Class::LateRefused => "step 4: delivered too late, and no permit covers it",
        Class::Expired => "step 4: carried until it was too late, and no permit covers it",
        Class::Voided => "step 5: given up by decision",
        Class::MissingInsured => "step 6: the insured side has no copy",
        Class::MissingTreating => "step 6: the treating side has no copy",
        Class::FieldMismatch => "step 7: an identity field differs between the copies",
        Class::AmountMismatch => "step 7: an amount differs between the copies",
        Class::ReversalUnpaired => "step 8: a reversal whose original has not cleared",
        Class::ReversalMismatch => "step 8: a reversal that is not the negative of its original",
        Class::AlreadyReversed => "step 8: a reversal of what is reversed already",
    }
}

/// A row as tables count it, from 0, and as a spreadsheet does, whose first line has the names.
fn counted_row(row: i128) -> String {
    format!("row {row} (line {} of a spreadsheet)", row.saturating_add(2))
}

fn of<'a>(grid: &'a Grid, setl_id: &'a str) -> impl Iterator<Item = Row<'a>> {
    grid.iter().filter(move |row| row.text("setl_id") == setl_id)
}

/// What the tables of a period have of a settlement.
fn table_events(setl_id: &str, period: &Closed) -> Outcome<Vec<Event>> {
    let folder = &period.folder;
    let mut events = Vec::new();
    for row in of(&Grid::open(folder, "rejects")?, setl_id) {
        let what = format!(
            "{}, {}, breaks {}",
            row.text("file"),
            counted_row(row.number("row")),
            row.text("rules")
        );
        events.push(Event::new("rejected", what));
    }
    let fields = Grid::open(folder, "break_fields")?;
    for row in of(&Grid::open(folder, "breaks")?, setl_id) {
        events.push(break_event(row, of(&fields, setl_id)));
    }
    for row in of(&Grid::open(folder, "open_items")?, setl_id) {
        let (side, first) = (row.text("side"), row.text("first_period"));
        let mut event = Event::new("carried", format!("the {side} copy, there since {first}"));
        let there = FIELDS.map(Field::name).into_iter().filter(|name| row.shown(name) != "null");
        event.details = there.map(|name| (name.to_owned(), row.for_people(name))).collect();
        events.push(event);
    }
    for row in of(&Grid::open(folder, "decisions")?, setl_id) {
        let without = row.text("class_without");
        let what = format!("{}; it would have been {without}", row.text("decision"));
        events.push(Event::new("decided", what));
    }
    Ok(events)
}

fn break_event<'a>(row: Row, fields: impl Iterator<Item = Row<'a>>) -> Event {
    let class = Class::from_name(row.text("class"));
    let rule = class.map_or("", rule_of);
    let carried = if row.flag("carried") == Some(true) { "carried" } else { "not carried" };
    let what = format!("{} ({}), {carried}; {rule}", row.text("class"), row.text("side"));
    let mut event = Event::new("break", what);
    let columns = ["cost_month", "lateness", "treating_payable", "insured_payable", "effect"];
    event.details = columns.map(|column| (column.to_owned(), row.shown(column))).into();
    if row.text_or_null("fields").is_some() {
        event.details.extend(fields.map(|field| {
            let values = ["treating_value", "insured_value"].map(|value| field.for_people(value));
            (field.text("field").to_owned(), format!("{} / {}", values[0], values[1]))
        }));
    }
    event
}

/// What the register of a period has of a settlement; says where it stands if it is there.
fn register_events(
    key: Key,
    period: &Closed,
    from_here: &[Closed],
    events: &mut Vec<Event>,
) -> Outcome<Option<String>> {
    let unreadable = |problem: String| {
        Failure::Book(format!("the register of {} cannot be read: {problem}", period.month))
    };
    let entries = Entries::open(&period.folder, period.month).map_err(unreadable)?;
    let found = entries.within((key.hash, key.hash)).map_err(unreadable)?;
    let mut standing = None;
    if let Some(entry) = found.iter().find(|entry| entry.key == key) {
        standing = Some(registered(entry, period, from_here, events)?);
    }
    if reversals(&period.folder).map_err(unreadable)?.contains(&key) {
        events.push(Event::new("reversed", "a reversal of it cleared".to_owned()));
    }
    Ok(standing)
}

fn registered(
    entry: &Entry,
    period: &Closed,
    from_here: &[Closed],
    events: &mut Vec<Event>,
) -> Outcome<String> {
    let month = period.month;
    let group = u16::try_from(entry.group).ok().and_then(Group::from_number);
    let Some(group) = group.filter(|_| entry.kind != VOIDED) else {
        let what = "given up for good: the register remembers it as voided".to_owned();
        events.push(Event::new("voided", what));
        return Ok(format!("voided in {month}"));
    };
    let kind = if entry.kind == REVERSAL { "a reversal" } else { "a normal settlement" };
    let what = format!(
        "{kind} of {} yuan: {} owes {}, {} fund, {} care",
        yuan(entry.payable),
        group.pair.insured,
        group.pair.treating,
        group.fund.name(),
        group.care.name()
    );
    events.push(Event::new("cleared", what));
    let number = format!("QS-{month}-{}", group.pair);
    let notice = Grid::open(&period.folder, "notices")?;
    let amount = notice.iter().find(|row| row.text("notice_id") == number);
    let amount = amount.map(|row| row.shown("amount"));
    let what = match amount {
        None => format!("no notice: {} had nothing to pay in {month}", group.pair),
        Some(amount) => {
            let mut status = String::new();
            for later in from_here {
                let statuses = Grid::open(&later.folder, "notice_status")?;
                if let Some(row) = statuses.iter().find(|row| row.text("notice_id") == number) {
                    status = format!("{} at the close of {}", row.text("status"), later.month);
                }
            }
            format!("part of {number} over {amount} yuan, {status}")
        }
    };
    events.push(Event::new("notice", what));
    Ok(format!("cleared in {month}"))
}

fn deductions(setl_id: &str, period: &Closed) -> Outcome<Vec<Event>> {
    let grid = Grid::open(&period.folder, "deductions")?;
    let events = of(&grid, setl_id).map(|row| {
        let (ddct_id, amount) = (row.text("ddct_id"), row.shown("amount"));
        let what = match (row.flag("accepted"), row.text_or_null("code")) {
            (Some(true), None) => format!("{ddct_id}: {amount} yuan held back"),
            (Some(true), Some(code)) => format!("{ddct_id}: {amount} yuan, given back ({code})"),
            (_, code) => format!("{ddct_id}: {amount} yuan, refused ({})", code.unwrap_or("")),
        };
        Event::new("deduction", what)
    });
    Ok(events.collect())
}

/// The values of a record for people.
fn values(record: &Record) -> Vec<(String, String)> {
    let texts = FIELDS.into_iter().filter_map(|field| {
        let text = match AMOUNT_FIELDS.iter().position(|amount| *amount == field) {
            Some(index) => record.amount(index).map(yuan)?,
            None if field == Field::setl_time => record.cost_month().to_string(),
            None if crate::ingest::batch::TEXT_FIELDS.contains(&field) => {
                let text = record.text(field)?;
                if field.is_personal() { masked(text) } else { text.to_owned() }
            }
            None => return None,
        };
        let name = if field == Field::setl_time { "cost_month" } else { field.name() };
        Some((name.to_owned(), text))
    });
    texts.collect()
}

/// The rules that a period was closed with.
fn rules_of(period: &Closed) -> Outcome<Rules> {
    Rules::parse(&period.manifest.rules.text)
        .map_err(|error| Failure::Book(format!("the rules of {}: {error}", period.month)))
}
