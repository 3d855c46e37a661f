//! `accounts.csv`: the accounts that receive payments (procedure §28, annex 10).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    columns::ACCOUNTS,
    lines::{SmallFileLine, read},
};
use crate::{
    diag::{Code, Finding},
    model::codes::Province,
};

/// An account of a province.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivingAccount {
    /// The name of the account.
    pub name: String,
    /// The bank.
    pub bank: String,
    /// The code of the bank; empty when it is not known.
    pub bank_code: String,
    /// The number of the account. It is text: spreadsheets round long numbers.
    pub number: String,
    /// The day from which it is used.
    pub from: NaiveDate,
}

/// The accounts of the provinces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceivingAccounts(BTreeMap<Province, BTreeMap<NaiveDate, ReceivingAccount>>);

impl ReceivingAccounts {
    /// Parses the accounts; adds all findings.
    pub fn read(bytes: &[u8], name: &str, findings: &mut Vec<Finding>) -> ReceivingAccounts {
        let mut accounts = ReceivingAccounts::default();
        read(bytes, name, ACCOUNTS.columns, findings, |line| accounts.take(line));
        accounts
    }

    fn take(&mut self, line: &mut SmallFileLine) -> Option<()> {
        let (province, from) = (line.province(0), line.day(5));
        for column in [1, 2, 4] {
            if line.values[column].trim().is_empty() {
                line.refuse(Code::S13, column);
            }
        }
        if !line.values[4].trim().is_empty() && !is_number(&line.values[4]) {
            line.refuse(Code::S14, 4);
        }
        let [name, bank, bank_code, number] =
            [1, 2, 3, 4].map(|column: usize| line.values[column].trim().to_owned());
        let (province, from) = (province?, from?);
        let account = ReceivingAccount { name, bank, bank_code, number, from };
        if self.0.entry(province).or_default().insert(from, account).is_some() {
            line.refuse_line(Code::S12, text!("{} from {} again", province.named(), from));
        }
        Some(())
    }

    /// Returns every account, of whatever day.
    pub fn all(&self) -> impl Iterator<Item = (Province, &ReceivingAccount)> {
        let of = |(province, accounts): (&Province, _)| (*province, accounts);
        self.0.iter().map(of).flat_map(|(province, accounts): (_, &BTreeMap<_, _>)| {
            accounts.values().map(move |account| (province, account))
        })
    }

    /// Returns the newest account of a province that is in force on a day.
    pub fn in_force(&self, province: Province, day: NaiveDate) -> Option<&ReceivingAccount> {
        Some(self.0.get(&province)?.range(..=day).next_back()?.1)
    }
}

/// Whether a text can be the number of an account. A spreadsheet writes a long number as 6.22E+18.
fn is_number(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-');
    text.trim().chars().all(allowed) && text.contains(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dates::parse_day;

    const HEADER: &str = "province,name,bank,bank_code,account,from\n";

    fn parsed(lines: &str) -> (ReceivingAccounts, Vec<Code>) {
        let mut findings = Vec::new();
        let text = format!("{HEADER}{lines}");
        let accounts = ReceivingAccounts::read(text.as_bytes(), "accounts.csv", &mut findings);
        (accounts, findings.iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn the_newest_account_in_force_counts() {
        let (accounts, codes) = parsed(
            "31,New,B,001,0031,2025-12-01\n31,Old,B,001,0030,2025-01-01\n31,Mid,B,001,0032,2025-11-30\n",
        );
        assert!(codes.is_empty(), "{codes:?}");
        let day = |text| parse_day(text).expect("a day");
        let of = |day| {
            let province = Province::from_text("31").expect("a province");
            accounts.in_force(province, day).map(|account| account.number.as_str())
        };
        assert_eq!(of(day("2024-12-31")), None);
        assert_eq!(of(day("2025-11-29")), Some("0030"));
        assert_eq!(of(day("2025-11-30")), Some("0032"));
        assert_eq!(of(day("2026-01-01")), Some("0031"));
    }

    #[test]
    fn bad_lines_are_all_told() {
        let (_, codes) = parsed(
            "99,A,B,1,2,2025-01-01\n31,A,B,1,2,2025-02-30\n31,A,B,1,2,2025-01-01\n31,A,B,1,2,2025-01-01\n\
             34, ,,1,,2025-01-01\n32,A,B,1,6.22E+18,2025-01-01\n",
        );
        let told: Vec<&str> = codes.iter().map(|code| code.id()).collect();
        assert_eq!(told, ["S07", "S05", "S12", "S13", "S13", "S13", "S14"]);
    }
}
