//! A table of a closed period in memory, with access to single cells.

use std::{borrow::Cow, cmp::Ordering, path::Path};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    RecordBatchReader, StringArray, TimestampMicrosecondArray, cast::AsArray,
};
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::manifest::Manifest;
use crate::{
    columnar::{
        claims, footer,
        guard::{guarded, of_decoder},
        shape::{self, CellKind, TableSpec},
        shared::SharedFile,
    },
    diag::{Failure, Outcome},
    model::{
        codes::{Month, Pair, Province},
        fields::Field,
        money::{FenSum, yuan},
    },
    privacy::mask::{masked, without_numbers},
    text::Text,
};

/// A value of a table; money in fen, days and times from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell<'a> {
    /// An empty cell.
    Null,
    /// Text.
    Text(&'a str),
    /// A number, money, a day or a time.
    Number(i128),
    /// Yes or no.
    Flag(bool),
}

/// A table.
#[derive(Debug)]
pub struct Grid {
    /// Its schema and its key.
    pub spec: TableSpec,
    /// The number of rows.
    pub rows: usize,
    /// Whether the file lacks the column that version 3 of the contract added.
    pub is_old: bool,
    columns: Vec<(&'static str, CellKind)>,
    values: Vec<ColumnValues>,
}

/// The values of a column.
#[derive(Debug)]
enum ColumnValues {
    Text(StringArray),
    Money(Decimal128Array),
    Count(Int64Array),
    Day(Date32Array),
    Time(TimestampMicrosecondArray),
    Flag(BooleanArray),
}

impl ColumnValues {
    fn of(array: &ArrayRef, kind: CellKind) -> ColumnValues {
        match kind {
            CellKind::Text => ColumnValues::Text(array.as_string::<i32>().clone()),
            CellKind::Amount | CellKind::Sum => ColumnValues::Money(array.as_primitive().clone()),
            CellKind::Count => ColumnValues::Count(array.as_primitive().clone()),
            CellKind::Day => ColumnValues::Day(array.as_primitive().clone()),
            CellKind::Time => ColumnValues::Time(array.as_primitive().clone()),
            CellKind::Flag => ColumnValues::Flag(array.as_boolean().clone()),
        }
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            ColumnValues::Text(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            ColumnValues::Money(array) if array.is_valid(row) => Cell::Number(array.value(row)),
            ColumnValues::Count(array) if array.is_valid(row) => {
                Cell::Number(array.value(row).into())
            }
            ColumnValues::Day(array) if array.is_valid(row) => {
                Cell::Number(array.value(row).into())
            }
            ColumnValues::Time(array) if array.is_valid(row) => {
                Cell::Number(array.value(row).into())
            }
            ColumnValues::Flag(array) if array.is_valid(row) => Cell::Flag(array.value(row)),
            _ => Cell::Null,
        }
    }
}

impl Grid {
    /// Opens a table of a closed period by name.
    pub fn open(folder: &Path, name: &str) -> Outcome<Grid> {
        let spec = shape::of(name);
        Grid::read(folder, spec).map_err(|problem| {
            Failure::Book(text!("{} cannot be read: {}", folder.join(spec.path()), problem))
        })
    }

    /// Returns a table without rows.
    pub fn empty(spec: TableSpec) -> Grid {
        let columns = spec.columns();
        let none = |kind: &(_, CellKind)| {
            ColumnValues::of(&arrow_array::new_empty_array(&kind.1.data_type()), kind.1)
        };
        let values = columns.iter().map(none).collect();
        Grid { spec, rows: 0, is_old: false, columns, values }
    }

    /// Reads `<folder>/tables/<name>.parquet`; fails if its columns are not those of the schema. A table that the
    /// program which closed the period did not have is empty.
    pub fn read(folder: &Path, spec: TableSpec) -> Result<Grid, Text> {
        let path = folder.join(spec.path());
        let file = match SharedFile::open(&path) {
            Err(_) if is_older(folder, &spec) => return Ok(Grid::empty(spec)),
            file => file.map_err(|error| text!("{}", error))?,
        };
        guarded(|| Grid::decode(file, spec)).unwrap_or_else(|| Err(text!("it cannot be decoded")))
    }

