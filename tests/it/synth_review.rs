//! `synth --review`: months that are quiet but for what is planted, read again by simple means.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime};

use crate::world::{NULL, Ran, World, columns_in, names_in, program, read_table, root};

const PERIODS: [&str; 3] = ["2025-11", "2025-12", "2026-01"];

fn synth(world: &World, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["synth", "--quiet", "--review", "--period", PERIODS[0], "--periods", "3"]);
    command.args(["--settlements", "1200"]);
    command.arg("--out").arg(world.path("in")).args(flags).output().expect("started").into()
}

/// The columns that are read again.
const COLUMNS: [&str; 15] = [
    "setl_id",
    "init_setl_id",
    "psn_no",
    "fixmedins_code",
    "mdtrtarea_admvs",
    "med_type",
    "dise_codg",
    "begndate",
    "enddate",
    "setl_time",
    "fund_pay_sumamt",
    "acct_pay",
    "mid_setl_flag",
    "insuplc_admdvs",
    "ipt_type",
];

/// A settlement that no reversal names.
struct Settled {
    id: String,
    person: String,
    institution: String,
    province: String,
    insured: String,
    care: char,
    disease: String,
    begin: NaiveDate,
    end: NaiveDate,
    time: NaiveDateTime,
    payable: i64,
    mid: bool,
    emergency: bool,
}

impl Settled {
    fn month(&self) -> String {
        self.time.format("%Y-%m").to_string()
    }

    fn is_visit(&self) -> bool {
        matches!(self.care, 'o' | 'c')
    }
}

fn fen(yuan: &str) -> i64 {
    yuan.replace('.', "").parse().expect("an amount")
}

/// The settlements of all periods.
fn settled(world: &World) -> Vec<Settled> {
    let mut rows = Vec::new();
    for period in PERIODS {
        let side = world.path("in").join(period).join("treating");
        for name in names_in(&side) {
            rows.extend(read_table(&side.join(name), &COLUMNS));
        }
    }
    let reversed: BTreeSet<String> = rows.iter().map(|row| row[1].clone()).collect();
    let day = |text: &str| text.parse().expect("a day");
    rows.retain(|row| row[1] == NULL && !reversed.contains(&row[0]));
    rows.into_iter()
        .map(|row| Settled {
            id: row[0].clone(),
            person: row[2].clone(),
            institution: row[3].clone(),
            province: row[4][..2].to_owned(),
            insured: row[13].clone(),
            care: match row[5].as_str() {
                "14" => 'c',
                "41" => 'p',
                "11" => 'o',
                _ => 's',
            },
            disease: row[6].clone(),
            begin: day(&row[7]),
            end: day(&row[8]),
            time: row[9].parse().expect("a time"),
            payable: fen(&row[10]) + fen(&row[11]),
            mid: row[12] == "1",
            emergency: row[14] == "2",
        })
        .collect()
}

/// Leads of a rule, each as the ids of its settlements.
type Leads = BTreeSet<BTreeSet<String>>;

fn lead<'s>(settlements: impl IntoIterator<Item = &'s Settled>) -> BTreeSet<String> {
    settlements.into_iter().map(|settled| settled.id.clone()).collect()
}

/// The answer key.
fn key(world: &World) -> BTreeMap<String, Leads> {
    let mut leads: BTreeMap<(String, u64), BTreeSet<String>> = BTreeMap::new();
    for row in read_table(&world.path("in/truth-review.parquet"), &["rule", "lead", "setl_id"]) {
        let lead = (row[0].clone(), row[1].parse().expect("a number"));
        leads.entry(lead).or_default().insert(row[2].clone());
    }
    let mut key: BTreeMap<String, Leads> = BTreeMap::new();
    for ((rule, _), ids) in leads {
        assert!(key.entry(rule).or_default().insert(ids));
    }
    key
}

/// Settlements in groups.
fn grouped<'s, K: Ord>(
    all: impl IntoIterator<Item = &'s Settled>,
    by: impl Fn(&Settled) -> K,
) -> Vec<Vec<&'s Settled>> {
    let mut groups: BTreeMap<K, Vec<&Settled>> = BTreeMap::new();
    for settled in all {
        groups.entry(by(settled)).or_default().push(settled);
    }
    groups.into_values().collect()
}

/// BEH-01 and BEH-02, pair by pair.
fn stays(all: &[Settled]) -> [Leads; 2] {
    let [mut overlaps, mut splits] = [Leads::new(), Leads::new()];
    for mut stays in grouped(all.iter().filter(|s| s.care == 's'), |s| s.person.clone()) {
        stays.sort_by_key(|s| (s.begin, s.end, s.id.clone()));
        for (at, first) in stays.iter().enumerate() {
            let same = |s: &&&Settled| s.institution == first.institution;
            for second in stays[at + 1..].iter().filter(|s| !same(s)) {
                if (first.end.min(second.end) - first.begin.max(second.begin)).num_days() >= 1 {
                    overlaps.insert(lead([*first, *second]));
                }
            }
            if let Some(next) = stays[at + 1..].iter().find(same)
                && (0..=7).contains(&(next.begin - first.end).num_days())
                && !first.mid
            {
                splits.insert(lead([*first, *next]));
            }
        }
    }
    [overlaps, splits]
}

