//! A reversal that is stored until its original is known.

use super::{
    breaks::{Copies, SideCopy},
    values::PackedCopy,
};
use crate::model::verdict::Verdict;
use crate::{
    diag::{Failure, Outcome},
    keyed::key::Key,
    model::{codes::Side, control::Class},
};

/// A reversal that reached step 8.
pub(super) struct Reversal {
    pub(super) copies: Copies,
    /// The side whose copy clears.
    pub(super) clearing: Side,
    pub(super) verdict: Option<Verdict>,
    /// The class of step 6 or 7 that a decision overrides.
    pub(super) overridden: Option<Class>,
}

/// The packed form of a reversal.
pub(super) type PackedReversal<R> =
    (Side, Option<Verdict>, Option<Class>, [Option<PackedCopy<R>>; 2]);

impl Reversal {
    /// Returns the copy that clears.
    pub(super) fn copy(&self) -> Outcome<&SideCopy> {
        let copy = self.copies[self.clearing.index()].as_ref();
        copy.ok_or_else(|| Failure::Bug(text!("a reversal without the copy that clears")))
    }

    /// Returns the key of its original.
    pub(super) fn original(&self) -> Outcome<Key> {
        let original = self.copy()?.reverses().map(Key::of);
        original.ok_or_else(|| Failure::Bug(text!("a reversal without an original's key")))
    }
}
