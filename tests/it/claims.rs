//! Files of a few KiB that claim gigabytes: what they claim takes no memory, and is said.

use std::{fs, process::Command};

use crate::{
    replay::harness::with_pages,
    world::{Ran, Row, World},
};

const PERIOD: &str = "2025-11";
const ROWS: i64 = 3;
const BILLIONS: i64 = i32::MAX as i64;

/// Codecs as `with_pages` counts them.
const PLAIN: u8 = 0;
const SNAPPY: u8 = 1;
const GZIP: u8 = 2;
const LZ4: u8 = 3;
const ZSTD: u8 = 4;

/// Kinds of pages, and encodings.
const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const OF_VALUES: i64 = 0;
const DELTA_LENGTH: i64 = 6;
const DELTA: i64 = 7;

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).expect("7 bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("7 bits"));
    bytes
}

/// A field of 32 bits in the compact protocol of Thrift, so many after the one before.
fn field(step: u8, number: i64) -> Vec<u8> {
    let zigzag = ((number << 1) ^ (number >> 63)).cast_unsigned();
    [vec![step << 4 | 5], varint(zigzag)].concat()
}

/// A page: what its header says, and its bytes. `more` follows the fields of the header.
fn page_with(
    kind: i64,
    unpacked: i64,
    values: i64,
    encoding: i64,
    more: &[u8],
    body: &[u8],
) -> Vec<u8> {
    let packed = i64::try_from(body.len()).expect("short");
    let own = [field(1, values), field(1, encoding), field(1, 3), field(1, 3), vec![0]].concat();
    let own = if kind == DATA { own } else { [field(1, values), field(1, 0), vec![0]].concat() };
    // The header of a data page is field 5, that of a dictionary 7.
    let step = if kind == DATA { 2 } else { 4 };
    let header = [field(1, kind), field(1, unpacked), field(1, packed), vec![step << 4 | 0xc], own];
    [header.concat(), more.to_vec(), vec![0], body.to_vec()].concat()
}

fn page(kind: i64, unpacked: i64, values: i64, encoding: i64, body: &[u8]) -> Vec<u8> {
    page_with(kind, unpacked, values, encoding, &[], body)
}

/// A page of values that all are there.
fn data(unpacked: usize, values: i64, encoding: i64, body: &[u8]) -> Vec<u8> {
    page(DATA, i64::try_from(unpacked).expect("short"), values, encoding, body)
}

/// Levels that say that all values are there.
fn levels(values: i64) -> Vec<u8> {
    let run = [varint(values.cast_unsigned() << 1), vec![1]].concat();
    [u32::try_from(run.len()).expect("short").to_le_bytes().to_vec(), run].concat()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).expect("packed")
}

fn texts(all: &[&[u8]]) -> Vec<u8> {
    let text = |text: &&[u8]| {
        [&u32::try_from(text.len()).expect("short").to_le_bytes()[..], text].concat()
    };
    all.iter().flat_map(text).collect()
}

/// Numbers as differences that are all the same: the first, what each adds, how many.
fn differences(count: u64, first: u64, step: u64) -> Vec<u8> {
    let head = [varint(128), varint(4), varint(count), varint(first << 1)].concat();
    let blocks = usize::try_from(count.saturating_sub(1).div_ceil(128).min(1 << 16)).expect("few");
    let block = [varint(step << 1), vec![0; 4]].concat();
    [head, block.repeat(blocks)].concat()
}

/// A month of three settlements whose treating file has other pages in a column, closed with little room.
fn run(column: &str, codec: u8, pages: &[u8]) -> (World, Ran) {
    let world = World::new();
    let rows = ["A", "B", "C"].map(Row::new);
    world.deliver_both(PERIOD, &rows);
    let file = world.input(PERIOD).join("treating/a.parquet");
    let number = crate::world::columns_in(&file).iter().position(|name| name == column);
    let whole = fs::read(&file).expect("read");
    let changed = with_pages(&whole, number.expect("the column"), codec, pages);
    fs::write(&file, changed).expect("written");
    let ran = in_little_room(world.command(PERIOD).args(["--threads", "16", "--memory", "256MiB"]));
    (world, ran)
}

/// Runs a program in 4 GB of addresses.
fn in_little_room(command: &Command) -> Ran {
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -v 4000000; exec \"$0\" \"$@\""]);
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    limited.output().expect("started").into()
}

/// A column, its codec, its pages, and what is found.
type Case = (&'static str, u8, Vec<u8>, &'static str);

/// Every case is refused, says why, and leaves nothing behind.
fn refused(cases: Vec<Case>) {
    for (column, codec, pages, expected) in cases {
        let (world, ran) = run(column, codec, &pages);
        let Ran { status, stderr, .. } = &ran;
        assert_eq!(*status, 3, "{expected}: {stderr}");
        let place = format!("F02 treating/a.parquet, row group 0, column {column}: found");
        assert!(stderr.contains(&place), "{place}: {stderr}");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
        let left = fs::read_dir(world.path("")).expect("a folder").count();
        assert_eq!(left, 1, "{expected}: nothing but the delivery");
    }
}

/// Amounts of 0 and texts of a letter, all there.
fn amounts() -> Vec<u8> {
    [levels(ROWS), vec![0; 24]].concat()
}

fn letters() -> Vec<u8> {
    [levels(ROWS), texts(&[&b"0"[..]; 3])].concat()
}

