//! Requests between provinces.

use super::{
    source::PeriodTables,
    words::{Money, Words, count, province, same, words},
};
use crate::{
    diag::Outcome,
    figures::requests::{IncorrectVerification, RequestCounts, RequestFigures},
    model::codes::Province,
};

/// The requests of a province.
pub(super) struct ProvinceRequests {
    pub(super) name: Words,
    /// Asked and received: all, waiting for a reply, late, deemed confirmed.
    pub(super) shown: Vec<String>,
}

/// A verification that found a mistake.
pub(super) struct FoundMistake {
    pub(super) request_id: String,
    pub(super) from: Words,
    pub(super) to: Words,
    pub(super) since: String,
    /// What was deducted since; none while there is nothing.
    pub(super) deducted: Option<Money>,
}

/// The requests of the book at the close.
pub(super) struct RequestSummary {
    pub(super) provinces: Vec<ProvinceRequests>,
    pub(super) total: ProvinceRequests,
    pub(super) mistakes: Vec<FoundMistake>,
    pub(super) refused: String,
}

impl RequestSummary {
    /// Returns the summary; none where nobody asked anything.
    pub(super) fn of(source: &PeriodTables) -> Outcome<Option<RequestSummary>> {
        let figures = RequestFigures::read(&source.history)?;
        if figures.rows.is_empty() && figures.incorrect.is_empty() {
            return Ok(None);
        }
        let of = |province: Option<Province>| {
            let sides = [0, 1].map(|side| RequestCounts::of(&figures.rows, side, province));
            let counts = sides.iter().flat_map(|of| [of.all, of.waiting, of.late, of.deemed]);
            let shown = counts.map(|number| count(number.into())).collect();
            (sides.iter().any(|side| side.all > 0), shown)
        };
        let named = |code: &str| Province::from_text(code).map_or_else(|| same(code), province);
        let provinces = Province::all().filter_map(|one| {
            let (has_any, shown) = of(Some(one));
            has_any.then(|| ProvinceRequests { name: province(one), shown })
        });
        let mistake = |of: &IncorrectVerification| {
            let [from, to] = of.row.line.provinces.each_ref().map(|code| named(code));
            FoundMistake {
                request_id: of.row.request_id.clone(),
                from,
                to,
                since: of.since.to_string(),
                deducted: of.deducted.is_positive().then_some(Money(of.deducted)),
            }
        };
        let refused = figures.rows.iter().filter(|row| row.code.is_some()).count();
        Ok(Some(RequestSummary {
            provinces: provinces.collect(),
            total: ProvinceRequests { name: words("合计", "Total"), shown: of(None).1 },
            mistakes: figures.incorrect.iter().map(mistake).collect(),
            refused: count(refused as i128),
        }))
    }
}
