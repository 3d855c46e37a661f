//! What programs read and people write, judged by the schemas of docs/schemas.

use std::{fs, path::PathBuf, process::Output};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::world::{program, root};

/// A schema as it is checked in, or `strict`: no object may have fields that it does not name.
fn validator(name: &str, strict: bool) -> Validator {
    let path = root().join(format!("docs/schemas/{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut schema: Value = serde_json::from_str(&text).expect("JSON");
    if strict {
        close(&mut schema);
    }
    jsonschema::validator_for(&schema).expect("a schema")
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.entry("additionalProperties").and_modify(|more| {
                if *more == true {
                    *more = false.into();
                }
            });
            map.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

#[track_caller]
fn fits(name: &str, value: &Value) {
    let errors: Vec<String> = validator(name, true)
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{value:#}");
}

/// A folder with the sample and its two first months closed.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["sample-data", "pipelines"] {
            let there = root().join(name);
            std::os::unix::fs::symlink(there, folder.path().join(name)).expect("linked");
        }
        Scene(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn output(&self, command: &str) -> Output {
        program().args(command.split(' ')).current_dir(self.0.path()).output().expect("started")
    }

    /// What a command prints, as JSON.
    #[track_caller]
    fn json(&self, status: i32, command: &str) -> Value {
        let output = self.output(&format!("{command} --format json"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{command}\n{said}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// What a command prints fits its schema, and no mutation of it does.
    #[track_caller]
    fn judge(&self, status: i32, schema: &str, command: &str) -> Value {
        let value = self.json(status, command);
        fits(schema, &value);
        refuses_mutations(schema, &value);
        value
    }
}

/// A report with another format, without one, or with a text in place of what is no text, does not fit.
#[track_caller]
fn refuses_mutations(schema: &str, value: &Value) {
    let validator = validator(schema, false);
    let with = |key: &str, other: Option<Value>| {
        let mut mutated = value.clone();
        let fields = mutated.as_object_mut().expect("an object");
        match other {
            Some(other) => drop(fields.insert(key.to_owned(), other)),
            None => drop(fields.remove(key)),
        }
        mutated
    };
    let mut mutations = vec![with("format", Some(99.into()))];
    for (key, field) in value.as_object().expect("an object") {
        mutations.push(with(key, Some(json!([[]]))));
        if !field.is_null() && !["timings", "findings"].contains(&key.as_str()) {
            mutations.push(with(key, None));
        }
    }
    for mutated in mutations {
        assert!(!validator.is_valid(&mutated), "{schema} takes {mutated:#}");
    }
    // A field of a later version is no error for whoever reads by this schema.
    assert!(validator.is_valid(&with("later", Some(1.into()))), "{schema}");
}

const FIRST: &str = "run --quiet --period 2025-10 --input sample-data/2025-10 --opening-quotas sample-data/opening-quotas.csv";
const SECOND: &str = "--quiet --period 2025-11 --input sample-data/2025-11 --book book";

#[test]
fn reports_of_a_month_fit_their_schemas() {
    let scene = Scene::new();
    scene.judge(0, "keygen", "keygen --out agency.pem");
    scene.judge(0, "keygen-pseudonyms", "keygen --out persons.toml --pseudonyms 2025-1");
    scene.judge(2, "failure", "keygen --out agency.pem");
    scene.judge(
        0,
        "run",
        &format!("{FIRST} --book book --timings --sign-key agency.pem --independent"),
    );
    let looked = scene.judge(0, "check-delivery", &format!("run {SECOND} --check"));
    assert_eq!(looked["check"]["last_period"], "2025-10");
    scene.judge(3, "check-delivery", "check sample-data/2025-10/treating --period 2025-10");
    scene.judge(0, "init", "init place");
    let dry = scene.judge(0, "run", &format!("run {SECOND} --dry-run"));
    assert_eq!(dry["check"], looked["check"]);
    assert_eq!(dry["status"], "dry run");
    scene.judge(0, "run", &format!("run {SECOND}"));
    scene.judge(4, "failure", &format!("run {SECOND}"));
    scene.judge(0, "audit-rerun", &format!("run pipelines/audit-rerun.toml {SECOND}"));
    fs::create_dir_all(scene.path("empty/treating")).expect("made");
    let empty = "run --quiet --period 2025-12 --input empty --book book";
    let refused = scene.judge(3, "failure", empty);
    assert!(refused["findings"].as_array().is_some_and(|found| !found.is_empty()), "{refused}");
    let through = "run pipelines/audit-rerun.toml --quiet --period 2025-10 --through 2025-11 --input sample-data \
                   --opening-quotas sample-data/opening-quotas.csv";
    let all = scene.judge(0, "audit-reruns", &format!("{through} --book book"));
    fits("audit-rerun", &all["periods"][1]);
    scene.judge(0, "check", "check pipelines/month-end.toml");
    scene.judge(0, "check-benefits", "check pipelines/benefits");
    scene.judge(0, "check-review-rules", "check pipelines/review.toml");
    scene.judge(2, "failure", "check pipelines/rules.toml");
    scene.judge(0, "status", "status --book book --as-of 2026-01-10");
    scene.judge(2, "failure", "status --book none --as-of 2025-12-31");
    scene.judge(0, "stress", "stress --book book --scenario volume=60 --scenario late=34:45");
    scene.judge(2, "failure", "stress --book none --scenario volume=60");
    scene.judge(0, "query-list", "query --list --book book");
    scene.judge(4, "failure", "query --list --book book --period 2024-01");
    rows_of_a_query(&scene);
    scene.judge(0, "report", "report --book book --period 2025-11");
    scene.judge(2, "failure", "report --book book --period 2025-11");
    scene.judge(0, "bulletin", "bulletin --book book --period 2025-11 --out bulletin");
    scene.judge(2, "failure", "bulletin --book book --period 2025-11 --out bulletin");
    scene.judge(0, "synth", "synth --quiet --out made --period 2025-10 --settlements 500");
    scene.judge(2, "failure", "synth --quiet --out made --period 2025-10 --settlements 0");
    scene.judge(0, "man", "man --out manual");
    files_of_a_book(&scene);
}

/// The answer to a query is a list of rows.
fn rows_of_a_query(scene: &Scene) {
    let select = ["query", "SELECT * FROM pairs LIMIT 3", "--book", "book", "--format", "json"];
    let output = program().args(select).current_dir(scene.0.path()).output().expect("started");
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(3));
    fits("query", &rows);
    assert!(!validator("query", false).is_valid(&json!([{ "a": [] }])));
}

/// The files that programs read: manifest, signature, key file, sheets.
fn files_of_a_book(scene: &Scene) {
    let read = |path: &str| -> Value {
        serde_json::from_slice(&fs::read(scene.path(path)).expect(path)).expect("JSON")
    };
    for period in ["2025-10", "2025-11"] {
        fits("manifest", &read(&format!("book/{period}/manifest.json")));
    }
    let mut manifest = read("book/2025-10/manifest.json");
    manifest["control"][0]["bucket"] = "lost".into();
    assert!(!validator("manifest", false).is_valid(&manifest));
    fits("signature", &read("book/2025-10/manifest.sig"));
    fits("pseudonym-key", &toml_of(&fs::read_to_string(scene.path("persons.toml")).expect("read")));
    scene.judge(0, "statements", "statements --book book --period 2025-11 --out statements");
    scene.judge(2, "failure", "statements --book book --period 2025-11 --out statements");
    fits("sheet", &read("statements/34/payable.json"));
    fits("notices", &read("statements/34/notices.json"));
    assert!(!validator("sheet", false).is_valid(&json!({ "title": "t", "rows": [[1]] })));
}

#[test]
fn reports_of_an_audit_fit_their_schemas() {
    let scene = Scene::new();
    assert!(scene.output(&format!("{FIRST} --book book")).status.success());
    assert!(scene.output(&format!("run {SECOND}")).status.success());
    assert!(scene.output(&format!("{FIRST} --book other --as-of 2025-11-20")).status.success());
    scene.judge(0, "verify", "verify --quiet --book book");
    let head = "0".repeat(64);
    scene.judge(5, "failure", &format!("verify --quiet --book book --head {head}"));
    let inputs = "--input sample-data/2025-10 --input sample-data/2025-11";
    for number in 0..20 {
        let setl_id = format!("S{number:02}");
        let life = scene.judge(0, "explain", &format!("explain {setl_id} -q --book book {inputs}"));
        assert!(life["periods"][0]["events"][0].get("what").is_none(), "{life}");
    }
    scene.judge(5, "failure", "explain S999 -q --book book");
    let pair = "explain -q --pair 34-31 --period 2025-11 --book book --input";
    scene.judge(0, "explain-pair", &format!("{pair} sample-data/2025-11"));
    scene.judge(5, "failure", &format!("{pair} sample-data/2025-10"));
    scene.judge(0, "diff", "diff book book");
    let differences = scene.judge(5, "diff", "diff book other");
    assert_eq!(differences["periods"][0]["given"][0]["what"], "as_of");
    scene.judge(2, "failure", "diff book none");
    assert!(scene.output("statements --book book --period 2025-11 --out out").status.success());
    scene.judge(0, "decisions-import", "decisions import out/34/reply.csv --book book");
    let findings = scene.judge(3, "failure", "decisions import out/34/payable.csv --book book");
    assert_eq!(findings["findings"][0]["code"], "T01");
}

/// TOML as the JSON that a schema judges.
fn toml_of(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).expect("TOML");
    serde_json::to_value(table).expect("JSON")
}

/// Files of people in the repository, with the command that reads each, and its schema.
const FILES: [(&str, &str); 9] = [
    ("pipelines/month-end.toml", "pipeline"),
    ("pipelines/audit-rerun.toml", "pipeline"),
    ("pipelines/national-benchmark.toml", "pipeline"),
    ("pipelines/cluster.toml", "pipeline"),
    ("pipelines/rules.toml", "rules"),
    ("pipelines/review.toml", "review-rules"),
    ("pipelines/forms.toml", "forms"),
    ("pipelines/sentences.toml", "sentences"),
    ("src/synth/breaks.toml", "breaks"),
];

#[test]
fn files_of_people_fit_their_schemas_and_unknown_keys_do_not() {
    let scene = Scene::new();
    let shipped = fs::read_dir(root().join("pipelines")).expect("read");
    let shipped = shipped.map(|entry| entry.expect("an entry").file_name());
    // Benefits have a test of their own.
    let shipped = shipped.filter(|name| name != "benefits").count();
    assert_eq!(shipped, FILES.len() - 1, "a file of pipelines/ that no schema judges");
    assert!(scene.output(&format!("{FIRST} --book book")).status.success());
    for (path, schema) in FILES {
        let text = fs::read_to_string(root().join(path)).expect("read");
        fits(schema, &toml_of(&text));
        let mistyped = format!("tyop = 1\n{text}");
        assert!(!validator(schema, false).is_valid(&toml_of(&mistyped)), "{path}");
        for (status, text) in [(0, &text), (2, &mistyped)] {
            fs::write(scene.path("file.toml"), text).expect("written");
            let out = format!("out{status}");
            let command = match schema {
                "pipeline" | "review-rules" => "check file.toml".to_owned(),
                "rules" => "stress --book book --scenario volume=1 --rules file.toml".to_owned(),
                "forms" => {
                    format!("statements --book book --period 2025-10 --forms file.toml --out {out}")
                }
                "sentences" => format!(
                    "report --book book --period 2025-10 --sentences file.toml --out {out}.html"
                ),
                _ => format!(
                    "synth -q --out {out} --period 2025-10 --settlements 9 --breaks file.toml"
                ),
            };
            let done = scene.output(&command);
            let said = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(status), "{path}: {said}");
            assert!(status == 0 || said.contains("tyop"), "{path}: {said}");
        }
    }
}

#[test]
fn benefits_fit_their_schema_and_an_unknown_key_does_not() {
    let scene = Scene::new();
    for entry in fs::read_dir(root().join("pipelines/benefits")).expect("read") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("read");
        fits("benefits", &toml_of(&text));
        for (key, mistyped) in
            [("from =", "form ="), ("percent =", "per_cent ="), ("lo =", "low =")]
        {
            let wrong = text.replacen(key, mistyped, 1);
            let is_right = wrong == text;
            assert_eq!(
                validator("benefits", false).is_valid(&toml_of(&wrong)),
                is_right,
                "{path:?}"
            );
        }
    }
    let wrong = "format = 1\n[[set]]\nform = 1\n";
    fs::write(scene.path("file.toml"), wrong).expect("written");
    scene.judge(2, "failure", "check file.toml");
}

#[test]
fn a_file_of_trusted_keys_fits_its_schema_and_an_unknown_key_does_not() {
    let scene = Scene::new();
    let key = scene.json(0, "keygen --out agency.pem");
    assert!(scene.output(&format!("{FIRST} --book book --sign-key agency.pem")).status.success());
    let id = key["id"].as_str().expect("an id");
    let good =
        format!("format = 1\n[[key]]\nid = \"{id}\"\nname = \"n\"\npublic = \"agency.pem.pub\"\n");
    fits("trusted-keys", &toml_of(&good));
    let verify = "verify --quiet --book book --trusted-keys trusted.toml";
    for (text, status) in
        [(format!("{good}until = \"2025-10\"\n"), 0), (format!("{good}use = 1\n"), 2)]
    {
        fs::write(scene.path("trusted.toml"), &text).expect("written");
        assert_eq!(validator("trusted-keys", false).is_valid(&toml_of(&text)), status == 0);
        let schema = if status == 0 { "verify" } else { "failure" };
        let report = scene.judge(status, schema, verify);
        if status == 0 {
            assert_eq!(
                report["signatures"],
                json!([{ "period": "2025-10", "by": "n", "through": null }])
            );
        }
    }
}
