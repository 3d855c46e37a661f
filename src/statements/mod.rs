//! Forms: what people read, print and sign, made of the tables of a closed period.
//!
//! **Purpose.** Statements and notices of each province, and the national tables.
//!
//! **In.** The tables of a closed period; a template with titles, headings and columns.
//!
//! **Out.** Workbooks (XLSX), and the same sheets as CSV and JSON.
//!
//! **Invariants.** A province gets only rows in which it pays or is paid. Every total is the sum of its rows and
//! what the tables say. The same period gives the same bytes.

mod capital;
mod content;
pub mod folder;
mod plain;
pub mod replies;
mod template;
mod xlsx;

use std::{collections::BTreeMap, path::Path};

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::Serialize;

pub use self::template::Template;
pub(crate) use self::{
    plain::{no_formula, shown},
    template::{Target, Values},
};
use crate::{
    book::Closed,
    diag::{Failure, Outcome},
    judged::Judged,
    model::{
        codes::{CareClass, Month, Province},
        dates::parse_day,
        money::{FenSum, yuan},
    },
    privacy::pseudonym::Pseudonyms,
};

/// A value of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, which stays text in a spreadsheet.
    Text(String),
    /// Money in fen.
    Money(FenSum),
    /// A whole number.
    Count(i128),
}

/// A sheet: a title, headings, rows.
#[derive(Debug)]
pub struct Sheet {
    /// Its name, short.
    pub name: String,
    /// Its name in files, in Latin letters.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Lines below the title.
    pub subtitle: String,
    /// Headings, with the width of each column in characters.
    pub columns: Vec<(String, u16)>,
    /// Rows, as many values as there are columns.
    pub rows: Vec<Vec<Value>>,
    /// What it looks like.
    pub layout: Layout,
    /// A column in which readers choose one of some words.
    pub choices: Option<(usize, Vec<String>)>,
}

/// What a sheet looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Headings, rows, and the sums of amounts and counts below them.
    Summed,
    /// Headings and rows, sums among them where there are any.
    Listed,
    /// The lines of a notice.
    Notice,
}

/// A workbook of one reader.
#[derive(Debug)]
pub struct Workbook {
    /// Folder below the output folder.
    pub folder: String,
    /// Name of the file without its ending.
    pub name: &'static str,
    /// Its sheets.
    pub sheets: Vec<Sheet>,
}

/// One way to write a workbook.
trait Renderer: Sync {
    /// The files of a workbook: path below its folder, bytes.
    fn render(&self, workbook: &Workbook, template: &Template) -> Outcome<Vec<(String, Vec<u8>)>>;
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Written {
    /// The period.
    pub period: String,
    /// Folders of provinces.
    pub provinces: u64,
    /// Files.
    pub files: u64,
    /// Notices, each for payer and payee.
    pub notices: u64,
    /// What all provinces pay, in yuan: what all of them receive.
    pub payable: String,
    /// What became of the deductions.
    pub deductions: Judged,
    /// What became of the payments.
    pub payments: Judged,
}

/// How forms look, and how persons are named in them.
#[derive(Debug)]
pub struct Style {
    /// Titles, headings, columns.
    pub template: Template,
    /// Names persons beside the masked end of their numbers.
    pub pseudonyms: Option<Pseudonyms>,
}

/// Writes the forms of a closed period into a new folder.
pub fn write(book: &Path, period: Month, out: &Path, style: &Style) -> Outcome<Written> {
    let closed = Closed::open(book, period)?;
    folder::must_be_new(out)?;
    let issued_on = parse_day(&closed.manifest.as_of)
        .ok_or_else(|| Failure::Book(format!("the manifest of {period} has no day")))?;
    let content = content::Content::read(&closed)?;
    content.prove()?;
    let provinces = content.provinces();
    let readers: Vec<Option<Province>> =
        [None].into_iter().chain(provinces.iter().copied().map(Some)).collect();
    // A reader's sheets are made when it is their turn: those of all together would not be small.
    let rendered: Vec<BTreeMap<String, Vec<u8>>> = readers
        .par_iter()
        .with_max_len(1)
        .map(|reader| {
            let workbooks = match reader {
                None => content.nation(&style.template)?,
                Some(province) => content.province(*province, style)?,
            };
            render(&workbooks, &style.template, issued_on)
        })
        .collect::<Outcome<_>>()?;
    let files: BTreeMap<String, Vec<u8>> = rendered.into_iter().flatten().collect();
    folder::publish(out, &files)?;
    let [deductions, payments] = content.all_judged();
    Ok(Written {
        period: period.to_string(),
        provinces: provinces.len() as u64,
        files: files.len() as u64 + 1,
        notices: content.notices(),
        payable: yuan(content.payable()),
        deductions,
        payments,
    })
}

/// The files of workbooks, by path: XLSX, and each sheet as CSV and JSON.
pub(crate) fn render(
    workbooks: &[Workbook],
    template: &Template,
    issued_on: NaiveDate,
) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let xlsx = xlsx::Xlsx { issued_on };
    let renderers: [&dyn Renderer; 2] = [&xlsx, &plain::Plain];
    let mut files = BTreeMap::new();
    for workbook in workbooks {
        for renderer in renderers {
            let of_renderer = renderer.render(workbook, template)?;
            let below = |(path, bytes)| (format!("{}/{path}", workbook.folder), bytes);
            files.extend(of_renderer.into_iter().map(below));
        }
    }
    Ok(files)
}

/// A province for people: code and name.
pub(crate) fn province(province: Province) -> String {
    format!("{province} {}", province.full_name())
}

/// A kind of care for people.
pub(crate) const fn care(care: CareClass) -> &'static str {
    match care {
        CareClass::Inpatient => "住院",
        CareClass::Outpatient => "普通门诊",
        CareClass::Chronic => "门诊慢特病",
        CareClass::Pharmacy => "药店购药",
    }
}
