//! Iterates over the settlements in the tables of a period by a merge join: breaks, carried copies, open items
//! brought in, decisions.

use std::ops::Range;

use super::files::ReadablePeriod;
use crate::{
    book::grid::{Grid, GridRow},
    model::codes::Side,
};

/// A settlement that is in a table of breaks, open items or decisions.
#[derive(Debug)]
pub(super) struct UnclearedSettlement<'a> {
    pub(super) setl_id: &'a str,
    /// Its rows of `breaks`.
    pub(super) breaks: Range<usize>,
    /// Its open items of the period before, treating first.
    pub(super) opened: [Option<GridRow<'a>>; 2],
    /// Its copies that this period carries, treating first.
    pub(super) carried: [Option<GridRow<'a>>; 2],
    pub(super) decision: Option<GridRow<'a>>,
}

/// Returns the settlements of a period, by setl_id. The tables are expected to be sorted. If one is not, which is
/// a finding of its own, a settlement comes in parts.
pub(super) fn settlements<'a>(
    closed: &'a ReadablePeriod,
    before: Option<&'a ReadablePeriod>,
) -> impl Iterator<Item = UnclearedSettlement<'a>> {
    let mut breaks = Cursor::of(closed.grid("breaks"));
    let mut opened = Side::BOTH.map(|side| before.map(|before| copies(before, side)));
    let mut carried = Side::BOTH.map(|side| copies(closed, side));
    let mut decisions = Cursor::of(closed.grid("decisions"));
    std::iter::from_fn(move || {
        let heads = opened.iter().flatten().chain(&carried).chain([&breaks, &decisions]);
        let setl_id = heads.filter_map(Cursor::head).min()?;
        let first = breaks.rows.start;
        while breaks.next_of(setl_id).is_some() {}
        Some(UnclearedSettlement {
            setl_id,
            breaks: first..breaks.rows.start,
            opened: opened.each_mut().map(|copies| copies.as_mut()?.next_of(setl_id)),
            carried: carried.each_mut().map(|copies| copies.next_of(setl_id)),
            decision: decisions.next_of(setl_id),
        })
    })
}

/// Returns a cursor over the carried copies of a side; the table has the insured side first.
fn copies(closed: &ReadablePeriod, side: Side) -> Cursor<'_> {
    let mut cursor = Cursor::of(closed.grid("open_items"));
    let column = cursor.grid.column("side");
    let insured = |row: usize| cursor.grid.text(row, column) == Side::Insured.name();
    let border = (0..cursor.grid.rows).find(|row| !insured(*row)).unwrap_or(cursor.grid.rows);
    cursor.rows = match side {
        Side::Insured => 0..border,
        Side::Treating => border..cursor.grid.rows,
    };
    cursor
}

/// A cursor over the rows of a table that is sorted by settlement.
#[derive(Debug)]
struct Cursor<'a> {
    grid: &'a Grid,
    setl_id: usize,
    rows: Range<usize>,
}

impl<'a> Cursor<'a> {
    fn of(grid: &'a Grid) -> Cursor<'a> {
        Cursor { grid, setl_id: grid.column("setl_id"), rows: 0..grid.rows }
    }

    /// Returns the settlement of the next row.
    fn head(&self) -> Option<&'a str> {
        (!self.rows.is_empty()).then(|| self.grid.text(self.rows.start, self.setl_id))
    }

    /// Consumes the next row if it belongs to this settlement.
    fn next_of(&mut self, setl_id: &str) -> Option<GridRow<'a>> {
        if self.head()? != setl_id {
            return None;
        }
        self.rows.next().map(|row| self.grid.row(row))
    }
}
