//! Credentials from a file in MySQL's own format: `[client]` and another group, `!include`, `!includedir`.
//! The format is that of the manual's "Using Option Files"; options that are not ours are passed over, as
//! every program does that shares the file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plugin::{Deadline, ReadError, read_file, reason};

/// The most octets of one file.
const LARGEST: u64 = 1 << 20;
/// How deep files may include files: MySQL's own limit.
const DEEPEST: usize = 10;
/// The most files in all, so that an include of a large tree ends.
const FILES: usize = 200;

/// Why a file of options is not usable. Each message names it.
#[derive(Debug, thiserror::Error)]
pub enum DefaultsError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A folder of `!includedir` cannot be read.
    #[error("reading {}: {}", .path.display(), reason(.why))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A line is not understood.
    #[error("reading {}: line {line}: {what}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line.
        line: usize,
        /// What is wrong with it; never what stands there.
        what: &'static str,
    },
    /// The group is in none of the files.
    #[error("reading {}: no group [{group}]", .path.display())]
    Group {
        /// The file.
        path: PathBuf,
        /// The group.
        group: String,
    },
    /// Files that include each other.
    #[error("reading {}: more than {FILES} files, or includes more than {DEEPEST} deep", .0.display())]
    Endless(PathBuf),
}

/// The options of the groups, the last one of a name counting.
#[derive(Default)]
pub(crate) struct Defaults(BTreeMap<String, String>);

impl Defaults {
    /// Reads `path` for the groups `[client]`, `[client-mariadb]` and `group`, which must exist if it is
    /// given.
    pub(crate) fn read(path: &Path, group: Option<&str>, deadline: &Deadline) -> Result<Self, DefaultsError> {
        let groups: Vec<&str> = ["client", "client-mariadb"].into_iter().chain(group).collect();
        let mut reader = Reader { groups, deadline, found: vec![BTreeMap::new(); 3], seen: false, files: 0 };
        reader.file(path, 0)?;
        if let Some(group) = group.filter(|_| !reader.seen) {
            return Err(DefaultsError::Group { path: path.to_owned(), group: group.to_owned() });
        }
        // The chosen group wins, wherever in the file it stands.
        Ok(Self(reader.found.into_iter().flatten().collect()))
    }

    /// The value of an option, by its name with hyphens; an empty value is none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same as a path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }
}

struct Reader<'a> {
    groups: Vec<&'a str>,
    deadline: &'a Deadline,
    found: Vec<BTreeMap<String, String>>,
    seen: bool,
    files: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, depth: usize) -> Result<(), DefaultsError> {
        self.files += 1;
        if depth > DEEPEST || self.files > FILES {
            return Err(DefaultsError::Endless(path.to_owned()));
        }
        let octets = read_file(path, LARGEST, self.deadline)?;
        let mut here = None;
        for (line, octets) in (1..).zip(octets.split(|octet| *octet == b'\n')) {
            let wrong = |what: &'static str| DefaultsError::Line { path: path.to_owned(), line, what };
            let text = str::from_utf8(octets).map_err(|_| wrong("not UTF-8"))?.trim();
            match text.chars().next() {
                None | Some('#' | ';') => {}
                Some('!') => self.include(text, path, depth, wrong("neither !include nor !includedir"))?,
                Some('[') => {
                    let group = text
                        .strip_prefix('[')
                        .and_then(|rest| rest.split_once(']'))
                        .ok_or_else(|| wrong("a group without its ]"))?;
                    // Of two places in the list, which is [client] given as the chosen group, the later one
                    // wins.
                    here = self.groups.iter().rposition(|known| *known == group.0.trim());
                    self.seen |= here.is_some_and(|place| place + 1 == self.groups.len());
                }
                Some(_) => {
                    if let Some(found) = here.and_then(|place| self.found.get_mut(place)) {
                        let (name, value) = text.split_once('=').unwrap_or((text, ""));
                        let name = name.trim().replace('_', "-");
                        let name = name.strip_prefix("loose-").unwrap_or(&name).to_owned();
                        found.insert(name, read_value(value.trim()));
                    }
                }
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        text: &str,
        from: &Path,
        depth: usize,
        wrong: DefaultsError,
    ) -> Result<(), DefaultsError> {
        // A relative name is relative to the including file's folder: MySQL takes the current folder, which
        // is / under NRPE.
        let place = |name: &str| from.parent().unwrap_or(Path::new("/")).join(name.trim());
        match text.split_once(char::is_whitespace) {
            Some(("!include", name)) => self.file(&place(name), depth + 1),
            Some(("!includedir", name)) => {
                let folder = place(name);
                let failed = |why: io::Error| DefaultsError::Folder { path: folder.clone(), why };
                let mut paths = Vec::new();
                for entry in fs::read_dir(&folder).map_err(failed)?.take(FILES) {
                    paths.push(entry.map_err(failed)?.path());
                }
                paths.retain(|path| path.extension().is_some_and(|end| end == "cnf"));
                paths.sort();
                paths.iter().try_for_each(|path| self.file(path, depth + 1))
            }
            _ => Err(wrong),
        }
    }
}

/// A value without its quotes, with its escapes, and without a comment behind it.
fn read_value(text: &str) -> String {
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\'')).and_then(|quote| {
        let inner = text.strip_prefix(quote)?;
        let end = inner
            .char_indices()
            .rfind(|(place, c)| *c == quote && is_end(inner.get(place + 1..).unwrap_or_default()))?;
        inner.get(..end.0)
    });
    let plain = || text.split_once('#').map_or(text, |(value, _)| value).trim_end();
    unescape(quoted.unwrap_or_else(plain))
}

