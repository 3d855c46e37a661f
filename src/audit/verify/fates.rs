//! Laws of single settlements: each copy has one fate, and the book shows the reason.

use super::{
    broken::{BreakColumns, BreakRow, cost_month, is_by_row, is_voided_again},
    brought::Brought,
    checks::{Checks, LawTally},
    decided::DecisionLaws,
    files::ReadablePeriod,
    settlements::{UnclearedSettlement, settlements},
    tables::{amounts_in, payable_at},
    timing::ClearingWindow,
};
use rustc_hash::FxHashMap;

use crate::{
    diag::Code,
    model::{
        codes::{Month, Side},
        control::Class,
        fields::Amounts,
        money::FenSum,
    },
    rules::Policy,
    text::Text,
};

/// Applies the laws of single settlements in one pass over the tables.
pub(super) fn check(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    policy: &Policy,
    checks: &mut Checks,
) {
    // The period before cannot be read, which is reported already. No law can be applied without it.
    if before.is_none() && closed.manifest.previous_manifest_sha256.is_some() {
        return;
    }
    let columns = BreakColumns::of(closed.grid("breaks"));
    let mut fates = Fates::new(closed, policy);
    let mut brought = Brought::new(closed, policy);
    let mut decided = DecisionLaws::new(closed, policy);
    let mut breaks = Vec::new();
    for settlement in settlements(closed, before) {
        breaks.clear();
        breaks.extend(settlement.breaks.clone().filter_map(|row| columns.broken(row)));
        fates.check(&settlement, &breaks);
        brought.check(&settlement, &breaks);
        decided.check(&settlement, &breaks);
    }
    fates.finish(checks);
    brought.finish(checks);
    decided.finish(checks);
}

/// The laws of fates, while they are applied.
struct Fates<'a> {
    closed: &'a ReadablePeriod,
    policy: &'a Policy,
    timing: ClearingWindow,
    /// The columns of the amounts of open items.
    amounts: Amounts<usize>,
    /// A cache: whether codes are those of a valid row.
    valid: FxHashMap<[&'a str; 4], bool>,
    one_each: LawTally,
    sides: LawTally,
    in_time: LawTally,
    first_periods: LawTally,
    codes: LawTally,
    duplicates: LawTally,
    carried: LawTally,
}

impl<'a> Fates<'a> {
    fn new(closed: &'a ReadablePeriod, policy: &'a Policy) -> Fates<'a> {
        Fates {
            closed,
            policy,
            timing: ClearingWindow::of(closed, policy),
            amounts: amounts_in(closed.grid("open_items")),
            valid: FxHashMap::default(),
            one_each: LawTally::default(),
            sides: LawTally::default(),
            in_time: LawTally::default(),
            first_periods: LawTally::default(),
            codes: LawTally::default(),
            duplicates: LawTally::default(),
            carried: LawTally::default(),
        }
    }

    /// Applies the laws to a settlement.
    fn check(&mut self, settlement: &UnclearedSettlement, breaks: &[BreakRow<'a>]) {
        let name = || Text::given(settlement.setl_id);
        self.one_each.count(one_fate(settlement, breaks).map(|what| text!("{}: {}", name(), what)));
        for side in Side::BOTH {
            self.duplicates.require(duplicates_are_equal(side, settlement, breaks), name);
            self.check_carried(side, settlement, breaks);
        }
        for broken in breaks {
            let named = || text!("{} {}", settlement.setl_id, broken.class.name());
            self.sides.require(sides_fit(settlement, broken), named);
            self.in_time.require(self.timing_fits(settlement, broken), named);
            let valid = self.was_valid(broken);
            self.codes.require(valid, named);
            let first = self.first_period(settlement, broken);
            let found = Month::from_text(broken.text(broken.first_period));
            self.first_periods.require(found == first, named);
        }
    }

    /// Law: exactly the copies of carried breaks are open items, with class and payable of the break, and in time.
    fn check_carried(&mut self, side: Side, settlement: &UnclearedSettlement, breaks: &[BreakRow]) {
        let at = side.index();
        let broken = breaks.iter().find(|broken| broken.class.is_carried() && broken.on[at]);
        let problem = || text!("{} {}", side.name(), settlement.setl_id);
        let Some(copy) = settlement.carried[at] else {
            return self.carried.require(broken.is_none(), problem);
        };
        let payable = payable_at(copy, &self.amounts, self.policy).map(FenSum::from);
        let class = copy.text("class");
        let same = broken
            .is_some_and(|broken| broken.class.name() == class && broken.payables[at] == payable);
        self.carried.require(same && copy.text("side") == side.name(), problem);
        let allowed = self.timing.allows(copy.pair(), cost_month(copy));
        self.in_time.require(allowed, || text!("{} {}", problem(), class));
    }

    /// Returns whether lateness fits the class of a break: late classes are late, classes of later steps are not.
    fn timing_fits(&self, settlement: &UnclearedSettlement, broken: &BreakRow) -> bool {
        let late = matches!(broken.class, Class::LateRefused | Class::Expired);
        let judged = late
            || broken.class == Class::AlreadyReversed
            || (broken.class == Class::Voided && !is_voided_again(settlement, broken));
        if !judged {
            return true;
        }
        let allows = |month| self.timing.allows(broken.pair(), month);
        broken.cost_month().is_none_or(|month| allows(month) != late)
    }

    /// Returns whether the codes of a break are those of a valid row.
    fn was_valid(&mut self, broken: &BreakRow<'a>) -> bool {
        let [insured, treating, insutype, med_type, _] = broken.described();
        let policy = self.policy;
        let valid = self.valid.entry([insured, treating, insutype, med_type]);
        let valid = *valid.or_insert_with(|| {
            broken.pair().is_some_and(|pair| pair.insured != pair.treating)
                && broken.group(policy).is_some()
        });
        valid && broken.cost_month().is_some_and(|month| month <= self.closed.month)
    }

    /// Returns the period in which the older copy of a break came into the book.
    fn first_period(&self, settlement: &UnclearedSettlement, broken: &BreakRow) -> Option<Month> {
        let now = Some(self.closed.month);
        let new = matches!(broken.class, Class::AlreadyCleared | Class::Duplicate);
        if new || is_voided_again(settlement, broken) {
            return now;
        }
        let came = |side: &Side| match settlement.opened[side.index()] {
            Some(copy) => copy.month("first_period"),
            None => now,
        };
        Side::BOTH.iter().filter(|side| broken.on[side.index()]).map(came).min().flatten()
    }

    /// Adds the tallies.
    fn finish(self, checks: &mut Checks) {
        let file = self.closed.file("breaks");
        checks.add_tally(Code::B07, &file, text!("one fate a copy"), self.one_each);
        checks.add_tally(Code::B07, &file, text!("sides and payables of a class"), self.sides);
        checks.add_tally(
            Code::B07,
            &file,
            text!("what is late leaves, and nothing else"),
            self.in_time,
        );
        checks.add_tally(Code::B08, &file, Text::given("first_period"), self.first_periods);
        checks.add_tally(Code::B07, &file, text!("codes of a valid row"), self.codes);
        checks.add_tally(
            Code::B07,
            &file,
            text!("a duplicate as the row that stays"),
            self.duplicates,
        );
        let file = self.closed.file("open_items");
        checks.add_tally(Code::B07, &file, text!("the copies of carried breaks"), self.carried);
    }
}

