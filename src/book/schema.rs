//! The tables of a closed period, as the contract (§6) has them.

use arrow_schema::{DataType, TimeUnit};

use crate::model::fields::{AMOUNT_FIELDS, FIELDS, Field, Kind as FieldKind};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, a code, a month.
    Text,
    /// An amount of one record, `DECIMAL(16,2)` yuan.
    Amount,
    /// A sum, `DECIMAL(38,2)` yuan.
    Sum,
    /// A whole number.
    Count,
    /// A day.
    Day,
    /// A local time in microseconds.
    Time,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// The type of its column in Arrow.
    pub const fn data_type(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Amount => DataType::Decimal128(16, 2),
            Kind::Sum => DataType::Decimal128(38, 2),
            Kind::Count => DataType::Int64,
            Kind::Day => DataType::Date32,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            Kind::Flag => DataType::Boolean,
        }
    }

    /// Whether it holds money, in fen.
    pub const fn is_money(self) -> bool {
        matches!(self, Kind::Amount | Kind::Sum)
    }
}

/// A table of a period.
#[derive(Debug, Clone, Copy)]
pub struct TableSpec {
    /// Its name.
    pub name: &'static str,
    /// The columns that tell its rows apart, and by which they are ordered.
    pub key: &'static [&'static str],
    /// The column whose sum says what the table is about, in fen.
    pub money: Option<&'static str>,
    columns: &'static [(&'static str, Kind)],
}

impl TableSpec {
    /// Its columns in order.
    pub fn columns(&self) -> Vec<(&'static str, Kind)> {
        let mut columns = self.columns.to_vec();
        match self.name {
            "positions" => {
                let amounts = AMOUNT_FIELDS[..13].iter().map(|field| (field.name(), Kind::Sum));
                columns.extend(amounts);
                columns.push(("payable", Kind::Sum));
            }
            "open_items" => columns.extend(FIELDS.map(|field| (field.name(), kind_of(field)))),
            _ => {}
        }
        columns
    }
}

fn kind_of(field: Field) -> Kind {
    match field.kind() {
        FieldKind::Text => Kind::Text,
        FieldKind::Date => Kind::Day,
        FieldKind::Time => Kind::Time,
        FieldKind::Amount => Kind::Amount,
    }
}

const fn table(
    name: &'static str,
    key: &'static [&'static str],
    money: Option<&'static str>,
    columns: &'static [(&'static str, Kind)],
) -> TableSpec {
    TableSpec { name, key, money, columns }
}

use Kind::{Amount, Count, Day, Flag, Sum, Text};

const PAIR: &[&str] = &["insured_province", "treating_province"];

/// Every table, by name.
pub const TABLES: [TableSpec; 15] = [
    table(
        "break_fields",
        &["setl_id", "field"],
        None,
        &[("setl_id", Text), ("field", Text), ("treating_value", Text), ("insured_value", Text)],
    ),
    table(
        "breaks",
        &["setl_id", "class", "side"],
        Some("effect"),
        &[
            ("setl_id", Text),
            ("class", Text),
            ("side", Text),
            ("fields", Text),
            ("insuplc_admdvs", Text),
            ("mdtrtarea_admvs", Text),
            ("insutype", Text),
            ("med_type", Text),
            ("cost_month", Text),
            ("lateness", Count),
            ("treating_payable", Amount),
            ("insured_payable", Amount),
            ("effect", Sum),
            ("carried", Flag),
            ("first_period", Text),
        ],
    ),
    table(
        "control",
        &["side", "bucket"],
        None,
        &[
            ("side", Text),
            ("bucket", Text),
            ("rows", Count),
            ("medfee_sumamt", Sum),
            ("payable", Sum),
        ],
    ),
    table(
        "decisions",
        &["setl_id"],
        Some("payable"),
        &[("setl_id", Text), ("decision", Text), ("class_without", Text), ("payable", Amount)],
    ),
    table(
        "deductions",
        &["ddct_id", "setl_id", "code"],
        Some("amount"),
        &[
            ("ddct_id", Text),
            ("setl_id", Text),
            ("amount", Amount),
            ("accepted", Flag),
            ("code", Text),
            ("insured_province", Text),
            ("treating_province", Text),
            ("fund_class", Text),
        ],
    ),
    table(
        "notice_status",
        &["notice_id"],
        Some("paid"),
        &[
            ("notice_id", Text),
            ("amount", Sum),
            ("approved", Sum),
            ("paid", Sum),
            ("pay_by", Day),
            ("status", Text),
            ("completed_on", Day),
            ("punctual", Flag),
        ],
    ),
    table(
        "notices",
        &["notice_id"],
        Some("amount"),
        &[
            ("notice_id", Text),
            ("kind", Text),
            ("period", Text),
            ("payer", Text),
            ("payee", Text),
            ("amount", Sum),
            ("issued_on", Day),
            ("file_by", Day),
            ("pay_by", Day),
            ("confirm_by", Day),
        ],
    ),
    table(
        "open_items",
        &["side", "setl_id"],
        Some("medfee_sumamt"),
        &[("side", Text), ("first_period", Text), ("class", Text)],
    ),
    table(
        "pairs",
        PAIR,
        Some("payable"),
        &[
            ("insured_province", Text),
            ("treating_province", Text),
            ("visits", Count),
            ("gross", Sum),
            ("gross_employee", Sum),
            ("gross_resident", Sum),
            ("deductions", Sum),
            ("brought_forward", Sum),
            ("payable", Sum),
            ("carried_forward", Sum),
            ("quota", Sum),
            ("reserve_level", Text),
        ],
    ),
    table(
        "payments",
        &["notice_id", "bank_serial", "amount", "paid_on"],
        Some("amount"),
        &[
            ("notice_id", Text),
            ("paid_on", Day),
            ("amount", Amount),
            ("bank_serial", Text),
            ("accepted", Flag),
            ("code", Text),
        ],
    ),
    table(
        "permits",
        &["permit_id"],
        None,
        &[
            ("permit_id", Text),
            ("insured_province", Text),
            ("treating_province", Text),
            ("cost_month", Text),
            ("until_period", Text),
            ("past_year_close", Flag),
            ("reason", Text),
            ("first_period", Text),
        ],
    ),
    table(
        "positions",
        &["insuplc_admdvs", "treating_province", "fund_class", "care_class", "cost_month"],
        Some("payable"),
        &[
            ("insuplc_admdvs", Text),
            ("treating_province", Text),
            ("fund_class", Text),
            ("care_class", Text),
            ("cost_month", Text),
            ("visits", Count),
        ],
    ),
    table(
        "quotas",
        PAIR,
        Some("next_quota"),
        &[
            ("insured_province", Text),
            ("treating_province", Text),
            ("quota", Sum),
            ("next_quota", Sum),
        ],
    ),
    table(
        "rejects",
        &["side", "file", "row"],
        None,
        &[("side", Text), ("file", Text), ("row", Count), ("setl_id", Text), ("rules", Text)],
    ),
    table(
        "reserves",
        PAIR,
        Some("closing"),
        &[
            ("insured_province", Text),
            ("treating_province", Text),
            ("opening", Sum),
            ("paid_in", Sum),
            ("paid_back", Sum),
            ("drawn", Sum),
            ("closing", Sum),
        ],
    ),
];
