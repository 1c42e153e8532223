//! The folders of the page and of the history, refused where a run would do harm.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// Why a run would do harm in a folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Root runs it for a page of another user, who could not go on with a history of root's.
    #[error("{} belongs to uid {owner}, run this as that user, not as root", .folder.display())]
    Root {
        /// The folder of the page.
        folder: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The history would be where the page is, for all to read.
    #[error("--state {} is in the folder of --output, which is served: choose another, see --help", .0.display())]
    Nested(PathBuf),
}

/// Checks the folders of the page and of the history.
///
/// # Errors
/// [`FolderError`]: nothing must be made there.
pub(crate) fn check(output: &Path, state: &Path) -> Result<(), FolderError> {
    foreign(output).or_else(|| nested(output, state)).map_or(Ok(()), Err)
}

/// The error of a run by root where the page belongs to another user: nothing is made then.
fn foreign(output: &Path) -> Option<FolderError> {
    let owner = std::fs::metadata(output).ok()?.uid();
    let is_foreign = owner != 0 && geteuid().is_root();
    is_foreign.then(|| FolderError::Root { folder: output.to_owned(), owner })
}

/// The error of a state that would be kept in the folder of the page, also by a link.
fn nested(output: &Path, state: &Path) -> Option<FolderError> {
    let real = |path: &Path| path.canonicalize().ok();
    // A folder that does not exist yet is made in the one above it.
    let above = || Some(real(state.parent()?)?.join(state.file_name()?));
    let is_in = real(state).or_else(above)?.starts_with(real(output)?);
    is_in.then(|| FolderError::Nested(state.to_owned()))
}
