//! How the text of a file is encoded, guessed from its bytes, so that a finding can say it. Nothing is decoded
//! by such a guess.

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, and ASCII.
    Utf8,
    /// UTF-16, by its first two bytes.
    Utf16,
    /// GBK, or GB 18030.
    Gbk,
}

/// The encoding of bytes that may be cut off anywhere; none when they are no text.
pub fn guess(bytes: &[u8]) -> Option<Encoding> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(Encoding::Utf16);
    }
    let is_control = |byte: &u8| *byte < 0x20 && !b"\t\r\n\x0c".contains(byte) || *byte == 0x7f;
    if bytes.iter().any(is_control) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => Some(Encoding::Utf8),
        // A character that is cut off is no error.
        Err(error) if error.error_len().is_none() => Some(Encoding::Utf8),
        Err(_) => is_gbk(bytes).then_some(Encoding::Gbk),
    }
}

/// Whether bytes are ASCII and pairs of GBK, or fours of GB 18030.
pub fn is_gbk(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [first, others @ ..] = rest {
        rest = match (first, others) {
            // The last one may be cut off within a character.
            (..=0x7f, _) | (0x81..=0xfe, []) => others,
            (
                0x81..=0xfe,
                [0x40..=0x7e | 0x80..=0xfe, others @ ..]
                | [0x30..=0x39, 0x81..=0xfe, 0x30..=0x39, others @ ..],
            ) => others,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_bytes() {
        assert_eq!(guess("上海,1\r\n".as_bytes()), Some(Encoding::Utf8));
        assert_eq!(guess(&"上海".as_bytes()[..5]), Some(Encoding::Utf8));
        assert_eq!(guess(b"\xc9\xcf\xba\xa3,1\n"), Some(Encoding::Gbk));
        assert_eq!(guess(b"\x81\x30\x81\x30,\xc9"), Some(Encoding::Gbk));
        assert_eq!(guess(b"\xfe\xff\0a"), Some(Encoding::Utf16));
        assert_eq!(guess(b"\x15\x04\x15"), None);
        assert_eq!(guess(b"\x80\xff\xff"), None);
    }
}
