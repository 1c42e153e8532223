//! A file that lists nameservers, as it was found.

use std::fs::read_link;
use std::io;
use std::path::Path;

use plugin::{Deadline, ReadError};
use rustix::system::uname;

use crate::regular;
use crate::resolv_conf::ResolvConf;

/// A file that lists nameservers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    /// Its path.
    pub(crate) path: String,
    /// How it is missing, in words: `None` if it is there.
    pub(crate) missing: Option<String>,
    /// What it lists.
    pub(crate) conf: ResolvConf,
}

impl File {
    /// Reads a regular file. A missing one is not an error: the C library goes on without.
    ///
    /// # Errors
    /// [`ReadError`]: it is not a regular file, not readable or too large.
    pub(crate) fn read(path: &Path, deadline: &Deadline) -> Result<Self, ReadError> {
        let (missing, mut conf) = match regular::read(path, deadline) {
            Ok(content) => (None, ResolvConf::parse(&content)),
            Err(ReadError::Refused { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
                (Some(missing(path)), ResolvConf::default())
            }
            Err(error) => return Err(error),
        };
        conf.search = searched(conf.search, &uname().nodename().to_string_lossy());
        Ok(Self { path: path.display().to_string(), missing, conf })
    }
}

/// The domains that the C library searches: those of the file or, where it names none, that of this host's
/// name. The root is no domain besides the full name.
fn searched(mut domains: Vec<String>, nodename: &str) -> Vec<String> {
    if domains.is_empty() {
        domains.extend(nodename.split_once('.').map(|(_, domain)| domain.to_owned()));
    }
    domains.retain(|domain| !domain.is_empty() && domain != ".");
    domains
}

fn missing(path: &Path) -> String {
    match read_link(path) {
        Ok(target) => format!("is a dangling link to {}", target.display()),
        Err(_) => "is missing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_of_the_host_is_searched_where_the_file_names_none() {
        let rows = [
            ("", "proxy1.example.com", "example.com"),
            ("", "proxy1.example", "example"),
            ("", "proxy1", ""),
            ("", "proxy1.", ""),
            ("", "", ""),
            ("search a.example b.example", "proxy1.example.com", "a.example b.example"),
            // The root alone turns the search off.
            ("search .", "proxy1.example.com", ""),
            ("search . a.example", "proxy1.example.com", "a.example"),
        ];
        for (conf, nodename, expected) in rows {
            let conf = ResolvConf::parse(conf.as_bytes());
            assert_eq!(searched(conf.search, nodename).join(" "), expected, "{nodename}");
        }
    }
}
