//! Laws of the open items of the period before: each is carried on, expired, replaced or cleared.

use super::{
    broken::{BreakRow, cost_month, is_voided_again},
    checks::{Checks, LawTally, differs, unequal},
    files::ReadablePeriod,
    settlements::UnclearedSettlement,
    tables::{amounts_in, payable_at},
};
use crate::{
    book::grid::GridRow,
    diag::Code,
    model::{
        codes::{Month, Side},
        control::{Bucket, Class},
        fields::Amounts,
        money::FenSum,
    },
    rules::Policy,
    text::Text,
};

/// The open items of a side that a period brings in.
#[derive(Debug, Default)]
struct OfSide {
    opened: [i128; 3],
    expired: [i128; 3],
    /// The totals of items that a new row has certainly replaced.
    replaced: [i128; 3],
    /// Cost and payable of items that a new row may have replaced.
    perhaps: [Vec<FenSum>; 2],
    /// The superseded totals of control.
    superseded: [i128; 3],
}

/// The laws of the items brought in, while they are applied.
#[derive(Debug)]
pub(super) struct Brought<'a> {
    closed: &'a ReadablePeriod,
    policy: &'a Policy,
    sides: [OfSide; 2],
    /// The columns of the amounts of open items.
    amounts: Amounts<usize>,
    kept: LawTally,
    first_periods: LawTally,
}

impl<'a> Brought<'a> {
    pub(super) fn new(closed: &'a ReadablePeriod, policy: &'a Policy) -> Brought<'a> {
        let sides = Side::BOTH.map(|side| OfSide {
            superseded: closed.control(side, Bucket::Superseded),
            ..OfSide::default()
        });
        let (kept, first_periods) = (LawTally::default(), LawTally::default());
        let amounts = amounts_in(closed.grid("open_items"));
        Brought { closed, policy, sides, amounts, kept, first_periods }
    }

    /// Applies the laws to a settlement.
    pub(super) fn check(&mut self, settlement: &UnclearedSettlement, breaks: &[BreakRow]) {
        for side in Side::BOTH {
            if let Some(copy) = settlement.carried[side.index()] {
                let came = settlement.opened[side.index()].map(|copy| copy.month("first_period"));
                let came = came.unwrap_or(Some(self.closed.month));
                let named = || text!("{} {}", side.name(), settlement.setl_id);
                self.first_periods.require(copy.month("first_period") == came, named);
            }
            if let Some(copy) = settlement.opened[side.index()] {
                self.check_copy(side, copy, settlement, breaks);
            }
        }
    }

    fn check_copy(
        &mut self,
        side: Side,
        copy: GridRow,
        settlement: &UnclearedSettlement,
        breaks: &[BreakRow],
    ) {
        let at = side.index();
        let payable =
            payable_at(copy, &self.amounts, self.policy).map_or(FenSum::ZERO, FenSum::from);
        let totals = [1, copy.number("medfee_sumamt"), payable.fen()];
        let of_side = &mut self.sides[at];
        add(&mut of_side.opened, totals);
        let on = || breaks.iter().filter(|broken| broken.on[at]);
        let has = |classes: &[Class]| on().any(|broken| classes.contains(&broken.class));
        let changed = settlement.carried[at].is_some_and(|now| !is_same(now, copy));
        if has(&[Class::Expired]) {
            add(&mut of_side.expired, totals);
        } else if changed || has(&[Class::Conflict, Class::LateRefused, Class::Duplicate]) {
            add(&mut of_side.replaced, totals);
        } else {
            of_side.perhaps[0].push(FenSum::new(totals[1]));
            of_side.perhaps[1].push(FenSum::new(totals[2]));
        }
        // If no row of the side was replaced, the break is about this copy.
        let none_replaced = of_side.superseded[0] == 0;
        for broken in on() {
            let whole = broken.is_whole() && !broken.class.is_carried();
            let whole = whole && none_replaced && !is_voided_again(settlement, broken);
            if broken.class == Class::Expired || whole {
                let same = broken.payables[at] == Some(payable)
                    && (!broken.describes(side) || describes(broken, copy));
                self.kept.require(same, || text!("{} {}", settlement.setl_id, broken.class.name()));
            }
        }
    }

    /// Adds the tallies, and compares the totals with control.
    pub(super) fn finish(self, checks: &mut Checks) {
        let Brought { closed, sides, kept, first_periods, .. } = self;
        let control = closed.file("control");
        let columns = ["rows", "medfee_sumamt", "payable"];
        let cells = Side::BOTH.into_iter().zip(&sides).flat_map(|(side, of_side)| {
            let expired = closed.control(side, Bucket::Break(Class::Expired));
            let opened = closed.control(side, Bucket::Opened);
            let pairs = [("opened", opened, of_side.opened), ("expired", expired, of_side.expired)];
            pairs.into_iter().flat_map(move |(bucket, found, expected)| {
                (0..3).map(move |at| {
                    let what = format!("{} {bucket} {}", side.name(), columns[at]);
                    match at {
                        0 => differs(what, found[at], expected[at]),
                        _ => unequal(what, FenSum::new(found[at]), FenSum::new(expected[at])),
                    }
                })
            })
        });
        checks.law(Code::B08, &control, text!("opened and expired = carried before"), cells);
        let superseded = Side::BOTH.into_iter().zip(sides).map(|(side, of_side)| {
            let [rows, medfee, payable] = of_side.superseded;
            let found = text!("{} side: {} superseded", side, rows);
            (!of_side.fits([rows, medfee, payable])).then_some(found)
        });
        checks.law(Code::B08, &control, text!("superseded, of what was brought in"), superseded);
        checks.add_tally(Code::B08, &closed.file("breaks"), text!("as it was brought in"), kept);
        checks.add_tally(
            Code::B08,
            &closed.file("open_items"),
            Text::given("first_period"),
            first_periods,
        );
    }
}

