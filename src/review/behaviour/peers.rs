//! BEH-14 a cost unlike its peers 次均费用离群 (statistical): the mean medfee of an institution in a treating province,
//! care class and month, of `settlements` or more, against the means of its peers, itself among them: same treating
//! province, care class, month and level, `institutions` or more. 6745 × |x − median| ≥ `factor` × MAD, and MAD above 0.
//! Means are in whole fen, halves up; of an even number the median is the lower one, in MAD too. The level is that of all
//! its settlements there; several or none are unknown, which is a level of its own. One lead is an institution, treating
//! province, class and month. Source: mean cost is watched (procedure §56); the numbers: ours.

use serde::{Deserialize, Serialize};

use super::groups::{by_key, number};
use crate::{
    model::{
        codes::{CareClass, Month},
        money::{Fen, FenSum},
    },
    review::{
        benefits::words::HospitalLevel,
        lead::{Detail, Lead},
        numbers::{half_up, product},
        row::ReviewedRow,
        rule::ReviewRule,
        subject::InstitutionRows,
        thresholds::PeerLimits,
    },
};

/// 0.6745, in ten-thousandths: so many standard deviations are as far as half of a normal distribution lies.
const HALF_OF_NORMAL: i128 = 6745;

/// Where a mean belongs: the treating province by its place among all provinces, the care class, the month.
type CostPlace = (u8, CareClass, Month);

/// The mean cost of an institution somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CostMean {
    place: CostPlace,
    level: Option<HospitalLevel>,
    institution: Box<str>,
    mean: Fen,
}

/// A mean cost that is unlike that of its peers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CostOutlier {
    institution: Box<str>,
    place: CostPlace,
    mean: Fen,
    median: Fen,
    mad: Fen,
    peers: u64,
}

impl CostOutlier {
    /// Returns the institution.
    pub fn institution(&self) -> &str {
        &self.institution
    }
}

fn place(row: &ReviewedRow) -> CostPlace {
    let province = u8::try_from(row.treating_province().index());
    (province.expect("Invariant: there are 32 provinces"), row.care, row.month())
}

/// Returns the mean costs of an institution that has enough settlements for one.
pub fn cost_means(institution: &InstitutionRows, limits: &PeerLimits) -> Vec<CostMean> {
    let mut means = Vec::new();
    by_key(
        institution.settlements,
        |row| place(row),
        |rows| {
            if number(rows) < limits.settlements {
                return;
            }
            let cost: FenSum = rows.iter().map(|row| row.medfee).sum();
            let mean = half_up(cost.fen(), number(rows).into());
            means.push(CostMean {
                place: place(rows[0]),
                level: level(rows),
                institution: institution.institution.into(),
                mean: Fen::try_from(FenSum::new(mean))
                    .expect("Invariant: a mean is no larger than all"),
            });
        },
    );
    means
}

/// Returns the level that settlements name; none where they name several.
fn level(rows: &[&ReviewedRow]) -> Option<HospitalLevel> {
    let mut levels = rows.iter().filter_map(|row| row.optional.level);
    let first = levels.next()?;
    levels.all(|level| level == first).then_some(first)
}

/// Returns the outliers among all means, by institution and place.
pub fn outliers(mut means: Vec<CostMean>, limits: &PeerLimits) -> Vec<CostOutlier> {
    means.sort_unstable();
    let mut outliers = Vec::new();
    for peers in means.chunk_by(|a, b| (a.place, a.level) == (b.place, b.level)) {
        if number(peers) < limits.institutions {
            continue;
        }
        let median = lower_median(peers.iter().map(|peer| peer.mean.fen().into()).collect());
        let apart = |peer: &CostMean| (i128::from(peer.mean.fen()) - median).abs();
        let mad = lower_median(peers.iter().map(apart).collect());
        let is_far = |peer: &&CostMean| {
            mad > 0 && product(apart(peer), HALF_OF_NORMAL) >= product(mad, limits.factor)
        };
        outliers.extend(peers.iter().filter(is_far).map(|peer| CostOutlier {
            institution: peer.institution.clone(),
            place: peer.place,
            mean: peer.mean,
            median: fen(median),
            mad: fen(mad),
            peers: number(peers),
        }));
    }
    outliers.sort_unstable();
    outliers
}

