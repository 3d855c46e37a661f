//! Every command ends within a second of a signal, whatever it is doing, and its status says what happened.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    publish::{small_book, start},
    tools::can_trace,
    world::{PROGRAM, Ran, Row, World, names_in, program, tree},
};

const PERIOD: &str = "2025-11";

fn signal(child: &Child, name: &str) {
    let script = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &script]).status().expect("started").success());
}

/// A pipe that nobody writes to.
fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("started").success());
}

/// Waits until a process has gone into a read that never ends.
fn stuck(child: &Child) {
    let begun = Instant::now();
    let waits = |pid: u32| {
        let stack = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
        stack.contains("fifo") || stack.contains("pipe")
    };
    while !waits(child.id()) && begun.elapsed() < Duration::from_millis(700) {
        sleep(Duration::from_millis(20));
    }
}

/// Sends signals and gives what the program said, and how long it took to end.
fn ended(mut child: Child, names: &[&str]) -> (Ran, Duration) {
    for name in &names[1..] {
        signal(&child, name);
        sleep(Duration::from_millis(50));
    }
    signal(&child, names[0]);
    let begun = Instant::now();
    while child.try_wait().expect("waited for").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not end");
        sleep(Duration::from_millis(5));
    }
    (child.wait_with_output().expect("waited for").into(), begun.elapsed())
}

#[test]
fn what_waits_for_a_pipe_ends_within_a_second() {
    let world = small_book();
    world.run("2025-10").expect(0);
    let before = tree(&world.book());
    pipe(&world.path("pipe"));
    let run = |flags: &[&str]| {
        let mut command = world.command(PERIOD);
        command.current_dir(world.path("")).args(flags);
        command
    };
    let of_book = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(world.path("")).args(arguments).arg("--book").arg(world.book());
        command
    };
    let mut check = program();
    check.current_dir(world.path("")).args(["check", "pipe"]);
    let commands = [
        ("TERM", run(&["--rules", "pipe"])),
        ("HUP", run(&["pipe"])),
        ("TERM", check),
        ("INT", of_book(&["status", "--as-of", "2025-12-01", "--rules", "pipe"])),
        ("TERM", of_book(&["statements", "--period", "2025-10", "--out", "o", "--forms", "pipe"])),
        ("HUP", of_book(&["decisions", "import", "pipe"])),
    ];
    for (name, mut command) in commands {
        let child = start(&mut command);
        stuck(&child);
        let (ran, took) = ended(child, &[name]);
        let ran = ran.expect(130);
        assert_eq!(ran.stderr, "error: interrupted, nothing was published\n", "{command:?}");
        // A second, and what a busy machine adds.
        assert!(took < Duration::from_millis(1500), "{took:?}: {command:?}");
        assert_eq!(tree(&world.book()), before, "{command:?}");
        assert_eq!(names_in(&world.path("")), ["book", "in", "pipe"], "{command:?}: leftovers");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let world = World::new();
    pipe(&world.path("pipe"));
    let mut command = program();
    let child = start(command.arg("check").arg(world.path("pipe")));
    stuck(&child);
    let (ran, took) = ended(child, &["TERM", "INT"]);
    ran.expect(130);
    assert!(took < Duration::from_millis(400), "{took:?}");
}

#[test]
fn a_report_that_nobody_takes_holds_nothing_up() {
    // The pipe is full when the program begins to print.
    let script = "head -c 65536 /dev/zero; exec \"$0\" completions bash";
    let mut shell = Command::new("sh");
    let child = start(shell.env("LC_ALL", "C").args(["-c", script, PROGRAM]));
    sleep(Duration::from_millis(300));
    let (ran, took) = ended(child, &["TERM"]);
    ran.expect(130);
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = small_book();
    world.run("2025-10").expect(0);
    for command in [
        "status --as-of 2025-12-01",
        "verify --quiet",
        "query --list",
        "explain A0 --quiet",
        "stress --scenario volume=20",
    ] {
        let script = format!(
            "{{ \"$0\" {command} --book \"$1\" 2>&3; echo $? >&3; }} 3>&2 | head -c 1 >/dev/null"
        );
        let mut shell = Command::new("sh");
        shell.env("LC_ALL", "C").args(["-c", &script, PROGRAM]).arg(world.book());
        let ran = Ran::from(shell.output().expect("started")).expect(0);
        assert_eq!(ran.stderr, "0\n", "{command}");
    }
}

/// A command for which the system takes its time over a call.
fn traced(delayed: &Command, delay: &str) -> Child {
    let call = delay.split(':').next().expect("a call");
    let mut traced = Command::new("strace");
    traced.env("LC_ALL", "C").args(["-D", "-f", "-qq", "-o", "/dev/null"]);
    traced.args(["-e", &format!("trace={call}"), "-e", &format!("inject={delay}"), PROGRAM]);
    start(traced.args(delayed.get_args()))
}

