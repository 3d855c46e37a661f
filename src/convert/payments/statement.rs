//! The lines of a bank statement, from the values that a map reads.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{
    matching::BankLine,
    number::notice_numbers,
    party::{BankParties, provinces_in},
};
use crate::{
    convert::target::{ConvertTarget, TargetKind},
    model::{codes::Province, money::Fen},
    spelling::bare,
    text::Text,
};

/// What a map may read of a bank statement. Amounts stand in one column, perhaps with their direction, or in two.
pub(crate) fn targets() -> Vec<ConvertTarget> {
    let target = |name, kind| ConvertTarget {
        name,
        kind,
        required: name == "paid_on",
        filled: name == "paid_on",
        // Names of people stand in every text of a bank.
        personal: !matches!(kind, TargetKind::Day | TargetKind::Amount | TargetKind::Province)
            && !matches!(name, "direction" | "bank_name" | "bank_serial"),
        key: name == "paid_on",
    };
    [
        ("paid_on", TargetKind::Day),
        ("amount", TargetKind::Amount),
        ("credit", TargetKind::Amount),
        ("debit", TargetKind::Amount),
        ("direction", TargetKind::Words),
        ("bank_name", TargetKind::Words),
        ("bank_serial", TargetKind::Code),
        ("remark", TargetKind::Words),
        ("purpose", TargetKind::Words),
        ("note", TargetKind::Words),
        ("own_province", TargetKind::Province),
        ("counterparty", TargetKind::Words),
        ("counterparty_account", TargetKind::Code),
        ("payer", TargetKind::Words),
        ("payer_account", TargetKind::Code),
        ("payee", TargetKind::Words),
        ("payee_account", TargetKind::Code),
    ]
    .map(|(name, kind)| target(name, kind))
    .into()
}

/// The direction of a payment, as the holder of the account sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

impl Direction {
    fn of(word: &str) -> Option<Direction> {
        match &*bare(word) {
            "贷" | "贷方" | "收" | "收入" | "来账" | "转入" | "c" | "cr" | "credit" => {
                Some(Direction::In)
            }
            "借" | "借方" | "付" | "支出" | "往账" | "转出" | "d" | "dr" | "debit" => {
                Some(Direction::Out)
            }
            _ => None,
        }
    }
}

/// The values of a line, by the name of the target.
pub(super) trait LineValues {
    /// Returns a text; empty when there is none.
    fn text(&self, name: &str) -> &str;
    /// Returns an amount.
    fn amount(&self, name: &str) -> Option<Fen>;
    /// Returns a day.
    fn day(&self, name: &str) -> Option<NaiveDate>;
}

