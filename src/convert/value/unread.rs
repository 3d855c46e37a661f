//! What is said of a value that cannot be read.

use crate::{diag::Code, text::Text};

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnreadValue {
    /// The code of the finding.
    pub(crate) code: Code,
    /// Why it cannot be read.
    pub(crate) why: Text,
    /// Whether the same holds for every value of the column, so that it is told once.
    pub(crate) column: bool,
}

impl UnreadValue {
    /// Makes the refusal of one value.
    pub(crate) const fn new(code: Code, why: Text) -> UnreadValue {
        UnreadValue { code, why, column: false }
    }

    /// Makes the refusal of a column.
    pub(crate) const fn of_column(code: Code, why: Text) -> UnreadValue {
        UnreadValue { code, why, column: true }
    }
}

/// A value that was read, and how it was changed; no value for an empty cell.
pub(crate) type Read<T> = Result<Option<T>, UnreadValue>;