#[test]
fn a_disk_that_takes_its_time_holds_nothing_up() {
    if !can_trace("a slow disk") {
        return;
    }
    let world = small_book();
    for book in [true, false] {
        if book {
            world.run("2025-10").expect(0);
        } else {
            // What the run has made goes again.
            fs::remove_dir_all(world.book()).expect("removed");
        }
        let before = names_in(&world.path(""));
        let child = traced(&world.command(PERIOD), "fsync:delay_enter=8000000");
        let begun = Instant::now();
        while names_in(&world.path("")) == before {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is made");
            sleep(Duration::from_millis(5));
        }
        sleep(Duration::from_millis(1500));
        signal(&child, "TERM");
        // The tracer lets go of the program late, which has removed everything by then.
        let begun = Instant::now();
        while names_in(&world.path("")) != before {
            assert!(begun.elapsed() < Duration::from_millis(1500), "leftovers");
            sleep(Duration::from_millis(5));
        }
        let ran = Ran::from(child.wait_with_output().expect("waited for")).expect(130);
        let said = "error: interrupted, nothing was published\n";
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn once_the_period_is_in_the_book_the_run_is_done() {
    if !can_trace("a rename that takes its time") {
        return;
    }
    let world = small_book();
    world.run("2025-10").expect(0);
    world.run(PERIOD).expect(0);
    let complete = tree(&world.book());
    fs::remove_dir_all(world.book().join(PERIOD)).expect("removed");
    // The system gives the period its name, and takes two seconds to say so.
    let child = traced(&world.command(PERIOD), "rename:delay_exit=2000000");
    let begun = Instant::now();
    while !world.book().join(PERIOD).exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing is published");
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(100));
    let (ran, _) = ended(child, &["INT"]);
    let ran = ran.expect(0);
    assert!(!ran.stderr.contains("interrupted"), "{}", ran.stderr);
    assert_eq!(tree(&world.book()), complete);
    assert_eq!(names_in(&world.path("")), ["book", "in"], "leftovers");
}

#[test]
fn a_pair_of_keys_is_whole_or_not_there() {
    if !can_trace("keys on a slow disk") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut keygen = program();
    keygen.arg("keygen").arg("--out").arg(folder.path().join("key"));
    // The first file is on the disk, or has its place, and the second takes its time.
    for (delay, status, left) in [
        ("fsync:delay_enter=2000000:when=2", 130, &[][..]),
        ("renameat2:delay_enter=1000000:when=2", 0, &["key", "key.pub"]),
    ] {
        let child = traced(&keygen, delay);
        sleep(Duration::from_millis(700));
        let (ran, _) = ended(child, &["TERM"]);
        ran.expect(status);
        assert_eq!(names_in(folder.path()), left, "{delay}");
    }
}

#[test]
fn outputs_for_people_are_whole_or_not_there() {
    let world = World::new();
    let rows: Vec<Row> = (0..300).map(|n| Row::new(&format!("S{n:04}"))).collect();
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    world.run("2025-10").expect(0);
    let mut interrupted = 0;
    for (at, name) in
        ["statements", "report", "bulletin", "synth"].into_iter().cycle().take(24).enumerate()
    {
        let mut command = program();
        command.arg(name);
        match name {
            "synth" => command.args(["--period", "2025-10", "--settlements", "20000", "--quiet"]),
            _ => command.args(["--period", "2025-10", "--book"]).arg(world.book()),
        };
        let child = start(command.arg("--out").arg(world.path("out")));
        sleep(Duration::from_millis(at as u64 * 8));
        let (ran, _) = ended(child, &["TERM", "TERM"]);
        let there = names_in(&world.path(""));
        match ran.status {
            0 => assert_eq!(there, ["book", "in", "out"], "{name}: {ran:?}"),
            // Before there is a handler the signal ends the process.
            130 | 143 if name == "synth" => {
                interrupted += 1;
                let left = world.path("out");
                assert!(
                    !left.exists() || names_in(&left).is_empty(),
                    "{name}: {:?}",
                    names_in(&left)
                );
            }
            130 | 143 => {
                interrupted += 1;
                assert_eq!(there, ["book", "in"], "{name}: {ran:?}");
            }
            _ => panic!("{name}: {ran:?}"),
        }
        let out = world.path("out");
        _ = if out.is_dir() { fs::remove_dir_all(out) } else { fs::remove_file(out) };
    }
    assert!(interrupted > 4, "only {interrupted} signals came in time");
}

#[test]
fn a_full_disk_of_standard_output_is_6() {
    let world = small_book();
    world.run("2025-10").expect(0);
    let mut command = program();
    command.args(["status", "--as-of", "2025-12-01", "--book"]).arg(world.book());
    let full = File::options().write(true).open("/dev/full").expect("opened");
    Ran::from(command.stdout(full).output().expect("started")).expect(6);
}