/// Makes a line of its values, or says why it is none, with its amount if that is known.
pub(super) fn bank_line(
    values: &dyn LineValues,
    parties: &BankParties,
) -> Result<BankLine, (Option<Fen>, Text)> {
    let word = values.text("direction");
    let given = Direction::of(word);
    let moved = |name| values.amount(name).filter(|amount| !amount.is_zero());
    let (amount, direction) = match (values.amount("amount"), moved("credit"), moved("debit")) {
        (Some(amount), None, None) if given.is_none() && !word.is_empty() => {
            return Err((Some(amount), text!("a direction that is neither in nor out")));
        }
        (Some(amount), None, None) => (amount, given),
        (None, Some(amount), None) => (amount, Some(Direction::In)),
        (None, None, Some(amount)) => (amount, Some(Direction::Out)),
        (None, None, None) => return Err((None, text!("no amount"))),
        _ => return Err((None, text!("an amount in several columns"))),
    };
    let paid_on = values.day("paid_on").ok_or((Some(amount), text!("no day")))?;
    let of =
        |name: &str| parties.province(values.text(name), values.text(&format!("{name}_account")));
    let (own, other) = (Province::from_text(values.text("own_province")), of("counterparty"));
    let (mut payer, mut payee) = (of("payer"), of("payee"));
    match direction {
        Some(Direction::In) => (payer, payee) = (payer.or(other), payee.or(own)),
        Some(Direction::Out) => (payer, payee) = (payer.or(own), payee.or(other)),
        None => {}
    }
    let texts = ["remark", "purpose", "note"].map(|name| values.text(name));
    let numbers = texts.iter().flat_map(|text| notice_numbers(text)).collect();
    let mentioned: BTreeSet<Province> = texts.iter().flat_map(|text| provinces_in(text)).collect();
    Ok(BankLine {
        paid_on,
        amount,
        bank_name: values.text("bank_name").to_owned(),
        bank_serial: values.text("bank_serial").to_owned(),
        numbers,
        payer,
        payee,
        mentioned,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{dates::parse_day, money::parse_yuan};

    struct Line(BTreeMap<&'static str, &'static str>);

    impl LineValues for Line {
        fn text(&self, name: &str) -> &str {
            self.0.get(name).copied().unwrap_or_default()
        }

        fn amount(&self, name: &str) -> Option<Fen> {
            parse_yuan(self.text(name)).ok()
        }

        fn day(&self, name: &str) -> Option<NaiveDate> {
            parse_day(self.text(name))
        }
    }

    fn line(values: &[(&'static str, &'static str)]) -> Result<BankLine, String> {
        let mut all = BTreeMap::from([("paid_on", "2025-12-01"), ("bank_serial", "B1")]);
        all.extend(values.iter().copied());
        bank_line(&Line(all), &BankParties::default()).map_err(|(_, why)| why.to_string())
    }

    fn parties(line: Result<BankLine, String>) -> (Option<u8>, Option<u8>, i64) {
        let line = line.expect("a line");
        (line.payer.map(Province::code), line.payee.map(Province::code), line.amount.fen())
    }

    #[test]
    fn the_direction_tells_who_pays() {
        let own = ("own_province", "31");
        let other = ("counterparty", "安徽省医疗保障基金管理中心");
        assert_eq!(parties(line(&[own, other, ("credit", "5.00")])), (Some(34), Some(31), 500));
        assert_eq!(
            parties(line(&[own, other, ("debit", "5.00"), ("credit", "0.00")])),
            (Some(31), Some(34), 500)
        );
        assert_eq!(
            parties(line(&[own, other, ("amount", "5.00"), ("direction", "贷")])),
            (Some(34), Some(31), 500)
        );
        assert_eq!(
            parties(line(&[own, other, ("amount", "5.00"), ("direction", "D")])),
            (Some(31), Some(34), 500)
        );
        assert_eq!(parties(line(&[own, other, ("amount", "5.00")])), (None, None, 500));
        let both = [("payer", "安徽省财政厅"), ("payee", "上海市财政局"), ("amount", "-5.00")];
        assert_eq!(parties(line(&both)), (Some(34), Some(31), -500));
        // Names of payer and payee tell more than the direction.
        let debit = [own, ("payer", "安徽省财政厅"), ("debit", "5.00")];
        assert_eq!(parties(line(&debit)), (Some(34), None, 500));
    }

    #[test]
    fn texts_name_notices_and_provinces() {
        let found =
            line(&[("amount", "5.00"), ("remark", "安徽省"), ("purpose", "QS202510\n3431")]);
        let found = found.expect("a line");
        assert_eq!(found.numbers, BTreeSet::from(["QS-2025-10-34-31".to_owned()]));
        assert_eq!(
            found.mentioned.iter().map(|province| province.code()).collect::<Vec<_>>(),
            [34]
        );
    }

    #[test]
    fn what_is_no_line_says_why() {
        let why = |values| line(values).expect_err("refused");
        assert_eq!(why(&[]), "no amount");
        assert_eq!(why(&[("credit", "0.00"), ("debit", "0.00")]), "no amount");
        assert_eq!(why(&[("credit", "1.00"), ("debit", "1.00")]), "an amount in several columns");
        assert_eq!(why(&[("credit", "1.00"), ("amount", "1.00")]), "an amount in several columns");
        assert_eq!(
            why(&[("amount", "1.00"), ("direction", "x")]),
            "a direction that is neither in nor out"
        );
    }
}
