//! The sheets of a month that need only its tables.

use super::{
    cells::{CellId, Cells},
    cleared::ClearedFigures,
    coverage::Coverage,
    delivered::{DeliveryFigures, RULES, rule_names},
    draft::{Draft, DraftRow, Item, lateness, percent},
    media, system_errors,
};
use std::collections::BTreeMap;

use crate::{
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow as TableRow},
    },
    diag::{Failure, Outcome},
    model::{
        codes::{Month, Pair, Province, Side},
        control::Class,
        money::FenSum,
        words::chinese,
    },
    statements::{CellValue, Template},
};

/// Cells of national counts that sentences say.
#[derive(Debug)]
pub(super) struct SaidCells {
    /// Cleared settlements, over all provinces, and of each insured and treating province.
    pub(super) cleared: CellId,
    pub(super) provinces: [BTreeMap<Province, CellId>; 2],
    /// Carried breaks.
    pub(super) carried: CellId,
    /// Breaks that were refused as late or expired.
    pub(super) too_late: [CellId; 2],
}

/// Makes the sheets of a month, after the months before it, and names the cells that sentences say.
pub(super) fn drafts(
    (closed, before): (&ClosedPeriod, &[ClosedPeriod]),
    delivered: Option<&DeliveryFigures>,
    template: &Template,
    cells: &mut Cells,
) -> Outcome<(Vec<Draft>, SaidCells)> {
    let cleared = ClearedFigures::read(closed, cells)?;
    let positions = closed.table("positions")?;
    let breaks = closed.table("breaks")?;
    let coverage = Coverage { delivered, template, cleared: &cleared };
    let mut drafts =
        vec![volumes(&positions, &cleared, template)?, sides(&closed.table("control")?)];
    let (pairs, margins) = coverage.pairs(cells);
    drafts.push(pairs);
    drafts.push(errors(&closed.table("rejects")?, template));
    drafts.extend(coverage.errors());
    let classes = Classes::of(&breaks, cells)?;
    drafts.push(late(closed.month, &positions, &breaks, &classes, (cells, template)));
    drafts.extend(classes.drafts(template));
    drafts.extend(coverage.places(&margins, cells));
    let last = before.first().filter(|last| last.month.plus(1) == closed.month);
    drafts.extend(system_errors::drafts(closed, last, template)?);
    drafts.push(media::draft(closed, before, &cleared, (cells, template))?);
    let of = |class: Class| classes.totals[class.name()];
    let carried = Class::ALL.into_iter().filter(|class| class.is_carried()).map(of).collect();
    let said = SaidCells {
        carried: cells.total(carried),
        too_late: [Class::LateRefused, Class::Expired].map(of),
        cleared: cleared.national,
        provinces: cleared.provinces,
    };
    Ok((drafts, said))
}

/// Returns the pair of a row; every row of these tables has one.
fn pair_of(row: &TableRow) -> Outcome<Pair> {
    let table = row.grid().spec.name;
    row.pair().ok_or_else(|| {
        Failure::Book(text!("the book is damaged: {} names a province that does not exist", table))
    })
}

/// Makes the sheet of cleared volumes by province: of persons insured there, and of persons treated there.
fn volumes(positions: &Grid, cleared: &ClearedFigures, template: &Template) -> Outcome<Draft> {
    const COLUMNS: [&str; 3] = ["visits", "medfee_sumamt", "fund_pay_sumamt"];
    const NAMES: [[&str; 3]; 2] = [
        ["insured_visits", "insured_cost", "insured_fund"],
        ["treating_visits", "treating_cost", "treating_fund"],
    ];
    let mut sums: BTreeMap<Province, [[i128; 3]; 2]> = BTreeMap::new();
    let mut national = [0; 3];
    for row in positions.iter() {
        let pair = pair_of(&row)?;
        let values = COLUMNS.map(|column| row.number(column));
        let add = |sums: &mut [i128; 3]| sums.iter_mut().zip(values).for_each(|(s, v)| *s += v);
        add(&mut sums.entry(pair.insured).or_default()[0]);
        add(&mut sums.entry(pair.treating).or_default()[1]);
        add(&mut national);
    }
    let values = |side: usize, sums: [i128; 3], cell: Option<&CellId>| {
        let cells: Vec<CellId> = cell.copied().into_iter().collect();
        let value = |at: usize, sum| match at {
            0 => CellValue::Count(sum),
            _ => CellValue::Money(FenSum::new(sum)),
        };
        let item =
            move |(at, sum): (usize, i128)| (NAMES[side][at], Item::of(&cells, value(at, sum)));
        sums.into_iter().enumerate().map(item).collect::<Vec<_>>()
    };
    let mut rows: Vec<DraftRow> = Vec::new();
    for (province, sides) in sums {
        let mut row = DraftRow::from([("province", Item::province(province))]);
        for (side, sums) in sides.into_iter().enumerate() {
            row.extend(values(side, sums, cleared.provinces[side].get(&province)));
        }
        rows.push(row);
    }
    let mut total = DraftRow::from([("province", Item::text(&template.total))]);
    (0..2).for_each(|side| total.extend(values(side, national, Some(&cleared.national))));
    rows.push(total);
    let offered = ["province"].into_iter().chain(NAMES.into_iter().flatten()).collect();
    Ok(Draft { file: "volumes", offered, rows, protected: true })
}

