//! Exports of provinces → deliveries.
//!
//! **Purpose.** Brings the exports that provinces have (CSV, workbooks, Parquet of any names and types) into the form
//! of a delivery, as a map says.
//!
//! **In.** Exports and a map.
//!
//! **Out.** Parquet files with control totals; the list of what was changed and of what was refused.
//!
//! **Invariants.** Nothing is guessed. Rows read = rows written + rows refused + rows set aside, and the totals of what
//! was read are those of what lies in the files.

mod block;
mod heading;
mod map;
mod payments;
mod spreadsheet;
mod table;
mod text_table;
mod value;
