//! The rules on behaviour (review §4.2), a file each.
//!
//! **Purpose.** Find what no careful record of care looks like: a patient in two beds, a pharmacy that bursts.
//!
//! **In.** Persons and institutions with their settlements, the thresholds in force.
//!
//! **Out.** Leads.
//!
//! **Invariants.** Everything is compared in whole numbers. A rule looks at settlements of one person or of one institution;
//! BEH-14 compares institutions by means that are worked out one by one.

mod beh05;
mod beh11;
mod beh12;
mod beh13;
pub mod beh14;
mod beh15;
mod beh16;
mod beh19;
pub mod beh20;
pub mod covered;
mod groups;
mod institutions;
mod numbers;
mod stay;

pub use self::{covered::CoveredMonths, institutions::of_institution};
