//! What a machine can do to a run: stop it between any two steps, be out of space, deny a place, have
//! another clock, be another machine. The book is then as it was, or complete; the next run clears up and
//! gives the same bytes.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::{BufRead, BufReader, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use liangqing::{
    diag::{Code, Failure, Outcome},
    engine::{RunOptions, RunReport, run},
    event::{Event, Monitor},
    model::codes::Month,
    reconcile::reader::Local,
    rules::Rules,
};

use crate::{
    publish::{copy, small_book, start},
    tools::{as_nobody, can_trace, has, not_tried},
    world::{PROGRAM, Ran, World, names_in, program, tree},
};

/// The period that the faults come upon.
const PERIOD: &str = "2025-11";

type Tree = BTreeMap<String, String>;

/// A book with 2025-10 closed, and what it is once 2025-11 is closed too.
struct Scene {
    world: World,
    before: Tree,
    complete: Tree,
}

impl Scene {
    fn new() -> Scene {
        let world = small_book();
        world.run("2025-10").expect(0);
        let before = tree(&world.book());
        world.run(PERIOD).expect(0);
        let complete = tree(&world.book());
        let scene = Scene { world, before, complete };
        scene.reopen();
        scene
    }

    fn reopen(&self) {
        fs::remove_dir_all(self.world.book().join(PERIOD)).expect("removed");
    }

    /// Looks at the book after a fault and makes it ready for the next one; says whether it was closed.
    fn closed_after(&self, fault: &str) -> bool {
        let found = tree(&self.world.book());
        if found == self.before {
            return false;
        }
        assert!(found == self.complete, "{fault}: {found:#?}");
        self.reopen();
        true
    }

    /// A run that was not killed has cleared up after itself.
    fn nothing_is_left(&self, fault: &str) {
        assert_eq!(names_in(&self.world.path("")), ["book", "in"], "{fault}: leftovers");
    }

    /// After the last fault all is as if there had been none.
    fn rerun(&self) {
        self.world.run(PERIOD).expect(0);
        assert!(tree(&self.world.book()) == self.complete, "a rerun gives other bytes");
        self.nothing_is_left("a rerun");
    }

    /// A run of one thread under a shell script, which gets the command as its arguments.
    fn run_under(&self, script: &str) -> Ran {
        let mut shell = Command::new("sh");
        shell
            .env("LC_ALL", "C")
            .args(["-c", script, PROGRAM])
            .args(self.world.command(PERIOD).get_args());
        shell.args(["--threads", "1"]).output().expect("started").into()
    }

    /// Lets a fault come upon each of some system calls in turn; says how many there were. None where
    /// calls cannot be traced.
    fn at_each(&self, calls: &str, fault: &str, status: u8) -> Option<usize> {
        if !can_trace(&format!("{fault} at {calls}")) {
            return None;
        }
        for at in 1.. {
            let what = format!("{fault} at {calls} {at}");
            let ran = self.run_under(&format!(
                "exec strace -f -qq -o /dev/null -e trace={calls} \
                 -e inject={calls}:{fault}:when={at} \"$0\" \"$@\""
            ));
            let closed = self.closed_after(&what);
            if ran.status == 0 {
                assert!(closed, "{what}: closed, and not in the book");
                return Some(at - 1);
            }
            assert_eq!(ran.status, i32::from(status), "{what}: {}", ran.stderr);
            if !fault.contains("KILL") {
                self.nothing_is_left(&what);
            }
        }
        unreachable!("a run makes finitely many calls")
    }
}

#[test]
fn a_run_that_is_killed_as_a_stage_begins_leaves_the_book_as_it_was() {
    let scene = Scene::new();
    for stage in ["opening", "reading", "matching", "writing"] {
        let mut command = scene.world.command(PERIOD);
        let mut child = start(command.env("LIANGQING_LOG", "info"));
        let log = BufReader::new(child.stderr.take().expect("a pipe"));
        let reached = log.lines().map_while(Result::ok).any(|line| line.contains(stage));
        child.kill().expect("killed");
        child.wait().expect("waited for");
        assert!(reached, "there is no stage {stage}");
        scene.closed_after(stage);
    }
    scene.rerun();
}

#[test]
fn a_run_that_is_killed_at_any_step_leaves_the_book_as_it_was_or_complete() {
    let scene = Scene::new();
    let steps = scene.at_each("fsync,renameat2,mkdir,unlinkat,rmdir", "signal=KILL", 128 + 9);
    assert!(steps.is_none_or(|steps| steps > 20), "{steps:?}");
    scene.rerun();
}

