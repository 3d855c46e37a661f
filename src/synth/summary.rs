//! A summary of the generated data beside figures of the real country.

use std::{collections::BTreeMap, iter};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::{
        codes::{CareClass, Province},
        control::Class,
        fields::amount::{FUND, MEDFEE},
        money::{FEN_LIMIT, Fen, FenSum, count_grouped, yuan_grouped},
    },
    rules::Policy,
    shapes::{FormatNumber, LevelWord, MapOf, NoticeWord},
    text::{Fill, Text, list},
};

use super::{
    coordination::CoordinationMade,
    geography::{Geography, pair_of},
    money::MoneyCounts,
    profile::MED_TYPES,
    row::SyntheticRow,
    world::World,
};

/// One line of the calibration table, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Measure {
    /// What is measured.
    #[schemars(with = "String")]
    pub measure: Text,
    /// The published figure, or what was asked for.
    #[schemars(with = "String")]
    pub target: Text,
    /// What the generated months hold.
    #[schemars(with = "String")]
    pub made: Text,
}

/// What was generated, with a table of measures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "synth --format json")]
pub struct Summary {
    /// The format of the report.
    pub format: FormatNumber<1>,
    /// Always `made`: what could not be made is a failure.
    pub status: SynthReport,
    /// The number of rows written, both sides and all periods.
    pub rows: u64,
    /// The number of different settlements born, all periods, their reversals aside.
    pub settlements: u64,
    /// The number of rows of each class in the answer keys of all periods.
    #[schemars(with = "MapOf<Class, u64>")]
    pub breaks: BTreeMap<String, u64>,
    /// The number of leads of each rule in the answer key of `--review`.
    #[schemars(with = "MapOf<String, u64>")]
    pub leads: BTreeMap<String, u64>,
    /// The number of settlements of each class in the answer keys of daily reconciliation, all periods.
    #[schemars(with = "MapOf<String, u64>")]
    pub daily: BTreeMap<String, u64>,
    /// The number of requests in each state in the answer keys of coordination, all periods.
    #[schemars(with = "MapOf<String, u64>")]
    pub requests: BTreeMap<String, u64>,
    /// The number of system errors in each state in their answer keys, all periods.
    #[schemars(with = "MapOf<String, u64>")]
    pub system_errors: BTreeMap<String, u64>,
    /// The number of lines of payments.csv, all periods.
    pub payments: u64,
    /// The number of them that have to be refused, by code.
    #[schemars(with = "MapOf<String, u64>")]
    pub payments_refused: BTreeMap<String, u64>,
    /// The number of notices of each kind that the periods issue when they are closed with the opening quotas.
    #[schemars(with = "MapOf<NoticeWord, u64>")]
    pub notices: BTreeMap<String, u64>,
    /// The number of pairs at each warning level in the last period.
    #[schemars(with = "MapOf<LevelWord, u64>")]
    pub levels: BTreeMap<String, u64>,
    /// The calibration table.
    pub measures: Vec<Measure>,
}

/// What a synthesis says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SynthReport {
    /// The deliveries are made.
    #[default]
    Made,
}

/// Counts and sums of the treating side's ordinary rows, by care class.
#[derive(Clone)]
pub(super) struct Profile {
    classes: [Option<CareClass>; MED_TYPES.len()],
    rows: [u64; 4],
    cost: [FenSum; 4],
    fund: [FenSum; 4],
}

impl Profile {
    /// Makes an empty profile.
    pub(super) fn new(policy: &Policy) -> Profile {
        let classes = MED_TYPES.map(|code| policy.care_class(code));
        Profile { classes, rows: [0; 4], cost: [FenSum::ZERO; 4], fund: [FenSum::ZERO; 4] }
    }

    /// Counts a row, unless it has a special feature.
    pub(super) fn add(&mut self, row: &SyntheticRow) {
        if let (None, 0..=2, Some(class)) =
            (row.init, row.id.origin, self.classes[row.med_type as usize])
            && Fen::new(row.amounts[MEDFEE]) < FEN_LIMIT
        {
            self.rows[class as usize] += 1;
            self.cost[class as usize] += Fen::new(row.amounts[MEDFEE]).into();
            self.fund[class as usize] += Fen::new(row.amounts[FUND]).into();
        }
    }

    /// Adds the counts of another file.
    pub(super) fn merge(&mut self, other: &Profile) {
        for class in 0..4 {
            self.rows[class] += other.rows[class];
            self.cost[class] += other.cost[class];
            self.fund[class] += other.fund[class];
        }
    }

