//! The outcome of the deductions and payments of a period: how many were accepted or refused, reasons and amounts.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::{
    book::grid::{Grid, GridRow},
    diag::codes::LineCode,
    model::money::{FenSum, yuan},
    shapes::Yuan,
    text::Value,
};

/// The code of a deduction that is given back because its settlement was reversed.
pub const GIVEN_BACK: &str = LineCode::R01.id();

/// Returns the meaning of the code of a deduction or a payment, in Chinese and in English.
pub fn reason(code: &str) -> [&'static str; 2] {
    let [english, chinese] =
        LineCode::of_id(code).map_or(["another reason", "其他原因"], LineCode::meaning);
    [chinese, english]
}

/// Returns the meaning as a value of messages.
pub fn reason_named(code: &str) -> Value {
    let [chinese, english] = reason(code);
    Value::Name { english: english.into(), chinese: chinese.into() }
}

/// A number of rows and their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JudgedRows {
    /// The number of rows.
    pub count: u64,
    /// The sum of their amounts in fen.
    pub fen: FenSum,
}

impl JudgedRows {
    fn add(&mut self, fen: FenSum) {
        self.count += 1;
        self.fen = self.fen.saturating_add(fen);
    }
}

/// A number of rows and the sum of their amounts.
#[derive(Serialize, JsonSchema)]
struct RowsAndAmount {
    /// The number of rows.
    rows: u64,
    /// The sum of their amounts in yuan.
    #[schemars(with = "Yuan")]
    amount: String,
}

impl From<JudgedRows> for RowsAndAmount {
    fn from(lines: JudgedRows) -> RowsAndAmount {
        RowsAndAmount { rows: lines.count, amount: yuan(lines.fen) }
    }
}

/// The outcome of the deductions of a period, or of its payments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "JudgedReport")]
pub struct Judged {
    /// Accepted rows.
    pub accepted: JudgedRows,
    /// Deductions of settlements that were reversed later. Their amounts are negative.
    pub given_back: JudgedRows,
    /// Refused rows, by code.
    pub refused: BTreeMap<String, JudgedRows>,
}

impl Judged {
    /// Adds a row.
    pub fn add(&mut self, accepted: bool, code: Option<&str>, fen: FenSum) {
        match (accepted, code) {
            (true, Some(GIVEN_BACK)) => self.given_back.add(fen),
            (true, _) => self.accepted.add(fen),
            (false, code) => {
                self.refused.entry(code.unwrap_or_default().to_owned()).or_default().add(fen);
            }
        }
    }

    /// Counts rows of the tables `deductions` or `payments`.
    pub fn of_rows<'a>(rows: impl Iterator<Item = GridRow<'a>>) -> Judged {
        let row = |row: GridRow<'a>| {
            let accepted = row.flag("accepted") == Some(true);
            (accepted, row.text_or_null("code"), row.fen("amount"))
        };
        rows.map(row).collect()
    }

    /// Counts all rows of a table.
    pub fn of_table(table: &Grid) -> Judged {
        Judged::of_rows(table.iter())
    }

    /// Returns the sum over all refused rows.
    pub fn all_refused(&self) -> JudgedRows {
        let mut all = JudgedRows::default();
        for lines in self.refused.values() {
            all.count += lines.count;
            all.fen = all.fen.saturating_add(lines.fen);
        }
        all
    }

    /// Whether there were any rows.
    pub fn is_empty(&self) -> bool {
        *self == Judged::default()
    }
}

/// Counts rows given as: whether accepted, code, amount in fen.
impl<'a> FromIterator<(bool, Option<&'a str>, FenSum)> for Judged {
    fn from_iter<I: IntoIterator<Item = (bool, Option<&'a str>, FenSum)>>(rows: I) -> Judged {
        let mut judged = Judged::default();
        rows.into_iter().for_each(|(accepted, code, fen)| judged.add(accepted, code, fen));
        judged
    }
}

/// What became of the deductions of a period, or of its payments.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Judged")]
struct JudgedReport {
    /// The rows that count.
    accepted: RowsAndAmount,
    /// The deductions of settlements that were reversed since; their amounts are negative.
    given_back: RowsAndAmount,
    /// The rows that do not count.
    refused: RowsAndAmount,
    /// The rows that do not count, by code.
    refused_by_code: Vec<Refused>,
}

/// Rows that were refused for one reason.
#[derive(Serialize, JsonSchema)]
struct Refused {
    /// The reason.
    #[schemars(with = "LineCode")]
    code: String,
    /// The reason in English.
    reason: &'static str,
    /// The number of rows.
    rows: u64,
    /// The sum of their amounts in yuan.
    #[schemars(with = "Yuan")]
    amount: String,
}

impl JsonSchema for Judged {
    fn schema_name() -> Cow<'static, str> {
        JudgedReport::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        JudgedReport::json_schema(generator)
    }
}

impl From<Judged> for JudgedReport {
    fn from(judged: Judged) -> JudgedReport {
        let refused = judged.all_refused().into();
        let of_code = |(code, lines): (String, JudgedRows)| {
            let [_, reason] = reason(&code);
            Refused { code, reason, rows: lines.count, amount: yuan(lines.fen) }
        };
        JudgedReport {
            accepted: judged.accepted.into(),
            given_back: judged.given_back.into(),
            refused,
            refused_by_code: judged.refused.into_iter().map(of_code).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_counted_by_what_became_of_them() {
        let mut judged = Judged::default();
        assert!(judged.is_empty());
        judged.add(true, None, FenSum::new(300));
        judged.add(true, Some("R01"), FenSum::new(-100));
        judged.add(false, Some("D02"), FenSum::new(5));
        judged.add(false, Some("D02"), FenSum::new(6));
        judged.add(false, Some("D05"), FenSum::new(-7));
        assert_eq!(judged.all_refused(), JudgedRows { count: 3, fen: FenSum::new(4) });
        let expected = json!({
            "accepted": { "rows": 1, "amount": "3.00" },
            "given_back": { "rows": 1, "amount": "-1.00" },
            "refused": { "rows": 3, "amount": "0.04" },
            "refused_by_code": [
                { "code": "D02", "reason": "more than is payable for the settlement", "rows": 2, "amount": "0.11" },
                { "code": "D05", "reason": "an amount that is not above 0", "rows": 1, "amount": "-0.07" },
            ],
        });
        assert_eq!(serde_json::to_value(&judged).expect("JSON"), expected);
    }
}
