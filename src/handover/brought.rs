//! Reads the state that a period takes over from closed periods: open items, permits, deductions, notices.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;

use crate::{
    book::{
        grid::{Grid, pair_of_notice},
        manifest::Manifest,
    },
    clear::deductions::{AcceptedDeductions, Deduction},
    columnar::{shape, stored::StoredTable},
    coordination::known::KnownRequests,
    diag::{Failure, Outcome},
    ingest::{batch::Batches, plan::ROWS_ALONE, record::Record, source::ParquetSource},
    model::{
        codes::{FundClass, Month, Pair, Province, Side},
        control::{Bucket, Control},
        money::{Fen, FenSum, yuan},
    },
    reconcile::breaks::SideCopy,
    reserve::{
        notices::{Notice, NoticeKind, Status},
        payments::Issued,
    },
    rules::{Int96, Permit, Policy},
    text::{Text, Value},
};

/// Makes the failure of a table of the book with a value that only damage explains.
pub fn damaged(table: &str, what: Text) -> Failure {
    Failure::Book(text!("the book is damaged: table {}: {}", table, Value::Text(what)))
}

/// Fails unless the open items are those that the period before carried, in rows and cost. Their payable may differ, as
/// the policy may have changed.
pub fn handed_over(before: Option<&Manifest>, control: &Control) -> Outcome<()> {
    for side in Side::BOTH {
        let opened = control.get(side, Bucket::Opened);
        let carried = before.map_or(Some((0, FenSum::ZERO)), |manifest| manifest.carried(side));
        if carried != Some((opened.rows, opened.medfee)) {
            return Err(Failure::Book(text!(
                "the book is damaged: {} open items of the {} side, of {} yuan, were not what the period before carried",
                opened.rows,
                side,
                yuan(opened.medfee)
            )));
        }
    }
    Ok(())
}

/// Reads the open items of a closed period, with the facts of the next one, and calls `add` for each.
pub fn open_items(
    folder: &Path,
    policy: &Policy,
    period: Month,
    mut add: impl FnMut(SideCopy) -> Outcome<()>,
) -> Outcome<()> {
    let unreadable = || damaged(OPEN_ITEMS, text!("it cannot be read"));
    let path = folder.join(format!("tables/{OPEN_ITEMS}.parquet"));
    let source =
        ParquetSource::open(Side::Treating, OPEN_ITEMS, &path).map_err(|_| unreadable())?;
    let mut last = None;
    for row_group in 0..source.metadata.num_row_groups() {
        let stored = StoredTable::part(folder, OPEN_ITEMS, &["side", "first_period"], row_group)?;
        let columns = stored.texts("side")?.into_iter().zip(stored.texts("first_period")?);
        let mut columns = columns.map(Some).chain([None]);
        each_record(&source, row_group, |record| {
            let (side, first_period) = columns.next().flatten().ok_or_else(unreadable)?;
            let place = Some((side.map(str::to_owned), record.setl_id().to_owned()));
            if last >= place {
                return Err(damaged(OPEN_ITEMS, text!("a copy twice, or out of order")));
            }
            last = place;
            add(open_item(record, side, first_period, policy, period)?)
        })?;
        Failure::unless(columns.next() == Some(None), || text!("open items read twice differ"))?;
    }
    Ok(())
}

const OPEN_ITEMS: &str = "open_items";

/// Makes an open item of its record and its columns `side` and `first_period`.
fn open_item(
    record: Record,
    side: Option<&str>,
    first_period: Option<&str>,
    policy: &Policy,
    period: Month,
) -> Outcome<SideCopy> {
    let side =
        side.and_then(Side::from_name).ok_or_else(|| damaged(OPEN_ITEMS, text!("a side")))?;
    let first_period = first_period.and_then(Month::from_text);
    let first_period = first_period.ok_or_else(|| damaged(OPEN_ITEMS, text!("a period")))?;
    let facts = record.facts(policy, period).ok_or_else(|| {
        Failure::Usage(
            text!("the rules of {} have no class for the open item {}", period, record.setl_id())
                .hinting(text!(
                    "keep the codes of open items in the rules until these are cleared or voided"
                )),
        )
    })?;
    Ok(SideCopy { side, ordinal: None, first_period, record: Box::new(record), facts })
}

