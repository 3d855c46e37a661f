//! Coverage of the network of institutions, next to the targets of official notices.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, DraftRow, Item, percent};
use crate::{
    contract::registry::Institution,
    model::{
        codes::{CareClass, Month, Province},
        dates::parse_day,
        words::chinese,
    },
    statements::{Target, Template},
};

/// The counties of a place, and the counties with a networked institution for each care class.
#[derive(Debug, Default)]
struct Counties<'a> {
    all: BTreeSet<&'a str>,
    networked: BTreeMap<CareClass, BTreeSet<&'a str>>,
}

impl<'a> Counties<'a> {
    fn add(&mut self, institution: &'a Institution, period: Month) {
        self.all.insert(&institution.county);
        if institution.opened_on.is_some_and(|day| day <= period.last_day()) {
            for care in &institution.care_classes {
                self.networked.entry(*care).or_default().insert(&institution.county);
            }
        }
    }

    fn networked(&self, care: CareClass) -> u128 {
        self.networked.get(&care).map_or(0, |counties| counties.len() as u128)
    }

    fn share(&self, care: CareClass) -> String {
        percent(self.networked(care), self.all.len() as u128)
    }
}

/// Makes the sheets of the registry; without a registry, a sheet that says so.
pub(super) fn drafts(
    registry: Option<&[Institution]>,
    period: Month,
    template: &Template,
) -> Vec<Draft> {
    let mut nation = Counties::default();
    let mut provinces: BTreeMap<Province, Counties> = BTreeMap::new();
    for institution in registry.unwrap_or_default() {
        nation.add(institution, period);
        provinces.entry(institution.province).or_default().add(institution, period);
    }
    let of_care = |care: CareClass| target_row(&nation, care, period, template);
    let mut rows: Vec<DraftRow> = CareClass::ALL.into_iter().map(of_care).collect();
    if registry.is_none() {
        rows = vec![DraftRow::from([("care", Item::text(&template.bulletin.missing))])];
    }
    let offered =
        vec!["care", "counties", "networked", "share", "target", "by", "reached", "source"];
    let targets = Draft { file: "targets", offered, rows, protected: false };
    if registry.is_none() {
        return vec![targets];
    }
    let province_row = |(province, counties): (&Province, &Counties)| {
        let mut row = DraftRow::from([
            ("province", Item::province(*province)),
            ("counties", Item::count(counties.all.len() as u128)),
        ]);
        row.extend(CareClass::ALL.map(|care| (care.name(), Item::text(counties.share(care)))));
        row
    };
    let rows = provinces.iter().map(province_row).collect();
    let offered = ["province", "counties"].into_iter().chain(CareClass::ALL.map(CareClass::name));
    let networks = Draft { file: "networks", offered: offered.collect(), rows, protected: false };
    vec![targets, networks]
}

fn target_row(nation: &Counties, care: CareClass, period: Month, template: &Template) -> DraftRow {
    let (all, networked) = (nation.all.len() as u128, nation.networked(care));
    let mut row = DraftRow::from([
        ("care", Item::text(chinese(care.name()))),
        ("counties", Item::count(all)),
        ("networked", Item::count(networked)),
        ("share", Item::text(nation.share(care))),
    ]);
    if let Some(target) = target(&template.bulletin.targets, care, period) {
        let reached = networked * 100 >= all * u128::from(target.percent) && all > 0;
        row.extend([
            ("target", Item::text(format!("{}%", target.percent))),
            ("by", Item::text(&target.by)),
            ("reached", Item::text(if reached { "是" } else { "否" })),
            ("source", Item::text(&target.source)),
        ]);
    }
    row
}

/// Returns the target that applies: the latest target whose day has come, else the next one.
fn target(targets: &[Target], care: CareClass, period: Month) -> Option<&Target> {
    let of_care = || {
        let of_care = targets.iter().filter(move |target| target.care == care);
        of_care.filter_map(|target| Some((parse_day(&target.by)?, target)))
    };
    let due = of_care().filter(|(by, _)| *by <= period.last_day()).max_by_key(|(by, _)| *by);
    let next = || of_care().min_by_key(|(by, _)| *by);
    due.or_else(next).map(|(_, target)| target)
}
