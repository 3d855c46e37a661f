//! The lines that a review has handed out, read back from `lead_settlements.parquet`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Decimal128Type};

use crate::{
    diag::{Failure, Outcome, shown},
    ingest::any_parquet::AnyParquet,
    leads::tables::{LeadRole, SETTLEMENTS_FILE},
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
pub(super) struct KnownLines(BTreeMap<String, LinesOfLead>);

/// The lines of a lead by setl_id.
#[derive(Debug, Default)]
struct LinesOfLead {
    lines: BTreeMap<String, KnownLine>,
    /// The setl_ids that differ from their loosened spelling, by that spelling.
    loose: BTreeMap<String, Vec<String>>,
}

/// Rows that are decoded at a time.
const TOGETHER: usize = 8_192;

impl KnownLines {
    /// Reads the lines of the wanted leads.
    pub(super) fn read(leads: &Path, wanted: &BTreeSet<&str>) -> Outcome<KnownLines> {
        let path = leads.join(SETTLEMENTS_FILE);
        let refuse =
            |finding| Failure::Unfit(text!("the leads of {} are", shown(leads)), vec![finding]);
        let file = AnyParquet::open(SETTLEMENTS_FILE, &path).map_err(refuse)?;
        let unlike = || Failure::Usage(text!("{} is no table that `review` wrote", path));
        let names: Vec<&str> = file.columns().collect();
        let place = |name: &str| names.iter().position(|column| *column == name);
        let places = ["lead_id", "setl_id", "role", "treating_province", "payable"].map(place);
        let mut known = KnownLines::default();
        for group in 0..file.row_groups() {
            let damaged = |found: Text| Failure::Usage(text!("{}: {}", path, found));
            for batch in file.batches(group, TOGETHER).map_err(damaged)? {
                known.add(&batch.map_err(damaged)?, places, wanted).ok_or_else(unlike)?;
            }
        }
        Ok(known)
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
            if leads.is_null(row) || !wanted.contains(leads.value(row)) {
                continue;
            }
            let line = KnownLine {
                setl_id: ids.value(row).to_owned(),
                role: LeadRole::from_name(roles.value(row))?,
                treating: Province::from_text(provinces.value(row))?,
                payable: Fen::new(i64::try_from(payable.value(row)).ok()?),
            };
            let lead = self.0.entry(leads.value(row).to_owned()).or_default();
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
        let lead = self.0.get(lead_id)?;
        let mut exact = ways.iter().filter_map(|way| lead.lines.get(way));
        exact.next().or_else(|| ways.iter().find_map(|way| lead.like(&loosened(way))))
    }
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
