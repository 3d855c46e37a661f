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

pub mod trusted;

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64ct::{Base64, Encoding};
use ed25519_dalek::{
    Signer as _, Verifier as _,
    pkcs8::{
        DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
        spki::der::pem::LineEnding,
    },
};
use serde::{Deserialize, Serialize};
use sm2::dsa;

use crate::{
    diag::{Failure, Outcome},
    digest::sha256_hex,
};

/// Name of the file beside a manifest that holds its signature.
pub const SIGNATURE: &str = "manifest.sig";

/// The identity that SM2 mixes into what is signed; the default of GM/T 0009, and of OpenSSL's users.
const DISTID: &str = "1234567812345678";

/// Longest key or signature file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

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

/// A private key.
#[derive(Clone)]
pub struct Signer {
    secret: Secret,
    key_id: String,
}

#[derive(Clone)]
enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Sm2(Box<dsa::SigningKey>),
}

/// Nothing of the key itself.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.key_id)
    }
}

/// A public key.
#[derive(Debug, Clone)]
pub(crate) enum PublicKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    Sm2(Box<sm2::PublicKey>),
}

/// `manifest.sig`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    format: u32,
    algorithm: Algorithm,
    /// SHA-256 of the public key's DER.
    key_id: String,
    /// Base64: 64 bytes of Ed25519, or the DER of SM2.
    signature: String,
}

/// The format of signature files.
const FORMAT: u32 = 1;

impl PublicKey {
    /// Reads a public key in PEM.
    pub(crate) fn from_pem(text: &str) -> Option<PublicKey> {
        let ed25519 = ed25519_dalek::VerifyingKey::from_public_key_pem(text).ok();
        let sm2 = || sm2::PublicKey::from_public_key_pem(text).ok();
        ed25519.map(PublicKey::Ed25519).or_else(|| sm2().map(|key| PublicKey::Sm2(Box::new(key))))
    }

    /// The key in PEM.
    fn to_pem(&self) -> Option<String> {
        match self {
            PublicKey::Ed25519(key) => key.to_public_key_pem(LineEnding::LF).ok(),
            PublicKey::Sm2(key) => key.to_public_key_pem(LineEnding::LF).ok(),
        }
    }

    /// Its number: SHA-256 of its DER.
    pub(crate) fn id(&self) -> Option<String> {
        let der = match self {
            PublicKey::Ed25519(key) => key.to_public_key_der().ok()?,
            PublicKey::Sm2(key) => key.to_public_key_der().ok()?,
        };
        Some(sha256_hex(der.as_bytes()))
    }

    /// Its algorithm.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
            PublicKey::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// Whether a signature of this key is on some bytes.
    fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok()),
            PublicKey::Sm2(key) => {
                let key = dsa::VerifyingKey::new(DISTID, **key);
                let signature = dsa::Signature::from_der(signature);
                key.ok().zip(signature.ok()).is_some_and(|(key, s)| key.verify(bytes, &s).is_ok())
            }
        }
    }
}

impl Signer {
    /// Reads a private key in PEM; one that others may read or write is refused.
    pub fn read(path: &Path) -> Outcome<Signer> {
        let refuse = |problem: &str| Failure::Usage(format!("{}: {problem}", path.display()));
        let unreadable = |error: std::io::Error| refuse(&format!("cannot be read: {error}"));
        let mut file = fs::File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.mode() & 0o077 != 0 {
            let problem = format!(
                "others may use this private key\n    hint: chmod 600 {}, and make a new key if \
                 others have seen it",
                path.display()
            );
            return Err(refuse(&problem));
        }
        let mut text = String::new();
        let taken = (&mut file).take(LONGEST).read_to_string(&mut text);
        taken.map_err(|_| refuse("is no private key in PEM"))?;
        Signer::from_pem(&text).ok_or_else(|| {
            refuse(
                "is no private key of Ed25519 or SM2 in PKCS#8 PEM without a password\n    hint: make \
                 one with liangqing keygen",
            )
        })
    }

    fn from_pem(text: &str) -> Option<Signer> {
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(text) {
            return Signer::new(Secret::Ed25519(Box::new(key)));
        }
        let secret = sm2::SecretKey::from_pkcs8_pem(text).ok()?;
        Signer::new(Secret::Sm2(Box::new(dsa::SigningKey::new(DISTID, &secret).ok()?)))
    }

    fn new(secret: Secret) -> Option<Signer> {
        let mut signer = Signer { secret, key_id: String::new() };
        signer.key_id = signer.public().id()?;
        Some(signer)
    }

