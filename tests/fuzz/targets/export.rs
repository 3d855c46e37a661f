#![no_main]

#[allow(dead_code, reason = "shared with the replay")]
#[path = "../harness.rs"]
mod harness;

use std::sync::LazyLock;

use harness::Bench;
use libfuzzer_sys::fuzz_target;

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);

fuzz_target!(
    init: harness::init(),
    |bytes: &[u8]| BENCH.export(bytes)
);
