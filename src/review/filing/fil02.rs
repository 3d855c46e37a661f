//! FIL-02: filed after the settlement.
//!
//! **Definition.** Filings fit the settlement, and every one of them was made (crte_time) after setl_time. The same time or
//! an empty one is not after. Care that needs a filing (threshold `FIL`). Not where the insured place deems the treating
//! province filed to or the record says emergency, whatever the class; not where the class is unknown, and not between 65
//! and 66.
//!
//! **Source.** 医保发〔2022〕22号: care in another place is filed before it is settled; filed later, it is settled by hand.
//!
//! **Strength.** Certain: the two times contradict each other.

use super::{class::FiledSettlement, time_text};
use crate::review::{
    lead::{Detail, Lead},
    rule::ReviewRule,
};

/// Returns the lead of a settlement that needs a filing.
pub(super) fn lead<'a>(settlement: &FiledSettlement<'a>) -> Option<Lead<'a>> {
    let made = settlement.made_after?;
    settlement.classes.known()?;
    let is_free = settlement.is_deemed || settlement.row.optional.emergency;
    let detail = Detail::default().with("made", time_text(made));
    (!is_free && !settlement.is_at_home())
        .then(|| Lead::of(ReviewRule::Fil02, vec![settlement.row], detail.text()))
}

#[cfg(test)]
mod tests {
    use crate::review::{
        filing::{
            Filing, FilingKind,
            samples::{all_filed, filing, filing_leads, stay, time},
        },
        row::{OptionalFields, ReviewedRow},
    };

    fn made(seconds: Option<i64>) -> Filing<'static> {
        let made = seconds.map(|seconds| time("2025-10-15", seconds));
        Filing { made, ..filing(Some(FilingKind::Temporary)) }
    }

    #[test]
    fn filed_after_the_settlement() {
        let leads =
            |filings: &[Filing<'_>]| filing_leads(&[stay("S1")], filings, Some(all_filed())).0;
        assert_eq!(leads(&[made(Some(43_201))]), ["FIL-02 S1 made=2025-10-15 12:00:01"]);
        assert_eq!(leads(&[made(Some(43_200))]), [""; 0]);
        assert_eq!(leads(&[made(None)]), [""; 0]);
        // Every one that fits is after it; the first one is told.
        let two = [made(Some(50_001)), made(Some(50_000))];
        assert_eq!(leads(&two), ["FIL-02 S1 made=2025-10-15 13:53:20"]);
        assert_eq!(leads(&[made(Some(50_000)), made(None)]), [""; 0]);
        let elsewhere = Filing { place: "620100", ..made(None) };
        assert_eq!(leads(&[made(Some(50_000)), elsewhere]), ["FIL-02 S1 made=2025-10-15 13:53:20"]);
        let whole = Filing { place: "610000", ..made(None) };
        assert_eq!(leads(&[made(Some(50_000)), whole]), [""; 0]);
    }

    #[test]
    fn a_microsecond_is_after() {
        let late = Filing { made: Some(stay("S1").time + 1), ..made(None) };
        assert_eq!(filing_leads(&[stay("S1")], &[late], Some(all_filed())).0.len(), 1);
    }

    #[test]
    fn emergencies_deemed_and_unknown_ones_are_free() {
        let late = made(Some(50_000));
        let emergency = OptionalFields { emergency: true, ..OptionalFields::default() };
        let emergency = ReviewedRow { optional: emergency, ..stay("S1") };
        // The class is long-term, and still it was an emergency.
        let long = Filing { kind: Some(FilingKind::LongTerm), ..late.clone() };
        let found = filing_leads(&[emergency], std::slice::from_ref(&long), Some(all_filed()));
        assert_eq!(found, (vec![], vec!["long_term"]));
        let deemed = ReviewedRow { treating: "320500", ..stay("S1") };
        let there = Filing { place: "320500", ..long };
        assert_eq!(
            filing_leads(&[deemed], &[there], Some(all_filed())),
            (vec![], vec!["long_term"])
        );
        let unknown = Filing { kind: None, unknown_kind: Some("7"), ..late };
        assert_eq!(
            filing_leads(&[stay("S1")], &[unknown], Some(all_filed())),
            (vec![], vec!["unknown"])
        );
    }
}
