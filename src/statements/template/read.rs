//! Reads a template.

use super::{Template, check};
use crate::diag::toml_problem;
use crate::text::{Text, indented, lines};

/// The built-in template.
pub(super) const BUILT_IN: &str = include_str!("../../../pipelines/forms.toml");

/// The format of templates that this program reads.
const FORMAT: u32 = 1;

impl Template {
    /// Returns the built-in template.
    pub fn built_in() -> Template {
        Template::parse(BUILT_IN).expect("Invariant: the built-in template is good")
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, Text> {
        let mut template: Template =
            toml::from_str(text).map_err(|error| toml_problem(text, &error))?;
        if template.format != FORMAT {
            return Err(text!("format {}, this program knows {}", template.format, FORMAT));
        }
        for papers in [&template.pay, &template.receive] {
            let missing = ["QS", "ND", "JJ"].into_iter().find(|kind| !papers.contains_key(*kind));
            if let Some(kind) = missing {
                return Err(text!("pay.{} or receive.{} is missing", kind, kind));
            }
        }
        template.bulletin.check()?;
        template.judged = template.judged.or_else(|| Template::built_in().judged);
        let file: toml::Table = toml::from_str(text).map_err(Text::foreign)?;
        let problems = check::check(&template, &file);
        if problems.is_empty() { Ok(template) } else { Err(text!("{}", lines(indented(problems)))) }
    }
}
