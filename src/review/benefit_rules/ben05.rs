//! BEN-05: a benefit below the deductible.
//!
//! **Definition.** hifp_pay is above 0 although the in-scope amount is not above act_pay_dedc; or, where that is empty, not
//! above any deductible that the rules allow (then only where the settlement is judged). Needs a rule set. No tolerance.
//! The amount is hifp_pay.
//!
//! **Source.** 医保发〔2022〕22号: the fund pays for what is above the deductible of the insured place.
//!
//! **Strength.** Certain: the record contradicts itself, or the rule.

use super::judged::JudgedSettlement;
use crate::{
    model::money::FenSum,
    review::{
        lead::{Detail, Lead},
        rule::ReviewRule,
    },
};

/// Returns the lead of a settlement.
pub(super) fn lead<'a>(judged: &JudgedSettlement<'_, 'a>) -> Option<Lead<'a>> {
    if !judged.paid().is_positive() {
        return None;
    }
    let deductible = match judged.facts.act_pay_dedc {
        Some(paid) => FenSum::from(paid),
        None => judged.plan.deductibles(judged.facts.days).map(|allowed| allowed.from).min()?,
    };
    let detail =
        Detail::default().with_yuan("scope", judged.in_scope).with_yuan("deductible", deductible);
    (FenSum::from(judged.in_scope) <= deductible).then(|| {
        Lead::of(ReviewRule::Ben05, vec![judged.filed.row], detail.text())
            .at_stake(judged.paid().into())
    })
}

#[cfg(test)]
mod tests {
    use crate::review::{
        benefit_rules::samples::{TABLES, leads, paid, with},
        row::ReviewedRow,
    };

    #[test]
    fn nothing_is_paid_up_to_the_deductible() {
        assert_eq!(
            leads(TABLES, &[paid("S1", "1000.00", "0.01")]),
            ["BEN-05 S1 scope=1000.00;deductible=1000.00 0.01 certain"]
        );
        assert_eq!(leads(TABLES, &[paid("S1", "1000.00", "0.00")]), [""; 0]);
        assert_eq!(leads(TABLES, &[paid("S1", "1000.01", "0.01")]), [""; 0]);
        // Far more than the tolerance, and still it is no BEN-01.
        assert_eq!(leads(TABLES, &[paid("S1", "900", "500")]).len(), 1);
        // The stated deductible decides, also where no row fits.
        let nothing = r#"ratio = [ { care_class = "outpatient", percent = "80" } ]"#;
        assert_eq!(leads(nothing, &[paid("S1", "1000", "500")]).len(), 1);
        assert_eq!(
            leads(nothing, &[ReviewedRow { in_scope: None, ..paid("S1", "1", "500") }]),
            [""; 0]
        );
    }

    #[test]
    fn without_a_stated_deductible_every_allowed_one_counts() {
        let unstated =
            |scope| [with(paid("S1", scope, "5"), |optional| optional.act_pay_dedc = None)];
        assert_eq!(
            leads(TABLES, &unstated("1000")),
            ["BEN-05 S1 scope=1000.00;deductible=1000.00 5.00 certain"]
        );
        assert_eq!(leads(TABLES, &unstated("1006.25")), [""; 0]);
        let levels = TABLES.replacen(
            "deductible = [",
            "deductible = [ { care_class = \"inpatient\", stay = \"2+\", amount = \"400\" },",
            1,
        );
        assert_eq!(leads(&levels, &unstated("407")), [""; 0]);
        assert_eq!(leads(&levels, &unstated("400")).len(), 1);
        let nothing = r#"ratio = [ { care_class = "inpatient", percent = "80" } ]"#;
        assert_eq!(leads(nothing, &unstated("1")), [""; 0]);
    }

    #[test]
    fn an_area_without_a_set_is_not_looked_at() {
        let elsewhere = ReviewedRow { insured: "320100", ..paid("S1", "900", "500") };
        assert_eq!(leads(TABLES, &[elsewhere]), [""; 0]);
    }
}
