//! Audit deductions (审核扣款): amounts held back from settlements that cleared (contract §4, end).

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use crate::{
    columnar::{shape, table::TableBuilder},
    contract::small_files::DeductionLine,
    diag::codes::LineCode,
    keyed::{
        key::Key,
        registered::{Registered, RegisteredKind},
    },
    model::{
        codes::{FundClass, Pair},
        money::{Fen, FenSum},
    },
};

/// A row of the table `deductions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction {
    /// The number of the deduction.
    pub ddct_id: String,
    /// The settlement that it names.
    pub setl_id: String,
    /// The amount in fen: held back when positive, given back when negative.
    pub amount: Fen,
    /// The reason of a refusal, or R01 when the amount is given back; none when it is held back.
    pub code: Option<LineCode>,
    /// Whether the deduction is accepted.
    pub accepted: bool,
    /// The pair and the fund of the settlement, if the settlement cleared.
    pub pair_and_fund: Option<(Pair, FundClass)>,
}

impl Deduction {
    /// Returns whether it is accepted, the code, and the amount in fen.
    pub fn judged(&self) -> (bool, Option<&'static str>, FenSum) {
        (self.accepted, self.code.map(LineCode::id), self.amount.into())
    }
}

/// All accepted deductions of a book.
#[derive(Debug, Default)]
pub struct AcceptedDeductions {
    numbers: BTreeSet<String>,
    /// The accepted deductions of each settlement.
    held_back: BTreeMap<Key, Vec<Deduction>>,
    /// The sum held back from each settlement, in fen.
    sums: BTreeMap<Key, FenSum>,
}

impl AcceptedDeductions {
    /// Adds an accepted deduction.
    pub fn add(&mut self, deduction: Deduction) {
        let key = Key::of(&deduction.setl_id);
        *self.sums.entry(key).or_default() += FenSum::from(deduction.amount);
        self.numbers.insert(deduction.ddct_id.clone());
        self.held_back.entry(key).or_default().push(deduction);
    }

    /// Whether a number of a deduction was used.
    pub fn has_number(&self, ddct_id: &str) -> bool {
        self.numbers.contains(ddct_id)
    }

    /// Returns the sum that is held back from a settlement.
    pub fn sum_of(&self, settlement: Key) -> FenSum {
        self.sums.get(&settlement).copied().unwrap_or_default()
    }
}

/// Facts that decide about the deductions of a period.
pub struct DeductionFacts<'a> {
    /// The settlements that deductions name and that cleared or were voided, in this period or earlier.
    pub settlements: &'a BTreeMap<Key, Registered>,
    /// The settlements that are reversed, in this period or earlier.
    pub reversed: &'a FxHashSet<Key>,
    /// The settlements that are reversed in this period, sorted.
    pub reversed_now: &'a [Key],
}

/// Judges the lines of a delivery, and gives back the deductions of settlements reversed in this period.
pub fn deduct(
    lines: &[DeductionLine],
    mut accepted: AcceptedDeductions,
    facts: &DeductionFacts,
) -> Vec<Deduction> {
    debug_assert!(facts.reversed_now.is_sorted(), "reversed settlements in order");
    let mut deductions: Vec<Deduction> =
        facts.reversed_now.iter().flat_map(|key| given_back(&accepted, *key)).collect();
    let mut ordered: Vec<&DeductionLine> = lines.iter().collect();
    ordered.sort_by(|a, b| a.ddct_id.cmp(&b.ddct_id));
    for line in ordered {
        let registered = facts.settlements.get(&Key::of(&line.setl_id));
        let cleared = registered.filter(|registered| registered.kind != RegisteredKind::Voided);
        let code = refusal(line, cleared, &accepted, facts);
        let deduction = Deduction {
            ddct_id: line.ddct_id.clone(),
            setl_id: line.setl_id.clone(),
            amount: line.amount,
            code,
            accepted: code.is_none(),
            pair_and_fund: cleared.and_then(|c| c.group).map(|group| (group.pair, group.fund)),
        };
        if deduction.accepted {
            accepted.add(deduction.clone());
        }
        deductions.push(deduction);
    }
    deductions.sort_by(|a, b| {
        let order = |d: &Deduction| (d.setl_id.clone(), d.code);
        a.ddct_id.cmp(&b.ddct_id).then_with(|| order(a).cmp(&order(b)))
    });
    deductions
}

