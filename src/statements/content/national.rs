//! The national tables: annex 14 and annex 5.

use std::collections::BTreeMap;

use super::{CellValue, Content, RowValues, Sheet, Template, province, text};
use crate::{
    book::grid::GridRow,
    diag::Outcome,
    model::{
        codes::{Pair, Province},
        money::FenSum,
    },
};

impl Content {
    /// Makes annex 14: each province, what it pays and what it receives.
    pub(super) fn national(&self, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 14] = [
            "province",
            "payable_visits",
            "payable_medfee",
            "payable_gross",
            "payable_deductions",
            "payable_amount",
            "payable_returned",
            "receivable_visits",
            "receivable_medfee",
            "receivable_gross",
            "receivable_deductions",
            "receivable_amount",
            "receivable_returned",
            "net",
        ];
        let columns = ["visits", "medfee", "gross", "deductions", "payable", "returned"];
        let mut sums: BTreeMap<Province, [[FenSum; 6]; 2]> = BTreeMap::new();
        for row in self.pairs.iter() {
            let Some(pair) = row.pair() else { continue };
            let values = columns.map(|column| match column {
                "medfee" => self.medfee.get(&pair).copied().unwrap_or_default(),
                column => row.fen(column),
            });
            for (side, province) in [pair.insured, pair.treating].into_iter().enumerate() {
                let sums = &mut sums.entry(province).or_default()[side];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
        let rows = sums.into_iter().map(|(of, [pays, receives])| {
            let mut values = RowValues::from([("province", CellValue::Text(province(of)))]);
            let sides = OFFERED[1..13].iter().zip(pays.into_iter().chain(receives));
            for (at, (name, sum)) in sides.enumerate() {
                let value =
                    if at % 6 == 0 { CellValue::Count(sum.fen()) } else { CellValue::Money(sum) };
                values.insert(*name, value);
            }
            let net = (receives[4] - receives[5]) - (pays[4] - pays[5]);
            values.insert("net", CellValue::Money(net));
            values
        });
        self.sheet(template, "national", "全国", rows.collect(), &OFFERED)
    }

    /// Makes annex 5: quotas that notices change.
    pub(super) fn quota_changes(&self, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 9] = [
            "notice_id",
            "insured",
            "treating",
            "kind",
            "quota",
            "next_quota",
            "payer",
            "payee",
            "amount",
        ];
        let quotas: BTreeMap<Pair, GridRow> =
            self.quotas.iter().filter_map(|row| Some((row.pair()?, row))).collect();
        let changes = self.demands.iter().filter(|demand| demand.kind != "QS");
        let rows = changes.map(|demand| {
            let pair = demand.pair;
            let quota = |column| {
                CellValue::Money(quotas.get(&pair).map_or(FenSum::ZERO, |quota| quota.fen(column)))
            };
            let kind = match demand.kind {
                "JJ" => "紧急调增(已核准)",
                "CS" => "初始额度",
                _ => "年度调整",
            };
            RowValues::from([
                ("notice_id", text(&demand.notice_id)),
                ("insured", CellValue::Text(province(pair.insured))),
                ("treating", CellValue::Text(province(pair.treating))),
                ("kind", text(kind)),
                ("quota", quota("quota")),
                ("next_quota", quota("next_quota")),
                ("payer", CellValue::Text(province(demand.payer))),
                ("payee", CellValue::Text(province(demand.payee))),
                ("amount", CellValue::Money(demand.amount)),
            ])
        });
        self.sheet(template, "quotas", "全国", rows.collect(), &OFFERED)
    }
}
