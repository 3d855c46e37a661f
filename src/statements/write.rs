//! Writes the forms of a closed period.

use std::{collections::BTreeMap, path::Path};

use chrono::NaiveDate;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    content::Content, folder, plain::Plain, renderer::Renderer, sheet::Workbook, style::Style,
    template::Template, xlsx::Xlsx,
};
use crate::{
    book::ClosedPeriod,
    diag::{Failure, Outcome},
    judged::Judged,
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::yuan,
    },
    shapes::{FormatNumber, Period, Yuan},
};

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "statements --format json")]
pub struct WrittenStatements {
    /// The format of the report.
    format: FormatNumber<1>,
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The number of folders of provinces.
    pub provinces: u64,
    /// The number of files.
    pub files: u64,
    /// The number of notices, each for payer and payee.
    pub notices: u64,
    /// What all provinces pay, in yuan: what all of them receive.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// What became of the deductions.
    pub deductions: Judged,
    /// What became of the payments.
    pub payments: Judged,
}

/// Writes the forms of a closed period into a new folder.
pub fn write(book: &Path, period: Month, out: &Path, style: &Style) -> Outcome<WrittenStatements> {
    let closed = ClosedPeriod::open(book, period)?;
    folder::must_be_new(out)?;
    let issued_on = parse_day(&closed.manifest.as_of)
        .ok_or_else(|| Failure::Book(text!("the manifest of {} has no day", period)))?;
    let content = Content::read(&closed)?;
    content.prove()?;
    let provinces = content.provinces();
    let readers: Vec<Option<Province>> =
        [None].into_iter().chain(provinces.iter().copied().map(Some)).collect();
    // Sheets are made inside the parallel loop: the sheets of all readers together would not fit a small memory.
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
    Ok(WrittenStatements {
        format: FormatNumber,
        period: period.to_string(),
        provinces: provinces.len() as u64,
        files: files.len() as u64 + 1,
        notices: content.notices(),
        payable: yuan(content.payable()),
        deductions,
        payments,
    })
}

/// Renders workbooks as files, by path: XLSX, and each sheet as CSV and JSON.
pub(crate) fn render(
    workbooks: &[Workbook],
    template: &Template,
    issued_on: NaiveDate,
) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let xlsx = Xlsx { issued_on };
    let renderers: [&dyn Renderer; 2] = [&xlsx, &Plain];
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
