//! Text cases: the files of `tests/cases`, each a book of some periods with the rows of its tables.
//!
//! Lines that start with `#` are remarks. An indented line belongs to the heading above it:
//!
//! ```text
//! == 2025-10 --as-of 2025-11-30          a period and further flags
//! treating:                              rows of a side; or `insured:`, `both:`, `treating/x.parquet:`
//!   A month=2025-09 hifp_pay=600.00      setl_id, then what differs from the default row; `name=` is null
//! decisions.csv:                         a small file as it is
//!   setl_id,decision,...
//! insured/b.parquet = 2025-10/treating/a.parquet    the bytes of another file
//! expect exit 3                          by default 0
//! expect findings:                       code and place of each finding
//! expect breaks: setl_id class side      some columns of a table; `-` is null
//!   A missing_insured treating
//! expect accepted: 2025-10               the codes that the manifest lists as accepted
//! ```
//!
//! In a value of a row `␣` stands for a blank, and `infinity` for the time that databases export so.
//! Unless a period speaks of G04 or `--accept`, a first one without opening quotas is meant.
//! A side without rows delivers an empty file; rows of `control` without any row are left out.
//! `UPDATE_CASES=1` rewrites the expectations; each has to be checked against the contract then.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
};

use liangqing::{book::manifest::Manifest, model::fields::Field};

use crate::world::{Ran, Row, World};

/// A heading and the indented lines below it.
struct Block {
    heading: String,
    lines: Vec<String>,
}

/// A period of a case.
#[derive(Default)]
struct Period<'a> {
    name: &'a str,
    flags: Vec<&'a str>,
    files: BTreeMap<String, Vec<Row>>,
    small_files: Vec<(&'a str, String)>,
    copies: Vec<(&'a str, &'a str)>,
    asking: bool,
    exit: i32,
}

#[test]
fn every_case_comes_out_as_written() {
    let folder = crate::world::root().join("tests/cases");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("cases")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 25, "{} cases", paths.len());
    let update = std::env::var_os("UPDATE_CASES").is_some_and(|value| value == "1");
    let mut failures = String::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("UTF-8");
        let (found, problems) = play(&text);
        if problems.is_empty() {
            continue;
        }
        if update {
            fs::write(&path, found).expect("written");
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        write!(failures, "\n{name}\n{problems}").expect("written");
    }
    assert!(failures.is_empty() || update, "{failures}");
}

/// Plays a case; gives its text with the expectations that would hold, and what differs.
fn play(text: &str) -> (String, String) {
    let mut blocks = blocks(text);
    let world = World::new();
    let mut problems = String::new();
    let mut start = 0;
    while start < blocks.len() {
        let next = blocks[start + 1..].iter().position(|block| block.heading.starts_with("== "));
        let end = next.map_or(blocks.len(), |next| start + 1 + next);
        if blocks[start].heading.starts_with("== ") {
            play_period(&world, &mut blocks[start..end], &mut problems);
        }
        start = end;
    }
    // Whatever the book is like: it is in order.
    if world.book().exists() {
        let verified = world.verify(&[]);
        if verified.status != 0 {
            writeln!(problems, "  the book does not verify\n{}", verified.stderr).expect("written");
        }
    }
    let mut out = String::new();
    for Block { heading, lines } in blocks {
        writeln!(out, "{heading}").expect("written");
        for line in lines {
            writeln!(out, "{line}").expect("written");
        }
    }
    (out, problems)
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines() {
        match blocks.last_mut() {
            Some(block) if line.starts_with("  ") => block.lines.push(line.to_owned()),
            _ => blocks.push(Block { heading: line.to_owned(), lines: Vec::new() }),
        }
    }
    blocks
}

fn play_period(world: &World, blocks: &mut [Block], problems: &mut String) {
    let period = period(blocks);
    let name = period.name.to_owned();
    for side in ["treating", "insured"] {
        let copied = period.copies.iter().any(|(to, _)| to.starts_with(side));
        // A period may be tried again.
        let there = copied || world.input(&name).join(side).exists();
        if !there && !period.files.keys().any(|file| file.starts_with(side)) {
            world.deliver(&name, &format!("{side}/a.parquet"), &[]);
        }
    }
    for (file, rows) in &period.files {
        world.deliver(&name, file, rows);
    }
    for (file, text) in &period.small_files {
        world.small_file(&name, file, text);
    }
    for (to, from) in &period.copies {
        let to = world.input(&name).join(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(world.path("in").join(from), to).expect("copied");
    }
    let flags: Vec<&str> = period.flags.iter().copied().chain(["--independent"]).collect();
    let command = || if period.asking { world.asking_command(&name) } else { world.command(&name) };
    let checked = command().args(&period.flags).args(["--check", "--format", "json"]).output();
    let ran: Ran = command().args(&flags).output().expect("started").into();
    rehearsed(&checked.expect("started").into(), &ran, problems);
    if ran.status != period.exit {
        let (exit, stderr) = (period.exit, &ran.stderr);
        writeln!(problems, "  {name}: exit {}, expected {exit}\n{stderr}", ran.status)
            .expect("written");
        return;
    }
    for block in blocks.iter_mut() {
        let Some((table, columns)) =
            block.heading.strip_prefix("expect ").and_then(|rest| rest.split_once(':'))
        else {
            continue;
        };
        let rows = match table {
            "findings" => findings(&ran.stderr),
            "accepted" => accepted(world, columns.trim()),
            _ => rows(world, &name, table, &columns.split_whitespace().collect::<Vec<_>>()),
        };
        let tokens = |line: &String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let expected: Vec<Vec<String>> = block.lines.iter().map(tokens).collect();
        if expected != rows {
            writeln!(problems, "  {name} {table}:{columns}").expect("written");
            problems.push_str(&difference(&expected, &rows));
            block.lines = aligned(&rows);
        }
    }
}

fn period(blocks: &[Block]) -> Period<'_> {
    let mut words = blocks[0].heading["== ".len()..].split_whitespace();
    let name = words.next().expect("a period");
    let mut period = Period { name, flags: words.collect(), ..Period::default() };
    let speaks = |block: &Block| block.lines.iter().any(|line| line.trim().starts_with("G04 "));
    period.asking = period.flags.contains(&"--accept") || blocks.iter().any(speaks);
    for Block { heading, lines } in &blocks[1..] {
        if let Some(exit) = heading.strip_prefix("expect exit ") {
            period.exit = exit.parse().expect("a number");
        }
        let copy = heading.split_once(" = ").filter(|(to, _)| to.ends_with(".parquet"));
        period.copies.extend(copy);
        let Some(file) = heading.strip_suffix(':').filter(|file| !file.starts_with("expect"))
        else {
            continue;
        };
        let rows = || lines.iter().map(|line| row(line, name)).collect::<Vec<_>>();
        match file {
            "both" => {
                for side in ["treating", "insured"] {
                    period.files.entry(format!("{side}/a.parquet")).or_default().extend(rows());
                }
            }
            "treating" | "insured" => {
                period.files.entry(format!("{file}/a.parquet")).or_default().extend(rows());
            }
            _ if file.ends_with(".parquet") => {
                period.files.insert(file.to_owned(), rows());
            }
            _ => {
                let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
                period.small_files.push((file, format!("{}\n", lines.join("\n"))));
            }
        }
    }
    period
}

