//! The tables of exports, read and converted one after the other.

use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;

use super::{
    account::SheetAccount,
    block::{Block, Blocks, first_rows},
    exports::{Export, Opened},
    heading::{LOOKED_THROUGH, TableHeading},
    map::ExportMap,
    rows::{Converted, Plan},
    tally::Tally,
    target::ConvertTarget,
    written::WrittenFile,
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    model::money::FenSum,
    text::{Grouped, Text},
};

/// Blocks that may wait for each thread.
const WAITING: usize = 3;

/// The tables of exports, and what their columns become.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    pub(crate) map: &'a ExportMap,
    pub(crate) targets: &'a [ConvertTarget],
    pub(crate) exports: &'a [Export],
    /// Whether floating point numbers are taken for the fen that they stand for.
    pub(crate) from_float: bool,
}

/// Receives the converted rows of tables.
pub(crate) trait TableSink {
    /// Begins a table whose columns become these targets.
    fn begin(&mut self, export: &Export, sheet: &str, targets: Vec<ConvertTarget>) -> Outcome<()>;

    /// Takes rows of it.
    fn take(&mut self, place: &Place, converted: Converted) -> Outcome<()>;

    /// Ends it. Returns the files that were written.
    fn end(&mut self, tally: &Tally) -> Outcome<Vec<WrittenFile>>;
}

impl Tables<'_> {
    /// Fails when the map lacks a column that must be there.
    pub(crate) fn check(&self) -> Outcome<()> {
        let missing: Vec<&str> = self
            .targets
            .iter()
            .filter(|target| target.required && !self.map.fields.contains_key(target.name))
            .map(|target| target.name)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let problem = text!("the map has no column for {}", missing.join(", "));
        let hint = text!(
            "name a column, or give a value that holds for every row: acct_pay = { value = \"0\" }"
        );
        Err(Failure::Usage(problem.hinting(hint)))
    }

    /// Converts every table that the map names.
    pub(crate) fn each(
        &self,
        sink: &mut dyn TableSink,
        monitor: &Monitor,
    ) -> Outcome<Vec<SheetAccount>> {
        let mut accounts = Vec::new();
        for export in self.exports {
            let mut opened = export.open(&self.map.input)?;
            let sheets = opened.reader().sheets().to_vec();
            let chosen = self.chosen(export, &sheets)?;
            for at in chosen.iter().copied() {
                let sheet = &sheets[at];
                let heading = self.heading(&mut opened, at, export)?;
                let ignored = heading.ignored().into_iter().map(str::to_owned);
                let ignored = ignored.chain(opened.reader().left_out()).collect();
                let line = heading.last_line;
                let plan =
                    Plan::new(self.targets, self.map, heading, self.from_float, opened.mark());
                // Of one sheet the files are named after the export alone.
                let named = if chosen.len() > 1 { sheet } else { "" };
                sink.begin(export, named, plan.targets().collect())?;
                monitor.stage(text!("converting {}", export.name), 0)?;
                let mut tally = Tally::default();
                let place = Place { export: &export.name, sheet };
                convert(&mut opened, at, &plan, monitor, |converted| {
                    tally.add(converted.tally.clone());
                    sink.take(&place, converted)
                })?;
                let files = sink.end(&tally)?;
                let mut notes = opened.reader().notes();
                notes.extend(odd(&tally, opened.mark().is_some()));
                accounts.push(SheetAccount {
                    export: export.name.clone(),
                    sheet: sheet.clone(),
                    encoding: opened.encoding(),
                    separator: opened.separator(),
                    heading: line,
                    ignored,
                    files,
                    notes,
                    tally,
                });
            }
        }
        Ok(accounts)
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
            let Some(at) = sheets.iter().position(|sheet| sheet == name) else {
                let hint = text!("the workbook has the sheets {}", names());
                let found = text!("no sheet {} with cells", crate::text::quoted(name));
                return refused(found, hint);
            };
            chosen.push(at);
        }
        chosen.sort_unstable();
        chosen.dedup();
        Ok(chosen)
    }

    /// Finds the heading of a table, and its separator.
    fn heading(&self, opened: &mut Opened, sheet: usize, export: &Export) -> Outcome<TableHeading> {
        let lines =
            self.map.input.heading.map_or(0, |(_, last)| usize::try_from(last).unwrap_or(0));
        let rows = lines.saturating_add(1).max(LOOKED_THROUGH);
        let refused = |finding| Failure::Unfit(text!("exports"), vec![finding]);
        let mut first: Option<Finding> = None;
        for separator in opened.separators(&self.map.input) {
            if let (Opened::Text(table), Some(separator)) = (&mut *opened, separator) {
                table.set_separator(separator);
            }
            let found = first_rows(opened.reader(), sheet, rows)?;
            match TableHeading::find(&found, self.map, &export.name) {
                Ok(heading) => return Ok(heading),
                Err(finding) => first = Some(first.unwrap_or(finding)),
            }
        }
        Err(refused(
            first.unwrap_or_else(|| Finding::of_file(Code::K02, &export.name, text!("no rows"))),
        ))
    }
}

/// Returns what looks odd in a table, though nothing refuses it.
fn odd(tally: &Tally, is_text: bool) -> Vec<Text> {
    let mut notes = Vec::new();
    if tally.read == 0 {
        notes.push(text!("it has no row below the heading"));
    }
    if tally.with_breaks > 0 {
        notes.push(text!(
            "{} row(s) with a line break inside of a cell",
            Grouped(tally.with_breaks)
        ));
    }
    let empty = tally.empty.iter().map(|(field, values)| {
        text!(
            "{}: {} empty value(s); a run rejects rows without a required one (V01)",
            *field,
            Grouped(*values)
        )
    });
    notes.extend(empty);
    let has_amounts = tally.sums.values().any(|sum| *sum != FenSum::default());
    if is_text && has_amounts && !tally.has_points {
        notes.push(text!(
            "no amount has a decimal point, and all were read as yuan: write unit = \"fen\" where they are fen"
        ));
    }
    if tally.sum_lines.last().is_some_and(|(_, sums)| sums.is_empty()) {
        notes.push(text!("its last sum line has no amount that could be compared"));
    }
    notes
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
