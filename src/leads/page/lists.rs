//! The lists of the page: rules, provinces, institutions, months, and what was not looked at.

use std::collections::BTreeMap;

use super::view::cut;
use crate::{
    figures::{count_shown, percent_shown},
    leads::{
        guide,
        pack::path_of,
        tally::{CountedLeads, LeadTally},
    },
    model::{codes::Province, money::FenSum},
    page::words::{Money, Words, month, province, same, words},
    review::{
        account::{NotRun, ReviewAccount},
        rule::{ReviewRule, Strength},
    },
};

/// The most institutions and months that are listed.
const INSTITUTIONS: usize = 20;
const MONTHS: usize = 24;
/// The most insured areas and unknown values that are listed.
const OTHERS: usize = 15;

/// A figure with its words.
pub(super) struct ReviewCard {
    pub(super) label: Words,
    pub(super) value: Words,
    pub(super) note: Words,
}

/// A line of a list: a name, a second name, number and money, and the length of its bar in per cent.
pub(super) struct CountedLine {
    pub(super) name: Words,
    pub(super) code: String,
    pub(super) note: Words,
    pub(super) leads: String,
    pub(super) stake: Money,
    pub(super) width: i128,
    pub(super) link: Option<String>,
}

/// The lists of the page.
pub(super) struct PageLists {
    pub(super) rules: Vec<CountedLine>,
    pub(super) provinces: Vec<CountedLine>,
    pub(super) institutions: Vec<CountedLine>,
    pub(super) more_institutions: Option<String>,
    pub(super) months: Vec<CountedLine>,
    pub(super) more_months: Option<String>,
    /// Rules that ran and found nothing.
    pub(super) silent: Vec<Words>,
    /// Rules that did not run: id, name, why.
    pub(super) left_out: Vec<(&'static str, Words, Words)>,
    /// Insured areas without a rule set: area, settlements, money.
    pub(super) areas: Vec<(String, String, Money)>,
    pub(super) more_areas: Option<String>,
    /// Values that are not known: field, value, rows.
    pub(super) unknown: Vec<(String, String, String)>,
    pub(super) more_unknown: Option<String>,
}

/// Returns the first figures of the page.
pub(super) fn cards(account: &ReviewAccount, tally: &LeadTally) -> Vec<ReviewCard> {
    let card = |label, value, note| ReviewCard { label, value, note };
    let count = |number: u64| same(count_shown(number.into()));
    let certain: u64 = tally
        .by_rule
        .iter()
        .filter(|((_, strength), _)| *strength == Strength::Certain)
        .map(|(_, counted)| counted.leads)
        .sum();
    let (reviewed, other) = (account.benefits.reviewed_fen, account.benefits.other_fen);
    let share = percent_shown(reviewed.fen(), (reviewed + other).fen());
    vec![
        card(
            words("疑点线索", "Leads"),
            count(tally.all.leads),
            words(
                format!("其中明确 {} 条", count_shown(certain.into())),
                format!("of which certain: {}", count_shown(certain.into())),
            ),
        ),
        card(
            words("涉及金额", "At stake"),
            Money(tally.all.fen).short(),
            words(
                "各条线索之和：待遇类只计差额，其余计应付；一笔可计多次",
                "the sum of all leads: of benefits the difference alone, else the payable; a settlement may count several times",
            ),
        ),
        card(
            words("嫌疑结算应付", "Payable of suspects"),
            Money(tally.fen_once).short(),
            words(
                "嫌疑结算的应付全额，每笔只计一次；可高于涉及金额",
                "the whole payable, each settlement once; may be more than what is at stake",
            ),
        ),
        card(
            words("所审结算", "Settlements reviewed"),
            count(account.rows.settlements),
            words(
                format!("参保人员 {} 人", count_shown(account.persons.into())),
                format!("of persons: {}", count_shown(account.persons.into())),
            ),
        ),
        card(
            words("待遇已复算", "Benefits recomputed"),
            same(share),
            words("占统筹基金支付的份额", "of what the basic funds paid"),
        ),
    ]
}

/// Makes lines of a list, the largest amount first; lines of equal amount stay in the order of their keys.
fn lines<K>(
    counted: impl IntoIterator<Item = (K, CountedLeads)>,
    most: usize,
    name: impl Fn(&K) -> CountedLine,
) -> (Vec<CountedLine>, Option<String>) {
    let mut all: Vec<(K, CountedLeads)> = counted.into_iter().collect();
    all.sort_by_key(|(_, counted)| std::cmp::Reverse((counted.fen, counted.leads)));
    let largest = all.first().map_or(FenSum::ZERO, |(_, counted)| counted.fen);
    let more = all.len().saturating_sub(most);
    let line = |(key, counted): &(K, CountedLeads)| {
        let (part, whole) = (counted.fen.fen().max(0), largest.fen().max(1));
        CountedLine {
            leads: count_shown(counted.leads.into()),
            stake: Money(counted.fen),
            width: part.saturating_mul(100) / whole,
            ..name(key)
        }
    };
    let lines = all.iter().take(most).map(line).collect();
    (lines, (more > 0).then(|| count_shown(more as i128)))
}

fn named(name: Words, code: String) -> CountedLine {
    CountedLine {
        name,
        code,
        note: Words::default(),
        leads: String::new(),
        stake: Money::default(),
        width: 0,
        link: None,
    }
}

fn rule_named(rule: ReviewRule) -> Words {
    let [zh, en] = guide::of_rule(rule).name;
    words(zh, en)
}

/// Returns how many more there are.
fn rest(all: usize) -> Option<String> {
    let more = all.saturating_sub(OTHERS);
    (more > 0).then(|| count_shown(more as i128))
}

impl PageLists {
    /// Makes the lists.
    pub(super) fn of(account: &ReviewAccount, tally: &LeadTally) -> PageLists {
        let mut by_province: BTreeMap<Province, CountedLeads> = BTreeMap::new();
        for ((province, _), counted) in &tally.by_province {
            by_province.entry(*province).or_default().join(*counted);
        }
        let own = |map: &BTreeMap<_, CountedLeads>| map.clone();
        let (rules, _) = lines(own(&tally.by_rule), usize::MAX, |(rule, strength)| {
            let [zh, en] = guide::of_strength(*strength);
            CountedLine {
                note: words(zh, en),
                link: Some(format!("#{}", rule.id())),
                ..named(rule_named(*rule), rule.id().to_owned())
            }
        });
        let (provinces, _) = lines(by_province, usize::MAX, |of| {
            let has_pack =
                tally.by_province.keys().any(|(one, rule)| one == of && *rule != ReviewRule::Beh20);
            CountedLine {
                link: has_pack.then(|| path_of(*of, "xlsx")),
                ..named(province(*of), of.to_string())
            }
        });
        let institutions = tally.by_institution.iter();
        let institutions = institutions.map(|(code, (of, counted))| ((code, *of), *counted));
        let (institutions, more_institutions) =
            lines(institutions, INSTITUTIONS, |(code, of)| named(province(*of), cut(code)));
        let months = tally.by_month.iter().map(|(month, counted)| (*month, *counted));
        let (months, more_months) = lines(months, MONTHS, |of| named(month(*of), String::new()));
        PageLists {
            rules,
            provinces,
            institutions,
            more_institutions,
            months,
            more_months,
            silent: silent(account, tally),
            left_out: left_out(account),
            areas: areas(account),
            more_areas: rest(account.benefits.areas_without.count()),
            unknown: unknown(account),
            more_unknown: rest(unknown_values(account).count()),
        }
    }
}

/// Returns the rules that ran and found nothing.
fn silent(account: &ReviewAccount, tally: &LeadTally) -> Vec<Words> {
    let found = |rule: &ReviewRule| tally.by_rule.keys().any(|(found, _)| found == rule);
    let mut rules = account.rules_run.clone();
    rules.retain(|rule| !found(rule));
    rules.sort_unstable();
    let named = |rule: ReviewRule| {
        let name = rule_named(rule);
        words(format!("{} {}", rule.id(), name.zh), format!("{} {}", rule.id(), name.en))
    };
    rules.into_iter().map(named).collect()
}

/// Returns the rules that did not run: id, name, why.
fn left_out(account: &ReviewAccount) -> Vec<(&'static str, Words, Words)> {
    let mut rules = account.rules_left_out.clone();
    rules.sort_unstable_by_key(|(rule, _)| *rule);
    let line = |(rule, why): (ReviewRule, NotRun)| {
        let [zh, en] = why.words();
        (rule.id(), rule_named(rule), words(zh, en))
    };
    rules.into_iter().map(line).collect()
}

/// Returns the insured areas without a rule set, the largest first.
fn areas(account: &ReviewAccount) -> Vec<(String, String, Money)> {
    let mut areas: Vec<_> = account.benefits.areas_without.iter().collect();
    areas.sort_by(|(one, (_, a)), (other, (_, b))| b.cmp(a).then_with(|| one.cmp(other)));
    let line = |(area, (rows, fen)): (u32, (u64, FenSum))| {
        (area.to_string(), count_shown(rows.into()), Money(fen))
    };
    areas.into_iter().take(OTHERS).map(line).collect()
}

/// Returns the values of records that are not known with their rows, and the levels of the registry with their institutions.
fn unknown_values(account: &ReviewAccount) -> impl Iterator<Item = (&'static str, &str, u64)> {
    let levels = account.unknown_levels.iter();
    let levels = levels.map(|(_, level, count)| (REGISTRY_LEVEL, level, count));
    account.unknown_values.iter().chain(levels)
}

/// What the levels of the registry are called on the page.
const REGISTRY_LEVEL: &str = "registry.csv level";

/// Returns the values that are not known, the most frequent first.
fn unknown(account: &ReviewAccount) -> Vec<(String, String, String)> {
    let mut values: Vec<(&str, &str, u64)> = unknown_values(account).collect();
    values.sort_by(|one, other| other.2.cmp(&one.2).then_with(|| one.cmp(other)));
    let line = |(field, value, rows): (&str, &str, u64)| {
        (field.to_owned(), cut(value), count_shown(rows.into()))
    };
    values.into_iter().take(OTHERS).map(line).collect()
}
