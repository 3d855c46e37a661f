//! Reads filled-in forms of leads back into deductions.
//!
//! **Purpose.** Nobody copies setl_ids by hand: the answers of two persons become a `deductions.csv`, or a list of every
//! reason why they cannot.
//!
//! **In.** Forms as XLSX or CSV; the output folder of the review; a book.
//!
//! **Out.** [`LeadReplies`], whose bytes are a `deductions.csv` for the next delivery.
//!
//! **Invariants.** All or nothing. A line without any entry stays open.

mod booked;
mod form;
mod judge;
mod known;
mod sealed;
mod written;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use schemars::JsonSchema;
use serde::Serialize;

pub use self::written::must_keep;
use self::{
    form::{AnsweredLine, LeadForm, line_key},
    judge::LeadAnswer,
    known::KnownLines,
};
use crate::{
    diag::{Failure, Outcome, shown},
    leads::tables::{LEADS_FILE, SETTLEMENTS_FILE},
    model::{
        codes::Province,
        money::{FenSum, yuan},
    },
    place::resolve,
    shapes::{Day, FormatNumber, Yuan},
    text::Text,
};

/// The answers of some forms.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "review import --format json")]
pub struct LeadReplies {
    /// The format of the report.
    format: FormatNumber<1>,
    /// Lines that were answered.
    pub answered: u64,
    /// Of them: it is so (属实).
    pub confirmed: u64,
    /// Of them: it is not (不属实).
    pub refuted: u64,
    /// Open lines without any entry, each once, however many forms have it.
    pub unanswered: u64,
    /// The lines of each treating province in all leads, and how many of them these forms answer.
    pub by_province: Vec<AnsweredProvince>,
    /// The sum of the deductions, in yuan.
    #[schemars(with = "Yuan")]
    pub amount: String,
    /// What is allowed, and yet may be a slip, by setl_id.
    pub notes: Vec<ReplyNote>,
    /// The deductions, by setl_id.
    pub deductions: Vec<LeadDeduction>,
}

/// Something that is allowed, and yet may be a slip.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplyNote {
    /// The form.
    pub form: String,
    /// The sheet and the line of the form, the lead and the settlement.
    #[schemars(with = "String")]
    pub place: Text,
    /// What stands there.
    #[schemars(with = "String")]
    pub found: Text,
}

/// How far a province has come.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnsweredProvince {
    /// The province.
    #[serde(skip)]
    pub province: Province,
    /// Its code.
    pub treating_province: String,
    /// The lines that it may answer.
    pub lines: u64,
    /// Of them: answered.
    pub answered: u64,
}

/// A deduction.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeadDeduction {
    /// The number of the deduction.
    pub ddct_id: String,
    /// The settlement.
    pub setl_id: String,
    /// The amount in yuan.
    #[schemars(with = "Yuan")]
    pub amount: String,
    /// The rule of the lead.
    pub reason_code: &'static str,
    /// The day of the decision.
    #[schemars(with = "Day")]
    pub decided_on: String,
    /// The lead.
    pub lead_id: String,
    /// Why, as the form has it.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// The file of the form.
    pub form: String,
    /// The sheet of the form; empty in CSV.
    pub sheet: String,
    /// The line of the file or of the sheet, from 1.
    pub line: u64,
}

/// Fails when a file to be written is one of the forms, or stands in the folder of the leads.
pub fn must_be_apart(out: &Path, forms: &[impl AsRef<Path>], leads: &Path) -> Outcome<()> {
    let Ok(place) = resolve(out) else { return Ok(()) };
    let same = |path: &Path| resolve(path).is_ok_and(|path| path == place);
    if forms.iter().any(|form| same(form.as_ref())) {
        let problem = text!("{} is one of the forms that are read", out);
        return Err(Failure::Usage(problem.hinting(text!("name another file"))));
    }
    if resolve(leads).is_ok_and(|leads| place.starts_with(leads)) {
        let problem = text!("{} is in the folder of the leads, {}", out, leads);
        return Err(Failure::Usage(problem.hinting(text!("name another file"))));
    }
    Ok(())
}

/// Fails when a form is a folder.
pub fn must_be_files(forms: &[impl AsRef<Path>]) -> Outcome<()> {
    match forms.iter().map(AsRef::as_ref).find(|form| form.is_dir()) {
        Some(folder) => {
            let form = folder.join("leads.xlsx");
            let hint = text!("name the forms themselves, such as {}", form);
            Err(Failure::Usage(text!("{} is a folder", folder).hinting(hint)))
        }
        None => Ok(()),
    }
}

