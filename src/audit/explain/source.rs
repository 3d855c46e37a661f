//! Finds the input files and rows of a settlement.

use std::{fs::File, path::Path};

use super::{
    closed::rules_of,
    event::{self, RecordValues, SettlementEvent},
};
use crate::{
    audit::scan::{RowJudge, ScannedRow, scan},
    book::ClosedPeriod,
    diag::{Failure, Outcome},
    digest::sha256_of,
    event::Monitor,
    ingest::{delivery::Delivery, record::Record, source::ParquetSource},
    keyed::key::Key,
    model::{
        codes::{Month, Side},
        fields::{FIELDS, Field, FieldKind},
        money::yuan,
    },
    privacy::mask::masked,
    rules::Rules,
};

/// A row of a delivery.
pub(super) struct SourceRow {
    /// The period that was closed with this file; none if no manifest has its digest.
    pub(super) period: Option<Month>,
    side: Side,
    file: String,
    delivered: ScannedRow,
}

impl SourceRow {
    /// Returns the row as an event.
    pub(super) fn event(&self) -> SettlementEvent {
        let rules = self.delivered.broken.rules();
        SettlementEvent::Delivered(event::DeliveryEvent {
            side: self.side,
            file: self.file.clone(),
            row: self.delivered.row,
            line: self.delivered.row.saturating_add(2),
            rules: rules.collect(),
            values: values(&self.delivered.record),
        })
    }
}

/// Returns the rows of a settlement in a delivery, each with the period that was closed with its file.
pub(super) fn rows_of(
    setl_id: &str,
    input: &Path,
    periods: &[ClosedPeriod],
    monitor: &Monitor,
) -> Outcome<Vec<SourceRow>> {
    let newest = periods.last().map_or(Month::new(2000, 1), |period| period.month);
    let delivery = Delivery::open_whole(input, newest)?;
    let sources: Vec<&ParquetSource> = delivery.sources.iter().collect();
    // Rows are judged by the rules of the period whose manifest lists the same files, else of the newest.
    let lists = |period: &&ClosedPeriod| {
        sources.iter().all(|source| {
            let mut inputs = period.manifest.inputs.iter();
            inputs.any(|listed| listed.path == source.name && listed.bytes == source.bytes)
        })
    };
    let period = periods.iter().find(lists).or(periods.last());
    let rules = period.map_or_else(|| Ok(Rules::built_in()), rules_of)?;
    let month = period.map_or(newest, |period| period.month);
    let policy = rules.policy(month).map_err(|error| Failure::Usage(error.text()))?;
    let judge = RowJudge { int96: rules.int96, policy, period: month };
    let key = Key::of(setl_id);
    let row = |delivered: ScannedRow| {
        let source = sources[delivered.source];
        let io = Failure::io(&source.path);
        let digest = File::open(&source.path).and_then(sha256_of).map_err(io)?;
        let closed_with = |period: &&ClosedPeriod| {
            let mut inputs = period.manifest.inputs.iter();
            inputs.any(|listed| listed.path == source.name && listed.sha256 == digest)
        };
        let period = periods.iter().find(closed_with).map(|period| period.month);
        Ok(SourceRow { period, side: source.side, file: source.name.clone(), delivered })
    };
    let found = scan(&sources, judge, |wanted| wanted == key, monitor);
    let rows = found.and_then(|found| found.into_iter().map(row).collect());
    delivery.unchanged()?;
    rows
}

/// Returns the values of a record for people; personal numbers are masked.
fn values(record: &Record) -> RecordValues {
    let texts = FIELDS.into_iter().filter_map(|field| {
        let text = match field.kind() {
            FieldKind::Amount => record.amount(field).map(yuan)?,
            FieldKind::Time => record.cost_month().to_string(),
            FieldKind::Text if crate::ingest::batch::TEXT_FIELDS.contains(&field) => {
                let text = record.text(field)?;
                if field.is_personal() { masked(text) } else { text.to_owned() }
            }
            FieldKind::Text | FieldKind::Date => return None,
        };
        let name = if field == Field::setl_time { "cost_month" } else { field.name() };
        Some((name, text))
    });
    RecordValues(texts.collect())
}
