//! The proof that nothing was lost, doubled or invented on the way from the delivery to the positions.

use super::{matching::AllMatched, settle::Tally};
use crate::{
    clear::positions::Positions,
    codes::Side,
    control::{Bucket, Control, Totals},
    diag::{Failure, Outcome},
    ingest::survey::Survey,
};

/// The control totals of what cleared by itself, proven from two sides.
pub struct Proof {
    /// Totals of each side.
    pub plain: [Totals; 2],
}

impl Proof {
    /// Valid rows without the doubtful ones are what the match cleared: in rows and payable as the match
    /// counted them, and in cost the same on both sides.
    pub fn of(survey: &Survey, matched: &AllMatched, in_doubt: [Totals; 2]) -> Outcome<Proof> {
        let plain = Side::BOTH.map(|side| {
            let delivered = survey.control.get(side, Bucket::Delivered);
            let valid = delivered.minus(survey.control.get(side, Bucket::Rejected));
            valid.minus(in_doubt[side.index()])
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
    pub fn control(&self, survey: &Survey, tally: &Tally) -> Outcome<Control> {
        let mut control = tally.control.clone();
        for side in Side::BOTH {
            for bucket in [Bucket::Delivered, Bucket::Rejected] {
                control.add(side, bucket, survey.control.get(side, bucket));
            }
            control.add(side, Bucket::Cleared, self.plain[side.index()]);
        }
        control.prove()?;
        Ok(control)
    }

    /// Positions hold what cleared by itself, and the copies in doubt that cleared.
    pub fn of_positions(&self, positions: &Positions, tally: &Tally) -> Outcome<()> {
        let mut expected = self.plain[0];
        expected += tally.cleared;
        let found = positions.totals();
        Failure::unless(found == expected, || {
            format!("positions hold {found:?}, {expected:?} cleared")
        })
    }
}
