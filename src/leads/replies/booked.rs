//! Compares deductions with a book: what has cleared, what was reversed, what was deducted before.

use std::path::Path;

use super::judge::LeadAnswer;
use crate::{
    book::Book,
    diag::{Code, Failure, Finding, Outcome},
    handover::brought,
    keyed::{key::Key, registered::RegisteredKind},
    model::money::{FenSum, yuan},
    register::lookup::Register,
    text::Text,
};

/// Finds the amounts that a close would not accept.
pub(super) fn compare(answers: &[LeadAnswer], book: &Path) -> Outcome<Vec<Finding>> {
    let periods = Book::look(book)?;
    if periods.is_empty() {
        return Err(Failure::Book(text!("{} has no closed period", book)));
    }
    let with_amount = answers.iter().filter_map(|answer| Some((answer, answer.amount?)));
    let mut keys: Vec<Key> = with_amount.clone().map(|(one, _)| Key::of(&one.setl_id)).collect();
    keys.sort_unstable();
    keys.dedup();
    let register = Register::open(&periods)?;
    let registered = register.find(&[&keys])?;
    let reversed = register.reversed(&keys)?;
    let accepted = brought::deductions(&periods)?;
    let found = |answer: &LeadAnswer, amount: FenSum| -> Option<Text> {
        let key = Key::of(&answer.setl_id);
        let cleared = registered.get(&key).filter(|of| of.kind != RegisteredKind::Voided);
        let Some(cleared) = cleared else {
            return Some(text!("a settlement that the book has not cleared"));
        };
        if reversed.binary_search(&key).is_ok() {
            return Some(text!("a settlement that was reversed"));
        }
        let number = answer.ddct_id();
        if accepted.has_number(&number) {
            return Some(text!("{}, which was accepted before", number));
        }
        let (before, payable) = (accepted.sum_of(key), FenSum::from(cleared.payable));
        (before + amount > payable).then(|| {
            let (amount, before, payable) = (yuan(amount), yuan(before), yuan(payable));
            text!("{} and {} accepted before, of {} that cleared", amount, before, payable)
        })
    };
    let findings = with_amount.filter_map(|(answer, amount)| {
        Some(answer.finding(Code::W05, found(answer, amount.into())?))
    });
    Ok(findings.collect())
}
