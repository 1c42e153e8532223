//! What is to be tried: each address with each of its ports, once.

mod error;
pub(crate) mod expand;
pub(crate) mod names;
pub(crate) mod resolved;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU32;
use std::path::Path;

use addresses::{HostAddress, OwnPorts, ZonedAddress};
use host_config::{Promise, check_files, read_list_with_fields};
use host_net::Bound;
use net::{Host, ResolveError, Unusable, zoned};
use plugin::Deadline;

use crate::Args;
use crate::memory::{self, NoMemory};
use crate::options::Choice;
pub(crate) use crate::target::error::TargetError;
use crate::target::expand::hosts;
use crate::target::names::{Names, host_name};
use crate::target::resolved::{Named, resolve, time_for_names};

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The address.
    pub address: IpAddr,
    /// The number of the interface that a link-local address is reached by; 0 for others.
    pub scope: u32,
    /// The TCP port.
    pub port: u16,
    /// The number of the name that its certificate must be for: `None` for the address.
    pub name: Option<NonZeroU32>,
}

impl From<Target> for SocketAddr {
    fn from(target: Target) -> Self {
        match target.address {
            IpAddr::V4(address) => SocketAddr::from((address, target.port)),
            IpAddr::V6(address) => SocketAddrV6::new(address, target.port, 0, target.scope).into(),
        }
    }
}

/// What the command line names.
#[derive(Debug)]
pub(crate) struct Collection {
    /// The targets, sorted, each once.
    pub(crate) targets: Vec<Target>,
    /// Their names.
    pub(crate) names: Names,
    /// What cannot be tried.
    pub(crate) unresolved: Vec<Unusable>,
    /// What is left to resolve.
    pub(crate) named: Vec<Named>,
    /// The ports of those.
    ports: BTreeSet<u16>,
    /// How many targets are of the family that `-4` or `-6` leaves out.
    left_out: usize,
}

impl Collection {
    /// Returns the least number of targets, if each name has at least one address.
    pub(crate) fn least(&self) -> usize {
        self.targets.len() + self.named.len() * self.ports.len()
    }

    /// Resolves the names that are left.
    pub(crate) fn resolve(&self, args: &Args, deadline: &Deadline) -> Resolved {
        let (found, unresolved) = resolve(&self.named, deadline, time_for_names(args, deadline));
        let targets = found.into_iter().flat_map(|(address, name)| of_address(address, name, &self.ports));
        let mut targets: Vec<Target> = targets.collect();
        targets.sort_unstable();
        targets.dedup();
        let left_out = leave_out(&mut targets, &args.choice);
        Resolved { targets, unresolved, left_out }
    }

    /// Takes up what names stand for: none is left.
    pub(crate) fn add(&mut self, resolved: Resolved) {
        self.named.clear();
        self.targets.extend(resolved.targets);
        self.targets.sort_unstable();
        self.targets.dedup();
        self.unresolved.extend(resolved.unresolved);
        self.left_out += resolved.left_out;
    }

    /// Checks that there is a target, or a name that hangs: that is judged as the silence of a target is.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn check_any(&mut self, args: &Args) -> Result<(), TargetError> {
        if !self.targets.is_empty() || self.unresolved.iter().any(Unusable::is_silence) {
            return Ok(());
        }
        let (name, number) = if args.choice.ipv4 { ("IPv4", 4) } else { ("IPv6", 6) };
        match (self.left_out, self.unresolved.pop()) {
            (0, Some(why)) => Err(why.into()),
            (0, None) => Err(TargetError::NoAddress),
            (count, _) => Err(TargetError::Family(count, name, number)),
        }
    }

    /// A note on the targets of the family that `-4` or `-6` leaves out.
    pub(crate) fn left_out(&self, args: &Args) -> Option<String> {
        let count = self.left_out;
        let (family, option) = if args.choice.ipv4 { ("IPv6", "-4") } else { ("IPv4", "-6") };
        let targets = if count == 1 { "target" } else { "targets" };
        (count > 0).then(|| format!("note: {count} {family} {targets} left out by {option}"))
    }
}

/// What names stand for.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// The targets, sorted, each once.
    pub(crate) targets: Vec<Target>,
    /// What cannot be tried.
    unresolved: Vec<Unusable>,
    /// How many targets are of the family that `-4` or `-6` leaves out.
    left_out: usize,
}

