//! Plans a planted settlement: every copy of it, in every period, is decided at its birth.

use crate::model::{
    codes::Side,
    fields::amount::{ACCOUNT, CASH, FUND, FUNDS, HOSPITAL, MEDFEE},
    money::Fen,
};

use super::{
    alter::{alter_amount, alter_field, break_rule},
    draw::{Draw, hash_at},
    life::{DeliveredCopy, Family, Fate, PlannedDecision, PlannedVerdict},
    row::{SyntheticId, SyntheticRow},
    world::{BirthStream, World},
};

/// Origin of a first and a second reversal, and of a copy delivered before its original.
const REVERSAL: u8 = 50;
const SECOND_REVERSAL: u8 = 60;
const EARLY: u8 = 70;

/// Plans the life of a planted settlement.
pub(super) fn plan(world: &World, stream: &BirthStream, index: u64, fate: Fate) -> Family {
    let mut draw = Draw::new(hash_at(stream.hash(index), 0xFA7E));
    let lateness = match fate {
        Fate::Late(months) => months,
        Fate::LateRefused => world.limit + 1 + i32::from(draw.bits() & 1 == 1),
        Fate::Expired => world.limit,
        _ => 0,
    };
    let month = stream.birth.plus(-lateness);
    let time = world.time(month, stream, index);
    let origin = u8::try_from(lateness).unwrap_or_default();
    let row = world.row(stream, index, origin, time);
    let family = Family {
        birth: stream.birth,
        members: vec![row.id],
        deliveries: Vec::with_capacity(6),
        decisions: Vec::new(),
    };
    let mut plan = SynthPlan { world, stream, index, row, family, draw };
    match fate {
        Fate::Late(_) | Fate::LateRefused => plan.late(fate),
        Fate::Reversed => plan.reversed(0),
        Fate::ReversedNext => plan.reversed(1),
        Fate::MissingInsured => plan.missing(Side::Treating),
        Fate::MissingTreating => plan.missing(Side::Insured),
        Fate::FieldMismatch => plan.field_mismatch(),
        Fate::AmountMismatch => plan.amount_mismatch(),
        Fate::AlreadyCleared => plan.already_cleared(),
        Fate::Duplicate => plan.duplicate(),
        Fate::Conflict => plan.conflict(),
        Fate::Expired => plan.expired(),
        Fate::Voided => plan.voided(),
        Fate::Accepted => plan.accepted(),
        Fate::ReversalUnpaired => plan.reversal_unpaired(),
        Fate::ReversalMismatch => plan.reversal_mismatch(),
        Fate::AlreadyReversed => plan.already_reversed(),
        Fate::Rejected => plan.rejected(),
    }
    plan.family
}

struct SynthPlan<'w, 'r> {
    world: &'w World<'r>,
    stream: &'w BirthStream,
    index: u64,
    row: SyntheticRow,
    family: Family,
    draw: Draw,
}

impl SynthPlan<'_, '_> {
    fn deliver(&mut self, member: usize, after: i32, side: Side, row: SyntheticRow) {
        let delivery = DeliveredCopy { member, after, side, row, astray: false, rejected: false };
        self.family.deliveries.push(delivery);
    }

    fn both(&mut self, member: usize, after: i32, row: SyntheticRow) {
        for side in Side::BOTH {
            self.deliver(member, after, side, row);
        }
    }

    fn last(&mut self) -> Option<&mut DeliveredCopy> {
        self.family.deliveries.last_mut()
    }

    fn decide(&mut self, member: usize, after: i32, verdict: PlannedVerdict) {
        self.family.decisions.push(PlannedDecision { member, after, verdict });
    }

    /// Returns how many periods later an open item can be decided: 1, or 0 if it expires in the next period.
    fn decision_time(&self) -> i32 {
        let timing = self.world.timing(self.row.cost_month(), self.family.birth.plus(1));
        i32::from(!timing.too_late && !timing.past_year_close)
    }

    fn side(&mut self) -> Side {
        Side::BOTH[usize::from(self.draw.bits() & 1 == 1)]
    }

    fn late(&mut self, fate: Fate) {
        match (fate, self.draw.below(4)) {
            (Fate::LateRefused, 0) => {
                let side = self.side();
                self.deliver(0, 0, side, self.row);
            }
            _ => self.both(0, 0, self.row),
        }
    }

    fn missing(&mut self, there: Side) {
        self.deliver(0, 0, there, self.row);
        match self.draw.below(8) {
            0..=2 => self.deliver(0, 1, other(there), self.row),
            3 => self.both(0, 1, self.row),
            4 => self.deliver(0, 2, other(there), self.row),
            5 => self.deliver(0, 1, there, self.row),
            _ => {}
        }
    }

    /// Adds both copies of a member, one of them changed. The changed copy is corrected in the next period or never.
    fn mismatch(&mut self, member: usize, row: SyntheticRow, changed: SyntheticRow) {
        let odd = self.side();
        self.deliver(member, 0, odd, changed);
        self.deliver(member, 0, other(odd), row);
        match self.draw.below(4) {
            0 => self.deliver(member, 1, odd, row),
            1 => self.both(member, 1, row),
            _ => {}
        }
    }

