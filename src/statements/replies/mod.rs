//! Reads filled-in reply forms of agencies back into decisions.
//!
//! **Purpose.** Nobody copies setl_ids by hand: the answers of two persons on the form of the cost-verification pack
//! become `decisions.csv`, or a list of every reason why they cannot.
//!
//! **In.** Reply forms as XLSX or CSV; the open items of the book.
//!
//! **Out.** [`Replies`], whose bytes are a `decisions.csv` for the next delivery.
//!
//! **Invariants.** All or nothing. A line without any entry stays unanswered.

mod form;
mod ids;

pub(crate) use self::form::as_written;

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::Serialize;

use self::{
    form::{ReplyForm, ReplyLine},
    ids::{Ids, Open},
};
use super::template::Template;
use crate::{
    book::{self, grid::Grid},
    bounded,
    contract::small_files::DecisionLine,
    diag::{Code, Failure, Finding, Outcome, shown},
    model::{
        control::Class,
        money::{Fen, FenSum, yuan},
        verdict::Verdict,
    },
    reconcile::decisions::Decisions,
    shapes::{Day, FormatNumber, Period, Yuan},
    text::Text,
};

/// The decisions of some reply forms.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "decisions import --format json")]
pub struct Replies {
    /// The format of the report.
    format: FormatNumber<2>,
    /// The period whose open items they are about.
    #[schemars(with = "Period")]
    pub period: String,
    /// The number of lines on which nothing was entered.
    pub unanswered: u64,
    /// The decisions, by setl_id.
    pub decisions: Vec<ReplyDecision>,
}

/// A decision, and what it does.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplyDecision {
    /// The settlement.
    pub setl_id: String,
    /// What was decided.
    #[schemars(with = "Verdict")]
    pub decision: &'static str,
    /// Why, as the form has it.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// The day.
    #[schemars(with = "Day")]
    pub decided_on: String,
    /// The class that the decision ends.
    #[schemars(with = "Class")]
    pub class: &'static str,
    /// What will clear, in yuan; null when the settlement is voided.
    #[schemars(with = "Option<Yuan>")]
    pub payable: Option<String>,
    /// The file of the form.
    pub form: String,
    /// The line of the form, from 1.
    pub line: u64,
}

impl ReplyDecision {
    /// Returns the form and the line of the decision, in words.
    pub fn origin(&self) -> Text {
        text!("{} line {}", self.form, self.line)
    }
}

/// Reads reply forms and compares them with the open items of the newest period of a book.
pub fn read(files: &[impl AsRef<Path>], book: &Path, template: &Template) -> Outcome<Replies> {
    let periods = book::Book::look(book)?;
    let Some((period, folder)) = periods.last() else {
        return Err(Failure::Book(text!("{} has no closed period", book)));
    };
    let open = open_items(folder)?;
    let ids = Ids::of(&open);
    let (period, decisions) = (period.to_string(), Vec::new());
    let mut replies = Replies { format: FormatNumber, period, unanswered: 0, decisions };
    let mut findings = Vec::new();
    for path in files {
        let path = path.as_ref();
        let name = shown(path);
        let bytes = bounded::read(path, bounded::SMALL_FILE).map_err(Failure::io(path))?;
        let Some(bytes) = bytes else {
            let found = bounded::more_than(bounded::SMALL_FILE);
            findings.push(Finding::of_file(Code::T03, name, found));
            continue;
        };
        match ReplyForm::read(&bytes, &name, template, &ids) {
            Ok(form) => replies.add_form(&name, form, &open, &mut findings),
            Err(finding) => findings.push(finding),
        }
    }
    replies.remove_repeated(&mut findings);
    if findings.is_empty() {
        Ok(replies)
    } else {
        Err(Failure::Unfit(text!("the replies are"), findings))
    }
}

/// Reads the settlements that the newest period carries.
fn open_items(folder: &Path) -> Outcome<BTreeMap<String, Open>> {
    let breaks = Grid::open(folder, "breaks")?;
    let carried = breaks.iter().filter(|row| row.flag("carried") == Some(true));
    let open = carried.filter_map(|row| {
        let payable = |column| row.fen_or_null(column).and_then(|fen| Fen::try_from(fen).ok());
        let payable = [payable("treating_payable"), payable("insured_payable")];
        let class = Class::from_name(row.text("class"))?;
        Some((row.text("setl_id").to_owned(), Open { class, payable }))
    });
    Ok(open.collect())
}

