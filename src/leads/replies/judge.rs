//! Judges answered lines: what they lack, and where two of them contradict each other.

use std::collections::BTreeMap;

use super::{
    form::AnsweredLine,
    known::{KnownLine, KnownLines},
};
use crate::{
    diag::{Code, Finding},
    leads::{
        columns::{ANSWERS, PackColumn, VERDICTS},
        direction::takes_amount,
        tables::LeadRole,
    },
    model::{
        codes::Province,
        money::{Fen, parse_yuan, yuan},
    },
    review::rule::ReviewRule,
    spelling::bare,
    text::Text,
};

/// An answer that is complete.
#[derive(Debug, Clone)]
pub(super) struct LeadAnswer {
    pub(super) lead_id: String,
    pub(super) setl_id: String,
    pub(super) rule: ReviewRule,
    pub(super) treating: Province,
    pub(super) is_so: bool,
    pub(super) amount: Option<Fen>,
    pub(super) reason: String,
    pub(super) decided_by: String,
    pub(super) approved_by: String,
    pub(super) decided_on: String,
    /// The form, its sheet and its line.
    pub(super) form: String,
    pub(super) sheet: String,
    pub(super) line: u64,
    /// What is allowed, and yet may be a slip.
    pub(super) notes: Vec<Text>,
}

impl LeadAnswer {
    /// Returns what was entered.
    fn entries(&self) -> (bool, Option<Fen>, [&String; 4]) {
        let texts = [&self.reason, &self.decided_by, &self.approved_by, &self.decided_on];
        (self.is_so, self.amount, texts)
    }

    /// Returns the number of its deduction. It names no lead, so that a settlement is deducted once.
    pub(super) fn ddct_id(&self) -> String {
        format!("FC-{}", self.setl_id)
    }

    /// Returns the place of the answer, without its form.
    pub(super) fn place(&self) -> Text {
        place(&self.sheet, self.line, &self.lead_id, &self.setl_id)
    }

    /// Returns a finding on this answer.
    pub(super) fn finding(&self, code: Code, found: Text) -> Finding {
        Finding::new(code, &self.form, self.place(), found)
    }

    /// Returns form, sheet and line, in words.
    pub(super) fn origin(&self) -> Text {
        if self.sheet.is_empty() {
            text!("{} line {}", self.form, self.line)
        } else {
            text!("{} sheet {} line {}", self.form, self.sheet, self.line)
        }
    }
}

fn place(sheet: &str, line: u64, lead_id: &str, setl_id: &str) -> Text {
    if sheet.is_empty() {
        text!("line {}, lead {}, setl_id {}", line, lead_id, setl_id)
    } else {
        text!("sheet {}, line {}, lead {}, setl_id {}", sheet, line, lead_id, setl_id)
    }
}

/// Judges a line. Everything that is wrong with it is found at once.
pub(super) fn judge(
    form: &str,
    line: AnsweredLine,
    known: &KnownLines,
) -> Result<LeadAnswer, Vec<Finding>> {
    let at = place(&line.sheet, line.number, &line.lead_id, line.setl_ids[0].trim());
    let finding = |code, found| Finding::new(code, form, at.clone(), found);
    let rule = line.lead_id.get(..6).and_then(ReviewRule::from_id);
    let Some((rule, of)) = rule.zip(known.find(&line.lead_id, &line.setl_ids)) else {
        return Err(vec![finding(Code::W02, text!("no line of these leads"))]);
    };
    let mut findings = Vec::new();
    findings.extend(closed(&line, of).map(|found| finding(Code::W02, found)));
    if line.has_amount() && !takes_amount(rule, None) {
        findings.push(finding(Code::W02, text!("an amount, and {} takes none", rule.id())));
    }
    let amount = amount(&line, of);
    let mut incomplete = lacks(&line);
    let amount = amount.unwrap_or_else(|found| {
        incomplete.push(found);
        None
    });
    findings.extend(incomplete.into_iter().map(|found| finding(Code::W03, found)));
    let mut notes = Vec::new();
    if line.has_amount() && line.is_too_little {
        notes.push(text!("an amount, and the fund paid too little"));
    }
    notes.extend(too_early(&line, known));
    let day = line.decided_on.1.map(|day| day.to_string());
    match day.filter(|_| findings.is_empty()) {
        Some(decided_on) => Ok(LeadAnswer {
            lead_id: line.lead_id,
            setl_id: of.setl_id.clone(),
            rule,
            treating: of.treating,
            is_so: line.verdict == VERDICTS[0],
            amount,
            reason: line.reason,
            decided_by: line.decided_by,
            approved_by: line.approved_by,
            decided_on,
            form: form.to_owned(),
            sheet: line.sheet,
            line: line.number,
            notes,
        }),
        None => Err(findings),
    }
}

