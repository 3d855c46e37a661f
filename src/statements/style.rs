//! The style of forms: their template, what is added from other files, and how they are packed.

use super::template::Template;
use crate::{
    contract::{accounts::ReceivingAccounts, names::PlaceNames},
    known::KnownDifferences,
    privacy::pseudonym::Pseudonyms,
};

/// The style of forms: their template, what is added from other files, and how they are packed.
#[derive(Debug)]
pub struct Style {
    /// Titles, headings, columns.
    pub template: Template,
    /// Pseudonyms that are shown beside the masked numbers of persons.
    pub pseudonyms: Option<Pseudonyms>,
    /// The accounts that receive payments; none when nobody gave them.
    pub accounts: Option<ReceivingAccounts>,
    /// Names of pooling areas, divisions and institutions.
    pub names: PlaceNames,
    /// What daily reconciliation knew.
    pub daily: Option<KnownDifferences>,
    /// Whether each folder becomes an archive.
    pub archives: bool,
}

impl Style {
    /// The style of a template, without anything else.
    pub fn of(template: Template) -> Style {
        Style {
            template,
            pseudonyms: None,
            accounts: None,
            names: PlaceNames::default(),
            daily: None,
            archives: false,
        }
    }
}
