//! Pseudonyms of persons. Who has the key can recognise a person from month to month; for everybody else the person
//! has no name.

use std::{fmt, path::Path};

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sm2::elliptic_curve::zeroize::Zeroizing;

use crate::{
    diag::{Failure, Outcome},
    digest::hex,
    place::output::{Readers, Replace, write_file},
    shapes::{Base64 as Base64Text, FormatNumber},
    signing::secret,
    text::{Text, quoted},
};

/// The format of key files that this program writes and reads.
const FORMAT: u32 = 1;

/// Bytes of a pseudonym. Among 10^9 persons, the chance that any two share one is below 10^-6.
const BYTES: usize = 10;

/// A key and its version, which is written beside every pseudonym made with it.
pub struct Pseudonyms {
    version: String,
    mac: Hmac<Sha256>,
}

/// A secret key for pseudonyms of persons (TOML), as `liangqing keygen --pseudonyms VERSION` writes it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A key for pseudonyms")]
pub(crate) struct KeyFile {
    /// The format of the file.
    #[schemars(with = "FormatNumber<1>")]
    format: u32,
    /// The version that is written beside every pseudonym made with the key.
    version: String,
    /// The key: 32 bytes in Base64.
    #[schemars(with = "Base64Text")]
    key: String,
}

/// Does not show the key.
impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonyms({})", self.version)
    }
}

impl Pseudonyms {
    /// Reads a key file. Refuses it when others than its owner may read or write it.
    pub fn read(path: &Path) -> Outcome<Pseudonyms> {
        let text = secret::read(path, |problem| text!("pseudonym key {}", problem))?;
        Pseudonyms::parse(&text).map_err(|problem| {
            let hint = text!("liangqing keygen --pseudonyms VERSION makes one");
            Failure::Usage(text!("pseudonym key {}: {}", path, problem).hinting(hint))
        })
    }

    fn parse(text: &[u8]) -> Result<Pseudonyms, Text> {
        let text = std::str::from_utf8(text).map_err(|_| text!("it is not UTF-8"))?;
        // The parser's message is not used: it quotes lines, and one of them is the key.
        let file: KeyFile = toml::from_str(text).map_err(|_| text!("it is no key file"))?;
        if file.format != FORMAT {
            return Err(text!("format {}, this program knows {}", file.format, FORMAT));
        }
        let mut key = Zeroizing::new([0; 32]);
        if Base64::decode(&file.key, key.as_mut()).map(<[u8]>::len) != Ok(32) {
            return Err(text!("the key is not 32 bytes in base64"));
        }
        check_version(&file.version)?;
        let mac = Hmac::new_from_slice(key.as_ref()).map_err(Text::foreign)?;
        Ok(Pseudonyms { version: file.version, mac })
    }

    /// Returns the version of the key.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the pseudonym of a person's number: the first 80 bits of HMAC-SHA-256.
    pub fn of(&self, psn_no: &str) -> String {
        let mut mac = self.mac.clone();
        mac.update(psn_no.as_bytes());
        format!("p{}", hex(&mac.finalize().into_bytes()[..BYTES]))
    }
}

/// Makes a key file with a version, readable by its owner only.
pub fn keygen(path: &Path, version: &str) -> Outcome<()> {
    check_version(version).map_err(Failure::Usage)?;
    let key = Base64::encode_string(secret::random()?.as_ref());
    let file = KeyFile { format: FORMAT, version: version.to_owned(), key };
    let text = toml::to_string(&file).map_err(|error| Failure::Bug(Text::foreign(error)))?;
    write_file(path, Replace::Never, Readers::Owner, text.as_bytes())
}

fn check_version(version: &str) -> Result<(), Text> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if (1..=40).contains(&version.len()) && version.chars().all(good) {
        return Ok(());
    }
    Err(text!("version {} is not 1 to 40 letters, digits, dots or dashes", quoted(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws=";
    const OTHER: &str = "DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw=";

    fn key(version: &str, key: &str) -> Result<Pseudonyms, Text> {
        Pseudonyms::parse(
            format!("format = 1\nversion = \"{version}\"\nkey = \"{key}\"\n").as_bytes(),
        )
    }

    #[test]
    fn a_pseudonym_is_the_start_of_the_hmac() {
        let pseudonyms = key("2025-1", KEY).expect("a key");
        // printf %s 34000001 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…
        assert_eq!(pseudonyms.of("34000001"), "p8ba5f2c72c63cbd6539f");
        assert_eq!(pseudonyms.of("34000001"), pseudonyms.of("34000001"));
        let other = key("2026-1", OTHER).expect("a key");
        assert_ne!(pseudonyms.of("34000001"), other.of("34000001"));
        assert_eq!(format!("{other:?}"), "Pseudonyms(2026-1)");
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for (version, key_text) in [("1", &KEY[4..]), ("", KEY), ("1", ""), ("1", "\\")] {
            let problem = key(version, key_text).expect_err("no key").to_string();
            assert!(!problem.contains("CwsLCw"), "{problem}");
        }
    }
}
