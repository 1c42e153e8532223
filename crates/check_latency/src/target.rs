//! What is to be pinged: each address once, with the name that it is known by.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use addresses::{ZonedAddress, ambiguous};
use host_config::{ConfigError, check_files, read_list_with_fields};
use host_net::Bound;
use net::{Host, ResolveError, Resolver, zoned};
use plugin::Deadline;

use crate::options::{Pinging, TargetOptions, TooLong};

/// How many addresses a name has, for the time that is left for names: one of each family.
const OF_NAME: usize = 2;

/// An address that is pinged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// Where pings go; the port is 0.
    pub(crate) address: SocketAddr,
    /// Its label or name: empty without one.
    pub(crate) label: String,
    /// Whether that is the name of other addresses too.
    is_shared: bool,
    /// The interface of a link-local address: empty where it has none, or that is not known.
    zone: String,
}

/// All that the command line names.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// What is to be pinged, in the order given.
    pub(crate) all: Vec<Target>,
    /// Names without an address, and addresses that are not those of a host.
    pub(crate) unusable: Vec<Unusable>,
    /// Labels and names that are not reported, since another one of the address is, in words.
    pub(crate) notes: Vec<String>,
}

/// What is named and cannot be pinged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// Why, in words that name it.
    pub(crate) why: String,
    /// Whether the resolver kept silent, so that the time was up.
    pub(crate) is_silence: bool,
    /// The same without the advice at its end, for a line of several.
    pub(crate) brief: String,
}

/// Explains why it is not known what to ping.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A list cannot be used.
    #[error(transparent)]
    List(#[from] ConfigError),
    /// The pings leave no time for names.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// No source of addresses is given.
    #[error("no target to ping: give --ip, --file or --hostname, see --help")]
    NoTarget,
}

impl Target {
    /// Makes a target whose label, where it is not empty, is its own.
    pub(crate) fn new(address: SocketAddr, label: impl Into<String>) -> Self {
        Self { address, label: label.into(), is_shared: false, zone: String::new() }
    }

    /// Returns what it is called on the first line: its label or name, with the address where that is one of
    /// several, else its address.
    pub(crate) fn name(&self) -> String {
        if self.is_shared {
            self.key()
        } else if self.label.is_empty() {
            self.address_text()
        } else {
            self.label.clone()
        }
    }

    /// Names the interface of a link-local address, whose number is another after the next start of the
    /// machine.
    pub(crate) fn name_zone(&mut self, bound: &Bound) {
        if let SocketAddr::V6(address) = self.address {
            let interface = bound.interface(address.scope_id());
            self.zone = interface.map(|interface| interface.name.clone()).unwrap_or_default();
        }
    }

    /// Returns its key in the file: what it is called, and its address. A name whose address moves is a new
    /// path.
    pub(crate) fn key(&self) -> String {
        if self.label.is_empty() {
            self.address_text()
        } else {
            format!("{} {}", self.label, self.address_text())
        }
    }

    /// Returns its address, with the interface of a link-local one.
    pub(crate) fn address_text(&self) -> String {
        match self.address {
            SocketAddr::V6(address) if address.scope_id() != 0 => {
                let zone =
                    if self.zone.is_empty() { address.scope_id().to_string() } else { self.zone.clone() };
                format!("{}%{zone}", address.ip())
            }
            address => address.ip().to_string(),
        }
    }
}

impl Unusable {
    pub(crate) fn new(why: impl ToString) -> Self {
        let why = why.to_string();
        Self { brief: why.clone(), why, is_silence: false }
    }
}

impl From<ResolveError> for Unusable {
    fn from(error: ResolveError) -> Self {
        Self { is_silence: error.is_silence(), brief: error.without_advice(), ..Self::new(error) }
    }
}

/// Reads and resolves the targets, each address once: the one with a label before the one without. Names get
/// the time that the pings leave, so that a silent nameserver hides no dead target.
///
/// # Errors
/// [`TargetError`]. A name that does not resolve is none: the other targets are still pinged.
pub(crate) fn targets(
    options: &TargetOptions,
    pinging: &Pinging,
    deadline: &Deadline,
) -> Result<Targets, TargetError> {
    let mut found = Targets::default();
    check_files(&options.file)?;
    for (number, file) in (0..).zip(&options.file) {
        let (list, fields) = read_list_with_fields(file, number, deadline)?;
        let mut labels: HashMap<u32, String> =
            fields.labels.into_iter().map(|own| (own.entry, own.label)).collect();
        let zones: HashMap<u32, String> = fields.zones.into_iter().map(|own| (own.entry, own.zone)).collect();
        for (place, entry) in (0..).zip(&list.entries) {
            let label = labels.remove(&place).unwrap_or_default();
            let zone = zones.get(&place).map(String::as_str);
            let place = || format!("{} line {}: ", list.source, entry.line);
            found.add_address(entry.expected.address, zone, (label, place));
        }
    }
    drop_ambiguous(&mut found.all);
    for ZonedAddress { host, zone } in &options.ip {
        found.add_address(host.address, zone.as_deref(), (String::new(), String::new));
    }
    found.add_hosts(&options.hostname, pinging, deadline)?;
    (found.all, found.notes) = once(found.all);
    mark_shared(&mut found.all);
    if found.all.is_empty() && found.unusable.is_empty() { Err(TargetError::NoTarget) } else { Ok(found) }
}

