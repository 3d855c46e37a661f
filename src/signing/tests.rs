use base64ct::{Base64, Encoding};
use sm2::pkcs8::{EncodePrivateKey, LineEnding};

use super::{file::SignatureFile, public::PublicKey, *};
use crate::digest::{hex, sha256_hex};

fn bytes(digits: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    (0..digits.len()).step_by(2).map(digit).collect()
}

/// A file of OpenSSL's with an Ed25519 key.
fn ed25519_pem(seed: &str) -> String {
    let der = bytes(&format!("302e020100300506032b657004220420{seed}"));
    let base64 = Base64::encode_string(&der);
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

fn signed(key: &Signer, message: &[u8]) -> Vec<u8> {
    let file = key.sign(message).expect("signed");
    let file: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    Base64::decode_vec(file["signature"].as_str().expect("text")).expect("base64")
}

/// RFC 8032, 7.1: seed, public key, message, signature.
const RFC_8032: [[&str; 4]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
         d25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f\
         642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
         4a7c15e9716ed28dc027beceea1ec40a",
    ],
];

#[test]
fn ed25519_signs_as_rfc_8032_says() {
    for [seed, public, message, signature] in RFC_8032 {
        let key = Signer::from_pem(ed25519_pem(seed).as_bytes()).expect("a key");
        let PublicKey::Ed25519(found) = key.public() else { panic!("{key:?}") };
        assert_eq!(hex(found.as_bytes()), public);
        assert_eq!(hex(&signed(&key, &bytes(message))), signature);
        assert_eq!(key.to_pem().expect("written").as_str(), ed25519_pem(seed));
    }
}

/// GB/T 32918.5, annex A.2: private key, public key, signature of "message digest".
const SM2_KEY: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const SM2_PUBLIC: &str = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
    ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const SM2_R: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
const SM2_S: &str = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

fn sm2_key() -> Signer {
    let key = sm2::SecretKey::from_slice(&bytes(SM2_KEY)).expect("a key");
    let pem = key.to_pkcs8_pem(LineEnding::LF).expect("written");
    let key = Signer::from_pem(pem.as_bytes()).expect("a key");
    assert_eq!(key.to_pem().expect("written").as_str(), pem.as_str());
    key
}

#[test]
fn sm2_checks_the_signature_of_gb_t_32918_5() {
    let public = sm2_key().public();
    let PublicKey::Sm2(key) = &public else { panic!("{public:?}") };
    assert_eq!(hex(&key.to_sec1_bytes()), SM2_PUBLIC);
    let signature = bytes(&format!("3046022100{SM2_R}022100{SM2_S}"));
    assert!(public.verifies(b"message digest", &signature));
    assert!(!public.verifies(b"message digesT", &signature));
    for at in 0..signature.len() {
        let mut other = signature.clone();
        other[at] ^= 1;
        assert!(!public.verifies(b"message digest", &other), "byte {at}");
    }
}

#[test]
fn sm2_signs_the_same_bytes_in_the_same_way_for_good() {
    let key = sm2_key();
    let signature = signed(&key, b"message digest");
    assert!(key.public().verifies(b"message digest", &signature));
    let expected = "3044022024858ee71d63e687feefe41f5af80a59f0791eb1dabc2bbe71daf0e57f06c36702203d15550de52785a4\
        35004c937256ac715c0e04176ac57062c6722fa692f7a491";
    assert_eq!(hex(&signature), expected);
    assert_ne!(signature, signed(&key, b"message digesT"));
}

#[test]
fn new_keys_differ_and_come_back_from_their_files() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
        let [key, other] = [0, 1].map(|_| Signer::random(algorithm).expect("a key"));
        assert_ne!(key.public(), other.public());
        let again = Signer::from_pem(key.to_pem().expect("written").as_bytes()).expect("read");
        assert_eq!(again.public(), key.public());
        let public = PublicKey::from_pem(&key.public().to_pem().expect("written")).expect("read");
        assert_eq!((&public, public.algorithm()), (&key.public(), algorithm));
        assert_eq!(format!("{key:?}"), format!("Signer({})", public.id()));
        let file = SignatureFile::parse(&key.sign(b"m").expect("signed")).expect("a signature");
        assert!(file.is_by(&public, b"m") && !file.is_by(&public, b"n"));
        assert!(!file.is_by(&other.public(), b"m"));
    }
}

