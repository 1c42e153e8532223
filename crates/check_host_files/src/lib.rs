//! Are the host's name, its resolver and the chosen files as they were left, and who changed them?
//!
//! The outage it catches: a reboot, a DHCP lease, cloud-init or the provider rewrote them, and the host works as another one.

mod compare;
mod evaluate;
mod facts;
mod file;
mod found;
mod host;
mod hosts;
mod immutable;
mod lines;
mod look;
mod moment;
mod name;
mod options;
mod probe;
mod reference;
mod resolver;
mod writer;

use std::net::IpAddr;
use std::path::PathBuf;

use plugin::{Deadline, Report, Thresholds};

pub use compare::{Expected, difference};
use evaluate::{Rules, evaluate};
pub use facts::{Cloud, Facts, Platform};
pub use file::Checked;
use file::Strictness;
pub use found::{Found, Status, What};
pub use name::{Entry, NameSeen};
pub use options::{FilePath, Immutable, InvalidValue};
pub use probe::{ProbeError, probe};
pub use reference::ReferenceError;

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, mut_args(Thresholds::judge("the number of changed files, the name included,", "", "0")))]
pub struct Args {
    /// Folder with a copy of each file to check: DIR/etc/hosts is what /etc/hosts should be
    #[arg(long, value_name = "DIR")]
    pub reference: Option<PathBuf>,
    /// Check only this file of the reference. Repeatable
    #[arg(long, value_name = "PATH")]
    pub file: Vec<FilePath>,
    /// Name of the host: compared with the kernel's and /etc/hostname. `reference`: the name in the copy of /etc/hostname
    #[arg(long, value_name = "NAME", value_parser = options::name)]
    pub name: Option<String>,
    /// Server that resolv.conf must name, in this order and no other. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub nameserver: Vec<IpAddr>,
    /// Domain that resolv.conf must search, in this order and no other. Repeatable
    #[arg(long, value_name = "NAME", value_parser = options::name)]
    pub search: Vec<String>,
    /// Compare octets: without it hostname, hosts and resolv.conf are compared by their meaning
    #[arg(long)]
    pub exact: bool,
    /// Compare owner, group and mode with the reference too
    #[arg(long)]
    pub mode: bool,
    /// Report the immutable bit where it does harm (warn), where it is missing (want), or never (ok)
    #[arg(long, value_name = "POLICY", default_value = "warn")]
    pub immutable: Immutable,
    /// Check the files below this directory: an image or a copy of a host's files
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// How many may be changed.
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// Directory in place of /proc
    #[arg(long, hide = true, default_value = "/proc")]
    pub proc: PathBuf,
}

/// What one run observed.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The folder of copies.
    pub reference: Option<PathBuf>,
    /// Each file to check.
    pub files: Vec<Checked>,
    /// The host's name: `None` if it is not to be checked.
    pub name: Option<NameSeen>,
    /// What kind of host this is.
    pub facts: Facts,
}

/// Probes this host ([`probe()`]), and judges what was observed.
///
/// # Errors
/// [`ProbeError`]: the options do not fit together, or the reference as a whole cannot be used.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observed = probe(args, deadline)?;
    Ok(evaluate(&args.rules(), &observed))
}

impl Args {
    fn rules(&self) -> Rules {
        let critical = "0".parse().ok();
        let changed = self.thresholds.or(Thresholds { warning: None, critical });
        Rules { changed, strictness: Strictness { exact: self.exact, mode: self.mode }, immutable: self.immutable }
    }
}
