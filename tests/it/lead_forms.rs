//! Forms of leads as they come back: cut off, with other line ends, with formulas, of another province; and the leads
//! that they are compared with.

use std::{
    fs,
    io::{Cursor, Read, Write},
    path::Path,
};

use rust_xlsxwriter::{Formula, Workbook};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    leads::{ANSWER, SIGNED, answer, form, handed_out, place, read, refused, save, so},
    world::{PROGRAM, Ran, Row, World, names_in, program},
};

#[test]
fn every_line_counts_whatever_ends_it_and_findings_name_it() {
    let world = World::new();
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    let path = world.path("form.csv");
    let setl = place(&lines, "setl_id");
    let open = place(&lines, "open");
    let mut answered = 0;
    for line in 1..lines.len() {
        if lines[line][open].starts_with('是') {
            answered += 1;
            let (lead, id) = (lines[line][0].clone(), lines[line][setl].clone());
            // Of A only one lead deducts.
            answer(&mut lines, &lead, &id, so(""));
        }
    }
    // A text with a line break: the lines behind it are lines of the file.
    let reason = place(&lines, "reason");
    lines[1][reason] = "一\n二".to_owned();
    for delimiter in *b",;\t" {
        for gb in [false, true] {
            save(&path, &lines, delimiter, gb);
            let plain = fs::read(&path).expect("read");
            for end in ["\n", "\r\n", "\r"] {
                let bytes = with_line_ends(&plain, end);
                fs::write(&path, &bytes).expect("written");
                let found = read(&[&path], &leads, None);
                assert_eq!((found.answered, found.unanswered), (answered, 0), "{end:?} {gb}");
                // A blank line first, and nobody who approved the last line.
                let mut faulty = lines.clone();
                let (last, approved) = (lines.len() - 1, place(&lines, "approved_by"));
                faulty[1][approved].clear();
                faulty[last][approved].clear();
                save(&path, &faulty, delimiter, gb);
                let bytes = with_line_ends(&fs::read(&path).expect("read"), end);
                fs::write(&path, [end.as_bytes(), &bytes].concat()).expect("written");
                let found = refused(&[&path], &leads, None);
                assert_eq!(found.len(), 2, "{found:?}");
                assert!(found[0].contains(" line 3, "), "{end:?}: {found:?}");
                let last = format!(" line {}, ", last + 3);
                assert!(found[1].contains(&last), "{end:?}: {found:?}");
            }
        }
    }
}

/// The bytes with other line ends.
fn with_line_ends(bytes: &[u8], end: &str) -> Vec<u8> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    lines.join(end.as_bytes())
}

#[test]
fn a_form_that_was_cut_off_within_quotes_gives_nothing() {
    let world = World::new();
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    answer(&mut lines, "BEH-07-000001", "A", so("1"));
    answer(&mut lines, "BEH-07-000001", "B", so("1"));
    let reason = place(&lines, "reason");
    for line in lines.iter_mut().filter(|line| line[reason] == SIGNED[0]) {
        "一，\"二\"".clone_into(&mut line[reason]);
    }
    let path = world.path("form.csv");
    save(&path, &lines, b',', false);
    let whole = fs::read_to_string(&path).expect("read");
    assert_eq!(read(&[&path], &leads, None).answered, 2);
    let end = whole.rfind("二").expect("a reason") + "二".len();
    fs::write(&path, &whole[..end]).expect("written");
    let found = refused(&[&path], &leads, None);
    assert!(found[0].starts_with("W01 ") && found[0].contains("ends within quotes"), "{found:?}");
}

#[test]
fn a_formula_without_a_value_is_no_empty_cell() {
    let world = World::new();
    let leads = handed_out(&world);
    let lines = form(&leads, "31");
    let mut line = lines.iter().find(|line| line[0] == "BEH-07-000001").expect("a line").clone();
    let mut asked = vec![lines[0].clone()];
    let entries = so("1");
    for (name, entry) in ANSWER.into_iter().zip(entries) {
        entry.clone_into(&mut line[place(&lines, name)]);
    }
    asked.push(line);
    let path = world.path("form.xlsx");
    for name in ANSWER {
        let at = place(&lines, name);
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, line) in (0..).zip(&asked) {
            for (column, cell) in (0..).zip(line) {
                if row == 1 && usize::from(column) == at {
                    let formula = Formula::new("=A9").set_result("0");
                    sheet.write_formula(row, column, formula).expect("written");
                } else {
                    sheet.write_string(row, column, cell).expect("written");
                }
            }
        }
        fs::write(&path, without_values(&book.save_to_buffer().expect("saved"))).expect("written");
        let found = refused(&[&path], &leads, None);
        assert_eq!(found.len(), 1, "{found:?}");
        let words = found[0].starts_with("W03 ") && found[0].contains("a formula without a value");
        assert!(words && found[0].contains(name), "{found:?}");
    }
}

