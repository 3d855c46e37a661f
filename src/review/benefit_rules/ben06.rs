//! BEN-06: a chronic settlement without exactly one disease.
//!
//! **Definition.** dise_codg of a chronic row that breaks the rule V06 alone has not exactly one part, split at
//! `, ; / 、 ， ；`, a vertical bar and white space. One code that is not on the list is no lead. Needs no rule set.
//!
//! **Source.** 医保办发〔2024〕19号: each disease is a settlement of its own.
//!
//! **Strength.** Certain: the record contradicts the rule.

use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
};

/// Returns the lead of a row that breaks the rule V06 alone.
pub(super) fn lead<'a>(row: &'a ReviewedRow<'a>) -> Option<Lead<'a>> {
    let is_between = |letter: char| {
        matches!(letter, ',' | ';' | '/' | '|' | '、' | '，' | '；') || letter.is_whitespace()
    };
    let parts = row.disease.unwrap_or_default().split(is_between);
    let diseases = parts.filter(|part| !part.is_empty()).count();
    let detail = Detail::default().with("diseases", diseases);
    (diseases != 1).then(|| Lead::of(ReviewRule::Ben06, vec![row], detail.text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::filing::samples::{stay, told};

    #[test]
    fn a_disease_is_one_code() {
        fn found(disease: Option<&str>) -> Option<String> {
            let row = ReviewedRow { disease, ..stay("S1") };
            lead(&row).map(|lead| told(&lead))
        }
        for one in ["M01600", "x", ",M01600", "M01600 ;", " M01600\u{3000}"] {
            assert_eq!(found(Some(one)), None, "{one}");
        }
        for none in [None, Some(""), Some(" "), Some("、，")] {
            assert_eq!(found(none).as_deref(), Some("BEN-06 S1 diseases=0"), "{none:?}");
        }
        for between in [",", ";", "/", "|", "、", "，", "；", " ", "\t", "\u{3000}", " , "] {
            let two = format!("M01600{between}M07800");
            assert_eq!(found(Some(&two)).as_deref(), Some("BEN-06 S1 diseases=2"), "{two}");
        }
        assert_eq!(found(Some("a,b;c")).as_deref(), Some("BEN-06 S1 diseases=3"));
        assert_eq!(found(Some("a.b-c_d")), None);
    }
}
