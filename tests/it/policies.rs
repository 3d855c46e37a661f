//! Two policies in one book: each period uses what was in force.

use std::fs;

use liangqing::{model::fields::Field, rules::BUILT_IN};

use crate::world::{Row, World};

/// The built-in rules, and from 2025-11 on another limit, other levels and a shorter chronic list.
fn two_policies() -> String {
    let start = BUILT_IN.rfind("[[policy]]").expect("a policy");
    let end = BUILT_IN.find("# Working days:").expect("the calendar");
    let second = BUILT_IN[start..end]
        .replace("from = \"2023-01\"", "from = \"2025-11\"")
        .replace("lateness_limit = 2", "lateness_limit = 0")
        .replace("yellow_percent = 70", "yellow_percent = 10")
        .replace("M03900 = \"2021-09-01\"", "M03900 = \"2099-01-01\"");
    format!("{}{second}{}", &BUILT_IN[..end], &BUILT_IN[end..])
}

#[test]
fn each_period_uses_what_was_in_force() {
    let world = World::new();
    let rules = world.path("rules.toml");
    fs::write(&rules, two_policies()).expect("written");
    let flags = ["--rules", rules.to_str().expect("a path")];
    let chronic =
        |id: &str| Row::new(id).with(Field::med_type, "14").with(Field::dise_codg, "M03900");
    let quotas = "insured_province,treating_province,quota\n34,31,8000\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let late = |id: &str| Row::new(id).with(Field::setl_time, "2025-09-05 10:00:00");
    world.deliver_both("2025-10", &[chronic("A"), late("B")]);
    world.run_with("2025-10", &flags).expect(0);
    world.deliver_both(
        "2025-11",
        &[chronic("C"), late("D"), Row::new("E").with(Field::setl_time, "2025-11-05 10:00:00")],
    );
    world.run_with("2025-11", &flags).expect(0);

    let levels = |period| world.table(period, "pairs", &["payable", "reserve_level"]);
    assert_eq!(levels("2025-10"), [["1600.00", "green"]]);
    assert_eq!(levels("2025-11"), [["800.00", "yellow"]]);
    assert!(world.table("2025-10", "rejects", &["setl_id"]).is_empty());
    let rejects = world.table("2025-11", "rejects", &["setl_id", "rules"]);
    assert_eq!(rejects, [["C", "V06"], ["C", "V06"]]);
    let breaks = world.table("2025-11", "breaks", &["setl_id", "class"]);
    assert_eq!(breaks, [["D", "late_refused"], ["D", "late_refused"]]);
    for period in ["2025-10", "2025-11"] {
        let manifest = fs::read_to_string(world.book().join(period).join("manifest.json"));
        let digest = liangqing::digest::sha256_hex(two_policies().as_bytes());
        assert!(manifest.expect("a manifest").contains(&digest), "{period}");
    }
    world.verify(&flags).expect(0);
}

#[test]
fn verify_names_the_rules_and_the_days_of_every_period() {
    let world = World::new();
    let [built_in, other] = ["built-in.toml", "other.toml"].map(|name| world.path(name));
    fs::write(&built_in, BUILT_IN).expect("written");
    fs::write(&other, two_policies()).expect("written");
    let [built_in, other] = [&built_in, &other].map(|path| path.to_str().expect("a path"));
    for (period, flags) in [
        ("2025-10", vec![]),
        ("2025-11", vec!["--as-of", "2025-12-31"]),
        ("2025-12", vec!["--as-of", "2026-01-20", "--rules", other]),
    ] {
        let time = format!("{period}-09 10:00:00");
        world.deliver_both(period, &[Row::new(period).with(Field::setl_time, time)]);
        world.run_with(period, &flags).expect(0);
    }
    let digests = [BUILT_IN, &two_policies()].map(|t| liangqing::digest::sha256_hex(t.as_bytes()));
    let said = world.verify(&[]).expect(0).stdout;
    for line in [
        format!("rules     2025-10 through 2025-11: {}, the rules of this program", digests[0]),
        format!("rules     2025-12: {}, not the rules of this program", digests[1]),
        "day       2025-12: issued on 2026-01-20, not on 2026-01-31".to_owned(),
    ] {
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    assert_eq!(said.matches("\nday ").count(), 1);

    let refused = world.verify(&["--rules", built_in]).expect(5).stderr;
    let found = format!(
        "B11 2025-12/manifest.json, rules: found 2025-12: the rules {}; those that were given: \
         2025-10 through 2025-11,",
        digests[1]
    );
    assert!(refused.contains(&found), "{refused}");
    let both = world.verify(&["--rules", built_in, "--rules", other]).expect(0).stdout;
    assert!(both.contains("\nrules     those that were given\n"), "{both}");
    world.verify(&["--rules", "no-such.toml"]).expect(2);

    let json = world.verify(&["--format", "json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["rules"][0]["through"], "2025-11");
    assert_eq!(json["rules"][1]["sha256"], digests[1].as_str());
    assert_eq!([&json["rules"][0]["built_in"], &json["rules"][1]["built_in"]], [true, false]);
    assert_eq!(json["days"][0]["as_of"], "2026-01-20");
}

#[test]
fn an_unknown_version_is_refused_by_name() {
    let world = World::new();
    let rules = world.path("rules.toml");
    fs::write(&rules, BUILT_IN.replace("format = 1", "format = 9")).expect("written");
    world.deliver_both("2025-10", &[Row::new("A")]);
    let ran = world.run_with("2025-10", &["--rules", rules.to_str().expect("a path")]).expect(2);
    assert!(ran.stderr.contains("format 9 is not known to this program"), "{}", ran.stderr);
    assert!(!world.book().exists());
}
