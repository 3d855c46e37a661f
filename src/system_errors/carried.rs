//! The open errors of the period before.

use std::path::Path;

use super::{
    error::SystemError,
    row::{COLUMNS, ErrorCells, FORMS, NAMES, provinces, words},
};
use crate::{
    columnar::shape,
    diag::{Failure, Outcome},
    ingest::typed_table::{TableCell, TypedForm, TypedKind},
    model::codes::Month,
    rules::Int96,
    text::Value,
};

/// The columns of the table: those of the file, and `first_period`.
const FORM: TypedForm<{ COLUMNS + 1 }> = {
    let (mut columns, mut forms) = ([""; COLUMNS + 1], [TypedKind::Code; COLUMNS + 1]);
    let mut at = 0;
    while at < COLUMNS {
        (columns[at], forms[at]) = (NAMES[at], FORMS[at]);
        at += 1;
    }
    columns[COLUMNS] = "first_period";
    TypedForm { columns, forms, takes_texts: false, int96: Int96::Local }
};

/// Hands over every open error of a closed period.
pub(super) fn each(folder: &Path, take: &mut dyn FnMut(SystemError) -> Outcome<()>) -> Outcome<()> {
    let (name, path) = (shape::ERRORS_OPEN.name, folder.join(shape::ERRORS_OPEN.path()));
    let mut findings = Vec::new();
    let mut last: Option<String> = None;
    FORM.read(&path, name, &mut findings, &mut |_, cells, _| {
        let error = error(cells).ok_or_else(|| damaged(text!("an error that cannot be one")))?;
        if last.as_ref() >= Some(&error.err_id) {
            return Err(damaged(text!("an error twice, or out of order")));
        }
        last = Some(error.err_id.clone());
        take(error)
    })?;
    if findings.is_empty() { Ok(()) } else { Err(damaged(text!("it cannot be read"))) }
}

fn error(cells: &[TableCell<'_>; COLUMNS + 1]) -> Option<SystemError> {
    let of_file: &ErrorCells = cells.first_chunk()?;
    let (treating, insured) = provinces(of_file)?;
    let (raised_by, class) = words(of_file)?;
    let text = |at: usize| cells[at].text().map(str::to_owned);
    Some(SystemError {
        err_id: text(0)?,
        at: cells[1].time()?,
        infno: text(2),
        raised_by,
        treating,
        insured,
        fixmedins_code: text(6),
        class,
        code: text(8),
        text: text(9),
        mdtrt_id: text(10),
        answered_on: cells[11].day(),
        struck_off_on: cells[12].day(),
        first_period: Month::from_text(cells[COLUMNS].text()?)?,
    })
}

fn damaged(what: crate::text::Text) -> Failure {
    let table = shape::ERRORS_OPEN.name;
    Failure::Book(text!("the book is damaged: table {}: {}", table, Value::Text(what)))
}
