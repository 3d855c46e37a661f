//! What lies in an input folder and is no good Parquet file of a side: said what it is, or left out and named.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    process::{Command, Stdio},
};

use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};

use crate::world::{Ran, Row, World, batch};

const PERIOD: &str = "2025-10";
const FILE: &str = "treating/a.parquet";

fn good() -> World {
    let world = World::new();
    world.deliver_both(PERIOD, &[Row::new("A")]);
    world
}

/// Refuses a delivery with one finding; gives its lines.
#[track_caller]
fn refused(world: &World) -> String {
    let Ran { stderr, .. } = world.run(PERIOD).expect(3);
    let list = stderr.strip_prefix("error: the delivery is refused\n").expect("the first line");
    let last = "1 finding in all; nothing was published and the book is as it was\n";
    list.strip_suffix(last).unwrap_or_else(|| panic!("{stderr}")).to_owned()
}

/// A file with these bytes in place of a side's.
#[track_caller]
fn refused_bytes(bytes: &[u8]) -> String {
    let world = good();
    fs::write(world.input(PERIOD).join(FILE), bytes).expect("written");
    refused(&world)
}

/// A Parquet file in which text lies as it is.
fn plain(rows: &[Row], compression: Compression) -> Vec<u8> {
    let rows = batch(rows);
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).expect("one");
    writer.write(&rows).expect("written");
    writer.close().expect("closed");
    bytes
}

