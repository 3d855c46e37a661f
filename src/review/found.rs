//! A lead that outlives the rows in which it was found, and the order of leads.

use std::{cmp::Ordering, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    lead::Lead,
    row::ReviewedRow,
    rule::{ReviewRule, Strength},
};
use crate::{
    ingest::times::DAY,
    keyed::sorted::SortRow,
    model::{
        codes::{CareClass, FundClass, Province},
        money::{Fen, FenSum},
    },
};

/// A lead with copies of what is put out about its settlements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundLead {
    /// The rule.
    pub rule: ReviewRule,
    /// How strong it is.
    pub strength: Strength,
    /// The amount at stake.
    pub amount: FenSum,
    /// Details as `name=value;…`.
    pub detail: String,
    /// The settlements that are suspected, by setl_id.
    pub suspects: Vec<LeadSettlement>,
    /// Other settlements that show why, by setl_id.
    pub context: Vec<LeadSettlement>,
    /// Of a lead from a book: the treating province, and the first and the last day of the periods.
    pub of_book: Option<(u8, i32, i32)>,
}

/// A settlement of a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadSettlement {
    /// The settlement (`setl_id`).
    pub setl_id: Box<str>,
    /// The number of its row among the rows of all inputs.
    pub ordinal: u64,
    /// The person (`psn_no`).
    pub psn_no: Box<str>,
    /// The institution (`fixmedins_code`).
    pub institution: Box<str>,
    /// The insured division (`insuplc_admdvs`).
    pub insured: Box<str>,
    /// The treating division (`mdtrtarea_admvs`).
    pub treating: Box<str>,
    /// The care class.
    pub care: CareClass,
    /// The fund class.
    pub fund: FundClass,
    /// The type of care as the record has it (`med_type`).
    pub med_type: Box<str>,
    /// The time of settlement, in microseconds (UTC+8).
    pub time: i64,
    /// The day of admission as the record has it (`begndate`).
    pub begin: Option<i32>,
    /// The day of discharge as the record has it (`enddate`).
    pub end: Option<i32>,
    /// The total cost (`medfee_sumamt`).
    pub medfee: Fen,
    /// The payable.
    pub payable: Fen,
    /// The basic fund's payment (`hifp_pay`).
    pub hifp_pay: Fen,
    /// The in-scope amount (`inscp_scp_amt`); `None` is null.
    pub in_scope: Option<Fen>,
    /// The deductible that was really paid (`act_pay_dedc`); `None` is null.
    pub act_pay_dedc: Option<Fen>,
}

impl From<&ReviewedRow<'_>> for LeadSettlement {
    fn from(row: &ReviewedRow<'_>) -> LeadSettlement {
        LeadSettlement {
            setl_id: row.setl_id.into(),
            ordinal: row.ordinal,
            psn_no: row.psn_no.into(),
            institution: row.institution.into(),
            insured: row.insured.into(),
            treating: row.treating.into(),
            care: row.care,
            fund: row.fund,
            med_type: row.med_type.into(),
            time: row.time,
            begin: row.begin,
            end: row.end,
            medfee: row.medfee,
            payable: row.payable,
            hifp_pay: row.hifp_pay,
            in_scope: row.in_scope,
            act_pay_dedc: row.optional.act_pay_dedc,
        }
    }
}

impl LeadSettlement {
    /// Returns the treating province.
    pub fn treating_province(&self) -> Province {
        Province::of_division(self.treating.as_bytes()).expect("Invariant: V02 holds divisions")
    }

    /// Returns the insured province.
    pub fn insured_province(&self) -> Province {
        Province::of_division(self.insured.as_bytes()).expect("Invariant: V02 holds divisions")
    }

    /// Returns the day of settlement.
    pub fn day(&self) -> i32 {
        i32::try_from(self.time.div_euclid(DAY)).expect("Invariant: V17 holds the years")
    }

    /// Returns the days of a stay.
    pub fn stay(&self) -> Option<(i32, i32)> {
        let days = (self.begin?, self.end?);
        (self.care == CareClass::Inpatient && days.0 <= days.1).then_some(days)
    }

    /// Returns the first and the last day: those of a stay, else the day.
    pub fn days(&self) -> (i32, i32) {
        self.stay().unwrap_or((self.day(), self.day()))
    }

    /// Returns the bytes that it takes, about.
    fn bytes(&self) -> usize {
        let texts = [&self.setl_id, &self.psn_no, &self.institution, &self.insured, &self.treating];
        size_of::<LeadSettlement>() + texts.map(|text| text.len() + 16).iter().sum::<usize>() + 24
    }
}

