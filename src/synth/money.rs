//! The money of a synthetic book: quotas, notices, and the payments and top-ups that answer them.
//!
//! A delivery is made before any period is closed, so it has to name notices that the engine is yet to issue. Their
//! numbers, amounts and days follow from what the periods before clear, by section 5 of the contract. Like the answer
//! key, this reading of it shares no code with the engine.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::{
    model::{
        codes::{Month, Pair},
        money::{FenSum, yuan},
    },
    rules::{NegativeNet, Policy},
};

use super::{
    draw::{below, hash_at},
    geography::pair_of,
    pace::PairSums,
    payments::{Instalment, PaymentDays, instalments, payment_lines},
    world::World,
};

/// A pair in a book.
#[derive(Clone, Copy, Default)]
struct PairMoney {
    quota: FenSum,
    brought: FenSum,
    approved: FenSum,
    initial: FenSum,
}

/// A suggestion to raise a quota, and the period whose delivery answers it.
struct SynthSuggestion {
    pair: usize,
    number: String,
    amount: FenSum,
    answered: Month,
}

/// The lines of the small files about money.
#[derive(Default)]
pub(super) struct MoneyLines {
    /// payments.csv
    pub(super) payments: Vec<[String; 5]>,
    /// The number of payments that have to be refused, by code.
    pub(super) refused: BTreeMap<&'static str, u64>,
    /// quota-changes.csv
    pub(super) changes: Vec<[String; 4]>,
    /// initial-quotas.csv
    pub(super) initial: Vec<[String; 5]>,
}

/// What the close of a period comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MoneyCounts {
    /// The number of pairs at each warning level.
    pub(super) levels: BTreeMap<&'static str, u64>,
    /// The number of notices of each kind.
    pub(super) notices: BTreeMap<&'static str, u64>,
}

/// The money of a book, from period to period.
pub(super) struct SynthMoney<'w> {
    world: &'w World<'w>,
    pairs: Vec<PairMoney>,
    /// The payables of closed periods.
    payables: BTreeMap<Month, PairSums>,
    suggestions: Vec<SynthSuggestion>,
    /// What is paid in a later delivery.
    instalments: Vec<Instalment>,
    /// Parts per million of payments that have a wrong line beside them.
    refused: u32,
}

