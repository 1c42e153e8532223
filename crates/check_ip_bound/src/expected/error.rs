//! Why the expected addresses cannot be read, or cannot be trusted.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use host_config::ConfigError;
use plugin::{Deadline, ReadError};

/// Why the expected addresses cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ExpectedError {
    /// A list or the host's configuration cannot be used.
    #[error(transparent)]
    Config(ConfigError),
    /// Only root may read the host's configuration, as is usual for netplan's and NetworkManager's files.
    #[error("{0}: let root print a list by --list, and give it to --file")]
    Forbidden(ReadError),
    /// Lists or sources cannot be used, or one of their lines is not understood.
    #[error("{0}")]
    Unusable(String),
    /// A list is older than --file-max-age allows.
    #[error("{0} was written {1} s ago, allowed {2} s: renew it by --list")]
    Old(String, u64, u64),
    /// A list is dated in the future: its age is not known.
    #[error("{0} is dated in the future, by {1} s: set the clock, or renew the list by --list")]
    Future(String, u64),
    /// The age of a list is not known.
    #[error("{0}: {1}")]
    Age(String, String),
    /// The sources that were named have no static address.
    #[error("no static address in the configuration of {0}: {1}")]
    NothingPromised(String, String),
}

impl From<ConfigError> for ExpectedError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Read(ReadError::Refused { path, why })
                if why.kind() == ErrorKind::PermissionDenied =>
            {
                ExpectedError::Forbidden(ReadError::Refused { path, why })
            }
            error => ExpectedError::Config(error),
        }
    }
}

/// The lines of the errors, each once.
pub(super) fn lines_of(errors: &[ExpectedError]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        let new: Vec<&str> = text.lines().filter(|line| !lines.iter().any(|known| known == line)).collect();
        lines.extend(new.into_iter().map(str::to_owned));
    }
    lines
}

/// The time by which a list may be dated in the future.
const AHEAD: Duration = Duration::from_secs(60);

/// Checks that a list was written within the time allowed.
pub(super) fn check_age(path: &Path, limit: Duration, deadline: &Deadline) -> Result<(), ExpectedError> {
    let name = path.display().to_string();
    let _step = deadline.step(format!("reading {name}"));
    // A list that is missing, or that this user may not read, is reported when it is read.
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let written = metadata.modified();
    let written = written.map_err(|error| ExpectedError::Age(name.clone(), plugin::reason(&error)))?;
    let age = match SystemTime::now().duration_since(written) {
        Ok(age) => age,
        // The clock of a file server may be ahead of this host's.
        Err(ahead) if ahead.duration() <= AHEAD => Duration::ZERO,
        Err(ahead) => return Err(ExpectedError::Future(name, ahead.duration().as_secs())),
    };
    if age > limit { Err(ExpectedError::Old(name, age.as_secs(), limit.as_secs())) } else { Ok(()) }
}
