//! Holes of a rule set: settlements that no row fits.

use std::collections::BTreeSet;

use super::{
    expected::{FittingRows, MissingRow},
    facts::BenefitFacts,
    rows::BenefitSet,
    words::{FilingClass, HospitalLevel, PersonKind},
};
use crate::{
    model::codes::{CareClass, FundClass},
    text::{Text, Value},
};

/// Settlements that no row fits, from a care class down to what is told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenefitHole {
    /// The care class.
    pub care_class: CareClass,
    /// The classes by filing, where not every one has the hole.
    pub classes: Vec<FilingClass>,
    /// The level, where not every one has the hole.
    pub level: Option<HospitalLevel>,
    /// The person, where not every one has the hole.
    pub person: Option<PersonKind>,
    /// The table that has no row.
    missing: MissingRow,
    /// A settlement that no row fits.
    example: String,
}

/// A combination that has a hole.
struct Found {
    filing: FilingClass,
    level: HospitalLevel,
    person: PersonKind,
    missing: MissingRow,
    example: String,
}

/// Levels that every set is asked for. Finer ones are asked for where a row names them.
const LEVELS: [HospitalLevel; 4] =
    [HospitalLevel::Community, HospitalLevel::One, HospitalLevel::Two, HospitalLevel::Three];

impl BenefitSet {
    /// Returns the combinations of care class, class by filing, level and person for which no row fits, those together
    /// that differ in nothing.
    pub fn holes(&self) -> Vec<BenefitHole> {
        CareClass::ALL.into_iter().flat_map(|care| self.holes_of(care)).collect()
    }

    fn holes_of(&self, care: CareClass) -> Vec<BenefitHole> {
        let persons: &[PersonKind] = match self.fund_class {
            FundClass::Employee => &[PersonKind::Active, PersonKind::Retired],
            FundClass::Resident => &[PersonKind::Minor, PersonKind::Student, PersonKind::Adult],
        };
        let named = &self.named[care as usize].levels;
        let levels: BTreeSet<HospitalLevel> = named.iter().copied().chain(LEVELS).collect();
        let mut found = Vec::new();
        for &filing in FilingClass::ALL {
            for &level in &levels {
                for &person in persons {
                    found.extend(self.hole(care, filing, level, person));
                }
            }
        }
        let all = (FilingClass::ALL.len(), levels.len(), persons.len());
        together(care, &found, all)
    }

    /// Returns the first case of a combination that lacks a row.
    fn hole(
        &self,
        care: CareClass,
        filing: FilingClass,
        level: HospitalLevel,
        person: PersonKind,
    ) -> Option<Found> {
        let facts = BenefitFacts {
            care_class: care,
            level: Some(level),
            person: Some(person),
            age: None,
            grade: None,
            stay: None,
            classes: &[filing],
            disease: None,
            institution: None,
            networked: None,
            days: None,
            in_scope: None,
            act_pay_dedc: None,
        };
        let named = &self.named[care as usize];
        // A record has one of the grades that the rules know. It has no level in between.
        let is_real = |grade: Option<&str>| grade.is_some() || named.grades.is_empty();
        let cases = self.cases(&facts, filing).into_iter();
        let mut cases = cases.filter(|case| case.level == Some(level) && is_real(case.grade));
        let (case, missing) =
            cases.find_map(|case| Some((case, FittingRows::find(self, case, false).err()?)))?;
        let words = format!(
            "care_class = {:?}, level = {:?}, person = {:?}, filing = {:?}",
            care.name(),
            level.name(),
            person.name(),
            filing.name()
        );
        let stay = (named.stays.len() > 1).then(|| format!("stay = \"{}\"", case.stay));
        let age = (named.ages.len() > 1).then(|| format!("age = {}", case.age));
        let grade = case.grade.map(|grade| format!("grade = {grade:?}"));
        let example = [Some(words), stay, age, grade].into_iter().flatten().collect::<Vec<_>>();
        let example = example.join(", ");
        Some(Found { filing, level, person, missing, example })
    }
}

/// Puts holes together that differ in nothing: those of all persons, then of all levels, then of all classes.
fn together(
    care_class: CareClass,
    found: &[Found],
    (classes, levels, persons): (usize, usize, usize),
) -> Vec<BenefitHole> {
    let of = |hole: &Found, classes: &[FilingClass], level, person| BenefitHole {
        care_class,
        classes: classes.to_vec(),
        level,
        person,
        missing: hole.missing,
        example: hole.example.clone(),
    };
    if let (Some(first), true) = (found.first(), found.len() == classes * levels * persons) {
        return vec![of(first, &[], None, None)];
    }
    // Classes that lack the same rows for the same levels and persons stand together.
    let lacks = |holes: &[Found]| {
        holes.iter().map(|hole| (hole.level, hole.person, hole.missing)).collect::<Vec<_>>()
    };
    let by_class: Vec<&[Found]> = found.chunk_by(|a, b| a.filing == b.filing).collect();
    let mut holes = Vec::new();
    for same in by_class.chunk_by(|a, b| lacks(a) == lacks(b)) {
        let filings: Vec<FilingClass> = same.iter().map(|holes| holes[0].filing).collect();
        let first = same[0];
        if first.len() == levels * persons {
            holes.push(of(&first[0], &filings, None, None));
            continue;
        }
        for same_level in first.chunk_by(|a, b| a.level == b.level) {
            let level = Some(same_level[0].level);
            if same_level.len() == persons {
                holes.push(of(&same_level[0], &filings, level, None));
                continue;
            }
            holes
                .extend(same_level.iter().map(|hole| of(hole, &filings, level, Some(hole.person))));
        }
    }
    holes
}

impl BenefitHole {
    /// Words the hole: where it is, the table that lacks a row, and an example.
    pub fn text(&self) -> Text {
        let classes = self.classes.iter().map(|class| class.name()).collect::<Vec<_>>().join(", ");
        let parts = [
            Some(self.care_class.name()),
            Some(classes.as_str()).filter(|classes| !classes.is_empty()),
            self.level.map(HospitalLevel::name),
            self.person.map(PersonKind::name),
        ];
        let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let table = match self.missing {
            MissingRow::Deductible => "deductible",
            MissingRow::Ratio => "ratio",
            MissingRow::Remote => "remote",
        };
        let example = Value::Word(self.example.clone().into());
        text!("{}: no row of {} fits, such as for {}", parts, table, example)
    }
}
