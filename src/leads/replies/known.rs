//! The lines that a review has handed out, read back from its tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Decimal128Type},
};
use chrono::NaiveDate;

use super::sealed;
use crate::{
    diag::{Failure, Outcome},
    ingest::any_parquet::AnyParquet,
    leads::tables::{LEADS_FILE, LeadRole, SETTLEMENTS_FILE},
    model::{codes::Province, money::Fen},
    spelling::is_unseen,
    statements::shown as visible,
    text::Text,
};

/// A line of a lead.
#[derive(Debug)]
pub(super) struct KnownLine {
    pub(super) setl_id: String,
    pub(super) role: LeadRole,
    pub(super) treating: Province,
    pub(super) payable: Fen,
}

/// The lines of some leads.
#[derive(Debug, Default)]
pub(super) struct KnownLines {
    leads: BTreeMap<String, LinesOfLead>,
    /// The lines of suspects by treating province, those of all leads.
    pub(super) suspects: BTreeMap<Province, u64>,
}

/// The lines of a lead by setl_id.
#[derive(Debug, Default)]
struct LinesOfLead {
    lines: BTreeMap<String, KnownLine>,
    /// The last day of its settlements, counted from 1970-01-01.
    last_day: Option<i32>,
    /// The setl_ids that differ from their loosened spelling, by that spelling.
    loose: BTreeMap<String, Vec<String>>,
}

/// Rows that are decoded at a time.
const TOGETHER: usize = 8_192;

impl KnownLines {
    /// Reads the lines of the wanted leads.
    pub(super) fn read(leads: &Path, wanted: &BTreeSet<&str>) -> Outcome<KnownLines> {
        let mut known = KnownLines::default();
        let columns = ["lead_id", "setl_id", "role", "treating_province", "payable"];
        each_batch(leads, SETTLEMENTS_FILE, columns, |batch, places| {
            known.add(batch, places, wanted)
        })?;
        each_batch(leads, LEADS_FILE, ["lead_id", "last_day"], |batch, places| {
            known.add_days(batch, places)
        })?;
        Ok(known)
    }

    /// Adds the last days of the leads that are there.
    fn add_days(&mut self, batch: &RecordBatch, places: [Option<usize>; 2]) -> Option<()> {
        let leads = batch.column(places[0]?).as_string_view_opt()?;
        let days = batch.column(places[1]?).as_primitive_opt::<Date32Type>()?;
        for row in 0..batch.num_rows() {
            if let Some(lead) = self.leads.get_mut(leads.value(row)) {
                lead.last_day = (!days.is_null(row)).then(|| days.value(row));
            }
        }
        Some(())
    }

    /// Returns the last day of a lead.
    pub(super) fn last_day(&self, lead_id: &str) -> Option<NaiveDate> {
        NaiveDate::from_epoch_days(self.leads.get(lead_id)?.last_day?)
    }

    fn add(
        &mut self,
        batch: &RecordBatch,
        places: [Option<usize>; 5],
        wanted: &BTreeSet<&str>,
    ) -> Option<()> {
        let text = |at: usize| batch.column(places[at]?).as_string_view_opt();
        let (leads, ids, roles, provinces) = (text(0)?, text(1)?, text(2)?, text(3)?);
        let payable = batch.column(places[4]?).as_primitive_opt::<Decimal128Type>()?;
        for row in 0..batch.num_rows() {
            let role = LeadRole::from_name(roles.value(row))?;
            let treating = Province::from_text(provinces.value(row))?;
            if role == LeadRole::Suspect {
                *self.suspects.entry(treating).or_default() += 1;
            }
            if leads.is_null(row) || !wanted.contains(leads.value(row)) {
                continue;
            }
            let line = KnownLine {
                setl_id: ids.value(row).to_owned(),
                role,
                treating,
                payable: Fen::new(i64::try_from(payable.value(row)).ok()?),
            };
            let lead = self.leads.entry(leads.value(row).to_owned()).or_default();
            let loosened = loosened(&line.setl_id);
            if loosened != line.setl_id {
                lead.loose.entry(loosened).or_default().push(line.setl_id.clone());
            }
            lead.lines.insert(line.setl_id.clone(), line);
        }
        Some(())
    }

    /// Finds the line that a form means, of two ways to write its setl_id. The exact setl_id wins; else blanks around
    /// it and characters that forms cannot show are ignored, and exactly one line of the lead must match.
    pub(super) fn find(&self, lead_id: &str, ways: &[String; 2]) -> Option<&KnownLine> {
        let lead = self.leads.get(lead_id)?;
        let mut exact = ways.iter().filter_map(|way| lead.lines.get(way));
        exact.next().or_else(|| ways.iter().find_map(|way| lead.like(&loosened(way))))
    }
}

/// Gives each batch of a table of the review, and the places of some columns. No result means that they are unlike those of the
/// review.
fn each_batch<const N: usize>(
    leads: &Path,
    name: &str,
    columns: [&str; N],
    mut take: impl FnMut(&RecordBatch, [Option<usize>; N]) -> Option<()>,
) -> Outcome<()> {
    let path = leads.join(name);
    let refuse = |finding| sealed::refused(leads, vec![finding]);
    let file = AnyParquet::open(name, &path).map_err(refuse)?;
    let unlike = || Failure::Usage(text!("{} is no table that `review` wrote", path));
    let names: Vec<&str> = file.columns().collect();
    let places = columns.map(|name| names.iter().position(|column| *column == name));
    for group in 0..file.row_groups() {
        let damaged = |found: Text| Failure::Usage(text!("{}: {}", path, found));
        for batch in file.batches(group, TOGETHER).map_err(damaged)? {
            take(&batch.map_err(damaged)?, places).ok_or_else(unlike)?;
        }
    }
    Ok(())
}

impl LinesOfLead {
    fn like(&self, loosened: &str) -> Option<&KnownLine> {
        let others = self.loose.get(loosened).map_or(&[][..], Vec::as_slice);
        let one = match (self.lines.get(loosened), others) {
            (Some(one), []) => Some(one),
            (None, [one]) => self.lines.get(one),
            _ => None,
        };
        one.filter(|_| !loosened.is_empty())
    }
}

/// Returns a setl_id as forms show it: without blanks around it, with one kind of line break.
fn loosened(setl_id: &str) -> String {
    let text = visible(setl_id).replace("\r\n", "\n").replace('\r', "\n");
    text.trim_matches(is_unseen).to_owned()
}
