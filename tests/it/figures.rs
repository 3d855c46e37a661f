//! One figure has one name and one value in every output of a book (docs/figures.md).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use liangqing::model::{
    fields::Field,
    money::{FenSum, parse_sum, yuan, yuan_grouped},
};
use serde_json::Value;

use crate::{
    audited::{json, liangqing, other, text},
    world::{Row, World, root, spreadsheet},
};

const PERIOD: &str = "2025-11";

/// Two periods with everything that makes figures differ: decisions for copies of one side, reversals, deductions, a
/// pair that returns money, an initial quota, a suggestion, rejected rows, an unpaid notice.
fn book() -> (World, Value) {
    let world = World::new();
    world.small_file("2025-10", "opening-quotas.csv", OPENING);
    let henan = Row::new("X").with(Field::insuplc_admdvs, "410100");
    let henan =
        henan.with(Field::mdtrtarea_admvs, "320100").with(Field::fixmedins_code, "H32010000001");
    let both = [Row::new("A"), Row::new("C"), henan.clone()];
    let mismatch = Row::new("B");
    let treating = [&both[..], &[mismatch.clone(), Row::new("M"), Row::new("M2")]].concat();
    let insured = [&both[..], &[other(&mismatch), Row::new("N"), Row::new("N2"), Row::new("N3")]];
    world.deliver("2025-10", "treating/a.parquet", &treating);
    world.deliver("2025-10", "insured/a.parquet", &insured.concat());
    world.run("2025-10").expect(0);

    let now = |id: &str| Row::new(id).in_month(PERIOD);
    let back = henan.with(Field::setl_id, "RX").with(Field::init_setl_id, "X").in_month(PERIOD);
    let both: Vec<Row> = (0..6)
        .map(|at| now(&format!("D{at}")))
        .chain([back, Row::reversal("RA", "A").in_month(PERIOD)])
        .collect();
    let bad = now("BAD").with(Field::fund_pay_sumamt, "1.00");
    world.deliver(PERIOD, "treating/a.parquet", &[&both[..], &[bad, now("T")]].concat());
    world.deliver(PERIOD, "insured/a.parquet", &both);
    world.small_file(PERIOD, "decisions.csv", DECISIONS);
    world.small_file(PERIOD, "deductions.csv", DEDUCTIONS);
    world.small_file(PERIOD, "initial-quotas.csv", INITIAL);
    world.small_file(PERIOD, "payments.csv", PAYMENTS);
    let run = json(&world.run_with(PERIOD, &["--format", "json"]).expect(0));
    (world, run)
}

const OPENING: &str = "insured_province,treating_province,quota\n34,31,5000.00\n41,32,3000.00\n";
const DECISIONS: &str = "setl_id,decision,reason,decided_by,approved_by,decided_on\n\
     B,accept_treating,checked,Wang,Li,2025-12-01\n\
     M,accept_treating,checked,Wang,Li,2025-12-01\n\
     N,accept_insured,checked,Wang,Li,2025-12-01\n\
     N2,accept_insured,checked,Wang,Li,2025-12-01\n\
     M2,void,checked,Wang,Li,2025-12-01\n";
const DEDUCTIONS: &str = "ddct_id,setl_id,amount,reason_code,decided_on\nk1,C,10.00,x,2025-12-01\n";
const INITIAL: &str = "insured_province,treating_province,quota,approved_by,approved_on\n\
     34,33,1000.00,Zhao,2025-12-01\n";
const PAYMENTS: &str = "notice_id,paid_on,amount,bank_name,bank_serial\n\
     QS-2025-10-41-32,2025-12-10,800.00,Bank,1\n";

/// A table of the period.
fn sums(world: &World, table: &str, column: &str) -> i128 {
    let rows = world.table(PERIOD, table, &[column]);
    let number = |text: &str| {
        if text.contains('.') {
            parse_sum(text).expect("an amount").fen()
        } else {
            text.parse().expect("a number")
        }
    };
    rows.iter().map(|row| number(&row[0])).sum()
}

