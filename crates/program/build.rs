//! Names the version of the program, and builds the check of the processor into it.
#![expect(clippy::disallowed_methods, reason = "Cargo says by its environment what is built")]

use std::env;

/// A level of processors.
struct Level {
    /// A feature that the levels below lack, as the compiler names it.
    feature: &'static str,
    /// Its number.
    number: u8,
    /// What is said where the processor is below the level, in both languages.
    said: [&'static str; 4],
}

/// The levels that a program may be compiled for, highest first.
const LEVELS: [Level; 2] = [
    Level {
        feature: "avx2",
        number: 3,
        said: [
            "error: this processor cannot run this program, which needs x86-64-v3 (AVX2, BMI2, FMA: Intel since 2013, \
             AMD since 2015)",
            "    hint: released programs need x86-64-v2 alone; so does what RUSTFLAGS=-Ctarget-cpu=x86-64-v2 builds",
            "错误：本机处理器无法运行本程序，需要 x86-64-v3（AVX2、BMI2、FMA：Intel 2013 年起，AMD 2015 年起）",
            "    提示：正式发布的程序只需 x86-64-v2；自行构建时可设 RUSTFLAGS=-Ctarget-cpu=x86-64-v2",
        ],
    },
    Level {
        feature: "sse4.2",
        number: 2,
        said: [
            "error: this processor cannot run this program, which needs x86-64-v2 (SSE4.2, POPCNT: Intel since 2009, \
             AMD since 2011)",
            "    hint: a virtual machine may hide what its host has; choose another type of processor for it",
            "错误：本机处理器无法运行本程序，需要 x86-64-v2（SSE4.2、POPCNT：Intel 2009 年起，AMD 2011 年起）",
            "    提示：虚拟机可能屏蔽了宿主机的指令集，请更换其处理器类型",
        ],
    },
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=processor.c");
    println!("cargo:rerun-if-env-changed=LIANGQING_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").expect("Invariant: Cargo sets it");
    // Only who builds a release knows that nothing but the commit is in it. The library never sees it, so no result
    // depends on it.
    let commit = env::var("LIANGQING_COMMIT").ok().filter(|commit| !commit.is_empty());
    let version = commit.map_or(version.clone(), |commit| format!("{version} ({commit})"));
    println!("cargo:rustc-env=LIANGQING_VERSION={version}");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let has = |feature: &str| features.split(',').any(|has| has == feature);
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64")
        && let Some(level) = LEVELS.iter().find(|level| has(level.feature))
    {
        build_check(level);
    }
}

/// Compiles the check for all x86-64 processors, whatever the rest is compiled for.
fn build_check(level: &Level) {
    let said = format!("\"{}\\n\"", level.said.join("\\n"));
    cc::Build::new()
        .file("processor.c")
        .flag("-march=x86-64")
        .define("LEVEL", level.number.to_string().as_str())
        .define("NEEDED", said.as_str())
        // Nothing calls it, so the linker would leave it out.
        .link_lib_modifier("+whole-archive")
        .compile("processor");
}
