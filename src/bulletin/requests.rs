//! The sheet of requests between provinces.

use super::draft::{Draft, DraftRow, Item};
use crate::{
    figures::requests::{RequestCounts, RequestFigures},
    model::codes::Province,
    statements::Template,
};

/// The names of the counts of a side: asked, received.
const NAMES: [[&str; 4]; 2] = [
    ["asked", "asked_waiting", "asked_late", "asked_deemed"],
    ["received", "received_waiting", "received_late", "received_deemed"],
];

/// Makes the sheet by province: how many requests, how late, how many deemed confirmed, and what verifications found.
/// None where nobody asked anything. Counts of requests are acts of agencies and not of persons; no amount is shown.
pub(super) fn draft(figures: &RequestFigures, template: &Template) -> Option<Draft> {
    let asked_nothing = figures.rows.iter().all(|row| row.standing.is_none());
    if asked_nothing && figures.incorrect.is_empty() {
        return None;
    }
    let row = |province: Option<Province>, name: Item| {
        let counts = [0, 1].map(|side| RequestCounts::of(&figures.rows, side, province));
        let mut row = DraftRow::from([("province", name)]);
        for (names, RequestCounts { all, waiting, late, deemed }) in NAMES.into_iter().zip(counts) {
            let counts = [all, waiting, late, deemed].map(|count| Item::count(count.into()));
            row.extend(names.into_iter().zip(counts));
        }
        let code = province.map(|province| province.to_string());
        let own = || {
            let all = figures.incorrect.iter();
            all.filter(|of| code.as_ref().is_none_or(|code| of.row.line.provinces[1] == *code))
        };
        let deducted = own().filter(|of| of.deducted.is_positive()).count();
        row.extend([
            ("incorrect", Item::count(own().count() as u128)),
            ("incorrect_deducted", Item::count(deducted as u128)),
        ]);
        let has_any = counts.iter().any(|counts| counts.all > 0) || own().next().is_some();
        (has_any || province.is_none()).then_some(row)
    };
    let provinces = Province::all().filter_map(|of| row(Some(of), Item::province(of)));
    let total = row(None, Item::text(&template.total));
    let offered = ["province", "incorrect", "incorrect_deducted"].into_iter();
    let offered = offered.chain(NAMES.into_iter().flatten()).collect();
    Some(Draft {
        file: "requests",
        offered,
        rows: provinces.chain(total).collect(),
        protected: false,
    })
}
