//! The JSON schemas in docs/schemas: one for each report and for each file that people write or programs read.

use std::{fs, path::Path};

use schemars::{
    JsonSchema, Schema,
    generate::{Contract, SchemaSettings},
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

use super::{audit_rerun, check, failure, init, keygen, man, query::RowOf, rehearsal, run};
use crate::{
    audit::{
        diff::Differences,
        explain::{Life, figure::Explained},
        rerun::Rerun,
        verify::Verified,
    },
    book::manifest::Manifest,
    bulletin, convert, daily,
    figures::SentenceTemplate,
    leads::{replies::LeadReplies, summary::ReviewSummary},
    outlook::{status::BookStatus, stress::StressReport},
    pipeline::Settings,
    privacy::pseudonym::KeyFile,
    query::TableList,
    report,
    review::{benefits::file::BenefitsFile, rules_file::file::ReviewRulesFile},
    rules::RulesFile,
    signing::{SignatureFile, trusted::TrustedFile},
    statements::{self, SheetFile, Template, replies::Replies},
    synth::{BreakRates, Summary},
};

/// The folder of the schemas.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schemas");

/// Returns the schema of a file that people write. The program refuses unknown keys in it.
fn read<T: JsonSchema>() -> Schema {
    schema::<T>(Contract::Deserialize)
}

/// Returns the schema of a file or report that the program writes. Later versions may add fields.
fn written<T: JsonSchema>() -> Schema {
    schema::<T>(Contract::Serialize)
}

fn schema<T: JsonSchema>(contract: Contract) -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.contract = contract);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    Tidy.transform(&mut schema);
    schema
}

/// States for every object whether it may have more fields, and drops defaults of null, which TOML does not have.
struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("default") == Some(&Value::Null) {
            schema.remove("default");
        }
        if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
            schema.insert("additionalProperties".to_owned(), true.into());
        }
        transform_subschemas(self, schema);
    }
}

/// Returns every schema by the name of its file.
fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("pipeline", read::<Settings>()),
        ("rules", read::<RulesFile>()),
        ("benefits", read::<BenefitsFile>()),
        ("review-rules", read::<ReviewRulesFile>()),
        ("forms", read::<Template>()),
        ("sentences", read::<SentenceTemplate>()),
        ("breaks", read::<BreakRates>()),
        ("trusted-keys", read::<TrustedFile>()),
        ("pseudonym-key", read::<KeyFile>()),
        ("manifest", read::<Manifest>()),
        ("signature", read::<SignatureFile>()),
        ("sheet", written::<SheetFile>()),
        ("notices", written::<Vec<SheetFile>>()),
        ("run", written::<run::RunJson>()),
        ("audit-rerun", written::<Rerun>()),
        ("audit-reruns", written::<audit_rerun::Reruns>()),
        ("check", written::<check::CheckedPipeline>()),
        ("check-benefits", written::<check::CheckedBenefits>()),
        ("check-review-rules", written::<check::CheckedReviewRules>()),
        ("convert", written::<convert::ConvertReport>()),
        ("convert-guess", written::<convert::GuessReport>()),
        ("convert-payments", written::<convert::PaymentsReport>()),
        ("convert-map", read::<convert::MapFile>()),
        ("daily", written::<daily::DailySummary>()),
        ("check-delivery", written::<rehearsal::CheckedDelivery>()),
        ("init", written::<init::MadePlace>()),
        ("synth", written::<Summary>()),
        ("verify", written::<Verified>()),
        ("explain", written::<Life>()),
        ("explain-pair", written::<Explained>()),
        ("diff", written::<Differences>()),
        ("status", written::<BookStatus>()),
        ("stress", written::<StressReport>()),
        ("query", written::<Vec<RowOf>>()),
        ("query-list", written::<TableList>()),
        ("statements", written::<statements::WrittenStatements>()),
        ("bulletin", written::<bulletin::WrittenBulletin>()),
        ("decisions-import", written::<Replies>()),
        ("review-summary", written::<ReviewSummary>()),
        ("review-import", written::<LeadReplies>()),
        ("report", written::<report::WrittenReport>()),
        ("keygen", written::<keygen::KeyPair>()),
        ("keygen-pseudonyms", written::<keygen::PseudonymKey>()),
        ("man", written::<man::WrittenPages>()),
        ("failure", written::<failure::FailureReport>()),
    ]
}

#[test]
fn the_schemas_are_current() {
    let folder = Path::new(FOLDER);
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut expected = Vec::new();
    for (name, schema) in schemas() {
        let path = folder.join(format!("{name}.json"));
        let text = format!("{:#}\n", schema.as_value());
        if update {
            fs::create_dir_all(folder).expect("made");
            fs::write(&path, &text).expect("written");
        }
        let hint = "UPDATE_DOCS=1 cargo test --lib schemas writes them";
        assert!(fs::read_to_string(&path).is_ok_and(|there| there == text), "{name}: {hint}");
        expected.push(path);
    }
    let there =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let strangers: Vec<_> = there.filter(|path| !expected.contains(path)).collect();
    assert!(strangers.is_empty(), "no schema of anything: {strangers:?}");
}

/// Every object states whether it may have more fields, everything has a description, and files of people take no
/// unknown key.
#[test]
fn the_schemas_say_what_everything_is() {
    for (name, schema) in schemas() {
        let mut silent = Vec::new();
        find_silent(schema.as_value(), name, &mut silent);
        assert_eq!(silent, [""; 0], "{name}");
        assert!(schema.get("title").is_some(), "{name} has no title");
    }
    for (name, schema) in schemas().into_iter().take_while(|(name, _)| *name != "sheet") {
        let open = format!("{:?}", "additionalProperties") + ":true";
        assert!(!schema.as_value().to_string().contains(&open), "{name} takes unknown keys");
    }
}

/// Collects fields and definitions without a description.
fn find_silent(schema: &Value, place: &str, silent: &mut Vec<String>) {
    for list in ["properties", "$defs"] {
        for (name, field) in schema[list].as_object().into_iter().flatten() {
            if ["description", "$ref", "const", "oneOf"].iter().all(|key| field.get(*key).is_none())
            {
                silent.push(format!("{place}.{name}"));
            }
            find_silent(field, &format!("{place}.{name}"), silent);
        }
    }
}