    fn field_mismatch(&mut self) {
        match self.draw.below(9) {
            8 => {
                self.both(0, 0, self.row);
                let reversal = self.reversal(0, REVERSAL);
                let elsewhere = SyntheticId { serial: self.index ^ 1, ..self.row.id };
                let member = self.member(reversal.id);
                self.mismatch(member, reversal, SyntheticRow { init: Some(elsewhere), ..reversal });
            }
            field => {
                let changed = alter_field(self.world, self.stream, &self.row, field);
                self.mismatch(0, self.row, changed);
            }
        }
    }

    fn amount_mismatch(&mut self) {
        let changed = self.changed();
        self.mismatch(0, self.row, changed);
    }

    /// Returns the row with a changed amount. All equations between amounts still hold.
    fn changed(&mut self) -> SyntheticRow {
        let fields = [FUNDS.start, FUNDS.start + 1, FUNDS.end - 2, ACCOUNT, CASH, HOSPITAL];
        let field = fields[usize::try_from(self.draw.below(6)).unwrap_or_default()];
        let by = 1 + self.draw.below(5_000).cast_signed();
        alter_amount(&self.row, field, by)
    }

    fn already_cleared(&mut self) {
        self.both(0, 0, self.row);
        match self.draw.below(6) {
            0 | 1 => self.both(0, 1, self.row),
            2 => {
                let changed = self.changed();
                self.both(0, 1, changed);
            }
            3 => self.both(0, 2, self.row),
            _ => {
                let side = self.side();
                self.deliver(0, 1, side, self.row);
            }
        }
    }

    fn duplicate(&mut self) {
        self.both(0, 0, self.row);
        let side = self.side();
        self.deliver(0, 0, side, self.row);
        match self.draw.below(4) {
            0 => {}
            1 => self.stray(),
            2 => {
                self.stray();
                self.deliver(0, 0, side, self.row);
            }
            _ => self.deliver(0, 0, other(side), self.row),
        }
    }

    fn stray(&mut self) {
        if let Some(delivery) = self.last() {
            delivery.astray = true;
        }
    }

    fn conflict(&mut self) {
        let side = self.side();
        let changed = self.changed();
        let variant = self.draw.below(5);
        if variant == 4 {
            // Rows that contradict each other supersede an open item.
            self.deliver(0, 0, side, self.row);
            self.deliver(0, 1, side, self.row);
            self.deliver(0, 1, side, changed);
            self.deliver(0, 1, other(side), self.row);
            return;
        }
        self.deliver(0, 0, other(side), self.row);
        self.deliver(0, 0, side, self.row);
        self.deliver(0, 0, side, changed);
        match variant {
            0 => {}
            1 => self.stray(),
            2 => self.deliver(0, 1, side, self.row),
            _ => self.deliver(0, 0, other(side), changed),
        }
    }

    fn expired(&mut self) {
        match self.draw.below(3) {
            0 => {
                let changed = self.changed();
                self.deliver(0, 0, Side::Treating, self.row);
                self.deliver(0, 0, Side::Insured, changed);
            }
            1 => self.deliver(0, 0, Side::Treating, self.row),
            _ => self.deliver(0, 0, Side::Insured, self.row),
        }
    }

    fn voided(&mut self) {
        let then = self.decision_time();
        let side = self.side();
        match self.draw.below(4) {
            0 => {
                self.deliver(0, 0, side, self.row);
                self.decide(0, then, PlannedVerdict::Void);
            }
            1 => {
                let changed = self.changed();
                self.deliver(0, 0, side, self.row);
                self.deliver(0, 0, other(side), changed);
                self.decide(0, then, PlannedVerdict::Void);
            }
            2 => {
                self.deliver(0, 0, side, self.row);
                self.decide(0, then, PlannedVerdict::Void);
                self.both(0, then + 1, self.row);
            }
            _ => {
                self.deliver(0, 0, side, self.row);
                self.decide(0, 0, PlannedVerdict::Void);
                self.deliver(0, 1, other(side), self.row);
            }
        }
    }

    fn accepted(&mut self) {
        let then = self.decision_time();
        let side = self.side();
        match self.draw.below(5) {
            0 => {
                let changed = self.changed();
                self.deliver(0, 0, side, self.row);
                self.deliver(0, 0, other(side), changed);
                let accepted = self.side();
                self.decide(0, then, PlannedVerdict::Accept(accepted));
            }
            1 => {
                self.deliver(0, 0, side, self.row);
                self.decide(0, then, PlannedVerdict::Accept(side));
                self.deliver(0, then + 1, other(side), self.row);
            }
            2 => {
                let changed = alter_field(self.world, self.stream, &self.row, 3);
                self.deliver(0, 0, side, self.row);
                self.deliver(0, 0, other(side), changed);
                self.decide(0, 0, PlannedVerdict::Accept(side));
            }
            3 => {
                self.deliver(0, 0, side, self.row);
                self.decide(0, 0, PlannedVerdict::Accept(side));
            }
            _ => {
                self.both(0, 0, self.row);
                let partial = half(self.reversal(0, REVERSAL));
                let member = self.member(partial.id);
                self.both(member, 0, partial);
                // Two halves need a decision only if they differ from the original.
                if self.payable(&partial) != self.payable(&self.row.negated()) {
                    self.decide(member, then, PlannedVerdict::Accept(side));
                }
            }
        }
    }

