//! The language in which people are told things.
//!
//! Messages are English in the code. The catalogue `zh.toml` holds their Chinese by the English text, with `{}` for
//! what is filled in. What has no entry stays English. Reports for programs, tables and files know no language.

mod catalogue;
mod help;

use std::sync::OnceLock;

use clap::ValueEnum;

use self::catalogue::Catalogue;
pub(super) use self::help::localised;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// 中文.
    Zh,
    /// English.
    En,
}

/// The catalogue of the chosen language; none for English.
static CHOSEN: OnceLock<Option<Catalogue>> = OnceLock::new();

impl Language {
    /// The one that the command line asks for, else that of the environment.
    pub(super) fn of(
        arguments: &[String],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Language {
        let asked = arguments.iter().enumerate().find_map(|(at, argument)| {
            let next = || arguments.get(at + 1).map(String::as_str);
            if argument == "--lang" { next() } else { argument.strip_prefix("--lang=") }
        });
        let named = asked.and_then(|name| Language::from_str(name, true).ok());
        // The first that is set decides, as POSIX has it.
        let mut variables = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(environment);
        let mut locale = || variables.find(|value| !value.is_empty()).unwrap_or_default();
        named.unwrap_or_else(
            || {
                if locale().starts_with("zh") { Language::Zh } else { Language::En }
            },
        )
    }

    /// Makes it the language of the process.
    pub(super) fn choose(self) {
        _ = CHOSEN.set((self == Language::Zh).then(Catalogue::chinese));
    }
}

fn catalogue() -> Option<&'static Catalogue> {
    CHOSEN.get().and_then(Option::as_ref)
}

/// A text for people, line by line.
pub(super) fn told(text: &str) -> String {
    catalogue().map_or_else(|| text.to_owned(), |catalogue| catalogue.text(text))
}

/// A word of a table.
pub(super) fn word(word: &str) -> String {
    catalogue().map_or_else(|| word.to_owned(), |catalogue| catalogue.phrase(word))
}
