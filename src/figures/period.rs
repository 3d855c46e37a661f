//! The figures of a closed period, computed from its tables.

use std::collections::BTreeMap;

use crate::{
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow},
    },
    diag::Outcome,
    model::{
        codes::{Month, Province, Side},
        control::Class,
        money::FenSum,
    },
    reserve::notices::NoticeKind,
};

/// The figures of a closed period.
#[derive(Debug, Clone)]
pub struct PeriodFigures {
    /// The period.
    pub period: Month,
    /// Settlements cleared: rows of the register that are no voided ones, reversals included.
    pub settlements: i128,
    /// Visits: settlements cleared, each reversal counted −1.
    pub visits: i128,
    /// The cleared rows of each side, as the control table has them.
    pub cleared_rows: [i128; 2],
    /// The rows that each side delivered, and its open items that were brought in.
    pub came_rows: [i128; 2],
    /// Σ payable of the cleared settlements.
    pub gross: FenSum,
    /// The accepted deductions.
    pub deductions: FenSum,
    /// What the period before carried forward.
    pub brought_forward: FenSum,
    /// What insured provinces pay.
    pub payable: FenSum,
    /// What treating provinces return.
    pub returned: FenSum,
    /// What the next period takes over.
    pub carried_forward: FenSum,
    /// Every break.
    pub breaks: i128,
    /// The carried breaks, and the amount at stake in them.
    pub carried: CountedMoney,
    /// The breaks that were refused as late, and those that expired.
    pub too_late: [i128; 2],
    /// The notices of the period by kind.
    pub notices: BTreeMap<NoticeKind, CountedMoney>,
    /// The pairs at the red level.
    pub red: i128,
    /// The gross of each province: as insured, and as treating province.
    pub by_province: [BTreeMap<Province, FenSum>; 2],
}

/// A number of rows and their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountedMoney {
    /// The number of rows.
    pub count: i128,
    /// Their sum in fen.
    pub fen: FenSum,
}

impl CountedMoney {
    pub(super) fn add(&mut self, fen: FenSum) {
        self.count += 1;
        self.fen += fen;
    }
}

/// The tables that the figures come from.
#[derive(Debug, Clone, Copy)]
pub struct FigureTables<'a> {
    /// The period.
    pub period: Month,
    /// The table `pairs`.
    pub pairs: &'a Grid,
    /// The table `control`.
    pub control: &'a Grid,
    /// The table `breaks`.
    pub breaks: &'a Grid,
    /// The table `decisions`.
    pub decisions: &'a Grid,
    /// The table `notices`.
    pub notices: &'a Grid,
}

impl PeriodFigures {
    /// Reads the figures of a closed period; fails unless its tables have the digests of its manifest.
    pub fn read(closed: &ClosedPeriod) -> Outcome<PeriodFigures> {
        let [pairs, control, breaks, decisions, notices] =
            ["pairs", "control", "breaks", "decisions", "notices"].map(|name| closed.table(name));
        Ok(PeriodFigures::of(FigureTables {
            period: closed.month,
            pairs: &pairs?,
            control: &control?,
            breaks: &breaks?,
            decisions: &decisions?,
            notices: &notices?,
        }))
    }

    /// Computes the figures from tables.
    pub fn of(tables: FigureTables) -> PeriodFigures {
        let FigureTables { period, pairs, control, breaks, decisions, notices } = tables;
        let cleared_rows = rows(control, &["cleared"]);
        let without_treating = decisions.iter().filter(has_no_treating_copy).count();
        let of_class =
            |class: Class| breaks.iter().filter(|row| row.text("class") == class.name()).count();
        let mut kinds: BTreeMap<NoticeKind, CountedMoney> = BTreeMap::new();
        for row in notices.iter() {
            if let Some(kind) = NoticeKind::from_name(row.text("kind")) {
                kinds.entry(kind).or_default().add(row.fen("amount"));
            }
        }
        let mut carried = CountedMoney::default();
        for row in breaks.iter().filter(|row| row.flag("carried") == Some(true)) {
            carried.add(row.fen("effect").abs());
        }
        let red = pairs.iter().filter(|row| row.text("reserve_level") == "red").count();
        PeriodFigures {
            period,
            settlements: cleared_rows[Side::Treating.index()] + without_treating as i128,
            visits: pairs.count("visits"),
            cleared_rows,
            came_rows: rows(control, &["delivered", "opened"]),
            gross: pairs.sum("gross"),
            deductions: pairs.sum("deductions"),
            brought_forward: pairs.sum("brought_forward"),
            payable: pairs.sum("payable"),
            returned: pairs.sum("returned"),
            carried_forward: pairs.sum("carried_forward"),
            breaks: breaks.rows as i128,
            carried,
            too_late: [Class::LateRefused, Class::Expired].map(|class| of_class(class) as i128),
            notices: kinds,
            red: red as i128,
            by_province: by_province(pairs),
        }
    }

    /// Returns the numerator and the denominator of the match rate of a side.
    pub fn match_rate(&self, side: Side) -> (i128, i128) {
        (self.cleared_rows[side.index()], self.came_rows[side.index()])
    }

    /// Returns the notices of a kind.
    pub fn notices_of(&self, kind: NoticeKind) -> CountedMoney {
        self.notices.get(&kind).copied().unwrap_or_default()
    }

    /// Returns the notices that are to be paid: those of every kind but the suggestions.
    pub fn notices_to_pay(&self) -> CountedMoney {
        let mut all = CountedMoney::default();
        let dated = self.notices.iter().filter(|(kind, _)| **kind != NoticeKind::Emergency);
        for (_, CountedMoney { count, fen }) in dated {
            all.count += count;
            all.fen += *fen;
        }
        all
    }
}

/// Returns the rows of each side in some buckets.
fn rows(control: &Grid, buckets: &[&str]) -> [i128; 2] {
    Side::BOTH.map(|side| {
        let own = control.iter().filter(|row| row.text("side") == side.name());
        let own = own.filter(|row| buckets.contains(&row.text("bucket")));
        own.map(|row| row.number("rows")).sum()
    })
}

/// Whether a decision cleared a settlement that has no treating copy.
fn has_no_treating_copy(row: &GridRow) -> bool {
    row.text("class_without") == Class::MissingTreating.name()
        && row.fen_or_null("payable").is_some()
}

fn by_province(pairs: &Grid) -> [BTreeMap<Province, FenSum>; 2] {
    let mut sums: [BTreeMap<Province, FenSum>; 2] = Default::default();
    for row in pairs.iter() {
        let Some(pair) = row.pair() else { continue };
        let gross = row.fen("gross");
        *sums[0].entry(pair.insured).or_default() += gross;
        *sums[1].entry(pair.treating).or_default() += gross;
    }
    sums
}
