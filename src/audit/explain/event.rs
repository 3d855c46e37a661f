//! Events in the life of a settlement, as values and in words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::request::RequestEvent;
use crate::{
    diag::codes::{LineCode, RowRule},
    model::{
        codes::{CareClass, FundClass, Pair, Side},
        control::Class,
        verdict::Verdict,
    },
    shapes::{CopySide, Day, NoticeId, NoticeStatus, PairCode, Period, Yuan, shown},
    text::{Fill, Text, word},
};

/// Something that happened to a settlement in a period.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettlementEvent {
    /// A row of a delivery holds a copy.
    Delivered(DeliveryEvent),
    /// A row broke row rules and was rejected.
    Rejected(RejectionEvent),
    /// The settlement, or one of its rows, did not clear.
    Break(BreakEvent),
    /// A copy is carried to the next period.
    Carried(Carried),
    /// A decision was applied.
    Decided(DecisionEvent),
    /// The settlement cleared.
    Cleared(ClearingEvent),
    /// The settlement was given up for good: the register remembers it.
    Voided,
    /// The notice that the pair pays the settlement with.
    Notice(Paid),
    /// A reversal of the settlement cleared.
    Reversed,
    /// A deduction from the settlement was judged.
    Deduction(DeductionEvent),
    /// A payment of its notice was confirmed.
    Payment(NoticePayment),
    /// A request names the settlement.
    Request(RequestEvent),
}

/// Values of a record by national field name.
#[derive(Debug, Default)]
pub struct RecordValues(pub(super) Vec<(&'static str, String)>);

impl Serialize for RecordValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The row of a delivery that holds a copy.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct DeliveryEvent {
    /// Whose copy it is.
    pub side: Side,
    /// The file, as its path below the input folder.
    pub file: String,
    /// The row in the file, from 0.
    pub row: u64,
    /// The line in a spreadsheet, whose first line has the names.
    pub line: u64,
    /// The row rules that it breaks.
    pub rules: Vec<RowRule>,
    /// The values of the copy by national field name; numbers of persons and visits are masked, and in place of the
    /// time stands the cost month.
    #[schemars(with = "BTreeMap<String, String>")]
    pub values: RecordValues,
}

/// A row that was rejected.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct RejectionEvent {
    /// The file, as its path below the input folder.
    pub file: String,
    /// The row in the file, from 0.
    pub row: i64,
    /// The line in a spreadsheet, whose first line has the names.
    pub line: i64,
    /// The row rules that it breaks.
    #[schemars(with = "Vec<RowRule>")]
    pub rules: Vec<String>,
}

/// A row of the table `breaks`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct BreakEvent {
    /// Why it did not clear.
    #[schemars(with = "Class")]
    pub class: String,
    /// Whose copies are there.
    #[schemars(with = "CopySide")]
    pub side: String,
    /// Whether it is carried to the next period.
    pub carried: bool,
    /// The step of the contract (§4) that gives the class; null when the class is not known.
    pub step: Option<u8>,
    /// The cost month.
    #[schemars(with = "Option<Period>")]
    pub cost_month: Option<String>,
    /// Months from the cost month to the period.
    pub lateness: Option<i64>,
    /// The payable of the treating copy in yuan.
    #[schemars(with = "Option<Yuan>")]
    pub treating_payable: Option<String>,
    /// The payable of the insured copy in yuan.
    #[schemars(with = "Option<Yuan>")]
    pub insured_payable: Option<String>,
    /// Treating payable − insured payable in yuan; a missing copy counts as 0.
    #[schemars(with = "Option<Yuan>")]
    pub effect: Option<String>,
    /// The fields that differ between the copies.
    pub fields: Vec<DifferentField>,
}

/// A field that differs between two copies.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DifferentField {
    /// The national name of the field, or `cost_month`.
    pub field: String,
    /// The value of the treating copy.
    pub treating: Option<String>,
    /// The value of the insured copy.
    pub insured: Option<String>,
}

/// A copy that is carried to the next period.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Carried {
    /// Whose copy it is.
    #[schemars(with = "Side")]
    pub side: String,
    /// The period in which it first came into the book.
    #[schemars(with = "Period")]
    pub first_period: String,
    /// The values of the copy by national field name; numbers of persons and visits are masked, and in place of the
    /// time stands the cost month.
    #[schemars(with = "BTreeMap<String, String>")]
    pub values: RecordValues,
}

/// A decision that was applied.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct DecisionEvent {
    /// What was decided.
    #[schemars(with = "Verdict")]
    pub decision: String,
    /// The class that the settlement would have had without the decision.
    #[schemars(with = "Class")]
    pub class_without: String,
}

/// A settlement that cleared.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct ClearingEvent {
    /// Whether it is a reversal.
    pub reversal: bool,
    /// What the insured province owes for it in yuan.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// Who pays whom.
    #[serde(serialize_with = "shown")]
    #[schemars(with = "PairCode")]
    pub pair: Pair,
    /// The fund that bears the cost.
    pub fund_class: FundClass,
    /// The kind of care.
    pub care_class: CareClass,
}

