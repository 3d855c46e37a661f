//! What people send back, and what is written for them: setl_ids that are odd, files that are too large.

use std::{
    fs::{self, File},
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::Command,
};

use rust_xlsxwriter::Workbook;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::world::{Ran, Row, World, program, spreadsheet};

/// setl_ids that end in blanks, begin like formulas, hold what neither a terminal nor a workbook takes.
const ODD: [&str; 16] = [
    "S1 ",
    "S1",
    " =1",
    "\t=1",
    "\n=2",
    "\r=3",
    "\u{b}=4",
    "\u{a0}=5",
    "\u{feff}=6",
    "\u{ff1d}7",
    "'=8",
    "'9",
    "x\u{1b}[2J",
    "y\u{0}z",
    "_x0041_",
    "a,\"b\"\r\nc",
];

const ANSWER: [&str; 5] = ["作废", "重复上传", "张三", "李四", "2025-11-05"];

/// The program under a limit of memory, as of a machine that is not to be taken whole.
fn bounded(arguments: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 8000000; exec \"$0\" \"$@\""]).arg(program().get_program());
    command.args(["--lang", "en"]).args(arguments).output().expect("started").into()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A month that leaves settlements open, and the forms of it.
fn open(ids: &[&str]) -> World {
    let world = World::new();
    let rows: Vec<Row> = ids.iter().map(|id| Row::new(id)).collect();
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    world.run("2025-10").expect(0);
    statements(&world);
    world
}

fn statements(world: &World) {
    let (book, out) = (world.book(), world.path("out"));
    bounded(&["statements", "--period", "2025-10", "--book", text(&book), "--out", text(&out)])
        .expect(0);
}

fn import(world: &World, replies: &[&Path], flags: &[&str]) -> Ran {
    let book = world.book();
    let replies = replies.iter().map(|path| text(path));
    let arguments: Vec<&str> = ["decisions", "import"].into_iter().chain(replies).collect();
    bounded(&[&arguments[..], &["--book", text(&book)], flags].concat())
}

/// The lines of a province's reply form.
fn form(world: &World) -> Vec<Vec<String>> {
    let bytes = fs::read(world.path("out/34/reply.csv")).expect("read");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[3..]);
    reader.records().map(|r| r.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

/// The form with an answer on every line.
fn answered(world: &World) -> Vec<Vec<String>> {
    let mut lines = form(world);
    for line in &mut lines[1..] {
        for (cell, value) in line[8..13].iter_mut().zip(ANSWER) {
            value.clone_into(cell);
        }
    }
    lines
}

fn as_csv(path: &Path, lines: &[Vec<String>]) {
    let mut writer = csv::Writer::from_path(path).expect("made");
    for line in lines {
        writer.write_record(line).expect("written");
    }
    writer.flush().expect("written");
}

fn as_workbook(path: &Path, lines: &[Vec<String>]) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(lines) {
        for (column, value) in (0..).zip(line) {
            sheet.write_string(row, column, value).expect("written");
        }
    }
    workbook.save(path).expect("saved");
}

/// The setl_ids of a `decisions.csv`.
fn decided(path: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).expect("opened");
    reader.records().map(|record| record.expect("CSV")[0].to_owned()).collect()
}

#[test]
fn odd_setl_ids_come_back_exactly_and_the_next_period_takes_them() {
    let world = open(&ODD);
    let mut ids = ODD.map(str::to_owned).to_vec();
    ids.sort();
    let lines = answered(&world);
    // Nothing in it is a formula, whatever a spreadsheet drops before it.
    for id in lines[1..].iter().map(|line| &line[3]) {
        let first =
            id.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').chars().next();
        assert!(!"=+-@＝＋－＠".contains(first.expect("some")), "{id:?}");
        assert!(!id.contains(['\u{1b}', '\0', '\u{b}']), "{id:?}");
    }
    as_csv(&world.path("a.csv"), &lines);
    as_workbook(&world.path("b.xlsx"), &lines);
    // What the program itself wrote as a workbook has no apostrophes; what is shown by a picture has it.
    let plain = lines.iter().map(|line| {
        let mut line = line.clone();
        if let Some(id) = line[3].strip_prefix('\'') {
            line[3] = id.to_owned();
        }
        line
    });
    as_workbook(&world.path("c.xlsx"), &plain.collect::<Vec<_>>());
    for name in ["a.csv", "b.xlsx", "c.xlsx"] {
        let out = world.path(&format!("{name}.decisions"));
        import(&world, &[&world.path(name)], &["--out", text(&out)]).expect(0);
        assert_eq!(decided(&out), ids, "{name}");
    }
    world.deliver_both("2025-11", &[Row::new("E").in_month("2025-11")]);
    let decisions = world.input("2025-11").join("decisions.csv");
    fs::copy(world.path("a.csv.decisions"), decisions).expect("copied");
    world.run("2025-11").expect(0);
    assert_eq!(world.table("2025-11", "decisions", &["setl_id"]).len(), ODD.len());
}

