//! Reads a template.

use super::{
    Template, check,
    parts::{GUIDED, PAPERS},
};
use crate::diag::toml_problem;
use crate::text::{Text, indented, lines};

/// The built-in template.
pub(super) const BUILT_IN: &str = include_str!("../../../pipelines/forms.toml");

/// The format of templates that this program reads.
const FORMAT: i64 = 2;

impl Template {
    /// The file of the built-in template.
    pub const BUILT_IN: &str = BUILT_IN;

    /// Returns the built-in template.
    pub fn built_in() -> Template {
        Template::parse(BUILT_IN).expect("Invariant: the built-in template is good")
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, Text> {
        let file: toml::Table = toml::from_str(text).map_err(|error| toml_problem(text, &error))?;
        // Before anything else, so that a template of an earlier version is told as one.
        match file.get("format").and_then(toml::Value::as_integer) {
            Some(1) => {
                return Err(text!(
                    "format 1 is a template of an earlier version, without the papers of the procedure: \
                     copy pipelines/forms.toml of this version and make your changes in the copy"
                ));
            }
            Some(format) if format != FORMAT => {
                return Err(text!("format {}, this program knows {}", format, FORMAT));
            }
            _ => {}
        }
        let template: Template =
            toml::from_str(text).map_err(|error| toml_problem(text, &error))?;
        let mut problems = template.missing();
        template.bulletin.check()?;
        if problems.is_empty() {
            problems = check::check(&template, &file);
        }
        if problems.is_empty() { Ok(template) } else { Err(text!("{}", lines(indented(problems)))) }
    }

    /// Returns the papers and workbooks about which the template says nothing.
    fn missing(&self) -> Vec<Text> {
        let named = |part: &'static str, name: &str| text!("{}.{} is missing", part, name);
        let mut problems = Vec::new();
        for (part, papers) in [("pay", &self.pay), ("receive", &self.receive)] {
            let absent = PAPERS.into_iter().filter(|kind| !papers.contains_key(*kind));
            problems.extend(absent.map(|kind| named(part, kind)));
        }
        let absent = GUIDED.into_iter().filter(|book| !self.guide.books.contains_key(*book));
        problems.extend(absent.map(|book| named("guide.books", book)));
        problems
    }
}
