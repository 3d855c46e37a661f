//! BEN-02: another deductible than the insured place sets.
//!
//! **Definition.** act_pay_dedc is neither a deductible that the rules allow (with `or_less` and `again_days`) nor the
//! in-scope amount where that is smaller than one; or dedc_std is no deductible that they allow. To the fen. Only where
//! the settlement is judged and a row of `deductible` says something. The amount is the difference of act_pay_dedc to the
//! nearest amount that is right; where act_pay_dedc is right or empty, that of dedc_std.
//!
//! **Source.** 医保发〔2022〕22号: the deductible is that of the insured place.
//!
//! **Strength.** Consistent: a deductible may have been lowered by a rule that the set does not have.

use super::judged::JudgedSettlement;
use crate::{
    model::money::{Fen, FenSum, yuan},
    review::{
        benefits::expected::AllowedDeductible,
        lead::{Detail, Lead},
        rule::ReviewRule,
    },
};

/// Returns the amount that is right and nearest to another; of two the smaller one.
fn nearest(amount: FenSum, allowed: &[AllowedDeductible]) -> Option<FenSum> {
    let near = allowed.iter().map(|allowed| amount.clamp(allowed.from, allowed.upto));
    near.min_by_key(|near| ((*near - amount).abs(), *near))
}

/// Returns the lead of a settlement.
pub(super) fn lead<'a>(judged: &JudgedSettlement<'_, 'a>) -> Option<Lead<'a>> {
    let optional = &judged.filed.row.optional;
    if optional.act_pay_dedc.is_none() && optional.dedc_std.is_none() {
        return None;
    }
    judged.range?;
    let mut allowed: Vec<AllowedDeductible> = judged.plan.deductibles(judged.facts.days).collect();
    let most = allowed.iter().map(|allowed| allowed.upto).max()?;
    let wrong = |stated: Option<Fen>, allowed: &[AllowedDeductible]| {
        let stated = FenSum::from(stated?);
        nearest(stated, allowed).map(|near| (stated, near)).filter(|(stated, near)| stated != near)
    };
    let standard = wrong(optional.dedc_std, &allowed);
    let in_scope = FenSum::from(judged.in_scope);
    if in_scope < most {
        allowed.push(AllowedDeductible { from: in_scope, upto: in_scope });
    }
    let (stated, near) = wrong(optional.act_pay_dedc, &allowed).or(standard)?;
    let shown = |amount: Option<Fen>| amount.map(yuan).unwrap_or_default();
    let detail = Detail::default()
        .with("paid", shown(optional.act_pay_dedc))
        .with("standard", shown(optional.dedc_std))
        .with_yuan("nearest", near);
    Some(
        Lead::of(ReviewRule::Ben02, vec![judged.filed.row], detail.text())
            .at_stake((stated - near).abs()),
    )
}

#[cfg(test)]
mod tests {
    use crate::review::{
        benefit_rules::samples::{all_leads, fen, filings, paid, set, with},
        filing::{FilingKind, samples::day},
        row::ReviewedRow,
    };

