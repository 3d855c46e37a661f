//! Decisions on open or broken settlements (contract §4, end).

use crate::model::verdict::Verdict;
use std::collections::BTreeMap;

use crate::{
    columnar::{shape, table::TableBuilder},
    contract::small_files::DecisionLine,
    diag::{Code, Finding},
    model::{control::Class, money::Fen},
    spelling::bare,
    text::{Text, quoted},
};

/// Name of the file in a delivery.
pub const FILE: &str = "decisions.csv";

/// The decisions of a delivery by settlement, with their effects.
#[derive(Debug, Default)]
pub struct Decisions {
    /// The file, for findings.
    file: String,
    by_settlement: BTreeMap<String, Decision>,
    /// Findings, with the line.
    findings: Vec<(u64, Finding)>,
}

#[derive(Debug)]
struct Decision {
    line: u64,
    verdict: Verdict,
    used: Option<Applied>,
}

/// A decision that took effect, as the table `decisions` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The class that the settlement would have without the decision.
    pub class_without: Class,
    /// The payable that clears, in fen; none when voided or already reversed.
    pub payable: Option<Fen>,
}

impl Decisions {
    /// Reads the lines and checks each by itself.
    pub fn of(file: &str, lines: &[DecisionLine]) -> Decisions {
        let mut decisions = Decisions { file: file.to_owned(), ..Decisions::default() };
        for line in lines {
            decisions.add(line);
        }
        decisions
    }

    fn add(&mut self, line: &DecisionLine) {
        let setl_id = &line.setl_id;
        let [decided_by, approved_by] =
            [&line.decided_by, &line.approved_by].map(|name| bare(name));
        if decided_by.is_empty() || approved_by.is_empty() || decided_by == approved_by {
            let found = text!("{} and {}", quoted(&line.decided_by), quoted(&line.approved_by));
            self.refuse(Code::C04, line.line, setl_id, found);
        }
        let Some(verdict) = Verdict::from_name(&line.decision) else {
            return self.refuse(Code::C06, line.line, setl_id, text!("{}", quoted(&line.decision)));
        };
        if self.by_settlement.contains_key(setl_id) {
            return self.refuse(Code::C03, line.line, setl_id, text!("another decision on it"));
        }
        let decision = Decision { line: line.line, verdict, used: None };
        self.by_settlement.insert(setl_id.clone(), decision);
    }

    fn refuse(&mut self, code: Code, line: u64, setl_id: &str, found: Text) {
        let place = text!("line {}, setl_id {}", line, setl_id);
        self.findings.push((line, Finding::new(code, &self.file, place, found)));
    }

    /// Returns the settlements that are decided on.
    pub fn settlements(&self) -> impl Iterator<Item = &str> {
        self.by_settlement.keys().map(String::as_str)
    }

    /// Returns the decision about a settlement; `copies` says which sides still have a copy at step 5.
    pub fn verdict(&mut self, setl_id: &str, copies: [bool; 2]) -> Option<Verdict> {
        let (line, verdict) = self.by_settlement.get(setl_id).map(|d| (d.line, d.verdict))?;
        if let Verdict::Accept(side) = verdict
            && !copies[side.index()]
        {
            let found = text!("no {} copy", side);
            self.refuse(Code::C02, line, setl_id, found);
            // The finding refuses the run; the decision is removed, so that no other finding is about it.
            self.by_settlement.remove(setl_id);
            return None;
        }
        Some(verdict)
    }

    /// Records the effect of a decision. `class_without` is the class that the settlement would have without it; a
    /// decision that was not needed is a finding.
    pub fn applied(&mut self, setl_id: &str, class_without: Option<Class>, payable: Option<Fen>) {
        let Some(decision) = self.by_settlement.get_mut(setl_id) else { return };
        if let Some(class_without) = class_without {
            decision.used = Some(Applied { class_without, payable });
        } else {
            let line = decision.line;
            self.by_settlement.remove(setl_id);
            self.refuse(
                Code::C05,
                line,
                setl_id,
                text!("a settlement that no step would have held"),
            );
        }
    }

    /// Returns the decisions that took effect, or all findings.
    pub fn finish(mut self) -> Result<Vec<(String, Verdict, Applied)>, Vec<Finding>> {
        let unused: Vec<(String, u64)> = self
            .by_settlement
            .iter()
            .filter(|(_, decision)| decision.used.is_none())
            .map(|(setl_id, decision)| (setl_id.clone(), decision.line))
            .collect();
        for (setl_id, line) in unused {
            self.refuse(Code::C01, line, &setl_id, text!("no copy of it at step 5"));
        }
        if !self.findings.is_empty() {
            self.findings.sort_by_key(|(line, _)| *line);
            return Err(self.findings.into_iter().map(|(_, finding)| finding).collect());
        }
        let applied = self.by_settlement.into_iter();
        Ok(applied.filter_map(|(setl_id, d)| Some((setl_id, d.verdict, d.used?))).collect())
    }
}

/// The table `decisions`.
pub fn decisions_table(decisions: &[(String, Verdict, Applied)]) -> TableBuilder {
    TableBuilder::new(shape::DECISIONS)
        .text("setl_id", decisions.iter().map(|(setl_id, _, _)| Some(setl_id)))
        .text("decision", decisions.iter().map(|(_, verdict, _)| Some(verdict.name())))
        .text("class_without", decisions.iter().map(|(_, _, a)| Some(a.class_without.name())))
        .amount("payable", decisions.iter().map(|(_, _, applied)| applied.payable))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(setl_id: &str, decision: &str, names: [&str; 2]) -> DecisionLine {
        let [decided_by, approved_by] = names.map(str::to_owned);
        let (setl_id, decision) = (setl_id.to_owned(), decision.to_owned());
        DecisionLine { line: 2, setl_id, decision, decided_by, approved_by }
    }

    fn codes(decisions: Decisions) -> Vec<Code> {
        decisions.finish().expect_err("refused").iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn every_bad_line_is_listed() {
        let names = ["Li", "Wang"];
        let lines = [
            line("a", "void", ["Li Si", "\u{3000}LISI"]),
            line("b", "accept", names),
            line("c", "void", names),
            line("c", "void", names),
            line("d", "void", ["\u{200b}张三", "张\u{2060}三"]),
        ];
        assert_eq!(
            codes(Decisions::of(FILE, &lines)),
            [Code::C04, Code::C06, Code::C03, Code::C04, Code::C01, Code::C01, Code::C01]
        );
    }

    #[test]
    fn a_decision_needs_its_copy_and_a_need() {
        let names = ["Li", "Wang"];
        let mut decisions = Decisions::of(FILE, &[line("a", "accept_insured", names)]);
        assert_eq!(decisions.verdict("a", [true, false]), None);
        assert_eq!(codes(decisions), [Code::C02]);

        let mut decisions = Decisions::of(FILE, &[line("a", "void", names)]);
        assert_eq!(decisions.verdict("a", [true, true]), Some(Verdict::Void));
        decisions.applied("a", None, None);
        assert_eq!(codes(decisions), [Code::C05]);
    }
}
