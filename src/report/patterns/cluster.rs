//! Breaks with one cause.

use crate::{
    model::{
        codes::{Pair, Province},
        control::Class,
        fields::Field,
        money::FenSum,
    },
    report::source::BreakTally,
};

/// The difference in a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FieldChange {
    /// A constant offset: treating − insured, in fen.
    Offset(FenSum),
    /// A changed code: the code of the insured side, then of the treating side.
    Recoded(String, String),
    /// A difference without a pattern: the values are of persons, or differ in every row.
    Free,
}

/// The fields that differ, with their differences.
pub(super) type Changes = Vec<(Field, FieldChange)>;

/// A place that breaks share. The variants are ordered from the narrowest to the widest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SharedPlace {
    Institution(String),
    Insured(String, Province),
    Treating(String),
    /// The city of an insured division, by its four digits, and a treating province.
    InsuredCity(String, Province),
    TreatingCity(String),
    Pair(Pair),
    Declares(Province),
    Owes(Province),
}

/// Breaks with one cause.
#[derive(Debug)]
pub(super) struct BreakCluster {
    pub(super) class: Class,
    pub(super) place: SharedPlace,
    pub(super) changes: Changes,
    /// The number of pairs with these breaks.
    pub(super) pairs: usize,
    pub(super) tally: BreakTally,
}
