//! A book that is in order verifies; whatever is changed in it is found, even if every digest is made to fit.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array, UInt64Array,
    cast::AsArray,
    types::{
        Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt32Type,
        UInt64Type,
    },
};
use arrow_schema::DataType;
use liangqing::{book::manifest::Manifest, place::period::MANIFEST};

use crate::{
    audited::{book, head, json},
    forger::{PERIODS, findings, read, reseal, sample_book, write},
    world::{World, tree},
};

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("small") % limit
    }
}

/// Flips a bit somewhere in each of some files, and says in which the damage was noticed.
fn noticed(world: &World, paths: &[&String], random: &mut Random) -> BTreeSet<String> {
    let good: Vec<(PathBuf, Vec<u8>)> = paths
        .iter()
        .map(|path| world.book().join(path))
        .map(|path| (path.clone(), fs::read(path).expect("read")))
        .collect();
    for (path, bytes) in &good {
        let mut bad = bytes.clone();
        bad[random.below(bytes.len())] ^= 1 << random.below(8);
        fs::write(path, bad).expect("written");
    }
    let found = findings(&world.book()).into_iter().map(|finding| finding.file).collect();
    for (path, bytes) in good {
        fs::write(path, bytes).expect("written");
    }
    found
}

#[test]
fn any_flipped_bit_is_found() {
    let world = sample_book();
    assert!(findings(&world.book()).is_empty());
    let is_file = |path: &String| world.book().join(path).is_file();
    let files: Vec<String> = tree(&world.book()).into_keys().filter(is_file).collect();
    assert_eq!(files.len(), 3 * 25);
    let is_manifest = |path: &&String| path.contains("manifest.");
    let (manifests, outputs): (Vec<_>, Vec<_>) = files.iter().partition(is_manifest);
    let random = &mut Random(1);
    let mut flips = 0;
    for _ in 0..40 {
        // Without its manifest, nothing is known of a period's files.
        for manifest in &manifests {
            let named = format!("{}/manifest.json", &manifest[..7]);
            assert!(noticed(&world, &[*manifest], random).contains(&named), "{manifest}");
            flips += 1;
        }
        let noticed = noticed(&world, &outputs, random);
        assert!(outputs.iter().all(|path| noticed.contains(*path)), "{noticed:?}");
        flips += outputs.len();
    }
    assert!(flips > 2_000 && findings(&world.book()).is_empty());
}

/// A column with another value in a row: one more, other text, the other answer; something for nothing.
fn altered(array: &ArrayRef, row: usize) -> ArrayRef {
    macro_rules! with {
        ($kind:ty, $array:ty) => {{
            let values = array.as_primitive::<$kind>().iter().enumerate();
            Arc::new(
                values
                    .map(|(at, value)| if at == row { Some(value.unwrap_or(0) + 1) } else { value })
                    .collect::<$array>(),
            )
        }};
    }
    match array.data_type() {
        DataType::Utf8 => {
            let values = array.as_string::<i32>().iter().enumerate();
            let other = |text: &str| match text {
                "31" => "32".to_owned(),
                text => format!("{text}1"),
            };
            Arc::new(
                values
                    .map(|(at, text)| {
                        if at == row {
                            Some(other(text.unwrap_or("")))
                        } else {
                            text.map(str::to_owned)
                        }
                    })
                    .collect::<StringArray>(),
            )
        }
        DataType::Boolean => {
            let values = array.as_boolean().iter().enumerate();
            let flip = |(at, flag): (usize, Option<bool>)| {
                if at == row { Some(!flag.unwrap_or(false)) } else { flag }
            };
            Arc::new(values.map(flip).collect::<BooleanArray>())
        }
        DataType::Decimal128(digits, 2) => {
            let values = array.as_primitive::<Decimal128Type>().iter().enumerate();
            let more = |(at, fen): (usize, Option<i128>)| {
                if at == row { Some(fen.unwrap_or(0) + 1) } else { fen }
            };
            let array = values.map(more).collect::<Decimal128Array>();
            Arc::new(array.with_precision_and_scale(*digits, 2).expect("fits"))
        }
        DataType::Int64 => with!(Int64Type, Int64Array),
        DataType::Int32 => with!(Int32Type, Int32Array),
        DataType::Date32 => with!(Date32Type, Date32Array),
        DataType::Timestamp(..) => with!(TimestampMicrosecondType, TimestampMicrosecondArray),
        DataType::UInt64 => with!(UInt64Type, UInt64Array),
        DataType::UInt32 => with!(UInt32Type, UInt32Array),
        other => panic!("{other}"),
    }
}

/// Columns some of whose cells follow from nothing else in the book: for these only the digests, a head from
/// elsewhere, a signature or a rerun vouch (docs/audit.md). What a carried copy was delivered with; what was
/// refused; keys, which are hashes.
const VOUCHED_BY_DIGESTS_ALONE: [&str; 20] = [
    "register.parquet check",
    "register.parquet key",
    "reversals.parquet key",
    "tables/deductions.parquet amount",
    "tables/deductions.parquet ddct_id",
    "tables/open_items.parquet acct_mulaid_pay",
    "tables/open_items.parquet begndate",
    "tables/open_items.parquet enddate",
    "tables/open_items.parquet fulamt_advpay_flag",
    "tables/open_items.parquet fulamt_ownpay_amt",
    "tables/open_items.parquet inscp_scp_amt",
    "tables/open_items.parquet mdtrt_id",
    "tables/open_items.parquet overlmt_selfpay",
    "tables/open_items.parquet preselfpay_amt",
    "tables/open_items.parquet psn_no",
    "tables/open_items.parquet refd_setl_flag",
    "tables/open_items.parquet setl_time",
    "tables/payments.parquet bank_serial",
    "tables/payments.parquet notice_id",
    "tables/rejects.parquet setl_id",
];

