//! The files that a run writes: none of them is one that it reads. Records in a list or in the configuration
//! would make it unusable, and so would the budget.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError};

/// Refuses a log that is a file which a run reads or executes or that is in the folder of the state, and such
/// a file in that folder.
///
/// # Errors
/// [`ConfigError::Setting`].
pub(crate) fn check(config: &Config, path: &Path) -> Result<(), ConfigError> {
    let wrong = |what: String| Err(ConfigError::Setting { path: path.to_owned(), what });
    let log = &config.log;
    for (name, file) in read_files(config, path) {
        if is_same(log, file) {
            return wrong(format!("log: {} is {name} too, name another file", log.display()));
        }
        if is_in(file, &config.state) {
            return wrong(format!(
                "state: {} has {name} in it, name another directory",
                config.state.display()
            ));
        }
    }
    if is_same(log, &config.state) || is_in(log, &config.state) {
        return wrong(format!("log: {} is in the directory of state, name another file", log.display()));
    }
    Ok(())
}

/// What a run reads, each by its name in a message.
fn read_files<'a>(config: &'a Config, path: &'a Path) -> impl Iterator<Item = (&'static str, &'a Path)> {
    let named = |name| move |file: &'a PathBuf| (name, file.as_path());
    let programs = config.command.iter().chain(&config.restart).map(|argv| &argv.program);
    let lists = config.list.addresses.file.iter().map(named("a list of files"));
    let checked = config.check.addresses.file.iter().map(named("a list of check"));
    [("the configuration", path)]
        .into_iter()
        .chain(lists)
        .chain(checked)
        .chain(programs.map(named("a program")))
}

/// Whether two paths are one file, by any of its names.
fn is_same(one: &Path, other: &Path) -> bool {
    let number = |path| fs::metadata(path).map(|status| (status.dev(), status.ino()));
    one == other || number(one).is_ok_and(|one| number(other).is_ok_and(|other| one == other))
}

fn is_in(file: &Path, folder: &Path) -> bool {
    file.parent().is_some_and(|parent| is_same(parent, folder))
}
