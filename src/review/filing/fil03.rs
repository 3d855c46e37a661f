//! FIL-03: filed to other places only.
//!
//! **Definition.** A settlement of class `none` (未备案) with at least one filing of it, none of which reaches the treating
//! division. Care that needs a filing (threshold `FIL`). Never together with FIL-01. Not where the class is unknown, and
//! not between 65 and 66.
//!
//! **Source.** 医保发〔2022〕22号: a filing is for the place that it names.
//!
//! **Strength.** Consistent: a place may have been noted wrongly.

use super::class::FiledSettlement;
use crate::review::{
    benefits::words::FilingClass,
    lead::{Detail, Lead},
    rule::ReviewRule,
};

/// Returns the lead of a settlement that needs a filing.
pub(super) fn lead<'a>(settlement: &FiledSettlement<'a>) -> Option<Lead<'a>> {
    let is_unfiled = settlement.classes.known() == Some(FilingClass::Unfiled);
    let filed_to = settlement.filed_to.as_deref().filter(|_| is_unfiled)?;
    let detail = Detail::default().with("filed_to", filed_to);
    (!settlement.is_at_home())
        .then(|| Lead::of(ReviewRule::Fil03, vec![settlement.row], detail.text()))
}

#[cfg(test)]
mod tests {
    use crate::review::{
        filing::{
            Filing, FilingKind,
            samples::{all_filed, filing, filing_leads, stay},
        },
        row::{OptionalFields, ReviewedRow},
    };

    fn to(place: &str) -> Filing<'_> {
        Filing { place, ..filing(Some(FilingKind::Temporary)) }
    }

    #[test]
    fn filed_to_other_places_only() {
        let leads =
            |filings: &[Filing<'_>]| filing_leads(&[stay("S1")], filings, Some(all_filed())).0;
        assert_eq!(leads(&[to("610200")]), ["FIL-03 S1 filed_to=610200"]);
        // Places are told once, in order; those of a type that is not known too.
        let unknown = Filing { kind: None, unknown_kind: Some("7"), ..to("510000") };
        let many = [to("620100"), unknown, to("610201"), to("620100")];
        assert_eq!(leads(&many)[0], "FIL-03 S1 filed_to=510000,610201,620100");
        assert_eq!(leads(&[to("610200"), to("610000")]), [""; 0]);
        // One that fits and is of no class: `values` says nothing of its type.
        let other = Filing { kind: None, unknown_kind: None, ..to("610100") };
        assert_eq!(leads(&[other]), ["FIL-03 S1 filed_to=610100"]);
        assert_eq!(leads(&[to("610200"), to("610113")]), [""; 0]);
    }

    #[test]
    fn another_class_gives_no_lead() {
        let elsewhere = to("610200");
        let emergency = OptionalFields { emergency: true, ..OptionalFields::default() };
        let emergency = ReviewedRow { optional: emergency, ..stay("S1") };
        let filings = std::slice::from_ref(&elsewhere);
        assert_eq!(
            filing_leads(&[emergency], filings, Some(all_filed())),
            (vec![], vec!["emergency"])
        );
        let deemed = ReviewedRow { treating: "320500", ..stay("S1") };
        assert_eq!(filing_leads(&[deemed], filings, Some(all_filed())), (vec![], vec!["deemed"]));
    }
}
