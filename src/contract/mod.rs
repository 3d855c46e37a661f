//! What a valid delivery, file and row is.
pub mod fields;
