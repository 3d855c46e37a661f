//! Conversions give the same bytes whatever the threads, and leave nothing when they are stopped.

use std::{fs, process::Command, slice::from_ref};

use liangqing::model::fields::{Field, FieldKind};

use crate::{
    convert::{convert, plain_map, required, write},
    world::{World, program, tree},
};

#[test]
fn threads_and_blocks_change_no_byte() {
    let world = World::new();
    let fields = required();
    let mut text = fields.iter().map(|field| field.name()).collect::<Vec<_>>().join("\t") + "\n";
    for number in 0..30_000 {
        let value = |field: &Field| match field {
            Field::setl_id => format!("S{number:06}"),
            Field::setl_time => format!("2025-10-{:02} 08:00:00", 1 + number % 28),
            Field::medfee_sumamt if number % 1000 == 7 => "x".to_owned(),
            field if field.kind() == FieldKind::Amount => format!("{}.{:02}", number, number % 100),
            field => format!(" {}{} ", field.name(), number % 50),
        };
        text += &(fields.iter().map(value).collect::<Vec<_>>().join("\t") + "\n");
    }
    let export = write(&world, "long.txt", text);
    let map = plain_map(&world, "", &fields);
    let with = |threads: &str| {
        convert(&world, "treating", &map, &["--threads", threads], from_ref(&export)).expect(0);
        let made = tree(&world.path("delivery"));
        fs::remove_dir_all(world.path("delivery")).expect("removed");
        made
    };
    let one = with("1");
    assert_eq!(one, with("4"));
    assert_eq!(one, with("3"));
}

#[test]
fn a_stopped_conversion_leaves_nothing() {
    let world = World::new();
    let fields = required();
    let head = fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(",");
    let row = fields.iter().map(|_| "1").collect::<Vec<_>>().join(",");
    let export = write(&world, "a.csv", format!("{head}\n{}", format!("{row}\n").repeat(400_000)));
    let map = plain_map(&world, "", &fields);
    let mut command = program();
    command.args(["convert", "--quiet", "--side", "treating", "--map"]).arg(&map);
    command.arg("--out").arg(world.path("delivery")).arg(&export);
    let mut child = command.spawn().expect("started");
    let part = world.path("delivery/.liangqing.part");
    while !part.exists() && child.try_wait().expect("a child").is_none() {
        std::thread::yield_now();
    }
    let stopped = Command::new("kill").arg("-INT").arg(child.id().to_string()).status();
    assert!(stopped.expect("started").success());
    let status = child.wait().expect("ended");
    assert_eq!(status.code(), Some(130));
    assert!(!world.path("delivery").exists());
}