#[test]
fn sizes_that_headers_claim_are_refused_before_they_take_memory() {
    let zeros = zstd(&vec![0; 1 << 30]);
    let claims = |body: &[u8]| page(DATA, BILLIONS, ROWS, OF_VALUES, body);
    refused(vec![
        ("hifp_pay", ZSTD, claims(&zstd(&amounts())), "claims to unpack"),
        ("psn_no", SNAPPY, claims(&letters()), "claims to unpack"),
        ("psn_no", LZ4, claims(&letters()), "claims to unpack"),
        ("hifp_pay", GZIP, claims(&amounts()), "claims to unpack"),
        ("hifp_pay", ZSTD, data(1 << 30, ROWS, OF_VALUES, &zeros), "for 3 values"),
        ("hifp_pay", ZSTD, data(34, ROWS, OF_VALUES, &zeros), "too small"),
    ]);
}

#[test]
fn values_that_headers_claim_are_refused_before_they_take_memory() {
    let size = i64::try_from(letters().len()).expect("short");
    let once = texts(&[&b"0"[..]]);
    let nested = |more: &[u8]| page_with(DATA, 34, ROWS, OF_VALUES, more, &amounts());
    refused(vec![
        ("psn_no", PLAIN, page(DATA, size, BILLIONS, OF_VALUES, &letters()), "where 3 are left"),
        ("psn_no", PLAIN, page(DATA, size, 2, OF_VALUES, &letters()), "1 of 3 values"),
        ("psn_no", PLAIN, page(DICTIONARY, 5, BILLIONS, 0, &once), "a dictionary of 5"),
        ("hifp_pay", PLAIN, nested(&vec![0x1c; 1 << 17]), "a page header"),
        ("hifp_pay", PLAIN, nested(&[0x99, 0xfc, 0xff, 0xff, 0xff, 7]), "a page header"),
    ]);
}

#[test]
fn what_unpacked_pages_claim_is_refused_before_it_takes_memory() {
    // A run of 2^62 levels, and a level of 3 where 1 is the most.
    let runs = |run: u64, level: u8| {
        let run = [varint(run), vec![level]].concat();
        let length = u32::try_from(run.len()).expect("short").to_le_bytes();
        let body = [&length[..], &run, &[0; 24]].concat();
        data(body.len(), ROWS, OF_VALUES, &body)
    };
    let lengths = |values: u64| [levels(ROWS), differences(values, 1, 0), b"000".to_vec()].concat();
    refused(vec![
        ("hifp_pay", PLAIN, runs(1 << 63, 1), "levels that no page has"),
        ("hifp_pay", PLAIN, runs(6, 3), "levels that no page has"),
        ("psn_no", PLAIN, data(0, ROWS, DELTA_LENGTH, &lengths(1 << 31)), "more texts"),
        ("psn_no", PLAIN, data(0, ROWS, DELTA, &lengths(1 << 31)), "texts in disorder"),
    ]);
}

#[test]
fn a_text_beyond_64_kib_is_refused_by_column_and_a_shorter_one_is_not() {
    let long = vec![b'x'; 10 << 20];
    let fits = vec![b'x'; 64 << 10];
    let of = |text: &[u8]| [levels(ROWS), texts(&[text, b"0", b"0"])].concat();
    let (_, ran) = run("psn_no", ZSTD, &data(of(&long).len(), ROWS, OF_VALUES, &zstd(&of(&long))));
    let expected =
        "F15 treating/a.parquet, row group 0, column psn_no: found a text of 10485760 bytes";
    assert!(ran.expect(3).stderr.contains(expected));
    let (world, ran) = run("psn_no", PLAIN, &data(0, ROWS, OF_VALUES, &of(&fits)));
    ran.expect(0);
    let rules = world.table(PERIOD, "rejects", &["rules"]);
    assert_eq!(rules, [["V14"]]);
    // As often as that, by a dictionary, it would be a gigabyte from nothing.
    let n = 1 << 14;
    let once = page(DICTIONARY, 65_540, 1, 0, &zstd(&texts(&[&fits[..]])));
    let places = [levels(n), vec![1], varint(n.cast_unsigned() << 1), vec![0]].concat();
    let pages = [once, data(places.len(), n, 8, &zstd(&places))].concat();
    let ran = of_many("psn_no", ZSTD, &pages, usize::try_from(n).expect("few"));
    assert!(ran.expect(3).stderr.contains("column psn_no: found long texts again and again"));
}

/// The same with many rows.
fn of_many(column: &str, codec: u8, pages: &[u8], rows: usize) -> Ran {
    let world = World::new();
    let all: Vec<Row> = (0..rows).map(|row| Row::new(&format!("S{row}"))).collect();
    world.deliver_both(PERIOD, &all);
    let file = world.input(PERIOD).join("treating/a.parquet");
    let number = crate::world::columns_in(&file).iter().position(|name| name == column);
    let whole = fs::read(&file).expect("read");
    let changed = with_pages(&whole, number.expect("the column"), codec, pages);
    fs::write(&file, changed).expect("written");
    in_little_room(&world.command(PERIOD))
}

#[test]
fn hadoop_frames_of_any_size_are_read() {
    let amounts = amounts();
    let block = |bytes: &[u8]| lz4_flex::block::compress(bytes);
    let size = |bytes: usize| u32::try_from(bytes).expect("short").to_be_bytes();
    let framed = |parts: &[&[u8]]| {
        let blocks = parts.iter().flat_map(|part| {
            let block = block(part);
            [&size(block.len())[..], &block].concat()
        });
        [&size(parts.concat().len())[..], &blocks.collect::<Vec<u8>>()].concat()
    };
    let (first, rest) = amounts.split_at(20);
    let ways = [
        // A frame each, the last one smaller; one frame of several blocks; a block alone.
        [framed(&[first]), framed(&[rest])].concat(),
        framed(&[first, rest]),
        block(&amounts),
    ];
    for packed in ways {
        let (_, ran) = run("oth_pay", LZ4, &data(amounts.len(), ROWS, OF_VALUES, &packed));
        ran.expect(0);
    }
}
