//! What an export becomes: the fields of settlements, or the columns of a small file.

use crate::model::fields::{FIELDS, Field, FieldKind};

/// The kind of the values of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// A code or another text.
    Code,
    /// A day.
    Day,
    /// A time in UTC+8.
    Time,
    /// An amount in yuan.
    Amount,
}

/// A field that values of an export become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: &'static str,
    /// The kind of its values.
    pub(crate) kind: TargetKind,
    /// Whether a map must have it.
    pub(crate) required: bool,
    /// Whether it identifies a person: it is masked in reports.
    pub(crate) personal: bool,
    /// Whether a row without it is no record.
    pub(crate) key: bool,
}

/// Returns the fields of a settlement, in the order of the contract.
pub(crate) fn settlement() -> Vec<Target> {
    let target = |field: Field| Target {
        name: field.name(),
        kind: match field.kind() {
            FieldKind::Text => TargetKind::Code,
            FieldKind::Date => TargetKind::Day,
            FieldKind::Time => TargetKind::Time,
            FieldKind::Amount => TargetKind::Amount,
        },
        required: field.required(),
        personal: field.is_personal(),
        key: field == Field::setl_id,
    };
    FIELDS.into_iter().map(target).collect()
}
