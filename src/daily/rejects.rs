//! The table `rejects`: rows that broke a rule.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{
    columnar::{shape, table::TableBuilder},
    keyed::sorted::SortRow,
};

/// A row that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DailyReject {
    /// Path below the input folder. It begins with the folder of the side.
    pub(super) file: String,
    pub(super) row: u64,
    pub(super) setl_id: Option<String>,
    pub(super) rules: String,
}

impl DailyReject {
    fn side(&self) -> &str {
        self.file.split('/').next().unwrap_or_default()
    }
}

impl SortRow for DailyReject {
    fn bytes(&self) -> usize {
        let setl_id = self.setl_id.as_ref().map_or(0, String::len);
        size_of::<DailyReject>() + self.file.len() + setl_id + self.rules.len()
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.side(), &self.file, self.row).cmp(&(other.side(), &other.file, other.row))
    }
}

/// Makes the table `rejects`.
pub(super) fn rejects_table(rows: &[DailyReject]) -> TableBuilder {
    TableBuilder::new(shape::REJECTS)
        .text("side", rows.iter().map(|row| Some(row.side())))
        .text("file", rows.iter().map(|row| Some(&row.file)))
        .count("row", rows.iter().map(|row| i64::try_from(row.row).unwrap_or(i64::MAX)))
        .text("setl_id", rows.iter().map(|row| row.setl_id.as_deref()))
        .text("rules", rows.iter().map(|row| Some(&row.rules)))
}
