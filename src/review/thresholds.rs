//! The thresholds of the rules, as they are in force for a review (docs/review.md, section 4.1). Each rule has a struct of
//! its keys, and a table of the rules file.

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use toml::de::DeTable;

use super::{
    cell::{CellList, OneCell, WholeNumber},
    toml_reader::{KeysOf, TomlReader},
};
use crate::{
    model::{codes::CareClass, money::Fen},
    toml_keys,
};

/// A threshold, and the cell of a file that it stands in.
trait Threshold: Sized {
    /// The cell.
    type Cell;

    /// Takes it out of its cell.
    fn of(cell: Self::Cell) -> Option<Self>;
}

impl Threshold for u64 {
    type Cell = WholeNumber;

    fn of(WholeNumber(number): WholeNumber) -> Option<u64> {
        number
    }
}

impl Threshold for Fen {
    type Cell = OneCell<Fen>;

    fn of(OneCell(amount): OneCell<Fen>) -> Option<Fen> {
        amount
    }
}

impl Threshold for Vec<CareClass> {
    type Cell = CellList<CareClass>;

    fn of(CellList(classes): CellList<CareClass>) -> Option<Vec<CareClass>> {
        classes
    }
}

/// An entry of a rules file: the thresholds of one rule from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThresholdEntry {
    /// The rule, or `FIL` or `BEN`.
    pub rule: &'static str,
    /// The first day of the month of a review that it is in force for.
    pub from: NaiveDate,
    /// The document that it is from, or `ours`.
    pub source: String,
    /// The thresholds of this rule alone.
    pub limits: Thresholds,
}

/// An entry as it is written: one of the tables of all rules.
#[derive(Debug)]
pub(super) struct ThresholdTable;

macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident $table:ident $field:ident $id:literal {
        $($(#[doc = $what:literal])* $key:ident: $kind:ty,)*
    })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name { $($(#[doc = $what])* pub $key: $kind,)* }

            $(#[doc = $doc])*
            #[derive(Debug, Default, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields, default)]
            #[schemars(extend("required" = ["rule", "from", "source", $(stringify!($key)),*]))]
            struct $table {
                /// The rule.
                #[schemars(extend("const" = $id))]
                rule: OneCell<String>,
                /// The first day of the month of a review that the entry is in force for.
                from: OneCell<NaiveDate>,
                /// The document that the numbers are from, or `ours`.
                source: OneCell<String>,
                $($(#[doc = $what])* $key: <$kind as Threshold>::Cell,)*
            }
        )*

        /// The thresholds of every rule that has some; none where the rule does not run.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Thresholds { $(#[doc = $id] pub $field: Option<$name>,)* }

        /// The rules that a rules file may have entries of.
        pub const ENTRIES: &[&str] = &[$($id),*];

        /// The tables of entries, with their keys.
        pub(super) const ENTRY_TABLES: &[(&str, KeysOf)] =
            &[$(($id, toml_keys::known_keys::<$table>)),*];

        /// Reads the entry of a rule; adds to the errors.
        pub(super) fn read_entry(
            rule: &str,
            reader: &mut TomlReader,
            table: &DeTable,
            at: usize,
        ) -> Option<ThresholdEntry> {
            match rule {
                $($id => {
                    let entry: $table = reader.read($id, table);
                    reader.require(table, at, &["from", "source", $(stringify!($key)),*]);
                    let OneCell(rule) = entry.rule;
                    debug_assert_eq!(rule.as_deref(), Some($id), "Invariant: the caller has looked");
                    let limits = $name { $($key: Threshold::of(entry.$key)?,)* };
                    let limits = Thresholds { $field: Some(limits), ..Thresholds::default() };
                    Some(ThresholdEntry {
                        rule: $id,
                        from: entry.from.0?,
                        source: entry.source.0?,
                        limits,
                    })
                })*
                _ => None,
            }
        }

        impl JsonSchema for ThresholdTable {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                "ThresholdTable".into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "oneOf": [$(generator.subschema_for::<$table>()),*] })
            }
        }

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

            /// Puts the thresholds that others have in the place of its own.
            pub fn replace_by(&mut self, others: &Thresholds) {
                $(if others.$field.is_some() {
                    self.$field.clone_from(&others.$field);
                })*
            }
        }
    };
}