/// The clearing notice that a settlement is part of.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Paid {
    /// The number of the notice; null when the pair had nothing to pay in the period.
    #[schemars(with = "Option<NoticeId>")]
    pub notice_id: Option<String>,
    /// Who pays whom.
    #[serde(serialize_with = "shown")]
    #[schemars(with = "PairCode")]
    pub pair: Pair,
    /// The period of the notice.
    #[schemars(with = "Period")]
    pub period: String,
    /// The amount of the notice in yuan.
    #[schemars(with = "Option<Yuan>")]
    pub amount: Option<String>,
    /// Where the notice stands at the last close that lists it.
    #[schemars(with = "Option<NoticeStatus>")]
    pub status: Option<String>,
    /// The period of that close.
    #[schemars(with = "Option<Period>")]
    pub at_close_of: Option<String>,
    /// The day of the payment that completed it; null until it is paid in full.
    #[schemars(with = "Option<Day>")]
    pub completed_on: Option<String>,
    /// The number of the notice by which the pair returns money instead; null when it returns nothing.
    #[schemars(with = "Option<NoticeId>")]
    pub return_notice: Option<String>,
    /// What the pair returns in yuan.
    #[schemars(with = "Option<Yuan>")]
    pub returned: Option<String>,
}

/// A confirmed payment of a notice.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct NoticePayment {
    /// The number of the notice.
    #[schemars(with = "NoticeId")]
    pub notice_id: String,
    /// The amount in yuan.
    #[schemars(with = "Yuan")]
    pub amount: String,
    /// The day of the payment.
    #[schemars(with = "Day")]
    pub paid_on: String,
}

/// A deduction that was judged.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct DeductionEvent {
    /// Its number.
    pub ddct_id: String,
    /// Its amount in yuan; negative when it is given back.
    #[schemars(with = "Yuan")]
    pub amount: String,
    /// What became of it.
    pub outcome: DeductionOutcome,
    /// Why it was refused (D01 to D05) or given back (R01); null when it is held back.
    #[schemars(with = "Option<LineCode>")]
    pub code: Option<String>,
}

/// What became of a deduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeductionOutcome {
    /// The amount is held back from what is paid.
    HeldBack,
    /// The amount is paid after all, since the settlement was reversed.
    GivenBack,
    /// The deduction does not count.
    Refused,
}

/// Returns the step of the contract (§4) that gives a class, as a number and in words.
pub(super) const fn rule_of(class: Class) -> (u8, Text) {
    match class {
        Class::AlreadyCleared => (1, text!("step 1: its setl_id is in the register")),
        Class::Duplicate => (2, text!("step 2: equal to another row of the delivery, which stays")),
        Class::Conflict => {
            (2, text!("step 2: another row of the delivery has its setl_id and other values"))
        }
        Class::LateRefused => (4, text!("step 4: delivered too late, and no permit covers it")),
        Class::Expired => {
            (4, text!("step 4: carried until it was too late, and no permit covers it"))
        }
        Class::Voided => (5, text!("step 5: given up by decision")),
        Class::MissingInsured => (6, text!("step 6: the insured side has no copy")),
        Class::MissingTreating => (6, text!("step 6: the treating side has no copy")),
        Class::FieldMismatch => (7, text!("step 7: an identity field differs between the copies")),
        Class::AmountMismatch => (7, text!("step 7: an amount differs between the copies")),
        Class::ReversalUnpaired => (8, text!("step 8: a reversal whose original has not cleared")),
        Class::ReversalMismatch => {
            (8, text!("step 8: a reversal that is not the negative of its original"))
        }
        Class::AlreadyReversed => (8, text!("step 8: a reversal of what is reversed already")),
    }
}

impl BreakEvent {
    /// Returns the step of the contract that gives a class.
    pub(super) fn step_of(class: &str) -> Option<u8> {
        Class::from_name(class).map(|class| rule_of(class).0)
    }

    fn words(&self) -> Text {
        let carried = if self.carried { text!("carried") } else { text!("not carried") };
        let rule = Class::from_name(&self.class).map_or(text!(""), |class| rule_of(class).1);
        text!("{} ({}), {}; {}", word(&self.class), named(&self.side), carried, rule)
    }

    fn details(&self) -> Vec<(&str, String)> {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let lateness = self.lateness.map(|months| months.to_string());
        let columns = [
            ("cost_month", &self.cost_month),
            ("lateness", &lateness),
            ("treating_payable", &self.treating_payable),
            ("insured_payable", &self.insured_payable),
            ("effect", &self.effect),
        ];
        let fields = self.fields.iter().map(|field| {
            let values = format!("{} / {}", shown(&field.treating), shown(&field.insured));
            (field.field.as_str(), values)
        });
        columns.map(|(name, value)| (name, shown(value))).into_iter().chain(fields).collect()
    }
}

impl ClearingEvent {
    fn words(&self) -> Text {
        let ClearingEvent { reversal, payable, pair, fund_class, care_class } = self;
        let kind = if *reversal { text!("a reversal") } else { text!("a normal settlement") };
        text!(
            "{} of {} yuan: {} owes {}, {} fund, {} care",
            kind,
            payable,
            pair.insured,
            pair.treating,
            fund_class,
            care_class
        )
    }
}