fn row(line: &str, period: &str) -> Row {
    let mut words = line.split_whitespace();
    let setl_id = words.next().expect("a setl_id");
    let mut row = Row::new(setl_id).in_month(period);
    for word in words {
        let (name, value) = word.split_once('=').expect("name=value");
        row = match (name, value) {
            ("month", month) => row.in_month(month),
            ("time", time) => row.with(Field::setl_time, time.replace('T', " ")),
            _ => {
                let named = Field::of_column(name).unwrap_or_else(|| panic!("{name}"));
                let field = named.field;
                let value = value.replace('␣', " ");
                if value.is_empty() { row.without(field) } else { row.with(field, value) }
            }
        };
    }
    row
}

fn rows(world: &World, period: &str, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let rows = world.table(period, table, columns);
    if table != "control" {
        return rows;
    }
    let counts = world.table(period, table, &["rows"]);
    rows.into_iter().zip(counts).filter(|(_, count)| count[0] != "0").map(|(row, _)| row).collect()
}

/// A check before the run refuses what the run then refuses when it reads, with the same findings, and nothing else.
fn rehearsed(checked: &Ran, ran: &Ran, problems: &mut String) {
    let report: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap_or_default();
    let found = report["findings"].as_array().into_iter().flatten();
    let found: BTreeSet<(String, String)> = found
        .map(|finding| ["code", "file"].map(|key| finding[key].as_str().unwrap_or_default()))
        .map(|[code, file]| (code.to_owned(), file.to_owned()))
        .collect();
    let refused = findings(&ran.stderr).into_iter().filter_map(|words| {
        let file = words.get(1)?.trim_end_matches(',').to_owned();
        Some((words[0].clone(), file))
    });
    let refused: BTreeSet<(String, String)> = refused.collect();
    let is_later = |code: &str| code == "G03" || code.starts_with(['C', 'Q']);
    let fits = match (checked.status, ran.status) {
        (3, 3) => found == refused,
        (0, 3) => !refused.is_empty() && refused.iter().all(|(code, _)| is_later(code)),
        (checked, ran) => checked == ran,
    };
    if !fits {
        let (checked, ran) = (checked.status, ran.status);
        writeln!(problems, "  check: exit {checked} {found:?}, run: exit {ran} {refused:?}")
            .expect("written");
    }
}

/// Code and place of each finding on stderr; where others say the same, these too.
fn findings(stderr: &str) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for line in stderr.lines() {
        let same = line.trim_start().strip_prefix("the same in ").and_then(|l| l.split_once(": "));
        if let (Some((_, files)), Some(first)) = (same, found.last().cloned()) {
            let others = files.split(", ").map(|file| vec![first[0].clone(), file.to_owned()]);
            found.extend(others);
        } else if let Some((place, _)) =
            line.strip_prefix("  ").and_then(|line| line.split_once(": found "))
        {
            found.push(place.split_whitespace().map(str::to_owned).collect());
        }
    }
    found
}

/// The codes that the manifest of a period lists as accepted.
fn accepted(world: &World, period: &str) -> Vec<Vec<String>> {
    let (manifest, _) = Manifest::read(&world.book().join(period)).expect("a manifest");
    manifest.accepted.into_iter().map(|code| vec![code]).collect()
}

fn difference(expected: &[Vec<String>], found: &[Vec<String>]) -> String {
    let mut out = String::new();
    let lines = |rows: &[Vec<String>]| aligned(rows);
    for (line, row) in lines(expected).iter().zip(expected) {
        let mark = if found.contains(row) { ' ' } else { '-' };
        writeln!(out, "  {mark}{line}").expect("written");
    }
    writeln!(out, "    found:").expect("written");
    for (line, row) in lines(found).iter().zip(found) {
        let mark = if expected.contains(row) { ' ' } else { '+' };
        writeln!(out, "  {mark}{line}").expect("written");
    }
    out
}

/// Rows as indented lines whose columns stand below each other.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$} "));
        format!("  {}", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}
