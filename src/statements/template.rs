//! The template of forms: titles, headings, columns and their order.

mod check;
mod guide;
pub(super) mod papers;
mod parts;
mod read;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use self::parts::PAPERS;
pub(crate) use self::parts::RowValues;
use self::parts::{ColumnForm, GuideTemplate, NoticeTemplate, Paper, RowForm};
use super::{
    sheet::{CellValue, Sheet, SheetLayout},
    words::{Filling, filled},
};
use crate::{
    diag::{Failure, Outcome},
    model::{codes::CareClass, dates::parse_day, money::FenSum, verdict::Verdict},
    shapes::{Day, FormatNumber},
    text::{Text, quoted},
};

/// A template of forms (TOML): titles, headings and columns of statements, notices and bulletins (docs/statements.md).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A template of forms")]
pub struct Template {
    /// The format of the file.
    #[schemars(with = "FormatNumber<2>")]
    #[serde(rename = "format")]
    _format: u32,
    /// The font of the workbooks.
    #[schemars(length(min = 1, max = 31))]
    pub font: String,
    /// What amounts are in, such as 单位:元.
    pub unit: String,
    /// The word before totals.
    pub total: String,
    /// The word before the sums of a sheet that goes on in another one.
    pub(super) subtotal: String,
    /// Who signs, side by side.
    #[schemars(length(max = 100))]
    pub sign_off: Vec<String>,
    /// Annex 14: all provinces.
    national: RowForm,
    /// Annex 5: quotas that notices change.
    quotas: RowForm,
    /// Annex 14-1: what a province pays, by treating province.
    payable: RowForm,
    /// Annex 14-2: positions of employees' insurance.
    employee: RowForm,
    /// Annex 14-3: positions of residents' insurance.
    resident: RowForm,
    /// Annex 14-4: the deductions of a province, of all funds.
    deductions: RowForm,
    /// Annex 14-5: the deductions of employees' insurance.
    deductions_employee: RowForm,
    /// Annex 14-6: the deductions of residents' insurance.
    deductions_resident: RowForm,
    /// Annex 14-7: what a province receives, by insured province.
    receivable: RowForm,
    /// What the pooling areas of a province pay up or receive.
    pooling: RowForm,
    /// What became of deductions and payments.
    judged: RowForm,
    /// The breaks of a province.
    breaks: RowForm,
    /// Annex 10: the accounts that receive payments.
    accounts: RowForm,
    /// Emergency increases that may be applied for.
    suggestions: RowForm,
    /// Rejected rows by file.
    reject_files: RowForm,
    /// Rejected rows.
    rejects: RowForm,
    /// Deductions and payments that were refused.
    refused: RowForm,
    /// The cost-verification pack: the fields that differ.
    differences: RowForm,
    /// The cost-verification pack: the copies.
    copies: RowForm,
    /// The cost-verification pack: the reply form.
    pub(super) reply: RowForm,
    /// Requests: what is due when.
    requests_due: RowForm,
    /// Requests: what the province asked.
    requests_asked: RowForm,
    /// Requests: what the province was asked.
    requests_received: RowForm,
    /// Requests: verifications that found a mistake, with the deductions that followed.
    requests_incorrect: RowForm,
    /// Requests: rows that were refused.
    requests_refused: RowForm,
    /// What fields are called, by national field name.
    labels: BTreeMap<String, String>,
    /// What sides are called, by `treating` and `insured`.
    sides: BTreeMap<String, String>,
    /// What decisions are called, by `accept_treating`, `accept_insured` and `void`.
    decisions: BTreeMap<String, String>,
    /// Payment notices (annexes 15, 6, 8, 3), by kind: QS, ND, JJ, CS.
    #[schemars(extend("required" = PAPERS))]
    pay: BTreeMap<String, Paper>,
    /// Receipt notices (annexes 16, 7, 9, 4), by kind.
    #[schemars(extend("required" = PAPERS))]
    receive: BTreeMap<String, Paper>,
    /// What all notices have.
    pub(super) notice: NoticeTemplate,
    /// The first sheet of each workbook.
    pub(super) guide: GuideTemplate,
    /// What bulletins say, and what they leave out.
    pub(crate) bulletin: BulletinTemplate,
}

