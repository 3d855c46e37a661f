//! Step 8 of the rules: reversals and their originals (contract §4).
//!
//! Reversals are stored, packed, in the partition of their original's key. All that decides about them is there: the
//! other reversals of the original, whether the original cleared, now or earlier, and whether it was reversed.

use super::{
    breaks::SideCopy,
    context::Context,
    judge::{Judge, Settling},
    matching::MatchState,
    reversal::{PackedReversal, Reversal},
    tally::DoubtTally,
};
use crate::model::verdict::Verdict;
use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::{
    diag::Outcome,
    ingest::record::Record,
    keyed::{
        key::Key,
        packed::unpack_all,
        registered::{Registered, RegisteredKind},
    },
    model::control::Class,
};

impl Settling<'_> {
    /// Takes the reversals whose originals belong to some partitions through step 8, in the order of their own setl_id.
    pub(super) fn reverse_partitions(&self, partitions: Range<usize>) -> Outcome<DoubtTally> {
        let Context { index, register, .. } = self.context;
        let (mut reversals, mut named) = (Vec::new(), Vec::new());
        for partition in partitions {
            self.check_memory(self.reversals.len(partition))?;
            reversals.extend(self.waiting(partition)?);
            named.extend(self.values.named(partition)?);
        }
        let setl_id = |reversal: &Reversal| {
            let copy = reversal.copies.iter().flatten().next();
            copy.map(|copy| copy.record.setl_id().to_owned())
        };
        reversals.sort_by_cached_key(|(_, reversal)| setl_id(reversal));
        let mut originals: Vec<Key> = reversals.iter().map(|(original, _)| *original).collect();
        originals.sort_unstable();
        originals.dedup();
        let MatchState { mut registered, reversed } = MatchState::of(&originals, index, register)?;
        // Originals of reversals that were read again were named after the match: it did not look them up.
        registered.extend(register.find(&[&named])?);
        let mut reversed: FxHashSet<Key> = reversed.into_iter().collect();
        let mut judge = Judge::new(self, &[]);
        for (key, reversal) in reversals {
            judge.reverse(reversal, key, registered.get(&key), &mut reversed)?;
        }
        judge.tally.reversed.sort_unstable();
        judge.finish()
    }

    /// Takes the reversals of a partition, each with its original's key.
    fn waiting(&self, partition: usize) -> Outcome<Vec<(Key, Reversal)>> {
        let bytes = self.reversals.take(partition)?;
        let Context { policy, period, .. } = self.context;
        unpack_all(&bytes, |packed: PackedReversal<Box<Record>>| {
            let (clearing, verdict, overridden, [treating, insured]) = packed;
            let copy =
                |packed: Option<_>| packed.map(|p| SideCopy::unpack(p, policy, period)).transpose();
            let copies = [copy(treating)?, copy(insured)?];
            let reversal = Reversal { copies, clearing, verdict, overridden };
            Ok((reversal.original()?, reversal))
        })
    }
}

impl Judge<'_> {
    /// Takes a reversal through step 8. `reversed` are the originals that are reversed already.
    fn reverse(
        &mut self,
        reversal: Reversal,
        key: Key,
        original: Option<&Registered>,
        reversed: &mut FxHashSet<Key>,
    ) -> Outcome<()> {
        let copy = reversal.copy()?;
        let setl_id = copy.record.setl_id().to_owned();
        let class = match original.filter(|original| original.kind == RegisteredKind::Settlement) {
            None => Some(Class::ReversalUnpaired),
            Some(original)
                if original.group != Some(copy.facts.group)
                    || original.payable != -copy.facts.payable =>
            {
                Some(Class::ReversalMismatch)
            }
            Some(_) => None,
        };
        let Reversal { copies, clearing, verdict, overridden } = reversal;
        let class_without = overridden.or(class);
        match (verdict, class) {
            (Some(Verdict::Void), _) => {
                self.void(&copies)?;
                self.applied(&setl_id, class_without, None);
            }
            (None, Some(class)) => self.carry(class, copies, &[]),
            (verdict, _) => {
                let payable = if reversed.insert(key) {
                    self.tally.reversed.push(key);
                    self.clear(copies, clearing)?
                } else {
                    self.add_break(Class::AlreadyReversed, &copies, &[]);
                    None
                };
                if verdict.is_some() {
                    self.applied(&setl_id, class_without, payable);
                }
            }
        }
        Ok(())
    }
}
