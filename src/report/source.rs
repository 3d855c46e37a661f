//! Reads the tables of the page, and its breaks.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    book::{
        self, Book, ClosedPeriod,
        grid::{Grid, GridRow},
        manifest::Manifest,
    },
    diag::{Failure, Outcome},
    figures::{LateNotices, PeriodFigures, late_notices},
    judged::Judged,
    known::KnownDifferences,
    model::{
        codes::{Month, Pair},
        control::Class,
        money::FenSum,
    },
};

/// The tables of a period, and the periods up to it.
pub(super) struct PeriodTables {
    pub(super) period: Month,
    pub(super) manifest: Manifest,
    /// Digest of the manifest.
    pub(super) digest: String,
    /// The periods of the book up to this one with their folders, oldest first.
    pub(super) history: Vec<(Month, PathBuf)>,
    pub(super) pairs: Grid,
    pub(super) positions: Grid,
    pub(super) reserves: Grid,
    pub(super) breaks: Grid,
    pub(super) break_fields: Grid,
    pub(super) open_items: Grid,
    pub(super) control: Grid,
    /// The figures of each period of `history`, in its order.
    pub(super) figures: Vec<PeriodFigures>,
    /// The late notices at the close of the period.
    pub(super) late: Vec<LateNotices>,
    /// The outcomes of the deductions.
    pub(super) deductions: Judged,
    /// The outcomes of the payments.
    pub(super) payments: Judged,
    /// What daily reconciliation knew.
    pub(super) daily: Option<KnownDifferences>,
}

impl PeriodTables {
    /// Reads a closed period, after every file of the book has been compared with its manifest.
    pub(super) fn read(root: &Path, period: Month) -> Outcome<PeriodTables> {
        let folder = &book::closed_period(root, period)?;
        let mut history = Book::look(root)?;
        history.retain(|(month, _)| *month <= period);
        let (manifest, digest) = Manifest::read(folder)?;
        let figures = history.iter().map(|(month, folder)| {
            PeriodFigures::read(&ClosedPeriod::read(*month, folder.clone())?)
        });
        let closed = ClosedPeriod::read(period, folder.clone())?;
        Ok(PeriodTables {
            figures: figures.collect::<Outcome<_>>()?,
            late: late_notices(&closed, &history)?,
            period,
            manifest,
            digest,
            history,
            pairs: Grid::open(folder, "pairs")?,
            positions: Grid::open(folder, "positions")?,
            reserves: Grid::open(folder, "reserves")?,
            breaks: Grid::open(folder, "breaks")?,
            break_fields: Grid::open(folder, "break_fields")?,
            open_items: Grid::open(folder, "open_items")?,
            control: Grid::open(folder, "control")?,
            deductions: Judged::of_table(&Grid::open(folder, "deductions")?),
            payments: Judged::of_table(&Grid::open(folder, "payments")?),
            daily: None,
        })
    }

    /// Fails unless pairs and positions have the same money, pair by pair.
    pub(super) fn prove(&self) -> Outcome<()> {
        let mut differences: BTreeMap<Option<Pair>, FenSum> = BTreeMap::new();
        for row in self.pairs.iter() {
            *differences.entry(row.pair()).or_default() += row.fen("gross");
        }
        for row in self.positions.iter() {
            *differences.entry(row.pair()).or_default() -= row.fen("payable");
        }
        if differences.values().all(|fen| fen.is_zero()) {
            return Ok(());
        }
        let problem = text!("pairs and positions of {} say different sums", self.period)
            .hinting(text!("verify the book"));
        Err(Failure::Book(problem))
    }

    /// Returns the figures of the period.
    pub(super) fn own(&self) -> &PeriodFigures {
        self.of_month(self.period).expect("Invariant: the period is in the history")
    }

    /// Returns the figures of a period of the book up to this one.
    pub(super) fn of_month(&self, month: Month) -> Option<&PeriodFigures> {
        self.figures.iter().find(|figures| figures.period == month)
    }

    /// Returns the breaks of the period.
    pub(super) fn all_breaks(&self) -> Vec<ListedBreak<'_>> {
        breaks_of(&self.breaks, self.period)
    }
}

/// A break.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListedBreak<'a> {
    pub(super) row: GridRow<'a>,
    pub(super) class: Class,
    pub(super) pair: Option<Pair>,
    /// The amount in dispute, in fen: the absolute value of the effect.
    pub(super) stake: FenSum,
    /// The amount that is not cleared, in fen: the payable of the treating copy, else of the insured copy.
    pub(super) held: FenSum,
    /// The number of periods since its first period.
    pub(super) age: i32,
    pub(super) carried: bool,
}

/// Returns the breaks of a table.
pub(super) fn breaks_of(grid: &Grid, period: Month) -> Vec<ListedBreak<'_>> {
    let breaks = grid.iter().filter_map(|row| {
        let payable = row.fen_or_null("treating_payable");
        Some(ListedBreak {
            row,
            class: Class::from_name(row.text("class"))?,
            pair: row.pair(),
            stake: row.fen("effect").abs(),
            held: payable.unwrap_or_else(|| row.fen("insured_payable")).abs(),
            age: row.month("first_period").map_or(0, |first| period.since(first)),
            carried: row.flag("carried") == Some(true),
        })
    });
    breaks.collect()
}

/// Number and money of some breaks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BreakTally {
    pub(super) count: i128,
    pub(super) stake: FenSum,
    pub(super) held: FenSum,
}

impl BreakTally {
    pub(super) fn add(&mut self, found: &ListedBreak) {
        self.count += 1;
        self.stake += found.stake;
        self.held += found.held;
    }

    /// The tally of some breaks.
    pub(super) fn of<'a>(breaks: impl IntoIterator<Item = &'a ListedBreak<'a>>) -> BreakTally {
        let mut tally = BreakTally::default();
        breaks.into_iter().for_each(|found| tally.add(found));
        tally
    }
}
