//! The answer key, decisions, deductions and planted money of one province in a period.

use crate::model::{
    codes::Month,
    money::{Fen, FenSum, yuan},
};

use super::{
    breaks::BreakRates,
    draw::{below, hash_at},
    geography::{pair_index, pair_of},
    judge,
    life::{Fate, LAST_DELIVERY, PlannedVerdict},
    pace::{PairSums, no_sums},
    plan::plan,
    row::{SyntheticId, SyntheticRow},
    world::{BirthStream, World},
};

/// Findings of a scan, in a fixed order.
pub(super) struct Findings {
    /// Rows that the engine has to list in `breaks`.
    pub(super) truth: Vec<(SyntheticId, &'static str)>,
    /// Lines of decisions.csv.
    pub(super) decisions: Vec<[String; 6]>,
    /// Lines of deductions.csv.
    pub(super) deductions: Vec<[String; 5]>,
    /// The payable of planted settlements that clear, less accepted deductions, by pair. Ordinary settlements are
    /// counted where they are written.
    pub(super) net: PairSums,
}

impl Findings {
    /// Returns findings of nothing.
    pub(super) fn none() -> Findings {
        Findings {
            truth: Vec::new(),
            decisions: Vec::new(),
            deductions: Vec::new(),
            net: no_sums(),
        }
    }

    /// Adds the findings of another province.
    pub(super) fn append(&mut self, mut other: Findings) {
        self.truth.append(&mut other.truth);
        self.decisions.append(&mut other.decisions);
        self.deductions.append(&mut other.deductions);
        self.net.iter_mut().zip(other.net).for_each(|(sum, more)| *sum += more);
    }
}

/// Scans the settlements that a province treated and that concern a period.
pub(super) fn scan(world: &World, breaks: &BreakRates, period: Month, treating: usize) -> Findings {
    let (owed, findings) = (world.owed(period), Findings::none());
    let mut scan = Scan { world, breaks, period, treating, owed, findings };
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
    /// The positions of the payable amounts.
    owed: Vec<usize>,
    findings: Findings,
}

impl Scan<'_> {
    fn stream(&mut self, stream: &BirthStream) {
        let after = self.period.since(stream.birth);
        if after == 1 && self.breaks.deductions > 0 && self.world.is_audited(stream, self.period) {
            self.take_back(stream);
        }
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
                return self.reversed(stream, index, fate, after);
            }
            Fate::Late(_) if after > 0 => return,
            Fate::Late(months) => {
                let month = stream.birth.plus(-months);
                let timing = self.world.timing(month, stream.birth);
                if !timing.too_late && !timing.past_year_close {
                    let row = self.ordinary(stream, index, month);
                    return self.add(stream, row.sum_of(&self.owed).into());
                }
            }
            _ => {}
        }
        let family = plan(self.world, stream, index, fate);
        let mut outcome = judge::outcome(self.world, &family, self.period);
        self.findings.truth.append(&mut outcome.breaks);
        for row in &outcome.cleared {
            self.add(stream, row.sum_of(&self.owed).into());
        }
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

    /// Adds to the net of a pair.
    fn add(&mut self, stream: &BirthStream, fen: i128) {
        self.findings.net[stream.pair] += FenSum::new(fen);
    }

    /// Returns the copy of a settlement that happens in this month.
    fn ordinary(&self, stream: &BirthStream, index: u64, month: Month) -> SyntheticRow {
        let origin = u8::try_from(stream.birth.since(month)).unwrap_or_default();
        self.world.row(stream, index, origin, self.world.time(month, stream, index))
    }

    /// Counts a settlement that is reversed. One reversed in the period of its birth comes to nothing, and nothing can
    /// be deducted from it. From one reversed in the next period a fen is taken, and given back with it.
    fn reversed(&mut self, stream: &BirthStream, index: u64, fate: Fate, after: i32) {
        let later = fate == Fate::ReversedNext;
        let deducted = self.breaks.deductions_refused > 0 && index.is_multiple_of(64);
        if after > i32::from(later) || !(later || deducted) {
            return;
        }
        let payable =
            if later { self.ordinary(stream, index, stream.birth).sum_of(&self.owed) } else { 0 };
        let mut net = i128::from(payable);
        if deducted {
            net -= i128::from(payable > 0);
            if after == 0 {
                let family = plan(self.world, stream, index, fate);
                self.deduction(&family.deliveries[0].row, 1, 1);
            }
        }
        self.add(stream, if after == 0 { net } else { -net });
    }

    /// Takes back whole bills of the period before, the largest first, until more is taken than a usual month of the
    /// pair comes to: the treating province has to return money.
    fn take_back(&mut self, stream: &BirthStream) {
        let mut bills: Vec<(i64, u64)> = (0..stream.count)
            .filter(|index| {
                let hash = stream.hash(*index);
                self.world.fate(hash).is_none() && !self.is_deducted(hash)
            })
            .map(|index| (self.ordinary(stream, index, stream.birth).sum_of(&self.owed), index))
            .filter(|(payable, _)| *payable > 0)
            .collect();
        bills.sort_unstable_by(|a, b| b.cmp(a));
        let usual = self.world.births(self.period)[stream.pair] * self.world.mean_payable;
        let wanted = i128::from(usual) * 3 / 2;
        let mut taken = 0;
        for (payable, index) in bills {
            if taken > wanted {
                break;
            }
            let row = self.ordinary(stream, index, stream.birth);
            self.deduction(&row, payable, 1);
            self.add(stream, -i128::from(payable));
            taken += i128::from(payable);
        }
    }

    /// Whether a deduction is drawn from an ordinary settlement, in the period of its birth or the next.
    fn is_deducted(&self, hash: u64) -> bool {
        below(hash_at(hash, 0xDED) >> 32, 1_000_000) < u64::from(self.breaks.deductions)
    }

    /// Draws a deduction from an ordinary settlement of this period or the one before.
    fn deduct(&mut self, stream: &BirthStream, index: u64, hash: u64, after: i32) {
        let draw = hash_at(hash, 0xDED);
        let part = below(draw >> 32, 1_000_000);
        let mine = draw & 1 == u64::from(after > 0);
        if !mine || !self.is_deducted(hash) {
            return;
        }
        let row = self.ordinary(stream, index, stream.birth);
        let payable = row.sum_of(&self.owed);
        if part >= u64::from(self.breaks.deductions_refused) {
            // Deductions from small bills may take most of them, from large ones a small share.
            let share = if payable > 100_000 { 1 + draw % 12 } else { 5 + draw % 80 };
            let struck = payable * share.cast_signed() / 100;
            if struck > 0 {
                self.deduction(&row, struck, 1);
                self.add(stream, -i128::from(struck));
            }
            return;
        }
        match part % 4 {
            0 => {
                let unknown = SyntheticId { origin: 99, ..row.id };
                self.deduction(&SyntheticRow { id: unknown, ..row }, 5_000, 1);
            }
            1 => self.deduction(&row, payable + 1, 1),
            2 => {
                // The first of two equal lines is accepted, unless nothing was payable.
                let struck = (payable / 2).max(1);
                self.deduction(&row, struck, 2);
                self.add(stream, -i128::from(if payable > 0 { struck } else { 0 }));
            }
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
