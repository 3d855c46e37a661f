//! Public keys: reads them, computes their ids, checks signatures.

use ed25519_dalek::{
    Verifier,
    pkcs8::{DecodePublicKey, EncodePublicKey},
};
use sm2::{dsa, pkcs8::LineEnding};

use super::{algorithm::Algorithm, algorithm::DISTID};
use crate::{
    diag::{Failure, Outcome},
    digest::sha256_hex,
    text::Text,
};

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    Sm2(sm2::PublicKey),
}

impl PublicKey {
    /// Reads a public key in PEM.
    pub(super) fn from_pem(pem: &str) -> Result<PublicKey, Text> {
        let pem = pem.trim_start();
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_pem(pem) {
            // A key of small order: signatures that verify with it can be made without a private key.
            let weak = text!("a key that no generator makes, and that anybody could sign for");
            return if key.is_weak() { Err(weak) } else { Ok(PublicKey::Ed25519(Box::new(key))) };
        }
        let key = sm2::PublicKey::from_public_key_pem(pem);
        key.map(PublicKey::Sm2).map_err(|_| text!("no public key of Ed25519 or SM2 in PEM"))
    }

    /// Writes the key in PEM.
    pub(super) fn to_pem(&self) -> Outcome<String> {
        let pem = match self {
            PublicKey::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
            PublicKey::Sm2(key) => key.to_public_key_pem(LineEnding::LF),
        };
        pem.map_err(|error| Failure::Bug(text!("public key: {}", Text::foreign(error))))
    }

    /// Returns its id: SHA-256 of its DER.
    pub(super) fn id(&self) -> String {
        let der = match self {
            PublicKey::Ed25519(key) => key.to_public_key_der(),
            PublicKey::Sm2(key) => key.to_public_key_der(),
        };
        sha256_hex(der.expect("Invariant: a key is short enough for DER").as_bytes())
    }

    /// Returns its algorithm.
    pub(super) const fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
            PublicKey::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// Whether a signature of some bytes is by this key.
    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok()),
            PublicKey::Sm2(key) => {
                let key = dsa::VerifyingKey::new(DISTID, *key);
                let signature = dsa::Signature::from_der(signature);
                key.ok().zip(signature.ok()).is_some_and(|(key, s)| key.verify(bytes, &s).is_ok())
            }
        }
    }
}
