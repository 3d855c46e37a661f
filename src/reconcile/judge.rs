//! The rules of reconciliation, step by step (contract §4), on the values of every doubtful settlement.
//!
//! Steps 1 to 7 take one settlement at a time. Partitions of the keys are settled in parallel, the settlements of one
//! partition one after the other. Step 8 takes reversals and their originals (`reversals`), by the partition of the
//! original, once it is known which originals clear.

use std::sync::Mutex;

use super::{
    breaks::{Break, BreakField, Copies, OpenItem, SideCopy},
    context::Context,
    decisions::Decisions,
    matching::InDoubt,
    memory::PACKED,
    reversal::{PackedReversal, Reversal},
    run::Run,
    tally::{DoubtTally, Settled},
    values::DoubtfulCopies,
};
use crate::model::verdict::Verdict;

use crate::{
    diag::{Failure, Outcome},
    event::{Activity, Monitor},
    ingest::record::{Facts, FieldDifference, Record},
    keyed::{
        entry::RegisterMatch,
        key::Key,
        packed::pack,
        registered::{Registered, RegisteredKind},
        sorted::Sorter,
        store::{Store, locked},
    },
    model::{
        codes::Side,
        control::{Bucket, Class},
        money::Fen,
    },
    reconcile::entries::plain_payable,
    rules::Permit,
    text::quoted,
};

/// Bytes of copies in memory, for each byte of their packed form.
const UNPACKED: usize = 4;
/// Bytes that the copies of a partition may take in any case, also in a run with less memory. They exceed their room
/// only when many rows have one key.
const LEAST_MEMORY: u64 = 256 << 20;

/// Settles partitions, each on any thread.
pub(super) struct Settling<'a> {
    pub(super) context: Context<'a>,
    pub(super) values: &'a DoubtfulCopies,
    decisions: Mutex<Decisions>,
    breaks: Sorter<Break>,
    break_fields: Sorter<BreakField>,
    open_items: Sorter<OpenItem>,
    /// Reversals that reached step 8, packed, by the partition of the original.
    pub(super) reversals: Store<u8>,
    monitor: &'a Monitor,
}

