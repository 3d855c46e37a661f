//! `init`: a working place in which `run`, `check` and `status` work without flags, in both languages; nothing that is
//! there is replaced.

use std::{fs, path::Path, process::Command};

use crate::world::{PROGRAM, Ran, Row, World, names_in, program, root, tree};

/// The program in a folder.
fn inside(folder: &Path, arguments: &[&str]) -> Ran {
    program().args(arguments).current_dir(folder).output().expect("started").into()
}

/// A working place, with the sample month in it.
fn place(world: &World) -> std::path::PathBuf {
    inside(&world.path(""), &["init", "place"]).expect(0);
    let place = world.path("place");
    copy(&root().join("sample-data/2025-10"), &place.join("deliveries"));
    place
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").args([from, to]).status().expect("started");
    assert!(copied.success());
}

#[test]
fn a_month_closes_without_flags() {
    let world = World::new();
    let place = place(&world);
    let early = inside(&place, &["status"]).expect(2).stderr;
    assert!(early.contains("no period is closed in book") && early.contains("hint: "), "{early}");
    // The first month needs its opening quotas: everything else is looked at as well.
    let run = ["run", "--quiet", "--period", "2025-10"];
    let asked = inside(&place, &["check", "deliveries/2025-10", "--quiet"]).expect(3).stdout;
    assert!(asked.contains("G04 opening-quotas.csv") && asked.contains("31 Shanghai"), "{asked}");
    assert!(inside(&place, &run).expect(3).stderr.contains("G04 "), "the run asks too");
    fs::copy(root().join("sample-data/opening-quotas.csv"), place.join("opening-quotas.csv"))
        .expect("copied");
    let before = tree(&place);
    let ready = inside(&place, &["check", "--quiet", "--period", "2025-10"]).expect(0).stdout;
    assert!(ready.contains("\nready     "), "{ready}");
    inside(&place, &[&run[..], &["--dry-run"]].concat()).expect(0);
    assert_eq!(before, tree(&place), "neither writes anything");
    let closed = inside(&place, &run).expect(0).stdout;
    let named = "\npipeline  liangqing.toml of this folder\n";
    assert!(closed.contains(named) && closed.contains("closed    book/2025-10"), "{closed}");
    let status = inside(&place, &["status", "--as-of", "2025-12-01"]).expect(0).stdout;
    assert!(status.starts_with(&named[1..]), "{status}");
    // The opening quotas stay where they are: later months do not read them.
    copy(&root().join("sample-data/2025-11"), &place.join("deliveries"));
    inside(&place, &["check", "--quiet", "--period", "2025-11"]).expect(0);
    inside(&place, &["run", "--quiet", "--period", "2025-11"]).expect(0);
    // Given as a flag they are a mistake.
    let flag = ["run", "--quiet", "--period", "2025-12", "--opening-quotas", "opening-quotas.csv"];
    copy(&root().join("sample-data/2025-12"), &place.join("deliveries"));
    assert!(inside(&place, &flag).expect(2).stderr.contains("--opening-quotas goes with"));
    let all = ["--through", "2025-11", "--book", "book", "--input", "deliveries/{period}"];
    let rerun = ["run", "audit-rerun", "--quiet", "--period", "2025-10", "--opening-quotas"];
    let rerun = [&rerun[..], &["opening-quotas.csv"], &all].concat();
    let rerun = inside(&place, &rerun).expect(0).stdout;
    assert!(rerun.contains("2025-10") && rerun.contains("2025-11"), "{rerun}");
}

#[test]
fn empty_small_files_do_no_harm_in_a_delivery() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("S1")]);
    inside(&world.path(""), &["init", "place"]).expect(0);
    let templates = world.path("place/small-files");
    for name in names_in(&templates) {
        let text = fs::read_to_string(templates.join(&name)).expect("read");
        assert_eq!(text.lines().count(), 1, "{name} has its heading alone");
        if ["decisions", "permits", "deductions", "payments", "quota-changes", "initial-quotas"]
            .contains(&name.trim_end_matches(".csv"))
        {
            world.small_file("2025-10", &name, text);
        }
    }
    world.run("2025-10").expect(0);
}

