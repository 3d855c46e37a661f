//! What a valid delivery, file and row is.
pub mod delivery;
pub mod fields;
pub mod small_files;
