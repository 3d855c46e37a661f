//! Rows of a file as typed columns: text as bytes, time as local microseconds, money as fen.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, StringViewArray,
    cast::AsArray,
    types::{
        Date32Type, Decimal64Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type,
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, RowSelection},
        parquet_to_arrow_field_levels,
    },
    errors::ParquetError,
};

use super::{
    buffers::Tools,
    guarded,
    pages::RowGroup,
    source::{Column, Form, Source},
    text::{CodeList, Coded, TextColumn},
};
use crate::{
    contract::fields::{AMOUNT_FIELDS, FIELDS, Field, amount},
    event::Activity,
    money::{FEN_LIMIT, Fen, FenSum},
    rules::Int96,
};

/// China Standard Time is 8 hours ahead of UTC, in microseconds.
pub(super) const CST_OFFSET: i64 = 8 * 3_600 * 1_000_000;
/// A day in microseconds.
pub const DAY: i64 = 24 * 3_600 * 1_000_000;

/// Some consecutive rows of a file, column by column.
#[derive(Debug)]
pub struct Batch {
    /// How many.
    pub rows: usize,
    texts: Vec<TextColumn>,
    dates: [Option<PrimitiveArray<Date32Type>>; 2],
    time: TimeColumn,
    amounts: Vec<Option<AmountColumn>>,
}

/// Points in time, in microseconds since 1970-01-01 local time (UTC+8).
#[derive(Debug, Default)]
pub struct TimeColumn {
    local: Vec<i64>,
    nulls: Option<NullBuffer>,
}

/// Amounts in fen.
#[derive(Debug)]
pub struct AmountColumn {
    /// The values; 0 where null or too large.
    pub fen: ScalarBuffer<Fen>,
    /// Which are there.
    pub nulls: Option<NullBuffer>,
    /// Rows whose value does not fit `DECIMAL(16,2)`, with the real value.
    pub wide: Vec<(usize, FenSum)>,
}

/// An amount that not even `DECIMAL(38,2)` holds.
#[derive(Debug)]
pub struct BeyondDecimal;

/// Why a batch could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// Damage.
    Parquet(ParquetError),
    /// Bytes that make the decoder panic.
    Panic,
    /// An amount that no `DECIMAL(38,2)` holds, in a field.
    Beyond(Field),
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> ReadError {
        ReadError::Parquet(error)
    }
}

/// The rows of a row group, or some of them, batch by batch.
pub struct Batches {
    int96: Int96,
    reader: ParquetRecordBatchReader,
    /// Fields in the order of the reader's columns.
    columns: Vec<Column>,
    tools: Arc<Tools>,
    /// The newest list of codes of each text field.
    lists: [Option<Arc<CodeList>>; TEXT_FIELDS.len()],
}

impl Batches {
    /// Opens a row group, to decode so many rows at a time; all of its rows, or those that are selected.
    pub fn open(
        source: &Source,
        row_group: usize,
        int96: Int96,
        batch_rows: usize,
        selection: Option<RowSelection>,
        tools: &Arc<Tools>,
    ) -> Result<Batches, ReadError> {
        guarded(|| Batches::try_open(source, row_group, int96, batch_rows, selection, tools))
            .ok_or(ReadError::Panic)?
            .map_err(ReadError::Parquet)
    }

    fn try_open(
        source: &Source,
        row_group: usize,
        int96: Int96,
        batch_rows: usize,
        selection: Option<RowSelection>,
        tools: &Arc<Tools>,
    ) -> Result<Batches, ParquetError> {
        let mut columns = source.columns.clone();
        columns.sort_by_key(|column| column.root);
        let schema = source.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(schema, columns.iter().map(|column| column.leaf));
        let hinted = source.reader_metadata(row_group)?;
        let levels = parquet_to_arrow_field_levels(schema, mask, Some(hinted.schema().fields()))?;
        let file = Arc::new(source.reopen()?);
        let tools = Arc::clone(tools);
        let group = RowGroup {
            file,
            metadata: &source.metadata,
            number: row_group,
            tools: Arc::clone(&tools),
        };
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(
            &levels, &group, batch_rows, selection,
        )?;
        let lists = [const { None }; TEXT_FIELDS.len()];
        Ok(Batches { int96, reader, columns, tools, lists })
    }