#[test]
fn no_space_at_any_write_is_6_and_leaves_nothing() {
    let scene = Scene::new();
    for calls in ["write", "fsync", "mkdir"] {
        let fault = if calls == "fsync" { "error=EIO" } else { "error=ENOSPC" };
        let steps = scene.at_each(calls, fault, 6);
        assert!(steps.is_none_or(|steps| steps >= 4), "{calls}: {steps:?}");
    }
    scene.rerun();
}

#[test]
fn a_limit_on_the_length_of_files_is_6_and_leaves_nothing() {
    let scene = Scene::new();
    let mut refused = 0;
    for blocks in (0..80).step_by(2) {
        let what = format!("{blocks} blocks");
        let ran = scene.run_under(&format!("ulimit -f {blocks}; exec \"$0\" \"$@\""));
        assert!([0, 6].contains(&ran.status), "{what}: {ran:?}");
        assert_eq!(scene.closed_after(&what), ran.status == 0, "{what}: {ran:?}");
        scene.nothing_is_left(&what);
        refused += i32::from(ran.status == 6);
    }
    assert!((4..40).contains(&refused), "{refused}");
    scene.rerun();
}

/// Mounts a file system in memory, copies the book there, leaves it so much room, closes the period, and
/// copies what is there then.
const SMALL_DISK: &str = r#"
    set -e
    place="$1" size="$2" nodes="$3" program="$4" input="$5" book="$6" out="$7"
    mount -t tmpfs tmpfs "$place"
    cp -r "$book" "$place/book"
    blocks=$(($(stat -f -c '%b - %f' "$place")))
    used=$(($(stat -f -c '%c - %d' "$place")))
    mount -o "remount,size=$(((blocks + size) * 4096)),nr_inodes=$((used + nodes))" "$place"
    status=0
    "$program" run --quiet --threads 1 --period 2025-11 --input "$input" --book "$place/book" ||
        status=$?
    cp -r "$place" "$out"
    exit $status
"#;

#[test]
fn a_disk_that_ends_anywhere_is_6_and_leaves_nothing() {
    if !has("unshare", "a small disk") {
        return;
    }
    let scene = Scene::new();
    let (place, out) = (scene.world.path("disk"), scene.world.path("out"));
    fs::create_dir(&place).expect("made");
    let attempt = |size: u32, nodes: u32| {
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "sh", "-c", SMALL_DISK, "sh"]).arg(&place);
        shell.env("LC_ALL", "C").args([size.to_string(), nodes.to_string()]).arg(PROGRAM);
        shell.arg(scene.world.input(PERIOD)).arg(scene.world.book()).arg(&out);
        let ran: Ran = shell.output().ok()?.into();
        if !out.exists() {
            return None;
        }
        let (book, names) = (tree(&out.join("book")), names_in(&out));
        fs::remove_dir_all(&out).expect("removed");
        assert_eq!(names, ["book"], "{size} pages, {nodes} files: leftovers");
        let expected = if ran.status == 0 { &scene.complete } else { &scene.before };
        assert!(book == *expected, "{size} pages, {nodes} files: {ran:?} {book:#?}");
        assert!([0, 6].contains(&ran.status), "{size} pages, {nodes} files: {ran:?}");
        Some(ran.status == 0)
    };
    if attempt(1000, 1000).is_none() {
        not_tried("a small disk", "nothing can be mounted here");
        return;
    }
    let pages = (0..200).position(|pages| attempt(pages, 1000) == Some(true));
    let files = (0..200).position(|files| attempt(1000, files) == Some(true));
    assert!(pages > Some(15) && files > Some(15), "{pages:?} {files:?}");
}

/// Runs the program on the book as somebody who may do only what the permissions say.
fn on_the_book(scene: &Scene, arguments: &[&str]) -> Option<Ran> {
    fs::set_permissions(scene.world.path(""), Permissions::from_mode(0o755)).expect("set");
    let mut command = program();
    as_nobody("permissions", command.args(arguments).arg("--book").arg(scene.world.book()))
}

#[test]
fn a_book_that_may_not_be_written_is_6_and_can_still_be_read() {
    let scene = Scene::new();
    let input = scene.world.input(PERIOD);
    let close = ["run", "--quiet", "--period", PERIOD, "--input", input.to_str().expect("UTF-8")];
    let Some(ran) = on_the_book(&scene, &close) else { return };
    let ran = ran.expect(6);
    assert!(ran.stderr.contains("denied"), "{}", ran.stderr);
    assert!(!scene.closed_after("a book that may not be written"));
    scene.nothing_is_left("a book that may not be written");
    let read = on_the_book(&scene, &["verify", "--quiet"]).expect("as before");
    read.expect(0);
    // The folder of the book alone is not enough: the last step is refused, and all is taken back.
    fs::set_permissions(scene.world.path(""), Permissions::from_mode(0o777)).expect("set");
    let mut last = program();
    last.args(close).arg("--book").arg(scene.world.book());
    as_nobody("permissions", &last).expect("as before").expect(6);
    assert!(!scene.closed_after("a period that may not be added"));
    scene.nothing_is_left("a period that may not be added");
    scene.rerun();
}

