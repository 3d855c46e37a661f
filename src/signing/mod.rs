//! Signatures over manifests: Ed25519, and SM2 with SM3, which public bodies in China use.
//!
//! **Purpose.** Say who vouches for a closed period, and for the whole book before it.
//!
//! **In.** The bytes of `manifest.json`; a private key, or the keys that an auditor trusts.
//!
//! **Out.** `manifest.sig` beside the manifest; what each period's signature is worth.
//!
//! **Invariants.** Keys are PKCS#8 and SPKI in PEM, as OpenSSL has them. Equal key and manifest give an equal
//! signature. A private key that others may read is refused. Randomness is used to make keys, and nowhere else.

mod file;
mod key;
mod public;
pub(crate) mod secret;
pub mod trusted;

use serde::{Deserialize, Serialize};

pub use self::{
    file::{SIGNATURE, read_signature},
    key::{Signer, keygen},
};

/// The identity that SM2 mixes into what is signed; the default of GM/T 0009, and of OpenSSL's users.
const DISTID: &str = "1234567812345678";

/// Longest key that is read, in bytes.
const LONGEST_KEY: usize = 16 << 10;

/// How a manifest is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// SM2 with SM3 (GB/T 32918, GB/T 32905).
    Sm2,
}

impl Algorithm {
    /// The word used in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::Sm2 => "sm2",
        }
    }
}

#[cfg(test)]
mod tests;
