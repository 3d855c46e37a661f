//! Columns of a file, and how their values are converted.

use crate::model::fields::Field;

/// A column of a file that is mapped to a field of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceColumn {
    /// The field.
    pub field: Field,
    /// Position among the columns of the schema's root.
    pub root: usize,
    /// Position among the leaves, as row groups count columns.
    pub leaf: usize,
    /// How its values are converted.
    pub form: Conversion,
}

/// A column of a file that is mapped to a field beside the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BesideColumn {
    /// The place of the field in the list of fields that are read.
    pub field: usize,
    /// Position among the columns of the schema's root.
    pub root: usize,
    /// Position among the leaves.
    pub leaf: usize,
    /// How its values are converted.
    pub form: Conversion,
}

/// The conversion of a column's values to those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// Text.
    Text,
    /// Integers as text.
    IntegerCode,
    /// Days.
    Date,
    /// Timestamps in local time.
    LocalTime,
    /// Timestamps that are instants in UTC.
    UtcTime,
    /// INT96 timestamps.
    Int96,
    /// Decimals of a scale from 0 to 18.
    Decimal {
        /// Digits after the point.
        scale: u8,
        /// Stored as INT32 or INT64.
        narrow: bool,
    },
    /// The null type: every value is null.
    Null,
}