#[test]
fn blanks_that_a_form_lost_are_found_again_where_they_mean_one() {
    let world = open(&["S1", "S2 ", "T ", " T"]);
    let mut lines = answered(&world);
    for line in &mut lines[1..] {
        line[3] = line[3].trim_matches(['\'', ' ']).to_owned();
    }
    let reply = world.path("reply.csv");
    as_csv(&reply, &lines);
    let ran = import(&world, &[&reply], &[]).expect(3);
    assert!(
        ran.stderr.contains("setl_id T: found one that may be any of \" T\", \"T \""),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("2 findings in all"), "{}", ran.stderr);
    lines.retain(|line| line[3] != "T");
    as_csv(&reply, &lines);
    let out = world.path("decisions.csv");
    import(&world, &[&reply], &["--out", text(&out)]).expect(0);
    assert_eq!(decided(&out), ["S1", "S2 "]);
    // Spreadsheets of some countries write semicolons.
    let semicolons: Vec<String> = lines.iter().map(|line| line.join(";")).collect();
    fs::write(&reply, semicolons.join("\r\n")).expect("written");
    let ran = import(&world, &[&reply], &[]).expect(0);
    assert!(ran.stdout.contains("void            2 settlements"), "{}", ran.stdout);
}

#[test]
fn two_spellings_of_a_person_are_one_person_in_a_reply() {
    let world = open(&["A"]);
    for name in ["张 三", "\u{3000}张三", "张\u{200b}三\u{feff}", "\u{202e}张三", "张三\u{fe00}"]
    {
        let mut lines = answered(&world);
        name.clone_into(&mut lines[1][11]);
        as_csv(&world.path("reply.csv"), &lines);
        let ran = import(&world, &[&world.path("reply.csv")], &[]).expect(3);
        assert!(ran.stderr.contains("C04 "), "{name:?}: {}", ran.stderr);
    }
}

#[test]
fn setl_ids_in_two_spellings_are_pointed_out() {
    let world = World::new();
    world.deliver(
        "2025-10",
        "treating/a.parquet",
        &["S1 ", "S2", "s\u{200b}3", "S4"].map(Row::new),
    );
    world.deliver("2025-10", "insured/a.parquet", &["S1", "Ｓ２", "S3", "S5"].map(Row::new));
    world.run("2025-10").expect(0);
    statements(&world);
    for file in ["breaks.csv", "reply.csv"] {
        let notes: Vec<(String, String)> = spreadsheet(&world.path("out/34").join(file))
            .into_iter()
            .map(|row| (row["结算ID"].clone(), row["说明"].clone()))
            .filter(|(_, note)| !note.is_empty())
            .collect();
        let note = |other: &str| format!("与对方 「{other}」 仅空格、大小写或全半角不同");
        let expected = [
            ("S1", "S1 "),
            ("S1 ", "S1"),
            ("S2", "Ｓ２"),
            ("S3", "s\\u{200b}3"),
            ("s\u{200b}3", "S3"),
            ("Ｓ２", "S2"),
        ];
        assert_eq!(notes, expected.map(|(id, other)| (id.to_owned(), note(other))), "{file}");
    }
    let (book, page) = (world.book(), world.path("page.html"));
    bounded(&["report", "--period", "2025-10", "--book", text(&book), "--out", text(&page)])
        .expect(0);
    let page = fs::read_to_string(page).expect("read");
    assert!(page.contains("一个") || page.contains("写法不同的同一结算ID"), "no list");
    for id in ["「S1 」", "「Ｓ２」", "「s\\u{200b}3」"] {
        assert!(page.contains(id), "{id}");
    }
    assert!(!page.contains("「S4」"), "S4 has no twin");
}

/// A file that claims to be of so many bytes.
fn claims(path: &Path, bytes: u64) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    File::create(path).and_then(|file| file.set_len(bytes)).expect("sparse");
}

