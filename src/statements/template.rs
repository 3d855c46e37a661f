//! The template of forms: titles, headings, columns and their order.

mod check;
mod read;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::sheet::{CellValue, Sheet, SheetLayout};
use crate::{
    diag::{Failure, Outcome},
    model::{codes::CareClass, dates::parse_day, verdict::Verdict},
    shapes::{Day, FormatNumber},
    text::{Text, quoted},
};

/// A template of forms (TOML): titles, headings and columns of statements, notices and bulletins (docs/statements.md).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A template of forms")]
pub struct Template {
    /// The format of the file.
    #[schemars(with = "FormatNumber<1>")]
    format: u32,
    /// The font of the workbooks.
    #[schemars(length(min = 1, max = 31))]
    pub font: String,
    /// What amounts are in, such as 单位:元.
    pub unit: String,
    /// The word before totals.
    pub total: String,
    /// Who signs, side by side.
    #[schemars(length(max = 100))]
    pub sign_off: Vec<String>,
    /// The national table of all provinces.
    national: RowForm,
    /// The national table of quotas.
    quotas: RowForm,
    /// What a province pays, by treating province.
    payable: RowForm,
    /// What a province receives, by insured province.
    receivable: RowForm,
    /// Positions of employees' insurance.
    employee: RowForm,
    /// Positions of residents' insurance.
    resident: RowForm,
    /// The deductions of a province.
    deductions: RowForm,
    /// What became of deductions and payments; the built-in form where a template has none.
    #[serde(default)]
    #[schemars(with = "RowForm")]
    judged: Option<RowForm>,
    /// The breaks of a province.
    breaks: RowForm,
    /// The cost-verification pack: the fields that differ.
    differences: RowForm,
    /// The cost-verification pack: the copies.
    copies: RowForm,
    /// The cost-verification pack: the reply form.
    pub(super) reply: RowForm,
    /// What fields are called, by national field name.
    labels: BTreeMap<String, String>,
    /// What sides are called, by `treating` and `insured`.
    sides: BTreeMap<String, String>,
    /// What decisions are called, by `accept_treating`, `accept_insured` and `void`.
    decisions: BTreeMap<String, String>,
    /// Notices as the payer gets them, by kind (QS, ND, JJ).
    #[schemars(extend("required" = ["QS", "ND", "JJ"]))]
    pay: BTreeMap<String, Paper>,
    /// Notices as the payee gets them, by kind.
    #[schemars(extend("required" = ["QS", "ND", "JJ"]))]
    receive: BTreeMap<String, Paper>,
    /// The lines of a notice.
    notice: NoticeLines,
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
const BULLETIN: [&str; 13] = [
    "volumes",
    "sides",
    "pairs",
    "errors",
    "error_provinces",
    "late",
    "breaks_treating",
    "breaks_insured",
    "institutions",
    "areas",
    "targets",
    "networks",
    "quarter",
];

/// A form of rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RowForm {
    /// The title, with {period} and {province} where they go.
    title: String,
    /// The name of the sheet, up to 31 characters.
    name: String,
    /// The columns: heading, name of the value, width in characters.
    columns: Vec<(String, String, u16)>,
}

impl RowForm {
    /// Returns the index of a value among the columns.
    fn place(&self, value: &str) -> Option<usize> {
        self.columns.iter().position(|(_, name, _)| name == value)
    }

    /// Returns the heading of a value.
    pub(super) fn heading(&self, value: &str) -> Option<&str> {
        self.place(value).map(|at| self.columns[at].0.as_str())
    }
}

/// What a notice is called, and which business it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Paper {
    /// The title, with {province} where it goes.
    title: String,
    /// The kind of business.
    business: String,
}

/// The lines of a notice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoticeLines {
    /// The name of the sheet.
    name: String,
    /// The lines in order: heading, name of the value.
    lines: Vec<(String, String)>,
}

/// The values of a row, by name.
pub(crate) type RowValues = BTreeMap<&'static str, CellValue>;

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
            "judged" => {
                self.judged.as_ref().expect("Invariant: a template without it has the built-in one")
            }
            "differences" => &self.differences,
            "copies" => &self.copies,
            "reply" => &self.reply,
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
        let form = self.form(file);
        let fill = |text: &str| text.replace("{province}", province).replace("{period}", period);
        let unknown = form
            .columns
            .iter()
            .find(|(_, value, _)| value != "number" && !offered.contains(&value.as_str()));
        if let Some((heading, value, _)) = unknown {
            let problem = text!(
                "forms: {}, column {}: no value {}; there are number, {}",
                file,
                heading,
                quoted(value),
                offered.join(", ")
            );
            return Err(Failure::Usage(problem));
        }
        let rows = rows.into_iter().enumerate().map(|(at, mut values)| {
            values.insert("number", CellValue::Count(at as i128 + 1));
            let value =
                |name: &str| values.get(name).cloned().unwrap_or(CellValue::Text(String::new()));
            form.columns.iter().map(|(_, name, _)| value(name)).collect()
        });
        Ok(Sheet {
            name: form.name.clone(),
            file: file.to_owned(),
            title: fill(&form.title),
            subtitle: format!("清算期:{period}    {}", self.unit),
            columns: form
                .columns
                .iter()
                .map(|(heading, _, width)| (heading.clone(), *width))
                .collect(),
            rows: rows.collect(),
            layout: SheetLayout::Summed,
            choices: form
                .place("decision")
                .map(|at| (at, self.verdicts().map(|(_, w)| w).collect())),
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

    /// Makes a notice for the payer or for the payee.
    pub(super) fn notice(
        &self,
        pays: bool,
        kind: &str,
        province: &str,
        values: &RowValues,
    ) -> Outcome<Sheet> {
        let papers = if pays { &self.pay } else { &self.receive };
        let paper = &papers[kind];
        let mut rows = Vec::new();
        for (heading, name) in &self.notice.lines {
            let value = match name.as_str() {
                "blank" => CellValue::Text(String::new()),
                "business" => CellValue::Text(paper.business.clone()),
                name => values.get(name).cloned().ok_or_else(|| {
                    let known: Vec<&str> = values.keys().copied().collect();
                    let known = known.join(", ");
                    Failure::Usage(text!(
                        "forms: notice, line {}: no value {}; there are blank, business, {}",
                        heading,
                        quoted(name),
                        known
                    ))
                })?,
            };
            rows.push(vec![CellValue::Text(heading.clone()), value]);
        }
        let Some(CellValue::Text(notice_id)) = values.get("notice_id") else {
            return Err(Failure::Bug(text!("a notice without a number")));
        };
        Ok(Sheet {
            name: notice_id.clone(),
            file: notice_id.clone(),
            title: paper.title.replace("{province}", province),
            subtitle: self.unit.clone(),
            columns: vec![(self.notice.name.clone(), 20), (String::new(), 60)],
            rows,
            layout: SheetLayout::Notice,
            choices: None,
        })
    }
}
