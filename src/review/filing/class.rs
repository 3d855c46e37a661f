//! How settlements stand with the filings of their person: the class of each (review §5).
//!
//! Settlements and filings are gone through in the order of days, so a number that stands for very many persons, such as
//! a masked one, takes no more time for each of its rows than another.

use std::{collections::BTreeSet, slice};

use super::{
    Filing, FilingKind,
    active::{ActiveFilings, FittingFilings},
    place::{DivisionPlace, FilingReach},
};
use crate::{
    model::codes::Province,
    review::{
        benefits::{index::FoundSet, words::FilingClass},
        context::ReviewContext,
        row::ReviewedRow,
        subject::Person,
    },
};

/// The classes that are possible for a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PossibleClasses {
    /// One alone.
    Known(FilingClass),
    /// Every one.
    Unknown,
    /// Those not below an emergency: filings are not known, and the record says that it was one.
    UnknownEmergency,
}

impl PossibleClasses {
    /// Returns them, the most favourable first.
    pub fn list(self) -> &'static [FilingClass] {
        match self {
            PossibleClasses::Known(class) => slice::from_ref(&FilingClass::ALL[class as usize]),
            PossibleClasses::Unknown => FilingClass::ALL,
            PossibleClasses::UnknownEmergency => {
                &FilingClass::ALL[..=FilingClass::Emergency as usize]
            }
        }
    }

    /// Returns the class, if it is known.
    pub fn known(self) -> Option<FilingClass> {
        match self {
            PossibleClasses::Known(class) => Some(class),
            _ => None,
        }
    }

    /// Returns the word for the class in tables; `unknown` where it is not known.
    pub fn name(self) -> &'static str {
        self.known().map_or("unknown", FilingClass::name)
    }
}

/// A settlement and the filings of its person.
#[derive(Debug)]
pub struct FiledSettlement<'a> {
    /// The settlement.
    pub row: &'a ReviewedRow<'a>,
    /// Its rule set.
    pub set: Option<FoundSet<'a>>,
    /// Whether its rule set deems the treating province filed to.
    pub is_deemed: bool,
    /// The classes that are possible.
    pub classes: PossibleClasses,
    /// When the first of those that fit was made, if every one was made after the settlement.
    pub(super) made_after: Option<i64>,
    /// Whether there is a filing of the settlement, whatever its place.
    pub(super) is_filed: bool,
    /// Where it was filed to, if it was filed to other places only and has no other class.
    pub(super) filed_to: Option<String>,
    /// Whether two long-term filings of it contradict each other.
    pub(super) is_contradictory: bool,
}

/// The settlements of a person with the filings of each.
#[derive(Debug)]
pub struct FiledPerson<'a> {
    /// The settlements, in the order of the person.
    pub settlements: Vec<FiledSettlement<'a>>,
    /// The places of long-term filings that contradict each other for a settlement.
    pub(super) places: BTreeSet<DivisionPlace>,
}

/// Whether a filing is one of a settlement: valid, of its insured province, and in force on the day of admission.
pub(crate) fn is_of(filing: &Filing<'_>, row: &ReviewedRow<'_>) -> bool {
    let day = row.day_of_admission();
    filing.valid
        && filing.insured_province() == row.insured_province()
        && filing.begin <= day
        && filing.end.is_none_or(|end| day <= end)
}

/// Returns the classes that are possible for a settlement, by the filings that fit.
fn classes(
    is_deemed: bool,
    is_emergency: bool,
    are_known: bool,
    fitting: &FittingFilings,
) -> PossibleClasses {
    let has = |kind| fitting.has(kind);
    let is_unknown = !are_known || fitting.has_unknown();
    PossibleClasses::Known(if has(FilingKind::LongTerm) {
        FilingClass::LongTerm
    } else if is_deemed {
        FilingClass::Deemed
    } else if is_unknown {
        return if is_emergency {
            PossibleClasses::UnknownEmergency
        } else {
            PossibleClasses::Unknown
        };
    } else if is_emergency {
        FilingClass::Emergency
    } else if has(FilingKind::Transfer) {
        FilingClass::Transfer
    } else if has(FilingKind::Temporary) {
        FilingClass::Temporary
    } else {
        FilingClass::Unfiled
    })
}