/// A workbook whose formula was never calculated.
fn without_values(book: &[u8]) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(book)).expect("an archive");
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..from.len() {
        let mut part = from.by_index(at).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("read");
        if name == "xl/worksheets/sheet1.xml" {
            let text = String::from_utf8(bytes).expect("text");
            assert!(text.contains("</f><v>0</v>"));
            bytes = text.replace("</f><v>0</v>", "</f>").into_bytes();
        }
        to.start_file(name, SimpleFileOptions::default()).expect("begun");
        to.write_all(&bytes).expect("written");
    }
    to.finish().expect("written").into_inner()
}

#[test]
fn whose_form_it_is_every_answered_line_says() {
    let world = World::new();
    let leads = handed_out(&world);
    let path = world.path("form.csv");
    for (pack, expected) in [
        ("", Some("an entry of no province on a line of 31: pack is empty")),
        ("44 广东省", Some("an entry of 44 广东省 on a line of 31")),
        ("310", Some("an entry of 310 on a line of 31")),
        ("31", None),
    ] {
        let mut lines = form(&leads, "31");
        let at = place(&lines, "pack");
        answer(&mut lines, "BEH-07-000001", "A", so("1"));
        for line in &mut lines[1..] {
            pack.clone_into(&mut line[at]);
        }
        save(&path, &lines, b',', false);
        match expected {
            Some(expected) => {
                let found = refused(&[&path], &leads, None);
                assert!(found.len() == 1 && found[0].starts_with("W02 "), "{found:?}");
                assert!(found[0].contains(expected), "{found:?}");
            }
            None => assert_eq!(read(&[&path], &leads, None).answered, 1),
        }
    }
}

#[test]
fn leads_that_were_changed_take_no_reply() {
    let world = World::new();
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    answer(&mut lines, "BEH-07-000001", "A", so("1"));
    let path = world.path("form.csv");
    save(&path, &lines, b',', false);
    for name in ["leads.parquet", "lead_settlements.parquet"] {
        let whole = fs::read(leads.join(name)).expect("read");
        let mut other = whole.clone();
        *other.last_mut().expect("a byte") ^= 1;
        fs::write(leads.join(name), other).expect("written");
        let found = refused(&[&path], &leads, None);
        assert!(found.len() == 1 && found[0].starts_with(&format!("W06 {name}")), "{found:?}");
        fs::remove_file(leads.join(name)).expect("removed");
        let found = refused(&[&path], &leads, None);
        assert!(found[0].contains("no file, although SHA256SUMS names it"), "{found:?}");
        fs::write(leads.join(name), whole).expect("written");
    }
    assert_eq!(read(&[&path], &leads, None).answered, 1);
    fs::write(leads.join("SHA256SUMS"), "").expect("written");
    let found = refused(&[&path], &leads, None);
    assert!(found.len() == 2 && found[1].contains("no line of lead_settlements.parquet"));
}

#[test]
fn deductions_replace_no_form_and_no_lead() {
    let world = World::new();
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    answer(&mut lines, "BEH-07-000001", "A", so("799.5"));
    let form = world.path("form.csv");
    save(&form, &lines, b',', false);
    let import = |out: &Path| {
        let mut command = program();
        command.args(["review", "import", "--force"]).arg(&form);
        command.arg("--leads").arg(&leads).arg("--out").arg(out);
        Ran::from(command.output().expect("started"))
    };
    let before = fs::read(&form).expect("read");
    let roundabout = leads.join("..").join("form.csv");
    for out in [&form, &roundabout] {
        let ran = import(out).expect(2);
        assert!(ran.stderr.contains("is one of the forms that are read"), "{}", ran.stderr);
    }
    for name in ["leads.parquet", "provinces/31/leads.csv", "new.csv"] {
        let ran = import(&leads.join(name)).expect(2);
        assert!(ran.stderr.contains("is in the folder of the leads"), "{}", ran.stderr);
    }
    assert_eq!(fs::read(&form).expect("read"), before);
    assert!(!leads.join("new.csv").exists());
    let ran = import(&world.path("deductions.csv")).expect(0);
    assert!(ran.stdout.contains("1 deduction, 799.50 yuan"), "{}", ran.stdout);
}

