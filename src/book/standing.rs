//! Identities of the files of a book, which show whether a file changed between check and use.

use std::io;

use super::{Book, damaged};
use crate::{
    diag::Outcome,
    place::identity::{Identity, settle},
};

/// The identities of the files of all closed periods at one moment.
#[derive(Debug)]
pub struct ClosedFiles<'a> {
    book: &'a Book,
    /// In the order of `Book::files`; none for a missing file, which the check of the files reports.
    identities: Vec<Option<Identity>>,
}

impl Book {
    /// Records the identities of all files. Every later write changes an identity.
    pub fn standing(&self) -> ClosedFiles<'_> {
        let identities: Vec<_> = self.identities().map(Result::ok).collect();
        if !identities.is_empty() {
            settle();
        }
        ClosedFiles { book: self, identities }
    }

    fn identities(&self) -> impl Iterator<Item = io::Result<Identity>> {
        self.files.iter().map(|(folder, listed)| Identity::at(&folder.join(&listed.path)))
    }
}

impl ClosedFiles<'_> {
    /// Fails if a file has changed.
    pub fn unchanged(&self) -> Outcome<()> {
        let now = self.book.identities().map(Result::ok);
        for ((before, now), (folder, listed)) in
            self.identities.iter().zip(now).zip(&self.book.files)
        {
            if *before != now {
                let what = text!("{} was changed during the run", listed.path);
                return Err(damaged(folder, what));
            }
        }
        Ok(())
    }
}
