//! `--extra-opts[=[SECTION][@FILE]]`: options from an ini file, so that secrets stay out of the process list.
//!
//! The format is that of the Monitoring Plugins: `[section]` lines, `option=value` or a bare `option` (long
//! names, without the dashes), comments after `#` or `;` at the start of a line. A key may repeat. What is
//! not understood is an error.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use crate::failure::note_empty;
use crate::{Deadline, ReadError, read_file};

/// Where to look when no file is named, after the variable MP_CONFIG_FILE.
const FILES: [&str; 4] = [
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
];

/// The most that an ini file may hold, in octets.
const LARGEST: u64 = 1 << 20;
/// What some editors write at the start of a file in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, thiserror::Error)]
pub(crate) enum ExtraOptsError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("--extra-opts names no file, and there is none in its place: {}", FILES.join(", "))]
    NoFile,
    #[error("--extra-opts names no file after its @, see --help")]
    EmptyName,
    #[error("--extra-opts takes its value after an equals sign, write --extra-opts={0}, see --help")]
    Blank(String),
    #[error("{name} is given twice: {} line {}, {} line {}", .places.0.display(), .places.1, .places.2.display(), .places.3)]
    Twice { name: String, places: (PathBuf, usize, PathBuf, usize) },
    #[error("reading {}: no section [{section}]", .file.display())]
    NoSection { file: PathBuf, section: String },
    #[error("reading {}: line {line}: {what}", .file.display())]
    Line { file: PathBuf, line: usize, what: String },
}

/// One option of a section: where it is set, its long name and its value, if it has one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// Returns the options that `--extra-opts=SPECIFICATION` asks for.
pub(crate) fn load(
    specification: &str,
    plugin: &str,
    deadline: &Deadline,
) -> Result<Vec<Setting>, ExtraOptsError> {
    let (section, file) = place(specification, plugin)?;
    let content = read_file(&file, LARGEST, deadline)?;
    let settings = parse(&content, section, &file)?;
    if settings.is_empty() {
        note_empty(section, &file);
    }
    Ok(settings)
}

/// Returns those that can be understood, whatever else is wrong with the file.
pub(crate) fn load_readable(specification: &str, plugin: &str, deadline: &Deadline) -> Vec<Setting> {
    let Ok((section, file)) = place(specification, plugin) else { return Vec::new() };
    let content = read_file(&file, LARGEST, deadline).unwrap_or_default();
    parse_with(&content, section, &file, |_| Ok(())).unwrap_or_default()
}

/// The section and the file that are meant.
fn place<'a>(specification: &'a str, plugin: &'a str) -> Result<(&'a str, PathBuf), ExtraOptsError> {
    let (section, file) = match specification.split_once('@') {
        Some((_, "")) => return Err(ExtraOptsError::EmptyName),
        Some((section, file)) => (section, PathBuf::from(file)),
        None => (specification, default_file()?),
    };
    Ok((if section.is_empty() { plugin } else { section }, file))
}

