//! The style of forms: their template, and the pseudonyms of persons.

use super::template::Template;
use crate::privacy::pseudonym::Pseudonyms;

/// The style of forms: their template, and the pseudonyms of persons.
#[derive(Debug)]
pub struct Style {
    /// Titles, headings, columns.
    pub template: Template,
    /// Pseudonyms that are shown beside the masked numbers of persons.
    pub pseudonyms: Option<Pseudonyms>,
}
