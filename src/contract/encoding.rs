//! Guesses the encoding of a file from its bytes, for the text of findings. No file is decoded by a guess.

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, including ASCII.
    Utf8,
    /// UTF-16 with a byte order mark.
    Utf16,
    /// GBK, or GB 18030.
    Gbk,
}

/// Returns the encoding of bytes that may end within a character; none if they are not text.
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
        // An incomplete character at the end is no error.
        Err(error) if error.error_len().is_none() => Some(Encoding::Utf8),
        Err(_) => is_gbk(bytes).then_some(Encoding::Gbk),
    }
}

/// Returns whether bytes are ASCII, two-byte characters of GBK and four-byte characters of GB 18030.
pub fn is_gbk(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [first, others @ ..] = rest {
        rest = match (first, others) {
            // The last character may be incomplete.
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