#[test]
fn of_many_runs_at_once_one_closes_the_period() {
    let scene = Scene::new();
    for _ in 0..5 {
        let children: Vec<_> = (0..6).map(|_| start(&mut scene.world.command(PERIOD))).collect();
        let mut statuses: Vec<i32> = children
            .into_iter()
            .map(|child| Ran::from(child.wait_with_output().expect("waited for")).status)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [0, 4, 4, 4, 4, 4]);
        assert!(scene.closed_after("six runs"));
        scene.nothing_is_left("six runs");
    }
    scene.rerun();
}

#[test]
fn neither_clock_nor_surroundings_change_a_byte() {
    let scene = Scene::new();
    let closes = |command: &mut Command, what: &str| {
        Ran::from(command.output().expect("started")).expect(0);
        assert!(scene.closed_after(what), "{what}");
    };
    for (zone, language) in [("Pacific/Kiritimati", "zh_CN.UTF-8"), ("America/Adak", "tr_TR")] {
        let mut command = scene.world.command(PERIOD);
        command.env_clear().env("TZ", zone).env("LC_ALL", language).current_dir("/");
        closes(&mut command, zone);
    }
    // Files that come from the past and the future.
    for (days, file) in [(20_000, "treating/a.parquet"), (1, "insured/a.parquet")] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * days * days / 300);
        let file = File::options().append(true).open(scene.world.input(PERIOD).join(file));
        file.and_then(|file| file.set_modified(time)).expect("set");
    }
    closes(&mut scene.world.command(PERIOD), "file times");
    let run = scene.world.command(PERIOD);
    let mut other_day = Command::new("faketime");
    other_day.env("LC_ALL", "C").arg("2031-02-28 23:59:59").arg(PROGRAM).args(run.get_args());
    if has("faketime", "another day") {
        closes(other_day.stdin(Stdio::null()), "another day");
    }
    scene.rerun();
}

#[test]
fn a_book_that_was_moved_goes_on_with_the_same_bytes() {
    let scene = Scene::new();
    let away = scene.world.path("away");
    fs::create_dir_all(away.join("disk/2")).expect("made");
    // Every folder on the way is a link.
    symlink("disk", away.join("mounted")).expect("linked");
    symlink("mounted/2", away.join("here")).expect("linked");
    let moved = |name: &str| {
        copy(&scene.world.book(), &away.join("disk/2").join(name));
        away.join("here").join(name)
    };
    let close = |book: &Path, input: &Path| {
        let mut command = program();
        command.args(["run", "--quiet", "--period", PERIOD, "--input"]).arg(input);
        Ran::from(command.arg("--book").arg(book).output().expect("started")).expect(0);
        assert!(tree(book) == scene.complete, "{}", book.display());
    };
    close(&moved("账套 of 2025"), &scene.world.input(PERIOD));
    let book = moved("book");
    symlink(scene.world.input(PERIOD), away.join("delivery")).expect("linked");
    close(&book, &away.join("delivery"));
    assert_eq!(names_in(&away.join("disk/2")), ["book", "账套 of 2025"], "leftovers");
    // And it comes back.
    fs::rename(scene.world.book(), scene.world.path("old")).expect("moved");
    fs::rename(away.join("disk/2/book"), scene.world.book()).expect("moved");
    scene.world.run("2025-12").expect(0);
}

/// Closes the period, and lets somebody else do something each time a stage begins.
fn beside(scene: &Scene, meddle: impl Fn(&str) + Send + Sync + 'static) -> Outcome<RunReport> {
    let options = RunOptions {
        engine: Arc::new(Local),
        period: Month::from_text(PERIOD).expect("a month"),
        input: scene.world.input(PERIOD),
        book: scene.world.book(),
        opening_quotas: None,
        daily: None,
        rules: Rules::built_in(),
        accept: [].into(),
        as_of: None,
        memory: 16 << 20,
        signer: None,
        form: liangqing::columnar::shape::TableForm::default(),
        dry_run: false,
        usual_percent: None,
        independent: None,
    };
    let listener = move |event| {
        if let Event::Stage { name, .. } = event {
            meddle(&name.to_string());
        }
    };
    run(&options, &Monitor::new(Arc::default(), listener))
}

