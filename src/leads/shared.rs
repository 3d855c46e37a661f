//! Settlements that several leads suspect. A reply may deduct from such a settlement in one of the leads only (W04), so
//! the line in each pack names the other leads.

use std::collections::BTreeMap;

use super::{
    direction::{PaidDirection, takes_amount},
    tables::LeadIds,
    tally::OrdinalSet,
};
use crate::{
    diag::Outcome,
    event::Monitor,
    keyed::sorted::Sorted,
    review::{found::FoundLead, rule::ReviewRule},
};

/// The most leads of settlements that are held by name: above it, lines say only that there are others.
const MOST_NAMED: usize = if cfg!(test) { 8 } else { 1 << 20 };
/// The most leads that a line names.
const LISTED: usize = 5;

/// The settlements from which several leads may deduct.
#[derive(Debug, Default)]
pub(super) struct SharedSettlements {
    /// By the number of the row.
    several: OrdinalSet,
    /// The leads of each, as rule and number; empty where there are too many.
    leads: BTreeMap<u64, Vec<(ReviewRule, u64)>>,
}

impl SharedSettlements {
    /// Looks at all leads, so that few of them are in memory: first which settlements, then which leads.
    pub(super) fn find(leads: &Sorted<FoundLead>, monitor: &Monitor) -> Outcome<SharedSettlements> {
        let (mut seen, mut several) = (OrdinalSet::default(), OrdinalSet::default());
        let mut held = 0;
        leads.for_each(|lead| {
            monitor.check()?;
            for ordinal in deducted_from(lead) {
                if !seen.insert(ordinal) {
                    held += if several.insert(ordinal) { 2 } else { 1 };
                }
            }
            Ok(())
        })?;
        let mut shared = SharedSettlements { several, leads: BTreeMap::new() };
        if (1..=MOST_NAMED).contains(&held) {
            let mut ids = LeadIds::default();
            leads.for_each(|lead| {
                monitor.check()?;
                let number = ids.next_number(lead.rule);
                for ordinal in deducted_from(lead).filter(|one| shared.several.has(*one)) {
                    shared.leads.entry(ordinal).or_default().push((lead.rule, number));
                }
                Ok(())
            })?;
        }
        Ok(shared)
    }

    /// Returns what a line of a lead says about the other leads of its settlement; empty where there is none.
    pub(super) fn others(&self, lead_id: &str, ordinal: u64) -> String {
        if !self.several.has(ordinal) {
            return String::new();
        }
        let Some(leads) = self.leads.get(&ordinal) else { return "另有线索 others".to_owned() };
        let ids = leads.iter().map(|(rule, number)| LeadIds::id(*rule, *number));
        let ids: Vec<String> = ids.filter(|id| id != lead_id).collect();
        let mut said = ids[..ids.len().min(LISTED)].join(", ");
        if ids.len() > LISTED {
            said.push_str(", …");
        }
        said
    }
}

/// Returns the rows of the settlements from which replies to a lead may deduct.
fn deducted_from(lead: &FoundLead) -> impl Iterator<Item = u64> {
    let takes = takes_amount(lead.rule, PaidDirection::of(lead));
    lead.suspects.iter().filter(move |_| takes).map(|suspect| suspect.ordinal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keyed::sorted::Sorter, leads::samples, place::staging::Staging};

    fn shared(leads: &[FoundLead]) -> SharedSettlements {
        let folder = tempfile::tempdir().expect("a folder");
        let staging = Staging::inside(folder.path()).expect("made");
        let sorter = Sorter::new(usize::MAX, &staging.scratch(), "leads");
        sorter.push(leads.to_vec()).expect("pushed");
        let sorted = sorter.finish().expect("sorted");
        SharedSettlements::find(&sorted, &Monitor::silent()).expect("found")
    }

    #[test]
    fn a_line_names_the_other_leads_that_may_deduct() {
        use ReviewRule::{Beh07, Beh08, Beh16, Ben01};
        let visit = |n| samples::visit(&format!("V{n}"), n, "P1", "310101", 3);
        let lead = |rule, ids: &[u64], detail: &str| {
            samples::lead(rule, ids.iter().map(|n| visit(*n)).collect(), Vec::new(), detail)
        };
        let mut leads = vec![
            lead(Beh07, &[1, 2], "count=2"),
            lead(Beh08, &[2, 3], "count=2"),
            // Nothing is deducted from reversals, nor where too little was paid.
            lead(Beh16, &[1, 3], "count=2"),
            lead(Ben01, &[3], "lo=200.00;hi=200.00"),
        ];
        leads[0].context = vec![visit(3)];
        let found = shared(&leads);
        assert_eq!(found.others("BEH-07-000001", 1), "");
        assert_eq!(found.others("BEH-07-000001", 2), "BEH-08-000001");
        assert_eq!(found.others("BEH-08-000001", 2), "BEH-07-000001");
        assert_eq!(found.others("BEH-08-000001", 3), "");
        leads[3].detail = "lo=1.00;hi=2.00".to_owned();
        assert_eq!(shared(&leads).others("BEH-08-000001", 3), "BEN-01-000001");
        // Too many to hold.
        let many: Vec<u64> = (0..5).collect();
        let found = shared(&[lead(Beh07, &many, ""), lead(Beh08, &many, "")]);
        assert_eq!(found.others("BEH-07-000001", 4), "另有线索 others");
    }
}