impl Targets {
    fn add_address(
        &mut self,
        address: IpAddr,
        zone: Option<&str>,
        (label, place): (String, impl Fn() -> String),
    ) {
        match zoned(address, zone, 0) {
            Ok(address) => self.all.push(Target::new(address, label)),
            Err(error) => self.unusable.push(Unusable::new(error.at(place()))),
        }
    }

    fn add_hosts(&mut self, hosts: &[Host], pinging: &Pinging, deadline: &Deadline) -> Result<(), TooLong> {
        let names = hosts.iter().filter(|host| host.name().is_some()).count();
        let mut resolver = Resolver::new(deadline);
        if names > 0 {
            let targets = self.all.len() + hosts.len() - names + names * OF_NAME + pinging.most_controls();
            resolver = resolver.limit(pinging.needed(targets).left_for_names(deadline)?);
        }
        for (host, addresses) in hosts.iter().zip(resolver.all(hosts.iter().map(|host| (host, 0)))) {
            self.add_host(host.name().unwrap_or_default(), addresses);
        }
        Ok(())
    }

    fn add_host(&mut self, name: &str, addresses: Result<Vec<SocketAddr>, ResolveError>) {
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(error) => return self.unusable.push(error.into()),
        };
        for address in addresses {
            let ip = address.ip();
            if ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST {
                let of = if name.is_empty() { String::new() } else { format!("{name}: ") };
                self.unusable.push(Unusable::new(format!("{of}{ip} is not an address that a host can have")));
            } else {
                self.all.push(Target::new(address, name));
            }
        }
    }
}

/// Takes away the labels that stand with several addresses.
fn drop_ambiguous(targets: &mut [Target]) {
    let labelled = targets.iter().filter(|target| !target.label.is_empty());
    let several = ambiguous(labelled.map(|target| (target.address.ip(), target.label.as_str())));
    let several: HashSet<String> = several.into_iter().map(str::to_owned).collect();
    let named = |target: &&mut Target| several.contains(&target.label);
    targets.iter_mut().filter(named).for_each(|target| target.label.clear());
}

/// Marks the targets whose name has other addresses too.
fn mark_shared(targets: &mut [Target]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for target in targets.iter().filter(|target| !target.label.is_empty()) {
        *counts.entry(target.label.clone()).or_default() += 1;
    }
    targets
        .iter_mut()
        .for_each(|target| target.is_shared = counts.get(&target.label).is_some_and(|count| *count > 1));
}

