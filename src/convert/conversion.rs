//! A conversion from its first export to the files of the delivery.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
};

use rayon::prelude::*;

use super::{
    account::{Account, SheetAccount},
    block::{Block, Blocks, first_rows},
    exports::{Export, Opened},
    heading::{Heading, LOOKED_THROUGH},
    listing::{Refused, Sayer},
    map::ExportMap,
    rows::{Converted, Plan},
    tally::Tally,
    target::Target,
    text_table::SEPARATORS,
    totals,
    written::{RowWriter, WrittenFile},
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    model::codes::Side,
    place::addition::{AddedFile, Addition},
    text::Text,
};

/// Blocks that may wait for each thread.
const WAITING: usize = 3;

/// What is converted, and into what.
pub(crate) struct Conversion<'a> {
    /// The side of the copies.
    pub(crate) side: Side,
    /// The text of the map, which is kept beside the report.
    pub(crate) map_text: &'a str,
    pub(crate) map: &'a ExportMap,
    pub(crate) targets: &'a [Target],
    pub(crate) exports: &'a [Export],
    /// Whether floating point numbers are taken for the fen that they stand for.
    pub(crate) from_float: bool,
    /// Whether a refused row refuses the conversion.
    pub(crate) strict: bool,
    /// Words messages for the list of refused values.
    pub(crate) say: Sayer,
}

