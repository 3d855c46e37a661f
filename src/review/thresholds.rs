//! The thresholds of the rules, as they are in force for a review (review §4.1). Each rule has a struct of its keys.

use crate::model::{codes::CareClass, money::Fen};

macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident $field:ident $id:literal { $($(#[doc = $what:literal])* $key:ident: $kind:ty,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name { $($(#[doc = $what])* pub $key: $kind,)* }
        )*

        /// The thresholds of every rule that has some; none where the rule does not run.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Thresholds { $(#[doc = $id] pub $field: Option<$name>,)* }

        /// The entries that a rules file may have, and the keys of each.
        pub const ENTRIES: &[(&str, &[&str])] = &[$(($id, &[$(stringify!($key)),*])),*];

        impl Thresholds {
            /// Takes the thresholds of a rule away.
            pub fn remove(&mut self, rule: &str) {
                match rule {
                    $($id => self.$field = None,)*
                    _ => {}
                }
            }

            /// Whether an entry has thresholds.
            pub fn has(&self, rule: &str) -> bool {
                match rule {
                    $($id => self.$field.is_some(),)*
                    _ => false,
                }
            }
        }
    };
}

limits! {
    /// Overlapping stays.
    OverlapLimits beh01 "BEH-01" {
        /// Days that both stays have in common, at least.
        days: u64,
    }
    /// A split stay.
    SplitLimits beh02 "BEH-02" {
        /// Days from one stay to the next, at most.
        days: u64,
    }
    /// Frequent stays.
    FrequentStayLimits beh03 "BEH-03" {
        /// Stays in a quarter, at least.
        count: u64,
    }
    /// Care during a stay. It has no key.
    DuringStayLimits beh04 "BEH-04" {}
    /// Stays of no day.
    ShortStayLimits beh05 "BEH-05" {
        /// Stays of no day in a month, at least.
        count: u64,
        /// Their part of all stays, in per cent, at least.
        percent: u64,
    }
    /// Two provinces at once.
    TravelLimits beh06 "BEH-06" {
        /// Minutes between both, at most.
        minutes: u64,
    }
    /// Many on a day.
    SameDayLimits beh07 "BEH-07" {
        /// Visits and purchases, at least.
        count: u64,
    }
    /// Frequent visits.
    FrequentVisitLimits beh08 "BEH-08" {
        /// Visits in a month, at least.
        count: u64,
    }
    /// Frequent purchases.
    FrequentPurchaseLimits beh09 "BEH-09" {
        /// Purchases in a month, at least.
        count: u64,
    }
    /// Many pharmacies.
    ManyPharmacyLimits beh10 "BEH-10" {
        /// Pharmacies, at least.
        institutions: u64,
        /// Payable of all purchases, which has to be above it.
        amount: Fen,
    }
    /// Companions.
    CompanionLimits beh11 "BEH-11" {
        /// Persons of a day, above which the day does not count.
        crowd: u64,
        /// Days that two persons have in common, at least.
        days: u64,
        /// Persons of a group, at least.
        persons: u64,
    }
    /// An institution's surge.
    SurgeLimits beh12 "BEH-12" {
        /// How many times the mean, at least.
        times: u64,
        /// Earlier months, at least.
        months: u64,
        /// Payable of the month, at least.
        amount: Fen,
    }
    /// A burst on a day.
    BurstLimits beh13 "BEH-13" {
        /// Settlements of the day, at least.
        count: u64,
        /// How many times the mean of the days, at least.
        times: u64,
    }
    /// A cost unlike its peers.
    PeerLimits beh14 "BEH-14" {
        /// Settlements of a mean, at least.
        settlements: u64,
        /// Institutions that are compared, at least.
        institutions: u64,
        /// The distance from the median, in ten-thousandths of robust standard deviations.
        factor: u64,
    }
    /// Amounts just below the limit.
    NearLimitLimits beh15 "BEH-15" {
        /// The limit.
        limit: Fen,
        /// The width of the bands below and above it.
        width: Fen,
        /// Stays below, at least.
        count: u64,
        /// How many times the stays above, at least.
        times: u64,
    }
    /// Frequent reversals.
    ReversalLimits beh16 "BEH-16" {
        /// Reversals in a month, at least.
        count: u64,
        /// Their part of the rows that are none, in per cent, at least.
        percent: u64,
    }
    /// Chronic care more often than a month needs.
    ChronicLimits beh17 "BEH-17" {
        /// Settlements in a month, at least.
        count: u64,
    }
    /// One credential of many persons.
    CredentialLimits beh18 "BEH-18" {
        /// Persons, at least.
        persons: u64,
    }
    /// Purchases from the account alone.
    AccountLimits beh19 "BEH-19" {
        /// Purchases in a month, at least.
        count: u64,
        /// The part that is account alone, in per cent, at least.
        percent: u64,
        /// The mean cost of all purchases, at least.
        amount: Fen,
    }
    /// Fewer deductions than elsewhere.
    DeductionLimits beh20 "BEH-20" {
        /// The part of the nation's rate below which a province is found.
        part: u64,
    }
    /// What needs filing.
    FilingLimits fil "FIL" {
        /// The care classes.
        care_class: Vec<CareClass>,
    }
    /// Recomputed benefits.
    BenefitLimits ben "BEN" {
        /// What rounding by line may differ.
        tolerance: Fen,
    }
}
