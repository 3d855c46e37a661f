//! The outcome of deductions and payments: how many were accepted or refused, the reasons, and the amounts.

use super::{CellValue, Content, RowValues, Sheet, Template, text};
use crate::{
    book::grid::GridRow,
    diag::Outcome,
    judged::{GIVEN_BACK, Judged, JudgedRows, reason},
    statements::sheet::SheetLayout,
};

const OFFERED: [&str; 6] = ["kind", "outcome", "code", "reason", "count", "amount"];

impl Content {
    /// Returns the sheet for the rows that `own` selects, or `None` when there are none.
    pub(super) fn judged(
        &self,
        of: &str,
        template: &Template,
        own: impl Fn(&GridRow) -> bool,
    ) -> Outcome<Option<Sheet>> {
        let mut rows = Vec::new();
        for (kind, table) in [("审核扣款", &self.deductions), ("付款", &self.payments)] {
            let judged = Judged::of_rows(table.iter().filter(&own));
            let counted = [
                ("接受", "", "", judged.accepted),
                ("退回", GIVEN_BACK, reason(GIVEN_BACK)[0], judged.given_back),
            ];
            rows.extend(
                counted
                    .into_iter()
                    .filter(|(.., lines)| lines.count > 0)
                    .map(|(outcome, code, why, lines)| values([kind, outcome, code, why], lines)),
            );
            rows.extend(judged.refused.iter().map(|(code, lines)| {
                let [why, _] = reason(code);
                values([kind, "未接受", code, why], *lines)
            }));
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let sheet = self.sheet(template, "judged", of, rows, &OFFERED)?;
        // Not summed: a sum of accepted and refused rows has no meaning.
        Ok(Some(Sheet { layout: SheetLayout::Listed, total: None, ..sheet }))
    }

    /// Returns the outcome of all deductions, and of all payments.
    pub(in crate::statements) fn all_judged(&self) -> [Judged; 2] {
        [&self.deductions, &self.payments].map(Judged::of_table)
    }
}

fn values([kind, outcome, code, why]: [&str; 4], lines: JudgedRows) -> RowValues {
    RowValues::from([
        ("kind", text(kind)),
        ("outcome", text(outcome)),
        ("code", text(code)),
        ("reason", text(why)),
        ("count", CellValue::Count(lines.count.into())),
        ("amount", CellValue::Money(lines.fen)),
    ])
}
