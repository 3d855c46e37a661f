//! What a column of a small file is.

/// The kind of value that a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Any text.
    Text,
    /// Yuan with at most two decimals that fit `DECIMAL(16,2)`.
    Amount,
    /// Yuan with at most two decimals that fit `DECIMAL(38,2)`.
    Sum,
    /// A whole number in digits.
    Count,
    /// A day `YYYY-MM-DD`.
    Day,
    /// A month `YYYY-MM`.
    Month,
    /// 0 or 1.
    Flag,
    /// The two-digit code of a province.
    Province,
}

/// A column of a small file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallFileColumn {
    /// Its name in the header.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: ValueKind,
    /// Whether a line without a value breaks a rule.
    pub required: bool,
    /// Whether the whole column may be missing.
    pub may_be_missing: bool,
    /// The meaning in Chinese and in English.
    pub meaning: [&'static str; 2],
}

/// A file and its columns.
#[derive(Debug, Clone, Copy)]
pub struct FileColumns {
    /// The name of the file.
    pub name: &'static str,
    /// Its purpose in Chinese and in English.
    pub purpose: [&'static str; 2],
    /// Its columns, in the order in which the readers number them.
    pub columns: &'static [SmallFileColumn],
}

pub(super) const fn needed(
    name: &'static str,
    kind: ValueKind,
    meaning: [&'static str; 2],
) -> SmallFileColumn {
    SmallFileColumn { name, kind, required: true, may_be_missing: false, meaning }
}

pub(super) const fn optional(
    name: &'static str,
    kind: ValueKind,
    meaning: [&'static str; 2],
) -> SmallFileColumn {
    SmallFileColumn { name, kind, required: false, may_be_missing: false, meaning }
}

pub(super) const fn extra(
    name: &'static str,
    kind: ValueKind,
    meaning: [&'static str; 2],
) -> SmallFileColumn {
    SmallFileColumn { name, kind, required: false, may_be_missing: true, meaning }
}

/// The treating province.
pub(super) const TREATING: SmallFileColumn =
    needed("treating_province", ValueKind::Province, ["就医省", "treating province"]);
