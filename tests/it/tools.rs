//! Programs that tests start and a machine may lack, the script that brings them, and what is said without them.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use crate::world::Ran;

/// Each program with its Debian package.
const TOOLS: &str = include_str!("../tools.txt");

/// The programs and their packages.
fn tools() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = TOOLS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').expect("a program and its package"))
}

fn is_on_path(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| {
        let found = fs::metadata(folder.join(program));
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// Whether a program is there, so that a part of a test can be tried. Without it the test fails where all of it has
/// to be run: with `CI=true` or `LIANGQING_TOOLS=required`.
pub(crate) fn has(program: &str, tried: &str) -> bool {
    let known = tools().find(|(known, _)| *known == program);
    let (_, package) = known.expect("a program of tests/tools.txt");
    if is_on_path(program) {
        return true;
    }
    let set = |name: &str, value: &str| env::var_os(name).is_some_and(|is| is == value);
    let required = set("CI", "true") || set("LIANGQING_TOOLS", "required");
    let missing = format!("there is no {program}; install the Debian package {package}");
    assert!(!required, "{missing}: {tried}");
    not_tried(tried, &missing);
    false
}

/// Says what a test leaves out, and why.
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
pub(crate) fn not_tried(what: &str, why: &str) {
    eprintln!("not tried, for {why}: {what}");
}

/// Whether system calls can be traced.
pub(crate) fn can_trace(tried: &str) -> bool {
    if !has("strace", tried) {
        return false;
    }
    let status = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    let can = status.expect("started").success();
    if !can {
        not_tried(tried, "nothing can be traced here");
    }
    can
}

/// Runs a command as somebody who may do only what the permissions say; nothing where there is no such user.
pub(crate) fn as_nobody(tried: &str, command: &Command) -> Option<Ran> {
    if !has("setpriv", tried) {
        return None;
    }
    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    other.arg(command.get_program()).args(command.get_args());
    other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = Ran::from(other.output().expect("started"));
    // 126, 127: a user who may not even reach the program.
    let could = ![126, 127].contains(&ran.status) && !ran.stderr.starts_with("setpriv:");
    if !could {
        not_tried(tried, "nobody else can be taken here");
    }
    could.then_some(ran)
}

/// The script on a machine that has what a few programs need, and those that are named.
fn script(folder: &Path, programs: &[&str], arguments: &[&str], ci: bool) -> Ran {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("made");
    for usual in ["sh", "dirname", "sort", "tr", "id", "ln", "rm", "true"] {
        let found = env::split_paths(&env::var_os("PATH").expect("a path"))
            .map(|place| place.join(usual))
            .find(|place| place.exists());
        _ = symlink(found.expect("a usual program"), bin.join(usual));
    }
    for program in programs {
        // It installs all that it is asked for, if it is the installer.
        let install = "#!/bin/sh\n[ $1 != install ] || for made; do ln -sf true ${0%/*}/$made 2>/dev/null || true; done\n";
        let place = bin.join(program);
        fs::write(&place, install).expect("written");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("set");
    }
    let script = crate::world::root().join("tests/tools");
    let mut command = Command::new(script);
    command.args(arguments).env_clear().env("PATH", &bin).env("CARGO_TARGET_DIR", folder);
    command.env("CI", if ci { "true" } else { "" }).output().expect("started").into()
}

#[test]
fn the_script_says_what_is_missing_and_fails_where_all_is_required() {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = [
        "strace",
        "groff",
        "openssl",
        "prlimit",
        "setpriv",
        "unshare",
        "faketime",
        "dpkg",
        "psql",
        "qemu-x86_64",
    ];
    let bin = format!("{}/tools/bin\n", folder.path().display());
    let ran = script(folder.path(), &programs, &[], false).expect(0);
    assert!(ran.stderr.ends_with("install the Debian packages: chromium \n"), "{}", ran.stderr);
    assert_eq!(ran.stdout, bin);
    script(folder.path(), &programs, &[], true).expect(1);
    let all = [&programs[..], &["chromium"]].concat();
    let ran = script(folder.path(), &all, &[], true).expect(0);
    assert_eq!((ran.stdout, ran.stderr), (bin, String::new()));
    script(folder.path(), &all, &["cargo-strange"], true).expect(2);
}

#[test]
fn the_script_installs_packages_and_builds_programs_of_cargo_once() {
    let folder = tempfile::tempdir().expect("a folder");
    // Its packages are called as their programs are, but for three.
    let programs = ["prlimit", "setpriv", "unshare", "psql", "qemu-x86_64", "apt-get", "cargo"];
    let ran = script(folder.path(), &programs, &["cargo-nextest"], true);
    if !rustix::process::getuid().is_root() {
        ran.expect(1);
        return;
    }
    let said = ran.expect(0).stderr;
    assert!(
        said.starts_with("installing chromium dpkg faketime groff openssl strace \n"),
        "{said}"
    );
    assert!(said.ends_with("building cargo-nextest 0.9.143\n"), "{said}");
    let ran = script(folder.path(), &programs, &["cargo-nextest"], true).expect(0);
    assert_eq!(ran.stderr, "");
}
