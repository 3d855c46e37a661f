//! Runs decoders over bytes of unknown origin: panics are caught, messages are made plain.

use std::{
    cell::Cell,
    error::Error,
    io,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
};

use parquet::errors::ParquetError;

use crate::text::Text;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder over bytes of unknown origin; none when it panics, which is damage of the bytes.
pub fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    caught(decode).ok()
}

/// Runs foreign code that may panic; the message of the panic when it does.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let outer = DECODING.replace(true);
    let done = catch_unwind(AssertUnwindSafe(run));
    DECODING.set(outer);
    done.map_err(|panic| match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(String::new, ToString::to_string),
    })
}

/// Keeps panics of decoders off stderr; they are reported as damage of the file.
pub fn quiet_decoder_panics() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if !DECODING.get() {
            usual(panic);
        }
    }));
}

/// Prefixes of the messages of decoders; a message may have several, in any order.
const PREFIXES: [&str; 12] = [
    "parquet_data_error: ",
    "External: ",
    "Parquet argument error: ",
    "Parquet error: ",
    "Parquet: ",
    "EOF: ",
    "NYI: ",
    "Arrow: ",
    "Invalid argument error: ",
    "Io error: ",
    "IO error: ",
    "General: ",
];

/// Returns the message of a decoder without prefixes.
fn plain(error: &str) -> String {
    let mut text = error;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    // Behind a colon another error may stand, with prefixes of its own.
    PREFIXES.iter().fold(text.to_owned(), |text, prefix| text.replace(prefix, ""))
}

/// Makes a finding about bytes an error of their decoder.
pub(crate) fn damage(found: Text) -> ParquetError {
    ParquetError::External(Box::new(found))
}

/// Returns the message of a decoder's error: our own finding, an error of the system, or the decoder's words.
pub(crate) fn of_decoder(error: &(dyn Error + 'static)) -> Text {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let known = causes.find_map(|cause| match cause.downcast_ref::<Text>() {
        Some(text) => Some(text.clone()),
        None => cause.downcast_ref::<io::Error>().map(|error| text!("{}", error)),
    });
    known.unwrap_or_else(|| Text::given(plain(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_decoders_are_left_out() {
        let error = "External: Parquet argument error: Parquet error: Invalid page: EOF: short";
        assert_eq!(plain(error), "Invalid page: short");
        assert_eq!(plain("a page"), "a page");
    }
}
