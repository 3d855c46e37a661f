//! BEH-15, amounts just below the limit (临界金额): stays in the inputs with `limit` − `width` ≤ medfee < `limit`, `count`
//! or more of them, and `times` the stays or more with `limit` ≤ medfee < `limit` + `width`. Statistical; the limit is that
//! from which a stay can be verified (医保发〔2022〕22号 §58), the rest is ours.

use super::{groups::number, numbers::times};
use crate::{
    model::money::FenSum,
    review::{
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
        subject::InstitutionRows,
        thresholds::NearLimitLimits,
    },
};

/// Finds the lead of an institution.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &NearLimitLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let (limit, width) = (FenSum::from(limits.limit), FenSum::from(limits.width));
    let stays = |from: FenSum, below: FenSum| -> Vec<&'a ReviewedRow<'a>> {
        let is_within = |row: &&ReviewedRow| (from..below).contains(&row.medfee.into());
        let stays = rows.settlements.iter().copied().filter(|row| row.stay().is_some());
        stays.filter(is_within).collect()
    };
    let (below, above) = (stays(limit - width, limit), stays(limit, limit + width));
    let counts = (number(&below), number(&above));
    let (count, beyond) = counts;
    if count > 0 && count >= limits.count && i128::from(count) >= times(beyond, limits.times) {
        let detail = Detail::default().with("below", count).with("above", beyond);
        leads.push(Lead::of(ReviewRule::Beh15, below, detail.text()));
    }
}
