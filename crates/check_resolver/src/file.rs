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
    /// Reads a regular file. A missing one is no error: the C library goes on without.
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
        if conf.search.is_empty() {
            conf.search.extend(own_domain());
        }
        // The root is no domain besides the full name.
        conf.search.retain(|domain| domain != ".");
        Ok(Self { path: path.display().to_string(), missing, conf })
    }
}

/// The domain of this host's name, which the C library searches where the file names none.
fn own_domain() -> Option<String> {
    let own = uname();
    let (_, domain) = own.nodename().to_str().ok()?.split_once('.')?;
    Some(domain.to_owned()).filter(|domain| !domain.is_empty())
}

fn missing(path: &Path) -> String {
    match read_link(path) {
        Ok(target) => format!("is a dangling link to {}", target.display()),
        Err(_) => "is missing".to_owned(),
    }
}