/// Collects what the command line names. Names of `--hostname` are left to resolve; there may be nothing
/// else.
pub(crate) fn targets(args: &Args, deadline: &Deadline) -> Result<Collection, TargetError> {
    let ports = args.port.iter().flat_map(|ports| &ports.0).flat_map(|range| range.ports()).collect();
    let mut collected = Collected {
        args,
        ports,
        targets: Vec::new(),
        names: Names::default(),
        name: None,
        unresolved: Vec::new(),
        named: Vec::new(),
    };
    collected.name = args.securing.sni.as_ref().and_then(|sni| collected.names.number(&sni.bare()));
    check_files(&args.addresses.file)?;
    for (number, file) in (0..).zip(&args.addresses.file) {
        collected.add_list(file, number, deadline)?;
    }
    collected.add_hosts(deadline)?;
    for ZonedAddress { host, zone } in &args.addresses.ip {
        let found = hosts_of(*host, args.choice.expand, String::new)?;
        collected.add_zoned(found, zone.as_deref())?;
    }
    if !args.addresses.from.is_empty() {
        collected.add_promised(deadline)?;
    }
    if args.choice.bound {
        collected.add_zoned(bound(deadline)?, None)?;
    }
    let Collected { mut targets, names, unresolved, named, ports, .. } = collected;
    targets.sort_unstable();
    targets.dedup();
    let left_out = leave_out(&mut targets, &args.choice);
    let mut collection = Collection { targets, names, unresolved, named, ports, left_out };
    if collection.named.is_empty() {
        collection.check_any(args)?;
    }
    Ok(collection)
}

/// What is known of the targets so far.
struct Collected<'a> {
    args: &'a Args,
    /// For addresses without ports of their own.
    ports: BTreeSet<u16>,
    targets: Vec<Target>,
    names: Names,
    /// That of `--sni`.
    name: Option<NonZeroU32>,
    unresolved: Vec<Unusable>,
    /// The names of `--hostname`.
    named: Vec<Named>,
}

impl Collected<'_> {
    /// Adds the addresses of a list, with the ports and the names of its lines.
    fn add_list(&mut self, file: &Path, number: u32, deadline: &Deadline) -> Result<(), TargetError> {
        let octets = fs::metadata(file).map_or(0, |file| file.len());
        memory::ask_for_lists(usize::try_from(octets).unwrap_or(usize::MAX))?;
        let (list, fields) = read_list_with_fields(file, number, deadline)?;
        let ports = own_ports(&fields.ports)?;
        let zones: HashMap<u32, String> = fields.zones.into_iter().map(|own| (own.entry, own.zone)).collect();
        let networks: HashMap<u32, u8> =
            fields.networks.into_iter().map(|own| (own.entry, own.prefix)).collect();
        let mut labels = fields.labels.into_iter().filter(|_| self.args.securing.tls).peekable();
        self.targets.reserve(list.entries.len() * self.ports.len().max(1));
        for (place, entry) in (0..).zip(&list.entries) {
            let place_of = || format!("{} line {}: ", list.source, entry.line);
            let label = labels.next_if(|label| label.entry == place);
            let name = label.map(|label| host_name(&label.field)).transpose();
            let name = name.map_err(|why| TargetError::Label { place: place_of(), why })?.flatten();
            let name = name.and_then(|name| self.names.number(&name)).or(self.name);
            let origin = || format!("{} ({} line {})", entry.expected.address, list.source, entry.line);
            let own = ports.get(&place).unwrap_or(&self.ports);
            let zone = zones.get(&place).map(String::as_str);
            let prefix = entry.expected.prefix.or_else(|| networks.get(&place).copied());
            let given = HostAddress { prefix, ..entry.expected };
            for address in hosts_of(given, self.args.choice.expand, place_of)? {
                match zoned(address, self.args.connecting.zone(address, zone), 0) {
                    Ok(address) => add(&mut self.targets, (address, name), own, origin)?,
                    Err(why) => self.unresolved.push(ResolveError::from(why.at(place_of())).into()),
                }
            }
        }
        Ok(())
    }

    /// Adds what `--hostname` gives as addresses; names are left to resolve.
    fn add_hosts(&mut self, deadline: &Deadline) -> Result<(), TargetError> {
        let hosts = &self.args.choice.hostname;
        if let (Some(first), true) = (hosts.first(), self.ports.is_empty()) {
            return Err(TargetError::NoPort(first.to_string()));
        }
        let of = |collected: &mut Self, host: &Host| {
            let own = host.name().filter(|_| collected.args.securing.tls).map(|_| host.bare());
            let name = collected.name.or_else(|| own.and_then(|name| collected.names.number(&name)));
            Named { host: host.clone(), name }
        };
        let all: Vec<Named> = hosts.iter().map(|host| of(self, host)).collect();
        let (names, addresses) = all.into_iter().partition(|named| named.host.name().is_some());
        self.named = names;
        let (found, unresolved) = resolve(&addresses, deadline, deadline.remaining());
        let targets = found.into_iter().flat_map(|(address, name)| of_address(address, name, &self.ports));
        self.targets.extend(targets);
        self.unresolved.extend(unresolved);
        Ok(())
    }

    fn add_zoned(&mut self, addresses: Vec<IpAddr>, zone: Option<&str>) -> Result<(), TargetError> {
        addresses.into_iter().try_for_each(|address| self.add_address(address, zone, String::new))
    }

    /// Adds an address that stands at `place`.
    fn add_address(
        &mut self,
        address: IpAddr,
        zone: Option<&str>,
        place: impl Fn() -> String,
    ) -> Result<(), TargetError> {
        match zoned(address, self.args.connecting.zone(address, zone), 0) {
            Ok(to) => add(&mut self.targets, (to, self.name), &self.ports, || address.to_string())?,
            Err(why) => self.unresolved.push(ResolveError::from(why.at(place())).into()),
        }
        Ok(())
    }

    /// Adds the addresses that the configuration promises, link-local ones with their interface.
    fn add_promised(&mut self, deadline: &Deadline) -> Result<(), TargetError> {
        for Promise { expected, interface, place, .. } in promised(self.args, deadline)? {
            let address = expected.address;
            let is_link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
            let zone = interface.filter(|_| is_link_local);
            self.add_address(address, zone.as_deref(), || format!("{} line {}: ", place.file, place.line))?;
        }
        Ok(())
    }
}

