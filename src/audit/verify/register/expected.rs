//! Expectations of the register: what must hold for settlements that the tables of a period name.

use std::collections::BTreeMap;

use crate::{
    audit::verify::{
        broken::{BreakColumns, BreakRow, group_of, is_voided_again},
        files::ReadablePeriod,
        settlements::{UnclearedSettlement, settlements},
        tables::payable_of,
    },
    book::grid::GridRow,
    keyed::key::Key,
    model::{
        codes::{CareClass, FundClass, Month, Side},
        control::{Bucket, Class},
        group::Group,
        money::{Fen, FenSum},
    },
    register::entries::{RegisterEntry, SETTLEMENT, VOIDED},
    rules::Policy,
    text::Text,
};

/// Expectations of the register that follow from tables.
#[derive(Debug, Default)]
pub(in crate::audit::verify) struct Expectations {
    pub(super) list: Vec<(Key, Month, ExpectedSettlement)>,
    /// The sum held back so far from each settlement, in fen.
    held_back: BTreeMap<String, FenSum>,
    /// Accepted deductions that were not given back, by number and settlement.
    standing: BTreeMap<(String, String), Key>,
}

/// The expected state of a settlement in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedSettlement {
    /// Voided in this period.
    Voided,
    /// Voided in an earlier period.
    VoidedEarlier,
    /// Cleared in this period, with a payable in fen.
    Cleared(Fen),
    /// Cleared in this period, with a group and a payable in fen.
    ClearedAs(i32, Fen),
    /// Cleared by now, with a payable of at least this amount, and not reversed.
    Deducted(Fen),
    /// Cleared by now, with a payable below this amount, and not reversed.
    Exceeded(Fen),
    /// Cleared by now, of a pair and a fund: the number of the group without its care class.
    Of(i32),
    /// Not cleared by now.
    Uncleared,
    /// Reversed by now.
    Reversed,
    /// Reversed in this period.
    ReversedNow,
    /// Not reversed by now.
    Unreversed,
    /// Cleared in an earlier period.
    Earlier,
    /// Not registered in an earlier period.
    New,
    /// Not registered by now.
    Absent,
    /// Cleared in this period, since no other table has the copy.
    Left,
    /// No settlement that cleared by now.
    Unpaired,
    /// A settlement that cleared by now, of another group or with another payable.
    Unlike(i32, Fen),
}

/// Converts a sum to the width of a record; a sum beyond it becomes the limit, which no record owes.
fn narrow(fen: FenSum) -> Fen {
    Fen::try_from(fen).unwrap_or(if fen.is_negative() { Fen::MIN } else { Fen::MAX })
}

impl Expectations {
    /// Adds the expectations of the tables of a period.
    pub(in crate::audit::verify) fn gather(
        &mut self,
        closed: &ReadablePeriod,
        before: Option<&ReadablePeriod>,
        policy: &Policy,
    ) {
        self.gather_deductions(closed);
        let columns = BreakColumns::of(closed.grid("breaks"));
        let none_replaced = Side::BOTH.map(|side| closed.control(side, Bucket::Superseded)[0] == 0);
        let mut breaks = Vec::new();
        for settlement in settlements(closed, before) {
            breaks.clear();
            breaks.extend(settlement.breaks.clone().filter_map(|row| columns.broken(row)));
            let key = Key::of(settlement.setl_id);
            let seen = Seen { settlement: &settlement, breaks: &breaks, policy };
            seen.expected(none_replaced, |expected| self.list.push((key, closed.month, expected)));
            if let Some((original, expected)) = seen.original(none_replaced) {
                self.list.push((original, closed.month, expected));
            }
        }
    }

    /// Adds the expectations of deductions that are accepted, refused or given back.
    fn gather_deductions(&mut self, closed: &ReadablePeriod) {
        let mut expect = |key: Key, expected| self.list.push((key, closed.month, expected));
        for row in closed.grid("deductions").iter() {
            let (setl_id, code) = (row.text("setl_id"), row.text_or_null("code"));
            let key = Key::of(setl_id);
            let number = || (row.text("ddct_id").to_owned(), setl_id.to_owned());
            let held_back = self.held_back.get(setl_id).copied().unwrap_or_default();
            let sum = held_back + row.fen("amount");
            match (row.flag("accepted") == Some(true), code) {
                (true, Some(_)) => {
                    expect(key, ExpectedSettlement::ReversedNow);
                    self.standing.remove(&number());
                }
                (true, None) => {
                    expect(key, ExpectedSettlement::Deducted(narrow(sum)));
                    self.standing.insert(number(), key);
                }
                (false, Some("D02")) => expect(key, ExpectedSettlement::Exceeded(narrow(sum))),
                (false, Some("D03")) => expect(key, ExpectedSettlement::Reversed),
                _ => {}
            }
            if row.flag("accepted") == Some(true) {
                self.held_back.insert(setl_id.to_owned(), sum);
            }
            let owner = row.pair().zip(FundClass::from_name(row.text("fund_class")));
            expect(
                key,
                owner.map_or(ExpectedSettlement::Uncleared, |(pair, fund)| {
                    let group = Group { pair, fund, care: CareClass::ALL[0] };
                    ExpectedSettlement::Of(i32::from(group.number()))
                }),
            );
        }
    }

