//! The main figures of the page, and the notices of the period by kind.

use super::{
    source::PeriodTables,
    words::{Money, Words, count, percent, words},
};
use crate::{
    figures::{CountedMoney, PeriodFigures, kind_named},
    model::{codes::Side, money::FenSum},
    reserve::notices::NoticeKind,
};

/// A figure with its name.
pub(super) struct Card {
    pub(super) label: Words,
    pub(super) value: Words,
    pub(super) note: Words,
}

/// The notices of a kind.
pub(super) struct KindLine {
    pub(super) code: &'static str,
    pub(super) name: Words,
    pub(super) count: String,
    pub(super) amount: Money,
}

fn card(label: Words, value: Words, note: Words) -> Card {
    Card { label, value, note }
}

/// Makes the card of an amount, which is exact in its note.
fn money(zh: &str, en: &str, fen: FenSum) -> Card {
    let exact = Money(fen);
    let note = words(format!("{exact} 元"), format!("{exact} yuan"));
    card(words(zh, en), exact.short(), note)
}

/// Returns the cards.
pub(super) fn cards(source: &PeriodTables) -> Vec<Card> {
    let figures = source.own();
    let mut cards = vec![
        money("应付金额", "Payable", figures.payable),
        money("清算总额", "Gross", figures.gross),
        money("审核扣款", "Deductions", figures.deductions),
        money("返还金额", "Returned", figures.returned),
    ];
    // Nothing is carried forward since a pair returns what is below 0 (procedure §51).
    if !figures.carried_forward.is_zero() || !figures.brought_forward.is_zero() {
        let brought = Money(figures.brought_forward);
        cards.push(card(
            words("结转下期", "Carried forward"),
            Money(figures.carried_forward).short(),
            words(format!("上期结转 {brought} 元"), format!("{brought} yuan were brought forward")),
        ));
    }
    cards.extend(matching(figures));
    cards.push(notices(figures));
    cards
}

/// Returns the cards of settlements and breaks.
fn matching(figures: &PeriodFigures) -> [Card; 3] {
    let (cleared, came) = figures.match_rate(Side::Treating);
    let (cleared_shown, came_shown) = (count(cleared), count(came));
    let rate = percent(cleared, came);
    let CountedMoney { count: carried, fen } = figures.carried;
    let (stake, all) = (Money(fen).short(), count(figures.breaks));
    let visits = count(figures.visits);
    [
        card(
            words("清算笔数", "Settlements cleared"),
            words(format!("{} 笔", count(figures.settlements)), count(figures.settlements)),
            words(
                format!("人次 {visits}（退费计 −1）"),
                format!("{visits} visits, a reversal being −1"),
            ),
        ),
        card(
            words("两地一致率", "Match rate"),
            words(rate.clone(), rate),
            words(
                format!("就医地已清算 {cleared_shown} 条 ÷ 送达与期初挂账 {came_shown} 条"),
                format!("{cleared_shown} of {came_shown} treating rows, delivered and opened"),
            ),
        ),
        card(
            words("挂账差异", "Breaks carried"),
            words(format!("{} 笔", count(carried)), count(carried)),
            words(
                format!("争议金额 {}；全部差异 {all} 笔", stake.zh),
                format!("{} at stake; {all} breaks in all", stake.en),
            ),
        ),
    ]
}

/// Returns the card of the notices to pay; suggestions are named apart.
fn notices(figures: &PeriodFigures) -> Card {
    let CountedMoney { count: number, fen } = figures.notices_to_pay();
    let suggested = count(figures.notices_of(NoticeKind::Emergency).count);
    let Words { zh, en } = Money(fen).short();
    card(
        words("通知书", "Notices"),
        words(format!("{} 份", count(number)), count(number)),
        words(
            format!("应缴 {zh}；另有紧急调增申请建议 {suggested} 份"),
            format!("{en} to pay; emergency increases suggested besides: {suggested}"),
        ),
    )
}

/// Returns the notices of the period by kind.
pub(super) fn kinds(source: &PeriodTables) -> Vec<KindLine> {
    let line = |kind: NoticeKind| {
        let CountedMoney { count: number, fen } = source.own().notices_of(kind);
        let Words { zh, en } = kind_named(kind).into();
        let name = match kind {
            NoticeKind::Emergency => {
                words(format!("{zh}（申请建议）"), format!("{en} (suggestion)"))
            }
            _ => words(zh, en),
        };
        KindLine { code: kind.name(), name, count: count(number), amount: Money(fen) }
    };
    NoticeKind::ALL.into_iter().map(line).collect()
}
