//! Signatures over manifests: Ed25519, and SM2 with SM3, which public bodies in China use.
//!
//! **Purpose.** Prove who approved a closed period, and with it the whole book before it.
//!
//! **In.** The bytes of `manifest.json`; a private key, or the keys that an auditor trusts.
//!
//! **Out.** `manifest.sig` beside the manifest; a judgement of each period's signature.
//!
//! **Invariants.** Keys are PKCS#8 and SPKI in PEM, as in OpenSSL. Equal key and manifest give an equal signature. A
//! private key that others may read is refused. Only new keys are random.

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
