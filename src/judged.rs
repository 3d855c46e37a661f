//! What became of the deductions and payments of a period: how many were accepted and refused, why, and how much.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::{
    book::grid::{Grid, Row},
    model::money::{FenSum, yuan},
};

/// The code of what is given back because its settlement was reversed.
pub const GIVEN_BACK: &str = "R01";

/// Why a deduction or a payment is refused, in Chinese and in English, by code.
const REASONS: [(&str, [&str; 2]); 9] = [
    ("D01", ["该结算未清算", "no settlement that has cleared"]),
    ("D02", ["超出该结算的应付金额", "more than is payable for the settlement"]),
    ("D03", ["该结算已退费", "a settlement that was reversed"]),
    ("D04", ["扣款编号已用过", "a ddct_id that was used before"]),
    ("D05", ["金额不大于 0", "an amount that is not above 0"]),
    ("P01", ["以前各期无此通知书", "no notice of an earlier period"]),
    ("P02", ["银行流水号已用过", "a bank_serial that was used before"]),
    ("P03", ["金额不大于 0", "an amount that is not above 0"]),
    ("P04", ["超出通知书未付金额", "more than the notice has open"]),
];

/// Why a deduction or a payment is refused, in Chinese and in English.
pub fn reason(code: &str) -> [&'static str; 2] {
    let found = REASONS.iter().find(|(known, _)| *known == code);
    found.map_or(["其他原因", "another reason"], |(_, reason)| *reason)
}

/// Some rows and their money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many.
    pub count: u64,
    /// What they come to, in fen.
    pub fen: FenSum,
}

impl Lines {
    fn add(&mut self, fen: FenSum) {
        self.count += 1;
        self.fen = self.fen.saturating_add(fen);
    }
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "rows": self.count, "amount": yuan(self.fen) }).serialize(serializer)
    }
}

/// What became of the deductions of a period, or of its payments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Those that count.
    pub accepted: Lines,
    /// Deductions of settlements that were reversed since; their amounts are negative.
    pub given_back: Lines,
    /// Those that do not, by code.
    pub refused: BTreeMap<String, Lines>,
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

    /// Of some rows of the tables `deductions` or `payments`.
    pub fn of_rows<'a>(rows: impl Iterator<Item = Row<'a>>) -> Judged {
        let row = |row: Row<'a>| {
            let accepted = row.flag("accepted") == Some(true);
            (accepted, row.text_or_null("code"), row.number("amount"))
        };
        rows.map(row).collect()
    }

    /// Of all rows of a table.
    pub fn of_table(table: &Grid) -> Judged {
        Judged::of_rows(table.iter())
    }

    /// All that were refused.
    pub fn all_refused(&self) -> Lines {
        let mut all = Lines::default();
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

/// Of rows: whether they count, their code, their amount in fen.
impl<'a> FromIterator<(bool, Option<&'a str>, FenSum)> for Judged {
    fn from_iter<I: IntoIterator<Item = (bool, Option<&'a str>, FenSum)>>(rows: I) -> Judged {
        let mut judged = Judged::default();
        rows.into_iter().for_each(|(accepted, code, fen)| judged.add(accepted, code, fen));
        judged
    }
}

impl Serialize for Judged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let code = |(code, lines): (&String, &Lines)| {
            let [_, reason] = reason(code);
            json!({ "code": code, "reason": reason, "rows": lines.count, "amount": yuan(lines.fen) })
        };
        json!({
            "accepted": self.accepted,
            "given_back": self.given_back,
            "refused": self.all_refused(),
            "refused_by_code": self.refused.iter().map(code).collect::<Vec<_>>(),
        })
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_what_became_of_them() {
        let mut judged = Judged::default();
        assert!(judged.is_empty());
        judged.add(true, None, 300);
        judged.add(true, Some("R01"), -100);
        judged.add(false, Some("D02"), 5);
        judged.add(false, Some("D02"), 6);
        judged.add(false, Some("D05"), -7);
        assert_eq!(judged.all_refused(), Lines { count: 3, fen: 4 });
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
