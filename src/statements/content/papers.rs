//! The papers of a province: payment notices, receipt notices, and the accounts that receive payments.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{CellValue, Content, Demand, RowValues, Sheet, Style, province, text};
use crate::{
    contract::accounts::ReceivingAccount,
    diag::{Failure, Outcome},
    model::{codes::Province, money::FenSum},
    statements::{
        capital::capitals,
        sheet::{SheetLayout, Workbook},
        template::{PAPERS, papers::PaperContent},
        words,
    },
};

/// What stands where there is no day, and where there are several.
const NO_DAY: &str = "规定期限";
const SEVERAL_DAYS: &str = "各自期限";
/// A day that is filled in by hand.
const BLANK_DAY: &str = "______年____月____日";

impl Content {
    /// Makes the payment notices, the receipt notices and annex 10 of a province. Empty when there are no notices.
    pub(super) fn papers(&self, of: Province, style: &Style) -> Outcome<Vec<Sheet>> {
        let mut sheets = Vec::new();
        for pays in [true, false] {
            for kind in PAPERS {
                let lines = self.demands.of(kind, pays, of);
                if !lines.is_empty() {
                    sheets.push(self.paper(of, pays, kind, &lines, style)?);
                }
            }
        }
        if !sheets.is_empty() {
            sheets.extend(self.accounts(self.paid_by(of), style)?);
        }
        Ok(sheets)
    }

    /// Returns whom a province pays, and the province itself where it is paid.
    fn paid_by(&self, of: Province) -> BTreeSet<Province> {
        let own = self.demands.iter().filter(|demand| demand.payer == of || demand.payee == of);
        own.map(|demand| demand.payee).collect()
    }

    fn paper(
        &self,
        of: Province,
        pays: bool,
        kind: &'static str,
        lines: &[&Demand],
        style: &Style,
    ) -> Outcome<Sheet> {
        let notice = &style.template.notice;
        let rows = lines.iter().map(|demand| {
            let other = province(demand.party(!pays));
            let mark = if demand.is_returned() { notice.mark.as_str() } else { "" };
            let day =
                |day: Option<NaiveDate>| CellValue::Text(day.map_or_else(String::new, words::day));
            let account = self.account(demand.payee, style);
            let of_account = |value: fn(&ReceivingAccount) -> &String| match account {
                Some(account) => text(value(account)),
                None if style.accounts.is_some() => text(&notice.no_account),
                None => text(""),
            };
            RowValues::from([
                ("province", CellValue::Text(format!("{mark}{other}"))),
                ("amount", CellValue::Money(demand.amount)),
                ("notice_id", text(&demand.notice_id)),
                ("account_name", of_account(|account| &account.name)),
                ("bank", of_account(|account| &account.bank)),
                ("bank_code", of_account(|account| &account.bank_code)),
                ("account", of_account(|account| &account.number)),
                ("file_by", day(demand.file_by)),
                ("pay_by", day(demand.pay_by)),
                ("confirm_by", day(demand.confirm_by)),
            ])
        });
        let total: FenSum = lines.iter().map(|demand| demand.amount).sum();
        let days = |day: fn(&Demand) -> Option<NaiveDate>| one_day(lines.iter().map(|of| day(of)));
        let account = match self.account(of, style) {
            Some(ReceivingAccount { name, bank, number, .. }) => {
                format!("{name}，{bank}，{number}")
            }
            None if style.accounts.is_some() => notice.no_account.clone(),
            None => "________________________".to_owned(),
        };
        // No table has the day on which an increase was approved, and its payment is due from then on.
        let issued_on =
            if kind == "JJ" { BLANK_DAY.to_owned() } else { words::day(self.issued_on) };
        style.template.paper(PaperContent {
            pays,
            kind,
            filling: vec![
                ("province", of.full_name()),
                ("period", words::month(self.period)),
                ("capital", capitals(total)),
                ("account", account),
                ("issued_on", issued_on),
                ("file_by", days(|demand| demand.file_by)),
                ("pay_by", days(|demand| demand.pay_by)),
                ("confirm_by", days(|demand| demand.confirm_by)),
            ],
            rows: rows.collect(),
            marked: lines.iter().any(|demand| demand.is_returned()),
        })
    }

