//! What decisions did, and what cleared by them and otherwise.

use super::{
    broken::BreakRow,
    checks::{Checks, LawTally, unequal},
    files::ReadablePeriod,
    settlements::UnclearedSettlement,
    tables::payable_of,
};
use crate::{
    diag::Code,
    model::{
        codes::Side,
        control::{Bucket, Class},
        money::FenSum,
    },
    rules::Policy,
    text::Text,
};

/// Cost and payable, in fen.
type CostAndPayable = [FenSum; 2];

/// The laws of decisions, as far as they were applied.
#[derive(Debug)]
pub(super) struct DecisionLaws<'a> {
    closed: &'a ReadablePeriod,
    policy: &'a Policy,
    /// Whether a side's open items are all as they were brought in.
    none_replaced: [bool; 2],
    /// What each side's copies that cleared have more than those that were counted; none where a copy is not
    /// known.
    more: [Option<CostAndPayable>; 2],
    effects: LawTally,
}

impl<'a> DecisionLaws<'a> {
    pub(super) fn new(closed: &'a ReadablePeriod, policy: &'a Policy) -> DecisionLaws<'a> {
        let none_replaced = Side::BOTH.map(|side| closed.control(side, Bucket::Superseded)[0] == 0);
        let (more, effects) = ([Some(CostAndPayable::default()); 2], LawTally::default());
        DecisionLaws { closed, policy, none_replaced, more, effects }
    }

    pub(super) fn see(&mut self, settlement: &UnclearedSettlement, breaks: &[BreakRow]) {
        let Some(decision) = settlement.decision else { return };
        let without = Class::from_name(decision.text("class_without"));
        let count = |class: Class| breaks.iter().filter(|broken| broken.class == class).count();
        let whole = breaks.iter().filter(|broken| broken.is_whole()).count();
        let payable = decision.fen_or_null("payable");
        let voids = decision.text("decision") == "void";
        let fits = match payable {
            None if voids => whole == 1 && count(Class::Voided) == 1,
            None => whole == 1 && count(Class::AlreadyReversed) == 1,
            Some(_) => whole == 0 && !voids,
        };
        let accepted = decision.text("decision").strip_prefix("accept_").and_then(Side::from_name);
        let copy = accepted.and_then(|side| self.copy(side, settlement));
        let owed = payable.is_none() || copy.is_none_or(|[_, fen]| Some(fen) == payable);
        self.effects.hold(fits && owed && self.was_so(without, settlement), || {
            Text::given(settlement.setl_id)
        });
        if let Some(side) = accepted.filter(|_| payable.is_some()) {
            self.cleared(side, without, settlement);
        }
    }

    /// Two copies that nothing can have replaced still differ as they did.
    fn was_so(&self, without: Option<Class>, settlement: &UnclearedSettlement) -> bool {
        let [Some(copy), Some(_)] = settlement.opened else { return true };
        let was = Class::from_name(copy.text("class"));
        let mismatch = matches!(was, Some(Class::FieldMismatch | Class::AmountMismatch));
        !mismatch || self.none_replaced != [true, true] || without == was
    }

    /// Cost and payable of a side's copy, where it is an open item that nothing can have replaced.
    fn copy(&self, side: Side, settlement: &UnclearedSettlement) -> Option<CostAndPayable> {
        let copy = settlement.opened[side.index()].filter(|_| self.none_replaced[side.index()])?;
        let payable = payable_of(copy, self.policy)?;
        Some([copy.fen("medfee_sumamt"), payable.into()])
    }

    /// A decision let one side's copy clear: the other side's has other amounts, or is not there.
    fn cleared(
        &mut self,
        accepted: Side,
        without: Option<Class>,
        settlement: &UnclearedSettlement,
    ) {
        let other = match accepted {
            Side::Treating => Side::Insured,
            Side::Insured => Side::Treating,
        };
        let theirs = match without {
            Some(Class::ReversalUnpaired | Class::ReversalMismatch) => return,
            Some(Class::MissingTreating | Class::MissingInsured) => Some(CostAndPayable::default()),
            _ => self.copy(other, settlement),
        };
        let counted = self.copy(accepted, settlement);
        let more = theirs.zip(counted);
        let sums = self.more[other.index()].zip(more);
        self.more[other.index()] = sums
            .map(|(sums, (theirs, counted))| [0, 1].map(|at| sums[at] + theirs[at] - counted[at]));
    }

    pub(super) fn finish(self, checks: &mut Checks) {
        let decisions = self.closed.file("decisions");
        checks.tallied(Code::B07, &decisions, text!("what each decision did"), self.effects);
        let counted = ["medfee_sumamt", "payable"].map(|column| {
            let grid = self.closed.grid("positions");
            grid.sum(column)
        });
        let same = Side::BOTH.into_iter().zip(self.more).flat_map(|(side, more)| {
            let cleared = self.closed.control(side, Bucket::Cleared);
            let [_, medfee, payable] = cleared.map(FenSum::new);
            let cells = [("medfee_sumamt", medfee), ("payable", payable)].into_iter().enumerate();
            cells.map(move |(at, (what, found))| {
                unequal(format!("{} cleared {what}", side.name()), found, counted[at] + more?[at])
            })
        });
        let control = self.closed.file("control");
        checks.law(Code::B07, &control, text!("what cleared, as positions have it"), same);
    }
}
