//! The syntax of GLib's key files: groups and their keys, of which the last one of a name counts.

use std::collections::BTreeMap;

use crate::located::Located;
use crate::promise::{ConfigError, Place, Remark};

const NO_LINE: &str = "neither a group nor a key and its value";
const MARK: &str = "a byte order mark before the first group";

/// Whether a value is one of the words for yes.
pub(super) fn is_yes(value: &str) -> bool {
    matches!(value.trim_ascii().to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

/// The keys of a file by group and name.
#[derive(Debug, Default)]
pub(crate) struct Keyfile {
    groups: BTreeMap<String, BTreeMap<String, Located>>,
    /// The names of the groups, in the order in which they begin.
    order: Vec<String>,
}

impl Keyfile {
    /// Parses the file `path`.
    pub(super) fn parse(path: &str, content: &[u8]) -> Result<Self, ConfigError> {
        let (file, bad) = Self::read(path, content);
        bad.map_or(Ok(file), |bad| Err(bad.into()))
    }

    /// Returns all that is understood of the file `path`, and its first line for which GLib takes nothing of
    /// it.
    pub(super) fn read(path: &str, content: &[u8]) -> (Self, Option<Remark>) {
        let text = String::from_utf8_lossy(content);
        let marked = text.starts_with('\u{feff}').then(|| Place::new(path, 1).remark(MARK));
        let mut bad = marked;
        let mut file = Self::default();
        let mut group: Option<String> = None;
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            // For GLib, a line ends at a NUL; it keeps what stands at the end of a value, blanks too.
            let line = line.split('\0').next().unwrap_or_default().trim_ascii_start();
            if line.trim_ascii().is_empty() || line.starts_with('#') {
                continue;
            }
            let place = Place::new(path, number);
            if let Err(what) = file.take(line, &mut group, &place) {
                _ = bad.get_or_insert_with(|| place.remark(what));
            }
        }
        (file, bad)
    }

    /// Takes a line that begins a group or sets a key of it.
    fn take(&mut self, line: &str, group: &mut Option<String>, place: &Place) -> Result<(), &'static str> {
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.trim_ascii_end().strip_suffix(']');
            let name = name.ok_or("a group without its closing bracket")?;
            if name.is_empty() || name.contains(['[', ']']) {
                return Err("a group without a proper name");
            }
            self.group(name);
            *group = Some(name.to_owned());
            return Ok(());
        }
        let (key, value) = line.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or(NO_LINE)?;
        let group = group.as_deref().ok_or("a key before the first group")?;
        let value = value.trim_ascii_start().to_owned();
        self.set(group, key.trim_ascii_end(), Located { value, place: place.clone() });
        Ok(())
    }

    fn group(&mut self, name: &str) -> &mut BTreeMap<String, Located> {
        if !self.groups.contains_key(name) {
            self.order.push(name.to_owned());
        }
        self.groups.entry(name.to_owned()).or_default()
    }

    /// Sets a key, in place of an earlier one of the same name.
    pub(crate) fn set(&mut self, group: &str, key: &str, written: Located) {
        self.group(group).insert(key.to_owned(), written);
    }

    /// Returns the value of a key, where it is there and not empty.
    pub(super) fn value(&self, group: &str, key: &str) -> Option<&Located> {
        self.written(group, key).filter(|written| !written.value.is_empty())
    }

    /// Returns the value of a key, empty or not.
    pub(super) fn written(&self, group: &str, key: &str) -> Option<&Located> {
        self.groups.get(group)?.get(key)
    }

    /// The names of the groups, in the order in which they begin.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }

    /// All keys of a group, by name.
    pub(super) fn keys(&self, group: &str) -> impl Iterator<Item = (&String, &Located)> {
        self.groups.get(group).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_glib_does() {
        let file =
            Keyfile::parse("f", b"# c\0d\n[a]\r\nk = v w\n  l=1\n\n[b]\nk=2\n [a] \nk=3;#4\0x\nn=\n\0junk\n")
                .unwrap();
        let value = |group, key| file.value(group, key).map(|it| (it.value.as_str(), it.place.line));
        assert_eq!(value("a", "k"), Some(("3;#4", 9)));
        assert_eq!(value("a", "l"), Some(("1", 4)));
        assert_eq!(value("b", "k"), Some(("2", 7)));
        assert_eq!(value("a", "n"), None);
        assert_eq!(value("c", "k"), None);
        assert_eq!(file.keys("a").map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["k", "l", "n"]);
        assert_eq!(file.groups().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn names_what_is_not_understood() {
        let rows: [(&str, &str); 9] = [
            ("\u{feff}[a]\nk=v\n", "f line 1: a byte order mark before the first group"),
            ("[a]\n=v\n", "f line 2: neither a group nor a key and its value"),
            ("[]\n", "f line 1: a group without a proper name"),
            ("[a[b]\n", "f line 1: a group without a proper name"),
            ("[a]b]\n", "f line 1: a group without a proper name"),
            ("[a]\n;c\n", "f line 2: neither a group nor a key and its value"),
            ("[a]\njunk\n", "f line 2: neither a group nor a key and its value"),
            ("k=v\n", "f line 1: a key before the first group"),
            ("[a\n", "f line 1: a group without its closing bracket"),
        ];
        for (text, message) in rows {
            assert_eq!(Keyfile::parse("f", text.as_bytes()).unwrap_err().to_string(), message, "{text:?}");
        }
    }
}
