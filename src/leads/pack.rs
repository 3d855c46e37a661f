//! The files for provinces: a line for each settlement of a lead, as CSV, and made from it a workbook.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use chrono::{DateTime, NaiveDate};
use rayon::prelude::*;

use super::{
    columns::{COLUMNS, place_of},
    guide,
    tables::{LeadRole, LeadRow, with_roles},
    workbook,
};
use crate::{
    columnar::{entry::FileEntry, table::Hashing},
    diag::{Failure, Outcome},
    digest::sha256_of,
    model::{codes::Province, money::yuan, words::chinese},
    place::make_below,
    privacy::{mask::masked, pseudonym::Pseudonyms},
    review::found::{FoundLead, LeadSettlement},
    statements::{no_formula, province as with_code},
    text::Text,
};

/// A CSV file that is being written, and hashed on the way.
type PackWriter = csv::Writer<BufWriter<Hashing>>;

/// The files for provinces, of which many are open.
pub(super) struct Packs<'a> {
    folder: &'a Path,
    pseudonyms: Option<&'a Pseudonyms>,
    open: BTreeMap<Province, (PackWriter, u64)>,
}

/// The cells of a line, in the order of the columns.
#[derive(Debug, Clone)]
struct PackLine([String; COLUMNS.len()]);

impl Default for PackLine {
    fn default() -> PackLine {
        PackLine(std::array::from_fn(|_| String::new()))
    }
}

impl PackLine {
    /// Sets the cell of a column, by its name.
    fn set(&mut self, name: &str, cell: String) {
        self.0[place_of(name)] = cell;
    }
}

/// Workbooks that are made at a time: each of them has a file for each of its sheets.
const TOGETHER: usize = 8;

