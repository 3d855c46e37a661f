//! Limits on the size of small files, checked before anything else.

use crate::text::Text;

/// The maximum number of lines of a small file, header included.
pub const LINES: u64 = 4_000_000;

/// The maximum number of bytes of a line, line breaks in quotes included.
pub const LINE: usize = 1 << 20;

/// The maximum number of listed findings of a file; further findings are only counted.
pub const FINDINGS: usize = 100_000;

/// Returns the place and the description of the first breach of these limits.
pub fn breach(bytes: &[u8]) -> Option<(Text, Text)> {
    let (mut line, mut first, mut start) = (1_u64, 1_u64, 0);
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' => line += 1,
            // A lone CR is an old line break and ends a line as well.
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => line += 1,
            _ => {}
        }
        if matches!(byte, b'\n' | b'\r') && !quoted {
            (first, start) = (line, at + 1);
        }
        if at - start.min(at) >= LINE {
            return Some((text!("line {}", first), text!("a line of more than 1 MiB")));
        }
        if line > LINES && at + 1 < bytes.len() {
            return Some((text!(""), text!("more than {} lines", LINES)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_bounds() {
        let line = |length: usize| [vec![b'x'; length - 1], b"\n".to_vec()].concat();
        assert_eq!(breach(&line(LINE)), None);
        let long = [line(5), line(LINE + 2)].concat();
        let told = |bytes: &[u8]| breach(bytes).map(|(line, found)| format!("{line}: {found}"));
        assert_eq!(told(&long).as_deref(), Some("line 2: a line of more than 1 MiB"));
        // A quote that is never closed makes one line of many.
        let open = [b"\"".to_vec(), line(9).repeat(LINE / 9 + 1)].concat();
        assert_eq!(told(&open).as_deref(), Some("line 1: a line of more than 1 MiB"));
        let lines = usize::try_from(LINES).expect("64 bits");
        assert_eq!(breach(&line(2).repeat(lines)), None);
        let many = line(2).repeat(lines + 1);
        assert_eq!(told(&many).as_deref(), Some(": more than 4000000 lines"));
    }
}
