//! Codes of medical institutions.

/// Whether a code is `H` or `P` and 11 letters or digits (V11).
pub fn is_institution(code: &[u8]) -> bool {
    matches!(code, [b'H' | b'P', rest @ ..]
        if rest.len() == 11 && rest.iter().all(u8::is_ascii_alphanumeric))
}
