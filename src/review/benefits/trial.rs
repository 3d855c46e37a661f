//! The tests of a rule set.

use super::{
    expected::{BenefitAccount, NotJudged},
    facts::BenefitTest,
    rows::BenefitSet,
};
use crate::{
    model::money::{Fen, yuan},
    text::{Text, Value, list},
};

impl BenefitSet {
    /// Returns what is wrong with each test that fails.
    pub fn failed_tests(&self) -> Vec<Text> {
        self.tests.iter().filter_map(|test| self.failed_test(test)).collect()
    }

    fn failed_test(&self, test: &BenefitTest) -> Option<Text> {
        let problem = match self.expected(&test.settlement.facts()) {
            Ok(found) if (found.lo(), found.hi()) == (test.lo, test.hi) => return None,
            Ok(found) => {
                let found_range = range(found.lo(), found.hi());
                let wanted = range(test.lo, test.hi);
                let accounts = if found.lo() == found.hi() {
                    vec![found.lowest.text()]
                } else {
                    vec![found.lowest.text(), found.highest.text()]
                };
                text!("the fund pays {} in place of {}: {}", found_range, wanted, list(accounts))
            }
            Err(NotJudged::NoAmount) => text!("inscp_scp_amt is missing"),
            Err(NotJudged::NoRow(class)) => {
                text!("no row fits, where the class is {}", class.name())
            }
        };
        Some(text!("{} line {}, test: {}", &self.file, test.line, Value::Text(problem)))
    }
}

/// Words a range: one amount where its ends are the same.
fn range(lo: Fen, hi: Fen) -> Text {
    if lo == hi { text!("{}", yuan(lo)) } else { text!("{} to {}", yuan(lo), yuan(hi)) }
}

impl BenefitAccount<'_> {
    /// Words the steps, so that a clerk can follow them on paper.
    pub fn text(&self) -> Text {
        let pieces = self.pieces.iter().map(|piece| {
            let percent = decimal(piece.percent, 10_000);
            text!("{} × {} % (line {})", millionths(piece.amount), percent, piece.row.line)
        });
        let mut steps = vec![text!("{} in scope", yuan(self.in_scope))];
        let remote = self.remote.map(|remote| (remote.line, remote.says));
        if let Some((line, share)) =
            remote.and_then(|(line, says)| Some((line, says.first_share?.ten_thousandths())))
        {
            steps.push(text!("{} % paid first (line {})", decimal(share, 10_000), line));
        }
        let deductible = yuan(self.deductible);
        steps.push(if let Some(row) = self.deductible_row {
            text!("deductible {} (line {})", deductible, row.line)
        } else {
            text!("deductible {} as paid", deductible)
        });
        steps.push(text!("leaves {}", millionths(self.base)));
        steps.extend(pieces);
        if let Some((line, factor)) =
            remote.and_then(|(line, says)| Some((line, says.factor?.ten_thousandths())))
        {
            steps.push(text!("× {} (line {})", decimal(factor, 10_000), line));
        }
        steps.extend(self.visit_cap.map(|cap| text!("at most {} a visit", yuan(cap))));
        steps.push(text!("= {}", yuan(self.fund_pays)));
        text!("{}", list(steps))
    }
}

/// Writes a number of millionths of a fen in yuan.
pub(in crate::review) fn millionths(number: i128) -> String {
    decimal(number, 100_000_000)
}

/// Writes a number of parts with the decimals that it needs.
pub(in crate::review) fn decimal(number: i128, parts: i128) -> String {
    let width = parts.ilog10() as usize;
    let (sign, number) = if number < 0 { ("-", -number) } else { ("", number) };
    let decimals = format!("{:0width$}", number % parts);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{decimals}", number / parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_that_are_needed() {
        assert_eq!(millionths(2_000_000_000_000), "20000");
        assert_eq!(millionths(-123_450_000), "-1.2345");
        assert_eq!(decimal(895_000, 10_000), "89.5");
        assert_eq!(decimal(1, 10_000), "0.0001");
    }
}
