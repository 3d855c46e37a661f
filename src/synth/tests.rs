//! Tests on whole deliveries: the answer key is compared with a second reading of the contract.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use tempfile::TempDir;

use super::{
    breaks::BreakRates,
    generate,
    options::{Order, SynthError, SynthOptions},
    oracle::{RememberedBook, files, hour_and_weekday, lines, read_all, truth},
    summary::Summary,
};
use crate::{
    model::{
        codes::{Month, Province},
        fields::Field,
        money::parse_yuan,
    },
    rules::{BUILT_IN, Rules},
};

/// Returns rates at which a small month shows every break class.
fn dense() -> BreakRates {
    let keys = [
        "late_one_month",
        "late_two_months",
        "reversals",
        "reversals_next_month",
        "missing_insured",
        "missing_treating",
        "field_mismatch",
        "amount_mismatch",
        "already_cleared",
        "duplicate",
        "conflict",
        "late_refused",
        "expired",
        "voided",
        "accepted",
        "reversal_unpaired",
        "reversal_mismatch",
        "already_reversed",
        "rejected",
        "deductions",
    ];
    let head = "format = 1\npermits = 300_000\ndeductions_refused = 12_000\n".to_owned();
    let text = keys.iter().fold(head, |text, key| text + key + " = 24_000\n");
    BreakRates::parse(&text).expect("valid")
}

