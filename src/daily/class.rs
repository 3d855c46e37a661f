//! The class of a settlement: who has it, and who is to look.

use serde::{Deserialize, Serialize};

use super::{
    copies::{CopyFacts, HeldCopies},
    holder::{
        Holder::{self, Insured, National, Treating},
        Looking,
    },
};

/// The class of a settlement, in the order of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum DailyClass {
    Agrees,
    DiffersAll,
    DiffersInsured,
    DiffersNational,
    DiffersTreating,
    InsuredLacks,
    InsuredLacksDiffers,
    InsuredOnly,
    NationalLacks,
    NationalLacksDiffers,
    NationalOnly,
    Repeated,
    TreatingLacks,
    TreatingLacksDiffers,
    TreatingOnly,
}

/// Each class with its name in tables and its words for people, Chinese and English.
const CLASSES: [(DailyClass, &str, [&str; 2]); 15] = [
    (DailyClass::Agrees, "agrees", ["三方一致", "all agree"]),
    (DailyClass::DiffersAll, "differs_all", ["三方各不相同", "all differ"]),
    (
        DailyClass::DiffersInsured,
        "differs_insured",
        ["参保地与另两方不同", "the insured copy is alone"],
    ),
    (
        DailyClass::DiffersNational,
        "differs_national",
        ["国家与另两方不同", "the national copy is alone"],
    ),
    (
        DailyClass::DiffersTreating,
        "differs_treating",
        ["就医地与另两方不同", "the treating copy is alone"],
    ),
    (DailyClass::InsuredLacks, "insured_lacks", ["参保地缺", "insured place lacks it"]),
    (
        DailyClass::InsuredLacksDiffers,
        "insured_lacks_differs",
        ["参保地缺，另两方不同", "insured place lacks it, the others differ"],
    ),
    (DailyClass::InsuredOnly, "insured_only", ["仅参保地有", "insured place alone"]),
    (DailyClass::NationalLacks, "national_lacks", ["国家缺", "nation lacks it"]),
    (
        DailyClass::NationalLacksDiffers,
        "national_lacks_differs",
        ["国家缺，另两方不同", "nation lacks it, the others differ"],
    ),
    (DailyClass::NationalOnly, "national_only", ["仅国家有", "nation alone"]),
    (DailyClass::Repeated, "repeated", ["重复", "repeated"]),
    (DailyClass::TreatingLacks, "treating_lacks", ["就医地缺", "treating place lacks it"]),
    (
        DailyClass::TreatingLacksDiffers,
        "treating_lacks_differs",
        ["就医地缺，另两方不同", "treating place lacks it, the others differ"],
    ),
    (DailyClass::TreatingOnly, "treating_only", ["仅就医地有", "treating place alone"]),
];

impl DailyClass {
    /// The number of classes.
    pub(super) const COUNT: usize = CLASSES.len();

    /// Returns every class, by name.
    pub(super) fn all() -> impl Iterator<Item = DailyClass> {
        CLASSES.into_iter().map(|(class, ..)| class)
    }

    /// Returns the word for it in tables.
    pub(super) const fn name(self) -> &'static str {
        CLASSES[self.index()].1
    }

    /// Returns the words for people, Chinese and English.
    pub(super) const fn words(self) -> [&'static str; 2] {
        CLASSES[self.index()].2
    }

    /// Returns the class that a word names.
    pub(super) fn from_name(name: &str) -> Option<DailyClass> {
        DailyClass::all().find(|class| class.name() == name)
    }

    /// Returns the place of the class among all.
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Returns the class of a settlement of which somebody has a row, and who is to look.
pub(super) fn classify(copies: &[HeldCopies; 3]) -> (DailyClass, Looking) {
    let repeated = Looking::those(|holder| copies[holder.index()].rows > 1);
    if !repeated.is_nobody() {
        return (DailyClass::Repeated, repeated);
    }
    let [treating, national, insured] = copies.each_ref().map(HeldCopies::facts);
    let lack = |holder: Holder, one: CopyFacts, other: CopyFacts, classes: [DailyClass; 2]| {
        (classes[usize::from(one != other)], Looking::only(holder))
    };
    match (treating, national, insured) {
        (Some(treating), Some(national), Some(insured)) => {
            match (national == insured, treating == insured, treating == national) {
                (true, true, _) => (DailyClass::Agrees, Looking::default()),
                (true, ..) => (DailyClass::DiffersTreating, Looking::only(Treating)),
                (_, true, _) => (DailyClass::DiffersNational, Looking::only(National)),
                (_, _, true) => (DailyClass::DiffersInsured, Looking::only(Insured)),
                _ => (DailyClass::DiffersAll, Looking::ALL),
            }
        }
        (Some(one), Some(other), None) => {
            let classes = [DailyClass::InsuredLacks, DailyClass::InsuredLacksDiffers];
            lack(Insured, one, other, classes)
        }
        (None, Some(one), Some(other)) => {
            let classes = [DailyClass::TreatingLacks, DailyClass::TreatingLacksDiffers];
            lack(Treating, one, other, classes)
        }
        (Some(one), None, Some(other)) => {
            let classes = [DailyClass::NationalLacks, DailyClass::NationalLacksDiffers];
            lack(National, one, other, classes)
        }
        (Some(_), None, None) => (DailyClass::TreatingOnly, Looking::only(Treating)),
        (None, Some(_), None) => (DailyClass::NationalOnly, Looking::only(National)),
        (None, None, _) => (DailyClass::InsuredOnly, Looking::only(Insured)),
    }
}