#[test]
fn the_key_id_is_the_digest_of_the_public_key_in_der() {
    let key = Signer::from_pem(ed25519_pem(RFC_8032[0][0]).as_bytes()).expect("a key");
    let der = bytes(&format!("302a300506032b6570032100{}", RFC_8032[0][1]));
    assert_eq!(key.public().id(), sha256_hex(&der));
}

#[test]
fn what_is_no_private_key_is_called_what_it_is() {
    let pem = |label: &str, der: &str| {
        let base64 = Base64::encode_string(&bytes(der));
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    };
    // An X25519 key is of the form of an Ed25519 key, but of another algorithm.
    let x25519 = format!("302e020100300506032b656e04220420{}", RFC_8032[0][0]);
    let short = format!("302e020100300506032b657004220420{}", &RFC_8032[0][0][2..]);
    let cases = [
        (String::new(), "it holds no key"),
        ("format = 1\n".to_owned(), "it holds no key"),
        ("x".repeat(1 << 20), "it holds no key"),
        (pem("PUBLIC KEY", "3000"), "it holds \"PUBLIC KEY\""),
        (pem("EC PRIVATE KEY", "3000"), "it holds \"EC PRIVATE KEY\""),
        (pem("ENCRYPTED PRIVATE KEY", "3000"), "it has a password"),
        (pem("PRIVATE KEY", "3000"), "the key in it is damaged"),
        (pem("PRIVATE KEY", &short), "it holds no key, or a damaged one"),
        (
            pem("PRIVATE KEY", &x25519),
            "the key in it is damaged, or of another algorithm (1.3.101.110)",
        ),
    ];
    for (text, expected) in cases {
        let problem = Signer::from_pem(text.as_bytes()).expect_err(expected).to_string();
        assert!(problem.starts_with(expected), "{problem}");
    }
    assert!(Signer::from_pem(&[0xff; 99]).is_err());
}

#[test]
fn a_weak_public_key_is_refused() {
    let der = bytes(&format!("302a300506032b6570032100{}{}", "01", "00".repeat(31)));
    let base64 = Base64::encode_string(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    assert!(
        PublicKey::from_pem(&pem).expect_err("weak").to_string().contains("anybody could sign")
    );
}

#[test]
fn only_a_signature_is_read_as_one() {
    let key = sm2_key();
    let good = String::from_utf8(key.sign(b"m").expect("signed")).expect("UTF-8");
    assert!(
        SignatureFile::parse(good.as_bytes()).is_ok_and(|file| file.is_by(&key.public(), b"m"))
    );
    let cases = [
        ("{}".to_owned(), "no signature"),
        (format!("{good}{good}"), "no signature"),
        (good.replace("sm2", "rsa"), "no signature"),
        (good.replace("\"format\"", "\"forma\""), "no signature"),
        (good.replacen('{', "{\"more\": 1,", 1), "no signature"),
        (good.replacen('{', "{\"format\": 1,", 1), "no signature"),
        (good.replace(": 1", ": 2"), "format 2"),
        (good.replace(&key.id(), "\\u001b[2J"), "a key id that is no"),
        (good.replace(&key.id(), &key.id().to_uppercase()), "a key id that is no"),
        ("[".repeat(4096), "no signature"),
    ];
    for (text, expected) in cases {
        let problem = SignatureFile::parse(text.as_bytes()).expect_err(&text).to_string();
        assert!(problem.starts_with(expected), "{problem}");
    }
    let base64 = good.replace("\"signature\": \"M", "\"signature\": \"!");
    let file = SignatureFile::parse(base64.as_bytes()).expect("read");
    assert!(!file.is_by(&key.public(), b"m"));
}

#[test]
fn a_signature_beside_a_manifest_is_a_small_file_or_there_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(SIGNATURE);
    assert_eq!(read_signature(folder.path()), Ok(None));
    std::fs::write(&path, [b' '; 4096]).expect("written");
    assert_eq!(read_signature(folder.path()), Ok(Some(vec![b' '; 4096])));
    std::fs::write(&path, vec![b' '; 1 << 20]).expect("written");
    assert!(
        read_signature(folder.path())
            .is_err_and(|problem| problem.to_string().contains("more than 4096"))
    );
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("made");
    assert!(
        read_signature(folder.path())
            .is_err_and(|problem| problem.to_string().contains("not a file"))
    );
}
