//! Emergency increases that a treating province may apply for. They are no notices (procedure §24).

use std::collections::BTreeMap;

use super::{CellValue, Content, RowValues, Sheet, Template, is_of, province, text};
use crate::{
    book::grid::{Grid, GridRow},
    diag::Outcome,
    model::{
        codes::{Pair, Province},
        money::FenSum,
    },
};

const OFFERED: [&str; 8] =
    ["notice_id", "treating", "insured", "quota", "next_quota", "spent", "use", "amount"];

impl Content {
    /// Makes the sheet of a province or of the nation. Its own applications come first. Empty when there are none.
    pub(super) fn suggestions(
        &self,
        of: Option<Province>,
        template: &Template,
    ) -> Outcome<Vec<Sheet>> {
        let own = |pair: &Pair| of.is_none_or(|of| is_of(*pair, of));
        let proposals = self.notices.iter().filter(|row| row.text("kind") == "JJ");
        let mut found: Vec<(Pair, GridRow)> =
            proposals.filter_map(|row| Some((row.pair().filter(own)?, row))).collect();
        if found.is_empty() {
            return Ok(Vec::new());
        }
        found.sort_by_key(|(pair, _)| (Some(pair.treating) != of, pair.treating, pair.insured));
        let by_pair = |table: &'_ Grid, column: &'static str| -> BTreeMap<Pair, FenSum> {
            table.iter().filter_map(|row| Some((row.pair()?, row.fen(column)))).collect()
        };
        let quotas = by_pair(&self.quotas, "quota");
        let next = by_pair(&self.quotas, "next_quota");
        let spent = by_pair(&self.pairs, "payable");
        let rows = found.into_iter().map(|(pair, row)| {
            let of = |table: &BTreeMap<Pair, FenSum>| table.get(&pair).copied().unwrap_or_default();
            RowValues::from([
                ("notice_id", text(row.text("notice_id"))),
                ("treating", CellValue::Text(province(pair.treating))),
                ("insured", CellValue::Text(province(pair.insured))),
                ("quota", CellValue::Money(of(&quotas))),
                ("next_quota", CellValue::Money(of(&next))),
                ("spent", CellValue::Money(of(&spent))),
                ("use", CellValue::Text(share(of(&spent), of(&quotas)))),
                ("amount", CellValue::Money(row.fen("amount"))),
            ])
        });
        let shown = of.map_or("全国".to_owned(), Province::full_name);
        let sheet = self.sheet(template, "suggestions", &shown, rows.collect(), &OFFERED)?;
        Ok(vec![sheet])
    }
}

/// Returns a share in per cent with two decimals, cut off; an empty text of nothing.
fn share(part: FenSum, whole: FenSum) -> String {
    match (part.fen() * 10_000).checked_div(whole.fen()) {
        Some(share) => format!("{}.{:02}%", share / 100, share % 100),
        None => String::new(),
    }
}