    fn decode(file: SharedFile, spec: TableSpec) -> Result<Grid, Text> {
        let metadata = footer::read(&file, &ArrowReaderOptions::new())?;
        claims::of_table(&file, metadata.metadata(), None)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let columns = spec.columns();
        let found: Vec<String> = builder
            .schema()
            .fields()
            .iter()
            .map(|field| format!("{} {}", field.name(), field.data_type()))
            .collect();
        let shown = |(name, kind): &(&str, CellKind)| format!("{name} {}", kind.data_type());
        let is_added = |(name, _): &(&str, CellKind)| spec.added == Some(name);
        let all: Vec<String> = columns.iter().map(shown).collect();
        let old: Vec<String> = columns.iter().filter(|of| !is_added(of)).map(shown).collect();
        let is_old = spec.added.is_some() && found == old;
        if !is_old && found != all {
            return Err(text!("columns {}", found.join(", ")));
        }
        // One batch holds all rows.
        let rows = usize::try_from(builder.metadata().file_metadata().num_rows())
            .map_err(|_| text!("a negative number of rows"))?;
        let reader = builder.with_batch_size(rows.max(1)).build();
        let mut reader = reader.map_err(|error| of_decoder(&error))?;
        let batch = match reader.next() {
            Some(batch) => batch.map_err(|error| of_decoder(&error))?,
            None => RecordBatch::new_empty(reader.schema()),
        };
        if batch.num_rows() != rows || reader.next().is_some() {
            return Err(text!("another number of rows than its footer says"));
        }
        let mut arrays = batch.columns().iter();
        let value = |column: &(&str, CellKind)| {
            if is_old && is_added(column) {
                return Some(ColumnValues::Money(vec![0; rows].into()));
            }
            Some(ColumnValues::of(arrays.next()?, column.1))
        };
        let values = columns.iter().map_while(value).collect();
        Ok(Grid { spec, rows, is_old, columns, values })
    }

    /// Returns whether a column has an empty cell.
    pub fn has_empty(&self, column: usize) -> bool {
        let empty = match &self.values[column] {
            ColumnValues::Text(array) => array.null_count(),
            ColumnValues::Money(array) => array.null_count(),
            ColumnValues::Count(array) => array.null_count(),
            ColumnValues::Day(array) => array.null_count(),
            ColumnValues::Time(array) => array.null_count(),
            ColumnValues::Flag(array) => array.null_count(),
        };
        empty > 0
    }

    /// Returns the number of a column; the schema must have it.
    pub fn column(&self, name: &str) -> usize {
        let place = self.columns.iter().position(|(column, _)| *column == name);
        place.expect("Invariant: the columns were compared with the contract's")
    }

    /// Returns the columns in order.
    pub fn columns(&self) -> &[(&'static str, CellKind)] {
        &self.columns
    }

    /// Returns a value.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.values[column].cell(row)
    }

    /// Returns a number by the number of its column; 0 for an empty cell.
    pub fn number(&self, row: usize, column: usize) -> i128 {
        match self.cell(row, column) {
            Cell::Number(number) => number,
            _ => 0,
        }
    }

    /// Returns money by the number of its column; zero for an empty cell.
    pub fn fen(&self, row: usize, column: usize) -> FenSum {
        FenSum::new(self.number(row, column))
    }

    /// Returns a text by the number of its column; an empty text for an empty cell.
    pub fn text(&self, row: usize, column: usize) -> &str {
        match self.cell(row, column) {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    /// Returns a row.
    pub fn row(&self, row: usize) -> GridRow<'_> {
        GridRow { grid: self, row }
    }

    /// Returns every row.
    pub fn iter(&self) -> impl Iterator<Item = GridRow<'_>> {
        (0..self.rows).map(|row| self.row(row))
    }

    /// Returns the sum of a column of money.
    pub fn sum(&self, column: &str) -> FenSum {
        FenSum::new(self.count(column))
    }

    /// Returns the sum of a column of numbers.
    pub fn count(&self, column: &str) -> i128 {
        let column = self.column(column);
        (0..self.rows).map(|row| self.number(row, column)).sum()
    }
}

/// Whether the period in a folder was closed before there was such a table.
fn is_older(folder: &Path, spec: &TableSpec) -> bool {
    let manifest = Manifest::parse_sealed(folder);
    manifest.is_ok_and(|(manifest, _)| manifest.form().is_some_and(|form| form < spec.since))
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct GridRow<'a> {
    grid: &'a Grid,
    row: usize,
}

impl<'a> GridRow<'a> {
    /// Returns its number in the table, from 0.
    pub fn place(&self) -> usize {
        self.row
    }

    /// Returns a value.
    pub fn cell(&self, column: &str) -> Cell<'a> {
        self.grid.cell(self.row, self.grid.column(column))
    }