/// BEH-06: both of a pair of settlements on one day, not in 65 and 66.
fn two_provinces(all: &[Settled]) -> Leads {
    let out = all.iter().filter(|s| s.care != 's');
    let apart = |a: &Settled, b: &Settled| {
        let place =
            |s: &Settled| if s.province == "66" { "65".to_owned() } else { s.province.clone() };
        place(a) != place(b) && (a.time - b.time).abs().num_seconds() <= 7_200
    };
    let days = grouped(out, |s| (s.person.clone(), s.time.date()));
    let met = days
        .into_iter()
        .map(|day| lead(day.iter().copied().filter(|a| day.iter().any(|b| apart(a, b)))));
    met.filter(|ids| !ids.is_empty()).collect()
}

/// Groups with at least `least` settlements.
fn frequent(groups: Vec<Vec<&Settled>>, least: usize) -> Leads {
    groups.into_iter().filter(|group| group.len() >= least).map(lead).collect()
}

/// BEH-10: purchases at five institutions, together more than 5,000.00 yuan.
fn many_pharmacies(all: &[Settled]) -> Leads {
    let bought = grouped(all.iter().filter(|s| s.care == 'p'), |s| s.person.clone());
    let dear = bought.into_iter().filter(|bought| {
        let places: BTreeSet<&str> = bought.iter().map(|s| s.institution.as_str()).collect();
        places.len() >= 5 && bought.iter().map(|s| s.payable).sum::<i64>() > 500_000
    });
    dear.map(lead).collect()
}

/// BEH-17: three times in a month, or twice in different provinces.
fn chronic(all: &[Settled]) -> Leads {
    let care = all.iter().filter(|s| s.care == 'c');
    let often = grouped(care, |s| (s.person.clone(), s.disease.clone(), s.month()));
    let often = often.into_iter().filter(|care| {
        let provinces: BTreeSet<&str> =
            care.iter().map(|s| if s.province == "66" { "65" } else { &s.province }).collect();
        care.len() >= 3 || care.len() == 2 && provinces.len() == 2
    });
    often.map(lead).collect()
}

/// FIL-01: a stay or chronic care of no emergency, and no valid filing of the person on the day of admission.
fn unfiled(world: &World, all: &[Settled]) -> Leads {
    let columns = ["psn_no", "insu_admdvs", "begndate", "enddate", "vali_flag"];
    let mut filings: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in read_table(&world.path("in/filings.parquet"), &columns) {
        filings.entry(row[0].clone()).or_default().push(row);
    }
    let filed = |s: &Settled| {
        filings.get(&s.person).is_some_and(|filings| {
            filings.iter().any(|filing| {
                let begun = filing[2].parse::<NaiveDate>().expect("a day") <= s.begin;
                let open =
                    filing[3] == NULL || filing[3].parse::<NaiveDate>().expect("a day") >= s.begin;
                filing[1][..2] == s.insured[..2] && filing[4] != "0" && begun && open
            })
        })
    };
    let care = all.iter().filter(|s| matches!(s.care, 's' | 'c') && !s.emergency);
    // Rows without one disease never come to the review's rules on filing.
    let care = care.filter(|s| s.care == 's' || s.disease.len() == 6);
    care.filter(|s| !filed(s)).map(|s| lead([s])).collect()
}

/// A second reading of seven rules finds what is planted and nothing else.
#[test]
fn simple_readings_find_what_is_planted_and_no_more() {
    let world = World::new();
    synth(&world, &["--review-rate", "900"]).expect(0);
    let all = settled(&world);
    let key = key(&world);
    let [overlaps, splits] = stays(&all);
    let visits = || all.iter().filter(|s| s.is_visit());
    let out = all.iter().filter(|s| s.care != 's');
    let months = grouped(visits(), |s| (s.person.clone(), s.month()));
    let day = grouped(out, |s| (s.person.clone(), s.institution.clone(), s.time.date()));
    let whole = all.iter().filter(|s| s.care != 'c' || s.disease.len() == 6);
    assert!(whole.count() < all.len(), "rows of BEN-06");
    for (rule, found) in [
        ("BEH-01", overlaps),
        ("BEH-02", splits),
        ("BEH-06", two_provinces(&all)),
        ("BEH-07", frequent(day, 3)),
        ("BEH-08", frequent(months, 15)),
        ("BEH-10", many_pharmacies(&all)),
        ("BEH-17", chronic(&all)),
        ("FIL-01", unfiled(&world, &all)),
    ] {
        assert!(!found.is_empty(), "{rule}");
        assert!(found == key[rule], "{rule}: {found:?} {:?}", key[rule]);
    }
    assert_eq!(key.len(), 29);
}

