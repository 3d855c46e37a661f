//! Writes the forms of a closed period.

use std::{collections::BTreeMap, path::Path};

use chrono::NaiveDate;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    archive,
    content::{Content, papers::listed},
    folder,
    plain::Plain,
    renderer::Renderer,
    sheet::Workbook,
    style::Style,
    template::Template,
    xlsx::Xlsx,
};
use crate::{
    book::{ClosedPeriod, closed_periods},
    diag::{Failure, Outcome},
    figures::requests::RequestFigures,
    judged::Judged,
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::{FenSum, yuan},
    },
    reserve::notices::NoticeKind,
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
    /// The number of clearing notices (QS).
    pub notices: u64,
    /// What all provinces pay by them, in yuan: what all of them receive.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// The number of return notices (FH).
    pub return_notices: u64,
    /// What treating provinces return by them, in yuan.
    #[schemars(with = "Yuan")]
    pub returned: String,
    /// The provinces that are paid and have no account in force; empty also when nobody gave accounts.
    pub missing_accounts: Vec<String>,
    /// What became of the deductions.
    pub deductions: Judged,
    /// What became of the payments.
    pub payments: Judged,
}

/// The bytes of files, by their paths below the output folder.
type FilesByPath = BTreeMap<String, Vec<u8>>;

/// Writes the forms of a closed period into a new folder.
pub fn write(book: &Path, period: Month, out: &Path, style: &Style) -> Outcome<WrittenStatements> {
    let closed = ClosedPeriod::open(book, period)?;
    folder::must_be_new(out)?;
    let issued_on = parse_day(&closed.manifest.as_of)
        .ok_or_else(|| Failure::Book(text!("the manifest of {} has no day", period)))?;
    let earlier = closed_periods(book)?.into_iter().find(|(month, _)| month.plus(1) == period);
    let before = earlier.map(|(month, folder)| ClosedPeriod::read(month, folder)).transpose()?;
    let mut history = closed_periods(book)?;
    history.retain(|(month, _)| *month <= period);
    let requests = RequestFigures::read(&history)?;
    let content = Content::read(&closed, before.as_ref(), issued_on, requests)?;
    let provinces = content.provinces();
    let readers: Vec<Option<Province>> =
        [None].into_iter().chain(provinces.iter().copied().map(Some)).collect();
    // Sheets are made inside the parallel loop: the sheets of all readers together would not fit a small memory.
    let rendered: Vec<(FilesByPath, [FenSum; 2])> = readers
        .par_iter()
        .with_max_len(1)
        .map(|reader| of_reader(&content, *reader, style, issued_on))
        .collect::<Outcome<_>>()?;
    let sums = [0, 1].map(|side| rendered.iter().map(|(_, listed)| listed[side]).sum());
    content.prove_made(sums)?;
    let files: FilesByPath = rendered.into_iter().flat_map(|(files, _)| files).collect();
    folder::publish(out, &files)?;
    let [deductions, payments] = content.all_judged();
    let missing = content.missing_accounts(None, style);
    Ok(WrittenStatements {
        format: FormatNumber,
        period: period.to_string(),
        provinces: provinces.len() as u64,
        files: files.len() as u64 + 1,
        notices: content.notices(NoticeKind::Clearing),
        payable: yuan(content.payable()),
        return_notices: content.notices(NoticeKind::Return),
        returned: yuan(content.money_returned()),
        missing_accounts: missing.iter().map(Province::to_string).collect(),
        deductions,
        payments,
    })
}

/// Makes the files of the nation or of a province, and what its papers list.
fn of_reader(
    content: &Content,
    reader: Option<Province>,
    style: &Style,
    issued_on: NaiveDate,
) -> Outcome<(FilesByPath, [FenSum; 2])> {
    let workbooks = match reader {
        None => content.nation(style)?,
        Some(province) => content.province(province, style)?,
    };
    let listed = listed(&workbooks);
    let files = render(&workbooks, &style.template, issued_on)?;
    if !style.archives {
        return Ok((files, listed));
    }
    let folder = reader.map_or("national".to_owned(), |province| province.to_string());
    Ok((BTreeMap::from([(format!("{folder}.zip"), archive::pack(&files)?)]), listed))
}

/// Renders workbooks as files, by path: XLSX, and each sheet as CSV and JSON.
pub(crate) fn render(
    workbooks: &[Workbook],
    template: &Template,
    issued_on: NaiveDate,
) -> Outcome<FilesByPath> {
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
