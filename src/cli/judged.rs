//! Words the outcome of deductions and payments for people.

use crate::{
    judged::{Judged, JudgedRows, reason_named},
    model::money::{count_grouped, yuan_grouped},
    text::{Grouped, Text},
};

/// Returns the lines of a report: first the accepted ones, then the refused ones by code.
pub(super) fn lines(deductions: &Judged, payments: &Judged) -> Vec<Text> {
    let mut lines = Vec::new();
    if !deductions.is_empty() {
        let JudgedRows { count, fen } = deductions.accepted;
        let (count, yuan) = (Grouped(count), yuan_grouped(fen));
        let said = match deductions.given_back {
            JudgedRows { count: 0, .. } => text!("{} deduction(s), {} yuan", count, yuan),
            JudgedRows { count: back, fen } => text!(
                "{} deduction(s), {} yuan; {} given back, {} yuan",
                count,
                yuan,
                Grouped(back),
                yuan_grouped(fen)
            ),
        };
        lines.push(Text::labelled("deducted", said));
        let refused = |code: &str, lines: JudgedRows| {
            let (yuan, why) = (yuan_grouped(lines.fen), reason_named(code));
            text!("{}: {} deduction(s), {} yuan, {}", code, Grouped(lines.count), yuan, why)
        };
        lines.extend(all_refused(deductions, refused));
    }
    if !payments.is_empty() {
        let JudgedRows { count, fen } = payments.accepted;
        let said = text!("{} payment(s), {} yuan", Grouped(count), yuan_grouped(fen));
        lines.push(Text::labelled("paid", said));
        let refused = |code: &str, lines: JudgedRows| {
            let (yuan, why) = (yuan_grouped(lines.fen), reason_named(code));
            text!("{}: {} payment(s), {} yuan, {}", code, Grouped(lines.count), yuan, why)
        };
        lines.extend(all_refused(payments, refused));
    }
    lines
}

fn all_refused(judged: &Judged, said: impl Fn(&str, JudgedRows) -> Text) -> Vec<Text> {
    let refused = judged.refused.iter();
    refused.map(|(code, lines)| Text::labelled("refused", said(code, *lines))).collect()
}

/// Returns what to do about the refused ones.
pub(super) fn next_steps(deductions: &Judged, payments: &Judged) -> Vec<Text> {
    let codes = |judged: &Judged| {
        let codes = judged.refused.iter();
        let codes = codes.map(|(code, lines)| format!("{code} {}", count_grouped(lines.count)));
        codes.collect::<Vec<_>>().join(", ")
    };
    let mut steps = Vec::new();
    let JudgedRows { count, fen } = deductions.all_refused();
    if count > 0 {
        steps.push(text!(
            "tell the auditors of {} refused deduction(s), {} yuan ({}; tables/deductions.parquet)",
            Grouped(count),
            yuan_grouped(fen),
            codes(deductions)
        ));
    }
    let JudgedRows { count, fen } = payments.all_refused();
    if count > 0 {
        steps.push(text!(
            "settle with the bank {} refused payment(s), {} yuan ({}; tables/payments.parquet)",
            Grouped(count),
            yuan_grouped(fen),
            codes(payments)
        ));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_with_its_reason() {
        let fen = crate::model::money::FenSum::new;
        let (mut deductions, mut payments) = (Judged::default(), Judged::default());
        assert!(lines(&deductions, &payments).is_empty());
        deductions.add(true, None, fen(123_456));
        deductions.add(true, Some("R01"), fen(-100));
        deductions.add(false, Some("D01"), fen(500));
        deductions.add(false, Some("D02"), fen(100));
        payments.add(false, Some("P02"), fen(200_000));
        let english = |texts: Vec<Text>| texts.iter().map(Text::to_string).collect::<Vec<_>>();
        assert_eq!(
            english(lines(&deductions, &payments)),
            [
                "deducted  1 deduction, 1,234.56 yuan; 1 given back, -1.00 yuan",
                "refused   D01: 1 deduction, 5.00 yuan, no settlement that has cleared",
                "refused   D02: 1 deduction, 1.00 yuan, more than is payable for the settlement",
                "paid      0 payments, 0.00 yuan",
                "refused   P02: 1 payment, 2,000.00 yuan, a bank_serial that was used before",
            ]
        );
        assert_eq!(
            english(next_steps(&deductions, &payments)),
            [
                "tell the auditors of 2 refused deductions, 6.00 yuan (D01 1, D02 1; tables/deductions.parquet)",
                "settle with the bank 1 refused payment, 2,000.00 yuan (P02 1; tables/payments.parquet)",
            ]
        );
    }
}
