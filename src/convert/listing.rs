//! The lists of a conversion that lie beside the delivery: what was refused, changed and read.

use std::{fs, fs::File, path::Path};

use super::{
    account::{Account, RefusedList},
    tables::Place,
    tally::Refusal,
};
use crate::{
    contract::columns::CONTROL_TOTALS,
    diag::{Failure, Finding, Outcome},
    model::money::{FenSum, yuan},
    place::{addition::AddedFile, make_below},
    text::{Text, quoted},
};

/// Words a message in the language of a command.
pub type Sayer = fn(&Text) -> String;

/// Refused values that a report shows; the file lists all of them.
const SHOWN: usize = 20;

/// Amounts of control-totals.csv.
const TOTALLED: [&str; 3] = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay"];

/// Writes the list of what was refused, row by row.
pub(crate) struct RefusedWriter {
    file: csv::Writer<File>,
    list: RefusedList,
    say: Sayer,
}

const REFUSED: &str = "refused.csv";

impl RefusedWriter {
    /// Begins the list.
    pub(crate) fn create(part: &Path, report: &str, say: Sayer) -> Outcome<RefusedWriter> {
        let path = part.join(report).join(REFUSED);
        make_below(part, path.parent().unwrap_or(part))?;
        let mut file = csv::Writer::from_path(&path).map_err(|error| csv_failure(&path, error))?;
        let heading = ["export", "sheet", "row", "column", "field", "value", "code", "reason"];
        file.write_record(heading).map_err(|error| csv_failure(&path, error))?;
        Ok(RefusedWriter { file, list: RefusedList::default(), say })
    }

    /// Adds what was refused of some rows. A fault of a whole column ends the conversion.
    pub(crate) fn take(&mut self, place: &Place, refusals: &[Refusal]) -> Outcome<()> {
        let of_column: Vec<Finding> = refusals
            .iter()
            .filter(|refusal| refusal.of_column)
            .map(|refusal| finding(place, refusal))
            .collect();
        if !of_column.is_empty() {
            let mut findings = of_column;
            // The same column is refused in every row.
            findings.sort();
            findings.dedup_by(|a, b| a.code == b.code && a.place == b.place);
            return Err(Failure::Unfit(text!("exports"), findings));
        }
        let mut last = 0;
        for refusal in refusals {
            self.list.rows += u64::from(refusal.line != last);
            last = refusal.line;
            self.list.values += 1;
            if self.list.first.len() < SHOWN {
                self.list.first.push(finding(place, refusal));
            }
            let reason = (self.say)(&refusal.why);
            let row = [
                place.export,
                place.sheet,
                &refusal.line.to_string(),
                &refusal.column,
                refusal.field,
                &of_sheet(&refusal.value),
                refusal.code.id(),
                &reason,
            ];
            self.file.write_record(row).map_err(|error| csv_failure(Path::new(REFUSED), error))?;
        }
        Ok(())
    }

    /// Ends the list.
    pub(crate) fn finish(mut self) -> Outcome<RefusedList> {
        self.file.flush().map_err(Failure::io(Path::new(REFUSED)))?;
        Ok(self.list)
    }
}

/// Writes a value so that a spreadsheet takes it for no formula.
fn of_sheet(value: &str) -> String {
    if value.starts_with(['=', '+', '-', '@', '\t']) {
        format!("'{value}")
    } else {
        value.to_owned()
    }
}

/// Makes the finding about a refused value.
fn finding(place: &Place, refusal: &Refusal) -> Finding {
    let file = if place.sheet.is_empty() {
        place.export.to_owned()
    } else {
        format!("{} [{}]", place.export, place.sheet)
    };
    let Refusal { line, column, field, value, code, why, of_column } = refusal;
    let at = match (*of_column, field.is_empty()) {
        (true, false) => text!("column {} ({})", column, field),
        (_, true) => text!("line {}", line),
        (false, false) => text!("line {}, column {} ({})", line, column, field),
    };
    let found = if *of_column || value.is_empty() {
        why.clone()
    } else {
        text!("{}: {}", quoted(value), why)
    };
    Finding::new(*code, file, at, found)
}

fn csv_failure(path: &Path, error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::io(path)(error),
        other => Failure::Bug(text!("{}: {}", path, Text::foreign(format!("{other:?}")))),
    }
}

/// Writes the other lists into the folder of the report: what was changed, what was read, and the map.
pub(crate) fn write(
    part: &Path,
    report: &str,
    map: &str,
    account: &Account,
    say: Sayer,
) -> Outcome<Vec<AddedFile>> {
    let mut lists =
        vec![("changes.csv", changes(account, say)?), ("map.toml", map.as_bytes().to_vec())];
    // Small files have none of these amounts.
    if account.sheets.iter().any(|sheet| sheet.tally.sums.contains_key(TOTALLED[0])) {
        lists.push(("control-totals.csv", read_totals(account)?));
    }
    let mut files = vec![AddedFile { path: format!("{report}/{REFUSED}"), replaces: false }];
    for (name, bytes) in lists {
        let path = format!("{report}/{name}");
        let place = part.join(&path);
        fs::write(&place, bytes).map_err(Failure::io(&place))?;
        files.push(AddedFile { path, replaces: false });
    }
    Ok(files)
}

/// Makes rows of CSV.
pub(super) fn rows(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Outcome<Vec<u8>> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let failure = |error| csv_failure(Path::new("csv"), error);
    file.write_record(heading).map_err(failure)?;
    for row in rows {
        file.write_record(row).map_err(failure)?;
    }
    file.into_inner().map_err(|error| Failure::Bug(text!("{}", Text::foreign(error.error()))))
}

/// The changes by export, field and kind, with examples.
fn changes(account: &Account, say: Sayer) -> Outcome<Vec<u8>> {
    let heading =
        ["export", "sheet", "field", "change", "meaning", "values", "row", "before", "after"];
    let all = account.sheets.iter().flat_map(|sheet| {
        sheet.tally.changes.iter().flat_map(move |((field, change), changed)| {
            changed.examples.iter().map(move |example| {
                vec![
                    sheet.export.clone(),
                    sheet.sheet.clone(),
                    (*field).to_owned(),
                    change.id().to_owned(),
                    say(&change.said()),
                    changed.count.to_string(),
                    example.line.to_string(),
                    of_sheet(&example.before),
                    example.after.clone(),
                ]
            })
        })
    });
    rows(&heading, all)
}

/// The control totals of what was read, by export.
fn read_totals(account: &Account) -> Outcome<Vec<u8>> {
    let names = CONTROL_TOTALS.columns.iter().map(|column| column.name).collect::<Vec<_>>();
    rows(
        &names,
        account.sheets.iter().map(|sheet| {
            let file = if sheet.sheet.is_empty() {
                sheet.export.clone()
            } else {
                format!("{} [{}]", sheet.export, sheet.sheet)
            };
            totals_row(file, sheet.tally.converted, |name| sheet.tally.sums.get(name).copied())
        }),
    )
}

/// Makes a row of control totals.
pub(crate) fn totals_row(
    file: String,
    rows: u64,
    sum: impl Fn(&str) -> Option<FenSum>,
) -> Vec<String> {
    let sums = TOTALLED.map(|name| yuan(sum(name).unwrap_or_default()));
    [file, rows.to_string()].into_iter().chain(sums).collect()
}
