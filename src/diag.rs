//! Everything that can go wrong: stable codes, findings, failures. Each tells the reader what to do.

use std::{fmt, io, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Fill, Text, Value, escaped_lines};
pub use crate::text::{printable, printable_lines};

pub mod codes;

pub use self::codes::{AcceptedCode, Code};

impl Fill for Code {
    fn fill(&self) -> Value {
        self.id().fill()
    }
}

impl Code {
    /// Returns the expected state as a message.
    pub fn expected_text(self) -> Text {
        let [chinese, _] = self.chinese();
        Text::named(self.expected(), chinese)
    }

    /// Returns the hint, which is the action to take, as a message.
    pub fn hint_text(self) -> Text {
        let [_, chinese] = self.chinese();
        Text::named(self.hint(), chinese)
    }
}

/// One reason why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The file, as its path below the input folder or the book.
    pub file: String,
    /// The place in the file: a column, a row, a line; empty when the finding is about the whole file.
    #[schemars(with = "String")]
    pub place: Text,
    /// The stable code.
    pub code: Code,
    /// What is there, in English.
    #[schemars(with = "String")]
    pub found: Text,
    /// What to do about it, in English, where it is not what docs/errors.md says of the code.
    #[schemars(with = "Option<String>")]
    pub own_hint: Option<Text>,
}

impl Finding {
    /// Makes a finding at a place in a file.
    pub fn new(code: Code, file: impl Into<String>, place: Text, found: Text) -> Finding {
        Finding { code, file: file.into(), place, found, own_hint: None }
    }

    /// Makes a finding about a whole file.
    pub fn of_file(code: Code, file: impl Into<String>, found: Text) -> Finding {
        Finding::new(code, file, text!(""), found)
    }

    /// Replaces the hint of the code by a better one for this finding.
    #[must_use]
    pub fn hinting(self, hint: Text) -> Finding {
        let own_hint = Some(hint).filter(|hint| *hint != self.code.hint_text());
        Finding { own_hint, ..self }
    }

    /// Returns the hint.
    pub fn hint(&self) -> Text {
        self.own_hint.clone().unwrap_or_else(|| self.code.hint_text())
    }

    /// Puts a folder before the file, unless it is there already.
    pub fn below(self, folder: &str) -> Finding {
        if Path::new(&self.file).starts_with(folder) {
            return self;
        }
        Finding { file: format!("{folder}/{}", self.file), ..self }
    }

    /// Returns the finding as a message.
    pub fn text(&self) -> Text {
        let Finding { file, place, code, found, .. } = self;
        let expected = code.expected_text();
        let said = if place.is_empty() {
            text!("{} {}: found {}, expected {}", code, file, found, expected)
        } else {
            text!("{} {}, {}: found {}, expected {}", code, file, place, found, expected)
        };
        said.hinting(self.hint())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text(), f)
    }
}

/// Returns a path for people.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Words an error in a TOML file: place, line and the parser's message.
pub fn toml_problem(text: &str, error: &toml::de::Error) -> Text {
    let shown = error.to_string();
    let shown = shown.trim_end();
    let (Some(span), Some((_, rest))) = (error.span(), shown.split_once('\n')) else {
        return Text::alone(escaped_lines(shown));
    };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    // The message quotes names from the file, which may contain control characters.
    let rest = rest.replace(error.message(), &printable(error.message()));
    text!("TOML parse error at line {}, column {}\n{}", line, column, escaped_lines(rest))
}

/// Returns a hint for a shortage of the system that is no fault of a file: no memory, too many open files of all
/// processes or of this one.
fn shortage(error: i32) -> Option<Text> {
    Some(match error {
        12 => text!(
            "nothing is wrong with the file: a limit of memory is too low, or the machine too small"
        ),
        23 => text!("nothing is wrong with the file: the machine has too many files open"),
        24 => {
            text!("nothing is wrong with the file: the limit of open files is too low (ulimit -n)")
        }
        _ => return None,
    })
}

