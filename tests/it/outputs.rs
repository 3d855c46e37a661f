//! What commands write for people: never over what is there, never into a book, never through a link.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    publish::{copy, small_book},
    world::{Ran, World, names_in, program},
};

const PERIOD: &str = "2025-10";

/// A command that writes a file or a folder.
struct Writer {
    arguments: Vec<String>,
    writes_file: bool,
    can_force: bool,
}

/// Every command with `--out`.
fn writers(world: &World) -> Vec<Writer> {
    let (book, input) = (world.book(), world.input(PERIOD));
    let (book, input) = (book.display(), input.display());
    let of_book = format!("--book {book} --period {PERIOD}");
    let writer = |arguments: String, writes_file, can_force| Writer {
        arguments: arguments.split(' ').map(str::to_owned).collect(),
        writes_file,
        can_force,
    };
    let mut query = writer(format!("query --format csv {of_book}"), true, true);
    query.arguments.push("SELECT COUNT(*) FROM pairs".to_owned());
    vec![
        query,
        writer(format!("explain -q --pair 34-31 --input {input} {of_book}"), true, true),
        writer(format!("report {of_book}"), true, true),
        writer("keygen".to_owned(), true, false),
        writer("keygen --pseudonyms v".to_owned(), true, false),
        writer(format!("statements {of_book}"), false, false),
        writer(format!("bulletin -q {of_book}"), false, false),
    ]
}

impl Writer {
    fn run(&self, out: &Path, forced: bool) -> Ran {
        let mut command = program();
        command.args(&self.arguments).arg("--out").arg(out);
        command.args((forced && self.can_force).then_some("--force"));
        command.output().expect("started").into()
    }

    /// Is refused, and changes nothing.
    #[track_caller]
    fn refused(&self, world: &World, out: &Path, forced: bool) -> String {
        let before = found_in(&world.path(""));
        let ran = self.run(out, forced);
        let what = format!("{:?} --out {}", self.arguments, out.display());
        assert_eq!(ran.status, 2, "{what}: {}{}", ran.stdout, ran.stderr);
        assert!(found_in(&world.path("")) == before, "{what}: something was written");
        ran.stderr
    }
}

/// Everything below a folder: files with their bytes, links with where they lead.
fn found_in(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for name in names_in(folder) {
        let path = folder.join(name);
        let kind = fs::symlink_metadata(&path).expect("there").file_type();
        let bytes = match () {
            () if kind.is_dir() => {
                found.extend(found_in(&path));
                Vec::new()
            }
            () if kind.is_symlink() => {
                fs::read_link(&path).expect("read").into_os_string().into_encoded_bytes()
            }
            () if kind.is_file() => fs::read(&path).expect("read"),
            () => b"neither".to_vec(),
        };
        found.insert(path, bytes);
    }
    found
}

fn scene() -> World {
    let world = small_book();
    world.run(PERIOD).expect(0);
    world
}

#[test]
fn nothing_is_written_into_a_book_or_a_side() {
    let world = scene();
    fs::create_dir(world.path("copy")).expect("made");
    copy(&world.book().join(PERIOD), &world.path("copy/old"));
    symlink(world.book().join(PERIOD), world.path("link")).expect("linked");
    let within = [
        "book/x",
        "book/2025-10/x",
        "book/2025-10/manifest.json",
        "book/2025-10/tables/x",
        "in/../book/2025-10/x",
        "link/x",
        "link/../x",
        "copy/old/x",
        "in/2025-10/treating/x.parquet",
    ];
    for writer in writers(&world) {
        for path in within {
            let told = writer.refused(&world, &world.path(path), true);
            assert!(told.contains("name a place outside of it"), "{path}: {told}");
        }
    }
    world.verify(&[]).expect(0);
}

#[test]
fn nothing_is_written_over_anything_but_a_file_that_was_given_up() {
    let world = scene();
    fs::write(world.path("file"), "precious").expect("written");
    fs::create_dir(world.path("folder")).expect("made");
    symlink("file", world.path("link")).expect("linked");
    symlink("nowhere", world.path("dangling")).expect("linked");
    let fifo = Command::new("mkfifo").arg(world.path("fifo")).status();
    assert!(fifo.is_ok_and(|status| status.success()));
    for writer in writers(&world) {
        for name in ["folder", "link", "dangling", "fifo"] {
            writer.refused(&world, &world.path(name), true);
        }
        writer.refused(&world, Path::new("/dev/null"), true);
        writer.refused(&world, &world.path("file"), !writer.writes_file || !writer.can_force);
        if writer.can_force {
            writer.run(&world.path("file"), true).expect(0);
            assert_ne!(fs::read(world.path("file")).expect("there"), b"precious");
        }
        let new = world.path("new");
        writer.run(&new, false).expect(0);
        let remove =
            if writer.writes_file { fs::remove_file } else { fs::remove_dir_all::<PathBuf> };
        let mode = fs::metadata(&new).expect("there").permissions().mode() & 0o077;
        let is_secret = writer.arguments[0] == "keygen";
        assert_eq!(mode == 0, is_secret, "{:?}: {mode:o}", writer.arguments);
        remove(new).expect("removed");
        _ = fs::remove_file(world.path("new.pub"));
    }
    let left = names_in(&world.path(""));
    assert_eq!(left, ["book", "dangling", "fifo", "file", "folder", "in", "link"]);
}

#[test]
fn replies_and_deliveries_go_by_the_same_rules() {
    let world = scene();
    let (book, within) = (world.book(), world.book().join("2025-10/x"));
    let mut import = program();
    import
        .args(["decisions", "import", "no-such.csv", "--book"])
        .arg(&book)
        .arg("--out")
        .arg(&within);
    let told = Ran::from(import.output().expect("started")).expect(2).stderr;
    assert!(told.contains("a closed period, which never changes"), "{told}");
    let synth = |out: &Path, flags: &[&str]| -> Ran {
        let mut command = program();
        command.args(["synth", "-q", "--settlements", "200", "--out"]).arg(out).args(flags);
        command.output().expect("started").into()
    };
    let first = ["--period", "2026-01"];
    for place in [book.clone(), within] {
        let told = synth(&place, &first).expect(2).stderr;
        assert!(told.contains("name a place outside of it"), "{told}");
    }
    let out = world.path("made");
    fs::create_dir(&out).expect("made");
    symlink("nowhere", out.join("2026-01")).expect("linked");
    synth(&out, &first).expect(2);
    fs::remove_file(out.join("2026-01")).expect("removed");
    symlink(&book, out.join(".2026-01.part")).expect("linked");
    synth(&out, &first).expect(2);
    fs::remove_file(out.join(".2026-01.part")).expect("removed");
    let late = synth(&out, &["--period", "2099-12", "--periods", "2"]).expect(2).stderr;
    assert!(late.contains("the last period would be 2100-01, after 2099-12"), "{late}");
    synth(&out, &first).expect(0);
    assert_eq!(names_in(&out), ["2026-01", "opening-quotas.csv"]);
    world.verify(&[]).expect(0);
    // A book does not begin in a closed period of another one.
    let mut run = program();
    run.args(["run", "-q", "--period", PERIOD, "--input"]).arg(world.input(PERIOD));
    run.arg("--book").arg(book.join("2025-10/inner"));
    let told = Ran::from(run.output().expect("started")).expect(2).stderr;
    assert!(told.contains("is in the closed period"), "{told}");
    world.verify(&[]).expect(0);
}
