//! Stress scenarios: the next period with another volume, or with a late payer. Nothing is written.
//!
//! The model is simple. The next period draws the amounts of the last one, times the volume. Payers in time pay
//! their open notices before it closes. Notices of a late payer stay open, and each begun 30 days of delay draw
//! the reserve of the pair once more.

use std::{cmp::Reverse, collections::BTreeMap, path::Path, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use schemars::JsonSchema;
use serde::Serialize;

use super::levels::concerns;
use crate::{
    book::Book,
    diag::{Failure, Outcome},
    handover::brought,
    model::{
        codes::{Pair, Province},
        money::{FenSum, yuan},
    },
    reserve::Level,
    rules::{Policy, Rules},
    shapes::{FormatNumber, MapOf, PairCode, ProvinceCode, Yuan},
    text::{Text, quoted},
};

/// A scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scenario {
    /// Volume rises by this percentage, or falls if it is negative.
    Volume(Decimal),
    /// A province pays this many days late.
    Late(Province, u16),
}

impl FromStr for Scenario {
    type Err = Text;

    /// Reads `volume=20` (per cent) or `late=34:45` (province and days).
    fn from_str(text: &str) -> Result<Scenario, Text> {
        let error = || text!("{} is neither volume=PERCENT nor late=PROVINCE:DAYS", quoted(text));
        match text.split_once('=').ok_or_else(error)? {
            ("volume", percent) => {
                let percent = Decimal::from_str(percent).map_err(|_| error())?;
                let sane = percent >= Decimal::NEGATIVE_ONE * Decimal::ONE_HUNDRED
                    && percent <= Decimal::ONE_THOUSAND;
                if sane { Ok(Scenario::Volume(percent)) } else { Err(error()) }
            }
            ("late", payer) => {
                let (province, days) = payer.split_once(':').ok_or_else(error)?;
                let province = Province::from_text(province).ok_or_else(error)?;
                Ok(Scenario::Late(province, days.parse().map_err(|_| error())?))
            }
            _ => Err(error()),
        }
    }
}

/// What scenarios do to the next period.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "stress --format json")]
pub struct StressReport {
    /// The format of the report.
    format: FormatNumber<2>,
    /// The scenarios in the order of the command line.
    pub scenarios: Vec<Stressed>,
}

/// What a scenario does to the next period.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stressed {
    /// The scenario as the command line has it: `volume=PERCENT` or `late=PROVINCE:DAYS`.
    #[schemars(regex(pattern = "^(volume=-?[0-9.]+|late=[0-9]{2}:[0-9]+)$"))]
    pub scenario: String,
    /// The pairs that turn red and were not, the largest payable first.
    #[schemars(with = "Vec<PairCode>")]
    pub turn_red: Vec<String>,
    /// The pairs that turn yellow and were not, the largest payable first.
    #[schemars(with = "Vec<PairCode>")]
    pub turn_yellow: Vec<String>,
    /// The treating provinces whose reserves together fall below zero, with what they come to, in yuan.
    #[schemars(with = "MapOf<ProvinceCode, Yuan>")]
    pub run_dry: BTreeMap<String, String>,
    /// The sum of the top-ups that emergency notices would suggest, in yuan. The procedure has no formula for them.
    #[schemars(with = "Yuan")]
    pub suggested: String,
    #[serde(skip)]
    sum: FenSum,
}

impl Stressed {
    /// Returns the sum of the suggested top-ups in fen.
    pub const fn suggested(&self) -> FenSum {
        self.sum
    }
}

/// The state of the last closed period, from which scenarios start; fen by pair.
struct Ground {
    payable: BTreeMap<Pair, FenSum>,
    quota: BTreeMap<Pair, FenSum>,
    closing: BTreeMap<Pair, FenSum>,
    /// Open amounts of notices, with pair and payer.
    open: Vec<(Pair, Province, FenSum)>,
}

/// Applies scenarios to the newest period of a book. With a province only its pairs, top-ups and reserve are listed.
pub fn stress(
    root: &Path,
    rules: &Rules,
    scenarios: &[Scenario],
    province: Option<Province>,
) -> Outcome<StressReport> {
    let periods = Book::look(root)?;
    let Some((closed, folder)) = periods.last() else {
        return Err(Failure::Usage(text!("no period is closed in {}", root)));
    };
    let policy = rules.policy(closed.plus(1)).map_err(|e| Failure::Usage(e.text()))?;
    let issued = brought::notices(&periods)?;
    let open = issued.active.values().filter(|status| status.open().is_positive());
    let ground = Ground {
        payable: brought::by_pair(folder, "pairs", "payable")?,
        quota: brought::by_pair(folder, "quotas", "next_quota")?,
        closing: brought::by_pair(folder, "reserves", "closing")?,
        open: open.map(|s| (s.notice.pair, s.notice.payer, s.open())).collect(),
    };
    let scenarios = scenarios.iter().map(|scenario| ground.play(scenario, policy, province));
    Ok(StressReport { format: FormatNumber, scenarios: scenarios.collect::<Outcome<_>>()? })
}

