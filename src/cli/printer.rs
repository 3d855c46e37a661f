//! Prints text on the terminal.

use std::io::{self, Write};

use serde::Serialize;

use super::lang::said;
use crate::{
    diag::{Failure, Outcome},
    text::{Text, Value},
};

/// Prints the lines of a report for people on stdout, in their language.
pub(super) fn text(lines: &[Text]) -> Outcome<()> {
    raw(&lines.iter().map(|line| said(line) + "\n").collect::<String>())
}

/// Prints text on stdout unchanged. A closed pipe is not an error.
pub(super) fn raw(text: &str) -> Outcome<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Io { place: text!("{}", "stdout"), error })
        }
        _ => Ok(()),
    }
}

/// Prints a report for programs on stdout, with its keys in alphabetical order.
pub(super) fn report(found: &impl Serialize) -> Outcome<()> {
    let value = serde_json::to_value(found)
        .map_err(|error| Failure::Bug(text!("report: {}", Text::foreign(error))))?;
    raw(&format!("{value:#}\n"))
}

/// Prints a warning on stderr.
pub(super) fn warning(what: Text) {
    _ = writeln!(io::stderr().lock(), "{}", said(&text!("warning: {}", Value::Text(what))));
}