    fn account<'a>(&self, of: Province, style: &'a Style) -> Option<&'a ReceivingAccount> {
        style.accounts.as_ref()?.in_force(of, self.issued_on)
    }

    /// Makes annex 10 for some provinces; none when nobody gave accounts.
    pub(super) fn accounts(&self, of: BTreeSet<Province>, style: &Style) -> Outcome<Option<Sheet>> {
        const OFFERED: [&str; 6] =
            ["province", "account_name", "bank", "bank_code", "account", "from"];
        if style.accounts.is_none() {
            return Ok(None);
        }
        let rows = of.into_iter().map(|of| {
            let mut values = RowValues::from([("province", CellValue::Text(province(of)))]);
            let Some(account) = self.account(of, style) else {
                values.insert("account_name", text(&style.template.notice.no_account));
                return values;
            };
            values.extend([
                ("account_name", text(&account.name)),
                ("bank", text(&account.bank)),
                ("bank_code", text(&account.bank_code)),
                ("account", text(&account.number)),
                ("from", CellValue::Text(words::day(account.from))),
            ]);
            values
        });
        let sheet = self.sheet(&style.template, "accounts", "全国", rows.collect(), &OFFERED)?;
        let subtitle = format!("签发日期:{}", words::day(self.issued_on));
        Ok(Some(Sheet { layout: SheetLayout::Listed, subtitle, ..sheet }))
    }

    /// Returns the payees of a province, or of all, that have no account in force; none when nobody gave accounts.
    pub(in crate::statements) fn missing_accounts(
        &self,
        payer: Option<Province>,
        style: &Style,
    ) -> Vec<Province> {
        let own = self.demands.iter().filter(|demand| payer.is_none_or(|of| demand.payer == of));
        let payees: BTreeSet<Province> = own.map(|demand| demand.payee).collect();
        let missing =
            |of: &Province| style.accounts.is_some() && self.account(*of, style).is_none();
        payees.into_iter().filter(missing).collect()
    }

    /// Fails unless the lines of all papers add up to the tables, by kind and in both directions.
    pub(super) fn prove_papers(&self) -> Outcome<()> {
        for kind in PAPERS {
            for pays in [true, false] {
                let lines = Province::all().flat_map(|of| self.demands.of(kind, pays, of));
                let listed: FenSum = lines.map(|demand| demand.amount).sum();
                Failure::unless(listed == self.demands.sum(kind), || {
                    text!("the papers of {} list another sum than the notices", kind)
                })?;
            }
        }
        Ok(())
    }

    /// Fails unless the papers of all workbooks, as they were made, add up to the tables in both directions.
    pub(in crate::statements) fn prove_made(&self, made: [FenSum; 2]) -> Outcome<()> {
        let all: FenSum = PAPERS.into_iter().map(|kind| self.demands.sum(kind)).sum();
        Failure::unless(made == [all; 2], || text!("the papers list another sum than the notices"))
    }
}

/// Returns what the payment notices and the receipt notices of workbooks list, in fen.
pub(in crate::statements) fn listed(workbooks: &[Workbook]) -> [FenSum; 2] {
    let sheets = || workbooks.iter().flat_map(|workbook| &workbook.sheets);
    ["payments", "receipts"].map(|file| {
        let papers = sheets().filter(|sheet| sheet.layout == SheetLayout::Paper);
        papers.filter(|sheet| sheet.file == file).filter_map(|sheet| sheet.total).sum()
    })
}

/// Returns the day of all lines.
fn one_day(days: impl Iterator<Item = Option<NaiveDate>>) -> String {
    let days: BTreeSet<NaiveDate> = days.flatten().collect();
    match (days.len(), days.first()) {
        (1, Some(day)) => words::day(*day),
        (0, _) => NO_DAY.to_owned(),
        _ => SEVERAL_DAYS.to_owned(),
    }
}
