//! Figures of a closed period that more than one output shows: each has one name and one definition (docs/figures.md).
//!
//! **Purpose.** Compute these figures in one place, and say them in sentences.
//!
//! **In.** The tables of closed periods; a file of sentences in both languages.
//!
//! **Out.** Whole numbers and fen; sentences that the figures make true.
//!
//! **Invariants.** A sentence is made only from figures that the book has. Its words are data, its figures are not.

mod fact;
mod facts;
mod late;
mod media;
mod period;
pub mod requests;
mod sentences;
mod words;

pub use self::{
    fact::{Fact, FactSubject},
    facts::{PeriodFacts, QuarterFlow, of_period, of_quarter},
    late::{LateNotices, late_notices},
    media::{MediaFigures, MediaVisits},
    period::{CountedMoney, FigureTables, PeriodFigures},
    sentences::{SentencePlace, SentenceTemplate},
    words::{
        Bilingual, count_shown, cut_off, kind_named, month_named, percent_shown, province_named,
        short_money,
    },
};