    fn leads(deductible: &str, rows: &[ReviewedRow<'_>]) -> Vec<String> {
        let tables = format!(
            "deductible = [ {deductible} ]\nratio = [ {{ care_class = \"inpatient\", percent = \"80\" }} ]"
        );
        let filings = filings(Some(FilingKind::LongTerm));
        let all = all_leads(&set(&tables), rows, Some(&filings), &[]).0;
        all.into_iter().filter(|lead| lead.starts_with("BEN-02")).collect()
    }

    fn stated(
        in_scope: &str,
        paid_first: Option<&str>,
        standard: Option<&str>,
    ) -> [ReviewedRow<'static>; 1] {
        let amount = |text: Option<&str>| text.map(fen);
        [with(paid("S1", in_scope, "0"), |optional| {
            optional.act_pay_dedc = amount(paid_first);
            optional.dedc_std = amount(standard);
        })]
    }

    const PLAIN: &str = r#"{ care_class = "inpatient", amount = "1000" }"#;

    #[test]
    fn it_is_exact() {
        assert_eq!(leads(PLAIN, &stated("9000", Some("1000"), Some("1000"))), [""; 0]);
        assert_eq!(
            leads(PLAIN, &stated("9000", Some("1000.01"), Some("1000"))),
            ["BEN-02 S1 paid=1000.01;standard=1000.00;nearest=1000.00 0.01 consistent"]
        );
        assert_eq!(
            leads(PLAIN, &stated("9000", Some("1000"), Some("999.99"))),
            ["BEN-02 S1 paid=1000.00;standard=999.99;nearest=1000.00 0.01 consistent"]
        );
        assert_eq!(
            leads(PLAIN, &stated("9000", None, Some("900"))),
            ["BEN-02 S1 paid=;standard=900.00;nearest=1000.00 100.00 consistent"]
        );
        assert_eq!(leads(PLAIN, &stated("9000", None, None)), [""; 0]);
    }

    #[test]
    fn the_amount_in_scope_is_right_where_it_is_smaller() {
        assert_eq!(leads(PLAIN, &stated("600", Some("600"), Some("1000"))), [""; 0]);
        assert_eq!(
            leads(PLAIN, &stated("600", Some("650"), None)),
            ["BEN-02 S1 paid=650.00;standard=;nearest=600.00 50.00 consistent"]
        );
        // Not of the standard, and not where it is larger.
        assert_eq!(leads(PLAIN, &stated("600", Some("600"), Some("600"))).len(), 1);
        assert_eq!(leads(PLAIN, &stated("1100", Some("1100"), None)).len(), 1);
    }

    #[test]
    fn or_less_and_again_days_are_allowed() {
        let less = r#"{ care_class = "inpatient", amount = "1000", or_less = true }"#;
        assert_eq!(leads(less, &stated("9000", Some("0"), Some("700"))), [""; 0]);
        assert_eq!(leads(less, &stated("9000", Some("1000.01"), None)).len(), 1);
        assert_eq!(leads(less, &stated("9000", Some("-0.01"), None)).len(), 1);
        let again = r#"{ care_class = "inpatient", amount = "1000", again_days = 90 }"#;
        let long = |days: i32, paid_first| {
            let [row] = stated("9000", Some(paid_first), None);
            let end = Some(day("2025-10-15"));
            [ReviewedRow { begin: end.map(|end| end - days), end, ..row }]
        };
        assert_eq!(leads(again, &long(89, "2000")).len(), 1);
        assert_eq!(leads(again, &long(90, "2000")), [""; 0]);
        assert_eq!(leads(again, &long(90, "1000")), [""; 0]);
        assert_eq!(leads(again, &long(90, "3000")).len(), 1);
        assert_eq!(leads(again, &long(180, "3000")), [""; 0]);
        // Without dates there is none more.
        let undated = long(180, "3000").map(|row| ReviewedRow { begin: None, ..row });
        assert_eq!(leads(again, &undated).len(), 1);
    }

    #[test]
    fn unknown_facts_allow_every_row() {
        let levels = r#"{ care_class = "inpatient", level = "3", amount = "1000" }, { care_class = "inpatient", amount = "400" }"#;
        let unknown = |paid_first| {
            stated("9000", Some(paid_first), None).map(|row| with(row, |o| o.level = None))
        };
        assert_eq!(leads(levels, &unknown("400")), [""; 0]);
        assert_eq!(leads(levels, &stated("9000", Some("400"), None)).len(), 1);
        assert_eq!(
            leads(levels, &unknown("500")),
            ["BEN-02 S1 paid=500.00;standard=;nearest=400.00 100.00 consistent"]
        );
        // Of two that are as near the smaller one.
        assert!(leads(levels, &unknown("700"))[0].contains("nearest=400.00 300.00"));
        assert_eq!(
            leads(
                r#"{ care_class = "outpatient", amount = "7" }"#,
                &stated("9000", Some("1"), None)
            ),
            [""; 0]
        );
    }
}