#[test]
fn small_files_beyond_all_bounds_are_findings() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let input = world.input("2025-10");
    let files = [
        "control-totals.csv",
        "deductions.csv",
        "decisions.csv",
        "permits.csv",
        "quota-changes.csv",
        "payments.csv",
    ];
    for name in files {
        claims(&input.join(name), 3 << 30);
    }
    let quotas = world.path("quotas.csv");
    claims(&quotas, 3 << 30);
    let book = world.book();
    let run = ["run", "--period", "2025-10", "--input", text(&input), "--book", text(&book)];
    let ran = bounded(&[&run[..], &["--opening-quotas", text(&quotas)]].concat()).expect(3);
    assert!(
        ran.stderr.contains("S11 control-totals.csv: found more than 256 MiB"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("the same in 6 files more"), "{}", ran.stderr);
    for name in files {
        fs::remove_file(input.join(name)).expect("removed");
    }
    // A quote that is never closed, and more findings than anybody reads.
    let names = "ddct_id,setl_id,amount,reason_code,decided_on\n";
    fs::write(input.join("deductions.csv"), format!("{names}a,\"{}", "x\n".repeat(600_000)))
        .expect("written");
    let bad = "n,2025-11-31,1.0.0,b,s\n".repeat(60_000);
    let payments = format!("notice_id,paid_on,amount,bank_name,bank_serial\n{bad}");
    fs::write(input.join("payments.csv"), payments).expect("written");
    let ran = bounded(&run).expect(3);
    let long = "S11 deductions.csv, line 2: found a line of more than 1 MiB";
    assert!(ran.stderr.contains(long), "{}", &ran.stderr[..2_000]);
    assert!(
        ran.stderr.contains("payments.csv: found 20000 findings more in this file"),
        "not counted"
    );
    let listed = ran.stderr.lines().filter(|line| line.starts_with("  S0")).count();
    assert!((2_000..2_010).contains(&listed), "{listed}");
    assert!(!book.exists());
}

#[test]
fn files_that_commands_name_are_bounded() {
    let world = open(&["A"]);
    let (book, input) = (world.book(), world.input("2025-10"));
    let out = world.path("new");
    let large = world.path("large");
    claims(&large, 3 << 30);
    for file in [&large, Path::new("/dev/zero")] {
        let file = text(file);
        let run = ["run", "--period", "2025-11", "--input", text(&input), "--book", text(&book)];
        let made = ["--book", text(&book), "--period", "2025-10", "--out", text(&out)];
        bounded(&[&run[..], &["--rules", file]].concat()).expect(2);
        bounded(&["run", file]).expect(2);
        bounded(&["check", file]).expect(2);
        bounded(&[&run[..], &["--sign-key", file]].concat()).expect(2);
        bounded(&["verify", "--book", text(&book), "--trusted-keys", file]).expect(2);
        bounded(&[&["statements"], &made[..], &["--forms", file]].concat()).expect(2);
        bounded(&[&["statements"], &made[..], &["--pseudonym-key", file]].concat()).expect(2);
        bounded(&[&["bulletin"], &made[..], &["--registry", file]].concat()).expect(2);
        bounded(&[
            "synth",
            "--out",
            text(&out),
            "--period",
            "2025-10",
            "--settlements",
            "9",
            "--breaks",
            file,
        ])
        .expect(2);
        let ran = import(&world, &[Path::new(file)], &[]).expect(3);
        assert!(
            ran.stderr.contains("T03 ") && ran.stderr.contains("more than 256 MiB"),
            "{}",
            ran.stderr
        );
        assert!(!out.exists(), "{file}");
    }
    // A manifest that somebody blew up.
    claims(&book.join("2025-10/manifest.json"), 3 << 30);
    let ran =
        bounded(&[&["status", "--book", text(&book)], &["--as-of", "2025-12-01"][..]].concat());
    ran.expect(4);
    bounded(&["verify", "--book", text(&book)]).expect(5);
}

/// A good workbook whose part is another one.
fn with_part(good: &[u8], name: &str, part: &mut dyn Read) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(good)).expect("an archive");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let names: Vec<String> =
        archive.file_names().map(|name| name.expect("UTF-8").into_owned()).collect();
    let packed = SimpleFileOptions::default();
    for of in names.iter().filter(|of| *of != name) {
        writer.start_file(of.as_str(), packed).expect("a part");
        std::io::copy(&mut archive.by_name(of).expect("a part"), &mut writer).expect("copied");
    }
    writer.start_file(name, packed).expect("a part");
    std::io::copy(part, &mut writer).expect("copied");
    writer.finish().expect("an archive").into_inner()
}

