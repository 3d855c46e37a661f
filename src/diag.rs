//! What can go wrong, said so that the reader can act: stable codes, findings, failures.

use std::{fmt, io, path::Path};

macro_rules! codes {
    ($($code:ident $expected:literal $hint:literal;)*) => {
        /// A stable code of a finding in a delivery.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("Expected: ", $expected, ".")] $code),*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// The code as text.
            pub const fn id(self) -> &'static str {
                match self { $(Code::$code => stringify!($code)),* }
            }

            /// What a good delivery has in this place.
            pub const fn expected(self) -> &'static str {
                match self { $(Code::$code => $expected),* }
            }

            /// What to do about it.
            pub const fn hint(self) -> &'static str {
                match self { $(Code::$code => $hint),* }
            }
        }
    };
}

codes! {
    F01 "at least one Parquet file on each side" "deliver both treating/*.parquet and insured/*.parquet; a side without settlements sends one empty file";
    F02 "a whole, undamaged Parquet file" "ask the sender for the file again and compare its sha256 with theirs";
    F03 "every required column" "export the column under its national name or one of its known other names";
    F04 "a column of the kind that the contract names" "export the column with the type of the contract";
    F05 "a decimal amount" "cast to DECIMAL(16,2) where the exact value is still known; floating point has lost it";
    F06 "a decimal amount" "plain integers may be yuan or fen: cast to DECIMAL(16,2)";
    F07 "at most two decimals and a precision of at most 38" "round at the source and export DECIMAL(16,2)";
    F08 "each field once" "drop one of the columns";
    F09 "the totals that control-totals.csv declares" "ask the sender which is right: the file or the totals; send both again together";
    F10 "control-totals.csv lists every Parquet file exactly once" "complete the list, or send the file that is missing";
    F11 "each file once on a side" "remove one of the two";
    F12 "amounts and their sums within DECIMAL(38,2)" "ask the sender for the file again";
    S01 "UTF-8 text" "save the file as CSV UTF-8";
    S02 "a header line with every column once" "name the columns as the contract does; order is free, further columns are ignored";
    S03 "as many values as the header has columns" "quote values that hold commas or line breaks";
    S04 "digits with at most two decimals" "write amounts as 1234.56, without separators, blanks or signs other than a minus";
    S05 "a day YYYY-MM-DD or a month YYYY-MM that exists" "correct the date";
    S06 "0 or 1" "correct the flag";
    S07 "the two-digit code of one of the 32 provinces" "correct the code";
    S08 "each pair once" "remove one of the lines";
    S09 "a quota of 0 or more" "correct the quota";
    S10 "a whole number" "write the count in digits";
    S11 "a small file: at most 256 MiB, 4,000,000 lines, 1 MiB a line" "look at the place: a quote that is never closed makes one line of many; a file that is really so large is not the one that the contract means";
    C01 "a settlement that this period has to decide on" "remove the decision: the settlement was cleared, refused, rejected or never delivered";
    C02 "a decision for a copy that exists" "accept the copy that is there, or void the settlement";
    C03 "one decision a settlement" "keep one of the lines";
    C04 "decided_by and approved_by, two different persons" "have a second person approve the decision";
    C05 "a decision that is needed" "remove it: the settlement clears or leaves without it";
    C06 "accept_treating, accept_insured or void" "correct the decision";
    R01 "a reply form with its headings" "fill in verification.xlsx or reply.csv of a province's folder, as `statements` wrote them";
    R02 "a setl_id that means one settlement" "enter it as the form has it, blanks included";
    R03 "a reply form within bounds: CSV of 256 MiB, a workbook of 64 MiB that unpacks to 512 MiB, a million answers" "send the sheet of the reply alone, as CSV UTF-8; a workbook that unpacks to many times its size was not made by a spreadsheet";
    Q01 "the notice_id of an emergency proposal of an earlier period" "correct the notice_id";
    Q02 "one answer a proposal" "remove the line: the proposal has been answered";
    Q03 "an approved amount above 0" "correct the amount";
    Q04 "the name of who approved it" "fill in approved_by";
    N01 "H or P and 11 letters or digits" "correct the institution's code";
    N02 "six digits of a county in one of the 32 provinces" "correct the county";
    N03 "H or P, as the institution's code begins" "correct the kind, or the code";
    N04 "inpatient, outpatient, chronic, pharmacy, separated by semicolons" "correct the kinds of care";
    N05 "each institution once" "remove one of the lines, or put their kinds of care together";
    B01 "the manifest of a closed period and its seal" "restore the period from a copy; whoever has the digest of its manifest can tell which copy is right";
    B02 "periods month by month, each manifest with the digest of the one before" "restore the period from a copy, and find out who changed it";
    B03 "the file as its manifest lists it" "restore the period from a copy";
    B04 "only files that the manifest lists" "find out where the file comes from, and remove it";
    B05 "the head that was given" "the book was cut, continued or replaced since: compare with the copy that the head stands for";
    B06 "a table with the columns and the order of the contract" "restore the period from a copy; if the digests agree, it was published so: rerun it from its inputs";
    B07 "the same figure, worked out again from what it is made of" "restore the period from a copy; if the digests agree, it was published so: rerun it from its inputs";
    B08 "what the period before handed over" "restore both periods from copies; if the digests agree, rerun them from their inputs";
    B09 "a register that agrees with the tables, each settlement once" "restore the period from a copy; if the digests agree, rerun it from its inputs";
    B10 "a signature by a trusted key" "ask the signer; a key that was changed or withdrawn belongs into the file of trusted keys";
    A01 "the input that the period was closed with" "find the delivery as it was: the manifest has the digest of every file";
    A02 "the rules and the day that the period was closed with" "leave --rules and --as-of away: the manifest has both";
    A03 "a delivery that is accepted, as it was when the period was closed" "find the delivery as it was: the manifest has the digest of every file";
    E01 "a settlement that some period of the book has met" "check the setl_id; what a period cleared is known by the hash of its setl_id alone";
    E02 "the delivery that the period was closed with" "give the delivery of this period: every settlement of the figure is in it, or was an open item";
    A04 "the same bytes, worked out again" "see which rows differ; when inputs and rules are the same, the period was changed, or another program wrote it";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One reason why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// File, as its path below the input folder.
    pub file: String,
    /// Where in the file: a column, a row, a line.
    pub place: String,
    /// Stable code.
    #[serde(serialize_with = "code_id", deserialize_with = "code_of")]
    pub code: Code,
    /// What is there.
    pub found: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn code_id<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.id())
}

