//! What nothing in a book tells.

use liangqing::digest::sha256_hex;

use super::{A, B, Edit, Forge};
use crate::{
    forger::{Cells, Forger, Line},
    world::NULL,
};

/// What nothing in a book tells, each with its words in docs/audit.md.
pub(super) const UNTOLD: [(&str, Forge, Edit); 15] = [
    (
        "which settlement of a group owed what",
        |f| {
            f.edit(A, "register", |rows| {
                let plain = |row: &Line| row["kind"] == "0";
                let first = rows.iter().position(plain).expect("a settlement");
                let same = |at: &usize| {
                    plain(&rows[*at])
                        && rows[*at]["group"] == rows[first]["group"]
                        && rows[*at]["payable"] != rows[first]["payable"]
                };
                let second = (first + 1..rows.len()).find(same).expect("a second one");
                let payables = [first, second].map(|at| rows[at]["payable"].clone());
                rows[first].insert("payable".to_owned(), payables[1].clone());
                rows[second].insert("payable".to_owned(), payables[0].clone());
            });
        },
        |_| {},
    ),
    ("the division", |f| position(f, &[("insuplc_admdvs", "320600")]), |_| {}),
    ("the cost month", |f| position(f, &[("cost_month", "2025-09")]), |_| {}),
    (
        "the split over funds",
        |f| {
            position(f, &[("hifp_pay", "+-100.00"), ("maf_pay", "+100.00")]);
        },
        |_| {},
    ),
    (
        "the class of care",
        |f| {
            position(f, &[("care_class", "outpatient")]);
            // Insured in 32, treated in 31, employees: inpatients, outpatients.
            f.set(A, "register", &[("group", "2369")], &[("group", "2370")]);
        },
        |_| {},
    ),
    (
        "opening quotas",
        |f| {
            f.cut(A);
            let of = [("insured_province", "41"), ("treating_province", "31")];
            f.set(A, "quotas", &of, &[("quota", "+1.00"), ("next_quota", "+1.00")]);
            f.set(A, "pairs", &of, &[("quota", "+1.00")]);
            f.set(A, "reserves", &of, &[("opening", "+1.00"), ("closing", "+1.00")]);
        },
        |_| {},
    ),
    (
        "approved amounts",
        |f| {
            f.cut(B);
            let to = [
                ("approved", "+1.00"),
                ("status", "partial"),
                ("completed_on", NULL),
                ("punctual", NULL),
            ];
            f.set(B, "notice_status", &[("approved", "30000.00")], &to);
            let of = [("insured_province", "34"), ("treating_province", "31")];
            f.set(B, "quotas", &of, &[("next_quota", "+1.00")]);
        },
        |_| {},
    ),
    (
        "days of payments",
        |f| {
            let of = [("bank_serial", "B003"), ("accepted", "true")];
            f.set(B, "payments", &of, &[("paid_on", "2025-12-18")]);
            let to = [("completed_on", "2025-12-18"), ("punctual", "true")];
            f.set(B, "notice_status", &[("notice_id", "QS-2025-10-41-31")], &to);
        },
        |_| {},
    ),
    (
        "permits as they were delivered",
        |f| {
            f.cut(A);
            f.set(A, "permits", &[("permit_id", "PZ-01")], &[("until_period", "2027-12")]);
        },
        |_| {},
    ),
    (
        "the rules",
        |_| {},
        |m| {
            m.rules.text.insert_str(0, "# approved by nobody\n");
            m.rules.sha256 = sha256_hex(m.rules.text.as_bytes());
        },
    ),
    (
        "cost and payable of rejected rows",
        |f| {
            for bucket in ["delivered", "rejected"] {
                let of = [("side", "treating"), ("bucket", bucket)];
                f.set(A, "control", &of, &[("medfee_sumamt", "+100.00"), ("payable", "+100.00")]);
            }
        },
        |_| {},
    ),
    (
        "rows that left without clearing",
        |f| {
            let to = [("treating_payable", "+1.00"), ("effect", "+1.00")];
            f.set(A, "breaks", &[("setl_id", "S13"), ("side", "treating")], &to);
            f.shift(A, "treating", ["rejected", "late_refused"], [0, 0, 1]);
        },
        |_| {},
    ),
    (
        "which row was rejected, and by which rules",
        |f| {
            f.set(A, "rejects", &[("row", "2")], &[("row", "1"), ("rules", "V13")]);
        },
        |_| {},
    ),
    ("digests and lengths of inputs", |_| {}, |m| m.inputs[0].sha256 = "0".repeat(64)),
    ("the version of the program", |_| {}, |m| "liangqing 9.9.9".clone_into(&mut m.program)),
];

fn position(f: &Forger, to: Cells) {
    f.set(A, "positions", &[("insuplc_admdvs", "320500"), ("treating_province", "31")], to);
}