/// Each address once, in the order of the first, and which labels are not used for that reason.
fn once(targets: Vec<Target>) -> (Vec<Target>, Vec<String>) {
    let mut places: HashMap<SocketAddr, usize> = HashMap::new();
    let (mut kept, mut notes): (Vec<Target>, Vec<String>) = (Vec::with_capacity(targets.len()), Vec::new());
    for target in targets {
        match places.get(&target.address).and_then(|place| kept.get_mut(*place)) {
            Some(first) if first.label.is_empty() => first.label = target.label,
            Some(first) if target.label.is_empty() || target.label == first.label => {}
            Some(first) => {
                let (address, label) = (target.address_text(), &first.label);
                notes.push(format!("{}: {address} is pinged as {label}", target.label));
            }
            None => {
                places.insert(target.address, kept.len());
                kept.push(target);
            }
        }
    }
    (kept, notes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;

    fn read(content: &str, ip: &[&str], hostname: &[&str]) -> Result<Targets, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, content).unwrap();
        let options = TargetOptions {
            ip: ip.iter().map(|address| address.parse().unwrap()).collect(),
            file: if content.is_empty() { Vec::new() } else { vec![file.path().to_owned()] },
            hostname: hostname.iter().map(|name| name.parse().unwrap()).collect(),
        };
        let pinging = crate::Args::parse_from(["check_latency"]).pinging;
        targets(&options, &pinging, &Deadline::after(Duration::from_secs(8)))
            .map_err(|error| error.to_string())
    }

    fn keys(targets: &Targets) -> Vec<String> {
        targets.all.iter().map(Target::key).collect()
    }

    #[test]
    fn labels_name_one_address() {
        let list = "192.0.2.1 proxy1\n192.0.2.2 443 proxy2\n192.0.2.3\n192.0.2.4 twice\n192.0.2.5 twice\n192.0.2.6 255.255.255.0\n";
        let found = read(list, &[], &[]).unwrap();
        assert_eq!(
            keys(&found),
            ["proxy1 192.0.2.1", "proxy2 192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"]
        );
        assert_eq!(found.all[1].name(), "proxy2");
        assert_eq!(found.all[2].name(), "192.0.2.3");
    }

    #[test]
    fn the_ports_of_a_line_are_no_label() {
        let found = read("192.0.2.1 https\n192.0.2.2 80-82 proxy2\n192.0.2.3 www\n", &[], &[]).unwrap();
        assert_eq!(keys(&found), ["192.0.2.1", "proxy2 192.0.2.2", "www 192.0.2.3"]);
        assert!(read("192.0.2.1 443;80\n", &[], &[]).unwrap_err().contains(" line 1: 443;80 is not a port"));
    }

    #[test]
    fn a_link_local_address_has_its_interface() {
        let lo = net::zoned("fe80::1".parse().unwrap(), Some("lo"), 0).unwrap();
        let mut found =
            read("fe80::1%lo here\nfe80::1%nosuch0\n", &["fe80::2%lo", "2001:db8::1"], &[]).unwrap();
        let text = lo.to_string().replace("[fe80::1", "").replace("]:0", "");
        assert_eq!(keys(&found)[..2], [format!("here fe80::1{text}"), format!("fe80::2{text}")]);
        let bound = Bound::read(&Deadline::after(Duration::from_secs(8))).unwrap();
        found.all.iter_mut().for_each(|target| target.name_zone(&bound));
        assert_eq!(keys(&found), ["here fe80::1%lo", "fe80::2%lo", "2001:db8::1"]);
        let [missing] = found.unusable.as_slice() else { panic!("{found:?}") };
        let line = " line 2: fe80::1%nosuch0: there is no interface nosuch0 on this machine";
        assert!(missing.why.ends_with(line), "{missing:?}");
        let found = read("192.0.2.1\nfe80::1\n", &[], &[]).unwrap();
        let [missing] = found.unusable.as_slice() else { panic!("{found:?}") };
        assert!(
            missing.why.ends_with(" line 2: fe80::1 needs its interface: write fe80::1%eth0"),
            "{missing:?}"
        );
    }

    #[test]
    fn an_address_is_pinged_once() {
        let found = read(
            "192.0.2.1\n192.0.2.1 proxy1\n2001:db8::1\n",
            &["192.0.2.1", "2001:db8:0::1", "192.0.2.9"],
            &[],
        )
        .unwrap();
        assert_eq!(keys(&found), ["proxy1 192.0.2.1", "2001:db8::1", "192.0.2.9"]);
        assert_eq!(found.notes, [""; 0]);
        let twice = read("192.0.2.1 px\n192.0.2.1 pz\n192.0.2.1\n192.0.2.1 px\n", &[], &[]).unwrap();
        assert_eq!(
            (keys(&twice), twice.notes),
            (vec!["px 192.0.2.1".to_owned()], vec!["pz: 192.0.2.1 is pinged as px".to_owned()])
        );
    }

    #[test]
    fn a_name_of_several_addresses_is_told_with_the_address() {
        let names = |labels: &[&str]| {
            let targets = (1..)
                .zip(labels)
                .map(|(number, label)| Target::new(format!("192.0.2.{number}:0").parse().unwrap(), *label));
            let mut targets: Vec<Target> = targets.collect();
            mark_shared(&mut targets);
            targets.iter().map(Target::name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(&["multi", "one", "", "multi", ""]),
            ["multi 192.0.2.1", "one", "192.0.2.3", "multi 192.0.2.4", "192.0.2.5"]
        );
    }

    #[test]
    fn a_name_that_does_not_resolve_leaves_the_others() {
        let found = read("", &["192.0.2.1"], &["no-such-name.invalid", "127.0.0.1", "0.0.0.0"]).unwrap();
        assert_eq!(keys(&found), ["192.0.2.1", "127.0.0.1"]);
        assert_eq!(found.unusable.len(), 2);
        assert!(
            found.unusable[0].why.starts_with("resolving no-such-name.invalid: "),
            "{:?}",
            found.unusable
        );
    }

    #[test]
    fn nothing_to_ping_is_an_error() {
        assert_eq!(
            read("", &[], &[]).unwrap_err(),
            "no target to ping: give --ip, --file or --hostname, see --help"
        );
        assert!(read("x\n", &[], &[]).unwrap_err().contains(" line 1: x is not an IP address"));
    }
}
