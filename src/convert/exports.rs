//! Exports of a command: which files they are, and which format each has.

use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use super::{
    map::InputRule,
    parquet_table::ParquetTable,
    spreadsheet::Spreadsheet,
    table::ExportReader,
    text_table::{DelimitedText, SEPARATORS},
};
use crate::{
    diag::{Code, Failure, Finding, Outcome, shown},
    ingest::any_parquet::disguise,
    text::Text,
};

/// A file of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) path: PathBuf,
    /// The name by which findings and reports tell it.
    pub(crate) name: String,
}

/// An opened export.
pub(crate) enum Opened {
    /// Text, whose separator may not be known yet.
    Text(DelimitedText),
    /// Another format. Its rows may have fewer cells than the heading.
    Other(Box<dyn ExportReader + Send>),
}

impl Export {
    /// Lists the files of the command line. A folder stands for the files in it.
    pub(crate) fn list(paths: &[PathBuf]) -> Outcome<Vec<Export>> {
        let mut files = Vec::new();
        for path in paths {
            let found = fs::metadata(path).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Failure::Usage(text!("{} is not there", path)),
                _ => Failure::io(path)(error),
            })?;
            if found.is_dir() { below(path, &mut files)? } else { files.push(path.clone()) }
        }
        let mut seen = BTreeSet::new();
        for file in &files {
            let whole = file.canonicalize().map_err(Failure::io(file))?;
            if !seen.insert(whole) {
                let problem = text!("{} is named twice", file);
                return Err(Failure::Usage(problem.hinting(text!("name every export once"))));
            }
        }
        if files.is_empty() {
            return Err(Failure::Usage(text!("the folder holds no file")));
        }
        Ok(files.into_iter().map(|path| Export { name: shown(&path), path }).collect())
    }

    /// Opens it by what its first bytes say.
    pub(crate) fn open(&self, rule: &InputRule) -> Outcome<Opened> {
        let mut head = Vec::new();
        let file = fs::File::open(&self.path).map_err(Failure::io(&self.path))?;
        file.take(8).read_to_end(&mut head).map_err(Failure::io(&self.path))?;
        let other = |reader: Outcome<_>| reader.map(Opened::Other);
        match &head[..] {
            [] => Err(self.refused(text!("an empty file"))),
            [b'P', b'A', b'R', b'1', ..] => {
                other(ParquetTable::open(&self.path, &self.name).map(|table| Box::new(table) as _))
            }
            _ if let Some(book) = Spreadsheet::open(&self.path, &self.name)? => {
                Ok(Opened::Other(Box::new(book)))
            }
            _ => match disguise(&self.path).map_err(Failure::io(&self.path))? {
                Some((found, hint)) => Err(Failure::Unfit(
                    text!("exports"),
                    vec![Finding::of_file(Code::K09, &self.name, found).hinting(hint)],
                )),
                None => DelimitedText::open(&self.path, &self.name, rule).map(Opened::Text),
            },
        }
    }

    fn refused(&self, found: Text) -> Failure {
        Failure::Unfit(text!("exports"), vec![Finding::of_file(Code::K09, &self.name, found)])
    }

    /// Returns the stem of the files that it becomes.
    pub(crate) fn stem(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
        let plain: String =
            stem.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let plain = plain.trim_start_matches(['.', '_']);
        if plain.is_empty() { "export".to_owned() } else { plain.chars().take(80).collect() }
    }
}

/// Adds the files below a folder, in the order of their names. Hidden ones are left out.
fn below(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome<()> {
    let entries = fs::read_dir(folder).map_err(Failure::io(folder))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::io(folder))?;
    paths.sort();
    for path in paths {
        let is_hidden =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_hidden {
            continue;
        }
        if path.is_dir() { below(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

impl Opened {
    /// Returns the letter that separates the cells of a text file; U+001F stands for separators of several.
    pub(crate) fn mark(&self) -> Option<char> {
        let Opened::Text(table) = self else { return None };
        let mut letters = table.separator().chars();
        let one = letters.next().filter(|letter| letters.next().is_none() && letter.is_ascii());
        Some(one.unwrap_or('\u{1f}'))
    }

    /// Returns the encoding of a text file.
    pub(crate) const fn encoding(&self) -> Option<&'static str> {
        match self {
            Opened::Text(table) => Some(table.encoding().id()),
            Opened::Other(_) => None,
        }
    }

    /// Returns the separator of a text file.
    pub(crate) fn separator(&self) -> Option<String> {
        match self {
            Opened::Text(table) => Some(table.separator().to_owned()),
            Opened::Other(_) => None,
        }
    }

    /// Returns the separators to try: the given one, or every usual one. Other formats have none.
    pub(crate) fn separators(&self, rule: &InputRule) -> Vec<Option<&'static str>> {
        match self {
            Opened::Text(_) if rule.separator.is_none() => SEPARATORS.map(Some).to_vec(),
            _ => vec![None],
        }
    }

    /// Returns its reader.
    pub(crate) fn reader(&mut self) -> &mut (dyn ExportReader + Send) {
        match self {
            Opened::Text(table) => table,
            Opened::Other(reader) => &mut **reader,
        }
    }
}
