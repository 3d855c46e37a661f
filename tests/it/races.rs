//! Runs at once on one book, whoever makes it, however it is named, and whoever is killed: one closes the period,
//! all others are refused, and the book verifies. `RACES=500` tries harder.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    process::{Child, Command},
    thread::{self, sleep},
    time::Duration,
};

use crate::{
    publish::{small_book, start},
    world::{Ran, Row, World, names_in, program, tree},
};

const PERIOD: &str = "2025-10";

/// Rounds of each race: more where somebody asks for them.
fn rounds() -> u32 {
    std::env::var("RACES").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(24)
}

/// Two deliveries of a period, two links, and no book.
fn scene() -> World {
    let world = World::new();
    world.small_file(
        PERIOD,
        "opening-quotas.csv",
        "insured_province,treating_province,quota\n34,31,5000.00\n",
    );
    world.deliver_both(PERIOD, &[Row::new("A"), Row::new("B")]);
    world.deliver_both("other", &[Row::new("A")]);
    symlink(".", world.path("here")).expect("linked");
    symlink("new", world.path("there")).expect("linked");
    world
}

/// Names of the book `new/book`, from the folder of the world.
const NAMES: [&str; 6] = [
    "new/book",
    "./new/book/",
    "here/new/book",
    "in/../new/./book",
    "there/book",
    "here/here/new/../new/book",
];

/// A run that names the book in its own way, from one of two deliveries.
fn run(world: &World, name: &str, other: bool) -> Command {
    let usual = world.command(PERIOD);
    let (book, input) = (OsString::from(world.book()), OsString::from(world.input(PERIOD)));
    let arguments = usual.get_args().map(|argument| match () {
        () if argument == book => OsString::from(name),
        () if argument == input && other => OsString::from(world.input("other")),
        () => argument.to_owned(),
    });
    let mut command = program();
    command.current_dir(world.path("")).args(arguments);
    command
}

fn statuses(children: Vec<Child>) -> Vec<i32> {
    let status = |child: Child| Ran::from(child.wait_with_output().expect("waited for")).status;
    let mut statuses: Vec<i32> = children.into_iter().map(status).collect();
    statuses.sort_unstable();
    statuses
}

fn verified(world: &World, round: &str) {
    let mut verify = program();
    verify.args(["verify", "--quiet", "--book"]).arg(world.path("new/book"));
    let ran: Ran = verify.output().expect("started").into();
    assert_eq!(ran.status, 0, "{round}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(names_in(&world.path("new")), ["book"], "{round}: leftovers");
    assert_eq!(names_in(&world.path("new/book")), [PERIOD], "{round}: leftovers");
}

/// Makes a scene ready for another round: nothing is there, the folder above the book is, or the book.
fn reset(world: &World, round: u32) {
    if world.path("new").exists() {
        fs::remove_dir_all(world.path("new")).expect("removed");
    }
    match round % 3 {
        // A link to a folder that is not there leads nowhere: all names but one are used.
        0 => {}
        1 => fs::create_dir(world.path("new")).expect("made"),
        _ => fs::create_dir_all(world.path("new/book")).expect("made"),
    }
}

fn name(round: u32, runner: u32) -> &'static str {
    let names = if round.is_multiple_of(3) { &NAMES[..4] } else { &NAMES[..] };
    names[(round / 3 + runner) as usize % names.len()]
}

#[test]
fn of_runs_at_once_on_a_book_that_is_not_there_yet_one_closes_the_period() {
    let world = scene();
    for round in 0..rounds() {
        reset(&world, round);
        let runners = 2 + round % 3;
        let children: Vec<Child> =
            (0..runners).map(|n| start(&mut run(&world, name(round, n), n % 2 == 1))).collect();
        let expected: Vec<i32> = std::iter::once(0).chain((1..runners).map(|_| 4)).collect();
        let what = format!("round {round}, {runners} runs");
        assert_eq!(statuses(children), expected, "{what}");
        verified(&world, &what);
    }
}

#[test]
fn runs_at_once_of_which_one_is_killed_leave_a_book_that_goes_on() {
    let world = scene();
    let mut random = std::process::id();
    for round in 0..rounds() {
        reset(&world, round);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let what = format!("round {round}");
        let mut first = start(&mut run(&world, name(round, 0), false));
        sleep(Duration::from_micros(u64::from(random >> 16)));
        let children: Vec<Child> =
            (1..3).map(|n| start(&mut run(&world, name(round, n), n % 2 == 1))).collect();
        sleep(Duration::from_micros(u64::from(random & 0x1fff)));
        first.kill().expect("killed");
        let killed = statuses(vec![first]);
        let others = statuses(children);
        let won = [&killed[..], &others].concat().iter().filter(|status| **status == 0).count();
        assert!(
            won <= 1 && others.iter().all(|status| [0, 4].contains(status)),
            "{what}: {others:?}"
        );
        // Whoever comes next finds the period closed, or closes it.
        let next: Ran = run(&world, NAMES[0], false).output().expect("started").into();
        let closed = killed[0] == 0 || others.contains(&0);
        assert!(next.status == 4 || (!closed && next.status == 0), "{what}: {next:?}");
        let again: Ran = run(&world, NAMES[0], false).output().expect("started").into();
        assert!(again.stderr.contains("is closed already"), "{what}: {again:?}");
        verified(&world, &what);
    }
}

#[test]
fn runs_at_once_that_are_all_refused_leave_nothing_in_the_book() {
    let world = scene();
    world.small_file(PERIOD, "payments.csv", "no header\n");
    for round in 0..6 {
        reset(&world, round);
        let children = (0..3).map(|n| start(&mut run(&world, name(round, n), false))).collect();
        let found = statuses(children);
        assert!(
            found.iter().all(|status| [3, 4].contains(status)) && found.contains(&3),
            "{found:?}"
        );
        let left = tree(&world.path("new"));
        assert!(left.keys().all(|path| path == "book"), "{left:?}");
    }
}

#[test]
fn whoever_only_looks_is_never_in_the_way() {
    let world = small_book();
    world.run(PERIOD).expect(0);
    let (book, input) = (world.book(), world.input(PERIOD));
    let quotas = input.join("opening-quotas.csv");
    let looks: [Vec<&str>; 4] = [
        vec!["verify", "--quiet"],
        vec!["status", "--as-of", "2025-12-10"],
        vec!["statements", "--period", PERIOD, "--out", "out"],
        vec!["run", "pipelines/audit-rerun.toml", "--quiet", "--period", PERIOD],
    ];
    let root = crate::world::root();
    let look = |arguments: &[&str]| {
        for time in 0..4 {
            let mut command = program();
            command.current_dir(root).args(arguments).arg("--book").arg(&book);
            if arguments[0] == "run" {
                command.arg("--input").arg(&input).arg("--opening-quotas").arg(&quotas);
            }
            let out = world.path(&format!("out{time}"));
            let arguments = command
                .get_args()
                .map(|a| if a == "out" { out.clone().into() } else { a.to_owned() });
            let mut command = program();
            let ran: Ran = command
                .current_dir(root)
                .args(arguments.collect::<Vec<OsString>>())
                .output()
                .expect("started")
                .into();
            assert_eq!(ran.status, 0, "{ran:?}");
        }
    };
    thread::scope(|scope| {
        for arguments in &looks {
            scope.spawn(|| look(arguments));
        }
        for period in ["2025-11", "2025-12"] {
            world.run(period).expect(0);
        }
    });
    assert_eq!(names_in(&book), [PERIOD, "2025-11", "2025-12"]);
    world.verify(&[]).expect(0);
}
