//! How forms look, and how persons are named in them.

use super::template::Template;
use crate::privacy::pseudonym::Pseudonyms;

/// How forms look, and how persons are named in them.
#[derive(Debug)]
pub struct Style {
    /// Titles, headings, columns.
    pub template: Template,
    /// Names persons beside the masked end of their numbers.
    pub pseudonyms: Option<Pseudonyms>,
}