/// Makes the sheet of the control table: the buckets of each side.
fn sides(control: &Grid) -> Draft {
    let rows = Side::BOTH.map(|side| {
        let of_side = || control.iter().filter(move |row| row.text("side") == side.name());
        let rows = |bucket: &str| {
            let row = of_side().find(|row| row.text("bucket") == bucket);
            row.map_or(0, |row| row.number("rows").unsigned_abs())
        };
        let broken: u128 = Class::ALL.into_iter().map(|class| rows(class.name())).sum();
        let (delivered, opened, cleared) = (rows("delivered"), rows("opened"), rows("cleared"));
        DraftRow::from([
            ("side", Item::text(chinese(side.name()))),
            ("delivered", Item::count(delivered)),
            ("opened", Item::count(opened)),
            ("rejected", Item::count(rows("rejected"))),
            ("broken", Item::count(broken)),
            ("cleared", Item::count(cleared)),
            ("rate", Item::text(percent(cleared, delivered + opened))),
        ])
    });
    let offered = vec!["side", "delivered", "opened", "rejected", "broken", "cleared", "rate"];
    Draft { file: "sides", offered, rows: rows.into(), protected: false }
}

/// Makes the sheet of rejected rows by file.
fn errors(rejects: &Grid, template: &Template) -> Draft {
    let mut files: BTreeMap<(&str, &str), (u128, [u128; RULES])> = BTreeMap::new();
    let mut total = (0, [0; RULES]);
    for row in rejects.iter() {
        let of_file = files.entry((row.text("side"), row.text("file"))).or_default();
        for sums in [of_file, &mut total] {
            sums.0 += 1;
            for rule in row.text("rules").split(',') {
                if let Some(at) = rule_names().iter().position(|name| *name == rule) {
                    sums.1[at] += 1;
                }
            }
        }
    }
    let row = |side: &str, file: &str, (rows, rules): (u128, [u128; RULES])| {
        let mut row = DraftRow::from([
            ("side", Item::text(chinese(side))),
            ("file", Item::text(file)),
            ("rejected", Item::count(rows)),
        ]);
        row.extend(rule_names().into_iter().zip(rules.map(Item::count)));
        row
    };
    let mut rows: Vec<DraftRow> =
        files.into_iter().map(|((side, file), sums)| row(side, file, sums)).collect();
    rows.push(row(&template.total, "", total));
    let offered = ["side", "file", "rejected"].into_iter().chain(rule_names()).collect();
    Draft { file: "errors", offered, rows, protected: false }
}

/// Makes the sheet of late settlements and copies by months of lateness.
fn late(
    period: Month,
    positions: &Grid,
    breaks: &Grid,
    classes: &Classes,
    (cells, template): (&mut Cells, &Template),
) -> Draft {
    const NAMES: [&str; 4] = ["visits", "carried", "late_refused", "expired"];
    let mut months: BTreeMap<i32, ([i128; 4], FenSum)> = BTreeMap::new();
    for row in positions.iter() {
        let sums = months.entry(lateness(period, row.month("cost_month"))).or_default();
        sums.0[0] += row.number("visits");
        sums.1 += row.fen("payable");
    }
    for row in breaks.iter() {
        let months_late = i32::try_from(row.number("lateness")).unwrap_or(i32::MAX);
        let sums = months.entry(months_late).or_default();
        let class = row.text("class");
        sums.0[1] += i128::from(row.flag("carried") == Some(true));
        sums.0[2] += i128::from(class == "late_refused");
        sums.0[3] += i128::from(class == "expired");
    }
    months.retain(|months_late, _| *months_late > 0);
    let mut parts: [Vec<CellId>; 4] = Default::default();
    let mut rows = Vec::new();
    let mut total = ([0; 4], FenSum::ZERO);
    for (months_late, (counts, payable)) in months {
        let ids = counts.map(|count| cells.count(count.unsigned_abs()));
        parts.iter_mut().zip(ids).for_each(|(parts, id)| parts.push(id));
        total.0.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        total.1 += payable;
        let lateness = Item::text(months_late.to_string());
        rows.push(late_row(lateness, NAMES, counts, ids, payable));
    }
    let mut ids = [0; 4];
    for ((at, parts), count) in parts.into_iter().enumerate().zip(total.0) {
        // The sheet of breaks has the sums of classes too, so both use the same cell.
        ids[at] = match classes.totals.get(NAMES[at]) {
            Some(total) => *total,
            None => cells.count(count.unsigned_abs()),
        };
        cells.sum(parts, ids[at]);
    }
    rows.push(late_row(Item::text(&template.total), NAMES, total.0, ids, total.1));
    let offered = ["lateness", "payable"].into_iter().chain(NAMES).collect();
    Draft { file: "late", offered, rows, protected: true }
}