#[test]
fn a_disk_that_is_full_while_a_workbook_is_written_is_6() {
    let world = World::new();
    let one_person = |n: u32| Row::new(&format!("S{n}"));
    let rows: Vec<Row> = (0..2_000).map(one_person).collect();
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    let out = world.path("out");
    let review = |limit: &str| {
        let mut command = std::process::Command::new("sh");
        let script = format!("{limit} exec \"$0\" \"$@\"");
        command.env("LC_ALL", "C").args(["-c", &script, PROGRAM]);
        command.args(["review", "-q", "--input"]).arg(world.path("in/2025-10"));
        command.arg("--out").arg(&out);
        Ran::from(command.output().expect("started"))
    };
    review("").expect(0);
    let names = names_in(&world.path(""));
    let length = |province: &str| {
        let form = out.join("provinces").join(province).join("leads.csv");
        fs::metadata(form).expect("a file").len()
    };
    // A sheet is longer than the CSV. A limit on the length of files stands for the end of the disk.
    let blocks = length("31").max(length("34")) / 512 + 8;
    fs::remove_dir_all(&out).expect("removed");
    let ran = review(&format!("ulimit -f {blocks};")).expect(6);
    assert!(
        ran.stderr.contains("leads.xlsx") && ran.stderr.contains("too large"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("panic") && !ran.stderr.contains("drop"), "{}", ran.stderr);
    let left: Vec<_> = names.into_iter().filter(|name| name != "out").collect();
    assert_eq!(names_in(&world.path("")), left);
}

/// What may be a slip is told, and is no reason to refuse; a form may be filled in where the review has put it. A file of
/// deductions is replaced by one that has them too.
#[test]
fn slips_are_noted_and_no_deduction_is_lost() {
    let world = World::new();
    let leads = handed_out(&world);
    let fill = |id: &str, direction: &str, day: &str| {
        let mut lines = form(&leads, "31");
        answer(&mut lines, "BEH-07-000001", id, so("1"));
        let [at, setl, on] = ["direction", "setl_id", "decided_on"].map(|name| place(&lines, name));
        for line in lines.iter_mut().filter(|line| line[setl] == id && !line[on].is_empty()) {
            direction.clone_into(&mut line[at]);
            day.clone_into(&mut line[on]);
        }
        lines
    };
    let path = leads.join("provinces/31/leads.csv");
    let handed = fs::read(&path).expect("read");
    save(&path, &fill("A", "少付 underpaid", "2019-01-01"), b',', false);
    let notes: Vec<String> =
        read(&[&path], &leads, None).notes.iter().map(|note| note.found.to_string()).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(notes[0], "an amount, and the fund paid too little");
    assert!(notes[1].starts_with("decided_on 2019-01-01, before the last day of the lead, "));
    fs::write(&path, handed).expect("written");
    let one = world.path("one.csv");
    save(&one, &fill("A", "多付 overpaid", "2026-06-01"), b',', false);
    assert!(read(&[&one], &leads, None).notes.is_empty());
    let other = world.path("other.csv");
    save(&other, &fill("B", "", "2026-06-01"), b',', false);
    let out = world.path("below/deductions.csv");
    let import = |forms: &[&Path]| {
        let mut command = program();
        command.args(["review", "import"]).args(forms).arg("--leads").arg(&leads);
        Ran::from(command.arg("--out").arg(&out).arg("--force").output().expect("started"))
    };
    import(&[&one]).expect(0);
    let ran = import(&[&other]).expect(2);
    assert!(ran.stderr.contains("FC-A") && ran.stderr.contains("in one command"), "{}", ran.stderr);
    import(&[&one, &other]).expect(0);
    assert_eq!(fs::read_to_string(&out).expect("read").lines().count(), 3);
}
