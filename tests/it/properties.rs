//! Laws: what must hold for every delivery, and what must change nothing.

use std::{collections::BTreeMap, fs, path::Path};

use liangqing::{
    engine::{RunOptions, run},
    event::Monitor,
    model::{codes::Month, fields::Field},
    plausible::CODES,
    rules::Rules,
};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use tempfile::TempDir;

use crate::world::{Row, batch, columns_in, read_table, tree, write_parquet};

/// The tables of which the contract says that files and order change nothing.
const LASTING: [&str; 8] =
    ["positions", "pairs", "breaks", "break_fields", "deductions", "quotas", "reserves", "notices"];

const PERIODS: [&str; 3] = ["2025-10", "2025-11", "2025-12"];

/// The rows of a period and side, each with the file that it is in.
type Delivered = Vec<(usize, Row)>;

/// Some months: deliveries of both sides, and deductions.
#[derive(Debug, Clone)]
struct Months {
    rows: [[Delivered; 2]; 3],
    deductions: [Vec<(u8, u8)>; 3],
}

/// How a run is carried out; none of it may matter.
#[derive(Debug, Clone, Copy)]
struct Carried {
    threads: usize,
    memory: usize,
}

const USUAL: Carried = Carried { threads: 1, memory: 64 << 20 };

/// A row from a small space, so that keys meet: repeats, conflicts, reversals, late and broken rows.
fn row(period: usize) -> impl Strategy<Value = Row> {
    let months = ["2025-06", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12"];
    let month = (0..10usize).prop_map(move |n| match n {
        0..=6 => months[period + 3],
        7 => months[(period + 2).min(5)],
        8 => months[1],
        _ => months[0],
    });
    let change =
        select(vec!["", "", "", "", "", "amount", "person", "division", "broken", "shown"]);
    (0..12u8, 0..8u8, month, change).prop_map(|(key, kind, month, change)| {
        let row = match kind {
            0 => Row::reversal(&format!("R{}", key % 6), &format!("S{key}")),
            1 => Row::reversal(&format!("R{key}"), &format!("S{key}")),
            _ => Row::new(&format!("S{key}")),
        };
        let province = ["340100", "350100"][usize::from(key % 2)];
        let row = row.in_month(month).with(Field::insuplc_admdvs, province);
        match change {
            "amount" if kind > 1 => row.with(Field::acct_pay, "90.00"),
            "person" => row.with(Field::psn_no, "P2"),
            "division" => row.with(Field::insuplc_admdvs, "340200"),
            "broken" => row.with(Field::insutype, "9"),
            "shown" => row.with(Field::mdtrt_id, "V2"),
            _ => row,
        }
    })
}

fn months() -> impl Strategy<Value = Months> {
    let delivered = |period: usize| proptest::collection::vec((0..3usize, row(period)), 0..14);
    // Most rows are on both sides, as they should be.
    let sides = move |period: usize| {
        (delivered(period), delivered(period), delivered(period)).prop_map(
            |(both, treating, insured)| {
                let few = |rows: Delivered| rows.into_iter().take(4);
                [
                    both.iter().cloned().chain(few(treating)).collect(),
                    both.iter().cloned().chain(few(insured)).collect::<Delivered>(),
                ]
            },
        )
    };
    let deductions = || proptest::collection::vec((0..6u8, 0..12u8), 0..4);
    (
        [sides(0).boxed(), sides(1).boxed(), sides(2).boxed()],
        [deductions(), deductions(), deductions()],
    )
        .prop_map(|(rows, deductions)| Months { rows, deductions })
}

/// Writes the deliveries of all periods, each row in the file that it names.
fn deliver(months: &Months) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (period, name) in PERIODS.into_iter().enumerate() {
        let input = folder.path().join("in").join(name);
        for (side, delivered) in ["treating", "insured"].into_iter().zip(&months.rows[period]) {
            let mut files: BTreeMap<usize, Vec<Row>> = BTreeMap::from([(9, Vec::new())]);
            for (file, row) in delivered {
                files.entry(*file).or_default().push(row.clone());
            }
            for (file, rows) in files {
                let path = input.join(side).join(format!("{file}/rows-{file}.parquet"));
                // Files of a side with the same bytes are refused; a number tells them apart.
                let numbers = (0..rows.len()).map(|n| i64::try_from(100 * file + n).ok());
                let numbers: arrow_array::Int64Array = numbers.collect();
                let rows =
                    crate::world::with_column(&batch(&rows), "no", std::sync::Arc::new(numbers));
                write_parquet(&path, &rows);
            }
        }
        let lines = months.deductions[period]
            .iter()
            .map(|(ddct, key)| format!("d{period}{ddct},S{key},{ddct}00.00,x,2025-12-01\n"));
        let text: String = ["ddct_id,setl_id,amount,reason_code,decided_on\n".to_owned()]
            .into_iter()
            .chain(lines)
            .collect();
        fs::write(input.join("deductions.csv"), text).expect("written");
    }
    folder
}

