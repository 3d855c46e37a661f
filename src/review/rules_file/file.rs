//! A rules file of the review as it is written.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::values::ValuesTable;
use crate::{
    review::{cell::RowList, rule::ReviewRule, thresholds::ThresholdTable},
    shapes::FormatNumber,
    toml_keys,
};

/// A rules file of the review (TOML): which rules run, their thresholds, and words for codes (docs/review.md).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "A rules file of the review", extend("required" = ["format"]))]
pub(crate) struct ReviewRulesFile {
    /// The format of the file.
    #[schemars(with = "FormatNumber<1>")]
    format: Option<FormatNumber<1>>,
    /// Rules that do not run.
    off: RuleList,
    /// Thresholds. A rule that is named here has no built-in ones any more.
    threshold: RowList<ThresholdTable>,
    /// Words for codes. A field that is named here has no built-in ones any more.
    #[schemars(with = "ValuesTable")]
    values: Option<toml::Table>,
}

/// A list of rules. They are read one by one, so that all errors are found.
#[derive(Debug, Default)]
struct RuleList;

impl<'de> Deserialize<'de> for RuleList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfRules;

        impl<'de> de::Visitor<'de> for OfRules {
            type Value = RuleList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<RuleList, A::Error> {
                while list.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(RuleList)
            }
        }

        let told = |_| toml_keys::told(text!("expected is a list of rules"));
        from.deserialize_any(OfRules).map_err(told)
    }
}

impl JsonSchema for RuleList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RuleList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let rules: Vec<&str> = ReviewRule::ALL.iter().map(|rule| rule.id()).collect();
        json_schema!({ "type": "array", "items": { "type": "string", "enum": rules } })
    }
}