    fn public(&self) -> PublicKey {
        match &self.secret {
            Secret::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            Secret::Sm2(key) => {
                let affine = *key.verifying_key().as_affine();
                let public = sm2::PublicKey::from_affine(affine);
                PublicKey::Sm2(Box::new(public.expect("Invariant: a key's own point")))
            }
        }
    }

    /// Signs the bytes of a manifest; the bytes of `manifest.sig`.
    pub fn sign(&self, manifest: &[u8]) -> Outcome<Vec<u8>> {
        let signature = match &self.secret {
            Secret::Ed25519(key) => key.sign(manifest).to_vec(),
            Secret::Sm2(key) => {
                let signature: dsa::Signature = key
                    .try_sign(manifest)
                    .map_err(|error| Failure::Bug(format!("signing: {error}")))?;
                signature.to_der().as_bytes().to_vec()
            }
        };
        let file = SignatureFile {
            format: FORMAT,
            algorithm: self.public().algorithm(),
            key_id: self.key_id.clone(),
            signature: Base64::encode_string(&signature),
        };
        let text = serde_json::to_string_pretty(&file);
        let text = text.map_err(|error| Failure::Bug(format!("signature: {error}")))?;
        Ok(format!("{text}\n").into_bytes())
    }
}

/// Makes a pair of keys: the private one at a path, the public one beside it with `.pub`; gives its number.
pub fn keygen(path: &Path, algorithm: Algorithm) -> Outcome<(String, PathBuf)> {
    let bug = |what: &str| Failure::Bug(format!("keygen: {what}"));
    let (signer, pem) = match algorithm {
        Algorithm::Ed25519 => {
            let key = ed25519_dalek::SigningKey::from_bytes(&random()?);
            // Without the public key, which older OpenSSL does not expect in this place.
            let bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
            let pem = bytes.to_pkcs8_pem(LineEnding::LF).map_err(|_| bug("private key"))?;
            (Signer::new(Secret::Ed25519(Box::new(key))), pem)
        }
        Algorithm::Sm2 => {
            let secret = loop {
                // Nearly every number is a key.
                if let Ok(secret) = sm2::SecretKey::from_slice(&random()?) {
                    break secret;
                }
            };
            let pem = secret.to_pkcs8_pem(LineEnding::LF).map_err(|_| bug("private key"))?;
            let key = dsa::SigningKey::new(DISTID, &secret).map_err(|_| bug("identity"))?;
            (Signer::new(Secret::Sm2(Box::new(key))), pem)
        }
    };
    let signer = signer.ok_or_else(|| bug("public key"))?;
    let public = signer.public().to_pem().ok_or_else(|| bug("public key"))?;
    let beside = PathBuf::from(format!("{}.pub", path.display()));
    for path in [path, &beside] {
        if path.exists() {
            let problem = format!("{} is there already, and is not replaced", path.display());
            return Err(Failure::Usage(problem));
        }
    }
    create(path, 0o600, pem.as_bytes())?;
    create(&beside, 0o644, public.as_bytes())?;
    Ok((signer.key_id, beside))
}

fn create(path: &Path, mode: u32, bytes: &[u8]) -> Outcome<()> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(Failure::io(path))
}

/// 32 bytes that nobody can guess.
fn random() -> Outcome<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Io {
        place: "random numbers of the system".to_owned(),
        error: std::io::Error::other(error),
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
        (0..text.len()).step_by(2).map(byte).collect()
    }

    /// RFC 8032, section 7.1, test 3.
    #[test]
    fn ed25519_signs_as_its_standard_has_it() {
        let secret = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
        let expected = hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
        let key = ed25519_dalek::SigningKey::from_bytes(secret.as_slice().try_into().expect("32"));
        let signer = Signer::new(Secret::Ed25519(Box::new(key))).expect("a key");
        let file: SignatureFile =
            serde_json::from_slice(&signer.sign(&hex("af82")).expect("signed")).expect("JSON");
        assert_eq!(Base64::decode_vec(&file.signature).expect("Base64"), expected);
        assert!(signer.public().verifies(&hex("af82"), &expected));
        assert!(!signer.public().verifies(&hex("af83"), &expected));
    }

    /// GB/T 32918.5, annex A: key, identity, message and signature.
    #[test]
    fn sm2_verifies_what_its_standard_signed() {
        let point = hex("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
             ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
        let key = sm2::PublicKey::from_sec1_bytes(&point).expect("a point");
        let signature = dsa::Signature::from_slice(&hex(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
             b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
        ));
        let der = signature.expect("a signature").to_der();
        let public = PublicKey::Sm2(Box::new(key));
        assert!(public.verifies(b"message digest", der.as_bytes()));
        assert!(!public.verifies(b"message digesT", der.as_bytes()));
    }
}
