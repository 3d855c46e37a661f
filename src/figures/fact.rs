//! A fact: what the figures of a book make true, with the values that sentences say.

use std::collections::BTreeMap;

use super::words::Bilingual;

/// The name and the values of each fact.
pub(super) const FACTS: &[(&str, &[&str])] = &[
    ("cleared", &["period", "settlements", "visits", "cost", "fund", "gross"]),
    ("to_pay", &["payable", "notices"]),
    ("nothing_to_pay", &[]),
    ("deducted", &["deductions"]),
    ("returned", &["returned", "notices"]),
    ("carried_forward", &["carried_forward"]),
    ("month_before", &["before", "gross", "visits"]),
    ("year_before", &["before", "gross", "visits"]),
    ("leading_treating", &["provinces"]),
    ("leading_insured", &["provinces"]),
    ("matched", &["rate", "cleared", "came"]),
    ("carried", &["count", "stake"]),
    ("too_late", &["refused", "expired"]),
    ("initial_quotas", &["notices", "amount"]),
    ("yearly_quotas", &["notices", "amount"]),
    ("suggested", &["notices", "amount"]),
    ("red", &["pairs"]),
    ("late", &["as_of", "kind", "notices", "open", "payers"]),
    ("none_late", &["as_of"]),
    ("quarter_paid", &["period", "paid", "on_time", "rate"]),
    ("quarter_none_paid", &["period"]),
    ("quarter_open", &["open", "overdue"]),
    ("quarter_late", &["payers"]),
];

/// A fact with its values.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its name.
    pub(super) name: &'static str,
    /// Its values by name.
    pub(super) values: BTreeMap<&'static str, Bilingual>,
    /// What it counts.
    pub subject: FactSubject,
}

/// What a fact counts: a bulletin does not show counts of few persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactSubject {
    /// Money and papers between agencies.
    Agencies,
    /// The cleared settlements of the nation.
    Cleared,
    /// The carried breaks of the nation.
    Carried,
    /// The breaks that came too late.
    TooLate,
}

/// Makes a fact with all of its values.
pub(super) fn fact<const N: usize>(
    name: &'static str,
    subject: FactSubject,
    values: [(&'static str, Bilingual); N],
) -> Fact {
    debug_assert!(FACTS.iter().any(|(known, names)| *known == name
        && names.len() == N
        && values.iter().all(|(value, _)| names.contains(value))));
    Fact { name, values: values.into(), subject }
}
