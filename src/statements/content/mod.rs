//! The content of the forms of a period, computed from its tables.

use std::collections::{BTreeMap, BTreeSet};

mod areas;
mod demands;
mod guide;
mod judged;
mod known_since;
mod national;
pub(super) mod papers;
mod requests;
mod returned;
mod statement;
mod suggestions;
mod verification;

use chrono::NaiveDate;

use self::demands::{Demand, Demands};
use super::{
    sheet::{CellValue, Sheet, Workbook},
    style::Style,
    template::{RowValues, Template},
    words::{self, province},
};
use crate::{
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow, pair_of_notice},
        twins::{Twins, visible},
    },
    diag::{Failure, Outcome},
    figures::requests::RequestFigures,
    model::{
        codes::{Month, Pair, Province},
        money::FenSum,
    },
    reserve::notices::NoticeKind,
};

/// The tables of a period from which forms are made.
pub(super) struct Content {
    period: Month,
    /// The day of issue.
    issued_on: NaiveDate,
    pairs: Grid,
    positions: Grid,
    quotas: Grid,
    deductions: Grid,
    payments: Grid,
    breaks: Grid,
    rejects: Grid,
    notices: Grid,
    break_fields: Grid,
    open_items: Grid,
    /// What provinces are to pay by the notices of the period.
    demands: Demands,
    /// Total cost of each pair in fen. The table `pairs` does not have it.
    medfee: BTreeMap<Pair, FenSum>,
    twins: Twins,
    /// The requests between provinces, as they stand at the close.
    requests: RequestFigures,
}

impl Content {
    /// Reads the tables. `before` is the period before, if the book has it.
    pub(super) fn read(
        closed: &ClosedPeriod,
        before: Option<&ClosedPeriod>,
        issued_on: NaiveDate,
        requests: RequestFigures,
    ) -> Outcome<Content> {
        let positions = closed.table("positions")?;
        let mut medfee = BTreeMap::new();
        for row in positions.iter() {
            if let Some(pair) = row.pair() {
                *medfee.entry(pair).or_default() += row.fen("medfee_sumamt");
            }
        }
        let breaks = closed.table("breaks")?;
        let notices = closed.table("notices")?;
        let status = |of: &ClosedPeriod| of.table("notice_status");
        let before = before.map(status).transpose()?;
        let content = Content {
            twins: Twins::of(&breaks),
            breaks,
            period: closed.month,
            issued_on,
            positions,
            medfee,
            pairs: closed.table("pairs")?,
            quotas: closed.table("quotas")?,
            deductions: closed.table("deductions")?,
            payments: closed.table("payments")?,
            rejects: closed.table("rejects")?,
            break_fields: closed.table("break_fields")?,
            open_items: closed.table("open_items")?,
            demands: Demands::read(&notices, &status(closed)?, before.as_ref())?,
            notices,
            requests,
        };
        content.prove()?;
        Ok(content)
    }

    /// Returns the sum of what all provinces pay, in fen.
    pub(super) fn payable(&self) -> FenSum {
        self.pairs.sum("payable")
    }

    /// Returns the sum of what all treating provinces return, in fen.
    pub(super) fn money_returned(&self) -> FenSum {
        self.pairs.sum("returned")
    }

    /// Returns the number of notices of a kind.
    pub(super) fn notices(&self, kind: NoticeKind) -> u64 {
        self.notices.iter().filter(|row| row.text("kind") == kind.name()).count() as u64
    }

    /// Fails when the positions of a pair do not add up to its gross amount, when a pair is missing, or when the
    /// papers do not list what the tables have.
    fn prove(&self) -> Outcome<()> {
        let mut detailed: BTreeMap<Pair, FenSum> = BTreeMap::new();
        for row in self.positions.iter() {
            if let Some(pair) = row.pair() {
                *detailed.entry(pair).or_default() += row.fen("payable");
            }
        }
        for row in self.pairs.iter() {
            let Some(pair) = row.pair() else { continue };
            let (gross, positions) = (row.fen("gross"), detailed.remove(&pair).unwrap_or_default());
            if gross != positions {
                let problem = text!("pairs and positions of {} differ for {}", self.period, pair)
                    .hinting(text!("verify the book"));
                return Err(Failure::Book(problem));
            }
            if [row.fen("payable"), row.fen("returned")] != self.demands.clearing(pair) {
                let problem = text!("pairs and notices of {} differ for {}", self.period, pair)
                    .hinting(text!("verify the book"));
                return Err(Failure::Book(problem));
            }
        }
        Failure::unless(detailed.values().all(|fen| fen.is_zero()), || text!("a pair is missing"))?;
        self.prove_papers()
    }

