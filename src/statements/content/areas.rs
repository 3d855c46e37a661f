//! What the pooling areas of a province pay up or receive (procedure §49).

use std::collections::BTreeMap;

use super::{CellValue, Content, RowValues, Sheet, Style, text};
use crate::{
    diag::{Failure, Outcome},
    model::{codes::Province, money::FenSum},
    statements::sheet::SheetLayout,
};

const OFFERED: [&str; 5] = ["area", "visits", "amount", "up", "down"];

impl Content {
    /// Makes the sheet of the pooling areas. Its total is what the payment notices of the province ask for.
    pub(super) fn areas(&self, of: Province, style: &Style) -> Outcome<Sheet> {
        let mut areas: BTreeMap<&str, (i128, FenSum)> = BTreeMap::new();
        let own = |row: &crate::book::grid::GridRow| row.pair().is_some_and(|p| p.insured == of);
        for row in self.positions.iter().filter(own) {
            let (visits, fen) = areas.entry(row.text("insuplc_admdvs")).or_default();
            *visits += row.number("visits");
            *fen += row.fen("payable");
        }
        let sum = |column| self.pairs.iter().filter(own).map(|row| row.fen(column)).sum::<FenSum>();
        let gross: FenSum = areas.values().map(|(_, fen)| *fen).sum();
        let visits: i128 = areas.values().map(|(visits, _)| *visits).sum();
        let mut rows: Vec<RowValues> = areas
            .into_iter()
            .map(|(area, (visits, fen))| {
                let (up, down) =
                    if fen.is_negative() { (FenSum::ZERO, -fen) } else { (fen, FenSum::ZERO) };
                let mut values = line(&style.names.of(area), fen);
                values.extend([
                    ("visits", CellValue::Count(visits)),
                    ("up", CellValue::Money(up)),
                    ("down", CellValue::Money(down)),
                ]);
                values
            })
            .collect();
        let mut subtotal = line("各统筹区小计", gross);
        subtotal.insert("visits", CellValue::Count(visits));
        rows.push(subtotal);
        let parts = [
            ("减:审核扣款", -sum("deductions")),
            ("加:上期结转", sum("brought_forward")),
            ("加:就医省返还(列入收款通知书)", sum("returned")),
            ("减:结转下期", -sum("carried_forward")),
        ];
        rows.extend(parts.iter().map(|(name, fen)| line(name, *fen)));
        let payable = gross + parts.iter().map(|(_, fen)| *fen).sum::<FenSum>();
        let clearing = self.demands.of("QS", true, of).into_iter();
        let asked: FenSum =
            clearing.filter(|of| !of.is_returned()).map(|demand| demand.amount).sum();
        Failure::unless(payable == asked, || {
            text!("the pooling areas of {} do not add up to its payment notice", of.named())
        })?;
        rows.push(line("合计(付款通知书所列应付)", payable));
        let filling = self.filling(Some(of));
        let mut sheet = style.template.filled("pooling", &filling, rows, &OFFERED)?;
        sheet.total = Some(payable);
        Ok(Sheet { layout: SheetLayout::Listed, ..sheet })
    }
}

fn line(name: &str, fen: FenSum) -> RowValues {
    RowValues::from([("area", text(name)), ("amount", CellValue::Money(fen))])
}