/// Returns why a line is refused: the first reason that holds.
fn refusal(
    line: &DeductionLine,
    cleared: Option<&Registered>,
    accepted: &AcceptedDeductions,
    facts: &DeductionFacts,
) -> Option<LineCode> {
    if !line.amount.is_positive() {
        return Some(LineCode::D05);
    }
    if accepted.numbers.contains(&line.ddct_id) {
        return Some(LineCode::D04);
    }
    let Some(cleared) = cleared else { return Some(LineCode::D01) };
    let key = Key::of(&line.setl_id);
    if facts.reversed.contains(&key) {
        return Some(LineCode::D03);
    }
    let before = accepted.sums.get(&key).copied().unwrap_or_default();
    let exceeds = before + FenSum::from(line.amount) > FenSum::from(cleared.payable);
    exceeds.then_some(LineCode::D02)
}

/// Returns the deductions of a settlement with their sign turned, which gives the money back.
fn given_back(accepted: &AcceptedDeductions, key: Key) -> impl Iterator<Item = Deduction> + '_ {
    let held_back = accepted.held_back.get(&key).into_iter().flatten();
    held_back.filter(|deduction| deduction.amount.is_positive()).map(|deduction| Deduction {
        amount: -deduction.amount,
        code: Some(LineCode::R01),
        ..deduction.clone()
    })
}

/// Adds up the accepted deductions by pair, in fen.
pub fn by_pair(deductions: &[Deduction]) -> BTreeMap<Pair, FenSum> {
    let mut sums = BTreeMap::new();
    for deduction in deductions.iter().filter(|deduction| deduction.accepted) {
        if let Some((pair, _)) = deduction.pair_and_fund {
            *sums.entry(pair).or_default() += FenSum::from(deduction.amount);
        }
    }
    sums
}

/// Makes the table `deductions`.
pub fn deductions_table(deductions: &[Deduction]) -> TableBuilder {
    let owners = || deductions.iter().map(|deduction| deduction.pair_and_fund);
    TableBuilder::new(shape::DEDUCTIONS)
        .text("ddct_id", deductions.iter().map(|d| Some(&d.ddct_id)))
        .text("setl_id", deductions.iter().map(|d| Some(&d.setl_id)))
        .amount("amount", deductions.iter().map(|d| Some(d.amount)))
        .flag("accepted", deductions.iter().map(|d| Some(d.accepted)))
        .text("code", deductions.iter().map(|d| d.code.map(LineCode::id)))
        .text(
            "insured_province",
            owners().map(|owner| owner.map(|(pair, _)| pair.insured.to_string())),
        )
        .text(
            "treating_province",
            owners().map(|owner| owner.map(|(pair, _)| pair.treating.to_string())),
        )
        .text("fund_class", owners().map(|owner| owner.map(|(_, fund)| fund.name())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::group::Group;

    fn line(ddct_id: &str, setl_id: &str, amount: i64) -> DeductionLine {
        let amount = Fen::new(amount);
        DeductionLine { ddct_id: ddct_id.into(), setl_id: setl_id.into(), amount }
    }

    #[test]
    fn the_first_reason_that_holds_refuses() {
        let group = Group::from_number(10);
        let known = |kind, payable| {
            let payable = Fen::new(payable);
            Registered { kind, payable, group, earlier: None }
        };
        let settlements: BTreeMap<Key, Registered> = [
            ("s", known(RegisteredKind::Settlement, 100)),
            ("r", known(RegisteredKind::Settlement, 100)),
            ("v", known(RegisteredKind::Voided, 0)),
        ]
        .map(|(setl_id, registered)| (Key::of(setl_id), registered))
        .into();
        let reversed = FxHashSet::from_iter([Key::of("r")]);
        let reversed_now = [Key::of("r")];
        let facts = DeductionFacts {
            settlements: &settlements,
            reversed: &reversed,
            reversed_now: &reversed_now,
        };
        let mut accepted = AcceptedDeductions::default();
        accepted.add(Deduction {
            ddct_id: "d0".into(),
            setl_id: "r".into(),
            amount: Fen::new(30),
            code: None,
            accepted: true,
            pair_and_fund: None,
        });
        let lines = [
            line("d1", "s", 0),
            line("d0", "x", 1),
            line("d2", "v", 1),
            line("d3", "r", 1),
            line("d4", "s", 60),
            line("d5", "s", 41),
            line("d6", "s", 40),
        ];
        let rows: Vec<(String, Option<&str>, Fen)> = deduct(&lines, accepted, &facts)
            .into_iter()
            .map(|d| (d.ddct_id, d.code.map(LineCode::id), d.amount))
            .collect();
        let expected = [
            ("d0", Some("R01"), -30),
            ("d0", Some("D04"), 1),
            ("d1", Some("D05"), 0),
            ("d2", Some("D01"), 1),
            ("d3", Some("D03"), 1),
            ("d4", None, 60),
            ("d5", Some("D02"), 41),
            ("d6", None, 40),
        ];
        assert_eq!(rows, expected.map(|(id, code, fen)| (id.to_owned(), code, Fen::new(fen))));
    }
}
