//! Maps the columns of a file to fields of the contract, or finds why the file is refused.

use std::path::Path;

use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical},
    schema::types::{ColumnDescriptor, SchemaDescriptor},
};

use super::{
    form::{Conversion, SourceColumn},
    scope::FieldScope,
};
use crate::{
    diag::{Code, Finding},
    model::fields::{FIELDS, Field, FieldKind, Named},
    spelling,
    text::Text,
};

/// The columns of a file, mapped to fields.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    /// The columns of fields.
    pub(super) columns: Vec<SourceColumn>,
    /// The number of columns under another name.
    pub(super) aliases: u64,
    /// The number of columns with their name in another case, or with blanks around it.
    pub(super) respelled: u64,
    /// The number of ignored columns.
    pub(super) extra_columns: u64,
}

impl Mapped {
    /// Maps the columns of a schema; fails with all findings.
    pub(super) fn of(
        schema: &SchemaDescriptor,
        file: &str,
        scope: FieldScope,
    ) -> Result<Mapped, Vec<Finding>> {
        let (mut found, mut findings) = (Mapped::default(), Vec::new());
        let mut seen: [Option<&str>; FIELDS.len()] = [None; FIELDS.len()];
        let (mut others, mut twice) = (Vec::new(), 0);
        for (root, node) in schema.root_schema().get_fields().iter().enumerate() {
            let name = node.name();
            let known = Field::of_column(name).filter(|named| scope.knows(named.field));
            let Some(Named { field, alias, respelled }) = known else {
                others.push(name);
                continue;
            };
            let place = text!("column {}", short(name));
            if let Some(first) = seen[field.index()] {
                twice += 1;
                // The list is cut: a hostile file may have thousands of such columns.
                if twice <= MOST_NAMES {
                    let (name, first) = (short(name), short(first));
                    let both = text!("{} beside {}, both {}", name, first, field.name());
                    findings.push(Finding::new(Code::F08, file, place, both));
                }
                continue;
            }
            seen[field.index()] = Some(name);
            found.aliases += u64::from(alias);
            found.respelled += u64::from(respelled);
            match type_of(schema, root, field.kind(), field.required()) {
                Ok((leaf, form)) => found.columns.push(SourceColumn { field, root, leaf, form }),
                Err((code, found)) => findings.push(Finding::new(code, file, place, found)),
            }
        }
        found.extra_columns = others.len() as u64;
        let missing = FIELDS.into_iter().filter(|f| scope.needs(*f) && seen[f.index()].is_none());
        let missing: Vec<Field> = missing.collect();
        if !missing.is_empty() {
            let there = schema.root_schema().get_fields().iter().map(|node| node.name());
            let found = without(&missing, &there.collect::<Vec<_>>(), &others, file);
            findings.push(Finding::of_file(Code::F03, file, found));
        }
        found.columns.retain(|column| scope.reads(column.field));
        if findings.is_empty() { Ok(found) } else { Err(findings) }
    }
}

/// The largest scale of an amount.
const MOST_DECIMALS: u8 = 18;
/// The most names that a finding lists, and the most letters of a name.
const MOST_NAMES: usize = 40;
const LONGEST_NAME: usize = 60;

/// Words the finding of missing fields: their names, columns that may be meant, and all columns of the file.
fn without(missing: &[Field], there: &[&str], others: &[&str], file: &str) -> Text {
    let names: Vec<&str> = missing.iter().map(|field| field.name()).collect();
    let near = missing.iter().filter_map(|field| {
        let other = nearest(*field, others)?;
        Some(format!("{} = {}", short(other), field.name()))
    });
    let near: Vec<String> = near.collect();
    let folders = Path::new(file).parent().into_iter().flat_map(Path::components);
    let folders = folders.filter_map(|folder| folder.as_os_str().to_str());
    let in_path = folders.filter(|folder| {
        let named = folder.split_once('=').and_then(|(name, _)| Field::of_column(name));
        named.is_some_and(|named| missing.contains(&named.field))
    });
    let in_path: Vec<String> = in_path.map(short).collect();
    let said = match there.len() {
        0 => text!("there are no columns"),
        count => {
            let mut listed: Vec<String> = there.iter().take(MOST_NAMES).map(|n| short(n)).collect();
            if count > MOST_NAMES {
                listed.push("…".to_owned());
            }
            text!("the columns, {}, are {}", count, listed.join(", "))
        }
    };
    let said = match in_path.as_slice() {
        [] => said,
        in_path => text!("in the path alone is {}; {}", in_path.join(", "), said),
    };
    let said = match near.as_slice() {
        [] => said,
        near => text!("meant may be {}; {}", near.join(", "), said),
    };
    text!("no column {}; {}", names.join(", "), said)
}

