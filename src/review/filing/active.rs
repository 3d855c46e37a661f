//! The filings that are in force on a day.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Filing, FilingKind,
    place::{DivisionPlace, FilingReach},
};

/// Filings of one reach.
#[derive(Debug, Default)]
struct ReachFilings {
    /// How many there are of each type.
    kinds: [u32; KINDS],
    /// How many were made at each time. An empty time is before all.
    made: BTreeMap<i64, u32>,
}

/// The types of [`FilingKind`], then others, then unknown ones.
const KINDS: usize = 5;
const UNKNOWN: usize = KINDS - 1;

fn kind_of(filing: &Filing<'_>) -> usize {
    let other = if filing.unknown_kind.is_some() { UNKNOWN } else { UNKNOWN - 1 };
    filing.kind.map_or(other, |kind| kind as usize)
}

/// The time in the order of times.
fn made(filing: &Filing<'_>) -> i64 {
    filing.made.unwrap_or(i64::MIN)
}

/// What fits a settlement: the filings to its place and those to its whole province.
#[derive(Debug, Default)]
pub(super) struct FittingFilings {
    has: [bool; KINDS],
    first_made: Option<i64>,
}

/// The filings of a person and an insured province that are in force.
#[derive(Debug, Default)]
pub(super) struct ActiveFilings<'a> {
    by_reach: BTreeMap<FilingReach, ReachFilings>,
    /// How many there are of each division, as it stands in the filing.
    divisions: BTreeMap<&'a str, u32>,
    /// How many long-term filings there are of each reach.
    long: BTreeMap<FilingReach, u32>,
    /// For each province of long-term filings: how many reaches they have, and how many of these are places.
    provinces: BTreeMap<usize, [u32; 2]>,
    /// In how many provinces there are two places or more.
    divided: u32,
    /// Long-term filings whose contradiction nobody has told yet: those to whole provinces, and to places.
    untold: [BTreeSet<(usize, &'a str)>; 2],
}

/// Adds one to a count, or takes one away; returns whether the count began or ended.
fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, adds: bool) -> bool {
    if adds {
        let count = counts.entry(key).or_default();
        *count += 1;
        return *count == 1;
    }
    let count = counts.get_mut(&key).expect("Invariant: what ends was counted");
    *count -= 1;
    let is_over = *count == 0;
    if is_over {
        counts.remove(&key);
    }
    is_over
}

impl<'a> ActiveFilings<'a> {
    /// Adds a filing, which has a number.
    pub(super) fn add(&mut self, number: usize, filing: &'a Filing<'a>) {
        self.change(number, filing, true);
    }

    /// Takes a filing away.
    pub(super) fn remove(&mut self, number: usize, filing: &'a Filing<'a>) {
        self.change(number, filing, false);
    }

    fn change(&mut self, number: usize, filing: &'a Filing<'a>, adds: bool) {
        let reach = FilingReach::of(filing.place).expect("Invariant: the reader checks divisions");
        count(&mut self.divisions, filing.place, adds);
        let of_reach = self.by_reach.entry(reach).or_default();
        let of_kind = &mut of_reach.kinds[kind_of(filing)];
        *of_kind = if adds { *of_kind + 1 } else { *of_kind - 1 };
        count(&mut of_reach.made, made(filing), adds);
        if of_reach.made.is_empty() {
            self.by_reach.remove(&reach);
        }
        if filing.kind != Some(FilingKind::LongTerm) {
            return;
        }
        let is_place = matches!(reach, FilingReach::Of(_));
        let untold = &mut self.untold[usize::from(is_place)];
        if adds {
            untold.insert((number, filing.place));
        } else {
            untold.remove(&(number, filing.place));
        }
        if count(&mut self.long, reach, adds) {
            self.change_reach(reach, is_place, adds);
        }
    }

    /// Counts a reach that long-term filings have now, or have no more.
    fn change_reach(&mut self, reach: FilingReach, is_place: bool, adds: bool) {
        let (FilingReach::All(province) | FilingReach::Of(DivisionPlace { province, .. })) = reach;
        let [reaches, places] = self.provinces.entry(province.index()).or_default();
        let was_divided = *places > 1;
        if adds {
            *reaches += 1;
            *places += u32::from(is_place);
        } else {
            *reaches -= 1;
            *places -= u32::from(is_place);
        }
        let is_divided = *places > 1;
        self.divided = self.divided + u32::from(is_divided) - u32::from(was_divided);
        if *reaches == 0 {
            self.provinces.remove(&province.index());
        }
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        !self.divisions.is_empty()
    }

    /// Returns the divisions that they are filed to, with commas.
    pub(super) fn places(&self) -> String {
        self.divisions.keys().copied().collect::<Vec<_>>().join(",")
    }

    /// Returns what fits a place.
    pub(super) fn fitting(&self, place: DivisionPlace) -> FittingFilings {
        let mut summary = FittingFilings::default();
        for reach in [FilingReach::All(place.province), FilingReach::Of(place)] {
            let Some(found) = self.by_reach.get(&reach) else { continue };
            for (has, count) in summary.has.iter_mut().zip(found.kinds) {
                *has |= count > 0;
            }
            let first = found.made.first_key_value().map(|(made, _)| *made);
            summary.first_made = summary.first_made.into_iter().chain(first).min();
        }
        summary
    }

    /// Whether two long-term filings are there, neither of which reaches the place of the other.
    pub(super) fn contradict(&self) -> bool {
        self.provinces.len() > 1 || self.divided > 0
    }

    /// Adds the places of the filings that contradict each other, but for those that were added before.
    pub(super) fn take_places(&mut self, places: &mut BTreeSet<DivisionPlace>) {
        let [whole, of_places] = &mut self.untold;
        let taken = std::mem::take(of_places).into_iter();
        // A filing to a whole province reaches every place of it, so it contradicts those of other provinces alone.
        let is_far = self.provinces.len() > 1;
        let taken = taken.chain(std::mem::take(if is_far { whole } else { of_places }));
        places.extend(taken.filter_map(|(_, division)| DivisionPlace::of(division)));
    }
}

impl FittingFilings {
    /// Takes a filing that fits.
    pub(super) fn take(&mut self, filing: &Filing<'_>) {
        self.has[kind_of(filing)] = true;
        self.first_made = self.first_made.into_iter().chain([made(filing)]).min();
    }

    /// Whether one of a type fits.
    pub(super) fn has(&self, kind: FilingKind) -> bool {
        self.has[kind as usize]
    }

    /// Whether one of an unknown type fits.
    pub(super) fn has_unknown(&self) -> bool {
        self.has[UNKNOWN]
    }

    /// Returns when the first one was made; an empty time is before all.
    pub(super) fn first_made(&self) -> Option<i64> {
        self.first_made
    }
}