/// It is a delivery like any other: `check` and `run` take it, and all of it clears but the rows of BEN-06.
#[test]
fn months_for_the_review_clear() {
    let world = World::new();
    synth(&world, &["--order", "shuffled"]).expect(0);
    let beside = names_in(&world.path("in"));
    let files = ["filings.parquet", "opening-quotas.csv", "registry.csv", "review.toml"];
    for name in PERIODS.iter().chain(&files).chain(&["truth-review.parquet"]) {
        assert!(beside.contains(&(*name).to_owned()), "{name}: {beside:?}");
    }
    let file = world.path("in/2025-12/treating/part-07.parquet");
    let more = columns_in(&file).len()
        - columns_in(&world.path("in/2025-12/insured/part-07.parquet")).len();
    assert_eq!(more, 12);
    for period in PERIODS {
        let checked = program().arg("check").arg(world.path("in").join(period)).output();
        Ran::from(checked.expect("started")).expect(0);
        let mut command = world.asking_command(period);
        if period == PERIODS[0] {
            command.arg("--opening-quotas").arg(world.path("in/opening-quotas.csv"));
        }
        Ran::from(command.output().expect("started")).expect(0);
        assert!(world.table(period, "breaks", &["class"]).iter().all(|row| row[0] == "rejected"));
    }
    world.verify(&[]).expect(0);
    let registry = world.path("in/registry.csv");
    let bulletin = program()
        .args(["bulletin", "--quiet", "--period", PERIODS[0], "--book"])
        .arg(world.book())
        .arg("--registry")
        .arg(registry)
        .arg("--out")
        .arg(world.path("bulletin"))
        .output();
    Ran::from(bulletin.expect("started")).expect(0);
}

#[test]
fn wrong_uses_are_told() {
    let world = World::new();
    let told = synth(&world, &["--breaks", "none"]).expect(2).stderr;
    assert!(told.contains("--breaks"), "{told}");
    synth(&world, &["--review-rate", "1001"]).expect(2);
    synth(&world, &["--seed", "x"]).expect(2);
    assert!(!world.path("in").exists());
    synth(&world, &[]).expect(0);
    let told = synth(&world, &[]).expect(2).stderr;
    assert!(told.contains("is there already"), "{told}");
}

/// A CSV file of the sample, its header aside.
fn sample_lines(below: &str) -> Vec<Vec<String>> {
    let path = root().join("sample-data/review").join(below);
    let mut file = csv::Reader::from_path(path).expect("a file");
    file.records().map(|line| line.expect("a line").iter().map(str::to_owned).collect()).collect()
}

/// The sample of the review is a delivery like any other, and both of its pages walk through every lead.
#[test]
fn the_sample_of_the_review_clears_and_is_told() {
    let sample = root().join("sample-data/review");
    let world = World::new();
    for (period, quotas) in [("2025-11", true), ("2025-12", false)] {
        let mut command = program();
        command.args(["run", "--quiet", "--period", period, "--book"]).arg(world.book());
        command.arg("--input").arg(sample.join(period));
        if quotas {
            command.arg("--opening-quotas").arg(root().join("sample-data/opening-quotas.csv"));
        }
        Ran::from(command.output().expect("started")).expect(0);
        let breaks = world.table(period, "breaks", &["setl_id", "class"]);
        assert!(breaks.iter().all(|row| row[0] == "N06-1"), "{breaks:?}");
    }
    let checked = program().arg("check").arg(sample.join("benefits")).output();
    Ran::from(checked.expect("started")).expect(0);
    let mut payable: BTreeMap<String, i64> = BTreeMap::new();
    let mut read = Vec::new();
    for below in
        ["2025-11/treating/31", "2025-12/treating/31", "2025-12/treating/32", "2025-12/treating/33"]
    {
        let columns = ["setl_id", "fund_pay_sumamt", "acct_pay"];
        read.extend(read_table(&sample.join(below).with_extension("parquet"), &columns));
        let text = sample_lines(&format!("text/{below}.csv"));
        assert_eq!(
            text.len(),
            read_table(&sample.join(below).with_extension("parquet"), &columns).len()
        );
    }
    for row in &read {
        payable.insert(row[0].clone(), fen(&row[1]) + fen(&row[2]));
    }
    assert_eq!(payable.len(), 104);
    let pages = ["README.md", "README.zh-CN.md"]
        .map(|name| std::fs::read_to_string(sample.join(name)).expect("a page"));
    let mut rules = Vec::new();
    for lead in sample_lines("expected.csv") {
        let ids: Vec<&str> = lead[2].split(' ').collect();
        assert!(ids.iter().all(|id| payable.contains_key(*id)), "{lead:?}");
        let sum: i64 = ids.iter().map(|id| payable[*id]).sum();
        // The others are worth what BEH-04 leaves of its stay, or what was paid too much.
        let whole =
            !["BEH-04", "BEH-14", "BEN-01", "BEN-02", "BEN-03", "BEN-04"].contains(&&*lead[0]);
        assert!(!whole || sum.abs() == fen(&lead[3]), "{lead:?}");
        for page in &pages {
            let line = page.lines().find(|line| line.starts_with(&format!("| {} |", lead[0])));
            assert!(line.expect("a line").contains(ids[0]), "{lead:?}");
        }
        rules.push(lead[0].clone());
    }
    assert!(rules.is_sorted());
    assert_eq!(rules.len(), 29);
}
