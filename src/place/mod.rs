//! Places: folders and files that are made so that nobody else's are harmed.
//!
//! **Purpose.** What is written gets its place in one step, whole, or not at all.
//!
//! **In.** Paths that somebody names.
//!
//! **Out.** Locks, folders of one process, files and folders in their places.
//!
//! **Invariants.** A folder that is worked in is locked, private and looked at again before its last step. Nothing
//! is written below a closed period, over a file that nobody gave up, or over what is no file. What was begun goes
//! again, whoever ends the command.

mod claim;
pub mod identity;
mod lock;
pub mod output;
mod paths;
pub mod period;
pub mod staging;

pub use self::paths::make_below;
pub(crate) use self::{
    claim::{Claimed, FolderClaim},
    lock::Lock,
    paths::{TRIES, make_folders, rename_new, resolve},
};
