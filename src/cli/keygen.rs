//! The command `keygen`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    options::Format,
    printer::{report, text},
};
use crate::{
    diag::{Outcome, shown},
    privacy::pseudonym,
    shapes,
    signing::{self, Algorithm},
    text::Text,
};

/// A key pair that was made.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "keygen --format json")]
pub(super) struct KeyPair<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// The id of the key.
    #[schemars(with = "shapes::Sha256")]
    id: &'a str,
    /// The file of the private key.
    private: &'a Path,
    /// The file of the public key.
    public: &'a Path,
}

/// A key for pseudonyms that was made.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "keygen --pseudonyms --format json")]
pub(super) struct PseudonymKey<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// The version that is written beside every pseudonym made with the key.
    version: &'a str,
    /// The file of the key.
    private: &'a Path,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing keygen --out keys/agency.pem
  liangqing keygen --out keys/agency.pem --algorithm sm2
  liangqing keygen --out keys/persons.toml --pseudonyms 2025-1

Writes the private key to FILE, readable by its owner alone, and the public key to FILE.pub, both as OpenSSL has
them. Neither file is ever replaced: exit status 2. The id that it prints goes into the file of trusted keys
(docs/audit.md).")]
pub(super) struct KeygenArguments {
    /// The private key's file; the public key goes to FILE.pub
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The kind of key
    #[arg(long, value_enum, default_value_t)]
    pub(super) algorithm: KeyAlgorithm,
    /// Make a key for pseudonyms of persons instead, with a version that is written beside them
    #[arg(long, value_name = "VERSION", conflicts_with = "algorithm")]
    pub(super) pseudonyms: Option<String>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum KeyAlgorithm {
    /// Ed25519.
    #[default]
    Ed25519,
    /// SM2 with SM3, which public bodies in China use.
    Sm2,
}

impl From<KeyAlgorithm> for Algorithm {
    fn from(algorithm: KeyAlgorithm) -> Algorithm {
        match algorithm {
            KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
            KeyAlgorithm::Sm2 => Algorithm::Sm2,
        }
    }
}

/// Runs `liangqing keygen`.
pub(super) fn keygen(arguments: &KeygenArguments) -> Outcome<()> {
    let out = &arguments.out;
    if let Some(version) = &arguments.pseudonyms {
        pseudonym::keygen(out, version)?;
        return match arguments.format {
            Format::Human => text(&[
                Text::labelled("private", text!("{}, for its owner alone", shown(out))),
                Text::labelled("version", text!("{}", version)),
            ]),
            Format::Json => {
                report(&PseudonymKey { format: shapes::FormatNumber, version, private: out })
            }
        };
    }
    let (id, public) = signing::keygen(&arguments.out, arguments.algorithm.into())?;
    match arguments.format {
        Format::Human => text(&[
            Text::labelled("private", text!("{}, for its owner alone", shown(&arguments.out))),
            Text::labelled("public", text!("{}", shown(&public))),
            Text::labelled("id", text!("{}", id)),
        ]),
        Format::Json => report(&KeyPair {
            format: shapes::FormatNumber,
            id: &id,
            private: out,
            public: &public,
        }),
    }
}
