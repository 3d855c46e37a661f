//! Control totals: every stage hands them over, and the next one asserts them.
//!
//! For each side, in rows and in fen: delivered + opened = rejected + superseded + every break class + cleared
//! (contract §6, table `control`).

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    diag::{Code, Failure, Finding, Outcome},
    model::{
        codes::Side,
        money::{Fen, FenSum},
    },
    text::{Fill, Value, quoted, word},
};

/// The number of rows, and two of their sums in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// The number of rows.
    pub rows: i64,
    /// Sum of medfee_sumamt.
    pub medfee: FenSum,
    /// Sum of the payable fields.
    pub payable: FenSum,
}

impl Totals {
    /// Makes the totals of one record.
    pub fn of_one(medfee: Fen, payable: Fen) -> Totals {
        Totals { rows: 1, medfee: medfee.into(), payable: payable.into() }
    }

    /// Subtracts other totals.
    #[must_use]
    pub fn minus(self, other: Totals) -> Totals {
        Totals {
            rows: self.rows - other.rows,
            medfee: self.medfee - other.medfee,
            payable: self.payable - other.payable,
        }
    }

    /// Whether both sums fit `DECIMAL(38,2)`.
    pub fn fit(self) -> bool {
        self.medfee.fits() && self.payable.fits()
    }
}

/// Sums saturate at 128 bits, which is beyond `DECIMAL(38,2)`: [`Totals::fit`] then fails.
impl AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        self.rows += other.rows;
        self.medfee = self.medfee.saturating_add(other.medfee);
        self.payable = self.payable.saturating_add(other.payable);
    }
}

/// Makes the finding of a side whose amounts add up to more than `DECIMAL(38,2)` holds.
pub fn beyond_decimal(side: Side) -> Finding {
    Finding::of_file(Code::F12, side.name(), text!("amounts that together are beyond it"))
}

/// Where a copy of a settlement ends in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// In the delivery of this period.
    Delivered,
    /// An open item brought in.
    Opened,
    /// Broke a row rule.
    Rejected,
    /// An open item that a new row replaced.
    Superseded,
    /// Cleared and registered.
    Cleared,
    /// A break of a class.
    #[serde(untagged)]
    Break(Class),
}

impl Fill for Bucket {
    fn fill(&self) -> Value {
        word(self.name())
    }
}

impl Bucket {
    /// Returns every bucket, in the order of the table.
    pub fn all() -> impl Iterator<Item = Bucket> {
        [Bucket::Delivered, Bucket::Opened, Bucket::Rejected, Bucket::Superseded]
            .into_iter()
            .chain(Class::ALL.into_iter().map(Bucket::Break))
            .chain([Bucket::Cleared])
    }

    /// Returns the word for it in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Bucket::Delivered => "delivered",
            Bucket::Opened => "opened",
            Bucket::Rejected => "rejected",
            Bucket::Superseded => "superseded",
            Bucket::Break(class) => class.name(),
            Bucket::Cleared => "cleared",
        }
    }

    fn index(self) -> usize {
        match self {
            Bucket::Delivered => 0,
            Bucket::Opened => 1,
            Bucket::Rejected => 2,
            Bucket::Superseded => 3,
            Bucket::Break(class) => 4 + class as usize,
            Bucket::Cleared => 4 + Class::ALL.len(),
        }
    }
}

/// Why a copy did not clear (contract §4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Its settlement is in the register.
    AlreadyCleared,
    /// Equal to another row of the delivery.
    Duplicate,
    /// Another row of the delivery has the same key and other values.
    Conflict,
    /// Delivered too late, without a permit.
    LateRefused,
    /// Carried until it was too late.
    Expired,
    /// Given up by decision.
    Voided,
    /// The insured side has no copy.
    MissingInsured,
    /// The treating side has no copy.
    MissingTreating,
    /// An identity field differs.
    FieldMismatch,
    /// An amount differs.
    AmountMismatch,
    /// A reversal without an original.
    ReversalUnpaired,
    /// A reversal that is not the negative of its original.
    ReversalMismatch,
    /// A reversal of what is reversed already.
    AlreadyReversed,
}

