//! The rules of reconciliation, step by step (contract §4), on the values of every doubtful settlement.
//!
//! Steps 1 to 7 look at one settlement at a time; step 8 at reversals and their originals, once it is
//! known which originals clear.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    breaks::{Break, BreakField, Copies, OpenItem, SideCopy},
    decisions::{Applied, Decisions, Verdict},
    index::Key,
};
use crate::{
    book::register::{Kind, Registered},
    codes::{Month, Side},
    control::{Bucket, Class, Control},
    diag::{Failure, Outcome},
    ingest::record::{Difference, Facts},
    rules::Permit,
};

/// What the rules look at besides the copies themselves.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The period that is cleared.
    pub period: Month,
    /// The permits in force.
    pub permits: &'a [Permit],
    /// The doubtful settlements that are in the register.
    pub registered: &'a BTreeMap<Key, Registered>,
}

/// What became of the doubtful settlements.
#[derive(Debug, Default)]
pub struct Settled {
    /// What did not clear.
    pub breaks: Vec<Break>,
    /// The differences behind mismatches.
    pub break_fields: Vec<BreakField>,
    /// The copies that are carried.
    pub open_items: Vec<OpenItem>,
    /// The copy of each settlement that cleared.
    pub cleared: Vec<SideCopy>,
    /// What the register keeps of them.
    pub registered: Vec<(Key, Registered)>,
    /// Settlements that were voided now.
    pub voided: Vec<Key>,
    /// Settlements that were reversed now.
    pub reversed: Vec<Key>,
    /// Where the copies went, in rows and fen.
    pub control: Control,
    /// Decisions that took effect.
    pub decisions: Vec<(String, Verdict, Applied)>,
}

impl Settled {
    /// Breaks by class.
    pub fn classes(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for found in &self.breaks {
            *counts.entry(found.class()).or_default() += 1;
        }
        counts
    }
}

/// What the register keeps of a copy that cleared.
fn registered(copy: &SideCopy) -> (Key, Registered) {
    let kind = if copy.reverses().is_some() { Kind::Reversal } else { Kind::Settlement };
    let Facts { payable, group, .. } = copy.facts;
    (Key::of(copy.record.setl_id()), Registered { kind, payable, group: Some(group) })
}

/// Steps 1 to 7 are done; reversals wait for their originals.
pub struct Settling<'a> {
    context: Context<'a>,
    decisions: Decisions,
    settled: Settled,
    reversals: Vec<Reversal>,
}

/// A reversal that got to step 8.
struct Reversal {
    copies: Copies,
    /// Whose copy clears.
    clearing: Side,
    verdict: Option<Verdict>,
    /// The class of step 6 or 7 that a decision overrides.
    overridden: Option<Class>,
}

/// Takes all copies of the doubtful settlements, of both sides, new and open, through steps 1 to 7.
pub fn settle(
    mut copies: Vec<SideCopy>,
    context: Context<'_>,
    decisions: Decisions,
) -> Outcome<Settling<'_>> {
    copies.par_sort_unstable_by(|a, b| {
        let order = |copy: &SideCopy| (copy.side, copy.ordinal);
        a.record.setl_id().cmp(b.record.setl_id()).then(order(a).cmp(&order(b)))
    });
    let settled = Settled::default();
    let mut settling = Settling { context, decisions, settled, reversals: Vec::new() };
    let mut copies = copies.into_iter().peekable();
    while let Some(first) = copies.next() {
        let mut of_one = vec![first];
        while let Some(next) =
            copies.next_if(|next| next.record.setl_id() == of_one[0].record.setl_id())
        {
            of_one.push(next);
        }
        settling.settle_one(of_one)?;
    }
    Ok(settling)
}

