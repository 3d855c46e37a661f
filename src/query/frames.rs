//! The tables of closed periods as Polars has them, with what is personal masked.

use polars::prelude::{
    BooleanChunked, Column, DataFrame, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries,
    NewChunkedArray, PolarsResult, Series, StringChunked, TimeUnit,
};

use super::{Closed, PERIOD, columns};
use crate::{
    book::{
        self,
        grid::{Cell, Grid, Row},
        schema::{Kind, TableSpec},
    },
    contract::fields::Field,
    diag::{Failure, Outcome},
    mask::masked,
};

/// A table over some periods: in the order of periods, then of the table.
pub(super) fn frame(spec: &TableSpec, periods: &[Closed], unmasked: bool) -> Outcome<DataFrame> {
    let open = |period: &Closed| {
        let grid = book::table(&period.folder, &period.manifest, spec.name)?;
        Ok((period.month.to_string(), grid))
    };
    let grids: Vec<(String, Grid)> = periods.iter().map(open).collect::<Outcome<_>>()?;
    let series = |(name, kind): (&'static str, Kind)| {
        let series = if name == PERIOD {
            let months = grids.iter().flat_map(|(month, grid)| vec![month.as_str(); grid.rows]);
            Ok(StringChunked::from_iter_values(name.into(), months).into_series())
        } else {
            let rows = grids.iter().flat_map(|(_, grid)| grid.iter());
            column(name, kind, rows, unmasked)
        };
        series.map(Column::from)
    };
    let columns = columns(spec).into_iter().map(series).collect::<PolarsResult<_>>();
    columns
        .and_then(DataFrame::new_infer_height)
        .map_err(|error| Failure::Bug(format!("table {}: {error}", spec.name)))
}

fn column<'a>(
    name: &'static str,
    kind: Kind,
    rows: impl Iterator<Item = Row<'a>>,
    unmasked: bool,
) -> PolarsResult<Series> {
    let title = name.into();
    let number = |row: &Row| row.number_or_null(name);
    let narrow = |row: Row<'a>| number(&row).and_then(|number| i64::try_from(number).ok());
    Ok(match kind {
        Kind::Text if unmasked => {
            StringChunked::from_iter_options(title, rows.map(|row| row.text_or_null(name)))
                .into_series()
        }
        Kind::Text => {
            StringChunked::from_iter_options(title, rows.map(|row| without_names(row, name)))
                .into_series()
        }
        Kind::Amount | Kind::Sum => {
            let digits = if kind == Kind::Amount { 16 } else { 38 };
            let fen = Int128Chunked::from_iter_options(title, rows.map(|row| number(&row)));
            fen.into_decimal(digits, 2)?.into_series()
        }
        Kind::Count => Int64Chunked::from_iter_options(title, rows.map(narrow)).into_series(),
        Kind::Day => {
            let days = rows.map(|row| narrow(row).and_then(|day| i32::try_from(day).ok()));
            Int32Chunked::from_iter_options(title, days).into_date().into_series()
        }
        Kind::Time => Int64Chunked::from_iter_options(title, rows.map(narrow))
            .into_datetime(TimeUnit::Microseconds, None)
            .into_series(),
        Kind::Flag => {
            BooleanChunked::from_iter_options(title, rows.map(|row| row.flag(name))).into_series()
        }
    })
}

/// A text; numbers of persons and visits are masked, wherever the table has them.
fn without_names(row: Row, name: &str) -> Option<String> {
    let field = match name {
        "treating_value" | "insured_value" => row.text("field"),
        name => name,
    };
    let personal = Field::of_column(field).is_some_and(|(field, _)| field.is_personal());
    match row.cell(name) {
        Cell::Text(text) if personal => Some(masked(text)),
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}
