//! Translations of the words of the tables, in Chinese and in English.
//!
//! This list is the only one: the terminal, the forms, the page and the bulletin use it. Where the national procedure
//! (医保发〔2022〕22号) or the national tables have a word, the list has that word: a reversal is 退费 (退费结算标志), not
//! 冲正, which is the reversal of a message after a time-out.

/// A word of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word in tables and files.
    pub name: &'static str,
    /// Its Chinese translation.
    pub chinese: &'static str,
    /// Its English wording.
    pub english: &'static str,
}

const fn word(name: &'static str, chinese: &'static str, english: &'static str) -> Word {
    Word { name, chinese, english }
}

/// Every word: buckets of the control table with the break classes, sides, fund classes, care classes, decisions,
/// strengths of leads.
pub const WORDS: [Word; 33] = [
    word("delivered", "本期送达", "Delivered"),
    word("opened", "期初挂账", "Opened"),
    word("rejected", "校验退回", "Rejected"),
    word("superseded", "被新记录替代", "Superseded"),
    word("already_cleared", "已清算过", "Already cleared"),
    word("duplicate", "重复记录", "Duplicate"),
    word("conflict", "同号不同值", "Conflict"),
    word("late_refused", "超期拒收", "Late, refused"),
    word("expired", "挂账过期", "Expired"),
    word("voided", "作废", "Voided"),
    word("missing_insured", "参保地无记录", "Missing at insured side"),
    word("missing_treating", "就医地无记录", "Missing at treating side"),
    word("field_mismatch", "身份信息不一致", "Identity differs"),
    word("amount_mismatch", "金额不一致", "Amount differs"),
    word("reversal_unpaired", "退费无原结算", "Reversal without original"),
    word("reversal_mismatch", "退费与原结算不符", "Reversal unlike original"),
    word("already_reversed", "已退费过", "Already reversed"),
    word("cleared", "已清算", "Cleared"),
    word("treating", "就医地", "Treating side"),
    word("insured", "参保地", "Insured side"),
    word("both", "两地", "Both sides"),
    word("employee", "职工", "Employees"),
    word("resident", "居民", "Residents"),
    word("inpatient", "住院", "Inpatient"),
    word("outpatient", "普通门诊", "Outpatient"),
    word("chronic", "门诊慢特病", "Chronic disease"),
    word("pharmacy", "药店购药", "Pharmacy"),
    word("accept_treating", "采信就医地", "Accept the treating copy"),
    word("accept_insured", "采信参保地", "Accept the insured copy"),
    word("void", "作废", "Void"),
    word("certain", "明确", "Certain"),
    word("consistent", "与规定不符", "Against the rules"),
    word("statistical", "统计异常", "Unlike its peers"),
];

/// Returns the entry of a word; `None` for a text that is no word of the tables.
pub fn of(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// Returns the Chinese translation of a word; other texts are returned as they are.
pub fn chinese(name: &str) -> &str {
    of(name).map_or(name, |word| word.chinese)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{
        codes::{CareClass, FundClass, Side},
        control::Bucket,
        verdict::Verdict,
    };

    #[test]
    fn every_word_of_the_tables_has_its_entry_once() {
        let buckets = Bucket::all().map(Bucket::name);
        let sides = Side::BOTH.map(Side::name).into_iter().chain(["both"]);
        let classes = FundClass::ALL.map(FundClass::name).into_iter();
        let classes = classes.chain(CareClass::ALL.map(CareClass::name));
        let verdicts = Verdict::ALL.map(Verdict::name);
        let others = verdicts.into_iter().chain(["certain", "consistent", "statistical"]);
        let words: BTreeSet<&str> = buckets.chain(sides).chain(classes).chain(others).collect();
        assert_eq!(WORDS.map(|word| word.name).into_iter().collect::<BTreeSet<_>>(), words);
        assert_eq!(WORDS.len(), words.len());
    }
}
