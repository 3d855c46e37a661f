//! The arithmetic of review §6: what the fund should have paid, as a range, with the steps that lead to its ends.
//!
//! Everything is exact in whole numbers. Ratios have four decimals: a share of an amount is counted in millionths of a
//! fen, a ratio of it in 10^-12 fen, and a factor on that in 10^-16 fen. The largest amount of a record has 10^16 fen, so
//! the products stay below 10^33, and 128 bits hold 10^38.

use super::{
    facts::BenefitFacts,
    predicates::BenefitCase,
    rows::{BenefitRow, BenefitSet, CapTerms, DeductibleTerms, RatioTerms, RemoteTerms},
    words::{FilingClass, ONE, Scaled},
};
use crate::{
    model::money::{Fen, FenSum},
    review::numbers::half_up,
};

/// 100 per cent in ten-thousandths of a per cent; a fen in millionths.
pub(super) const WHOLE: i128 = 100 * ONE as i128;
/// A factor of 1.
pub(in crate::review) const AS_IT_IS: i128 = ONE as i128;

/// What the fund should have paid for a settlement.
#[derive(Debug, Clone)]
pub struct ExpectedBenefit<'a> {
    /// The account of the least that is right.
    pub lowest: BenefitAccount<'a>,
    /// The account of the most that is right.
    pub highest: BenefitAccount<'a>,
    /// Every deductible that the rows allow, in order; empty where no row says anything about it.
    pub deductibles: Vec<AllowedDeductible>,
}

impl ExpectedBenefit<'_> {
    /// Returns the least that is right.
    pub fn lo(&self) -> Fen {
        self.lowest.fund_pays
    }

    /// Returns the most that is right.
    pub fn hi(&self) -> Fen {
        self.highest.fund_pays
    }
}

/// Deductibles that a row allows: every amount from the first to the last, which are mostly the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllowedDeductible {
    /// The smallest.
    pub from: FenSum,
    /// The largest.
    pub upto: FenSum,
}

/// The steps from an in-scope amount to what the fund pays.
#[derive(Debug, Clone)]
pub struct BenefitAccount<'a> {
    /// The values of the facts.
    pub case: BenefitCase<'a>,
    /// The in-scope amount.
    pub in_scope: Fen,
    /// The row of `remote` that fits.
    pub remote: Option<&'a BenefitRow<RemoteTerms>>,
    /// The row of `deductible` that fits; none where the record states what was paid.
    pub deductible_row: Option<&'a BenefitRow<DeductibleTerms>>,
    /// The deductible.
    pub deductible: FenSum,
    /// What the ratios apply to, in millionths of a fen; 0 or less: the fund pays nothing.
    pub base: i128,
    /// What was used up in the year before, in millionths of a fen.
    pub used_before: i128,
    /// The pieces of the base, each within one band.
    pub pieces: Vec<RatioPiece<'a>>,
    /// The cap of one settlement.
    pub visit_cap: Option<Fen>,
    /// What the fund pays: rounded half up to the fen.
    pub fund_pays: Fen,
}

/// A piece of the base within one band.
#[derive(Debug, Clone, Copy)]
pub struct RatioPiece<'a> {
    /// The row of `ratio` that fits.
    pub row: &'a BenefitRow<RatioTerms>,
    /// The length of the piece in millionths of a fen.
    pub amount: i128,
    /// The per cent, with points, in ten-thousandths.
    pub percent: i128,
}

/// Why no range was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotJudged {
    /// The in-scope amount is unknown.
    NoAmount,
    /// No case of a class by filing has all the rows that it needs.
    NoRow(FilingClass),
}

/// The first table that has no row for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MissingRow {
    Remote,
    Ratio,
    Deductible,
}

/// The rows that fit a case.
pub(super) struct FittingRows<'a> {
    case: BenefitCase<'a>,
    pub(super) deductible: Option<&'a BenefitRow<DeductibleTerms>>,
    pub(super) ratios: Vec<&'a BenefitRow<RatioTerms>>,
    pub(super) remote: Option<&'a BenefitRow<RemoteTerms>>,
    pub(super) visit_cap: Option<Fen>,
}

