//! Decisions about settlements.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::codes::Side;

/// What was decided about a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Verdict {
    /// One side's copy clears as it stands.
    Accept(Side),
    /// The settlement is given up.
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

    /// The word used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Accept(Side::Treating) => "accept_treating",
            Verdict::Accept(Side::Insured) => "accept_insured",
            Verdict::Void => "void",
        }
    }

    /// The decision of a word.
    pub fn from_name(name: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}
