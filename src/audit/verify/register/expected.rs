//! What the tables of a period say of settlements in the register.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    audit::{
        entries::{Entry, VOIDED},
        verify::files::Closed,
    },
    book::grid::Grid,
    codes::{CareClass, FundClass, Month},
    control::Class,
    ingest::record::Group,
    money::FenSum,
    reconcile::index::Key,
};

/// What tables expect of the register.
#[derive(Debug, Default)]
pub(in crate::audit::verify) struct Expectations {
    pub(super) list: Vec<(Key, Month, Expected)>,
    /// What was held back so far, by settlement, in fen.
    held_back: BTreeMap<String, FenSum>,
}

/// What is expected of a settlement in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Voided in this period.
    Voided,
    /// Cleared in this period, with a payable in fen.
    Cleared(FenSum),
    /// Cleared by now, with a payable of at least so many fen.
    Deducted(FenSum),
    /// Cleared by now, of a pair and a fund: the number of the group without its care class.
    Of(i32),
    /// Registered in an earlier period.
    Earlier,
    /// Not registered by now.
    Absent,
    /// Registered in this period: an open item that no other table shows.
    Left,
}

impl Expectations {
    /// Gathers what the tables of a period say about the register.
    pub(in crate::audit::verify) fn gather(&mut self, closed: &Closed, before: Option<&Closed>) {
        for row in closed.grid("deductions").iter().filter(|r| r.flag("accepted") == Some(true)) {
            let sum = self.held_back.entry(row.text("setl_id").to_owned()).or_default();
            *sum += row.number("amount");
            let expected = Expected::Deducted(*sum);
            self.list.push((Key::of(row.text("setl_id")), closed.month, expected));
        }
        for row in closed.grid("deductions").iter() {
            if let Some((pair, fund)) = row.pair().zip(FundClass::from_name(row.text("fund_class")))
            {
                let group = Group { pair, fund, care: CareClass::ALL[0] };
                let expected = Expected::Of(i32::from(group.number()));
                self.list.push((Key::of(row.text("setl_id")), closed.month, expected));
            }
        }
        let mut expect = |setl_id: &str, expected| {
            self.list.push((Key::of(setl_id), closed.month, expected));
        };
        for row in closed.grid("decisions").iter() {
            match (row.text("decision"), row.number_or_null("payable")) {
                ("void", _) => expect(row.text("setl_id"), Expected::Voided),
                (_, Some(fen)) => expect(row.text("setl_id"), Expected::Cleared(fen)),
                _ => {}
            }
        }
        let mut shown: BTreeSet<&str> = BTreeSet::new();
        for row in closed.grid("breaks").iter() {
            shown.insert(row.text("setl_id"));
            if row.flag("carried") == Some(true) {
                expect(row.text("setl_id"), Expected::Absent);
            } else if row.text("class") == Class::AlreadyCleared.name() {
                expect(row.text("setl_id"), Expected::Earlier);
            }
        }
        let items = before.map(|before| before.grid("open_items"));
        for row in items.into_iter().flat_map(Grid::iter) {
            if !shown.contains(row.text("setl_id")) {
                expect(row.text("setl_id"), Expected::Left);
            }
        }
    }
}

impl Expected {
    /// Whether the register has a settlement as a period expects it.
    pub(super) fn holds(self, entry: Option<&Entry>, month: Month) -> bool {
        let now = entry.filter(|entry| entry.period == month);
        let by_now = entry.filter(|entry| entry.period <= month);
        match self {
            Expected::Voided => now.is_some_and(|entry| entry.kind == VOIDED),
            Expected::Cleared(fen) => {
                now.is_some_and(|entry| entry.kind != VOIDED && entry.payable == fen)
            }
            Expected::Deducted(fen) => by_now.is_some_and(|entry| {
                entry.kind != VOIDED && 0 <= fen && fen <= entry.payable.max(0)
            }),
            Expected::Of(group) => {
                let cares = i32::try_from(CareClass::ALL.len()).unwrap_or(1);
                by_now.is_some_and(|entry| entry.group - entry.group.rem_euclid(cares) == group)
            }
            Expected::Earlier => entry.is_some_and(|entry| entry.period < month),
            Expected::Absent => by_now.is_none(),
            Expected::Left => now.is_some(),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Expected::Voided => "decisions voids it",
            Expected::Cleared(_) => "decisions clears it, with its payable",
            Expected::Deducted(_) => "deductions holds back from it, at most its payable",
            Expected::Of(_) => "deductions has its pair and fund",
            Expected::Earlier => "breaks says that it cleared earlier",
            Expected::Absent => "breaks carries it",
            Expected::Left => "it was carried here, and no table has it",
        }
    }
}