/// Returns the column whose name is most similar to a field, if one is similar.
fn nearest<'a>(field: Field, others: &[&'a str]) -> Option<&'a str> {
    // A hostile file may have very many names, and very long ones.
    let others = others.iter().copied().filter(|name| name.len() <= LONGEST_NAME).take(1_000);
    let known = || [field.name()].into_iter().chain(field.aliases().iter().copied());
    let candidates = others.flat_map(|name| {
        known().map(move |known| (name, known, name.to_ascii_lowercase(), known.len() / 3))
    });
    spelling::nearest(candidates)
}

pub(super) fn short(name: &str) -> String {
    spelling::short(name, LONGEST_NAME)
}

/// Returns the leaf and the conversion of a column at the root of a schema, or why the column is refused.
pub(super) fn type_of(
    schema: &SchemaDescriptor,
    root: usize,
    kind: FieldKind,
    required: bool,
) -> Result<(usize, Conversion), (Code, Text)> {
    let is_plain = schema.root_schema().get_fields()[root].is_primitive();
    let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == root);
    match leaf.filter(|_| is_plain) {
        Some(leaf) => form_of(kind, required, &schema.column(leaf)).map(|form| (leaf, form)),
        None => Err((Code::F04, text!("a nested column"))),
    }
}

/// Returns the conversion of a column for a kind of values.
fn form_of(
    kind: FieldKind,
    required: bool,
    column: &ColumnDescriptor,
) -> Result<Conversion, (Code, Text)> {
    let wrong = || (Code::F04, wanted(kind, &describe(column)));
    if column.max_rep_level() > 0 {
        return Err((Code::F04, text!("a repeated column")));
    }
    if matches!(column.logical_type_ref(), Some(LogicalType::Unknown)) {
        return if required { Err(wrong()) } else { Ok(Conversion::Null) };
    }
    match kind {
        FieldKind::Text => text_form(column).ok_or_else(wrong),
        FieldKind::Date => is_date(column).then_some(Conversion::Date).ok_or_else(wrong),
        FieldKind::Time => time_form(column).ok_or_else(wrong),
        FieldKind::Amount => amount_form(column),
    }
}

fn text_form(column: &ColumnDescriptor) -> Option<Conversion> {
    let text = matches!(
        column.logical_type_ref(),
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
    ) || matches!(
        column.converted_type(),
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
    );
    match column.physical_type() {
        Physical::BYTE_ARRAY if text => Some(Conversion::Text),
        Physical::INT32 | Physical::INT64 if is_plain_integer(column) => {
            Some(Conversion::IntegerCode)
        }
        _ => None,
    }
}

fn is_plain_integer(column: &ColumnDescriptor) -> bool {
    match column.logical_type_ref() {
        Some(LogicalType::Integer { .. }) => true,
        Some(_) => false,
        None => matches!(
            column.converted_type(),
            ConvertedType::NONE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        ),
    }
}

fn is_date(column: &ColumnDescriptor) -> bool {
    column.physical_type() == Physical::INT32
        && (matches!(column.logical_type_ref(), Some(LogicalType::Date))
            || column.converted_type() == ConvertedType::DATE)
}

