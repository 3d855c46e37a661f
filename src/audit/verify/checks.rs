//! Findings of a verification, and counts of laws and compared figures.

use rayon::prelude::*;

use crate::{
    columnar::guard::guarded,
    diag::{Code, Finding},
    model::money::{FenSum, yuan},
    text::{Fill, Text},
};

/// Findings and counts of a verification.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) findings: Vec<Finding>,
    pub(super) laws: u64,
    pub(super) figures: u64,
}

impl Checks {
    /// Adds a finding at a place of a file.
    pub(super) fn report(&mut self, code: Code, file: String, place: Text, found: Text) {
        self.findings.push(Finding::new(code, file, place, found));
    }

    /// Adds to the number of compared figures.
    pub(super) fn count(&mut self, figures: u64) {
        self.figures += figures;
    }

    /// Adds the findings and counts of other checks.
    pub(super) fn merge(&mut self, others: impl IntoIterator<Item = Checks>) {
        for other in others {
            self.findings.extend(other.findings);
            self.laws += other.laws;
            self.figures += other.figures;
        }
    }

    /// Applies laws in parallel. A law whose sums overflow becomes a finding at `place`.
    pub(super) fn apply_all(&mut self, place: &str, laws: &[&(dyn Fn(&mut Checks) + Sync)]) {
        let judge = |law: &&(dyn Fn(&mut Checks) + Sync)| {
            let mut found = Checks::default();
            if guarded(|| law(&mut found)).is_none() {
                let problem = text!("figures so large that they cannot be added up");
                found.report(Code::B07, place.to_owned(), text!(""), problem);
            }
            found
        };
        let found: Vec<Checks> = laws.par_iter().with_max_len(1).map(judge).collect();
        self.merge(found);
    }

    /// Applies a law to figures; each item is what is wrong with a figure, or none. The finding shows the first
    /// problem and the number of the others.
    pub(super) fn law(
        &mut self,
        code: Code,
        file: &str,
        law: Text,
        figures: impl IntoIterator<Item = Option<Text>>,
    ) {
        let mut tally = LawTally::default();
        figures.into_iter().for_each(|figure| tally.count(figure));
        self.add_tally(code, file, law, tally);
    }

    /// Adds a law whose figures were counted in a tally.
    pub(super) fn add_tally(&mut self, code: Code, file: &str, law: Text, tally: LawTally) {
        self.laws += 1;
        self.figures += tally.figures;
        if let Some(first) = tally.first {
            let more = tally.wrong - 1;
            let found = if more > 0 { text!("{} (and {} more)", first, more) } else { first };
            self.report(code, file.to_owned(), law, found);
        }
    }

    /// Returns the findings, sorted by file; the order within a file stays.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| a.file.cmp(&b.file));
        self.findings
    }
}

/// The counts of one law: compared figures, wrong figures, and the first problem.
#[derive(Debug, Default)]
pub(super) struct LawTally {
    figures: u64,
    wrong: u64,
    first: Option<Text>,
}

impl LawTally {
    /// Counts a figure, with what is wrong with it.
    pub(super) fn count(&mut self, problem: Option<Text>) {
        self.figures += 1;
        if let Some(problem) = problem {
            self.wrong += 1;
            self.first.get_or_insert(problem);
        }
    }

    /// Counts a figure, as wrong unless `holds`.
    pub(super) fn require(&mut self, holds: bool, problem: impl FnOnce() -> Text) {
        self.count((!holds).then(problem));
    }
}

/// Returns a problem if an amount in fen is not the expected one.
pub(super) fn unequal(what: impl Fill, found: FenSum, expected: FenSum) -> Option<Text> {
    (found != expected).then(|| text!("{}: {}, worked out {}", what, yuan(found), yuan(expected)))
}

/// Returns a problem if a value is not the expected one.
pub(super) fn differs<T: PartialEq + Fill + Copy>(
    what: impl Fill,
    found: T,
    expected: T,
) -> Option<Text> {
    (found != expected).then(|| text!("{}: {}, worked out {}", what, found, expected))
}