    /// Returns the provinces that pay or are paid, or have a carried break or a request.
    pub(super) fn provinces(&self) -> Vec<Province> {
        let mut found = BTreeSet::new();
        let pairs = self.pairs.iter().filter_map(|row| row.pair());
        let breaks = self.carried().filter_map(|row| row.pair());
        let notices = self.notices.iter().filter_map(|row| row.pair());
        let demands = self.demands.iter().map(|demand| demand.pair);
        for pair in pairs.chain(breaks).chain(notices).chain(demands) {
            found.extend([pair.insured, pair.treating]);
        }
        let requests = self.requests.rows.iter().filter(|row| row.standing.is_some());
        let requests = requests.chain(self.requests.incorrect.iter().map(|of| &of.row));
        let parties = requests.flat_map(|row| &row.line.provinces);
        found.extend(parties.filter_map(|province| Province::from_text(province)));
        found.into_iter().collect()
    }

    fn carried(&self) -> impl Iterator<Item = GridRow<'_>> {
        self.breaks.iter().filter(|row| row.flag("carried") == Some(true))
    }

    /// Makes the workbooks of the nation.
    pub(super) fn nation(&self, style: &Style) -> Outcome<Vec<Workbook>> {
        let template = &style.template;
        let mut statement = vec![self.national(template)?, self.quota_changes(template)?];
        statement.extend(self.accounts(self.demands.payees(), style)?);
        statement.extend(self.judged("全国", template, |_| true)?);
        let workbooks = [
            ("statement", "national", statement),
            ("returned", "returned", self.all_returned(template)?),
            ("suggestions", "suggestions", self.suggestions(None, template)?),
        ];
        self.guided(None, workbooks, style)
    }

    /// Makes the workbooks of a province.
    pub(super) fn province(&self, of: Province, style: &Style) -> Outcome<Vec<Workbook>> {
        let workbooks = [
            ("statement", "statement", self.statement(of, style)?),
            ("notices", "notices", self.papers(of, style)?),
            ("verification", "verification", self.verification(of, style)?),
            ("returned", "returned", self.returned(of, &style.template)?),
            ("suggestions", "suggestions", self.suggestions(Some(of), &style.template)?),
            ("requests", "requests", self.request_lists(of, style)?),
        ];
        self.guided(Some(of), workbooks, style)
    }

    fn sheet(
        &self,
        template: &Template,
        file: &str,
        of: &str,
        rows: Vec<RowValues>,
        offered: &[&str],
    ) -> Outcome<Sheet> {
        template.sheet(file, of, &words::month(self.period), rows, offered)
    }
}

/// Whether the province takes part in a row of `deductions` (by its settlement) or of `payments` (by its notice).
fn is_of_row(row: &GridRow, province: Province) -> bool {
    let pair =
        if row.is_of("payments") { pair_of_notice(row.text("notice_id")) } else { row.pair() };
    pair.is_some_and(|pair| is_of(pair, province))
}

fn is_of(pair: Pair, province: Province) -> bool {
    pair.insured == province || pair.treating == province
}

fn text(text: &str) -> CellValue {
    CellValue::Text(text.to_owned())
}

/// Returns a note on a missing copy: the copy of the other side whose setl_id differs in spelling only. Both are of
/// one pair.
fn note(twins: &Twins, row: GridRow) -> CellValue {
    CellValue::Text(twins.other(&row).map_or_else(String::new, |other| {
        let other = visible(other.text("setl_id"));
        format!("与对方 {other} 仅空格、大小写或全半角不同")
    }))
}

/// Returns the code and name of a province, or the code alone when it is unknown.
fn named(code: &str) -> CellValue {
    CellValue::Text(Province::from_text(code).map_or_else(|| code.to_owned(), province))
}
