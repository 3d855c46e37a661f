//! `--help`: commands by what a person wants, in both languages; a command has its file, its tests and its page.

use std::path::Path;

use crate::world::program;

/// The groups of the help page of a language, each with the names of its commands.
fn groups(lang: &str) -> Vec<(String, Vec<String>)> {
    let output = program().args(["--lang", lang, "--help"]).output().expect("started");
    assert!(output.status.success());
    let page = String::from_utf8(output.stdout).expect("UTF-8");
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_suffix(':') {
            groups.push((heading.to_owned(), Vec::new()));
        } else if let Some((name, _)) = line.strip_prefix("  ").and_then(|l| l.split_once("  ")) {
            let letters = name.chars().all(|letter| letter.is_ascii_lowercase());
            let group = groups.last_mut().filter(|_| letters && !name.is_empty());
            if let Some((_, names)) = group {
                names.push(name.to_owned());
            }
        }
    }
    groups.retain(|(_, names)| !names.is_empty());
    groups
}

#[test]
fn commands_stand_below_what_a_person_wants() {
    let english = groups("en");
    let headings: Vec<&str> = english.iter().map(|(heading, _)| heading.as_str()).collect();
    let wanted = ["Close a month", "Look at a book", "Give to provinces", "Prove", "Set up"];
    assert_eq!(headings, wanted);
    assert_eq!(english[0].1, ["convert", "daily", "run", "check", "decisions", "review"]);
    let chinese = groups("zh");
    let names = |groups: &[(String, Vec<String>)]| {
        groups.iter().map(|(_, names)| names.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&english), names(&chinese));
    assert!(chinese.iter().all(|(heading, _)| !heading.is_ascii()), "{chinese:?}");
}

#[test]
fn a_command_has_its_file_its_tests_and_its_page() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let names = groups("en").into_iter().flat_map(|(_, names)| names);
    let names: Vec<String> = names.filter(|name| name != "help").collect();
    assert!(names.len() > 15, "{names:?}");
    let lacks = |places: &[String]| !places.iter().any(|place| root.join(place).exists());
    for name in names {
        let places = [
            vec![format!("src/cli/{name}.rs"), format!("src/cli/{name}/mod.rs")],
            vec![format!("tests/it/{name}.rs"), format!("tests/{name}/run")],
            vec![format!("docs/cli/{name}.md")],
            vec![format!("docs/cli/{name}.zh-CN.md")],
        ];
        for places in places {
            assert!(!lacks(&places), "{name}: no {}", places.join(" or "));
        }
    }
}