    fn typed(&mut self, batch: &RecordBatch) -> Result<Batch, ReadError> {
        let mut typed = Batch {
            rows: batch.num_rows(),
            texts: Vec::with_capacity(TEXT_FIELDS.len()),
            dates: [None, None],
            time: TimeColumn::default(),
            amounts: Vec::with_capacity(AMOUNT_FIELDS.len()),
        };
        let (columns, int96) = (&self.columns, self.int96);
        let array = |field: Field| {
            let position = columns.iter().position(|column| column.field == field)?;
            Some((batch.column(position), columns[position].form))
        };
        for (field, list) in TEXT_FIELDS.into_iter().zip(&mut self.lists) {
            let column = array(field).map(|(array, form)| text(array, form, list)).transpose()?;
            typed.texts.push(column.unwrap_or(TextColumn::Absent));
        }
        for (slot, field) in [Field::begndate, Field::enddate].into_iter().enumerate() {
            typed.dates[slot] =
                array(field).and_then(|(a, _)| a.as_primitive_opt::<Date32Type>().cloned());
        }
        if let Some((times, form)) = array(Field::setl_time) {
            let utc = form == Form::UtcTime || (form == Form::Int96 && int96 == Int96::Utc);
            typed.time = time(times, utc);
        }
        for field in AMOUNT_FIELDS {
            let column = match array(field) {
                Some((a, Form::Decimal { scale, .. })) => {
                    Some(amounts(a, scale).map_err(|BeyondDecimal| ReadError::Beyond(field))?)
                }
                _ => None,
            };
            typed.amounts.push(column);
        }
        Ok(typed)
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let tools = Arc::clone(&self.tools);
        tools.stopwatch.measure(Activity::Decode, || {
            let batch = match guarded(|| self.reader.next()) {
                Some(batch) => batch?.map_err(|error| ReadError::Parquet(error.into())),
                None => Err(ReadError::Panic),
            };
            Some(batch.and_then(|batch| self.typed(&batch)))
        })
    }
}

/// The text fields, in the order of the contract.
pub const TEXT_FIELDS: [Field; 12] = [
    Field::setl_id,
    Field::mdtrt_id,
    Field::init_setl_id,
    Field::psn_no,
    Field::insuplc_admdvs,
    Field::mdtrtarea_admvs,
    Field::fixmedins_code,
    Field::insutype,
    Field::med_type,
    Field::dise_codg,
    Field::refd_setl_flag,
    Field::fulamt_advpay_flag,
];

const TEXT_POSITION: [usize; FIELDS.len()] = {
    let mut positions = [usize::MAX; FIELDS.len()];
    let mut index = 0;
    while index < TEXT_FIELDS.len() {
        positions[TEXT_FIELDS[index].index()] = index;
        index += 1;
    }
    positions
};

/// Position of a text field in [`TEXT_FIELDS`].
pub const fn text_position(field: Field) -> usize {
    TEXT_POSITION[field.index()]
}

impl Batch {
    /// Rows of which nothing is known but their time.
    #[cfg(test)]
    pub(crate) fn of_times(local: Vec<i64>) -> Batch {
        let time = TimeColumn { local, nulls: None };
        let texts = TEXT_FIELDS.iter().map(|_| TextColumn::Absent).collect();
        let amounts = AMOUNT_FIELDS.iter().map(|_| None).collect();
        Batch { rows: time.local.len(), texts, dates: [None, None], time, amounts }
    }

    /// A text column.
    pub fn text(&self, field: Field) -> &TextColumn {
        &self.texts[text_position(field)]
    }

    /// An amount column by position in [`AMOUNT_FIELDS`]; `None` when the file has none.
    pub fn amount(&self, index: usize) -> Option<&AmountColumn> {
        self.amounts[index].as_ref()
    }

    /// Looks at the values of some rows, so that they are near the processor when they are needed; what comes of
    /// it means nothing.
    pub fn glance(&self, rows: impl Iterator<Item = usize> + Clone) {
        let amounts = |row: usize| {
            let amounts = self.amounts.iter().flatten();
            amounts.fold(self.time.local[row], |all, column| all ^ column.fen[row])
        };
        let texts = |row: usize, at_text| {
            self.texts.iter().fold(0, |all, column| all ^ column.glance(row, at_text))
        };
        let places = rows.clone().fold(0, |all, row| all ^ amounts(row) ^ texts(row, false));
        let texts = rows.fold(0, |all, row| all ^ texts(row, true));
        std::hint::black_box((places, texts));
    }

    /// The points in time of settlement.
    pub fn time(&self) -> &TimeColumn {
        &self.time
    }

    /// A day of the stay, from 1970-01-01.
    pub fn date(&self, field: Field, row: usize) -> Option<i32> {
        let slot = usize::from(field == Field::enddate);
        self.dates[slot].as_ref().filter(|days| days.is_valid(row)).map(|days| days.value(row))
    }

    /// How many optional texts are empty and count as null.
    pub fn empty_texts(&self) -> u64 {
        let optional = TEXT_FIELDS.into_iter().filter(|field| !field.required());
        optional.map(|field| self.text(field).empty_texts()).sum()
    }

    /// How many optional amounts are null and count as 0.
    pub fn null_amounts(&self) -> u64 {
        let optional = (0..amount::SCOPE.start).filter(|i| !AMOUNT_FIELDS[*i].required());
        let nulls = optional.filter_map(|i| self.amount(i)?.nulls.as_ref());
        nulls.map(|nulls| nulls.null_count() as u64).sum()
    }
}

impl TimeColumn {
    /// The last point in time that is there.
    pub fn last(&self) -> Option<i64> {
        (0..self.local.len()).rev().find_map(|row| self.value(row))
    }

    /// The point in time of a row.
    pub fn value(&self, row: usize) -> Option<i64> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => Some(self.local[row]),
        }
    }
}

