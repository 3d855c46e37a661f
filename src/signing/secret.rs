//! Secrets: files that only their owner may read, and random bytes.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use sm2::elliptic_curve::zeroize::Zeroizing;

use super::algorithm::LONGEST_KEY;
use crate::diag::{Failure, Outcome};
use crate::text::Text;

/// Reads a secret, up to one byte more than the longest key; fails when others than the owner may read or write it.
pub(crate) fn read(path: &Path, named: fn(Text) -> Text) -> Outcome<Zeroizing<Vec<u8>>> {
    let refuse = |problem: Text| Failure::Usage(named(text!("{}: {}", path, problem)));
    let unreadable = |error: io::Error| refuse(text!("it cannot be read: {}", error));
    // Opening a pipe could wait forever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refuse(text!("it is not a file")));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let mode = format!("{mode:03o}");
        let problem = text!("others than its owner may use it (mode {})", mode);
        let hint = text!("chmod 600 {}, and make a new key if others have seen it", path);
        return Err(refuse(problem.hinting(hint)));
    }
    // Full capacity from the start: a vector that grows moves, and leaves a copy that is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST_KEY + 1));
    file.take(LONGEST_KEY as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Returns 32 random bytes.
#[expect(clippy::disallowed_methods, reason = "a new key is random")]
pub(crate) fn random() -> Outcome<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|error| Failure::Io {
        place: text!("random numbers of the system"),
        error: io::Error::other(error),
    })?;
    Ok(bytes)
}