    /// Adds the last expectation: settlements whose deductions stand at the end of the book are not reversed.
    pub(in crate::audit::verify) fn finish(&mut self, last: Month) {
        let standing = std::mem::take(&mut self.standing);
        let unreversed =
            standing.into_values().map(|key| (key, last, ExpectedSettlement::Unreversed));
        self.list.extend(unreversed);
    }
}

/// A settlement in the tables of a period.
struct Seen<'a> {
    settlement: &'a UnclearedSettlement<'a>,
    breaks: &'a [BreakRow<'a>],
    policy: &'a Policy,
}

impl Seen<'_> {
    /// Gives every expectation of the settlement to `expect`.
    fn expected(&self, none_replaced: [bool; 2], mut expect: impl FnMut(ExpectedSettlement)) {
        let decision = self.settlement.decision;
        match decision.map(|row| (row.text("decision"), row.fen_or_null("payable"))) {
            Some(("void", _)) => expect(ExpectedSettlement::Voided),
            Some((_, Some(fen))) => expect(ExpectedSettlement::Cleared(narrow(fen))),
            _ => {}
        }
        if let Some(first) = self.breaks.first() {
            expect(self.broken(first));
        }
        if let Some(left) = self.left(none_replaced) {
            expect(left);
        }
    }

    /// Returns the expectation that follows from its breaks.
    fn broken(&self, first: &BreakRow) -> ExpectedSettlement {
        let whole = self.breaks.iter().find(|broken| broken.is_whole());
        let only_twice = self.breaks.iter().all(|broken| broken.class == Class::Duplicate);
        if first.class == Class::AlreadyCleared {
            return ExpectedSettlement::Earlier;
        }
        if is_voided_again(self.settlement, first) {
            return ExpectedSettlement::VoidedEarlier;
        }
        match whole {
            Some(broken) if broken.class == Class::Voided => ExpectedSettlement::New,
            None if only_twice || self.settlement.decision.is_some() => ExpectedSettlement::New,
            // One copy alone clears by decision only.
            _ => ExpectedSettlement::Absent,
        }
    }

    /// Returns the expectation for an open item of the period before, or a row with duplicates, that has no other
    /// break: it has cleared.
    fn left(&self, none_replaced: [bool; 2]) -> Option<ExpectedSettlement> {
        let sides = Side::BOTH.into_iter().filter_map(|side| {
            let at = side.index();
            let mut on = self.breaks.iter().filter(|broken| broken.on[at]);
            let twice = on.clone().find(|broken| broken.class == Class::Duplicate);
            let gone = on.any(|broken| broken.class != Class::Duplicate);
            let brought = self.settlement.opened[at];
            (!gone && (twice.is_some() || brought.is_some())).then_some(())?;
            let as_it_was = brought
                .filter(|_| none_replaced[at])
                .map(|copy| (self.group_of(copy), payable_of(copy, self.policy)));
            let as_it_is =
                twice.map(|broken| (broken.group(self.policy), broken.payables[at].map(narrow)));
            let values = as_it_is.or(as_it_was).filter(|_| self.settlement.decision.is_none());
            Some(match values {
                Some((Some(group), Some(fen))) => ExpectedSettlement::ClearedAs(group, fen),
                _ => ExpectedSettlement::Left,
            })
        });
        sides.max_by_key(|expected| *expected != ExpectedSettlement::Left)
    }

    fn group_of(&self, copy: GridRow) -> Option<i32> {
        let columns = ["insuplc_admdvs", "mdtrtarea_admvs", "insutype", "med_type"];
        let [insured, treating, insutype, med_type] = columns.map(|column| copy.text(column));
        group_of(&[insured, treating, insutype, med_type, ""], self.policy)
    }

    /// Returns the original of a reversal that did not clear, and the expectation of it.
    fn original(&self, none_replaced: [bool; 2]) -> Option<(Key, ExpectedSettlement)> {
        let reversed = self.breaks.iter().any(|broken| broken.class == Class::AlreadyReversed);
        if reversed {
            let mut sides = Side::BOTH.into_iter().filter(|side| none_replaced[side.index()]);
            let copy = sides.find_map(|side| self.settlement.opened[side.index()])?;
            return Some((
                Key::of(copy.text_or_null("init_setl_id")?),
                ExpectedSettlement::Reversed,
            ));
        }
        let copy = self.settlement.carried.iter().flatten().next()?;
        let key = Key::of(copy.text_or_null("init_setl_id")?);
        match Class::from_name(copy.text("class"))? {
            Class::ReversalUnpaired => Some((key, ExpectedSettlement::Unpaired)),
            Class::ReversalMismatch => {
                let fen = payable_of(*copy, self.policy)?.checked_neg()?;
                Some((key, ExpectedSettlement::Unlike(self.group_of(*copy)?, fen)))
            }
            _ => None,
        }
    }
}

