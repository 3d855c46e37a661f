//! Keys, signatures over manifests, and whom an auditor trusts.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    tools::{has, not_tried},
    world::{Ran, Row, World, program, tree},
};

pub(crate) const ALGORITHMS: [&str; 2] = ["ed25519", "sm2"];

pub(crate) fn liangqing(arguments: &[&str]) -> Ran {
    program().args(arguments).output().expect("started").into()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Makes a key; gives its file and its id.
pub(crate) fn keygen(world: &World, name: &str, algorithm: &str) -> (PathBuf, String) {
    let path = world.path(name);
    let ran = liangqing(&["keygen", "--out", text(&path), "--algorithm", algorithm]).expect(0);
    let id = ran.stdout.lines().find_map(|line| line.strip_prefix("id        "));
    (path, id.expect("an id").to_owned())
}

/// Closes a month with one settlement, signed where there is a key.
fn close(world: &World, period: &str, key: Option<&Path>) {
    world.deliver_both(period, &[Row::new(&format!("S{period}")).in_month(period)]);
    let flags = key.map_or(Vec::new(), |key| vec!["--sign-key", text(key)]);
    world.run_with(period, &flags).expect(0);
}

/// A file of trusted keys.
fn trust(world: &World, keys: &[(&str, &str, &str)]) -> PathBuf {
    let keys = keys.iter().map(|(name, id, more)| {
        format!("[[key]]\nid = \"{id}\"\nname = \"{name}\"\npublic = \"{name}.pub\"\n{more}\n")
    });
    let path = world.path("trusted.toml");
    fs::write(&path, format!("format = 1\n{}", keys.collect::<String>())).expect("written");
    path
}

fn sig(world: &World, period: &str) -> PathBuf {
    world.book().join(period).join("manifest.sig")
}

#[test]
fn a_signed_period_verifies_and_a_rerun_gives_the_same_signature() {
    for algorithm in ALGORITHMS {
        let world = World::new();
        let (key, id) = keygen(&world, "agency", algorithm);
        assert_eq!(fs::metadata(&key).expect("there").permissions().mode() & 0o777, 0o600);
        close(&world, "2025-10", Some(&key));
        close(&world, "2025-11", Some(&key));
        let trusted = trust(&world, &[("agency", &id, "")]);
        let ran = world.verify(&["--trusted-keys", text(&trusted)]).expect(0);
        for line in ["signed    2025-10 by agency", "signed    2025-11 by agency"] {
            assert!(ran.stdout.contains(line), "{}", ran.stdout);
        }
        let before = tree(&world.book());
        fs::remove_dir_all(world.book().join("2025-11")).expect("removed");
        world.run_with("2025-11", &["--sign-key", text(&key)]).expect(0);
        assert_eq!(tree(&world.book()), before);
        // The seal covers the signature, and an audit rerun does not need the key.
        let sums = Command::new("sha256sum")
            .args(["--check", "--quiet", "manifest.sha256"])
            .current_dir(world.book().join("2025-11"))
            .status();
        assert!(sums.expect("started").success());
        let rerun = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/audit-rerun.toml");
        let (input, book) = (world.input("2025-11"), world.book());
        let period = ["--period", "2025-11", "--input", text(&input), "--book", text(&book)];
        liangqing(&[&["run", rerun, "--quiet"], &period[..]].concat()).expect(0);
    }
}

#[test]
fn what_was_changed_after_it_was_signed_is_found() {
    let world = World::new();
    let (key, id) = keygen(&world, "agency", "sm2");
    close(&world, "2025-10", Some(&key));
    let trusted = trust(&world, &[("agency", &id, "")]);
    let good = fs::read_to_string(sig(&world, "2025-10")).expect("read");
    let seal = world.book().join("2025-10/manifest.sha256");
    let sealed = fs::read(&seal).expect("read");
    let forge = |signature: &str| {
        fs::write(sig(&world, "2025-10"), signature).expect("written");
        // Without keys the seal tells; a forger makes it fit.
        world.verify(&[]).expect(5);
        let sums = format!(
            "cd '{}' && sha256sum manifest.json manifest.sig > manifest.sha256",
            text(seal.parent().expect("a folder"))
        );
        assert!(Command::new("sh").args(["-c", &sums]).status().expect("started").success());
        let ran = world.verify(&["--trusted-keys", text(&trusted)]).expect(5);
        fs::write(sig(&world, "2025-10"), &good).expect("written");
        fs::write(&seal, &sealed).expect("written");
        ran.stderr
    };
    let start = good.find("\"signature\": \"").expect("a signature") + 20;
    let other = if &good[start..=start] == "A" { "B" } else { "A" };
    let flipped = format!("{}{other}{}", &good[..start], &good[start + 1..]);
    assert!(forge(&flipped).contains("B10 2025-10/manifest.sig: found not the signature"));
    assert!(forge("{}").contains("B10 2025-10/manifest.sig"));
    assert!(forge(&good.replace("\"sm2\"", "\"ed25519\"")).contains("B10"));
    assert!(
        forge(&good.replace(&id, &id.chars().rev().collect::<String>()))
            .contains("by an unknown key")
    );
    fs::remove_file(sig(&world, "2025-10")).expect("removed");
    world.verify(&[]).expect(5);
    fs::write(&seal, sealed.split_inclusive(|byte| *byte == b'\n').next().expect("a line"))
        .expect("written");
    let ran = world.verify(&["--trusted-keys", text(&trusted)]).expect(5);
    assert!(ran.stderr.contains("no signature, and no later period is signed"), "{}", ran.stderr);
}

#[test]
fn keys_are_changed_revoked_and_bound_to_periods() {
    let world = World::new();
    let (old, old_id) = keygen(&world, "old", "ed25519");
    let (new, new_id) = keygen(&world, "new", "sm2");
    close(&world, "2025-10", Some(&old));
    close(&world, "2025-11", None);
    close(&world, "2025-12", Some(&old));
    let verify = |keys: &[(&str, &str, &str)], status| {
        let trusted = trust(&world, keys);
        world.verify(&["--trusted-keys", text(&trusted)]).expect(status)
    };
    let good = verify(&[("old", &old_id, "")], 0);
    assert!(good.stdout.contains("signed    2025-11 through 2025-12"), "{}", good.stdout);
    // Whoever has a revoked key can sign an old month anew: it counts only below a good signature.
    let bad = verify(&[("old", &old_id, "revoked = true"), ("new", &new_id, "")], 5);
    assert!(bad.stderr.contains("by old, a revoked key"), "{}", bad.stderr);
    close(&world, "2026-01", Some(&new));
    let good = verify(&[("old", &old_id, "revoked = true"), ("new", &new_id, "")], 0);
    assert!(good.stdout.contains("signed    2025-12 through 2026-01"), "{}", good.stdout);
    let good = verify(
        &[("old", &old_id, "until = \"2025-12\""), ("new", &new_id, "from = \"2026-01\"")],
        0,
    );
    assert!(good.stdout.contains("signed    2026-01 by new"), "{}", good.stdout);
    let bad = verify(&[("old", &old_id, "until = \"2025-11\""), ("new", &new_id, "")], 5);
    assert!(bad.stderr.contains("B10 2025-12/manifest.sig"), "{}", bad.stderr);
    let unknown = verify(&[("new", &new_id, "")], 5);
    assert!(unknown.stderr.contains("by an unknown key"), "{}", unknown.stderr);
    // Every error of the file at once.
    let refused =
        verify(&[("old", "00", ""), ("gone", "00", ""), ("new", &new_id, "from = \"x\"")], 2);
    for part in [
        "id: the key in `public` has the id",
        "gone.pub: it cannot be read",
        "from: \"x\" is not a month",
    ] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
}

#[test]
fn a_key_that_others_may_read_or_that_is_none_is_refused_before_the_run() {
    let world = World::new();
    let (key, _) = keygen(&world, "agency", "sm2");
    let refused = |expected: &str| {
        // There is no delivery either: had it been looked for first, that would be the complaint.
        let stderr = world.run_with("2025-10", &["--sign-key", text(&key)]).expect(2).stderr;
        assert!(stderr.contains(expected), "{expected}: {stderr}");
        assert!(!world.book().exists());
        stderr
    };
    for mode in [0o640, 0o604, 0o620, 0o602, 0o666] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("changed");
        refused(&format!("(mode {mode:03o})"));
        refused(&format!("chmod 600 {}", text(&key)));
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("changed");
    let pem = fs::read_to_string(&key).expect("read");
    let secret = pem.lines().nth(1).expect("a line");
    let public = fs::read_to_string(world.path("agency.pub")).expect("read");
    let others = [
        (public, "it holds \"PUBLIC KEY\""),
        (pem.replace("PRIVATE", "ENCRYPTED PRIVATE"), "it has a password"),
        (pem.replacen(&secret[..8], "AAAAAAAA", 1), "it holds no key, or a damaged one"),
        ("x".repeat(1 << 20), "it holds no key"),
        (String::new(), "it holds no key"),
    ];
    for (other, expected) in others {
        fs::write(&key, other).expect("written");
        assert!(!refused(expected).contains(&secret[8..]), "key material was shown");
    }
    fs::remove_file(&key).expect("removed");
    refused("it cannot be read");
    fs::create_dir(&key).expect("made");
    refused("it is not a file");
}

#[test]
fn a_signature_is_no_part_of_the_manifest() {
    let world = World::new();
    let (_, id) = keygen(&world, "agency", "sm2");
    close(&world, "2025-10", None);
    let mut unsigned = tree(&world.book());
    fs::remove_dir_all(world.book()).expect("removed");
    let pipeline = world.path("month-end.toml");
    fs::write(&pipeline, "pipeline = \"month-end\"\nsign_key = \"agency\"\n").expect("written");
    let ran = world.run_with("2025-10", &[text(&pipeline)]).expect(0);
    assert!(ran.stdout.contains(&format!("signed    {id}")), "{}", ran.stdout);
    let signed = tree(&world.book());
    for name in ["2025-10/manifest.sig", "2025-10/manifest.sha256"] {
        assert_ne!(
            unsigned.insert(name.to_owned(), signed[name].clone()).as_ref(),
            signed.get(name)
        );
    }
    assert_eq!(unsigned, signed);
    let unchecked = world.verify(&[]).expect(0).stdout;
    assert!(
        unchecked.contains("--trusted-keys were given: 1 signature not checked"),
        "{unchecked}"
    );
}

#[test]
fn a_signature_that_is_no_small_file_is_damage() {
    let world = World::new();
    let (key, id) = keygen(&world, "agency", "ed25519");
    close(&world, "2025-10", Some(&key));
    let trusted = trust(&world, &[("agency", &id, "")]);
    let path = sig(&world, "2025-10");
    let noticed = |expected: &str| {
        for flags in [&[][..], &["--trusted-keys", text(&trusted)]] {
            let stderr = world.verify(flags).expect(5).stderr;
            assert!(stderr.contains(&format!("B01 2025-10/manifest.json: found {expected}")));
        }
        assert!(world.run("2025-11").expect(4).stderr.contains(expected));
    };
    let mut flipped = fs::read(&path).expect("read");
    flipped[9] ^= 1;
    fs::write(&path, flipped).expect("written");
    noticed("manifest.sha256 has another digest of it, or of manifest.sig");
    fs::write(&path, vec![b' '; 1 << 20]).expect("written");
    noticed("manifest.sig: more than 4096 bytes");
    fs::remove_file(&path).expect("removed");
    // A folder cannot hide behind the name either, not even where the seal expects no signature.
    let seal = path.with_extension("sha256");
    let sealed = fs::read_to_string(&seal).expect("read");
    fs::write(&seal, sealed.split_inclusive('\n').next().expect("a line")).expect("written");
    fs::create_dir(&path).expect("made");
    noticed("manifest.sig: not a file");
}

/// What OpenSSL says; nothing when it is not there or too old.
fn openssl(folder: &Path, script: &str) -> Option<bool> {
    let tried = "signatures of OpenSSL";
    if !has("openssl", tried) {
        return None;
    }
    let version = Command::new("openssl").arg("version").output().expect("started");
    if !String::from_utf8_lossy(&version.stdout).starts_with("OpenSSL 3") {
        not_tried(tried, "OpenSSL is too old here");
        return None;
    }
    let ran =
        Command::new("sh").args(["-ec", script]).current_dir(folder).output().expect("started");
    Some(ran.status.success())
}

#[test]
fn openssl_checks_our_signatures_and_makes_keys_for_them() {
    let world = World::new();
    let folder = world.path("");
    let make = "umask 077; openssl genpkey -algorithm ED25519 -out their.ed25519; \
                openssl genpkey -algorithm SM2 -out their.sm2";
    // Without OpenSSL 3 there is nothing to compare with.
    let Some(made) = openssl(&folder, make) else { return };
    assert!(made);
    let check = |period: &str, key: &str, algorithm: &str| {
        let signature = fs::read_to_string(sig(&world, period)).expect("read");
        let signature: serde_json::Value = serde_json::from_str(&signature).expect("JSON");
        fs::write(world.path("b64"), signature["signature"].as_str().expect("text"))
            .expect("written");
        let how = match algorithm {
            "ed25519" => "pkeyutl -verify -pubin -rawin -inkey key.pub -sigfile sig -in",
            _ => "dgst -sm3 -verify key.pub -sigopt distid:1234567812345678 -signature sig",
        };
        let script = format!(
            "openssl pkey -in {key} -pubout -out key.pub; openssl base64 -d -A -in b64 -out sig; \
             openssl {how} book/{period}/manifest.json"
        );
        assert_eq!(openssl(&folder, &script), Some(true), "{algorithm} {key}");
    };
    let mut period = 9;
    for algorithm in ALGORITHMS {
        let (ours, _) = keygen(&world, &format!("our.{algorithm}"), algorithm);
        for key in [ours, world.path(&format!("their.{algorithm}"))] {
            period += 1;
            let month = if period < 13 { format!("2025-{period}") } else { "2026-01".to_owned() };
            close(&world, &month, Some(&key));
            check(&month, text(&key), algorithm);
        }
    }
}
