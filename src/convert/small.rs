//! A conversion of a small file of a delivery: the lines of exports become the lines of one CSV file.

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    account::Account,
    columns::{fen, written},
    conversion::{judge, report_folder},
    exports::Export,
    listing::{self, RefusedWriter, Sayer},
    rows::Converted,
    tables::{Place, TableSink, Tables},
    tally::Tally,
    target::{ConvertTarget, TargetKind},
    written::{WrittenFile, WrittenTotals},
};
use crate::{
    bounded,
    contract::{
        columns::{
            DECISIONS, DEDUCTIONS, FileColumns, INITIAL_QUOTAS, OPENING_QUOTAS, PERMITS,
            QUOTA_CHANGES,
        },
        small_files::{OpeningQuotas, SmallFiles},
    },
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    model::{codes::Month, money::FenSum},
    place::addition::{AddedFile, Addition},
    text::Text,
};

/// The files that are converted line by line. Control totals come with the settlements, payments from statements.
static FILES: [FileColumns; 6] =
    [DEDUCTIONS, DECISIONS, PERMITS, QUOTA_CHANGES, INITIAL_QUOTAS, OPENING_QUOTAS];

/// Returns the names of the small files, without ending.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.name.trim_end_matches(".csv"))
}

/// Returns the small file of a name without ending.
pub(crate) fn named(name: &str) -> Option<&'static FileColumns> {
    FILES.iter().find(|file| file.name.trim_end_matches(".csv") == name)
}

/// What is converted, and into which file.
pub(crate) struct SmallConversion<'a> {
    pub(crate) file: &'static FileColumns,
    pub(crate) tables: Tables<'a>,
    /// The text of the map, which is kept beside the report.
    pub(crate) map_text: &'a str,
    /// Whether a refused row refuses the conversion.
    pub(crate) strict: bool,
    /// Words messages for the list of refused values.
    pub(crate) say: Sayer,
}

impl SmallConversion<'_> {
    /// Converts the exports and adds the file to a delivery.
    pub(crate) fn run(&self, delivery: &Addition, monitor: &Monitor) -> Outcome<Account> {
        let name = self.file.name;
        self.tables.check()?;
        must_be_free(delivery, name)?;
        delivery.fill(|part| {
            let report = report_folder(delivery, name.trim_end_matches(".csv"));
            let mut refused = RefusedWriter::create(part, &report, self.say)?;
            let mut lines = CsvLines::new(self.file, &mut refused)?;
            let sheets = self.tables.each(&mut lines, monitor)?;
            let bytes = lines.finish()?;
            let refused = refused.finish()?;
            judge(&sheets, &refused, self.strict)?;
            add(part, self.file, &bytes, sheets.iter().map(|sheet| sheet.tally.converted).sum())?;
            let account = Account { sheets, refused, report: report.clone() };
            let mut files = listing::write(part, &report, self.map_text, &account, self.say)?;
            files.push(AddedFile { path: name.to_owned(), replaces: false });
            Ok((account, files))
        })
    }
}

/// Fails when a file of a name lies in a delivery.
pub(super) fn must_be_free(delivery: &Addition, name: &str) -> Outcome<()> {
    if !delivery.has(name) {
        return Ok(());
    }
    let problem = text!("{} is there already", delivery.folder().join(name));
    let hint = text!("name all exports of the file at once, or move the file away");
    Err(Failure::Usage(problem.hinting(hint)))
}

/// Writes a small file into the working folder, and reads it as a run will.
pub(super) fn add(part: &Path, file: &FileColumns, bytes: &[u8], rows: u64) -> Outcome<()> {
    let path = part.join(file.name);
    fs::write(&path, bytes).map_err(Failure::io(&path))?;
    let mut findings = Vec::new();
    let read = if file.name == OPENING_QUOTAS.name {
        OpeningQuotas::read(&path, &mut findings)?.entry.map(|entry| entry.rows)
    } else {
        // No value of a small file depends on the period.
        let period = Month::new(2000, 1);
        let files = SmallFiles::read(part, period, &mut findings)?;
        files.entries.first().map(|entry| entry.rows)
    };
    if !findings.is_empty() {
        return Err(Failure::Unfit(text!("exports"), findings));
    }
    Failure::unless(read == Some(rows), || {
        text!("{} rows converted, {} rows in {}", rows, read.unwrap_or_default(), file.name)
    })
}

/// The lines of a small file.
struct CsvLines<'a> {
    file: &'static FileColumns,
    csv: csv::Writer<Vec<u8>>,
    refused: &'a mut RefusedWriter,
    /// What the columns of the table become.
    targets: Vec<ConvertTarget>,
    totals: WrittenTotals,
}

impl<'a> CsvLines<'a> {
    fn new(file: &'static FileColumns, refused: &'a mut RefusedWriter) -> Outcome<CsvLines<'a>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(file.columns.iter().map(|column| column.name)).map_err(failed)?;
        let totals = WrittenTotals::default();
        Ok(CsvLines { file, csv, refused, targets: Vec::new(), totals })
    }

    fn finish(self) -> Outcome<Vec<u8>> {
        self.csv.into_inner().map_err(|error| Failure::Bug(Text::foreign(error.error())))
    }
}

fn failed(error: csv::Error) -> Failure {
    Failure::Bug(text!("a small file: {}", Text::foreign(error)))
}

impl TableSink for CsvLines<'_> {
    fn begin(&mut self, _: &Export, _: &str, targets: Vec<ConvertTarget>) -> Outcome<()> {
        let amounts = targets.iter().filter(|target| target.kind == TargetKind::Amount);
        let sums: BTreeMap<_, _> = amounts.map(|amount| (amount.name, FenSum::ZERO)).collect();
        (self.targets, self.totals) = (targets, WrittenTotals { rows: 0, sums });
        Ok(())
    }

    fn take(&mut self, place: &Place, converted: Converted) -> Outcome<()> {
        self.refused.take(place, &converted.refusals)?;
        let places: Vec<Option<usize>> = self
            .file
            .columns
            .iter()
            .map(|column| self.targets.iter().position(|target| target.name == column.name))
            .collect();
        for row in 0..converted.lines.len() {
            let value = |place: &Option<usize>| {
                place.and_then(|at| written(&converted.columns[at], row)).unwrap_or_default()
            };
            self.csv.write_record(places.iter().map(value)).map_err(failed)?;
            for (target, column) in self.targets.iter().zip(&converted.columns) {
                if let (Some(sum), Some(fen)) =
                    (self.totals.sums.get_mut(target.name), fen(column, row))
                {
                    *sum = sum.saturating_add(fen.into());
                }
            }
            self.totals.rows += 1;
        }
        if self.csv.get_ref().len() as u64 > bounded::SMALL_FILE {
            let found = bounded::more_than(bounded::SMALL_FILE);
            let finding = Finding::of_file(Code::S11, self.file.name, found);
            return Err(Failure::Unfit(text!("exports"), vec![finding]));
        }
        Ok(())
    }

    fn end(&mut self, tally: &Tally) -> Outcome<Vec<WrittenFile>> {
        let totals = std::mem::take(&mut self.totals);
        let files = vec![WrittenFile { path: self.file.name.to_owned(), totals }];
        super::conversion::assert_totals(tally, &files)?;
        Ok(files)
    }
}