/// Returns why the cells of a line are not open.
fn closed(line: &AnsweredLine, of: &KnownLine) -> Option<Text> {
    if of.role == LeadRole::Context {
        return Some(text!("an entry on a line of context"));
    }
    let Some(code) = line.pack.split_whitespace().next() else {
        return Some(text!(
            "an entry of no province on a line of {}: {} is empty",
            of.treating,
            "pack"
        ));
    };
    let is_other = code != of.treating.to_string();
    is_other.then(|| text!("an entry of {} on a line of {}", line.pack, of.treating))
}

/// Returns what a line lacks besides its amount. A cell that a formula left without a value lacks just that.
fn lacks(line: &AnsweredLine) -> Vec<Text> {
    let unsolved = |at: usize| line.unsolved[at];
    let formula = |(at, column): (usize, &PackColumn)| {
        unsolved(at).then(|| text!("in {} a formula without a value", column.heading()))
    };
    let mut found: Vec<Text> = ANSWERS.iter().enumerate().filter_map(formula).collect();
    if !unsolved(0) && !VERDICTS.contains(&line.verdict.as_str()) {
        found.push(if line.verdict.is_empty() {
            text!("no verdict")
        } else {
            text!("verdict {}", line.verdict)
        });
    }
    if line.reason.is_empty() && !unsolved(2) {
        found.push(text!("no reason"));
    }
    let persons = [&line.decided_by, &line.approved_by].map(|name| bare(name));
    match [persons[0].is_empty() && !unsolved(3), persons[1].is_empty() && !unsolved(4)] {
        [true, true] => found.push(text!("neither decided_by nor approved_by")),
        [true, false] => found.push(text!("no decided_by")),
        [false, true] => found.push(text!("no approved_by")),
        [false, false] if persons[0] == persons[1] && !unsolved(3) && !unsolved(4) => {
            found.push(text!("decided_by and approved_by are both {}", line.decided_by));
        }
        _ => {}
    }
    match &line.decided_on {
        _ if unsolved(5) => {}
        (_, Some(_)) => {}
        (written, None) if written.is_empty() => found.push(text!("no decided_on")),
        (written, None) => found.push(text!("decided_on {}, which is no day", written)),
    }
    found
}

/// Says that a day is before the last one of the lead: nobody can have looked at it then.
fn too_early(line: &AnsweredLine, known: &KnownLines) -> Option<Text> {
    let (on, last) = (line.decided_on.1?, known.last_day(&line.lead_id)?);
    let is_early = on < last && !line.unsolved[5];
    let (on, last) = (on.to_string(), last.to_string());
    is_early.then(|| text!("decided_on {}, before the last day of the lead, {}", on, last))
}

/// Returns the amount of a line, or what is wrong with it.
fn amount(line: &AnsweredLine, of: &KnownLine) -> Result<Option<Fen>, Text> {
    if line.amount.is_empty() || line.unsolved[1] {
        return Ok(None);
    }
    // Spreadsheets save amounts with their separators.
    let plain = line.amount.replace([',', '，'], "");
    let Ok(fen) = parse_yuan(&plain) else {
        return Err(text!(
            "amount {}, which is no amount in yuan with at most two decimals",
            line.amount
        ));
    };
    match () {
        () if line.verdict == VERDICTS[1] => Err(text!("amount {} with 不属实", line.amount)),
        () if !fen.is_positive() => Err(text!("amount {}, which is not above 0", line.amount)),
        () if fen > of.payable => {
            Err(text!("amount {}, above the payable {}", yuan(fen), yuan(of.payable)))
        }
        () => Ok(Some(fen)),
    }
}

/// Keeps the first of equal answers. Different answers to one line, and amounts of one settlement in two leads, become
/// findings. Answers come back by setl_id and lead.
pub(super) fn without_repeated(
    answers: Vec<LeadAnswer>,
    findings: &mut Vec<Finding>,
) -> Vec<LeadAnswer> {
    let mut lines: BTreeMap<(String, String), LeadAnswer> = BTreeMap::new();
    let mut amounts: BTreeMap<String, (String, Text)> = BTreeMap::new();
    for answer in answers {
        let key = (answer.setl_id.clone(), answer.lead_id.clone());
        if let Some(first) = lines.get(&key) {
            if first.entries() != answer.entries() {
                let found = text!("another answer than in {}", first.origin());
                findings.push(answer.finding(Code::W04, found));
            }
            continue;
        }
        if answer.amount.is_some() {
            let of = (answer.lead_id.clone(), answer.origin());
            if let Some((lead, origin)) = amounts.get(&answer.setl_id) {
                let found = text!("an amount, and another in lead {}, {}", lead, origin);
                findings.push(answer.finding(Code::W04, found));
            } else {
                amounts.insert(answer.setl_id.clone(), of);
            }
        }
        lines.insert(key, answer);
    }
    lines.into_values().collect()
}
