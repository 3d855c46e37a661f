//! The proof that nothing was lost, doubled or invented on the way from the delivery to the positions.

use super::{matching::AllMatched, tally::DoubtTally};
use crate::{
    columnar::{shape, table::TableBuilder},
    diag::{Failure, Outcome},
    ingest::survey::Survey,
    model::{
        codes::Side,
        control::{Bucket, Control, Totals},
    },
    text::quoted,
};

/// The control totals of the settlements that the match cleared, proven in two ways.
pub struct Proof {
    /// Totals of each side.
    pub plain: [Totals; 2],
}

impl Proof {
    /// Proves for each side that the valid rows less the doubtful rows are the rows that the match cleared, in number
    /// and payable. Both sides must have the same cost too.
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
                text!(
                    "the {} side should clear {}, the match cleared {}",
                    side,
                    quoted((rows, payable)),
                    quoted(counted)
                )
            })?;
        }
        Failure::unless(plain[0] == plain[1], || text!("what cleared differs: {}", quoted(plain)))?;
        Ok(Proof { plain })
    }

    /// Returns the totals of all settlements that cleared: in the match, and after doubt.
    pub fn cleared(&self, tally: &DoubtTally) -> Totals {
        let mut cleared = self.plain[0];
        cleared += tally.cleared;
        cleared
    }

    /// Adds up the control table of the period and proves it.
    pub fn control(&self, survey: &Survey, tally: &DoubtTally) -> Outcome<Control> {
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
}

/// Makes the table `control`: rows and sums of each side and bucket.
pub fn control_table(control: &Control) -> TableBuilder {
    let mut sides = Side::BOTH;
    sides.sort_by_key(|side| side.name());
    let rows: Vec<(Side, Bucket, Totals)> = sides
        .into_iter()
        .flat_map(|side| Bucket::all().map(move |bucket| (side, bucket)))
        .map(|(side, bucket)| (side, bucket, control.get(side, bucket)))
        .collect();
    TableBuilder::new(shape::CONTROL)
        .text("side", rows.iter().map(|(side, _, _)| Some(side.name())))
        .text("bucket", rows.iter().map(|(_, bucket, _)| Some(bucket.name())))
        .count("rows", rows.iter().map(|(_, _, totals)| totals.rows))
        .sum("medfee_sumamt", rows.iter().map(|(_, _, totals)| totals.medfee))
        .sum("payable", rows.iter().map(|(_, _, totals)| totals.payable))
}
