//! A conversion of settlements from its first export to the files of the delivery.

use std::{collections::BTreeSet, path::Path};

use super::{
    account::{Account, RefusedList, SheetAccount},
    digests,
    exports::Export,
    listing::{RefusedWriter, Sayer},
    rows::Converted,
    tables::{Place, TableSink, Tables},
    tally::Tally,
    target::ConvertTarget,
    totals,
    written::{RowWriter, WrittenFile, WrittenTotals},
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    model::codes::Side,
    place::addition::{AddedFile, Addition},
};

/// What is converted, and into what.
pub(crate) struct CopiesConversion<'a> {
    /// The side of the copies.
    pub(crate) side: Side,
    pub(crate) tables: Tables<'a>,
    /// The text of the map, which is kept beside the report.
    pub(crate) map_text: &'a str,
    /// Whether a refused row refuses the conversion.
    pub(crate) strict: bool,
    /// Words messages for the list of refused values.
    pub(crate) say: Sayer,
}

impl CopiesConversion<'_> {
    /// Converts the exports and adds the files to a delivery.
    pub(crate) fn run(&self, delivery: &Addition, monitor: &Monitor) -> Outcome<Account> {
        self.tables.check()?;
        let digests = digests::of(self.tables.exports)?;
        let known = digests::known(delivery, &digests);
        delivery.fill(|part| {
            let report = report_folder(delivery, self.side.name());
            let mut refused = RefusedWriter::create(part, &report, self.say)?;
            let mut files = CopyFiles {
                side: self.side,
                part,
                delivery,
                taken: BTreeSet::new(),
                refused: &mut refused,
                writer: None,
            };
            let mut sheets = self.tables.each(&mut files, monitor)?;
            for (export, note) in self.tables.exports.iter().zip(known) {
                let of_export = sheets.iter_mut().filter(|sheet| sheet.export == export.name);
                of_export.take(1).for_each(|sheet| sheet.notes.extend(note.clone()));
            }
            let mut account = Account { report: report.clone(), sheets, ..Account::default() };
            account.refused = refused.finish()?;
            judge(&account.sheets, &account.refused, self.strict)?;
            let mut files = totals::write(part, delivery, &account)?;
            files.extend(super::listing::write(part, &report, self.map_text, &account, self.say)?);
            files.push(digests::write(part, &report, self.tables.exports, &digests)?);
            let written =
                account.files().map(|file| AddedFile { path: file.path.clone(), replaces: false });
            files.extend(written);
            Ok((account, files))
        })
    }
}

/// Fails when nothing of an export could be converted, or, if asked, when a row was refused.
pub(super) fn judge(sheets: &[SheetAccount], refused: &RefusedList, strict: bool) -> Outcome<()> {
    let nothing = |sheet: &&SheetAccount| sheet.tally.refused > 0 && sheet.tally.converted == 0;
    let whole: Vec<Finding> = sheets
        .iter()
        .filter(nothing)
        .map(|sheet| {
            let found = text!("not one row of {} that can be converted", sheet.tally.refused);
            Finding::of_file(Code::K13, &sheet.export, found)
        })
        .collect();
    if whole.is_empty() && !(strict && refused.rows > 0) {
        return Ok(());
    }
    // When no row fits, the first ones say why.
    let shown = if whole.is_empty() { usize::MAX } else { 3 };
    let findings = whole.into_iter().chain(refused.first.iter().take(shown).cloned()).collect();
    Err(Failure::Unfit(text!("exports"), findings))
}

/// The Parquet files of a side.
struct CopyFiles<'a> {
    side: Side,
    part: &'a Path,
    delivery: &'a Addition,
    /// Paths without ending, in lower case.
    taken: BTreeSet<String>,
    refused: &'a mut RefusedWriter,
    writer: Option<RowWriter<'a>>,
}

impl TableSink for CopyFiles<'_> {
    fn begin(&mut self, export: &Export, sheet: &str, targets: Vec<ConvertTarget>) -> Outcome<()> {
        let stem = self.free_stem(export, sheet);
        self.writer = Some(RowWriter::new(self.part, stem, targets));
        Ok(())
    }

    fn take(&mut self, place: &Place, converted: Converted) -> Outcome<()> {
        self.refused.take(place, &converted.refusals)?;
        self.writer.as_mut().map_or(Ok(()), |writer| writer.push(converted))
    }

    fn end(&mut self, tally: &Tally) -> Outcome<Vec<WrittenFile>> {
        let Some(writer) = self.writer.take() else { return Ok(Vec::new()) };
        let files = writer.finish()?;
        assert_totals(tally, &files)?;
        Ok(files)
    }
}

impl CopyFiles<'_> {
    /// Returns a path without ending, below the side, that no other file has.
    fn free_stem(&mut self, export: &Export, sheet: &str) -> String {
        let plain = |name: &str| -> String {
            name.chars()
                .map(|letter| if letter.is_alphanumeric() { letter } else { '_' })
                .take(40)
                .collect()
        };
        let stem = export.stem();
        let stem = if sheet.is_empty() { stem } else { format!("{stem}.{}", plain(sheet)) };
        let stem = format!("{}/{stem}", self.side.name());
        let is_free = |stem: &String| {
            !self.taken.contains(&stem.to_lowercase())
                && !self.delivery.has(&format!("{stem}.parquet"))
        };
        let mut free = stem.clone();
        let mut number = 2;
        while !is_free(&free) {
            free = format!("{stem}.{number}");
            number += 1;
        }
        self.taken.insert(free.to_lowercase());
        free
    }
}

/// Asserts that the rows and sums of the converted rows are those that lie in the files.
pub(super) fn assert_totals(tally: &Tally, files: &[WrittenFile]) -> Outcome<()> {
    let mut written = WrittenTotals::default();
    for file in files {
        written.add(&file.totals);
    }
    let WrittenTotals { rows, sums } = written;
    Failure::unless(tally.read == tally.converted + tally.refused, || {
        text!("{} rows read, {} converted, {} refused", tally.read, tally.converted, tally.refused)
    })?;
    Failure::unless(rows == tally.converted && (tally.converted == 0 || sums == tally.sums), || {
        text!("{} rows converted, {} rows in the files, or other sums", tally.converted, rows)
    })
}

/// Returns the folder of the report below the delivery: the next number. Names that begin with `_` are no part of a
/// delivery.
pub(super) fn report_folder(delivery: &Addition, name: &str) -> String {
    let entries = std::fs::read_dir(delivery.folder().join("_convert")).into_iter().flatten();
    let numbers = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        name.to_str()?.split_once('-')?.0.parse::<u32>().ok()
    });
    let next = numbers.max().unwrap_or(0) + 1;
    format!("_convert/{next:03}-{name}")
}
