//! The answer key: section 4 of the contract, applied to one family of settlements at a time.
//!
//! Shares no code with the engine. It has no files, register or partitions, only the few copies that a family delivers
//! and the steps of the contract in their order.

use crate::model::codes::{Month, Pair, Province, Side};

use super::{
    life::{Family, PlannedVerdict},
    profile::{INSUTYPES, MED_TYPES},
    row::{SyntheticId, SyntheticRow},
    world::World,
};

/// The state of one settlement of the family in the book.
#[derive(Clone, Default)]
struct FamilyState {
    open: [Option<SyntheticRow>; 2],
    cleared: Option<SyntheticRow>,
    voided: bool,
}

/// What becomes of a family in a period.
#[derive(Default)]
pub(super) struct FamilyOutcome {
    /// The rows that the engine has to list in `breaks`.
    pub(super) breaks: Vec<(SyntheticId, &'static str)>,
    /// The copies that clear.
    pub(super) cleared: Vec<SyntheticRow>,
}

/// Returns what becomes of a family in a period.
pub(super) fn outcome(world: &World, family: &Family, period: Month) -> FamilyOutcome {
    let mut states = vec![FamilyState::default(); family.members.len()];
    let mut reversed = false;
    let mut order: Vec<usize> = (1..family.members.len()).collect();
    order.sort_by_key(|member| family.members[*member]);
    order.insert(0, 0);
    let mut found = FamilyOutcome::default();
    for after in 0..=period.since(family.birth) {
        found = FamilyOutcome::default();
        for &member in &order {
            let turn = Turn { world, family, member, after, period: family.birth.plus(after) };
            let original = states[0].cleared;
            let id = family.members[member];
            let list = |class| found.breaks.push((id, class));
            let before = states[member].cleared;
            turn.judge(&mut states[member], original.as_ref(), &mut reversed, list);
            if before.is_none() {
                found.cleared.extend(states[member].cleared);
            }
        }
    }
    found
}

/// One settlement in one period.
struct Turn<'w> {
    world: &'w World<'w>,
    family: &'w Family,
    member: usize,
    after: i32,
    period: Month,
}

impl Turn<'_> {
    fn judge(
        &self,
        state: &mut FamilyState,
        original: Option<&SyntheticRow>,
        reversed: &mut bool,
        mut list: impl FnMut(&'static str),
    ) {
        let mut rows = Side::BOTH.map(|side| self.delivered(side));
        // 1. Cleared or voided before.
        if state.cleared.is_some() || state.voided {
            let came = rows.iter().map(Vec::len).sum::<usize>();
            let times = if state.voided { usize::from(came > 0) } else { came };
            let class = if state.voided { "voided" } else { "already_cleared" };
            (0..times).for_each(|_| list(class));
            return;
        }
        for side in Side::BOTH {
            let (rows, open) = (&mut rows[side.index()], &mut state.open[side.index()]);
            let fresh = !rows.is_empty();
            // 2. Several rows of one settlement. 3. They supersede the open item.
            let class =
                if rows.iter().all(|row| same(row, &rows[0])) { "duplicate" } else { "conflict" };
            match (class, rows.len()) {
                (_, 0) => {}
                ("duplicate", count) => {
                    (1..count).for_each(|_| list(class));
                    *open = Some(rows[0]);
                }
                (_, count) => {
                    (0..count).for_each(|_| list(class));
                    *open = None;
                }
            }
            // 4. Late.
            if open.is_some_and(|row| !self.in_time(&row)) {
                list(if fresh { "late_refused" } else { "expired" });
                *open = None;
            }
        }
        self.settle(state, original, reversed, list);
    }

    /// Applies steps 5 to 9.
    fn settle(
        &self,
        state: &mut FamilyState,
        original: Option<&SyntheticRow>,
        reversed: &mut bool,
        mut list: impl FnMut(&'static str),
    ) {
        let verdict = self.verdict();
        if state.open == [None, None] {
            return;
        }
        if verdict == Some(PlannedVerdict::Void) {
            *state = FamilyState { voided: true, ..FamilyState::default() };
            return list("voided");
        }
        let accepted = match verdict {
            Some(PlannedVerdict::Accept(side)) => state.open[side.index()],
            _ => None,
        };
        let clearing = match (state.open, accepted) {
            (_, Some(row)) => row,
            ([Some(_), None], _) => return list("missing_insured"),
            ([None, Some(_)], _) => return list("missing_treating"),
            ([Some(treating), Some(insured)], _) if treating.differs_in_identity(&insured) => {
                return list("field_mismatch");
            }
            ([Some(treating), Some(insured)], _) if treating.differs_in_amount(&insured) => {
                return list("amount_mismatch");
            }
            ([Some(treating), _], _) => treating,
            ([None, None], _) => return,
        };
        if clearing.init.is_some() {
            let named = clearing.init == Some(self.family.members[0]);
            let original = original.filter(|_| named);
            if accepted.is_none() {
                match original {
                    None => return list("reversal_unpaired"),
                    Some(original) if !self.undoes(&clearing, original) => {
                        return list("reversal_mismatch");
                    }
                    Some(_) => {}
                }
            }
            if named && std::mem::replace(reversed, true) {
                state.open = [None, None];
                return list("already_reversed");
            }
        }
        *state = FamilyState { cleared: Some(clearing), ..FamilyState::default() };
    }

    /// Returns the valid rows of a side in this period.
    fn delivered(&self, side: Side) -> Vec<SyntheticRow> {
        let deliveries = self.family.deliveries.iter();
        deliveries
            .filter(|delivery| {
                (delivery.member, delivery.after, delivery.side) == (self.member, self.after, side)
                    && !delivery.rejected
            })
            .map(|delivery| delivery.row)
            .collect()
    }

    fn verdict(&self) -> Option<PlannedVerdict> {
        let mut decisions = self.family.decisions.iter();
        let found = decisions.find(|d| (d.member, d.after) == (self.member, self.after));
        found.map(|decision| decision.verdict)
    }

    fn in_time(&self, row: &SyntheticRow) -> bool {
        self.pair(row).is_some_and(|pair| self.world.in_time(pair, row.cost_month(), self.period))
    }

    fn pair(&self, row: &SyntheticRow) -> Option<Pair> {
        let province = |code| Province::of_division(self.world.geography.divisions.text(code));
        Some(Pair { insured: province(row.insured)?, treating: province(row.treating)? })
    }

    /// Whether a reversal has the provinces and classes of its original, and exactly the negative payable.
    fn undoes(&self, reversal: &SyntheticRow, original: &SyntheticRow) -> bool {
        let policy = self.world.policy(self.period);
        let classes = |row: &SyntheticRow| {
            let insutype = policy.fund_class(INSUTYPES[row.insutype as usize]);
            (self.pair(row), insutype, policy.care_class(MED_TYPES[row.med_type as usize]))
        };
        let payable = |row: &SyntheticRow| policy.payable(&row.compared());
        classes(reversal) == classes(original)
            && payable(reversal) == payable(original).map(|payable| -payable)
    }
}

fn same(row: &SyntheticRow, other: &SyntheticRow) -> bool {
    !row.differs_in_identity(other) && !row.differs_in_amount(other)
}
