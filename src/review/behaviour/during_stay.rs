//! BEH-04 care during a stay 住院期间门诊购药 (consistent): a visit or purchase on a day d with begin < d < end of a stay
//! of that person, at any institution. One lead is a stay with all of them; in two stays at once it is in two leads.
//! Source: procedure §36: care bought elsewhere during a stay belongs into the stay's settlement.

use super::stay::Stay;
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::DuringStayLimits,
};

/// Adds the leads of a person's stays; visits and purchases stand in the order of time.
pub(super) fn leads<'a>(
    stays: &[Stay<'a>],
    outside: &[&'a ReviewedRow<'a>],
    DuringStayLimits {}: &DuringStayLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    if stays.is_empty() || outside.is_empty() {
        return;
    }
    let days: Vec<i32> = outside.iter().map(|row| row.day()).collect();
    for stay in stays {
        let first = days.partition_point(|day| *day <= stay.begin);
        let during = days[first..].partition_point(|day| *day < stay.end);
        if during > 0 {
            let suspects = outside[first..first + during].to_vec();
            let detail = Detail::default().with("stay_institution", stay.row.institution).text();
            let lead = Lead::of(ReviewRule::Beh04, suspects, detail);
            leads.push(lead.with_context(vec![stay.row]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_one, purchase, settlement, stay, visit};
    use crate::{
        model::codes::CareClass,
        review::thresholds::{DuringStayLimits, Thresholds},
    };

    fn told(rows: Vec<Sample>) -> Vec<String> {
        of_one(rows, Thresholds { beh04: Some(DuringStayLimits {}), ..Thresholds::default() })
    }

    #[test]
    fn the_days_of_admission_and_discharge_are_free() {
        let of = |at: &str| told(vec![stay("s", "2025-12-30", "2026-01-02"), visit("v", at)]);
        assert_eq!(of("2025-12-30 23:59:59.999999"), [""; 0]);
        assert_eq!(of("2025-12-31 00:00:00"), ["v (s): 1.00 stay_institution=H"]);
        assert_eq!(of("2026-01-01 23:59:59.999999"), ["v (s): 1.00 stay_institution=H"]);
        assert_eq!(of("2026-01-02 00:00:00"), [""; 0]);
        let short = vec![stay("s", "2025-10-01", "2025-10-02"), visit("v", "2025-10-01")];
        assert_eq!(told(short), [""; 0]);
        let none = vec![stay("s", "2025-10-01", "2025-10-01"), visit("v", "2025-10-01")];
        assert_eq!(told(none), [""; 0]);
    }

    #[test]
    fn a_lead_has_all_that_fell_into_a_stay() {
        let rows = vec![
            stay("s", "2025-10-01", "2025-10-09").for_fen(900),
            stay("t", "2025-10-04", "2025-10-20").at("K"),
            visit("a", "2025-10-02").at("X"),
            purchase("b", "2025-10-05").for_fen(300),
            settlement(CareClass::Chronic, "c", "2025-10-08"),
            settlement(CareClass::Inpatient, "d", "2025-10-05"),
            visit("e", "2025-10-21"),
        ];
        let expected = ["a b c (s): 5.00 stay_institution=H", "b c (t): 4.00 stay_institution=K"];
        assert_eq!(told(rows), expected);
    }
}
