//! The house rules that neither a lint nor `clippy.toml` knows, and the README's console blocks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::world::{PROGRAM, root};

const LONGEST_FUNCTION: usize = 70;
const LONGEST_FILE: usize = 500;

/// Every source file below a folder, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

fn assert_none(offenders: &[String]) {
    assert!(offenders.is_empty(), "\n{}", offenders.join("\n"));
}

/// The functions of a formatted file: name, first line, number of lines.
fn functions(text: &str) -> Vec<(&str, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some((before, rest)) = code.split_once("fn ") else { continue };
        let words = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe"];
        if !before.split_whitespace().all(|word| words.contains(&word)) {
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let end = format!("{indent}}}");
        let length = lines[at..].iter().position(|line| **line == end).map_or(1, |last| last + 1);
        let one_line = code.ends_with('}') || code.ends_with(';');
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        found.push((name, at + 1, if one_line { 1 } else { length }));
    }
    found
}

#[test]
fn functions_and_files_are_short() {
    let mut offenders = Vec::new();
    for (file, text) in [sources("src"), sources("crates"), sources("tests/it")].concat() {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            offenders.push(format!("{file}: {lines} lines"));
        }
        for (name, line, length) in functions(&text) {
            if length > LONGEST_FUNCTION {
                offenders.push(format!("{file}:{line}: {name} has {length} lines"));
            }
        }
    }
    assert_none(&offenders);
}

/// A slip of a shell leaves files such as `&2`.
#[test]
fn files_of_the_root_have_plain_names() {
    let entries = fs::read_dir(root()).expect("the root");
    let names = entries.map(|entry| entry.expect("an entry").file_name().display().to_string());
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let odd: Vec<String> = names.filter(|name| !name.chars().all(is_plain)).collect();
    assert_none(&odd);
}

#[test]
fn functions_are_found() {
    let text = "fn a() {\n    b();\n}\n\nimpl X {\n    pub(crate) const fn b(\n        x: u8,\n    ) {\n    }\n}\n";
    assert_eq!(functions(text), [("a", 1, 3), ("b", 6, 4)]);
}

/// The names in a section of a manifest, one a line.
fn named_in(manifest: &str, section: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
    let (_, rest) = text.split_once(&format!("[{section}]\n")).expect("a section");
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', ' ']).next());
    names.filter(|name| !["", "#"].contains(name)).map(str::to_owned).collect()
}

/// The second implementation shares words with the engine, not work: Cargo lets it see what it names, and no more.
#[test]
fn the_second_implementation_shares_nothing_with_the_engine() {
    let named = named_in("crates/independent/Cargo.toml", "dependencies");
    let own = ["liangqing-base", "polars", "polars-io", "polars-parquet", "csv", "xxhash-rust"];
    assert_eq!(named, own);
    let words = fs::read_to_string(root().join("src/base.rs")).expect("a file");
    let floors: Vec<&str> =
        words.lines().filter_map(|line| line.strip_prefix("pub mod ")).collect();
    let known = ["text;", "diag;", "event;", "independent;", "model;", "rules;", "shapes;"];
    assert_eq!(floors, known);
}

/// A command of a console block and the output below it.
struct Shown {
    line: usize,
    command: String,
    output: Vec<String>,
}

fn console_blocks(text: &str) -> Vec<Vec<Shown>> {
    let mut blocks: Vec<Vec<Shown>> = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
            if inside {
                blocks.push(Vec::new());
            }
            continue;
        }
        let Some(block) = blocks.last_mut().filter(|_| inside) else { continue };
        match (line.strip_prefix("$ "), block.last_mut()) {
            (Some(command), _) => {
                block.push(Shown { line: at + 1, command: command.to_owned(), output: Vec::new() });
            }
            (None, Some(Shown { command, output, .. }))
                if output.is_empty() && command.ends_with('\\') =>
            {
                command.push('\n');
                command.push_str(line);
            }
            (None, Some(shown)) => shown.output.push(line.trim_end().to_owned()),
            (None, None) => panic!("line {}: output without a command", at + 1),
        }
    }
    blocks
}

