//! How a manifest is signed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The identity of the signer that SM2 hashes with the message: the default of GM/T 0009, which is usual with OpenSSL.
pub(super) const DISTID: &str = "1234567812345678";

/// Longest key that is read, in bytes.
pub(super) const LONGEST_KEY: usize = 16 << 10;

/// How a manifest is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