/// Reads a text over and over: so many bytes.
fn over_and_over(text: &'static str, bytes: u64) -> impl Read {
    struct Over(&'static [u8], usize);
    impl Read for Over {
        fn read(&mut self, mut into: &mut [u8]) -> std::io::Result<usize> {
            let Over(text, at) = self;
            let written = into.write(&text[*at % text.len()..])?;
            *at += written;
            Ok(written)
        }
    }
    Over(text.as_bytes(), 0).take(bytes)
}

fn assert_refused(world: &World, bytes: &[u8], expected: &str) {
    let path: PathBuf = world.path("hostile.xlsx");
    fs::write(&path, bytes).expect("written");
    let ran = import(world, &[&path], &[]).expect(3);
    assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
}

/// A good reply as a workbook, with a cell in the last column of the last row, which says nothing.
fn good(world: &World) -> Vec<u8> {
    let lines = answered(world);
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(&lines) {
        for (column, value) in (0..).zip(line) {
            sheet.write_string(row, column, value).expect("written");
        }
    }
    sheet.write_number(1_048_575, 16_383, 1).expect("written");
    workbook.save_to_buffer().expect("saved")
}

#[test]
fn a_workbook_takes_no_more_than_it_is_worth() {
    let world = open(&["A"]);
    let good = good(&world);
    let path = world.path("far.xlsx");
    fs::write(&path, &good).expect("written");
    let ran = import(&world, &[&path], &[]).expect(0);
    assert!(ran.stdout.contains("void            1 settlement"), "{}", ran.stdout);

    let of = |name, part: &str| with_part(&good, name, &mut part.as_bytes());
    let sheet = |cells: &str| {
        of(
            "xl/worksheets/sheet1.xml",
            &format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"),
        )
    };
    let (sheet1, texts) = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml");
    let damaged = "T01 ";
    // Claims of a count reserve nothing; places beyond the last one are damage.
    assert_refused(&world, &of(texts, "<sst uniqueCount=\"99999999999999\"></sst>"), damaged);
    for cells in [
        "<row r=\"1\"><c r=\"ZZZZZZZZZZZZZZ1\"/></row>",
        "<row r=\"99999999999999999999\"><c/></row>",
        "<row r=\"4294967295\"/><row><c/></row><row><c/></row>",
        "<row r=\"2\"><c r=\"A2\"/></row><row r=\"1\"><c r=\"A1\" t=\"s\"><v>7777</v></c></row>",
        "<row r=\"1\"><c t=\"s\"><v>-1</v></c></row>",
        "<row r=\"1\"><c t=\"inlineStr\"><is><t>&a;</t></is></c></row>",
    ] {
        assert_refused(&world, &sheet(cells), damaged);
    }
    let bomb = "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]><sst><si><t>&b;</t></si></sst>";
    assert_refused(&world, &of(texts, bomb), damaged);
    let deep = "<a>".repeat(100_000);
    assert_refused(&world, &sheet(&deep), "T03 ");
    let long = format!(
        "<row r=\"1\"><c t=\"inlineStr\"><is><t>{}</t></is></c></row>",
        "x".repeat(2 << 20)
    );
    assert_refused(&world, &sheet(&long), "T03 ");
    let runs = format!(
        "<row><c t=\"inlineStr\"><is>{}</is></c></row>",
        "<r><t>xxxxxxxxxxxxxxx</t></r>".repeat(90_000)
    );
    assert_refused(&world, &sheet(&runs), "T03 ");
    // Megabytes that unpack to more than is held, or read.
    let mut shared = over_and_over("<sst><si><t>x</t></si>", 300 << 20);
    assert_refused(&world, &with_part(&good, texts, &mut shared), "T03 ");
    let mut styles = over_and_over("<xf/>", 9 << 20);
    assert_refused(
        &world,
        &with_part(&good, "xl/styles.xml", &mut styles),
        "xl/styles.xml is too large",
    );
    let mut blanks =
        "<worksheet><sheetData>".as_bytes().chain(over_and_over("<c/>", (512 << 20) + 9));
    assert_refused(
        &world,
        &with_part(&good, sheet1, &mut blanks),
        "xl/worksheets/sheet1.xml is too large",
    );
}

#[test]
fn sheets_by_the_thousand_and_what_is_no_workbook_are_refused() {
    let world = open(&["A"]);
    let good = good(&world);
    let of = |name, part: &str| with_part(&good, name, &mut part.as_bytes());
    let many = |id: &str| {
        let sheets = (0..5_000).map(|n| {
            format!("<sheet name=\"s{n}\" r:id=\"{}\"/>", id.replace('#', &n.to_string()))
        });
        format!("<workbook><sheets>{}</sheets></workbook>", sheets.collect::<String>())
    };
    let relations = (0..5_000).map(|n| {
        format!("<Relationship Id=\"n{n}\" Type=\"x/worksheet\" Target=\"worksheets/{n}.xml\"/>")
    });
    let relations = format!("<Relationships>{}</Relationships>", relations.collect::<String>());
    let book = of("xl/_rels/workbook.xml.rels", &relations);
    let book = with_part(&book, "xl/workbook.xml", &mut many("n#").as_bytes());
    assert_refused(&world, &book, "more than 64 sheets");
    let path = world.path("one.xlsx");
    fs::write(&path, of("xl/workbook.xml", &many("rId1"))).expect("written");
    import(&world, &[&path], &[]).expect(0);
    assert_refused(&world, b"PK\x03\x04", "no workbook, or a damaged one");
    assert_refused(&world, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an encrypted workbook");
    assert_refused(&world, &b"PK\x01\x02".repeat(20_000), "more than 10000 parts");
}