    /// Returns a text; an empty text for an empty cell.
    pub fn text(&self, column: &str) -> &'a str {
        self.text_or_null(column).unwrap_or_default()
    }

    /// Returns a text; none for an empty cell.
    pub fn text_or_null(&self, column: &str) -> Option<&'a str> {
        match self.cell(column) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a number; 0 for an empty cell.
    pub fn number(&self, column: &str) -> i128 {
        self.number_or_null(column).unwrap_or(0)
    }

    /// Returns a number; none for an empty cell.
    pub fn number_or_null(&self, column: &str) -> Option<i128> {
        match self.cell(column) {
            Cell::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns money; zero for an empty cell.
    pub fn fen(&self, column: &str) -> FenSum {
        FenSum::new(self.number(column))
    }

    /// Returns money; none for an empty cell.
    pub fn fen_or_null(&self, column: &str) -> Option<FenSum> {
        self.number_or_null(column).map(FenSum::new)
    }

    /// Returns a flag; none for an empty cell.
    pub fn flag(&self, column: &str) -> Option<bool> {
        match self.cell(column) {
            Cell::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// Returns a day; none for an empty cell.
    pub fn day(&self, column: &str) -> Option<NaiveDate> {
        let day = i32::try_from(self.number_or_null(column)?).ok()?;
        NaiveDate::from_epoch_days(day)
    }

    /// Returns a month; none for an empty cell.
    pub fn month(&self, column: &str) -> Option<Month> {
        self.text_or_null(column).and_then(Month::from_text)
    }

    /// Returns the pair of the row, from its provinces, its divisions or its notice.
    pub fn pair(&self) -> Option<Pair> {
        let province = |column| Province::from_text(self.text(column));
        let division = |column| Province::of_division(self.text(column).as_bytes());
        let (insured, treating) = match self.grid.spec.name {
            "positions" => (division("insuplc_admdvs"), province("treating_province")),
            "breaks" | "open_items" => (division("insuplc_admdvs"), division("mdtrtarea_admvs")),
            "notices" | "notice_status" | "payments" => {
                return pair_of_notice(self.text("notice_id"));
            }
            _ => (province("insured_province"), province("treating_province")),
        };
        Some(Pair { insured: insured?, treating: treating? })
    }

    /// Returns its table.
    pub fn grid(&self) -> &'a Grid {
        self.grid
    }

    /// Returns a value by the number of its column.
    pub fn at(&self, column: usize) -> Cell<'a> {
        self.grid.cell(self.row, column)
    }

    /// Returns whether it is a row of a table.
    pub fn is_of(&self, table: &str) -> bool {
        self.grid.spec.name == table
    }

    /// Returns the values of the key, by which rows are sorted.
    pub fn key(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let row = *self;
        self.grid.spec.key.iter().map(move |column| row.cell(column))
    }

    /// Compares the keys of two rows.
    pub fn compare_keys(&self, other: &GridRow) -> Ordering {
        self.key().cmp(other.key())
    }

    /// Returns the key for people.
    pub fn shown_key(&self) -> Text {
        Text::given(self.shown_keys().join(" "))
    }

    /// Returns the values of the key for people.
    pub fn shown_keys(&self) -> Vec<String> {
        self.grid.spec.key.iter().map(|column| self.shown(column)).collect()
    }

    /// Returns a value as text: money in yuan, days as `YYYY-MM-DD`.
    pub fn shown(&self, column: &str) -> String {
        let kind = self.grid.columns[self.grid.column(column)].1;
        show(self.cell(column), kind)
    }

    /// Returns a value for people: like `shown`, with masked numbers of persons and visits.
    pub fn for_people(&self, column: &str) -> String {
        self.text_for_people(column).map_or_else(|| self.shown(column), Cow::into_owned)
    }

    /// Returns a text for people with masked numbers of persons and visits; none for an empty cell.
    pub fn text_for_people(&self, column: &str) -> Option<Cow<'a, str>> {
        let named = match column {
            "treating_value" | "insured_value" => self.text("field"),
            column => column,
        };
        // People write numbers of persons into free text, and systems into numbers of errors.
        let is_free = match self.grid.spec.name {
            "coordination" | "replies" => matches!(column, "subject" | "reason"),
            "errors_open" | "errors_refused" => column == "err_id",
            _ => false,
        };
        if is_free {
            return Some(without_numbers(self.text_or_null(column)?).into());
        }
        let personal = Field::of_column(named).is_some_and(|known| known.field.is_personal());
        let text = self.text_or_null(column)?;
        Some(if personal { masked(text).into() } else { text.into() })
    }
}

/// Parses the pair in the number of a notice: kind, period, insured province, treating province.
pub fn pair_of_notice(notice_id: &str) -> Option<Pair> {
    let (rest, treating) = notice_id.rsplit_once('-')?;
    let (_, insured) = rest.rsplit_once('-')?;
    Some(Pair { insured: Province::from_text(insured)?, treating: Province::from_text(treating)? })
}

/// Formats a value for people.
pub fn show(cell: Cell, kind: CellKind) -> String {
    match (cell, kind) {
        (Cell::Null, _) => "null".to_owned(),
        (Cell::Text(text), _) => text.to_owned(),
        (Cell::Flag(flag), _) => flag.to_string(),
        (Cell::Number(fen), CellKind::Amount | CellKind::Sum) => yuan(FenSum::new(fen)),
        (Cell::Number(day), CellKind::Day) => {
            let date = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days);
            date.map_or_else(|| day.to_string(), |date| date.to_string())
        }
        (Cell::Number(micros), CellKind::Time) => {
            let time = i64::try_from(micros).ok().and_then(chrono::DateTime::from_timestamp_micros);
            time.map_or_else(|| micros.to_string(), |time| time.naive_utc().to_string())
        }
        (Cell::Number(number), _) => number.to_string(),
    }
}
