//! The values of the options, checked as far as that needs no file.

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use crate::compare::without_dot;
use crate::resolver;

/// The most octets of a host's name that the kernel keeps (utsname(2)).
const LONGEST_NAME: usize = 64;
/// The most octets of a domain's name (RFC 1035, section 2.3.4), as text and without the dot at its end.
const LONGEST_DOMAIN: usize = 253;

/// What is checked, and what it should be.
#[derive(Clone, Debug, clap::Args)]
pub struct ExpectedOptions {
    /// Folder with a copy of each file to check: DIR/etc/hosts is what /etc/hosts should be
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub reference: Option<PathBuf>,
    /// Check only this file of the reference. Repeatable
    #[arg(long, value_name = "PATH")]
    pub file: Vec<FilePath>,
    /// Name of the host: compared with the kernel's and /etc/hostname. `reference`: the name in the copy of
    /// /etc/hostname
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<String>,
    /// Server that resolv.conf must name, in this order and no other. Repeatable
    #[arg(long, value_name = "ADDRESS", value_parser = nameserver)]
    pub nameserver: Vec<String>,
    /// Domain that resolv.conf must search, in this order and no other. Repeatable
    #[arg(long, value_name = "NAME", value_parser = domain)]
    pub search: Vec<String>,
    /// Check the files below this directory: an image or a copy of a host's files
    #[arg(long, value_name = "DIR", default_value = "/", value_parser = folder)]
    pub root: PathBuf,
    /// Directory in place of /proc
    #[arg(long, hide = true, default_value = "/proc")]
    pub proc: PathBuf,
}

/// What is compared how.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Strictness {
    /// Compare octets: without it hostname, hosts and resolv.conf are compared by their meaning
    #[arg(long, requires = "reference")]
    pub exact: bool,
    /// Compare owner, group and mode with the reference too
    #[arg(long, requires = "reference")]
    pub mode: bool,
}

/// An absolute path without `..`, written with single slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePath(String);

/// Why a text is not a value of an option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// A path that does not name one file below `/`.
    #[error("not an absolute path of a file without .. and without control characters")]
    Path,
    /// A path that does not name one folder, wherever the program runs.
    #[error("not an absolute path of a folder without ..")]
    Folder,
    /// A text that cannot be a host's or a domain's name.
    #[error("not a name of 1 to {0} characters without blanks")]
    Name(usize),
    /// A text that the C library takes for no server.
    #[error("not an address, such as 192.0.2.53 or fe80::1%eth0")]
    Server,
    /// No such way to judge the immutable bit.
    #[error("not ok, warn or want")]
    Immutable,
}

impl FilePath {
    /// Returns the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FilePath {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let path = Path::new(text);
        let mut normal = String::new();
        for part in path.components() {
            match part {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => {
                    normal = format!("{normal}/{}", name.to_str().ok_or(InvalidValue::Path)?)
                }
                Component::ParentDir | Component::Prefix(_) => return Err(InvalidValue::Path),
            }
        }
        // A line end would split a line of the report.
        let is_file = !text.contains(char::is_control)
            && path.is_absolute()
            && !normal.is_empty()
            && !text.ends_with('/');
        if is_file { Ok(Self(normal)) } else { Err(InvalidValue::Path) }
    }
}

/// Reads the path of a folder: NRPE runs a plugin in `/`, an administrator anywhere.
fn folder(text: &str) -> Result<PathBuf, InvalidValue> {
    let path = Path::new(text);
    let is_plain = path.is_absolute()
        && !text.contains('\0')
        && path.components().all(|part| part != Component::ParentDir);
    // Without doubled slashes, `.` and a slash at the end: `//` is the host's own root too.
    if is_plain { Ok(path.components().collect()) } else { Err(InvalidValue::Folder) }
}

/// Reads the name of a host, without the dot at the end of a full name.
fn name(text: &str) -> Result<String, InvalidValue> {
    let name = name_within(LONGEST_NAME, without_dot(text))?;
    if name.ends_with('.') { Err(InvalidValue::Name(LONGEST_NAME)) } else { Ok(name) }
}

