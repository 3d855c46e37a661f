//! Private keys: makes them, reads them, signs with them.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ed25519_dalek::{Signer as _, pkcs8::KeypairBytes};
use sm2::{
    dsa,
    elliptic_curve::zeroize::Zeroizing,
    pkcs8::{EncodePrivateKey, LineEnding, PrivateKeyInfoRef, SecretDocument},
};

use super::{
    algorithm::Algorithm, algorithm::DISTID, algorithm::LONGEST_KEY, file::SignatureFile,
    public::PublicKey, secret,
};
use crate::{
    diag::{Failure, Outcome},
    place::output::{Output, Readers, Replace},
    text::{Text, quoted},
};

/// A private key, which is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Signer(Secret);

#[derive(Clone)]
enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Sm2(sm2::SecretKey),
}

/// Shows the id only, nothing of the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.id())
    }
}

impl Signer {
    /// Reads a private key in PEM; fails when others may read or write the file.
    pub fn read(path: &Path) -> Outcome<Signer> {
        let text = secret::read(path, |problem| text!("private key {}", problem))?;
        Signer::from_pem(&text)
            .map_err(|problem| Failure::Usage(text!("private key {}: {}", path, problem)))
    }

    /// Reads PKCS#8 in PEM; the error says what the file holds instead.
    pub(super) fn from_pem(pem: &[u8]) -> Result<Signer, Text> {
        let hint =
            text!("expected is PKCS#8 in PEM, as liangqing keygen and openssl genpkey write it");
        let text = std::str::from_utf8(pem).ok().filter(|text| text.len() <= LONGEST_KEY);
        let document = text.and_then(|text| SecretDocument::from_pem(text.trim_start()).ok());
        let (label, document) = document
            .ok_or_else(|| text!("it holds no key, or a damaged one").hinting(hint.clone()))?;
        match label {
            "PRIVATE KEY" => {}
            "ENCRYPTED PRIVATE KEY" => {
                let hint =
                    text!("openssl pkey decrypts it into a file that only its owner may read");
                return Err(text!("it has a password").hinting(hint));
            }
            other => return Err(text!("it holds {}", quoted(other)).hinting(hint)),
        }
        let info = PrivateKeyInfoRef::try_from(document.as_bytes())
            .map_err(|_| text!("the key in it is damaged").hinting(hint.clone()))?;
        if let Ok(key) = ed25519_dalek::SigningKey::try_from(info.clone()) {
            return Ok(Signer(Secret::Ed25519(Box::new(key))));
        }
        let algorithm = info.algorithm.oid;
        let key = sm2::SecretKey::try_from(info).map_err(|_| {
            text!(
                "the key in it is damaged, or of another algorithm ({}); known: Ed25519, SM2",
                algorithm.to_string()
            )
            .hinting(hint)
        })?;
        Ok(Signer(Secret::Sm2(key)))
    }

    /// Writes the key as PKCS#8 in PEM.
    pub(super) fn to_pem(&self) -> Outcome<Zeroizing<String>> {
        let pem = match &self.0 {
            // Without the optional public key, which OpenSSL does not read there.
            Secret::Ed25519(key) => KeypairBytes { secret_key: key.to_bytes(), public_key: None }
                .to_pkcs8_pem(LineEnding::LF),
            Secret::Sm2(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        pem.map_err(|error| Failure::Bug(text!("private key: {}", Text::foreign(error))))
    }

    /// Makes a random key.
    pub(super) fn random(algorithm: Algorithm) -> Outcome<Signer> {
        loop {
            let bytes = secret::random()?;
            match algorithm {
                Algorithm::Ed25519 => {
                    let key = Box::new(ed25519_dalek::SigningKey::from_bytes(&bytes));
                    return Ok(Signer(Secret::Ed25519(key)));
                }
                // Nearly every number of 256 bits is a key; otherwise the loop tries another.
                Algorithm::Sm2 => {
                    if let Ok(key) = sm2::SecretKey::from_slice(bytes.as_ref()) {
                        return Ok(Signer(Secret::Sm2(key)));
                    }
                }
            }
        }
    }

    pub(super) fn public(&self) -> PublicKey {
        match &self.0 {
            Secret::Ed25519(key) => PublicKey::Ed25519(Box::new(key.verifying_key())),
            Secret::Sm2(key) => PublicKey::Sm2(key.public_key()),
        }
    }

    /// Returns the id of the key: SHA-256 of the public key's DER.
    pub fn id(&self) -> String {
        self.public().id()
    }

    /// Signs the bytes of a manifest; returns the bytes of `manifest.sig`.
    pub fn sign(&self, manifest: &[u8]) -> Outcome<Vec<u8>> {
        let failed = |error| Failure::Bug(text!("signing: {}", Text::foreign(error)));
        let signature = match &self.0 {
            Secret::Ed25519(key) => key.try_sign(manifest).map_err(failed)?.to_vec(),
            Secret::Sm2(key) => {
                let key = dsa::SigningKey::new(DISTID, key).map_err(failed)?;
                let signature: dsa::Signature = key.try_sign(manifest).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
        };
        let public = self.public();
        Failure::unless(public.verifies(manifest, &signature), || {
            text!("signing: the key does not confirm its own signature")
        })?;
        SignatureFile::new(&public, &signature).to_bytes()
    }
}

/// Makes a pair of keys: the private one at a path, the public one beside it with `.pub`. Returns the id and the path
/// of the public key. Fails when one of the files exists.
pub fn keygen(path: &Path, algorithm: Algorithm) -> Outcome<(String, PathBuf)> {
    let signer = Signer::random(algorithm)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    let beside = PathBuf::from(beside);
    let [private, public] = [path, &beside].map(|path| Output::file(path, Replace::Never));
    let (private, public) = (private?, public?);
    let (secret, shared) = (signer.to_pem()?, signer.public().to_pem()?);
    Output::write_pair([
        (&private, Readers::Owner, secret.as_bytes()),
        (&public, Readers::Usual, shared.as_bytes()),
    ])?;
    Ok((signer.id(), beside))
}
