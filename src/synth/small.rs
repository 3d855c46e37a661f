//! Writes the small files of a delivery.

use std::path::{Path, PathBuf};

use crate::model::{codes::Month, money::yuan};

use super::{
    geography::name, money::MoneyLines, options::SynthError, payments::PAYMENT_COLUMNS,
    scan::Findings, table::FileTotals, world::World,
};

/// The name of the file of opening quotas, beside the folders of the periods.
pub const OPENING: &str = "opening-quotas.csv";

/// Returns the bytes of the file of opening quotas.
pub(super) fn opening_quotas(quotas: impl Iterator<Item = [String; 3]>) -> Vec<u8> {
    let head = "insured_province,treating_province,quota\n".to_owned();
    quotas.fold(head, |text, quota| text + &quota.join(",") + "\n").into_bytes()
}

/// Writes the small files about settlements.
pub(super) fn write(
    world: &World,
    period: Month,
    folder: &Path,
    files: &[(String, FileTotals)],
    findings: &Findings,
) -> Result<(), SynthError> {
    write_totals(folder, files)?;
    let head = ["ddct_id", "setl_id", "amount", "reason_code", "decided_on"];
    write_some(folder.join("deductions.csv"), head, &findings.deductions)?;
    let head = ["setl_id", "decision", "reason", "decided_by", "approved_by", "decided_on"];
    write_some(folder.join("decisions.csv"), head, &findings.decisions)?;
    let head = [
        "permit_id",
        "insured_province",
        "treating_province",
        "cost_month",
        "until_period",
        "past_year_close",
        "reason",
    ];
    let lines: Vec<_> = world
        .permits(period)
        .map(|permit| {
            [
                permit.permit_id,
                permit.pair.insured.to_string(),
                permit.pair.treating.to_string(),
                permit.cost_month.to_string(),
                permit.until_period.to_string(),
                u8::from(permit.past_year_close).to_string(),
                format!("{} ({})", permit.reason, name(permit.pair.treating.index())),
            ]
        })
        .collect();
    write_some(folder.join("permits.csv"), head, &lines)
}

/// Writes the control totals of a delivery.
pub(super) fn write_totals(
    folder: &Path,
    files: &[(String, FileTotals)],
) -> Result<(), SynthError> {
    let totals = files.iter().map(|(place, totals)| {
        let rows = totals.rows.to_string();
        [place.clone(), rows, yuan(totals.medfee), yuan(totals.fund), yuan(totals.account)]
    });
    let head = ["file", "rows", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"];
    write_csv(folder.join("control-totals.csv"), head, totals)
}

/// Writes the small files about money.
pub(super) fn write_money(folder: &Path, money: &MoneyLines) -> Result<(), SynthError> {
    write_some(folder.join("payments.csv"), PAYMENT_COLUMNS, &money.payments)?;
    let head = ["notice_id", "amount", "approved_by", "approved_on"];
    write_some(folder.join("quota-changes.csv"), head, &money.changes)?;
    let head = ["insured_province", "treating_province", "quota", "approved_by", "approved_on"];
    write_some(folder.join("initial-quotas.csv"), head, &money.initial)
}

/// Writes a file, unless it has no lines.
fn write_some<const N: usize>(
    path: PathBuf,
    head: [&str; N],
    lines: &[[String; N]],
) -> Result<(), SynthError> {
    if lines.is_empty() { Ok(()) } else { write_csv(path, head, lines.iter().cloned()) }
}

/// Writes a CSV file.
pub(super) fn write_csv<const N: usize>(
    path: PathBuf,
    head: [&str; N],
    lines: impl Iterator<Item = [String; N]>,
) -> Result<(), SynthError> {
    let write = || -> csv::Result<()> {
        let mut writer = csv::Writer::from_path(&path)?;
        writer.write_record(head)?;
        for line in lines {
            writer.write_record(line)?;
        }
        Ok(writer.flush()?)
    };
    write().map_err(|error| SynthError::Io { path, source: error.into() })
}