/// Compares the national copy with that of a province: 1 the nation has more rows, 2 the province has more, 3 as many,
/// but the facts differ; none where they are equal, or neither has a row.
pub(super) fn compared(national: &HeldCopies, province: &HeldCopies) -> Option<u8> {
    match national.rows.cmp(&province.rows) {
        std::cmp::Ordering::Greater => Some(1),
        std::cmp::Ordering::Less => Some(2),
        std::cmp::Ordering::Equal => (national.facts() != province.facts()).then_some(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daily::copies::{CopyRow, Placed};

    /// Makes the copies of a side: for each row medfee and whether it is a reversal.
    fn side(rows: &[(i64, bool)]) -> HeldCopies {
        let mut copies = HeldCopies::default();
        for (medfee, is_reversal) in rows {
            let placed = Placed { time: 0, insured: 340_000, treating: 310_000 };
            let (holder, is_reversal) = (Treating, *is_reversal);
            let amounts = [*medfee, 0, 0];
            copies.add(&CopyRow { holder, is_reversal, setl_id: b"S", placed, amounts });
        }
        copies
    }

    const A: &[(i64, bool)] = &[(1, false)];
    const B: &[(i64, bool)] = &[(2, false)];
    const C: &[(i64, bool)] = &[(3, false)];
    const NONE: &[(i64, bool)] = &[];

    fn found(
        treating: &[(i64, bool)],
        national: &[(i64, bool)],
        insured: &[(i64, bool)],
    ) -> String {
        let (class, look) = classify(&[treating, national, insured].map(side));
        format!("{} {}", class.name(), look.names())
    }

    #[test]
    fn every_class_has_its_settlement() {
        let cases = [
            (A, A, A, "agrees "),
            (B, A, A, "differs_treating treating"),
            (A, B, A, "differs_national national"),
            (A, A, B, "differs_insured insured"),
            (A, B, C, "differs_all treating,national,insured"),
            (A, A, NONE, "insured_lacks insured"),
            (A, B, NONE, "insured_lacks_differs insured"),
            (NONE, A, A, "treating_lacks treating"),
            (NONE, A, B, "treating_lacks_differs treating"),
            (A, NONE, A, "national_lacks national"),
            (A, NONE, B, "national_lacks_differs national"),
            (A, NONE, NONE, "treating_only treating"),
            (NONE, A, NONE, "national_only national"),
            (NONE, NONE, A, "insured_only insured"),
        ];
        for (treating, national, insured, expected) in cases {
            assert_eq!(found(treating, national, insured), expected);
        }
        let twice: &[(i64, bool)] = &[(1, false), (1, false)];
        assert_eq!(found(twice, A, A), "repeated treating");
        assert_eq!(found(A, twice, twice), "repeated national,insured");
        assert_eq!(found(NONE, NONE, twice), "repeated insured", "it comes before all others");
        assert!(DailyClass::all().is_sorted_by_key(DailyClass::name));
        assert!(DailyClass::all().map(DailyClass::index).eq(0..DailyClass::COUNT));
    }

    #[test]
    fn the_sign_is_a_fact() {
        let zero: &[(i64, bool)] = &[(0, false)];
        let reversed: &[(i64, bool)] = &[(0, true)];
        assert_eq!(found(zero, reversed, zero), "differs_national national");
        assert_eq!(found(reversed, reversed, reversed), "agrees ");
    }

    #[test]
    fn the_nation_is_compared_with_each_province() {
        let both: &[(i64, bool)] = &[(0, false), (0, true)];
        let same: &[(i64, bool)] = &[(0, true), (0, false)];
        let compare = |national, province| compared(&side(national), &side(province));
        assert_eq!(compare(A, NONE), Some(1));
        assert_eq!(compare(NONE, A), Some(2));
        assert_eq!(compare(A, B), Some(3));
        assert_eq!(compare(A, A), None);
        assert_eq!(compare(NONE, NONE), None);
        assert_eq!(compare(both, A), Some(1), "rows count before facts");
        assert_eq!(compare(both, same), None, "two null signs are equal");
        assert_eq!(compare(both, &[(0, false), (0, false)]), Some(3));
    }
}
