//! Makes the facts of a period or a quarter from its figures.

use std::collections::BTreeMap;

use super::{
    fact::{Fact, FactSubject, fact},
    late::LateNotices,
    period::{CountedMoney, PeriodFigures},
    words::{
        Bilingual, SentenceWords, count_shown, cut_off, day_named, kind_named, month_named,
        percent_shown, province_named, short_money,
    },
};
use crate::{
    book::grid::Grid,
    model::{
        codes::{Province, Side},
        fields::Field,
        money::FenSum,
    },
    reserve::notices::NoticeKind,
};

/// The most provinces that lead a list.
const LEADING: usize = 3;
/// The most provinces of a list of late payers.
const LATE_PAYERS: usize = 3;

/// The sources of the facts of a period.
#[derive(Debug)]
pub struct PeriodFacts<'a> {
    /// The figures of the period.
    pub figures: &'a PeriodFigures,
    /// Its positions.
    pub positions: &'a Grid,
    /// The figures of the month before, if the book has it.
    pub month_before: Option<&'a PeriodFigures>,
    /// The figures of the same month of the year before, if the book has it.
    pub year_before: Option<&'a PeriodFigures>,
    /// The late notices at its close.
    pub late: &'a [LateNotices],
    /// The day on which it issued its notices.
    pub as_of: &'a str,
    /// Whether an earlier period issued notices, which may be late.
    pub has_earlier: bool,
}

/// Returns the facts of a period. Only provinces that `is_shown` allows are named for their cleared settlements.
pub fn of_period(
    source: &PeriodFacts,
    words: &SentenceWords,
    is_shown: impl Fn(Side, Province) -> bool,
) -> Vec<Fact> {
    let figures = source.figures;
    let mut facts = vec![cleared(source)];
    facts.extend(money(figures));
    let compared = [("month_before", source.month_before), ("year_before", source.year_before)];
    facts.extend(
        compared.into_iter().filter_map(|(name, before)| against(name, figures, before?, words)),
    );
    let sides = [("leading_treating", Side::Treating), ("leading_insured", Side::Insured)];
    facts.extend(sides.into_iter().filter_map(|(name, side)| {
        leading(name, figures, words, side, |province| is_shown(side, province))
    }));
    facts.extend(matching(figures));
    facts.extend(papers(figures));
    let as_of = day_named(source.as_of);
    facts.extend(source.late.iter().map(|late| of_late(late, &as_of, words)));
    if source.late.is_empty() && source.has_earlier {
        facts.push(fact("none_late", FactSubject::Agencies, [("as_of", as_of)]));
    }
    facts
}

fn number(count: i128) -> Bilingual {
    Bilingual::same(count_shown(count))
}

fn cleared(source: &PeriodFacts) -> Fact {
    let PeriodFigures { period, settlements, visits, gross, .. } = source.figures;
    let sum = |field: Field| short_money(source.positions.sum(field.name()));
    fact(
        "cleared",
        FactSubject::Cleared,
        [
            ("period", month_named(*period)),
            ("settlements", number(*settlements)),
            ("visits", number(*visits)),
            ("cost", sum(Field::medfee_sumamt)),
            ("fund", sum(Field::fund_pay_sumamt)),
            ("gross", short_money(*gross)),
        ],
    )
}

/// Returns the facts about what is paid, returned, deducted and carried forward.
fn money(figures: &PeriodFigures) -> Vec<Fact> {
    let agencies = FactSubject::Agencies;
    let of_kind = |kind| number(figures.notices_of(kind).count);
    let mut facts = Vec::new();
    facts.push(if figures.payable.is_positive() {
        let payable = short_money(figures.payable);
        fact("to_pay", agencies, [("payable", payable), ("notices", of_kind(NoticeKind::Clearing))])
    } else {
        fact("nothing_to_pay", agencies, [])
    });
    if !figures.deductions.is_zero() {
        let deductions = short_money(figures.deductions);
        facts.push(fact("deducted", agencies, [("deductions", deductions)]));
    }
    if figures.returned.is_positive() {
        let returned = short_money(figures.returned);
        let notices = of_kind(NoticeKind::Return);
        facts.push(fact("returned", agencies, [("returned", returned), ("notices", notices)]));
    }
    if !figures.carried_forward.is_zero() {
        let carried = short_money(figures.carried_forward);
        facts.push(fact("carried_forward", agencies, [("carried_forward", carried)]));
    }
    facts
}

