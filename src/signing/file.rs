//! `manifest.sig`: the signature of a manifest, beside it.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::{algorithm::Algorithm, public::PublicKey};
use crate::diag::{Failure, Outcome};

/// Name of the file beside a manifest that holds its signature.
pub const SIGNATURE: &str = "manifest.sig";

/// The format that this program writes and reads.
const FORMAT: u32 = 1;

/// Longest signature file, in bytes.
const LONGEST: u64 = 4 << 10;

/// What the file holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureFile {
    format: u32,
    algorithm: Algorithm,
    /// SHA-256 of the public key's DER.
    pub(super) key_id: String,
    /// Base64: 64 bytes of Ed25519, or the DER of SM2.
    signature: String,
}

impl SignatureFile {
    /// A signature by a key.
    pub(super) fn new(key: &PublicKey, signature: &[u8]) -> SignatureFile {
        SignatureFile {
            format: FORMAT,
            algorithm: key.algorithm(),
            key_id: key.id(),
            signature: Base64::encode_string(signature),
        }
    }

    /// The bytes of the file.
    pub(super) fn to_bytes(&self) -> Outcome<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::Bug(format!("signature: {error}")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the bytes of the file, or says what is wrong with them.
    pub(super) fn parse(bytes: &[u8]) -> Result<SignatureFile, String> {
        let file: SignatureFile =
            serde_json::from_slice(bytes).map_err(|error| format!("no signature: {error}"))?;
        if file.format != FORMAT {
            return Err(format!("format {}, this program knows {FORMAT}", file.format));
        }
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if file.key_id.len() != 64 || !file.key_id.bytes().all(is_digit) {
            return Err("a key id that is no SHA-256 in 64 digits".to_owned());
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

/// The bytes of the signature in a period's folder, if it has one; or what is wrong with it.
pub fn read_signature(folder: &Path) -> Result<Option<Vec<u8>>, String> {
    let path = folder.join(SIGNATURE);
    let unreadable = |error: io::Error| format!("{SIGNATURE}: {error}");
    let found = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.map_err(unreadable)?,
    };
    // A pipe would be waited for.
    if !found.is_file() {
        return Err(format!("{SIGNATURE}: not a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("{SIGNATURE}: more than {LONGEST} bytes, which no signature has"));
    }
    Ok(Some(bytes))
}
