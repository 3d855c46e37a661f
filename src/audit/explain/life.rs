//! The life of a settlement: what became of it, and what came after.

use schemars::JsonSchema;
use serde::Serialize;

use super::event::{BreakEvent, Paid, RejectionEvent, SettlementEvent, rule_of};
use crate::{
    diag::codes::RowRule,
    model::control::Class,
    shapes::{FormatNumber, Period},
    text::{Text, word},
};

/// The life of a settlement across the periods of a book.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "explain SETL_ID --format json")]
pub struct Life {
    /// The format of the report.
    format: FormatNumber<2>,
    /// The settlement.
    pub setl_id: String,
    /// Where it stands after the last period in which it moved; null when no closed period met it.
    pub standing: Option<SettlementStanding>,
    /// What happened, period by period.
    pub periods: Vec<Chapter>,
}

/// What happened to a settlement in a period.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Chapter {
    /// The period; null for rows of files that no period was closed with.
    #[schemars(with = "Option<Period>")]
    pub period: Option<String>,
    /// What happened, in the order of the rules.
    pub events: Vec<SettlementEvent>,
}

/// What became of a settlement.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SettlementStanding {
    /// What became of it.
    pub state: SettlementState,
    /// The period in which it did.
    #[schemars(with = "Period")]
    pub period: String,
    /// The period in which it cleared; null when it did not.
    #[schemars(with = "Option<Period>")]
    pub cleared_in: Option<String>,
    /// The period in which its carried copy first came into the book; null when it is not carried.
    #[schemars(with = "Option<Period>")]
    pub carried_since: Option<String>,
    /// The class of the break that holds it; null when it cleared, was voided or rejected.
    #[schemars(with = "Option<Class>")]
    pub class: Option<String>,
    /// The row rules that its row broke, when it was rejected.
    #[schemars(with = "Vec<RowRule>")]
    pub rules: Vec<String>,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementState {
    /// It cleared.
    Cleared,
    /// It was given up by decision.
    Voided,
    /// It cleared and was reversed.
    Reversed,
    /// It is carried to the next period.
    Carried,
    /// It left without clearing: rejected, or a break that is not carried.
    Left,
}

impl SettlementState {
    /// Whether no later row of the settlement changes it: only a reversal does.
    fn is_final(self) -> bool {
        !matches!(self, SettlementState::Carried | SettlementState::Left)
    }
}

/// Returns the state of a settlement after a period; none if the period does not change it.
pub(super) fn state(
    events: &[SettlementEvent],
    registered: Option<SettlementState>,
) -> Option<SettlementState> {
    let any = |of: fn(&SettlementEvent) -> bool| events.iter().any(of);
    if any(|event| matches!(event, SettlementEvent::Reversed)) {
        return Some(SettlementState::Reversed);
    }
    if registered.is_some() {
        return registered;
    }
    if any(|event| matches!(event, SettlementEvent::Carried(_))) {
        return Some(SettlementState::Carried);
    }
    any(|event| matches!(event, SettlementEvent::Break(_) | SettlementEvent::Rejected(_)))
        .then_some(SettlementState::Left)
}

/// Returns what became of a settlement, from its states by period. What cleared or was voided stays so: another row of
/// it in a later delivery is refused and changes nothing.
fn standing(
    states: &[(String, SettlementState)],
    chapters: &[Chapter],
) -> Option<SettlementStanding> {
    let reversed = states.iter().find(|(_, state)| *state == SettlementState::Reversed);
    let ended = states.iter().find(|(_, state)| state.is_final());
    let (period, state) = reversed.or(ended).or(states.last())?;
    let events = events_of(chapters, period);
    let carried = events.iter().rev().find_map(|event| match event {
        SettlementEvent::Carried(carried) => Some(carried.first_period.as_str()),
        _ => None,
    });
    let broken = events.iter().rev().find_map(|event| match event {
        SettlementEvent::Break(broken) => Some(broken),
        _ => None,
    });
    let rejected = events.iter().rev().find_map(|event| match event {
        SettlementEvent::Rejected(rejected) => Some(rejected),
        _ => None,
    });
    let cleared = chapters.iter().find(|chapter| {
        chapter.events.iter().any(|event| matches!(event, SettlementEvent::Cleared(_)))
    });
    let is_carried = *state == SettlementState::Carried;
    let broken: Option<&BreakEvent> = broken.filter(|_| !state.is_final());
    let rejected: Option<&RejectionEvent> = rejected.filter(|_| broken.is_none());
    Some(SettlementStanding {
        state: *state,
        period: period.clone(),
        cleared_in: cleared.and_then(|chapter| chapter.period.clone()),
        carried_since: carried.filter(|_| is_carried).map(str::to_owned),
        class: broken.map(|broken| broken.class.clone()),
        rules: rejected.filter(|_| !state.is_final()).map_or(Vec::new(), |row| row.rules.clone()),
    })
}

