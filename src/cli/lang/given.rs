//! The command line, where the parser repeats it: an argument may steer a terminal or forge lines.

use std::ffi::OsString;

use crate::diag::printable;

/// The command line, nothing of which steers a terminal.
pub(super) fn harmless(line: &[OsString]) -> Vec<OsString> {
    line.iter().map(|argument| printable(&argument.to_string_lossy()).into()).collect()
}
