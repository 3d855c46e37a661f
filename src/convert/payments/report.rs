//! The report of a matched statement.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    lines::ReadLine,
    matching::{BankLine, LeftReason, MatchReason},
};
use crate::{
    contract::columns::PAYMENTS,
    convert::{
        account::Account,
        listing::{Sayer, rows},
        report::ConvertedTable,
    },
    diag::Outcome,
    model::{
        codes::Month,
        money::{Fen, FenSum, yuan},
    },
    shapes::{Day, FormatNumber, NoticeId, Period, Yuan},
    text::Text,
};

/// What became of the lines of bank statements.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "convert --file payments --format json")]
pub struct PaymentsReport {
    /// The format of the report.
    format: FormatNumber<1>,
    /// The newest closed period, whose notices are paid.
    #[schemars(with = "Period")]
    pub period: String,
    /// The lines that pay a notice: the lines of `payments.csv`, in their order.
    pub matched: Vec<PaymentMatch>,
    /// The lines that were set aside.
    pub set_aside: Vec<LineAside>,
    /// Lines and yuan of all of them.
    pub totals: PaymentTotals,
    /// Every table that was read, with what was changed.
    pub tables: Vec<ConvertedTable>,
    /// The folder of the lists, below the delivery.
    pub report: String,
}

/// A line of a statement that pays a notice.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentMatch {
    /// The notice.
    #[schemars(with = "NoticeId")]
    pub notice_id: String,
    /// The day of the payment.
    #[schemars(with = "Day")]
    pub paid_on: String,
    /// The amount.
    #[schemars(with = "Yuan")]
    pub amount: String,
    /// The bank.
    pub bank_name: String,
    /// The serial number of the bank.
    pub bank_serial: String,
    /// Why the line pays this notice: it names it (number), or payer, payee and amount fit no other (pair).
    #[schemars(with = "MatchWord")]
    pub reason: &'static str,
    /// What is unpaid of the notice then.
    #[schemars(with = "Yuan")]
    pub unpaid_then: String,
    /// The export.
    pub export: String,
    /// The sheet; empty where there are none.
    pub sheet: String,
    /// The line, from 1.
    pub line: u64,
}

/// A line of a statement that was set aside.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineAside {
    /// The export.
    pub export: String,
    /// The sheet; empty where there are none.
    pub sheet: String,
    /// The line, from 1.
    pub line: u64,
    /// The amount; null when it cannot be read.
    #[schemars(with = "Option<Yuan>")]
    pub amount: Option<String>,
    /// Why, as a word.
    #[schemars(with = "AsideWord")]
    pub reason: &'static str,
    /// Why, in English.
    #[schemars(with = "String")]
    pub why: Text,
}

/// Lines and yuan.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct PaymentTotals {
    /// All lines of the statements.
    pub lines: PaymentSum,
    /// Those that pay a notice.
    pub matched: PaymentSum,
    /// Those that were set aside.
    pub set_aside: PaymentSum,
    /// Lines without a readable amount. They are in no sum of yuan.
    pub unreadable_amounts: u64,
}

/// A number of lines and the sum of their amounts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PaymentSum {
    /// Lines.
    pub lines: u64,
    /// Yuan.
    #[serde(serialize_with = "in_yuan")]
    #[schemars(with = "Yuan")]
    pub yuan: FenSum,
}

fn in_yuan<S: serde::Serializer>(fen: &FenSum, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&yuan(*fen))
}

impl PaymentSum {
    /// Adds a line.
    pub(super) fn count(&mut self, amount: Option<Fen>) {
        self.lines += 1;
        self.yuan = self.yuan.saturating_add(amount.map(FenSum::from).unwrap_or_default());
    }

    /// Returns both together.
    pub(super) fn plus(&self, other: &PaymentSum) -> PaymentSum {
        PaymentSum { lines: self.lines + other.lines, yuan: self.yuan.saturating_add(other.yuan) }
    }
}

/// The words of [`MatchReason`].
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the words of a field")]
enum MatchWord {
    Number,
    Pair,
}

/// The words of [`LeftReason`].
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the words of a field")]
enum AsideWord {
    /// A value cannot be read.
    Unreadable,
    /// Money that comes back, or nothing.
    NotPositive,
    /// The bank gave it no serial number.
    NoSerial,
    /// An earlier period has the serial number already.
    Known,
    /// Another line has the same serial number.
    Repeated,
    /// It names several notices.
    SeveralNotices,
    /// The book has no such notice.
    NoSuchNotice,
    /// The notice is paid, or was not approved.
    NothingDue,
    /// More than is unpaid of the notice.
    TooMuch,
    /// The payee of the notice pays.
    OtherDirection,
    /// Others pay than the notice says.
    OtherParties,
    /// Nothing tells who pays whom.
    UnknownParties,
    /// The payer owes the payee nothing.
    NoneOpen,
    /// The amount is that of no unpaid notice.
    OtherAmount,
    /// Several notices or several lines fit.
    Ambiguous,
}

impl PaymentMatch {
    pub(super) fn new(
        line: &ReadLine,
        bank: &BankLine,
        notice_id: String,
        reason: MatchReason,
        left: FenSum,
    ) -> PaymentMatch {
        PaymentMatch {
            notice_id,
            paid_on: bank.paid_on.to_string(),
            amount: yuan(bank.amount),
            bank_name: bank.bank_name.clone(),
            bank_serial: bank.bank_serial.clone(),
            reason: reason.id(),
            unpaid_then: yuan(left),
            export: line.export.clone(),
            sheet: line.sheet.clone(),
            line: line.line,
        }
    }
}

impl LineAside {
    pub(super) fn new(
        line: &ReadLine,
        amount: Option<String>,
        reason: LeftReason,
        why: Text,
    ) -> LineAside {
        LineAside {
            export: line.export.clone(),
            sheet: line.sheet.clone(),
            line: line.line,
            amount,
            reason: reason.id(),
            why,
        }
    }
}

impl PaymentsReport {
    pub(super) fn new(
        period: Month,
        matched: Vec<PaymentMatch>,
        set_aside: Vec<LineAside>,
        totals: PaymentTotals,
        account: &Account,
    ) -> PaymentsReport {
        PaymentsReport {
            format: FormatNumber,
            period: period.to_string(),
            matched,
            set_aside,
            totals,
            tables: account.sheets.iter().map(ConvertedTable::of).collect(),
            report: account.report.clone(),
        }
    }

    /// Returns the bytes of `payments.csv`.
    pub(super) fn to_csv(&self) -> Outcome<Vec<u8>> {
        let names: Vec<&str> = PAYMENTS.columns.iter().map(|column| column.name).collect();
        rows(
            &names,
            self.matched.iter().map(|paid| {
                let PaymentMatch { notice_id, paid_on, amount, bank_name, bank_serial, .. } = paid;
                [notice_id, paid_on, amount, bank_name, bank_serial].map(String::clone).into()
            }),
        )
    }

    /// Returns the bytes of `set-aside.csv`.
    pub(super) fn aside_csv(&self, say: Sayer) -> Outcome<Vec<u8>> {
        let heading = ["export", "sheet", "row", "amount", "reason", "meaning"];
        rows(
            &heading,
            self.set_aside.iter().map(|aside| {
                vec![
                    aside.export.clone(),
                    aside.sheet.clone(),
                    aside.line.to_string(),
                    aside.amount.clone().unwrap_or_default(),
                    aside.reason.to_owned(),
                    say(&aside.why),
                ]
            }),
        )
    }
}
