//! Files that only their owner may read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use sm2::elliptic_curve::zeroize::Zeroizing;

use super::LONGEST_KEY;
use crate::{
    diag::{Failure, Outcome},
    interrupt::Unfinished,
};

/// Reads a secret of a kind, at most one byte more than the longest key has; one that others than its owner
/// may read or write is refused.
pub(crate) fn read(kind: &str, path: &Path) -> Outcome<Zeroizing<Vec<u8>>> {
    let shown = path.display();
    let refuse = |problem: &str| Failure::Usage(format!("{kind} {shown}: {problem}"));
    let unreadable = |error: io::Error| refuse(&format!("it cannot be read: {error}"));
    // A pipe would be waited for.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refuse("it is not a file"));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(refuse(&format!(
            "others than its owner may use it (mode {mode:03o})\n    hint: chmod 600 {shown}, and make a \
             new key if others have seen it"
        )));
    }
    // Room for all of it: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST_KEY + 1));
    file.take(LONGEST_KEY as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Makes a file; one that is there stays as it is.
pub(crate) fn create(path: &Path, mode: u32, bytes: &[u8]) -> Outcome<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(path)),
        opened => opened.map_err(Failure::io(path))?,
    };
    let unfinished = Unfinished::new(path);
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        _ = fs::remove_file(path);
        Failure::io(path)(error)
    })?;
    unfinished.finish();
    Ok(())
}

/// Something has the place of a file that is to be made.
pub(crate) fn taken(path: &Path) -> Failure {
    let problem = "is there already, and is not replaced\n    hint: give another --out";
    Failure::Usage(format!("{} {problem}", path.display()))
}

/// 32 random bytes.
pub(crate) fn random() -> Outcome<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|error| Failure::Io {
        place: "random numbers of the system".to_owned(),
        error: io::Error::other(error),
    })?;
    Ok(bytes)
}
