//! What somebody may do to money, to the register, and to what was rejected.

use liangqing::keyed::key::Key;

use super::{A, B, C, Forgery};
use crate::{forger::Forger, world::NULL};

const JUDGED: &str = "what the tables say of a settlement";
const PAID: &str = "accepted or refused";
const COST: &str = "what cleared, as positions have it";
const ENTRY: &str = "kind, group and payable of an entry";
const ROW: &str = "a row of an input, with its rules";
const NET: &str = "net, and the use of the quota";
const DUE: &str = "the notices that are due";
/// The pair that has something returned in November, and an initial quota.
const PAIR: &[(&str, &str)] = &[("insured_province", "41"), ("treating_province", "32")];

fn first_entry(f: &Forger, column: &str, value: &str) {
    f.edit(A, "register", |rows| {
        let row = rows.iter_mut().find(|row| row["kind"] == "0").expect("a settlement");
        row.insert(column.to_owned(), value.to_owned());
    });
}

/// Other money.
pub(super) const MONEY: &[Forgery] = &[
    ("cash and cost of a position", COST, |f| {
        let of = [("insuplc_admdvs", "320500"), ("treating_province", "31")];
        let to = [("psn_cash_pay", "+100.00"), ("medfee_sumamt", "+100.00")];
        f.set(A, "positions", &of, &to);
    }),
    ("cash and cost of a position beside decisions", COST, |f| {
        let of = [
            ("insuplc_admdvs", "340100"),
            ("care_class", "inpatient"),
            ("treating_province", "32"),
        ];
        let to = [("psn_cash_pay", "+100.00"), ("medfee_sumamt", "+100.00")];
        f.set(C, "positions", &of, &to);
    }),
    ("positions that cancel", "what positions have", |f| {
        for (month, more) in [("2025-07", "+-100000.00"), (A, "+100000.00")] {
            let of = [
                ("insuplc_admdvs", "340100"),
                ("care_class", "inpatient"),
                ("treating_province", "31"),
                ("cost_month", month),
            ];
            let fields = ["hifp_pay", "fund_pay_sumamt", "medfee_sumamt", "payable"];
            f.set(A, "positions", &of, &fields.map(|field| (field, more)));
        }
    }),
    ("a position of a month that is closed", "a cost month that may clear", |f| {
        let of = [("insuplc_admdvs", "320500"), ("treating_province", "31")];
        f.set(A, "positions", &of, &[("cost_month", "2025-01")]);
    }),
    ("an unknown settlement that cleared", JUDGED, |f| {
        f.set(A, "deductions", &[("ddct_id", "K02")], &[("setl_id", "S01")]);
    }),
    ("a deduction that does not exceed", JUDGED, |f| {
        f.set(A, "deductions", &[("ddct_id", "K03")], &[("amount", "1.00")]);
    }),
    ("a settlement that was not reversed", JUDGED, |f| {
        f.set(A, "deductions", &[("ddct_id", "K04")], &[("setl_id", "S01")]);
    }),
    ("a reversed settlement refused for its amount", JUDGED, |f| {
        f.set(B, "deductions", &[("ddct_id", "K09")], &[("code", "D02")]);
    }),
    ("an accepted deduction refused", JUDGED, |f| {
        let to = [("accepted", "false"), ("code", "D02")];
        f.set(B, "deductions", &[("ddct_id", "K07")], &to);
    }),
    ("an accepted deduction from a reversed settlement", JUDGED, |f| {
        let to = [("accepted", "true"), ("code", NULL)];
        f.set(A, "deductions", &[("ddct_id", "K04")], &to);
    }),
    ("a deduction that is not given back", JUDGED, |f| {
        f.remove(B, "deductions", &[("ddct_id", "K06")]);
    }),
    ("a deduction from a known settlement without its province", JUDGED, |f| {
        let to = ["insured_province", "treating_province", "fund_class"].map(|of| (of, NULL));
        f.set(A, "deductions", &[("ddct_id", "K05")], &to);
    }),
    ("a payment that was not too much", PAID, |f| {
        f.set(B, "payments", &[("bank_serial", "B007")], &[("amount", "2000.00")]);
    }),
    ("a second payment of a serial as one that is too much", PAID, |f| {
        f.set(C, "payments", &[("bank_serial", "B013")], &[("bank_serial", "B001")]);
    }),
    ("a payment on a notice that was paid", PAID, |f| {
        f.set(C, "payments", &[("bank_serial", "B010")], &[("notice_id", "QS-2025-10-34-31")]);
    }),
    ("a day of payment that no approval leads to", "open before or issued now", |f| {
        f.set(B, "notice_status", &[("approved", "30000.00")], &[("pay_by", "2025-12-28")]);
    }),
    ("a permit for no province", "provinces, months and a flag", |f| {
        f.set(A, "permits", &[("permit_id", "PZ-01")], &[("insured_province", "99")]);
    }),
    ("returned money that is less", NET, |f| f.set(B, "pairs", PAIR, &[("returned", "1000.00")])),
    ("returned money that is carried", NET, |f| {
        f.set(B, "pairs", PAIR, &[("returned", "0.00"), ("carried_forward", "-1850.00")]);
    }),
    ("a return without a notice", DUE, |f| {
        f.remove(B, "notices", &[("notice_id", "FH-2025-11-41-32")]);
    }),
    ("a return that the insured province pays", DUE, |f| {
        let to = [("payer", "41"), ("payee", "32")];
        f.set(B, "notices", &[("notice_id", "FH-2025-11-41-32")], &to);
    }),
    ("a notice of a smaller return", DUE, |f| {
        f.set(B, "notices", &[("notice_id", "FH-2025-11-41-32")], &[("amount", "+-0.01")]);
    }),
    ("drawn without what came back", "drawn", |f| {
        f.set(B, "reserves", PAIR, &[("drawn", "0.00")]);
    }),
    ("an initial quota that is not there", "the initial quotas of the delivery", |f| {
        f.remove(B, "notices", &[("notice_id", "CS-2025-11-41-32")]);
    }),
    ("an initial quota that is not in force later", "next_quota", |f| {
        f.set(B, "quotas", PAIR, &[("next_quota", "0.00")]);
    }),
    ("an initial quota of a pair that has one", "initial quotas of pairs that have none", |f| {
        let to = [("notice_id", "CS-2025-11-34-31"), ("payer", "34"), ("payee", "31")];
        f.set(B, "notices", &[("notice_id", "CS-2025-11-41-32")], &to);
    }),
    ("a quota below 0", "no quota below 0", |f| {
        f.set(A, "quotas", &[("insured_province", "32")], &[("quota", "-1.00")]);
    }),
    ("a decision that did something else", "what each decision did", |f| {
        f.set(B, "decisions", &[("setl_id", "S19")], &[("payable", NULL)]);
    }),
    ("a void of another class", "sides and payables of a class", |f| {
        f.set(B, "decisions", &[("setl_id", "S21")], &[("class_without", "missing_insured")]);
    }),
];

