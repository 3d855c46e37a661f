//! The command `query`.

use std::{borrow::Cow, path::PathBuf, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::DataType;
use clap::{Args, ValueEnum};
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::Compression,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    extensions::Extensions,
    files::shown,
    lang::said,
    options::Format,
    printer::{raw, report, text, warning},
    threads::thread_pool,
};
use crate::{
    columnar::table::reproducible,
    diag::{Failure, Outcome, printable},
    model::{codes::Month, dates::parse_period},
    place::output::{Output, Readers, Replace},
    query::{self, Answer, Question, TableInfo},
    statements::no_formula,
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing query --list --book book
  liangqing query \"SELECT insured_province, SUM(payable) AS owed FROM pairs GROUP BY 1 ORDER BY owed DESC\" --book book
  liangqing query \"SELECT * FROM breaks WHERE carried\" --book book --period 2025-11 --format csv --out breaks.csv

Every table of a period has its name, all closed periods of the book and a first column `period`. One SELECT, WITH
included; nothing but the book is read and nothing in it is written. docs/query.md has the questions of a month's
end, and the same for DuckDB, pandas and Excel.")]
#[command(group = clap::ArgGroup::new("question").required(true).args(["sql", "list"]))]
pub(super) struct QueryArguments {
    /// One SELECT
    pub(super) sql: Option<String>,
    /// Show tables, columns, types and rows
    #[arg(long)]
    pub(super) list: bool,
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// A period to ask, YYYY-MM; may be given several times [default: all]
    #[arg(long = "period", value_name = "PERIOD", value_parser = parse_period)]
    pub(super) periods: Vec<Month>,
    /// How to show the rows
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: RowFormat,
    /// A new file for the rows
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub(super) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Most rows to show, or all [default: 100 in a table, else all]
    #[arg(long, value_name = "N|all", conflicts_with = "list")]
    pub(super) limit: Option<Limit>,
    /// Show the numbers of persons and visits as they are
    #[arg(long, conflicts_with = "list")]
    pub(super) unmasked: bool,
}

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum RowFormat {
    /// For people.
    #[default]
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs: one object a row, money as text.
    Json,
    /// For tools of data; needs --out.
    Parquet,
}

impl RowFormat {
    /// Returns the format in which a failure is printed.
    pub(super) fn of_failures(self) -> Format {
        if self == RowFormat::Json { Format::Json } else { Format::Human }
    }
}

/// Most rows of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) usize);

impl std::str::FromStr for Limit {
    type Err = Text;

    fn from_str(text: &str) -> Result<Limit, Text> {
        match text {
            "all" => Ok(Limit(usize::MAX)),
            text => text.parse().map(Limit).map_err(|_| text!("not a number or `all`")),
        }
    }
}

/// The limit of a table for people, unless another one is given.
const SHOWN: Limit = Limit(100);

/// Runs `liangqing query`.
pub(super) fn query(arguments: &QueryArguments, extensions: Extensions) -> Outcome<()> {
    let Some(sql) = &arguments.sql else { return list(arguments) };
    let query = extensions.query()?;
    if arguments.format == RowFormat::Parquet && arguments.out.is_none() {
        return Err(Failure::Usage(text!("--format parquet needs --out FILE")));
    }
    // Polars starts threads of its own and panics when it cannot. This fails earlier, with an error.
    drop(thread_pool(None)?);
    let replace = Replace::when(arguments.force);
    let output = arguments.out.as_deref().map(|out| Output::file(out, replace)).transpose()?;
    let question = Question {
        book: &arguments.book,
        periods: &arguments.periods,
        sql,
        unmasked: arguments.unmasked,
    };
    let answer = query(&question)?;
    if arguments.unmasked {
        warning(text!(
            "numbers of persons and visits are shown: keep the answer as safe as the book"
        ));
    }
    for column in &answer.rounded {
        warning(text!("{} was computed in floating point and rounded to 6 decimals", column));
    }
    let usual = if arguments.format == RowFormat::Table { SHOWN } else { Limit(usize::MAX) };
    let most = arguments.limit.unwrap_or(usual).0.min(answer.rows.num_rows());
    let Answer { rows: all, .. } = answer;
    let rows = all.slice(0, most);
    let (Some(out), Some(output)) = (&arguments.out, output) else {
        if arguments.format == RowFormat::Table {
            return raw(&format!("{}\n{}\n", table(&rows), said(&footer(&rows, &all))));
        }
        return raw(&String::from_utf8_lossy(&rendered(&rows, &all, arguments.format)?));
    };
    let mut bytes = rendered(&rows, &all, arguments.format)?;
    if arguments.format == RowFormat::Csv {
        bytes.splice(0..0, *b"\xef\xbb\xbf");
    }
    output.write(Readers::Usual, &bytes)?;
    text(&[
        Text::labelled("written", text!("{}", shown(out))),
        Text::labelled("rows", text!("{}", Grouped(most as u64))),
    ])
}

fn rendered(rows: &RecordBatch, all: &RecordBatch, format: RowFormat) -> Outcome<Vec<u8>> {
    match format {
        RowFormat::Table => Ok(format!("{}\n{}\n", table(rows), footer(rows, all)).into_bytes()),
        RowFormat::Csv => csv(rows),
        RowFormat::Json => {
            let rows: Vec<RowOf> = (0..rows.num_rows()).map(|row| RowOf { rows, row }).collect();
            let json = serde_json::to_string_pretty(&rows);
            let json = json
                .map_err(|error| Failure::Bug(text!("rows as JSON: {}", Text::foreign(error))))?;
            Ok(format!("{json}\n").into_bytes())
        }
        RowFormat::Parquet => parquet(rows),
    }
}

fn list(arguments: &QueryArguments) -> Outcome<()> {
    let list = query::list(&arguments.book, &arguments.periods)?;
    match arguments.format {
        RowFormat::Table => raw(&list_text(&list.tables)),
        RowFormat::Json => report(&list),
        RowFormat::Csv | RowFormat::Parquet => {
            Err(Failure::Usage(text!("--list is shown as a table or as JSON")))
        }
    }
}

fn list_text(tables: &[TableInfo]) -> String {
    let shown = |info: &TableInfo| {
        let mut table = empty_table();
        for column in &info.columns {
            table.add_row(["", column.name, column.kind]);
        }
        let rows = text!("{} row(s)", Grouped(info.rows));
        format!("{}  {}\n{}\n", info.name, said(&rows), table.trim_fmt())
    };
    tables.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn empty_table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

fn table(rows: &RecordBatch) -> String {
    let mut table = empty_table();
    let schema = rows.schema();
    table.set_header(schema.fields().iter().map(|field| printable(field.name())));
    for row in 0..rows.num_rows() {
        let values = rows.columns().iter();
        let shown =
            |column| plain(column, row).map_or("null".to_owned(), |value| printable(&value));
        table.add_row(values.map(shown));
    }
    for (at, field) in schema.fields().iter().enumerate() {
        if let (DataType::Decimal128(..) | DataType::Int64, Some(column)) =
            (field.data_type(), table.column_mut(at))
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Returns a line with the number of rows shown and left out.
fn footer(rows: &RecordBatch, all: &RecordBatch) -> Text {
    let shown = Grouped(rows.num_rows() as u64);
    match all.num_rows() - rows.num_rows() {
        0 => text!("{} row(s)", shown),
        more => {
            text!("{} row(s), {} more: --limit all shows them", shown, Grouped(more as u64))
        }
    }
}

fn csv(rows: &RecordBatch) -> Outcome<Vec<u8>> {
    let failed = |error: csv::Error| Failure::Bug(text!("rows as CSV: {}", Text::foreign(error)));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let schema = rows.schema();
    writer.write_record(schema.fields().iter().map(|field| field.name())).map_err(failed)?;
    for row in 0..rows.num_rows() {
        let values = rows.columns().iter().map(|column| match plain(column, row) {
            Some(value) if *column.data_type() == DataType::Utf8 => no_formula(&value),
            value => value.unwrap_or_default(),
        });
        writer.write_record(values).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Bug(Text::foreign(error)))
}

fn parquet(rows: &RecordBatch) -> Outcome<Vec<u8>> {
    let properties = reproducible().set_compression(Compression::SNAPPY).build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let written = ArrowWriter::try_new_with_options(Vec::new(), rows.schema(), options).and_then(
        |mut writer| {
            writer.write(rows)?;
            writer.into_inner()
        },
    );
    written.map_err(|error| Failure::Bug(text!("rows as Parquet: {}", Text::foreign(error))))
}

/// Returns a value as text, or `None` for null.
fn plain(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Date32 => {
            let day = column.as_primitive::<Date32Type>().value_as_date(row);
            day.map_or_else(String::new, |day| day.to_string())
        }
        _ => {
            let time = column.as_primitive::<TimestampMicrosecondType>().value_as_datetime(row);
            time.map_or_else(String::new, |time| time.to_string())
        }
    })
}

/// The largest integer that every JSON reader holds exactly.
const EXACT: u64 = 1 << 53;

/// A row as a JSON object with its columns in order.
pub(super) struct RowOf<'a> {
    rows: &'a RecordBatch,
    row: usize,
}

impl JsonSchema for RowOf<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Row".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": { "type": ["string", "integer", "boolean", "null"] },
            "description": "A row by the names of its columns: money and other decimals, days and times as text; whole \
                            numbers beyond 2^53 as text.",
        })
    }
}

impl Serialize for RowOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.rows.num_columns()))?;
        let schema = self.rows.schema();
        for (field, column) in schema.fields().iter().zip(self.rows.columns()) {
            map.serialize_entry(field.name(), &value(column, self.row))?;
        }
        map.end()
    }
}

fn value(column: &Arc<dyn Array>, row: usize) -> Value {
    let Some(text) = plain(column, row) else { return Value::Null };
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int64 => {
            let number = column.as_primitive::<Int64Type>().value(row);
            if number.unsigned_abs() <= EXACT { number.into() } else { text.into() }
        }
        _ => text.into(),
    }
}