impl Paid {
    fn words(&self) -> Text {
        if let (Some(number), Some(amount)) = (&self.notice_id, &self.amount) {
            return text!("part of {} over {} yuan, {}", number, amount, self.status_in_words());
        }
        if let (Some(number), Some(amount)) = (&self.return_notice, &self.returned) {
            return text!(
                "no clearing notice: {} had nothing to pay in {}; {} returns {} yuan",
                self.pair,
                self.period,
                number,
                amount
            );
        }
        text!("no notice: {} had nothing to pay in {}", self.pair, self.period)
    }

    /// Returns where the notice stands: the day when it was paid, or its status at the last close.
    pub(super) fn status_in_words(&self) -> Text {
        match (&self.completed_on, &self.status, &self.at_close_of) {
            (Some(day), ..) => text!("paid on {}", day),
            (None, Some(status), Some(period)) => {
                text!("{} at the close of {}", status_of(status), period)
            }
            _ => text!(""),
        }
    }
}

impl DeductionEvent {
    fn words(&self) -> Text {
        let DeductionEvent { ddct_id, amount, outcome, code } = self;
        let code = code.as_deref().unwrap_or_default();
        match outcome {
            DeductionOutcome::HeldBack => text!("{}: {} yuan held back", ddct_id, amount),
            DeductionOutcome::GivenBack => {
                text!("{}: {} yuan, given back ({})", ddct_id, amount, code)
            }
            DeductionOutcome::Refused => text!("{}: {} yuan, refused ({})", ddct_id, amount, code),
        }
    }
}

/// Returns the word for the side of a break, or for both sides.
fn named(side: &str) -> Text {
    match Side::from_name(side) {
        Some(side) => text!("{}", side),
        None if side == "both" => text!("both"),
        None => Text::given(side),
    }
}

/// Returns the word for the status of a notice.
fn status_of(status: &str) -> Text {
    match status {
        "unpaid" => text!("unpaid"),
        "partial" => text!("partial"),
        "paid" => text!("paid"),
        other => Text::given(other),
    }
}

/// Returns the place of a row: its number from 0, and its line in a spreadsheet.
fn counted_row(file: &str, row: impl Fill, line: impl Fill) -> Text {
    text!("{}, row {} (line {} of a spreadsheet)", file, row, line)
}

impl SettlementEvent {
    /// Returns the kind, which is the label of the event.
    pub fn kind(&self) -> &'static str {
        match self {
            SettlementEvent::Delivered(_) => "delivered",
            SettlementEvent::Rejected(_) => "rejected",
            SettlementEvent::Break(_) => "break",
            SettlementEvent::Carried(_) => "carried",
            SettlementEvent::Decided(_) => "decided",
            SettlementEvent::Cleared(_) => "cleared",
            SettlementEvent::Voided => "voided",
            SettlementEvent::Notice(_) => "notice",
            SettlementEvent::Reversed => "reversed",
            SettlementEvent::Deduction(_) => "deduction",
            SettlementEvent::Payment(_) => "payment",
            SettlementEvent::Request(_) => "request",
        }
    }

    /// Returns the event in words.
    pub fn words(&self) -> Text {
        match self {
            SettlementEvent::Delivered(DeliveryEvent { side, file, row, line, rules, .. }) => {
                let mut place = counted_row(file, row, line);
                if !rules.is_empty() {
                    let rules: Vec<&str> = rules.iter().map(|rule| rule.id()).collect();
                    place = text!("{}, breaks {}", place, rules.join(","));
                }
                text!("the {} copy: {}", side, place)
            }
            SettlementEvent::Rejected(RejectionEvent { file, row, line, rules }) => {
                text!("{}, breaks {}", counted_row(file, row, line), rules.join(","))
            }
            SettlementEvent::Break(broken) => broken.words(),
            SettlementEvent::Carried(Carried { side, first_period, .. }) => {
                text!("the {} copy, there since {}", named(side), first_period)
            }
            SettlementEvent::Decided(DecisionEvent { decision, class_without }) => {
                text!("{}; it would have been {}", word(decision), word(class_without))
            }
            SettlementEvent::Cleared(cleared) => cleared.words(),
            SettlementEvent::Voided => {
                text!("given up for good: the register remembers it as voided")
            }
            SettlementEvent::Notice(paid) => paid.words(),
            SettlementEvent::Reversed => text!("a reversal of it cleared"),
            SettlementEvent::Deduction(deduction) => deduction.words(),
            SettlementEvent::Payment(NoticePayment { notice_id, amount, paid_on }) => {
                text!("{} yuan of {} on {}", amount, notice_id, paid_on)
            }
            SettlementEvent::Request(request) => request.words(),
        }
    }

    /// Returns names and values that belong to the event.
    pub fn details(&self) -> Vec<(&str, String)> {
        match self {
            SettlementEvent::Delivered(DeliveryEvent { values, .. })
            | SettlementEvent::Carried(Carried { values, .. }) => values.0.clone(),
            SettlementEvent::Break(broken) => broken.details(),
            _ => Vec::new(),
        }
    }
}
