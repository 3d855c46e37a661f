//! `docs/cli`: a page for each command in each language, and an index. `UPDATE_DOCS=1 cargo test --lib markdown` makes
//! them from the command line. The text below a marker line is written by hand and kept.

use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

use super::{
    command::program,
    groups::GROUPS,
    help_text::HelpPart,
    lang::{Heading, Help, Lang},
    page::{ArgumentEntry, CommandPage},
};

const ARGUMENT: Heading = Heading { key: "heading.argument", english: "argument" };
const OPTION: Heading = Heading { key: "heading.option", english: "option" };
const MEANING: Heading = Heading { key: "heading.meaning", english: "meaning" };
const COMMANDS: Heading = Heading { key: "heading.commands", english: "Commands" };

/// The headings of the pages.
pub(super) const HEADINGS: [Heading; 4] = [ARGUMENT, OPTION, MEANING, COMMANDS];

/// The marker line. Below it a page is written by hand.
const BY_HAND: &str = "<!-- made from --help above, by hand below -->\n";

/// Returns the file of a page. `README` is the index.
fn file(name: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{name}.md"),
        Lang::Zh => format!("{name}.zh-CN.md"),
    }
}

/// Returns the line with links to the index and to the other language.
fn links(name: &str, lang: Lang) -> String {
    let other = match lang {
        Lang::En => format!("[中文]({})", file(name, Lang::Zh)),
        Lang::Zh => format!("[English]({})", file(name, Lang::En)),
    };
    let index = Help::in_language(lang).heading(COMMANDS);
    match name {
        "README" => other,
        _ => format!("[{index}]({}) · {other}", file("README", lang)),
    }
}

fn index(program: &CommandPage, lang: Lang) -> String {
    let help = Help::in_language(lang);
    let mut text = format!("# {}\n\n{}\n", help.heading(COMMANDS), links("README", lang));
    for group in &GROUPS {
        _ = write!(text, "\n## {}\n\n", help.heading(group.heading));
        for name in group.commands {
            let full = format!("{} {name}", program.name);
            let page = program.below.iter().find(|page| page.name == full).expect("its page");
            _ = writeln!(text, "- [`{name}`]({}): {}", file(name, lang), escaped(&page.about));
        }
    }
    text + &text_below(program, "##")
}

fn command_page(page: &CommandPage, lang: Lang) -> String {
    let name = page.name.rsplit(' ').next().expect("a name");
    let help = Help::in_language(lang);
    let mut text = format!("# {}\n\n{}\n", page.name, links(name, lang));
    text += &body(page, help, "##");
    for below in &page.below {
        _ = write!(text, "\n## {}\n", below.name);
        text += &body(below, help, "###");
    }
    text
}

/// Returns usage, arguments, options, and the text below them.
fn body(page: &CommandPage, help: Help, heading: &str) -> String {
    let CommandPage { name, about, usage, arguments, options, .. } = page;
    let mut text = format!("\n{}\n\n```text\n{name} {usage}\n```\n", escaped(about));
    for (kind, entries) in [(ARGUMENT, arguments), (OPTION, options)] {
        if !entries.is_empty() {
            let (kind, meaning) = (help.heading(kind), help.heading(MEANING));
            _ = write!(text, "\n| {kind} | {meaning} |\n|---|---|\n");
            text.extend(entries.iter().map(|entry| row(entry, help)));
        }
    }
    text + &text_below(page, heading)
}

fn row(entry: &ArgumentEntry, help: Help) -> String {
    let mut meaning = escaped(&entry.meaning);
    meaning.extend(entry.default_note(help).map(|note| format!(" {note}")));
    for (value, about) in &entry.values {
        let colon = if about.is_empty() { "" } else { ": " };
        _ = write!(meaning, "<br>`{value}`{colon}{}", escaped(about));
    }
    format!("| `{}` | {meaning} |\n", entry.shown.replace('|', "\\|"))
}

fn text_below(page: &CommandPage, heading: &str) -> String {
    let mut text = String::new();
    for part in &page.parts {
        match part {
            HelpPart::Paragraph(paragraph) => {
                _ = write!(text, "\n{}\n", linked(&escaped(paragraph)));
            }
            HelpPart::Section { title, lines, note } => {
                let commands = lines.iter().all(|line| line.starts_with("liangqing "));
                let kind = if commands { "sh" } else { "text" };
                let lines = lines.join("\n");
                _ = write!(text, "\n{heading} {title}\n\n```{kind}\n{lines}\n```\n");
                if !note.is_empty() {
                    _ = write!(text, "\n{}\n", escaped(note));
                }
            }
        }
    }
    text
}

/// Escapes Markdown outside of backticks.
fn escaped(text: &str) -> String {
    let escape = |(at, piece): (usize, &str)| match at % 2 {
        0 => piece.replace('<', "\\<").replace('*', "\\*").replace('|', "\\|"),
        _ => piece.to_owned(),
    };
    text.split('`').enumerate().map(escape).collect::<Vec<_>>().join("`")
}

/// Turns names of pages below `docs` into links.
fn linked(text: &str) -> String {
    let mut pieces = text.split("docs/");
    let mut linked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let name = piece.split_once(".md").map_or("", |(name, _)| name);
        _ = write!(linked, "[docs/{name}.md](../{name}.md)");
        linked += piece.strip_prefix(&format!("{name}.md")).expect("a page of docs");
    }
    linked
}

#[test]
fn the_pages_of_the_commands_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli");
    let mut names = BTreeSet::new();
    let mut stale = Vec::new();
    for lang in [Lang::En, Lang::Zh] {
        let help = Help::in_language(lang);
        let program = CommandPage::program(program(help), help);
        let mut pages = vec![(file("README", lang), index(&program, lang))];
        pages.extend(program.below.iter().map(|page| {
            let name = page.name.rsplit(' ').next().expect("a name");
            (file(name, lang), command_page(page, lang))
        }));
        for (name, made) in pages {
            let path = folder.join(&name);
            let found = fs::read_to_string(&path).unwrap_or_default();
            let by_hand = found.split_once(BY_HAND).map_or("", |(_, by_hand)| by_hand);
            let text =
                if by_hand.is_empty() { made } else { format!("{made}\n{BY_HAND}{by_hand}") };
            if env::var_os("UPDATE_DOCS").is_some() {
                fs::create_dir_all(&folder).expect("made");
                fs::write(&path, &text).expect("written");
            } else if found != text {
                stale.push(name.clone());
            }
            names.insert(name);
        }
    }
    assert!(stale.is_empty(), "UPDATE_DOCS=1 cargo test --lib markdown: {stale:?}");
    let found = fs::read_dir(&folder).expect("docs/cli");
    let found = found.map(|entry| entry.expect("an entry").file_name().into_string());
    let found: BTreeSet<String> = found.map(|name| name.expect("UTF-8")).collect();
    assert_eq!(found, names, "a page of no command");
}

#[test]
fn a_text_means_nothing_to_markdown() {
    assert_eq!(escaped("a/*.b `c|*d` <E>"), "a/\\*.b `c|*d` \\<E>");
    assert_eq!(linked("(docs/a-b.md)."), "([docs/a-b.md](../a-b.md)).");
}
