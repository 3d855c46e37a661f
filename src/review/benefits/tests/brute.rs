//! A second implementation of review §6, written from the contract alone: it goes through every value of every fact, every
//! deductible and every amount that may have been used before, tenth of a fen by tenth of a fen, with fractions.

use proptest::{collection::vec, option, prelude::*};

use super::{HEAD, one_set};
use crate::{
    model::{codes::CareClass, money::Fen},
    review::benefits::{
        facts::BenefitFacts,
        rows::BenefitSet,
        words::{FilingClass, HospitalLevel, PersonKind},
    },
};

const LEVELS: [&str; 8] = ["village", "township", "community", "1", "2", "3", "3A", "3B"];
const PERSONS: [&str; 5] = ["active", "retired", "minor", "student", "adult"];
const CLASSES: [&str; 6] = ["long_term", "deemed", "emergency", "transfer", "temporary", "none"];

/// The predicates of a row of inpatient care; numbers stand for words.
#[derive(Debug, Clone, PartialEq)]
struct RowFit {
    levels: Option<Vec<usize>>,
    persons: Option<Vec<usize>>,
    classes: Option<Vec<usize>>,
    stay: Option<(u32, bool)>,
    age: Option<(bool, u16)>,
    networked: Option<bool>,
}

/// A settlement of which everything is known. 8 and 5 are a level and a person that no row names.
#[derive(Debug, Clone, Copy)]
struct EveryFact {
    level: usize,
    person: usize,
    class: usize,
    stay: u32,
    age: u16,
    networked: bool,
}

/// See [`SetModel`].
type RemoteModel = (RowFit, Option<i128>, Option<i128>, i128, i128);

#[derive(Debug, Clone)]
pub(super) struct SetModel {
    /// Amount, or_less, again_days.
    deductibles: Vec<(RowFit, i128, bool, Option<u16>)>,
    /// Ends of bands in fen, and the per cent of each band and of what is above the last one.
    ratios: Vec<(RowFit, Vec<i128>, Vec<i128>)>,
    /// Points, tenths of a factor; first share in per cent, tenths of the factor on the deductible.
    remotes: Vec<RemoteModel>,
    /// Cap of a visit.
    caps: Vec<(RowFit, Option<i128>)>,
}

/// What is known: level, person, class, stay, age, networked.
pub(super) type KnownFacts =
    (Option<usize>, Option<usize>, Option<usize>, Option<u32>, Option<u16>, Option<bool>);

impl RowFit {
    fn fits(&self, all: EveryFact) -> bool {
        let level = |rule: usize| {
            rule == all.level
                || (LEVELS[rule] == "3" && [6, 7].contains(&all.level))
                || (LEVELS[rule] == "community" && [0, 1].contains(&all.level))
        };
        let stay = |(first, later): (u32, bool)| {
            if later { all.stay >= first } else { all.stay == first }
        };
        let age =
            |(from, bound): (bool, u16)| if from { all.age >= bound } else { all.age < bound };
        self.levels.iter().all(|levels| levels.iter().any(|one| level(*one)))
            && self.persons.iter().all(|persons| persons.contains(&all.person))
            && self.classes.iter().all(|classes| classes.contains(&all.class))
            && self.stay.is_none_or(stay)
            && self.age.is_none_or(age)
            && self.networked.is_none_or(|networked| networked == all.networked)
    }

    fn toml(&self) -> String {
        let list = |key: &str, words: &[&str], cell: &Option<Vec<usize>>| {
            let words = cell.as_ref().map(|cell| cell.iter().map(|at| words[*at]));
            words.map(|words| format!(", {key} = {:?}", words.collect::<Vec<_>>()))
        };
        let parts = [
            list("level", &LEVELS, &self.levels),
            list("person", &PERSONS, &self.persons),
            list("filing", &CLASSES, &self.classes),
            self.stay
                .map(|(at, later)| format!(", stay = \"{at}{}\"", if later { "+" } else { "" })),
            self.age.map(|(from, age)| {
                format!(", age_{} = {age}", if from { "from" } else { "below" })
            }),
            self.networked.map(|networked| format!(", networked = {networked}")),
        ];
        format!("care_class = \"inpatient\"{}", parts.into_iter().flatten().collect::<String>())
    }
}

fn yuan(fen: i128) -> String {
    format!("\"{}.{:02}\"", fen / 100, fen % 100)
}

fn table(name: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.map(|row| format!("  {{ {row} }},\n")).collect();
    format!("{name} = [\n{}]\n", rows.concat())
}

