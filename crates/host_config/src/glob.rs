//! The files that a pattern with shell wildcards names, in a tree.

use crate::promise::{ConfigError, Place};
use crate::tree::Tree;
use crate::wildcard::{is_pattern, matches};

/// The most files that one pattern may name.
const MOST: usize = 10_000;

/// The paths that the absolute `pattern` names, sorted in each folder; without a wildcard it is the path
/// itself, there or not.
///
/// # Errors
/// [`ConfigError`]: a folder cannot be read, a name is not UTF-8, or there are more than 10,000; `place` is
/// where the pattern stands.
pub(crate) fn expand(tree: &Tree<'_>, pattern: &str, place: &Place) -> Result<Vec<String>, ConfigError> {
    let mut paths = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !is_pattern(part) {
            paths.iter_mut().for_each(|path| *path = format!("{path}/{part}"));
            continue;
        }
        let mut longer = Vec::new();
        for path in &paths {
            let names = tree.names(if path.is_empty() { "/" } else { path })?;
            for name in names {
                let name = name
                    .into_string()
                    .map_err(|name| place.error(format!("{path}/{}: not UTF-8", name.display())))?;
                if matches(part, &name) && (!name.starts_with('.') || part.starts_with('.')) {
                    longer.push(format!("{path}/{name}"));
                }
            }
            if longer.len() > MOST {
                return Err(place.error(format!("{pattern}: more than {MOST} files")));
            }
        }
        paths = longer;
    }
    paths.iter_mut().filter(|path| path.is_empty()).for_each(|path| path.push('/'));
    Ok(paths)
}
