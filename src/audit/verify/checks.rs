//! What a verification has found, and how much it compared.

use std::fmt::Display;

use rayon::prelude::*;

use crate::{
    diag::{Code, Finding},
    ingest::guarded,
    money::{FenSum, yuan},
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
    pub(super) fn find(&mut self, code: Code, file: String, place: String, found: String) {
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
                let problem = "figures so large that they cannot be added up".to_owned();
                found.find(Code::B07, place.to_owned(), String::new(), problem);
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
        law: &str,
        figures: impl IntoIterator<Item = Option<String>>,
    ) {
        self.laws += 1;
        let (mut wrong, mut first) = (0u64, None);
        for figure in figures {
            self.figures += 1;
            if let Some(problem) = figure {
                wrong += 1;
                first.get_or_insert(problem);
            }
        }
        if let Some(first) = first {
            let more = if wrong > 1 { format!(" (and {} more)", wrong - 1) } else { String::new() };
            self.find(code, file.to_owned(), law.to_owned(), format!("{first}{more}"));
        }
    }

    /// The findings by file; within a file in the order in which they were found.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| a.file.cmp(&b.file));
        self.findings
    }
}

/// What is wrong with an amount in fen that should be another one.
pub(super) fn unequal(what: impl Display, found: FenSum, expected: FenSum) -> Option<String> {
    (found != expected).then(|| format!("{what}: {}, worked out {}", yuan(found), yuan(expected)))
}

/// What is wrong with a value that should be another one.
pub(super) fn differs<T: PartialEq + Display + Copy>(
    what: impl Display,
    found: T,
    expected: T,
) -> Option<String> {
    (found != expected).then(|| format!("{what}: {found}, worked out {expected}"))
}
