//! The facts that seed and options decide before the first row.
#![expect(clippy::cast_possible_truncation, reason = "random bits cut to size")]

use std::collections::BTreeMap;

use crate::{
    model::{
        calendar::Calendar,
        codes::{CareClass, Month, Pair},
        fields::amount_position,
    },
    rules::{Permit, Policy, Rules, RulesError, Timing},
};

use super::{
    clock::MonthClock,
    draw::{Draw, below, hash_at},
    geography::{Geography, Vocabulary, pair_of, shares},
    life::Fate,
    options::SynthOptions,
    pace::{LARGE, mean_payable, pace},
    profile::{self, Costs, INSUTYPES, MED_TYPES, NO_CARE, NO_FUND},
    row::{PersonForm, SyntheticId, SyntheticRow},
    table::TableTexts,
};

/// The code of M07800 among the diseases. It is never open.
pub(super) const NOT_OPEN: u32 = 0;

/// The births of one period and pair: settlements 0 to `count` − 1, in order of time.
#[derive(Clone, Copy)]
pub(super) struct BirthStream {
    /// The period in which their first copy is delivered.
    pub(super) birth: Month,
    /// The pair, by index.
    pub(super) pair: usize,
    /// The number of births.
    pub(super) count: u64,
    base: u64,
    /// Spreads the rounding when births are distributed over the month.
    pub(super) offset: u64,
}

impl BirthStream {
    /// Returns the hash of a settlement. All its values follow from this hash.
    pub(super) const fn hash(&self, index: u64) -> u64 {
        hash_at(self.base, index)
    }
}

/// The synthetic country and its rules.
pub(super) struct World<'a> {
    /// The first period.
    pub(super) first: Month,
    /// The seed.
    pub(super) seed: u64,
    /// Divisions, institutions and flows.
    pub(super) geography: Geography,
    /// Disease codes; the first is not open.
    pub(super) diseases: Vocabulary,
    /// Working days.
    pub(super) calendar: &'a Calendar,
    /// The number of births in an ordinary month, by pair.
    pub(super) usual: Vec<u64>,
    /// The smallest pairs that have settlements in an ordinary month, the smallest first.
    pub(super) small: Vec<usize>,
    /// The mean payable of a settlement, in fen.
    pub(super) mean_payable: u64,
    /// The number of births by pair, for each period from the first.
    births: Vec<Vec<u64>>,
    /// The most months that a settlement may be late.
    pub(super) limit: i32,
    /// Parts per million of pairs with a permit.
    permits: u32,
    fates: Vec<(u64, Fate)>,
    planted: u64,
    costs: Costs,
    clocks: Vec<MonthClock>,
    /// For each period from the first: the first open day of each disease and its code, sorted by day.
    open: Vec<Vec<(i64, u32)>>,
    policies: Vec<&'a Policy>,
}

impl<'a> World<'a> {
    /// Makes the world of the options.
    pub(super) fn new(options: &SynthOptions, rules: &'a Rules) -> Result<World<'a>, RulesError> {
        let breaks = &options.breaks;
        let births = u128::from(options.settlements) * 1_000_000
            / u128::from(1_000_000 + breaks.reversal_parts());
        let usual = shares(births as u64, |_| 1000);
        let (mut fates, mut planted) = (Vec::new(), 0);
        for (fate, rate) in breaks.fates() {
            planted += u64::from(rate);
            fates.push((planted, fate));
        }
        let first = options.first_period;
        let periods = i32::try_from(options.periods).unwrap_or(i32::MAX);
        // One more period than is written, because decisions and refunds look one month ahead.
        let policies: Vec<&Policy> =
            (0..=periods + 1).map(|n| rules.policy(first.plus(n))).collect::<Result<_, _>>()?;
        check_classes(&policies)?;
        let limit = policies[0].lateness_limit.clamp(0, 40);
        let mut diseases = Vocabulary::default();
        diseases.add("M07800");
        let mut codes = BTreeMap::new();
        let open = policies
            .iter()
            .map(|policy| {
                let mut open: Vec<(i64, u32)> = policy
                    .chronic()
                    .map(|(code, day)| {
                        let place =
                            *codes.entry(code.to_owned()).or_insert_with(|| diseases.add(code));
                        (i64::from(day.to_epoch_days()), place)
                    })
                    .collect();
                open.sort_unstable();
                open
            })
            .collect();
        let clock = |n| MonthClock::new(first.plus(n), options.settlements);
        let large = |pair: usize| usual[pair] * LARGE > births as u64;
        let paced =
            |n| shares(births as u64, |pair| pace(options.seed, first.plus(n), pair, large(pair)));
        let paced = (0..periods).map(paced).collect();
        let costs = Costs::new();
        Ok(World {
            first,
            seed: options.seed,
            geography: Geography::new(hash_at(options.seed, 11)),
            diseases,
            calendar: &rules.calendar,
            small: small(&usual),
            usual,
            mean_payable: mean_payable(&costs, &owed(policies[0])),
            births: paced,
            limit,
            permits: breaks.permits,
            fates,
            planted,
            costs,
            clocks: (-limit - 2..=periods + 1).map(clock).collect(),
            open,
            policies,
        })
    }

    /// Returns the texts of the dictionary columns.
    pub(super) const fn texts(&self) -> TableTexts<'_> {
        TableTexts {
            divisions: &self.geography.divisions,
            institutions: &self.geography.institutions,
            diseases: &self.diseases,
            limit: self.limit,
        }
    }