impl<'a> Settling<'a> {
    pub(super) fn new(run: Run<'a>, context: Context<'a>, decisions: Decisions) -> Settling<'a> {
        let Run { setting, staging, values, .. } = run;
        let spill = staging.scratch().join("reversals");
        let (partitioning, room) = (values.partitioning(), values.room);
        Settling {
            context,
            values,
            decisions: Mutex::new(decisions),
            // Most doubtful copies become open items, whose rows are also the largest.
            breaks: Sorter::new(room.tables / 3, &staging.scratch(), "breaks"),
            break_fields: Sorter::new(room.tables / 6, &staging.scratch(), "break-fields"),
            open_items: Sorter::new(room.tables / 2, &staging.scratch(), "open-items"),
            reversals: Store::new(partitioning, room.values as u64 / 4, room.reversals, spill),
            monitor: setting.monitor,
        }
    }

    /// Runs a step and measures its time.
    pub(super) fn measured(
        &self,
        step: impl FnOnce() -> Outcome<DoubtTally>,
    ) -> Outcome<DoubtTally> {
        self.monitor.check()?;
        self.monitor.stopwatch.measure(Activity::Settle, step)
    }

    /// Fails when copies of so many packed bytes do not fit memory at the same time.
    pub(super) fn check_memory(&self, packed: usize) -> Outcome<()> {
        if packed <= self.values.room.values {
            return Ok(());
        }
        let most = self.values.room.memory.max(LEAST_MEMORY);
        self.monitor.check_memory((packed * UNPACKED) as u64, most, "setl_id", || {
            let copies = (packed as u64).div_ceil(PACKED);
            text!("copies in doubt in one partition of the keys, {} of them,", copies)
        })
    }

    /// Takes the settlements of a partition through steps 1 to 7.
    pub(super) fn settle_partition(
        &self,
        partition: usize,
        in_doubt: &InDoubt,
    ) -> Outcome<DoubtTally> {
        let index = self.context.index;
        self.check_memory(self.values.bytes(partition))?;
        let mut copies = self.values.take(partition, self.context.policy, self.context.period)?;
        copies.retain(|copy| !in_doubt.has_cleared(copy));
        self.context.named.note(&copies);
        let registered = index.stores.registered.visit(partition, <[RegisterMatch]>::to_vec)?;
        let mut judge = Judge::new(self, &registered);
        for copy in copies.iter().filter(|copy| copy.ordinal.is_some()) {
            judge.tally.in_doubt[copy.side.index()] += copy.totals();
            // The first read has counted the plain rows into positions.
            let Facts { payable, timing, .. } = copy.facts;
            let reversal = copy.reverses().is_some();
            let plain = plain_payable(payable, timing.in_time(), reversal).is_some();
            if copy.side == Side::Treating && plain {
                self.context.counters.change(&copy.record, &copy.facts, -1);
            }
        }
        let rows = judge.tally.in_doubt.map(|totals| totals.rows.cast_unsigned());
        Failure::unless(rows == in_doubt.rows, || {
            text!("values of {} rows in doubt, there are {}", quoted(rows), quoted(in_doubt.rows))
        })?;
        copies.sort_unstable_by(|a, b| {
            let order = |copy: &SideCopy| (copy.side, copy.ordinal);
            a.record.setl_id().cmp(b.record.setl_id()).then(order(a).cmp(&order(b)))
        });
        let mut copies = copies.into_iter().peekable();
        while let Some(first) = copies.next() {
            let mut of_one = vec![first];
            while let Some(next) =
                copies.next_if(|next| next.record.setl_id() == of_one[0].record.setl_id())
            {
                of_one.push(next);
            }
            judge.settle_one(of_one)?;
        }
        judge.finish()
    }

    /// Stores a reversal for step 8.
    pub(super) fn defer(&self, reversal: &Reversal) -> Outcome<()> {
        let partition = self.reversals.partitioning().of(reversal.original()?);
        let copies = reversal.copies.each_ref().map(|copy| copy.as_ref().map(SideCopy::packed));
        let Reversal { clearing, verdict, overridden, .. } = reversal;
        let packed: PackedReversal<&Record> = (*clearing, *verdict, *overridden, copies);
        self.reversals.push(partition, &pack(&packed)?)
    }

    pub(super) fn finish(self, tally: DoubtTally) -> Outcome<Settled> {
        let decisions =
            self.decisions.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Settled {
            breaks: self.breaks.finish()?,
            break_fields: self.break_fields.finish()?,
            open_items: self.open_items.finish()?,
            decisions,
            tally,
        })
    }
}

