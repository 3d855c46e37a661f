//! Writes a delivery file: rows in, Parquet out.

use std::{fs::File, path::Path, sync::Arc};

use parquet::{
    errors::{ParquetError, Result},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};

use crate::model::{
    codes::Month,
    fields::{
        AMOUNT_FIELDS, FIELDS, Field, FieldKind,
        amount::{ACCOUNT, FUND, MEDFEE},
    },
    money::{Fen, FenSum},
};

use super::{
    column::{ColumnChunk, ColumnLayout, Compressor},
    extra::{ExtraFields, extra_columns, message_part, push_extra},
    geography::Vocabulary,
    profile::{INSUTYPES, MED_TYPES},
    row::{PersonForm, SyntheticRow, digits},
};

/// Rows of a page and of a row group. Small pages let a reader take a slice of the month.
const PAGE: u32 = 16_384;
const GROUP: u32 = 8 * PAGE;
const CREATED_BY: &str = "liangqing synth";

/// Control totals of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FileTotals {
    /// Rows.
    pub(super) rows: u64,
    /// Sum of medfee_sumamt in fen.
    pub(super) medfee: FenSum,
    /// Sum of fund_pay_sumamt in fen.
    pub(super) fund: FenSum,
    /// Sum of acct_pay in fen.
    pub(super) account: FenSum,
}

/// The texts of the dictionary columns, by code.
#[derive(Clone, Copy)]
pub(super) struct TableTexts<'w> {
    /// Division codes.
    pub(super) divisions: &'w Vocabulary,
    /// Institution codes.
    pub(super) institutions: &'w Vocabulary,
    /// Disease codes.
    pub(super) diseases: &'w Vocabulary,
    /// The most months that a settlement may be late.
    pub(super) limit: i32,
}

/// The columns of a delivery file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SynthColumns {
    /// Those of the record.
    Record,
    /// Those of the record and of [`ExtraFields`].
    Review,
    /// The eight of a national copy.
    National,
}

impl SynthColumns {
    fn has(self, field: Field) -> bool {
        self != SynthColumns::National || NATIONAL_FIELDS.contains(&field)
    }

    fn fields(self) -> impl Iterator<Item = Field> {
        FIELDS.into_iter().filter(move |field| self.has(*field))
    }
}

const NATIONAL_FIELDS: [Field; 8] = [
    Field::setl_id,
    Field::setl_time,
    Field::insuplc_admdvs,
    Field::mdtrtarea_admvs,
    Field::medfee_sumamt,
    Field::fund_pay_sumamt,
    Field::acct_pay,
    Field::init_setl_id,
];

/// A delivery file that is being built.
pub(super) struct FileBuilder<'w> {
    texts: TableTexts<'w>,
    writer: SerializedFileWriter<File>,
    compressor: Compressor,
    layout: SynthColumns,
    columns: Vec<ColumnChunk>,
    /// The place of each field among the columns.
    places: [usize; FIELDS.len()],
    page_rows: u32,
    group_rows: u32,
    /// The first day that a date column may hold.
    base_day: i64,
    totals: FileTotals,
}

/// Whether a field is an amount or flag that is rarely set.
const fn is_sparse(field: Field) -> bool {
    matches!(
        field,
        Field::cvlserv_pay
            | Field::hifes_pay
            | Field::hifmi_pay
            | Field::hifob_pay
            | Field::hifdm_pay
            | Field::maf_pay
            | Field::oth_pay
            | Field::hosp_part_amt
            | Field::acct_mulaid_pay
            | Field::overlmt_selfpay
            | Field::refd_setl_flag
            | Field::fulamt_advpay_flag
    )
}

fn message_type(layout: SynthColumns) -> String {
    let field = |field: Field| {
        let need = match field {
            Field::init_setl_id | Field::dise_codg => "optional",
            _ => "required",
        };
        let kind = match field.kind() {
            FieldKind::Text => ("binary", "(STRING)"),
            FieldKind::Date => ("int32", "(DATE)"),
            FieldKind::Time => ("int64", "(TIMESTAMP(MICROS,false))"),
            // Two more digits than the contract's type has, so that values can break rule V15.
            FieldKind::Amount if field == Field::medfee_sumamt => ("int64", "(DECIMAL(18,2))"),
            FieldKind::Amount => ("int64", "(DECIMAL(16,2))"),
        };
        format!("{need} {} {} {};", kind.0, field.name(), kind.1)
    };
    let fields: Vec<String> = layout.fields().map(field).collect();
    let more = if layout == SynthColumns::Review { message_part() } else { String::new() };
    format!("message settlement {{ {} {more} }}", fields.join(" "))
}