/// Another register.
pub(super) const REGISTERS: &[Forgery] = &[
    ("a kind that is none", ENTRY, |f| first_entry(f, "kind", "-1")),
    ("a group that is none", ENTRY, |f| first_entry(f, "group", "9000")),
    ("a group of one province", ENTRY, |f| first_entry(f, "group", "0")),
    ("a settlement that takes back", ENTRY, |f| first_entry(f, "payable", "-1.00")),
    ("another original", "each reversal the negative of an original", |f| {
        let Key { hash, check } = Key::of("S01");
        f.edit(A, "reversals", |rows| {
            rows[0].insert("key".to_owned(), hash.to_string());
            rows[0].insert("check".to_owned(), check.to_string());
        });
    }),
];

/// Other rejects.
pub(super) const REJECTS: &[Forgery] = &[
    ("a reject of the other side", ROW, |f| {
        f.set(A, "rejects", &[("row", "2")], &[("side", "insured")]);
    }),
    ("a row below the first", ROW, |f| f.set(A, "rejects", &[("row", "2")], &[("row", "-1")])),
    ("a row behind the last", ROW, |f| f.set(A, "rejects", &[("row", "2")], &[("row", "5")])),
    ("rules out of order", ROW, |f| {
        f.set(A, "rejects", &[("row", "2")], &[("rules", "V08,V07")]);
    }),
    ("a rule that is none", ROW, |f| f.set(A, "rejects", &[("row", "2")], &[("rules", "V99")])),
    ("no rule", ROW, |f| f.set(A, "rejects", &[("row", "2")], &[("rules", "")])),
    ("a row without a name", ROW, |f| {
        f.set(A, "rejects", &[("row", "2")], &[("setl_id", NULL)]);
    }),
];
