//! Parquet in and out, and nothing of the domain.
//!
//! **Purpose.** Read a file of unknown origin within bounds, and write a table so that equal rows give equal bytes.
//!
//! **In.** Parquet files; columns of values.
//!
//! **Out.** Checked footers and pages; files with their digests.
//!
//! **Invariants.** A claim of a file is checked before memory is allocated for it. A panic of a decoder is damage of
//! the file. Equal rows give equal bytes, on any machine.

pub mod claims;
pub mod codec;
pub mod entry;
pub mod footer;
pub mod guard;
pub mod payload;
pub mod shape;
pub mod shared;
pub mod stored;
pub mod table;
pub mod thrift;
