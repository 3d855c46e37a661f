//! Reads a template.

use super::{Template, check};
use crate::diag::toml_problem;

/// The built-in template.
pub(super) const BUILT_IN: &str = include_str!("../../../pipelines/forms.toml");

/// The format of templates that this program reads.
const FORMAT: u32 = 1;

impl Template {
    /// The built-in template.
    pub fn built_in() -> Template {
        Template::parse(BUILT_IN).expect("Invariant: the built-in template is good")
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut template: Template = toml::from_str(text).map_err(|error| toml_problem(&error))?;
        if template.format != FORMAT {
            return Err(format!("format {}, this program knows {FORMAT}", template.format));
        }
        for papers in [&template.pay, &template.receive] {
            let missing = ["QS", "ND", "JJ"].into_iter().find(|kind| !papers.contains_key(*kind));
            if let Some(kind) = missing {
                return Err(format!("pay.{kind} or receive.{kind} is missing"));
            }
        }
        template.bulletin.check()?;
        template.judged = template.judged.or_else(|| Template::built_in().judged);
        let file: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let problems = check::check(&template, &file);
        if problems.is_empty() { Ok(template) } else { Err(problems.join("\n       ")) }
    }
}