impl Conversion<'_> {
    /// Converts the exports and adds the files to a delivery.
    pub(crate) fn run(&self, delivery: &Addition, monitor: &Monitor) -> Outcome<Account> {
        let missing: Vec<&str> = self
            .targets
            .iter()
            .filter(|target| target.required && !self.map.fields.contains_key(target.name))
            .map(|target| target.name)
            .collect();
        if !missing.is_empty() {
            let problem = text!("the map has no column for {}", missing.join(", "));
            let hint = text!(
                "name a column, or give a value that holds for every row: acct_pay = {{ value = \"0\" }}"
            );
            return Err(Failure::Usage(problem.hinting(hint)));
        }
        delivery.fill(|part| {
            let report = report_folder(delivery, self.side);
            let mut refused = Refused::create(part, &report, self.say)?;
            let mut account = Account { report: report.clone(), ..Account::default() };
            let mut taken = BTreeSet::new();
            for export in self.exports {
                self.export(
                    export,
                    part,
                    delivery,
                    &mut taken,
                    &mut refused,
                    &mut account,
                    monitor,
                )?;
            }
            account.refused = refused.finish()?;
            self.judge(&account)?;
            let mut files = totals::write(part, delivery, &account)?;
            files.extend(super::listing::write(part, &report, self.map_text, &account, self.say)?);
            let written =
                account.files().map(|file| AddedFile { path: file.path.clone(), replaces: false });
            files.extend(written);
            Ok((account, files))
        })
    }

    /// Fails when nothing of an export could be converted, or, if asked, when a row was refused.
    fn judge(&self, account: &Account) -> Outcome<()> {
        let nothing = |sheet: &&SheetAccount| sheet.tally.refused > 0 && sheet.tally.converted == 0;
        let whole: Vec<Finding> = account
            .sheets
            .iter()
            .filter(nothing)
            .map(|sheet| {
                let found = text!("not one row of {} that can be converted", sheet.tally.refused);
                Finding::of_file(Code::K02, &sheet.export, found)
                    .hinting(text!("correct the map: a field may be read from another column"))
            })
            .collect();
        let is_refused = account.refused.rows > 0;
        if whole.is_empty() && !(self.strict && is_refused) {
            return Ok(());
        }
        let findings = whole.into_iter().chain(account.refused.first.iter().cloned()).collect();
        Err(Failure::Unfit(text!("exports"), findings))
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one conversion")]
    fn export(
        &self,
        export: &Export,
        part: &Path,
        delivery: &Addition,
        taken: &mut BTreeSet<String>,
        refused: &mut Refused,
        account: &mut Account,
        monitor: &Monitor,
    ) -> Outcome<()> {
        let mut opened = export.open(&self.map.input)?;
        let sheets = opened.reader().sheets().to_vec();
        for at in self.chosen(export, &sheets)? {
            let sheet = &sheets[at];
            let heading = self.heading(&mut opened, at, export)?;
            let ignored = heading.ignored().into_iter().map(str::to_owned).collect();
            let line = heading.last_line;
            let plan =
                Plan::new(self.targets, self.map, heading, self.from_float, opened.is_even());
            let stem = self.free_stem(export, sheet, delivery, taken);
            let mut writer = RowWriter::new(part, stem, plan.targets().collect());
            monitor.stage(text!("converting {}", export.name), 0)?;
            let mut tally = Tally::default();
            let place = Place { export: &export.name, sheet };
            convert(&mut opened, at, &plan, monitor, |converted| {
                refused.take(&place, &converted.refusals)?;
                tally.add(converted.tally.clone());
                writer.push(converted)
            })?;
            let files = writer.finish()?;
            assert_totals(&tally, &files)?;
            account.sheets.push(SheetAccount {
                export: export.name.clone(),
                sheet: sheet.clone(),
                encoding: opened.encoding(),
                separator: opened.separator(),
                heading: line,
                ignored,
                files,
                tally,
            });
        }
        Ok(())
    }

    /// Returns the sheets that are read.
    fn chosen(&self, export: &Export, sheets: &[String]) -> Outcome<Vec<usize>> {
        let refused = |found: Text, hint: Text| {
            let finding = Finding::of_file(Code::K09, &export.name, found).hinting(hint);
            Err(Failure::Unfit(text!("exports"), vec![finding]))
        };
        let names =
            || sheets.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let Some(wanted) = &self.map.input.sheets else {
            if let [_] = sheets {
                return Ok(vec![0]);
            }
            let hint =
                text!("write into [input] of the map: sheets = [{}], or \"*\" for all", names());
            return refused(text!("a workbook of {} sheets with cells", sheets.len()), hint);
        };
        if wanted.iter().any(|name| name == "*") || matches!(sheets, [one] if one.is_empty()) {
            return Ok((0..sheets.len()).collect());
        }
        let mut chosen = Vec::new();
        for name in wanted {
            match sheets.iter().position(|sheet| sheet == name) {
                Some(at) => chosen.push(at),
                None => {
                    let hint = text!("the workbook has the sheets {}", names());
                    return refused(
                        text!("no sheet {} with cells", crate::text::quoted(name)),
                        hint,
                    );
                }
            }
        }
        chosen.sort_unstable();
        chosen.dedup();
        Ok(chosen)
    }

    /// Finds the heading of a table, and its separator.
    fn heading(&self, opened: &mut Opened, sheet: usize, export: &Export) -> Outcome<Heading> {
        let lines =
            self.map.input.heading.map_or(0, |(_, last)| usize::try_from(last).unwrap_or(0));
        let rows = lines.saturating_add(1).max(LOOKED_THROUGH);
        let refused = |finding| Failure::Unfit(text!("exports"), vec![finding]);
        let mut first: Option<Finding> = None;
        for separator in separators(opened, self.map) {
            if let (Opened::Text(table), Some(separator)) = (&mut *opened, separator) {
                table.set_separator(separator);
            }
            let found = first_rows(opened.reader(), sheet, rows)?;
            match Heading::find(&found, self.map, &export.name) {
                Ok(heading) => return Ok(heading),
                Err(finding) => first = Some(first.unwrap_or(finding)),
            }
        }
        Err(refused(
            first.unwrap_or_else(|| Finding::of_file(Code::K02, &export.name, text!("no rows"))),
        ))
    }

    /// Returns a path without ending, below the side, that no other file has.
    fn free_stem(
        &self,
        export: &Export,
        sheet: &str,
        delivery: &Addition,
        taken: &mut BTreeSet<String>,
    ) -> String {
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
            !taken.contains(&stem.to_lowercase()) && !delivery.has(&format!("{stem}.parquet"))
        };
        let free = std::iter::once(stem.clone())
            .chain((2..).map(|number| format!("{stem}.{number}")))
            .find(is_free)
            .unwrap_or(stem);
        taken.insert(free.to_lowercase());
        free
    }
}

