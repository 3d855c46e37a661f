//! Reads files of unknown origin up to a limit. Neither the declared size nor the actual content of a file can take
//! more memory than intended. Devices and pipes have no end of their own.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::text::Text;

/// The most bytes of a settings file: rules, a pipeline, a template. The built-in ones have some 20,000.
pub const SETTINGS: u64 = 1 << 20;

/// The most bytes of a line of a settings file.
const LINE: usize = 16 << 10;

/// The most bytes of a small file of a delivery, of a registry, of a reply as CSV.
pub const SMALL_FILE: u64 = 256 << 20;

/// The most bytes of a manifest.
pub const MANIFEST: u64 = 256 << 20;

/// Reads a file, or returns `None` when it has more than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let claimed = file.metadata()?.len();
    if claimed > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(claimed).unwrap_or(0))?;
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// Reads a file, or fails when it has more than `most` bytes.
pub fn read_all(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read(path, most)?.ok_or_else(|| io::Error::other(more_than(most)))
}

/// Reads a small text file, or fails when it has more than `most` bytes.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let text = String::from_utf8(read_all(path, most)?);
    let text = text.map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, text!("bytes that are not UTF-8"))
    })?;
    // Messages about a line quote the whole line, so its length is limited.
    match text.lines().position(|line| line.len() > LINE) {
        Some(at) => Err(io::Error::other(text!("line {} has more than {} bytes", at + 1, LINE))),
        None => Ok(text),
    }
}

/// Words a limit for people.
pub fn more_than(most: u64) -> Text {
    text!("more than {} MiB", most >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 10]).expect("written");
        assert_eq!(read(&path, 10).expect("read"), Some(vec![7; 10]));
        assert_eq!(read(&path, 9).expect("read"), None);
        // The declared terabytes are not allocated, and the device is not read to its end.
        File::create(&path).and_then(|file| file.set_len(1 << 42)).expect("sparse");
        assert_eq!(read(&path, SETTINGS).expect("read"), None);
        assert_eq!(read(Path::new("/dev/zero"), SETTINGS).expect("read"), None);
        let problem = read_text(Path::new("/dev/zero"), SETTINGS).expect_err("refused").to_string();
        assert_eq!(problem, "more than 1 MiB");
        std::fs::write(&path, format!("a\n{}", "x".repeat(LINE + 1))).expect("written");
        let problem = read_text(&path, SETTINGS).expect_err("refused").to_string();
        assert_eq!(problem, "line 2 has more than 16384 bytes");
    }
}