/// Reads the records of a row group, and calls `add` for each.
fn each_record(
    source: &ParquetSource,
    row_group: usize,
    mut add: impl FnMut(Record) -> Outcome<()>,
) -> Outcome<()> {
    let unreadable = || damaged(OPEN_ITEMS, text!("it cannot be read"));
    let tools = std::sync::Arc::default();
    let batches = Batches::open(source, row_group, Int96::Local, ROWS_ALONE, None, &tools);
    for batch in batches.map_err(|_| unreadable())? {
        let batch = batch.map_err(|_| unreadable())?;
        (0..batch.rows).try_for_each(|row| add(Record::of(&batch, row)))?;
    }
    Ok(())
}

/// Returns the permits in force, sorted: those of the period before, and those that were delivered.
pub fn permits_in_force(
    previous: Option<&Path>,
    delivered: &[Permit],
    period: Month,
) -> Outcome<Vec<Permit>> {
    let brought = previous.map(|folder| permits(folder, period)).transpose()?;
    let mut permits = brought.unwrap_or_default();
    permits.extend(delivered.iter().filter(|permit| permit.until_period >= period).cloned());
    permits.sort();
    Ok(permits)
}

/// Reads the permits of a closed period that are still in force.
fn permits(folder: &Path, period: Month) -> Outcome<Vec<Permit>> {
    const TABLE: &str = "permits";
    let stored = StoredTable::read(folder, TABLE)?;
    let text = |name: &str| stored.texts(name);
    let past_year_close = stored.flags("past_year_close")?;
    let (ids, reasons) = (text("permit_id")?, text("reason")?);
    let pairs = pairs_of(&stored, TABLE)?;
    let months = [text("cost_month")?, text("until_period")?, text("first_period")?];
    let mut permits = Vec::new();
    for (row, pair) in pairs.into_iter().enumerate() {
        let month = |column: usize| {
            let month = months[column][row].and_then(Month::from_text);
            month.ok_or_else(|| damaged(TABLE, text!("a month")))
        };
        permits.push(Permit {
            permit_id: ids[row].unwrap_or_default().to_owned(),
            pair,
            cost_month: month(0)?,
            until_period: month(1)?,
            past_year_close: past_year_close[row].unwrap_or(false),
            reason: reasons[row].unwrap_or_default().to_owned(),
            first_period: month(2)?,
        });
    }
    permits.retain(|permit| permit.until_period >= period);
    Ok(permits)
}

/// Reads the pair of each row of a table.
pub fn pairs_of(stored: &StoredTable, table: &str) -> Outcome<Vec<Pair>> {
    let insured = stored.texts("insured_province")?;
    let treating = stored.texts("treating_province")?;
    let province = |text: Option<&str>| {
        text.and_then(Province::from_text).ok_or_else(|| damaged(table, text!("a province")))
    };
    let rows = insured.into_iter().zip(treating);
    rows.map(|(i, t)| Ok(Pair { insured: province(i)?, treating: province(t)? })).collect()
}

/// Reads a column of money by pair, without zeros.
pub fn by_pair(folder: &Path, table: &str, column: &str) -> Outcome<BTreeMap<Pair, FenSum>> {
    let stored = StoredTable::read(folder, table)?;
    let rows = pairs_of(&stored, table)?.into_iter().zip(stored.fen(column)?);
    Ok(rows.filter_map(|(pair, fen)| Some((pair, fen.filter(|fen| !fen.is_zero())?))).collect())
}