/// Rows of a side in some buckets.
fn bucket(world: &World, side: &str, buckets: &[&str]) -> i128 {
    let rows = world.table(PERIOD, "control", &["side", "bucket", "rows"]);
    let own = rows.iter().filter(|row| row[0] == side && buckets.contains(&row[1].as_str()));
    own.map(|row| row[2].parse::<i128>().expect("a number")).sum()
}

/// Settlements cleared, as docs/figures.md defines them from the tables: by the rows of the treating side and by those
/// of the insured side.
fn settlements(world: &World) -> [i128; 2] {
    let decisions = world.table(PERIOD, "decisions", &["class_without", "payable"]);
    let without = |class: &str| {
        decisions.iter().filter(|row| row[0] == class && row[1] != "-").count() as i128
    };
    [
        bucket(world, "treating", &["cleared"]) + without("missing_treating"),
        bucket(world, "insured", &["cleared"]) + without("missing_insured"),
    ]
}

/// Number and sum of the notices of each kind.
fn notices(world: &World) -> BTreeMap<String, (i128, i128)> {
    let mut kinds: BTreeMap<String, (i128, i128)> =
        ["QS", "FH", "CS", "ND", "JJ"].map(|kind| (kind.to_owned(), (0, 0))).into();
    for row in world.table(PERIOD, "notices", &["kind", "amount"]) {
        let (count, fen) = kinds.get_mut(&row[0]).expect("a kind");
        *count += 1;
        *fen += parse_sum(&row[1]).expect("an amount").fen();
    }
    kinds
}

fn money(fen: i128) -> String {
    yuan(FenSum::new(fen))
}

fn grouped(fen: i128) -> String {
    yuan_grouped(FenSum::new(fen))
}

