//! The table `results`: what transaction 3202 has.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::differences::province_code;
use crate::{
    columnar::{
        shape::{
            self,
            CellKind::{Count, Text},
            TableSpec,
        },
        table::TableBuilder,
    },
    keyed::sorted::SortRow,
};

/// A settlement that a province does not have like the nation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ResultRow {
    /// The place of the province in the list of provinces, which is in the order of codes.
    pub(super) province: u8,
    /// Whether the province is the treating one; the insured one comes first.
    pub(super) is_treating: bool,
    pub(super) setl_id: String,
    pub(super) result: u8,
}

impl SortRow for ResultRow {
    fn bytes(&self) -> usize {
        size_of::<ResultRow>() + self.setl_id.len()
    }

    fn order(&self, other: &Self) -> Ordering {
        let key = |row: &ResultRow| (row.province, row.is_treating);
        key(self).cmp(&key(other)).then_with(|| self.setl_id.cmp(&other.setl_id))
    }
}

const RESULTS: TableSpec = shape::table(
    "results",
    &["province", "role", "setl_id"],
    None,
    &[("province", Text), ("role", Text), ("setl_id", Text), ("result", Count)],
);

/// Makes the table `results`.
pub(super) fn results_table(rows: &[ResultRow]) -> TableBuilder {
    let role = |row: &ResultRow| if row.is_treating { "treating" } else { "insured" };
    TableBuilder::new(RESULTS)
        .text("province", rows.iter().map(|row| province_code(row.province)))
        .text("role", rows.iter().map(|row| Some(role(row))))
        .text("setl_id", rows.iter().map(|row| Some(&row.setl_id)))
        .count("result", rows.iter().map(|row| row.result.into()))
}
