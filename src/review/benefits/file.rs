//! The tables of a benefit file as they are written.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    predicates::Predicates,
    words::{
        AreaPrefix, BenefitFactor, DayOfEveryYear, FilingClass, HospitalLevel, LayerBase, PerCent,
        PersonKind, Points, RaisingFactor, StayCell, WageTimes,
    },
};
use crate::{
    model::{
        codes::{CareClass, FundClass, Province},
        money::Fen,
    },
    review::cell::{CellList, OneCell, RowList},
    shapes::FormatNumber,
};

/// A benefit file (TOML): what insured areas pay (docs/benefits.md).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "A benefit file", extend("required" = ["format", "set"]))]
pub(crate) struct BenefitsFile {
    /// The format of the file.
    #[schemars(with = "FormatNumber<1>")]
    format: Option<FormatNumber<1>>,
    /// The rule sets; each starts with `[[set]]`.
    #[schemars(length(min = 1))]
    set: RowList<SetTable>,
}

/// A rule set: what an area pays for one fund class in a span of days.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["area", "fund_class", "from", "source"]))]
pub(super) struct SetTable {
    /// The insured areas: 2, 4 or 6 digits that their divisions begin with. Pairs of zeros at the end do not count.
    pub(super) area: CellList<AreaPrefix>,
    /// The fund class.
    pub(super) fund_class: OneCell<FundClass>,
    /// The first benefit day of the set.
    pub(super) from: OneCell<NaiveDate>,
    /// The last benefit day of the set; without it there is none yet.
    pub(super) until: OneCell<NaiveDate>,
    /// The documents that the figures are from.
    pub(super) source: OneCell<String>,
    /// The day on which the benefit year begins; without it 1 January.
    pub(super) year_starts: OneCell<DayOfEveryYear>,
    /// The treating provinces in which no filing is needed.
    pub(super) deemed: CellList<Province>,
    /// The average wages that caps are multiples of.
    wage: RowList<WageTable>,
    /// Deductibles; the first row that fits wins, in every table.
    deductible: RowList<DeductibleTable>,
    /// Ratios, by bands.
    ratio: RowList<RatioTable>,
    /// What is different away from home.
    remote: RowList<RemoteTable>,
    /// Caps.
    cap: RowList<CapTable>,
    /// Second layers; they are checked for form, and no rule judges by them.
    layer: RowList<LayerTable>,
    /// Tests: a settlement, and what the fund pays for it. `liangqing check` runs them.
    test: RowList<TestTable>,
}

