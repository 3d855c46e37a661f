//! Drafts: sheets before the suppression of counts.

use std::collections::BTreeMap;

use super::cells::{CellId, Mark};
use crate::{
    diag::Outcome,
    model::{
        codes::{Month, Province},
        money::FenSum,
    },
    statements::{self, CellValue, RowValues, Sheet, SheetLayout, Template},
};

/// A value of a sheet; it is shown only if all its cells are shown.
#[derive(Debug, Clone)]
pub(super) struct Item {
    value: CellValue,
    cells: Vec<CellId>,
}

impl Item {
    /// Makes a value that depends on cells.
    pub(super) fn of(cells: &[CellId], value: CellValue) -> Item {
        Item { value, cells: cells.to_vec() }
    }

    /// Makes a count that is a cell itself.
    pub(super) fn cell(cell: CellId, count: u128) -> Item {
        Item::of(&[cell], CellValue::Count(count.cast_signed()))
    }

    /// Makes a text.
    pub(super) fn text(text: impl Into<String>) -> Item {
        Item::of(&[], CellValue::Text(text.into()))
    }

    /// Makes a count without protection.
    pub(super) fn count(count: u128) -> Item {
        Item::of(&[], CellValue::Count(count.cast_signed()))
    }

    /// Makes an amount in fen without protection.
    pub(super) fn money(fen: FenSum) -> Item {
        Item::of(&[], CellValue::Money(fen))
    }

    /// Makes the name of a province.
    pub(super) fn province(province: Province) -> Item {
        Item::text(statements::province(province))
    }
}

/// A row by the names of its values.
pub(super) type DraftRow = BTreeMap<&'static str, Item>;

/// A sheet before the suppression of counts.
#[derive(Debug)]
pub(super) struct Draft {
    /// The name of its form.
    pub(super) file: &'static str,
    /// The names of its values.
    pub(super) offered: Vec<&'static str>,
    /// Its rows.
    pub(super) rows: Vec<DraftRow>,
    /// Whether some of its values are cells.
    pub(super) protected: bool,
}

impl Draft {
    /// Returns the sheet, and the number of suppressed values.
    pub(super) fn sheet(
        self,
        template: &Template,
        period: &str,
        marks: &[Mark],
    ) -> Outcome<(Sheet, u64)> {
        let mut left_out = 0;
        let mut shown = |item: Item| {
            let mark = item.cells.iter().map(|cell| marks[*cell]).find(|mark| *mark != Mark::Shown);
            left_out += u64::from(mark.is_some());
            match mark {
                None | Some(Mark::Shown) => item.value,
                Some(Mark::Few) => CellValue::Text(template.bulletin.few.clone()),
                Some(Mark::Hidden) => CellValue::Text(template.bulletin.hidden.clone()),
            }
        };
        let rows = self.rows.into_iter();
        let rows: Vec<RowValues> = rows
            .map(|row| row.into_iter().map(|(name, item)| (name, shown(item))).collect())
            .collect();
        let mut sheet = template.sheet(self.file, "全国", period, rows, &self.offered)?;
        sheet.layout = SheetLayout::Listed;
        if self.protected {
            sheet.subtitle = format!("{}    {}", sheet.subtitle, template.bulletin.note);
        }
        Ok((sheet, left_out))
    }
}

/// Returns a share in per cent with two decimals, rounded down; an empty text if the whole is 0.
pub(super) fn percent(part: u128, whole: u128) -> String {
    match (part * 10_000).checked_div(whole) {
        Some(share) => format!("{}.{:02}%", share / 100, share % 100),
        None => String::new(),
    }
}

/// Returns the months from a cost month to a period.
pub(super) fn lateness(period: Month, cost_month: Option<Month>) -> i32 {
    cost_month.map_or(0, |month| period.since(month))
}