impl AmountColumn {
    /// The amount of a row, 0 when it is too large; `None` when null.
    pub fn value(&self, row: usize) -> Option<Fen> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => Some(self.fen[row]),
        }
    }

    /// The sum of the real values of all rows; at the ends of 128 bits it stays there.
    pub fn total(&self) -> FenSum {
        // 512 values below 10^16 stay below 2^63.
        let narrow: FenSum =
            self.fen.chunks(512).map(|block| FenSum::from(wrapping_sum(block))).sum();
        self.wide.iter().fold(narrow, |sum, (_, value)| sum.saturating_add(*value))
    }

    /// The sum of the magnitudes of the values that are too large: it does not depend on their order.
    pub fn magnitude(&self) -> FenSum {
        self.wide
            .iter()
            .fold(0, |sum: FenSum, (_, value)| sum.saturating_add(value.saturating_abs()))
    }
}

/// A sum that is known to fit: it takes several values at a time, for nothing is checked.
fn wrapping_sum(block: &[Fen]) -> Fen {
    block.iter().fold(0, |sum: Fen, fen| sum.wrapping_add(*fen))
}

fn text(
    array: &ArrayRef,
    form: Form,
    list: &mut Option<Arc<CodeList>>,
) -> Result<TextColumn, ReadError> {
    match (form, array.data_type()) {
        (Form::IntegerCode, _) => Ok(TextColumn::Plain(integer_codes(array))),
        (Form::Null, _) => Ok(TextColumn::Absent),
        (_, DataType::Dictionary(..)) => {
            Ok(TextColumn::Coded(Coded::of(array.as_dictionary(), list)))
        }
        (_, DataType::Utf8View) => Ok(TextColumn::Plain(array.as_string_view().clone())),
        // A value that cannot be taken never becomes a null.
        (_, other) => Err(ParquetError::General(format!("text that is decoded as {other}")).into()),
    }
}

fn integer_codes(array: &ArrayRef) -> StringViewArray {
    fn format<T: ArrowPrimitiveType>(array: &ArrayRef) -> StringViewArray
    where
        T::Native: ToString,
    {
        array.as_primitive::<T>().iter().map(|code| code.map(|code| code.to_string())).collect()
    }
    match array.data_type() {
        DataType::Int8 => format::<Int8Type>(array),
        DataType::Int16 => format::<Int16Type>(array),
        DataType::Int32 => format::<Int32Type>(array),
        DataType::UInt8 => format::<UInt8Type>(array),
        DataType::UInt16 => format::<UInt16Type>(array),
        DataType::UInt32 => format::<UInt32Type>(array),
        DataType::UInt64 => format::<UInt64Type>(array),
        _ => format::<Int64Type>(array),
    }
}

fn time(array: &ArrayRef, utc: bool) -> TimeColumn {
    let offset = if utc { CST_OFFSET } else { 0 };
    let local = match array.data_type() {
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            let values = array.as_primitive::<TimestampMillisecondType>().values();
            values.iter().map(|t| t.saturating_mul(1_000).saturating_add(offset)).collect()
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let values = array.as_primitive::<TimestampNanosecondType>().values();
            values.iter().map(|t| t.div_euclid(1_000) + offset).collect()
        }
        _ => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            values.iter().map(|t| t.saturating_add(offset)).collect()
        }
    };
    TimeColumn { local, nulls: array.nulls().cloned() }
}

fn amounts(array: &ArrayRef, scale: u8) -> Result<AmountColumn, BeyondDecimal> {
    let Some(narrow) = array.as_primitive_opt::<Decimal64Type>() else {
        return widened(array.as_primitive::<Decimal128Type>().iter(), array.nulls(), scale);
    };
    // Without a way out of the loop it takes several values at a time.
    let beyond = |v: &i64| {
        v.wrapping_add(FEN_LIMIT - 1).cast_unsigned() > 2 * (FEN_LIMIT.cast_unsigned() - 1)
    };
    let fit = !narrow.values().iter().fold(false, |any, v| any | beyond(v));
    if scale == 2 && narrow.null_count() == 0 && fit {
        // The usual case: the file's own values.
        let fen = narrow.values().clone();
        return Ok(AmountColumn { fen, nulls: None, wide: Vec::new() });
    }
    widened(narrow.iter().map(|v| v.map(FenSum::from)), array.nulls(), scale)
}

fn widened(
    values: impl Iterator<Item = Option<FenSum>>,
    nulls: Option<&NullBuffer>,
    scale: u8,
) -> Result<AmountColumn, BeyondDecimal> {
    let unit = 10i128.pow(2 - u32::from(scale));
    let mut wide = Vec::new();
    let mut fen = Vec::new();
    for (row, value) in values.enumerate() {
        let value = value.unwrap_or(0).checked_mul(unit).ok_or(BeyondDecimal)?;
        let narrow =
            Fen::try_from(value).ok().filter(|v| v.unsigned_abs() < FEN_LIMIT.unsigned_abs());
        if narrow.is_none() {
            wide.push((row, value));
        }
        fen.push(narrow.unwrap_or(0));
    }
    Ok(AmountColumn { fen: fen.into(), nulls: nulls.cloned(), wide })
}
