//! The tables of a closed period (contract §6): the name, the key and the columns of each.
//!
//! A table is written ([`super::table::TableBuilder`]) and read (`book::grid::Grid`) by its specification. A new table
//! takes two edits: its specification here, and its rows in the module that makes them.

use arrow_schema::{DataType, TimeUnit};

use crate::model::fields::{COMPARED_AMOUNTS, FIELDS, Field, FieldKind};

/// The type of the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
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

impl CellKind {
    /// Returns the type of the column in Arrow.
    pub const fn data_type(self) -> DataType {
        match self {
            CellKind::Text => DataType::Utf8,
            CellKind::Amount => DataType::Decimal128(16, 2),
            CellKind::Sum => DataType::Decimal128(38, 2),
            CellKind::Count => DataType::Int64,
            CellKind::Day => DataType::Date32,
            CellKind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            CellKind::Flag => DataType::Boolean,
        }
    }

    /// Whether it holds money, in fen.
    pub const fn is_money(self) -> bool {
        matches!(self, CellKind::Amount | CellKind::Sum)
    }
}

/// The program that closed a period, as far as the form of its tables tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableForm {
    /// A program of version 2 of the contract.
    Version2,
    /// A program of version 3 of the contract that knew no coordination.
    BeforeCoordination,
    /// This program, or one with the same tables.
    #[default]
    Current,
}

/// The specification of a table of a period.
#[derive(Debug, Clone, Copy)]
pub struct TableSpec {
    /// Its name.
    pub name: &'static str,
    /// The columns that identify its rows, and by which they are ordered.
    pub key: &'static [&'static str],
    /// The column of the main amount, in fen.
    pub money: Option<&'static str>,
    /// A column of money that books of version 2 of the contract do not have. It is 0 in them.
    pub added: Option<&'static str>,
    /// The first form that has it. In a period of an earlier form it counts as empty.
    pub since: TableForm,
    columns: &'static [(&'static str, CellKind)],
}

impl TableSpec {
    /// Returns its path below the folder of a period.
    pub fn path(&self) -> String {
        format!("tables/{}.parquet", self.name)
    }

    /// Returns its columns in order.
    pub fn columns(&self) -> Vec<(&'static str, CellKind)> {
        let mut columns = self.columns.to_vec();
        match self.name {
            "positions" => {
                let amounts = COMPARED_AMOUNTS.iter().map(|field| (field.name(), CellKind::Sum));
                columns.extend(amounts);
                columns.push(("payable", CellKind::Sum));
            }
            "open_items" => columns.extend(FIELDS.map(|field| (field.name(), kind_of(field)))),
            _ => {}
        }
        columns
    }
}

fn kind_of(field: Field) -> CellKind {
    match field.kind() {
        FieldKind::Text => CellKind::Text,
        FieldKind::Date => CellKind::Day,
        FieldKind::Time => CellKind::Time,
        FieldKind::Amount => CellKind::Amount,
    }
}

/// Makes the specification of a table.
pub(crate) const fn table(
    name: &'static str,
    key: &'static [&'static str],
    money: Option<&'static str>,
    columns: &'static [(&'static str, CellKind)],
) -> TableSpec {
    TableSpec { name, key, money, added: None, since: TableForm::Version2, columns }
}