fn late_row(
    lateness: Item,
    names: [&'static str; 4],
    counts: [i128; 4],
    ids: [CellId; 4],
    payable: FenSum,
) -> DraftRow {
    let mut row = DraftRow::from([
        ("lateness", lateness),
        ("payable", Item::of(&ids[..1], CellValue::Money(payable))),
    ]);
    let items =
        ids.into_iter().zip(counts).map(|(id, count)| Item::of(&[id], CellValue::Count(count)));
    row.extend(names.into_iter().zip(items));
    row
}

/// Breaks of a province by class with their cells, and the cell of their sum.
type OfProvince = (BTreeMap<&'static str, (u128, CellId)>, CellId);

/// Breaks by class and province.
struct Classes {
    /// The breaks of provinces as treating places, and as insured places.
    provinces: [BTreeMap<Province, OfProvince>; 2],
    /// Cells of the sums by class.
    totals: BTreeMap<&'static str, CellId>,
    /// All breaks by class.
    counts: BTreeMap<&'static str, u128>,
    national: CellId,
}

impl Classes {
    fn of(breaks: &Grid, cells: &mut Cells) -> Outcome<Classes> {
        let mut counts: [BTreeMap<Province, BTreeMap<&'static str, u128>>; 2] = Default::default();
        for row in breaks.iter() {
            let pair = pair_of(&row)?;
            let class = Class::ALL.into_iter().map(Class::name).find(|n| *n == row.text("class"));
            let Some(class) = class else { continue };
            for (side, province) in [pair.treating, pair.insured].into_iter().enumerate() {
                let of_province = counts[side].entry(province).or_default();
                *of_province.entry(class).or_default() += 1;
            }
        }
        let provinces = counts.map(|of_side| {
            let with_cells = |(province, classes): (Province, BTreeMap<&'static str, u128>)| {
                let classes: BTreeMap<&'static str, (u128, CellId)> =
                    classes.into_iter().map(|(class, n)| (class, (n, cells.count(n)))).collect();
                let total = cells.total(classes.values().map(|(_, id)| *id).collect());
                (province, (classes, total))
            };
            of_side.into_iter().map(with_cells).collect::<BTreeMap<_, _>>()
        });
        let (mut totals, mut all) = (BTreeMap::new(), BTreeMap::new());
        for class in Class::ALL.into_iter().map(Class::name) {
            let of_class = |side: usize| {
                let classes =
                    provinces[side].values().filter_map(|(classes, _)| classes.get(class));
                classes.copied().unzip::<u128, CellId, Vec<u128>, Vec<CellId>>()
            };
            let [(counts, treating), (_, insured)] = [of_class(0), of_class(1)];
            let total = cells.total(treating);
            cells.sum(insured, total);
            totals.insert(class, total);
            all.insert(class, counts.iter().sum());
        }
        let national = cells.total(totals.values().copied().collect());
        for side in &provinces {
            cells.sum(side.values().map(|(_, total)| *total).collect(), national);
        }
        Ok(Classes { provinces, totals, counts: all, national })
    }

    fn drafts(&self, template: &Template) -> [Draft; 2] {
        let names = || Class::ALL.into_iter().map(Class::name);
        let draft = |side: usize, file: &'static str| {
            let row = |(province, (classes, total)): (&Province, &OfProvince)| {
                let mut row = DraftRow::from([("province", Item::province(*province))]);
                row.extend(names().map(|class| match classes.get(class) {
                    Some((count, id)) => (class, Item::cell(*id, *count)),
                    None => (class, Item::count(0)),
                }));
                let all = classes.values().map(|(count, _)| count).sum();
                row.insert("total", Item::cell(*total, all));
                row
            };
            let mut rows: Vec<DraftRow> = self.provinces[side].iter().map(row).collect();
            let mut last = DraftRow::from([("province", Item::text(&template.total))]);
            last.extend(names().map(|c| (c, Item::cell(self.totals[c], self.counts[c]))));
            last.insert("total", Item::cell(self.national, self.counts.values().sum()));
            rows.push(last);
            let offered = ["province", "total"].into_iter().chain(names()).collect();
            Draft { file, offered, rows, protected: true }
        };
        [draft(0, "breaks_treating"), draft(1, "breaks_insured")]
    }
}
