//! FIL-04: two places of long residence at once.
//!
//! **Definition.** Two long-term filings of a settlement (异地安置退休、异地长期居住、常驻异地工作), neither of which reaches the
//! place of the other. Every care class, and whatever the treating place. One lead is a person with all such settlements;
//! its places (section 2.1) are those of the filings that contradict each other. A person without such a settlement gives no lead.
//!
//! **Source.** 医保发〔2022〕22号: one who lives elsewhere for long is filed to the place of residence.
//!
//! **Strength.** Certain: nobody lives in two places at once.

use super::class::FiledPerson;
use crate::review::{
    lead::{Detail, Lead},
    rule::ReviewRule,
};

/// Returns the lead of a person.
pub(super) fn lead<'a>(person: &FiledPerson<'a>) -> Option<Lead<'a>> {
    let contradicted = person.settlements.iter().filter(|settlement| settlement.is_contradictory);
    let suspects: Vec<_> = contradicted.map(|settlement| settlement.row).collect();
    if suspects.is_empty() {
        return None;
    }
    let detail =
        Detail::default().with_list("places", person.places.iter().map(ToString::to_string));
    Some(Lead::of(ReviewRule::Fil04, suspects, detail.text()))
}

#[cfg(test)]
mod tests {
    use crate::{
        model::codes::CareClass,
        review::{
            filing::{
                Filing, FilingKind,
                samples::{all_filed, day, filing, filing_leads, stay, time},
            },
            row::ReviewedRow,
        },
    };

    fn long<'a>(place: &'a str, begin: &str, end: &str) -> Filing<'a> {
        let days = (day(begin), Some(day(end)));
        Filing { place, begin: days.0, end: days.1, ..filing(Some(FilingKind::LongTerm)) }
    }

    fn year(place: &str) -> Filing<'_> {
        long(place, "2025-01-01", "2025-12-31")
    }

    fn leads(rows: &[ReviewedRow<'_>], filings: &[Filing<'_>]) -> Vec<String> {
        let all = filing_leads(rows, filings, Some(all_filed())).0;
        all.into_iter().filter(|lead| lead.starts_with("FIL-04")).collect()
    }

    #[test]
    fn two_places_at_once() {
        let row = || [ReviewedRow { care: CareClass::Pharmacy, ..stay("S1") }];
        assert_eq!(
            leads(&row(), &[year("610100"), year("610200")]),
            ["FIL-04 S1 places=6101,6102"]
        );
        assert_eq!(
            leads(&row(), &[year("510100"), year("620100")]),
            ["FIL-04 S1 places=5101,6201"]
        );
        // The same city, and a province with its city.
        assert_eq!(leads(&row(), &[year("610100"), year("610102")]), [""; 0]);
        assert_eq!(leads(&row(), &[year("610000"), year("610200")]), [""; 0]);
        assert_eq!(
            leads(&row(), &[year("610000"), year("620000")]),
            ["FIL-04 S1 places=6101,6201"]
        );
        // Two cities of a province contradict each other, the province none of them.
        let three = [year("610000"), year("610200"), year("610300")];
        assert_eq!(leads(&row(), &three), ["FIL-04 S1 places=6102,6103"]);
        // Only long-term filings do, and only on a day of both.
        let temporary = Filing { kind: Some(FilingKind::Temporary), ..year("610200") };
        assert_eq!(leads(&row(), &[year("610100"), temporary]), [""; 0]);
        let unknown = Filing { kind: None, unknown_kind: Some("7"), ..year("610200") };
        assert_eq!(leads(&row(), &[year("610100"), unknown]), [""; 0]);
    }

    #[test]
    fn a_lead_is_a_person_with_all_such_settlements() {
        let on = |setl_id, text| {
            let time = time(text, 0);
            ReviewedRow {
                care: CareClass::Outpatient,
                begin: None,
                end: None,
                time,
                ..stay(setl_id)
            }
        };
        let rows = [
            on("S1", "2025-03-31"),
            on("S2", "2025-04-01"),
            on("S3", "2025-05-31"),
            on("S4", "2025-06-01"),
        ];
        let filings = [
            long("610100", "2025-01-01", "2025-05-31"),
            long("620100", "2025-04-01", "2025-12-31"),
            // Nobody looks at this one while it contradicts another.
            long("630100", "2025-08-01", "2025-12-31"),
        ];
        assert_eq!(leads(&rows, &filings), ["FIL-04 S2,S3 places=6101,6201"]);
        assert_eq!(leads(&rows[..1], &filings), [""; 0]);
    }
}