/// The text of a page without its marks: of one language.
fn plain(html: &str, lang: &str) -> String {
    let other = if lang == "en" { "zh-CN" } else { "en" };
    let mut text = html.to_owned();
    let start = format!("<span lang=\"{other}\">");
    while let Some(at) = text.find(&start) {
        let end = text[at..].find("</span>").expect("an end") + at + "</span>".len();
        text.replace_range(at..end, "");
    }
    let mut plain = String::new();
    for part in text.split('<') {
        plain.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        plain.push(' ');
    }
    plain.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A card of the page: value and note.
fn card(page: &str, label: &str, lang: &str) -> String {
    let (_, cards) = page.split_once("<dl class=\"cards\">").expect("cards");
    let (cards, _) = cards.split_once("</dl>").expect("an end");
    let cards: Vec<String> = cards.split("<div>").skip(1).map(|card| plain(card, lang)).collect();
    let found = cards.iter().find_map(|card| card.strip_prefix(&format!("{label} ")));
    found.unwrap_or_else(|| panic!("{label}: {cards:?}")).to_owned()
}

fn page(world: &World, period: &str) -> String {
    let (book, out) = (world.book(), world.path("page.html"));
    liangqing(&[
        "report",
        "--period",
        period,
        "--book",
        text(&book),
        "--out",
        text(&out),
        "--force",
    ])
    .expect(0);
    fs::read_to_string(out).expect("a page")
}

/// The sheets of a bulletin that leaves nothing out.
fn bulletin(
    world: &World,
    period: &str,
    flags: &[&str],
) -> impl Fn(&str) -> Vec<BTreeMap<String, String>> + use<> {
    let forms = fs::read_to_string(root().join("pipelines/forms.toml")).expect("forms");
    let path = world.path("forms.toml");
    fs::write(&path, forms.replace("threshold = 5", "threshold = 1")).expect("written");
    let out = world.path(&format!("bulletin-{period}"));
    let book = world.book();
    let given = ["bulletin", "-q", "--period", period, "--book", text(&book), "--out", text(&out)];
    liangqing(&[&given[..], &["--forms", text(&path)], flags].concat()).expect(0);
    let folder = if flags.contains(&"--quarter") { "quarterly" } else { "monthly" };
    move |sheet| spreadsheet(&out.join(format!("{folder}/{sheet}.csv")))
}

/// The sentences of a bulletin.
fn said(sheet: &impl Fn(&str) -> Vec<BTreeMap<String, String>>) -> Vec<String> {
    sheet("summary").iter().map(|row| row["要点"].replace('\u{a0}', " ")).collect()
}

#[test]
fn settlements_visits_and_match_rate_are_the_same_everywhere() {
    let (world, run) = book();
    let [settlements, by_insured] = settlements(&world);
    let visits = sums(&world, "pairs", "visits");
    let rows = bucket(&world, "treating", &["cleared"]);
    let came = bucket(&world, "treating", &["delivered", "opened"]);
    // The three counts of what cleared differ, and so do rows of both sides.
    assert_eq!(settlements, by_insured);
    let cleared = [settlements, rows, bucket(&world, "insured", &["cleared"]), visits];
    assert_eq!(cleared.into_iter().collect::<BTreeSet<_>>().len(), 4, "{cleared:?}");
    assert_eq!(sums(&world, "positions", "visits"), visits);

    assert_eq!(run["visits"], i64::try_from(visits).expect("few"));
    assert_eq!(run["matched"]["cleared"], i64::try_from(rows).expect("few"));
    assert_eq!(run["matched"]["came"], i64::try_from(came).expect("few"));
    let rate = money(rows * 10_000 / came);
    assert_eq!(run["matched"]["percent"], rate.as_str());

    let page = page(&world, PERIOD);
    assert_eq!(
        card(&page, "Settlements cleared", "en"),
        format!("{settlements} {visits} visits, a reversal being −1")
    );
    assert!(card(&page, "清算笔数", "zh").starts_with(&format!("{settlements} 笔")));
    let matched = format!("{rate} % {rows} of {came} treating rows, delivered and opened");
    assert_eq!(card(&page, "Match rate", "en"), matched);

    let sheet = bulletin(&world, PERIOD, &[]);
    let pairs = sheet("pairs");
    let of_pairs: i128 = pairs.iter().map(|row| row["清算笔数"].parse::<i128>().expect("n")).sum();
    assert_eq!(of_pairs, settlements);
    let volumes = sheet("volumes");
    let total = volumes.last().expect("a total");
    assert_eq!([&total["参保人人次"], &total["本地就医人次"]], [&visits.to_string(); 2]);
    let side = &sheet("sides")[0];
    assert_eq!(side["已清算"], rows.to_string());
    assert_eq!(side["两地一致率"], format!("{rate}%"));
    let said = said(&sheet);
    assert!(said[0].contains(&format!("共清算 {settlements} 笔，计 {visits} 人次")), "{said:?}");
    let matched =
        format!("两地一致率 {rate} %：就医地送达与期初挂账 {came} 条，已清算 {rows} 条。");
    assert!(said.contains(&matched), "{said:?}");

    let book = world.book();
    let verified =
        json(&liangqing(&["verify", "-q", "--book", text(&book), "--format", "json"]).expect(0));
    assert_eq!(verified["periods"][1]["settlements"], i64::try_from(settlements).expect("few"));
    // A settlement that was voided is registered as well.
    assert_eq!(verified["periods"][1]["registered"], i64::try_from(settlements).expect("few") + 1);
}

#[test]
fn money_is_the_same_everywhere() {
    let (world, run) = book();
    let names = ["gross", "deductions", "payable", "returned", "carried_forward"];
    let fen = names.map(|name| sums(&world, "pairs", name));
    let [gross, deductions, payable, returned, carried_forward] = fen;
    assert!(fen[..4].iter().all(|fen| *fen > 0) && carried_forward == 0, "{fen:?}");
    assert_eq!(sums(&world, "positions", "payable"), gross);
    for (name, fen) in names.iter().zip(fen).filter(|(name, _)| **name != "deductions") {
        assert_eq!(run[*name], money(fen).as_str(), "{name}");
    }
    assert_eq!(run["deductions"]["accepted"]["amount"], money(deductions).as_str());

    let page = page(&world, PERIOD);
    for (label, fen) in
        [("Payable", payable), ("Gross", gross), ("Deductions", deductions), ("Returned", returned)]
    {
        let card = card(&page, label, "en");
        assert!(card.ends_with(&format!("{} yuan", grouped(fen))), "{label}: {card}");
    }
    assert!(card(&page, "返还金额", "zh").ends_with(&format!("{} 元", grouped(returned))));

    let sheet = bulletin(&world, PERIOD, &[]);
    let fund = sums(&world, "positions", "fund_pay_sumamt");
    // The fund payment is not the gross: personal accounts are payable, too.
    assert_ne!(fund, gross);
    let total = &sheet("volumes");
    assert_eq!(total.last().expect("a total")["参保人基金支付"], money(fund));
    let said = said(&sheet);
    let told = format!("基金支付 {} 元，清算总额 {} 元。", grouped(fund), grouped(gross));
    assert!(said[0].ends_with(&told), "{said:?}");
    for told in [
        format!("应付金额 {} 元，清算付款通知书 1 份。", grouped(payable)),
        format!("就医省应返还 {} 元，返还通知书 1 份。", grouped(returned)),
        format!("审核扣款 {} 元。", grouped(deductions)),
    ] {
        assert!(said.contains(&told), "{told}: {said:?}");
    }

    let book = world.book();
    let verified =
        json(&liangqing(&["verify", "-q", "--book", text(&book), "--format", "json"]).expect(0));
    assert_eq!(verified["periods"][1]["cleared"], money(gross).as_str());
    explained(&world, gross, payable, returned);
}

/// `explain --pair` of every pair adds up to the figures, and shows what is returned.
fn explained(world: &World, gross: i128, payable: i128, returned: i128) {
    let (book, input) = (world.book(), world.input(PERIOD));
    let (mut sums, mut found) = ([0; 3], 0);
    for pair in ["34-31", "41-32"] {
        let given = ["explain", "-q", "--pair", pair, "--period", PERIOD, "--book", text(&book)];
        let given = [&given[..], &["--input", text(&input)]].concat();
        let report = json(&liangqing(&[&given[..], &["--format", "json"]].concat()).expect(0));
        found += report["settlements"].as_array().expect("a list").len() as i128;
        for (sum, name) in sums.iter_mut().zip(["gross", "payable", "returned"]) {
            let amount = report["pair_totals"][name].as_str().expect("an amount");
            *sum += parse_sum(amount).expect("an amount").fen();
        }
        if pair == "41-32" {
            let said = liangqing(&given).expect(0).stdout;
            assert!(said.contains(&format!("returned {}", money(returned))), "{said}");
        }
    }
    assert_eq!(sums, [gross, payable, returned]);
    assert_eq!(found, settlements(world)[0]);
}

#[test]
fn notices_are_counted_by_kind() {
    let (world, run) = book();
    let kinds = notices(&world);
    let counts: Vec<i128> = kinds.values().map(|(count, _)| *count).collect();
    // CS, FH, JJ, ND, QS.
    assert_eq!(counts, [1, 1, 1, 0, 1]);
    for of_kind in run["notices"].as_array().expect("a list") {
        let (count, fen) = kinds[of_kind["kind"].as_str().expect("a kind")];
        assert_eq!(of_kind["notices"], i64::try_from(count).expect("few"));
        assert_eq!(of_kind["amount"], money(fen).as_str());
    }
    let page = page(&world, PERIOD);
    let (_, table) = page.split_once("<table class=\"kinds\">").expect("kinds");
    let (table, _) = table.split_once("</table>").expect("an end");
    let table = plain(table, "en");
    for (kind, (count, fen)) in &kinds {
        let line = format!("{kind} {count} {}", grouped(*fen));
        assert!(table.contains(&line), "{line}: {table}");
    }
    assert!(table.contains("emergency increase (suggestion)"), "{table}");
    let dated: Vec<(i128, i128)> =
        kinds.iter().filter(|(kind, _)| *kind != "JJ").map(|(_, sums)| *sums).collect();
    let all: i128 = dated.iter().map(|(count, _)| count).sum();
    let notices = card(&page, "Notices", "en");
    assert!(notices.starts_with(&format!("{all} ")), "{notices}");
    assert!(notices.ends_with("emergency increases suggested besides: 1"), "{notices}");

    let book = world.book();
    let given = ["status", "--book", text(&book), "--as-of", "2026-01-05", "--format", "json"];
    let status = json(&liangqing(&given).expect(0));
    assert_eq!(status["suggestions"].as_array().expect("a list").len(), 1);
    // Those of the period, and the clearing notice of October that nobody paid.
    assert_eq!(status["unpaid"].as_array().expect("a list").len() as i128, all + 1);

    // A sentence counts the notices of its kind alone.
    let said = said(&bulletin(&world, PERIOD, &[]));
    let amount = |kind: &str| grouped(kinds[kind].1);
    for told in [
        format!("初始额度通知书 1 份，计 {} 元。", amount("CS")),
        format!("紧急调增申请建议 1 份，建议申请 {} 元，由就医省决定是否申请。", amount("JJ")),
        "截至 2025 年 12 月 31 日，清算通知书逾期未付清 1 份，未付 1,600.00 元，付款方居前的是安徽（1,600.00 元）。".to_owned(),
    ] {
        assert!(said.contains(&told), "{told}: {said:?}");
    }
    assert!(!said.iter().any(|told| told.contains("返还通知书逾期")), "{said:?}");
}

#[test]
fn breaks_and_what_is_at_stake_are_the_same_everywhere() {
    let (world, run) = book();
    let breaks = world.table(PERIOD, "breaks", &["class", "carried", "effect"]);
    let carried: Vec<_> = breaks.iter().filter(|row| row[1] == "true").collect();
    let stake: i128 =
        carried.iter().map(|row| parse_sum(&row[2]).expect("an amount").fen().abs()).sum();
    let of_run: i128 = run["breaks"]
        .as_object()
        .expect("an object")
        .values()
        .map(|count| i128::from(count.as_i64().expect("a number")))
        .sum();
    assert_eq!(of_run, breaks.len() as i128);
    assert!(breaks.len() > carried.len() && !carried.is_empty());
    let page = page(&world, PERIOD);
    let card = card(&page, "Breaks carried", "en");
    let expected =
        format!("{} ¥{} at stake; {} breaks in all", carried.len(), grouped(stake), breaks.len());
    assert_eq!(card, expected);
    let said = said(&bulletin(&world, PERIOD, &[]));
    let told = format!("挂账差异 {} 笔，争议金额 {} 元。", carried.len(), grouped(stake));
    assert!(said.contains(&told), "{told}: {said:?}");
}

#[test]
fn reserves_of_a_treating_province_are_shown_as_a_pool() {
    let (world, _) = book();
    let page = page(&world, PERIOD);
    let (_, table) = page.split_once("class=\"pools\">").expect("pools");
    let (table, _) = table.split_once("</table>").expect("an end");
    let pairs = world.table(PERIOD, "pairs", &["treating_province", "payable", "quota"]);
    let sum = |column: usize| -> i128 {
        let own = pairs.iter().filter(|row| row[0] == "31");
        own.map(|row| parse_sum(&row[column]).expect("an amount").fen()).sum()
    };
    let (payable, quota) = (sum(1), sum(2));
    let used = money(payable * 10_000 / quota);
    let line = format!("Shanghai 31 Red {} {}", grouped(payable), grouped(quota));
    let table = plain(table, "en");
    assert!(table.contains(&line) && table.contains(&format!("{used} %")), "{line}: {table}");
}

#[test]
fn statements_say_the_payable_of_the_others() {
    let (world, _) = book();
    let (book, out) = (world.book(), world.path("papers"));
    let given = ["statements", "--period", "2025-10", "--book", text(&book), "--out", text(&out)];
    let written = json(&liangqing(&[&given[..], &["--format", "json"]].concat()).expect(0));
    let rows = world.table("2025-10", "pairs", &["payable"]);
    let payable: i128 = rows.iter().map(|row| parse_sum(&row[0]).expect("an amount").fen()).sum();
    assert_eq!(written["payable"], money(payable).as_str());
    let page = page(&world, "2025-10");
    assert!(card(&page, "Payable", "en").ends_with(&format!("{} yuan", grouped(payable))));
}

/// A book of 13 months, each with more settlements than the one before.
fn thirteen_months() -> (World, Vec<String>) {
    let world = World::new();
    let months: Vec<String> =
        (0..13).map(|at| format!("{}-{:02}", 2024 + (9 + at) / 12, (9 + at) % 12 + 1)).collect();
    for (at, month) in months.iter().enumerate() {
        let rows: Vec<Row> =
            (0..10 + at).map(|id| Row::new(&format!("{month}-{id}")).in_month(month)).collect();
        world.deliver_both(month, &rows);
        world.run(month).expect(0);
    }
    (world, months)
}

#[test]
fn a_month_is_compared_with_those_that_the_book_has() {
    let (world, months) = thirteen_months();
    let compared = |at: usize| {
        let page = page(&world, &months[at]);
        let (_, told) = page.split_once("<p class=\"told\">").expect("sentences");
        let (told, _) = told.split_once("</p>").expect("an end");
        let said = said(&bulletin(&world, &months[at], &[]));
        for sentence in &said {
            assert!(plain(told, "zh").replace(' ', "").contains(&sentence.replace(' ', "")));
        }
        let word = |word: &str| said.iter().filter(|said| said.contains(word)).cloned().collect();
        [word("与上月"), word("与上年同月")].map(|found: Vec<String>| found.join(""))
    };
    assert_eq!(compared(0), ["", ""]);
    let month = "与上月（2024 年 10 月）相比，清算总额增长 10.00 %，人次增长 10.00 %。";
    assert_eq!(compared(1), [month, ""]);
    assert_eq!(
        compared(12),
        [
            "与上月（2025 年 9 月）相比，清算总额增长 4.76 %，人次增长 4.76 %。",
            "与上年同月（2024 年 10 月）相比，清算总额增长 120.00 %，人次增长 120.00 %。"
        ]
    );
    // What few persons make is not said.
    let few = World::new();
    few.deliver_both("2025-10", &[Row::new("A"), Row::new("B")]);
    few.run("2025-10").expect(0);
    let (book, out) = (few.book(), few.path("out"));
    let given =
        ["bulletin", "-q", "--period", "2025-10", "--book", text(&book), "--out", text(&out)];
    liangqing(&given).expect(0);
    let said = spreadsheet(&out.join("monthly/summary.csv"));
    let said: Vec<&str> = said.iter().map(|row| row["要点"].as_str()).collect();
    assert!(
        !said.iter().any(|said| said.contains("清算 2 笔") || said.contains("居前")),
        "{said:?}"
    );
}

#[test]
fn a_quarter_begins_with_its_sentences() {
    let (world, _) = thirteen_months();
    let said = said(&bulletin(&world, "2025-09", &["--quarter"]));
    assert_eq!(said[0], "2025年第3季度没有付款。");
    assert!(said[1].starts_with("季末待付 "), "{said:?}");
    assert!(said[2].starts_with("逾期未付居前的是安徽（"), "{said:?}");
}

#[test]
fn sentences_are_those_of_the_file() {
    let (world, _) = book();
    let path = world.path("sentences.toml");
    let own = fs::read_to_string(root().join("pipelines/sentences.toml")).expect("sentences");
    let (head, _) = own.split_once("[[sentences]]").expect("sentences");
    let mine = format!(
        "{head}[[sentences]]\nwhen = \"returned\"\nin = [\"report\"]\nzh = \"返还{{returned}}\"\n\
         en = \"<b>back</b> {{returned}}\"\n"
    );
    fs::write(&path, mine).expect("written");
    let (book, out) = (world.book(), world.path("own.html"));
    let given = ["report", "--period", PERIOD, "--book", text(&book), "--out", text(&out)];
    liangqing(&[&given[..], &["--sentences", text(&path)]].concat()).expect(0);
    let page = fs::read_to_string(&out).expect("a page");
    assert!(page.contains("<p class=\"told\">"), "no sentence");
    assert!(page.contains("&#60;b&#62;back&#60;/b&#62; ¥800.00"), "words are text");
    let sheet = bulletin(&world, PERIOD, &["--sentences", text(&path)]);
    assert_eq!(sheet("summary").len(), 0);
    fs::write(&path, own.replace("{returned}", "{returnd}")).expect("written");
    let out = world.path("none.html");
    let given = ["report", "--period", PERIOD, "--book", text(&book), "--out", text(&out)];
    let ran = liangqing(&[&given[..], &["--sentences", text(&path)]].concat()).expect(2);
    assert!(
        ran.stderr.contains("no value \"returnd\"; there are returned, notices"),
        "{}",
        ran.stderr
    );
    assert!(!out.exists());
}
