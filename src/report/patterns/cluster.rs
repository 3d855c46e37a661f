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

/// How a field differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FieldChange {
    /// Treating − insured, in fen.
    Offset(FenSum),
    /// From the code of the insured side to that of the treating side.
    Recoded(String, String),
    /// It differs; what it holds is a person's, or as many values as there are rows.
    Free,
}

/// The fields that differ, each with how.
pub(super) type Changes = Vec<(Field, FieldChange)>;

/// A place that breaks share, the narrowest first.
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
    /// Pairs that are concerned.
    pub(super) pairs: usize,
    pub(super) tally: BreakTally,
}
