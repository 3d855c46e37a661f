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

mod algorithm;
mod file;
mod key;
mod public;
pub(crate) mod secret;
pub mod trusted;

#[cfg(test)]
pub(crate) use self::file::SignatureFile;
pub use self::{
    algorithm::Algorithm,
    file::{SIGNATURE, read_signature},
    key::{Signer, keygen},
};

#[cfg(test)]
mod tests;