/// The ports of the lines that have some, by the places of their entries.
fn own_ports(ranges: &[OwnPorts]) -> Result<HashMap<u32, BTreeSet<u16>>, NoMemory> {
    let count: usize = ranges.iter().map(|own| own.range.ports().len()).sum();
    memory::ask_for_targets(count)?;
    let mut ports: HashMap<u32, BTreeSet<u16>> = HashMap::new();
    for own in ranges {
        ports.entry(own.entry).or_default().extend(own.range.ports());
    }
    Ok(ports)
}

/// The addresses that `given` stands for; `place` is where it stands, for an error.
fn hosts_of(
    given: HostAddress,
    expand: bool,
    place: impl Fn() -> String,
) -> Result<Vec<IpAddr>, TargetError> {
    hosts(given, expand).map_err(|why| TargetError::NotAHost { place: place(), why })
}

fn add(
    targets: &mut Vec<Target>,
    (address, name): (SocketAddr, Option<NonZeroU32>),
    ports: &BTreeSet<u16>,
    origin: impl Fn() -> String,
) -> Result<(), TargetError> {
    if ports.is_empty() {
        return Err(TargetError::NoPort(origin()));
    }
    targets.extend(of_address(address, name, ports));
    Ok(())
}

/// Leaves out the targets of the family that is not asked for. Returns how many.
fn leave_out(targets: &mut Vec<Target>, choice: &Choice) -> usize {
    let count = targets.len();
    if choice.ipv4 || choice.ipv6 {
        targets.retain(|target| target.address.is_ipv6() == choice.ipv6);
    }
    count - targets.len()
}

/// The targets that an address is with its ports.
fn of_address(
    address: SocketAddr,
    name: Option<NonZeroU32>,
    ports: &BTreeSet<u16>,
) -> impl Iterator<Item = Target> {
    let scope = if let SocketAddr::V6(address) = address { address.scope_id() } else { 0 };
    ports.iter().map(move |&port| Target { address: address.ip(), scope, port, name })
}

/// The addresses that the configuration promises, without the floating ones: who holds those is not in the
/// files.
fn promised(args: &Args, deadline: &Deadline) -> Result<Vec<Promise>, TargetError> {
    let found = host_config::read(&args.addresses.from, &args.addresses.tree(deadline))?;
    // A list that came out shorter would hide an outage.
    let found: Vec<_> =
        found.into_iter().map(|(_, promises)| promises.understood()).collect::<Result<_, _>>()?;
    let promises = found.into_iter().flat_map(|promises| promises.promises);
    let promises: Vec<Promise> = promises.filter(|promise| !promise.floating).collect();
    match promises.is_empty() {
        true => Err(TargetError::NothingPromised(args.addresses.names())),
        false => Ok(promises),
    }
}

/// The addresses bound here that others can reach: not those of loopback, and not link-local ones, which
/// are not reached by their number alone.
fn bound(deadline: &Deadline) -> Result<Vec<IpAddr>, TargetError> {
    let bound = Bound::read(deadline)?;
    let local = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    };
    let addresses: Vec<IpAddr> =
        bound.addresses.iter().map(|bound| bound.address).filter(|address| !local(address)).collect();
    if addresses.is_empty() { Err(TargetError::NothingBound) } else { Ok(addresses) }
}
