//! What the nation has of a month: the copies of both provinces, with planted differences.

use std::{cmp::Reverse, collections::BTreeMap};

use rayon::prelude::*;

use crate::model::{
    codes::{Month, Side},
    fields::amount::{ACCOUNT, FUND, MEDFEE},
};

use super::{
    super::{
        alter::break_rule,
        draw::{Draw, below, hash_at},
        geography::{pair_index, pair_of},
        life::{Family, Fate, LAST_DELIVERY},
        plan::plan,
        rates::{NationalRates, choice, within},
        row::{SyntheticId, SyntheticRow},
        world::{BirthStream, World},
    },
    classes::{class, differ, is_valid},
};

/// What the nation has of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NationFate {
    /// What the treating province has, else what the insured province has.
    Equal,
    /// What the insured province has.
    LikeInsured,
    Lacks,
    Differs,
    Repeats,
    /// A row that breaks a rule.
    Rejected,
    /// A first attempt beside it, under a number that nobody else knows.
    Alone,
}

/// A treating province that does not reach the nation for some hours.
#[derive(Debug, Clone, Copy)]
pub(super) struct SynthOutage {
    treating: usize,
    from: i64,
    to: i64,
}

impl SynthOutage {
    pub(super) const fn has(&self, treating: usize, time: i64) -> bool {
        self.treating == treating && self.from <= time && time < self.to
    }
}

/// The nation in a period.
pub(in crate::synth) struct Nation<'w> {
    world: &'w World<'w>,
    rates: &'w NationalRates,
    period: Month,
    outages: Vec<SynthOutage>,
    /// The fates that are there however small the month is, by hash of the settlement and member of its family.
    certain: BTreeMap<(u64, usize), NationFate>,
}

/// The valid copies of a settlement in a period.
#[derive(Default)]
struct MemberCopies {
    treating: Vec<SyntheticRow>,
    insured: Vec<SyntheticRow>,
}

/// Number of a draw that no other draw of a settlement has.
const NATION: u64 = 0x4E_A710;
/// Origin of a first attempt that the nation alone has.
const ATTEMPT: u8 = 80;

