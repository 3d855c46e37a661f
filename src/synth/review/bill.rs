//! The amounts of a settlement.

use crate::model::fields::{
    AMOUNT_FIELDS,
    amount::{ACCOUNT, CASH, FUND, FUNDS, MEDFEE, SCOPE},
};

/// The amounts of a row in fen, in the order of `AMOUNT_FIELDS`.
pub(super) type Bill = [i64; AMOUNT_FIELDS.len()];

/// The position of the basic fund.
pub(super) const BASIC: usize = FUNDS.start;
/// The position of the supplement of enterprises, and of that for residents.
const SUPPLEMENTS: [usize; 2] = [FUNDS.start + 2, FUNDS.start + 3];
/// The position of the amount in scope.
pub(super) const IN_SCOPE: usize = SCOPE.end - 1;

/// Makes a bill: all of the cost is in scope, the basic fund and the account pay parts of it, the person the rest.
pub(super) fn bill(cost: i64, basic: i64, account: i64) -> Bill {
    let mut amounts = [0; AMOUNT_FIELDS.len()];
    amounts[MEDFEE] = cost;
    amounts[BASIC] = basic;
    amounts[IN_SCOPE] = cost;
    amounts[ACCOUNT] = account;
    settle(&mut amounts);
    amounts
}

/// Works out the sum of the funds, and what is left for the person.
fn settle(amounts: &mut Bill) {
    amounts[FUND] = amounts[FUNDS].iter().sum();
    amounts[CASH] = amounts[MEDFEE] - amounts[FUND] - amounts[ACCOUNT];
}

/// Makes the bill of a quiet settlement. `basic` returns what the basic fund pays of an amount in scope.
pub(super) fn quiet(
    cost: i64,
    (employee, bits): (bool, u64),
    basic: impl FnOnce(i64) -> i64,
) -> Bill {
    let byte = |place: u32| (bits >> place & 0xFF).cast_signed();
    let mut amounts = [0; AMOUNT_FIELDS.len()];
    let own = cost * (20 + byte(0) / 8) / 1000;
    let first = cost * (10 + byte(8) / 8) / 1000;
    amounts[MEDFEE] = cost;
    amounts[SCOPE.start] = own;
    amounts[SCOPE.start + 2] = first;
    amounts[IN_SCOPE] = cost - own - first;
    amounts[BASIC] = basic(amounts[IN_SCOPE]);
    let rest = cost - amounts[BASIC];
    if byte(16) < 24 {
        amounts[SUPPLEMENTS[usize::from(!employee)]] = rest / 8;
    }
    if employee && byte(24) < 160 {
        amounts[ACCOUNT] = rest * (32 + byte(32) / 2) / 256;
    }
    settle(&mut amounts);
    amounts
}

/// Returns `amount` × `percent` ÷ 100, halves up.
pub(super) const fn percent(amount: i64, percent: i64) -> i64 {
    (amount * percent + 50) / 100
}
