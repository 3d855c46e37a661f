//! Decoders over bytes of unknown origin.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
};

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder over bytes of unknown origin: what makes it panic is damage too.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    let outer = DECODING.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode)).ok();
    DECODING.set(outer);
    decoded
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

/// What the decoders put before what they say, in any number and order.
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

/// An error of a decoder without what it puts before it.
pub(crate) fn plain(error: &str) -> String {
    let mut text = error;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    // What stands behind a colon may be another error with all that is before it.
    PREFIXES.iter().fold(text.to_owned(), |text, prefix| text.replace(prefix, ""))
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
