//! BEH-20 fewer deductions than elsewhere 扣款率偏低 (statistical), with a book: the rate of a treating province is its
//! deductions ÷ its gross in periods that are covered months. A province with gross above 0 whose rate × `part` is below
//! the rate of the nation is a lead. Source: a low rate is looked at (医保发〔2024〕21号); the number: ours.

use std::collections::BTreeMap;

use crate::{
    model::{codes::Province, money::FenSum},
    review::{
        lead::Detail,
        numbers::{half_up, product},
        thresholds::DeductionLimits,
    },
};

/// What a treating province had in some periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvinceDeductions {
    /// The treating province.
    pub treating: Province,
    /// Its deductions.
    pub deductions: FenSum,
    /// Its gross.
    pub gross: FenSum,
}

impl ProvinceDeductions {
    /// Starts with nothing.
    pub fn of(treating: Province) -> ProvinceDeductions {
        ProvinceDeductions { treating, deductions: FenSum::ZERO, gross: FenSum::ZERO }
    }
}

/// A province that deducts less than elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeductionLead {
    /// The treating province.
    pub province: Province,
    /// What is missing to the part of the nation's rate.
    pub amount: FenSum,
    /// Details as `name=value;…`.
    pub detail: String,
}

/// Returns the leads, in the order of the provinces. A province may come more than once; its amounts are added.
pub fn deduction_leads(
    provinces: &[ProvinceDeductions],
    limits: &DeductionLimits,
) -> Vec<DeductionLead> {
    let mut sums: BTreeMap<Province, (FenSum, FenSum)> = BTreeMap::new();
    for one in provinces {
        let (deductions, gross) = sums.entry(one.treating).or_default();
        *deductions += one.deductions;
        *gross += one.gross;
    }
    let nation_deductions: FenSum = sums.values().map(|(deductions, _)| *deductions).sum();
    let nation_gross: FenSum = sums.values().map(|(_, gross)| *gross).sum();
    let unit = product(nation_gross.fen(), limits.part);
    if unit <= 0 {
        return Vec::new();
    }
    let found = sums.into_iter().filter(|(_, (_, gross))| gross.is_positive());
    let found = found.filter_map(|(province, (deductions, gross))| {
        let due = product(nation_deductions.fen(), gross.fen());
        let paid = product(deductions.fen(), unit);
        let detail = || {
            Detail::default()
                .with_yuan("deductions", deductions)
                .with_yuan("gross", gross)
                .with_yuan("nation_deductions", nation_deductions)
                .with_yuan("nation_gross", nation_gross)
                .text()
        };
        (paid < due).then(|| DeductionLead {
            province,
            amount: FenSum::new(half_up(due.saturating_sub(paid), unit)),
            detail: detail(),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::yuan;

    fn told(part: u64, provinces: &[(u8, i128, i128)]) -> Vec<String> {
        let provinces: Vec<ProvinceDeductions> = provinces
            .iter()
            .map(|(code, deductions, gross)| ProvinceDeductions {
                treating: Province::from_code(*code).expect("a province"),
                deductions: FenSum::new(*deductions),
                gross: FenSum::new(*gross),
            })
            .collect();
        let leads = deduction_leads(&provinces, &DeductionLimits { part });
        leads
            .iter()
            .map(|lead| format!("{} {} {}", lead.province, yuan(lead.amount), lead.detail))
            .collect()
    }

    #[test]
    fn a_rate_below_the_part_of_the_nations_is_a_lead() {
        // The nation deducts 40 of 1,000; a quarter of that is 1 of 100.
        let of = |fen| told(4, &[(11, 40 - fen, 900), (34, fen, 100)]);
        assert_eq!(of(1), [""; 0]);
        let lead = "34 0.01 deductions=0.00;gross=1.00;nation_deductions=0.40;nation_gross=10.00";
        assert_eq!(of(0), [lead]);
        assert_eq!(told(0, &[(11, 40, 900), (34, 0, 100)]), [""; 0]);
        assert_eq!(told(4, &[]), [""; 0]);
        assert_eq!(told(4, &[(11, 0, 0), (34, 0, 0)]), [""; 0]);
        assert_eq!(told(4, &[(11, 5, 100), (34, 0, 0), (65, 0, -50)]), [""; 0]);
    }

    #[test]
    fn amounts_of_a_province_are_added_and_halves_go_up() {
        let rows = [(34, 0, 50), (11, 20, 900), (34, 0, 50)];
        // A quarter of 20 ÷ 1,000 of 100 fen is half a fen.
        assert_eq!(told(4, &rows)[0][..8], *"34 0.01 ");
        assert_eq!(told(4, &[(34, 0, 100), (11, 19, 900)])[0][..8], *"34 0.00 ");
    }

    #[test]
    fn sums_beyond_64_bits_are_compared() {
        let huge = i128::from(i64::MAX) * 4;
        let leads = told(4, &[(11, 1 << 60, huge), (34, 0, huge)]);
        assert_eq!(leads.len(), 1, "{leads:?}");
        assert!(leads[0].starts_with("34 1441151880758558.72 "), "{leads:?}");
        assert_eq!(
            told(u64::MAX, &[(11, i128::MAX / 4, i128::MAX / 4), (34, 0, i128::MAX / 4)]).len(),
            1
        );
    }
}
