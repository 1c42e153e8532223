//! The options that say which addresses a program is about, the same ones in every program.

use std::error::Error;
use std::path::PathBuf;
use std::str::FromStr;

use addresses::{HostAddress, List, ListError};
use plugin::{Deadline, read_file};

use crate::lists::{doubtful, expectations};
use crate::origin::Origin;
use crate::promise::{ConfigError, Promises};
use crate::tree::{LARGEST, Tree};

/// How many comments of a list are told that are not understood, and how many that are not read.
const MOST_BAD_LINES: usize = 10;

/// The options `--ip`, `--file`, `--from` and `--root`. A program for which a prefix length, ports or a
/// default matter says so in the help of its own. `A` is an address of `--ip`: a program that connects to it
/// takes a [`ZonedAddress`](addresses::ZonedAddress).
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct AddressOptions<A = HostAddress>
where
    A: FromStr + Clone + Send + Sync + 'static,
    A::Err: Error + Send + Sync + 'static,
{
    /// Address to check: 192.0.2.10 or 2001:db8::10. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<A>,
    /// File with one address a line, as an administrator, H-Sphere or cPanel keeps it. Repeatable
    #[arg(long)]
    pub file: Vec<PathBuf>,
    /// Read the addresses from a host's network configuration: auto, hsphere, cpanel, ifupdown, ifcfg, suse,
    /// networkd, networkmanager, netplan, dhcpcd, wireguard or keepalived. Repeatable
    #[arg(long, value_name = "SOURCE")]
    pub from: Vec<Origin>,
    /// Read the network configuration below this directory: an image or a copy of a host's files
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
}

impl<A> Default for AddressOptions<A>
where
    A: FromStr + Clone + Send + Sync + 'static,
    A::Err: Error + Send + Sync + 'static,
{
    fn default() -> Self {
        Self { ip: Vec::new(), file: Vec::new(), from: Vec::new(), root: PathBuf::new() }
    }
}

impl<A> AddressOptions<A>
where
    A: FromStr + Clone + Send + Sync + 'static,
    A::Err: Error + Send + Sync + 'static,
{
    /// Reads the lists, numbered in their order, and the comments that a program wrote in them.
    /// Returns all that is understood, and an error for each list that is not understood in full.
    pub fn read_lists_and_comments(&self, deadline: &Deadline) -> (Vec<List>, Promises, Vec<ConfigError>) {
        let mut said = Promises::default();
        let (mut lists, mut errors) = (Vec::new(), Vec::new());
        let mut guessed = Vec::new();
        for path in &self.file {
            let content = match read_file(path, LARGEST, deadline) {
                Ok(content) => content,
                Err(error) => {
                    errors.push(error.into());
                    continue;
                }
            };
            expectations(path, &content, &mut said);
            errors.extend(said.unknown.drain(..).map(ConfigError::from).take(MOST_BAD_LINES));
            said.notes.truncate(MOST_BAD_LINES * (lists.len() + 1));
            let number = u32::try_from(lists.len()).unwrap_or(u32::MAX);
            guessed.extend(said.guessed.drain(..).map(|possible| (number, possible)));
            let (list, error) = List::parse_understood(&path.display().to_string(), number, &content);
            lists.push(list);
            match error {
                // A list of dynamic addresses alone has none that is written.
                Some(ListError::Empty(_)) if !said.dynamic.is_empty() => {}
                error => errors.extend(error.map(ConfigError::from)),
            }
        }
        said.guessed = doubtful(guessed, &lists);
        (lists, said, errors)
    }

    /// Returns the tree of `--root`.
    pub fn tree<'a>(&self, deadline: &'a Deadline) -> Tree<'a> {
        Tree::new(&self.root, deadline)
    }

    /// Returns the names of `--from`, as they stand in a message.
    pub fn names(&self) -> String {
        self.from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}
