//! How deductions and payments are told to people.

use super::printer::counted;
use crate::{
    judged::{Judged, Lines, reason},
    model::money::{count_grouped, yuan_grouped},
};

/// The lines of a report: those that count, then those that were refused, by code.
pub(super) fn lines(deductions: &Judged, payments: &Judged) -> Vec<String> {
    let mut lines = Vec::new();
    for (label, noun, judged) in
        [("deducted", "deduction", deductions), ("paid", "payment", payments)]
    {
        if judged.is_empty() {
            continue;
        }
        lines.push(format!("{label:<10}{}{}", many(judged.accepted, noun), given_back(judged)));
        lines.extend(judged.refused.iter().map(|(code, refused)| {
            let [_, reason] = reason(code);
            format!("refused   {code}: {}, {reason}", many(*refused, noun))
        }));
    }
    lines
}

/// The same lines as text.
pub(super) fn text(deductions: &Judged, payments: &Judged) -> String {
    lines(deductions, payments).into_iter().map(|line| line + "\n").collect()
}

fn many(lines: Lines, noun: &str) -> String {
    format!("{}, {} yuan", counted(lines.count, noun), yuan_grouped(lines.fen))
}

fn given_back(judged: &Judged) -> String {
    match judged.given_back {
        Lines { count: 0, .. } => String::new(),
        Lines { count, fen } => {
            format!("; {} given back, {} yuan", count_grouped(count), yuan_grouped(fen))
        }
    }
}

/// What is to be done about those that were refused.
pub(super) fn next_steps(deductions: &Judged, payments: &Judged) -> Vec<String> {
    let step = |judged: &Judged, noun: &str, table: &str, step: &str| {
        let refused = judged.all_refused();
        (refused.count > 0).then(|| {
            let codes: Vec<String> = judged
                .refused
                .iter()
                .map(|(code, lines)| format!("{code} {}", count_grouped(lines.count)))
                .collect();
            let (codes, refused) = (codes.join(", "), many(refused, &format!("refused {noun}")));
            format!("{step} {refused} ({codes}; tables/{table}.parquet)")
        })
    };
    let deductions = step(deductions, "deduction", "deductions", "tell the auditors of");
    let payments = step(payments, "payment", "payments", "settle with the bank");
    deductions.into_iter().chain(payments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_with_its_reason() {
        let (mut deductions, mut payments) = (Judged::default(), Judged::default());
        assert!(lines(&deductions, &payments).is_empty());
        deductions.add(true, None, 123_456);
        deductions.add(true, Some("R01"), -100);
        deductions.add(false, Some("D01"), 500);
        deductions.add(false, Some("D02"), 100);
        payments.add(false, Some("P02"), 200_000);
        assert_eq!(
            lines(&deductions, &payments),
            [
                "deducted  1 deduction, 1,234.56 yuan; 1 given back, -1.00 yuan",
                "refused   D01: 1 deduction, 5.00 yuan, no settlement that has cleared",
                "refused   D02: 1 deduction, 1.00 yuan, more than is payable for the settlement",
                "paid      0 payments, 0.00 yuan",
                "refused   P02: 1 payment, 2,000.00 yuan, a bank_serial that was used before",
            ]
        );
        assert_eq!(
            next_steps(&deductions, &payments),
            [
                "tell the auditors of 2 refused deductions, 6.00 yuan (D01 1, D02 1; tables/deductions.parquet)",
                "settle with the bank 1 refused payment, 2,000.00 yuan (P02 1; tables/payments.parquet)",
            ]
        );
    }
}