/// Compares gross and visits with an earlier period; none when one of them was not above 0 then.
fn against(
    name: &'static str,
    now: &PeriodFigures,
    before: &PeriodFigures,
    words: &SentenceWords,
) -> Option<Fact> {
    let gross = change(now.gross.fen(), before.gross.fen(), words)?;
    let visits = change(now.visits, before.visits, words)?;
    let before = month_named(before.period);
    Some(fact(
        name,
        FactSubject::Cleared,
        [("before", before), ("gross", gross), ("visits", visits)],
    ))
}

/// Words a change: more, less or the same, with two decimals of a per cent, cut off.
fn change(now: i128, before: i128, words: &SentenceWords) -> Option<Bilingual> {
    let difference = now.checked_sub(before)?;
    let percent = cut_off(difference.checked_abs()?.saturating_mul(100), before)?;
    let word = match difference.signum() {
        _ if percent == "0.00" => return Some(words.same.clone()),
        1 => &words.more,
        _ => &words.less,
    };
    Some(word.filled("percent", &Bilingual::same(format!("{percent}\u{a0}%"))))
}

/// Names the provinces with the largest gross on a side, with their shares in all that are above 0.
fn leading(
    name: &'static str,
    figures: &PeriodFigures,
    words: &SentenceWords,
    side: Side,
    is_shown: impl Fn(Province) -> bool,
) -> Option<Fact> {
    let sums = &figures.by_province[usize::from(side == Side::Treating)];
    let whole: i128 = sums.values().map(|fen| fen.fen().max(0)).sum();
    let mut ranked: Vec<(Province, FenSum)> = sums
        .iter()
        .map(|(province, fen)| (*province, *fen))
        .filter(|(province, fen)| fen.is_positive() && is_shown(*province))
        .collect();
    ranked.sort_by_key(|(province, fen)| (-*fen, *province));
    let item = |(province, fen): &(Province, FenSum)| {
        let share = Bilingual::same(percent_shown(fen.fen(), whole));
        words.share.filled("name", &province_named(*province)).filled("share", &share)
    };
    let provinces = list(ranked.iter().take(LEADING).map(item), words)?;
    Some(fact(name, FactSubject::Cleared, [("provinces", provinces)]))
}

/// Returns the facts about the match and the breaks.
fn matching(figures: &PeriodFigures) -> Vec<Fact> {
    let (cleared, came) = figures.match_rate(Side::Treating);
    let mut facts = Vec::new();
    if came > 0 {
        let rate = Bilingual::same(percent_shown(cleared, came));
        let values = [("rate", rate), ("cleared", number(cleared)), ("came", number(came))];
        facts.push(fact("matched", FactSubject::Cleared, values));
    }
    let CountedMoney { count, fen } = figures.carried;
    if count > 0 {
        let values = [("count", number(count)), ("stake", short_money(fen))];
        facts.push(fact("carried", FactSubject::Carried, values));
    }
    let [refused, expired] = figures.too_late;
    if refused + expired > 0 {
        let values = [("refused", number(refused)), ("expired", number(expired))];
        facts.push(fact("too_late", FactSubject::TooLate, values));
    }
    facts
}

/// Returns the facts about quotas, suggestions and levels.
fn papers(figures: &PeriodFigures) -> Vec<Fact> {
    let kinds = [
        ("initial_quotas", NoticeKind::Initial),
        ("yearly_quotas", NoticeKind::Yearly),
        ("suggested", NoticeKind::Emergency),
    ];
    let of_kind = |(name, kind)| {
        let CountedMoney { count, fen } = figures.notices_of(kind);
        let values = [("notices", number(count)), ("amount", short_money(fen))];
        (count > 0).then(|| fact(name, FactSubject::Agencies, values))
    };
    let mut facts: Vec<Fact> = kinds.into_iter().filter_map(of_kind).collect();
    if figures.red > 0 {
        facts.push(fact("red", FactSubject::Agencies, [("pairs", number(figures.red))]));
    }
    facts
}