/// Reads the accepted deductions of all closed periods.
pub fn deductions(periods: &[(Month, PathBuf)]) -> Outcome<AcceptedDeductions> {
    const TABLE: &str = "deductions";
    let mut all = AcceptedDeductions::default();
    for (_, folder) in periods {
        let stored = StoredTable::read(folder, TABLE)?;
        let text = |name: &str| stored.texts(name);
        let (numbers, ids, funds) = (text("ddct_id")?, text("setl_id")?, text("fund_class")?);
        let (insured, treating) = (text("insured_province")?, text("treating_province")?);
        let amounts = stored.fen("amount")?;
        for (row, accepted) in stored.flags("accepted")?.into_iter().enumerate() {
            if accepted != Some(true) {
                continue;
            }
            let province = |column: &[Option<&str>]| column[row].and_then(Province::from_text);
            let of = province(&insured).zip(province(&treating)).and_then(|(insured, treating)| {
                Some((Pair { insured, treating }, FundClass::from_name(funds[row]?)?))
            });
            let amount = amounts[row].and_then(|fen| Fen::try_from(fen).ok());
            all.add(Deduction {
                ddct_id: numbers[row].unwrap_or_default().to_owned(),
                setl_id: ids[row].unwrap_or_default().to_owned(),
                amount: amount.ok_or_else(|| damaged(TABLE, text!("an amount")))?,
                code: None,
                accepted: true,
                pair_and_fund: Some(
                    of.ok_or_else(|| damaged(TABLE, text!("an accepted row without its pair")))?,
                ),
            });
        }
    }
    Ok(all)
}

/// Reads what all closed periods know of requests.
pub fn requests(periods: &[(Month, PathBuf)]) -> Outcome<KnownRequests> {
    let mut known = KnownRequests::default();
    for (_, folder) in periods {
        let table = |spec: shape::TableSpec| Grid::open(folder, spec.name);
        known.add(&table(shape::COORDINATION)?, &table(shape::REPLIES)?)?;
    }
    Ok(known)
}

/// Reads the notices of all closed periods, and the status of those that are not yet reported as paid.
pub fn notices(periods: &[(Month, PathBuf)]) -> Outcome<Issued> {
    let mut issued = Issued::default();
    for (period, folder) in periods {
        issued.all.extend(issued_in(*period, folder)?);
        let stored = StoredTable::read(folder, "payments")?;
        let serials = stored.texts("bank_serial")?.into_iter().zip(stored.flags("accepted")?);
        let accepted = serials.filter(|(_, accepted)| *accepted == Some(true));
        issued.serials.extend(accepted.map(|(serial, _)| serial.unwrap_or_default().to_owned()));
    }
    if let Some((_, folder)) = periods.last() {
        issued.active = statuses(folder, &issued.all)?;
    }
    Ok(issued)
}

fn issued_in(period: Month, folder: &Path) -> Outcome<BTreeMap<String, Notice>> {
    const TABLE: &str = "notices";
    let stored = StoredTable::read(folder, TABLE)?;
    let numbers = stored.texts("notice_id")?;
    let payers = stored.texts("payer")?;
    let amounts = stored.fen("amount")?;
    let mut notices = BTreeMap::new();
    for (row, number) in numbers.into_iter().enumerate() {
        let notice = notice(number, period, payers[row], amounts[row]);
        let notice = notice.ok_or_else(|| damaged(TABLE, text!("a notice")))?;
        notices.insert(notice.number(), notice);
    }
    Ok(notices)
}

/// Makes a notice from its number, such as `QS-2025-10-34-31`.
fn notice(
    number: Option<&str>,
    period: Month,
    payer: Option<&str>,
    amount: Option<FenSum>,
) -> Option<Notice> {
    let (kind, rest) = number?.split_once('-')?;
    let pair = pair_of_notice(rest)?;
    let payer = Province::from_text(payer?)?;
    Some(Notice { kind: NoticeKind::from_name(kind)?, period, pair, payer, amount: amount? })
}

fn statuses(folder: &Path, all: &BTreeMap<String, Notice>) -> Outcome<BTreeMap<String, Status>> {
    const TABLE: &str = "notice_status";
    let stored = StoredTable::read(folder, TABLE)?;
    let numbers = stored.texts("notice_id")?;
    let (approved, paid) = (stored.fen("approved")?, stored.fen("paid")?);
    let pay_by = stored.dates("pay_by")?;
    let mut statuses = BTreeMap::new();
    for (row, number) in numbers.into_iter().enumerate() {
        let notice = number.and_then(|number| all.get(number));
        let status = Status {
            notice: *notice.ok_or_else(|| damaged(TABLE, text!("an unknown notice")))?,
            approved: approved[row],
            paid: paid[row].unwrap_or_default(),
            pay_by: pay_by[row].and_then(NaiveDate::from_epoch_days),
            completed_on: None,
        };
        // A notice is reported as paid once: here the period before did.
        if status.name() != "paid" {
            statuses.insert(status.notice.number(), status);
        }
    }
    Ok(statuses)
}
