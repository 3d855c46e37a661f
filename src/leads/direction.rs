//! Whether the fund paid too much or too little. What was paid too little is no reason to deduct.

use crate::{
    model::money::{FenSum, parse_sum},
    review::{detail, found::FoundLead, rule::ReviewRule},
};

/// On which side of what is right the fund's payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaidDirection {
    /// The fund paid too much (多付).
    TooMuch,
    /// The fund paid too little (少付).
    TooLittle,
}

impl PaidDirection {
    /// Returns the direction of a lead whose rule says what the fund should have paid. BEN-02 has none: its deductible is
    /// compared with the nearest one that is allowed, which need not be the right one.
    pub(super) fn of(lead: &FoundLead) -> Option<PaidDirection> {
        match lead.rule {
            ReviewRule::Ben01 | ReviewRule::Ben03 => {
                let paid = FenSum::from(lead.suspects.first()?.hifp_pay);
                let least = parse_sum(detail::value(&lead.detail, "lo")?).ok()?;
                Some(if paid < least { PaidDirection::TooLittle } else { PaidDirection::TooMuch })
            }
            ReviewRule::Ben04 | ReviewRule::Ben05 => Some(PaidDirection::TooMuch),
            _ => None,
        }
    }

    /// Returns the words for it, in Chinese and in English.
    pub(super) const fn words(self) -> [&'static str; 2] {
        match self {
            PaidDirection::TooMuch => ["多付", "overpaid"],
            PaidDirection::TooLittle => ["少付", "underpaid"],
        }
    }

    /// Whether a cell of a pack says that the fund paid too little.
    pub(super) fn is_too_little(cell: &str) -> bool {
        cell == PaidDirection::TooLittle.words().join(" ")
    }
}

/// Whether an amount may be deducted for a lead: not from what never cleared, nor where the fund paid too little.
pub(super) fn takes_amount(rule: ReviewRule, direction: Option<PaidDirection>) -> bool {
    let is_cleared = !matches!(rule, ReviewRule::Beh16 | ReviewRule::Ben06 | ReviewRule::Beh20);
    is_cleared && direction != Some(PaidDirection::TooLittle)
}

/// Whether leads of a rule may be about too little.
pub(super) const fn may_be_too_little(rule: ReviewRule) -> bool {
    matches!(rule, ReviewRule::Ben01 | ReviewRule::Ben03)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leads::samples;

    use PaidDirection::{TooLittle, TooMuch};
    use ReviewRule::{Ben01, Ben02, Ben03, Ben04, Ben05};

    #[test]
    fn the_payment_is_compared_with_the_range() {
        // The samples have a hifp_pay of 100.00.
        let of = |rule, detail| {
            let visit = samples::visit("S1", 1, "P1", "310101", 3);
            PaidDirection::of(&samples::lead(rule, vec![visit], Vec::new(), detail))
        };
        assert_eq!(of(Ben01, "lo=100.01;hi=110.00;class=none"), Some(TooLittle));
        assert_eq!(of(Ben01, "lo=90.00;hi=98.00;class=none"), Some(TooMuch));
        assert_eq!(of(Ben03, "class=long_term;fits=none;lo=120.00;hi=120.00"), Some(TooLittle));
        assert_eq!(of(Ben03, "class=none;fits=long_term;lo=90.00;hi=90.00"), Some(TooMuch));
        assert_eq!(of(Ben02, "paid=2.00;standard=;nearest=1.00"), None);
        assert_eq!(of(Ben04, "paid=2.00;cap=1.00;year=2025"), Some(TooMuch));
        assert_eq!(of(Ben05, "scope=2.00;deductible=3.00"), Some(TooMuch));
        for rule in ReviewRule::ALL {
            let of_rule = of(*rule, "lo=100.01;hi=110.00");
            assert_eq!(of_rule == Some(TooLittle), may_be_too_little(*rule), "{}", rule.id());
        }
        assert!(takes_amount(Ben01, Some(TooMuch)) && !takes_amount(Ben01, Some(TooLittle)));
        assert!(takes_amount(Ben02, None) && !takes_amount(ReviewRule::Ben06, None));
        assert!(PaidDirection::is_too_little("少付 underpaid"));
        assert!(!PaidDirection::is_too_little("多付 overpaid"));
    }
}
