//! The sheet of media of settlement: shares of visits by treating province and care class, against the months before.

use super::{
    cells::{CellId, Cells},
    cleared::ClearedFigures,
    draft::{Draft, DraftRow, Item, percent},
};
use crate::{
    book::ClosedPeriod,
    diag::Outcome,
    figures::{MediaFigures, MediaVisits},
    model::{codes::Province, media::Medium, words::chinese},
    statements::{CellValue, Template},
};

/// The names of the shares of the months before, the nearest first.
const BEFORE: [&str; 3] = ["share_1", "share_2", "share_3"];

/// Makes the sheet; `before` are the months before, the nearest first.
pub(super) fn draft(
    closed: &ClosedPeriod,
    before: &[ClosedPeriod],
    cleared: &ClearedFigures,
    (cells, template): (&mut Cells, &Template),
) -> Outcome<Draft> {
    let own = MediaFigures::of(&closed.table("media")?);
    let tables = before.iter().take(BEFORE.len()).map(|closed| closed.table("media"));
    let earlier = tables.collect::<Outcome<Vec<_>>>()?;
    let earlier: Vec<MediaFigures> = earlier.iter().map(MediaFigures::of).collect();
    let mut rows = Vec::new();
    let mut totals: Vec<(Province, CellId)> = Vec::new();
    for (province, care, visits) in own.iter() {
        let ids = visits.map(|visits| cells.count(visits.unsigned_abs()));
        let total = cells.total(ids.to_vec());
        totals.push((province, total));
        for (at, medium) in Medium::ALL.into_iter().enumerate().filter(|(at, _)| visits[*at] != 0) {
            let share = Item::of(&[ids[at], total], CellValue::Text(share_of(visits, at)));
            let mut row = DraftRow::from([
                ("province", Item::province(province)),
                ("care", Item::text(chinese(care.name()))),
                ("medium", Item::text(word(medium))),
                ("visits", Item::of(&[ids[at]], CellValue::Count(visits[at]))),
                ("share", share),
            ]);
            let then = |figures: &MediaFigures| {
                Item::text(figures.get(province, care).map_or(String::new(), |visits| {
                    let few = i128::from(template.bulletin.threshold);
                    let is_told = visits.iter().all(|visits| *visits == 0 || *visits >= few);
                    if is_told { share_of(visits, at) } else { template.bulletin.hidden.clone() }
                }))
            };
            row.extend(BEFORE.into_iter().zip(earlier.iter().map(then)));
            rows.push(row);
        }
    }
    // The visits of a province stand in the sheet of volumes too.
    for of_one in totals.chunk_by(|a, b| a.0 == b.0) {
        if let Some(all) = cleared.provinces[1].get(&of_one[0].0) {
            cells.sum(of_one.iter().map(|(_, cell)| *cell).collect(), *all);
        }
    }
    let offered = ["province", "care", "medium", "visits", "share"].into_iter().chain(BEFORE);
    Ok(Draft { file: "media", offered: offered.collect(), rows, protected: true })
}

/// Returns the share of a medium; an empty text where it has no meaning.
fn share_of(visits: &MediaVisits, at: usize) -> String {
    let all: i128 = visits.iter().sum();
    match (u128::try_from(visits[at]), u128::try_from(all)) {
        (Ok(part), Ok(whole)) => percent(part, whole),
        _ => String::new(),
    }
}

/// Returns the word of a medium.
fn word(medium: Medium) -> &'static str {
    match medium {
        Medium::Credential => "医保电子凭证",
        Medium::IdCard => "居民身份证",
        Medium::SocialCard => "社会保障卡",
        Medium::Other => "其他",
        Medium::None => "未提供",
    }
}
