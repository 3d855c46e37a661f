//! The answer key, decisions and deductions of one province in a period.

use crate::model::{
    codes::Month,
    money::{Fen, yuan},
};

use super::{
    breaks::BreakRates,
    draw::{below, hash_at},
    geography::{pair_index, pair_of},
    judge,
    life::{Fate, LAST_DELIVERY, PlannedVerdict},
    plan::plan,
    row::{SyntheticId, SyntheticRow},
    world::{BirthStream, World},
};

/// Findings of a scan, in a fixed order.
#[derive(Default)]
pub(super) struct Findings {
    /// Rows that the engine has to list in `breaks`.
    pub(super) truth: Vec<(SyntheticId, &'static str)>,
    /// Lines of decisions.csv.
    pub(super) decisions: Vec<[String; 6]>,
    /// Lines of deductions.csv.
    pub(super) deductions: Vec<[String; 5]>,
}

/// Scans the settlements that a province treated and that concern a period.
pub(super) fn scan(world: &World, breaks: &BreakRates, period: Month, treating: usize) -> Findings {
    let mut scan = Scan { world, breaks, period, treating, findings: Findings::default() };
    // The longest life of an open item: the limit, a permit of two periods, and the last delivery.
    let oldest = -world.limit - LAST_DELIVERY - 3;
    for after in oldest..=0 {
        let birth = period.plus(after);
        if birth < world.first {
            continue;
        }
        for insured in 0..32 {
            let pair = pair_index(insured, treating);
            if pair_of(pair).is_some() {
                scan.stream(&world.stream(birth, pair));
            }
        }
    }
    scan.findings
}

struct Scan<'w> {
    world: &'w World<'w>,
    breaks: &'w BreakRates,
    period: Month,
    treating: usize,
    findings: Findings,
}

impl Scan<'_> {
    fn stream(&mut self, stream: &BirthStream) {
        let after = self.period.since(stream.birth);
        for index in 0..stream.count {
            let hash = stream.hash(index);
            match self.world.fate(hash) {
                None if after <= 1 => self.deduct(stream, index, hash, after),
                None => {}
                Some(fate) => self.family(stream, index, fate, after),
            }
        }
    }

    fn family(&mut self, stream: &BirthStream, index: u64, fate: Fate, after: i32) {
        match fate {
            Fate::Reversed | Fate::ReversedNext => {
                if after == 0 && self.breaks.deductions_refused > 0 && index.is_multiple_of(64) {
                    let family = plan(self.world, stream, index, fate);
                    let first = &family.deliveries[0].row;
                    self.deduction(first, 1, 1);
                }
                return;
            }
            Fate::Late(_) if after > 0 => return,
            Fate::Late(months) => {
                let timing = self.world.timing(stream.birth.plus(-months), stream.birth);
                if !timing.too_late && !timing.past_year_close {
                    return;
                }
            }
            _ => {}
        }
        let family = plan(self.world, stream, index, fate);
        self.findings.truth.append(&mut judge::breaks(self.world, &family, self.period));
        for decision in &family.decisions {
            if decision.after == after {
                let word = match decision.verdict {
                    PlannedVerdict::Accept(side) => format!("accept_{}", side.name()),
                    PlannedVerdict::Void => "void".to_owned(),
                };
                let reason = "both provinces agreed after verification".to_owned();
                let number = index % 7 + 1;
                self.findings.decisions.push([
                    text(family.members[decision.member]),
                    word,
                    reason,
                    format!("clerk-{number}"),
                    format!("head-{}", number % 3 + 1),
                    self.day(20).to_string(),
                ]);
            }
        }
    }

    /// Draws a deduction from an ordinary settlement of this period or the one before.
    fn deduct(&mut self, stream: &BirthStream, index: u64, hash: u64, after: i32) {
        let draw = hash_at(hash, 0xDED);
        let part = below(draw >> 32, 1_000_000);
        let mine = draw & 1 == u64::from(after > 0);
        if !mine || part >= u64::from(self.breaks.deductions) {
            return;
        }
        let time = self.world.time(stream.birth, stream, index);
        let row = self.world.row(stream, index, 0, time);
        let policy = self.world.policy(self.period);
        let payable = policy.payable(&row.compared()).unwrap_or_default().fen();
        if part >= u64::from(self.breaks.deductions_refused) {
            // Deductions from small bills may take most of them, from large ones a small share.
            let share = if payable > 100_000 { 1 + draw % 12 } else { 5 + draw % 80 };
            let struck = payable * share.cast_signed() / 100;
            if struck > 0 {
                self.deduction(&row, struck, 1);
            }
            return;
        }
        match part % 4 {
            0 => {
                let unknown = SyntheticId { origin: 99, ..row.id };
                self.deduction(&SyntheticRow { id: unknown, ..row }, 5_000, 1);
            }
            1 => self.deduction(&row, payable + 1, 1),
            2 => self.deduction(&row, (payable / 2).max(1), 2),
            _ => self.deduction(&row, -(draw % 2 * 500).cast_signed(), 1),
        }
    }

    fn deduction(&mut self, row: &SyntheticRow, fen: i64, times: usize) {
        const REASONS: [&str; 4] =
            ["MBS-EMP-AUDIT-01", "MBS-EMP-SETLCHK-01", "OVER-LIMIT", "REPEATED-CHARGE"];
        let number = self.findings.deductions.len() + 1;
        let period = self.period.to_string().replace('-', "");
        let line = [
            format!("KK{period}{:02}{number:07}", self.treating + 1),
            text(row.id),
            yuan(Fen::new(fen)),
            REASONS[number % 4].to_owned(),
            self.day(15).to_string(),
        ];
        self.findings.deductions.extend(std::iter::repeat_n(line, times));
    }

    /// Returns a day of the month in which the period is executed.
    fn day(&self, day: u64) -> chrono::NaiveDate {
        let first = self.period.plus(1).first_day();
        first.checked_add_days(chrono::Days::new(day - 1)).unwrap_or(first)
    }
}

fn text(id: SyntheticId) -> String {
    String::from_utf8_lossy(&id.text()).into_owned()
}
