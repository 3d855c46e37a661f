//! What was made, beside what is known of the real country.

use std::{collections::BTreeMap, iter};

use crate::{
    model::{
        codes::CareClass,
        fields::amount::{FUND, MEDFEE},
        money::{FenSum, count_grouped, yuan_grouped},
    },
    rules::Policy,
};

use super::{
    geography::{Geography, name, pair_of},
    profile::MED_TYPES,
    row::Row,
    world::World,
};

/// One line of the calibration table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// What is measured.
    pub measure: String,
    /// The published figure, or what was asked for.
    pub target: String,
    /// What the generated months hold.
    pub made: String,
}

/// What was generated, as a table of measures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows written, both sides and all periods.
    pub rows: u64,
    /// Different settlements born, all periods, their reversals aside.
    pub settlements: u64,
    /// Rows of each class in the answer keys of all periods.
    pub breaks: BTreeMap<String, u64>,
    /// The calibration table.
    pub measures: Vec<Measure>,
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
    /// Nothing counted yet.
    pub(super) fn new(policy: &Policy) -> Profile {
        let classes = MED_TYPES.map(|code| policy.care_class(code));
        Profile { classes, rows: [0; 4], cost: [0; 4], fund: [0; 4] }
    }

    /// Counts a row, unless something special is the matter with it.
    pub(super) fn add(&mut self, row: &Row) {
        if let (None, 0..=2, Some(class)) =
            (row.init, row.id.origin, self.classes[row.med_type as usize])
            && row.amounts[MEDFEE] < crate::model::money::FEN_LIMIT
        {
            self.rows[class as usize] += 1;
            self.cost[class as usize] += FenSum::from(row.amounts[MEDFEE]);
            self.fund[class as usize] += FenSum::from(row.amounts[FUND]);
        }
    }

    /// Adds what another file holds.
    pub(super) fn merge(&mut self, other: &Profile) {
        for class in 0..4 {
            self.rows[class] += other.rows[class];
            self.cost[class] += other.cost[class];
            self.fund[class] += other.fund[class];
        }
    }

    fn mean(sum: FenSum, rows: u64) -> String {
        yuan_grouped(sum / FenSum::from(rows.max(1)))
    }

    fn lines(&self) -> impl Iterator<Item = Measure> {
        const TARGETS: [(CareClass, &str, &str, &str); 4] = [
            (CareClass::Inpatient, "6.5 %", "24,300", "58 %"),
            (CareClass::Outpatient, "(no figure)", "250", "55 to 60 %"),
            (CareClass::Chronic, "(no figure)", "(no figure)", "(no figure)"),
            (CareClass::Pharmacy, "(no figure)", "(no figure)", "mostly 0"),
        ];
        let all: u64 = self.rows.iter().sum();
        let profile = self.clone();
        let classes = TARGETS.into_iter().flat_map(move |(class, share, mean, fund)| {
            let (word, place) = (class.name(), class as usize);
            let (rows, cost) = (profile.rows[place], profile.cost[place]);
            [
                line(format!("{word}: share of rows"), share, percent(rows.into(), all.into())),
                line(format!("{word}: mean cost, yuan"), mean, Profile::mean(cost, rows)),
                line(format!("{word}: share of fund"), fund, percent(profile.fund[place], cost)),
            ]
        });
        let fund = Profile::mean(self.fund.iter().sum(), all);
        classes.chain(iter::once(line("fund per visit, yuan", "818 (2024)", fund)))
    }
}

fn line(measure: impl Into<String>, target: &str, made: String) -> Measure {
    Measure { measure: measure.into(), target: target.to_owned(), made }
}

/// Per cent with two decimals, rounded down.
fn percent(part: FenSum, whole: FenSum) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

impl Summary {
    /// Fills the calibration table.
    pub(super) fn measure(&mut self, world: &World, profile: &Profile) {
        let (institutions, divisions) = world.geography.counts();
        let pairs = world.births.iter().filter(|births| **births > 0).count();
        let least = world.births.iter().enumerate().filter(|(pair, _)| pair_of(*pair).is_some());
        let least = least.map(|(_, births)| *births).min().unwrap_or_default();
        let top = |sum: &dyn Fn(usize) -> u64| {
            let mut order: Vec<usize> = (0..32).collect();
            order.sort_by_key(|index| (std::cmp::Reverse(sum(*index)), *index));
            order[..4].iter().map(|index| name(*index)).collect::<Vec<_>>().join(", ")
        };
        let births = &world.births;
        let to = |t: usize| (0..32).map(|i| births[i * 32 + t]).sum();
        let from = |i: usize| births[i * 32..(i + 1) * 32].iter().sum();
        self.measures = profile.lines().collect();
        self.measures.extend([
            line("top destinations", "Beijing, Shanghai, Zhejiang, Jiangsu", top(&to)),
            line("top sources", "Anhui, Henan, Hebei, Jiangsu", top(&from)),
            line("pairs with settlements", "992", pairs.to_string()),
            line("smallest pair a month", "single digits at 20 M", least.to_string()),
            line("prefectures", "351", Geography::pooling_areas().to_string()),
            line("insured divisions", "(no figure)", count_grouped(divisions as u64)),
            line("institutions", "651,600 (2025)", count_grouped(institutions as u64)),
        ]);
    }
}