/// Writes a file anew where it lies, in as many bytes.
fn rewrite(path: &Path) {
    let bytes = fs::read(path).expect("read");
    let file = File::options().write(true).open(path);
    file.and_then(|mut file| file.write_all(&bytes)).expect("written");
}

/// What somebody else may do to a delivery while a run reads it.
type Meddling = (&'static str, fn(&Path));

const MEDDLINGS: [Meddling; 9] = [
    ("a file is written anew", |input| rewrite(&input.join("treating/a.parquet"))),
    ("a file is written anew, its time put back", |input| {
        let path = input.join("insured/a.parquet");
        let time = fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
        rewrite(&path);
        let file = File::options().append(true).open(path).expect("opened");
        file.set_modified(time).expect("set");
    }),
    ("a file grows", |input| {
        let file = File::options().append(true).open(input.join("treating/a.parquet"));
        file.and_then(|mut file| file.write_all(b"more")).expect("written");
    }),
    ("a file is cut off", |input| {
        let file = File::options().write(true).open(input.join("insured/a.parquet"));
        file.and_then(|file| file.set_len(100)).expect("cut");
    }),
    ("another file takes a file's place", |input| {
        fs::copy(input.join("insured/a.parquet"), input.join("new")).expect("copied");
        fs::rename(input.join("new"), input.join("insured/a.parquet")).expect("renamed");
    }),
    ("a file goes", |input| fs::remove_file(input.join("treating/a.parquet")).expect("removed")),
    ("a file comes", |input| {
        fs::copy(input.join("insured/a.parquet"), input.join("insured/b.parquet")).expect("copied");
    }),
    ("a small file is written anew", |input| rewrite(&input.join("payments.csv"))),
    ("a small file comes", |input| fs::write(input.join("permits.csv"), "").expect("written")),
];

#[test]
fn a_delivery_that_changes_while_it_is_read_is_refused_and_nothing_of_it_is_cleared() {
    let scene = Scene::new();
    let kept = tempfile::tempdir().expect("a folder");
    let input = scene.world.input(PERIOD);
    copy(&input, &kept.path().join("in"));
    for (what, meddle) in MEDDLINGS {
        for stage in ["reading", "matching", "writing"] {
            let place = input.clone();
            let done = beside(&scene, move |name| {
                // In the same step of the system's time of files a write would leave no trace.
                if name == "opening" {
                    rewrite(&place.join("treating/a.parquet"));
                }
                if name == stage {
                    meddle(&place);
                }
            });
            let fault = format!("{what}, {stage}");
            let Err(Failure::Refused(findings)) = done else { panic!("{fault}: {done:?}") };
            assert!(findings.iter().all(|found| found.code == Code::F13), "{fault}: {findings:?}");
            assert_eq!(findings.len(), 1, "{fault}: {findings:?}");
            assert!(!scene.closed_after(&fault), "{fault}: closed");
            scene.nothing_is_left(&fault);
            fs::remove_dir_all(&input).expect("removed");
            copy(&kept.path().join("in"), &input);
        }
    }
    scene.rerun();
}

#[test]
fn a_book_that_changes_while_it_is_read_is_damaged() {
    let scene = Scene::new();
    for file in ["register.parquet", "tables/open_items.parquet"] {
        let path = scene.world.book().join("2025-10").join(file);
        let done = beside(&scene, move |name| {
            if name == "matching" {
                rewrite(&path);
            }
        });
        let Err(Failure::Book(problem)) = done else { panic!("{file}: {done:?}") };
        assert!(
            problem.to_string().contains(&format!("{file} was changed during the run")),
            "{problem}"
        );
        assert!(!scene.closed_after(file));
    }
    scene.rerun();
}

#[test]
fn what_may_not_be_read_is_6_and_named() {
    let scene = Scene::new();
    let input = scene.world.input(PERIOD);
    fs::set_permissions(scene.world.path(""), Permissions::from_mode(0o777)).expect("set");
    fs::set_permissions(scene.world.book(), Permissions::from_mode(0o777)).expect("set");
    for (name, usual) in
        [("treating/a.parquet", 0o644), ("insured", 0o755), ("payments.csv", 0o644)]
    {
        let path = input.join(name);
        let mode = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
        mode(0);
        let close =
            ["run", "--quiet", "--period", PERIOD, "--input", input.to_str().expect("UTF-8")];
        let ran = on_the_book(&scene, &close);
        mode(usual);
        let Some(ran) = ran else { return };
        let ran = ran.expect(6);
        let place = path.to_str().expect("UTF-8");
        assert!(ran.stderr.contains(place) && ran.stderr.contains("denied"), "{}", ran.stderr);
        assert!(!scene.closed_after(name));
    }
}
