//! Forged books whose every digest fits: what the book itself tells, by which law, and what only the inputs
//! could tell, which docs/audit.md lists.

mod fates;
mod money;
mod untold;

use std::{fs, os::unix::fs::symlink};

use liangqing::book::manifest::Manifest;

use crate::{
    forger::{Forger, findings, sample_book},
    world::{World, copy},
};

const A: &str = "2025-10";
const B: &str = "2025-11";
const C: &str = "2025-12";

/// What a forger does to a book.
type Forge = fn(&Forger);

/// What a forger does to the manifests.
type Edit = fn(&mut Manifest);

/// What is done, the law that tells, and how it is done.
type Forgery = (&'static str, &'static str, Forge);

/// The places of what is found in a copy of the sample book after a forgery.
fn told(sample: &World, forge: Forge, edit: Edit) -> Vec<String> {
    let copied = tempfile::tempdir().expect("a folder");
    copy(&sample.book(), copied.path());
    let forger = Forger::of(copied.path());
    forge(&forger);
    forger.seal(edit);
    findings(copied.path()).into_iter().map(|finding| finding.place.to_string()).collect()
}

/// Checks that each forgery is told by a law of its own, and no forgery by none.
fn expect_told(forgeries: &[Forgery]) {
    let sample = sample_book();
    let mut untold = Vec::new();
    for (what, law, forge) in forgeries {
        let places = told(&sample, *forge, |_| {});
        if !places.iter().any(|place| place == law) {
            untold.push(format!("{what}: not told by {law:?}, but by {places:?}"));
        }
    }
    assert!(untold.is_empty(), "\n{}", untold.join("\n"));
}

#[test]
fn what_a_forger_does_is_told() {
    for forgeries in [fates::FATES, fates::VALUES, money::MONEY, money::REGISTERS, money::REJECTS] {
        expect_told(forgeries);
    }
}

#[test]
fn other_inputs_are_told() {
    let sample = sample_book();
    let edits: [(&str, Edit); 10] = [
        ("the quota changes of the delivery", |m| lines(m, B, "quota-changes.csv", 0)),
        ("the initial quotas of the delivery", |m| lines(m, B, "initial-quotas.csv", 0)),
        ("the opening quotas that were given", |m| lines(m, A, "opening-quotas.csv", 3)),
        ("control totals of every file", |m| lines(m, A, "control-totals.csv", 1)),
        ("in force", |m| lines(m, A, "permits.csv", 0)),
        ("the lines of the delivery", |m| lines(m, B, "payments.csv", 9)),
        ("inputs that a delivery can have", |m| m.inputs[0].path = "a note.csv".to_owned()),
        ("inputs that a delivery can have", |m| m.inputs[0].sha256 = "0".repeat(63)),
        ("each input once, in order", |m| m.inputs.reverse()),
        ("files on both sides, each once", |m| {
            let files: Vec<usize> = (0..m.inputs.len())
                .filter(|at| m.inputs[*at].path.starts_with("treating/"))
                .collect();
            m.inputs[files[1]].sha256 = m.inputs[files[0]].sha256.clone();
        }),
    ];
    for (law, edit) in edits {
        let places = told(&sample, |_| {}, edit);
        assert!(places.iter().any(|place| place == law), "{law}: {places:?}");
    }
}

fn lines(manifest: &mut Manifest, period: &str, path: &str, rows: u64) {
    if manifest.period == period {
        let input = manifest.inputs.iter_mut().find(|input| input.path == path);
        input.expect("an input").rows = rows;
    }
}

#[test]
fn links_out_of_the_book_are_told() {
    for path in ["tables", "register.parquet", "tables/pairs.parquet"] {
        let world = sample_book();
        let (here, there) = (world.book().join(A).join(path), world.path("elsewhere"));
        fs::rename(&here, &there).expect("moved");
        symlink(&there, &here).expect("linked");
        let found = findings(&world.book());
        let links =
            found.iter().filter(|finding| finding.found.to_string() == "a link to somewhere else");
        assert_eq!(
            links.map(|finding| finding.file.clone()).collect::<Vec<_>>(),
            [format!("{A}/{path}")]
        );
    }
}

#[test]
fn what_only_the_inputs_tell_is_listed() {
    let sample = sample_book();
    let page = include_str!("../../docs/audit.md");
    let start = page.find("Only the inputs").expect("the list");
    let list = &page[start..page[start..].find("\n## ").map_or(page.len(), |end| start + end)];
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    for (what, forge, edit) in untold::UNTOLD {
        let places = told(&sample, forge, edit);
        assert!(places.is_empty(), "{what} is told by {places:?}: it needs no place in the list");
        assert!(list.contains(what), "docs/audit.md does not list {what:?}");
    }
}