impl Settling<'_> {
    /// The originals that the reversals name, in order.
    pub fn originals(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.reversals.iter().filter_map(Reversal::original).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn settle_one(&mut self, copies: Vec<SideCopy>) -> Outcome<()> {
        for copy in copies.iter().filter(|copy| copy.ordinal.is_none()) {
            self.settled.control.add(copy.side, Bucket::Opened, copy.totals());
        }
        let copies = self.not_registered(copies)?;
        let (treating, insured): (Vec<_>, Vec<_>) =
            copies.into_iter().partition(|copy| copy.side == Side::Treating);
        let kept = [self.one_of_side(treating)?, self.one_of_side(insured)?];
        let kept = kept.map(|copy| copy.and_then(|copy| self.in_time(copy)));
        if kept.iter().any(Option::is_some) {
            self.compare(kept);
        }
        Ok(())
    }

    /// Step 1: what is in the register leaves.
    fn not_registered(&mut self, copies: Vec<SideCopy>) -> Outcome<Vec<SideCopy>> {
        let key = Key::of(copies[0].record.setl_id());
        let Some(registered) = self.context.registered.get(&key) else { return Ok(copies) };
        Failure::unless(copies.iter().all(|copy| copy.ordinal.is_some()), || {
            format!("open item {} is in the register", copies[0].record.setl_id())
        })?;
        if registered.kind != Kind::Voided {
            for copy in &copies {
                self.leave_row(Class::AlreadyCleared, copy);
            }
            return Ok(Vec::new());
        }
        for copy in &copies {
            self.settled.control.add(copy.side, Bucket::Break(Class::Voided), copy.totals());
        }
        // Of several rows of a side the break shows one that does not depend on their order.
        let shown = Side::BOTH.map(|side| {
            let of_side = copies.iter().filter(|copy| copy.side == side);
            of_side.min_by(|a, b| a.record.compared().cmp(&b.record.compared())).cloned()
        });
        self.settled.breaks.push(Break::of_settlement(Class::Voided, &shown, &[]));
        Ok(Vec::new())
    }

    /// Steps 2 and 3: duplicates and conflicts leave, a new row replaces the open item.
    fn one_of_side(&mut self, copies: Vec<SideCopy>) -> Outcome<Option<SideCopy>> {
        let (mut new, mut open): (Vec<_>, Vec<_>) =
            copies.into_iter().partition(|copy| copy.ordinal.is_some());
        Failure::unless(open.len() <= 1, || {
            format!("{} is twice among the open items", open[0].record.setl_id())
        })?;
        let open = open.pop();
        if new.is_empty() {
            return Ok(open);
        }
        let agree = new.iter().all(|copy| copy.record.agrees_with(&new[0].record));
        if let Some(open) = open {
            self.settled.control.add(open.side, Bucket::Superseded, open.totals());
            let replacing = if agree { 1 } else { new.len() };
            new[..replacing].iter_mut().for_each(|copy| copy.first_period = open.first_period);
        }
        if !agree {
            for copy in &new {
                self.leave_row(Class::Conflict, copy);
            }
            return Ok(None);
        }
        for copy in &new[1..] {
            self.leave_row(Class::Duplicate, copy);
        }
        new.truncate(1);
        Ok(new.pop())
    }

    /// Step 4: what is too late leaves, unless a permit covers it.
    fn in_time(&mut self, copy: SideCopy) -> Option<SideCopy> {
        let Facts { group, cost_month, timing, .. } = copy.facts;
        let period = self.context.period;
        let covers = |permit: &Permit| permit.covers(group.pair, cost_month, period, timing);
        if timing.in_time() || self.context.permits.iter().any(covers) {
            return Some(copy);
        }
        let new = copy.ordinal.is_some();
        self.leave_row(if new { Class::LateRefused } else { Class::Expired }, &copy);
        None
    }

    /// Steps 5 to 7: decisions, missing copies, mismatches.
    fn compare(&mut self, copies: Copies) {
        let (class, differences) = class_of(&copies);
        let there = copies.each_ref().map(Option::is_some);
        let setl_id = copies.iter().flatten().next().map(|copy| copy.record.setl_id().to_owned());
        let setl_id = setl_id.unwrap_or_default();
        let verdict = self.decisions.verdict(&setl_id, there);
        let clearing = match verdict {
            Some(Verdict::Accept(side)) => side,
            _ if there[0] => Side::Treating,
            _ => Side::Insured,
        };
        let reversal = copies[clearing.index()].as_ref().is_some_and(|c| c.reverses().is_some());
        match (verdict, class) {
            (None, Some(class)) => self.hold(class, copies, &differences),
            _ if reversal => {
                self.reversals.push(Reversal { copies, clearing, verdict, overridden: class });
            }
            (Some(Verdict::Void), class) => {
                self.decisions.applied(&setl_id, class, None);
                self.void(&copies);
            }
            (Some(Verdict::Accept(_)), class) => {
                let payable = self.clear(copies, clearing);
                self.decisions.applied(&setl_id, class, payable);
            }
            (None, None) => _ = self.clear(copies, clearing),
        }
    }

    /// Step 8: reversals, in the order of their keys, given the originals that cleared outside the
    /// doubtful settlements (earlier or now) and those that were reversed earlier.
    pub fn finish(
        mut self,
        originals: &BTreeMap<Key, Registered>,
        reversed: &[Key],
    ) -> Outcome<Settled> {
        let cleared_here: BTreeMap<Key, Registered> =
            self.settled.cleared.iter().map(registered).collect();
        let mut taken: FxHashSet<Key> = reversed.iter().copied().collect();
        for reversal in std::mem::take(&mut self.reversals) {
            let Some(key) = reversal.original() else {
                return Err(Failure::Bug("a reversal without an original's key".into()));
            };
            let original = cleared_here.get(&key).or_else(|| originals.get(&key));
            self.reverse(reversal, key, original, &mut taken);
        }
        self.settled.registered = self.settled.cleared.iter().map(registered).collect();
        self.settled.breaks.par_sort_unstable();
        self.settled.break_fields.par_sort_unstable();
        self.settled.open_items.par_sort_by(|a, b| {
            let order = |item: &OpenItem| item.copy.side.name();
            let ids = [a, b].map(|item| item.copy.record.setl_id());
            order(a).cmp(order(b)).then(ids[0].cmp(ids[1]))
        });
        self.settled.voided.sort_unstable();
        self.settled.reversed.sort_unstable();
        let decisions = self.decisions.finish().map_err(Failure::Refused)?;
        Ok(Settled { decisions, ..self.settled })
    }

    fn reverse(
        &mut self,
        reversal: Reversal,
        key: Key,
        original: Option<&Registered>,
        taken: &mut FxHashSet<Key>,
    ) {
        let Reversal { copies, clearing, verdict, overridden } = reversal;
        let Some(copy) = &copies[clearing.index()] else { return };
        let setl_id = copy.record.setl_id().to_owned();
        let class = match original.filter(|original| original.kind == Kind::Settlement) {
            None => Some(Class::ReversalUnpaired),
            Some(original)
                if original.group != Some(copy.facts.group)
                    || original.payable != -copy.facts.payable =>
            {
                Some(Class::ReversalMismatch)
            }
            Some(_) => None,
        };
        let class_without = overridden.or(class);
        match (verdict, class) {
            (Some(Verdict::Void), _) => {
                self.decisions.applied(&setl_id, class_without, None);
                self.void(&copies);
            }
            (None, Some(class)) => self.hold(class, copies, &[]),
            (verdict, _) => {
                let payable = if taken.insert(key) {
                    self.settled.reversed.push(key);
                    self.clear(copies, clearing)
                } else {
                    self.leave(Class::AlreadyReversed, &copies, &[]);
                    None
                };
                if verdict.is_some() {
                    self.decisions.applied(&setl_id, class_without, payable);
                }
            }
        }
    }

    /// A settlement clears with one side's copy; gives what is owed.
    fn clear(&mut self, copies: Copies, clearing: Side) -> Option<i64> {
        for copy in copies.iter().flatten() {
            self.settled.control.add(copy.side, Bucket::Cleared, copy.totals());
        }
        let copy = copies.into_iter().flatten().find(|copy| copy.side == clearing)?;
        let payable = copy.facts.payable;
        self.settled.cleared.push(copy);
        Some(payable)
    }

    /// A settlement is carried.
    fn hold(&mut self, class: Class, copies: Copies, differences: &[Difference]) {
        self.leave(class, &copies, differences);
        let carried = copies.into_iter().flatten().map(|copy| OpenItem { class, copy });
        self.settled.open_items.extend(carried);
    }

    /// A settlement is given up.
    fn void(&mut self, copies: &Copies) {
        self.leave(Class::Voided, copies, &[]);
        let copy = copies.iter().flatten().next();
        self.settled.voided.extend(copy.map(|copy| Key::of(copy.record.setl_id())));
    }

    /// A settlement does not clear.
    fn leave(&mut self, class: Class, copies: &Copies, differences: &[Difference]) {
        for copy in copies.iter().flatten() {
            self.settled.control.add(copy.side, Bucket::Break(class), copy.totals());
        }
        let found = Break::of_settlement(class, copies, differences);
        let fields = differences.iter().enumerate().map(|(position, d)| BreakField {
            setl_id: found.setl_id().to_owned(),
            position,
            field: d.field,
            treating: d.first.clone(),
            insured: d.second.clone(),
        });
        self.settled.break_fields.extend(fields);
        self.settled.breaks.push(found);
    }

    /// One row leaves by itself.
    fn leave_row(&mut self, class: Class, copy: &SideCopy) {
        self.settled.control.add(copy.side, Bucket::Break(class), copy.totals());
        self.settled.breaks.push(Break::of_row(class, copy));
    }
}

impl Reversal {
    fn original(&self) -> Option<Key> {
        self.copies[self.clearing.index()].as_ref()?.reverses().map(Key::of)
    }
}

/// Steps 6 and 7 without decisions, and the fields that differ.
fn class_of(copies: &Copies) -> (Option<Class>, Vec<Difference>) {
    match copies {
        [Some(treating), Some(insured)] => {
            let differences = treating.record.differences(&insured.record);
            let class = match differences.first() {
                None => None,
                Some(first) if first.identity => Some(Class::FieldMismatch),
                Some(_) => Some(Class::AmountMismatch),
            };
            (class, differences)
        }
        [Some(_), None] => (Some(Class::MissingInsured), Vec::new()),
        _ => (Some(Class::MissingTreating), Vec::new()),
    }
}
