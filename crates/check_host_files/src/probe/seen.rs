//! The files of the host, each looked at once, and its name, looked up as the host itself does.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use host_config::Tree;
use net::{Host, Resolver};
use plugin::Deadline;
use rustix::system::uname;

use crate::compare::{Expected, HOSTNAME, HOSTS, RESOLVER};
use crate::file::Checked;
use crate::found::{Found, What};
use crate::hosts::Hosts;
use crate::look::{look, obstacle};
use crate::name::{Entry, NameSeen};
use crate::options::ExpectedOptions;
use crate::reference::Copy;
use crate::way::{Way, way};

/// How long the look-up of the name may take.
const LOOKUP: Duration = Duration::from_secs(3);
/// The files that the C library reads to look up a name.
const LOOKED_UP_BY: [&str; 5] = [HOSTS, RESOLVER, "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"];

/// The files that were looked at. Those that are read for more than one reason are looked at once.
pub(super) struct Seen<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) deadline: &'a Deadline,
    pub(super) found: BTreeMap<String, Found>,
}

impl Seen<'_> {
    pub(super) fn at(&mut self, path: &str) -> Found {
        let look = || {
            let Way { closed, links } = way(self.tree, path);
            Found { closed, links, ..look(self.tree, path, self.deadline) }
        };
        self.found.entry(path.to_owned()).or_insert_with(look).clone()
    }

    pub(super) fn checked(&mut self, copy: Copy) -> Checked {
        let Copy { path, mut content, mode, uid, gid } = copy;
        let found = match path.as_str() {
            HOSTNAME | HOSTS | RESOLVER => self.at(&path),
            _ => {
                let Way { links, .. } = way(self.tree, &path);
                let mut found = Found { links, ..look(self.tree, &path, self.deadline) };
                forget_if_same(&mut found.what, &mut content);
                found
            }
        };
        Checked { path, expected: content.map(Expected::Copy), access: Some((mode, uid, gid)), found }
    }

    pub(super) fn name(&mut self, expected: String, args: &ExpectedOptions) -> NameSeen {
        let kernel = is_here(args).then(|| uname().nodename().to_string_lossy().into_owned());
        NameSeen::new(expected, kernel.as_deref(), self.at(HOSTNAME))
    }

    /// Looks for an address of the name: in /etc/hosts, and by all that this host is configured to ask.
    pub(super) fn entry(&mut self, name: &str, is_here: bool) -> Entry {
        let why = match self.at(HOSTS).what {
            What::Content(content) => {
                let hosts = Hosts::parse(&content);
                if hosts.has(name) {
                    return Entry::There;
                }
                hosts.ignored(name)
            }
            What::Unreadable(why) => Some(format!("is not readable: {why}")),
            _ => None,
        };
        let Ok(host) = name.parse::<Host>() else { return Entry::Nowhere(why) };
        if !is_here || host.name().is_none() {
            return Entry::Untried;
        }
        // getent reads them all, and would wait for a FIFO as every other program here does.
        if let Some(obstacle) = LOOKED_UP_BY.iter().find_map(|path| obstacle(self.tree, path)) {
            return Entry::Unknown(format!("{name} was not looked up: {obstacle}"));
        }
        match Resolver::new(self.deadline).limit(LOOKUP).one(&host, 0) {
            Ok(_) => Entry::There,
            Err(net::ResolveError::NotFound(_)) => Entry::Nowhere(why),
            Err(error) => Entry::Unknown(error.to_string()),
        }
    }
}

/// Drops two contents that are the same: a full reference would take half a gigabyte.
fn forget_if_same(found: &mut What, copy: &mut Result<Vec<u8>, String>) {
    if let (What::Content(content), Ok(copy)) = (&*found, copy)
        && content == copy
    {
        *found = What::SameAsCopy;
        *copy = Vec::new();
    }
}

/// Whether the files of this host are checked.
pub(super) fn is_here(args: &ExpectedOptions) -> bool {
    args.root == Path::new("/")
}
