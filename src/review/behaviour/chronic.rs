//! BEH-17 chronic care more often than a month needs 慢病频次 (consistent): chronic settlements of a person and disease in
//! a month: `count` or more, or 2 or more whose treating provinces are not all the same. 65 and 66 are the same here. One
//! lead is a person, disease and month. Source: ours.

use super::{
    groups::{by_key, distinct, number},
    place::{provinces, region},
};
use crate::{
    model::codes::CareClass,
    review::{
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
        thresholds::ChronicLimits,
    },
};

/// Adds the leads of a person's visits.
pub(super) fn leads<'a>(
    outside: &[&'a ReviewedRow<'a>],
    limits: &ChronicLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let is_chronic = |row: &&ReviewedRow| row.care == CareClass::Chronic && row.disease.is_some();
    let chronic: Vec<&ReviewedRow> = outside.iter().copied().filter(is_chronic).collect();
    by_key(
        &chronic,
        |row| (row.disease, row.month()),
        |rows| {
            if number(rows) >= limits.count || distinct(rows, region) > 1 {
                let detail = Detail::default().with("disease", rows[0].disease.unwrap_or_default());
                let detail = detail.with("count", number(rows));
                let detail = detail.with_list("provinces", provinces(rows)).text();
                leads.push(Lead::of(ReviewRule::Beh17, rows.to_vec(), detail));
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_one, settlement, visit};
    use crate::{
        model::codes::CareClass,
        review::thresholds::{ChronicLimits, Thresholds},
    };

    fn told(rows: Vec<Sample>) -> Vec<String> {
        let beh17 = Some(ChronicLimits { count: 3 });
        of_one(rows, Thresholds { beh17, ..Thresholds::default() })
    }

    fn chronic(setl_id: &str, at: &str) -> Sample {
        settlement(CareClass::Chronic, setl_id, at).ill_with("M1")
    }

    #[test]
    fn three_of_a_disease_in_a_month_are_a_lead() {
        let of = |third: Sample| {
            told(vec![chronic("a", "2025-12-01"), chronic("b", "2025-12-02"), third])
        };
        let last = "2025-12-31 23:59:59.999999";
        assert_eq!(of(chronic("c", last)), ["a b c: 3.00 disease=M1;count=3;provinces=34"]);
        assert_eq!(of(chronic("c", "2026-01-01 00:00:00")), [""; 0]);
        assert_eq!(of(chronic("c", last).ill_with("M2")), [""; 0]);
        assert_eq!(of(chronic("c", last).with(|row| row.disease = None)), [""; 0]);
        assert_eq!(of(visit("c", last).ill_with("M1")), [""; 0]);
    }

    #[test]
    fn two_in_two_provinces_are_a_lead() {
        let of = |one: &str, other: &str| {
            let (a, b) = (chronic("a", "2025-12-01"), chronic("b", "2025-12-31"));
            told(vec![a.treated_in(one), b.treated_in(other)])
        };
        assert_eq!(of("340100", "110000"), ["a b: 2.00 disease=M1;count=2;provinces=11,34"]);
        assert_eq!(of("340100", "340200"), [""; 0]);
        assert_eq!(of("650100", "660100"), [""; 0]);
        assert_eq!(told(vec![chronic("a", "2025-12-01")]), [""; 0]);
    }
}