/// Settles settlements one after the other, and collects the rows of tables.
pub(super) struct Judge<'a> {
    pub(super) settling: &'a Settling<'a>,
    /// The register entries of these settlements, sorted by key.
    registered: &'a [RegisterMatch],
    pub(super) tally: DoubtTally,
    breaks: Vec<Break>,
    break_fields: Vec<BreakField>,
    open_items: Vec<OpenItem>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(settling: &'a Settling<'a>, registered: &'a [RegisterMatch]) -> Judge<'a> {
        debug_assert!(registered.is_sorted_by_key(|(key, _)| *key), "sorted by key");
        Judge {
            settling,
            registered,
            tally: DoubtTally::default(),
            breaks: Vec::new(),
            break_fields: Vec::new(),
            open_items: Vec::new(),
        }
    }

    /// Hands the rows of tables to the sorters; returns the tally.
    pub(super) fn finish(self) -> Outcome<DoubtTally> {
        self.settling.breaks.push(self.breaks)?;
        self.settling.break_fields.push(self.break_fields)?;
        self.settling.open_items.push(self.open_items)?;
        Ok(self.tally)
    }

    /// Takes the copies of one settlement through steps 1 to 7.
    fn settle_one(&mut self, copies: Vec<SideCopy>) -> Outcome<()> {
        for copy in copies.iter().filter(|copy| copy.ordinal.is_none()) {
            self.tally.control.add(copy.side, Bucket::Opened, copy.totals());
        }
        let copies = self.not_registered(copies)?;
        let (treating, insured): (Vec<_>, Vec<_>) =
            copies.into_iter().partition(|copy| copy.side == Side::Treating);
        let copies = [self.one_of_side(treating)?, self.one_of_side(insured)?];
        let copies = copies.map(|copy| copy.and_then(|copy| self.in_time(copy)));
        if copies.iter().any(Option::is_some) {
            self.compare(copies)?;
        }
        Ok(())
    }

    /// Step 1: removes the copies of a settlement that is in the register.
    fn not_registered(&mut self, copies: Vec<SideCopy>) -> Outcome<Vec<SideCopy>> {
        let key = Key::of(copies[0].record.setl_id());
        let found = self.registered.binary_search_by_key(&key, |(key, _)| *key);
        let Ok(at) = found else { return Ok(copies) };
        Failure::unless(copies.iter().all(|copy| copy.ordinal.is_some()), || {
            text!("open item {} is in the register", copies[0].record.setl_id())
        })?;
        let Registered { kind, earlier, .. } = self.registered[at].1;
        if kind != RegisteredKind::Voided {
            for copy in &copies {
                *self.tally.already_cleared.entry((copy.side, earlier)).or_default() += 1;
                self.add_row_break(Class::AlreadyCleared, copy);
            }
            return Ok(Vec::new());
        }
        for copy in &copies {
            self.tally.control.add(copy.side, Bucket::Break(Class::Voided), copy.totals());
        }
        // The break shows one row of each side; which one does not depend on their order.
        let shown = Side::BOTH.map(|side| {
            let of_side = copies.iter().filter(|copy| copy.side == side);
            of_side.min_by(|a, b| a.record.compared().cmp(&b.record.compared())).cloned()
        });
        self.push_break(Break::of_settlement(Class::Voided, &shown, &[]));
        Ok(Vec::new())
    }

    /// Steps 2 and 3: removes duplicates and conflicts, and replaces the open item by a new row.
    fn one_of_side(&mut self, copies: Vec<SideCopy>) -> Outcome<Option<SideCopy>> {
        let (mut new, mut open): (Vec<_>, Vec<_>) =
            copies.into_iter().partition(|copy| copy.ordinal.is_some());
        Failure::unless(open.len() <= 1, || {
            text!("{} is twice among the open items", open[0].record.setl_id())
        })?;
        let open = open.pop();
        if new.is_empty() {
            return Ok(open);
        }
        let agree = new.iter().all(|copy| copy.record.agrees_with(&new[0].record));
        if let Some(open) = open {
            self.tally.control.add(open.side, Bucket::Superseded, open.totals());
            let replacing = if agree { 1 } else { new.len() };
            new[..replacing].iter_mut().for_each(|copy| copy.first_period = open.first_period);
        }
        if !agree {
            for copy in &new {
                self.add_row_break(Class::Conflict, copy);
            }
            return Ok(None);
        }
        for copy in &new[1..] {
            self.add_row_break(Class::Duplicate, copy);
        }
        new.truncate(1);
        Ok(new.pop())
    }

    /// Step 4: removes a copy that is too late, unless a permit covers it.
    fn in_time(&mut self, copy: SideCopy) -> Option<SideCopy> {
        let Facts { group, cost_month, timing, .. } = copy.facts;
        let Context { period, permits, .. } = self.settling.context;
        let covers = |permit: &Permit| permit.covers(group.pair, cost_month, period, timing);
        if timing.in_time() || permits.iter().any(covers) {
            return Some(copy);
        }
        let new = copy.ordinal.is_some();
        self.add_row_break(if new { Class::LateRefused } else { Class::Expired }, &copy);
        None
    }

    /// Steps 5 to 7: decisions, missing copies, mismatches.
    fn compare(&mut self, copies: Copies) -> Outcome<()> {
        let (class, differences) = class_of(&copies);
        let there = copies.each_ref().map(Option::is_some);
        let setl_id = copies.iter().flatten().next().map(|copy| copy.record.setl_id().to_owned());
        let setl_id = setl_id.unwrap_or_default();
        let verdict = locked(&self.settling.decisions).verdict(&setl_id, there);
        let clearing = match verdict {
            Some(Verdict::Accept(side)) => side,
            _ if there[0] => Side::Treating,
            _ => Side::Insured,
        };
        let reversal = copies[clearing.index()].as_ref().is_some_and(|c| c.reverses().is_some());
        match (verdict, class) {
            (None, Some(class)) => self.carry(class, copies, &differences),
            _ if reversal => {
                let reversal = Reversal { copies, clearing, verdict, overridden: class };
                self.settling.defer(&reversal)?;
            }
            (Some(Verdict::Void), class) => {
                self.void(&copies)?;
                self.applied(&setl_id, class, None);
            }
            (Some(Verdict::Accept(_)), class) => {
                let payable = self.clear(copies, clearing)?;
                self.applied(&setl_id, class, payable);
            }
            (None, None) => _ = self.clear(copies, clearing)?,
        }
        Ok(())
    }

    /// Records that a decision took effect.
    pub(super) fn applied(&self, setl_id: &str, class: Option<Class>, payable: Option<Fen>) {
        locked(&self.settling.decisions).applied(setl_id, class, payable);
    }

    /// Clears a settlement with the copy of one side; returns its payable.
    pub(super) fn clear(&mut self, copies: Copies, clearing: Side) -> Outcome<Option<Fen>> {
        for copy in copies.iter().flatten() {
            self.tally.control.add(copy.side, Bucket::Cleared, copy.totals());
        }
        let media = copies.each_ref().map(|copy| copy.as_ref().map(|copy| copy.record.medium));
        let [treating, insured] = media.map(Option::unwrap_or_default);
        let copy = copies.into_iter().flatten().find(|copy| copy.side == clearing);
        let Some(copy) = copy else { return Ok(None) };
        self.tally.cleared += copy.totals();
        self.settling.context.counters.change(&copy.record, &copy.facts, 1);
        let kind = if copy.reverses().is_some() {
            RegisteredKind::Reversal
        } else {
            RegisteredKind::Settlement
        };
        let Facts { payable, group, .. } = copy.facts;
        let visits = if kind == RegisteredKind::Reversal { -1 } else { 1 };
        self.tally.media.add(group.number(), treating.or(insured), visits);
        self.register(&copy, Registered { kind, payable, group: Some(group), earlier: None })?;
        Ok(Some(payable))
    }

    /// Voids a settlement.
    pub(super) fn void(&mut self, copies: &Copies) -> Outcome<()> {
        self.add_break(Class::Voided, copies, &[]);
        let Some(copy) = copies.iter().flatten().next() else { return Ok(()) };
        self.tally.voided += 1;
        let (kind, earlier) = (RegisteredKind::Voided, None);
        self.register(copy, Registered { kind, payable: Fen::ZERO, group: None, earlier })
    }

    /// Adds a settlement to those that this period registers.
    fn register(&self, copy: &SideCopy, registered: Registered) -> Outcome<()> {
        let key = Key::of(copy.record.setl_id());
        let settled = &self.settling.context.index.stores.settled;
        settled.push(settled.partitioning().of(key), &[(key, registered)])
    }

    /// Carries a settlement to the next period: adds its break, and its copies as open items.
    pub(super) fn carry(&mut self, class: Class, copies: Copies, differences: &[FieldDifference]) {
        self.add_break(class, &copies, differences);
        let carried = copies.into_iter().flatten().map(|copy| OpenItem::of(class, copy));
        self.open_items.extend(carried);
    }

    /// Adds the break of a settlement that does not clear.
    pub(super) fn add_break(
        &mut self,
        class: Class,
        copies: &Copies,
        differences: &[FieldDifference],
    ) {
        for copy in copies.iter().flatten() {
            self.tally.control.add(copy.side, Bucket::Break(class), copy.totals());
        }
        let found = Break::of_settlement(class, copies, differences);
        self.break_fields.extend(BreakField::all(found.setl_id(), differences));
        self.push_break(found);
    }

    /// Adds the break of a single row.
    fn add_row_break(&mut self, class: Class, copy: &SideCopy) {
        self.tally.control.add(copy.side, Bucket::Break(class), copy.totals());
        self.push_break(Break::of_row(class, copy));
    }

    fn push_break(&mut self, found: Break) {
        *self.tally.classes.entry(found.class()).or_default() += 1;
        self.breaks.push(found);
    }
}

/// Returns the class by steps 6 and 7 without decisions, and the fields that differ.
fn class_of(copies: &Copies) -> (Option<Class>, Vec<FieldDifference>) {
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