    /// Returns the policy of a period, from the first to one after the last.
    pub(super) fn policy(&self, period: Month) -> &'a Policy {
        let place = usize::try_from(period.since(self.first)).unwrap_or_default();
        self.policies[place.min(self.policies.len() - 1)]
    }

    /// Returns the clock of a month.
    pub(super) fn clock(&self, month: Month) -> &MonthClock {
        let place = month.since(self.first) + self.limit + 2;
        &self.clocks[usize::try_from(place).unwrap_or_default()]
    }

    /// Returns the number of births in a period, by pair.
    pub(super) fn births(&self, period: Month) -> &[u64] {
        let place = usize::try_from(period.since(self.first)).unwrap_or_default();
        &self.births[place.min(self.births.len() - 1)]
    }

    /// Returns the amounts of a row that the insured province owes in a period, by position.
    pub(super) fn owed(&self, period: Month) -> Vec<usize> {
        owed(self.policy(period))
    }

    /// Whether an audit takes back bills of the period before from this pair: one small pair in five, each period.
    pub(super) fn is_audited(&self, stream: &BirthStream, period: Month) -> bool {
        let month = period.since(Month::new(0, 1)).unsigned_abs();
        let hash = hash_at(hash_at(self.seed, 1 << 54 | u64::from(month)), stream.pair as u64);
        self.small.contains(&stream.pair) && below(hash >> 32, 5) == 0
    }

    /// Returns the births of a period in a pair.
    pub(super) fn stream(&self, birth: Month, pair: usize) -> BirthStream {
        let month = birth.since(Month::new(0, 1)).unsigned_abs();
        let base = hash_at(hash_at(self.seed, u64::from(month) << 16), pair as u64);
        BirthStream {
            birth,
            pair,
            count: self.births(birth)[pair],
            base,
            offset: hash_at(base, u64::MAX) >> 8,
        }
    }

    /// Returns the fate of a settlement with this hash, or `None` when it is ordinary.
    pub(super) fn fate(&self, hash: u64) -> Option<Fate> {
        let part = below(hash >> 32, 1_000_000);
        if part >= self.planted {
            return None;
        }
        self.fates.iter().find(|(end, _)| part < *end).map(|(_, fate)| *fate)
    }

    /// Returns the second at which a settlement happens, in a month of this clock.
    pub(super) fn time(&self, month: Month, stream: &BirthStream, index: u64) -> i64 {
        let clock = self.clock(month);
        let slice = clock.slice_of(index, stream.count, stream.offset);
        clock.slice_start(slice) + below(stream.hash(index), clock.slice).cast_signed()
    }

    /// Makes the ordinary copy of a settlement.
    pub(super) fn row(
        &self,
        stream: &BirthStream,
        index: u64,
        origin: u8,
        time: i64,
    ) -> SyntheticRow {
        let hash = stream.hash(index);
        let mut draw = Draw::new(hash ^ 0x5E77_1E5E_7713_5EED);
        let bits = draw.bits();
        let (insured, treating) = (stream.pair / 32, stream.pair % 32);
        let person = below(bits >> 32, stream.count / 2 + 1);
        let person_hash = hash_at(hash_at(self.seed, stream.pair as u64 | 1 << 40), person);
        let (mut care, employee) = profile::care(bits, person_hash);
        let kinds = draw.bits();
        let day = time.div_euclid(86_400);
        let disease = match care {
            CareClass::Chronic => self.disease(stream.birth, day, kinds >> 16),
            _ => None,
        };
        if care == CareClass::Chronic && disease.is_none() {
            care = CareClass::Outpatient;
        }
        let site = match care {
            CareClass::Pharmacy => self.geography.pharmacy(treating, kinds >> 32),
            _ => self.geography.hospital(treating, kinds >> 32),
        };
        let home = self.geography.home(insured, person_hash >> 16);
        let amounts = self.costs.amounts(care, employee, &mut draw);
        let stay = if care == CareClass::Inpatient { 2 + below(kinds << 8, 14) as u32 } else { 0 };
        let numbers = &self.geography.numbers;
        SyntheticRow {
            id: SyntheticId {
                insured: numbers[home as usize],
                treating: numbers[site.division as usize],
                day: self.clock(Month::of_day(day)).yymmdd(time),
                origin,
                serial: index,
            },
            init: None,
            person_division: numbers[home as usize],
            person: person_hash % 10_000_000_000,
            person_form: PersonForm::Plain,
            insured: home,
            treating: site.division,
            institution: site.code,
            insutype: profile::insutype(employee, person_hash >> 48),
            med_type: profile::med_type(care, kinds),
            disease,
            stay,
            time,
            refunded: false,
            manual: false,
            amounts,
        }
    }

    /// Draws a chronic disease that is open on a day. Diseases early in the list are more common.
    pub(super) fn disease(&self, period: Month, day: i64, bits: u64) -> Option<u32> {
        let place = usize::try_from(period.since(self.first)).unwrap_or_default();
        let open = &self.open[place.min(self.open.len() - 1)];
        let count = open.partition_point(|(since, _)| *since <= day);
        let place = below(bits << 16, count as u64);
        (count > 0).then(|| open[place as usize].1)
    }

    /// Returns the timing of a cost month in a period.
    pub(super) fn timing(&self, cost_month: Month, period: Month) -> Timing {
        self.policy(period).timing(cost_month, period)
    }

    /// Whether step 4 accepts a row of this pair and cost month in a period.
    pub(super) fn in_time(&self, pair: Pair, cost_month: Month, period: Month) -> bool {
        let timing = self.timing(cost_month, period);
        if !timing.too_late && !timing.past_year_close {
            return true;
        }
        self.permit(pair, cost_month).is_some_and(|permit| {
            permit.first_period <= period && permit.covers(pair, cost_month, period, timing)
        })
    }

    /// Returns the permit of a pair for a cost month, if any. It comes with the first period past the limit and is
    /// valid for one or two periods.
    pub(super) fn permit(&self, pair: Pair, cost_month: Month) -> Option<Permit> {
        let delivered = cost_month.plus(self.limit + 1);
        if delivered < self.first {
            return None;
        }
        let index = pair.insured.index() * 32 + pair.treating.index();
        let month = cost_month.since(Month::new(0, 1)).unsigned_abs();
        let hash = hash_at(hash_at(self.seed, 1 << 50 | u64::from(month)), index as u64);
        if below(hash >> 32, 1_000_000) >= u64::from(self.permits) {
            return None;
        }
        Some(Permit {
            permit_id: format!("BB-{}-{pair}", cost_month.to_string().replace('-', "")),
            pair,
            cost_month,
            until_period: delivered.plus(i32::from(hash & 1 == 1)),
            past_year_close: hash & 2 == 2,
            reason: "declared late by the institution, reported beforehand".to_owned(),
            first_period: delivered,
        })
    }

    /// Returns the permits that a period delivers, sorted by pair.
    pub(super) fn permits(&self, period: Month) -> impl Iterator<Item = Permit> {
        let cost_month = period.plus(-self.limit - 1);
        (0..1024).filter_map(pair_of).filter_map(move |pair| self.permit(pair, cost_month))
    }
}

