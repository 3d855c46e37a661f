//! The columns of a treating delivery that the review reads besides those of the record (review.md, section 2).

use parquet::schema::types::SchemaDescriptor;

use crate::model::fields::FIELDS;

use super::column::{ColumnChunk, ColumnLayout};

/// Codes of hosp_lv. `review.toml` says what they mean.
pub(super) const LEVELS: [&str; 8] = ["10", "20", "30", "31", "32", "11", "12", "13"];
/// Codes of psn_type: active, retired, minor, adult.
pub(super) const PERSONS: [&str; 4] = ["11", "12", "14", "15"];
/// Grades of contribution.
const GRADES: [&str; 2] = ["1", "2"];
/// Numbers of stays as counted.
const STAYS: [&str; 3] = ["1", "2", "3"];
/// Both values of a flag, and both kinds of a stay.
const FLAGS: [&str; 2] = ["0", "1"];
const KINDS: [&str; 2] = ["1", "2"];
/// Kinds of a medium: e-credential, ID card, social-security card.
const MEDIA: [&str; 3] = ["01", "02", "03"];

/// The first day of birth that has a code, and the number of codes.
const BIRTHS: (i32, usize) = (-20_089, 50_000);

/// The length of a token.
pub(super) const TOKEN: usize = 18;

/// The values of one row. A code is an index into the list of its column; `None` is null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ExtraFields {
    /// hosp_lv.
    pub(super) level: Option<u32>,
    /// psn_type.
    pub(super) person: Option<u32>,
    /// brdy, in days from 1970-01-01.
    pub(super) birth: Option<i32>,
    /// clct_grde.
    pub(super) grade: Option<u32>,
    /// cal_ipt_cnt.
    pub(super) stays: Option<u32>,
    /// dedc_std, in fen.
    pub(super) standard: Option<i64>,
    /// act_pay_dedc, in fen.
    pub(super) deductible: Option<i64>,
    /// otp_er_refl_flag.
    pub(super) emergency: Option<u32>,
    /// ipt_type.
    pub(super) kind: Option<u32>,
    /// mid_setl_flag.
    pub(super) mid: Option<u32>,
    /// mdtrt_cert_type.
    pub(super) medium: Option<u32>,
    /// mdtrt_cert_no.
    pub(super) token: Option<[u8; TOKEN]>,
}

/// The kind of a column: a list of texts, a day, an amount or a token.
#[derive(Clone, Copy)]
enum ExtraKind {
    Code(&'static [&'static str]),
    Day,
    Amount,
    Token,
}

/// The columns, in the order of [`ExtraFields`].
const COLUMNS: [(&str, ExtraKind); 12] = [
    ("hosp_lv", ExtraKind::Code(&LEVELS)),
    ("psn_type", ExtraKind::Code(&PERSONS)),
    ("brdy", ExtraKind::Day),
    ("clct_grde", ExtraKind::Code(&GRADES)),
    ("cal_ipt_cnt", ExtraKind::Code(&STAYS)),
    ("dedc_std", ExtraKind::Amount),
    ("act_pay_dedc", ExtraKind::Amount),
    ("otp_er_refl_flag", ExtraKind::Code(&FLAGS)),
    ("ipt_type", ExtraKind::Code(&KINDS)),
    ("mid_setl_flag", ExtraKind::Code(&FLAGS)),
    ("mdtrt_cert_type", ExtraKind::Code(&MEDIA)),
    ("mdtrt_cert_no", ExtraKind::Token),
];

/// Returns the columns as a part of a Parquet schema.
pub(super) fn message_part() -> String {
    let column = |(name, kind)| {
        let (physical, logical) = match kind {
            ExtraKind::Code(_) | ExtraKind::Token => ("binary", "(STRING)"),
            ExtraKind::Day => ("int32", "(DATE)"),
            ExtraKind::Amount => ("int64", "(DECIMAL(16,2))"),
        };
        format!("optional {physical} {name} {logical};")
    };
    COLUMNS.map(column).join(" ")
}

/// Returns the chunks of the columns.
pub(super) fn extra_columns(schema: &SchemaDescriptor) -> impl Iterator<Item = ColumnChunk> {
    COLUMNS.into_iter().enumerate().map(|(place, (_, kind))| {
        let (layout, codes) = match kind {
            ExtraKind::Code(texts) => (ColumnLayout::Dictionary, texts.len()),
            ExtraKind::Day => (ColumnLayout::Dictionary, BIRTHS.1),
            ExtraKind::Amount | ExtraKind::Token => (ColumnLayout::Plain, 0),
        };
        ColumnChunk::new(schema.column(FIELDS.len() + place), layout, codes)
    })
}

/// Appends the values of the row at a place of the page.
pub(super) fn push_extra(columns: &mut [ColumnChunk], place: u32, extra: &ExtraFields) {
    let e = extra;
    let codes = [
        (0, e.level),
        (1, e.person),
        (3, e.grade),
        (4, e.stays),
        (7, e.emergency),
        (8, e.kind),
        (9, e.mid),
        (10, e.medium),
    ];
    for (column, code) in codes {
        if let (Some(code), ExtraKind::Code(texts)) = (code, COLUMNS[column].1) {
            columns[column].fill(place);
            columns[column].code(code, || texts[code as usize].as_bytes());
        }
    }
    if let Some(day) = e.birth {
        let code = usize::try_from(day - BIRTHS.0).unwrap_or_default();
        columns[2].fill(place);
        columns[2].day(code, day);
    }
    for (column, amount) in [(5, e.standard), (6, e.deductible)] {
        if let Some(amount) = amount {
            columns[column].fill(place);
            columns[column].long(amount);
        }
    }
    if let Some(token) = &e.token {
        columns[11].fill(place);
        columns[11].text(token);
    }
}
