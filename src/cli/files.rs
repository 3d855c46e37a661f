//! Reads files named on the command line: pipelines, rules, templates of forms.

use std::path::{Path, PathBuf};

use crate::{
    bounded,
    diag::{self, Failure, Outcome},
    figures::SentenceTemplate,
    pipeline::{MONTH_END, Settings},
    rules::Rules,
    statements::Template,
};

/// Reads the settings of a pipeline file, or of the built-in one.
pub(super) fn read_pipeline(path: Option<&Path>) -> Outcome<Settings> {
    let (text, folder) = match path {
        None => (MONTH_END.to_owned(), Path::new("")),
        Some(path) => (read_text(path)?, path.parent().unwrap_or(Path::new(""))),
    };
    Settings::parse(&text, folder).map_err(|error| {
        let name = path.map_or(text!("built in"), |path| text!("{}", path));
        Failure::Usage(text!("{}: {}", name, error))
    })
}

/// Reads a rules file, or returns the built-in rules.
pub(super) fn read_rules(path: Option<&Path>) -> Outcome<Rules> {
    let Some(path) = path else { return Ok(Rules::built_in()) };
    Rules::parse(&read_text(path)?).map_err(|error| Failure::Usage(text!("{}: {}", path, error)))
}

/// Reads a template file, or returns the built-in template.
pub(super) fn read_template(path: Option<&Path>) -> Outcome<Template> {
    let Some(path) = path else { return Ok(Template::built_in()) };
    Template::parse(&read_text(path)?).map_err(|error| Failure::Usage(text!("{}: {}", path, error)))
}

/// Reads a file of sentences, or returns the built-in ones.
pub(super) fn read_sentences(path: Option<&Path>) -> Outcome<SentenceTemplate> {
    let Some(path) = path else { return Ok(SentenceTemplate::built_in()) };
    let sentences = SentenceTemplate::parse(&read_text(path)?);
    sentences.map_err(|error| Failure::Usage(text!("{}: {}", path, error)))
}

/// Reads the text of a file named on the command line.
pub(super) fn read_text(path: &Path) -> Outcome<String> {
    bounded::read_text(path, bounded::SETTINGS)
        .map_err(|error| Failure::Usage(text!("{} cannot be read: {}", path, error)))
}

/// Returns a path in the form that people read most easily.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the working folder is known"
)]
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::new());
    diag::shown(path.strip_prefix(here).unwrap_or(path))
}