fn code_of<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    let id = <String as serde::Deserialize>::deserialize(deserializer)?;
    let code = Code::ALL.iter().find(|code| code.id() == id).copied();
    code.ok_or_else(|| serde::de::Error::custom(format!("no code {id}")))
}

impl Finding {
    /// A finding at a place of a file.
    pub fn new(
        code: Code,
        file: impl Into<String>,
        place: impl Into<String>,
        found: impl Into<String>,
    ) -> Finding {
        Finding { code, file: file.into(), place: place.into(), found: found.into() }
    }

    /// The finding with its file below a folder, unless it is named so already.
    pub fn below(self, folder: &str) -> Finding {
        if Path::new(&self.file).starts_with(folder) {
            return self;
        }
        Finding { file: format!("{folder}/{}", self.file), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, printable(&self.file))?;
        if !self.place.is_empty() {
            write!(f, ", {}", printable(&self.place))?;
        }
        write!(f, ": found {}, expected {}", printable(&self.found), self.code.expected())?;
        write!(f, "\n    hint: {}", self.code.hint())
    }
}

/// Text from outside without control characters: it may neither forge lines nor drive a terminal.
fn printable(text: &str) -> String {
    let shown = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    text.chars().map(shown).collect()
}

/// Why a command did not succeed; each variant has its exit status (contract §7).
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Our own fault: an invariant does not hold. Nothing is published.
    #[error("internal error: {0}\n    hint: nothing was published; please report this message")]
    Bug(String),
    /// The command line, the pipeline or the rules file.
    #[error("{0}")]
    Usage(String),
    /// The delivery; every finding is listed.
    #[error("the delivery is refused")]
    Refused(Vec<Finding>),
    /// Files other than a delivery; every finding is listed.
    #[error("{0} refused")]
    Unfit(&'static str, Vec<Finding>),
    /// The book: order, already closed, damaged.
    #[error("{0}")]
    Book(String),
    /// A verification or an audit found differences; every one is listed.
    #[error("{0}")]
    Differences(String, Vec<Finding>),
    /// A report that was printed shows differences.
    #[error("differences, see the report")]
    Reported,
    /// The operating system: disk full, permission.
    #[error("{place}: {error}")]
    Io {
        /// The file or folder.
        place: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// Stopped by a signal; nothing is published.
    #[error("interrupted, nothing was published")]
    Interrupted,
}

impl Failure {
    /// The exit status of the process.
    pub const fn exit_status(&self) -> u8 {
        match self {
            Failure::Bug(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Refused(_) | Failure::Unfit(..) => 3,
            Failure::Book(_) => 4,
            Failure::Differences(..) | Failure::Reported => 5,
            Failure::Io { .. } => 6,
            Failure::Interrupted => 130,
        }
    }

    /// What was found, each with its place.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Failure::Refused(findings)
            | Failure::Unfit(_, findings)
            | Failure::Differences(_, findings) => findings,
            _ => &[],
        }
    }

    /// An I/O failure at a path; to be used with `map_err`.
    pub fn io(place: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
        let place = place.display().to_string();
        move |error| Failure::Io { place, error }
    }

    /// A broken invariant, unless it holds.
    pub fn unless(holds: bool, invariant: impl FnOnce() -> String) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(Failure::Bug(invariant())) }
    }
}

/// The result of a stage.
pub type Outcome<T> = Result<T, Failure>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_of_codes_is_current() {
        let row = |code: &Code| format!("| {code} | {} | {} |\n", code.expected(), code.hint());
        let rows = Code::ALL.iter().map(row).collect::<Vec<_>>().concat();
        let text = format!(
            "# Findings: why a delivery is refused, or a book is not in order\n\nEvery finding of a delivery is listed \
             at once, with one of these codes, the file, the place\nand what was found there; the run ends with \
             exit status 3 and nothing is published. The codes\nare stable. Rows that break a row rule \
             (V01 to V15) are no findings: they are in `tables/rejects`.\n\nCodes that begin with B come \
             from `verify`, those that begin with A from an audit rerun, with E\nfrom `explain`; they end with exit status 5. \
             R is a reply form that `decisions import` cannot read, N refuses the registry of a\n`bulletin`.\n\nThis page is made by \
             `UPDATE_DOCS=1 cargo test --lib catalogue`.\n\n| code | expected | what to do |\n|---|---|---|\n\
             {rows}"
        );
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &text).expect("written");
        }
        assert_eq!(std::fs::read_to_string(path).expect("docs/errors.md"), text);
    }

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let finding = Finding::new(Code::F07, "treating/31.parquet", "column acct_pay", "scale 3");
        insta::assert_snapshot!(finding.to_string(), @r"
        F07 treating/31.parquet, column acct_pay: found scale 3, expected at most two decimals and a precision of at most 38
            hint: round at the source and export DECIMAL(16,2)
        ");
    }
}