fn default_file() -> Result<PathBuf, ExtraOptsError> {
    let named = env::var_os("MP_CONFIG_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
    named.or_else(|| FILES.iter().map(PathBuf::from).find(|file| file.exists())).ok_or(ExtraOptsError::NoFile)
}

/// The settings of `[section]`, in their order; a section may be continued further down.
fn parse(content: &[u8], section: &str, file: &Path) -> Result<Vec<Setting>, ExtraOptsError> {
    parse_with(content, section, file, Err)
}

/// The same; `wrong` gets what is not understood, and decides whether the rest is read.
fn parse_with(
    content: &[u8],
    section: &str,
    file: &Path,
    wrong: impl Fn(ExtraOptsError) -> Result<(), ExtraOptsError>,
) -> Result<Vec<Setting>, ExtraOptsError> {
    let mut settings = Vec::new();
    let mut sections = BTreeSet::new();
    let mut here = None;
    let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    for (line, octets) in (1..).zip(content.split(|&octet| octet == b'\n')) {
        let error = |what: &str| ExtraOptsError::Line { file: file.to_owned(), line, what: what.to_owned() };
        match parse_line(octets) {
            Ok(Line::Blank) => {}
            Ok(Line::Section(name)) => {
                sections.insert(name);
                here = Some(name);
            }
            Ok(Line::Option(..)) if here.is_none() => wrong(error("an option above the first [section]"))?,
            Ok(Line::Option(name, value)) if here == Some(section) => {
                let (name, value) = (name.to_owned(), value.map(str::to_owned));
                settings.push(Setting { file: file.to_owned(), line, name, value });
            }
            Ok(Line::Option(..)) => {}
            Err(what) => wrong(error(what))?,
        }
    }
    if !sections.contains(section) {
        wrong(ExtraOptsError::NoSection { file: file.to_owned(), section: section.to_owned() })?;
    }
    Ok(settings)
}

/// A line of an ini file.
enum Line<'a> {
    /// Nothing, or a comment.
    Blank,
    /// The start of a section.
    Section(&'a str),
    /// An option and its value, if it has one.
    Option(&'a str, Option<&'a str>),
}

fn parse_line(octets: &[u8]) -> Result<Line<'_>, &'static str> {
    let text = str::from_utf8(octets).map_err(|_| "not UTF-8")?.trim();
    if text.is_empty() || text.starts_with(['#', ';']) {
        return Ok(Line::Blank);
    }
    if let Some(rest) = text.strip_prefix('[') {
        return Ok(Line::Section(rest.strip_suffix(']').ok_or("a section without its ]")?.trim()));
    }
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim()).filter(|value| !value.is_empty())),
        None => (text, None),
    };
    if name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace) {
        return Err("neither a section nor option=value, the option by its long name and without dashes");
    }
    Ok(Line::Option(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8], section: &str) -> Result<Vec<(String, Option<String>)>, String> {
        let settings = parse(content, section, Path::new("x.ini")).map_err(|error| error.to_string())?;
        Ok(settings.into_iter().map(|setting| (setting.name, setting.value)).collect())
    }

    #[test]
    fn reads_one_section() {
        let content = b"[other]\nno=1\n# comment\n; comment\n[db]\r\n password = a=b;c # d \r\nverbose\nempty=\n[other]\n[db]\npassword=2\n";
        let some = |text: &str| Some(text.to_owned());
        let expected =
            [("password", some("a=b;c # d")), ("verbose", None), ("empty", None), ("password", some("2"))];
        assert_eq!(read(content, "db"), Ok(expected.map(|(name, value)| (name.to_owned(), value)).to_vec()));
        assert_eq!(read(b"[db]\n", "db"), Ok(vec![]));
        assert_eq!(read(b"\xef\xbb\xbf[db]\nverbose\n", "db"), Ok(vec![("verbose".to_owned(), None)]));
    }

    #[test]
    fn what_is_wrong_hides_nothing_else_where_the_rest_is_needed() {
        let content = b"above=1\n[db]\nspool=/s\n\xff\ntwo words\n[broken\nretry=5\n";
        let settings = parse_with(content, "db", Path::new("x.ini"), |_| Ok(())).unwrap();
        let names: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(names, ["spool", "retry"]);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        assert_eq!(
            read(b"# a\na=1\n[db]\n", "db"),
            Err("reading x.ini: line 2: an option above the first [section]".to_owned())
        );
        assert_eq!(read(b"", "db"), Err("reading x.ini: no section [db]".to_owned()));
        assert_eq!(read(b"[db\n", "db"), Err("reading x.ini: line 1: a section without its ]".to_owned()));
        assert_eq!(read(b"[db]\n\xff=1\n", "db"), Err("reading x.ini: line 2: not UTF-8".to_owned()));
        for text in ["=1", "--critical=5", "two words=1", "two words"] {
            let error = read(format!("[db]\n\n{text}\n").as_bytes(), "other").unwrap_err();
            assert!(
                error.starts_with("reading x.ini: line 3: neither a section nor option=value"),
                "{error}"
            );
        }
    }
}