/// Reads the name of a domain.
fn domain(text: &str) -> Result<String, InvalidValue> {
    name_within(LONGEST_DOMAIN, without_dot(text))
}

fn name_within(longest: usize, text: &str) -> Result<String, InvalidValue> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '/';
    let is_name = (1..=longest).contains(&text.len()) && !text.contains(is_odd);
    if is_name { Ok(text.to_owned()) } else { Err(InvalidValue::Name(longest)) }
}

/// Reads the address of a nameserver, with its zone if it is of one link.
fn nameserver(text: &str) -> Result<String, InvalidValue> {
    let is_whole = !text.contains([';', '#', ' ', '\t']) && !text.ends_with('%');
    resolver::server(text).filter(|_| is_whole).ok_or(InvalidValue::Server)
}

/// What to report of the immutable and the append-only bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Immutable {
    /// Nothing.
    Ok,
    /// Where it does harm, or protects nothing.
    #[default]
    Warn,
    /// Where it is missing.
    Want,
}

impl FromStr for Immutable {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "ok" => Ok(Self::Ok),
            "warn" => Ok(Self::Warn),
            "want" => Ok(Self::Want),
            _ => Err(InvalidValue::Immutable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_file_below_the_root() {
        for (text, normal) in [("/etc/hosts", "/etc/hosts"), ("//etc/./hosts", "/etc/hosts"), ("/x", "/x")] {
            assert_eq!(text.parse::<FilePath>().unwrap().as_str(), normal);
        }
        for text in ["", "/", "etc/hosts", "/etc/../hosts", "/etc/", "./x", "..", "/etc/a\0b", "/etc/a\nb"] {
            assert_eq!(text.parse::<FilePath>(), Err(InvalidValue::Path), "{text:?}");
        }
    }

    #[test]
    fn a_folder_is_the_same_from_wherever_the_program_runs() {
        for (text, normal) in
            [("/", "/"), ("//", "/"), ("/.", "/"), ("/srv//image/", "/srv/image"), ("/a/./b", "/a/b")]
        {
            assert_eq!(folder(text).unwrap().as_os_str(), normal, "{text}");
        }
        for text in ["", ".", "..", "srv", "./srv", "/srv/..", "/../srv", "/a\0b"] {
            assert_eq!(folder(text), Err(InvalidValue::Folder), "{text:?}");
        }
    }

    #[test]
    fn a_nameserver_is_an_address() {
        for (text, server) in
            [("192.0.2.53", "192.0.2.53"), ("0::1", "::1"), ("fe80::1%eth0", "fe80::1%eth0")]
        {
            assert_eq!(nameserver(text).as_deref(), Ok(server));
        }
        for text in
            ["", "localhost", "127.1", "127.0.0.01", "::1 x", "::1#53", "[::1]", "::1%", "::1;", "::1:53:x"]
        {
            assert_eq!(nameserver(text), Err(InvalidValue::Server), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_no_blank_and_64_octets_at_most() {
        assert_eq!(name("proxy7.example.com").as_deref(), Ok("proxy7.example.com"));
        assert_eq!(name("proxy7.example.com.").as_deref(), Ok("proxy7.example.com"));
        assert!(name(&"x".repeat(64)).is_ok() && name(&format!("{}.", "x".repeat(64))).is_ok());
        for text in ["", " ", ".", "..", "a..", "a b", "a\n", "a/b", &"x".repeat(65)] {
            assert_eq!(name(text), Err(InvalidValue::Name(64)), "{text:?}");
        }
        let longest = format!("{0}.{0}.{0}.{1}", "x".repeat(63), "x".repeat(61));
        assert_eq!(domain(&longest).as_ref(), Ok(&longest));
        assert_eq!(domain(&format!("{longest}.")).as_ref(), Ok(&longest));
        for text in ["", "a b", &format!("{longest}x")] {
            assert_eq!(domain(text), Err(InvalidValue::Name(253)), "{text:?}");
        }
        assert_eq!("want".parse(), Ok(Immutable::Want));
        assert!("yes".parse::<Immutable>().is_err() && "".parse::<Immutable>().is_err());
    }
}
