//! The command `init`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    files::{WORKING_FILE, shown},
    lang::Help,
    options::Format,
    printer::{report, text},
};
use crate::{
    contract::columns::{ACCOUNTS, FileColumns, NAMES, OPENING_QUOTAS, REGISTRY, SMALL_FILES},
    diag::Outcome,
    place::addition::Addition,
    rules, shapes,
    text::Text,
};

/// A working place that was made.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "init --format json")]
pub(super) struct MadePlace<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// The folder.
    folder: &'a Path,
    /// What was written into it, by path; folders end in `/`.
    written: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing init clearing
  liangqing init .

Writes liangqing.toml, which run, check and status take when they start in the folder, a copy of the built-in rules,
empty small files with their headings, a guide in both languages, and folders for exports, maps and deliveries.
Comments are in the language of the terminal (--lang). Nothing that is there is replaced: exit status 2, and nothing
is written.")]
pub(super) struct InitArguments {
    /// The folder; it is made when it is not there
    folder: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing init`.
pub(super) fn init(arguments: &InitArguments) -> Outcome<()> {
    let InitArguments { folder, format } = arguments;
    let entries = entries(Help::spoken().is_chinese());
    Addition::to(folder)?.add_all(&entries)?;
    let written = entries.iter().map(|(path, bytes)| match bytes {
        Some(_) => path.clone(),
        None => format!("{path}/"),
    });
    match format {
        Format::Human => text(&[
            Text::labelled("made", text!("{}", shown(folder))),
            text!(""),
            text!("next"),
            text!("  - {}", text!("go to the folder: it is where the commands start")),
            text!("  - {}", text!("read README.md, which leads from exports to a closed month")),
            text!(
                "  - {}",
                text!("write opening-quotas.csv: the first period starts from these quotas")
            ),
        ]),
        Format::Json => {
            report(&MadePlace { format: shapes::FormatNumber, folder, written: written.collect() })
        }
    }
}

/// Returns everything that a working place has at first: files with their bytes, and folders.
fn entries(chinese: bool) -> BTreeMap<String, Option<Vec<u8>>> {
    let pick = |[zh, en]: [&'static str; 2]| if chinese { zh } else { en };
    let settings = pick([include_str!("liangqing.zh.toml"), include_str!("liangqing.en.toml")]);
    let maps = pick([include_str!("maps.zh.md"), include_str!("maps.en.md")]);
    let texts = [
        (WORKING_FILE, settings),
        ("rules.toml", rules::BUILT_IN),
        ("README.md", include_str!("guide.en.md")),
        ("说明.md", include_str!("guide.zh.md")),
        (pick(["maps/说明.md", "maps/README.md"]), maps),
        (".gitignore", include_str!("gitignore")),
    ];
    let text = |(path, text): (&str, &str)| (path.to_owned(), Some(text.as_bytes().to_vec()));
    let small = SMALL_FILES.into_iter().chain([OPENING_QUOTAS, REGISTRY, ACCOUNTS, NAMES]);
    let small =
        small.map(|file| (format!("small-files/{}", file.name), Some(heading(&file).into_bytes())));
    let folders = ["deliveries", "exports"].map(|folder| (folder.to_owned(), None));
    texts.into_iter().map(text).chain(small).chain(folders).collect()
}

/// Returns the header of a small file, which is all that an empty one has.
fn heading(file: &FileColumns) -> String {
    let names: Vec<&str> = file.columns.iter().map(|column| column.name).collect();
    format!("{}\n", names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Settings;

    #[test]
    fn both_languages_have_the_same_settings_and_places() {
        let read = |chinese: bool| {
            let entries = entries(chinese);
            let bytes = entries[WORKING_FILE].clone().expect("a file");
            let text = String::from_utf8(bytes).expect("UTF-8");
            Settings::parse(&text, Path::new("")).expect("good")
        };
        assert_eq!(read(true), read(false));
        assert_eq!(read(true).input, Some(PathBuf::from("deliveries/{period}")));
        assert_eq!(entries(true).len(), entries(false).len());
        let names = entries(false);
        assert!(!names.contains_key("opening-quotas.csv"), "an empty one would be taken");
        let quotas = names["small-files/opening-quotas.csv"].as_deref();
        assert_eq!(quotas, Some(&b"insured_province,treating_province,quota\n"[..]));
    }

    #[test]
    fn the_guides_have_the_same_commands() {
        let commands = |text: &'static str| {
            let lines = text.lines().map(str::trim);
            lines.filter(|line| line.starts_with("liangqing ")).collect::<Vec<_>>()
        };
        let english = commands(include_str!("guide.en.md"));
        assert!(english.len() > 5, "{english:?}");
        assert_eq!(english, commands(include_str!("guide.zh.md")));
    }
}
