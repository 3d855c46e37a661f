//! Which notice a line of a bank statement pays. Nothing is taken that is not certain.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::{
    model::{
        codes::Province,
        money::{Fen, FenSum, yuan_grouped},
    },
    reserve::{notices::Status, payments::Issued},
    text::Text,
};

/// What a line of a bank statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BankLine {
    pub(super) paid_on: NaiveDate,
    pub(super) amount: Fen,
    pub(super) bank_name: String,
    pub(super) bank_serial: String,
    /// The numbers of notices that its texts name.
    pub(super) numbers: BTreeSet<String>,
    /// The provinces that pay and are paid, as far as accounts and names tell.
    pub(super) payer: Option<Province>,
    pub(super) payee: Option<Province>,
    /// The provinces that its texts name.
    pub(super) mentioned: BTreeSet<Province>,
}

/// How a line was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchReason {
    /// It names the notice.
    Number,
    /// Payer, payee and amount fit one notice alone.
    Pair,
}

impl MatchReason {
    /// Its name in JSON.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            MatchReason::Number => "number",
            MatchReason::Pair => "pair",
        }
    }
}

/// Why a line was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftReason {
    /// A value cannot be read.
    Unread,
    /// Money that comes back, or nothing.
    NotPositive,
    /// Another line may take it back.
    TakenBack,
    /// The bank has given it no number.
    NoSerial,
    /// An earlier period has it already.
    Known,
    /// Another line has the same number of the bank.
    Repeated,
    /// It names several notices.
    Several,
    /// It names a notice that the book does not have.
    NoNotice,
    /// The notice is paid, or was not approved.
    NothingDue,
    /// More than is unpaid.
    TooMuch,
    /// The payee of the notice pays.
    OtherDirection,
    /// Others pay than the notice says.
    OtherParties,
    /// Payer or payee is not known.
    Unknown,
    /// No notice of the pair is unpaid.
    NoneOpen,
    /// The amount is no notice's.
    OtherAmount,
    /// Several notices or several lines fit.
    Ambiguous,
}

impl LeftReason {
    /// Its name in JSON.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            LeftReason::Unread => "unreadable",
            LeftReason::NotPositive => "not_positive",
            LeftReason::TakenBack => "taken_back",
            LeftReason::NoSerial => "no_serial",
            LeftReason::Known => "known",
            LeftReason::Repeated => "repeated",
            LeftReason::Several => "several_notices",
            LeftReason::NoNotice => "no_such_notice",
            LeftReason::NothingDue => "nothing_due",
            LeftReason::TooMuch => "too_much",
            LeftReason::OtherDirection => "other_direction",
            LeftReason::OtherParties => "other_parties",
            LeftReason::Unknown => "unknown_parties",
            LeftReason::NoneOpen => "none_open",
            LeftReason::OtherAmount => "other_amount",
            LeftReason::Ambiguous => "ambiguous",
        }
    }
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcomes {
    /// It pays a notice, of which so much is unpaid then.
    Matched { notice_id: String, reason: MatchReason, left: FenSum },
    /// It was set aside.
    Left(LeftReason, Text),
}