fn options(folder: &TempDir, settlements: u64, periods: u32, breaks: BreakRates) -> SynthOptions {
    SynthOptions {
        out: folder.path().to_owned(),
        first_period: Month::new(2025, 10),
        periods,
        settlements,
        seed: 7,
        breaks,
        coordination: None,
        order: Order::Time,
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn made(options: &SynthOptions, threads: usize) -> Summary {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| generate(options, &Rules::built_in(), &|_| true)).expect("generated")
}

/// Closes every period with the oracle and compares the result with the answer key.
fn follow(options: &SynthOptions, rules: &Rules) -> (RememberedBook, BTreeMap<String, u64>) {
    let mut book = RememberedBook::default();
    let mut classes = BTreeMap::new();
    for number in 0..options.periods {
        let period = options.first_period.plus(number.cast_signed());
        let folder = options.out.join(period.to_string());
        let policy = rules.policy(period).expect("in force");
        let found = book.close(&folder, period, policy);
        let expected = truth(&folder);
        let (a, b): (BTreeSet<_>, BTreeSet<_>) =
            (found.iter().collect(), expected.iter().collect());
        let differences: Vec<_> = a.symmetric_difference(&b).take(5).collect();
        assert_eq!(found, expected, "{period}: {differences:?}");
        for (_, class) in found {
            *classes.entry(class).or_default() += 1;
        }
    }
    (book, classes)
}

#[test]
fn the_answer_key_is_right_for_periods_in_a_row() {
    let folder = folder();
    let options = options(&folder, 12_000, 7, dense());
    let summary = made(&options, 2);
    let (book, classes) = follow(&options, &Rules::built_in());
    assert_eq!(summary.breaks, classes);
    let every = [
        "already_cleared",
        "already_reversed",
        "amount_mismatch",
        "conflict",
        "duplicate",
        "expired",
        "field_mismatch",
        "late_refused",
        "missing_insured",
        "missing_treating",
        "reversal_mismatch",
        "reversal_unpaired",
        "voided",
    ];
    assert!(classes.keys().eq(every), "{classes:?}");
    for rule in 1..=15 {
        assert!(book.rejected.contains_key(&vec![rule]), "V{rule:02} alone: {:?}", book.rejected);
    }
}

#[test]
fn the_answer_key_follows_other_rules() {
    for (limit, close) in [(0, 2), (1, 1), (4, 1)] {
        let text = BUILT_IN
            .replace("lateness_limit = 2", &format!("lateness_limit = {limit}"))
            .replace("year_close_month = 2", &format!("year_close_month = {close}"));
        let rules = Rules::parse(&text).expect("valid");
        let folder = folder();
        let options = options(&folder, 3_000, 6, dense());
        generate(&options, &rules, &|_| true).expect("generated");
        follow(&options, &rules);
    }
}

#[test]
fn a_shuffled_month_has_the_same_settlements() {
    let (time, shuffled) = (folder(), folder());
    let ordered = options(&time, 5_000, 3, dense());
    let mixed = SynthOptions { order: Order::Shuffled, ..options(&shuffled, 5_000, 3, dense()) };
    made(&ordered, 2);
    made(&mixed, 2);
    follow(&mixed, &Rules::built_in());
    for period in ["2025-10", "2025-12"] {
        for side in ["treating", "insured"] {
            let rows = |out: &Path| {
                let mut rows = read_all(&out.join(period).join(side));
                rows.sort();
                rows
            };
            assert_eq!(rows(&ordered.out), rows(&mixed.out));
        }
        for small in ["truth.parquet", "deductions.csv", "decisions.csv", "permits.csv"] {
            let bytes = |out: &Path| fs::read(out.join(period).join(small)).expect("there");
            assert_eq!(bytes(&ordered.out), bytes(&mixed.out), "{small}");
        }
        let first = &files(&mixed.out.join(period).join("treating"))[0];
        let rows = super::oracle::batches(first)[0].num_rows();
        assert!((100..250).contains(&rows), "{rows}");
    }
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    for order in [Order::Time, Order::Shuffled] {
        let (one, many) = (folder(), folder());
        let first = SynthOptions { order, ..options(&one, 4_000, 2, dense()) };
        let second = SynthOptions { order, ..options(&many, 4_000, 2, dense()) };
        assert_eq!(made(&first, 1), made(&second, 3));
        for period in ["2025-10", "2025-11"] {
            for part in ["", "treating", "insured"] {
                let (a, b) =
                    (first.out.join(period).join(part), second.out.join(period).join(part));
                assert_eq!(files(&a).len(), files(&b).len());
                for path in files(&a).iter().filter(|path| path.is_file()) {
                    let name = path.file_name().expect("a name");
                    assert!(fs::read(path).expect("a") == fs::read(b.join(name)).expect("b"));
                }
            }
        }
    }
}

#[test]
fn a_month_without_breaks_is_clean() {
    let folder = folder();
    let options = options(&folder, 11_000, 1, BreakRates::none());
    let summary = made(&options, 2);
    assert_eq!((summary.rows, summary.settlements), (22_000, 11_000));
    let (book, classes) = follow(&options, &Rules::built_in());
    assert_eq!((classes.len(), book.rejected.len(), book.register.len()), (0, 0, 11_000));
    let pairs: BTreeSet<(Option<Province>, Option<Province>)> = book
        .register
        .values()
        .map(|row| {
            let province = |field| Province::of_division(row.text(field).as_bytes());
            (province(Field::insuplc_admdvs), province(Field::mdtrtarea_admvs))
        })
        .collect();
    assert_eq!(pairs.len(), 992);
    let period = options.out.join("2025-10");
    for absent in ["decisions.csv", "permits.csv", "deductions.csv"] {
        assert!(!period.join(absent).exists());
    }
    assert!(truth(&period).is_empty());
}

#[test]
fn files_of_a_province_run_in_the_order_of_time() {
    let folder = folder();
    let options = options(&folder, 20_000, 2, BreakRates::built_in());
    made(&options, 2);
    let (mut by_hour, mut by_day) = ([0u32; 24], [0u32; 7]);
    for side in ["treating", "insured"] {
        for file in files(&options.out.join("2025-11").join(side)) {
            let single = file.with_extension("one");
            fs::create_dir(&single).expect("a folder");
            fs::rename(&file, single.join("rows.parquet")).expect("moved");
            let rows = read_all(&single);
            assert!(rows.is_sorted_by_key(|row| row.micros));
            for row in &rows {
                let (hour, weekday) = hour_and_weekday(row.micros);
                by_hour[usize::try_from(hour).expect("an hour")] += 1;
                by_day[weekday as usize] += 1;
            }
        }
    }
    assert!(by_hour[9] > 10 * by_hour[3] && by_hour[9] > by_hour[12], "{by_hour:?}");
    assert!(by_day[0] > by_day[6], "{by_day:?}");
}

#[test]
fn control_totals_and_deductions_agree_with_the_rows() {
    let folder = folder();
    let options = options(&folder, 9_000, 3, dense());
    made(&options, 2);
    let mut book = RememberedBook::default();
    let mut codes = BTreeMap::<&str, u32>::new();
    let mut seen = BTreeSet::new();
    let mut struck = BTreeMap::<String, i128>::new();
    let rules = Rules::built_in();
    for number in 0..3 {
        let period = options.first_period.plus(number);
        let folder = options.out.join(period.to_string());
        let totals = lines(&folder.join("control-totals.csv"));
        assert_eq!(totals.len(), 64);
        let listed: u64 = totals.iter().map(|line| line[1].parse::<u64>().expect("rows")).sum();
        let rows = ["treating", "insured"].map(|side| read_all(&folder.join(side)).len() as u64);
        assert_eq!(listed, rows.iter().sum::<u64>());
        book.close(&folder, period, rules.policy(period).expect("in force"));
        let reversed = struck.keys().filter(|id| book.reversed.contains(*id)).count();
        codes.insert("R01", u32::try_from(reversed).expect("few"));
        for line in lines(&folder.join("deductions.csv")) {
            let fen = i128::from(parse_yuan(&line[2]).expect("an amount").fen());
            let payable = book.register.get(&line[1]).map(super::oracle::RememberedRow::payable);
            let before = struck.get(&line[1]).copied().unwrap_or(0);
            let code = match payable {
                _ if fen <= 0 => "D05",
                _ if seen.contains(&line[0]) => "D04",
                None => "D01",
                Some(_) if book.reversed.contains(&line[1]) => "D03",
                Some(payable) if before + fen > payable => "D02",
                Some(_) => "accepted",
            };
            *codes.entry(code).or_default() += 1;
            if code == "accepted" {
                seen.insert(line[0].clone());
                *struck.entry(line[1].clone()).or_default() += fen;
            }
        }
    }
    let every = ["D01", "D02", "D03", "D04", "D05", "R01", "accepted"];
    assert!(every.iter().all(|code| codes.get(code).is_some_and(|n| *n > 0)), "{codes:?}");
}

#[test]
fn stopping_leaves_nothing_behind() {
    let folder = folder();
    let options = options(&folder, 2_000, 1, BreakRates::built_in());
    let heard = AtomicU64::new(0);
    let progress = |rows| heard.fetch_add(rows, Ordering::Relaxed) + rows < 500;
    let stopped = generate(&options, &Rules::built_in(), &progress);
    assert!(matches!(stopped, Err(SynthError::Stopped)), "{stopped:?}");
    assert_eq!(files(&options.out).len(), 0);
    let summary = made(&options, 2);
    let again = generate(&options, &Rules::built_in(), &|_| true);
    assert!(matches!(again, Err(SynthError::Exists(_))), "{again:?}");
    assert!(summary.measures.len() > 10);
}
