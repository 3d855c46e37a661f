//! The first leads of a rule, as the page shows them.

use chrono::DateTime;

use super::timeline::{Timeline, days_named};
use crate::{
    figures::count_shown,
    leads::{
        guide,
        tables::{LeadRole, LeadRow, with_roles},
        tally::LeadTally,
    },
    model::{codes::Province, money::yuan_grouped, words as vocabulary},
    page::words::{Money, Words, province, same, words},
    privacy::{mask::masked, pseudonym::Pseudonyms},
    review::{
        detail,
        found::{FoundLead, LeadSettlement},
        rule::ReviewRule,
    },
    spelling::short,
    text::printable,
};

/// The leads of a rule that are listed, that are drawn, and the lines of one that are shown.
pub(super) const LISTED: usize = 10;
const DRAWN: usize = 3;
const LINES: usize = 10;
/// The most characters of a code.
const CODE: usize = 40;

/// The leads of a rule.
pub(super) struct RuleLeads {
    pub(super) rule: ReviewRule,
    pub(super) name: Words,
    pub(super) check: Words,
    /// Number and money of all of them.
    pub(super) count: String,
    pub(super) stake: Words,
    /// The leads that are not listed.
    pub(super) more: Option<String>,
    pub(super) listed: Vec<ListedLead>,
}

/// A lead.
pub(super) struct ListedLead {
    pub(super) lead_id: String,
    pub(super) strength: Words,
    pub(super) places: Words,
    pub(super) insured: Words,
    pub(super) who: String,
    pub(super) institution: String,
    pub(super) days: Words,
    pub(super) settlements: String,
    pub(super) amount: String,
    /// Names and values.
    pub(super) detail: Vec<(Words, Words)>,
    pub(super) drawn: Option<DrawnLead>,
}

/// A lead day by day.
pub(super) struct DrawnLead {
    pub(super) timeline: Timeline,
    pub(super) lines: Vec<DrawnLine>,
    pub(super) more: Option<String>,
}

/// A settlement of a lead.
pub(super) struct DrawnLine {
    pub(super) is_suspect: bool,
    pub(super) when: Words,
    pub(super) care: Words,
    pub(super) province: Words,
    pub(super) institution: String,
    pub(super) who: String,
    pub(super) setl_id: String,
    pub(super) payable: String,
}

fn both([zh, en]: [&str; 2]) -> Words {
    words(zh, en)
}

impl RuleLeads {
    /// Begins without leads.
    pub(super) fn of(rule: ReviewRule) -> RuleLeads {
        let guide = guide::of_rule(rule);
        RuleLeads {
            rule,
            name: both(guide.name),
            check: both(guide.check),
            count: String::new(),
            stake: Words::default(),
            more: None,
            listed: Vec::new(),
        }
    }

    /// Takes a lead when it is among the first.
    pub(super) fn add(&mut self, row: &LeadRow, lead: &FoundLead, key: Option<&Pseudonyms>) {
        if self.listed.len() < LISTED {
            let is_drawn = self.listed.len() < DRAWN;
            self.listed.push(ListedLead::of(row, lead, key, is_drawn));
        }
    }

    /// Adds number and money of all leads of the rule.
    pub(super) fn count(&mut self, tally: &LeadTally) {
        let mut all = crate::leads::tally::CountedLeads::default();
        for ((rule, _), counted) in &tally.by_rule {
            if *rule == self.rule {
                all.join(*counted);
            }
        }
        self.count = count_shown(all.leads.into());
        self.stake = Money(all.fen).short();
        let more = all.leads.saturating_sub(self.listed.len() as u64);
        self.more = (more > 0).then(|| count_shown(more.into()));
    }
}

/// Returns a code as the page shows it: long ones are cut, no letter controls a layout.
pub(super) fn cut(code: &str) -> String {
    printable(&short(code, CODE))
}

/// Returns a person as people see it.
fn person(number: &str, key: Option<&Pseudonyms>) -> String {
    let masked = printable(&masked(number));
    match key {
        Some(key) => format!("{masked} {}", key.of(number)),
        None => masked,
    }
}

impl ListedLead {
    fn of(row: &LeadRow, lead: &FoundLead, key: Option<&Pseudonyms>, is_drawn: bool) -> ListedLead {
        let named = |of: Option<Province>| of.map_or_else(|| same("–"), province);
        let places = match row.other {
            Some(other) => {
                let (own, other) = (province(row.treating), province(other));
                words(format!("{}、{}", own.zh, other.zh), format!("{}, {}", own.en, other.en))
            }
            None => province(row.treating),
        };
        let direction = row.direction.into_iter();
        let direction =
            direction.map(|direction| (words("方向", "direction"), both(direction.words())));
        let pairs = detail::pairs(row.rule, &row.detail)
            .map(|pair| pair.map(|[zh, en]| words(zh, en)))
            .map(|[name, value]| (name, value));
        let drawn = Timeline::of(lead).filter(|_| is_drawn);
        ListedLead {
            lead_id: row.lead_id.clone(),
            strength: both(guide::of_strength(row.strength)),
            places,
            insured: named(row.insured),
            who: row.psn_no.as_deref().map_or("–".to_owned(), |number| person(number, key)),
            institution: row.institution.as_deref().map_or("–".to_owned(), cut),
            days: days_named(row.days),
            settlements: count_shown(row.settlements.into()),
            amount: yuan_grouped(row.amount),
            detail: direction.chain(pairs).collect(),
            drawn: drawn.map(|timeline| DrawnLead::of(timeline, lead, key)),
        }
    }
}

impl DrawnLead {
    fn of(timeline: Timeline, lead: &FoundLead, key: Option<&Pseudonyms>) -> DrawnLead {
        let mut first: Vec<(LeadRole, &LeadSettlement)> = with_roles(lead).collect();
        let by_time = |(_, one): &(LeadRole, &LeadSettlement)| (one.days().0, one.time);
        first.sort_by(|one, other| {
            by_time(one).cmp(&by_time(other)).then_with(|| one.1.setl_id.cmp(&other.1.setl_id))
        });
        let more = first.len().saturating_sub(LINES);
        let line = |(role, one): &(LeadRole, &LeadSettlement)| DrawnLine {
            is_suspect: *role == LeadRole::Suspect,
            when: when(one),
            care: vocabulary::of(one.care.name())
                .map_or_else(|| same(one.care.name()), |word| words(word.chinese, word.english)),
            province: province(one.treating_province()),
            institution: cut(&one.institution),
            who: person(&one.psn_no, key),
            setl_id: cut(&one.setl_id),
            payable: yuan_grouped(one.payable),
        };
        DrawnLead {
            timeline,
            lines: first.iter().take(LINES).map(line).collect(),
            more: (more > 0).then(|| count_shown(more as i128)),
        }
    }
}

/// Returns the days of a stay with its nights, or the time of a visit.
fn when(settlement: &LeadSettlement) -> Words {
    if let Some(days) = settlement.stay() {
        let (named, nights) = (days_named(days), days.1 - days.0);
        let unit = if nights == 1 { "night" } else { "nights" };
        return words(
            format!("{}（{nights} 夜）", named.zh),
            format!("{} ({nights} {unit})", named.en),
        );
    }
    let time = DateTime::from_timestamp_micros(settlement.time).unwrap_or_default();
    same(time.format("%Y-%m-%d %H:%M").to_string())
}