/// Whether lines fit a pattern in which `...` stands for any lines, and within a line for any text.
fn fits(pattern: &[String], lines: &[&str]) -> bool {
    match pattern.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "..." => {
            (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..]))
        }
        Some((first, rest)) => {
            let same = |line: &&str| match first.split_once("...") {
                Some((start, end)) => line.starts_with(start) && line.ends_with(end),
                None => line == first,
            };
            lines.first().is_some_and(same) && fits(rest, &lines[1..])
        }
    }
}

fn output_of(shown: &Shown, folder: &Path, path: &str, locale: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {}\n}} 2>&1", shown.command)]);
    shell.env_remove("LC_ALL").env_remove("LC_MESSAGES").env("LANG", locale);
    let output = shell.current_dir(folder).env("PATH", path).output().expect("started");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Commands that build or test the package are not run from within its tests.
fn is_for_outside(command: &str) -> bool {
    ["cargo ", ".ci/run", "./.ci/run", "git "].iter().any(|start| command.starts_with(start))
}

#[test]
fn the_readme_shows_what_happens() {
    shows_what_happens("README.md", "C");
}

#[test]
fn the_chinese_readme_shows_what_happens() {
    shows_what_happens("README.zh-CN.md", "zh_CN.UTF-8");
}

/// What one README tells, the other tells too: as many commands, and every page that it sends its reader to.
#[test]
fn the_readmes_are_alike() {
    let read = |page: &str| fs::read_to_string(root().join(page)).expect("a page");
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    let commands = |text: &str| console_blocks(text).iter().flatten().count();
    assert_eq!(commands(&english), commands(&chinese));
    let pages = english.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let told = |page: &&str| {
        let own = page.replace(".md", ".zh-CN.md");
        chinese.contains(&format!("]({page}")) || chinese.contains(&format!("]({own}"))
    };
    let untold: Vec<&str> =
        pages.filter(|page| *page != "README.zh-CN.md" && !told(page)).collect();
    assert_eq!(untold, [""; 0]);
}

/// Runs the commands of a page's console blocks, one after the other.
pub(crate) fn shows_what_happens(page: &str, locale: &str) {
    let Ok(text) = fs::read_to_string(root().join(page)) else { return };
    let bin: PathBuf = Path::new(PROGRAM).parent().expect("a folder").to_owned();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    // What the commands make stays out of the repository: they run in a folder of links to it.
    let folder = tempfile::tempdir().expect("a folder");
    for name in crate::world::names_in(root()).iter().filter(|name| *name != "target") {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(root().join(name), link).expect("linked");
    }
    let mut problems = Vec::new();
    for shown in console_blocks(&text).iter().flatten() {
        if is_for_outside(&shown.command) {
            continue;
        }
        let output = output_of(shown, folder.path(), &path, locale);
        let mut lines: Vec<&str> = output.lines().map(str::trim_end).collect();
        let mut pattern = shown.output.clone();
        pattern.truncate(pattern.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1));
        lines.truncate(lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1));
        if !fits(&pattern, &lines) {
            problems.push(format!("{page}:{}: $ {}\n{output}", shown.line, shown.command));
        }
    }
    assert_none(&problems);
}

#[test]
fn three_dots_stand_for_any_lines() {
    let pattern = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(fits(&pattern(&["a", "...", "z"]), &["a", "b", "c", "z"]));
    assert!(fits(&pattern(&["a", "...", "z"]), &["a", "z"]));
    assert!(fits(&pattern(&["sum ... yuan", "..."]), &["sum 5 yuan"]));
    assert!(!fits(&pattern(&["a", "...", "z"]), &["a", "b"]));
    assert!(!fits(&pattern(&["a"]), &["a", "b"]));
}
