//! The lowest floors of liangqing as a package of their own: the vocabulary that all other code shares.
//!
//! The independent recomputation depends on this package and not on `liangqing`, so it cannot reach a reader or any
//! arithmetic of the engine. [`independent`] is the interface between the two.

#[macro_use]
pub mod text;

pub mod diag;
pub mod event;
pub mod independent;
pub mod model;
pub mod rules;
pub mod shapes;