/// What bulletins say, and what they leave out (docs/bulletin.md).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulletinTemplate {
    /// The fewest persons whose count is shown.
    #[schemars(range(min = 1))]
    pub(crate) threshold: u64,
    /// What stands for a smaller count.
    pub(crate) few: String,
    /// What stands for a count that would give a smaller one away.
    pub(crate) hidden: String,
    /// What both mean, for the line below the title.
    pub(crate) note: String,
    /// What stands for a figure that nothing was delivered for.
    pub(crate) missing: String,
    /// Targets that notices of the state set for networks of institutions.
    pub(crate) targets: Vec<Target>,
    /// The forms by name.
    #[schemars(extend("required" = BULLETIN))]
    forms: BTreeMap<String, RowForm>,
}

/// A share of counties with a networked institution that a notice of the state asks for by a day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// The kind of care.
    pub(crate) care: CareClass,
    /// The day by which the share is to be reached.
    #[schemars(with = "Day")]
    pub(crate) by: String,
    /// The share in per cent.
    #[schemars(range(max = 100))]
    pub(crate) percent: u8,
    /// The notice.
    pub(crate) source: String,
}

/// The forms of a bulletin.
const BULLETIN: [&str; 17] = [
    "volumes",
    "sides",
    "pairs",
    "errors",
    "error_provinces",
    "late",
    "breaks_treating",
    "breaks_insured",
    "system_errors",
    "error_texts",
    "media",
    "institutions",
    "areas",
    "targets",
    "networks",
    "requests",
    "quarter",
];

impl BulletinTemplate {
    fn check(&self) -> Result<(), Text> {
        if let Some(form) = BULLETIN.iter().find(|form| !self.forms.contains_key(**form)) {
            return Err(text!("bulletin.forms.{} is missing", form));
        }
        if self.threshold == 0 {
            return Err(text!("bulletin.threshold is 0: at least 1"));
        }
        for target in &self.targets {
            if parse_day(&target.by).is_none() || target.percent > 100 {
                let by = &target.by;
                return Err(text!("bulletin.targets of {}: a day and up to 100 per cent", by));
            }
        }
        Ok(())
    }
}

/// The column of the day since which daily reconciliation knew a break.
pub(super) const KNOWN_SINCE: &str = "known_since";

impl Template {
    fn form(&self, file: &str) -> &RowForm {
        match file {
            "national" => &self.national,
            "quotas" => &self.quotas,
            "payable" => &self.payable,
            "receivable" => &self.receivable,
            "employee" => &self.employee,
            "resident" => &self.resident,
            "deductions" => &self.deductions,
            "deductions_employee" => &self.deductions_employee,
            "deductions_resident" => &self.deductions_resident,
            "pooling" => &self.pooling,
            "judged" => &self.judged,
            "accounts" => &self.accounts,
            "suggestions" => &self.suggestions,
            "reject_files" => &self.reject_files,
            "rejects" => &self.rejects,
            "refused" => &self.refused,
            "differences" => &self.differences,
            "copies" => &self.copies,
            "reply" => &self.reply,
            "requests_due" => &self.requests_due,
            "requests_asked" => &self.requests_asked,
            "requests_received" => &self.requests_received,
            "requests_incorrect" => &self.requests_incorrect,
            "requests_refused" => &self.requests_refused,
            "breaks" => &self.breaks,
            of_bulletin => &self.bulletin.forms[of_bulletin],
        }
    }

