//! 5. Reserves (预付金): utilisation, quotas, notices, payments (contract §5).
//!
//! **Purpose.** Keep the money that provinces prepay each other, and say who pays what, until when.
//!
//! **In.** The pairs of the period, what the period before handed over, quota changes, payments.
//!
//! **Out.** Quotas, reserves, notices and their status, judged payments.
//!
//! **Invariants.** Opening + movements = closing for every pair; the engine never raises a quota.

mod balance;
mod level;
mod movements;
pub mod notices;
pub mod payments;
pub mod quotas;

pub use self::{
    balance::{Reserve, Reserves},
    level::Level,
    movements::{MovementFacts, Movements, move_money, pairs_table, reserves_table},
};
