//! Laws of decisions: their effects, and the cleared amounts of each side.

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

/// The laws of decisions, while they are applied.
#[derive(Debug)]
pub(super) struct DecisionLaws<'a> {
    closed: &'a ReadablePeriod,
    policy: &'a Policy,
    /// Whether no open item of a side was replaced by a new row, treating first.
    none_replaced: [bool; 2],
    /// The difference between the cleared copies of each side and the copies that positions count; none if a copy
    /// is not known.
    more: [Option<CostAndPayable>; 2],
    effects: LawTally,
}

impl<'a> DecisionLaws<'a> {
    pub(super) fn new(closed: &'a ReadablePeriod, policy: &'a Policy) -> DecisionLaws<'a> {
        let none_replaced = Side::BOTH.map(|side| closed.control(side, Bucket::Superseded)[0] == 0);
        let (more, effects) = ([Some(CostAndPayable::default()); 2], LawTally::default());
        DecisionLaws { closed, policy, none_replaced, more, effects }
    }

    /// Applies the laws to a settlement.
    pub(super) fn check(&mut self, settlement: &UnclearedSettlement, breaks: &[BreakRow]) {
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
        self.effects.require(fits && owed && self.is_unchanged(without, settlement), || {
            Text::given(settlement.setl_id)
        });
        if let Some(side) = accepted.filter(|_| payable.is_some()) {
            self.cleared(side, without, settlement);
        }
    }

    /// Returns whether two copies that no row can have replaced still have their mismatch.
    fn is_unchanged(&self, without: Option<Class>, settlement: &UnclearedSettlement) -> bool {
        let [Some(copy), Some(_)] = settlement.opened else { return true };
        let was = Class::from_name(copy.text("class"));
        let mismatch = matches!(was, Some(Class::FieldMismatch | Class::AmountMismatch));
        !mismatch || self.none_replaced != [true, true] || without == was
    }

    /// Returns cost and payable of a side's copy if it is an open item that no row can have replaced.
    fn copy(&self, side: Side, settlement: &UnclearedSettlement) -> Option<CostAndPayable> {
        let copy = settlement.opened[side.index()].filter(|_| self.none_replaced[side.index()])?;
        let payable = payable_of(copy, self.policy)?;
        Some([copy.fen("medfee_sumamt"), payable.into()])
    }

    /// Adds the difference between the copies to the other side, after a decision let one copy clear.
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

    /// Adds the tally, and compares the cleared rows of control with positions and these differences.
    pub(super) fn finish(self, checks: &mut Checks) {
        let decisions = self.closed.file("decisions");
        checks.add_tally(Code::B07, &decisions, text!("what each decision did"), self.effects);
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
