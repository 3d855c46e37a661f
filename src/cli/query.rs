//! The command `query`.

use std::{fs::File, io::Write, path::PathBuf, sync::Arc};

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
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

use super::{
    args::Format,
    printer::{counted, json_text, text, warning},
    run::shown,
};
use crate::{
    codes::Month,
    diag::{Failure, Outcome},
    money::count_grouped,
    pipeline::parse_period,
    query::{self, Answer, Question, TableInfo},
    statement::table::reproducible,
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
    sql: Option<String>,
    /// Show tables, columns, types and rows
    #[arg(long)]
    list: bool,
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    book: PathBuf,
    /// A period to ask, YYYY-MM; may be given several times [default: all]
    #[arg(long = "period", value_name = "PERIOD", value_parser = parse_period)]
    periods: Vec<Month>,
    /// How to show the rows
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: RowFormat,
    /// A new file for the rows
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    out: Option<PathBuf>,
    /// Most rows to show, or all [default: 100 in a table, else all]
    #[arg(long, value_name = "N|all", conflicts_with = "list")]
    limit: Option<Limit>,
    /// Show the numbers of persons and visits as they are
    #[arg(long, conflicts_with = "list")]
    unmasked: bool,
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
    /// How a failure is told.
    pub(super) fn of_failures(self) -> Format {
        if self == RowFormat::Json { Format::Json } else { Format::Human }
    }
}

/// Most rows of an answer.
#[derive(Debug, Clone, Copy)]
struct Limit(usize);

/// Rows of a table for people, unless they say otherwise.
const SHOWN: Limit = Limit(100);

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        match text {
            "all" => Ok(Limit(usize::MAX)),
            text => text.parse().map(Limit).map_err(|_| "not a number or `all`".to_owned()),
        }
    }
}

/// `liangqing query`
pub(super) fn query(arguments: &QueryArguments) -> Outcome<()> {
    let Some(sql) = &arguments.sql else { return list(arguments) };
    query::available()?;
    if arguments.format == RowFormat::Parquet && arguments.out.is_none() {
        return Err(Failure::Usage("--format parquet needs --out FILE".to_owned()));
    }
    let question = Question {
        book: &arguments.book,
        periods: &arguments.periods,
        sql,
        unmasked: arguments.unmasked,
    };
    let answer = query::answer(&question)?;
    if arguments.unmasked {
        warning("numbers of persons and visits are shown: keep the answer as safe as the book");
    }
    for column in &answer.rounded {
        warning(&format!("{column} was computed in floating point and rounded to 6 decimals"));
    }
    let usual = if arguments.format == RowFormat::Table { SHOWN } else { Limit(usize::MAX) };
    let most = arguments.limit.unwrap_or(usual).0.min(answer.rows.num_rows());
    let Answer { rows: all, .. } = answer;
    let rows = all.slice(0, most);
    let Some(out) = &arguments.out else {
        return text(&String::from_utf8_lossy(&rendered(&rows, &all, arguments.format)?));
    };
    let mut bytes = rendered(&rows, &all, arguments.format)?;
    if arguments.format == RowFormat::Csv {
        bytes.splice(0..0, *b"\xef\xbb\xbf");
    }
    if out.exists() {
        let problem = format!("{} is there already\n    hint: name a new file", out.display());
        return Err(Failure::Usage(problem));
    }
    File::create_new(out).and_then(|mut file| file.write_all(&bytes)).map_err(Failure::io(out))?;
    text(&format!("written   {}\nrows      {}\n", shown(out), count_grouped(most as u64)))
}

fn rendered(rows: &RecordBatch, all: &RecordBatch, format: RowFormat) -> Outcome<Vec<u8>> {
    match format {
        RowFormat::Table => Ok(table(rows, all.num_rows()).into_bytes()),
        RowFormat::Csv => csv(rows),
        RowFormat::Json => {
            let rows: Vec<RowOf> = (0..rows.num_rows()).map(|row| RowOf { rows, row }).collect();
            let json = serde_json::to_string_pretty(&rows);
            let json = json.map_err(|error| Failure::Bug(format!("rows as JSON: {error}")))?;
            Ok(format!("{json}\n").into_bytes())
        }
        RowFormat::Parquet => parquet(rows),
    }
}

fn list(arguments: &QueryArguments) -> Outcome<()> {
    let tables = query::list(&arguments.book, &arguments.periods)?;
    match arguments.format {
        RowFormat::Table => text(&list_text(&tables)),
        RowFormat::Json => json_text(&json!({ "format": 1, "tables": tables })),
        RowFormat::Csv | RowFormat::Parquet => {
            Err(Failure::Usage("--list is shown as a table or as JSON".to_owned()))
        }
    }
}

fn list_text(tables: &[TableInfo]) -> String {
    let shown = |info: &TableInfo| {
        let mut table = empty_table();
        for column in &info.columns {
            table.add_row(["", column.name, column.kind]);
        }
        format!("{}  {}\n{}\n", info.name, counted(info.rows, "row"), table.trim_fmt())
    };
    tables.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn empty_table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

fn table(rows: &RecordBatch, all: usize) -> String {
    let mut table = empty_table();
    let schema = rows.schema();
    table.set_header(schema.fields().iter().map(|field| field.name()));
    for row in 0..rows.num_rows() {
        let values = rows.columns().iter();
        table.add_row(values.map(|column| plain(column, row).unwrap_or_else(|| "null".to_owned())));
    }
    for (at, field) in schema.fields().iter().enumerate() {
        if let (DataType::Decimal128(..) | DataType::Int64, Some(column)) =
            (field.data_type(), table.column_mut(at))
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let more = match all - rows.num_rows() {
        0 => String::new(),
        more => format!(", {} more: --limit all shows them", count_grouped(more as u64)),
    };
    format!("{}\n{}{more}\n", table.trim_fmt(), counted(rows.num_rows() as u64, "row"))
}

fn csv(rows: &RecordBatch) -> Outcome<Vec<u8>> {
    let failed = |error: csv::Error| Failure::Bug(format!("rows as CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let schema = rows.schema();
    writer.write_record(schema.fields().iter().map(|field| field.name())).map_err(failed)?;
    for row in 0..rows.num_rows() {
        let values = rows.columns().iter().map(|column| match plain(column, row) {
            Some(value) if *column.data_type() == DataType::Utf8 => no_formula(value),
            value => value.unwrap_or_default(),
        });
        writer.write_record(values).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Bug(error.to_string()))
}

/// Text that a spreadsheet would take for a formula is kept from being one.
fn no_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
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
    written.map_err(|error| Failure::Bug(format!("rows as Parquet: {error}")))
}

/// A value as text; none when there is none.
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

/// The largest whole number that every reader of JSON holds exactly.
const EXACT: u64 = 1 << 53;

/// A row as an object, its columns in order.
struct RowOf<'a> {
    rows: &'a RecordBatch,
    row: usize,
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
