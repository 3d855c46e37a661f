//! `manifest.sig`: the signature of a manifest, beside it.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use base64ct::{Base64, Encoding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{algorithm::Algorithm, public::PublicKey};
use crate::{
    diag::{Failure, Outcome},
    shapes::{Base64 as Base64Text, FormatNumber, Sha256},
    text::Text,
};

/// Name of the file with the signature of a manifest, beside it.
pub const SIGNATURE: &str = "manifest.sig";

/// The format that this program writes and reads.
const FORMAT: u32 = 1;

/// Longest signature file, in bytes.
const LONGEST: u64 = 4 << 10;

/// `manifest.sig`: the signature on the bytes of `manifest.json` beside it (docs/audit.md).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "The signature of a manifest")]
pub(crate) struct SignatureFile {
    /// The format of the file.
    #[schemars(with = "FormatNumber<1>")]
    format: u32,
    /// The algorithm of the key.
    algorithm: Algorithm,
    /// The id of the key: the SHA-256 of the DER bytes of the public key.
    #[schemars(with = "Sha256")]
    pub(super) key_id: String,
    /// The signature in Base64: 64 bytes of Ed25519, or the DER of SM2.
    #[schemars(with = "Base64Text")]
    signature: String,
}

impl SignatureFile {
    /// Makes the file of a signature by a key.
    pub(super) fn new(key: &PublicKey, signature: &[u8]) -> SignatureFile {
        SignatureFile {
            format: FORMAT,
            algorithm: key.algorithm(),
            key_id: key.id(),
            signature: Base64::encode_string(signature),
        }
    }

    /// Returns the bytes of the file.
    pub(super) fn to_bytes(&self) -> Outcome<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::Bug(text!("signature: {}", Text::foreign(error))))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Parses the bytes of the file.
    pub(super) fn parse(bytes: &[u8]) -> Result<SignatureFile, Text> {
        let file: SignatureFile = serde_json::from_slice(bytes)
            .map_err(|error| text!("no signature: {}", Text::foreign(error)))?;
        if file.format != FORMAT {
            return Err(text!("format {}, this program knows {}", file.format, FORMAT));
        }
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if file.key_id.len() != 64 || !file.key_id.bytes().all(is_digit) {
            return Err(text!("a key id that is no SHA-256 in 64 digits"));
        }
        Ok(file)
    }

    /// Whether a key made this signature of a manifest.
    pub(super) fn is_by(&self, key: &PublicKey, manifest: &[u8]) -> bool {
        let signature = Base64::decode_vec(&self.signature);
        let named = self.algorithm == key.algorithm() && self.key_id == key.id();
        named && signature.is_ok_and(|signature| key.verifies(manifest, &signature))
    }
}

/// Reads the signature file of a period's folder; `None` when there is none.
pub fn read_signature(folder: &Path) -> Result<Option<Vec<u8>>, Text> {
    let path = folder.join(SIGNATURE);
    let unreadable = |error: io::Error| text!("{}: {}", SIGNATURE, error);
    let found = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.map_err(unreadable)?,
    };
    // Opening a pipe could wait forever.
    if !found.is_file() {
        return Err(text!("{}: not a file", SIGNATURE));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(text!("{}: more than {} bytes, which no signature has", SIGNATURE, LONGEST));
    }
    Ok(Some(bytes))
}