impl Replies {
    /// Adds the decisions of a form, or findings on them.
    fn add_form(
        &mut self,
        file: &str,
        form: ReplyForm,
        open: &BTreeMap<String, Open>,
        findings: &mut Vec<Finding>,
    ) {
        self.unanswered += form.unanswered;
        findings.extend(form.findings);
        let as_delivered: Vec<DecisionLine> =
            form.lines.iter().map(ReplyLine::decision_line).collect();
        let mut decisions = Decisions::of(file, &as_delivered);
        let mut by_settlement: BTreeMap<String, ReplyLine> =
            form.lines.into_iter().map(|line| (line.setl_id.clone(), line)).collect();
        for (setl_id, line) in &by_settlement {
            let Some(open) = open.get(setl_id) else { continue };
            let copies = open.payable.map(|payable| payable.is_some());
            let Some(verdict) = decisions.verdict(setl_id, copies) else { continue };
            let payable = match verdict {
                Verdict::Accept(side) => open.payable[side.index()],
                Verdict::Void => None,
            };
            decisions.applied(setl_id, Some(open.class), payable);
            if line.decided_on.is_none() {
                findings.push(line.finding(
                    file,
                    Code::S05,
                    text!("no day, or one that does not exist"),
                ));
            }
        }
        match decisions.finish() {
            Err(more) => findings.extend(more),
            Ok(applied) => self.decisions.extend(applied.into_iter().filter_map(
                |(setl_id, verdict, applied)| {
                    let line = by_settlement.remove(&setl_id)?;
                    Some(ReplyDecision {
                        setl_id,
                        decision: verdict.name(),
                        reason: line.reason,
                        decided_by: line.decided_by,
                        approved_by: line.approved_by,
                        decided_on: line.decided_on?.to_string(),
                        class: applied.class_without.name(),
                        payable: applied.payable.map(yuan),
                        form: file.to_owned(),
                        line: line.number,
                    })
                },
            )),
        }
    }

    /// Removes repeated answers for one settlement; the first stays. Two different decisions become a finding.
    fn remove_repeated(&mut self, findings: &mut Vec<Finding>) {
        self.decisions.sort_by(|a, b| a.setl_id.cmp(&b.setl_id));
        self.decisions.dedup_by(|later, first| {
            let same = later.setl_id == first.setl_id;
            if same && later.decision != first.decision {
                let found =
                    text!("{} in {}, {} here", first.decision, first.origin(), later.decision);
                let (file, place) = (later.origin().to_string(), Text::given(&later.setl_id));
                findings.push(Finding::new(Code::C03, file, place, found));
            }
            same
        });
    }

    /// Returns the bytes of `decisions.csv`.
    pub fn to_csv(&self) -> Outcome<Vec<u8>> {
        let failed = |error: csv::Error| Failure::Bug(text!("decisions: {}", Text::foreign(error)));
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = ["setl_id", "decision", "reason", "decided_by", "approved_by", "decided_on"];
        writer.write_record(names).map_err(failed)?;
        for decided in &self.decisions {
            let ReplyDecision {
                setl_id,
                decision,
                reason,
                decided_by,
                approved_by,
                decided_on,
                ..
            } = decided;
            let values = [setl_id, *decision, reason, decided_by, approved_by, decided_on];
            writer.write_record(values).map_err(failed)?;
        }
        writer.into_inner().map_err(|error| Failure::Bug(Text::foreign(error)))
    }

    /// Counts the settlements of each decision, and sums what clears by it.
    pub fn totals(&self) -> Vec<(Verdict, u64, FenSum)> {
        let of = |verdict: Verdict| {
            let decided = || self.decisions.iter().filter(move |d| d.decision == verdict.name());
            let fen = |d: &ReplyDecision| {
                d.payable.as_deref().and_then(|p| crate::model::money::parse_sum(p).ok())
            };
            (verdict, decided().count() as u64, decided().filter_map(fen).sum())
        };
        Verdict::ALL.map(of).to_vec()
    }
}
