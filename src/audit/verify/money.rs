//! Laws of pairs, deductions, quotas and reserves.

use std::collections::BTreeSet;

use super::{
    checks::{Checks, differs, unequal},
    files::ReadablePeriod,
    history::{History, PastMoney},
    notices,
    pairs::{ByPair, by_pair},
};
use crate::{
    book::grid::GridRow,
    diag::Code,
    judged::GIVEN_BACK,
    model::{
        codes::{FundClass, Pair, Province},
        money::FenSum,
    },
    rules::{NegativeNet, Policy},
    text::Text,
};

/// Applies the laws of the money of a period.
pub(super) fn check(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    history: &History,
    policy: &Policy,
    checks: &mut Checks,
) {
    same_pairs(closed, checks);
    pairs(closed, before, policy, checks);
    deductions(closed, &history.money, checks);
    let quotas = by_pair(closed, "quotas", "quota");
    let next = next_quotas(closed, before, &history.money, policy);
    compare(closed, "quotas", "next_quota", &next, checks);
    if let Some(before) = before {
        compare(closed, "quotas", "quota", &by_pair(before, "quotas", "next_quota"), checks);
    }
    compare(closed, "pairs", "quota", &quotas, checks);
    reserves(closed, before, history, &quotas, checks);
}

/// Law: a column has the expected sums.
fn compare(
    closed: &ReadablePeriod,
    table: &str,
    column: &str,
    expected: &ByPair,
    checks: &mut Checks,
) {
    let found = by_pair(closed, table, column);
    let all: BTreeSet<&Pair> = found.keys().chain(expected.keys()).collect();
    let of = |sums: &ByPair, pair| sums.get(pair).copied().unwrap_or_default();
    let same = all.into_iter().map(|pair| unequal(pair, of(&found, pair), of(expected, pair)));
    checks.law(Code::B07, &closed.file(table), Text::given(column), same);
}

/// Law: the tables of pairs, quotas and reserves list the same pairs of two different provinces.
fn same_pairs(closed: &ReadablePeriod, checks: &mut Checks) {
    let listed = |table: &str| -> Vec<Option<Pair>> {
        closed.grid(table).iter().map(|row| row.pair()).collect()
    };
    let pairs = listed("pairs");
    let known = pairs.iter().map(|pair| {
        let good = pair.is_some_and(|pair| pair.insured != pair.treating);
        (!good).then(|| text!("not two provinces"))
    });
    checks.law(Code::B07, &closed.file("pairs"), text!("two provinces"), known);
    for table in ["quotas", "reserves"] {
        let same = [(listed(table) != pairs).then(|| text!("other pairs"))];
        checks.law(Code::B07, &closed.file(table), text!("the pairs of the table pairs"), same);
    }
}

/// Adds up positions by pair: visits, payable, payable of the employees' fund and of the residents' fund.
fn owed(closed: &ReadablePeriod) -> [ByPair; 4] {
    let grid = closed.grid("positions");
    let [insured, treating, fund, visits, payable] =
        ["insuplc_admdvs", "treating_province", "fund_class", "visits", "payable"]
            .map(|column| grid.column(column));
    let mut sums = [const { ByPair::new() }; 4];
    for row in 0..grid.rows {
        let pair = Province::of_division(grid.text(row, insured).as_bytes())
            .zip(Province::from_text(grid.text(row, treating)));
        let Some((insured, treating)) = pair else { continue };
        let pair = Pair { insured, treating };
        let mut add = |of: usize, number| *sums[of].entry(pair).or_default() += number;
        add(0, grid.fen(row, visits));
        add(1, grid.fen(row, payable));
        match FundClass::from_name(grid.text(row, fund)) {
            Some(FundClass::Employee) => add(2, grid.fen(row, payable)),
            Some(FundClass::Resident) => add(3, grid.fen(row, payable)),
            None => {}
        }
    }
    sums
}

fn pairs(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    policy: &Policy,
    checks: &mut Checks,
) {
    let columns = ["visits", "gross", "gross_employee", "gross_resident"];
    for (column, sums) in columns.into_iter().zip(owed(closed)) {
        compare(closed, "pairs", column, &sums, checks);
    }
    let mut held_back = ByPair::new();
    for row in closed.grid("deductions").iter().filter(|row| row.flag("accepted") == Some(true)) {
        if let Some(pair) = row.pair() {
            *held_back.entry(pair).or_default() += row.fen("amount");
        }
    }
    compare(closed, "pairs", "deductions", &held_back, checks);
    let first = closed.manifest.previous_manifest_sha256.is_none();
    if first || before.is_some() {
        let brought = before.map(|before| by_pair(before, "pairs", "carried_forward"));
        compare(closed, "pairs", "brought_forward", &brought.unwrap_or_default(), checks);
    }
    let rows = closed.grid("pairs").iter().map(|row| {
        let net = row.fen("gross") - row.fen("deductions") + row.fen("brought_forward");
        let below = net.min(FenSum::ZERO);
        let (returned, carried) = match policy.negative_net {
            NegativeNet::Return => (-below, FenSum::ZERO),
            NegativeNet::Carry => (FenSum::ZERO, below),
        };
        unequal("payable", row.fen("payable"), net.max(FenSum::ZERO))
            .or_else(|| unequal("returned", row.fen("returned"), returned))
            .or_else(|| unequal("carried_forward", row.fen("carried_forward"), carried))
            .or_else(|| differs("reserve_level", row.text("reserve_level"), level(row, policy)))
            .map(|problem| text!("{}: {}", row.shown_key(), problem))
    });
    // Books of version 2 of the contract have no such column, and rules that carry.
    let lacking = closed.grid("pairs").is_old && policy.negative_net == NegativeNet::Return;
    let lacking = [lacking.then(|| text!("without the column returned"))];
    let law = text!("net, and the use of the quota");
    checks.law(Code::B07, &closed.file("pairs"), law, rows.chain(lacking));
}

