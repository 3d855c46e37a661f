//! Bulletins (通报): reports of the national agency to all provinces about a month or a quarter.
//!
//! **Purpose.** What happened, in sentences. Volumes, match rates, errors, late claims, breaks and coverage of a month; money paid and
//! received of a quarter.
//!
//! **In.** The tables of closed periods; for coverage the delivery of the period, and a registry of institutions.
//!
//! **Out.** A workbook (XLSX), and its sheets as CSV and JSON.
//!
//! **Invariants.** No person, visit or settlement is named. A count of few persons is not shown, and cannot be
//! computed from shown counts. The same period gives the same bytes.

mod cells;
mod cleared;
mod coverage;
mod delivered;
mod draft;
mod media;
mod monthly;
mod network;
mod quarterly;
mod request;
mod requests;
mod summary;
mod system_errors;

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::request::Request;
use self::{
    cells::Cells, delivered::DeliveryFigures, draft::Draft, monthly::SaidCells, summary::Said,
};
use crate::{
    book::{ClosedPeriod, closed_periods},
    bounded,
    contract::registry::{Institution, read_registry},
    diag::{Failure, Outcome},
    event::Monitor,
    figures::requests::RequestFigures,
    model::dates::parse_day,
    shapes::FormatNumber,
    statements::{self, Workbook, folder},
};

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "bulletin --format json")]
pub struct WrittenBulletin {
    /// The format of the report.
    format: FormatNumber<1>,
    /// The period YYYY-MM, or the quarter as the sheets name it.
    pub period: String,
    /// The number of sheets.
    pub sheets: u64,
    /// The number of files.
    pub files: u64,
    /// The number of values that are left out because they tell about few persons.
    pub left_out: u64,
}

/// Writes the bulletin of a closed period, or of a quarter, into a new folder.
pub fn write(request: &Request, monitor: &Monitor) -> Outcome<WrittenBulletin> {
    folder::must_be_new(request.out)?;
    let closed = ClosedPeriod::open(request.book, request.period)?;
    let issued_on = parse_day(&closed.manifest.as_of)
        .ok_or_else(|| Failure::Book(text!("the manifest of {} has no day", request.period)))?;
    let mut cells = Cells::new(request.template.bulletin.threshold);
    let (name, period, title, drafts, said) = if request.quarterly {
        let (draft, flows) = quarterly::draft(request.book, &closed, request.template)?;
        let (period, title) = (quarterly::name(request.period), quarterly::title(request.period));
        ("quarterly", period, title, vec![draft], Said::Quarter(flows))
    } else {
        let (drafts, cells) = monthly(request, &closed, &mut cells, monitor)?;
        let (period, title) = (request.period.to_string(), statements::month(request.period));
        ("monthly", period, title, drafts, Said::Month(cells))
    };
    let marks = cells.marks();
    let (summary, mut left_out) = summary::sheet(request, &closed, &said, &title, &marks)?;
    let mut sheets = vec![summary];
    for draft in drafts {
        let (sheet, of_sheet) = draft.sheet(request.template, &title, &marks)?;
        left_out += of_sheet;
        sheets.push(sheet);
    }
    let all = sheets.len() as u64;
    let workbook = Workbook { folder: name.to_owned(), name: "bulletin", sheets };
    let files = statements::render(&[workbook], request.template, issued_on)?;
    folder::publish(request.out, &files)?;
    let files = files.len() as u64 + 1;
    Ok(WrittenBulletin { format: FormatNumber, period, sheets: all, files, left_out })
}

fn monthly(
    request: &Request,
    closed: &ClosedPeriod,
    cells: &mut Cells,
    monitor: &Monitor,
) -> Outcome<(Vec<Draft>, SaidCells)> {
    let registry = request.registry.map(registry).transpose()?;
    let enough = usize::try_from(request.template.bulletin.threshold).unwrap_or(usize::MAX);
    let delivered = request
        .input
        .map(|input| DeliveryFigures::read(input, closed.month, &closed.manifest, enough, monitor))
        .transpose()?;
    let before = months_before(request, closed)?;
    let earlier = (closed, &before[..]);
    let (mut drafts, said) = monthly::drafts(earlier, delivered.as_ref(), request.template, cells)?;
    drafts.extend(network::drafts(registry.as_deref(), closed.month, request.template));
    let mut history = closed_periods(request.book)?;
    history.retain(|(month, _)| *month <= closed.month);
    drafts.extend(requests::draft(&RequestFigures::read(&history)?, request.template));
    Ok((drafts, said))
}

/// Returns the three months before that the book has, the nearest first.
fn months_before(request: &Request, closed: &ClosedPeriod) -> Outcome<Vec<ClosedPeriod>> {
    let periods = closed_periods(request.book)?.into_iter();
    let mut before: Vec<_> = periods.filter(|(month, _)| *month < closed.month).collect();
    before.reverse();
    before.truncate(3);
    before.into_iter().map(|(month, folder)| ClosedPeriod::read(month, folder)).collect()
}

fn registry(path: &Path) -> Outcome<Vec<Institution>> {
    let bytes = bounded::read_all(path, bounded::SMALL_FILE)
        .map_err(|error| Failure::Usage(text!("--registry {} cannot be read: {}", path, error)))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut findings = Vec::new();
    let institutions = read_registry(&bytes, &name, &mut findings);
    if findings.is_empty() {
        Ok(institutions)
    } else {
        Err(Failure::Unfit(text!("the registry is"), findings))
    }
}
