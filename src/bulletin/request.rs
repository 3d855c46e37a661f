//! What a bulletin is made from.

use std::path::Path;

use crate::{figures::SentenceTemplate, model::codes::Month, statements::Template};

/// The inputs and the output folder of a bulletin.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The book.
    pub book: &'a Path,
    /// The period, or the last period of the quarter.
    pub period: Month,
    /// Whether it is the bulletin of a quarter.
    pub quarterly: bool,
    /// The delivery of the period.
    pub input: Option<&'a Path>,
    /// The networked institutions.
    pub registry: Option<&'a Path>,
    /// The output folder, which must be new.
    pub out: &'a Path,
    /// Titles, headings, threshold, targets.
    pub template: &'a Template,
    /// The sentences of the first sheet.
    pub sentences: &'a SentenceTemplate,
}