impl<'w> SynthMoney<'w> {
    /// Starts a book.
    pub(super) fn new(world: &'w World, refused: u32) -> SynthMoney<'w> {
        let mut pairs = vec![PairMoney::default(); 1024];
        let late = late_starters(world);
        for (pair, money) in pairs.iter_mut().enumerate() {
            if !late.contains(&pair) {
                money.quota = two_months(world, pair);
            }
        }
        SynthMoney {
            world,
            pairs,
            payables: BTreeMap::new(),
            suggestions: Vec::new(),
            instalments: Vec::new(),
            refused,
        }
    }

    /// Returns the quotas in force: insured province, treating province, quota.
    pub(super) fn quotas(&self) -> impl Iterator<Item = [String; 3]> {
        let quotas = self.pairs.iter().enumerate().filter(|(_, money)| money.quota.is_positive());
        quotas.filter_map(|(pair, money)| {
            let Pair { insured, treating } = pair_of(pair)?;
            Some([insured.to_string(), treating.to_string(), yuan(money.quota)])
        })
    }

    /// Makes the lines about money of a delivery.
    pub(super) fn deliver(&mut self, period: Month) -> MoneyLines {
        let (changes, initial) = (self.answer(period), self.start(period));
        let mut due: Vec<Instalment> = Vec::new();
        self.instalments.retain(|instalment| {
            let now = instalment.period <= period;
            due.extend(now.then(|| instalment.clone()));
            !now
        });
        let (payments, refused) = payment_lines(due, period, self.world.seed, self.refused);
        MoneyLines { payments, refused, changes, initial }
    }

    /// Answers the suggestions that are answered in this delivery.
    fn answer(&mut self, period: Month) -> Vec<[String; 4]> {
        let policy = self.world.policy(period);
        let executed = period.plus(1);
        let mut lines = Vec::new();
        let (now, later) = std::mem::take(&mut self.suggestions)
            .into_iter()
            .partition(|suggestion| suggestion.answered == period);
        self.suggestions = later;
        let now: Vec<SynthSuggestion> = now;
        for SynthSuggestion { pair, number, amount, .. } in now {
            let hash = self.hash(period, pair, 3);
            // The national agency approves what was asked for, less, or more, in whole yuan.
            let percent = match below(hash, 4) {
                0 | 1 => 100,
                2 => 80,
                _ => 120,
            };
            let approved = (amount.times(percent).fen() / 10_000 * 100).max(100);
            let approved = FenSum::new(approved);
            let day = 4 + u16::try_from(below(hash >> 8, 4)).unwrap_or_default();
            let approved_on = self.world.calendar.after(executed.first_day(), day);
            self.pairs[pair].approved += approved;
            let by = format!("head-{}", below(hash >> 32, 3) + 1);
            lines.push([number.clone(), yuan(approved), by, approved_on.to_string()]);
            let days = PaymentDays::from(approved_on, policy, self.world.calendar);
            self.plan(&number, pair, true, approved, days, period);
        }
        lines.sort();
        lines
    }

    /// Gives their first quotas to the pairs that started without one, in the second period.
    fn start(&mut self, period: Month) -> Vec<[String; 5]> {
        let world = self.world;
        if period != world.first.plus(1) || self.yearly_sums(period).is_some() {
            return Vec::new();
        }
        let approved_on = world.calendar.after(period.plus(1).first_day(), 3);
        let mut lines = Vec::new();
        for pair in late_starters(world) {
            let Some(Pair { insured, treating }) = pair_of(pair) else { continue };
            let quota = two_months(world, pair);
            self.pairs[pair].initial = quota;
            let [insured, treating] = [insured, treating].map(|province| province.to_string());
            let by = "head-1".to_owned();
            lines.push([insured, treating, yuan(quota), by, approved_on.to_string()]);
        }
        lines.sort();
        lines
    }

    /// Closes a period: issues its notices and plans their payments. `net` is what each pair clears, less deductions.
    pub(super) fn close(&mut self, period: Month, net: &[FenSum]) -> MoneyCounts {
        let policy = self.world.policy(period);
        let yearly = self.yearly_sums(period);
        let issued_on = period.plus(1).last_day();
        let days = PaymentDays::from(issued_on, policy, self.world.calendar);
        let mut counts = MoneyCounts::default();
        let mut payables = PairSums::with_capacity(net.len());
        for (pair, net) in net.iter().enumerate() {
            let money = self.pairs[pair];
            let net = *net + money.brought;
            let (payable, below) = (net.max(FenSum::ZERO), net.min(FenSum::ZERO));
            payables.push(payable);
            let Some(name) = pair_of(pair) else { continue };
            let mut issue = |kind: &'static str, from_insured: bool, amount: FenSum| {
                if amount.is_positive() {
                    *counts.notices.entry(kind).or_default() += 1;
                    let number = format!("{kind}-{period}-{name}");
                    self.plan(&number, pair, from_insured, amount, days, period.plus(1));
                }
            };
            issue("QS", true, payable);
            let returned = match policy.negative_net {
                NegativeNet::Return => -below,
                NegativeNet::Carry => FenSum::ZERO,
            };
            issue("FH", false, returned);
            issue("CS", true, money.initial);
            let mut next = money.quota;
            if let Some(before) = &yearly {
                next = mean_months(before[pair] + payable, policy);
                issue("ND", next > money.quota, (next - money.quota).abs());
            }
            next += money.approved + money.initial;
            let level = level(payable, money.quota, policy);
            *counts.levels.entry(level).or_default() += 1;
            let wanted = payable.times(policy.emergency_months) - next;
            if level == "red" && wanted.is_positive() {
                *counts.notices.entry("JJ").or_default() += 1;
                self.suggest(period, pair, wanted);
            }
            let brought = below + returned;
            self.pairs[pair] = PairMoney { quota: next, brought, ..PairMoney::default() };
        }
        self.payables.insert(period, payables);
        counts
    }

