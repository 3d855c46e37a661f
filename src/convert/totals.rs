//! The control totals of the delivery that a conversion adds to.

use std::{fs, path::Path};

use super::{account::Account, listing::totals_row};
use crate::{
    bounded,
    contract::{
        columns::CONTROL_TOTALS,
        small_files::{self, DeclaredTotals},
    },
    diag::{Failure, Outcome},
    model::{codes::Side, money::yuan},
    place::addition::{AddedFile, Addition},
};

/// Writes control-totals.csv of all files, old and new. It is the first file that gets its place: a delivery that lacks
/// a listed file is refused, one that has a file more is not.
pub(crate) fn write(
    part: &Path,
    delivery: &Addition,
    account: &Account,
) -> Outcome<Vec<AddedFile>> {
    let name = CONTROL_TOTALS.name;
    let path = delivery.folder().join(name);
    let listed = match bounded::read(&path, bounded::SMALL_FILE) {
        Ok(Some(bytes)) => listed(&bytes)?,
        Ok(None) => return Err(unlisted(delivery)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if has_files(delivery) {
                return Err(unlisted(delivery));
            }
            Vec::new()
        }
        Err(error) => return Err(Failure::io(&path)(error)),
    };
    let mut file = csv::Writer::from_writer(Vec::new());
    let columns = CONTROL_TOTALS.columns.iter().map(|column| column.name).collect::<Vec<_>>();
    let old = listed.into_iter().filter(|old| !account.files().any(|new| new.path == old.file));
    let old = old.map(|old| {
        let mut row = vec![old.file, old.rows.to_string()];
        row.extend(old.sums.map(yuan));
        row
    });
    let new = account.files().map(|file| {
        totals_row(file.path.clone(), file.totals.rows, |name| file.totals.sums.get(name).copied())
    });
    let written = file
        .write_record(columns)
        .and_then(|()| old.chain(new).try_for_each(|row| file.write_record(row)));
    written.map_err(|error| Failure::Bug(text!("{}", crate::text::Text::foreign(error))))?;
    let bytes = file
        .into_inner()
        .map_err(|error| Failure::Bug(text!("{}", crate::text::Text::foreign(error.error()))))?;
    let place = part.join(name);
    fs::write(&place, bytes).map_err(Failure::io(&place))?;
    Ok(vec![AddedFile { path: name.to_owned(), replaces: true }])
}

fn listed(bytes: &[u8]) -> Outcome<Vec<DeclaredTotals>> {
    let mut findings = Vec::new();
    let listed = small_files::control_totals(bytes, &mut findings);
    if findings.is_empty() { Ok(listed) } else { Err(Failure::Refused(findings)) }
}

/// Whether Parquet files lie in the delivery already.
fn has_files(delivery: &Addition) -> bool {
    Side::BOTH.into_iter().any(|side| {
        let entries = fs::read_dir(delivery.folder().join(side.name()));
        entries.is_ok_and(|mut entries| entries.next().is_some())
    })
}

fn unlisted(delivery: &Addition) -> Failure {
    let problem = text!("{} has files that no control-totals.csv lists", delivery.folder());
    Failure::Usage(problem.hinting(text!("convert into a new folder, or list these files first")))
}