impl SetModel {
    /// Leaves out rows that fit the same as an earlier one.
    fn distinct(mut self) -> SetModel {
        fn keep<T>(rows: &mut Vec<T>, fit: impl Fn(&T) -> &RowFit) {
            let mut at = 0;
            while at < rows.len() {
                if rows[..at].iter().any(|row| fit(row) == fit(&rows[at])) {
                    rows.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        keep(&mut self.deductibles, |row| &row.0);
        keep(&mut self.ratios, |row| &row.0);
        keep(&mut self.remotes, |row| &row.0);
        keep(&mut self.caps, |row| &row.0);
        self
    }

    pub(super) fn toml(&self) -> String {
        let deductible = self.deductibles.iter().map(|(fit, amount, or_less, again)| {
            let again = again.filter(|_| !or_less);
            let again = again.map(|days| format!(", again_days = {days}")).unwrap_or_default();
            format!("{}, amount = {}, or_less = {or_less}{again}", fit.toml(), yuan(*amount))
        });
        let ratio = self.ratios.iter().flat_map(|(fit, edges, percents)| {
            percents.iter().enumerate().map(move |(band, percent)| {
                let above =
                    band.checked_sub(1).map(|before| format!(", above = {}", yuan(edges[before])));
                let upto = edges.get(band).map(|edge| format!(", upto = {}", yuan(*edge)));
                let bounds = above.into_iter().chain(upto).collect::<String>();
                format!("{}, percent = \"{percent}\"{bounds}", fit.toml())
            })
        });
        let remote = self.remotes.iter().map(|(fit, points, factor, share, raise)| {
            let points = points.map(|points| format!(", points = \"{points}\""));
            let factor =
                factor.map(|tenths| format!(", factor = \"{}.{}\"", tenths / 10, tenths % 10));
            let value = points.or(factor).unwrap_or_default();
            format!(
                "{}, first_share = \"{share}\", deductible_factor = \"{}.{}\"{value}",
                fit.toml(),
                raise / 10,
                raise % 10
            )
        });
        let cap = self.caps.iter().map(|(fit, visit)| {
            let visit = visit
                .map_or(", year = \"1\"".to_owned(), |visit| format!(", visit = {}", yuan(visit)));
            format!("{}{visit}", fit.toml())
        });
        [
            HEAD.to_owned(),
            table("deductible", deductible),
            table("ratio", ratio),
            table("remote", remote),
            table("cap", cap),
        ]
        .concat()
    }

    fn fits(&self) -> impl Iterator<Item = &RowFit> {
        let rows = self.deductibles.iter().map(|row| &row.0);
        let rows = rows.chain(self.ratios.iter().map(|row| &row.0));
        rows.chain(self.remotes.iter().map(|row| &row.0)).chain(self.caps.iter().map(|row| &row.0))
    }

    /// Every settlement that is possible, class by class.
    fn possible(&self, known: KnownFacts) -> Vec<Vec<EveryFact>> {
        let (level, person, class, stay, age, networked) = known;
        let named = |level: usize| {
            self.fits().any(|fit| fit.levels.iter().flatten().any(|one| *one == level))
        };
        let levels: Vec<usize> = match level {
            Some(5) => [5, 6, 7].into_iter().filter(|one| *one == 5 || named(*one)).collect(),
            Some(2) => [2, 0, 1].into_iter().filter(|one| *one == 2 || named(*one)).collect(),
            Some(level) => vec![level],
            None => (0..8).filter(|one| named(*one)).chain([8]).collect(),
        };
        let persons = person.map_or((0..6).collect(), |person| vec![person]);
        let stays = stay.map_or((1..=6).collect(), |stay| vec![stay]);
        let ages = age.map_or(vec![0, 17, 18, 44, 45, 46, 99], |age| vec![age]);
        let networks = networked.map_or(vec![false, true], |networked| vec![networked]);
        let classes = class.map_or((0..6).collect(), |class| vec![class]);
        let of_class = |class: usize| {
            let mut all = Vec::new();
            for &level in &levels {
                for &person in &persons {
                    for &stay in &stays {
                        for &age in &ages {
                            for &networked in &networks {
                                all.push(EveryFact { level, person, class, stay, age, networked });
                            }
                        }
                    }
                }
            }
            all
        };
        classes.into_iter().map(of_class).collect()
    }

    /// The lowest and the highest amount in fen, or nothing where it is not judged.
    fn range(
        &self,
        known: KnownFacts,
        scope: i128,
        paid: Option<i128>,
        days: Option<u16>,
    ) -> Option<(i128, i128)> {
        let mut found: Vec<i128> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for class in self.possible(known) {
            let mut is_judged = false;
            for all in class {
                let key = self.rows_of(all);
                let Some(rows) = self.outcomes(all, scope, paid, days, seen.insert(key)) else {
                    continue;
                };
                is_judged = true;
                found.extend(rows);
            }
            if !is_judged {
                return None;
            }
        }
        Some((*found.iter().min()?, *found.iter().max()?))
    }

    /// The rows that fit, by number; cases with the same ones have the same outcomes.
    fn rows_of(&self, all: EveryFact) -> Vec<bool> {
        self.fits().map(|fit| fit.fits(all)).chain([all.class < 2]).collect()
    }

    fn outcomes(
        &self,
        all: EveryFact,
        scope: i128,
        paid: Option<i128>,
        days: Option<u16>,
        is_new: bool,
    ) -> Option<Vec<i128>> {
        let ratios: Vec<_> = self.ratios.iter().filter(|row| row.0.fits(all)).collect();
        let remote = self.remotes.iter().find(|row| row.0.fits(all));
        let deductible = self.deductibles.iter().find(|row| row.0.fits(all));
        let cap = self.caps.iter().find(|row| row.0.fits(all)).and_then(|row| row.1);
        if ratios.is_empty()
            || (remote.is_none() && all.class >= 2)
            || (paid.is_none() && deductible.is_none())
        {
            return None;
        }
        if !is_new {
            return Some(Vec::new());
        }
        let (_, points, factor, share, raise) =
            remote.cloned().unwrap_or((self.ratios[0].0.clone(), None, None, 0, 10));
        let factor = if points.is_some() { 10 } else { factor.unwrap_or(10) };
        let dues: Vec<i128> = match (paid, deductible) {
            (Some(paid), _) => vec![paid],
            (None, Some((_, amount, true, _))) => (0..=(amount * raise + 5) / 10).collect(),
            (None, Some((_, amount, false, again))) => {
                let more = again.map_or(0, |again| days.unwrap_or(0) / again);
                (1..=i128::from(more) + 1).map(|times| (amount * times * raise + 5) / 10).collect()
            }
            (None, None) => return None,
        };
        let percent = |above: i128| {
            // The band of the tenth of a fen that begins at `above` tenths.
            let (_, edges, percents) = ratios[0];
            let band = edges.iter().filter(|edge| **edge * 10 <= above).count();
            (percents[band] + points.unwrap_or(0)).clamp(0, 100)
        };
        let mut found = Vec::new();
        for due in dues {
            // S × (100 − share) ÷ 100 − D in tenths of a fen; the share is a multiple of 10.
            let x = scope * (100 - share) / 10 - due * 10;
            for used in 0..=(if x > 0 { 400 } else { 0 }) {
                let sum: i128 = (used..used + x.max(0)).map(percent).sum();
                // Tenths of a fen × per cent × tenths of a factor: 10 × 100 × 10 are one fen.
                let most = cap.map_or(i128::MAX, |cap| cap * 10_000);
                found.push(((sum * factor).min(most) + 5_000) / 10_000);
            }
        }
        Some(found)
    }
}

fn fit() -> impl Strategy<Value = RowFit> {
    let words = |most: usize| option::weighted(0.4, vec(0..most, 1..3));
    (
        words(8),
        words(5),
        option::weighted(0.2, vec(0..6usize, 1..4)),
        option::weighted(0.2, (1..4u32, any::<bool>())),
        option::weighted(0.2, (any::<bool>(), prop_oneof![Just(18u16), Just(45)])),
        option::weighted(0.1, any::<bool>()),
    )
        .prop_map(|(levels, persons, classes, stay, age, networked)| RowFit {
            levels,
            persons,
            classes,
            stay,
            age,
            networked,
        })
}

/// A row that fits all, so that most settlements are judged.
fn wide() -> RowFit {
    RowFit { levels: None, persons: None, classes: None, stay: None, age: None, networked: None }
}

pub(super) fn model() -> impl Strategy<Value = SetModel> {
    let deductible = (fit(), 0..12i128, any::<bool>(), option::of(1..50u16));
    let bands = (vec(1..15i128, 0..3), vec(0..=100i128, 3)).prop_map(|(steps, mut percents)| {
        let mut edge = 0;
        let edges: Vec<i128> = steps
            .iter()
            .map(|step| {
                edge += step;
                edge
            })
            .collect();
        percents.truncate(edges.len() + 1);
        (edges, percents)
    });
    let ratio = (fit(), bands.clone()).prop_map(|(fit, (edges, percents))| (fit, edges, percents));
    let remote = (fit(), option::of(-30..=20i128), option::of(0..=10i128), 0..=3i128, 8..=15i128)
        .prop_map(|(fit, points, factor, share, raise)| (fit, points, factor, share * 10, raise));
    let cap = (fit(), option::of(1..20i128));
    (
        vec(deductible, 0..4),
        vec(ratio, 0..3),
        bands,
        vec(remote, 0..4),
        vec(cap, 0..2),
        any::<[bool; 2]>(),
    )
        .prop_map(
            |(mut deductibles, mut ratios, (edges, percents), mut remotes, caps, [a, b])| {
                ratios.push((wide(), edges, percents));
                if a {
                    deductibles.push((wide(), 5, false, None));
                }
                if b {
                    remotes.push((wide(), Some(-10), None, 0, 10));
                }
                SetModel { deductibles, ratios, remotes, caps }.distinct()
            },
        )
}

pub(super) fn known() -> impl Strategy<Value = KnownFacts> {
    (
        option::of(0..8usize),
        option::of(0..5usize),
        option::weighted(0.7, 0..6usize),
        option::of(1..5u32),
        option::of(prop_oneof![Just(17u16), Just(18), Just(44), Just(45)]),
        option::of(any::<bool>()),
    )
}

pub(super) fn facts_of(
    known: KnownFacts,
    scope: i128,
    paid: Option<i128>,
    days: Option<u16>,
) -> BenefitFacts<'static> {
    let (level, person, class, stay, age, networked) = known;
    let fen = |amount: i128| Fen::new(i64::try_from(amount).expect("small"));
    BenefitFacts {
        care_class: CareClass::Inpatient,
        level: level.map(|at| HospitalLevel::ALL[at]),
        person: person.map(|at| PersonKind::ALL[at]),
        age,
        grade: None,
        stay,
        classes: class.map_or(FilingClass::ALL, |at| &FilingClass::ALL[at..=at]),
        disease: None,
        institution: None,
        networked,
        days,
        in_scope: Some(fen(scope)),
        act_pay_dedc: paid.map(fen),
    }
}

fn range_of(
    set: &BenefitSet,
    known: KnownFacts,
    scope: i128,
    paid: Option<i128>,
    days: Option<u16>,
) -> Option<(i128, i128)> {
    let found = set.expected(&facts_of(known, scope, paid, days)).ok()?;
    Some((found.lo().fen().into(), found.hi().fen().into()))
}

/// Puts rows that do not fit to the end in the opposite order, or leaves them out.
fn moved<T: Clone>(rows: &[T], fits: impl Fn(&T) -> bool, keeps: bool) -> Vec<T> {
    let first = rows.iter().filter(|row| fits(row));
    let others = rows.iter().rev().filter(|row| keeps && !fits(row));
    first.chain(others).cloned().collect()
}

pub(super) fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn both_implementations_agree(
        model in model(), known in known(), scope in 0..60i128, paid in option::of(0..15i128), days in option::of(0..120u16),
    ) {
        let set = one_set(&model.toml());
        let found = range_of(&set, known, scope, paid, days);
        prop_assert_eq!(found, model.range(known, scope, paid, days), "{}", model.toml());
    }

    #[test]
    fn what_is_known_never_widens_the_range(
        model in model(), known in known(), more in known(), scope in 0..60i128, paid in option::of(0..15i128),
    ) {
        let set = one_set(&model.toml());
        let added = (
            known.0.or(more.0), known.1.or(more.1), known.2.or(more.2),
            known.3.or(more.3), known.4.or(more.4), known.5.or(more.5),
        );
        let wide = range_of(&set, known, scope, paid, None);
        let narrow = range_of(&set, added, scope, paid, None);
        if let Some((lo, hi)) = wide {
            prop_assert!(lo <= hi);
            if let Some((low, high)) = narrow {
                prop_assert!(lo <= low && low <= high && high <= hi, "{lo} {low} {high} {hi} {}", model.toml());
            }
        }
    }

    #[test]
    fn rows_that_do_not_fit_say_nothing(
        model in model(),
        level in prop::sample::select(vec![0, 1, 3, 4, 6, 7]),
        all in (0..5usize, 0..6usize, 1..5u32, 0..99u16, any::<bool>()),
        scope in 0..60i128,
    ) {
        // Not 3 and community, which may be a finer level: more than one case.
        let (person, class, stay, age, networked) = all;
        let known = (Some(level), Some(person), Some(class), Some(stay), Some(age), Some(networked));
        let of = |model: &SetModel| range_of(&one_set(&model.toml()), known, scope, None, None);
        let all = EveryFact { level, person, class, stay, age, networked };
        for keeps in [true, false] {
            let other = SetModel {
                deductibles: moved(&model.deductibles, |row| row.0.fits(all), keeps),
                ratios: moved(&model.ratios, |row| row.0.fits(all), keeps),
                remotes: moved(&model.remotes, |row| row.0.fits(all), keeps),
                caps: moved(&model.caps, |row| row.0.fits(all), keeps),
            };
            prop_assert_eq!(of(&model), of(&other), "{}", model.toml());
        }
    }
}
