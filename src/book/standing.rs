//! What the files of a book are before a run reads them, so that what is checked is what is used.

use std::io;

use super::{Book, damaged};
use crate::{
    diag::Outcome,
    place::identity::{Identity, settle},
};

/// The files of a book's closed periods as they were.
#[derive(Debug)]
pub struct ClosedFiles<'a> {
    book: &'a Book,
    /// In the order in which the book has them; what is not there is told when the files are checked.
    identities: Vec<Option<Identity>>,
}

impl Book {
    /// Takes down what its files are. Every later write to them shows.
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
    /// Fails when a file is not what it was.
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
