//! BEH-20, fewer deductions than elsewhere (扣款率偏低), with a book: of the periods that are covered months, rate =
//! Σ deductions ÷ Σ gross of table `pairs`; a treating province with gross above 0 with rate × `part` below the nation's
//! rate, all provinces together. Statistical; ours.
//!
//! At stake are the deductions that are missing to the part of the nation's rate, half up to the fen.

use super::numbers::{half_up, times};
use crate::{
    model::{codes::Province, money::FenSum},
    review::{lead::Detail, thresholds::DeductionLimits},
};

/// The deductions and the gross amount of a treating province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvinceDeductions {
    /// The province.
    pub province: Province,
    /// The deductions.
    pub deductions: FenSum,
    /// The gross amount.
    pub gross: FenSum,
}

/// A province whose rate is low.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeductionLead {
    /// The province.
    pub province: Province,
    /// The deductions that are missing.
    pub amount: FenSum,
    /// The details of the lead.
    pub detail: String,
}

/// Finds the provinces whose rate is low.
pub fn deduction_leads(
    provinces: &[ProvinceDeductions],
    limits: &DeductionLimits,
) -> Vec<DeductionLead> {
    let nation_gross: FenSum = provinces.iter().map(|one| one.gross).sum();
    let nation_deductions: FenSum = provinces.iter().map(|one| one.deductions).sum();
    if !nation_gross.is_positive() {
        return Vec::new();
    }
    let with_gross = provinces.iter().filter(|one| one.gross.is_positive());
    let low = with_gross.filter(|one| {
        let own = times(times(one.deductions.fen(), nation_gross.fen()), limits.part);
        own < times(nation_deductions.fen(), one.gross.fen())
    });
    low.map(|one| {
        let divisor = times(nation_gross.fen(), limits.part).max(1);
        let due = half_up(times(nation_deductions.fen(), one.gross.fen()), divisor);
        DeductionLead {
            province: one.province,
            amount: FenSum::new(due) - one.deductions,
            detail: Detail::default()
                .with_yuan("deductions", one.deductions)
                .with_yuan("gross", one.gross)
                .with_yuan("nation_deductions", nation_deductions)
                .with_yuan("nation_gross", nation_gross)
                .text(),
        }
    })
    .collect()
}
