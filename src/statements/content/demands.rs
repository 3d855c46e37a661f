//! What provinces are to pay by the notices of a period.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::{
    book::grid::{Grid, GridRow, pair_of_notice},
    diag::{Failure, Outcome},
    model::{
        codes::{Pair, Province},
        money::FenSum,
    },
    statements::template::PAPERS,
};

/// A payment that is asked for in this period.
pub(super) struct Demand {
    /// The kind of its papers, one of `PAPERS`.
    pub(super) kind: &'static str,
    pub(super) notice_id: String,
    pub(super) pair: Pair,
    pub(super) payer: Province,
    pub(super) payee: Province,
    /// The amount in fen.
    pub(super) amount: FenSum,
    pub(super) file_by: Option<NaiveDate>,
    pub(super) pay_by: Option<NaiveDate>,
    pub(super) confirm_by: Option<NaiveDate>,
}

impl Demand {
    /// Whether the treating province pays. Such a line has a mark (procedure §27, procedure §51).
    pub(super) fn is_returned(&self) -> bool {
        self.payer == self.pair.treating
    }

    /// Returns the province that pays, or the one that is paid.
    pub(super) fn party(&self, pays: bool) -> Province {
        if pays { self.payer } else { self.payee }
    }
}

/// The payments that are asked for, and their sums by kind in the tables.
pub(super) struct Demands {
    all: Vec<Demand>,
    sums: BTreeMap<&'static str, FenSum>,
    clearing: BTreeMap<Pair, [FenSum; 2]>,
}

impl Demands {
    /// Reads the notices of the period. Emergency proposals are none: they count in the period that approved them.
    pub(super) fn read(notices: &Grid, status: &Grid, before: Option<&Grid>) -> Outcome<Demands> {
        let approved = |row: &GridRow| row.fen_or_null("approved");
        let known: BTreeSet<&str> = before
            .into_iter()
            .flat_map(Grid::iter)
            .filter(|row| approved(row).is_some())
            .map(|row| row.text("notice_id"))
            .collect();
        let mut demands =
            Demands { all: Vec::new(), sums: BTreeMap::new(), clearing: BTreeMap::new() };
        for row in notices.iter().filter(|row| row.text("kind") != "JJ") {
            let notice = row.text("kind");
            let kind = if notice == "FH" { "QS" } else { notice };
            demands.add(kind, row, row.fen("amount"))?;
            if let Some(pair) = row.pair().filter(|_| kind == "QS") {
                let sums = demands.clearing.entry(pair).or_default();
                sums[usize::from(notice == "FH")] += row.fen("amount");
            }
        }
        let emergencies = status.iter().filter(|row| row.text("notice_id").starts_with("JJ-"));
        for row in emergencies.filter(|row| !known.contains(row.text("notice_id"))) {
            if let Some(amount) = approved(&row) {
                demands.add("JJ", row, amount)?;
            }
        }
        let place = |demand: &Demand| (demand.is_returned(), demand.pair);
        demands.all.sort_by_key(place);
        Ok(demands)
    }

    fn add(&mut self, kind: &str, row: GridRow, amount: FenSum) -> Outcome<()> {
        let notice_id = row.text("notice_id");
        let kind = PAPERS.into_iter().find(|known| *known == kind);
        let pair = pair_of_notice(notice_id);
        let issued = row.is_of("notices");
        let party = |column, pair: Pair| {
            if issued { Province::from_text(row.text(column)) } else { Some(pair.insured) }
        };
        let parties = pair.and_then(|pair| {
            let payee = if issued { party("payee", pair)? } else { pair.treating };
            Some((pair, party("payer", pair)?, payee))
        });
        let (Some(kind), Some((pair, payer, payee))) = (kind, parties) else {
            let problem = text!("notice {} has no paper", notice_id);
            return Err(Failure::Book(problem.hinting(text!("verify the book"))));
        };
        let day = |column| {
            let day = i32::try_from(row.number_or_null(column)?).ok()?;
            NaiveDate::from_epoch_days(day)
        };
        let issued_day = |column| if issued { day(column) } else { None };
        *self.sums.entry(kind).or_default() += amount;
        self.all.push(Demand {
            kind,
            notice_id: notice_id.to_owned(),
            pair,
            payer,
            payee,
            amount,
            file_by: issued_day("file_by"),
            pay_by: day("pay_by"),
            confirm_by: issued_day("confirm_by"),
        });
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Demand> {
        self.all.iter()
    }

    /// Returns the lines of a paper, by the other province; returned money comes last.
    pub(super) fn of(&self, kind: &str, pays: bool, province: Province) -> Vec<&Demand> {
        let own = |demand: &&Demand| demand.kind == kind && demand.party(pays) == province;
        let mut lines: Vec<&Demand> = self.all.iter().filter(own).collect();
        lines.sort_by_key(|demand| (demand.is_returned(), demand.party(!pays)));
        lines
    }

    /// Returns what a province pays or is paid by all papers, in fen.
    pub(super) fn sum_of(&self, pays: bool, province: Province) -> FenSum {
        let own = self.all.iter().filter(|demand| demand.party(pays) == province);
        own.map(|demand| demand.amount).sum()
    }

    /// Returns what the tables have of a kind, in fen.
    pub(super) fn sum(&self, kind: &str) -> FenSum {
        self.sums.get(kind).copied().unwrap_or_default()
    }

    /// Returns what the notices of a pair ask for: the clearing, and what is returned, in fen.
    pub(super) fn clearing(&self, pair: Pair) -> [FenSum; 2] {
        self.clearing.get(&pair).copied().unwrap_or_default()
    }

    /// Returns everybody who is paid.
    pub(super) fn payees(&self) -> BTreeSet<Province> {
        self.all.iter().map(|demand| demand.payee).collect()
    }
}
