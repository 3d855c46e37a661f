//! Counts leads and their money while they pass.

use std::collections::BTreeMap;

use super::tables::LeadRow;
use crate::{
    model::{
        codes::{Month, Province},
        money::FenSum,
    },
    review::{
        found::{FoundLead, LeadSettlement},
        rule::{ReviewRule, Strength},
    },
};

/// Some leads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CountedLeads {
    pub(super) leads: u64,
    pub(super) settlements: u64,
    pub(super) fen: FenSum,
}

impl CountedLeads {
    fn add(&mut self, row: &LeadRow) {
        self.leads += 1;
        self.settlements += row.settlements.unsigned_abs();
        self.fen += row.amount;
    }

    /// Adds other leads.
    pub(super) fn join(&mut self, other: CountedLeads) {
        self.leads += other.leads;
        self.settlements += other.settlements;
        self.fen += other.fen;
    }
}

/// All leads that have passed.
#[derive(Debug, Default)]
pub(super) struct LeadTally {
    pub(super) all: CountedLeads,
    pub(super) by_rule: BTreeMap<(ReviewRule, Strength), CountedLeads>,
    pub(super) by_province: BTreeMap<(Province, ReviewRule), CountedLeads>,
    /// By institution, where a lead has one, with the province of the first lead.
    pub(super) by_institution: BTreeMap<Box<str>, (Province, CountedLeads)>,
    /// By the month of the last day.
    pub(super) by_month: BTreeMap<Month, CountedLeads>,
    /// The payable of each suspect, once.
    pub(super) fen_once: FenSum,
    seen: OrdinalSet,
}

impl LeadTally {
    /// Adds a lead.
    pub(super) fn add(&mut self, row: &LeadRow, lead: &FoundLead) {
        self.all.add(row);
        self.by_rule.entry((row.rule, row.strength)).or_default().add(row);
        self.by_province.entry((row.treating, row.rule)).or_default().add(row);
        self.by_month.entry(Month::of_day(row.days.1.into())).or_default().add(row);
        if let Some(institution) = &row.institution {
            let first = (row.treating, CountedLeads::default());
            self.by_institution.entry(institution.clone()).or_insert(first).1.add(row);
        }
        let seen = &mut self.seen;
        let new = lead.suspects.iter().filter(|suspect| seen.insert(suspect.ordinal));
        self.fen_once += new.map(|suspect: &LeadSettlement| suspect.payable).sum::<FenSum>();
    }
}

/// A set of numbers of rows, which begin at 0 and have few gaps: a bit for each.
#[derive(Debug, Default)]
pub(super) struct OrdinalSet(Vec<u64>);

impl OrdinalSet {
    /// Adds a number; returns whether it is new.
    pub(super) fn insert(&mut self, ordinal: u64) -> bool {
        let word = OrdinalSet::word(ordinal);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let bit = 1 << (ordinal % 64);
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    /// Whether it has a number.
    pub(super) fn has(&self, ordinal: u64) -> bool {
        let word = self.0.get(OrdinalSet::word(ordinal));
        word.is_some_and(|word| word & (1 << (ordinal % 64)) != 0)
    }

    fn word(ordinal: u64) -> usize {
        usize::try_from(ordinal / 64).expect("Invariant: rows fit the memory's addresses")
    }
}