impl<'w> Nation<'w> {
    /// Makes the nation of a period.
    pub(super) fn new(world: &'w World<'w>, rates: &'w NationalRates, period: Month) -> Nation<'w> {
        let outages = outages(world, rates, period);
        let mut nation = Nation { world, rates, period, outages, certain: BTreeMap::new() };
        nation.certain = nation.certain();
        nation
    }

    /// Returns the period.
    pub(super) const fn period(&self) -> Month {
        self.period
    }

    /// Returns the outages.
    pub(super) fn outages(&self) -> &[SynthOutage] {
        &self.outages
    }

    /// Returns the copies of an ordinary settlement.
    pub(in crate::synth) fn of_ordinary(
        &self,
        stream: &BirthStream,
        hash: u64,
        row: &SyntheticRow,
    ) -> [Option<SyntheticRow>; 2] {
        self.copies(self.fate(stream, hash, row.time), stream, hash, row)
    }

    /// Returns the copies of a planted family.
    pub(in crate::synth) fn of_family(
        &self,
        stream: &BirthStream,
        hash: u64,
        family: &Family,
    ) -> Vec<SyntheticRow> {
        let members = 0..family.members.len();
        let copies = members.flat_map(|member| {
            let there = self.there(family, member);
            self.of_member(stream, hash, member, &there)
        });
        copies.flatten().collect()
    }

    /// Returns the settlements treated in a province that do not agree, with their class, in a fixed order.
    pub(super) fn truth(&self, treating: usize) -> Vec<(SyntheticId, &'static str)> {
        let mut truth = Vec::new();
        for stream in (0..=LAST_DELIVERY).flat_map(|after| self.streams(treating, after)) {
            for index in 0..stream.count {
                let hash = stream.hash(index);
                match self.world.fate(hash) {
                    None if stream.birth == self.period => {
                        self.ordinary_truth(&stream, index, hash, &mut truth);
                    }
                    None | Some(Fate::Late(_)) => {}
                    Some(fate) => {
                        let family = plan(self.world, &stream, index, fate);
                        self.family_truth(&stream, hash, &family, &mut truth);
                    }
                }
            }
        }
        truth
    }

    fn ordinary_truth(
        &self,
        stream: &BirthStream,
        index: u64,
        hash: u64,
        truth: &mut Vec<(SyntheticId, &'static str)>,
    ) {
        let time = self.world.time(stream.birth, stream, index);
        let fate = self.fate(stream, hash, time);
        if fate == NationFate::Equal {
            return;
        }
        let row = self.world.row(stream, index, 0, time);
        let copies = self.copies(fate, stream, hash, &row).into_iter().flatten();
        let (own, alone): (Vec<SyntheticRow>, Vec<SyntheticRow>) =
            copies.filter(|copy| is_valid(self.world, copy)).partition(|copy| copy.id == row.id);
        truth.extend(class(&[row], &own, &[row]).map(|class| (row.id, class)));
        truth.extend(alone.iter().map(|copy| (copy.id, "national_only")));
    }

    fn family_truth(
        &self,
        stream: &BirthStream,
        hash: u64,
        family: &Family,
        truth: &mut Vec<(SyntheticId, &'static str)>,
    ) {
        for (member, id) in family.members.iter().enumerate() {
            let there = self.there(family, member);
            let national = self.of_member(stream, hash, member, &there).into_iter().flatten();
            let national: Vec<SyntheticRow> =
                national.filter(|copy| is_valid(self.world, copy)).collect();
            let class = class(&there.treating, &national, &there.insured);
            truth.extend(class.map(|class| (*id, class)));
        }
    }

    /// Returns the valid copies of a member in this period, none when it is a settlement of another month.
    fn there(&self, family: &Family, member: usize) -> MemberCopies {
        let after = self.period.since(family.birth);
        let of = |side: Side| -> Vec<SyntheticRow> {
            let mine = family.deliveries.iter();
            let mine =
                mine.filter(|copy| (copy.member, copy.after, copy.side) == (member, after, side));
            mine.map(|copy| copy.row).filter(|row| is_valid(self.world, row)).collect()
        };
        let copies = MemberCopies { treating: of(Side::Treating), insured: of(Side::Insured) };
        let chosen = [&copies.treating, &copies.insured].into_iter().find(|rows| !rows.is_empty());
        let first = chosen.and_then(|rows| rows.iter().map(|row| row.time).min());
        match first {
            Some(time) if Month::of_day(time.div_euclid(86_400)) == self.period => copies,
            _ => MemberCopies::default(),
        }
    }

    fn of_member(
        &self,
        stream: &BirthStream,
        hash: u64,
        member: usize,
        there: &MemberCopies,
    ) -> [Option<SyntheticRow>; 2] {
        let (treating, insured) = (there.treating.first(), there.insured.first());
        let Some(row) = treating.or(insured) else { return [None; 2] };
        let own = hash_at(hash, NATION + 1 + member as u64);
        let NationalRates { one_sided_lacks, one_sided_differs, .. } = *self.rates;
        let NationalRates { unlike_lacks, unlike_differs, unlike_insured, .. } = *self.rates;
        let drawn = || match there.kind() {
            None => self.drawn(own),
            Some(CopyKind::Unlike) => {
                let choices = [
                    (NationFate::Lacks, unlike_lacks),
                    (NationFate::Differs, unlike_differs),
                    (NationFate::LikeInsured, unlike_insured),
                ];
                choice(own, &choices, NationFate::Equal)
            }
            Some(_) => {
                let choices = [
                    (NationFate::Lacks, one_sided_lacks),
                    (NationFate::Differs, one_sided_differs),
                ];
                choice(own, &choices, NationFate::Equal)
            }
        };
        let fate = match self.certain.get(&(hash, member)).copied().unwrap_or_else(drawn) {
            // Reversals would take the number of the attempt at their original.
            NationFate::Alone => NationFate::Equal,
            fate => fate,
        };
        let row = insured.filter(|_| fate == NationFate::LikeInsured).unwrap_or(row);
        self.copies(fate, stream, own, row)
    }

    /// Returns the fate of an ordinary settlement.
    fn fate(&self, stream: &BirthStream, hash: u64, time: i64) -> NationFate {
        if let Some(fate) = self.certain.get(&(hash, 0)) {
            return *fate;
        }
        let own = hash_at(hash, NATION);
        let out = |outage: &SynthOutage| outage.has(stream.pair % 32, time);
        if self.outages.iter().any(out) && within(own.rotate_left(32), self.rates.outage_lacks) {
            return NationFate::Lacks;
        }
        self.drawn(own)
    }

    fn drawn(&self, own: u64) -> NationFate {
        let NationalRates { lacks, differs, repeats, rejected, alone, .. } = *self.rates;
        let choices = [
            (NationFate::Lacks, lacks),
            (NationFate::Differs, differs),
            (NationFate::Repeats, repeats),
            (NationFate::Rejected, rejected),
            (NationFate::Alone, alone),
        ];
        choice(own, &choices, NationFate::Equal)
    }

    fn copies(
        &self,
        fate: NationFate,
        stream: &BirthStream,
        hash: u64,
        row: &SyntheticRow,
    ) -> [Option<SyntheticRow>; 2] {
        match fate {
            NationFate::Equal | NationFate::LikeInsured => [Some(*row), None],
            NationFate::Lacks => [None; 2],
            NationFate::Differs => [Some(unlike(row, hash)), None],
            NationFate::Repeats => [Some(*row); 2],
            NationFate::Rejected => {
                let mut draw = Draw::new(hash);
                let rule = [2, 3, 15][usize::try_from(draw.below(3)).unwrap_or_default()];
                [Some(break_rule(self.world, stream, row, rule, draw.bits())), None]
            }
            NationFate::Alone => {
                let id = SyntheticId { origin: ATTEMPT, ..row.id };
                [Some(*row), Some(SyntheticRow { id, ..*row })]
            }
        }
    }

    /// Returns the births of a period, so many before this one, that a province treats.
    fn streams(&self, treating: usize, after: i32) -> impl Iterator<Item = BirthStream> {
        let birth = self.period.plus(-after);
        let pairs = (0..32).map(move |insured| pair_index(insured, treating));
        let pairs = pairs.filter(move |pair| birth >= self.world.first && pair_of(*pair).is_some());
        pairs.map(move |pair| self.world.stream(birth, pair))
    }

    /// Plants each fate once: on the first settlements of the largest pairs, and on the first ones that one province
    /// lacks or that differ.
    fn certain(&self) -> BTreeMap<(u64, usize), NationFate> {
        use NationFate::{Alone, Differs, Equal, Lacks, LikeInsured, Rejected, Repeats};
        let births = self.world.births(self.period);
        let mut largest: Vec<usize> = (0..births.len()).filter(|pair| births[*pair] > 0).collect();
        largest.sort_by_key(|pair| (Reverse(births[*pair]), *pair));
        let ordinary = largest.into_iter().filter_map(|pair| {
            let stream = self.world.stream(self.period, pair);
            let mut hashes = (0..stream.count).map(|index| stream.hash(index));
            hashes.find(|hash| self.world.fate(*hash).is_none()).map(|hash| (hash, 0))
        });
        let fates = [Lacks, Differs, Repeats, Rejected, Alone];
        let mut certain: BTreeMap<(u64, usize), NationFate> = ordinary.zip(fates).collect();
        let found: Vec<[Vec<(u64, usize)>; 3]> =
            (0..32).into_par_iter().map(|treating| self.first_of_kinds(treating)).collect();
        let planted: [&[NationFate]; 3] = [
            &[Lacks, Differs, Equal],
            &[Lacks, Differs, Equal],
            &[Equal, LikeInsured, Differs, Lacks],
        ];
        for (kind, fates) in planted.into_iter().enumerate() {
            let settlements = found.iter().flat_map(|kinds| &kinds[kind]);
            certain.extend(settlements.copied().zip(fates.iter().copied()));
        }
        certain
    }

    /// Returns the first settlements of each kind that a province treats.
    fn first_of_kinds(&self, treating: usize) -> [Vec<(u64, usize)>; 3] {
        const ENOUGH: usize = 4;
        let mut found: [Vec<(u64, usize)>; 3] = Default::default();
        for stream in self.streams(treating, 0) {
            for hash_and_index in (0..stream.count).map(|index| (stream.hash(index), index)) {
                let (hash, index) = hash_and_index;
                let fate = self.world.fate(hash).filter(|fate| !matches!(fate, Fate::Late(_)));
                let Some(fate) = fate else { continue };
                let family = plan(self.world, &stream, index, fate);
                for member in 0..family.members.len() {
                    let kind = self.there(&family, member).kind();
                    let list = kind.map(|kind| &mut found[kind as usize]);
                    if let Some(list) = list.filter(|list| list.len() < ENOUGH) {
                        list.push((hash, member));
                    }
                }
            }
            if found.iter().all(|list| list.len() == ENOUGH) {
                break;
            }
        }
        found
    }
}

/// How the copies of both provinces are unlike each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CopyKind {
    TreatingAlone = 0,
    InsuredAlone = 1,
    Unlike = 2,
}

impl MemberCopies {
    fn kind(&self) -> Option<CopyKind> {
        match (&self.treating[..], &self.insured[..]) {
            ([_], []) => Some(CopyKind::TreatingAlone),
            ([], [_]) => Some(CopyKind::InsuredAlone),
            ([treating], [insured]) if differ(treating, insured) => Some(CopyKind::Unlike),
            _ => None,
        }
    }
}

/// Returns a copy with other amounts: further from it than amounts of both provinces are ever apart.
fn unlike(row: &SyntheticRow, hash: u64) -> SyntheticRow {
    let mut draw = Draw::new(hash_at(hash, NATION));
    let by = 10_000 + draw.below(20_000).cast_signed();
    let by = if row.init.is_some() { -by } else { by };
    let amounts: &[usize] = match draw.below(3) {
        0 => &[MEDFEE],
        1 => &[MEDFEE, FUND],
        _ => &[MEDFEE, ACCOUNT],
    };
    let mut unlike = *row;
    for amount in amounts {
        unlike.amounts[*amount] += by;
    }
    unlike
}

/// Draws the outages of a period, each in one of the provinces that treat most, in working hours.
fn outages(world: &World, rates: &NationalRates, period: Month) -> Vec<SynthOutage> {
    let births = world.births(period);
    let treated = |treating: usize| -> u64 {
        (0..32).map(|insured| births[pair_index(insured, treating)]).sum()
    };
    let mut largest: Vec<usize> = (0..32).collect();
    largest.sort_by_cached_key(|treating| (Reverse(treated(*treating)), *treating));
    let clock = world.clock(period);
    let month = u64::from(period.since(Month::new(0, 1)).unsigned_abs());
    let days = clock.seconds().unsigned_abs() / 86_400;
    let outage = |number| {
        let mut draw = Draw::new(hash_at(hash_at(world.seed, 1 << 55 | month), number));
        let treating = largest[usize::try_from(below(draw.bits() >> 32, 8)).unwrap_or_default()];
        let from = draw.below(days) * 86_400 + (8 + draw.below(7)) * 3_600;
        let from = clock.start + from.cast_signed();
        SynthOutage { treating, from, to: from + i64::from(rates.outage_hours) * 3_600 }
    };
    (0..u64::from(rates.outages)).map(outage).collect()
}