impl<'w> FileBuilder<'w> {
    /// Begins a file of a period.
    pub(super) fn create(
        path: &Path,
        texts: TableTexts<'w>,
        period: Month,
        layout: SynthColumns,
    ) -> Result<FileBuilder<'w>> {
        let schema = Arc::new(parse_message_type(&message_type(layout))?);
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let external = |e: std::io::Error| ParquetError::External(Box::new(e));
        let file = File::create(path).map_err(external)?;
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        let oldest = period.plus(-texts.limit - 3).first_day().to_epoch_days();
        let days = usize::try_from(period.plus(2).first_day().to_epoch_days() - oldest);
        let days = days.unwrap_or_default();
        let mut places = [usize::MAX; FIELDS.len()];
        let columns = layout.fields().enumerate().map(|(place, field)| {
            places[field.index()] = place;
            let codes = match field {
                Field::insuplc_admdvs | Field::mdtrtarea_admvs => texts.divisions.len(),
                Field::fixmedins_code => texts.institutions.len(),
                Field::insutype => INSUTYPES.len(),
                Field::med_type => MED_TYPES.len(),
                Field::dise_codg => texts.diseases.len(),
                Field::begndate | Field::enddate => days,
                _ => 0,
            };
            let filling = match codes {
                _ if is_sparse(field) => ColumnLayout::Sparse,
                0 => ColumnLayout::Plain,
                _ => ColumnLayout::Dictionary,
            };
            ColumnChunk::new(writer.schema_descr().column(place), filling, codes)
        });
        let mut columns: Vec<ColumnChunk> = columns.collect();
        if layout == SynthColumns::Review {
            columns.extend(extra_columns(writer.schema_descr()));
        }
        Ok(FileBuilder {
            texts,
            layout,
            columns,
            places,
            writer,
            compressor: Compressor::new(1).map_err(external)?,
            page_rows: 0,
            group_rows: 0,
            base_day: oldest.into(),
            totals: FileTotals::default(),
        })
    }

    /// Appends a row, with the further columns where the file has them. Returns whether it ended a page.
    pub(super) fn push(&mut self, row: &SyntheticRow, extra: Option<&ExtraFields>) -> Result<bool> {
        self.push_keys(row);
        if self.layout != SynthColumns::National {
            self.push_texts(row);
            self.push_codes(row);
        }
        self.push_amounts(row);
        if let Some(extra) = extra {
            push_extra(&mut self.columns[FIELDS.len()..], self.page_rows, extra);
        }
        self.page_rows += 1;
        if self.page_rows < PAGE {
            return Ok(false);
        }
        self.end_page()?;
        if self.group_rows >= GROUP {
            self.end_group()?;
        }
        Ok(true)
    }

    /// Ends the file and returns its totals.
    pub(super) fn finish(mut self) -> Result<FileTotals> {
        self.end_page()?;
        self.end_group()?;
        self.writer.close()?;
        Ok(self.totals)
    }

    fn column(&mut self, field: Field) -> &mut ColumnChunk {
        &mut self.columns[self.places[field.index()]]
    }

    /// Appends what every copy has: key, place and time.
    fn push_keys(&mut self, row: &SyntheticRow) {
        self.column(Field::setl_id).text(&row.id.text());
        if let Some(init) = row.init {
            let place = self.page_rows;
            self.column(Field::init_setl_id).fill(place);
            self.column(Field::init_setl_id).text(&init.text());
        }
        let texts = self.texts;
        let division = |code| move || texts.divisions.text(code);
        self.column(Field::insuplc_admdvs).code(row.insured, division(row.insured));
        self.column(Field::mdtrtarea_admvs).code(row.treating, division(row.treating));
        self.column(Field::setl_time).long(row.time * 1_000_000);
    }

    fn push_texts(&mut self, row: &SyntheticRow) {
        self.column(Field::mdtrt_id).text(&row.visit());
        let mut person = [b'0'; 41];
        digits(&mut person[..6], row.person_division.into());
        digits(&mut person[16..26], row.person);
        match row.person_form {
            PersonForm::Plain => {
                if let Some(plain) = person.first_chunk::<26>() {
                    self.column(Field::psn_no).text(plain);
                }
            }
            PersonForm::Empty => self.column(Field::psn_no).text(b""),
            PersonForm::Long => self.column(Field::psn_no).text(&person),
        }
    }

    fn push_codes(&mut self, row: &SyntheticRow) {
        let texts = self.texts;
        let institution = || texts.institutions.text(row.institution);
        self.column(Field::fixmedins_code).code(row.institution, institution);
        let insutype = || INSUTYPES[row.insutype as usize].as_bytes();
        self.column(Field::insutype).code(row.insutype, insutype);
        let med_type = || MED_TYPES[row.med_type as usize].as_bytes();
        self.column(Field::med_type).code(row.med_type, med_type);
        let place = self.page_rows;
        if let Some(code) = row.disease {
            self.column(Field::dise_codg).fill(place);
            self.column(Field::dise_codg).code(code, || texts.diseases.text(code));
        }
        self.column(Field::refd_setl_flag).flag(place, row.refunded);
        self.column(Field::fulamt_advpay_flag).flag(place, row.manual);
        let day = row.time.div_euclid(86_400);
        for (field, day) in [(Field::begndate, day - i64::from(row.stay)), (Field::enddate, day)] {
            let code = usize::try_from(day - self.base_day).unwrap_or_default();
            self.column(field).day(code, i32::try_from(day).unwrap_or_default());
        }
    }

    fn push_amounts(&mut self, row: &SyntheticRow) {
        let (place, layout) = (self.page_rows, self.layout);
        let amounts = AMOUNT_FIELDS.into_iter().zip(row.amounts);
        for (field, amount) in amounts.filter(|(field, _)| layout.has(*field)) {
            let column = self.column(field);
            if is_sparse(field) {
                column.number(place, amount);
            } else {
                column.long(amount);
            }
        }
        self.totals.rows += 1;
        self.totals.medfee += Fen::new(row.amounts[MEDFEE]).into();
        self.totals.fund += Fen::new(row.amounts[FUND]).into();
        self.totals.account += Fen::new(row.amounts[ACCOUNT]).into();
    }

    fn end_page(&mut self) -> Result<()> {
        if self.page_rows == 0 {
            return Ok(());
        }
        for column in &mut self.columns {
            column.end_page(self.page_rows, &mut self.compressor)?;
        }
        self.group_rows += std::mem::take(&mut self.page_rows);
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        if std::mem::take(&mut self.group_rows) == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let (bytes, close) = column.end_chunk(&mut self.compressor)?;
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        Ok(())
    }
}
