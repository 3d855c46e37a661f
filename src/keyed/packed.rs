//! Values as bytes that come back in the same run, from disk or from another machine.

use crate::diag::{Failure, Outcome};
use crate::text::Text;

/// Serialises a value (postcard). The bytes are read again in the same run only, so their format may change.
pub fn pack(value: &impl serde::Serialize) -> Outcome<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|error| damaged(&error))
}

/// Returns the value that was packed.
pub(crate) fn unpack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Outcome<T> {
    postcard::from_bytes(bytes).map_err(|error| damaged(&error))
}

/// Unpacks the first of some values that lie one after the other; returns the rest too.
pub(crate) fn unpack_first<'a, T: serde::Deserialize<'a>>(
    bytes: &'a [u8],
) -> Outcome<(T, &'a [u8])> {
    postcard::take_from_bytes(bytes).map_err(|error| damaged(&error))
}

/// Unpacks values that lie one after the other, and makes something of each.
pub(crate) fn unpack_all<T: serde::de::DeserializeOwned, U>(
    mut bytes: &[u8],
    mut make: impl FnMut(T) -> Outcome<U>,
) -> Outcome<Vec<U>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (value, rest) = postcard::take_from_bytes(bytes).map_err(|error| damaged(&error))?;
        all.push(make(value)?);
        bytes = rest;
    }
    Ok(all)
}

fn damaged(error: &postcard::Error) -> Failure {
    Failure::Bug(text!("packed values: {}", Text::foreign(error)))
}
