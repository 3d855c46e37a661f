//! Explains a settlement: what the insured place should have paid for it, step by step, so that a clerk can follow with
//! a desk calculator.

mod account;
mod leads;
#[cfg(test)]
mod tests;
pub(super) mod words;

use schemars::JsonSchema;
use serde::Serialize;

use self::words::{class_said, facts, filings};
pub use self::{
    account::{ExplainedAccount, ExplainedStep},
    leads::{ExplainedClass, ExplainedLead, ExplainedPayment, ExplainedYear},
    words::{ExplainedFact, ExplainedFiling},
};
use super::{
    benefit_rules::{self, BenefitCounts, judged::facts_of},
    benefits::{expected::NotJudged, index::FoundSet, plans::BenefitPlans},
    context::ReviewContext,
    filing::{
        class::{FiledPerson, FiledSettlement},
        day_text, rules,
    },
    lead::Lead,
    row::ReviewedRow,
    subject::Person,
};
use crate::{
    model::money::yuan,
    text::{Text, Value, list},
};

/// What the insured place should have paid for a settlement, and why. Amounts are in yuan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// The settlement (`setl_id`).
    pub setl_id: String,
    /// The insured division.
    pub insured: String,
    /// The treating division.
    pub treating: String,
    /// The benefit day: that of discharge, or of the settlement.
    pub benefit_day: String,
    /// The rule set; none where the insured area has none.
    pub set: Option<ExplainedSet>,
    /// What is known of the settlement, and from which field.
    pub facts: Vec<ExplainedFact>,
    /// The class by filing, or `unknown`.
    pub class: String,
    /// The classes that are possible.
    pub possible_classes: Vec<String>,
    /// Whether filings were given.
    pub filings_given: bool,
    /// The filings of the person, those of the settlement first.
    pub filings: Vec<ExplainedFiling>,
    /// How many more filings there are.
    pub more_filings: usize,
    /// The deductibles that the rules allow, each from and up to.
    pub deductibles: Vec<[String; 2]>,
    /// The account of the least that is right.
    pub lowest: Option<ExplainedAccount>,
    /// The account of the most that is right.
    pub highest: Option<ExplainedAccount>,
    /// Why nothing was worked out.
    #[schemars(with = "Option<String>")]
    pub not_judged: Option<Text>,
    /// What the basic fund paid (`hifp_pay`).
    pub paid: String,
    /// The leads on filing and benefit that have the settlement among their suspects.
    pub leads: Vec<ExplainedLead>,
}

/// A rule set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedSet {
    /// Its file.
    pub file: String,
    /// The line on which it begins.
    pub line: usize,
    /// The area that the insured division begins with.
    pub area: String,
    /// Its first benefit day.
    pub from: String,
    /// Its last benefit day.
    pub until: Option<String>,
    /// The documents that it is from.
    pub source: String,
}

/// Explains a settlement of a person; none where it is not among those of the person.
pub fn explanation<'a>(
    row: &ReviewedRow<'a>,
    person: &Person<'a>,
    context: &ReviewContext<'a>,
) -> Option<Explanation> {
    let mut leads = Vec::new();
    let filed = rules::of_person(person, context, &mut leads);
    let (mut plans, mut counts) = (BenefitPlans::default(), BenefitCounts::default());
    benefit_rules::of_person(&filed, context, &mut plans, &mut counts, &mut leads);
    let settlement = filed.settlements.iter().find(|one| one.row.setl_id == row.setl_id)?;
    let has_it = |lead: &&Lead<'_>| lead.suspects.iter().any(|one| one.setl_id == row.setl_id);
    let leads = leads.iter().filter(has_it);
    let leads = leads.map(|lead| ExplainedLead::of(lead, settlement, &filed));
    Some(explained(settlement, person, context, leads.collect()))
}

/// Explains a row that breaks the rule V06 alone: no benefit is worked out, but it may be a lead of BEN-06. `is_left` is
/// whether it is a settlement, which no reversal names.
pub fn explanation_of_candidate<'a>(
    row: &ReviewedRow<'a>,
    person: &Person<'a>,
    context: &ReviewContext<'a>,
    is_left: bool,
) -> Option<Explanation> {
    let mut leads = Vec::new();
    if is_left {
        benefit_rules::of_candidate(row, context, &mut leads);
    }
    let rows = [row];
    let alone = Person { settlements: &rows, ..*person };
    let filed = FiledPerson::of(&alone, context);
    let settlement = filed.settlements.first()?;
    let leads = leads.iter().map(|lead| ExplainedLead::of(lead, settlement, &filed)).collect();
    Some(Explanation {
        deductibles: Vec::new(),
        lowest: None,
        highest: None,
        not_judged: Some(text!("the row breaks V06 alone: not exactly one disease of the list")),
        ..explained(settlement, person, context, leads)
    })
}

