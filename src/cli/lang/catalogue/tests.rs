use std::{fs, path::Path};

use clap::CommandFactory;

use super::*;
use crate::{cli::args::Arguments, control::Bucket, diag::Code};

#[test]
fn templates_are_filled_and_what_is_filled_in_is_looked_up() {
    let zh = Catalogue::chinese();
    assert_eq!(zh.phrase("4 notices"), "4 份通知书");
    assert_eq!(
        zh.text(
            "closed    book/2025-10\n  - issue 5 notices, to be paid by 2025-12-19 (tables/notices.parquet)"
        ),
        "已结账    book/2025-10\n  - 签发 5 份通知书, 付款截止 2025-12-19 (tables/notices.parquet)"
    );
    assert_eq!(zh.text("  what nobody knows"), "  what nobody knows");
}

/// Every text that help shows has its Chinese.
#[test]
fn every_command_and_argument_is_in_chinese() {
    let zh = Catalogue::chinese();
    let mut missing = Vec::new();
    let mut commands = vec![Arguments::command()];
    while let Some(command) = commands.pop() {
        let helps = command.get_arguments().filter_map(clap::Arg::get_help);
        let texts = command.get_about().into_iter().chain(helps).map(ToString::to_string);
        missing.extend(texts.filter(|text| zh.whole(text).is_none()));
        commands.extend(command.get_subcommands().cloned());
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_finding_and_every_bucket_is_in_chinese() {
    let zh = Catalogue::chinese();
    let codes = Code::ALL.iter().flat_map(|code| [code.expected(), code.hint()]);
    let words = codes.chain(Bucket::all().map(Bucket::name));
    let missing: Vec<&str> = words.filter(|text| zh.phrase(text) == *text).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// A message that was changed has lost its Chinese: every English piece is in the sources.
#[test]
fn no_entry_is_left_of_a_message_that_is_gone() {
    let mut sources = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                // Comments that are help, and texts over several lines, count as one line.
                let text = fs::read_to_string(path).expect("UTF-8");
                sources
                    .push_str(&text.replace("///", " ").replace("\\\n", " ").replace("\\\"", "\""));
            }
        }
    }
    let sources = even(&sources);
    let zh = Catalogue::chinese();
    let templates = zh.templates.iter().flat_map(|template| &template.pieces);
    let pieces = templates.chain(zh.exact.keys()).chain(zh.labels.keys());
    let counts = |piece: &str| piece.split_once(' ').is_some_and(|(n, _)| n == "1");
    let gone: Vec<&String> = pieces
        .filter(|piece| piece.len() > 3 && !counts(piece))
        .filter(|piece| !sources.contains(&even(piece)))
        .filter(|piece| !sources.contains(even(piece).trim_end_matches('s')))
        .collect();
    assert!(gone.is_empty(), "{gone:#?}");
}
