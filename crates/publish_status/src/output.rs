//! The files: each is replaced whole or not at all, all of them or none, and not touched while its content is
//! the same.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use plugin::Deadline;
use state::{Above, Access, Folder, Lock, PUBLIC, StateError};

use crate::view::View;
use crate::{history_json, page, summary};

/// The page, which changes in every run.
pub(crate) const PAGE: &str = "index.html";
/// The most that a file which is compared may hold, in octets.
const LARGEST: u64 = 64 << 20;

/// Why the files were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The folder or a file in it.
    #[error(transparent)]
    State(#[from] StateError),
    /// A template or JSON, which cannot happen for what is written here.
    #[error("rendering: {0}")]
    Render(String),
}

/// A file by its name and its content.
pub(crate) type File = (&'static str, Vec<u8>);

/// Renders all files.
///
/// # Errors
/// [`OutputError::Render`].
pub(crate) fn render(view: &View<'_>) -> Result<Vec<File>, OutputError> {
    // A template comes without the end of its last line.
    let text = |text: askama::Result<String>| {
        text.map(|text| (text + "\n").into_bytes()).map_err(|error| OutputError::Render(error.to_string()))
    };
    let json =
        |json: serde_json::Result<Vec<u8>>| json.map_err(|error| OutputError::Render(error.to_string()));
    Ok(vec![
        (PAGE, text(page::index(view))?),
        ("summary.json", json(summary::render(view))?),
        ("history.json", json(history_json::render(view))?),
        ("feed.atom", text(page::feed(view))?),
        ("status.svg", text(page::badge(view))?),
        ("fragment.html", text(page::fragment(view))?),
    ])
}

/// Opens the folder of the page.
///
/// # Errors
/// [`OutputError::State`].
pub(crate) fn open(folder: &Path) -> Result<Folder, OutputError> {
    Ok(Folder::open(folder, Above::Unchecked, Access::ReadOnly)?)
}

/// Returns whether all may read a file and only its owner may write it. A filesystem without modes may show
/// other rights.
fn is_public(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|status| status.mode() & 0o666 == PUBLIC)
}

/// Writes the files that changed, also those that others cannot read any more, and returns how many did.
///
/// # Errors
/// [`OutputError::State`]: what was there before is still there.
pub(crate) fn write(
    folder: &Path,
    files: &[File],
    lock: &Lock,
    deadline: &Deadline,
) -> Result<usize, OutputError> {
    let folder = open(folder)?;
    let mut changed: Vec<(&str, &[u8])> = Vec::new();
    for (name, content) in files {
        let _step = deadline.step(format!("reading {name}"));
        let is_same = folder.read(name, LARGEST, deadline)?.as_ref() == Some(content);
        if !is_same || !is_public(&folder.path().join(name)) {
            changed.push((name, content));
        } else {
            // Of a run that was killed: what is not written is not cleared away by writing it.
            folder.discard(name);
        }
    }
    let _step = deadline.step("writing the page".to_owned());
    folder.replace_all(lock, &changed, PUBLIC)?;
    Ok(changed.len())
}
