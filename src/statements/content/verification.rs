//! The cost-verification pack (费用协查): open breaks of two provinces, and a form for the reply.

use std::collections::BTreeMap;

use super::{
    Content, is_of,
    known_since::{offered, with_known},
    note, province, text,
};
use crate::{
    book::{
        grid::{Cell, GridRow},
        twins::Twins,
    },
    diag::Outcome,
    model::{
        codes::{Pair, Province},
        fields::{FIELDS, Field, FieldKind},
        money::FenSum,
        words::chinese,
    },
    privacy::mask::masked,
    statements::{
        sheet::{CellValue, Sheet},
        style::Style,
        template::RowValues,
    },
};

impl Content {
    /// Makes the sheets of differing fields, of copies, and the reply form. Empty when nothing is open.
    pub(super) fn verification(&self, of: Province, style: &Style) -> Outcome<Vec<Sheet>> {
        let own = |row: &GridRow| row.pair().filter(|pair| is_of(*pair, of));
        let open: BTreeMap<&str, (Pair, GridRow)> = self
            .carried()
            .filter_map(|row| Some((row.text("setl_id"), (own(&row)?, row))))
            .collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let shown = of.full_name();
        let sheet = |file, rows, offered: &[&str]| {
            let mut sheet = self.sheet(&style.template, file, &shown, rows, offered)?;
            if let Some(pseudonyms) = &style.pseudonyms {
                let version = format!("    人员假名密钥:{}", pseudonyms.version());
                sheet.subtitle.push_str(&version);
            }
            Ok(sheet)
        };
        let differences = self.break_fields.iter().filter_map(|row| {
            let (pair, of_break) = open.get(row.text("setl_id"))?;
            Some(with_known(difference(row, *pair, *of_break, style), style, row.text("setl_id")))
        });
        let copies = self.open_items.iter().filter_map(|row| {
            let (pair, _) = open.get(row.text("setl_id"))?;
            Some(with_known(copy(row, *pair, style), style, row.text("setl_id")))
        });
        let replies = open.values().map(|(pair, row)| {
            with_known(reply(*row, *pair, &self.twins), style, row.text("setl_id"))
        });
        let offered = |columns: &[&'static str]| offered(columns, style);
        Ok(vec![
            sheet("differences", differences.collect(), &offered(&DIFFERENCE))?,
            sheet("copies", copies.collect(), &offered(&copy_columns()))?,
            sheet("reply", replies.collect(), &offered(&REPLY))?,
        ])
    }
}

const DIFFERENCE: [&str; 8] = [
    "insured",
    "treating",
    "setl_id",
    "class",
    "label",
    "field",
    "treating_value",
    "insured_value",
];
const REPLY: [&str; 13] = [
    "insured",
    "treating",
    "setl_id",
    "class",
    "cost_month",
    "treating_payable",
    "insured_payable",
    "decision",
    "reason",
    "decided_by",
    "approved_by",
    "decided_on",
    "note",
];

fn copy_columns() -> Vec<&'static str> {
    let fields = FIELDS.into_iter().map(Field::name);
    ["insured", "treating", "side", "class", "first_period"].into_iter().chain(fields).collect()
}

fn of_pair(pair: Pair, row: GridRow) -> RowValues {
    RowValues::from([
        ("insured", CellValue::Text(province(pair.insured))),
        ("treating", CellValue::Text(province(pair.treating))),
        ("setl_id", text(row.text("setl_id"))),
        ("class", text(chinese(row.text("class")))),
    ])
}

/// Makes a row for a field in which the copies differ.
fn difference(row: GridRow, pair: Pair, of_break: GridRow, style: &Style) -> RowValues {
    let field = row.text("field");
    let value = |column| match row.text_or_null(column) {
        Some(number) if field == Field::psn_no.name() => person(number, style),
        Some(_) => CellValue::Text(row.for_people(column)),
        None => text(""),
    };
    let mut values = of_pair(pair, of_break);
    values.extend([
        ("label", text(style.template.label(field))),
        ("field", text(field)),
        ("treating_value", value("treating_value")),
        ("insured_value", value("insured_value")),
    ]);
    values
}

/// Makes a row for a carried copy, with all its fields.
fn copy(row: GridRow, pair: Pair, style: &Style) -> RowValues {
    let mut values = of_pair(pair, row);
    values.insert("side", text(style.template.side(row.text("side"))));
    values.insert("first_period", text(row.text("first_period")));
    for field in FIELDS {
        let value = match (row.cell(field.name()), field) {
            (Cell::Null, _) => text(""),
            (Cell::Text(number), Field::psn_no) => person(number, style),
            (Cell::Number(fen), _) if field.kind() == FieldKind::Amount => {
                CellValue::Money(FenSum::new(fen))
            }
            (
                Cell::Text(code),
                Field::insuplc_admdvs | Field::mdtrtarea_admvs | Field::fixmedins_code,
            ) => CellValue::Text(style.names.of(code)),
            _ => CellValue::Text(row.for_people(field.name())),
        };
        values.insert(field.name(), value);
    }
    values
}

/// Makes a line of the reply form.
fn reply(row: GridRow, pair: Pair, twins: &Twins) -> RowValues {
    let payable = |column| row.fen_or_null(column).map_or_else(|| text("无"), CellValue::Money);
    let mut values = of_pair(pair, row);
    values.extend([
        ("cost_month", text(row.text("cost_month"))),
        ("treating_payable", payable("treating_payable")),
        ("insured_payable", payable("insured_payable")),
        ("note", note(twins, row)),
    ]);
    values
}

/// Returns the masked number of a person, with the pseudonym when there is a key.
pub(super) fn person(number: &str, style: &Style) -> CellValue {
    let masked = masked(number);
    CellValue::Text(match &style.pseudonyms {
        Some(pseudonyms) => format!("{masked} {}", pseudonyms.of(number)),
        None => masked,
    })
}
