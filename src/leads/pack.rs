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
    direction::takes_amount,
    guide,
    shared::SharedSettlements,
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
    review::{
        detail,
        found::{FoundLead, LeadSettlement},
        rule::ReviewRule,
    },
    statements::{no_formula, province as with_code},
    text::Text,
};

/// A CSV file that is being written, and hashed on the way.
type PackWriter = csv::Writer<BufWriter<Hashing>>;

/// The files for provinces, of which many are open.
pub(super) struct Packs<'a> {
    folder: &'a Path,
    pseudonyms: Option<&'a Pseudonyms>,
    shared: &'a SharedSettlements,
    open: BTreeMap<Province, OpenPack>,
}

/// The file of a province that is being written.
struct OpenPack {
    writer: PackWriter,
    lines: u64,
    /// The rules of which the province may answer lines.
    answers: BTreeSet<ReviewRule>,
}

/// A file of a province that was written, and the rules of which the province may answer lines.
type ClosedPack = (Province, FileEntry, BTreeSet<ReviewRule>);

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
    pub(super) fn new(
        folder: &'a Path,
        pseudonyms: Option<&'a Pseudonyms>,
        shared: &'a SharedSettlements,
    ) -> Packs<'a> {
        Packs { folder, pseudonyms, shared, open: BTreeMap::new() }
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
            let is_open = |(role, settlement): (LeadRole, &LeadSettlement)| {
                role == LeadRole::Suspect && settlement.treating_province() == reader
            };
            let any_is_open = with_roles(lead).any(is_open);
            for (role, settlement) in with_roles(lead) {
                let mut line = of_lead.clone();
                self.add_settlement(&mut line, settlement);
                line.set("role", named(role));
                line.set("pack", with_code(reader));
                let open = match (is_open((role, settlement)), any_is_open) {
                    (true, _) => "是 yes",
                    (false, true) => "否 no",
                    (false, false) => "否，仅供知悉 no, for information",
                };
                line.set("open", open.to_owned());
                if is_open((role, settlement)) && takes_amount(row.rule, row.direction) {
                    line.set("also_in", self.shared.others(&row.lead_id, settlement.ordinal));
                }
                let path = self.folder.join(path_of(reader, "csv"));
                let pack = self.pack(reader)?;
                pack.writer.write_record(&line.0).map_err(failed(&path))?;
                pack.lines += 1;
                if any_is_open {
                    pack.answers.insert(row.rule);
                }
            }
        }
        Ok(())
    }

    /// Returns the file of a province.
    fn pack(&mut self, province: Province) -> Outcome<&mut OpenPack> {
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
                free.insert(OpenPack { writer, lines: 0, answers: BTreeSet::new() })
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
            ("detail_zh", no_formula(&detail::line(row.rule, &row.detail)[0])),
            ("direction", row.direction.map(|one| one.words().join(" ")).unwrap_or_default()),
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
            ("hifp_pay", yuan(settlement.hifp_pay)),
            ("inscp_scp_amt", settlement.in_scope.map(yuan).unwrap_or_default()),
            ("act_pay_dedc", settlement.act_pay_dedc.map(yuan).unwrap_or_default()),
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
        let close = |(province, pack): (Province, OpenPack)| {
            let OpenPack { writer, lines, answers } = pack;
            let path = path_of(province, "csv");
            let failed = || Failure::io(&folder.join(&path));
            let file = writer.into_inner().map_err(|error| failed()(error.into_error()))?;
            let file = file.into_inner().map_err(|error| failed()(error.into_error()))?;
            Ok((province, file.close(path, lines)?, answers))
        };
        let closed: Vec<ClosedPack> = self.open.into_iter().map(close).collect::<Outcome<_>>()?;
        let mut files = Vec::new();
        for some in closed.chunks(TOGETHER) {
            let workbook = |(province, csv, answers): &ClosedPack| {
                let path = path_of(*province, "xlsx");
                let place = folder.join(&path);
                let from = folder.join(&csv.path);
                workbook::write(&from, &place, (*province, answers), created)?;
                let file = File::open(&place).map_err(Failure::io(&place))?;
                let bytes = file.metadata().map_err(Failure::io(&place))?.len();
                let sha256 = sha256_of(&file).map_err(Failure::io(&place))?;
                file.sync_all().map_err(Failure::io(&place))?;
                Ok(FileEntry { path, bytes, rows: csv.rows, sha256 })
            };
            files.extend(some.par_iter().map(workbook).collect::<Outcome<Vec<_>>>()?);
        }
        files.extend(closed.into_iter().map(|(_, csv, _)| csv));
        Ok(files)
    }
}

/// Returns the path of a file of a province below the output folder.
pub(super) fn path_of(province: Province, ending: &str) -> String {
    format!("provinces/{province}/leads.{ending}")
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