/// Reads forms, and compares them with the leads of a review and with a book.
pub fn read(forms: &[impl AsRef<Path>], leads: &Path, book: Option<&Path>) -> Outcome<LeadReplies> {
    let (mut findings, mut lines, mut unanswered) = (Vec::new(), Vec::new(), BTreeSet::new());
    for path in forms {
        let (path, name) = (path.as_ref(), shown(path.as_ref()));
        match LeadForm::read(path, &name)? {
            Ok(form) => {
                unanswered.extend(form.unanswered);
                lines.extend(form.lines.into_iter().map(|line| (name.clone(), line)));
            }
            Err(finding) => findings.push(finding),
        }
    }
    for (_, line) in &lines {
        unanswered.remove(&line_key(&line.lead_id, &line.setl_ids[0]));
    }
    sealed::check(leads, [LEADS_FILE, SETTLEMENTS_FILE].into_iter())?;
    let wanted: BTreeSet<&str> = lines.iter().map(|(_, line)| line.lead_id.as_str()).collect();
    let known = KnownLines::read(leads, &wanted)?;
    let mut answers = Vec::new();
    let judged = |(name, line): (String, AnsweredLine)| judge::judge(&name, line, &known);
    for judged in lines.into_iter().map(judged) {
        match judged {
            Ok(answer) => answers.push(answer),
            Err(more) => findings.extend(more),
        }
    }
    let answers = judge::without_repeated(answers, &mut findings);
    if let Some(book) = book {
        findings.extend(booked::compare(&answers, book)?);
    }
    if findings.is_empty() {
        Ok(LeadReplies::of(&answers, unanswered.len() as u64, &known.suspects))
    } else {
        Err(Failure::Unfit(text!("the forms of leads are"), findings))
    }
}

impl LeadReplies {
    fn of(
        answers: &[LeadAnswer],
        unanswered: u64,
        suspects: &BTreeMap<Province, u64>,
    ) -> LeadReplies {
        let answered = |province: Province| {
            answers.iter().filter(|answer| answer.treating == province).count() as u64
        };
        let by_province = suspects.iter().map(|(province, lines)| AnsweredProvince {
            province: *province,
            treating_province: province.to_string(),
            lines: *lines,
            answered: answered(*province),
        });
        let confirmed = answers.iter().filter(|answer| answer.is_so).count() as u64;
        let all: FenSum = answers.iter().filter_map(|answer| answer.amount).sum();
        let deduction = |answer: &LeadAnswer| {
            Some(LeadDeduction {
                ddct_id: answer.ddct_id(),
                setl_id: answer.setl_id.clone(),
                amount: yuan(answer.amount?),
                reason_code: answer.rule.id(),
                decided_on: answer.decided_on.clone(),
                lead_id: answer.lead_id.clone(),
                reason: answer.reason.clone(),
                decided_by: answer.decided_by.clone(),
                approved_by: answer.approved_by.clone(),
                form: answer.form.clone(),
                sheet: answer.sheet.clone(),
                line: answer.line,
            })
        };
        let notes = answers.iter().flat_map(|answer| {
            answer.notes.iter().map(|found| ReplyNote {
                form: answer.form.clone(),
                place: answer.place(),
                found: found.clone(),
            })
        });
        LeadReplies {
            format: FormatNumber,
            answered: answers.len() as u64,
            confirmed,
            refuted: answers.len() as u64 - confirmed,
            unanswered,
            by_province: by_province.collect(),
            amount: yuan(all),
            notes: notes.collect(),
            deductions: answers.iter().filter_map(deduction).collect(),
        }
    }

    /// Returns the bytes of `deductions.csv`.
    pub fn to_csv(&self) -> Outcome<Vec<u8>> {
        let failed = |error: csv::Error| Failure::Bug(text!("CSV: {}", Text::foreign(error)));
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = ["ddct_id", "setl_id", "amount", "reason_code", "decided_on"];
        writer.write_record(names).map_err(failed)?;
        for LeadDeduction { ddct_id, setl_id, amount, reason_code, decided_on, .. } in
            &self.deductions
        {
            let values = [ddct_id, setl_id, amount, *reason_code, decided_on];
            writer.write_record(values).map_err(failed)?;
        }
        writer.into_inner().map_err(|error| Failure::Bug(Text::foreign(error)))
    }
}
