//! The keys that an auditor trusts, and what signatures are worth with them.
//!
//! A key that was stolen signs whatever the thief likes, manifests of periods long past as well, and nothing in
//! a signature tells when it was made. So the signature of a revoked key says nothing by itself, for no period:
//! it is accepted only where a later period bears a signature of a key that is not revoked. Who made that one
//! had the chain up to there before them.

mod read;

#[cfg(test)]
pub(crate) use self::read::TrustedFile;

use super::{file::SignatureFile, public::PublicKey};
use crate::model::codes::Month;
use crate::text::Text;

/// The keys that are trusted.
#[derive(Debug, PartialEq, Eq)]
pub struct TrustedKeys(Vec<Trusted>);

#[derive(Debug, PartialEq, Eq)]
struct Trusted {
    id: String,
    name: String,
    key: PublicKey,
    /// The first and the last period that it may sign.
    from: Option<Month>,
    until: Option<Month>,
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
pub enum SignatureStanding {
    /// Signed by a key, which this names.
    Signed(String),
    /// Signed by a revoked key, or not at all, but a later period of the chain bears a good signature.
    CoveredBy(Month),
    /// No signature says anything.
    Unsigned,
    /// A signature that is not good, and why.
    Bad(Text),
}

impl TrustedKeys {
    /// Says what the signature of each period is worth, oldest first. The chain of digests from manifest to
    /// manifest has to have been verified: through it a good signature vouches for every period before it.
    pub fn judge(&self, periods: &[Signed]) -> Vec<SignatureStanding> {
        let mut covered: Option<Month> = None;
        let mut standings: Vec<SignatureStanding> = periods
            .iter()
            .rev()
            .map(|Signed { period, manifest, signature }| {
                let own = self.of(*period, manifest, signature.as_deref());
                let standing = match (own, covered) {
                    (Ok(Some(Vouched { name, revoked: false })), _) => {
                        SignatureStanding::Signed(name)
                    }
                    (Ok(_), Some(later)) => SignatureStanding::CoveredBy(later),
                    (Ok(Some(Vouched { name, revoked: true })), None) => {
                        SignatureStanding::Bad(text!(
                            "by {}, a revoked key, and no later period is signed by another",
                            name
                        ))
                    }
                    (Ok(None), None) => SignatureStanding::Unsigned,
                    (Err(problem), _) => SignatureStanding::Bad(problem),
                };
                if matches!(standing, SignatureStanding::Signed(_)) {
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
    ) -> Result<Option<Vouched>, Text> {
        let Some(bytes) = signature else { return Ok(None) };
        let file = SignatureFile::parse(bytes)?;
        let Some(trusted) = self.0.iter().find(|trusted| trusted.id == file.key_id) else {
            return Err(text!("by an unknown key, {}", file.key_id));
        };
        let name = trusted.name.clone();
        if !file.is_by(&trusted.key, manifest) {
            return Err(text!("not the signature of {} on this manifest", name));
        }
        if let Some(from) = trusted.from.filter(|from| month < *from) {
            return Err(text!("by {}, a key that signs from {} on", name, from));
        }
        if let Some(until) = trusted.until.filter(|until| month > *until) {
            return Err(text!("by {}, a key that signs until {}", name, until));
        }
        Ok(Some(Vouched { name, revoked: trusted.revoked }))
    }
}

/// A good signature.
struct Vouched {
    name: String,
    revoked: bool,
}

#[cfg(test)]
mod tests;
