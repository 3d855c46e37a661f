//! The pages for people name files, folders, links, modules and items that exist.
#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "names of this project")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::world::root;

/// The changelog tells of what has been; two parts of the contract tell of commands that are still to be made.
const ELSEWHERE: [&str; 3] = ["CHANGELOG.md", "docs/coordination.md", "docs/review.md"];

/// Every file and folder of the project, from its root on, and every file's text where it is UTF-8.
struct Tree {
    paths: BTreeSet<String>,
    files: Vec<(String, String)>,
}

impl Tree {
    fn read() -> Tree {
        let mut tree = Tree { paths: BTreeSet::new(), files: Vec::new() };
        tree.walk(root());
        tree
    }

    fn walk(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root()).expect("below").display().to_string();
            if [".git", "target"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                self.walk(&path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                self.files.push((name.clone(), text));
            }
            self.paths.insert(name);
        }
    }

    /// What people read of the program as it is.
    fn pages(&self) -> impl Iterator<Item = &(String, String)> {
        self.files.iter().filter(|(name, _)| {
            let is_page = name.ends_with(".md") && !ELSEWHERE.contains(&name.as_str());
            is_page && (name.starts_with("docs/") || !name.contains('/'))
        })
    }

    /// The Rust sources, each with the modules that lead to it.
    fn sources(&self) -> impl Iterator<Item = (Vec<&str>, &str)> {
        let rust =
            self.files.iter().filter_map(|(name, text)| Some((name.strip_suffix(".rs")?, text)));
        rust.map(|(name, text)| {
            let parts = name
                .split('/')
                .filter(|part| !["src", "crates", "tests", "it", "mod"].contains(part));
            (parts.collect(), text.as_str())
        })
    }

    fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether a page may name a path: one of the project, from its root, from `src` or from the page on, or the end
    /// of one; else, as it is no source, a file of a delivery or a book that the sources know by its name.
    fn knows(&self, page: &str, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let end = format!("/{path}");
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_source = [".rs", ".py"].iter().any(|ending| path.ends_with(ending));
        let is_known = || {
            let code =
                |file: &str| [".rs", ".toml", ".py"].iter().any(|ending| file.ends_with(ending));
            self.files.iter().any(|(file, text)| code(file) && text.contains(name))
        };
        self.has(path)
            || self.has(&beside(page, path))
            || self.paths.iter().any(|known| known.ends_with(&end) || in_short(known) == path)
            || (!is_source && is_known())
    }

    /// Whether `a::b::Type::item` is there.
    fn defines(&self, item: &str) -> bool {
        let parts: Vec<&str> = item.split("::").collect();
        let is_type = |part: &&str| part.starts_with(|letter: char| letter.is_ascii_uppercase());
        let first = parts.iter().position(is_type).unwrap_or(parts.len() - 1);
        let (modules, items) = parts.split_at(first);
        self.sources().any(|(path, text)| {
            // A module may hand on what a module below it defines.
            let is_below =
                || modules.is_empty() || path.windows(modules.len()).any(|inner| inner == modules);
            path.ends_with(&parts)
                || is_below()
                    && is_defined(text, items[0])
                    && items[1..].iter().all(|inner| words(text).any(|word| word == *inner))
        })
    }
}

/// The path of a source as pages name it: `src/a/b.rs` and `crates/a/src/b.rs` are `a/b.rs`.
fn in_short(path: &str) -> String {
    let parts = path.split('/').filter(|part| !["src", "crates"].contains(part));
    parts.collect::<Vec<_>>().join("/")
}

/// A path that a page names from its own folder on.
fn beside(page: &str, path: &str) -> String {
    let mut place = PathBuf::from(page);
    place.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(place.pop()),
            "." => {}
            part => place.push(part),
        }
    }
    place.display().to_string()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

fn is_defined(text: &str, name: &str) -> bool {
    let keywords = ["fn", "struct", "enum", "trait", "type", "const", "static", "mod"];
    let all: Vec<&str> = words(text).filter(|word| !word.is_empty()).collect();
    all.windows(2).any(|pair| keywords.contains(&pair[0]) && pair[1] == name)
}

/// Each piece of code within the lines of a page, with its line. Blocks of code are examples.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    let lines = text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    });
    lines.flat_map(|(at, line)| line.split('`').skip(1).step_by(2).map(move |code| (at + 1, code)))
}

