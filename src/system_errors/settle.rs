//! What has become of each error at the close, and the tables of it.

use std::{path::Path, sync::atomic::Ordering::Relaxed};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    error::SystemError,
    gather::{PendingErrors, RefusedError},
    groups::{GroupCounts, GroupPart, errors_table},
};
use crate::{
    columnar::{
        entry::FileEntry,
        shape,
        table::{TableBuilder, TableWriter},
    },
    contract::parts::SYSTEM_ERRORS,
    diag::{Failure, Outcome, codes::ErrorRule},
    event::Monitor,
    keyed::{packed::unpack_first, sorted::Sorted},
};

/// How many errors there were, and what has become of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorSummary {
    /// Errors of the period before.
    pub brought_in: u64,
    /// New errors.
    pub new: u64,
    /// Those whose visit settled.
    pub resolved: u64,
    /// Those that were struck off.
    pub struck_off: u64,
    /// Those that stay.
    pub open: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// Errors and refused rows, settled.
pub struct SettledErrors {
    open: Sorted<SystemError>,
    groups: Sorted<GroupPart>,
    refused: Sorted<RefusedError>,
    /// How many there are.
    pub summary: ErrorSummary,
}

impl PendingErrors {
    /// Settles every error, once all rows of the delivery are read.
    pub fn settle(self, monitor: &Monitor) -> Outcome<SettledErrors> {
        let PendingErrors { visits, waiting, ledger, .. } = self;
        (0..waiting.partitioning().count()).into_par_iter().try_for_each(|partition| {
            monitor.check()?;
            let latest = visits.take(partition)?;
            let mut settling = ledger.settling();
            waiting.drain(partition, |mut bytes| {
                while !bytes.is_empty() {
                    let (error, rest) = unpack_first::<SystemError>(bytes)?;
                    bytes = rest;
                    let visit = error.mdtrt_id.as_deref();
                    let has = |visit| latest.has(visit, error.treating, error.at);
                    let has_settled = visit.is_some_and(has);
                    settling.settle(error, has_settled)?;
                }
                Ok(())
            })?;
            settling.finish()
        })?;
        let [rows, refused, news] = ledger.rows.each_ref().map(|rows| rows.load(Relaxed));
        let carried = ledger.carried.load(Relaxed);
        let groups = ledger.groups.finish()?;
        let mut all = GroupCounts::default();
        groups.for_each(|part| {
            all.merge(part.counts.clone());
            Ok(())
        })?;
        let [errors, brought_in, resolved, struck_off, open] = all.sums();
        let new = rows - refused - news;
        // The law of errors: what was brought in and what is new leaves or stays.
        let holds = brought_in == carried
            && errors == carried + new
            && errors == resolved + struck_off + open;
        Failure::unless(holds, || {
            text!(
                "{} system errors of {} rows, {} of them brought in: {} resolved, {} struck off, {} open",
                errors,
                rows,
                brought_in,
                resolved,
                struck_off,
                open
            )
        })?;
        let summary = ErrorSummary { brought_in, new, resolved, struck_off, open, refused };
        let (open, refused) = (ledger.open.finish()?, ledger.refused.finish()?);
        Ok(SettledErrors { open, groups, refused, summary })
    }
}

impl SettledErrors {
    /// Writes the table `errors`, whose groups come in parts, one part after the other.
    pub fn write_groups(&self, folder: &Path) -> Outcome<FileEntry> {
        let mut table = TableWriter::create(folder, &shape::ERRORS.path(), errors_table)?;
        let mut last: Option<GroupPart> = None;
        self.groups.for_each(|part| match &mut last {
            Some(group) if group.key == part.key => {
                group.counts.merge(part.counts.clone());
                Ok(())
            }
            last => last.replace(part.clone()).map_or(Ok(()), |whole| table.push(whole)),
        })?;
        last.map_or(Ok(()), |whole| table.push(whole))?;
        table.close()
    }

    /// Writes the table `errors_open`.
    pub fn write_open(&self, folder: &Path) -> Outcome<FileEntry> {
        let entry = self.open.write(open_table, folder)?;
        Failure::unless(entry.rows == self.summary.open, || {
            text!("{} open system errors are written, there are {}", entry.rows, self.summary.open)
        })?;
        Ok(entry)
    }

    /// Writes the table `errors_refused`.
    pub fn write_refused(&self, folder: &Path) -> Outcome<FileEntry> {
        self.refused.write(refused_table, folder)
    }
}

fn open_table(errors: &[SystemError]) -> TableBuilder {
    let text = |of: fn(&SystemError) -> Option<&str>| errors.iter().map(of);
    TableBuilder::new(shape::ERRORS_OPEN)
        .text("err_id", text(|error| Some(&error.err_id)))
        .time("at", errors.iter().map(|error| error.at))
        .text("infno", text(|error| error.infno.as_deref()))
        .text("raised_by", text(|error| Some(error.raised_by.name())))
        .text("treating_province", errors.iter().map(|error| Some(error.treating.to_string())))
        .text(
            "insured_province",
            errors.iter().map(|error| error.insured.map(|one| one.to_string())),
        )
        .text("fixmedins_code", text(|error| error.fixmedins_code.as_deref()))
        .text("class", text(|error| Some(error.class.name())))
        .text("code", text(|error| error.code.as_deref()))
        .text("text", text(|error| error.text.as_deref()))
        .text("mdtrt_id", text(|error| error.mdtrt_id.as_deref()))
        .date("answered_on", errors.iter().map(|error| error.answered_on))
        .date("struck_off_on", errors.iter().map(|error| error.struck_off_on))
        .text("first_period", errors.iter().map(|error| Some(error.first_period.to_string())))
}

fn refused_table(rows: &[RefusedError]) -> TableBuilder {
    TableBuilder::new(shape::ERRORS_REFUSED)
        .text("file", rows.iter().map(|row| Some(SYSTEM_ERRORS[usize::from(row.parquet)])))
        .count("row", rows.iter().map(|row| i64::try_from(row.row).unwrap_or(i64::MAX)))
        .text("err_id", rows.iter().map(|row| row.err_id.as_deref()))
        .text("code", rows.iter().map(|row| Some(ErrorRule::ALL[row.code].id())))
}