impl From<&Lead<'_>> for FoundLead {
    fn from(lead: &Lead<'_>) -> FoundLead {
        let by_id = |rows: &[&ReviewedRow<'_>]| {
            let mut settlements: Vec<LeadSettlement> =
                rows.iter().map(|row| LeadSettlement::from(*row)).collect();
            settlements.sort_unstable_by(|a, b| a.setl_id.cmp(&b.setl_id));
            settlements
        };
        FoundLead {
            rule: lead.rule,
            strength: lead.strength,
            amount: lead.amount,
            detail: lead.detail.clone(),
            suspects: by_id(&lead.suspects),
            context: by_id(&lead.context),
            of_book: None,
        }
    }
}

impl FoundLead {
    /// Makes a lead without settlements: about a treating province, in the days of a book's periods.
    pub fn of_book(
        rule: ReviewRule,
        province: Province,
        days: (i32, i32),
        amount: FenSum,
        detail: String,
    ) -> FoundLead {
        let of_book = Some((province.code(), days.0, days.1));
        let (suspects, context) = (Vec::new(), Vec::new());
        FoundLead { rule, strength: rule.strength(), amount, detail, suspects, context, of_book }
    }

    /// Returns all settlements: first the suspects, then the context.
    pub fn settlements(&self) -> impl Iterator<Item = &LeadSettlement> + Clone {
        self.suspects.iter().chain(&self.context)
    }

    /// Returns the number of settlements.
    pub fn count(&self) -> usize {
        self.suspects.len() + self.context.len()
    }

    /// Returns the province that is to check it: that of the last suspect by (setl_time, setl_id), or of the book.
    pub fn treating_province(&self) -> Province {
        let last = self.suspects.iter().max_by(|a, b| {
            let by = |one: &LeadSettlement| one.time;
            by(a).cmp(&by(b)).then_with(|| a.setl_id.cmp(&b.setl_id))
        });
        let of_book = || self.of_book.and_then(|(code, ..)| Province::from_code(code));
        last.map(LeadSettlement::treating_province)
            .or_else(of_book)
            .expect("Invariant: a lead has suspects, or it is from a book")
    }

    /// Returns every treating province that has one of the settlements, in order; of a lead from a book its province.
    pub fn treating_provinces(&self) -> BTreeSet<Province> {
        let of_rows: BTreeSet<Province> =
            self.settlements().map(LeadSettlement::treating_province).collect();
        if of_rows.is_empty() { [self.treating_province()].into() } else { of_rows }
    }

    /// Returns the other treating province, where the settlements have exactly two.
    pub fn other_province(&self) -> Option<Province> {
        let all = self.treating_provinces();
        let own = self.treating_province();
        if all.len() == 2 { all.into_iter().find(|province| *province != own) } else { None }
    }

    /// Returns the insured province that all settlements share.
    pub fn insured_province(&self) -> Option<Province> {
        shared(self.settlements().map(LeadSettlement::insured_province))
    }

    /// Returns the person that all settlements share.
    pub fn psn_no(&self) -> Option<&str> {
        shared(self.settlements().map(|settlement| &*settlement.psn_no))
    }

    /// Returns the institution that all settlements share.
    pub fn institution(&self) -> Option<&str> {
        shared(self.settlements().map(|settlement| &*settlement.institution))
    }

    /// Returns the smallest and the largest day of the settlements, or those of the book's periods.
    pub fn days(&self) -> (i32, i32) {
        let all = self.settlements().map(LeadSettlement::days);
        let days = all.reduce(|(first, last), (begin, end)| (first.min(begin), last.max(end)));
        days.or(self.of_book.map(|(_, first, last)| (first, last)))
            .expect("Invariant: a lead has suspects, or it is from a book")
    }

    /// Returns the setl_ids in the order of bytes.
    fn setl_ids(&self) -> impl Iterator<Item = &str> {
        let mut ids = [&self.suspects, &self.context].map(|rows| rows.iter().peekable());
        std::iter::from_fn(move || {
            let [suspects, context] = &mut ids;
            let next = match (suspects.peek(), context.peek()) {
                (Some(one), Some(other)) if other.setl_id < one.setl_id => context.next(),
                (None, _) => context.next(),
                _ => suspects.next(),
            };
            next.map(|settlement| &*settlement.setl_id)
        })
    }
}

impl SortRow for FoundLead {
    fn bytes(&self) -> usize {
        let settlements: usize = self.settlements().map(LeadSettlement::bytes).sum();
        size_of::<FoundLead>() + self.detail.len() + settlements
    }

