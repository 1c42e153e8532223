//! What a program keeps on disk, so that neither a crash nor another user can turn it against its host.
//!
//! | to | use |
//! | --- | --- |
//! | keep files that only this user may see | [`Folder::make`], or [`Folder::of_program`] for a check |
//! | write where others read | [`Folder::open`] |
//! | let one run at a time work | [`Folder::lock`] |
//! | write a file whole or not at all | [`Folder::replace`], [`Folder::replace_by`] |
//! | append records that survive a crash | [`Records`] |
//! | obey a file, such as a configuration | [`read_trusted`] |
//! | tell what is wrong in a configuration | [`toml_error`], [`toml_setting`] |
//! | run a program as root | [`open_trusted`] |
//!
//! Handlers, notifiers and publishers use it, and checks that learn or compare from run to run. It leaves
//! the meaning of the files to them, and files that need no trust to [`plugin::read_file`]. Every message
//! names the file or folder and what to do about it. Links are never followed out of trusted hands: see
//! [`Above`].
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! let place = tempfile::tempdir()?;
//! let folder = state::Folder::make(&place.path().join("example"), state::Above::Unchecked)?;
//! let deadline = plugin::Deadline::after(Duration::from_secs(8));
//! match folder.lock("lock", Instant::now() + Duration::from_secs(2))? {
//!     Some(lock) => {
//!         let runs = folder.read("runs", 20, &deadline)?.map_or(0, |digits| digits.len());
//!         folder.replace(&lock, "runs", "|".repeat(runs + 1).as_bytes(), state::PRIVATE)?;
//!     }
//!     None => return Err("another run holds the lock".into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod folder;
mod lock;
mod place;
mod read;
mod records;
mod replace;
mod setting;
mod trust;
mod walk;

pub use error::{Fault, StateError};
pub use folder::Folder;
pub use lock::{LOOK, Lock};
pub use read::{open_trusted, read_trusted};
pub use records::Records;
pub use replace::{PRIVATE, PUBLIC};
pub use setting::{toml_error, toml_setting};
pub use trust::{Above, Access, Owner, Trust};
