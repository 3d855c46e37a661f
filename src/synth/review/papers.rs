//! The files beside the periods: filings, registry, rules, answer key and opening quotas.

use std::{path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use parquet::errors::{ParquetError, Result as ParquetResult};

use super::super::{
    draw::hash_at,
    geography::pair_of,
    key::{self, ROWS, write_key},
    options::SynthError,
    small::{OPENING, opening_quotas, write_csv},
};
use super::{
    filing::{FilingRow, PlannedFiling},
    land::ReviewLand,
    quiet::QuietStream,
    scene::Cast,
};
use crate::model::money::{FenSum, yuan};

/// The rules file.
const RULES: &str = include_str!("review.toml");
/// What a quiet settlement is expected to pay, twice, in fen: quotas are two months.
const QUOTA: u64 = 120_000;

/// Writes all of them into the folder of the periods. Returns the number of filings.
pub(super) fn write(land: &ReviewLand, cast: &Cast, folder: &Path) -> Result<u64, SynthError> {
    let rules = folder.join("review.toml");
    std::fs::write(&rules, RULES).map_err(|source| SynthError::Io { path: rules, source })?;
    let quotas = land.pairs().filter_map(|pair| {
        let quota = FenSum::new((land.counts[pair] * QUOTA).into());
        let pair = pair_of(pair)?;
        Some([pair.insured.to_string(), pair.treating.to_string(), yuan(quota)])
    });
    let path = folder.join(OPENING);
    std::fs::write(&path, opening_quotas(quotas))
        .map_err(|source| SynthError::Io { path, source })?;
    registry(land, folder)?;
    let key = folder.join("truth-review.parquet");
    write_leads(cast, &key)?;
    let filings = folder.join("filings.parquet");
    write_filings(land, cast, &filings)
        .map_err(|source| SynthError::Parquet { path: filings, source })
}

fn registry(land: &ReviewLand, folder: &Path) -> Result<(), SynthError> {
    let head =
        ["fixmedins_code", "county", "kind", "care_classes", "opened_on", "level", "networked"];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let lines = land.registry.iter().map(|site| {
        let code = text(land.institutions.text(site.code));
        let kind = code[..1].to_owned();
        let classes = if kind == "P" { "pharmacy" } else { "inpatient;outpatient;chronic" };
        let level = site.level.map_or("", |level| super::super::extra::LEVELS[level as usize]);
        let county = text(land.geography.divisions.text(site.division));
        let rest = [classes, "2022-01-01", level, "1"].map(str::to_owned);
        let [classes, opened, level, networked] = rest;
        [code, county, kind, classes, opened, level, networked]
    });
    write_csv(folder.join("registry.csv"), head, lines)
}

/// Writes the answer key: rule, setl_id, and the number of the lead within its rule.
fn write_leads(cast: &Cast, path: &Path) -> Result<(), SynthError> {
    let mut leads: Vec<&(&'static str, Vec<usize>)> = cast.leads.iter().collect();
    leads.sort_by_key(|(rule, _)| *rule);
    let mut rows: Vec<(&str, [u8; 30], i64)> = Vec::new();
    let (mut number, mut before) = (0, "");
    for (rule, lines) in leads {
        number = if *rule == before { number + 1 } else { 1 };
        before = rule;
        let mut ids: Vec<[u8; 30]> =
            lines.iter().map(|line| cast.rows[*line].row.id.text()).collect();
        ids.sort_unstable();
        rows.extend(ids.into_iter().map(|id| (*rule, id, number)));
    }
    write_key(path, &rows, |rows| {
        let ids = rows.iter().map(|(_, id, _)| String::from_utf8_lossy(id).into_owned());
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        let rules: ArrayRef =
            Arc::new(StringArray::from_iter_values(rows.iter().map(|(rule, _, _)| rule)));
        let leads: ArrayRef =
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, _, lead)| *lead)));
        RecordBatch::try_from_iter([("rule", rules), ("setl_id", ids), ("lead", leads)])
            .map_err(ParquetError::from)
    })
}