impl Ground {
    fn play(
        &self,
        scenario: &Scenario,
        policy: &Policy,
        province: Option<Province>,
    ) -> Outcome<Stressed> {
        let drawn = self.drawn(scenario)?;
        let of = |sums: &BTreeMap<Pair, FenSum>, pair: &Pair| {
            sums.get(pair).copied().unwrap_or_default()
        };
        let mut stressed = Stressed {
            scenario: scenario.to_string(),
            turn_red: Vec::new(),
            turn_yellow: Vec::new(),
            run_dry: BTreeMap::new(),
            suggested: String::new(),
            sum: FenSum::ZERO,
        };
        let mut largest_first: Vec<(&Pair, &FenSum)> = drawn.iter().collect();
        largest_first.sort_by_key(|(pair, payable)| (Reverse(**payable), **pair));
        let mut reserves = self.after_payments(scenario);
        for (pair, payable) in largest_first {
            let listed = concerns(province, *pair);
            let quota = of(&self.quota, pair);
            let before = Level::of(of(&self.payable, pair), quota, policy);
            let after = Level::of(*payable, quota, policy);
            match after {
                Level::Red if listed && before != Level::Red => {
                    stressed.turn_red.push(pair.to_string());
                }
                Level::Yellow if listed && before != Level::Yellow => {
                    stressed.turn_yellow.push(pair.to_string());
                }
                _ => {}
            }
            if listed && after == Level::Red {
                stressed.sum += (payable.times(policy.emergency_months) - quota).max(FenSum::ZERO);
            }
            *reserves.entry(pair.treating).or_default() -=
                payable.times(scenario.draws(pair.insured));
        }
        stressed.suggested = yuan(stressed.sum);
        let own = |treating: &Province| province.is_none_or(|province| province == *treating);
        let dry = reserves.into_iter().filter(|(treating, fen)| own(treating) && fen.is_negative());
        stressed.run_dry = dry.map(|(province, fen)| (province.to_string(), yuan(fen))).collect();
        Ok(stressed)
    }

    /// Returns the amount that each pair draws in the next period.
    fn drawn(&self, scenario: &Scenario) -> Outcome<BTreeMap<Pair, FenSum>> {
        let factor = match scenario {
            Scenario::Volume(percent) => Decimal::ONE + percent / Decimal::ONE_HUNDRED,
            Scenario::Late(..) => Decimal::ONE,
        };
        let scaled = |fen: FenSum| {
            let fen = Decimal::try_from_i128_with_scale(fen.fen(), 0).ok()?.checked_mul(factor)?;
            let fen = fen.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
            fen.to_i128().map(FenSum::new)
        };
        let drawn = self.payable.iter().map(|(pair, fen)| Some((*pair, scaled(*fen)?)));
        let drawn: Option<_> = drawn.collect();
        drawn.ok_or_else(|| Failure::Usage(text!("payables too large for a scenario")))
    }

    /// Returns the reserves of each treating province after all payments in time.
    fn after_payments(&self, scenario: &Scenario) -> BTreeMap<Province, FenSum> {
        let mut reserves: BTreeMap<Province, FenSum> = BTreeMap::new();
        for (pair, fen) in &self.closing {
            *reserves.entry(pair.treating).or_default() += *fen;
        }
        for (pair, payer, open) in &self.open {
            if !matches!(scenario, Scenario::Late(late, _) if late == payer) {
                let paid_in = *payer == pair.insured;
                *reserves.entry(pair.treating).or_default() += if paid_in { *open } else { -*open };
            }
        }
        reserves
    }
}

impl Scenario {
    /// Returns how often the pairs of a payer draw before its payment.
    fn draws(&self, insured: Province) -> i128 {
        match self {
            Scenario::Late(late, days) if *late == insured => 1 + i128::from(days.div_ceil(30)),
            _ => 1,
        }
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scenario::Volume(percent) => write!(f, "volume={percent}"),
            Scenario::Late(province, days) => write!(f, "late={province}:{days}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::codes::Month;

    fn pair(insured: &str, treating: &str) -> Pair {
        let province = |text| Province::from_text(text).expect("a province");
        Pair { insured: province(insured), treating: province(treating) }
    }

    #[test]
    fn scenarios_are_read() {
        for good in ["volume=20", "volume=-12.5", "late=34:45"] {
            assert_eq!(good.parse::<Scenario>().map(|s| s.to_string()), Ok(good.to_owned()));
        }
        for bad in ["volume", "volume=x", "volume=-101", "late=34", "late=00:3", "early=34:1"] {
            assert!(bad.parse::<Scenario>().is_err(), "{bad}");
        }
    }

    #[test]
    fn volume_and_delay_do_what_they_say() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        let ah_sh = pair("34", "31");
        let ground = Ground {
            payable: [(ah_sh, FenSum::new(6_500))].into(),
            quota: [(ah_sh, FenSum::new(10_000))].into(),
            closing: [(ah_sh, FenSum::new(3_500))].into(),
            open: vec![(ah_sh, ah_sh.insured, FenSum::new(6_500))],
        };
        let play =
            |text: &str| ground.play(&text.parse().expect("good"), policy, None).expect("played");
        let more = play("volume=10");
        assert_eq!((more.turn_yellow.len(), more.turn_red.len(), more.run_dry.len()), (1, 0, 0));
        let much_more = play("volume=50");
        assert_eq!(much_more.turn_red, ["34-31"]);
        assert_eq!(much_more.suggested, "95.00");
        let late = play("late=34:31");
        assert_eq!(late.run_dry.get("31").map(String::as_str), Some("-160.00"));
        assert!(play("late=41:31").run_dry.is_empty());
    }
}