/// Returns the median; of an even number the lower one of both in the middle.
fn lower_median(mut values: Vec<i128>) -> i128 {
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

/// Returns an amount of fen that lies between means; a distance beyond 64 bits stays at the end.
fn fen(amount: i128) -> Fen {
    Fen::try_from(FenSum::new(amount)).unwrap_or(Fen::MAX)
}

/// Adds the leads of an institution that has outliers; they stand in their order.
pub fn cost_leads<'a>(
    institution: &InstitutionRows<'a>,
    outliers: &[CostOutlier],
    leads: &mut Vec<Lead<'a>>,
) {
    let first = outliers.partition_point(|one| *one.institution < *institution.institution);
    let own = outliers[first..].iter();
    let own: Vec<&CostOutlier> =
        own.take_while(|one| *one.institution == *institution.institution).collect();
    if own.is_empty() {
        return;
    }
    by_key(
        institution.settlements,
        |row| place(row),
        |rows| {
            let Ok(at) = own.binary_search_by_key(&place(rows[0]), |one| one.place) else { return };
            let outlier = own[at];
            let above = FenSum::from(outlier.mean) - outlier.median.into();
            let detail = Detail::default()
                .with_yuan("mean", outlier.mean)
                .with_yuan("median", outlier.median)
                .with_yuan("mad", outlier.mad)
                .with("peers", outlier.peers);
            let lead = Lead::of(ReviewRule::Beh14, rows.to_vec(), detail.text());
            leads.push(lead.at_stake(above.max(FenSum::ZERO).times(number(rows))));
        },
    );
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{Sample, copies, in_order, line, visit},
        *,
    };

    const LIMITS: PeerLimits = PeerLimits { settlements: 2, institutions: 5, factor: 35_000 };

    /// Returns an institution whose settlements are two of the same cost.
    fn house(name: &'static str, fen: i64) -> InstitutionRows<'static> {
        let two = copies(2, &visit(name, "2025-12-31").at(name).for_fen(fen));
        of_rows(name, two)
    }

    fn of_rows(institution: &'static str, rows: Vec<Sample>) -> InstitutionRows<'static> {
        let settlements = in_order(rows);
        InstitutionRows { institution, settlements, reversals: &[], reversed: &[] }
    }

    fn told(houses: &[InstitutionRows<'static>], limits: &PeerLimits) -> Vec<String> {
        let means = houses.iter().flat_map(|house| cost_means(house, limits)).collect();
        let outliers = outliers(means, limits);
        let mut leads = Vec::new();
        for house in houses {
            cost_leads(house, &outliers, &mut leads);
        }
        leads.iter().map(line).collect()
    }

    fn five(last: i64) -> [InstitutionRows<'static>; 5] {
        let quiet = [("A", 98), ("B", 99), ("C", 100), ("D", 101)];
        let [a, b, c, d] = quiet.map(|(name, fen)| house(name, fen));
        [a, b, c, d, house("E", last)]
    }

    #[test]
    fn far_from_the_median_is_a_lead() {
        // Of 98 to 101 and x the median is 100, and the deviations 2, 1, 0, 1 and |x − 100| have the median 1: 6745 × d ≥
        // 35000 from d = 6 on.
        let detail = "mean=1.06;median=1.00;mad=0.01;peers=5";
        assert_eq!(told(&five(106), &LIMITS), [format!("E1 E2: 0.12 {detail}")]);
        assert_eq!(told(&five(105), &LIMITS), [""; 0]);
        // Below, the median is 99.
        assert_eq!(
            told(&five(93), &LIMITS),
            ["E1 E2: 0.00 mean=0.93;median=0.99;mad=0.01;peers=5"]
        );
        assert_eq!(told(&five(94), &LIMITS), [""; 0]);
        let exactly = PeerLimits { factor: 6745 * 6, ..LIMITS };
        assert_eq!(told(&five(106), &exactly).len(), 1);
        assert_eq!(told(&five(106), &PeerLimits { factor: 6745 * 6 + 1, ..LIMITS }), [""; 0]);
    }

    #[test]
    fn enough_settlements_and_peers_are_needed() {
        assert_eq!(told(&five(106), &PeerLimits { institutions: 6, ..LIMITS }), [""; 0]);
        assert_eq!(told(&five(106), &PeerLimits { settlements: 3, ..LIMITS }), [""; 0]);
        assert_eq!(told(&five(106)[1..], &LIMITS), [""; 0]);
        // All alike but one: the deviation in the middle is 0.
        let alike = ["A", "B", "C", "D"].map(|name| house(name, 100));
        let alike: Vec<_> = alike.into_iter().chain([house("E", 900)]).collect();
        assert_eq!(told(&alike, &LIMITS), [""; 0]);
        assert_eq!(told(&[], &LIMITS), [""; 0]);
    }

    #[test]
    fn the_lower_one_of_two_is_the_median() {
        assert_eq!(lower_median(vec![4, 1, 3, 2]), 2);
        assert_eq!(lower_median(vec![3, 1, 2]), 2);
        assert_eq!(lower_median(vec![7]), 7);
    }

    #[test]
    fn means_are_of_province_class_month_and_level() {
        let rows = |change: fn(&mut ReviewedRow<'static>)| {
            vec![
                visit("a", "2025-12-31").for_fen(100),
                visit("b", "2025-12-01").for_fen(101).with(change),
            ]
        };
        let mean = |change| cost_means(&of_rows("H", rows(change)), &LIMITS);
        // 100.5 is 101.
        let found = mean(|_| {});
        assert_eq!(
            found.iter().map(|mean| (mean.mean.fen(), mean.level)).collect::<Vec<_>>(),
            [(101, None)]
        );
        assert_eq!(mean(|row| row.treating = "110000"), []);
        assert_eq!(mean(|row| row.care = CareClass::Chronic), []);
        assert_eq!(mean(|row| row.time += 86_400_000_000 * 31), []);
        let level = |one, other| {
            let mut rows = rows(|_| {});
            (rows[0].0.optional.level, rows[1].0.optional.level) = (one, other);
            cost_means(&of_rows("H", rows), &LIMITS)[0].level
        };
        let (three, grade_a) = (Some(HospitalLevel::Three), Some(HospitalLevel::ThreeA));
        assert_eq!(
            [level(three, three), level(three, grade_a), level(None, three)],
            [three, None, three]
        );
    }

    #[test]
    fn means_at_the_ends_of_64_bits_are_compared() {
        let ends = [("A", i64::MIN), ("B", -1), ("C", 0), ("D", 1), ("E", i64::MAX)];
        let houses = ends.map(|(name, fen)| house(name, fen));
        assert_eq!(told(&houses, &LIMITS).len(), 2);
    }
}