/// Matches the lines of a statement with the notices of a book. Lines that name a notice come first, whatever their
/// order; then those of which pair and amount fit one notice alone.
pub(super) fn matched(lines: &[&BankLine], issued: &Issued) -> Vec<Outcomes> {
    let mut open: BTreeMap<&str, FenSum> =
        issued.active.iter().map(|(number, status)| (number.as_str(), status.open())).collect();
    let mut serials = BTreeSet::new();
    let back = Back::of(lines);
    let mut outcomes: Vec<Option<Outcomes>> = lines
        .iter()
        .map(|line| {
            let first = serials.insert(line.bank_serial.as_str());
            unfit(line, first, issued)
                .or_else(|| back.takes(line))
                .or_else(|| by_number(line, issued, &mut open))
        })
        .collect();
    let waiting: Vec<usize> = (0..lines.len()).filter(|at| outcomes[*at].is_none()).collect();
    let fits: Vec<Result<&str, Outcomes>> =
        waiting.iter().map(|at| by_pair(lines[*at], issued, &open)).collect();
    for (at, fit) in waiting.iter().zip(&fits) {
        outcomes[*at] = Some(match fit {
            Err(left) => left.clone(),
            Ok(number) if fits.iter().filter(|other| other.as_ref() == Ok(number)).count() > 1 => {
                let why = text!("several lines of this amount, and one notice, {}", *number);
                Outcomes::Left(LeftReason::Ambiguous, why)
            }
            Ok(number) => {
                let notice_id = (*number).to_owned();
                Outcomes::Matched { notice_id, reason: MatchReason::Pair, left: FenSum::ZERO }
            }
        });
    }
    outcomes.into_iter().flatten().collect()
}

/// The lines of money that came back, by their amount without the minus.
struct Back<'a>(BTreeMap<Fen, Vec<&'a BankLine>>);

impl Back<'_> {
    fn of<'a>(lines: &[&'a BankLine]) -> Back<'a> {
        let mut back: BTreeMap<Fen, Vec<&BankLine>> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.amount.is_negative()) {
            back.entry(-line.amount).or_default().push(line);
        }
        Back(back)
    }

    /// Sets a payment aside that another line may take back: of the same amount, and of no other notice.
    fn takes(&self, line: &BankLine) -> Option<Outcomes> {
        let is_of = |other: &&BankLine| {
            other.numbers.is_empty()
                || line.numbers.is_empty()
                || other.numbers.iter().any(|number| line.numbers.contains(number))
        };
        self.0.get(&line.amount)?.iter().copied().find(|other| is_of(other))?;
        let why = text!("another line of this amount came back: this payment may not stand");
        Some(Outcomes::Left(LeftReason::TakenBack, why))
    }
}

/// Sets a line aside that is no new payment.
fn unfit(line: &BankLine, first: bool, issued: &Issued) -> Option<Outcomes> {
    let (reason, why) = if !line.amount.is_positive() {
        (LeftReason::NotPositive, text!("no amount above 0: money that came back"))
    } else if line.bank_serial.is_empty() {
        (LeftReason::NoSerial, text!("no serial number of the bank"))
    } else if issued.serials.contains(&line.bank_serial) {
        (LeftReason::Known, text!("an earlier period has this serial number already"))
    } else if !first {
        (LeftReason::Repeated, text!("another line has the same serial number"))
    } else {
        return None;
    };
    Some(Outcomes::Left(reason, why))
}

/// Matches a line by the number of a notice in its texts.
fn by_number<'a>(
    line: &BankLine,
    issued: &'a Issued,
    open: &mut BTreeMap<&'a str, FenSum>,
) -> Option<Outcomes> {
    let number = line.numbers.first()?;
    let left = |reason, why| Some(Outcomes::Left(reason, why));
    if line.numbers.len() > 1 {
        let all: Vec<&str> = line.numbers.iter().map(String::as_str).collect();
        return left(LeftReason::Several, text!("it names several notices: {}", all.join(", ")));
    }
    let Some(notice) = issued.all.get(number) else {
        return left(LeftReason::NoNotice, text!("the book has no notice {}", number));
    };
    let (payer, payee) = (notice.payer, notice.payee());
    let is =
        |party: Option<Province>, expected: Province| party.is_none_or(|party| party == expected);
    if !is(line.payer, payer) || !is(line.payee, payee) {
        return if is(line.payer, payee) && is(line.payee, payer) {
            left(
                LeftReason::OtherDirection,
                text!("{} is paid by {}, not by {}", number, payer.named(), payee.named()),
            )
        } else {
            left(
                LeftReason::OtherParties,
                text!("{} is paid by {} to {}", number, payer.named(), payee.named()),
            )
        };
    }
    let unpaid = open.get_mut(number.as_str()).filter(|unpaid| !unpaid.is_zero());
    let Some(unpaid) = unpaid else {
        return left(
            LeftReason::NothingDue,
            text!("nothing of {} is due: it is paid, or was not approved", number),
        );
    };
    let amount = FenSum::from(line.amount);
    if amount > *unpaid {
        let why =
            text!("more than the {} yuan that are unpaid of {}", yuan_grouped(*unpaid), number);
        return left(LeftReason::TooMuch, why);
    }
    *unpaid -= amount;
    let notice_id = number.clone();
    Some(Outcomes::Matched { notice_id, reason: MatchReason::Number, left: *unpaid })
}

