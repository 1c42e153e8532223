//! NetworkManager.conf(5) and its `conf.d`: which files are read, in which order, and where they say that
//! the profiles are.
//!
//! Of files of the same name, that in /etc counts, then that in /run. The main file is read after those of
//! /usr/lib and /run and before those of /etc; a later value replaces an earlier one.

use std::collections::BTreeMap;

use super::enabled::Installed;
use super::keyfile::Keyfile;
use crate::folders;
use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

pub(super) const MAIN: &str = "/etc/NetworkManager/NetworkManager.conf";
const ETC: &str = "/etc/NetworkManager/conf.d";
/// The one that counts most first.
const FOLDERS: [&str; 3] = [ETC, "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d"];
/// Where an administrator's profiles are, unless `[keyfile] path=` says otherwise.
const PROFILES: &str = "/etc/NetworkManager/system-connections";

/// The files that NetworkManager reads, in its order.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<Keyfile>);

impl Settings {
    /// Reads the files. One that cannot be read is taken over into the promises, and says nothing.
    pub(super) fn read(tree: &Tree<'_>, to: &mut Promises) -> Result<Self, ConfigError> {
        let mut read = Vec::new();
        let mut installed = Installed::new(tree);
        let files = folders::by_name(tree, &FOLDERS.map(str::to_owned), to, |name| name.ends_with(".conf"))?;
        let (own, shipped): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files.into_iter().partition(|(_, path)| path.starts_with(ETC));
        let main = std::iter::once(MAIN.to_owned());
        for path in shipped.into_values().chain(main).chain(own.into_values()) {
            let content = to.readable(folders::content(tree, &path))?.unwrap_or_default();
            // NetworkManager does not start with a file that it cannot read.
            let Ok(file) = Keyfile::parse(&path, &content) else { continue };
            // The main file cannot be disabled.
            let condition = file.written(".config", "enable").filter(|_| path != MAIN);
            match condition.map(|written| (written, installed.enables(&written.value))) {
                Some((written, Some(false))) => {
                    let what = format!("enable={} disables the file", written.value);
                    to.remarks.push(written.place.remark(what));
                    continue;
                }
                Some((written, None)) => {
                    let what = format!("enable={}: the version is not known here", written.value);
                    to.remarks.push(written.place.remark(what));
                }
                _ => {}
            }
            read.push(file);
        }
        Ok(Self(read))
    }

    /// The files.
    pub(super) fn files(&self) -> impl Iterator<Item = &Keyfile> {
        self.0.iter()
    }

    /// Returns the folder of the administrator's profiles: `None` where an empty `[keyfile] path=` turns it
    /// off. A path that does not begin at the root counts as none.
    pub(super) fn profiles(&self) -> Option<&str> {
        let written = self.files().filter_map(|file| file.written("keyfile", "path")).last();
        match written.map(|written| written.value.trim_ascii_end().trim_end_matches('/')) {
            Some("") if written.is_some_and(|written| written.value.trim_ascii_end().is_empty()) => None,
            Some(path) if path.starts_with('/') => Some(path),
            _ => Some(PROFILES),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn the_last_path_is_the_folder_of_the_profiles() {
        let own = "/etc/NetworkManager/conf.d/a.conf";
        let rows = [
            ("", "", Some(PROFILES)),
            ("[keyfile]\npath=/srv/nm\n", "", Some("/srv/nm")),
            ("[keyfile]\npath=/srv/nm/\n", "", Some("/srv/nm")),
            ("[keyfile]\npath=/srv/nm\n", "[keyfile]\npath=/srv/own\n", Some("/srv/own")),
            ("[keyfile]\npath=nm\n", "", Some(PROFILES)),
            ("[keyfile]\npath=\n", "", None),
            ("", "[.config]\nenable=false\n[keyfile]\npath=/srv/own\n", Some(PROFILES)),
            ("[.config]\nenable=false\n[keyfile]\npath=/srv/nm\n", "", Some("/srv/nm")),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (main, more, expected) in rows {
            let tree = Tree::in_memory([(MAIN, main), (own, more)], &deadline);
            let settings = Settings::read(&tree, &mut Promises::default()).unwrap();
            assert_eq!(settings.profiles(), expected, "{main}{more}");
        }
    }
}
