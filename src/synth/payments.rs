//! When notices are paid: in time, late, or in two parts.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::{
    model::{
        calendar::Calendar,
        codes::{Month, Province},
        money::{FenSum, yuan},
    },
    rules::Policy,
};

use super::draw::{below, hash_at};

/// The days of a notice that decide about its payment.
#[derive(Clone, Copy)]
pub(super) struct PaymentDays {
    filed: NaiveDate,
    pay_by: NaiveDate,
    /// Working days between them.
    between: u16,
}

impl PaymentDays {
    /// Returns the days of a notice that was issued or approved on a day.
    pub(super) fn from(issued_on: NaiveDate, policy: &Policy, calendar: &Calendar) -> PaymentDays {
        let filed = calendar.after(issued_on, policy.file_days);
        let pay_by = calendar.after(filed, policy.pay_days);
        PaymentDays { filed, pay_by, between: policy.pay_days }
    }
}

/// A payment in a later delivery.
#[derive(Clone)]
pub(super) struct Instalment {
    /// The period whose delivery has it.
    pub(super) period: Month,
    /// The number of the notice.
    pub(super) notice: String,
    /// The province that pays.
    pub(super) payer: Province,
    /// The day of payment.
    pub(super) paid_on: NaiveDate,
    /// The amount in fen.
    pub(super) amount: FenSum,
}

/// Plans the payments of a notice. What a province does in a period, it does for most of its notices: of a hundred, 85
/// pay in time, 10 are late, and 5 pay a part in time and the rest late. Three notices in a hundred are late anyway, and
/// eight in a hundred are paid in time in two parts. `draws` are the habit of the payer and the draw of the notice.
pub(super) fn instalments(
    amount: FenSum,
    days: PaymentDays,
    draws: (u64, u64),
    calendar: &Calendar,
) -> Vec<(NaiveDate, FenSum)> {
    let (habit, own) = draws;
    let within = u16::try_from(below(habit >> 16, u64::from(days.between) + 1)).unwrap_or_default();
    let in_time = calendar.after(days.filed, within);
    let late = |own: u64| {
        let by = u16::try_from(1 + below(own, 20)).unwrap_or_default();
        calendar.after(days.pay_by, by)
    };
    let percent = 30 + below(own >> 8, 50);
    let part = FenSum::new(amount.times(percent).fen() / 100);
    let whole = |on| vec![(on, amount)];
    let parts = |on, then| {
        if part.is_positive() { vec![(on, part), (then, amount - part)] } else { whole(then) }
    };
    match (below(habit >> 32, 100), below(own >> 32, 100)) {
        (_, 0..=2) | (85..=94, _) => whole(late(own)),
        (95.., _) => parts(in_time, late(own)),
        (_, 3..=10) => parts(in_time, days.pay_by),
        _ => whole(in_time),
    }
}

/// The heading of payments.csv.
pub(super) const PAYMENT_COLUMNS: [&str; 5] =
    ["notice_id", "paid_on", "amount", "bank_name", "bank_serial"];

/// Makes the lines of payments.csv. Beside some stands a line that has to be refused: of a notice that is not issued yet
/// (P01), the same once more (P02), of nothing (P03), or of more than was to be paid (P04).
pub(super) fn payment_lines(
    mut due: Vec<Instalment>,
    period: Month,
    seed: u64,
    refused: u32,
) -> (Vec<[String; 5]>, BTreeMap<&'static str, u64>) {
    due.sort_by(|a, b| (a.paid_on, &a.notice).cmp(&(b.paid_on, &b.notice)));
    let month = u64::from(period.since(Month::new(0, 1)).unsigned_abs());
    let base = hash_at(seed, 9 << 56 | month);
    let prefix = format!("YH{}", period.to_string().replace('-', ""));
    let mut lines: Vec<[String; 5]> = Vec::with_capacity(due.len());
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (number, instalment) in (0u64..).zip(&due) {
        let bank = format!("Bank of {}, treasury branch", instalment.payer.english_name());
        let serial = format!("{prefix}{number:07}");
        let paid_on = instalment.paid_on.to_string();
        let line = |notice: String, amount: FenSum, serial: String| {
            [notice, paid_on.clone(), yuan(amount), bank.clone(), serial]
        };
        lines.push(line(instalment.notice.clone(), instalment.amount, serial.clone()));
        if below(hash_at(base, number) >> 32, 1_000_000) >= u64::from(refused) {
            continue;
        }
        let (notice, amount) = (instalment.notice.clone(), instalment.amount);
        let other = format!("{serial}X");
        let wrong: u64 = counts.values().sum();
        let (code, line) = match wrong % 4 {
            0 => {
                let pair = &notice[notice.len() - "34-31".len()..];
                ("P01", line(format!("QS-{period}-{pair}"), amount, other))
            }
            1 => ("P02", line(notice, amount, serial)),
            2 => ("P03", line(notice, FenSum::ZERO, other)),
            // A part is more than a tenth of its notice.
            _ => ("P04", line(notice, amount.times(10), other)),
        };
        *counts.entry(code).or_default() += 1;
        lines.push(line);
    }
    (lines, counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn a_notice_is_paid_in_full() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        let issued = Month::new(2025, 11).last_day();
        let days = PaymentDays::from(issued, policy, &rules.calendar);
        let (mut late, mut parts) = (0, 0);
        for draw in 0..2_000 {
            let draws = (hash_at(1, draw), hash_at(2, draw));
            let amount = FenSum::new(i128::from(1 + draw % 900));
            let paid = instalments(amount, days, draws, &rules.calendar);
            assert_eq!(paid.iter().map(|(_, fen)| *fen).sum::<FenSum>(), amount);
            assert!(paid.iter().all(|(on, fen)| fen.is_positive() && *on > issued));
            late += usize::from(paid.iter().any(|(on, _)| *on > days.pay_by));
            parts += usize::from(paid.len() > 1);
        }
        assert!((250..450).contains(&late) && (150..400).contains(&parts), "{late} {parts}");
    }
}
