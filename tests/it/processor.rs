//! The check of the processor, which runs before the program does; and `--version`.
#![cfg(target_arch = "x86_64")]

use std::process::Command;

use crate::{
    tools::has,
    world::{PROGRAM, Ran, program},
};

/// `--version` on a processor that is played by an emulator.
fn version_on(processor: &str) -> Ran {
    let mut emulator = Command::new("qemu-x86_64");
    emulator.args(["-cpu", processor, PROGRAM, "--version"]);
    emulator.output().expect("started").into()
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Ran::from(program().arg("--version").output().expect("started")).expect(0);
    // A release says its commit as well.
    let version = format!("liangqing {}", env!("CARGO_PKG_VERSION"));
    assert!(ran.stdout.starts_with(&version), "{}", ran.stdout);
}

#[test]
fn a_processor_that_is_not_enough_is_told_which_is() {
    if !has("qemu-x86_64", "the check of the processor") {
        return;
    }
    // Highest first, as a program of the third level has the second, too.
    let levels = [
        (cfg!(target_feature = "avx2"), "x86-64-v3", "Nehalem"),
        (cfg!(target_feature = "sse4.2"), "x86-64-v2", "core2duo"),
    ];
    let Some((_, level, too_old)) = levels.into_iter().find(|(compiled, ..)| *compiled) else {
        return;
    };
    let refused = version_on(too_old).expect(6);
    assert_eq!(refused.stdout, "");
    for start in ["error: ", "    hint: ", "错误：", "    提示："] {
        assert!(refused.stderr.lines().any(|line| line.starts_with(start)), "{}", refused.stderr);
    }
    assert!(refused.stderr.matches(level).count() >= 2, "{}", refused.stderr);
    assert!(version_on("Haswell").expect(0).stdout.starts_with("liangqing "));
}
