//! The first sheet of each workbook.

use super::{Content, Demand, Style, Workbook};
use crate::{
    diag::Outcome,
    model::{codes::Province, money::yuan_grouped},
    statements::{
        sheet::Sheet,
        words::{self, Filling, filled, province},
    },
};

impl Content {
    /// Returns what is filled into the texts of a reader's forms.
    pub(super) fn filling(&self, of: Option<Province>) -> Filling {
        let sum = |side: fn(&Demand) -> Province| {
            let lines = self.demands.iter().filter(|line| line.kind == "QS" && !line.is_returned());
            let own = lines.filter(|line| of.is_none_or(|of| side(line) == of));
            yuan_grouped(own.map(|line| line.amount).sum::<crate::model::money::FenSum>())
        };
        let all =
            |pays| yuan_grouped(of.map(|of| self.demands.sum_of(pays, of)).unwrap_or_default());
        // Every notice of a period has the same days.
        let issued = self.demands.iter().find(|line| line.file_by.is_some());
        let day = |day: Option<chrono::NaiveDate>| day.map_or("规定期限".to_owned(), words::day);
        vec![
            ("province", of.map_or("全国".to_owned(), Province::full_name)),
            ("period", words::month(self.period)),
            ("issued_on", words::day(self.issued_on)),
            ("file_by", day(issued.and_then(|line| line.file_by))),
            ("pay_by", day(issued.and_then(|line| line.pay_by))),
            ("payable", sum(|line| line.payer)),
            ("receivable", sum(|line| line.payee)),
            ("paying", all(true)),
            ("receiving", all(false)),
        ]
    }

    /// Puts the first sheet into each workbook: name, its part of the template, sheets. Empty workbooks are left out.
    pub(super) fn guided<const N: usize>(
        &self,
        of: Option<Province>,
        workbooks: [(&'static str, &str, Vec<Sheet>); N],
        style: &Style,
    ) -> Outcome<Vec<Workbook>> {
        let filling = self.filling(of);
        let folder = of.map_or("national".to_owned(), |of| of.to_string());
        let filled_in = workbooks.into_iter().filter(|(.., sheets)| !sheets.is_empty());
        filled_in
            .map(|(name, book, mut sheets)| {
                let pays = matches!(book, "national" | "notices");
                let more = if pays { self.on_accounts(of, style) } else { Vec::new() };
                let mut guide = style.template.guide(book, &filling, &more, &sheets)?;
                guide.file = format!("guide-{name}");
                sheets.insert(0, guide);
                Ok(Workbook { folder: folder.clone(), name, sheets })
            })
            .collect()
    }

    /// Says which accounts are missing.
    fn on_accounts(&self, payer: Option<Province>, style: &Style) -> Vec<String> {
        let guide = &style.template.guide;
        if style.accounts.is_none() {
            return vec![guide.no_accounts.clone()];
        }
        let missing: Vec<String> =
            self.missing_accounts(payer, style).into_iter().map(province).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        vec![filled(&guide.missing, &vec![("missing", missing.join("、"))])]
    }
}
