//! SHA-256, which an auditor can check with `sha256sum`.

use std::io::Read;

use sha2::{Digest, Sha256};

/// Returns bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Returns the SHA-256 of bytes in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns the SHA-256 of the data of a reader in hexadecimal.
pub fn sha256_of(mut reader: impl Read) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// A reader that hashes what is read from it.
#[derive(Debug)]
pub struct Digesting<R> {
    from: R,
    digest: Sha256,
    bytes: u64,
}

impl<R: Read> Digesting<R> {
    /// Hashes what is read from a reader.
    pub fn new(from: R) -> Digesting<R> {
        Digesting { from, digest: Sha256::new(), bytes: 0 }
    }

    /// Returns how many bytes were read, and their SHA-256 in hexadecimal.
    pub fn finish(self) -> (u64, String) {
        (self.bytes, hex(&self.digest.finalize()))
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_what_sha256sum_gives() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
        assert_eq!(sha256_of(&b"abc"[..]).expect("read"), expected);
        let mut digesting = Digesting::new(&b"abc"[..]);
        digesting.read_to_end(&mut Vec::new()).expect("read");
        assert_eq!(digesting.finish(), (3, expected.to_owned()));
    }
}