/// Returns the events of a period.
fn events_of<'a>(chapters: &'a [Chapter], period: &str) -> &'a [SettlementEvent] {
    let chapter = chapters.iter().find(|chapter| chapter.period.as_deref() == Some(period));
    chapter.map_or(&[], |chapter| &chapter.events)
}

impl Life {
    /// Makes the life of a settlement from its states by period and its chapters.
    pub(super) fn of(
        setl_id: &str,
        states: &[(String, SettlementState)],
        periods: Vec<Chapter>,
    ) -> Life {
        let standing = standing(states, &periods);
        Life { format: FormatNumber, setl_id: setl_id.to_owned(), standing, periods }
    }

    /// Returns what became of the settlement, in words.
    pub fn standing_in_words(&self) -> Text {
        let Some(standing) = &self.standing else { return text!("in no closed period") };
        let SettlementStanding { state, period, cleared_in, carried_since, class, rules } =
            standing;
        let class = class.as_deref().unwrap_or_default();
        match state {
            SettlementState::Cleared => self.clearing_in_words(period),
            SettlementState::Voided => text!("voided in {}", period),
            SettlementState::Reversed => {
                let Some(cleared) = cleared_in else { return text!("reversed in {}", period) };
                text!("reversed in {}; it was {}", period, self.clearing_in_words(cleared))
            }
            SettlementState::Carried => {
                let since = carried_since.as_deref().unwrap_or(period);
                text!("carried since {}, {}", since, word(class))
            }
            SettlementState::Left if class.is_empty() => {
                text!("rejected in {}: breaks {}", period, rules.join(","))
            }
            SettlementState::Left => {
                let rule = Class::from_name(class).map_or(text!(""), |class| rule_of(class).1);
                text!("{} in {}; {}", word(class), period, rule)
            }
        }
    }

    /// Returns the period in which it cleared and the notice that pays it, in words.
    fn clearing_in_words(&self, period: &str) -> Text {
        let notice = events_of(&self.periods, period).iter().find_map(|event| match event {
            SettlementEvent::Notice(notice) => Some(notice),
            _ => None,
        });
        let Some(notice) = notice else { return text!("cleared in {}", period) };
        match notice {
            Paid { notice_id: Some(number), .. } => {
                text!("cleared in {}, on notice {}, {}", period, number, notice.status_in_words())
            }
            Paid { return_notice: Some(number), pair, .. } => {
                text!("cleared in {}, when {} returned money on notice {}", period, pair, number)
            }
            Paid { pair, .. } => text!("cleared in {}, when {} had nothing to pay", period, pair),
        }
    }

    /// Returns what came after the settlement cleared or was voided, in order: period and event.
    pub fn after(&self) -> impl Iterator<Item = (&str, &SettlementEvent)> {
        let from = self.standing.as_ref().and_then(|standing| {
            let is_final = standing.state.is_final();
            let cleared = standing.cleared_in.as_ref().unwrap_or(&standing.period);
            is_final.then_some(cleared.as_str())
        });
        let chapters = self.periods.iter().filter_map(move |chapter| {
            let period = chapter.period.as_deref()?;
            (period >= from?).then_some((period, Some(period) == from, chapter))
        });
        chapters.flat_map(|(period, is_first, chapter)| {
            let after = chapter.events.iter().filter(move |event| !is_first || follows(event));
            after.map(move |event| (period, event))
        })
    }
}

impl Chapter {
    /// Returns the period in words; some rows are in files that no period was closed with.
    pub fn period_in_words(&self) -> Text {
        self.period.as_ref().map_or(text!("in no closed period"), Text::given)
    }
}

/// Whether an event of the period in which a settlement cleared comes after the clearing.
fn follows(event: &SettlementEvent) -> bool {
    matches!(
        event,
        SettlementEvent::Reversed | SettlementEvent::Deduction(_) | SettlementEvent::Payment(_)
    )
}