/// The number of small pairs.
const SMALL: usize = 40;

fn small(usual: &[u64]) -> Vec<usize> {
    let mut pairs: Vec<usize> = (0..usual.len()).filter(|pair| usual[*pair] > 0).collect();
    pairs.sort_by_key(|pair| (usual[*pair], *pair));
    pairs.truncate(SMALL);
    pairs
}

fn owed(policy: &Policy) -> Vec<usize> {
    policy.payable_fields().map(amount_position).collect()
}

/// Fails when the rules have no class for a code that ordinary rows use.
pub(super) fn check_classes(policies: &[&Policy]) -> Result<(), RulesError> {
    let mut errors = Vec::new();
    for policy in policies {
        for (place, code) in INSUTYPES.into_iter().enumerate() {
            if policy.fund_class(code).is_some() == (place == NO_FUND as usize) {
                errors.push(text!("policy {}: insutype {} has another class", policy.from, code));
            }
        }
        for (place, code) in MED_TYPES.into_iter().enumerate() {
            if policy.care_class(code).is_some() == (place == NO_CARE as usize) {
                errors.push(text!("policy {}: med_type {} has another class", policy.from, code));
            }
        }
    }
    errors.dedup();
    if errors.is_empty() { Ok(()) } else { Err(RulesError(errors)) }
}
