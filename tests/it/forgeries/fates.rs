//! What somebody may say became of copies that did not clear, and what their breaks may say.

use super::{A, B, C, Forgery};
use crate::{
    forger::{Cells, Forger},
    world::NULL,
};

const REGISTER: &str = "what the tables say of a settlement";
const FATE: &str = "one fate a copy";
const LATE: &str = "what is late leaves, and nothing else";
const FIRST: &str = "first_period";
const SIDES: &str = "sides and payables of a class";

/// A break of another class, in `breaks` and in control.
fn class(f: &Forger, period: &str, of: Cells, to: &str, moves: &[(&str, &str, [i64; 3])]) {
    f.set(period, "breaks", of, &[("class", to)]);
    for (side, from, totals) in moves {
        f.shift(period, side, [from, to], *totals);
    }
}

/// Another fate of a copy.
pub(super) const FATES: &[Forgery] = &[
    ("a duplicate counted as superseded", "superseded, of what was brought in", |f| {
        f.remove(A, "breaks", &[("setl_id", "S08")]);
        f.shift(A, "treating", ["duplicate", "superseded"], [1, 500, 300]);
    }),
    ("a duplicate counted as voided, without a break", "as control has them", |f| {
        f.remove(A, "breaks", &[("setl_id", "S08")]);
        f.shift(A, "treating", ["duplicate", "voided"], [1, 500, 300]);
    }),
    ("a duplicate that is said to have been voided before", REGISTER, |f| {
        class(f, A, &[("setl_id", "S08")], "voided", &[("treating", "duplicate", [1, 500, 300])]);
    }),
    ("a duplicate of what never cleared", REGISTER, |f| {
        f.set(A, "breaks", &[("setl_id", "S08")], &[("setl_id", "S08x")]);
    }),
    ("a duplicate with another payable", REGISTER, |f| {
        let to = [("treating_payable", "299.00"), ("effect", "299.00")];
        f.set(A, "breaks", &[("setl_id", "S08")], &to);
        f.shift(A, "treating", ["duplicate", "rejected"], [0, 0, 1]);
    }),
    ("a conflict of one row", FATE, |f| {
        class(f, A, &[("setl_id", "S08")], "conflict", &[("treating", "duplicate", [1, 500, 300])]);
    }),
    ("a conflict as two duplicates", REGISTER, |f| {
        let of = [("setl_id", "S09"), ("class", "conflict")];
        class(f, A, &of, "duplicate", &[("treating", "conflict", [2, 2450, 1400])]);
    }),
    ("late copies as conflicts", FATE, |f| {
        let moves = ["treating", "insured"].map(|side| (side, "late_refused", [1, 2000, 1200]));
        class(f, A, &[("setl_id", "S13")], "conflict", &moves);
    }),
    ("a late copy as one that cleared before", REGISTER, |f| {
        let moves = ["treating", "insured"].map(|side| (side, "late_refused", [1, 2000, 1200]));
        class(f, A, &[("setl_id", "S13")], "already_cleared", &moves);
    }),
    ("a copy that cleared before as late", LATE, |f| {
        let moves = [("treating", "already_cleared", [1, 20_000, 13_000])];
        class(f, B, &[("setl_id", "S01")], "late_refused", &moves);
    }),
    ("a copy that cleared before as a duplicate", REGISTER, |f| {
        let moves = [("treating", "already_cleared", [1, 20_000, 13_000])];
        class(f, B, &[("setl_id", "S01")], "duplicate", &moves);
    }),
    ("a carried copy of the newest period as expired", LATE, |f| {
        f.remove(C, "open_items", &[("setl_id", "S24")]);
        f.set(C, "breaks", &[("setl_id", "S24")], &[("carried", "false")]);
        let moves = [("insured", "missing_treating", [1, 900, 500])];
        class(f, C, &[("setl_id", "S24")], "expired", &moves);
    }),
    ("a new copy as an open item that expired", FATE, |f| {
        let moves = [("insured", "late_refused", [1, 1500, 900])];
        class(f, C, &[("setl_id", "S14")], "expired", &moves);
    }),
    ("an open item that expired as a new copy", "superseded, of what was brought in", |f| {
        let moves = [("treating", "expired", [1, 1500, 900])];
        class(f, B, &[("setl_id", "S14")], "late_refused", &moves);
    }),
    ("what was voided again is another settlement", REGISTER, |f| {
        f.set(C, "breaks", &[("setl_id", "S21")], &[("setl_id", "S22")]);
    }),
    ("a reversal without its original as one that does not fit it", REGISTER, |f| {
        let moves =
            ["treating", "insured"].map(|side| (side, "reversal_unpaired", [1, -800, -500]));
        class(f, A, &[("setl_id", "S19")], "reversal_mismatch", &moves);
        f.set(A, "open_items", &[("setl_id", "S19")], &[("class", "reversal_mismatch")]);
    }),
    ("a reversal that does not fit as one without its original", REGISTER, |f| {
        let moves =
            ["treating", "insured"].map(|side| (side, "reversal_mismatch", [1, -800, -500]));
        class(f, A, &[("setl_id", "S21")], "reversal_unpaired", &moves);
        f.set(A, "open_items", &[("setl_id", "S21")], &[("class", "reversal_unpaired")]);
    }),
    ("an open item that leaves without a trace", REGISTER, |f| {
        f.remove(B, "breaks", &[("setl_id", "S14")]);
        f.shift(B, "treating", ["expired", "superseded"], [1, 1500, 900]);
    }),
];

