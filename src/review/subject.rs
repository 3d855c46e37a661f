//! Whom a rule looks at: a person, or an institution.

use super::{filing::Filing, row::ReviewedRow};

/// The settlements of a person. Reversals and reversed settlements are not among them.
#[derive(Debug)]
pub struct Person<'a> {
    /// The person's number.
    pub psn_no: &'a str,
    /// The settlements by (setl_time, setl_id).
    pub settlements: &'a [&'a ReviewedRow<'a>],
    /// The person's filings, valid or not, each once, in their order.
    pub filings: &'a [&'a Filing<'a>],
}

/// The rows of an institution, each list by (setl_time, setl_id).
#[derive(Debug)]
pub struct InstitutionRows<'a> {
    /// The institution's code.
    pub institution: &'a str,
    /// The settlements.
    pub settlements: &'a [&'a ReviewedRow<'a>],
    /// The reversals.
    pub reversals: &'a [&'a ReviewedRow<'a>],
    /// The settlements that a reversal names.
    pub reversed: &'a [&'a ReviewedRow<'a>],
}
