//! Requests between provinces in the life of a settlement.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::requests::{ReplyResult, RequestState},
    text::Text,
};

/// A request that names a settlement, as it stands at the close.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct RequestEvent {
    /// Its number.
    pub request_id: String,
    /// Its kind: `verification` or `problem`.
    pub request_kind: String,
    /// The province that asks.
    pub from_province: String,
    /// The province that is asked.
    pub to_province: String,
    /// Its state.
    pub state: String,
    /// The result of the reply in force; null where there is none.
    pub result: Option<String>,
    /// The code of a refusal; null where it is accepted.
    pub code: Option<String>,
}

impl RequestEvent {
    pub(super) fn words(&self) -> Text {
        let RequestEvent { request_id, from_province, to_province, state, result, code, .. } = self;
        let state = RequestState::from_name(state);
        let [chinese, english] = state.map_or(["", ""], RequestState::shown);
        let state = Text::named(english, chinese);
        let asks = text!("{}: {} asks {}, {}", request_id, from_province, to_province, state);
        let result = result.as_deref().and_then(ReplyResult::from_name).map(ReplyResult::shown);
        match (code, result) {
            (Some(code), _) => text!("{} ({})", asks, code),
            (None, Some([chinese, english])) => {
                text!("{} ({})", asks, Text::named(english, chinese))
            }
            (None, None) => asks,
        }
    }
}