limits! {
    /// Overlapping stays.
    OverlapLimits OverlapEntry beh01 "BEH-01" {
        /// Days that both stays have in common, at least.
        days: u64,
    }
    /// A split stay.
    SplitLimits SplitEntry beh02 "BEH-02" {
        /// Days from one stay to the next, at most.
        days: u64,
    }
    /// Frequent stays.
    FrequentStayLimits FrequentStayEntry beh03 "BEH-03" {
        /// Stays in a quarter, at least.
        count: u64,
    }
    /// Care during a stay. It has no key.
    DuringStayLimits DuringStayEntry beh04 "BEH-04" {}
    /// Stays of no day.
    ShortStayLimits ShortStayEntry beh05 "BEH-05" {
        /// Stays of no day in a month, at least.
        count: u64,
        /// Their part of all stays, in per cent, at least.
        percent: u64,
    }
    /// Two provinces at once.
    TravelLimits TravelEntry beh06 "BEH-06" {
        /// Minutes between both, at most.
        minutes: u64,
    }
    /// Many on a day.
    SameDayLimits SameDayEntry beh07 "BEH-07" {
        /// Visits and purchases, at least.
        count: u64,
    }
    /// Frequent visits.
    FrequentVisitLimits FrequentVisitEntry beh08 "BEH-08" {
        /// Visits in a month, at least.
        count: u64,
    }
    /// Frequent purchases.
    FrequentPurchaseLimits FrequentPurchaseEntry beh09 "BEH-09" {
        /// Purchases in a month, at least.
        count: u64,
    }
    /// Many pharmacies.
    ManyPharmacyLimits ManyPharmacyEntry beh10 "BEH-10" {
        /// Pharmacies, at least.
        institutions: u64,
        /// Payable of all purchases, which has to be above it.
        amount: Fen,
    }
    /// Companions.
    CompanionLimits CompanionEntry beh11 "BEH-11" {
        /// Persons of a day, above which the day does not count.
        crowd: u64,
        /// Days that two persons have in common, at least.
        days: u64,
        /// Persons of a group, at least.
        persons: u64,
    }
    /// An institution's surge.
    SurgeLimits SurgeEntry beh12 "BEH-12" {
        /// How many times the mean, at least.
        times: u64,
        /// Earlier months, at least.
        months: u64,
        /// Payable of the month, at least.
        amount: Fen,
    }
    /// A burst on a day.
    BurstLimits BurstEntry beh13 "BEH-13" {
        /// Settlements of the day, at least.
        count: u64,
        /// How many times the mean of the days, at least.
        times: u64,
    }
    /// A cost unlike its peers.
    PeerLimits PeerEntry beh14 "BEH-14" {
        /// Settlements of a mean, at least.
        settlements: u64,
        /// Institutions that are compared, at least.
        institutions: u64,
        /// The distance from the median, in ten-thousandths of robust standard deviations.
        factor: u64,
    }
    /// Amounts just below the limit.
    NearLimitLimits NearLimitEntry beh15 "BEH-15" {
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
    ReversalLimits ReversalEntry beh16 "BEH-16" {
        /// Reversals in a month, at least.
        count: u64,
        /// Their part of the rows that are none, in per cent, at least.
        percent: u64,
    }
    /// Chronic care more often than a month needs.
    ChronicLimits ChronicEntry beh17 "BEH-17" {
        /// Settlements in a month, at least.
        count: u64,
    }
    /// One credential of many persons.
    CredentialLimits CredentialEntry beh18 "BEH-18" {
        /// Persons, at least.
        persons: u64,
    }
    /// Purchases from the account alone.
    AccountLimits AccountEntry beh19 "BEH-19" {
        /// Purchases in a month, at least.
        count: u64,
        /// The part that is account alone, in per cent, at least.
        percent: u64,
        /// The mean cost of all purchases, at least.
        amount: Fen,
    }
    /// Fewer deductions than elsewhere.
    DeductionLimits DeductionEntry beh20 "BEH-20" {
        /// The part of the nation's rate below which a province is found.
        part: u64,
    }
    /// What needs filing.
    FilingLimits FilingEntry fil "FIL" {
        /// The care classes.
        care_class: Vec<CareClass>,
    }
    /// Recomputed benefits.
    BenefitLimits BenefitEntry ben "BEN" {
        /// What rounding by line may differ.
        tolerance: Fen,
    }
}