fn explained(
    settlement: &FiledSettlement<'_>,
    person: &Person<'_>,
    context: &ReviewContext<'_>,
    leads: Vec<ExplainedLead>,
) -> Explanation {
    let row = settlement.row;
    let known = facts_of(row, settlement.classes.list());
    let expected = settlement.set.map(|found| found.set.expected(&known));
    let not_judged = match &expected {
        None => Some(text!("the insured area has no rule set on this day")),
        Some(Err(NotJudged::NoAmount)) => Some(text!("inscp_scp_amt is missing")),
        Some(Err(NotJudged::NoRow(class))) => {
            Some(text!("no row fits, where the class is {}", class.name()))
        }
        Some(Ok(_)) => None,
    };
    let expected = expected.and_then(Result::ok);
    let both = settlement.set.map(|found| found.set).zip(expected.as_ref());
    let (filings, more_filings) = filings(settlement, person.filings, context.filed.is_some());
    let deductibles = expected.as_ref().map_or(&[][..], |expected| &expected.deductibles);
    Explanation {
        setl_id: row.setl_id.to_owned(),
        insured: row.insured.to_owned(),
        treating: row.treating.to_owned(),
        benefit_day: day_text(row.benefit_day()),
        set: settlement.set.map(|found| ExplainedSet::of(&found)),
        facts: facts(row),
        class: settlement.classes.name().to_owned(),
        possible_classes: known.classes.iter().map(|class| class.name().to_owned()).collect(),
        filings_given: context.filed.is_some(),
        filings,
        more_filings,
        deductibles: deductibles.iter().map(|one| [yuan(one.from), yuan(one.upto)]).collect(),
        lowest: both.as_ref().map(|(set, found)| ExplainedAccount::of(&found.lowest, &known, set)),
        highest: both
            .as_ref()
            .map(|(set, found)| ExplainedAccount::of(&found.highest, &known, set)),
        not_judged,
        paid: yuan(row.hifp_pay),
        leads,
    }
}

impl ExplainedSet {
    fn of(found: &FoundSet<'_>) -> ExplainedSet {
        let set = found.set;
        ExplainedSet {
            file: set.file.clone(),
            line: set.line,
            area: found.area.to_owned(),
            from: set.from.to_string(),
            until: set.until.map(|day| day.to_string()),
            source: set.source.clone(),
        }
    }

    fn text(&self) -> Text {
        let ExplainedSet { file, line, area, from, .. } = self;
        if let Some(until) = &self.until {
            text!("{} line {}: area {}, {} to {}", file, line, area, from, until)
        } else {
            text!("{} line {}: area {}, from {} on", file, line, area, from)
        }
    }
}

impl Explanation {
    /// Words the explanation, line by line.
    pub fn lines(&self) -> Vec<Text> {
        let Explanation { setl_id, insured, treating, benefit_day, .. } = self;
        let mut lines = vec![
            text!(
                "{}: insured in {}, treated in {}, benefit day {}",
                setl_id,
                insured,
                treating,
                benefit_day
            ),
            self.judgement(),
        ];
        if let Some(set) = &self.set {
            lines.extend([text!(""), text!("Rule set"), text!("  {}", set.text())]);
            lines.push(text!("  source: {}", &set.source));
        }
        lines.extend([text!(""), text!("What is known")]);
        lines.extend(self.facts.iter().map(ExplainedFact::text));
        lines.extend([text!(""), text!("Filing")]);
        lines.push(if self.class == "unknown" {
            text!(
                "  class unknown: {}",
                list(self.possible_classes.iter().map(|class| class_said(class)))
            )
        } else {
            text!("  class {}", class_said(&self.class))
        });
        if !self.filings_given {
            lines.push(text!("  no filings were given: --filings FILE tells the class"));
        }
        lines.extend(self.filings.iter().map(ExplainedFiling::text));
        if self.more_filings > 0 {
            lines.push(text!("  and {} filing(s) more", self.more_filings));
        }
        lines.extend(self.account_lines());
        lines.extend([text!(""), text!("Leads")]);
        if self.leads.is_empty() {
            lines.push(text!("  none on filing and benefit"));
        }
        lines.extend(self.leads.iter().flat_map(ExplainedLead::lines));
        lines
    }

    /// Says what should have been paid, and what was.
    fn judgement(&self) -> Text {
        let paid = &self.paid;
        match (&self.lowest, &self.highest) {
            (Some(lowest), Some(highest)) if lowest.fund_pays == highest.fund_pays => {
                text!("the rules give {} yuan, the fund paid {}", &lowest.fund_pays, paid)
            }
            (Some(lowest), Some(highest)) => text!(
                "the rules give {} to {} yuan, the fund paid {}",
                &lowest.fund_pays,
                &highest.fund_pays,
                paid
            ),
            _ => {
                let why =
                    self.not_judged.clone().map_or_else(|| Value::Text(text!("")), Value::Text);
                text!("not judged: {}; the fund paid {}", why, paid)
            }
        }
    }

    fn account_lines(&self) -> Vec<Text> {
        let mut lines = Vec::new();
        if !self.deductibles.is_empty() {
            let allowed = self.deductibles.iter().map(|[from, upto]| {
                if from == upto { from.clone() } else { format!("{from}–{upto}") }
            });
            let allowed = allowed.collect::<Vec<_>>().join(", ");
            lines.extend([text!(""), text!("Deductibles that the rules allow: {}", allowed)]);
        }
        let (Some(lowest), Some(highest)) = (&self.lowest, &self.highest) else { return lines };
        if lowest.fund_pays == highest.fund_pays {
            lines.extend([text!(""), text!("Account")]);
            lines.extend(lowest.lines());
            return lines;
        }
        lines.extend([text!(""), text!("Account of the least")]);
        lines.extend(lowest.lines());
        lines.extend([text!(""), text!("Account of the most")]);
        lines.extend(highest.lines());
        lines
    }
}
