//! The keys that an auditor trusts, and the judgement of signatures by them.
//!
//! With a stolen key a thief can sign any manifest, also of a past period, and a signature does not show when it was
//! made. So the signature of a revoked key proves nothing by itself, for any period. It is accepted only when a later
//! period has a signature of a key that is not revoked: that signer had seen the chain up to there.

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
    /// The first and the last period that it may sign; none without a limit.
    from: Option<Month>,
    until: Option<Month>,
    revoked: bool,
}

/// The bytes of a period's manifest, and of its signature if there is one.
#[derive(Debug)]
pub struct Signed {
    /// The period.
    pub period: Month,
    /// `manifest.json`.
    pub manifest: Vec<u8>,
    /// `manifest.sig`.
    pub signature: Option<Vec<u8>>,
}

/// The judgement of a period's manifest by signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureStanding {
    /// Signed by a trusted key, with its name.
    Signed(String),
    /// Signed by a revoked key, or not signed, but this later period of the chain has a good signature.
    CoveredBy(Month),
    /// Neither this period nor a later one is signed.
    Unsigned,
    /// The signature is not good, with the reason.
    Bad(Text),
}

impl TrustedKeys {
    /// Judges the signatures of all periods, oldest first. The caller has verified the chain of digests from manifest
    /// to manifest: through it a good signature covers every period before.
    pub fn judge(&self, periods: &[Signed]) -> Vec<SignatureStanding> {
        debug_assert!(periods.is_sorted_by_key(|signed| signed.period), "oldest first");
        let mut covered: Option<Month> = None;
        let mut standings: Vec<SignatureStanding> = periods
            .iter()
            .rev()
            .map(|Signed { period, manifest, signature }| {
                let own = self.verify(*period, manifest, signature.as_deref());
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

    /// Verifies the signature of a manifest; `None` without a signature.
    fn verify(
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
