//! Money paid and received in a quarter, province by province.

use std::{collections::BTreeMap, path::Path};

use super::draft::{Draft, DraftRow, Item, percent};
use crate::{
    book::{
        ClosedPeriod, closed_periods,
        grid::{Cell, GridRow as TableRow},
    },
    diag::{Failure, Outcome},
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::FenSum,
    },
    statements::Template,
};

/// Money that a province pays or receives, in fen.
#[derive(Debug, Clone, Copy, Default)]
struct ProvinceFlow {
    on_time: FenSum,
    late: FenSum,
    open: FenSum,
    overdue: FenSum,
}

/// Payer and payee of each notice.
type Parties = BTreeMap<String, [Province; 2]>;

/// Returns the name of a quarter.
pub(super) fn name(last: Month) -> String {
    format!("{}-Q{}", last.year(), last.of_year().div_ceil(3))
}

/// Returns the name of a quarter in a title: 2025年第4季度.
pub(super) fn title(last: Month) -> String {
    format!("{}年第{}季度", last.year(), last.of_year().div_ceil(3))
}

/// Makes the sheet of the quarter that ends with a period.
pub(super) fn draft(
    book: &Path,
    last: &ClosedPeriod,
    template: &Template,
) -> Outcome<(Draft, QuarterTotals)> {
    let period = last.month;
    if !period.of_year().is_multiple_of(3) {
        let problem =
            text!("{} does not end a quarter", period).hinting(text!("give its last month"));
        return Err(Failure::Usage(problem));
    }
    let (first, second) =
        (ClosedPeriod::open(book, period.plus(-2))?, ClosedPeriod::open(book, period.plus(-1))?);
    let parties = parties(book, period)?;
    let mut flows: BTreeMap<Province, [ProvinceFlow; 2]> = BTreeMap::new();
    for closed in [&first, &second, last] {
        paid(closed, &parties, &mut flows)?;
    }
    open(last, &parties, &mut flows)?;
    let mut total = [ProvinceFlow::default(); 2];
    let mut rows = Vec::new();
    for (province, flows) in &flows {
        for (sum, flow) in total.iter_mut().zip(flows) {
            sum.on_time += flow.on_time;
            sum.late += flow.late;
            sum.open += flow.open;
            sum.overdue += flow.overdue;
        }
        rows.push(row(Item::province(*province), flows));
    }
    rows.push(row(Item::text(&template.total), &total));
    let [pays, _] = total;
    let totals = QuarterTotals {
        paid: pays.on_time + pays.late,
        on_time: pays.on_time,
        open: pays.open,
        overdue: flows.iter().map(|(province, [pays, _])| (*province, pays.overdue)).collect(),
    };
    let offered = OFFERED.to_vec();
    Ok((Draft { file: "quarter", offered, rows, protected: false }, totals))
}

/// What all provinces paid and have to pay, in fen.
#[derive(Debug)]
pub(super) struct QuarterTotals {
    pub(super) paid: FenSum,
    pub(super) on_time: FenSum,
    pub(super) open: FenSum,
    /// The overdue amount of each payer.
    pub(super) overdue: BTreeMap<Province, FenSum>,
}

const OFFERED: [&str; 12] = [
    "province",
    "paid",
    "paid_on_time",
    "paid_late",
    "paid_rate",
    "to_pay",
    "to_pay_overdue",
    "received",
    "received_on_time",
    "received_late",
    "to_receive",
    "to_receive_overdue",
];

fn row(province: Item, [pays, receives]: &[ProvinceFlow; 2]) -> DraftRow {
    let paid = pays.on_time + pays.late;
    let rate = percent(pays.on_time.fen().unsigned_abs(), paid.fen().unsigned_abs());
    DraftRow::from([
        ("province", province),
        ("paid", Item::money(paid)),
        ("paid_on_time", Item::money(pays.on_time)),
        ("paid_late", Item::money(pays.late)),
        ("paid_rate", Item::text(rate)),
        ("to_pay", Item::money(pays.open)),
        ("to_pay_overdue", Item::money(pays.overdue)),
        ("received", Item::money(receives.on_time + receives.late)),
        ("received_on_time", Item::money(receives.on_time)),
        ("received_late", Item::money(receives.late)),
        ("to_receive", Item::money(receives.open)),
        ("to_receive_overdue", Item::money(receives.overdue)),
    ])
}

/// Returns payer and payee of all notices of a book up to a period.
fn parties(book: &Path, last: Month) -> Outcome<Parties> {
    let mut parties = Parties::new();
    for (period, folder) in closed_periods(book)? {
        if period > last {
            break;
        }
        for row in ClosedPeriod::read(period, folder)?.table("notices")?.iter() {
            let province = |column| Province::from_text(row.text(column));
            if let (Some(payer), Some(payee)) = (province("payer"), province("payee")) {
                parties.insert(row.text("notice_id").to_owned(), [payer, payee]);
            }
        }
    }
    Ok(parties)
}

fn parties_of(parties: &Parties, row: &TableRow) -> Outcome<[Province; 2]> {
    let notice = row.text("notice_id");
    parties.get(notice).copied().ok_or_else(|| {
        Failure::Book(text!("the book is damaged: no period issued the notice {}", notice))
    })
}

/// Adds the payments of a period, in time or late.
fn paid(
    closed: &ClosedPeriod,
    parties: &Parties,
    flows: &mut BTreeMap<Province, [ProvinceFlow; 2]>,
) -> Outcome<()> {
    let (payments, status) = (closed.table("payments")?, closed.table("notice_status")?);
    let pay_by: BTreeMap<&str, Cell> =
        status.iter().map(|row| (row.text("notice_id"), row.cell("pay_by"))).collect();
    for row in payments.iter().filter(|row| row.flag("accepted") == Some(true)) {
        let late = match (row.cell("paid_on"), pay_by.get(row.text("notice_id"))) {
            (Cell::Number(paid_on), Some(Cell::Number(pay_by))) => paid_on > *pay_by,
            _ => false,
        };
        for (side, province) in parties_of(parties, &row)?.into_iter().enumerate() {
            let flow = &mut flows.entry(province).or_default()[side];
            let sum = if late { &mut flow.late } else { &mut flow.on_time };
            *sum += row.fen("amount");
        }
    }
    Ok(())
}

/// Adds the open amounts at the end, and the overdue part at the day of the close.
fn open(
    closed: &ClosedPeriod,
    parties: &Parties,
    flows: &mut BTreeMap<Province, [ProvinceFlow; 2]>,
) -> Outcome<()> {
    let as_of = parse_day(&closed.manifest.as_of).map(|day| i128::from(day.to_epoch_days()));
    for row in closed.table("notice_status")?.iter() {
        if !matches!(row.text("status"), "unpaid" | "partial") {
            continue;
        }
        let owed = row.fen_or_null("approved").unwrap_or_else(|| row.fen("amount"));
        let open = owed - row.fen("paid");
        let overdue = row.number_or_null("pay_by").is_some_and(|day| Some(day) < as_of);
        for (side, province) in parties_of(parties, &row)?.into_iter().enumerate() {
            let flow = &mut flows.entry(province).or_default()[side];
            flow.open += open;
            flow.overdue += if overdue { open } else { FenSum::ZERO };
        }
    }
    Ok(())
}
