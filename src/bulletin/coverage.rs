//! The sheets of a month that need its delivery. Without the delivery they have a note instead.

use super::{
    cells::{CellId, Cells},
    cleared::{ClearedFigures, all_pairs, margins},
    delivered::{DeliveryFigures, RejectedFigures, rule_names},
    draft::{Draft, DraftRow, Item, percent},
};
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        codes::{Pair, Province, Side},
        words::chinese,
    },
    statements::{CellValue, Template},
};

/// The sources of the coverage sheets.
pub(super) struct Coverage<'a> {
    pub(super) delivered: Option<&'a DeliveryFigures>,
    pub(super) template: &'a Template,
    pub(super) cleared: &'a ClearedFigures,
}

/// Cells of the rows of the treating side, by insured and by treating province.
type Margins = [BTreeMap<Province, CellId>; 2];

impl Coverage<'_> {
    fn missing(&self) -> Item {
        Item::text(&self.template.bulletin.missing)
    }

    /// Makes a sheet with one row, which says that there was no delivery.
    fn without(&self, file: &'static str, offered: Vec<&'static str>) -> Draft {
        Draft {
            file,
            rows: vec![DraftRow::from([(offered[0], self.missing())])],
            offered,
            protected: false,
        }
    }

    /// Makes the sheet of delivered and cleared rows by pair.
    pub(super) fn pairs(&self, cells: &mut Cells) -> (Draft, Margins) {
        const DELIVERED: [&str; 2] = ["delivered_treating", "delivered_insured"];
        const RATES: [&str; 2] = ["rate_treating", "rate_insured"];
        let pairs = all_pairs(self.cleared, self.delivered);
        let mut of_sides: [Vec<(Pair, CellId)>; 2] = Default::default();
        let mut rows = Vec::new();
        for pair in pairs {
            let mut row = DraftRow::from([
                ("insured", Item::province(pair.insured)),
                ("treating", Item::province(pair.treating)),
            ]);
            let (cleared, cell) = match self.cleared.pairs.get(&pair) {
                Some((cleared, cell)) => (*cleared, vec![*cell]),
                None => (0, Vec::new()),
            };
            let value = CellValue::Count(cleared.cast_signed());
            row.insert("settlements", Item::of(&cell, value));
            for side in Side::BOTH.map(Side::index) {
                let items = self.delivered.map(|all| {
                    let rows = all.pairs.get(&pair).map_or(0, |rows| rows[side]);
                    let id = cells.count(rows);
                    of_sides[side].push((pair, id));
                    let rate = CellValue::Text(percent(cleared, rows));
                    (Item::cell(id, rows), Item::of(&[cell.as_slice(), &[id]].concat(), rate))
                });
                let (delivered, rate) = items.unwrap_or_else(|| (self.missing(), self.missing()));
                row.insert(DELIVERED[side], delivered);
                row.insert(RATES[side], rate);
            }
            rows.push(row);
        }
        let [treating, insured] = of_sides;
        let margins = [treating, insured].map(|pairs| {
            let margins = margins(pairs.into_iter(), cells);
            for provinces in &margins {
                let national = cells.total(provinces.values().copied().collect());
                cells.publish(national);
            }
            margins
        });
        let [treating, _] = margins;
        let offered = ["insured", "treating", "settlements"]
            .into_iter()
            .chain(DELIVERED)
            .chain(RATES)
            .collect();
        (Draft { file: "pairs", offered, rows, protected: true }, treating)
    }

    /// Makes the sheet of rejected rows by sender.
    pub(super) fn errors(&self) -> Option<Draft> {
        let delivered = self.delivered?;
        let row = |((side, province), rejected): (&(Side, Option<Province>), &RejectedFigures)| {
            let mut row = DraftRow::from([
                ("side", Item::text(chinese(side.name()))),
                ("province", province.map_or_else(|| Item::text(""), Item::province)),
                ("rejected", Item::count(rejected.rows)),
            ]);
            row.extend(rule_names().into_iter().zip(rejected.rules.map(Item::count)));
            row
        };
        let rows = delivered.rejects.iter().map(row).collect();
        let offered = ["side", "province", "rejected"].into_iter().chain(rule_names()).collect();
        Some(Draft { file: "error_provinces", offered, rows, protected: false })
    }

    /// Makes the sheets of institutions, counties and pooling areas with settlements.
    pub(super) fn places(&self, margins: &Margins, cells: &mut Cells) -> [Draft; 2] {
        let institutions = vec!["province", "hospitals", "pharmacies", "counties"];
        let areas = vec!["province", "area", "insured", "treating", "both"];
        match self.delivered {
            None => [self.without("institutions", institutions), self.without("areas", areas)],
            Some(delivered) => [
                self.institutions(delivered, institutions),
                self.areas(delivered, areas, margins, cells),
            ],
        }
    }

    fn institutions(&self, delivered: &DeliveryFigures, offered: Vec<&'static str>) -> Draft {
        let mut total = [0; 3];
        let mut rows = Vec::new();
        let row = |province: Item, [hospitals, pharmacies, counties]: [u128; 3]| {
            DraftRow::from([
                ("province", province),
                ("hospitals", Item::count(hospitals)),
                ("pharmacies", Item::count(pharmacies)),
                ("counties", Item::count(counties)),
            ])
        };
        for (province, codes) in &delivered.institutions {
            let of_kind = |kind: char| codes.iter().filter(|code| code.starts_with(kind)).count();
            let counties = delivered.counties.get(province).map_or(0, BTreeSet::len);
            let counts = [of_kind('H'), of_kind('P'), counties].map(|count| count as u128);
            total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            rows.push(row(Item::province(*province), counts));
        }
        rows.push(row(Item::text(&self.template.total), total));
        Draft { file: "institutions", offered, rows, protected: false }
    }

    fn areas(
        &self,
        delivered: &DeliveryFigures,
        offered: Vec<&'static str>,
        margins: &Margins,
        cells: &mut Cells,
    ) -> Draft {
        const NAMES: [&str; 2] = ["insured", "treating"];
        let mut parts: [BTreeMap<Province, Vec<CellId>>; 2] = Default::default();
        let mut rows = Vec::new();
        let mut total = [0; 2];
        let mut both = 0;
        for ((province, area), sides) in &delivered.areas {
            let mut row = DraftRow::from([
                ("province", Item::province(*province)),
                ("area", Item::text(area)),
            ]);
            for (side, visits) in sides.iter().enumerate() {
                let id = cells.of_persons(visits.rows, visits.persons());
                parts[side].entry(*province).or_default().push(id);
                total[side] += visits.rows;
                row.insert(NAMES[side], Item::cell(id, visits.rows));
            }
            let is_both = sides.iter().all(|visits| visits.rows > 0);
            both += u128::from(is_both);
            row.insert("both", Item::text(if is_both { "是" } else { "否" }));
            rows.push(row);
        }
        // A reader can compute the sum over the areas of a province from its pairs.
        for (parts, margins) in parts.into_iter().zip(margins) {
            for (province, parts) in parts {
                if let Some(margin) = margins.get(&province) {
                    cells.sum(parts, *margin);
                }
            }
        }
        let mut last = DraftRow::from([
            ("province", Item::text(&self.template.total)),
            ("both", Item::count(both)),
        ]);
        last.extend(NAMES.into_iter().zip(total.map(Item::count)));
        rows.push(last);
        Draft { file: "areas", offered, rows, protected: true }
    }
}