fn write_filings(land: &ReviewLand, cast: &Cast, path: &Path) -> ParquetResult<u64> {
    let mut file = key::begin(path, &filings(&[])?)?;
    let mut held: Vec<FilingRow> = Vec::with_capacity(ROWS);
    let mut count = 0;
    let streams = land.pairs().map(|pair| QuietStream::new(land, pair));
    let quiet = streams.flat_map(|stream| {
        (0..stream.persons).map(move |number| quiet_filing(land, &stream, number))
    });
    for filing in cast.filings.iter().copied().chain(quiet) {
        held.push(filing);
        count += 1;
        if held.len() == ROWS {
            file.write(&filings(&held)?)?;
            held.clear();
        }
    }
    file.write(&filings(&held)?)?;
    file.close()?;
    Ok(count)
}

/// Returns the filing of a quiet person: to its place, valid all the time.
fn quiet_filing(land: &ReviewLand, stream: &QuietStream, number: u64) -> FilingRow {
    let person = stream.person(land, number);
    let division = land.number(person.hospital(land, stream).division);
    let bits = hash_at(person.who.hash, 3);
    let kind = match bits & 15 {
        _ if person.who.is_of_xian() => PlannedFiling::LongTerm,
        0..=8 => PlannedFiling::LongTerm,
        9..=11 => PlannedFiling::Transfer,
        _ => PlannedFiling::Temporary,
    };
    let (place, digits) = match bits >> 4 & 7 {
        0..=2 => (division / 100 * 100, 6),
        3 | 4 => (division / 100 * 100, 4),
        5 => (division, 6),
        6 => (division / 10_000 * 10_000, 6),
        _ => (division / 10_000 * 10_000, 2),
    };
    // The towns of XPCC that begin with 6590 are of 66.
    let place = if division / 100 == 6590 && place % 10_000 == 0 { 660_000 } else { place };
    let (first, next) = land.span();
    let begin = first - 400 + (bits >> 8 & 255).cast_signed();
    FilingRow {
        person: person.who.text(),
        insured: person.who.division,
        place,
        digits,
        kind,
        begin,
        end: (kind != PlannedFiling::LongTerm)
            .then_some(next + 30 + (bits >> 16 & 255).cast_signed()),
        made: (bits >> 24 & 15 > 0)
            .then_some((begin - 1) * 86_400 + 30_000 + (bits >> 28 & 0x7FFF).cast_signed()),
        valid: true,
    }
}

fn filings(rows: &[FilingRow]) -> ParquetResult<RecordBatch> {
    let texts = |text: &dyn Fn(&FilingRow) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(text)))
    };
    let day = |day: i64| i32::try_from(day).unwrap_or_default();
    let begins: ArrayRef =
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|filing| day(filing.begin))));
    let ends: Date32Array = rows.iter().map(|filing| filing.end.map(day)).collect();
    let made = rows.iter().map(|filing| filing.made.map(|second| second * 1_000_000));
    let made: TimestampMicrosecondArray = made.collect();
    let place = |filing: &FilingRow| {
        let digits = usize::from(filing.digits);
        filing.place.to_string()[..digits].to_owned()
    };
    let person = |filing: &FilingRow| String::from_utf8_lossy(&filing.person).into_owned();
    RecordBatch::try_from_iter_with_nullable([
        ("psn_no", texts(&person), false),
        ("insu_admdvs", texts(&|filing| filing.insured.to_string()), false),
        ("rloc_admdvs", texts(&place), false),
        ("rloc_rea", texts(&|filing| filing.kind.code().to_owned()), false),
        ("begndate", begins, false),
        ("enddate", Arc::new(ends), true),
        ("crte_time", Arc::new(made), true),
        ("vali_flag", texts(&|filing| u8::from(filing.valid).to_string()), false),
    ])
    .map_err(ParquetError::from)
}
