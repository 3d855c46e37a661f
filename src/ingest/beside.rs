//! Columns that are read beside the fields of the record: optional ones, which a run neither reads nor compares.

use arrow_array::{Array, ArrayRef, PrimitiveArray, cast::AsArray, types::Date32Type};
use parquet::schema::types::SchemaDescriptor;

use super::{
    amounts::AmountColumn,
    columns::{short, type_of},
    form::{BesideColumn, Conversion},
    text::TextColumn,
};
use crate::{
    diag::{Code, Finding},
    model::{
        fields::{FieldKind, bare_name},
        media::Medium,
    },
};

/// The field that a run reads beside the record: the medium. What has a batch of a run has it at this place.
pub const OF_RUN: [BesideField; 1] = [BesideField { name: Medium::FIELD, kind: BesideKind::Code }];

/// The place of the medium among the fields that a run reads beside the record.
pub(super) const MEDIUM: usize = 0;

/// A field that is read beside the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BesideField {
    /// Its name.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: BesideKind,
}

/// The kind of values of a field beside the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BesideKind {
    /// A code: text, or an integer.
    Code,
    /// A whole number: an integer.
    Integer,
    /// A calendar day.
    Date,
    /// Money.
    Amount,
}

impl BesideKind {
    const fn of_record(self) -> FieldKind {
        match self {
            BesideKind::Code | BesideKind::Integer => FieldKind::Text,
            BesideKind::Date => FieldKind::Date,
            BesideKind::Amount => FieldKind::Amount,
        }
    }
}

/// Values of a field beside the record.
#[derive(Debug)]
pub enum BesideValues {
    /// Codes, and integers as text.
    Text(TextColumn),
    /// Days from 1970-01-01.
    Date(PrimitiveArray<Date32Type>),
    /// Amounts.
    Amount(AmountColumn),
}

impl BesideValues {
    /// Returns the text of a row; none where it is null or empty.
    pub fn text(&self, row: usize) -> Option<&str> {
        match self {
            BesideValues::Text(column) => column.value(row),
            _ => None,
        }
    }

    /// Whether a value may be missing in some row. It is a quick check.
    pub fn may_be_missing(&self) -> bool {
        match self {
            BesideValues::Text(column) => column.may_be_missing(),
            BesideValues::Date(days) => days.null_count() > 0,
            BesideValues::Amount(amounts) => amounts.nulls.is_some(),
        }
    }

    /// Returns the day of a row.
    pub fn day(&self, row: usize) -> Option<i32> {
        match self {
            BesideValues::Date(days) => days.is_valid(row).then(|| days.value(row)),
            _ => None,
        }
    }

    /// Returns the amounts.
    pub fn amounts(&self) -> Option<&AmountColumn> {
        match self {
            BesideValues::Amount(column) => Some(column),
            _ => None,
        }
    }

    /// Takes the days of a column.
    pub(super) fn of_days(array: &ArrayRef) -> Option<BesideValues> {
        array.as_primitive_opt::<Date32Type>().cloned().map(BesideValues::Date)
    }
}

/// Maps columns of a schema to fields beside the record; adds all findings.
pub(super) fn beside_columns(
    schema: &SchemaDescriptor,
    file: &str,
    fields: &[BesideField],
    findings: &mut Vec<Finding>,
) -> Vec<BesideColumn> {
    let mut columns: Vec<BesideColumn> = Vec::new();
    for (root, node) in schema.root_schema().get_fields().iter().enumerate() {
        let bare = bare_name(node.name());
        let Some(field) = fields.iter().position(|field| field.name == bare) else { continue };
        let place = text!("column {}", short(node.name()));
        if columns.iter().any(|column| column.field == field) {
            let found = text!("a second column for {}", fields[field].name);
            findings.push(Finding::new(Code::F08, file, place, found));
            continue;
        }
        let form = type_of(schema, root, fields[field].kind.of_record(), false);
        let kind = fields[field].kind;
        match form {
            Ok((_, Conversion::Text)) if kind == BesideKind::Integer => {
                let found = text!("text for a whole number; export it as an integer");
                findings.push(Finding::new(Code::F04, file, place, found));
            }
            Ok((leaf, form)) => columns.push(BesideColumn { field, root, leaf, form }),
            Err((code, found)) => findings.push(Finding::new(code, file, place, found)),
        }
    }
    columns
}