/// Whether nothing but a comment follows.
fn is_end(rest: &str) -> bool {
    rest.trim().is_empty() || rest.trim().starts_with('#')
}

/// `\b \t \n \r \\ \s`, and any other character stands for itself with its backslash.
fn unescape(text: &str) -> String {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some('b') => value.push('\u{8}'),
            Some('t') => value.push('\t'),
            Some('n') => value.push('\n'),
            Some('r') => value.push('\r'),
            Some('s') => value.push(' '),
            Some('\\') | None => value.push('\\'),
            Some(other) => value.extend(['\\', other]),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(path: &Path, group: Option<&str>) -> Result<Defaults, String> {
        Defaults::read(path, group, &Deadline::after(Duration::from_secs(8)))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_as_mysql_reads_them() {
        let rows = [
            ("plain", "plain"),
            ("  ", ""),
            ("with # comment", "with"),
            ("\"with # no comment\"", "with # no comment"),
            ("'it''s'", "it''s"),
            ("'quoted' # comment", "quoted"),
            ("a\\sb\\tc\\\\d\\x", "a b\tc\\d\\x"),
            ("'open", "'open"),
            ("a=b", "a=b"),
        ];
        for (text, value) in rows {
            assert_eq!(read_value(text), value, "{text}");
        }
    }

    #[test]
    fn groups_and_includes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/b.cnf"), "[client]\nport = 3307\n").unwrap();
        fs::write(at("d/a.cnf"), "[client]\nport=1\nloose_ssl_ca=/ca.pem\n").unwrap();
        fs::write(at("d/c.txt"), "[client]\nport=2\n").unwrap();
        let main = "# head\n[mysqld]\nuser=mysql\n[monitor]\npassword = 'two'\n[client]\nuser=mon\npassword=one\nskip-this\n!includedir d\n";
        fs::write(at("my.cnf"), main).unwrap();
        let defaults = read(&at("my.cnf"), None).unwrap();
        assert_eq!(
            (defaults.get("user"), defaults.get("password"), defaults.get("port")),
            (Some("mon"), Some("one"), Some("3307"))
        );
        assert_eq!(
            (defaults.path("ssl-ca"), defaults.get("skip-this")),
            (Some(PathBuf::from("/ca.pem")), None)
        );
        assert_eq!(
            read(&at("my.cnf"), Some("monitor")).unwrap().get("password"),
            Some("two"),
            "the chosen group wins"
        );
        assert_eq!(read(&at("my.cnf"), Some("client")).unwrap().get("password"), Some("one"));
        let none = format!("reading {}: no group [absent]", at("my.cnf").display());
        assert_eq!(read(&at("my.cnf"), Some("absent")).err(), Some(none));
    }

    #[test]
    fn what_is_wrong_is_named_and_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.cnf");
        let rows = [
            ("[client\n", "line 1: a group without its ]"),
            ("[client]\n!inc x\n", "line 2: neither !include nor !includedir"),
            ("!include my.cnf\n", "more than 200 files, or includes more than 10 deep"),
        ];
        for (text, what) in rows {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path, None).err(), Some(format!("reading {}: {what}", path.display())));
        }
        fs::write(&path, b"[client]\npassword=\xff\n").unwrap();
        assert_eq!(read(&path, None).err(), Some(format!("reading {}: line 2: not UTF-8", path.display())));
    }
}