    /// Compares by rule, amount from large to small and setl_ids (review §3). No two leads of a rule have all of
    /// these in common; detail, province and days hold the order of those that would.
    fn order(&self, other: &FoundLead) -> Ordering {
        let rule = self.rule.cmp(&other.rule);
        let amount = rule.then_with(|| other.amount.cmp(&self.amount));
        amount
            .then_with(|| self.setl_ids().cmp(other.setl_ids()))
            .then_with(|| self.of_book.cmp(&other.of_book))
            .then_with(|| self.detail.cmp(&other.detail))
    }
}

/// Returns the value that all have.
fn shared<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keyed::{
            packed::{pack, unpack},
            sorted::Sorter,
        },
        place::staging::Staging,
    };

    fn settlement(setl_id: &str, treating: &str, day: i64) -> LeadSettlement {
        LeadSettlement {
            setl_id: setl_id.into(),
            ordinal: 7,
            psn_no: "P1".into(),
            institution: "H1".into(),
            insured: "610100".into(),
            treating: treating.into(),
            care: CareClass::Outpatient,
            fund: FundClass::Employee,
            med_type: "11".into(),
            time: day * DAY + 5,
            begin: None,
            end: None,
            medfee: Fen::new(100),
            payable: Fen::new(80),
            hifp_pay: Fen::new(70),
            in_scope: Some(Fen::new(90)),
            act_pay_dedc: None,
        }
    }

    fn lead(rule: ReviewRule, fen: i128, suspects: &[&str], context: &[&str]) -> FoundLead {
        let rows = |ids: &[&str]| ids.iter().map(|id| settlement(id, "310115", 10)).collect();
        FoundLead {
            rule,
            strength: rule.strength(),
            amount: FenSum::new(fen),
            detail: String::new(),
            suspects: rows(suspects),
            context: rows(context),
            of_book: None,
        }
    }

    #[test]
    fn leads_are_in_the_order_of_rule_amount_and_ids_whatever_the_room() {
        use ReviewRule::{Beh01, Beh04, Beh20};
        let province = |code| {
            let province = Province::from_code(code).expect("a province");
            FoundLead::of_book(Beh20, province, (0, 30), FenSum::new(5), String::new())
        };
        let sorted = [
            lead(Beh01, 9, &["Z"], &[]),
            lead(Beh01, -1, &["A"], &[]),
            lead(Beh04, 5, &["B"], &[]),
            lead(Beh04, 5, &["B"], &["C"]),
            // The context counts as well: A, C here, and B, C above.
            lead(Beh04, 5, &["B", "D"], &[]),
            lead(Beh04, 5, &["C"], &["D"]),
            province(31),
            province(44),
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let staging = Staging::inside(folder.path()).expect("made");
        for (name, room) in [("ample", usize::MAX), ("scarce", 0)] {
            let sorter = Sorter::new(room, &staging.scratch(), name);
            for lead in sorted.iter().rev() {
                sorter.push(vec![lead.clone()]).expect("pushed");
            }
            let mut found = Vec::new();
            let keep = |lead: &FoundLead| {
                found.push(lead.clone());
                Ok(())
            };
            sorter.finish().and_then(|sorted| sorted.for_each(keep)).expect("read");
            assert_eq!(found, sorted);
        }
    }

    #[test]
    fn columns_follow_from_the_settlements() {
        let mut one = lead(ReviewRule::Beh06, 160, &["S1", "S2"], &["S0"]);
        one.suspects[0] = settlement("S1", "110105", 12);
        one.suspects[1] = settlement("S2", "659001", 12);
        one.context[0] = settlement("S0", "110101", 20);
        let code = |province: Province| province.code();
        // S1 and S2 are of one time, so the larger setl_id is the last one.
        assert_eq!(code(one.treating_province()), 66);
        assert_eq!(one.other_province().map(code), Some(11));
        assert_eq!(one.insured_province().map(code), Some(61));
        assert_eq!((one.psn_no(), one.institution()), (Some("P1"), Some("H1")));
        assert_eq!((one.days(), one.count()), ((12, 20), 3));
        one.context[0].treating = "440100".into();
        one.context[0].institution = "H2".into();
        one.context[0].care = CareClass::Inpatient;
        (one.context[0].begin, one.context[0].end) = (Some(3), Some(9));
        assert_eq!((one.other_province(), one.institution()), (None, None));
        assert_eq!(one.days(), (3, 12));
        let packed = pack(&one).expect("packed");
        assert_eq!(unpack::<FoundLead>(&packed).expect("unpacked"), one);
    }
}