/// Closes all periods in the book of a folder.
fn close(folder: &Path, book: &str, carried: Carried) {
    for period in PERIODS {
        let options = RunOptions {
            engine: std::sync::Arc::new(liangqing::reconcile::reader::Local),
            period: Month::from_text(period).expect("a month"),
            input: folder.join("in").join(period),
            book: folder.join(book),
            opening_quotas: None,
            daily: None,
            rules: Rules::built_in(),
            accept: CODES.into(),
            as_of: None,
            memory: carried.memory,
            signer: None,
            form: liangqing::columnar::shape::TableForm::default(),
            dry_run: false,
            usual_percent: None,
            independent: None,
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(carried.threads).build();
        let report = pool.expect("threads").install(|| run(&options, &Monitor::silent()));
        report.unwrap_or_else(|failure| panic!("{period}: {failure:?}"));
    }
}

fn table(folder: &Path, period: &str, name: &str) -> Vec<Vec<String>> {
    let path = folder.join("book").join(period).join(format!("tables/{name}.parquet"));
    let columns = columns_in(&path);
    read_table(&path, &columns.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Some columns of a table, in fen where they are money.
fn numbers(folder: &Path, period: &str, name: &str, columns: &[&str]) -> Vec<(Vec<String>, i128)> {
    let path = folder.join("book").join(period).join(format!("tables/{name}.parquet"));
    let rows = read_table(&path, columns).into_iter();
    rows.map(|mut row| {
        let number = row.pop().expect("a column").replace('.', "");
        (row, number.parse().expect("a number"))
    })
    .collect()
}

fn sum(folder: &Path, period: &str, name: &str, column: &str) -> i128 {
    numbers(folder, period, name, &[column]).into_iter().map(|(_, number)| number).sum()
}

/// What came in went out, side by side and period by period, in rows and in fen.
fn check_conservation(folder: &Path) {
    for (index, period) in PERIODS.into_iter().enumerate() {
        for column in ["rows", "medfee_sumamt", "payable"] {
            let control = numbers(folder, period, "control", &["side", "bucket", column]);
            let mut balance = BTreeMap::<&str, i128>::new();
            for (row, number) in &control {
                let came = matches!(row[1].as_str(), "delivered" | "opened");
                *balance.entry(&row[0]).or_default() += if came { *number } else { -number };
            }
            assert!(balance.values().all(|rest| *rest == 0), "{period} {column}: {balance:?}");
            let cleared = |side: &str| {
                let mut cells = control.iter();
                let cell = cells.find(|(row, _)| row[0] == side && row[1] == "cleared");
                cell.expect("a bucket").1
            };
            // Nothing clears on one side alone when no decision says so.
            assert_eq!(cleared("treating"), cleared("insured"), "{period} {column}");
        }
        let opened = numbers(folder, period, "control", &["bucket", "rows"]);
        let opened: i128 = opened.iter().filter(|(row, _)| row[0] == "opened").map(|o| o.1).sum();
        let carried =
            index.checked_sub(1).map(|last| table(folder, PERIODS[last], "open_items").len());
        assert_eq!(opened, carried.unwrap_or(0) as i128, "{period}");
        let payable = sum(folder, period, "positions", "payable");
        assert_eq!(payable, sum(folder, period, "pairs", "gross"), "{period}");
        let net = payable - sum(folder, period, "pairs", "deductions")
            + sum(folder, period, "pairs", "brought_forward");
        let after = sum(folder, period, "pairs", "payable")
            - sum(folder, period, "pairs", "returned")
            + sum(folder, period, "pairs", "carried_forward");
        assert_eq!(net, after, "{period}");
        assert_eq!(
            sum(folder, period, "reserves", "opening") - sum(folder, period, "reserves", "drawn"),
            sum(folder, period, "reserves", "closing"),
            "{period}"
        );
    }
}

fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn nothing_is_lost_doubled_or_invented(months in months()) {
        let folder = deliver(&months);
        close(folder.path(), "book", USUAL);
        check_conservation(folder.path());
    }

    #[test]
    fn files_and_order_change_no_row(
        months in months(),
        places in proptest::collection::vec((any::<Index>(), 0..5usize), 32),
    ) {
        let first = deliver(&months);
        close(first.path(), "book", USUAL);
        // Every row moves to another place, and to another file.
        let mut moved = months;
        for rows in moved.rows.iter_mut().flatten() {
            let len = rows.len();
            for ((index, file), at) in places.iter().zip(0..len) {
                rows.swap(at, index.index(len));
                rows[at].0 = *file;
            }
        }
        let second = deliver(&moved);
        close(second.path(), "book", USUAL);
        for period in PERIODS {
            for name in LASTING {
                let [one, other] = [&first, &second].map(|f| table(f.path(), period, name));
                prop_assert_eq!(one, other, "{} {}", period, name);
            }
        }
    }

    #[test]
    fn neither_threads_nor_memory_nor_place_changes_a_byte(months in months()) {
        let folder = deliver(&months);
        close(folder.path(), "book", USUAL);
        let expected = tree(&folder.path().join("book"));
        for (book, threads, memory) in [("a/b/two threads", 2, 64 << 20), ("no memory", 2, 0), ("little", 1, 4096)] {
            fs::create_dir_all(folder.path().join("a/b")).expect("made");
            close(folder.path(), book, Carried { threads, memory });
            prop_assert_eq!(&tree(&folder.path().join(book)), &expected, "{}", book);
        }
    }

    #[test]
    fn what_comes_twice_clears_once(months in months()) {
        let mut repeated = months;
        let october = repeated.rows[0].clone();
        repeated.rows[1] = october;
        repeated.deductions = [const { Vec::new() }; 3];
        let folder = deliver(&repeated);
        close(folder.path(), "book", USUAL);
        let cleared = |period: &str| -> BTreeMap<String, i128> {
            let control = numbers(folder.path(), period, "control", &["side", "bucket", "rows"]);
            control.into_iter().filter(|(row, _)| row[0] == "treating").map(|(row, n)| (row[1].clone(), n)).collect()
        };
        let [first, again] = [cleared("2025-10"), cleared("2025-11")];
        // Whatever cleared comes back as already_cleared, with its duplicates of the first time.
        prop_assert!(again["already_cleared"] >= first["cleared"]);
        prop_assert_eq!(again["cleared"], 0);
        prop_assert_eq!(sum(folder.path(), "2025-11", "positions", "visits"), 0);
    }
}

#[test]
fn a_large_delivery_spills_to_the_same_bytes() {
    let rows: Vec<Row> = (0..12_000u32)
        .map(|n| {
            let row = Row::new(&format!("S{n}"));
            if n % 97 == 0 { row.with(Field::psn_no, n.to_string()) } else { row }
        })
        .collect();
    let mut insured = rows.clone();
    insured.reverse();
    insured
        .iter_mut()
        .step_by(101)
        .for_each(|row| *row = row.clone().with(Field::acct_pay, "1.00"));
    let empty = [Vec::new(), Vec::new()];
    let numbered =
        |rows: Vec<Row>| rows.into_iter().enumerate().map(|(n, row)| (n % 5, row)).collect();
    let months = Months {
        rows: [[numbered(rows), numbered(insured)], empty.clone(), empty],
        deductions: [const { Vec::new() }; 3],
    };
    let folder = deliver(&months);
    close(folder.path(), "book", USUAL);
    check_conservation(folder.path());
    let expected = tree(&folder.path().join("book"));
    for (book, threads, memory) in [("two", 2, 1 << 30), ("none", 2, 0), ("little", 1, 100_000)] {
        close(folder.path(), book, Carried { threads, memory });
        assert_eq!(tree(&folder.path().join(book)), expected, "{book}");
    }
}

/// A month that was sent before, and one of which a side is left out: every row is in doubt, and the values of
/// none fit the memory.
#[test]
fn months_in_which_everything_is_in_doubt_are_the_same_from_disk() {
    let rows = |name: &str| -> Vec<(usize, Row)> {
        (0..3_000).map(|n| (n % 3, Row::new(&format!("{name}{n}")))).collect()
    };
    let before = || [rows("S"), rows("S")];
    let months = Months {
        rows: [before(), before(), [rows("T"), Vec::new()]],
        deductions: [const { Vec::new() }; 3],
    };
    let folder = deliver(&months);
    close(folder.path(), "book", USUAL);
    check_conservation(folder.path());
    let expected = tree(&folder.path().join("book"));
    for (book, threads, memory) in [("none", 2, 0), ("little", 1, 100_000)] {
        close(folder.path(), book, Carried { threads, memory });
        assert_eq!(tree(&folder.path().join(book)), expected, "{book}");
    }
}

/// Settlements that wait for a copy, and clear in the month in which they are reversed: what the register keeps of
/// them is on disk, and in memory, when their reversals ask for it.
#[test]
fn originals_that_clear_in_doubt_are_found_wherever_they_are_kept() {
    let some = |row: &dyn Fn(u32) -> Row| -> Vec<(usize, Row)> {
        (0..400).map(|n| (n as usize % 3, row(n))).collect()
    };
    let settlements = || some(&|n| Row::new(&format!("S{n}")));
    let reversals = || some(&|n| Row::reversal(&format!("R{n}"), &format!("S{n}")));
    let second = [reversals(), [settlements(), reversals()].concat()];
    let months = Months {
        rows: [[settlements(), Vec::new()], second, [Vec::new(), Vec::new()]],
        deductions: [const { Vec::new() }; 3],
    };
    let folder = deliver(&months);
    close(folder.path(), "book", USUAL);
    let expected = tree(&folder.path().join("book"));
    let breaks = table(folder.path(), "2025-11", "breaks");
    assert!(breaks.is_empty(), "all of them clear");
    for (book, threads, memory) in [("none", 2, 0), ("little", 1, 100_000)] {
        close(folder.path(), book, Carried { threads, memory });
        assert_eq!(tree(&folder.path().join(book)), expected, "{book}");
    }
}
