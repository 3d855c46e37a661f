//! The account of an amount, step by step.

use schemars::JsonSchema;
use serde::Serialize;

use super::words::{class_said, said};

use crate::{
    model::money::{Fen, yuan},
    review::benefits::{
        expected::{AS_IT_IS, BenefitAccount, RatioPiece},
        facts::BenefitFacts,
        rows::BenefitSet,
        trial::{decimal, millionths},
        words::Scaled,
    },
    text::{Text, list},
};

/// The steps from an in-scope amount to what the fund pays.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedAccount {
    /// The values that were taken for what is unknown, each with its name.
    pub assumed: Vec<[String; 2]>,
    /// The steps.
    pub steps: Vec<ExplainedStep>,
    /// What the fund pays.
    pub fund_pays: String,
}

/// A step.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedStep {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Text,
    /// How it is worked out.
    pub working: Option<String>,
    /// What comes out.
    pub result: String,
    /// The line of the rule set that says so.
    pub line: Option<usize>,
}

impl ExplainedStep {
    fn of(name: Text, result: impl Into<String>) -> ExplainedStep {
        ExplainedStep { name, working: None, result: result.into(), line: None }
    }

    fn working(self, working: String) -> ExplainedStep {
        ExplainedStep { working: Some(working), ..self }
    }

    fn line(self, line: usize) -> ExplainedStep {
        ExplainedStep { line: Some(line), ..self }
    }

    /// Words the step.
    fn text(&self) -> Text {
        let ExplainedStep { name, working, result, line } = self;
        match (working, line) {
            (Some(working), Some(line)) => {
                text!("  {}: {} = {} (line {})", name, working, result, line)
            }
            (Some(working), None) => text!("  {}: {} = {}", name, working, result),
            (None, Some(line)) => text!("  {}: {} (line {})", name, result, line),
            (None, None) => text!("  {}: {}", name, result),
        }
    }
}

/// Writes per cent of an amount in yuan: parts of 10^-14.
fn exact(number: i128) -> String {
    decimal(number, 100_000_000_000_000)
}

fn percent(ten_thousandths: i128) -> String {
    format!("{} %", decimal(ten_thousandths, 10_000))
}

impl ExplainedAccount {
    /// Words the account, line by line.
    pub(super) fn lines(&self) -> Vec<Text> {
        let mut lines: Vec<Text> = Vec::new();
        if !self.assumed.is_empty() {
            let assumed = self.assumed.iter().map(|[name, value]| {
                let value = match name.as_str() {
                    "filing" => class_said(value),
                    "level" | "person" | "networked" => said(value),
                    _ => Text::given(value),
                };
                text!("{} = {}", said(name), value)
            });
            lines.push(text!("  with {}", list(assumed)));
        }
        lines.extend(self.steps.iter().map(ExplainedStep::text));
        lines
    }

    /// Makes the steps of an account of some facts.
    pub(super) fn of(
        account: &BenefitAccount<'_>,
        facts: &BenefitFacts<'_>,
        set: &BenefitSet,
    ) -> ExplainedAccount {
        let mut steps = vec![ExplainedStep::of(text!("in scope"), yuan(account.in_scope))];
        steps.extend(before_ratios(account));
        if account.base <= 0 {
            steps.push(ExplainedStep::of(text!("nothing is left, so the fund pays"), "0.00"));
        } else {
            steps.extend(ratios(account));
            steps.extend(after_ratios(account));
        }
        let fund_pays = yuan(account.fund_pays);
        steps.push(ExplainedStep::of(text!("to the fen, half up"), fund_pays.clone()));
        let assumed = set.assumed(facts, &account.case).into_iter();
        let assumed = assumed.map(|(name, value)| [name.to_owned(), value]).collect();
        ExplainedAccount { assumed, steps, fund_pays }
    }
}

