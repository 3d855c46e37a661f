//! 两清 liangqing: clears cross-province medical-insurance settlements.
pub mod codes;
pub mod contract;
pub mod money;
pub mod rules;
