//! All input and output: the size of the file.

use std::fs;
use std::path::{Path, PathBuf};

use plugin::{Deadline, reason};

use crate::Observations;

/// Why the size is not known.
#[derive(Debug, thiserror::Error)]
#[error("examining {}: {}", .0.display(), .1)]
pub struct ProbeError(PathBuf, String);

/// Examines the file. A file system that hangs is named by the step when the deadline is missed.
pub(crate) fn probe(file: &Path, deadline: &Deadline) -> Result<Observations, ProbeError> {
    let _step = deadline.step(format!("examining {}", file.display()));
    let metadata = fs::metadata(file).map_err(|error| ProbeError(file.to_owned(), reason(&error)))?;
    Ok(Observations { size: metadata.len() })
}