/// Finds the one notice that payer, payee and amount of a line fit.
fn by_pair<'a>(
    line: &BankLine,
    issued: &'a Issued,
    open: &BTreeMap<&'a str, FenSum>,
) -> Result<&'a str, Outcomes> {
    let left = |reason, why| Err(Outcomes::Left(reason, why));
    let Some((payer, payee)) = parties(line) else {
        return left(
            LeftReason::Unknown,
            text!("no number of a notice, and no account or name that tells who pays whom"),
        );
    };
    let unpaid = |from: Province, to: Province| -> Vec<(&'a str, FenSum)> {
        let of_pair = |(_, status): &(&'a String, &'a Status)| {
            status.notice.payer == from && status.notice.payee() == to
        };
        let of_pair = issued.active.iter().filter(of_pair);
        let sums = of_pair.map(|(number, _)| (number.as_str(), open[number.as_str()]));
        sums.filter(|(_, unpaid)| unpaid.is_positive()).collect()
    };
    let amount = FenSum::from(line.amount);
    let there = unpaid(payer, payee);
    let fit: Vec<&str> =
        there.iter().filter(|(_, unpaid)| *unpaid == amount).map(|(number, _)| *number).collect();
    let shown = |notices: &[(&str, FenSum)]| {
        let one = |(number, unpaid): &(&str, FenSum)| format!("{number} {}", yuan_grouped(*unpaid));
        notices.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    match fit[..] {
        [number] => Ok(number),
        [] if there.is_empty() && !unpaid(payee, payer).is_empty() => left(
            LeftReason::OtherDirection,
            text!("{} owes {} nothing; it is the other way round", payer.named(), payee.named()),
        ),
        [] if there.is_empty() => {
            left(LeftReason::NoneOpen, text!("{} owes {} nothing", payer.named(), payee.named()))
        }
        [] => left(
            LeftReason::OtherAmount,
            text!("no number of a notice, and another amount than is unpaid: {}", shown(&there)),
        ),
        _ => {
            left(LeftReason::Ambiguous, text!("several notices of this amount: {}", fit.join(", ")))
        }
    }
}

