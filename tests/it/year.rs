//! A book over fifteen periods and two year ends: synthetic deliveries with every break planted, money
//! that is paid in time, late, in part or not at all, and the laws that hold after every close.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
};

use liangqing::model::{codes::Month, dates::parse_day, money::parse_sum};

use crate::world::{NULL, World, program, read_table};

const FIRST: &str = "2024-11";
const PERIODS: i32 = 15;

/// Every class is planted in so many parts per million.
const RATES: &str = "24_000";
const PLANTED: [&str; 18] = [
    "late_one_month",
    "late_two_months",
    "reversals",
    "reversals_next_month",
    "missing_insured",
    "missing_treating",
    "field_mismatch",
    "amount_mismatch",
    "already_cleared",
    "duplicate",
    "conflict",
    "late_refused",
    "expired",
    "voided",
    "accepted",
    "reversal_unpaired",
    "reversal_mismatch",
    "already_reversed",
];

#[test]
fn fifteen_periods_keep_every_law() {
    let world = World::new();
    synthesise(&world);
    let first = Month::from_text(FIRST).expect("a month");
    let periods: Vec<String> = (0..PERIODS).map(|n| first.plus(n).to_string()).collect();
    world.small_file(FIRST, "opening-quotas.csv", opening_quotas());
    let mut book = Laws::default();
    for (index, period) in periods.iter().enumerate() {
        if let Some(last) = index.checked_sub(1).map(|last| &periods[last]) {
            deliver_money(&world, last, period);
        }
        world.run(period).expect(0);
        answer_key_is_met(&world, period);
        book.check(&world, period);
    }
    book.saw_everything();
}

