//! The proof that nothing was lost, doubled or invented on the way from the delivery to the positions.

use super::{breaks::SideCopy, index::plain_payable, matching::AllMatched, settle::Settled};
use crate::{
    clear::positions::{Changes, Positions},
    codes::Side,
    control::{Bucket, Control, Totals},
    diag::{Failure, Outcome},
    ingest::{record::Facts, survey::Survey},
};

/// The control totals of what cleared by itself, proven from two sides.
pub struct Proof {
    /// Totals of each side.
    pub plain: [Totals; 2],
}

impl Proof {
    /// Valid rows without the doubtful ones are what the match cleared: in rows and payable as the match
    /// counted them, and in cost the same on both sides.
    pub fn of(survey: &Survey, matched: &AllMatched, doubtful: &[SideCopy]) -> Outcome<Proof> {
        let plain = Side::BOTH.map(|side| {
            let delivered = survey.control.get(side, Bucket::Delivered);
            let mut rest = delivered.minus(survey.control.get(side, Bucket::Rejected));
            for copy in doubtful.iter().filter(|copy| copy.side == side) {
                rest = rest.minus(copy.totals());
            }
            rest
        });
        for side in Side::BOTH {
            let Totals { rows, payable, .. } = plain[side.index()];
            let counted = (matched.cleared, matched.payable);
            Failure::unless((rows, payable) == counted, || {
                format!(
                    "the {} side should clear {:?}, the match cleared {counted:?}",
                    side.name(),
                    (rows, payable)
                )
            })?;
        }
        Failure::unless(plain[0] == plain[1], || format!("what cleared differs: {plain:?}"))?;
        Ok(Proof { plain })
    }

    /// The control table of the period.
    pub fn control(&self, survey: &Survey, settled: &Settled) -> Outcome<Control> {
        let mut control = settled.control.clone();
        for side in Side::BOTH {
            for bucket in [Bucket::Delivered, Bucket::Rejected] {
                control.add(side, bucket, survey.control.get(side, bucket));
            }
            control.add(side, Bucket::Cleared, self.plain[side.index()]);
        }
        control.prove()?;
        Ok(control)
    }
}

/// What was counted of rows that turned out to be in doubt, and has to be taken out again.
pub fn counted_in_doubt(doubtful: &[SideCopy]) -> Changes {
    let mut changes = Changes::default();
    // Those that looked plain at the first read have been counted.
    let counted = |copy: &&SideCopy| {
        let Facts { payable, timing, .. } = copy.facts;
        let reversal = copy.reverses().is_some();
        copy.side == Side::Treating && plain_payable(payable, timing.in_time(), reversal).is_some()
    };
    for copy in doubtful.iter().filter(counted) {
        changes.add(&copy.record, &copy.facts, -1);
    }
    changes
}

/// The positions of everything that cleared, proven against the totals.
pub fn all_positions(
    mut positions: Positions,
    mut changes: Changes,
    cleared: &[SideCopy],
    proof: &Proof,
) -> Outcome<Positions> {
    for copy in cleared {
        changes.add(&copy.record, &copy.facts, 1);
    }
    positions.change(changes);
    let expected = cleared.iter().map(SideCopy::totals).fold(proof.plain[0], |mut all, totals| {
        all += totals;
        all
    });
    let found = positions.totals();
    Failure::unless(found == expected, || {
        format!("positions hold {found:?}, {expected:?} cleared")
    })?;
    Ok(positions)
}
