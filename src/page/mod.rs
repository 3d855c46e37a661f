//! What pages for people have in common.
//!
//! **Purpose.** Pages look alike and speak both languages.
//!
//! **In.** Texts and amounts.
//!
//! **Out.** Texts as HTML in both languages; the style.
//!
//! **Invariants.** Every text is escaped when it becomes HTML.

pub mod words;

/// The style of pages.
pub const STYLE: &str = include_str!("assets/page.css");
