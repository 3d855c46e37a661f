//! Words the problem with a command line from the parser's structured error, not from its English text.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::text::{Text, Value, escaped_lines, items, lines};

/// Returns the problem, or `None` for help pages and for errors that keep the parser's own words.
pub(super) fn describe(error: &clap::Error) -> Option<Text> {
    let told = |kind| error.get(kind).map(value);
    let argument = told(ContextKind::InvalidArg);
    let problem = match (error.kind(), argument) {
        (ErrorKind::UnknownArgument, Some(argument)) => {
            text!("unexpected argument '{}' found", argument)
        }
        (ErrorKind::InvalidSubcommand, _) => {
            text!("unrecognized subcommand '{}'", told(ContextKind::InvalidSubcommand)?)
        }
        (ErrorKind::InvalidValue, Some(argument)) => {
            let value = told(ContextKind::InvalidValue).filter(|value| !value.is_empty());
            if let Some(value) = value {
                text!("invalid value '{}' for '{}'", value, argument)
            } else {
                text!("a value is required for '{}' but none was supplied", argument)
            }
        }
        (ErrorKind::ValueValidation, Some(argument)) => {
            let value = told(ContextKind::InvalidValue)?;
            let problem = error.source().map_or(text!(""), cause);
            text!("invalid value '{}' for '{}': {}", value, argument, problem)
        }
        (ErrorKind::MissingRequiredArgument, _) => {
            let missing = strings(error.get(ContextKind::InvalidArg)?);
            text!("the following required arguments were not provided:{}", items(&missing))
        }
        (ErrorKind::ArgumentConflict, Some(argument)) => match told(ContextKind::PriorArg) {
            Some(prior) if prior != argument => {
                text!("the argument '{}' cannot be used with '{}'", argument, prior)
            }
            _ => text!("the argument '{}' cannot be used multiple times", argument),
        },
        _ => return None,
    };
    Some(text!("{}", lines(page(error, problem))))
}

/// Returns the problem, the possible values, similar names, and the usage.
fn page(error: &clap::Error, problem: Text) -> Vec<Text> {
    let listed = |kind| error.get(kind).map(value).filter(|value| !value.is_empty());
    let mut page = vec![text!("error: {}", Value::Text(problem))];
    let possible = listed(ContextKind::ValidValue);
    page.extend(possible.map(|values| text!("  [possible values: {}]", values)));
    let near = [
        listed(ContextKind::SuggestedArg)
            .map(|near| text!("a similar argument exists: '{}'", near)),
        listed(ContextKind::SuggestedSubcommand)
            .map(|near| text!("a similar subcommand exists: '{}'", near)),
        listed(ContextKind::SuggestedValue).map(|near| text!("a similar value exists: '{}'", near)),
    ];
    for near in near.into_iter().flatten() {
        page.extend([text!(""), text!("  tip: {}", near)]);
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        page.extend([text!(""), Text::foreign(usage.to_string().trim_end())]);
    }
    page.extend([text!(""), text!("For more information, try '--help'."), text!("")]);
    page
}

/// Returns the reason that a value parser gave.
fn cause(error: &(dyn Error + 'static)) -> Text {
    match error.downcast_ref::<Text>() {
        Some(text) => text.clone(),
        None => Text::foreign(error),
    }
}

/// Returns a value of the parser. Several values have commas between them.
fn value(value: &ContextValue) -> Text {
    let values = strings(value);
    match values.as_slice() {
        [one] => one.clone(),
        several => {
            let shown: Vec<String> = several.iter().map(Text::to_string).collect();
            Text::given(shown.join(", "))
        }
    }
}

fn strings(value: &ContextValue) -> Vec<Text> {
    match value {
        ContextValue::String(text) => vec![Text::given(text)],
        ContextValue::Strings(texts) => texts.iter().map(Text::given).collect(),
        ContextValue::StyledStr(text) => vec![Text::alone(escaped_lines(text))],
        ContextValue::Number(number) => vec![text!("{}", number)],
        _ => Vec::new(),
    }
}
