use super::*;
use crate::signing::{Algorithm, Signer};
use crate::text::Text;

fn public() -> PublicKey {
    Signer::random(Algorithm::Sm2).expect("a key").public()
}

fn key_table(key: &PublicKey) -> String {
    let pem = key.to_pem().expect("written");
    format!("[[key]]\nid = \"{}\"\nname = \"n\"\npublic = \"\"\"\n{pem}\"\"\"\n", key.id())
}

fn errors(text: &str) -> Vec<String> {
    let errors = TrustedKeys::parse(text, Path::new("")).expect_err("refused");
    errors.iter().map(Text::to_string).collect()
}

#[test]
fn keys_stand_in_the_file_or_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (public(), public());
    fs::write(folder.path().join("k.pub"), second.to_pem().expect("written")).expect("written");
    let text = format!(
        "format = 1\n{}[[key]]\nid = \"{}\"\nname = \"二\"\npublic = \"k.pub\"\nfrom = \"2025-01\"\n\
         until = \"2025-01\"\nrevoked = true\n",
        key_table(&first),
        second.id().to_uppercase()
    );
    let path = folder.path().join("trusted.toml");
    fs::write(&path, text).expect("written");
    let trusted = |key: PublicKey, name: &str, from, until, revoked| Trusted {
        id: key.id(),
        name: name.to_owned(),
        key,
        from,
        until,
        revoked,
    };
    let month = Some(Month::new(2025, 1));
    let expected =
        [trusted(first, "n", None, None, false), trusted(second, "二", month, month, true)];
    assert_eq!(TrustedKeys::read(&path).expect("good"), TrustedKeys(expected.into()));
}

#[test]
fn every_error_is_listed_with_its_line() {
    let text = format!(
        "format = 2\nkeys = 1\n[[key]]\nid = 1\nname = \"a\\u001bb\"\npublic = \"nowhere.pub\"\n\
         from = \"2025-13\"\n[[key]]\nuse = \"all\"\nrevoked = 1\n{}",
        key_table(&public())
    );
    let starts = [
        "line 1, format: format 2, this program knows 1",
        "line 2, keys: no such key; is it key?",
        "line 4, id: invalid type: integer `1`, expected a text in quotes",
        "line 5, name: a name is expected",
        "line 6, public: nowhere.pub: it cannot be read",
        "line 7, from: \"2025-13\" is not a month",
        "line 8, id: it is missing",
        "line 8, name: it is missing",
        "line 8, public: it is missing",
        "line 9, use: no such key; there are",
        "line 10, revoked: invalid type: integer `1`, expected a boolean",
    ];
    let errors = errors(&text);
    assert_eq!(errors.len(), starts.len(), "{errors:#?}");
    for (error, start) in errors.iter().zip(starts) {
        assert!(error.starts_with(start), "{errors:#?}");
    }
}

#[test]
fn a_key_that_contradicts_itself_is_refused() {
    let (key, other) = (public(), public());
    let table = key_table(&key);
    let cases = [
        (table.replace(&key.id(), &other.id()), "the key in `public` has the id"),
        (format!("{table}{table}"), "this key is listed twice"),
        (format!("{table}from = \"2025-02\"\nuntil = \"2025-01\"\n"), "it is before `from`"),
        (table.replace("PUBLIC", "PRIVATE"), "no public key of Ed25519 or SM2"),
        (String::new(), "there is none"),
        ("key = \"k\"\n".to_owned(), "expected is [[key]]"),
        ("key = [1]\n".to_owned(), "expected is [[key]]"),
    ];
    for (table, expected) in cases {
        let errors = errors(&format!("format = 1\n{table}"));
        assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}");
    }
    assert!(errors(&table)[0].contains("format"));
    assert_eq!(errors("format = ").len(), 1);
}

#[test]
fn a_file_that_is_none_is_a_usage_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere.toml");
    for path in [folder.path(), nowhere.as_path()] {
        let failure = TrustedKeys::read(path).expect_err("refused");
        assert_eq!(failure.exit_status(), 2, "{failure}");
    }
}
