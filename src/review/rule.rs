//! The rules of the review, and how strong a lead of each is.

use serde::{Deserialize, Serialize};

macro_rules! review_rules {
    ($($variant:ident $id:literal $strength:ident $doc:literal,)*) => {
        /// A rule of the review (review §4 to §6), in the order of the ids as bytes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ReviewRule { $(#[doc = $doc] $variant,)* }

        impl ReviewRule {
            /// All rules, in order.
            pub const ALL: &'static [ReviewRule] = &[$(ReviewRule::$variant),*];

            /// Returns the id, such as `BEH-01`.
            pub const fn id(self) -> &'static str {
                match self { $(ReviewRule::$variant => $id,)* }
            }

            /// Returns how strong its leads are; of BEN-01 how strong the weaker ones are.
            pub const fn strength(self) -> Strength {
                match self { $(ReviewRule::$variant => Strength::$strength,)* }
            }
        }
    };
}

review_rules! {
    Beh01 "BEH-01" Certain "Overlapping stays (重叠住院).",
    Beh02 "BEH-02" Consistent "A split stay (分解住院).",
    Beh03 "BEH-03" Statistical "Frequent stays (频繁住院).",
    Beh04 "BEH-04" Consistent "Care during a stay (住院期间门诊购药).",
    Beh05 "BEH-05" Statistical "Stays of no day (短住院).",
    Beh06 "BEH-06" Certain "Two provinces at once (不可能行程).",
    Beh07 "BEH-07" Consistent "Many on a day (同日多次).",
    Beh08 "BEH-08" Statistical "Frequent visits (频繁门诊).",
    Beh09 "BEH-09" Statistical "Frequent purchases (频繁购药).",
    Beh10 "BEH-10" Statistical "Many pharmacies (多店高额).",
    Beh11 "BEH-11" Statistical "Companions (结伴就医).",
    Beh12 "BEH-12" Statistical "An institution's surge (机构暴增).",
    Beh13 "BEH-13" Statistical "A burst on a day (单日冲量).",
    Beh14 "BEH-14" Statistical "A cost unlike its peers (次均费用离群).",
    Beh15 "BEH-15" Statistical "Amounts just below the limit (临界金额).",
    Beh16 "BEH-16" Statistical "Frequent reversals (频繁退费).",
    Beh17 "BEH-17" Consistent "Chronic care more often than a month needs (慢病频次).",
    Beh18 "BEH-18" Certain "One credential of many persons (凭证异常).",
    Beh19 "BEH-19" Statistical "Purchases from the account alone (全个人账户).",
    Beh20 "BEH-20" Statistical "Fewer deductions than elsewhere (扣款率偏低).",
    Ben01 "BEN-01" Consistent "Another amount than the insured place grants.",
    Ben02 "BEN-02" Consistent "Another deductible than the insured place sets.",
    Ben03 "BEN-03" Consistent "The benefit of another class of filing.",
    Ben04 "BEN-04" Certain "More than the cap of a year.",
    Ben05 "BEN-05" Certain "A benefit below the deductible.",
    Ben06 "BEN-06" Certain "A chronic settlement without exactly one disease.",
    Fil01 "FIL-01" Consistent "Nothing was filed.",
    Fil02 "FIL-02" Certain "Filed after the settlement.",
    Fil03 "FIL-03" Consistent "Filed to other places only.",
    Fil04 "FIL-04" Certain "Two places of long residence at once.",
}

impl ReviewRule {
    /// Returns the rule of an id.
    pub fn from_id(id: &str) -> Option<ReviewRule> {
        ReviewRule::ALL.iter().copied().find(|rule| rule.id() == id)
    }

    /// Returns the place of the rule in [`ReviewRule::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How strong a lead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Strength {
    /// The records contradict each other or a rule.
    Certain,
    /// It is outside of what any rule allows, as far as the record tells.
    Consistent,
    /// It is unlike its peers.
    Statistical,
}

impl Strength {
    /// Returns the word for it in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Strength::Certain => "certain",
            Strength::Consistent => "consistent",
            Strength::Statistical => "statistical",
        }
    }
}