/// Makes the specification of a table that came with coordination.
const fn of_coordination(
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [(&'static str, CellKind)],
) -> TableSpec {
    TableSpec { since: TableForm::Current, ..table(name, key, None, columns) }
}

use CellKind::{Amount, Count, Day, Flag, Sum, Text, Time};

const PAIR: &[&str] = &["insured_province", "treating_province"];

/// Every table, by name.
pub const TABLES: [TableSpec; 21] = [
    BREAK_FIELDS,
    BREAKS,
    CONTROL,
    COORDINATION,
    DECISIONS,
    DEDUCTIONS,
    ERRORS,
    ERRORS_OPEN,
    ERRORS_REFUSED,
    MEDIA,
    NOTICE_STATUS,
    NOTICES,
    OPEN_ITEMS,
    PAIRS,
    PAYMENTS,
    PERMITS,
    POSITIONS,
    QUOTAS,
    REJECTS,
    REPLIES,
    RESERVES,
];

/// Returns the tables of a form, by name.
pub fn tables_of(form: TableForm) -> impl Iterator<Item = &'static TableSpec> {
    TABLES.iter().filter(move |spec| spec.since <= form)
}

/// Returns the table of a name; panics when there is none.
pub fn of(name: &str) -> TableSpec {
    let spec = TABLES.into_iter().find(|table| table.name == name);
    spec.expect("Invariant: a table of the contract")
}

/// The table `break_fields`.
pub const BREAK_FIELDS: TableSpec = table(
    "break_fields",
    &["setl_id", "field"],
    None,
    &[("setl_id", Text), ("field", Text), ("treating_value", Text), ("insured_value", Text)],
);

/// The table `breaks`.
pub const BREAKS: TableSpec = table(
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
);

/// The table `control`.
pub const CONTROL: TableSpec = table(
    "control",
    &["side", "bucket"],
    None,
    &[("side", Text), ("bucket", Text), ("rows", Count), ("medfee_sumamt", Sum), ("payable", Sum)],
);

/// The table `coordination`.
pub const COORDINATION: TableSpec = of_coordination(
    "coordination",
    &["request_id", "row"],
    &[
        ("request_id", Text),
        ("row", Count),
        ("kind", Text),
        ("problem_type", Text),
        ("from_province", Text),
        ("to_province", Text),
        ("setl_id", Text),
        ("opened_at", Day),
        ("subject", Text),
        ("level", Count),
        ("reopened_on", Day),
        ("batch", Text),
        ("due_on", Day),
        ("rolled", Count),
        ("replied_on", Day),
        ("result", Text),
        ("reason", Text),
        ("confirm_by", Day),
        ("confirmed_on", Day),
        ("state", Text),
        ("trusted", Flag),
        ("fixmedins_code", Text),
        ("mdtrt_id", Text),
        ("psn_no", Text),
        ("begndate", Day),
        ("enddate", Day),
        ("medfee_sumamt", Amount),
        ("code", Text),
    ],
);

/// The table `decisions`.
pub const DECISIONS: TableSpec = table(
    "decisions",
    &["setl_id"],
    Some("payable"),
    &[("setl_id", Text), ("decision", Text), ("class_without", Text), ("payable", Amount)],
);

/// The table `deductions`.
pub const DEDUCTIONS: TableSpec = table(
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
);

/// The table `errors`.
pub const ERRORS: TableSpec = of_coordination(
    "errors",
    &["treating_province", "insured_province", "class", "code", "raised_by"],
    &[
        ("treating_province", Text),
        ("insured_province", Text),
        ("class", Text),
        ("code", Text),
        ("raised_by", Text),
        ("errors", Count),
        ("brought_in", Count),
        ("resolved", Count),
        ("answered", Count),
        ("struck_off", Count),
        ("open", Count),
        ("answer_days_median", Count),
        ("oldest_open_on", Day),
    ],
);

/// The table `errors_open`.
pub const ERRORS_OPEN: TableSpec = of_coordination(
    "errors_open",
    &["err_id"],
    &[
        ("err_id", Text),
        ("at", Time),
        ("infno", Text),
        ("raised_by", Text),
        ("treating_province", Text),
        ("insured_province", Text),
        ("fixmedins_code", Text),
        ("class", Text),
        ("code", Text),
        ("text", Text),
        ("mdtrt_id", Text),
        ("answered_on", Day),
        ("struck_off_on", Day),
        ("first_period", Text),
    ],
);

/// The table `errors_refused`.
pub const ERRORS_REFUSED: TableSpec = of_coordination(
    "errors_refused",
    &["file", "row"],
    &[("file", Text), ("row", Count), ("err_id", Text), ("code", Text)],
);

/// The table `media`.
pub const MEDIA: TableSpec = of_coordination(
    "media",
    &["treating_province", "care_class", "mdtrt_cert_type"],
    &[
        ("treating_province", Text),
        ("care_class", Text),
        ("mdtrt_cert_type", Text),
        ("visits", Count),
    ],
);

/// The table `notice_status`.
pub const NOTICE_STATUS: TableSpec = table(
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
);

/// The table `notices`.
pub const NOTICES: TableSpec = table(
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
);

/// The table `open_items`.
pub const OPEN_ITEMS: TableSpec = table(
    "open_items",
    &["side", "setl_id"],
    Some("medfee_sumamt"),
    &[("side", Text), ("first_period", Text), ("class", Text)],
);

/// The table `pairs`.
pub const PAIRS: TableSpec = TableSpec {
    name: "pairs",
    key: PAIR,
    money: Some("payable"),
    added: Some("returned"),
    since: TableForm::Version2,
    columns: &[
        ("insured_province", Text),
        ("treating_province", Text),
        ("visits", Count),
        ("gross", Sum),
        ("gross_employee", Sum),
        ("gross_resident", Sum),
        ("deductions", Sum),
        ("brought_forward", Sum),
        ("payable", Sum),
        ("returned", Sum),
        ("carried_forward", Sum),
        ("quota", Sum),
        ("reserve_level", Text),
    ],
};

/// The table `payments`.
pub const PAYMENTS: TableSpec = table(
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
);

/// The table `permits`.
pub const PERMITS: TableSpec = table(
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
);

/// The table `positions`.
pub const POSITIONS: TableSpec = table(
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
);

/// The table `quotas`.
pub const QUOTAS: TableSpec = table(
    "quotas",
    PAIR,
    Some("next_quota"),
    &[("insured_province", Text), ("treating_province", Text), ("quota", Sum), ("next_quota", Sum)],
);

/// The table `rejects`.
pub const REJECTS: TableSpec = table(
    "rejects",
    &["side", "file", "row"],
    None,
    &[("side", Text), ("file", Text), ("row", Count), ("setl_id", Text), ("rules", Text)],
);

/// The table `replies`.
pub const REPLIES: TableSpec = of_coordination(
    "replies",
    &["row"],
    &[
        ("row", Count),
        ("request_id", Text),
        ("replied_on", Day),
        ("result", Text),
        ("reason", Text),
        ("confirmed_on", Day),
        ("reopened_on", Day),
        ("accepted", Flag),
        ("code", Text),
    ],
);

/// The table `reserves`.
pub const RESERVES: TableSpec = table(
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
);