impl<'a> FiledPerson<'a> {
    /// Finds the class of every settlement of a person.
    pub fn of(person: &Person<'a>, context: &ReviewContext<'a>) -> FiledPerson<'a> {
        let settlements = person.settlements.iter().map(|row| {
            let row: &'a ReviewedRow<'a> = row;
            let set = context.benefits.find(row.insured, row.fund, row.benefit_day());
            let is_deemed =
                set.is_some_and(|set| set.set.deemed.contains(&row.treating_province()));
            let classes =
                classes(is_deemed, row.optional.emergency, false, &FittingFilings::default());
            FiledSettlement {
                row,
                set,
                is_deemed,
                classes,
                made_after: None,
                is_filed: false,
                filed_to: None,
                is_contradictory: false,
            }
        });
        let mut filed = FiledPerson { settlements: settlements.collect(), places: BTreeSet::new() };
        let Some(provinces) = context.filed else { return filed };
        if person.filings.len() <= FEW {
            let places = &mut filed.places;
            let known = |settlement: &&mut FiledSettlement| {
                provinces.has(settlement.row.insured_province())
            };
            for settlement in filed.settlements.iter_mut().filter(known) {
                settlement.take_few(person.filings, places);
            }
        } else {
            let mut order: Vec<(Province, i32, usize)> = (0..)
                .zip(person.settlements)
                .map(|(at, row)| (row.insured_province(), row.day_of_admission(), at))
                .collect();
            order.sort_unstable();
            for of_province in order.chunk_by(|a, b| a.0 == b.0) {
                let province = of_province[0].0;
                if provinces.has(province) {
                    filed.of_province(person.filings, province, of_province);
                }
            }
        }
        filed
    }

    /// Finds the class of the settlements of an insured province, which are in the order of days.
    fn of_province(
        &mut self,
        filings: &'a [&'a Filing<'a>],
        province: Province,
        settlements: &[(Province, i32, usize)],
    ) {
        let is_valid = |filing: &&&'a Filing<'a>| {
            let is_span = filing.end.is_none_or(|end| filing.begin <= end);
            filing.valid && is_span && filing.insured_province() == province
        };
        let mut begins: Vec<&'a Filing<'a>> = filings.iter().filter(is_valid).copied().collect();
        begins.sort_unstable_by_key(|filing| filing.begin);
        let mut ends: Vec<(i32, usize)> =
            (0..).zip(&begins).filter_map(|(at, filing)| Some((filing.end?, at))).collect();
        ends.sort_unstable();
        let (mut begun, mut ended) = (0, 0);
        let mut active = ActiveFilings::default();
        for &(_, day, at) in settlements {
            while begins.get(begun).is_some_and(|filing| filing.begin <= day) {
                active.add(begun, begins[begun]);
                begun += 1;
            }
            while ends.get(ended).is_some_and(|(end, _)| *end < day) {
                let (_, filing) = ends[ended];
                // One that begins after its end is none, so what has ended has begun.
                active.remove(filing, begins[filing]);
                ended += 1;
            }
            let settlement = &mut self.settlements[at];
            settlement.take(&active);
            if active.contradict() {
                settlement.is_contradictory = true;
                active.take_places(&mut self.places);
            }
        }
    }
}

/// So many filings are gone through for each settlement; more of them in the order of days.
const FEW: usize = 4;
const _: () = assert!(FEW <= u8::BITS as usize, "a bit each");

/// Returns the place of a filing, and what it reaches.
fn place_and_reach(filing: &Filing<'_>) -> (DivisionPlace, FilingReach) {
    let place = DivisionPlace::of(filing.place).expect("Invariant: the reader checks divisions");
    (place, FilingReach::at(place, filing.place))
}

