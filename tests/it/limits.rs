//! Limits of the system: threads, open files, lengths of files. Each is exit 6, whatever the command, and nothing is
//! left behind; none is taken for a fault of a delivery or of a book.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
};

use crate::{
    publish::small_book,
    tools::{as_nobody, has},
    world::{PROGRAM, Ran, World, names_in, tree},
};

const PERIOD: &str = "2025-11";

/// Commands that work for a while, with what they write.
fn commands(world: &World) -> Vec<String> {
    let path = |below: &str| world.path(below).display().to_string();
    let (book, input, out) = (path("book"), path("in/2025-10"), path("out"));
    let quotas = path("in/2025-10/opening-quotas.csv");
    let rerun = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/audit-rerun.toml");
    let period = "--period 2025-10";
    vec![
        format!("run -q --period {PERIOD} --input {} --book {book}", path("in/2025-11")),
        format!("run -q {rerun} {period} --input {input} --book {book} --opening-quotas {quotas}"),
        format!("verify -q --book {book}"),
        format!("status --as-of 2025-12-10 --book {book}"),
        format!("stress --scenario volume=20 --book {book}"),
        format!("diff {book} {book}"),
        format!("explain -q A0 --book {book} --input {input}"),
        format!("explain -q --pair 34-31 {period} --book {book} --input {input} --out {out}"),
        format!("statements {period} --book {book} --out {out}"),
        format!("bulletin -q {period} --book {book} --out {out}"),
        format!("report {period} --book {book} --out {out}"),
        format!("synth -q {period} --settlements 300 --out {out}"),
        format!("keygen --out {out}"),
    ]
}

/// A book of a period, and a delivery of the next, that everybody may use.
fn scene() -> World {
    let world = small_book();
    world.run("2025-10").expect(0);
    for folder in ["", "book"] {
        fs::set_permissions(world.path(folder), Permissions::from_mode(0o777)).expect("set");
    }
    world
}

fn limited(limit: &str, command: &str) -> Ran {
    let script = format!("{limit}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.env("LC_ALL", "C").args(["-c", &script, PROGRAM]).args(command.split(' '));
    shell.output().expect("started").into()
}

/// Runs a command as somebody who may have one thread; nobody limits root.
fn with_one_thread(command: &str) -> Option<Ran> {
    if !has("prlimit", command) {
        return None;
    }
    let mut limited = Command::new("prlimit");
    limited.env("LC_ALL", "C").args(["--nproc=1", PROGRAM]).args(command.split(' '));
    as_nobody(command, &limited)
}

/// Takes back what a command has made, if it succeeded; else there must be nothing.
fn nothing_is_left(world: &World, before: &[String], what: &str, ran: &Ran) {
    assert!([0, 6].contains(&ran.status), "{what}: {ran:?}");
    if ran.status == 6 {
        assert_eq!(names_in(&world.path("")), before, "{what}: leftovers");
        assert_eq!(names_in(&world.book()), ["2025-10"], "{what}: leftovers");
        return;
    }
    for made in
        ["out", "out.pub"].map(|name| world.path(name)).into_iter().filter(|made| made.exists())
    {
        if made.is_dir() { fs::remove_dir_all(made) } else { fs::remove_file(made) }
            .expect("removed");
    }
    _ = fs::remove_dir_all(world.book().join(PERIOD));
}

#[test]
fn threads_that_cannot_be_started_are_6() {
    let world = scene();
    let (before, names) = (tree(&world.path("")), names_in(&world.path("")));
    for command in commands(&world).iter().filter(|command| !command.starts_with("keygen")) {
        let Some(ran) = with_one_thread(command) else { return };
        assert_eq!(ran.status, 6, "{command}: {ran:?}");
        assert!(ran.stderr.contains("threads: "), "{command}: {}", ran.stderr);
        nothing_is_left(&world, &names, command, &ran);
    }
    assert_eq!(tree(&world.path("")), before);
}

#[test]
fn more_threads_than_the_limit_of_memory_has_room_for_are_6() {
    let world = scene();
    let names = names_in(&world.path(""));
    for command in commands(&world).iter().filter(|command| command.contains(" -q ")) {
        let ran = limited("ulimit -v 8000000", &format!("{command} --threads 1000"));
        assert_eq!(ran.status, 6, "{command}: {ran:?}");
        assert!(ran.stderr.contains("1000 threads: they may take"), "{command}: {}", ran.stderr);
        nothing_is_left(&world, &names, command, &ran);
    }
}

#[test]
fn files_that_may_have_no_bytes_are_6() {
    let world = scene();
    let names = names_in(&world.path(""));
    let mut refused = 0;
    for command in commands(&world) {
        for blocks in [0, 1, 8] {
            let ran = limited(&format!("ulimit -f {blocks}"), &command);
            nothing_is_left(&world, &names, &format!("{blocks} blocks: {command}"), &ran);
            let told = ran.stderr.contains("File too large (os error 27)");
            assert_eq!(told, ran.status == 6, "{command}: {ran:?}");
            refused += i32::from(told);
        }
    }
    assert!(refused > 12, "{refused}");
}

#[test]
fn too_many_open_files_are_6() {
    let world = scene();
    let names = names_in(&world.path(""));
    let mut refused = 0;
    for command in commands(&world) {
        for files in [6, 7, 8, 9, 10, 12, 14, 17, 20, 24, 30, 40] {
            let ran = limited(&format!("ulimit -n {files}"), &command);
            nothing_is_left(&world, &names, &format!("{files} files: {command}"), &ran);
            refused += i32::from(ran.status == 6);
        }
    }
    assert!(refused > 12, "{refused}");
}