    fn mean(sum: FenSum, rows: u64) -> String {
        yuan_grouped(FenSum::new(sum.fen() / i128::from(rows.max(1))))
    }

    fn lines(&self) -> impl Iterator<Item = Measure> {
        let published = Text::given;
        let none = || text!("(no figure)");
        let targets = [
            (CareClass::Inpatient, published("6.5 %"), published("24,300"), published("58 %")),
            (CareClass::Outpatient, none(), published("250"), text!("{} to {} %", 55, 60)),
            (CareClass::Chronic, none(), none(), none()),
            (CareClass::Pharmacy, none(), none(), text!("mostly 0")),
        ];
        let all: u64 = self.rows.iter().sum();
        let profile = self.clone();
        let classes = targets.into_iter().flat_map(move |(class, share, mean, fund)| {
            let place = class as usize;
            let (rows, cost) = (profile.rows[place], profile.cost[place]);
            [
                line(
                    text!("{}: {}", class, text!("share of rows")),
                    share,
                    percent(rows.into(), all.into()),
                ),
                line(
                    text!("{}: {}", class, text!("mean cost, yuan")),
                    mean,
                    Profile::mean(cost, rows),
                ),
                line(
                    text!("{}: {}", class, text!("share of fund")),
                    fund,
                    percent(profile.fund[place].fen(), cost.fen()),
                ),
            ]
        });
        let fund = Profile::mean(self.fund.iter().sum(), all);
        classes.chain(iter::once(line(
            text!("fund per visit, yuan"),
            Text::given("818 (2024)"),
            fund,
        )))
    }
}

fn line(measure: Text, target: Text, made: impl Fill) -> Measure {
    Measure { measure, target, made: text!("{}", made) }
}

/// Returns the names of provinces by their codes.
fn provinces(codes: [u8; 4]) -> Text {
    let named = codes.into_iter().filter_map(Province::from_code).map(Province::named);
    text!("{}", list(named))
}

/// Returns a percentage with two decimals, rounded down.
fn percent(part: i128, whole: i128) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

impl Summary {
    /// Counts what the close of a period comes to.
    pub(super) fn count(&mut self, counts: MoneyCounts) {
        for (kind, number) in counts.notices {
            *self.notices.entry(kind.to_owned()).or_default() += number;
        }
        self.levels = counts.levels.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
    }

    /// Counts what is beside a period.
    pub(super) fn coordinate(&mut self, made: &CoordinationMade) {
        for (all, own) in [
            (&mut self.daily, &made.daily),
            (&mut self.requests, &made.requests),
            (&mut self.system_errors, &made.faults),
        ] {
            for (name, number) in own {
                *all.entry((*name).to_owned()).or_default() += number;
            }
        }
    }

    /// Fills the calibration table.
    pub(super) fn measure(&mut self, world: &World, profile: &Profile) {
        let (institutions, divisions) = world.geography.counts();
        let births = world.births(world.first);
        let pairs = births.iter().filter(|births| **births > 0).count();
        let least = births.iter().enumerate().filter(|(pair, _)| pair_of(*pair).is_some());
        let least = least.map(|(_, births)| *births).min().unwrap_or_default();
        let top = |sum: &dyn Fn(usize) -> u64| {
            let mut order: Vec<usize> = (0..32).collect();
            order.sort_by_key(|index| (std::cmp::Reverse(sum(*index)), *index));
            list(
                order[..4]
                    .iter()
                    .filter_map(|index| Province::from_index(*index))
                    .map(Province::named),
            )
        };
        let to = |t: usize| (0..32).map(|i| births[i * 32 + t]).sum();
        let from = |i: usize| births[i * 32..(i + 1) * 32].iter().sum();
        self.measures = profile.lines().collect();
        self.measures.extend([
            line(text!("top destinations"), provinces([11, 31, 33, 32]), top(&to)),
            line(text!("top sources"), provinces([34, 41, 13, 32]), top(&from)),
            line(text!("pairs with settlements"), Text::given("992"), pairs.to_string()),
            line(text!("smallest pair a month"), text!("single digits at 20 M"), least.to_string()),
            line(text!("prefectures"), Text::given("351"), Geography::pooling_areas().to_string()),
            line(text!("insured divisions"), text!("(no figure)"), count_grouped(divisions as u64)),
            line(
                text!("institutions"),
                Text::given("651,600 (2025)"),
                count_grouped(institutions as u64),
            ),
        ]);
    }
}