/// Another value of a break.
pub(super) const VALUES: &[Forgery] = &[
    ("the age of a copy that expired", FIRST, |f| {
        f.set(B, "breaks", &[("setl_id", "S14")], &[("first_period", B)]);
    }),
    ("the age of a copy that is late", FIRST, |f| {
        f.set(C, "breaks", &[("setl_id", "S14")], &[("first_period", A)]);
    }),
    ("the age of what cleared before", FIRST, |f| {
        f.set(B, "breaks", &[("setl_id", "S01")], &[("first_period", A)]);
    }),
    ("the age of what was voided again", FIRST, |f| {
        f.set(C, "breaks", &[("setl_id", "S21")], &[("first_period", A)]);
    }),
    ("the division of a copy that expired", "as it was brought in", |f| {
        f.set(B, "breaks", &[("setl_id", "S14")], &[("insuplc_admdvs", "340300")]);
    }),
    ("the cost of a copy that expired", "opened and expired = carried before", |f| {
        f.shift(B, "treating", ["expired", "already_cleared"], [0, 100, 0]);
    }),
    ("the month of a late copy", LATE, |f| {
        let to = [("cost_month", "2025-11"), ("lateness", "1")];
        f.set(C, "breaks", &[("setl_id", "S14")], &to);
    }),
    ("an insutype that is none", "codes of a valid row", |f| {
        f.set(A, "breaks", &[("setl_id", "S13")], &[("insutype", "999")]);
    }),
    ("a division of no province", "codes of a valid row", |f| {
        f.set(A, "breaks", &[("setl_id", "S13")], &[("mdtrtarea_admvs", "990100")]);
    }),
    ("a missing copy of the other side", SIDES, |f| {
        let moves = [("treating", "missing_insured", [1, 2400, 1500])];
        class(f, A, &[("setl_id", "S15")], "missing_treating", &moves);
        f.set(A, "open_items", &[("setl_id", "S15")], &[("class", "missing_treating")]);
    }),
    ("a reversal with two payables", SIDES, |f| {
        let to = [("treating_payable", "-500.00"), ("effect", "100.00")];
        f.set(A, "breaks", &[("setl_id", "S18")], &to);
        f.shift(A, "treating", ["rejected", "already_reversed"], [0, 0, 100]);
    }),
    ("a mismatch of amounts as one of fields", "the class that the copies make", |f| {
        let of = [("setl_id", "S10")];
        f.set(A, "open_items", &of, &[("class", "field_mismatch")]);
        let sides = [("treating", "amount_mismatch", [1, 8000, 5000])];
        class(f, A, &of, "field_mismatch", &sides);
        f.shift(A, "insured", ["amount_mismatch", "field_mismatch"], [1, 8000, 4800]);
    }),
    ("less cost than is owed", "as control has them", |f| {
        f.shift(A, "treating", ["duplicate", "conflict"], [0, 250, 0]);
    }),
    ("fen without rows", "no fen without rows", |f| {
        f.shift(A, "treating", ["duplicate", "expired"], [0, 5, 0]);
    }),
    ("less than no rows", "no fen without rows", |f| {
        f.shift(A, "treating", ["expired", "rejected"], [1, 0, 0]);
    }),
    ("a side that is none", "values of a row", |f| {
        f.set(A, "breaks", &[("setl_id", "S24")], &[("side", "neither")]);
    }),
    ("an empty cell", "no empty cell", |f| {
        f.set(A, "breaks", &[("setl_id", "S24")], &[("insutype", NULL)]);
    }),
    ("a med_type of an open item that is none", "the row rules", |f| {
        f.set(A, "open_items", &[("setl_id", "S24")], &[("med_type", "99")]);
    }),
    ("an institution with a blank", "the row rules", |f| {
        f.set(A, "open_items", &[("setl_id", "S24")], &[("fixmedins_code", "H3101040000 ")]);
    }),
];