/// Whether code is a path, and not a pattern, a flag, a sum or a type of content.
fn is_path(code: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        "csv", "html", "json", "lock", "md", "parquet", "pem", "py", "rs", "sha256", "sig", "toml",
        "txt", "xlsx",
    ];
    let plain = |letter: char| letter.is_alphanumeric() || "._-/".contains(letter);
    let ending =
        code.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && ENDINGS.contains(&end));
    // Somebody's own file.
    code.chars().all(plain) && (code.contains('/') || ending) && !code.starts_with("my-")
}

fn assert_none(offenders: &[String]) {
    assert!(offenders.is_empty(), "\n{}", offenders.join("\n"));
}

#[test]
fn every_path_that_a_page_names_is_there() {
    let tree = Tree::read();
    let offenders = tree.pages().flat_map(|(page, text)| {
        let unknown = code(text).filter(|(_, code)| is_path(code) && !tree.knows(page, code));
        unknown.map(move |(line, code)| format!("{page}:{line}: {code}"))
    });
    assert_none(&offenders.collect::<Vec<_>>());
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let tree = Tree::read();
    let offenders = tree.pages().flat_map(|(page, text)| {
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let own = links.filter(|link| !link.is_empty() && !link.contains(':'));
        let dead = own.filter(|link| !tree.has(beside(page, link).trim_end_matches('/')));
        dead.map(move |link| format!("{page}: {link}"))
    });
    assert_none(&offenders.collect::<Vec<_>>());
}

#[test]
fn every_item_that_a_page_names_is_there() {
    let tree = Tree::read();
    let is_item = |code: &str| {
        let is_name = |part: &str| {
            !part.is_empty()
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        code.contains("::") && code.split("::").all(is_name) && !code.starts_with("std::")
    };
    let offenders = tree.pages().flat_map(|(page, text)| {
        let unknown = code(text).filter(|(_, code)| is_item(code) && !tree.defines(code));
        unknown.map(move |(line, code)| format!("{page}:{line}: {code}"))
    });
    assert_none(&offenders.collect::<Vec<_>>());
}

/// Which files use what clippy.toml forbids: as many as the page about it says.
#[test]
fn the_exceptions_to_what_is_absent_are_told() {
    let tree = Tree::read();
    let (_, page) = tree.pages().find(|(name, _)| name == "docs/architecture.md").expect("a page");
    let (_, absent) = page.split_once("What is deliberately absent:").expect("a part");
    let (absent, _) = absent.split_once("\n## ").expect("a part after it");
    let is_source = |code: &&str| code.ends_with(".rs") && !code.starts_with("tests/");
    let told: BTreeSet<&str> = code(absent).map(|(_, code)| code).filter(is_source).collect();
    let excepted = tree.files.iter().filter(|(name, text)| {
        name.contains("src/")
            && name.ends_with(".rs")
            && name != "src/lib.rs"
            && !name.ends_with("/tests.rs")
            && text.contains("clippy::disallowed_")
    });
    let excepted: BTreeSet<String> = excepted.map(|(name, _)| in_short(name)).collect();
    assert_eq!(told, excepted.iter().map(String::as_str).collect());
}

#[test]
fn pages_are_looked_through() {
    let tree = Tree {
        paths: ["src/book/mod.rs", "docs/a.md"].map(str::to_owned).into(),
        files: vec![(
            "src/book/mod.rs".to_owned(),
            "const NAME: &str = \"seal.json\";\npub enum Failure { Bug }\npub fn open() {}\n"
                .to_owned(),
        )],
    };
    assert!(
        ["docs/a.md", "a.md", "book/mod.rs", "seal.json"]
            .iter()
            .all(|path| tree.knows("docs/b.md", path))
    );
    assert!(
        ["book.rs", "moon.json", "ook/mod.rs"].iter().all(|path| !tree.knows("docs/b.md", path))
    );
    assert!(
        ["book::open", "Failure::Bug", "book::Failure::Bug"].iter().all(|item| tree.defines(item))
    );
    assert!(["book::close", "Failure::Bu", "cook::open"].iter().all(|item| !tree.defines(item)));
    let page = "`a/b` and\n```sh\n`c/d`\n```\n`e.rs` `x = 1` `*/f.csv` `my-own.toml`";
    let found: Vec<_> = code(page).filter(|(_, code)| is_path(code)).collect();
    assert_eq!(found, [(1, "a/b"), (5, "e.rs")]);
}
