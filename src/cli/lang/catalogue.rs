//! The catalogue of Chinese wordings, and the language of the terminal.

use std::{collections::BTreeMap, ffi::OsString, sync::OnceLock};

use clap::ValueEnum;
use serde::Deserialize;

use crate::{
    model::words,
    text::{self, Text},
};

/// A language of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Lang {
    /// 中文.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Returns the language of the command line, or else of the environment.
    pub(in crate::cli) fn wanted(
        arguments: &[OsString],
        environment: fn(&str) -> Option<String>,
    ) -> Lang {
        let mut named = None;
        let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
        while let Some(argument) = arguments.next().filter(|argument| *argument != "--") {
            let value = match argument {
                "--lang" => arguments.next(),
                _ => argument.strip_prefix("--lang="),
            };
            named = value.and_then(|value| Lang::from_str(value, false).ok()).or(named);
        }
        named.unwrap_or_else(|| {
            let mut locales = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(environment);
            match locales.find(|locale| !locale.is_empty()) {
                Some(locale) if locale.starts_with("zh") => Lang::Zh,
                _ => Lang::En,
            }
        })
    }
}

/// The Chinese catalogue, or `None` when the language is English.
static CATALOGUE: OnceLock<Option<ChineseCatalogue>> = OnceLock::new();

/// Sets the language, once, before anything is printed.
pub(in crate::cli) fn speak(lang: Lang) {
    CATALOGUE.get_or_init(|| (lang == Lang::Zh).then(ChineseCatalogue::built_in));
}

pub(super) fn catalogue() -> Option<&'static ChineseCatalogue> {
    CATALOGUE.get()?.as_ref()
}

/// Returns a message in the language of the terminal.
pub(in crate::cli) fn said(text: &Text) -> String {
    text.in_language(catalogue().map(|catalogue| &catalogue.texts))
}

/// Returns a word of the tables (a class, a decision), with its Chinese before it.
pub(in crate::cli) fn word(name: &str) -> String {
    said(&text!("{}", text::word(name)))
}

/// The file `zh.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueFile {
    /// Labels at the beginning of lines whose values form a column.
    pub(super) labels: BTreeMap<String, String>,
    /// Messages by their English wording.
    pub(super) messages: BTreeMap<String, String>,
    /// Errors of the operating system by their number.
    pub(super) system: BTreeMap<String, String>,
    /// Help by command and argument.
    pub(super) help: BTreeMap<String, String>,
    /// Fixed phrases of help pages.
    pub(super) phrases: BTreeMap<String, String>,
}

/// The Chinese catalogue.
#[derive(Debug)]
pub(super) struct ChineseCatalogue {
    pub(super) texts: text::Catalogue,
    /// Help by command and argument.
    pub(super) help: BTreeMap<String, String>,
    /// Fixed phrases of help pages.
    pub(super) phrases: BTreeMap<String, String>,
}

impl ChineseCatalogue {
    pub(super) fn entries() -> CatalogueFile {
        toml::from_str(include_str!("zh.toml")).expect("the catalogue that is built in")
    }

    pub(super) fn built_in() -> ChineseCatalogue {
        let CatalogueFile { labels, messages, system, help, phrases } = ChineseCatalogue::entries();
        let words = words::WORDS.iter();
        let system = system.into_iter().filter_map(|(n, said)| Some((n.parse().ok()?, said)));
        let texts = text::Catalogue {
            wordings: messages.into_iter().collect(),
            labels: labels.into_iter().collect(),
            words: words.map(|word| (word.name.to_owned(), word.chinese.to_owned())).collect(),
            system: system.collect(),
        };
        ChineseCatalogue { texts, help, phrases }
    }
}
