//! Loads the tables of closed periods into Polars, with personal numbers masked.

use polars::prelude::{
    BooleanChunked, Column, DataFrame, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries,
    NewChunkedArray, PolarsResult, Series, StringChunked, TimeUnit,
};

use super::{PERIOD, columns};
use crate::{
    book::{
        ClosedPeriod,
        grid::{Cell, Grid},
    },
    columnar::shape::{CellKind, TableSpec},
    diag::{Failure, Outcome},
    text::Text,
};

/// Loads a table of some periods, in the order of periods, then of the table.
pub(super) fn frame(
    spec: &TableSpec,
    periods: &[ClosedPeriod],
    unmasked: bool,
) -> Outcome<DataFrame> {
    let open = |period: &ClosedPeriod| Ok((period.month.to_string(), period.table(spec.name)?));
    let grids: Vec<(String, Grid)> = periods.iter().map(open).collect::<Outcome<_>>()?;
    let series = |(name, kind): (&'static str, CellKind)| {
        let series = if name == PERIOD {
            let months = grids.iter().flat_map(|(month, grid)| vec![month.as_str(); grid.rows]);
            Ok(StringChunked::from_iter_values(name.into(), months).into_series())
        } else {
            column(name, kind, &grids, unmasked)
        };
        series.map(Column::from)
    };
    let columns = columns(spec).into_iter().map(series).collect::<PolarsResult<_>>();
    columns
        .and_then(DataFrame::new_infer_height)
        .map_err(|error| Failure::Bug(text!("table {}: {}", spec.name, Text::foreign(error))))
}

fn column(
    name: &'static str,
    kind: CellKind,
    grids: &[(String, Grid)],
    unmasked: bool,
) -> PolarsResult<Series> {
    let title = name.into();
    // The column is looked up once for each table, not for each cell.
    let cells = grids.iter().flat_map(|(_, grid)| {
        let place = grid.column(name);
        (0..grid.rows).map(move |row| grid.cell(row, place))
    });
    let rows = || grids.iter().flat_map(|(_, grid)| grid.iter());
    let number = |cell: Cell| if let Cell::Number(number) = cell { Some(number) } else { None };
    let narrow = |cell: Cell| number(cell).and_then(|number| i64::try_from(number).ok());
    Ok(match kind {
        CellKind::Text if unmasked => {
            let text = |cell| if let Cell::Text(text) = cell { Some(text) } else { None };
            StringChunked::from_iter_options(title, cells.map(text)).into_series()
        }
        CellKind::Text => {
            let texts = rows().map(|row| row.text_for_people(name));
            StringChunked::from_iter_options(title, texts).into_series()
        }
        CellKind::Amount | CellKind::Sum => {
            let digits = if kind == CellKind::Amount { 16 } else { 38 };
            let fen = Int128Chunked::from_iter_options(title, cells.map(number));
            fen.into_decimal(digits, 2)?.into_series()
        }
        CellKind::Count => Int64Chunked::from_iter_options(title, cells.map(narrow)).into_series(),
        CellKind::Day => {
            let days = cells.map(|cell| narrow(cell).and_then(|day| i32::try_from(day).ok()));
            Int32Chunked::from_iter_options(title, days).into_date().into_series()
        }
        CellKind::Time => Int64Chunked::from_iter_options(title, cells.map(narrow))
            .into_datetime(TimeUnit::Microseconds, None)
            .into_series(),
        CellKind::Flag => {
            let flag = |cell| if let Cell::Flag(flag) = cell { Some(flag) } else { None };
            BooleanChunked::from_iter_options(title, cells.map(flag)).into_series()
        }
    })
}
