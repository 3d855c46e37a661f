//! The benefit files that are built in, by the names under which `rules` prints them.

/// Each file: its name, and its text.
pub const BENEFITS: [(&str, &str); 0] = [];