impl ExpectedSettlement {
    /// Returns whether an entry of the register, and the period of its reversal, are as expected in `month`.
    pub(super) fn holds(
        self,
        entry: Option<&RegisterEntry>,
        reversed: Option<Month>,
        month: Month,
    ) -> bool {
        let by_now = entry.filter(|entry| entry.period <= month);
        let now = by_now.filter(|entry| entry.period == month);
        let earlier = by_now.filter(|entry| entry.period < month);
        let cleared = by_now.filter(|entry| entry.kind != VOIDED);
        let cleared_now = now.filter(|entry| entry.kind != VOIDED);
        let settled = by_now.filter(|entry| entry.kind == SETTLEMENT);
        let unreversed = reversed.is_none_or(|period| period > month);
        let owes = |entry: &RegisterEntry, fen: Fen| entry.payable == FenSum::from(fen);
        match self {
            ExpectedSettlement::Voided => now.is_some_and(|entry| entry.kind == VOIDED),
            ExpectedSettlement::VoidedEarlier => earlier.is_some_and(|entry| entry.kind == VOIDED),
            ExpectedSettlement::Cleared(fen) => cleared_now.is_some_and(|entry| owes(entry, fen)),
            ExpectedSettlement::ClearedAs(group, fen) => {
                cleared_now.is_some_and(|entry| entry.group == group && owes(entry, fen))
            }
            ExpectedSettlement::Deducted(fen) => cleared.is_some_and(|entry| {
                unreversed
                    && !fen.is_negative()
                    && FenSum::from(fen) <= entry.payable.max(FenSum::ZERO)
            }),
            ExpectedSettlement::Exceeded(fen) => {
                unreversed && cleared.is_some_and(|entry| FenSum::from(fen) > entry.payable)
            }
            ExpectedSettlement::Of(group) => {
                let cares = i32::try_from(CareClass::ALL.len()).unwrap_or(1);
                cleared.is_some_and(|entry| entry.group - entry.group.rem_euclid(cares) == group)
            }
            ExpectedSettlement::Uncleared => cleared.is_none(),
            ExpectedSettlement::Reversed => !unreversed,
            ExpectedSettlement::ReversedNow => reversed == Some(month),
            ExpectedSettlement::Unreversed => unreversed,
            ExpectedSettlement::Earlier => earlier.is_some_and(|entry| entry.kind != VOIDED),
            ExpectedSettlement::New => earlier.is_none(),
            ExpectedSettlement::Absent => by_now.is_none(),
            ExpectedSettlement::Left => cleared_now.is_some(),
            ExpectedSettlement::Unpaired => settled.is_none(),
            ExpectedSettlement::Unlike(group, fen) => {
                settled.is_some_and(|entry| entry.group != group || !owes(entry, fen))
            }
        }
    }

    /// Returns the expectation in words.
    pub(super) fn words(self) -> Text {
        match self {
            ExpectedSettlement::Voided => text!("decisions voids it"),
            ExpectedSettlement::VoidedEarlier => text!("breaks says that it was voided earlier"),
            ExpectedSettlement::Cleared(_) => text!("decisions clears it, with its payable"),
            ExpectedSettlement::ClearedAs(..) => {
                text!("a copy of it left, with its group and payable")
            }
            ExpectedSettlement::Deducted(_) => {
                text!("deductions holds back from it, at most its payable")
            }
            ExpectedSettlement::Exceeded(_) => text!("deductions refuses more than its payable"),
            ExpectedSettlement::Of(_) => text!("deductions has its pair and fund"),
            ExpectedSettlement::Uncleared => text!("deductions does not know it"),
            ExpectedSettlement::Reversed => text!("deductions says that it is reversed"),
            ExpectedSettlement::ReversedNow => text!("deductions gives back, as it is reversed"),
            ExpectedSettlement::Unreversed => {
                text!("what was held back from it was not given back")
            }
            ExpectedSettlement::Earlier => text!("breaks says that it cleared earlier"),
            ExpectedSettlement::New => text!("breaks says that it had not cleared before"),
            ExpectedSettlement::Absent => text!("breaks says that it did not clear"),
            ExpectedSettlement::Left => text!("it was carried here, and no table has it"),
            ExpectedSettlement::Unpaired => text!("its reversal has no original"),
            ExpectedSettlement::Unlike(..) => text!("its reversal does not fit it"),
        }
    }
}
