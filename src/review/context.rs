//! What the rules on filing and benefit need besides a person.

use std::collections::BTreeSet;

use super::{
    benefits::{Benefits, index::BenefitIndex},
    filing::ProvinceSet,
    rule::ReviewRule,
    thresholds::Thresholds,
};

/// What the rules on filing and benefit need besides a person.
#[derive(Debug)]
pub struct ReviewContext<'a> {
    /// The thresholds in force.
    pub thresholds: &'a Thresholds,
    /// The rules that do not run. Their definitions still hold: where BEN-03 holds and is off, there is no BEN-01.
    pub off: BTreeSet<ReviewRule>,
    /// The insured provinces of which there are filings, valid or not; none where no filings are given.
    pub filed: Option<ProvinceSet>,
    /// The rule sets.
    pub(super) benefits: BenefitIndex<'a>,
}

impl<'a> ReviewContext<'a> {
    /// Makes a context.
    pub fn new(
        thresholds: &'a Thresholds,
        off: BTreeSet<ReviewRule>,
        benefits: &'a Benefits,
        filed: Option<ProvinceSet>,
    ) -> ReviewContext<'a> {
        ReviewContext { thresholds, off, filed, benefits: BenefitIndex::of(benefits) }
    }

    /// Whether a rule gives leads: it is not off, and what it needs of thresholds and filings is there.
    pub fn runs(&self, rule: ReviewRule) -> bool {
        let has_needs = match rule {
            ReviewRule::Fil01 | ReviewRule::Fil02 | ReviewRule::Fil03 => {
                self.filed.is_some() && self.thresholds.fil.is_some()
            }
            ReviewRule::Fil04 => self.filed.is_some(),
            ReviewRule::Ben01 | ReviewRule::Ben03 => self.thresholds.ben.is_some(),
            _ => true,
        };
        has_needs && !self.off.contains(&rule)
    }
}
