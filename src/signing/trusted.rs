//! The keys that an auditor trusts, and what signatures are worth with them.

use std::{fs, path::Path};

use base64ct::{Base64, Encoding};
use serde::Deserialize;

use super::{FORMAT, LONGEST, PublicKey, SignatureFile};
use crate::{
    codes::Month,
    diag::{Failure, Outcome},
};

/// The keys that are trusted.
#[derive(Debug)]
pub struct TrustedKeys(Vec<Trusted>);

#[derive(Debug)]
struct Trusted {
    id: String,
    name: String,
    key: PublicKey,
    from: Option<Month>,
    until: Option<Month>,
    revoked: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format: u32,
    key: Vec<RawKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    id: String,
    name: String,
    /// PEM, or the path of a PEM file from the folder of this one.
    public: String,
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    revoked: bool,
}

/// The manifest of a period, byte by byte, with its signature where there is one.
#[derive(Debug)]
pub struct Signed {
    /// The period.
    pub period: Month,
    /// `manifest.json`.
    pub manifest: Vec<u8>,
    /// `manifest.sig`.
    pub signature: Option<Vec<u8>>,
}

/// What is known of a period's manifest through signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Signed by a key, which this names.
    Signed(String),
    /// Signed by a revoked key, or not at all, but a later period of the chain bears a good signature.
    CoveredBy(Month),
    /// No signature says anything.
    Unsigned,
    /// A signature that is not good, and why.
    Bad(String),
}

impl TrustedKeys {
    /// Reads a file of trusted keys; every error is listed.
    pub fn read(path: &Path) -> Outcome<TrustedKeys> {
        let refuse = |problem: String| Failure::Usage(format!("{}: {problem}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
        let raw: RawFile = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        if raw.format != FORMAT {
            return Err(refuse(format!("format {}, this program knows {FORMAT}", raw.format)));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let (mut keys, mut errors): (Vec<Trusted>, Vec<String>) = (Vec::new(), Vec::new());
        for raw in raw.key {
            let name = raw.name.clone();
            match trusted(raw, folder) {
                Ok(key) if keys.iter().any(|known| known.id == key.id) => {
                    errors.push(format!("key {name}: there twice"));
                }
                Ok(key) => keys.push(key),
                Err(error) => errors.push(format!("key {name}: {error}")),
            }
        }
        if keys.is_empty() && errors.is_empty() {
            errors.push("no key".to_owned());
        }
        if errors.is_empty() { Ok(TrustedKeys(keys)) } else { Err(refuse(errors.join("\n  "))) }
    }

    /// Says what the signature of each period is worth, oldest first. The chain of digests from manifest to
    /// manifest has to have been verified: through it a good signature vouches for every period before it.
    pub fn judge(&self, periods: &[Signed]) -> Vec<Standing> {
        let mut covered: Option<Month> = None;
        let mut standings: Vec<Standing> = periods
            .iter()
            .rev()
            .map(|Signed { period, manifest, signature }| {
                let own = self.of(*period, manifest, signature.as_deref());
                let standing = match (own, covered) {
                    (Ok(Some(Vouched { name, revoked: false })), _) => Standing::Signed(name),
                    (Ok(_), Some(later)) => Standing::CoveredBy(later),
                    (Ok(Some(Vouched { name, revoked: true })), None) => Standing::Bad(format!(
                        "by {name}, a revoked key, and no later period is signed by another"
                    )),
                    (Ok(None), None) => Standing::Unsigned,
                    (Err(problem), _) => Standing::Bad(problem),
                };
                if matches!(standing, Standing::Signed(_)) {
                    covered = Some(*period);
                }
                standing
            })
            .collect();
        standings.reverse();
        standings
    }

    /// Who signed a manifest, if anybody did; or what is wrong with the signature.
    fn of(
        &self,
        month: Month,
        manifest: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<Option<Vouched>, String> {
        let Some(bytes) = signature else { return Ok(None) };
        let file: SignatureFile =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if file.format != FORMAT {
            return Err(format!("format {}, this program knows {FORMAT}", file.format));
        }
        let Some(trusted) = self.0.iter().find(|trusted| trusted.id == file.key_id) else {
            return Err(format!("by an unknown key, {}", file.key_id));
        };
        let name = trusted.name.clone();
        if trusted.from.is_some_and(|from| month < from)
            || trusted.until.is_some_and(|until| month > until)
        {
            return Err(format!("by {name}, a key that is not for this period"));
        }
        let signature = Base64::decode_vec(&file.signature).map_err(|_| "no Base64".to_owned())?;
        let good =
            trusted.key.algorithm() == file.algorithm && trusted.key.verifies(manifest, &signature);
        if !good {
            return Err(format!("not the signature of {name} on this manifest"));
        }
        Ok(Some(Vouched { name, revoked: trusted.revoked }))
    }
}

/// A good signature.
struct Vouched {
    name: String,
    revoked: bool,
}

fn trusted(raw: RawKey, folder: &Path) -> Result<Trusted, String> {
    let pem = if raw.public.contains("-----BEGIN") {
        raw.public
    } else {
        let path = folder.join(&raw.public);
        let long = fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LONGEST);
        let text = if long { None } else { fs::read_to_string(&path).ok() };
        text.ok_or_else(|| format!("{} cannot be read", path.display()))?
    };
    let key = PublicKey::from_pem(&pem).ok_or("no public key of Ed25519 or SM2 in PEM")?;
    let id = key.id().ok_or("no number")?;
    if id != raw.id.to_ascii_lowercase() {
        return Err(format!("its id is {id}"));
    }
    let month = |text: Option<String>| {
        let month = text.map(|text| Month::from_text(&text).ok_or(text));
        month.transpose().map_err(|text| format!("{text:?} is not a month YYYY-MM"))
    };
    let (from, until) = (month(raw.from)?, month(raw.until)?);
    Ok(Trusted { id, name: raw.name, key, from, until, revoked: raw.revoked })
}
