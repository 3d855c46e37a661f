//! BEN-01: another amount than the insured place grants.
//!
//! **Definition.** hifp_pay is more than the tolerance below the least or above the most that the rule set of the settlement
//! allows, and neither BEN-05 nor BEN-03 holds. Too little is a lead too. The amount is the distance to the range.
//!
//! **Source.** 医保发〔2022〕22号: deductible, ratio and cap are those of the insured place.
//!
//! **Strength.** Certain where the range is one amount and the record states the deductible that was paid, else
//! consistent: what was paid before in the year is not known.

use super::judged::{JudgedSettlement, OutsideRange};
use crate::review::{
    lead::{Detail, Lead},
    rule::{ReviewRule, Strength},
};

/// Returns the lead of a settlement whose payment is outside of the range.
pub(super) fn lead<'a>(judged: &JudgedSettlement<'_, 'a>, outside: &OutsideRange) -> Lead<'a> {
    let is_certain = outside.lo == outside.hi && judged.facts.act_pay_dedc.is_some();
    let detail = Detail::default()
        .with_yuan("lo", outside.lo)
        .with_yuan("hi", outside.hi)
        .with("class", judged.filed.classes.name());
    Lead::of(ReviewRule::Ben01, vec![judged.filed.row], detail.text())
        .at_stake(outside.distance)
        .of_strength(if is_certain { Strength::Certain } else { Strength::Consistent })
}

#[cfg(test)]
mod tests {
    use crate::review::{
        benefit_rules::samples::{TABLES, all_leads, leads, paid, set, with},
        rule::ReviewRule,
    };

    #[test]
    fn the_tolerance_is_on_both_sides() {
        // (21000 − 1000) × 80 % = 16000
        for good in ["15999.00", "16000.00", "16001.00"] {
            assert_eq!(leads(TABLES, &[paid("S1", "21000", good)]), [""; 0], "{good}");
        }
        assert_eq!(
            leads(TABLES, &[paid("S1", "21000", "16001.01")]),
            ["BEN-01 S1 lo=16000.00;hi=16000.00;class=long_term 1.01 certain"]
        );
        assert_eq!(
            leads(TABLES, &[paid("S1", "21000", "15998.99")]),
            ["BEN-01 S1 lo=16000.00;hi=16000.00;class=long_term 1.01 certain"]
        );
    }

    #[test]
    fn it_is_certain_where_the_range_is_one_amount_and_the_deductible_is_stated() {
        let unstated =
            |pay| with(paid("S1", "21000", pay), |optional| optional.act_pay_dedc = None);
        assert_eq!(
            leads(TABLES, &[unstated("17000")]),
            ["BEN-01 S1 lo=16000.00;hi=16000.00;class=long_term 1000.00 consistent"]
        );
        // Bands: what was used before is not known.
        let bands = r#"ratio = [
            { care_class = "inpatient", upto = "10000", percent = "80" },
            { care_class = "inpatient", above = "10000", percent = "90" },
        ]"#;
        assert_eq!(leads(bands, &[paid("S1", "21000", "17000")]), [""; 0]);
        assert_eq!(
            leads(bands, &[paid("S1", "21000", "18002")]),
            ["BEN-01 S1 lo=17000.00;hi=18000.00;class=long_term 2.00 consistent"]
        );
    }

    #[test]
    fn an_unknown_class_takes_all_of_them() {
        // Without filings: 60 to 80 per cent. temporary has no row of remote, so nothing is judged at first.
        let row = |pay| [paid("S1", "21000", pay)];
        let off = [ReviewRule::Ben02];
        assert_eq!(all_leads(&set(TABLES), &row("1"), None, &off).0, [""; 0]);
        let tables = TABLES.replace("\"none\"", "[\"none\", \"temporary\"]");
        assert_eq!(all_leads(&set(&tables), &row("12000"), None, &off).0, [""; 0]);
        assert_eq!(
            all_leads(&set(&tables), &row("11000"), None, &off).0,
            ["BEN-01 S1 lo=12000.00;hi=16000.00;class=unknown 1000.00 consistent"]
        );
        // An emergency takes no class below it: none of the reductions.
        let emergency = with(paid("S1", "21000", "12000"), |optional| optional.emergency = true);
        assert_eq!(
            all_leads(&set(&tables), &[emergency], None, &off).0,
            ["BEN-01 S1 lo=16000.00;hi=16000.00;class=unknown 4000.00 certain"]
        );
    }

    #[test]
    fn where_nothing_fits_nothing_is_judged() {
        let no_ratio = r#"ratio = [ { care_class = "inpatient", level = "2", percent = "80" } ]"#;
        assert_eq!(leads(no_ratio, &[paid("S1", "21000", "17000")]), [""; 0]);
        // A rule that does not run gives no lead.
        let off = [ReviewRule::Ben01];
        let filings = crate::review::benefit_rules::samples::filings(Some(
            crate::review::filing::FilingKind::LongTerm,
        ));
        let found = all_leads(&set(TABLES), &[paid("S1", "21000", "17000")], Some(&filings), &off);
        assert_eq!(found.0, [""; 0]);
    }
}