impl<'a> FittingRows<'a> {
    /// Finds the rows of a case. The row of a deductible is not needed where the record states what was paid.
    pub(super) fn find(
        set: &'a BenefitSet,
        case: BenefitCase<'a>,
        is_stated: bool,
    ) -> Result<FittingRows<'a>, MissingRow> {
        fn first<'a, T>(
            rows: &'a [BenefitRow<T>],
            case: &BenefitCase<'_>,
        ) -> Option<&'a BenefitRow<T>> {
            rows.iter().find(|row| row.fits.fits(case))
        }
        let remote = first(&set.remotes, &case);
        if remote.is_none() && !case.filing.is_as_at_home() {
            return Err(MissingRow::Remote);
        }
        let ratios: Vec<_> = set.ratios.iter().filter(|row| row.fits.fits(&case)).collect();
        if ratios.is_empty() {
            return Err(MissingRow::Ratio);
        }
        let deductible = first(&set.deductibles, &case);
        if deductible.is_none() && !is_stated {
            return Err(MissingRow::Deductible);
        }
        let cap: Option<&BenefitRow<CapTerms>> = first(&set.caps, &case);
        let visit_cap = cap.and_then(|cap| cap.says.visit);
        Ok(FittingRows { case, deductible, ratios, remote, visit_cap })
    }

    fn factor_on_deductible(&self) -> i128 {
        let factor = self.remote.and_then(|remote| remote.says.deductible_factor);
        factor.map_or(AS_IT_IS, Scaled::ten_thousandths)
    }

    /// Returns what the row of the deductible allows.
    fn allowed(&self, days: Option<u16>) -> Vec<AllowedDeductible> {
        let Some(row) = self.deductible else { return Vec::new() };
        let more = row.says.again_days.map_or(0, |again| days.unwrap_or(0) / again);
        let times = 1..=i128::from(more) + 1;
        let all = times.map(|times| {
            let amount = i128::from(row.says.amount.fen()) * times * self.factor_on_deductible();
            let upto = FenSum::new(half_up(amount, AS_IT_IS));
            AllowedDeductible { from: if row.says.or_less { FenSum::ZERO } else { upto }, upto }
        });
        all.collect()
    }

    /// Returns what the ratios apply to, in millionths of a fen.
    fn base(&self, in_scope: Fen, deductible: FenSum) -> i128 {
        let share = self.remote.and_then(|remote| remote.says.first_share);
        let share = share.map_or(0, Scaled::ten_thousandths);
        i128::from(in_scope.fen()) * (WHOLE - share) - deductible.fen() * WHOLE
    }

    /// Returns every amount that may have been used before and at which the range may have an end: a band then begins
    /// or ends where the base does. Between two of them what the fund pays is linear.
    fn used_before(&self, base: i128) -> Vec<i128> {
        let edges = self.ratios.iter().flat_map(|row| [Some(row.says.above), row.says.upto]);
        let edges = edges.flatten().map(|edge| i128::from(edge.fen()) * WHOLE);
        let mut used: Vec<i128> =
            edges.flat_map(|edge| [edge, edge - base]).filter(|used| *used >= 0).collect();
        used.push(0);
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Divides a base into the pieces of bands.
    fn pieces(&self, used_before: i128, base: i128) -> Vec<RatioPiece<'a>> {
        let end = used_before + base;
        let edges = self.ratios.iter().flat_map(|row| [Some(row.says.above), row.says.upto]);
        let edges = edges.flatten().map(|edge| i128::from(edge.fen()) * WHOLE);
        let within = edges.filter(|edge| used_before < *edge && *edge < end);
        let mut edges: Vec<i128> = within.chain([used_before, end]).collect();
        edges.sort_unstable();
        edges.dedup();
        let points = self.remote.and_then(|remote| remote.says.points);
        let points = points.map_or(0, Scaled::ten_thousandths);
        let piece = |edge: &[i128]| {
            let holds = |row: &&&BenefitRow<RatioTerms>| {
                let RatioTerms { above, upto, .. } = row.says;
                i128::from(above.fen()) * WHOLE <= edge[0]
                    && upto.is_none_or(|upto| edge[1] <= i128::from(upto.fen()) * WHOLE)
            };
            let row = self.ratios.iter().find(holds);
            let row = row.expect("Invariant: bands leave no gap");
            let percent = (row.says.percent.ten_thousandths() + points).clamp(0, WHOLE);
            RatioPiece { row, amount: edge[1] - edge[0], percent }
        };
        edges.windows(2).map(piece).collect()
    }

    /// Makes the account of a deductible, which a row says or the record states, and of what was used before.
    fn account(
        &self,
        in_scope: Fen,
        (deductible, is_stated): (FenSum, bool),
        used_before: i128,
    ) -> BenefitAccount<'a> {
        let base = self.base(in_scope, deductible);
        let pieces = if base > 0 { self.pieces(used_before, base) } else { Vec::new() };
        let sum: i128 = pieces.iter().map(|piece| piece.amount * piece.percent).sum();
        let factor = self.remote.and_then(|remote| remote.says.factor);
        let exact = sum * factor.map_or(AS_IT_IS, Scaled::ten_thousandths);
        let fen = WHOLE * WHOLE * AS_IT_IS;
        let most = self.visit_cap.map_or(exact, |cap| i128::from(cap.fen()) * fen);
        let rounded = half_up(exact.min(most), fen);
        let fund_pays = i64::try_from(rounded).expect("Invariant: not above the amount");
        BenefitAccount {
            case: self.case,
            in_scope,
            remote: self.remote,
            deductible_row: self.deductible.filter(|_| !is_stated),
            deductible,
            base,
            used_before,
            pieces,
            visit_cap: self.visit_cap,
            fund_pays: Fen::new(fund_pays),
        }
    }
}

