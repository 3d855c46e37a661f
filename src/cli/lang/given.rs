//! Makes the command line harmless before the parser repeats it: an argument may contain control characters.

use std::ffi::OsString;

use crate::diag::printable;

/// Returns the command line without control characters.
pub(super) fn harmless(line: &[OsString]) -> Vec<OsString> {
    line.iter().map(|argument| printable(&argument.to_string_lossy()).into()).collect()
}