    /// Makes a sheet of rows with the columns of the template.
    pub(crate) fn sheet(
        &self,
        file: &str,
        province: &str,
        period: &str,
        rows: Vec<RowValues>,
        offered: &[&str],
    ) -> Outcome<Sheet> {
        let filling = vec![("province", province.to_owned()), ("period", period.to_owned())];
        self.filled(file, &filling, rows, offered)
    }

    /// The same, with more to fill in.
    pub(super) fn filled(
        &self,
        file: &str,
        filling: &Filling,
        rows: Vec<RowValues>,
        offered: &[&str],
    ) -> Outcome<Sheet> {
        let form = self.form(file);
        let columns = &form.columns;
        let mut sheet = self.plain(file, file, columns, filling, rows, offered)?;
        sheet.name.clone_from(&form.name);
        sheet.annex.clone_from(&form.annex);
        sheet.title = filled(&form.title, filling);
        sheet.lead = form.lead.iter().map(|line| filled(line, filling)).collect();
        let words = || self.verdicts().map(|(_, word)| word).collect();
        sheet.choices = form.place("decision").map(|at| (at, words()));
        Ok(sheet)
    }

    /// Makes a sheet without title and name.
    fn plain(
        &self,
        place: &str,
        file: &str,
        columns: &[ColumnForm],
        filling: &Filling,
        rows: Vec<RowValues>,
        offered: &[&str],
    ) -> Outcome<Sheet> {
        // Without a result of daily reconciliation nobody knows it.
        let is_told =
            |(_, value, _): &&ColumnForm| value != KNOWN_SINCE || offered.contains(&KNOWN_SINCE);
        let columns: Vec<&ColumnForm> = columns.iter().filter(is_told).collect();
        let unknown = columns
            .iter()
            .find(|(_, value, _)| value != "number" && !offered.contains(&value.as_str()));
        if let Some((heading, value, _)) = unknown {
            let problem = text!(
                "forms: {}, column {}: no value {}; there are number, {}",
                place,
                heading,
                quoted(value),
                offered.join(", ")
            );
            return Err(Failure::Usage(problem));
        }
        let amount =
            ["payable", "payable_amount", "amount"].into_iter().find(|name| offered.contains(name));
        let total = amount.map(|amount| rows.iter().map(|values| money(values.get(amount))).sum());
        let rows = rows.into_iter().enumerate().map(|(at, mut values)| {
            values.insert("number", CellValue::Count(at as i128 + 1));
            let value =
                |name: &str| values.get(name).cloned().unwrap_or(CellValue::Text(String::new()));
            columns.iter().map(|(_, name, _)| value(name)).collect()
        });
        let of_period = filling.iter().find(|(name, _)| *name == "period");
        let period = of_period.map_or("", |(_, period)| period);
        Ok(Sheet {
            name: String::new(),
            file: file.to_owned(),
            annex: String::new(),
            title: String::new(),
            subtitle: format!("清算期:{period}    {}", self.unit),
            lead: Vec::new(),
            columns: columns.iter().map(|(heading, _, width)| (heading.clone(), *width)).collect(),
            rows: rows.collect(),
            close: Vec::new(),
            total,
            layout: SheetLayout::Summed,
            choices: None,
        })
    }

    /// Returns every decision with its word in the template.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (Verdict, String)> {
        let word = |name| self.decisions.get(name).map_or(name, String::as_str).to_owned();
        Verdict::ALL.into_iter().map(move |verdict| (verdict, word(verdict.name())))
    }

    /// Returns the label of a field.
    pub(super) fn label<'a>(&'a self, field: &'a str) -> &'a str {
        self.labels.get(field).map_or(field, String::as_str)
    }

    /// Returns the label of a side.
    pub(super) fn side<'a>(&'a self, side: &'a str) -> &'a str {
        self.sides.get(side).map_or(side, String::as_str)
    }
}

/// Returns the money of a value; zero for any other value.
fn money(value: Option<&CellValue>) -> FenSum {
    match value {
        Some(CellValue::Money(fen)) => *fen,
        _ => FenSum::ZERO,
    }
}