/// The lowest and the highest account so far.
#[derive(Default)]
struct AccountRange<'a>(Option<(BenefitAccount<'a>, BenefitAccount<'a>)>);

impl<'a> AccountRange<'a> {
    fn take(&mut self, account: BenefitAccount<'a>) {
        match &mut self.0 {
            None => self.0 = Some((account.clone(), account)),
            Some((lowest, _)) if account.fund_pays < lowest.fund_pays => *lowest = account,
            Some((_, highest)) if account.fund_pays > highest.fund_pays => *highest = account,
            Some(_) => {}
        }
    }
}

impl BenefitSet {
    /// Returns what the fund should have paid for a settlement, and why. At least one class by filing is possible; each of
    /// them has to have a case with all the rows that it needs.
    pub fn expected<'a>(
        &'a self,
        facts: &BenefitFacts<'a>,
    ) -> Result<ExpectedBenefit<'a>, NotJudged> {
        let in_scope = facts.in_scope.ok_or(NotJudged::NoAmount)?;
        let stated = facts.act_pay_dedc.map(FenSum::from);
        let stated = stated.map(|paid| AllowedDeductible { from: paid, upto: paid });
        let mut range = AccountRange::default();
        let mut deductibles = Vec::new();
        for class in facts.classes {
            let cases = self.cases(facts, *class).into_iter();
            let rows =
                cases.filter_map(|case| FittingRows::find(self, case, stated.is_some()).ok());
            let mut is_judged = false;
            for rows in rows {
                is_judged = true;
                let allowed = rows.allowed(facts.days);
                let paid = stated.map_or_else(|| allowed.clone(), |stated| vec![stated]);
                // The fund pays less when the deductible is larger, so the ends decide.
                for deductible in paid.iter().flat_map(|paid| [paid.from, paid.upto]) {
                    for used in rows.used_before(rows.base(in_scope, deductible)) {
                        let deductible = (deductible, stated.is_some());
                        range.take(rows.account(in_scope, deductible, used));
                    }
                }
                deductibles.extend(allowed);
            }
            if !is_judged {
                return Err(NotJudged::NoRow(*class));
            }
        }
        deductibles.sort_unstable();
        deductibles.dedup();
        let Some((lowest, highest)) = range.0 else { return Err(NotJudged::NoAmount) };
        Ok(ExpectedBenefit { lowest, highest, deductibles })
    }
}
