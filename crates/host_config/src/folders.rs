//! Folders of configuration files of which one overrides another: of files with the same name, that of the
//! first folder counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Error, ErrorKind};

use plugin::ReadError;

use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

/// Returns the path of each name that is wanted, sorted by name, wherever it lies; `folders` have the one
/// that counts most first. A folder or a name that cannot be read is taken over into the promises.
pub(crate) fn by_name(
    tree: &Tree<'_>,
    folders: &[String],
    to: &mut Promises,
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut paths = BTreeMap::new();
    for folder in folders {
        let mut names = Vec::new();
        let read = tree.names(folder).map(|found| names = found);
        to.survive(read)?;
        // A name that is no UTF-8 is judged by what of it is.
        for name in names.into_iter().filter(|name| wanted(&name.to_string_lossy())) {
            let added = plain(folder, name).map(|name| {
                let path = format!("{folder}/{name}");
                _ = paths.entry(name).or_insert(path);
            });
            to.survive(added)?;
        }
    }
    Ok(paths)
}

/// Returns the content of the file `path`: `None` where it is a folder, or a link that leads nowhere.
pub(crate) fn content(tree: &Tree<'_>, path: &str) -> Result<Option<Vec<u8>>, ConfigError> {
    match tree.read(path) {
        Err(ConfigError::Read(ReadError::Refused { why, .. })) if why.kind() == ErrorKind::IsADirectory => {
            Ok(None)
        }
        read => read,
    }
}

fn plain(folder: &str, name: OsString) -> Result<String, ConfigError> {
    let refused = |name: OsString| ReadError::Refused {
        path: std::path::Path::new(folder).join(name),
        why: Error::new(ErrorKind::InvalidFilename, "the name is not UTF-8"),
    };
    name.into_string().map_err(refused).map_err(ConfigError::from)
}
