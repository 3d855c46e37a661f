//! A reversal that waits for its original.

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

/// A reversal that got to step 8.
pub(super) struct Reversal {
    pub(super) copies: Copies,
    /// Whose copy clears.
    pub(super) clearing: Side,
    pub(super) verdict: Option<Verdict>,
    /// The class of step 6 or 7 that a decision overrides.
    pub(super) overridden: Option<Class>,
}

/// A reversal as it is packed.
pub(super) type PackedReversal<R> =
    (Side, Option<Verdict>, Option<Class>, [Option<PackedCopy<R>>; 2]);

impl Reversal {
    /// The copy that clears.
    pub(super) fn copy(&self) -> Outcome<&SideCopy> {
        let copy = self.copies[self.clearing.index()].as_ref();
        copy.ok_or_else(|| Failure::Bug(text!("a reversal without the copy that clears")))
    }

    /// The original's key.
    pub(super) fn original(&self) -> Outcome<Key> {
        let original = self.copy()?.reverses().map(Key::of);
        original.ok_or_else(|| Failure::Bug(text!("a reversal without an original's key")))
    }
}