impl FiledSettlement<'_> {
    fn place(&self) -> DivisionPlace {
        DivisionPlace::of(self.row.treating).expect("Invariant: V02 holds divisions")
    }

    /// Takes the filings of the settlement.
    fn take(&mut self, active: &ActiveFilings<'_>) {
        let fitting = active.fitting(self.place());
        self.take_fitting(&fitting, active.any(), || active.places());
    }

    /// Takes what fits; `is_filed` is whether there is a filing at all, `filed_to` the divisions of all of these.
    fn take_fitting(
        &mut self,
        fitting: &FittingFilings,
        is_filed: bool,
        filed_to: impl FnOnce() -> String,
    ) {
        self.classes = classes(self.is_deemed, self.row.optional.emergency, true, fitting);
        self.made_after = fitting.first_made().filter(|made| *made > self.row.time);
        self.is_filed = is_filed;
        if is_filed && self.classes == PossibleClasses::Known(FilingClass::Unfiled) {
            self.filed_to = Some(filed_to());
        }
    }

    /// Takes those of a person's few filings that are of the settlement, and adds the places of those that contradict
    /// each other.
    fn take_few(&mut self, filings: &[&Filing<'_>], places: &mut BTreeSet<DivisionPlace>) {
        let row = self.row;
        let are_own = (0..)
            .zip(filings)
            .fold(0_u8, |bits, (at, filing)| bits | u8::from(is_of(filing, row)) << at);
        if are_own == 0 {
            return self.take_fitting(&FittingFilings::default(), false, String::new);
        }
        let own = || (0..).zip(filings).filter(|(at, _)| are_own >> at & 1 == 1).map(|of| of.1);
        let mut fitting = FittingFilings::default();
        let place = self.place();
        for filing in own().filter(|filing| place_and_reach(filing).1.takes_in(place)) {
            fitting.take(filing);
        }
        self.take_fitting(&fitting, true, || {
            let divisions: BTreeSet<&str> = own().map(|filing| filing.place).collect();
            divisions.into_iter().collect::<Vec<_>>().join(",")
        });
        let long = || own().filter(|filing| filing.kind == Some(FilingKind::LongTerm));
        if long().nth(1).is_none() {
            return;
        }
        for (place, reach) in long().map(|filing| place_and_reach(filing)) {
            let is_apart = |other: &&Filing<'_>| {
                let (other_place, other_reach) = place_and_reach(other);
                !reach.takes_in(other_place) && !other_reach.takes_in(place)
            };
            if long().any(is_apart) {
                self.is_contradictory = true;
                places.insert(place);
            }
        }
    }

    /// Whether it is between 65 and 66, whose towns are the same: nobody travels.
    pub(super) fn is_at_home(&self) -> bool {
        let codes = [self.row.insured_province().code(), self.row.treating_province().code()];
        matches!(codes, [65, 66] | [66, 65])
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;
    use crate::review::{
        filing::samples::{all_filed, day, filing, filing_leads, province, stay, time},
        row::OptionalFields,
    };

    const PLACES: [&str; 8] =
        ["610000", "610100", "610102", "610200", "619901", "620000", "110101", "659001"];

    fn filings() -> impl Strategy<Value = Vec<Filing<'static>>> {
        let kind = prop::sample::select(vec![
            Some(FilingKind::LongTerm),
            Some(FilingKind::Transfer),
            Some(FilingKind::Temporary),
            None,
        ]);
        let kind = (kind, any::<bool>());
        let place = prop::sample::select(PLACES.to_vec());
        let insured = prop::sample::select(vec!["310115", "320100"]);
        let one = (kind, place, insured, 0..12, option::of(0..12), option::of(0..14_i64), 0..5);
        let one =
            one.prop_map(|((kind, other), place, insured, begin, end, made, invalid)| Filing {
                kind,
                unknown_kind: Some("7").filter(|_| kind.is_none() && !other),
                place,
                insured: province(insured),
                begin: day("2025-10-01") + begin,
                end: end.map(|end| day("2025-10-01") + end),
                made: made.map(|made| time("2025-10-01", made * 86_400)),
                valid: invalid > 0,
                ..filing(None)
            });
        vec(one, 0..8)
    }

    fn rows() -> impl Strategy<Value = Vec<ReviewedRow<'static>>> {
        let place = prop::sample::select([&PLACES[..], &["320500"]].concat());
        let insured = prop::sample::select(vec!["310115", "320200"]);
        let one = (place, insured, 0..12, option::of(0..3), any::<bool>(), any::<bool>());
        let one = one.prop_map(|(treating, insured, at, before, emergency, is_stay)| ReviewedRow {
            treating,
            insured,
            time: time("2025-10-01", i64::from(at) * 86_400),
            begin: before.map(|before| day("2025-10-01") + at - before),
            care: if is_stay {
                super::super::samples::stay("S").care
            } else {
                crate::model::codes::CareClass::Outpatient
            },
            optional: OptionalFields { emergency, ..OptionalFields::default() },
            ..stay("S")
        });
        vec(one, 1..6)
    }

    /// The leads and classes by the words of the contract, filing by filing.
    fn plain(rows: &[ReviewedRow<'_>], filings: &[Filing<'_>]) -> (Vec<String>, Vec<&'static str>) {
        let (mut leads, mut classes) = (Vec::new(), Vec::new());
        let (mut twice, mut places) = (0, BTreeSet::new());
        for row in rows {
            let of: Vec<&Filing<'_>> = filings.iter().filter(|filing| is_of(filing, row)).collect();
            let place = DivisionPlace::of(row.treating).expect("a place");
            let reach = |filing: &Filing<'_>| FilingReach::of(filing.place).expect("a reach");
            let fit: Vec<&&Filing<'_>> =
                of.iter().filter(|filing| reach(filing).takes_in(place)).collect();
            let has = |kind| fit.iter().any(|filing| filing.kind == kind);
            let deemed = row.insured == "310115" && row.treating == "320500";
            let emergency = row.optional.emergency;
            let class = match () {
                () if has(Some(FilingKind::LongTerm)) => "long_term",
                () if deemed => "deemed",
                () if fit.iter().any(|filing| filing.unknown_kind.is_some()) => "unknown",
                () if emergency => "emergency",
                () if has(Some(FilingKind::Transfer)) => "transfer",
                () if has(Some(FilingKind::Temporary)) => "temporary",
                () => "none",
            };
            classes.push(class);
            if row.care == stay("S").care {
                if class == "none" && of.is_empty() {
                    leads.push("FIL-01 S".to_owned());
                }
                let late = fit.iter().all(|filing| filing.made.is_some_and(|made| made > row.time));
                if !fit.is_empty() && late && !deemed && !emergency && class != "unknown" {
                    let made = fit.iter().filter_map(|filing| filing.made).min().expect("one");
                    leads.push(format!("FIL-02 S made={}", super::super::time_text(made)));
                }
                if class == "none" && !of.is_empty() {
                    let to: BTreeSet<&str> = of.iter().map(|filing| filing.place).collect();
                    let to = to.into_iter().collect::<Vec<_>>().join(",");
                    leads.push(format!("FIL-03 S filed_to={to}"));
                }
            }
            let long = || of.iter().filter(|filing| filing.kind == Some(FilingKind::LongTerm));
            let to = |filing: &Filing<'_>| DivisionPlace::of(filing.place).expect("a place");
            let apart = |a: &&&Filing<'_>| {
                long().any(|b| !reach(a).takes_in(to(b)) && !reach(b).takes_in(to(a)))
            };
            let found: Vec<String> =
                long().filter(apart).map(|filing| to(filing).to_string()).collect();
            twice += usize::from(!found.is_empty());
            places.extend(found);
        }
        if twice > 0 {
            let places = places.into_iter().collect::<Vec<_>>().join(",");
            leads.push(format!("FIL-04 {} places={places}", vec!["S"; twice].join(",")));
        }
        (leads, classes)
    }

    proptest! {
        #[test]
        fn the_sweep_finds_what_the_words_say(rows in rows(), filings in filings()) {
            prop_assert_eq!(filing_leads(&rows, &filings, Some(all_filed())), plain(&rows, &filings));
        }
    }

    #[test]
    fn a_number_of_very_many_persons_takes_its_time_but_once() {
        let filings: Vec<Filing<'_>> = (0..200_000)
            .map(|at| Filing {
                place: PLACES[at % 3],
                begin: day("2025-01-01") + i32::try_from(at % 300).expect("a day"),
                ..filing(Some(FilingKind::LongTerm))
            })
            .collect();
        let rows: Vec<ReviewedRow<'_>> = (0..200_000)
            .map(|at| ReviewedRow { begin: Some(day("2025-01-01") + at % 365), ..stay("S") })
            .collect();
        // Filing by filing these are 40,000 million steps.
        let (leads, classes) = filing_leads(&rows, &filings, Some(all_filed()));
        assert!(leads.is_empty());
        assert!(classes.iter().all(|class| *class == "long_term"));
    }

    #[test]
    fn unknown_classes_are_all_that_may_be() {
        let names = |classes: PossibleClasses| {
            classes.list().iter().map(|class| class.name()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            names(PossibleClasses::Unknown),
            "long_term deemed emergency transfer temporary none"
        );
        assert_eq!(names(PossibleClasses::UnknownEmergency), "long_term deemed emergency");
        for class in FilingClass::ALL {
            assert_eq!(names(PossibleClasses::Known(*class)), class.name());
        }
    }
}
