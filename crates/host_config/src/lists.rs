//! Reads the lists of addresses that `--file` names.

use std::path::Path;

use addresses::{Fields, List};
use plugin::{Deadline, read_file};

use crate::promise::ConfigError;
use crate::tree::LARGEST;

/// Reads the list in the file `path`, which is the caller's list `number`.
///
/// # Errors
/// [`ConfigError::Read`] and [`ConfigError::List`]: the file cannot be read in time, holds more than 16 MiB,
/// a line that is no address, or no address at all.
pub fn read_list(path: &Path, number: u32, deadline: &Deadline) -> Result<List, ConfigError> {
    Ok(List::parse(&path.display().to_string(), number, &read_file(path, LARGEST, deadline)?)?)
}

/// Reads a list as [`read_list`] does, with the ports and the labels of its lines.
///
/// # Errors
/// As [`read_list`]; a port below 1 or above 65535 makes a bad line too.
pub fn read_list_with_fields(
    path: &Path,
    number: u32,
    deadline: &Deadline,
) -> Result<(List, Fields), ConfigError> {
    Ok(List::parse_with_fields(&path.display().to_string(), number, &read_file(path, LARGEST, deadline)?)?)
}