#[test]
fn nothing_that_is_there_is_replaced() {
    let world = World::new();
    let place = world.path("place");
    fs::create_dir_all(place.join("maps")).expect("made");
    fs::write(place.join("rules.toml"), "mine").expect("written");
    let before = tree(&place);
    let refused = inside(&world.path(""), &["init", "place"]).expect(2).stderr;
    assert!(refused.contains("place has already: maps, rules.toml\n"), "{refused}");
    assert_eq!(before, tree(&place));
    // A folder with other things in it is good.
    fs::rename(place.join("maps"), place.join("other")).expect("moved");
    fs::remove_file(place.join("rules.toml")).expect("removed");
    inside(&place, &["init", "."]).expect(0);
    assert!(place.join("other").is_dir() && place.join("liangqing.toml").is_file());
    let again = inside(&place, &["init", "."]).expect(2).stderr;
    assert!(again.contains(".gitignore, README.md, deliveries, exports"), "{again}");
}

#[test]
fn what_is_written_is_in_the_language_of_the_terminal() {
    let world = World::new();
    for (lang, name) in [("zh", "中文"), ("en", "english")] {
        let made = inside(&world.path(""), &["--lang", lang, "init", name]).expect(0).stdout;
        assert!(made.contains(name), "{made}");
        let settings = fs::read_to_string(world.path(name).join("liangqing.toml")).expect("read");
        assert_eq!(settings.starts_with("# 本工作目录"), lang == "zh", "{settings}");
        assert!(
            inside(&world.path(name), &["check", "liangqing.toml"]).expect(0).stderr.is_empty()
        );
        // The guide is there in both.
        assert!(world.path(name).join("README.md").is_file(), "{name}");
        assert!(world.path(name).join("说明.md").is_file(), "{name}");
    }
}

#[test]
fn the_guides_name_what_is_there() {
    let world = World::new();
    inside(&world.path(""), &["init", "place"]).expect(0);
    let place = world.path("place");
    let guide = fs::read_to_string(place.join("README.md")).expect("read");
    for name in names_in(&place) {
        let is_named = ["README.md", "说明.md"].contains(&name.as_str()) || guide.contains(&name);
        assert!(is_named, "the guide says nothing of {name}");
    }
    let commands = guide.lines().map(str::trim).filter(|line| line.starts_with("liangqing "));
    for command in commands {
        let words: Vec<&str> = command.split(' ').skip(1).take(1).chain(["--help"]).collect();
        let known = Command::new(PROGRAM).args(&words).output().expect("started");
        assert!(known.status.success(), "{command}");
    }
}

#[test]
fn a_pipeline_of_the_working_folder_is_taken_only_where_none_is_named() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("S1")]);
    fs::write(world.path("liangqing.toml"), "pipeline = \"month-end\"\nbook = \"other\"\n")
        .expect("written");
    let run = |named: &[&str]| {
        let flags = ["--quiet", "--period", "2025-10", "--input", "in/2025-10", "--dry-run"];
        let flags = [&["run"], named, &flags, &["--accept", "G04", "--format", "json"]].concat();
        inside(&world.path(""), &flags)
    };
    let taken = run(&[]).expect(0).stdout;
    let taken: serde_json::Value = serde_json::from_str(&taken).expect("JSON");
    assert_eq!(taken["pipeline"]["from"], "working_folder");
    assert_eq!(taken["pipeline"]["name"], "liangqing.toml");
    assert_eq!(taken["check"]["files"].as_array().map(Vec::len), Some(2));
    // The built-in one has no book.
    assert!(run(&["month-end"]).expect(2).stdout.contains("--book missing"));
    let named = run(&["month-end", "--book", "book"]).expect(0).stdout;
    let named: serde_json::Value = serde_json::from_str(&named).expect("JSON");
    assert_eq!(named["pipeline"]["from"], "built_in");
}
