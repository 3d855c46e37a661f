//! What an export becomes: the fields of settlements, or the columns of a small file.

use crate::{
    contract::columns::{FileColumns, ValueKind},
    model::fields::{FIELDS, Field, FieldKind},
};

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
    /// A text for people.
    Words,
    /// A month.
    Month,
    /// Yes or no.
    Flag,
    /// A province.
    Province,
    /// A decision about a settlement.
    Decision,
}

/// A field that values of an export become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "what holds of a field")]
pub(crate) struct ConvertTarget {
    /// Its name.
    pub(crate) name: &'static str,
    /// The kind of its values.
    pub(crate) kind: TargetKind,
    /// Whether a map must have it.
    pub(crate) required: bool,
    /// Whether a row without it is refused.
    pub(crate) filled: bool,
    /// Whether it identifies a person: it is masked in reports.
    pub(crate) personal: bool,
    /// Whether a row without it is no record.
    pub(crate) key: bool,
}

/// Returns the fields of a settlement, in the order of the contract.
pub(crate) fn settlement() -> Vec<ConvertTarget> {
    let target = |field: Field| ConvertTarget {
        name: field.name(),
        kind: match field.kind() {
            FieldKind::Text => TargetKind::Code,
            FieldKind::Date => TargetKind::Day,
            FieldKind::Time => TargetKind::Time,
            FieldKind::Amount => TargetKind::Amount,
        },
        required: field.required(),
        filled: false,
        personal: field.is_personal(),
        key: field == Field::setl_id,
    };
    FIELDS.into_iter().map(target).collect()
}

/// Returns the columns of a small file, in the order of the contract.
pub(crate) fn small_file(file: &FileColumns) -> Vec<ConvertTarget> {
    let first = file.columns.iter().position(|column| column.required);
    let target =
        |(at, column): (usize, &crate::contract::columns::SmallFileColumn)| ConvertTarget {
            name: column.name,
            kind: match (column.kind, column.name) {
                (ValueKind::Text, "decision") => TargetKind::Decision,
                (ValueKind::Text, name) if name.ends_with("_id") || name.ends_with("_serial") => {
                    TargetKind::Code
                }
                (ValueKind::Text, _) => TargetKind::Words,
                (ValueKind::Amount | ValueKind::Sum, _) => TargetKind::Amount,
                (ValueKind::Count, _) => TargetKind::Code,
                (ValueKind::Day, _) => TargetKind::Day,
                (ValueKind::Month, _) => TargetKind::Month,
                (ValueKind::Flag, _) => TargetKind::Flag,
                (ValueKind::Province, _) => TargetKind::Province,
            },
            required: column.required,
            filled: column.required,
            personal: false,
            key: Some(at) == first,
        };
    file.columns.iter().enumerate().map(target).collect()
}