/// Returns who pays whom. A text that names one other province tells the one that accounts and names do not.
fn parties(line: &BankLine) -> Option<(Province, Province)> {
    let other = |known: Province| {
        let mut others = line.mentioned.iter().filter(|province| **province != known);
        others.next().copied().filter(|_| others.next().is_none())
    };
    let pair = match (line.payer, line.payee) {
        (Some(payer), Some(payee)) => (payer, payee),
        (Some(payer), None) => (payer, other(payer)?),
        (None, Some(payee)) => (other(payee)?, payee),
        (None, None) => return None,
    };
    (pair.0 != pair.1).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        convert::payments::number::notice_numbers,
        model::codes::{Month, Pair},
        reserve::notices::{Notice, NoticeKind},
    };

    fn province(code: u8) -> Province {
        Province::from_code(code).expect("a province")
    }

    /// QS of 100 yuan from 34 to 31, of which 40 are paid; FH of 60 back; QS of 2025-09 of 60; JJ not approved; QS to 32.
    fn issued() -> Issued {
        let mut issued = Issued::default();
        let mut add = |kind, month, treating, payer, amount: i128, paid: i128| {
            let pair = Pair { insured: province(34), treating: province(treating) };
            let period = Month::new(2025, month);
            let amount = FenSum::new(amount);
            let notice = Notice { kind, period, pair, payer: province(payer), amount };
            issued.all.insert(notice.number(), notice);
            let paid = FenSum::new(paid);
            let status = Status { notice, approved: None, paid, pay_by: None, completed_on: None };
            if paid != amount {
                issued.active.insert(notice.number(), status);
            }
        };
        add(NoticeKind::Clearing, 10, 31, 34, 10_000, 4_000);
        add(NoticeKind::Return, 10, 31, 31, 6_000, 0);
        add(NoticeKind::Initial, 9, 31, 34, 700, 700);
        add(NoticeKind::Emergency, 10, 31, 34, 500, 0);
        add(NoticeKind::Clearing, 10, 32, 34, 8_000, 0);
        add(NoticeKind::Clearing, 9, 32, 34, 8_000, 0);
        issued.serials.insert("B0".to_owned());
        issued
    }

    /// A line: amount in fen, payer, payee, text, serial number.
    fn line(
        amount: i64,
        payer: Option<u8>,
        payee: Option<u8>,
        text: &str,
        serial: &str,
    ) -> BankLine {
        BankLine {
            paid_on: NaiveDate::from_ymd_opt(2025, 12, 1).expect("a day"),
            amount: Fen::new(amount),
            bank_name: String::new(),
            bank_serial: serial.to_owned(),
            numbers: notice_numbers(text),
            payer: payer.map(province),
            payee: payee.map(province),
            mentioned: crate::convert::payments::party::provinces_in(text),
        }
    }

    /// Each line in short: the notice, the reason and what is left, or why it was set aside.
    fn run(lines: &[BankLine]) -> Vec<String> {
        let short = |outcome| match outcome {
            Outcomes::Matched { notice_id, reason, left } => {
                format!("{notice_id} {} {}", reason.id(), left.fen())
            }
            Outcomes::Left(reason, _) => reason.id().to_owned(),
        };
        let lines: Vec<&BankLine> = lines.iter().collect();
        matched(&lines, &issued()).into_iter().map(short).collect()
    }

    fn one(line: BankLine) -> String {
        run(&[line]).remove(0)
    }

    const QS: &str = "QS-2025-10-34-31";

    #[test]
    fn a_number_decides_up_to_what_is_unpaid() {
        assert_eq!(one(line(6_000, None, None, QS, "B1")), "QS-2025-10-34-31 number 0");
        assert_eq!(one(line(5_999, Some(34), Some(31), QS, "B1")), "QS-2025-10-34-31 number 1");
        assert_eq!(one(line(6_001, None, None, QS, "B1")), "too_much");
        assert_eq!(one(line(6_000, Some(31), Some(34), QS, "B1")), "other_direction");
        assert_eq!(one(line(6_000, Some(31), None, QS, "B1")), "other_direction");
        assert_eq!(one(line(6_000, Some(32), Some(31), QS, "B1")), "other_parties");
        assert_eq!(one(line(6_000, Some(34), Some(32), QS, "B1")), "other_parties");
        assert_eq!(one(line(700, None, None, "CS-2025-09-34-31", "B1")), "nothing_due");
        assert_eq!(one(line(500, None, None, "JJ-2025-10-34-31", "B1")), "nothing_due");
        assert_eq!(one(line(500, None, None, "ND-2025-10-34-31", "B1")), "no_such_notice");
        assert_eq!(one(line(9, None, None, "QS2025103431 FH2025103431", "B1")), "several_notices");
        let parts =
            [3_000, 3_000, 1].map(|amount| line(amount, None, None, QS, &amount.to_string()));
        assert_eq!(run(&parts[..1]), ["QS-2025-10-34-31 number 3000"]);
        let mut parts = parts;
        parts[1].bank_serial = "B3".to_owned();
        assert_eq!(
            run(&parts),
            ["QS-2025-10-34-31 number 3000", "QS-2025-10-34-31 number 0", "nothing_due"]
        );
    }

    #[test]
    fn a_pair_decides_when_one_notice_fits() {
        assert_eq!(one(line(6_000, Some(34), Some(31), "", "B1")), "QS-2025-10-34-31 pair 0");
        assert_eq!(one(line(6_000, Some(31), Some(34), "", "B1")), "FH-2025-10-34-31 pair 0");
        assert_eq!(one(line(5_999, Some(34), Some(31), "", "B1")), "other_amount");
        assert_eq!(one(line(10_000, Some(34), Some(31), "", "B1")), "other_amount");
        assert_eq!(one(line(8_000, Some(34), Some(32), "", "B1")), "ambiguous");
        assert_eq!(one(line(8_000, Some(32), Some(34), "", "B1")), "other_direction");
        assert_eq!(one(line(6_000, Some(34), Some(33), "", "B1")), "none_open");
        assert_eq!(one(line(6_000, Some(34), None, "", "B1")), "unknown_parties");
        assert_eq!(one(line(6_000, None, None, "安徽省上海市", "B1")), "unknown_parties");
        assert_eq!(one(line(6_000, Some(34), Some(34), "", "B1")), "unknown_parties");
        // The text names the party that no account tells, and no other.
        assert_eq!(
            one(line(6_000, None, Some(31), "安徽省清算款", "B1")),
            "QS-2025-10-34-31 pair 0"
        );
        assert_eq!(one(line(6_000, None, Some(31), "安徽省、江苏省", "B1")), "unknown_parties");
    }

    #[test]
    fn two_lines_of_one_amount_are_not_certain_and_numbers_come_first() {
        let fits = |serial| line(6_000, Some(34), Some(31), "", serial);
        assert_eq!(run(&[fits("B1"), fits("B2")]), ["ambiguous", "ambiguous"]);
        let named = line(6_000, None, None, QS, "B3");
        assert_eq!(run(&[fits("B1"), named]), ["other_direction", "QS-2025-10-34-31 number 0"]);
        // What a number leaves unpaid is what a pair may fit.
        let part = line(1_000, None, None, QS, "B4");
        let rest = line(5_000, Some(34), Some(31), "", "B5");
        assert_eq!(run(&[rest, part]), ["QS-2025-10-34-31 pair 0", "QS-2025-10-34-31 number 5000"]);
    }

    #[test]
    fn a_payment_that_may_have_come_back_is_set_aside() {
        let paid = line(6_000, Some(34), Some(31), QS, "B1");
        let back = |text| line(-6_000, Some(31), Some(34), text, "B2");
        assert_eq!(run(&[paid.clone(), back(QS)]), ["taken_back", "not_positive"]);
        assert_eq!(run(&[back(""), paid.clone()]), ["not_positive", "taken_back"]);
        let other = back("FH-2025-10-34-31");
        assert_eq!(run(&[paid.clone(), other]), ["QS-2025-10-34-31 number 0", "not_positive"]);
        let less = line(-5_999, None, None, QS, "B2");
        assert_eq!(run(&[paid, less]), ["QS-2025-10-34-31 number 0", "not_positive"]);
    }

    #[test]
    fn what_is_no_new_payment_is_set_aside() {
        assert_eq!(one(line(0, None, None, QS, "B1")), "not_positive");
        assert_eq!(one(line(-1, None, None, QS, "B1")), "not_positive");
        assert_eq!(one(line(1, None, None, QS, "")), "no_serial");
        assert_eq!(one(line(1, None, None, QS, "B0")), "known");
        let twice = line(1, None, None, QS, "B1");
        assert_eq!(run(&[twice.clone(), twice]), ["QS-2025-10-34-31 number 5999", "repeated"]);
    }
}
