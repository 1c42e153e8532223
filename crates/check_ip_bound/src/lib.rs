//! Is every address that should be on this host bound, and usable?
//!
//! The outage it catches: after a reboot a few of a server's addresses were never bound, or are on a link
//! that is down, or were given up as duplicates, while everything looks up from the inside. And its opposite:
//! an address or a default route too many.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options` parses values; `expectations` is what the command line, or another program, expects.
//! - Expect: `expected` reads the lists and the configuration. `contradictions` notes where two sources
//!   differ, `on_each` finds addresses for several interfaces; `listing` prints the list for --list.
//! - Probe: `probe` reads what is bound. `ports` finds each `port_fault` of bridges and bonds. `dynamic`
//!   finds interfaces that get their address from outside, and which have one; `lease_proof` shows by
//!   `no_lease`, `dhclient`, `dhcpcd`, `dhcp_clients` and `nm_lease` that an address is not one.
//! - Observe: `condition` is what became of each address, `bridged` one kind of it, `copies` that of one
//!   address on several interfaces. `interfaces` tells which ones mean something to other hosts. `configured`
//!   tells another program whether an interface is configured.
//! - Evaluate: `evaluate` asks one module a question: `missing`, with `causes`, `unleased` and `unnamed`,
//!   then `held`, `gateway`, `port_findings`, `uncontrolled`, `misplaced`, `shadowed`, `refused` and `extra`.
//! - Render: `table` is what -v shows at a terminal; `words` writes counts and lists.

mod bridged;
mod causes;
mod condition;
mod configured;
mod contradictions;
mod copies;
mod dhclient;
mod dhcp_clients;
mod dhcpcd;
mod dynamic;
mod evaluate;
mod expectations;
mod expected;
mod extra;
#[cfg(test)]
mod fixture;
mod gateway;
mod held;
mod interfaces;
mod lease_proof;
mod listing;
mod misplaced;
mod missing;
mod nm_lease;
mod no_lease;
mod on_each;
mod options;
mod port_fault;
mod port_findings;
mod ports;
mod probe;
mod refused;
mod shadowed;
mod table;
#[cfg(test)]
mod tests;
mod uncontrolled;
mod unleased;
mod unnamed;
mod words;

use std::io::IsTerminal as _;
use std::net::IpAddr;
use std::time::Duration;

use addresses::Entry;
use clap::builder::NonEmptyStringValueParser;
use host_config::AddressOptions;
use host_net::{Bound, DefaultRoute};
use plugin::{Deadline, Report, Seconds, State, Thresholds};

pub use condition::Condition;
use evaluate::{Limits, evaluate};
pub use expectations::Expectations;
pub use expected::{Expected, ExpectedError, ListSource};
pub use extra::staying;
pub use gateway::gateway_faults;
pub use listing::floating;
pub use options::Ignored;
pub use port_fault::PortFault;
pub use probe::{ProbeError, probe};

/// The longest `--grace`, in seconds: a year.
const LONGEST_GRACE: f64 = 366.0 * 86_400.0;

const IP_HELP: &str =
    "Address that must be bound. The prefix length of 192.0.2.10/24 must match too. Repeatable";
const FROM_HELP: &str = "Read the expected addresses from this host's network configuration: auto, hsphere, cpanel, ifupdown, ifcfg, suse, \
                         networkd, networkmanager, netplan, dhcpcd, wireguard or keepalived. Repeatable. Default without --ip and --file: auto";

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, mut_arg("ip", |ip| ip.help(IP_HELP)), mut_arg("from", |from| from.help(FROM_HELP)))]
#[command(mut_args(Thresholds::judge(
    "the number of missing or unusable addresses",
    "",
    "0, without --warning"
)))]
pub struct Args {
    /// The addresses that must be bound
    #[command(flatten)]
    pub addresses: AddressOptions,
    /// Print the expected addresses and where each is configured, as a list for --file. Exit 3 if the list
    /// is incomplete or empty, else 0
    #[arg(long)]
    pub list: bool,
    /// Where no source names an address, check that each bound address is usable. Without this option that is
    /// UNKNOWN. With --list, list the bound addresses
    #[arg(long)]
    pub bound: bool,
    /// Do not expect an address on interfaces that are configured for DHCP or router advertisements
    #[arg(long)]
    pub no_dynamic: bool,
    /// Report UNKNOWN if a list of --file was last written longer ago than this. Default: any age is right
    #[arg(long, value_name = "SECONDS", requires = "file", value_parser = Seconds::within(1.0..=LONGEST_GRACE))]
    pub file_max_age: Option<Seconds>,
    /// Interface that each expected address must be on. Repeatable: on one of them. Default: any, loopback
    /// too
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub interface: Vec<String>,
    /// How many addresses may be missing.
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// State to report for an unexpected address: warning, critical or unknown. Default: a note
    #[arg(long, value_name = "STATE", value_parser = options::alarm)]
    pub unexpected: Option<State>,
    /// State to report for an address on another interface than configured: note, warning, critical or
    /// unknown
    #[arg(long, value_name = "STATE", default_value = "warning", value_parser = options::alarm_or_note)]
    pub misplaced: State,
    /// State to report for addresses in files that never apply: note, warning, critical or unknown
    #[arg(long, value_name = "STATE", default_value = "warning", value_parser = options::alarm_or_note)]
    pub shadowed: State,
    /// Network or interface on which no address is unexpected: 198.51.100.0/24, virbr0. Repeatable. Always:
    /// fe80::/10, 169.254.0.0/16, 127.0.0.0/8, ::1 and the bridges of container engines (docker0,
    /// br-0123456789ab, virbr0, lxdbr0, cni0, podman0)
    #[arg(long, value_name = "NETWORK|INTERFACE")]
    pub ignore: Vec<Ignored>,
    /// Require one default route of this address's family, through this router. Repeatable: through one of
    /// them. Default: routes are not checked
    #[arg(long, value_name = "ADDRESS")]
    pub gateway: Vec<IpAddr>,
    /// Address that must not be bound here. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub absent: Vec<IpAddr>,
    /// Address that may be bound here or on another host; the performance data shows where it is. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub floating: Vec<IpAddr>,
    /// Report CRITICAL as WARNING for this long after boot. Default: 0
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.0..=LONGEST_GRACE))]
    pub grace: Option<Seconds>,
}

