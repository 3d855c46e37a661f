//! The contract is cited by section: every section that a source, a test or a page cites is there.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::world::root;

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("a page")
}

/// Every text below a folder, by its path.
fn texts(place: PathBuf, found: &mut Vec<(String, String)>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).expect("a folder") {
            texts(entry.expect("an entry").path(), found);
        }
        return;
    }
    let ending = place.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ["rs", "md", "txt", "toml", "py"].contains(&ending) {
        let name = place.strip_prefix(root()).expect("below").display().to_string();
        found.push((name, fs::read_to_string(&place).expect("UTF-8")));
    }
}

/// A number of a section, such as `2.1`, at the beginning of a text.
fn number(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let number = text[..end.unwrap_or(text.len())].trim_end_matches('.');
    (!number.is_empty()).then_some(number)
}

/// Every citation in a text: its line, whether it is one of the procedure, its number.
fn citations(text: &str) -> Vec<(usize, bool, &str)> {
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('§') {
            rest = after;
            if let Some(number) = number(after.trim_start_matches(' ')) {
                // [22] is the notice of the procedure in the rules file and on its page.
                let before = before.trim_end().to_lowercase();
                let of_procedure = ["procedure", "[22]"].iter().any(|page| before.ends_with(page));
                found.push((line, of_procedure, number));
            }
        }
    }
    found
}

/// The sections that a page has: those of its headings, or of the first cells of its tables.
fn sections(text: &str) -> BTreeSet<&str> {
    let places = text.lines().filter(|line| line.starts_with(['#', '|']));
    places.flat_map(citations).map(|(_, _, number)| number).collect()
}

#[test]
fn every_section_that_is_cited_exists() {
    let (contract, procedure) = (page("docs/contract.md"), page("docs/procedure.md"));
    let headings: String = contract
        .lines()
        .filter(|line| line.starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n");
    let (contract, procedure) = (sections(&headings), sections(&procedure));
    assert_eq!(contract, ["1", "2", "2.1", "2.2", "3", "4", "5", "6", "6.1", "7"].into());
    let mut sources = Vec::new();
    for place in [
        "src",
        "crates",
        "docs",
        "tests",
        "pipelines",
        "sample-data",
        "README.md",
        "CONTRIBUTING.md",
    ] {
        texts(root().join(place), &mut sources);
    }
    let (mut cited, mut missing) = (0, Vec::new());
    for (file, text) in sources.iter().filter(|(file, _)| !file.ends_with("citations.rs")) {
        for (line, of_procedure, number) in citations(text) {
            cited += 1;
            let pages = ["docs/procedure.md", "pipelines/rules.toml"];
            let of_procedure = of_procedure || pages.contains(&file.as_str());
            let known = if of_procedure { &procedure } else { &contract };
            // The page of the procedure cites the contract by its name.
            let other = file == "docs/procedure.md" && contract.contains(number);
            if !known.contains(number) && !other {
                missing.push(format!("{file}:{line}: §{number}"));
            }
        }
    }
    assert!(cited > 100, "{cited}");
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn citations_are_found() {
    let text = "as in contract §2.1, §4.\nprocedure §24; §n\n[22] §21";
    let expected = [(1, false, "2.1"), (1, false, "4"), (2, true, "24"), (3, true, "21")];
    assert_eq!(citations(text), expected);
}

/// Links to a section of the contract or of its notes lead to an anchor.
#[test]
fn links_to_the_contract_lead_to_its_sections() {
    let mut pages = Vec::new();
    texts(root().join("docs"), &mut pages);
    let mut broken = Vec::new();
    for (file, text) in &pages {
        for target in ["contract.md#", "contract-notes.md#"] {
            let anchors = page(&format!("docs/{}", target.trim_end_matches('#')));
            for link in text.split(&format!("]({target}")).skip(1) {
                let anchor = link.split(')').next().unwrap_or_default();
                if !anchors.contains(&format!("<a id=\"{anchor}\">")) {
                    broken.push(format!("{file}: {target}{anchor}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}
