//! The leads of a settlement, and what each of them compares.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    account::ExplainedAccount,
    words::{class_said, said},
};
use crate::{
    model::money::yuan,
    review::{
        benefit_rules::{
            ben04::{self, ExceededCap},
            judged::facts_of,
        },
        benefits::words::FilingClass,
        detail,
        filing::{
            class::{FiledPerson, FiledSettlement, PossibleClasses},
            day_text,
        },
        lead::Lead,
        rule::ReviewRule,
    },
    text::{Text, list},
};

/// A lead.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedLead {
    /// The rule.
    pub rule: String,
    /// How strong it is.
    pub strength: String,
    /// The amount at stake.
    pub amount: String,
    /// Its details.
    pub detail: String,
    /// Of BEN-03: the class that the payment fits.
    pub other_class: Option<ExplainedClass>,
    /// Of BEN-04: the benefit year.
    pub year: Option<ExplainedYear>,
}

/// What another class of filing gives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedClass {
    /// The class.
    pub class: String,
    /// The account of the least that is right.
    pub lowest: ExplainedAccount,
    /// The account of the most that is right.
    pub highest: ExplainedAccount,
}

/// What was paid of a benefit year.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedYear {
    /// The benefit year.
    pub year: i32,
    /// The file of the rule set that has the cap.
    pub file: String,
    /// The line of the cap.
    pub line: usize,
    /// The care classes that share it.
    pub care_classes: Vec<String>,
    /// The settlements of these classes.
    pub payments: Vec<ExplainedPayment>,
    /// What the basic fund paid for them.
    pub paid: String,
    /// The cap.
    pub cap: String,
    /// What is above it.
    pub above: String,
}

/// A settlement of a benefit year.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedPayment {
    /// The settlement (`setl_id`).
    pub setl_id: String,
    /// The benefit day.
    pub benefit_day: String,
    /// The care class.
    pub care_class: String,
    /// What the basic fund paid (`hifp_pay`).
    pub paid: String,
}

impl ExplainedLead {
    /// Explains a lead of a settlement of a person.
    pub(super) fn of(
        lead: &Lead<'_>,
        settlement: &FiledSettlement<'_>,
        person: &FiledPerson<'_>,
    ) -> ExplainedLead {
        let fits = || {
            let fits = detail::value(&lead.detail, "fits")?;
            FilingClass::ALL.iter().copied().find(|class| class.name() == fits)
        };
        let has_it = |cap: &ExceededCap<'_>| {
            let mut rows = cap.rows.iter();
            rows.any(|row| row.setl_id == settlement.row.setl_id)
        };
        let is = |rule| lead.rule == rule;
        ExplainedLead {
            rule: lead.rule.id().to_owned(),
            strength: lead.strength.name().to_owned(),
            amount: yuan(lead.amount),
            detail: lead.detail.clone(),
            other_class: is(ReviewRule::Ben03)
                .then(|| ExplainedClass::of(fits()?, settlement))
                .flatten(),
            year: is(ReviewRule::Ben04)
                .then(|| {
                    ben04::exceeded(person).iter().find(|cap| has_it(cap)).map(ExplainedYear::of)
                })
                .flatten(),
        }
    }

    /// Words the lead, line by line.
    pub(super) fn lines(&self) -> Vec<Text> {
        let ExplainedLead { rule, amount, detail, .. } = self;
        let told = ReviewRule::from_id(rule)
            .map_or_else(|| Text::given(detail), |rule| detail::text(rule, detail));
        let strength = said(&self.strength);
        let mut lines = vec![if detail.is_empty() {
            text!("  {} ({}): {} yuan", rule, strength, amount)
        } else {
            text!("  {} ({}): {} yuan; {}", rule, strength, amount, told)
        }];
        lines.extend(self.other_class.iter().flat_map(ExplainedClass::lines));
        lines.extend(self.year.iter().flat_map(ExplainedYear::lines));
        lines
    }
}

impl ExplainedClass {
    fn of(class: FilingClass, settlement: &FiledSettlement<'_>) -> Option<ExplainedClass> {
        let facts = facts_of(settlement.row, PossibleClasses::Known(class).list());
        let set = settlement.set?.set;
        let expected = set.expected(&facts).ok()?;
        Some(ExplainedClass {
            class: class.name().to_owned(),
            lowest: ExplainedAccount::of(&expected.lowest, &facts, set),
            highest: ExplainedAccount::of(&expected.highest, &facts, set),
        })
    }

    fn lines(&self) -> Vec<Text> {
        let ExplainedClass { class, lowest, highest } = self;
        let mut lines = vec![text!("")];
        if lowest.fund_pays == highest.fund_pays {
            lines.push(text!("Account with class {}", class_said(class)));
            lines.extend(lowest.lines());
        } else {
            lines.push(text!("Account of the least with class {}", class_said(class)));
            lines.extend(lowest.lines());
            lines.push(text!("Account of the most with class {}", class_said(class)));
            lines.extend(highest.lines());
        }
        lines
    }
}

impl ExplainedYear {
    fn of(exceeded: &ExceededCap<'_>) -> ExplainedYear {
        let ExceededCap { year, found, cap, classes, rows, paid } = exceeded;
        let payments = rows.iter().map(|row| ExplainedPayment {
            setl_id: row.setl_id.to_owned(),
            benefit_day: day_text(row.benefit_day()),
            care_class: row.care.name().to_owned(),
            paid: yuan(row.hifp_pay),
        });
        ExplainedYear {
            year: *year,
            file: found.set.file.clone(),
            line: found.set.caps[cap.row].line,
            care_classes: classes.iter().map(|care| care.name().to_owned()).collect(),
            payments: payments.collect(),
            paid: yuan(*paid),
            cap: yuan(cap.amount),
            above: yuan(*paid - cap.amount),
        }
    }

    fn lines(&self) -> Vec<Text> {
        let ExplainedYear { year, file, line, paid, cap, above, .. } = self;
        let classes = || list(self.care_classes.iter().map(|class| said(class)));
        let mut lines = vec![text!("    payments of benefit year {} for {}", year, classes())];
        lines.extend(self.payments.iter().map(|payment| {
            let ExplainedPayment { setl_id, benefit_day, care_class, paid } = payment;
            text!("    {} {}, {}: {}", benefit_day, setl_id, said(care_class), paid)
        }));
        lines.push(text!("    together {}", paid));
        lines.push(text!("    cap {} ({} line {})", cap, file, line));
        lines.push(text!("    above it: {} − {} = {}", paid, cap, above));
        lines
    }
}
