//! What is built in: `rules` prints it, and `run` and `check` know the pipelines by name, without the source tree.

use std::{fs, path::Path};

use crate::world::{Ran, Row, World, program, root};

fn inside(folder: &Path, arguments: &[&str]) -> Ran {
    program().args(arguments).current_dir(folder).output().expect("started").into()
}

const PIPELINES: [&str; 4] = ["month-end", "audit-rerun", "national-benchmark", "cluster"];

#[test]
fn everything_built_in_is_printed_as_it_is() {
    let world = World::new();
    let file = |name: &str| match name {
        "breaks" => root().join("src/synth/breaks.toml"),
        name => root().join(format!("pipelines/{name}.toml")),
    };
    for name in ["rules", "review", "forms", "sentences", "breaks", "benefits/xian"]
        .into_iter()
        .chain(PIPELINES)
    {
        let printed = inside(&world.path(""), &["rules", name]).expect(0).stdout;
        assert_eq!(printed, fs::read_to_string(file(name)).expect("read"), "{name}");
    }
    let whole = fs::read_to_string(file("rules")).expect("read");
    assert_eq!(inside(&world.path(""), &["rules"]).expect(0).stdout, whole);
    inside(&world.path(""), &["rules", "nonsense"]).expect(2);
    let written = inside(&world.path(""), &["rules", "--out", "mine.toml"]).expect(0).stdout;
    assert_eq!(written, "written   mine.toml\n");
    assert_eq!(fs::read_to_string(world.path("mine.toml")).expect("read"), whole);
    fs::write(world.path("mine.toml"), "edited").expect("written");
    let refused = inside(&world.path(""), &["rules", "--out", "mine.toml"]).expect(2).stderr;
    assert!(refused.contains("mine.toml is there already"), "{refused}");
    assert_eq!(fs::read_to_string(world.path("mine.toml")).expect("read"), "edited");
}

#[test]
fn every_benefit_file_is_printed() {
    let world = World::new();
    let folder = root().join("pipelines/benefits");
    let mut names = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("benefits/{}", path.file_stem().expect("a name").display());
        let printed = inside(&world.path(""), &["rules", &name]).expect(0).stdout;
        assert_eq!(printed, fs::read_to_string(path).expect("read"), "{name}");
        names += 1;
    }
    assert!(names > 0);
}

#[test]
fn pipelines_are_known_by_their_names() {
    let world = World::new();
    for name in PIPELINES {
        let good = inside(&world.path(""), &["check", name]).expect(0).stdout;
        assert!(good.starts_with(&format!("{name}: good\n")), "{good}");
        assert!(good.ends_with(&format!("pipeline  {name}, built in\n")), "{good}");
    }
    // A path is a path: it is not guessed what was meant, but told.
    let path = inside(&world.path(""), &["check", "pipelines/audit-rerun.toml"]).expect(2).stderr;
    assert!(path.contains("hint: it is built in: name it audit-rerun"), "{path}");
    let unknown = inside(&world.path(""), &["check", "audit_rerun"]).expect(2).stderr;
    assert!(unknown.contains("audit_rerun cannot be read"), "{unknown}");
}

#[test]
fn a_file_of_that_name_goes_first_and_a_folder_does_not() {
    let world = World::new();
    fs::create_dir(world.path("cluster")).expect("made");
    fs::write(world.path("month-end"), "pipeline = \"month-end\"\nbok = \"b\"\n").expect("written");
    let refused = inside(&world.path(""), &["check", "month-end"]).expect(2).stderr;
    assert!(
        refused.contains("month-end: pipeline refused") && refused.contains("bok"),
        "{refused}"
    );
    fs::write(world.path("month-end"), "pipeline = \"month-end\"\n").expect("written");
    let good = inside(&world.path(""), &["check", "month-end"]).expect(0).stdout;
    assert!(good.ends_with("pipeline  month-end, a file here\n"), "{good}");
    let run = ["run", "cluster", "--period", "2025-10", "--input", "in", "--book", "book"];
    let built_in = inside(&world.path(""), &run);
    assert!(!built_in.stderr.contains("cannot be read"), "{}", built_in.stderr);
}

#[test]
fn a_rerun_needs_no_source_tree() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("S1")]);
    world.run("2025-10").expect(0);
    let rerun = ["run", "audit-rerun", "--quiet", "--period", "2025-10", "--book", "book"];
    let rerun = [&rerun[..], &["--input", "in/{period}"]].concat();
    inside(&world.path(""), &rerun).expect(0);
}