/// The failure of a command. Each variant has its exit status (contract §7).
#[derive(Debug)]
pub enum Failure {
    /// A fault of the program: an invariant does not hold. Nothing is published.
    Bug(Text),
    /// The command line, the pipeline or the rules file is wrong.
    Usage(Text),
    /// The delivery is refused. Every finding is listed.
    Refused(Vec<Finding>),
    /// Files other than a delivery are refused. The text names them; every finding is listed.
    Unfit(Text, Vec<Finding>),
    /// The book is refused: order of periods, already closed, damaged.
    Book(Text),
    /// A verification or an audit found differences. Every one is listed.
    Differences(Text, Vec<Finding>),
    /// A printed report shows differences.
    Reported,
    /// A printed report has findings that would refuse a run.
    Unready,
    /// The operating system failed: disk full, permission.
    Io {
        /// The file or folder, or another thing that failed.
        place: Text,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A signal stopped the command. Nothing is published.
    Interrupted,
}

worded!(Failure);

impl Failure {
    /// Returns the failure as a message.
    pub fn text(&self) -> Text {
        match self {
            Failure::Bug(what) => text!("internal error: {}", what)
                .hinting(text!("nothing was published; please report this message")),
            Failure::Usage(text) | Failure::Book(text) | Failure::Differences(text, _) => {
                text.clone()
            }
            Failure::Refused(_) => text!("the delivery is refused"),
            Failure::Unfit(what, _) => text!("{} refused", what),
            Failure::Reported => text!("differences, see the report"),
            Failure::Unready => text!("a run would be refused, see the report"),
            Failure::Io { place, error } => text!("{}: {}", place, error),
            Failure::Interrupted => text!("interrupted, nothing was published"),
        }
    }

    /// Returns the exit status of the process.
    pub const fn exit_status(&self) -> u8 {
        match self {
            Failure::Bug(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Refused(_) | Failure::Unfit(..) | Failure::Unready => 3,
            Failure::Book(_) => 4,
            Failure::Differences(..) | Failure::Reported => 5,
            Failure::Io { .. } => 6,
            Failure::Interrupted => 130,
        }
    }

    /// Returns the system failure behind a failure, if files could not be opened or memory was missing: such a failure
    /// says nothing about the delivery or the book.
    #[must_use]
    pub fn or_shortage(self) -> Failure {
        let own = match &self {
            Failure::Io { place, error } => (place.clone(), text!("{}", error)),
            other => (text!("the system"), other.text()),
        };
        let findings = self.findings().iter();
        let findings = findings.map(|finding| (Text::given(&finding.file), finding.found.clone()));
        let told: Vec<(Text, Text)> = findings.chain([own]).collect();
        let short = [12, 23, 24].into_iter().find_map(|number| {
            let (place, _) = told.iter().find(|(_, said)| said.tells_of(number))?;
            let error = io::Error::from_raw_os_error(number);
            let error = text!("{}", error).hinting(shortage(number)?).into();
            Some(Failure::Io { place: place.clone(), error })
        });
        short.unwrap_or(self)
    }

    /// Whether a file does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Failure::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }

    /// Returns the findings, each with its place.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Failure::Refused(findings)
            | Failure::Unfit(_, findings)
            | Failure::Differences(_, findings) => findings,
            _ => &[],
        }
    }

    /// Makes a function for `map_err` that turns an I/O error into a failure at a path.
    pub fn io(place: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
        let place = text!("{}", place);
        move |error| Failure::Io { place, error }
    }

    /// Fails with a bug when an invariant does not hold.
    pub fn unless(holds: bool, invariant: impl FnOnce() -> Text) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(Failure::Bug(invariant())) }
    }
}

/// The result of a stage.
pub type Outcome<T> = Result<T, Failure>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_open_files_are_no_damage() {
        let error = io::Error::from_raw_os_error(24).to_string();
        let finding = |found: &str| {
            Finding::new(Code::F02, "treating/31.parquet", text!("footer"), Text::given(found))
        };
        let refused = Failure::Refused(vec![finding("cut off"), finding(&error)]).or_shortage();
        assert_eq!(refused.exit_status(), 6);
        assert!(refused.to_string().starts_with("treating/31.parquet: "), "{refused}");
        assert_eq!(
            Failure::Book(Text::given(format!("damaged: {error}"))).or_shortage().exit_status(),
            6
        );
        assert_eq!(Failure::Refused(vec![finding("cut off")]).or_shortage().exit_status(), 3);
    }

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let finding = Finding::new(
            Code::F07,
            "treating/31.parquet",
            text!("column {}", "acct_pay"),
            Text::given("scale 19"),
        );
        insta::assert_snapshot!(finding.to_string(), @r"
        F07 treating/31.parquet, column acct_pay: found scale 19, expected a scale from 0 to 18 and a precision of at most 38
            hint: export DECIMAL(16,2)
        ");
    }
}
