//! Reading the configuration from its file.

use std::path::{Path, PathBuf};

use plugin::{Deadline, ReadError, read_file};
use state::toml_error;

use super::Config;
use super::written::Written;
use crate::looks;

/// The most that the file may hold, in octets.
const LARGEST: u64 = 1 << 20;
/// The most that a style or a logo may hold, in octets: the page carries both.
const LARGEST_PART: u64 = 16 << 10;
/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It, or a file that it names, cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A line of it is not understood.
    #[error("{} line {line}: {what}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A setting cannot be used.
    #[error("{}: {what}", .path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl Config {
    /// Reads the file, and the style and the logo that it names.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path, deadline: &Deadline) -> Result<Self, ConfigError> {
        let content = read_file(path, LARGEST, deadline)?;
        let part = |name: &Path| {
            let name = path.parent().unwrap_or(Path::new("/")).join(name);
            read_file(&name, LARGEST_PART, deadline).map(|content| (name, content)).map_err(ConfigError::from)
        };
        Self::parse(path, &content, part)
    }

    fn parse(
        path: &Path,
        content: &[u8],
        part: impl Fn(&Path) -> Result<(PathBuf, Vec<u8>), ConfigError>,
    ) -> Result<Self, ConfigError> {
        let line_at =
            |offset: usize| 1 + content.iter().take(offset).filter(|octet| **octet == b'\n').count();
        let wrong = |offset, what| ConfigError::Line { path: path.to_owned(), line: line_at(offset), what };
        let text =
            str::from_utf8(content).map_err(|error| wrong(error.valid_up_to(), "not UTF-8".to_owned()))?;
        let written: Written = toml::from_str(text).map_err(|error| {
            let what = toml_error(error.message(), text, error.span().map(|span| span.start));
            match error.span() {
                // What is missing from the whole has no line of its own.
                Some(span) if span.start > 0 || !error.message().starts_with("missing field") => {
                    wrong(span.start, what)
                }
                _ => ConfigError::Setting { path: path.to_owned(), what },
            }
        })?;
        for (key, file) in [("style", &written.style), ("logo", &written.logo)] {
            if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
                let what = format!("{key}: the name of a file is missing");
                return Err(ConfigError::Setting { path: path.to_owned(), what });
            }
        }
        let style = written.style.as_deref().map(&part).transpose()?;
        let logo = written.logo.as_deref().map(&part).transpose()?;
        let checked = written.checked().and_then(|config| {
            Ok(Self {
                style: style.map(looks::style_sheet).transpose()?.unwrap_or_default(),
                logo: logo.map(looks::logo).transpose()?,
                ..config
            })
        });
        checked.map_err(|what| ConfigError::Setting { path: path.to_owned(), what })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