macro_rules! row {
    ($(#[$what:meta])* $name:ident { $($(#[doc = $doc:literal])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        $(#[$what])*
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            /// The care classes of the row. This key and the next eleven say what the row fits; a missing one fits all.
            care_class: CellList<CareClass>,
            /// Levels of institutions.
            level: CellList<HospitalLevel>,
            /// Kinds of persons.
            person: CellList<PersonKind>,
            /// The lowest age in whole years on the day of admission.
            #[schemars(with = "u16")]
            age_from: Option<u16>,
            /// The first age that is too old.
            #[schemars(with = "u16")]
            age_below: Option<u16>,
            /// Contribution grades.
            grade: CellList<String>,
            /// Stays of the year: `2`, or `3+` for the third and later ones. Inpatient rows only.
            stay: CellList<StayCell>,
            /// Classes by filing.
            filing: CellList<FilingClass>,
            /// Codes of diseases.
            disease: CellList<String>,
            /// Codes of institutions.
            institutions: CellList<String>,
            /// Whether the institution is in the network.
            #[schemars(with = "bool")]
            networked: Option<bool>,
            /// The least months of insurance without a break.
            #[schemars(with = "u16")]
            months_insured_from: Option<u16>,
            $($(#[doc = $doc])* pub(crate) $field: $type,)*
        }

        impl $name {
            /// Takes the predicates out of the row.
            pub(crate) fn predicates(&mut self) -> Predicates {
                Predicates {
                    care_class: self.care_class.0.take(),
                    level: self.level.0.take(),
                    person: self.person.0.take(),
                    age_from: self.age_from,
                    age_below: self.age_below,
                    grade: self.grade.0.take(),
                    stay: self.stay.0.take(),
                    filing: self.filing.0.take(),
                    disease: self.disease.0.take(),
                    institutions: self.institutions.0.take(),
                    networked: self.networked,
                    months_insured_from: self.months_insured_from,
                }
            }
        }
    };
}

row! {
    /// A deductible.
    #[schemars(extend("required" = ["care_class", "amount"]))]
    DeductibleTable {
        /// The amount.
        amount: OneCell<Fen>,
        /// Whether any amount from 0 to it is right: once a year, by quarter, topped up.
        or_less: bool,
        /// It is due once more for each so many full days of a stay; 0: it is not.
        again_days: u16,
    }
}

row! {
    /// A ratio.
    #[schemars(extend("required" = ["care_class", "percent"]))]
    RatioTable {
        /// The per cent that the fund pays.
        percent: OneCell<PerCent>,
        /// The band begins above this amount of the benefit year; without it at 0.
        above: OneCell<Fen>,
        /// The band ends with this amount; without it nowhere.
        upto: OneCell<Fen>,
    }
}

row! {
    /// What is different away from home. A row without any of the values says: as at home.
    RemoteTable {
        /// Points to add to every ratio; never together with `factor`.
        points: OneCell<Points>,
        /// The factor on what the fund pays; never together with `points`.
        factor: OneCell<BenefitFactor>,
        /// The per cent of the in-scope amount that the person pays first.
        first_share: OneCell<PerCent>,
        /// The factor on the deductible.
        deductible_factor: OneCell<RaisingFactor>,
    }
}

row! {
    /// A cap. The classes of a row share it.
    #[schemars(extend("required" = ["care_class"]))]
    CapTable {
        /// The most of a benefit year.
        year: OneCell<Fen>,
        /// The most of a benefit year in wages of the set.
        wage_times: OneCell<WageTimes>,
        /// The most of one settlement.
        visit: OneCell<Fen>,
    }
}

row! {
    /// A second layer.
    #[schemars(extend("required" = ["fund", "of", "percent"]))]
    LayerTable {
        /// The field of the record that this fund pays into.
        fund: OneCell<String>,
        /// The amount that the layer counts: `in_scope`, or `own_paid`, which the person has paid.
        of: OneCell<LayerBase>,
        /// The band begins above this amount.
        above: OneCell<Fen>,
        /// The band ends with this amount.
        upto: OneCell<Fen>,
        /// The per cent that the fund pays.
        percent: OneCell<PerCent>,
    }
}

/// An average wage.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["from", "amount"]))]
pub(super) struct WageTable {
    /// The first benefit day of this wage.
    pub(super) from: OneCell<NaiveDate>,
    /// The wage.
    pub(super) amount: OneCell<Fen>,
}

/// A test of the set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["settlement"]))]
pub(super) struct TestTable {
    /// What is known of a settlement.
    #[schemars(with = "SettlementTable")]
    settlement: Option<toml::Table>,
    /// What the fund pays; it says `lo` and `hi` in one.
    pub(super) hifp_pay: OneCell<Fen>,
    /// The least that the fund may pay.
    pub(super) lo: OneCell<Fen>,
    /// The most that the fund may pay.
    pub(super) hi: OneCell<Fen>,
}

/// What a test knows of a settlement. What it does not name is unknown.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["care_class"]))]
pub(super) struct SettlementTable {
    /// The care class.
    pub(super) care_class: OneCell<CareClass>,
    /// The level of the institution.
    pub(super) level: OneCell<HospitalLevel>,
    /// The kind of the person.
    pub(super) person: OneCell<PersonKind>,
    /// Whole years on the day of admission.
    #[schemars(with = "u16")]
    pub(super) age: Option<u16>,
    /// The contribution grade.
    pub(super) grade: OneCell<String>,
    /// The number of the stay in the year.
    pub(super) stay: OneCell<StayCell>,
    /// The class by filing.
    pub(super) filing: OneCell<FilingClass>,
    /// The code of the disease.
    pub(super) disease: OneCell<String>,
    /// The code of the institution.
    pub(super) institution: OneCell<String>,
    /// Whether the institution is in the network.
    #[schemars(with = "bool")]
    pub(super) networked: Option<bool>,
    /// Days from admission to discharge.
    #[schemars(with = "u16")]
    pub(super) days: Option<u16>,
    /// The in-scope amount.
    pub(super) inscp_scp_amt: OneCell<Fen>,
    /// The deductible that was really paid.
    pub(super) act_pay_dedc: OneCell<Fen>,
}