fn time_form(column: &ColumnDescriptor) -> Option<Conversion> {
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT96, _, _) => Some(Conversion::Int96),
        (Physical::INT64, Some(LogicalType::Timestamp(t)), _) => {
            Some(if t.is_adjusted_to_u_t_c { Conversion::UtcTime } else { Conversion::LocalTime })
        }
        // A converted type alone is UTC-adjusted, as the format defines.
        (
            Physical::INT64,
            None,
            ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS,
        ) => Some(Conversion::UtcTime),
        _ => None,
    }
}

fn amount_form(column: &ColumnDescriptor) -> Result<Conversion, (Code, Text)> {
    let physical = column.physical_type();
    let (scale, precision) = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => (decimal.scale, decimal.precision),
        (None, ConvertedType::DECIMAL) => (column.type_scale(), column.type_precision()),
        _ => {
            let code = match physical {
                Physical::FLOAT | Physical::DOUBLE => Code::F05,
                Physical::INT32 | Physical::INT64 if is_plain_integer(column) => Code::F06,
                Physical::FIXED_LEN_BYTE_ARRAY
                    if matches!(column.logical_type_ref(), Some(LogicalType::Float16)) =>
                {
                    Code::F05
                }
                _ => Code::F04,
            };
            // Only F04 needs the wanted type: the hints of the other codes name it.
            let found = describe(column);
            let found = if code == Code::F04 {
                wanted(FieldKind::Amount, &found)
            } else {
                text!("{} for an amount", found)
            };
            return Err((code, found));
        }
    };
    if precision > 38 {
        return Err((Code::F07, decimal(precision, scale)));
    }
    match u8::try_from(scale) {
        Ok(scale @ 0..=MOST_DECIMALS) => {
            let narrow = matches!(physical, Physical::INT32 | Physical::INT64);
            Ok(Conversion::Decimal { scale, narrow })
        }
        _ => Err((Code::F07, decimal(precision, scale))),
    }
}

/// Writes a decimal type in the words of the format.
fn decimal(precision: i32, scale: i32) -> Text {
    Text::given(format!("DECIMAL({precision},{scale})"))
}

/// Words a finding: the type of a column, the kind of its field, and the type to export.
fn wanted(kind: FieldKind, found: &str) -> Text {
    match kind {
        FieldKind::Text => text!("{} for text; declare it as String", found),
        FieldKind::Date => text!("{} for a date; export it as DATE", found),
        FieldKind::Time => text!("{} for a timestamp; export it as TIMESTAMP", found),
        FieldKind::Amount => text!("{} for an amount; export it as DECIMAL(16,2)", found),
    }
}

/// Writes the type of a column in the words of the format.
fn describe(column: &ColumnDescriptor) -> String {
    let physical = column.physical_type();
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(logical), _) => format!("{physical} {}", annotation(logical)),
        (None, ConvertedType::NONE) => physical.to_string(),
        (None, converted) => format!("{physical} {converted}"),
    }
}

fn annotation(logical: &LogicalType) -> String {
    let clock = |name: &str, unit: TimeUnit, utc: bool| {
        let unit = match unit {
            TimeUnit::MILLIS => "MILLIS",
            TimeUnit::MICROS => "MICROS",
            TimeUnit::NANOS => "NANOS",
        };
        format!("{name}({unit},{})", if utc { "UTC" } else { "local" })
    };
    match logical {
        LogicalType::Decimal(of) => format!("DECIMAL({},{})", of.precision, of.scale),
        LogicalType::Timestamp(of) => clock("TIMESTAMP", of.unit, of.is_adjusted_to_u_t_c),
        LogicalType::Time(of) => clock("TIME", of.unit, of.is_adjusted_to_u_t_c),
        LogicalType::Integer(of) => {
            format!("{}INT({})", if of.is_signed { "" } else { "U" }, of.bit_width)
        }
        other => {
            // Only the name: the parameters behind it may be as long as a file.
            let name = format!("{other:?}");
            name.split(|letter: char| !letter.is_alphanumeric())
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    }
}
