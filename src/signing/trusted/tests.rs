use super::*;
use crate::signing::{Algorithm, Signer};

/// A key of each algorithm.
struct Keys {
    old: Signer,
    new: Signer,
}

fn keys() -> Keys {
    let [old, new] = [Algorithm::Ed25519, Algorithm::Sm2].map(Signer::random);
    Keys { old: old.expect("a key"), new: new.expect("a key") }
}

fn month(number: u8) -> Month {
    Month::new(2025, number)
}

/// A period whose manifest is signed, or not.
fn period(number: u8, key: Option<&Signer>) -> Signed {
    let manifest = format!("manifest {number}").into_bytes();
    let signature = key.map(|key| key.sign(&manifest).expect("signed"));
    Signed { period: month(number), manifest, signature }
}

/// Trust in a key named old, altered, and in one named new.
fn trusted(keys: &Keys, alter: impl Fn(&mut Trusted)) -> TrustedKeys {
    let [mut old, new] = [("old", &keys.old), ("new", &keys.new)].map(|(name, key)| {
        let (id, name, key) = (key.id(), name.to_owned(), key.public());
        Trusted { id, name, key, from: None, until: None, revoked: false }
    });
    alter(&mut old);
    TrustedKeys(vec![old, new])
}

/// Standings in short: who signed, the month that covers, - or what is wrong.
fn judged(periods: &[Signed], trusted: &TrustedKeys) -> Vec<String> {
    let short = |standing| match standing {
        SignatureStanding::Signed(name) => name,
        SignatureStanding::CoveredBy(month) => month.to_string(),
        SignatureStanding::Unsigned => "-".to_owned(),
        SignatureStanding::Bad(problem) => format!("bad: {problem}"),
    };
    trusted.judge(periods).into_iter().map(short).collect()
}

#[test]
fn a_later_signature_covers_periods_without_one() {
    let keys = keys();
    let periods = [
        period(1, None),
        period(2, Some(&keys.old)),
        period(3, None),
        period(4, Some(&keys.new)),
        period(5, None),
    ];
    let trusted = trusted(&keys, |_| ());
    assert_eq!(judged(&periods, &trusted), ["2025-02", "old", "2025-04", "new", "-"]);
    assert!(trusted.judge(&[]).is_empty());
}

#[test]
fn a_key_signs_for_its_periods_only() {
    let keys = keys();
    let periods: Vec<Signed> = (1..=5).map(|number| period(number, Some(&keys.old))).collect();
    let bound = |key: &mut Trusted| (key.from, key.until) = (Some(month(2)), Some(month(4)));
    let standings = judged(&periods, &trusted(&keys, bound));
    assert_eq!(standings[0], "bad: by old, a key that signs from 2025-02 on");
    assert_eq!(standings[1..4], ["old", "old", "old"]);
    assert_eq!(standings[4], "bad: by old, a key that signs until 2025-04");
}

#[test]
fn a_revoked_key_needs_a_later_signature_of_another() {
    let keys = keys();
    let revoked = trusted(&keys, |old| old.revoked = true);
    let mut periods: Vec<Signed> = (1..=3).map(|number| period(number, Some(&keys.old))).collect();
    // A thief of the key may have made all of them.
    for standing in judged(&periods, &revoked) {
        assert!(standing.starts_with("bad: by old, a revoked key"), "{standing}");
    }
    periods.push(period(4, Some(&keys.new)));
    assert_eq!(judged(&periods, &revoked), ["2025-04", "2025-04", "2025-04", "new"]);
    // It covers nothing itself.
    let periods = [period(1, None), period(2, Some(&keys.old))];
    assert_eq!(judged(&periods, &revoked)[0], "-");
}

#[test]
fn a_signature_that_is_wrong_is_bad_whatever_comes_later() {
    let keys = keys();
    let trusted = trusted(&keys, |_| ());
    let first = period(1, Some(&keys.old));
    let good = first.signature.expect("signed");
    let bad = |manifest: &[u8], signature: &[u8]| {
        let (manifest, signature) = (manifest.to_vec(), Some(signature.to_vec()));
        let first = Signed { period: month(1), manifest, signature };
        let standings = judged(&[first, period(2, Some(&keys.new))], &trusted);
        assert_eq!(standings[1], "new");
        standings[0].strip_prefix("bad: ").map(str::to_owned)
    };
    assert_eq!(bad(&first.manifest, &good), None);
    assert_eq!(
        bad(b"another manifest", &good).as_deref(),
        Some("not the signature of old on this manifest")
    );
    let stranger = Signer::random(Algorithm::Sm2).expect("a key");
    let signature = stranger.sign(&first.manifest).expect("signed");
    let problem = bad(&first.manifest, &signature).expect("bad");
    assert_eq!(problem, format!("by an unknown key, {}", stranger.id()));
    assert!(bad(&first.manifest, b"").is_some_and(|problem| problem.starts_with("no signature")));
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << bit;
            // White space may become other white space, which says the same.
            let same = SignatureFile::parse(&flipped) == SignatureFile::parse(&good);
            let found = bad(&first.manifest, &flipped);
            assert_eq!(found.is_none(), same, "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn a_signature_under_the_name_of_another_key_is_bad() {
    let keys = keys();
    let text = String::from_utf8(period(1, Some(&keys.old)).signature.expect("signed"));
    let text = text.expect("UTF-8");
    let renamed = text.replace(&keys.old.id(), &keys.new.id());
    for forged in [renamed, text.replace("ed25519", "sm2")] {
        let period = Signed { signature: Some(forged.into_bytes()), ..period(1, None) };
        let standings = judged(&[period], &trusted(&keys, |_| ()));
        assert!(standings[0].starts_with("bad: not the signature of"), "{standings:?}");
    }
}
