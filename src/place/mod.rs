//! Places: creates files and folders without harm to those of others.
//!
//! **Purpose.** Every output gets its place in one step, whole, or not at all.
//!
//! **In.** Paths that a user names.
//!
//! **Out.** Locks, folders of one process, files and folders in their places.
//!
//! **Invariants.** A working folder is locked and private, and its path is checked again before the last step. Nothing
//! is written into a closed period, over a file without `--force`, or over anything but a file. Unfinished output is
//! removed, however the command ends.

pub mod addition;
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
