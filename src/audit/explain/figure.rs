//! Explains a figure: finds the settlements that a pair cleared in a period.

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::Serialize;

use super::closed::{periods, rules_of};
use crate::{
    audit::{
        scan::{RowJudge, ScannedRow, scan},
        verify::payable_of,
    },
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow},
    },
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    ingest::{delivery::Delivery, source::ParquetSource},
    keyed::key::Key,
    model::{
        codes::{CareClass, FundClass, Month, Pair, Side},
        fields::Field,
        group::Group,
        money::{FenSum, yuan},
    },
    register::entries::{RegisterEntries, RegisterEntry, VOIDED},
    rules::Policy,
    shapes::{FormatNumber, PairCode, Period, Yuan},
    text::Text,
};

/// A figure: the payable of a pair in a period, optionally of one fund or one care class.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Who pays whom.
    pub pair: Pair,
    /// The period.
    pub period: Month,
    /// Limits the figure to a fund.
    pub fund: Option<FundClass>,
    /// Limits the figure to a care class.
    pub care: Option<CareClass>,
}

/// A figure and the settlements that it is made of.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "explain --pair --format json")]
pub struct Explained {
    /// The format of the report.
    format: FormatNumber<2>,
    /// Who pays whom.
    #[schemars(with = "PairCode")]
    pub pair: String,
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The sum of the settlements in yuan, which is what positions have.
    #[schemars(with = "Yuan")]
    pub gross: String,
    /// The settlements, by setl_id.
    pub settlements: Vec<ClearedFigure>,
    /// The whole pair, whatever fund and care; null when the period has no row of it.
    pub pair_totals: Option<PairTotals>,
}

/// What a pair comes to in a period.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PairTotals {
    /// What cleared, in yuan.
    #[schemars(with = "Yuan")]
    pub gross: String,
    /// The accepted deductions in yuan.
    #[schemars(with = "Yuan")]
    pub deductions: String,
    /// What the period before handed over, in yuan.
    #[schemars(with = "Yuan")]
    pub brought_forward: String,
    /// What is to be paid, in yuan.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// What the treating province returns, in yuan.
    #[schemars(with = "Yuan")]
    pub returned: String,
    /// What is handed to the next period, in yuan.
    #[schemars(with = "Yuan")]
    pub carried_forward: String,
}

impl PairTotals {
    fn of(row: GridRow) -> PairTotals {
        PairTotals {
            gross: row.shown("gross"),
            deductions: row.shown("deductions"),
            brought_forward: row.shown("brought_forward"),
            payable: row.shown("payable"),
            returned: row.shown("returned"),
            carried_forward: row.shown("carried_forward"),
        }
    }

    /// Returns the totals with their names, in the order of the table.
    pub fn named(&self) -> [(&'static str, &str); 6] {
        let PairTotals { gross, deductions, brought_forward, payable, returned, carried_forward } =
            self;
        [
            ("gross", gross),
            ("deductions", deductions),
            ("brought_forward", brought_forward),
            ("payable", payable),
            ("returned", returned),
            ("carried_forward", carried_forward),
        ]
    }
}

/// A settlement that cleared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct ClearedFigure {
    /// Its key.
    pub setl_id: String,
    /// Whose copy cleared.
    pub side: Side,
    /// The file that it came in, as its path below the input folder; null for an open item.
    pub file: Option<String>,
    /// The period whose open item it was; null for a delivered row.
    #[schemars(with = "Option<Period>")]
    pub open_item_of: Option<String>,
    /// The row in the file, from 0; null for an open item.
    pub row: Option<u64>,
    /// The line in a spreadsheet, whose first line has the names; null for an open item.
    pub line: Option<u64>,
    /// The insured division.
    pub insuplc_admdvs: String,
    /// The institution.
    pub fixmedins_code: String,
    /// The fund that bears the cost.
    pub fund_class: FundClass,
    /// The kind of care.
    pub care_class: CareClass,
    /// The cost month.
    #[schemars(with = "Period")]
    pub cost_month: String,
    /// What it owes, in yuan.
    #[schemars(with = "Yuan")]
    pub payable: String,
}

impl ClearedFigure {
    /// Returns its origin in words: the file, or the period of the open item.
    pub fn origin(&self) -> Text {
        match (&self.file, &self.open_item_of) {
            (Some(file), _) => Text::given(file),
            (None, Some(period)) => text!("open item of {}", period),
            (None, None) => text!(""),
        }
    }
}