impl OfSide {
    /// Returns whether items of these totals can have been replaced.
    fn fits(mut self, superseded: [i128; 3]) -> bool {
        let Ok(more) = usize::try_from(superseded[0] - self.replaced[0]) else { return false };
        more <= self.perhaps[0].len()
            && [1, 2].into_iter().all(|at| {
                let sum = superseded[at] - self.replaced[at];
                is_sum_of(FenSum::new(sum), more, &mut self.perhaps[at - 1])
            })
    }
}

/// Returns whether a sum is within the bounds for `many` of the values: the sum of the smallest and the sum of
/// the largest ones. `many` is at most the number of values.
fn is_sum_of(sum: FenSum, many: usize, values: &mut [FenSum]) -> bool {
    if 0 < many && many < values.len() {
        values.sort_unstable();
    }
    let least: FenSum = values[..many].iter().sum();
    let most: FenSum = values[values.len() - many..].iter().sum();
    least <= sum && sum <= most
}

fn add(sums: &mut [i128; 3], totals: [i128; 3]) {
    sums.iter_mut().zip(totals).for_each(|(sum, more)| *sum += more);
}

/// Returns whether two rows of open items are equal, apart from their class.
fn is_same(now: GridRow, was: GridRow) -> bool {
    let columns = now.grid().columns().iter().enumerate();
    let mut columns = columns.filter(|(_, (name, _))| *name != "class");
    columns.all(|(column, _)| now.at(column) == was.at(column))
}

/// Returns whether a break has the values of a copy.
pub(super) fn describes(broken: &BreakRow, copy: GridRow) -> bool {
    let texts = ["insuplc_admdvs", "mdtrtarea_admvs", "insutype", "med_type"];
    let described = broken.described();
    texts.into_iter().zip(described).all(|(column, text)| copy.text(column) == text)
        && Month::from_text(described[4]) == Some(cost_month(copy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_some_values_is_within_their_bounds() {
        let sums = |many: usize, sum| {
            is_sum_of(FenSum::new(sum), many, &mut [5, -3, 9, 1].map(FenSum::new))
        };
        assert!(sums(0, 0) && !sums(0, 1));
        assert!(sums(4, 12) && !sums(4, 11));
        assert!(sums(2, -2) && sums(2, 14) && !sums(2, -3) && !sums(2, 15));
    }
}
