//! Reads files named on the command line: pipelines, rules, templates of forms.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    bounded,
    diag::{self, Failure, Outcome},
    figures::SentenceTemplate,
    known::KnownDifferences,
    model::codes::Month,
    pipeline::{
        Settings,
        built_in::{self, BuiltInPipeline, MONTH_END},
    },
    rules::Rules,
    statements::Template,
    text::Text,
};

/// The name of the pipeline file that `init` writes and that a working folder may have.
pub(super) const WORKING_FILE: &str = "liangqing.toml";

/// The settings of a pipeline, and where it was found.
#[derive(Debug)]
pub(super) struct PipelineFile {
    pub(super) settings: Settings,
    pub(super) source: PipelineSource,
}

/// Where a pipeline was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Pipeline")]
pub(super) struct PipelineSource {
    /// The file, or the name of the built-in pipeline.
    pub(super) name: PathBuf,
    /// Where it was found.
    pub(super) from: PipelinePlace,
    /// Whether a reader would ask which one it is: it was found without a path that names it.
    #[serde(skip)]
    told: bool,
}

/// The places in which pipelines are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PipelinePlace {
    /// The program has it.
    BuiltIn,
    /// The command line names the file.
    File,
    /// It is `liangqing.toml` of the working folder, as the command line names none.
    WorkingFolder,
}

impl PipelineSource {
    /// Says which pipeline was taken, where a name or the working folder decided about it.
    pub(super) fn line(&self) -> Option<Text> {
        let name = diag::shown(&self.name);
        let said = match self.from {
            PipelinePlace::BuiltIn => text!("{}, built in", name),
            PipelinePlace::File => text!("{}, a file here", name),
            PipelinePlace::WorkingFolder => text!("{} of this folder", name),
        };
        self.told.then(|| Text::labelled("pipeline", said))
    }
}

/// Reads a pipeline: a file, or a built-in one by its name. Without a name it is that of the working folder, or else
/// the built-in one that closes a month.
pub(super) fn read_pipeline(named: Option<&Path>) -> Outcome<PipelineFile> {
    let found = |name: &Path, from, told| PipelineSource { name: name.to_owned(), from, told };
    let Some(path) = named else {
        let here = Path::new(WORKING_FILE);
        return if here.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            parse(&read_text(here)?, found(here, PipelinePlace::WorkingFolder, true))
        } else {
            let BuiltInPipeline { name, text } = MONTH_END;
            parse(text, found(Path::new(name), PipelinePlace::BuiltIn, false))
        };
    };
    let is_name = path.components().count() == 1 && path.file_name() == Some(path.as_os_str());
    let known = path.to_str().and_then(built_in::named).filter(|_| is_name);
    match known {
        Some(known) if !path.is_file() => {
            parse(known.text, found(path, PipelinePlace::BuiltIn, true))
        }
        known => {
            let text = read_text(path).map_err(|failure| hinted(path, failure))?;
            parse(&text, found(path, PipelinePlace::File, known.is_some()))
        }
    }
}

/// Adds a hint to a file that cannot be read, when a built-in pipeline has its name.
fn hinted(path: &Path, failure: Failure) -> Failure {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    match (failure, stem.and_then(built_in::named)) {
        (Failure::Usage(problem), Some(known)) if !path.exists() => {
            Failure::Usage(problem.hinting(text!("it is built in: name it {}", known.name)))
        }
        (failure, _) => failure,
    }
}

fn parse(text: &str, source: PipelineSource) -> Outcome<PipelineFile> {
    let folder = match source.from {
        PipelinePlace::BuiltIn => None,
        PipelinePlace::File | PipelinePlace::WorkingFolder => source.name.parent(),
    };
    let parsed = Settings::parse(text, folder.unwrap_or(Path::new("")));
    let settings = parsed.map_err(|error| {
        let is_built_in = source.from == PipelinePlace::BuiltIn;
        let name = if is_built_in { text!("built in") } else { text!("{}", &source.name) };
        Failure::Usage(text!("{}: {}", name, error))
    })?;
    Ok(PipelineFile { settings, source })
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
/// Reads the result of daily reconciliation of a period, if one is named.
pub(super) fn read_daily(
    folder: Option<&Path>,
    period: Month,
) -> Outcome<Option<KnownDifferences>> {
    folder.map(|folder| KnownDifferences::read(folder, period)).transpose()
}