fn of_late(late: &LateNotices, as_of: &Bilingual, words: &SentenceWords) -> Fact {
    let CountedMoney { count, fen } = late.open;
    fact(
        "late",
        FactSubject::Agencies,
        [
            ("as_of", as_of.clone()),
            ("kind", kind_named(late.kind)),
            ("notices", number(count)),
            ("open", short_money(fen)),
            ("payers", payers(&late.payers, words).unwrap_or_default()),
        ],
    )
}

/// Lists the provinces with the largest amounts.
fn payers(amounts: &BTreeMap<Province, FenSum>, words: &SentenceWords) -> Option<Bilingual> {
    let mut ranked: Vec<(Province, FenSum)> =
        amounts.iter().map(|(province, fen)| (*province, *fen)).collect();
    ranked.retain(|(_, fen)| fen.is_positive());
    ranked.sort_by_key(|(province, fen)| (-*fen, *province));
    let item = |(province, fen): &(Province, FenSum)| {
        let named = words.amount.filled("name", &province_named(*province));
        named.filled("amount", &short_money(*fen))
    };
    list(ranked.iter().take(LATE_PAYERS).map(item), words)
}

/// Joins texts; none without any.
fn list(items: impl Iterator<Item = Bilingual>, words: &SentenceWords) -> Option<Bilingual> {
    items.reduce(|before, item| Bilingual {
        zh: format!("{}{}{}", before.zh, words.comma.zh, item.zh),
        en: format!("{}{}{}", before.en, words.comma.en, item.en),
    })
}

/// Money paid in a quarter over all provinces, and what is open at its end.
#[derive(Debug, Clone, Copy)]
pub struct QuarterFlow<'a> {
    /// The name of the quarter.
    pub period: &'a str,
    /// What was paid, in fen.
    pub paid: FenSum,
    /// The part of it that was paid by the day.
    pub on_time: FenSum,
    /// What is open on notices at the last close.
    pub open: FenSum,
    /// The open amount of each payer that is overdue.
    pub overdue: &'a BTreeMap<Province, FenSum>,
}

/// Returns the facts of a quarter.
pub fn of_quarter(quarter: &QuarterFlow, words: &SentenceWords) -> Vec<Fact> {
    let QuarterFlow { period, paid, on_time, open, overdue } = *quarter;
    let agencies = FactSubject::Agencies;
    let period = ("period", Bilingual::same(period));
    let mut facts = vec![if paid.is_positive() {
        let rate = Bilingual::same(percent_shown(on_time.fen(), paid.fen()));
        let values = [("paid", short_money(paid)), ("on_time", short_money(on_time))];
        let [paid, on_time] = values;
        fact("quarter_paid", agencies, [period, paid, on_time, ("rate", rate)])
    } else {
        fact("quarter_none_paid", agencies, [period])
    }];
    let late: FenSum = overdue.values().sum();
    let values = [("open", short_money(open)), ("overdue", short_money(late))];
    facts.push(fact("quarter_open", agencies, values));
    let payers = payers(overdue, words);
    facts.extend(payers.map(|payers| fact("quarter_late", agencies, [("payers", payers)])));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::SentenceTemplate;

    #[test]
    fn changes_are_cut_off_and_need_something_before() {
        let words = SentenceTemplate::built_in().words;
        let said = |now, before| change(now, before, &words).map(|said| said.en);
        assert_eq!(said(111, 100).as_deref(), Some("11.00\u{a0}% more"));
        assert_eq!(said(2, 3).as_deref(), Some("33.33\u{a0}% less"));
        assert_eq!(said(100_001, 100_000).as_deref(), Some("about the same"));
        assert_eq!(said(100_011, 100_000).as_deref(), Some("0.01\u{a0}% more"));
        assert_eq!([said(5, 0), said(5, -1), said(i128::MAX, -1)], [None, None, None]);
        assert_eq!(said(-5, 5).as_deref(), Some("200.00\u{a0}% less"));
    }

    #[test]
    fn late_payers_are_listed_by_what_is_open() {
        let words = SentenceTemplate::built_in().words;
        let open = |code, fen| (Province::from_text(code).expect("a province"), FenSum::new(fen));
        let amounts = BTreeMap::from([open("34", 100), open("31", 300), open("41", 0)]);
        let said = payers(&amounts, &words).expect("payers");
        assert_eq!(said.zh.replace('\u{a0}', " "), "上海（3.00 元）、安徽（1.00 元）");
        assert_eq!(payers(&BTreeMap::new(), &words), None);
    }
}