/// Returns the separators to try: the given one, or every usual one. Other formats have none.
fn separators(opened: &Opened, map: &ExportMap) -> Vec<Option<&'static str>> {
    match opened {
        Opened::Text(_) if map.input.separator.is_none() => SEPARATORS.map(Some).to_vec(),
        _ => vec![None],
    }
}

/// An export and its sheet, as lists name them.
pub(crate) struct Place<'a> {
    pub(crate) export: &'a str,
    /// Empty where there are no sheets.
    pub(crate) sheet: &'a str,
}

/// Reads a table in one thread, and converts its blocks in all others; hands them over in their order.
fn convert(
    opened: &mut Opened,
    sheet: usize,
    plan: &Plan,
    monitor: &Monitor,
    mut take: impl FnMut(Converted) -> Outcome<()>,
) -> Outcome<()> {
    let threads = rayon::current_num_threads();
    let (sender, receiver) = sync_channel::<Block>(threads * WAITING);
    std::thread::scope(|scope| {
        let reader = opened.reader();
        let reading = scope.spawn(move || {
            let mut blocks = Blocks::new(|block| Ok(sender.send(block).is_ok()));
            reader.read(sheet, &mut blocks)?;
            blocks.finish()
        });
        let converted = convert_blocks(&receiver, plan, monitor, threads, &mut take);
        // A reader that still has rows ends when nobody takes them.
        drop(receiver);
        let read =
            reading.join().unwrap_or_else(|_| Err(Failure::Bug(text!("a panic, see above"))));
        converted.and(read)
    })
}

fn convert_blocks(
    receiver: &Receiver<Block>,
    plan: &Plan,
    monitor: &Monitor,
    threads: usize,
    take: &mut impl FnMut(Converted) -> Outcome<()>,
) -> Outcome<()> {
    while let Ok(block) = receiver.recv() {
        let mut blocks = vec![block];
        blocks.extend(receiver.try_iter().take(threads - 1));
        let converted: Vec<Converted> =
            blocks.par_iter().map(|block| plan.convert(block)).collect::<Outcome<_>>()?;
        for converted in converted {
            monitor.advance(converted.tally.read)?;
            take(converted)?;
        }
    }
    Ok(())
}

/// Asserts that the rows and sums of the converted rows are those that lie in the files.
fn assert_totals(tally: &Tally, files: &[WrittenFile]) -> Outcome<()> {
    let mut rows = 0;
    let mut sums: BTreeMap<&'static str, _> = BTreeMap::new();
    for file in files {
        rows += file.totals.rows;
        for (name, sum) in &file.totals.sums {
            let all: &mut crate::model::money::FenSum = sums.entry(name).or_default();
            *all = all.saturating_add(*sum);
        }
    }
    Failure::unless(tally.read == tally.converted + tally.refused, || {
        text!("{} rows read, {} converted, {} refused", tally.read, tally.converted, tally.refused)
    })?;
    Failure::unless(rows == tally.converted && (tally.converted == 0 || sums == tally.sums), || {
        text!("{} rows converted, {} rows in the files, or other sums", tally.converted, rows)
    })
}

/// Returns the folder of the report below the delivery. Names that begin with `_` are no part of a delivery.
fn report_folder(delivery: &Addition, side: Side) -> String {
    let folder = (1..).map(|number| format!("_convert/{number:03}-{}", side.name()));
    let mut free = folder.skip_while(|folder| delivery.has(folder));
    free.next().unwrap_or_default()
}
