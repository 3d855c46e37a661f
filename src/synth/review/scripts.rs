//! The scripts of all rules, and how often each is played.

use super::{
    filed,
    filing::{Filing, PlannedFiling},
    land::ReviewLand,
    paid,
    person::ReviewPerson,
    places,
    scene::{Cast, Scene},
    stays, visits,
};

/// Plays one variant of a rule.
type Script = fn(&mut Scene<'_>, u64);

/// Each rule: its variants, how many of its scenes one is played for, and the script. Scenes of institutions have
/// hundreds of settlements, so fewer are played.
const SCRIPTS: [(&str, u64, u64, Script); 29] = [
    ("BEH-01", 8, 1, stays::overlapping),
    ("BEH-02", 8, 1, stays::split),
    ("BEH-03", 6, 1, stays::frequent),
    ("BEH-04", 6, 1, stays::away),
    ("BEH-05", 5, 5, stays::short),
    ("BEH-06", 7, 1, visits::two_provinces),
    ("BEH-07", 6, 1, visits::same_day),
    ("BEH-08", 4, 1, visits::often),
    ("BEH-09", 3, 1, visits::buys_often),
    ("BEH-10", 4, 1, visits::many_pharmacies),
    ("BEH-11", 7, 2, visits::companions),
    ("BEH-12", 5, 5, places::surge),
    ("BEH-13", 4, 5, places::burst),
    ("BEH-14", 6, 40, places::unlike),
    ("BEH-15", 5, 2, stays::below_limit),
    ("BEH-16", 5, 20, places::reversals),
    ("BEH-17", 6, 1, visits::chronic),
    ("BEH-18", 5, 1, visits::one_medium),
    ("BEH-19", 6, 20, places::accounts),
    ("BEN-01", 10, 1, paid::amount),
    ("BEN-02", 8, 1, paid::deductible),
    ("BEN-03", 7, 1, paid::class),
    ("BEN-04", 4, 1, paid::cap),
    ("BEN-05", 5, 1, paid::nothing_due),
    ("BEN-06", 3, 1, paid::diseases),
    ("FIL-01", 13, 1, filed::missing),
    ("FIL-02", 8, 1, filed::late),
    ("FIL-03", 9, 1, filed::elsewhere),
    ("FIL-04", 7, 1, filed::two_homes),
];

/// Plays `scenes` scenes of each rule, and each variant at least once.
pub(super) fn play(land: &mut ReviewLand, scenes: u64) -> Cast {
    let mut cast = Cast::default();
    // Every province has a filing: without any the class of its settlements would be unknown.
    for province in 0..32 {
        let home = land.homes(province)[0];
        let who = ReviewPerson {
            home,
            division: land.number(home),
            number: ReviewPerson::spread(8_999_999_000 + province as u64),
            employee: false,
            retired: false,
            hash: 0,
        };
        let place = land.number(land.homes((province + 1) % 32)[0]);
        cast.filings.push(Filing::new(&who, place, PlannedFiling::LongTerm, land.span()));
    }
    for ((_, variants, one_for, script), rule) in SCRIPTS.into_iter().zip(0..) {
        for number in 0..(scenes / one_for).max(variants) {
            script(&mut Scene::new(land, &mut cast, rule, number), number % variants);
        }
    }
    cast
}