fn synthesise(world: &World) {
    let rates: Vec<String> = PLANTED.iter().map(|key| format!("{key} = {RATES}")).collect();
    let rates = format!(
        "format = 1\nrejected = {RATES}\ndeductions = {RATES}\ndeductions_refused = 12_000\n\
         permits = 300_000\n{}\n",
        rates.join("\n")
    );
    fs::write(world.path("rates.toml"), rates).expect("written");
    let made = program()
        .args(["synth", "--quiet", "--period", FIRST, "--settlements", "1500", "--periods"])
        .arg(PERIODS.to_string())
        .arg("--breaks")
        .arg(world.path("rates.toml"))
        .arg("--out")
        .arg(world.path("in"))
        .output()
        .expect("started");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn opening_quotas() -> String {
    let mut text = "insured_province,treating_province,quota\n".to_owned();
    for (insured, treating, quota) in
        [(34, 31, "900000"), (41, 11, "5000.55"), (13, 11, "2000000"), (34, 32, "1")]
    {
        writeln!(text, "{insured},{treating},{quota}").expect("text");
    }
    text
}

/// Answers some proposals and pays notices: in time, late, in part, twice, or not at all.
fn deliver_money(world: &World, last: &str, period: &str) {
    let columns = ["notice_id", "amount", "approved", "paid", "pay_by", "status"];
    let mut changes = "notice_id,amount,approved_by,approved_on\n".to_owned();
    let mut payments = "notice_id,paid_on,amount,bank_name,bank_serial\n".to_owned();
    let statuses = world.table(last, "notice_status", &columns);
    for (index, status) in statuses.iter().enumerate() {
        let [id, amount, approved, paid, pay_by, state] = &status[..] else {
            panic!("six columns")
        };
        let approved_on = Month::from_text(last).expect("a month").plus(1).last_day();
        if state == "proposed" {
            if index % 3 == 0 {
                writeln!(changes, "{id},{amount},NHSA,{approved_on}").expect("text");
            }
            continue;
        }
        let fen =
            |text: &String| if text == NULL { 0 } else { parse_sum(text).expect("yuan").fen() };
        let due = if id.starts_with("JJ") { fen(approved) } else { fen(amount) };
        let open = due - fen(paid);
        let day = parse_day(pay_by).expect("a day");
        let late = day + chrono::Days::new(3);
        let mut pay = |fen: i128, day: chrono::NaiveDate| {
            let yuan = liangqing::model::money::yuan(liangqing::model::money::FenSum::new(fen));
            let serial = format!("{period}-{index}-{fen}-{day}");
            writeln!(payments, "{id},{day},{yuan},bank,{serial}").expect("text");
        };
        match (state.as_str(), index % 5) {
            ("unpaid", 0) => {}
            ("unpaid", 1) if open > 1 => pay(open / 2, day),
            ("unpaid", 2) => pay(open, late),
            ("unpaid", 3) => {
                pay(open + 1, day);
                pay(open, day);
            }
            _ => pay(open, day),
        }
    }
    world.small_file(period, "quota-changes.csv", changes);
    world.small_file(period, "payments.csv", payments);
}

/// The breaks are those that were planted, each in its class, and no others.
fn answer_key_is_met(world: &World, period: &str) {
    let columns = ["setl_id", "class"];
    let mut planted = read_table(&world.input(period).join("truth.parquet"), &columns);
    let mut found = world.table(period, "breaks", &columns);
    planted.sort();
    found.sort();
    assert_eq!(found, planted, "{period}");
}

/// What is remembered from period to period.
#[derive(Default)]
struct Laws {
    registered: BTreeSet<Vec<String>>,
    /// Rows and payable carried, by side.
    carried: BTreeMap<String, (i128, i128)>,
    closing: BTreeMap<Vec<String>, i128>,
    seen: BTreeSet<String>,
}

impl Laws {
    fn check(&mut self, world: &World, period: &str) {
        self.nothing_clears_twice(world, period);
        self.open_items_roll_forward(world, period);
        self.reserves_add_up(world, period);
        Laws::payables_are_notified(world, period);
        for (table, column) in [
            ("breaks", "class"),
            ("notices", "kind"),
            ("notice_status", "status"),
            ("notice_status", "punctual"),
            ("deductions", "code"),
            ("payments", "code"),
            ("pairs", "reserve_level"),
        ] {
            let values = world.table(period, table, &[column]);
            self.seen.extend(values.iter().map(|value| format!("{column} {}", value[0])));
        }
    }

    fn nothing_clears_twice(&mut self, world: &World, period: &str) {
        let path = world.book().join(period).join("register.parquet");
        for key in read_table(&path, &["key", "check"]) {
            assert!(self.registered.insert(key), "{period}: a settlement is registered twice");
        }
    }

    fn open_items_roll_forward(&mut self, world: &World, period: &str) {
        let mut buckets: BTreeMap<String, BTreeMap<String, (i128, i128)>> = BTreeMap::new();
        for row in world.table(period, "control", &["side", "bucket", "rows", "payable"]) {
            let totals =
                (row[2].parse().expect("a number"), parse_sum(&row[3]).expect("yuan").fen());
            buckets.entry(row[0].clone()).or_default().insert(row[1].clone(), totals);
        }
        for (side, buckets) in buckets {
            let opened = buckets["opened"];
            assert_eq!(opened, self.carried.get(&side).copied().unwrap_or_default(), "{period}");
            let carried = [
                "missing_insured",
                "missing_treating",
                "field_mismatch",
                "amount_mismatch",
                "reversal_unpaired",
                "reversal_mismatch",
            ]
            .iter()
            .fold((0, 0), |sum, class| (sum.0 + buckets[*class].0, sum.1 + buckets[*class].1));
            let items = world.table(period, "open_items", &["side"]);
            let items = items.iter().filter(|item| item[0] == side).count();
            assert_eq!(i128::try_from(items).ok(), Some(carried.0), "{period}");
            self.carried.insert(side, carried);
        }
    }

    fn reserves_add_up(&mut self, world: &World, period: &str) {
        let columns = [
            "insured_province",
            "treating_province",
            "opening",
            "paid_in",
            "paid_back",
            "drawn",
            "closing",
        ];
        let mut closing = BTreeMap::new();
        for row in world.table(period, "reserves", &columns) {
            let fen: Vec<i128> =
                row[2..].iter().map(|t| parse_sum(t).expect("yuan").fen()).collect();
            assert_eq!(fen[0] + fen[1] - fen[2] - fen[3], fen[4], "{period} {row:?}");
            let pair = row[..2].to_vec();
            if period != FIRST {
                let before = self.closing.get(&pair).copied().unwrap_or(0);
                assert_eq!(fen[0], before, "{period} {pair:?}");
            }
            closing.insert(pair, fen[4]);
        }
        self.closing = closing;
    }

    fn payables_are_notified(world: &World, period: &str) {
        let sum = |rows: &[Vec<String>]| -> i128 {
            rows.iter().map(|row| parse_sum(&row[0]).expect("yuan").fen()).sum()
        };
        let notices = world.table(period, "notices", &["amount", "kind"]);
        let clearing: Vec<_> = notices.into_iter().filter(|row| row[1] == "QS").collect();
        let positions = world.table(period, "positions", &["payable"]);
        let pairs = |column| sum(&world.table(period, "pairs", &[column]));
        assert_eq!(sum(&clearing), pairs("payable"), "{period}");
        assert_eq!(sum(&positions), pairs("gross"), "{period}");
        let net = pairs("gross") - pairs("deductions") + pairs("brought_forward");
        let settled = pairs("payable") - pairs("returned") + pairs("carried_forward");
        assert_eq!(net, settled, "{period}");
    }

    fn saw_everything(&self) {
        let kinds = ["QS", "ND", "JJ"].map(|kind| format!("kind {kind}"));
        let states = ["proposed", "unpaid", "partial", "paid"].map(|s| format!("status {s}"));
        let punctual = ["true", "false"].map(|flag| format!("punctual {flag}"));
        let codes = ["D01", "D02", "D03", "D04", "D05", "R01", "P04"].map(|c| format!("code {c}"));
        let levels = ["green", "red"].map(|level| format!("reserve_level {level}"));
        let wanted = kinds.into_iter().chain(states).chain(punctual).chain(codes).chain(levels);
        let missing: Vec<String> = wanted.filter(|wanted| !self.seen.contains(wanted)).collect();
        assert!(missing.is_empty(), "never seen: {missing:?}");
        let classes = self.seen.iter().filter(|seen| seen.starts_with("class ")).count();
        assert_eq!(classes, 13, "{:?}", self.seen);
    }
}
