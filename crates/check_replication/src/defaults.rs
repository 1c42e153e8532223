//! Credentials from a file in MySQL's own format: `[client]` and another group, `!include`, `!includedir`.
//! The format is that of the manual's "Using Option Files"; options that are not ours are passed over, as
//! every program does that shares the file.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use plugin::{Deadline, ReadError, read_file, reason};

use crate::option_name::canonical;

/// The most octets of one file.
const LARGEST: u64 = 1 << 20;
/// How deep files may include files: MySQL's own limit.
const DEEPEST: usize = 10;
/// The most files in all, so that an include of a large tree ends.
const FILES: usize = 200;
const NO_INCLUDE: &str = "neither !include nor !includedir with a name";
const NO_END: &str = "a group without its ]";
const NO_GROUP: &str = "an option above the first group";
const BYTE_ORDER_MARK: &str = "begins with a byte order mark: save it as UTF-8 without one";

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
    /// The stock clients pass over such a file. What it names would be missing: whom to ask, whom to trust.
    #[error("reading {}: world-writable, which the stock clients ignore: chmod o-w", .0.display())]
    Writable(PathBuf),
    /// Files that include each other.
    #[error("reading {}: more than {FILES} files, or includes more than {DEEPEST} deep", .0.display())]
    Endless(PathBuf),
}

/// The options of the groups in their order, the last one of a name counting.
#[derive(Default)]
pub(crate) struct Defaults(Vec<(String, String)>);

impl Defaults {
    /// Reads `path` for the groups `[client]`, `[client-server]`, `[client-mariadb]` and `group`, which must
    /// exist if it is given.
    pub(crate) fn read(path: &Path, group: Option<&str>, deadline: &Deadline) -> Result<Self, DefaultsError> {
        let mut reader = Reader { group, deadline, found: Default::default(), seen: false, files: 0 };
        reader.file(path, 0)?;
        if let Some(group) = group.filter(|_| !reader.seen) {
            return Err(DefaultsError::Group { path: path.to_owned(), group: group.to_owned() });
        }
        // The chosen group wins, wherever in the file it stands.
        Ok(Self(reader.found.into_iter().flatten().collect()))
    }

    /// The value of an option, by its name with hyphens; an empty value is none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let last = self.options().filter(|(option, _)| *option == name).last();
        last.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Returns the value of an option as a path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// Every option with its value, which is empty where it has none, in the order of the file.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

struct Reader<'a> {
    group: Option<&'a str>,
    deadline: &'a Deadline,
    /// Of the groups that every client reads, and of the chosen one.
    found: [Vec<(String, String)>; 2],
    seen: bool,
    files: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, depth: usize) -> Result<(), DefaultsError> {
        self.files += 1;
        if depth > DEEPEST || self.files > FILES {
            return Err(DefaultsError::Endless(path.to_owned()));
        }
        if fs::metadata(path).is_ok_and(|file| file.is_file() && file.mode() & 0o002 != 0) {
            return Err(DefaultsError::Writable(path.to_owned()));
        }
        let octets = read_file(path, LARGEST, self.deadline)?;
        let mut here = None;
        let mut in_group = false;
        for (line, octets) in (1..).zip(octets.split(|octet| *octet == b'\n')) {
            let wrong = |what: &'static str| DefaultsError::Line { path: path.to_owned(), line, what };
            let octets = octets.trim_ascii();
            match octets.first() {
                None | Some(b'#' | b';') => {}
                Some(b'!') => {
                    self.include(&String::from_utf8_lossy(octets), path, depth, wrong(NO_INCLUDE))?
                }
                Some(b'[') => {
                    let end = octets.iter().position(|octet| *octet == b']').ok_or_else(|| wrong(NO_END))?;
                    let name = octets.get(1..end).unwrap_or_default().trim_ascii_end();
                    (here, in_group) = (self.place(name), true);
                    self.seen |= here == Some(1);
                }
                Some(_) if !in_group => {
                    let mark = octets.starts_with(b"\xef\xbb\xbf");
                    return Err(wrong(if mark { BYTE_ORDER_MARK } else { NO_GROUP }));
                }
                Some(_) => {
                    if let Some(found) = here.and_then(|place| self.found.get_mut(place)) {
                        let (name, value) = read_option(octets).ok_or_else(|| wrong("not UTF-8"))?;
                        if name == "password" && !value.is_empty() {
                            plugin::note_exposed(path, "a password");
                        }
                        found.push((name, value));
                    }
                }
            }
        }
        Ok(())
    }

    /// Which of the two a group of this name belongs to; clients do not mind the case.
    fn place(&self, name: &[u8]) -> Option<usize> {
        if self.group.is_some_and(|group| name.eq_ignore_ascii_case(group.as_bytes())) {
            return Some(1);
        }
        ["client", "client-server", "client-mariadb"]
            .iter()
            .any(|group| name.eq_ignore_ascii_case(group.as_bytes()))
            .then_some(0)
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
            Some(("!include", name)) => match self.file(&place(name), depth + 1) {
                // As clients do. A file that may not be read is another matter.
                Err(DefaultsError::Read(ReadError::Refused { why, .. }))
                    if why.kind() == io::ErrorKind::NotFound =>
                {
                    Ok(())
                }
                read => read,
            },
            Some(("!includedir", name)) => {
                let folder = place(name);
                let failed = |why: io::Error| DefaultsError::Folder { path: folder.clone(), why };
                let mut paths = Vec::new();
                for entry in fs::read_dir(&folder).map_err(failed)?.take(FILES) {
                    paths.push(entry.map_err(failed)?.path());
                }
                // A folder that is called like a file has no lines.
                paths.retain(|path| path.extension().is_some_and(|end| end == "cnf") && !path.is_dir());
                paths.sort();
                paths.iter().try_for_each(|path| self.file(path, depth + 1))
            }
            _ if text.starts_with("!include") => Err(wrong),
            // Clients pass over any other.
            _ => Ok(()),
        }
    }
}

/// An option's whole name, and its value. `None` if they are not UTF-8; a comment may be anything.
fn read_option(octets: &[u8]) -> Option<(String, String)> {
    let text = str::from_utf8(without_comment(octets)).ok()?.trim_end();
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Some(match canonical(name.trim()).as_str() {
        // Takes back what stands above.
        "skip-password" | "disable-password" => ("password".to_owned(), String::new()),
        name => (name.to_owned(), read_value(value.trim())),
    })
}

/// The line up to a `#` outside of quotes.
fn without_comment(octets: &[u8]) -> &[u8] {
    let (mut quote, mut escaped) = (None, false);
    for (place, octet) in octets.iter().enumerate() {
        match octet {
            b'\'' | b'"' if !escaped && quote.is_none() => quote = Some(octet),
            _ if !escaped && quote == Some(octet) => quote = None,
            b'#' if quote.is_none() => return octets.get(..place).unwrap_or_default(),
            _ => {}
        }
        escaped = quote.is_some() && *octet == b'\\' && !escaped;
    }
    octets
}

/// A value without the quotes around it, and with its escapes.
fn read_value(text: &str) -> String {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    unescape(inner('"').or_else(|| inner('\'')).unwrap_or(text))
}

/// `\b \t \n \r \\ \s`, quotes, and any other character stands for itself with its backslash.
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
            Some(quote @ ('"' | '\'')) => value.push(quote),
            Some(other) => value.extend(['\\', other]),
        }
    }
    value
}

#[cfg(test)]
mod tests;