/// Finds the settlements behind a figure in the delivery and the open items of the period before.
pub fn explain_figure(
    figure: Figure,
    book: &Path,
    input: &Path,
    monitor: &Monitor,
) -> Outcome<Explained> {
    let periods = periods(book)?;
    let at = periods.iter().position(|period| period.month == figure.period);
    let Some(at) = at else {
        let problem = text!("period {} is not closed in {}", figure.period, book);
        return Err(Failure::Book(problem));
    };
    let closed = &periods[at];
    let cleared = cleared(figure, closed)?;
    let rules = rules_of(closed)?;
    let policy = rules.policy(closed.month).map_err(|e| Failure::Usage(e.text()))?;
    let judge = RowJudge { int96: rules.int96, policy, period: closed.month };
    let mut found: BTreeMap<Key, ClearedFigure> = BTreeMap::new();
    let mut offer = |key: Key, payable: FenSum, settlement: ClearedFigure| {
        let fits = cleared.get(&key).is_some_and(|entry| entry.payable == payable);
        if fits {
            found.entry(key).or_insert(settlement);
        }
    };
    let delivery = Delivery::open_whole(input, closed.month)?;
    let sources: Vec<&ParquetSource> = delivery.sources.iter().collect();
    let accepted = accepted_insured(closed)?;
    let rows = scan(&sources, judge, |key| cleared.contains_key(&key), monitor);
    delivery.unchanged()?;
    let rows = rows?;
    // The treating copy cleared if there is one, except where a decision accepted the insured copy.
    for preferred in [true, false] {
        let rows = rows.iter().filter(|row| row.broken.is_valid()).filter(|row| {
            let insured = accepted.contains(&Key::of(row.record.setl_id()));
            let side = if insured { Side::Insured } else { Side::Treating };
            (sources[row.source].side == side) == preferred
        });
        for row in rows {
            if let Some((payable, settlement)) = delivered(row, sources[row.source], judge) {
                offer(Key::of(row.record.setl_id()), payable, settlement);
            }
        }
        if let Some(before) = at.checked_sub(1).map(|before| &periods[before]) {
            let grid = Grid::open(&before.folder, "open_items")?;
            let mut rows: Vec<GridRow> = grid.iter().collect();
            rows.retain(|row| {
                let insured = accepted.contains(&Key::of(row.text("setl_id")));
                let side = if insured { Side::Insured } else { Side::Treating };
                (row.text("side") == side.name()) == preferred
            });
            for row in rows {
                if let Some((payable, settlement)) = opened(row, before.month, policy) {
                    offer(Key::of(row.text("setl_id")), payable, settlement);
                }
            }
        }
    }
    report(figure, closed, &cleared, found)
}

/// Returns the register entries of a figure.
fn cleared(figure: Figure, closed: &ClosedPeriod) -> Outcome<BTreeMap<Key, RegisterEntry>> {
    let unreadable = |problem: Text| {
        Failure::Book(text!("the register of {} cannot be read: {}", closed.month, problem))
    };
    let entries = RegisterEntries::open(&closed.folder, closed.month).map_err(unreadable)?;
    let mut found = BTreeMap::new();
    for group in 0..entries.row_groups() {
        for entry in entries.group(group).map_err(unreadable)? {
            let group = u16::try_from(entry.group).ok().and_then(Group::from_number);
            let is_of = |group: Group| {
                group.pair == figure.pair
                    && figure.fund.is_none_or(|fund| fund == group.fund)
                    && figure.care.is_none_or(|care| care == group.care)
            };
            if entry.kind != VOIDED && group.is_some_and(is_of) {
                found.insert(entry.key, entry);
            }
        }
    }
    Ok(found)
}

/// Returns the settlements whose insured copy cleared by decision.
fn accepted_insured(closed: &ClosedPeriod) -> Outcome<std::collections::BTreeSet<Key>> {
    let decisions = Grid::open(&closed.folder, "decisions")?;
    let accepted = decisions.iter().filter(|row| row.text("decision") == "accept_insured");
    Ok(accepted.map(|row| Key::of(row.text("setl_id"))).collect())
}

fn delivered(
    row: &ScannedRow,
    source: &ParquetSource,
    judge: RowJudge,
) -> Option<(FenSum, ClearedFigure)> {
    let facts = row.record.facts(judge.policy, judge.period)?;
    let text = |field| row.record.text(field).unwrap_or_default().to_owned();
    let settlement = ClearedFigure {
        setl_id: row.record.setl_id().to_owned(),
        side: source.side,
        file: Some(source.name.clone()),
        open_item_of: None,
        row: Some(row.row),
        line: Some(row.row + 2),
        insuplc_admdvs: text(Field::insuplc_admdvs),
        fixmedins_code: text(Field::fixmedins_code),
        fund_class: facts.group.fund,
        care_class: facts.group.care,
        cost_month: facts.cost_month.to_string(),
        payable: yuan(facts.payable),
    };
    Some((facts.payable.into(), settlement))
}

fn opened(row: GridRow, before: Month, policy: &Policy) -> Option<(FenSum, ClearedFigure)> {
    let payable = payable_of(row, policy)?;
    let side = Side::from_name(row.text("side"))?;
    let settlement = ClearedFigure {
        setl_id: row.text("setl_id").to_owned(),
        side,
        file: None,
        open_item_of: Some(before.to_string()),
        row: None,
        line: None,
        insuplc_admdvs: row.text("insuplc_admdvs").to_owned(),
        fixmedins_code: row.text("fixmedins_code").to_owned(),
        fund_class: policy.fund_class(row.text("insutype"))?,
        care_class: policy.care_class(row.text("med_type"))?,
        cost_month: row.shown("setl_time").chars().take(7).collect(),
        payable: yuan(payable),
    };
    Some((payable.into(), settlement))
}

/// Makes the report. Fails if a settlement of the figure was not found.
fn report(
    figure: Figure,
    closed: &ClosedPeriod,
    cleared: &BTreeMap<Key, RegisterEntry>,
    found: BTreeMap<Key, ClearedFigure>,
) -> Outcome<Explained> {
    let gross: FenSum = cleared.values().map(|entry| entry.payable).sum();
    if found.len() < cleared.len() {
        let missing = cleared.len() - found.len();
        let what = text!("{} of {} settlements are in no file", missing, cleared.len());
        let place = text!("{}, pair {}", closed.month, figure.pair);
        let found = vec![Finding::new(Code::E02, "delivery", place, what)];
        return Err(Failure::Differences(text!("the figure cannot be explained"), found));
    }
    let pairs = Grid::open(&closed.folder, "pairs")?;
    let totals = pairs.iter().find(|row| row.pair() == Some(figure.pair));
    let mut settlements: Vec<ClearedFigure> = found.into_values().collect();
    settlements.sort();
    Ok(Explained {
        format: FormatNumber,
        pair: figure.pair.to_string(),
        period: figure.period.to_string(),
        gross: yuan(gross),
        settlements,
        pair_totals: totals.map(PairTotals::of),
    })
}
