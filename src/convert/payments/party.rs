//! Which province a name, an account or a text of a bank statement stands for.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    contract::{accounts::ReceivingAccounts, names::PlaceNames},
    model::codes::Province,
    spelling::bare,
};

/// Words that follow the name of a province.
const KINDS: [&str; 7] = ["省", "市", "自治区", "壮族", "回族", "维吾尔", "医"];

/// Accounts and names of the provinces.
#[derive(Debug, Default)]
pub struct BankParties {
    /// Provinces by number of account, digits and letters alone.
    accounts: BTreeMap<String, BTreeSet<Province>>,
    /// Provinces by the name of an account or of the agency.
    names: BTreeMap<String, BTreeSet<Province>>,
}

impl BankParties {
    /// Takes the accounts and the names that are known.
    pub fn of(accounts: &ReceivingAccounts, places: &PlaceNames) -> BankParties {
        let mut parties = BankParties::default();
        for (province, account) in accounts.all() {
            parties.accounts.entry(plain(&account.number)).or_default().insert(province);
            parties.names.entry(bare(&account.name)).or_default().insert(province);
        }
        for province in Province::all() {
            if let Some(name) = places.name(&format!("{province}0000")) {
                parties.names.entry(bare(name)).or_default().insert(province);
            }
        }
        parties
    }

    /// Returns the one province that an account or a name stands for; none when there is none, or more than one.
    pub(super) fn province(&self, name: &str, account: &str) -> Option<Province> {
        let by_account = self.accounts.get(&plain(account)).filter(|_| !account.trim().is_empty());
        let by_name = self.names.get(&bare(name)).filter(|_| !name.trim().is_empty());
        let mut found: BTreeSet<Province> = by_account.into_iter().flatten().copied().collect();
        found.extend(by_name.into_iter().flatten());
        if found.is_empty() {
            found = provinces_in(name);
        }
        only(&found)
    }
}

/// Returns the letters and digits of the number of an account.
fn plain(account: &str) -> String {
    bare(account).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Returns the only one of a set.
pub(super) fn only(provinces: &BTreeSet<Province>) -> Option<Province> {
    provinces.first().copied().filter(|_| provinces.len() == 1)
}

/// Returns the provinces that a text names: by its first word, or by a name with 省, 市, 自治区 or 医保 behind it.
/// Counties have names of provinces too: 青海省海南州.
pub(super) fn provinces_in(text: &str) -> BTreeSet<Province> {
    let text = bare(text);
    let mut found = BTreeSet::new();
    for province in Province::all() {
        let name = province.name();
        for (at, _) in text.match_indices(name) {
            let behind = &text[at + name.len()..];
            if at == 0 || KINDS.iter().any(|kind| behind.starts_with(kind)) || name == "兵团" {
                found.insert(province);
            }
        }
    }
    // 新疆生产建设兵团 has both names and is one province.
    if text.contains("新疆生产建设兵团") || text.contains("新疆兵团") {
        let rest = text.replace("新疆生产建设兵团", "").replace("新疆兵团", "");
        if !rest.contains("新疆") {
            found.retain(|province| province.code() != 65);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<u8> {
        provinces_in(text).into_iter().map(Province::code).collect()
    }

    #[test]
    fn provinces_are_named_by_the_names_of_their_agencies() {
        for (text, codes) in [
            ("安徽省医疗保障基金管理中心", &[34][..]),
            ("上海市财政局社会保障基金财政专户", &[31]),
            ("广西壮族自治区医保中心", &[45]),
            ("新疆生产建设兵团医疗保障局", &[66]),
            ("新疆维吾尔自治区医保中心", &[65]),
            ("内蒙古自治区财政厅", &[15]),
            ("青海省海南州医保局", &[63]),
            ("中国工商银行上海市分行转安徽省", &[31, 34]),
            ("安徽付上海市", &[31, 34]),
            ("跨省清算款 安徽医保", &[34]),
            ("国家医疗保障局", &[]),
            ("张山西", &[]),
            ("", &[]),
        ] {
            assert_eq!(named(text), codes, "{text}");
        }
    }

    #[test]
    fn accounts_and_their_names_are_known() {
        let mut findings = Vec::new();
        let text = "province,name,bank,bank_code,account,from\n\
                    34,皖财政专户,B,1,6222 0001-1,2025-01-01\n31,沪专户,B,1,62220002,2025-01-01\n\
                    32,沪专户,B,1,62220003,2025-01-01\n";
        let accounts = ReceivingAccounts::read(text.as_bytes(), "accounts.csv", &mut findings);
        let places = PlaceNames::read(
            "code,name\n330000,浙医保中心\n".as_bytes(),
            "names.csv",
            &mut findings,
        );
        assert!(findings.is_empty());
        let parties = BankParties::of(&accounts, &places);
        let code = |name, account| parties.province(name, account).map(Province::code);
        assert_eq!(code("", "622200011"), Some(34));
        assert_eq!(code("皖财政专户", ""), Some(34));
        assert_eq!(code("浙医保中心", ""), Some(33));
        assert_eq!(code("江苏省医保中心", ""), Some(32));
        // An account is named in two ways that differ; a name of two provinces says nothing.
        assert_eq!(code("皖财政专户", "62220002"), None);
        assert_eq!(code("沪专户", ""), None);
        assert_eq!(code("沪专户", "62220003"), None);
        assert_eq!(code("某公司", "1"), None);
        assert_eq!(code("", ""), None);
    }
}
