//! Files in memory, as a tree of them: what a fuzzer or a test reads needs no folder on disk. A path that a
//! file system would refuse is refused here too. There are no symbolic links.

use std::collections::BTreeMap;
use std::ffi::OsString;

use rustix::io::Errno;

/// The longest path and the longest name in it, in octets: PATH_MAX and NAME_MAX of linux/limits.h.
const LONGEST_PATH: usize = 4095;
const LONGEST_NAME: usize = 255;

/// Contents by path, without the slash at the start. Folders are there as far as a file is in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds a file; one that is there already is replaced.
    pub(crate) fn insert(&mut self, path: &str, content: Vec<u8>) {
        self.0.insert(path.trim_start_matches('/').to_owned(), content);
    }

    /// Returns the content of a file.
    ///
    /// # Errors
    /// As open(2): no such file, a folder, a path that cannot be.
    pub(crate) fn read(&self, path: &str) -> Result<&[u8], Errno> {
        let path = self.resolve(path)?;
        match self.0.get(&path) {
            Some(content) => Ok(content),
            None if self.is_folder(&path) => Err(Errno::ISDIR),
            None => Err(Errno::NOENT),
        }
    }

    /// Returns the names in a folder, sorted by their octets.
    ///
    /// # Errors
    /// As open(2) with O_DIRECTORY.
    pub(crate) fn names(&self, path: &str) -> Result<Vec<OsString>, Errno> {
        let folder = self.resolve(path)?;
        if !self.is_folder(&folder) {
            return Err(if self.0.contains_key(&folder) { Errno::NOTDIR } else { Errno::NOENT });
        }
        let inside = self.0.keys().filter_map(|path| below(&folder, path));
        let mut names: Vec<OsString> =
            inside.map(|path| path.split('/').next().unwrap_or(path).into()).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn is_folder(&self, path: &str) -> bool {
        path.is_empty()
            || self
                .0
                .range(format!("{path}/")..)
                .next()
                .is_some_and(|(first, _)| below(path, first).is_some())
    }

    /// Returns the path without `.`, `..` and empty parts; what a `..` leads out of must be a folder.
    fn resolve(&self, path: &str) -> Result<String, Errno> {
        if path.contains('\0') {
            return Err(Errno::INVAL);
        }
        if path.len() > LONGEST_PATH || path.split('/').any(|name| name.len() > LONGEST_NAME) {
            return Err(Errno::NAMETOOLONG);
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." | ".." if !self.is_folder(&parts.join("/")) => {
                    return Err(if self.0.contains_key(&parts.join("/")) {
                        Errno::NOTDIR
                    } else {
                        Errno::NOENT
                    });
                }
                "" | "." => {}
                ".." => drop(parts.pop()),
                name => parts.push(name),
            }
        }
        Ok(parts.join("/"))
    }
}

/// Returns what of `path` is below `folder`: `None` if it is elsewhere.
fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_a_file_system_leads_them() {
        let mut files = Files::default();
        files.insert("/etc/ips", b"a".to_vec());
        files.insert("etc/ips.d/1", b"b".to_vec());
        files.insert("etc-old/ips", b"c".to_vec());
        let rows = [
            ("/etc/ips", Ok(&b"a"[..])),
            ("etc//./ips", Ok(b"a")),
            ("/etc/ips.d/../ips", Ok(b"a")),
            ("/../../etc/ips", Ok(b"a")),
            ("/etc/ips/", Err(Errno::NOTDIR)),
            ("/etc/ips/..", Err(Errno::NOTDIR)),
            ("/etc/none/../ips", Err(Errno::NOENT)),
            ("/etc/ips.d", Err(Errno::ISDIR)),
            ("/etc", Err(Errno::ISDIR)),
            ("/", Err(Errno::ISDIR)),
            ("/et", Err(Errno::NOENT)),
            ("/etc/i\0ps", Err(Errno::INVAL)),
        ];
        for (path, content) in rows {
            assert_eq!(files.read(path), content, "{path}");
        }
        assert_eq!(files.read(&"x".repeat(256)), Err(Errno::NAMETOOLONG));
        assert_eq!(files.names("/"), Ok(vec!["etc".into(), "etc-old".into()]));
        assert_eq!(files.names("/etc"), Ok(vec!["ips".into(), "ips.d".into()]));
        assert_eq!(files.names("/etc/ips"), Err(Errno::NOTDIR));
        assert_eq!(files.names("/none"), Err(Errno::NOENT));
    }
}