/// Returns the warning level of a pair (contract §5).
fn level(row: GridRow, policy: &Policy) -> &'static str {
    let (payable, quota) = (row.fen("payable"), row.fen("quota"));
    let reaches = |percent: u16| payable.times(100) >= quota.times(percent);
    match quota {
        FenSum::ZERO if payable.is_positive() => "red",
        FenSum::ZERO => "none",
        _ if reaches(policy.red_percent) => "red",
        _ if reaches(policy.yellow_percent) => "yellow",
        _ => "green",
    }
}

/// Law: each deduction fits its sign, its code and the deductions accepted before.
fn deductions(closed: &ReadablePeriod, past: &PastMoney, checks: &mut Checks) {
    let grid = closed.grid("deductions");
    let held_back_now = grid.iter().filter(|row| row.flag("accepted") == Some(true));
    let held_back_now = held_back_now.filter(|row| row.text_or_null("code").is_none());
    let now: BTreeSet<&str> = held_back_now.map(|row| row.text("ddct_id")).collect();
    let mut numbers: BTreeSet<&str> = BTreeSet::new();
    let mut given_back: BTreeSet<&str> = BTreeSet::new();
    let rows: Vec<Option<Text>> = grid
        .iter()
        .map(|row| {
            let (number, amount) = (row.text("ddct_id"), row.fen("amount"));
            let held_back = past.held_back.get(number);
            let of = ["insured_province", "treating_province", "fund_class"];
            let named = of.iter().filter(|column| row.text_or_null(column).is_some()).count();
            let fund = FundClass::from_name(row.text("fund_class"));
            let known = named == 3 && row.pair().is_some() && fund.is_some();
            let unknown = named == 0;
            let good = match (row.flag("accepted"), row.text_or_null("code")) {
                (Some(true), None) => {
                    amount.is_positive() && known && held_back.is_none() && numbers.insert(number)
                }
                (Some(true), Some(GIVEN_BACK)) => {
                    let entry = (row.text("setl_id").to_owned(), -amount);
                    let once = given_back.insert(number);
                    amount.is_negative()
                        && known
                        && once
                        && held_back.is_some_and(|all| *all == [entry])
                }
                (Some(false), Some(code)) => match code {
                    "D05" => !amount.is_positive() && (known || unknown),
                    "D04" => {
                        amount.is_positive()
                            && (known || unknown)
                            && (held_back.is_some() || now.contains(number))
                    }
                    "D01" => amount.is_positive() && held_back.is_none() && unknown,
                    "D02" | "D03" => amount.is_positive() && held_back.is_none() && known,
                    _ => false,
                },
                _ => false,
            };
            (!good).then(|| row.shown_key())
        })
        .collect();
    checks.law(Code::B07, &closed.file("deductions"), text!("accepted, refused, given back"), rows);
}

/// Works out the quotas of the next period: the yearly quota if it is set now, else the quota in force; plus
/// the approved changes.
fn next_quotas(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    past: &PastMoney,
    policy: &Policy,
) -> ByPair {
    let yearly = past.yearly(closed, policy);
    let mut next = yearly.unwrap_or_else(|| by_pair(closed, "quotas", "quota"));
    let initial = notices::initial(closed).into_iter().map(|(pair, fen, _)| (pair, fen));
    for (pair, fen) in notices::approved_now(closed, before).into_iter().chain(initial) {
        *next.entry(pair).or_default() += fen;
    }
    next
}

/// Law: opening + paid in − paid back − drawn = closing, and each column equals its source.
fn reserves(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    history: &History,
    quotas: &ByPair,
    checks: &mut Checks,
) {
    let first = closed.manifest.previous_manifest_sha256.is_none();
    match before {
        Some(before) => {
            compare(closed, "reserves", "opening", &by_pair(before, "reserves", "closing"), checks);
        }
        None if first => compare(closed, "reserves", "opening", quotas, checks),
        None => {}
    }
    let (paid_in, paid_back) = history.notices.paid(closed);
    compare(closed, "reserves", "paid_in", &paid_in, checks);
    compare(closed, "reserves", "paid_back", &paid_back, checks);
    let mut drawn = by_pair(closed, "pairs", "payable");
    for (pair, returned) in by_pair(closed, "pairs", "returned") {
        *drawn.entry(pair).or_default() -= returned;
    }
    compare(closed, "reserves", "drawn", &drawn, checks);
    let closing = closed.grid("reserves").iter().map(|row| {
        let fen = |column| row.fen(column);
        let expected = fen("opening") + fen("paid_in") - fen("paid_back") - fen("drawn");
        unequal(row.shown_key(), fen("closing"), expected)
    });
    checks.law(
        Code::B07,
        &closed.file("reserves"),
        text!("opening + movements = closing"),
        closing,
    );
}
