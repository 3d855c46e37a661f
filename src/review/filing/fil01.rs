//! FIL-01: nothing was filed.
//!
//! **Definition.** A settlement of class `none` (未备案) without any filing of it, whatever the place: none of its person and
//! insured province is valid and in force on the day of admission. Care that needs a filing (threshold `FIL`). Not where
//! the class is unknown, and not between 65 and 66.
//!
//! **Source.** 医保发〔2022〕22号: care in another place is filed beforehand; without it the benefit is lower.
//!
//! **Strength.** Consistent: the table of filings may lack one.

use super::class::FiledSettlement;
use crate::review::{benefits::words::FilingClass, lead::Lead, rule::ReviewRule};

/// Returns the lead of a settlement that needs a filing.
pub(super) fn lead<'a>(settlement: &FiledSettlement<'a>) -> Option<Lead<'a>> {
    let is_unfiled = settlement.classes.known() == Some(FilingClass::Unfiled);
    (is_unfiled && !settlement.is_filed && !settlement.is_at_home())
        .then(|| Lead::of(ReviewRule::Fil01, vec![settlement.row], String::new()))
}

#[cfg(test)]
mod tests {
    use crate::{
        model::codes::CareClass,
        review::{
            filing::{
                FilingKind, ProvinceSet,
                samples::{all_filed, day, filing, filing_leads, province, stay},
            },
            row::{OptionalFields, ReviewedRow},
        },
    };

    #[test]
    fn nothing_was_filed() {
        let leads = |row: ReviewedRow<'_>, filings: &[_]| {
            filing_leads(&[row], filings, Some(all_filed())).0
        };
        let lead = ["FIL-01 S1"];
        assert_eq!(leads(stay("S1"), &[]), lead);
        assert_eq!(leads(ReviewedRow { care: CareClass::Chronic, ..stay("S1") }, &[]), lead);
        assert_eq!(leads(ReviewedRow { care: CareClass::Outpatient, ..stay("S1") }, &[]), [""; 0]);
        // A filing of the settlement, on its first and on its last day.
        let of = |begin: &str, end: &str| {
            let end = Some(end).filter(|end| !end.is_empty()).map(day);
            super::super::Filing { begin: day(begin), end, ..filing(Some(FilingKind::Temporary)) }
        };
        for filing in
            [of("2025-10-10", "2025-10-10"), of("2025-10-10", ""), of("2025-01-01", "2025-10-10")]
        {
            assert_eq!(leads(stay("S1"), &[filing]), [""; 0]);
        }
        for filing in
            [of("2025-10-11", ""), of("2025-01-01", "2025-10-09"), of("2025-12-31", "2025-01-01")]
        {
            assert_eq!(leads(stay("S1"), &[filing]), lead);
        }
        // Without a day of admission it is the day of the settlement.
        let without = ReviewedRow { begin: None, ..stay("S1") };
        assert_eq!(leads(without, &[of("2025-10-15", "2025-10-15")]), [""; 0]);
        // Not valid, of another insured province.
        let good = filing(Some(FilingKind::LongTerm));
        assert_eq!(
            leads(stay("S1"), &[super::super::Filing { valid: false, ..good.clone() }]),
            lead
        );
        assert_eq!(
            leads(stay("S1"), &[super::super::Filing { insured: province("320100"), ..good }]),
            lead
        );
    }

    #[test]
    fn an_unknown_class_and_another_class_give_no_lead() {
        let emergency = OptionalFields { emergency: true, ..OptionalFields::default() };
        let emergency = ReviewedRow { optional: emergency, ..stay("S1") };
        assert_eq!(filing_leads(&[emergency], &[], Some(all_filed())), (vec![], vec!["emergency"]));
        let deemed = ReviewedRow { treating: "320500", ..stay("S1") };
        assert_eq!(filing_leads(&[deemed], &[], Some(all_filed())), (vec![], vec!["deemed"]));
        assert_eq!(filing_leads(&[stay("S1")], &[], None), (vec![], vec!["unknown"]));
        // No filing of the insured province is known.
        let others = ProvinceSet::default();
        assert_eq!(filing_leads(&[stay("S1")], &[], Some(others)), (vec![], vec!["unknown"]));
        // 65 and 66 lie in the same towns.
        let near = ReviewedRow { insured: "650100", treating: "659001", ..stay("S1") };
        assert_eq!(filing_leads(&[near], &[], Some(all_filed())), (vec![], vec!["none"]));
        let far = ReviewedRow { insured: "640100", treating: "659001", ..stay("S1") };
        assert_eq!(filing_leads(&[far], &[], Some(all_filed())).0, ["FIL-01 S1"]);
    }
}