/// Bytes with the only place of some others changed.
fn changed(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert_eq!((places.len(), from.len()), (1, to.len()));
    bytes[places[0]..][..to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn a_file_of_another_kind_is_named_and_so_is_what_to_do() {
    insta::assert_snapshot!(refused_bytes(b"setl_id,psn_no\nS1,X1\n"), @r#"
        F02 treating/a.parquet: found CSV text, expected a whole, undamaged Parquet file
          hint: convert it to Parquet with the types of the contract, or have the sender export Parquet
    "#);
    insta::assert_snapshot!(refused_bytes(&[b"PK\x03\x04", &plain(&[Row::new("A")], Compression::SNAPPY)[..]].concat()), @r#"
        F02 treating/a.parquet: found a ZIP archive, expected a whole, undamaged Parquet file
          hint: unpack it and deliver the Parquet file that is in it
    "#);
    insta::assert_snapshot!(refused_bytes(b"PARE....PARE"), @r#"
        F02 treating/a.parquet: found an encrypted Parquet file, expected a whole, undamaged Parquet file
          hint: export it without encryption; protect the way that it takes instead
    "#);
    insta::assert_snapshot!(refused_bytes(b""), @r#"
        F02 treating/a.parquet: found an empty file, expected a whole, undamaged Parquet file
          hint: fetch the file again: it was not written to its end; a side without settlements sends a Parquet file without rows
    "#);
    let whole = plain(&[Row::new("A")], Compression::SNAPPY);
    insta::assert_snapshot!(refused_bytes(&whole[..whole.len() - 9]), @r#"
        F02 treating/a.parquet, footer: found a file that does not end like a Parquet file: cut off, or with something behind its end, expected a whole, undamaged Parquet file
          hint: ask the sender for the file again and compare its sha256 with theirs
    "#);
}

#[test]
fn text_that_is_not_utf8_is_told_with_its_column_and_row() {
    let rows = ["A", "B", "C"].map(Row::new);
    let mut rows = rows.to_vec();
    rows[2] = rows[2].clone().with(liangqing::model::fields::Field::psn_no, "上海01");
    let bytes = plain(&rows, Compression::UNCOMPRESSED);
    let bytes = changed(bytes, "上海01".as_bytes(), b"\xc9\xcf\xba\xa30100");
    insta::assert_snapshot!(refused_bytes(&bytes), @r#"
        F02 treating/a.parquet, row group 0, column psn_no, row 2: found text that is not UTF-8, perhaps GBK, expected a whole, undamaged Parquet file
          hint: have the sender export text in UTF-8; a database in GBK has to convert it
    "#);
}

#[test]
fn what_is_hidden_and_locks_of_editors_refuse_no_month_and_are_named() {
    let world = good();
    let side = world.input(PERIOD).join("treating");
    for name in ["_logs/0.json", "_temporary/0/p.parquet", ".hidden.parquet", "notes.txt"] {
        let path = side.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, "no Parquet").expect("written");
    }
    for name in [".#a.parquet", ".~lock.a.parquet#", "a.lock"] {
        symlink("operator@host.4711", side.join(name)).expect("linked");
    }
    let ran = world.run_with(PERIOD, &["--dry-run"]).expect(0);
    let notes: Vec<&str> = ran.stdout.lines().filter(|line| line.contains("not read: ")).collect();
    assert_eq!(
        notes,
        [
            "note      not read: treating/.#a.parquet, treating/.hidden.parquet, treating/.~lock.a.parquet#, 2 files more",
            "note      not read: treating/_logs/ (1 file, 0 of Parquet)",
            "note      not read: treating/_temporary/ (1 file, 1 of Parquet)",
        ]
    );
    let ran = world.run_with(PERIOD, &["--dry-run", "--format", "json"]).expect(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let unread = report["unread"].as_array().expect("a list");
    assert_eq!(unread.len(), 10, "{unread:?}");
    assert_eq!(
        unread[3],
        serde_json::json!({ "name": "treating/_logs", "kind": "folder", "hidden": true })
    );
    world.run(PERIOD).expect(0);
    assert_eq!(world.verify(&[]).status, 0);
}

#[test]
fn names_that_are_no_text_and_links_that_lead_nowhere_are_findings() {
    let world = good();
    let side = world.input(PERIOD).join("treating");
    let name = Path::new(OsStr::from_bytes(b"\xcb\xc4\xb4\xa8.parquet"));
    fs::rename(side.join("a.parquet"), side.join(name)).expect("renamed");
    insta::assert_snapshot!(refused(&world), @r#"
        F14 treating/\xCBĴ\xA8.parquet: found a name that is not UTF-8, expected names in UTF-8
          hint: rename the file or the folder
    "#);
    fs::rename(side.join(name), side.join("a.parquet")).expect("renamed");
    symlink("elsewhere/b.parquet", side.join("b.parquet")).expect("linked");
    insta::assert_snapshot!(refused(&world), @r#"
        F02 treating/b.parquet: found a link that leads nowhere, expected a whole, undamaged Parquet file
          hint: remove the link, or put the file itself in its place
    "#);
}

#[test]
fn a_list_of_files_may_write_their_paths_in_another_way() {
    let world = good();
    let header = "file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay";
    let list = |names: [&str; 2]| {
        let lines = names.map(|name| format!("{name},1,1000.00,700.00,100.00"));
        world.small_file(PERIOD, "control-totals.csv", format!("{header}\n{}\n", lines.join("\n")));
    };
    list([".\\treating\\a.parquet", "/insured/a.parquet"]);
    world.run_with(PERIOD, &["--dry-run"]).expect(0);
    list(["treating/A.parquet", "insured/a.parquet"]);
    insta::assert_snapshot!(refused(&world), @r#"
        F10 control-totals.csv, line 2: found treating/A.parquet, which is not there; there is treating/a.parquet, expected control-totals.csv lists every Parquet file exactly once
          hint: complete the list, or send the file that is missing
    "#);
}

#[test]
fn the_header_that_was_found_is_shown_and_guessed() {
    let world = good();
    let header = "notice_id;paid_on;amount;bank_name;bank_serial\n";
    world.small_file(PERIOD, "payments.csv", header);
    insta::assert_snapshot!(refused(&world), @r#"
        S02 payments.csv, line 1: found "notice_id;paid_on;amount;bank_name;bank_serial", without notice_id, paid_on, amount, bank_name, bank_serial, expected a header line with every column once
          hint: separate columns by commas, not by semicolons
    "#);
}

#[test]
fn the_same_of_many_files_is_said_once_and_listed_in_full_for_programs() {
    let world = good();
    for day in 10..20 {
        world.small_file(&format!("{PERIOD}/treating"), &format!("{day}.parquet"), "a,b\n1,2\n");
    }
    let ran = world.run(PERIOD).expect(3);
    assert_eq!(ran.stderr.matches("F02").count(), 1, "{}", ran.stderr);
    let same = "the same in 9 files more: treating/11.parquet, treating/12.parquet, treating/13.parquet, …";
    assert!(ran.stderr.contains(same), "{}", ran.stderr);
    assert!(ran.stderr.contains("10 findings in all"), "{}", ran.stderr);
    let ran = world.run_with(PERIOD, &["--format", "json"]).expect(3);
    assert_eq!(ran.stdout.matches("\"F02\"").count(), 10, "{}", ran.stdout);
}

/// The script of an outsider: the run is stopped, its files are written anew, the run goes on.
#[test]
fn a_file_that_is_written_anew_while_a_run_stands_still_is_never_vouched_for() {
    let world = World::new();
    let rows: Vec<Row> = (0..20_000).map(|n| Row::new(&format!("S{n}"))).collect();
    world.deliver_both(PERIOD, &rows);
    let path = world.input(PERIOD).join(FILE);
    let bytes = fs::read(&path).expect("read");
    let mut told = 0;
    for delay in (20..400).step_by(40) {
        let mut command = world.command(PERIOD);
        command.args(["--threads", "1"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("started");
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let send = |signal: &str| {
            let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
            sent.is_ok_and(|status| status.success())
        };
        let stopped = send("-STOP");
        let file = File::options().write(true).open(&path);
        file.and_then(|mut file| file.write_all(&bytes)).expect("written");
        if stopped {
            send("-CONT");
        }
        let ran: Ran = child.wait_with_output().expect("waited for").into();
        match ran.status {
            0 => fs::remove_dir_all(world.book()).expect("removed"),
            3 => told += u32::from(ran.stderr.contains("F13 treating/a.parquet: found")),
            _ => panic!("{ran:?}"),
        }
    }
    assert!(told > 0, "no run was met");
}
