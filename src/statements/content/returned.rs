//! What goes back to its senders: rejected rows, refused deductions and payments.

use std::collections::BTreeMap;

use super::{CellValue, Content, RowValues, Sheet, Template, is_of_row, named, province, text};
use crate::{
    book::grid::GridRow,
    diag::{Outcome, codes::RowRule},
    judged::reason,
    model::codes::Province,
    statements::sheet::SheetLayout,
};

impl Content {
    /// Makes the sheets of the nation: rejected rows by file, one by one, and all that was refused.
    pub(super) fn all_returned(&self, template: &Template) -> Outcome<Vec<Sheet>> {
        let mut sheets = Vec::new();
        if self.rejects.rows > 0 {
            sheets.push(self.reject_files(template)?);
            sheets.push(self.rejected_rows(template)?);
        }
        sheets.extend(self.refused("全国", template, |_| true)?);
        Ok(sheets)
    }

    /// Makes the sheets of a province: its refused deductions and payments.
    pub(super) fn returned(&self, of: Province, template: &Template) -> Outcome<Vec<Sheet>> {
        let refused = self.refused(&of.full_name(), template, |row| is_of_row(row, of))?;
        Ok(refused.into_iter().collect())
    }

    fn reject_files(&self, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 5] = ["side", "file", "rule", "meaning", "count"];
        let mut counts: BTreeMap<(&str, &str, &str), i128> = BTreeMap::new();
        for row in self.rejects.iter() {
            for rule in row.text("rules").split(',') {
                *counts.entry((row.text("side"), row.text("file"), rule)).or_default() += 1;
            }
        }
        let rows = counts.into_iter().map(|((side, file, rule), count)| {
            RowValues::from([
                ("side", text(template.side(side))),
                ("file", text(file)),
                ("rule", text(rule)),
                ("meaning", text(meaning(rule))),
                ("count", CellValue::Count(count)),
            ])
        });
        let sheet = self.sheet(template, "reject_files", "全国", rows.collect(), &OFFERED)?;
        // Not summed: a row that breaks two rules counts twice.
        Ok(Sheet { layout: SheetLayout::Listed, ..sheet })
    }

    fn rejected_rows(&self, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 6] = ["side", "file", "row", "setl_id", "rules", "meaning"];
        let rows = self.rejects.iter().map(|row| {
            let rules = row.text("rules");
            let meanings: Vec<&str> = rules.split(',').map(meaning).collect();
            let settlement = row.text_for_people("setl_id").unwrap_or_default();
            RowValues::from([
                ("side", text(template.side(row.text("side")))),
                ("file", text(row.text("file"))),
                ("row", CellValue::Count(row.number("row"))),
                ("setl_id", text(&settlement)),
                ("rules", text(rules)),
                ("meaning", CellValue::Text(meanings.join(";"))),
            ])
        });
        let sheet = self.sheet(template, "rejects", "全国", rows.collect(), &OFFERED)?;
        Ok(Sheet { layout: SheetLayout::Listed, ..sheet })
    }

    /// Makes the sheet of the refused rows that `own` selects; none when there are none.
    fn refused(
        &self,
        of: &str,
        template: &Template,
        own: impl Fn(&GridRow) -> bool,
    ) -> Outcome<Option<Sheet>> {
        const OFFERED: [&str; 8] =
            ["kind", "insured", "treating", "id", "of", "amount", "code", "reason"];
        let mut rows = Vec::new();
        for (kind, table, id, other) in [
            ("审核扣款", &self.deductions, "ddct_id", "setl_id"),
            ("付款", &self.payments, "notice_id", "bank_serial"),
        ] {
            let refused = table.iter().filter(|row| row.flag("accepted") == Some(false));
            rows.extend(refused.filter(&own).map(|row| {
                let [insured, treating] = parties(&row);
                let code = row.text("code");
                RowValues::from([
                    ("kind", text(kind)),
                    ("insured", insured),
                    ("treating", treating),
                    ("id", text(row.text(id))),
                    ("of", text(row.text(other))),
                    ("amount", CellValue::Money(row.fen("amount"))),
                    ("code", text(code)),
                    ("reason", text(reason(code)[0])),
                ])
            }));
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let sheet = self.sheet(template, "refused", of, rows, &OFFERED)?;
        Ok(Some(Sheet { layout: SheetLayout::Listed, total: None, ..sheet }))
    }
}

/// Returns insured and treating province of a row; empty where they are not known.
fn parties(row: &GridRow) -> [CellValue; 2] {
    match row.pair() {
        Some(pair) => [pair.insured, pair.treating].map(|of| CellValue::Text(province(of))),
        None if row.is_of("deductions") => {
            ["insured_province", "treating_province"].map(|column| named(row.text(column)))
        }
        None => [text(""), text("")],
    }
}

/// Returns the meaning of a row rule in Chinese.
fn meaning(rule: &str) -> &'static str {
    RowRule::of_id(rule).map_or("", |rule| rule.meaning()[1])
}
