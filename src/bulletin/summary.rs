//! The first sheet of a bulletin: what happened, in sentences.

use super::{cells::Mark, monthly::SaidCells, quarterly::QuarterTotals, request::Request};
use crate::{
    book::{ClosedPeriod, closed_periods},
    diag::Outcome,
    figures::{
        self, Fact, FactSubject, PeriodFacts, PeriodFigures, QuarterFlow, SentencePlace,
        late_notices,
    },
    model::codes::{Month, Province, Side},
    statements::{CellValue, Sheet, SheetLayout},
};

/// What the sentences are about.
#[derive(Debug)]
pub(super) enum Said {
    /// A month; the cells of its counts.
    Month(SaidCells),
    /// A quarter.
    Quarter(QuarterTotals),
}

/// Makes the sheet of sentences; returns it with the number of sentences that few persons suppress.
pub(super) fn sheet(
    request: &Request,
    closed: &ClosedPeriod,
    said: &Said,
    period: &str,
    marks: &[Mark],
) -> Outcome<(Sheet, u64)> {
    let template = request.sentences;
    let (title, facts) = match said {
        Said::Month(cells) => (&template.sheet.monthly, of_month(request, closed, cells, marks)?),
        Said::Quarter(totals) => {
            let QuarterTotals { paid, on_time, open, overdue } = totals;
            let flow = QuarterFlow { period, paid: *paid, on_time: *on_time, open: *open, overdue };
            (&template.sheet.quarterly, (figures::of_quarter(&flow, &template.words), 0))
        }
    };
    let (facts, left_out) = facts;
    let sentences = template.say(SentencePlace::Bulletin, &facts).into_iter();
    let row = |(at, zh): (i128, String)| vec![CellValue::Count(at), CellValue::Text(zh)];
    let [number, sentence] = template.sheet.headings.clone();
    let sheet = Sheet {
        name: template.sheet.name.clone(),
        file: "summary".to_owned(),
        annex: String::new(),
        title: title.replace("{period}", period),
        subtitle: String::new(),
        lead: Vec::new(),
        columns: vec![(number, 6), (sentence, 100)],
        rows: (1..).zip(sentences.map(|sentence| sentence.zh)).map(row).collect(),
        close: Vec::new(),
        total: None,
        layout: SheetLayout::Listed,
        choices: None,
    };
    Ok((sheet, left_out))
}

/// Returns the facts of a month that the marks allow, and the number of the others.
fn of_month(
    request: &Request,
    closed: &ClosedPeriod,
    cells: &SaidCells,
    marks: &[Mark],
) -> Outcome<(Vec<Fact>, u64)> {
    let mut history = closed_periods(request.book)?;
    history.retain(|(month, _)| *month <= closed.month);
    let of_month = |month: Month| -> Outcome<Option<PeriodFigures>> {
        let found = history.iter().find(|(known, _)| *known == month);
        let closed = found.map(|(month, folder)| ClosedPeriod::read(*month, folder.clone()));
        closed.transpose()?.map(|closed| PeriodFigures::read(&closed)).transpose()
    };
    // A month of few settlements is not compared: its bulletin does not show them.
    let threshold = i128::from(request.template.bulletin.threshold);
    let before = |months: i32| -> Outcome<Option<PeriodFigures>> {
        Ok(of_month(closed.month.plus(months))?.filter(|before| before.settlements >= threshold))
    };
    let figures = PeriodFigures::read(closed)?;
    let (month_before, year_before) = (before(-1)?, before(-12)?);
    let source = PeriodFacts {
        figures: &figures,
        positions: &closed.table("positions")?,
        month_before: month_before.as_ref(),
        year_before: year_before.as_ref(),
        late: &late_notices(closed, &history)?,
        as_of: &closed.manifest.as_of,
        has_earlier: history.len() > 1,
    };
    let is_shown = |cell: usize| marks[cell] == Mark::Shown;
    let province = |side: Side, province: Province| {
        let of_side = &cells.provinces[usize::from(side == Side::Treating)];
        of_side.get(&province).is_some_and(|cell| is_shown(*cell))
    };
    let mut facts = figures::of_period(&source, &request.sentences.words, province);
    let all = facts.len();
    facts.retain(|fact| match fact.subject {
        FactSubject::Agencies => true,
        FactSubject::Cleared => is_shown(cells.cleared),
        FactSubject::Carried => is_shown(cells.carried),
        FactSubject::TooLate => cells.too_late.into_iter().all(is_shown),
    });
    let left_out = (all - facts.len()) as u64;
    Ok((facts, left_out))
}
