//! Decisions about settlements.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::codes::Side;

/// The decision about a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Verdict {
    /// The copy of one side clears as it is.
    Accept(Side),
    /// The settlement is voided.
    Void,
}

impl JsonSchema for Verdict {
    fn schema_name() -> Cow<'static, str> {
        "Decision".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = Verdict::ALL.map(Verdict::name);
        json_schema!({ "type": "string", "enum": words, "description": "What was decided about a settlement." })
    }
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 3] =
        [Verdict::Accept(Side::Treating), Verdict::Accept(Side::Insured), Verdict::Void];

    /// Returns the word for it in files.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Accept(Side::Treating) => "accept_treating",
            Verdict::Accept(Side::Insured) => "accept_insured",
            Verdict::Void => "void",
        }
    }

    /// Returns the decision that a word names.
    pub fn from_name(name: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}