    fn payable(&self, row: &SyntheticRow) -> Option<Fen> {
        self.world.policy(self.family.birth).payable(&row.compared())
    }

    /// Returns a reversal of the settlement, `after` periods after its birth.
    fn reversal(&self, after: i32, origin: u8) -> SyntheticRow {
        let birth = self.family.birth;
        let clock = self.world.clock(birth.plus(after));
        let time = if after == 0 {
            let end = clock.start + clock.seconds() - 1;
            (self.row.time + 1800 + (self.row.time % 90_001)).min(end)
        } else {
            self.world.time(birth.plus(after), self.stream, self.index)
        };
        let origin = origin + u8::try_from(after).unwrap_or_default();
        let id = SyntheticId { day: clock.yymmdd(time), origin, ..self.row.id };
        let init = Some(self.row.id);
        SyntheticRow { id, init, time, refunded: true, ..self.row.negated() }
    }

    fn member(&mut self, id: SyntheticId) -> usize {
        self.family.members.push(id);
        self.family.members.len() - 1
    }

    fn reversed(&mut self, after: i32) {
        let refunded = after == 0 && self.draw.bits() & 1 == 1;
        self.both(0, 0, SyntheticRow { refunded, ..self.row });
        let reversal = self.reversal(after, REVERSAL);
        let member = self.member(reversal.id);
        self.both(member, after, reversal);
    }

    fn reversal_unpaired(&mut self) {
        let reversal = self.reversal(0, REVERSAL);
        let member = self.member(reversal.id);
        self.both(member, 0, reversal);
        let side = self.side();
        match self.draw.below(4) {
            0 => {
                self.deliver(0, 0, side, self.row);
                self.deliver(0, 1, other(side), self.row);
            }
            1 => self.both(0, 1, self.row),
            2 => self.deliver(0, 0, side, self.row),
            _ => {}
        }
    }

    fn reversal_mismatch(&mut self) {
        self.both(0, 0, self.row);
        let reversal = self.reversal(0, REVERSAL);
        let member = self.member(reversal.id);
        let odd = match self.draw.below(3) {
            0 => alter_field(self.world, self.stream, &reversal, 4),
            _ => half(reversal),
        };
        self.both(member, 0, odd);
        if self.draw.below(4) == 0 {
            self.both(member, 1, reversal);
        }
    }

    fn already_reversed(&mut self) {
        self.both(0, 0, self.row);
        let first = self.reversal(0, REVERSAL);
        let member = self.member(first.id);
        self.both(member, 0, first);
        let after = i32::from(self.draw.bits() & 1 == 1);
        let second = self.reversal(after, SECOND_REVERSAL);
        let member = self.member(second.id);
        self.both(member, after, second);
    }

    fn rejected(&mut self) {
        let rule = 1 + self.draw.below(15);
        if rule == 10 {
            let month = self.family.birth.plus(1);
            let time = self.world.time(month, self.stream, self.index);
            let day = self.world.clock(month).yymmdd(time);
            self.row.id = SyntheticId { day, origin: EARLY, ..self.row.id };
            self.row.time = time;
            self.family.members[0] = self.row.id;
        }
        let broken = break_rule(self.world, self.stream, &self.row, rule, self.draw.bits());
        let sides = match self.draw.below(4) {
            0 => &Side::BOTH[..1],
            1 => &Side::BOTH[1..],
            _ => &Side::BOTH[..],
        };
        for side in Side::BOTH {
            let rejected = sides.contains(&side) || rule == 10;
            self.deliver(0, 0, side, if rejected { broken } else { self.row });
            if let Some(delivery) = self.last() {
                delivery.rejected = rejected;
            }
        }
        let mended = self.draw.below(2) == 0 || rule == 10;
        for side in Side::BOTH {
            if mended && (sides.contains(&side) || rule == 10) {
                self.deliver(0, 1, side, self.row);
            }
        }
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::Treating => Side::Insured,
        Side::Insured => Side::Treating,
    }
}

/// Returns a reversal of half the amounts. All equations between amounts still hold.
fn half(mut row: SyntheticRow) -> SyntheticRow {
    for amount in &mut row.amounts {
        *amount /= 2;
    }
    row.amounts[FUND] = row.amounts[FUNDS].iter().sum();
    row.amounts[MEDFEE] =
        row.amounts[FUND] + row.amounts[ACCOUNT] + row.amounts[CASH] + row.amounts[HOSPITAL];
    let (first, last) = row.amounts.split_at_mut(17);
    last[0] = first[MEDFEE] - first[14..].iter().sum::<i64>();
    row
}
