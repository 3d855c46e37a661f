//! The keys of a field of a map.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::de::DeValue;

use crate::{
    convert::value::{Clock, SerialDays, ValueRule},
    text::{Text, quoted},
    toml_keys::{self, BadKey},
};

/// Where a field comes from, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldRule {
    pub(crate) from: Origin,
    pub(crate) value: ValueRule,
}

/// Where the values of a field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The column of the first of these names that the heading has.
    Column(Vec<String>),
    /// The column of this number, from 1.
    Number(usize),
    /// The same value in every row.
    Constant(String),
}

/// A field of a map: the name of a column, or a table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    /// The name of the column, as its heading has it; or several, of which each export has one.
    #[serde(default, deserialize_with = "column")]
    #[schemars(with = "ColumnNames")]
    column: Option<Vec<String>>,
    /// The number of the column, from 1, where its heading is empty or there twice.
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1))]
    number: Option<usize>,
    /// The value of every row, where the export has no such column.
    #[serde(default)]
    #[schemars(with = "String")]
    value: Option<String>,
    /// Values of the delivery by those of the export.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    values: BTreeMap<String, String>,
    /// Words that stand for no value.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    empty: Vec<String>,
    /// The number of digits of a code whose leading zeros were lost.
    #[serde(default, deserialize_with = "digits")]
    #[schemars(with = "u8", range(min = 1, max = 40))]
    digits: Option<usize>,
    /// The unit of amounts: yuan or fen.
    #[serde(default)]
    #[schemars(with = "MoneyUnit")]
    unit: Option<MoneyUnit>,
    /// The pattern of days or times, in the letters of strftime: `%d/%m/%Y %H:%M`.
    #[serde(default)]
    #[schemars(with = "String")]
    format: Option<String>,
    /// The year from which serial numbers of days are counted: 1900 or 1904.
    #[serde(default, deserialize_with = "serial")]
    #[schemars(with = "u16")]
    serial: Option<SerialDays>,
    /// The clock of times: local (UTC+8) or utc. Without it, times without a zone are local, and instants are moved to
    /// UTC+8.
    #[serde(default)]
    #[schemars(with = "ClockName")]
    zone: Option<ClockName>,
}

/// A name of a column, or several.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema of a key")]
enum ColumnNames {
    One(String),
    Several(Vec<String>),
}

/// A unit of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum MoneyUnit {
    Yuan,
    Fen,
}

/// The name of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ClockName {
    Local,
    Utc,
}

/// The name of a column, or a table.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema of a key")]
pub(super) enum FieldShape {
    Column(String),
    Table(FieldSpec),
}

fn column<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Several(Vec<String>),
    }
    let wrong =
        || toml_keys::told(text!("expected is the name of a column in quotes, or a list of names"));
    match Names::deserialize(from).map_err(|_: D::Error| wrong())? {
        Names::One(name) => Ok(Some(vec![name])),
        Names::Several(names) if names.is_empty() => Err(wrong()),
        Names::Several(names) => Ok(Some(names)),
    }
}

fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let digits = i64::deserialize(from)?;
    let digits = usize::try_from(digits).ok().filter(|digits| (1..=40).contains(digits));
    digits.map(Some).ok_or_else(|| toml_keys::told(text!("expected is a number from 1 to 40")))
}

fn serial<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SerialDays>, D::Error> {
    match i64::deserialize(from)? {
        1900 => Ok(Some(SerialDays::From1900)),
        1904 => Ok(Some(SerialDays::From1904)),
        _ => Err(toml_keys::told(text!("expected is 1900 or 1904"))),
    }
}

/// Reads the rule of a field.
pub(super) fn field(value: &DeValue, bad: &mut Vec<BadKey>) -> Result<FieldRule, Text> {
    let table = match value {
        DeValue::String(name) => {
            let from = Origin::Column(vec![name.clone().into_owned()]);
            return Ok(FieldRule { from, value: ValueRule::default() });
        }
        DeValue::Table(table) => table,
        _ => return Err(text!("expected is the name of a column in quotes, or a table")),
    };
    let before = bad.len();
    let spec: FieldSpec = toml_keys::read(table, bad);
    let from = match (spec.column, spec.number, spec.value) {
        (Some(names), None, None) => Origin::Column(names),
        (None, Some(number), None) if number > 0 => Origin::Number(number),
        (None, None, Some(value)) => Origin::Constant(value),
        // The bad key was told already.
        _ if bad.len() > before => Origin::Number(1),
        _ => return Err(text!("expected is one of column, number (from 1) and value")),
    };
    if let Some(format) = &spec.format {
        let mut parts = chrono::format::StrftimeItems::new(format);
        if parts.any(|part| part == chrono::format::Item::Error) {
            return Err(text!("format: {} is no pattern of dates", quoted(format)));
        }
    }
    let value = ValueRule {
        empty: spec.empty,
        values: spec.values,
        digits: spec.digits,
        in_fen: spec.unit.map(|unit| unit == MoneyUnit::Fen),
        from_float: false,
        format: spec.format,
        serial: spec.serial,
        clock: spec.zone.map(|zone| match zone {
            ClockName::Local => Clock::Local,
            ClockName::Utc => Clock::Utc,
        }),
    };
    Ok(FieldRule { from, value })
}
