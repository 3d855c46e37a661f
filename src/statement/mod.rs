//! 6. What a period says, written as files.
//!
//! **Purpose.** Tables of a closed period, for machines.
//!
//! **In.** Rows of the stages, in order.
//!
//! **Out.** Parquet files with their digests; the same tables read back.
//!
//! **Invariants.** Equal rows give equal bytes, on any machine.

pub mod table;
