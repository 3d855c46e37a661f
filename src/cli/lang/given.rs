//! What the command line was given, where a message repeats it: an argument may steer a terminal or forge lines.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    sync::OnceLock,
};

use crate::diag::printable;

/// Arguments that are shown otherwise than they are.
static TAMED: OnceLock<Vec<(String, String)>> = OnceLock::new();

/// Knows the command line.
pub(super) fn know(line: &[OsString]) {
    TAMED.get_or_init(|| line.iter().flat_map(|argument| of_argument(argument)).collect());
}

/// An argument, and the value in `--flag=value`, if they have to be tamed.
fn of_argument(argument: &OsStr) -> Vec<(String, String)> {
    let argument = argument.to_string_lossy().into_owned();
    let value = argument.split_once('=').map(|(_, value)| value.to_owned());
    let both = [Some(argument), value].into_iter().flatten();
    both.map(|raw| (printable(&raw), raw))
        // Without a letter of its own it could be any line break of ours.
        .filter(|(shown, raw)| shown != raw && raw.contains(char::is_alphanumeric))
        .map(|(shown, raw)| (raw, shown))
        .collect()
}

/// The command line, nothing of which steers a terminal.
pub(super) fn harmless(line: &[OsString]) -> Vec<OsString> {
    line.iter().map(|argument| printable(&argument.to_string_lossy()).into()).collect()
}

/// A message in which the arguments are harmless.
pub(super) fn tamed(text: &str) -> Cow<'_, str> {
    tamed_by(TAMED.get().map_or(&[], Vec::as_slice), text)
}

fn tamed_by<'a>(arguments: &[(String, String)], text: &'a str) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for (raw, shown) in arguments.iter().filter(|(raw, _)| !raw.is_empty()) {
        if text.contains(raw.as_str()) {
            text = Cow::Owned(text.replace(raw, shown));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_forges_no_line() {
        let line = ["--book=x\ny", "\n", "good", "--\u{1b}[2J"].map(OsString::from);
        let known: Vec<_> = line.iter().flat_map(|argument| of_argument(argument)).collect();
        let text = "error: x\ny is no book\n    hint: not --\u{1b}[2J, good";
        let tamed = tamed_by(&known, text);
        assert_eq!(tamed, "error: x\u{fffd}y is no book\n    hint: not --\u{fffd}[2J, good");
    }
}
