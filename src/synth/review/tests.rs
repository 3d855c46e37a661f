//! Tests on small months: bytes, both sides, the answer key, and how quiet the nation is.

use std::{collections::BTreeMap, fs, path::Path};

use arrow_array::{cast::AsArray, types};
use tempfile::TempDir;

use super::{
    super::{
        breaks::BreakRates,
        options::{Order, SynthError, SynthOptions},
        oracle::{RememberedRow, batches, files, read_all},
        summary::Summary,
    },
    generate,
    land::{ReviewLand, first_day},
    quiet::QuietStream,
};
use crate::{
    model::codes::Month,
    rules::{BUILT_IN, Rules},
};

fn options(out: &Path, settlements: u64, periods: u32, order: Order) -> SynthOptions {
    SynthOptions {
        out: out.to_owned(),
        first_period: Month::new(2025, 12),
        periods,
        settlements,
        seed: 3,
        breaks: BreakRates::none(),
        coordination: None,
        order,
    }
}

fn made(options: &SynthOptions, threads: usize) -> Summary {
    let rules = Rules::parse(BUILT_IN).expect("built in");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| generate(options, 20, &rules, &|_| true)).expect("made")
}

/// Every file below a folder with its bytes.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in files(folder) {
        if path.is_dir() {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            for (below, bytes) in bytes(&path) {
                found.insert(format!("{name}/{below}"), bytes);
            }
        } else {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.insert(name, fs::read(&path).expect("read"));
        }
    }
    found
}

#[test]
fn a_seed_gives_the_same_bytes_whatever_the_threads() {
    let folder = TempDir::new().expect("a folder");
    for order in [Order::Time, Order::Shuffled] {
        let [one, four] = [1, 4].map(|threads| {
            let out = folder.path().join(format!("{order:?}-{threads}"));
            let summary = made(&options(&out, 3_000, 2, order), threads);
            (summary, bytes(&out))
        });
        assert!(one == four, "{order:?}");
        assert_eq!(one.1.len(), 5 + 2 * 65);
    }
}

/// The rows of a side over all months.
fn side(out: &Path, side: &str) -> Vec<RememberedRow> {
    let months = ["2025-12", "2026-01", "2026-02"].map(|month| out.join(month).join(side));
    let mut rows: Vec<RememberedRow> = months.iter().flat_map(|folder| read_all(folder)).collect();
    rows.sort();
    rows
}

/// Both sides and both orders hold the same rows, and the answer key names rows that are there.
#[test]
fn sides_orders_and_the_key_agree() {
    let folder = TempDir::new().expect("a folder");
    let (time, mixed) = (folder.path().join("time"), folder.path().join("mixed"));
    let summary = made(&options(&time, 2_000, 3, Order::Time), 2);
    made(&options(&mixed, 2_000, 3, Order::Shuffled), 2);
    let rows = side(&time, "treating");
    assert_eq!(rows.len() as u64, summary.settlements);
    assert!(rows == side(&time, "insured"));
    assert!(rows == side(&mixed, "treating"));
    let mut ids: Vec<&str> = rows.iter().map(RememberedRow::setl_id).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    let mut leads: BTreeMap<String, u64> = BTreeMap::new();
    let mut before = (String::new(), 0, String::new());
    for batch in batches(&time.join("truth-review.parquet")) {
        for row in 0..batch.num_rows() {
            let text =
                |column: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
            let lead = batch.column(2).as_primitive::<types::Int64Type>().value(row);
            let line = (text(0), lead, text(1));
            assert!(ids.binary_search(&line.2.as_str()).is_ok(), "{line:?}");
            assert!(before < line, "{line:?}");
            if (&before.0, before.1) != (&line.0, lead) {
                *leads.entry(line.0.clone()).or_default() += 1;
                assert_eq!(leads[&line.0].cast_signed(), lead);
            }
            before = line;
        }
    }
    assert_eq!(leads, summary.leads);
    assert_eq!(leads.len(), 29, "{leads:?}");
}

/// Settlements of a quiet person are 16 days apart, and nobody meets a neighbour at an institution.
#[test]
fn quiet_persons_keep_away() {
    let folder = TempDir::new().expect("a folder");
    let rules = Rules::parse(BUILT_IN).expect("built in");
    for settlements in [500, 40_000, 3_000_000] {
        let options = options(&folder.path().join("x"), settlements, 3, Order::Time);
        let land = ReviewLand::new(&options, &rules).expect("a land");
        for pair in land.pairs().step_by(61) {
            let stream = QuietStream::new(&land, pair);
            let mut last: BTreeMap<u64, i64> = BTreeMap::new();
            let mut met: BTreeMap<(i64, u32, u32), u64> = BTreeMap::new();
            for month in 0..3 {
                for index in 0..stream.count {
                    let (row, extra) = stream.row(&land, month, index);
                    let day = row.time.div_euclid(86_400);
                    assert_eq!(Month::of_day(day), land.months[month]);
                    let before = last.insert(row.person, row.time);
                    assert!(before.is_none_or(|before| row.time - before > 15 * 86_400));
                    let who = *met.entry((day, row.institution, row.insured)).or_insert(row.person);
                    assert_eq!(who, row.person, "{settlements} {pair}");
                    assert_eq!(extra.token.is_some(), extra.medium.is_some());
                    assert!(row.amounts.iter().all(|amount| *amount >= 0));
                }
            }
            assert!(last.len() as u64 <= stream.persons);
        }
        assert!(first_day(land.months[2]) < land.span().1);
    }
}

#[test]
fn what_cannot_be_made_is_told() {
    let folder = TempDir::new().expect("a folder");
    let rules = Rules::parse(BUILT_IN).expect("built in");
    let told = |options: &SynthOptions| match generate(options, 20, &rules, &|_| true) {
        Err(SynthError::Options(problem)) => problem.to_string(),
        other => panic!("{other:?}"),
    };
    let out = folder.path().join("out");
    assert_eq!(told(&options(&out, 0, 1, Order::Time)), "settlements must be 1 to 1000000000");
    assert_eq!(told(&options(&out, 1, 0, Order::Time)), "periods must be 1 to 120");
    let mut early = options(&out, 1, 1, Order::Time);
    early.first_period = Month::new(2021, 8);
    assert!(told(&early).contains("at least 4 chronic diseases"));
    assert!(!out.exists());
    let stopped = generate(&options(&out, 9, 1, Order::Time), 20, &rules, &|_| false);
    assert!(matches!(stopped, Err(SynthError::Stopped)), "{stopped:?}");
    assert!(!out.exists());
}