/// First share and deductible, and what they leave.
fn before_ratios(account: &BenefitAccount<'_>) -> Vec<ExplainedStep> {
    let mut steps = Vec::new();
    let scope = yuan(account.in_scope);
    let mut left = scope.clone();
    let remote = account.remote.map(|remote| (remote.line, remote.says));
    let share = remote.and_then(|(line, says)| Some((line, says.first_share?.ten_thousandths())));
    if let Some((line, share)) = share {
        let paid = exact(i128::from(account.in_scope.fen()) * share * 1_000_000);
        left = format!("{left} − {paid}");
        let step = ExplainedStep::of(text!("paid first by the person"), paid);
        steps.push(step.working(format!("{scope} × {}", percent(share))).line(line));
    }
    let deductible = yuan(account.deductible);
    left = format!("{left} − {deductible}");
    let Some(row) = account.deductible_row else {
        steps.push(ExplainedStep::of(text!("deductible, as the record states it"), deductible));
        steps
            .push(ExplainedStep::of(text!("what is left"), millionths(account.base)).working(left));
        return steps;
    };
    let factor = remote.and_then(|(_, says)| says.deductible_factor).map(Scaled::ten_thousandths);
    let amount = yuan(row.says.amount);
    let factor = factor.filter(|factor| *factor != AS_IT_IS).map(|factor| decimal(factor, 10_000));
    let product = factor.map(|factor| format!("{amount} × {factor}"));
    let name = match (row.says.or_less, row.says.again_days) {
        (true, _) => text!("deductible, any amount up to {}", product.as_ref().unwrap_or(&amount)),
        (false, Some(days)) => text!("deductible, once more for each {} days", days),
        (false, None) => text!("deductible"),
    };
    let working = product.filter(|_| !row.says.or_less && row.says.again_days.is_none());
    let step = ExplainedStep::of(name, deductible).line(row.line);
    steps.push(match working {
        Some(working) => step.working(working),
        None => step,
    });
    steps.push(ExplainedStep::of(text!("what is left"), millionths(account.base)).working(left));
    steps
}

/// What the ratios make of what is left.
fn ratios(account: &BenefitAccount<'_>) -> Vec<ExplainedStep> {
    let mut steps = Vec::new();
    let has_bands =
        |piece: &RatioPiece<'_>| piece.row.says.upto.is_some() || piece.row.says.above != Fen::ZERO;
    if account.pieces.iter().any(has_bands) {
        let used = millionths(account.used_before);
        steps.push(ExplainedStep::of(text!("taken as used before in the year"), used));
    }
    let remote = account.remote.map(|remote| (remote.line, remote.says));
    let points = remote.and_then(|(line, says)| Some((line, says.points?.ten_thousandths())));
    if let Some((line, points)) = points {
        let step = ExplainedStep::of(text!("points on each ratio"), decimal(points, 10_000));
        steps.push(step.line(line));
    }
    for piece in &account.pieces {
        let own = piece.row.says.percent.ten_thousandths();
        let of = if own == piece.percent {
            percent(own)
        } else {
            format!("{} ({})", percent(piece.percent), percent(own))
        };
        let step = ExplainedStep::of(text!("ratio"), exact(piece.amount * piece.percent));
        steps.push(
            step.working(format!("{} × {of}", millionths(piece.amount))).line(piece.row.line),
        );
    }
    if account.pieces.len() > 1 {
        let all = account.pieces.iter().map(|piece| exact(piece.amount * piece.percent));
        let sum = account.pieces.iter().map(|piece| piece.amount * piece.percent).sum();
        let step = ExplainedStep::of(text!("together"), exact(sum));
        steps.push(step.working(all.collect::<Vec<_>>().join(" + ")));
    }
    steps
}

/// Factor and cap of a visit.
fn after_ratios(account: &BenefitAccount<'_>) -> Vec<ExplainedStep> {
    let mut steps = Vec::new();
    let sum: i128 = account.pieces.iter().map(|piece| piece.amount * piece.percent).sum();
    let remote = account.remote.map(|remote| (remote.line, remote.says));
    let factor = remote.and_then(|(line, says)| Some((line, says.factor?.ten_thousandths())));
    if let Some((line, factor)) = factor {
        let product = decimal(sum * factor, 1_000_000_000_000_000_000);
        let step = ExplainedStep::of(text!("factor"), product);
        let working = format!("{} × {}", exact(sum), decimal(factor, 10_000));
        steps.push(step.working(working).line(line));
    }
    let cap = account.visit_cap;
    steps
        .extend(cap.map(|cap| ExplainedStep::of(text!("not above the cap of a visit"), yuan(cap))));
    steps
}