impl<'a> Packs<'a> {
    /// Begins without any file.
    pub(super) fn new(folder: &'a Path, pseudonyms: Option<&'a Pseudonyms>) -> Packs<'a> {
        Packs { folder, pseudonyms, open: BTreeMap::new() }
    }

    /// Adds a lead to the files of the provinces that treated, and to that of the province that insures.
    pub(super) fn add(&mut self, row: &LeadRow, lead: &FoundLead) -> Outcome<()> {
        if lead.count() == 0 {
            return Ok(());
        }
        let mut readers: BTreeSet<Province> = lead.treating_provinces();
        readers.extend(row.insured);
        let of_lead = self.lead_cells(row);
        for reader in readers {
            for (role, settlement) in with_roles(lead) {
                let mut line = of_lead.clone();
                self.add_settlement(&mut line, settlement);
                line.set("role", named(role));
                line.set("pack", with_code(reader));
                line.set("open", open(role, settlement, reader));
                let path = self.folder.join(path_of(reader, "csv"));
                let (writer, lines) = self.writer(reader)?;
                writer.write_record(&line.0).map_err(failed(&path))?;
                *lines += 1;
            }
        }
        Ok(())
    }

    /// Returns the file of a province.
    fn writer(&mut self, province: Province) -> Outcome<&mut (PackWriter, u64)> {
        use std::collections::btree_map::Entry;
        Ok(match self.open.entry(province) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => {
                let path = self.folder.join(path_of(province, "csv"));
                make_below(self.folder, path.parent().unwrap_or(self.folder))?;
                let mut file = BufWriter::new(Hashing::create(&path)?);
                // By the mark, spreadsheets know UTF-8.
                file.write_all("\u{feff}".as_bytes()).map_err(Failure::io(&path))?;
                let mut writer = csv::Writer::from_writer(file);
                let headings = COLUMNS.map(super::columns::PackColumn::heading);
                writer.write_record(headings).map_err(failed(&path))?;
                free.insert((writer, 0))
            }
        })
    }

    fn person(&self, number: &str) -> String {
        no_formula(&match self.pseudonyms {
            Some(pseudonyms) => format!("{} {}", masked(number), pseudonyms.of(number)),
            None => masked(number),
        })
    }

    /// Returns a line with the cells that all lines of a lead share.
    fn lead_cells(&self, row: &LeadRow) -> PackLine {
        let words = guide::of_rule(row.rule);
        let province = |of: Option<Province>| of.map(with_code).unwrap_or_default();
        let person = row.psn_no.as_deref().map(|number| self.person(number));
        let cleared = row.cleared.map(|cleared| if cleared { "是 yes" } else { "否 no" });
        let mut line = PackLine::default();
        for (name, cell) in [
            ("lead_id", row.lead_id.clone()),
            ("rule", row.rule.id().to_owned()),
            ("rule_name", words.name.join(" ")),
            ("what_to_check", words.check.join(" / ")),
            ("strength", guide::of_strength(row.strength).join(" ")),
            ("treating_province", with_code(row.treating)),
            ("other_province", province(row.other)),
            ("insured_province", province(row.insured)),
            ("psn_no", person.unwrap_or_default()),
            ("fixmedins_code", row.institution.as_deref().map(no_formula).unwrap_or_default()),
            ("first_day", day(row.days.0)),
            ("last_day", day(row.days.1)),
            ("settlements", row.settlements.to_string()),
            ("amount_at_stake", yuan(row.amount)),
            ("detail", no_formula(&row.detail)),
            ("cleared", cleared.unwrap_or_default().to_owned()),
        ] {
            line.set(name, cell);
        }
        line
    }

    /// Adds the cells of a settlement.
    fn add_settlement(&self, line: &mut PackLine, settlement: &LeadSettlement) {
        let care = settlement.care.name();
        let time = DateTime::from_timestamp_micros(settlement.time).unwrap_or_default();
        for (name, cell) in [
            ("setl_id", no_formula(&settlement.setl_id)),
            ("line_psn_no", self.person(&settlement.psn_no)),
            ("setl_time", time.format("%Y-%m-%d %H:%M:%S").to_string()),
            ("begndate", settlement.begin.map(day).unwrap_or_default()),
            ("enddate", settlement.end.map(day).unwrap_or_default()),
            ("payable", yuan(settlement.payable)),
            ("line_province", with_code(settlement.treating_province())),
            ("line_fixmedins_code", no_formula(&settlement.institution)),
            ("care_class", format!("{} {care}", chinese(care))),
            ("medfee_sumamt", yuan(settlement.medfee)),
        ] {
            line.set(name, cell);
        }
    }

    /// Closes the files and makes the workbooks; returns all of them.
    pub(super) fn finish(self, created: NaiveDate) -> Outcome<Vec<FileEntry>> {
        let folder = self.folder;
        let close = |(province, (writer, lines)): (Province, (PackWriter, u64))| {
            let path = path_of(province, "csv");
            let failed = || Failure::io(&folder.join(&path));
            let file = writer.into_inner().map_err(|error| failed()(error.into_error()))?;
            let file = file.into_inner().map_err(|error| failed()(error.into_error()))?;
            Ok((province, file.close(path, lines)?))
        };
        let closed: Vec<(Province, FileEntry)> =
            self.open.into_iter().map(close).collect::<Outcome<_>>()?;
        let mut files = Vec::new();
        for some in closed.chunks(TOGETHER) {
            let workbook = |(province, csv): &(Province, FileEntry)| {
                let path = path_of(*province, "xlsx");
                let place = folder.join(&path);
                workbook::write(&folder.join(&csv.path), &place, *province, created)?;
                let file = File::open(&place).map_err(Failure::io(&place))?;
                let bytes = file.metadata().map_err(Failure::io(&place))?.len();
                let sha256 = sha256_of(&file).map_err(Failure::io(&place))?;
                file.sync_all().map_err(Failure::io(&place))?;
                Ok(FileEntry { path, bytes, rows: csv.rows, sha256 })
            };
            files.extend(some.par_iter().map(workbook).collect::<Outcome<Vec<_>>>()?);
        }
        files.extend(closed.into_iter().map(|(_, csv)| csv));
        Ok(files)
    }
}

/// Returns the path of a file of a province below the output folder.
pub(super) fn path_of(province: Province, ending: &str) -> String {
    format!("provinces/{province}/leads.{ending}")
}

/// Whether a reader may answer a line, in words.
fn open(role: LeadRole, settlement: &LeadSettlement, reader: Province) -> String {
    let own = role == LeadRole::Suspect && settlement.treating_province() == reader;
    if own { "是 yes" } else { "否 no" }.to_owned()
}

fn named(role: LeadRole) -> String {
    match role {
        LeadRole::Suspect => "嫌疑 suspect",
        LeadRole::Context => "旁证 context",
    }
    .to_owned()
}

fn day(day: i32) -> String {
    NaiveDate::from_epoch_days(day).map(|day| day.to_string()).unwrap_or_default()
}

fn failed(path: &Path) -> impl FnOnce(csv::Error) -> Failure {
    move |error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::io(path)(error),
        kind => Failure::Bug(text!("CSV: {}", Text::foreign(format!("{kind:?}")))),
    }
}
