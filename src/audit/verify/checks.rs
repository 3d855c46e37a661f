//! What a verification has found, and how much it compared.

use rayon::prelude::*;

use crate::{
    columnar::guard::guarded,
    diag::{Code, Finding},
    model::money::{FenSum, yuan},
    text::{Fill, Text},
};

/// Findings so far.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) findings: Vec<Finding>,
    pub(super) laws: u64,
    pub(super) figures: u64,
}

impl Checks {
    /// Something is wrong at a place of a file.
    pub(super) fn find(&mut self, code: Code, file: String, place: Text, found: Text) {
        self.findings.push(Finding::new(code, file, place, found));
    }

    /// So many figures more were compared.
    pub(super) fn count(&mut self, figures: u64) {
        self.figures += figures;
    }

    /// Takes over what other checks have found.
    pub(super) fn absorb(&mut self, others: impl IntoIterator<Item = Checks>) {
        for other in others {
            self.findings.extend(other.findings);
            self.laws += other.laws;
            self.figures += other.figures;
        }
    }

    /// Applies some laws beside each other; figures that cannot be added up are a finding at a place.
    pub(super) fn together(&mut self, place: &str, laws: &[&(dyn Fn(&mut Checks) + Sync)]) {
        let judge = |law: &&(dyn Fn(&mut Checks) + Sync)| {
            let mut found = Checks::default();
            if guarded(|| law(&mut found)).is_none() {
                let problem = text!("figures so large that they cannot be added up");
                found.find(Code::B07, place.to_owned(), text!(""), problem);
            }
            found
        };
        let found: Vec<Checks> = laws.par_iter().with_max_len(1).map(judge).collect();
        self.absorb(found);
    }

    /// Applies a law to figures: each gives what is wrong with it, or nothing. Of many only the first is
    /// shown.
    pub(super) fn law(
        &mut self,
        code: Code,
        file: &str,
        law: Text,
        figures: impl IntoIterator<Item = Option<Text>>,
    ) {
        let mut tally = LawTally::default();
        figures.into_iter().for_each(|figure| tally.see(figure));
        self.tallied(code, file, law, tally);
    }

    /// A law that was applied on the way.
    pub(super) fn tallied(&mut self, code: Code, file: &str, law: Text, tally: LawTally) {
        self.laws += 1;
        self.figures += tally.figures;
        if let Some(first) = tally.first {
            let more = tally.wrong - 1;
            let found = if more > 0 { text!("{} (and {} more)", first, more) } else { first };
            self.find(code, file.to_owned(), law, found);
        }
    }

    /// The findings by file; within a file in the order in which they were found.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| a.file.cmp(&b.file));
        self.findings
    }
}

/// How a law stands, figure by figure.
#[derive(Debug, Default)]
pub(super) struct LawTally {
    figures: u64,
    wrong: u64,
    first: Option<Text>,
}

impl LawTally {
    /// A figure, with what is wrong with it.
    pub(super) fn see(&mut self, problem: Option<Text>) {
        self.figures += 1;
        if let Some(problem) = problem {
            self.wrong += 1;
            self.first.get_or_insert(problem);
        }
    }

    /// A figure that holds, or what is wrong with it.
    pub(super) fn hold(&mut self, holds: bool, problem: impl FnOnce() -> Text) {
        self.see((!holds).then(problem));
    }
}

/// What is wrong with an amount in fen that should be another one.
pub(super) fn unequal(what: impl Fill, found: FenSum, expected: FenSum) -> Option<Text> {
    (found != expected).then(|| text!("{}: {}, worked out {}", what, yuan(found), yuan(expected)))
}

/// What is wrong with a value that should be another one.
pub(super) fn differs<T: PartialEq + Fill + Copy>(
    what: impl Fill,
    found: T,
    expected: T,
) -> Option<Text> {
    (found != expected).then(|| text!("{}: {}, worked out {}", what, found, expected))
}