/// Forges every output of every period in ways of its own, with digests that fit; tells what was noticed.
fn forge(
    world: &World,
    forgeries: impl Fn(&RecordBatch, usize) -> Vec<(String, Vec<RecordBatch>)>,
    mut noticed: impl FnMut(String, bool),
) {
    for (at, period) in PERIODS.iter().enumerate() {
        let text = fs::read(world.book().join(period).join(MANIFEST)).expect("read");
        let manifest: Manifest = serde_json::from_slice(&text).expect("a manifest");
        for path in manifest.outputs.iter().map(|output| &output.path) {
            let place = world.book().join(period).join(path);
            let good = fs::read(&place).expect("read");
            let batch = read(&place);
            for (what, forgery) in forgeries(&batch, at) {
                write(&place, &forgery);
                reseal(&world.book());
                noticed(format!("{path} {what}"), !findings(&world.book()).is_empty());
            }
            fs::write(&place, good).expect("written");
        }
    }
}

#[test]
fn a_forged_cell_is_found_although_every_digest_fits() {
    let mut unnoticed = BTreeSet::new();
    let mut forged = 0;
    let cells = |batch: &RecordBatch, at: usize| {
        let columns = (0..batch.num_columns()).filter(|_| batch.num_rows() > 0);
        let forgeries = columns.map(|column| {
            let mut columns = batch.columns().to_vec();
            let row = (column + 7 * at) % batch.num_rows();
            columns[column] = altered(&columns[column], row);
            let name = batch.schema().field(column).name().clone();
            (name, vec![RecordBatch::try_new(batch.schema(), columns).expect("fits")])
        });
        forgeries.collect()
    };
    forge(&sample_book(), cells, |what, noticed| {
        forged += 1;
        if !noticed {
            unnoticed.insert(what);
        }
    });
    assert!(forged > 300, "{forged}");
    let unnoticed: Vec<&String> = unnoticed.iter().collect();
    assert_eq!(unnoticed, VOUCHED_BY_DIGESTS_ALONE.iter().collect::<Vec<_>>());
}

#[test]
fn a_row_less_or_twice_is_found_although_every_digest_fits() {
    let rows = |batch: &RecordBatch, _| {
        let rows = batch.num_rows();
        if rows == 0 {
            return Vec::new();
        }
        let last = batch.slice(rows - 1, 1);
        vec![
            ("without its first row".to_owned(), vec![batch.slice(1, rows - 1)]),
            ("without its last row".to_owned(), vec![batch.slice(0, rows - 1)]),
            ("with its last row twice".to_owned(), vec![batch.clone(), last]),
        ]
    };
    let mut unnoticed = BTreeSet::new();
    forge(&sample_book(), rows, |what, noticed| {
        if !noticed {
            unnoticed.insert(what);
        }
    });
    assert_eq!(unnoticed, BTreeSet::new());
}

#[test]
fn a_book_in_order_says_how_much_was_checked() {
    let world = book();
    let ran = world.verify(&["--format", "json", "--head", &head(&world, "2025-11")]).expect(0);
    let report = json(&ran);
    assert_eq!(report["periods"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["periods"][0]["registered"], 2);
    assert_eq!(report["periods"][0]["files"], 24);
    assert_eq!(report["head_given"], true);
    assert!(report["figures"].as_u64() > Some(300), "{report}");
    let upto = world.verify(&["--period", "2025-10", "--head", &head(&world, "2025-10")]).expect(0);
    assert!(upto.stdout.contains("the book goes on to 2025-11"), "{}", upto.stdout);
}

#[test]
fn a_cut_tail_an_empty_book_and_a_missing_period_are_no_pass() {
    let world = book();
    let newest = head(&world, "2025-11");
    fs::remove_dir_all(world.book().join("2025-11")).expect("removed");
    // What is left is in order; only the head tells.
    world.verify(&[]).expect(0);
    let ran = world.verify(&["--head", &newest]).expect(5);
    assert!(ran.stderr.contains("B05 2025-10/manifest.json"), "{}", ran.stderr);
    let ran = world.verify(&["--period", "2025-11"]).expect(5);
    assert!(ran.stderr.contains("no period 2025-11"), "{}", ran.stderr);
    fs::remove_dir_all(world.book().join("2025-10")).expect("removed");
    let ran = world.verify(&[]).expect(5);
    assert!(ran.stderr.contains("nothing was verified"), "{}", ran.stderr);
    world.verify(&["--head", "abc"]).expect(2);
    fs::remove_dir(world.book()).expect("removed");
    world.verify(&[]).expect(2);
}

#[test]
fn a_stranger_a_gap_and_a_lost_file_are_found_together() {
    let world = book();
    fs::write(world.book().join("2025-10/notes.txt"), "x").expect("written");
    fs::write(world.book().join("2025-10/tables/more.parquet"), "x").expect("written");
    fs::remove_file(world.book().join("2025-11/tables/pairs.parquet")).expect("removed");
    fs::rename(world.book().join("2025-11"), world.book().join("2025-12")).expect("moved");
    let ran = world.verify(&["--format", "json"]).expect(5);
    let findings = json(&ran)["findings"].as_array().expect("findings").clone();
    let found = |code: &str, file: &str| {
        assert!(
            findings.iter().any(|finding| finding["code"] == code && finding["file"] == file),
            "{code} {file}: {}",
            ran.stdout
        );
    };
    found("B04", "2025-10/notes.txt");
    found("B04", "2025-10/tables/more.parquet");
    found("B02", "2025-12");
    found("B02", "2025-12/manifest.json");
    found("B03", "2025-12/tables/pairs.parquet");
}