    /// Remembers a suggestion. Of ten, seven are answered in the next delivery, two in the one after, one never.
    fn suggest(&mut self, period: Month, pair: usize, amount: FenSum) {
        let Some(name) = pair_of(pair) else { return };
        let months = match below(self.hash(period, pair, 5) >> 32, 10) {
            0..=6 => 1,
            7..=8 => 2,
            _ => return,
        };
        let number = format!("JJ-{period}-{name}");
        let answered = period.plus(months);
        self.suggestions.push(SynthSuggestion { pair, number, amount, answered });
    }

    fn plan(
        &mut self,
        number: &str,
        pair: usize,
        from_insured: bool,
        amount: FenSum,
        days: PaymentDays,
        earliest: Month,
    ) {
        let Some(Pair { insured, treating }) = pair_of(pair) else { return };
        let payer = if from_insured { insured } else { treating };
        let habit = self.hash(earliest, payer.index(), 7);
        let own = hash_at(habit, pair as u64);
        let planned = instalments(amount, days, (habit, own), self.world.calendar);
        let period = |on: NaiveDate| Month::of_day(on.to_epoch_days().into()).plus(-1);
        self.instalments.extend(planned.into_iter().map(|(paid_on, amount)| Instalment {
            period: period(paid_on).max(earliest),
            notice: number.to_owned(),
            payer,
            paid_on,
            amount,
        }));
    }

    /// Returns the payables of the year's end before a period that makes yearly quotas; none for other periods.
    fn yearly_sums(&self, period: Month) -> Option<PairSums> {
        let rule = self.world.policy(period).yearly_quota;
        if period.of_year() != rule.to_month {
            return None;
        }
        let mut sums = super::pace::no_sums();
        for month in rule.from_month..rule.to_month {
            let payables = self.payables.get(&Month::new(period.year(), month))?;
            sums.iter_mut().zip(payables).for_each(|(sum, payable)| *sum += *payable);
        }
        Some(sums)
    }

    fn hash(&self, period: Month, what: usize, kind: u64) -> u64 {
        let month = u64::from(period.since(Month::new(0, 1)).unsigned_abs());
        hash_at(hash_at(self.world.seed, kind << 56 | month), what as u64)
    }
}

/// Returns two months of the expected payable of a pair, in whole yuan.
fn two_months(world: &World, pair: usize) -> FenSum {
    let fen = 2 * u128::from(world.usual[pair]) * u128::from(world.mean_payable);
    FenSum::new((fen / 100 * 100).cast_signed())
}

/// Returns the pairs that start without a quota: two small ones.
fn late_starters(world: &World) -> Vec<usize> {
    world.small.iter().rev().take(2).copied().collect()
}

/// Returns the yearly quota: so many monthly means of a sum, half up to the fen.
fn mean_months(sum: FenSum, policy: &Policy) -> FenSum {
    let rule = policy.yearly_quota;
    let span = i128::from(rule.to_month - rule.from_month) + 1;
    let (whole, rest) = {
        let times = sum.times(rule.months).fen();
        (times.div_euclid(span), times.rem_euclid(span))
    };
    FenSum::new(whole + i128::from(2 * rest >= span))
}

/// Returns the warning level of a payable.
fn level(payable: FenSum, quota: FenSum, policy: &Policy) -> &'static str {
    let (used, whole) = (payable.fen() * 100, quota.fen());
    match () {
        () if whole == 0 && used == 0 => "none",
        () if used >= whole * i128::from(policy.red_percent) => "red",
        () if used >= whole * i128::from(policy.yellow_percent) => "yellow",
        () => "green",
    }
}
