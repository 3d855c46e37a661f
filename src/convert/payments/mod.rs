//! Bank statements → `payments.csv`.
//!
//! **Purpose.** Finds the notice that each line of a bank's export pays.
//!
//! **In.** Exports of a bank with their map; the notices of a book; the accounts and names that are known.
//!
//! **Out.** Matched lines, each with its reason, and lines that were set aside, each with why.
//!
//! **Invariants.** Nothing is taken that is not certain. Lines = matched + set aside, in rows and in fen.

mod lines;
mod matching;
mod number;
mod party;
mod report;
mod statement;

use std::{fs, path::Path};

pub(crate) use self::statement::targets;
use self::{
    lines::{ReadLine, StatementLines},
    matching::{BankLine, Outcomes, matched},
};
pub use self::{
    matching::{LeftReason, MatchReason},
    party::BankParties,
    report::{LineAside, PaymentMatch, PaymentSum, PaymentTotals, PaymentsReport},
};
use super::{
    account::Account,
    conversion::report_folder,
    listing::{self, RefusedWriter, Sayer},
    small::{add, must_be_free},
    tables::Tables,
};
use crate::{
    book::Book,
    contract::{columns::PAYMENTS, small_files::SmallFiles},
    diag::{Failure, Outcome},
    event::Monitor,
    handover::brought,
    model::{codes::Month, money::yuan},
    place::addition::{AddedFile, Addition},
    reserve::payments::Issued,
    text::Text,
};

/// The notices that a book has issued, and its newest period.
pub(crate) struct BookNotices {
    period: Month,
    issued: Issued,
}

impl BookNotices {
    /// Reads the notices of a book.
    pub(crate) fn read(book: &Path) -> Outcome<BookNotices> {
        let periods = Book::look(book)?;
        let Some((period, _)) = periods.last() else {
            return Err(Failure::Book(text!("{} has no closed period", book)));
        };
        Ok(BookNotices { period: *period, issued: brought::notices(&periods)? })
    }

    /// Takes the top-ups that a delivery approves: a run judges them before the payments.
    pub(crate) fn approve(&mut self, delivery: &Path) -> Outcome<()> {
        let mut findings = Vec::new();
        let files = SmallFiles::read(delivery, self.period, &mut findings)?;
        for change in files.quota_changes {
            let status = self.issued.active.get_mut(&change.notice_id);
            if let Some(status) = status.filter(|status| status.name() == "proposed") {
                status.approved = Some(change.amount.into());
            }
        }
        Ok(())
    }
}

/// What is converted, and what it is matched with.
pub(crate) struct PaymentsConversion<'a> {
    pub(crate) tables: Tables<'a>,
    /// The text of the map, which is kept beside the report.
    pub(crate) map_text: &'a str,
    pub(crate) notices: &'a BookNotices,
    pub(crate) parties: &'a BankParties,
    /// Words messages for the lists.
    pub(crate) say: Sayer,
}

impl PaymentsConversion<'_> {
    /// Matches the lines of the exports, and adds the file and the lists to a delivery.
    pub(crate) fn run(&self, delivery: &Addition, monitor: &Monitor) -> Outcome<PaymentsReport> {
        self.tables.check()?;
        let has = |name: &str| self.tables.map.fields.contains_key(name);
        if !["amount", "credit", "debit"].into_iter().any(has) {
            let problem = text!("the map has no column for {}", "amount, credit, debit");
            let hint = text!("name the column of amounts, or those of money in and money out");
            return Err(Failure::Usage(problem.hinting(hint)));
        }
        must_be_free(delivery, PAYMENTS.name)?;
        delivery.fill(|part| {
            let folder = report_folder(delivery, "payments");
            let mut refused = RefusedWriter::create(part, &folder, self.say)?;
            let mut lines = StatementLines::new(self.parties, &mut refused);
            let sheets = self.tables.each(&mut lines, monitor)?;
            let lines = lines.finish();
            let refused = refused.finish()?;
            let account = Account { sheets, refused, report: folder.clone() };
            let report = self.judged(&lines, &account)?;
            let mut files = listing::write(part, &folder, self.map_text, &account, self.say)?;
            let aside = format!("{folder}/set-aside.csv");
            let place = part.join(&aside);
            fs::write(&place, report.aside_csv(self.say)?).map_err(Failure::io(&place))?;
            files.push(AddedFile { path: aside, replaces: false });
            if !report.matched.is_empty() {
                add(part, &PAYMENTS, &report.to_csv()?, report.matched.len() as u64)?;
                files.push(AddedFile { path: PAYMENTS.name.to_owned(), replaces: false });
            }
            Ok((report, files))
        })
    }

    /// Matches lines, and asserts that none is lost.
    fn judged(&self, lines: &[ReadLine], account: &Account) -> Outcome<PaymentsReport> {
        let good: Vec<&BankLine> =
            lines.iter().filter_map(|line| line.read.as_ref().ok()).collect();
        let mut outcomes = matched(&good, &self.notices.issued).into_iter();
        let (mut taken, mut aside) = (Vec::new(), Vec::new());
        let mut totals = PaymentTotals::default();
        for line in lines {
            let mut leave = |amount: Option<_>, reason: LeftReason, why: Text| {
                totals.set_aside.count(amount);
                totals.unreadable_amounts += u64::from(amount.is_none());
                aside.push(LineAside::new(line, amount.map(yuan), reason, why));
            };
            let bank = match &line.read {
                Ok(bank) => bank,
                Err((amount, why)) => {
                    totals.lines.count(*amount);
                    leave(*amount, LeftReason::Unread, why.clone());
                    continue;
                }
            };
            totals.lines.count(Some(bank.amount));
            match outcomes.next() {
                Some(Outcomes::Matched { notice_id, reason, left }) => {
                    totals.matched.count(Some(bank.amount));
                    taken.push(PaymentMatch::new(line, bank, notice_id, reason, left));
                }
                Some(Outcomes::Left(reason, why)) => leave(Some(bank.amount), reason, why),
                None => return Err(Failure::Bug(text!("a line of a statement was lost"))),
            }
        }
        let sum = totals.matched.plus(&totals.set_aside);
        Failure::unless(sum == totals.lines, || text!("matched and set aside are not all lines"))?;
        Ok(PaymentsReport::new(self.notices.period, taken, aside, totals, account))
    }
}