/// What one run observed.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The addresses that should be usable here.
    pub expected: Expected,
    /// The addresses that are bound here.
    pub bound: Bound,
    /// The condition of each expected address that is not simply usable.
    pub conditions: Vec<(Entry, Condition)>,
    /// The bridges, bonds, teams and VRFs that lack configured ports.
    pub port_faults: Vec<PortFault>,
    /// The default routes of each family that --gateway names, the best first.
    pub routes: Vec<DefaultRoute>,
    /// The setting net.ipv4.conf.all.promote_secondaries: `None` if it was not needed or cannot be read.
    pub promotes_all: Option<bool>,
    /// The time since boot: `None` if it was not needed.
    pub uptime: Option<Duration>,
}

impl Observations {
    /// Returns whether a condition makes its address a missing one (`Expected::counts`).
    pub fn counts(&self, condition: Condition) -> bool {
        self.expected.counts(condition, &self.bound)
    }

    /// Returns what is wrong with the ports of an interface.
    fn port_fault(&self, index: u32) -> Option<&PortFault> {
        self.port_faults.iter().find(|fault| fault.interface == index)
    }

    /// The name of an interface, by its index.
    fn name(&self, index: u32) -> &str {
        self.bound.interface(index).map_or("an interface that is gone", |interface| interface.name.as_str())
    }
}

impl Args {
    /// Returns what these options expect of this host. An IPv4-mapped IPv6 address is the IPv4 address.
    pub fn expectations(&self) -> Expectations {
        let canonical = |addresses: &[IpAddr]| addresses.iter().map(IpAddr::to_canonical).collect();
        Expectations {
            addresses: self.addresses.clone(),
            bound: self.bound,
            no_dynamic: self.no_dynamic,
            file_max_age: self.file_max_age.map(Seconds::duration),
            interface: self.interface.clone(),
            ignore: self.ignore.clone(),
            gateway: canonical(&self.gateway),
            absent: canonical(&self.absent),
            floating: canonical(&self.floating),
            uptime: self.grace.is_some(),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            missing: self.thresholds.clone(),
            unexpected: self.unexpected,
            misplaced: self.misplaced,
            shadowed: self.shadowed,
            grace: self.grace.map(Seconds::duration),
            table: false,
        }
    }
}

/// Probes this host ([`probe()`]), and judges what was observed; with `--list`, prints the expected
/// addresses.
///
/// # Errors
/// [`ProbeError`]: a list or the bound addresses cannot be read, or there is nothing to check.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    if args.list {
        return listing(args, deadline);
    }
    let observed = probe(&args.expectations(), deadline)?;
    let table = std::io::stdout().is_terminal();
    Ok(evaluate(&Limits { table, ..args.limits() }, &observed))
}

/// Prints the expected addresses, or with `--bound` those that are bound here.
fn listing(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    if args.bound {
        return Ok(extra::listing(
            &Bound::read(deadline)?,
            args,
            &listing::floating(&args.expectations(), deadline),
        ));
    }
    let mut expected = Expected::read(&args.expectations(), deadline);
    expected.usable()?;
    // A check of the same files compares them with this host, also those of another root.
    let bound = Bound::read(deadline)?;
    expected.choose(&bound);
    Ok(expected.listing(&bound))
}