impl Fill for Class {
    fn fill(&self) -> Value {
        word(self.name())
    }
}

impl Class {
    /// Every class, in the order of the rules.
    pub const ALL: [Class; 13] = [
        Class::AlreadyCleared,
        Class::Duplicate,
        Class::Conflict,
        Class::LateRefused,
        Class::Expired,
        Class::Voided,
        Class::MissingInsured,
        Class::MissingTreating,
        Class::FieldMismatch,
        Class::AmountMismatch,
        Class::ReversalUnpaired,
        Class::ReversalMismatch,
        Class::AlreadyReversed,
    ];

    /// Returns the class that a word names.
    pub fn from_name(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The word used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Class::AlreadyCleared => "already_cleared",
            Class::Duplicate => "duplicate",
            Class::Conflict => "conflict",
            Class::LateRefused => "late_refused",
            Class::Expired => "expired",
            Class::Voided => "voided",
            Class::MissingInsured => "missing_insured",
            Class::MissingTreating => "missing_treating",
            Class::FieldMismatch => "field_mismatch",
            Class::AmountMismatch => "amount_mismatch",
            Class::ReversalUnpaired => "reversal_unpaired",
            Class::ReversalMismatch => "reversal_mismatch",
            Class::AlreadyReversed => "already_reversed",
        }
    }

    /// Whether its copies are carried to the next period.
    pub const fn is_carried(self) -> bool {
        matches!(
            self,
            Class::MissingInsured
                | Class::MissingTreating
                | Class::FieldMismatch
                | Class::AmountMismatch
                | Class::ReversalUnpaired
                | Class::ReversalMismatch
        )
    }
}

const BUCKETS: usize = 5 + Class::ALL.len();

/// The control table of a period.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Control {
    totals: [[Totals; BUCKETS]; 2],
}

impl Control {
    /// Returns the totals of a bucket.
    pub fn get(&self, side: Side, bucket: Bucket) -> Totals {
        self.totals[side.index()][bucket.index()]
    }

    /// Adds to a bucket.
    pub fn add(&mut self, side: Side, bucket: Bucket, totals: Totals) {
        self.totals[side.index()][bucket.index()] += totals;
    }

    /// Adds the totals of every bucket of another table.
    pub fn merge(&mut self, other: &Control) {
        let all = self.totals.iter_mut().flatten();
        all.zip(other.totals.iter().flatten()).for_each(|(all, more)| *all += *more);
    }

    /// Fails unless the totals of each side balance: no copy was lost, doubled or invented.
    pub fn prove(&self) -> Outcome<()> {
        for side in Side::BOTH {
            let mut came = self.get(side, Bucket::Delivered);
            came += self.get(side, Bucket::Opened);
            let mut went = Totals::default();
            for bucket in Bucket::all().skip(2) {
                went += self.get(side, bucket);
            }
            let name = side.name();
            Failure::unless(came == went, || {
                text!(
                    "control totals of the {} side: {} came in, {} went out",
                    name,
                    quoted(came),
                    quoted(went)
                )
            })?;
            // The delivery alone fitted; with the open items it may be too much.
            if !came.fit() {
                return Err(Failure::Refused(vec![beyond_decimal(side)]));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_has_to_go_out() {
        let mut control = Control::default();
        let one = Totals::of_one(Fen::new(100), Fen::new(60));
        control.add(Side::Treating, Bucket::Delivered, one);
        assert!(control.prove().is_err());
        control.add(Side::Treating, Bucket::Break(Class::Voided), one);
        assert!(control.prove().is_ok());
        control.add(
            Side::Insured,
            Bucket::Cleared,
            Totals { medfee: FenSum::new(1), ..Totals::default() },
        );
        assert!(control.prove().is_err());
    }

    #[test]
    fn buckets_have_their_own_place() {
        let places: Vec<usize> = Bucket::all().map(Bucket::index).collect();
        assert_eq!(places, (0..BUCKETS).collect::<Vec<_>>());
    }
}
