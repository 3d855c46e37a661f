//! `review` from outside: the sample by hand, planted leads, the same bytes, refusals, replies, explanations.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use crate::world::{Ran, World, copy, names_in, program, read_table, root, tree};

const SAMPLE: [&str; 2] = ["2025-11", "2025-12"];

/// The command that reviews the sample, with its flags.
fn sample(out: &Path) -> Command {
    let folder = root().join("sample-data/review");
    let mut command = program();
    command.args(["review", "--quiet"]);
    for month in SAMPLE {
        command.arg("--input").arg(folder.join(month));
    }
    with_lists(&mut command, &folder).arg("--benefits").arg(folder.join("benefits"));
    command.arg("--filings").arg(folder.join("filings.csv")).arg("--out").arg(out);
    command
}

fn with_lists<'c>(command: &'c mut Command, folder: &Path) -> &'c mut Command {
    command.arg("--rules").arg(folder.join("review.toml"));
    command.arg("--registry").arg(folder.join("registry.csv"))
}

fn ran(command: &mut Command) -> Ran {
    command.output().expect("started").into()
}

/// The setl_ids of each lead, by rule.
fn leads(rows: Vec<Vec<String>>) -> BTreeSet<(String, Vec<String>)> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        of.entry(row[0].clone()).or_default().push(row[1].clone());
    }
    let rule = |lead: &str| lead[..6].to_owned();
    of.into_iter()
        .map(|(lead, mut ids)| {
            ids.sort();
            (rule(&lead), ids)
        })
        .collect()
}

fn found(out: &Path) -> BTreeSet<(String, Vec<String>)> {
    leads(read_table(&out.join("lead_settlements.parquet"), &["lead_id", "setl_id"]))
}

#[test]
fn the_sample_has_the_leads_that_were_worked_out_by_hand() {
    let world = World::new();
    let out = world.path("leads");
    ran(&mut sample(&out)).expect(0);
    let columns = ["rule", "strength", "amount", "detail"];
    let found = read_table(&out.join("leads.parquet"), &columns);
    let text = fs::read_to_string(root().join("sample-data/review/expected.csv")).expect("there");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let wanted: BTreeSet<Vec<String>> = reader
        .records()
        .map(|record| {
            let record = record.expect("a line");
            columns.map(|column| record[place(column)].to_owned()).to_vec()
        })
        .collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(
        names_in(&out),
        [
            "SHA256SUMS",
            "lead_settlements.parquet",
            "leads.parquet",
            "provinces",
            "review.html",
            "summary.json"
        ]
    );
}

#[test]
fn everything_planted_is_found_and_nothing_else() {
    let world = World::new();
    let nation = world.path("nation");
    let mut synth = program();
    synth.args(["synth", "--quiet", "--review", "--period", "2025-10", "--periods", "3"]);
    ran(synth.args(["--settlements", "6000", "--out"]).arg(&nation)).expect(0);
    let review = |out: &Path, flags: &[&str]| {
        let mut command = program();
        command.args(["review", "--quiet", "--input"]);
        command.args(["2025-10", "2025-11", "2025-12"].map(|month| nation.join(month)));
        with_lists(&mut command, &nation).arg("--filings").arg(nation.join("filings.parquet"));
        ran(command.arg("--out").arg(out).args(flags)).expect(0)
    };
    review(&world.path("one"), &["--threads", "1", "--memory", "16MiB"]);
    review(&world.path("many"), &["--threads", "4"]);
    assert_eq!(tree(&world.path("one")), tree(&world.path("many")));
    let truth = read_table(&nation.join("truth-review.parquet"), &["rule", "lead", "setl_id"]);
    let truth = truth.into_iter().map(|row| vec![format!("{}-{}", row[0], row[1]), row[2].clone()]);
    assert_eq!(found(&world.path("one")), leads(truth.collect()));
}

#[test]
fn what_is_wrong_refuses_the_review_and_leaves_nothing() {
    let world = World::new();
    let out = world.path("leads");
    let mut again = sample(&out);
    let first = root().join("sample-data/review").join(SAMPLE[0]);
    let told = ran(again.arg("--input").arg(first.join("."))).expect(2);
    assert!(told.stderr.contains("is given twice"), "{}", told.stderr);
    fs::write(world.path("rules.toml"), "format = 1\noff = [\"BEH20\"]\n").expect("written");
    let mut rules = program();
    rules.args(["review", "--input"]).arg(&first).arg("--rules").arg(world.path("rules.toml"));
    let told = ran(rules.arg("--out").arg(&out)).expect(2);
    assert!(told.stderr.contains("BEH-20"), "{}", told.stderr);
    copy(&first, &world.path("cut"));
    let file = world.path("cut/treating").join(&names_in(&world.path("cut/treating"))[0]);
    let bytes = fs::read(&file).expect("read");
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
    let mut cut = program();
    let told = ran(cut.args(["review", "--input"]).arg(world.path("cut")).arg("--out").arg(&out));
    assert!(told.expect(3).stderr.contains("F02"));
    fs::create_dir(&out).expect("made");
    fs::write(out.join("mine"), "x").expect("written");
    ran(&mut sample(&out)).expect(2);
    assert_eq!(names_in(&out), ["mine"]);
    assert_eq!(names_in(world.path("").as_path()), ["cut", "leads", "rules.toml"]);
}

#[test]
fn an_explanation_names_rule_amounts_and_lead() {
    let world = World::new();
    let out = world.path("leads");
    ran(&mut sample(&out)).expect(0);
    let rows = read_table(&out.join("lead_settlements.parquet"), &["lead_id", "setl_id"]);
    let row = rows.iter().find(|row| row[0] == "BEN-01-000001").expect("a lead");
    let folder = root().join("sample-data/review");
    let explain = |id: &str, lang: &str| {
        let mut command = program();
        command.args(["review", "explain", id, "--quiet", "--lang", lang]);
        command.arg("--input").args(SAMPLE.map(|month| folder.join(month)));
        with_lists(&mut command, &folder).arg("--benefits").arg(folder.join("benefits"));
        ran(command.arg("--filings").arg(folder.join("filings.csv")))
    };
    for lang in ["en", "zh"] {
        let told = explain(&row[1], lang).expect(0).stdout;
        assert!(told.contains("BEN-01") && told.contains(&row[1]), "{told}");
    }
    explain("nothing", "en").expect(2);
}