/// Returns what is wrong with the fates of the copies of a settlement.
fn one_fate(settlement: &UnclearedSettlement, breaks: &[BreakRow]) -> Option<Text> {
    if breaks.iter().filter(|broken| broken.is_whole()).count() > 1 {
        return Some(text!("two breaks of one settlement"));
    }
    let known = |broken: &BreakRow| {
        broken.class == Class::AlreadyCleared || is_voided_again(settlement, broken)
    };
    if breaks.iter().any(known) {
        let copies = settlement.opened.iter().chain(&settlement.carried).flatten().count();
        let alone = breaks.iter().all(known) && copies == 0 && settlement.decision.is_none();
        return (!alone).then(|| text!("it was registered before, and has another fate as well"));
    }
    Side::BOTH.into_iter().find_map(|side| fate_on(side, settlement, breaks))
}

/// Returns what is wrong with the fates of the copy of a side.
fn fate_on(side: Side, settlement: &UnclearedSettlement, breaks: &[BreakRow]) -> Option<Text> {
    let at = side.index();
    let on = || breaks.iter().filter(|broken| broken.on[at]);
    let count = |class: Class| on().filter(|broken| broken.class == class).count();
    let whole = on().filter(|broken| broken.is_whole()).count();
    let conflicts = count(Class::Conflict);
    let expired = count(Class::Expired);
    let others = count(Class::LateRefused) + expired + whole;
    if conflicts == 1 {
        return Some(text!("a conflict without its second row"));
    }
    if others > 1 || (conflicts > 0 && others + count(Class::Duplicate) > 0) {
        return Some(text!("a copy with two fates"));
    }
    let brought = settlement.opened[at].is_some() && count(Class::Duplicate) == 0;
    (expired > 0 && !brought).then(|| text!("expired, and was no open item, or was replaced"))
}

/// Returns whether sides and payables of a break fit its class.
fn sides_fit(settlement: &UnclearedSettlement, broken: &BreakRow) -> bool {
    let decision = settlement.decision;
    let sides = match broken.class {
        Class::MissingInsured => [true, false],
        Class::MissingTreating => [false, true],
        Class::Voided if !is_voided_again(settlement, broken) => {
            match decision.map_or("", |row| row.text("class_without")) {
                "missing_insured" => [true, false],
                "missing_treating" => [false, true],
                _ => [true, true],
            }
        }
        Class::AlreadyReversed if decision.is_some() => broken.on,
        class if is_by_row(class) || class == Class::Voided => broken.on,
        _ => [true, true],
    };
    let reversal = matches!(
        broken.class,
        Class::ReversalUnpaired | Class::ReversalMismatch | Class::AlreadyReversed
    );
    let both = broken.on == [true, true];
    let equal = broken.payables[0] == broken.payables[1] || !both || decision.is_some();
    let negative = broken.payables.iter().flatten().all(|fen| !fen.is_positive());
    broken.on == sides && broken.on != [false, false] && (!reversal || (equal && negative))
}

/// Returns whether duplicates equal the row that stays, as far as the book shows it.
fn duplicates_are_equal(side: Side, settlement: &UnclearedSettlement, breaks: &[BreakRow]) -> bool {
    let at = side.index();
    let mut on = breaks.iter().filter(|broken| broken.on[at]);
    let Some(one) = on.clone().find(|broken| broken.class == Class::Duplicate) else { return true };
    let accepts = settlement
        .decision
        .filter(|row| row.text("decision").strip_prefix("accept_") == Some(side.name()));
    let accepted = accepts.and_then(|row| row.fen_or_null("payable"));
    accepted.is_none_or(|fen| one.payables[at] == Some(fen))
        && on.all(|broken| {
            broken.payables[at] == one.payables[at]
                && (!broken.describes(side) || broken.described() == one.described())
        })
}
