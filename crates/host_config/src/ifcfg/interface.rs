//! What one file promises: that of an interface, of an alias and of a range.

use std::net::{IpAddr, Ipv4Addr};

use addresses::HostAddress;

use super::assignments::{Assignments, Value, is_false, is_true, lower};
use super::programs::{Program, Programs};
use crate::mask;
use crate::networkmanager;
use crate::promise::{ConfigError, Dynamic, Family, Promise, Promises, Remark};

/// A file.
pub(super) struct File {
    /// Its name after `ifcfg-`.
    pub(super) name: String,
    pub(super) settings: Assignments,
}

/// What the files of aliases and ranges inherit.
pub(super) struct Parent<'a> {
    pub(super) device: Option<String>,
    pub(super) up: bool,
    settings: &'a Assignments,
}

/// Reads the file of an interface.
pub(super) fn main<'a>(
    file: &'a File,
    programs: &Programs<'_>,
    all: &mut Promises,
) -> Result<Parent<'a>, ConfigError> {
    let settings = &file.settings;
    let device = device(file, programs, all)?;
    let without = why_without(settings)?;
    let card = settings.text("HWADDR").ok().and_then(|address| programs.card(address));
    let read = ports(settings, device.as_deref().or(card.as_deref()), all);
    all.survive(read)?;
    let program = programs.of(settings, device.as_deref())?;
    let up = without.is_none() && program != Program::Neither;
    let parent = Parent { device, up, settings };
    if let Some((why, value)) = without {
        all.remarks.push(Remark { what: format!("{}: {why}", file.name), place: settings.place(value.line) });
        return Ok(parent);
    }
    if program == Program::Neither {
        let what = format!("{}: not managed by NetworkManager", file.name);
        all.remarks.push(Remark { what, place: settings.place(1) });
        return Ok(parent);
    }
    all.managed.extend(parent.device.clone().filter(|_| program == Program::Manager));
    let said = |all: &Promises| all.promises.len() + all.remarks.len() + all.unknown.len();
    let before = said(all);
    let protocol = settings
        .get("BOOTPROTO")?
        .filter(|value| matches!(lower(&value.text).as_str(), "dhcp" | "bootp" | "autoip" | "shared"));
    let read = dynamic(file, protocol, parent.device.as_deref(), all);
    all.survive(read)?;
    if let Some(protocol) = protocol {
        all.remarks.push(Remark {
            what: format!("{}: {}", file.name, protocol.text),
            place: settings.place(protocol.line),
        });
    }
    beside(protocol.map_or("", |value| &value.text), program, settings, parent.device.as_deref(), all)?;
    v6(settings, parent.device.as_deref(), all)?;
    if said(all) == before && settings.bad().is_empty() {
        all.remarks
            .push(Remark { what: format!("{}: no static address", file.name), place: settings.place(1) });
    }
    Ok(parent)
}

/// Returns the interface that the file is for: `None` where it names the hardware address of a card that is
/// not here instead, and where only a shell can tell the name.
fn device(file: &File, programs: &Programs<'_>, all: &mut Promises) -> Result<Option<String>, ConfigError> {
    let settings = &file.settings;
    let name = match (settings.text("DEVICE"), settings.text("HWADDR")) {
        (Err(error), _) => return all.survive(Err(error)).map(|()| None),
        (Ok(""), Ok("")) => file.name.as_str(),
        (Ok(""), Ok(address)) => return Ok(programs.name(address).map(str::to_owned)),
        (Ok(""), Err(_)) => return Ok(None),
        (Ok(device), _) => device,
    };
    Ok(Some(name.split_once(':').map_or(name, |(device, _)| device).to_owned()))
}

/// Adds the IPv4 addresses that are bound beside what `BOOTPROTO` asks for: NetworkManager adds them to a
/// lease, has one for a shared connection and none for a link-local one; the scripts go by a lease alone, and
/// know no other word.
fn beside(
    protocol: &str,
    program: Program,
    settings: &Assignments,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let managed = program == Program::Manager;
    let bound = match (lower(protocol).as_str(), managed) {
        ("dhcp" | "bootp", false) | ("autoip", true) => 0,
        ("shared", true) => 1,
        _ => usize::MAX,
    };
    let mut written = Promises::default();
    v4(settings, device, &mut written)?;
    if bound == 1 && written.promises.is_empty() {
        all.possible.push(networkmanager::shared(device));
    }
    let not_bound =
        if managed { "NetworkManager does not bind it" } else { "the network scripts do not bind it" };
    for Promise { expected, place, .. } in written.promises.drain(bound.min(written.promises.len())..) {
        let address = expected.address;
        all.notes.push(format!(
            "note: {address} of {place} is not expected: with BOOTPROTO={protocol}, {not_bound}"
        ));
    }
    all.promises.append(&mut written.promises);
    all.remarks.append(&mut written.remarks);
    // What is not bound in any case may be wrong.
    all.unknown.extend(written.unknown.into_iter().filter(|_| bound > 0));
    let read = tunnel(settings, device, all);
    all.survive(read)
}

/// Adds the family of the address that the interface gets from outside.
fn dynamic(
    file: &File,
    protocol: Option<&Value>,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let settings = &file.settings;
    let v4 = protocol.filter(|protocol| matches!(lower(&protocol.text).as_str(), "dhcp" | "bootp"));
    let v6 = settings.get("DHCPV6C")?.filter(|value| is_true(&value.text));
    let (family, value) = match (v4, v6) {
        (Some(value), None) => (Family::V4, value),
        (None, Some(value)) => (Family::V6, value),
        (Some(value), Some(_)) => (Family::Either, value),
        (None, None) => return Ok(()),
    };
    let place = settings.place(value.line);
    let interface = device.unwrap_or(&file.name).to_owned();
    all.dynamic.push(Dynamic { interface, family, required: device.is_some(), place });
    Ok(())
}

/// Adds the file's interface as a port of another, a bridge as one that may have ports, and what carries a
/// VLAN.
fn ports(settings: &Assignments, device: Option<&str>, all: &mut Promises) -> Result<(), ConfigError> {
    let Some(device) = device else { return Ok(()) };
    let carrier = settings.text("PHYSDEV")?;
    all.add_vlan(Some(device), (!carrier.is_empty()).then_some(carrier));
    if settings.get("ONBOOT")?.is_some_and(|value| is_false(&value.text)) {
        return Ok(());
    }
    for name in ["MASTER", "TEAM_MASTER", "BRIDGE", "VRF"] {
        let port = name != "MASTER" || is_true(settings.text("SLAVE")?);
        if let Some(value) = settings.get(name)?.filter(|_| port) {
            all.add_port(&value.text, Some(device), &settings.place(value.line));
        }
    }
    if let Some(value) = settings.get("TYPE")?.filter(|value| lower(&value.text) == "bridge") {
        all.add_port(device, None, &settings.place(value.line));
    }
    Ok(())
}

/// Why an interface gets no address, and the setting that says so. The loopback interface comes up in any
/// case.
fn why_without(settings: &Assignments) -> Result<Option<(String, &Value)>, ConfigError> {
    if let Some(value) = settings.get("ONBOOT")?.filter(|value| is_false(&value.text))
        && settings.text("DEVICE")? != "lo"
    {
        return Ok(Some(("not brought up at boot".to_owned(), value)));
    }
    for (name, what) in [("MASTER", "a port of"), ("TEAM_MASTER", "a port of"), ("BRIDGE", "a port of")] {
        let slave = name != "MASTER" || is_true(settings.text("SLAVE")?);
        if let Some(value) = settings.get(name)?.filter(|_| slave) {
            return Ok(Some((format!("{what} {}", value.text), value)));
        }
    }
    Ok(None)
}

/// `IPADDR` and `IPADDR0` to `IPADDR255`, each with its own `PREFIX` or `NETMASK`: one that is not understood
/// hides no other.
fn v4(settings: &Assignments, device: Option<&str>, all: &mut Promises) -> Result<(), ConfigError> {
    for number in std::iter::once(String::new()).chain((0..256).map(|number: u16| number.to_string())) {
        let read = one_v4(settings, &number, device, all);
        all.survive(read)?;
    }
    Ok(())
}

fn one_v4(
    settings: &Assignments,
    number: &str,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let Some(value) = settings.get(&format!("IPADDR{number}"))? else { return Ok(()) };
    let address = parse_v4(settings, value)?;
    let own = own_prefix(settings, number, address)?;
    let prefix = own.unwrap_or_else(|| mask::class(address));
    promise(settings, value, address.into(), Some(prefix), device, all);
    Ok(())
}

/// `PREFIX`, or else `NETMASK`.
fn own_prefix(settings: &Assignments, number: &str, address: Ipv4Addr) -> Result<Option<u8>, ConfigError> {
    for name in ["PREFIX", "NETMASK"] {
        let name = format!("{name}{number}");
        if let Some(value) = settings.get(&name)? {
            let length = mask::length(&value.text, address.into());
            let wrong = || settings.place(value.line).error(format!("{name}: {} is no netmask", value.text));
            return length.map(Some).ok_or_else(wrong);
        }
    }
    Ok(None)
}

/// The address inside of a GRE or IPIP tunnel.
fn tunnel(settings: &Assignments, device: Option<&str>, all: &mut Promises) -> Result<(), ConfigError> {
    let Some(value) = settings.get("MY_INNER_IPADDR")? else { return Ok(()) };
    let expected: HostAddress =
        value.text.parse().map_err(|error| settings.place(value.line).error(error))?;
    promise(settings, value, expected.address, expected.prefix, device, all);
    Ok(())
}

/// `IPV6ADDR` and `IPV6ADDR_SECONDARIES`, unless `IPV6INIT` says no: one that is not understood hides no
/// other.
fn v6(settings: &Assignments, device: Option<&str>, all: &mut Promises) -> Result<(), ConfigError> {
    for name in ["IPV6ADDR", "IPV6ADDR_SECONDARIES"] {
        let read = v6_of(settings, name, device, all);
        all.survive(read)?;
    }
    Ok(())
}

fn v6_of(
    settings: &Assignments,
    name: &str,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let Some(value) = settings.get(name)? else { return Ok(()) };
    if settings.get("IPV6INIT")?.is_some_and(|value| is_false(&value.text)) {
        let what = format!("{name}: IPv6 is switched off by IPV6INIT");
        all.remarks.push(Remark { what, place: settings.place(value.line) });
        return Ok(());
    }
    for text in value.text.split([' ', '\t', '\n', ',']).filter(|text| !text.is_empty()) {
        match text.parse::<HostAddress>() {
            Ok(expected) => promise(settings, value, expected.address, expected.prefix, device, all),
            Err(error) => {
                all.unknown.push(settings.place(value.line).remark(format!("{name}: {error}")));
            }
        }
    }
    Ok(())
}

/// An alias: `PREFIX` and `NETMASK` come from the interface where the file has none.
pub(super) fn alias(
    file: &File,
    device: &str,
    parent: &Parent<'_>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let settings = &file.settings;
    if stays_down(file, all)? {
        return Ok(());
    }
    let read = alias_v4(file, device, parent, all);
    all.survive(read)?;
    v6(settings, Some(device), all)
}

fn alias_v4(file: &File, device: &str, parent: &Parent<'_>, all: &mut Promises) -> Result<(), ConfigError> {
    let settings = &file.settings;
    match settings.get("IPADDR")? {
        Some(value) => {
            let address = parse_v4(settings, value)?;
            let prefix = inherited_prefix(settings, parent, address)?;
            promise(settings, value, address.into(), prefix, Some(device), all);
        }
        None if settings.get("IPV6ADDR")?.is_none() => {
            all.remarks.push(Remark { what: format!("{}: no IPADDR", file.name), place: settings.place(1) });
        }
        None => {}
    }
    Ok(())
}

/// A range: each address from `IPADDR_START` to `IPADDR_END`, which differ in the last octet only.
pub(super) fn range(
    file: &File,
    device: &str,
    parent: &Parent<'_>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let settings = &file.settings;
    if stays_down(file, all)? {
        return Ok(());
    }
    let end_of = |name: &str| {
        let missing = || settings.place(1).error(format!("{}: no {name}", file.name));
        let value = settings.get(name)?.ok_or_else(missing)?;
        Ok::<_, ConfigError>((value, parse_v4(settings, value)?))
    };
    let ((value, first), (_, last)) = (end_of("IPADDR_START")?, end_of("IPADDR_END")?);
    if first > last || first.to_bits() >> 8 != last.to_bits() >> 8 {
        return Err(settings
            .place(value.line)
            .error(format!("{first} to {last} is no range within the last octet")));
    }
    for bits in first.to_bits()..=last.to_bits() {
        let address = Ipv4Addr::from_bits(bits);
        let prefix = inherited_prefix(settings, parent, address)?;
        promise(settings, value, address.into(), prefix, Some(device), all);
    }
    Ok(())
}

/// `ONPARENT=no`, and the remark that says so.
fn stays_down(file: &File, all: &mut Promises) -> Result<bool, ConfigError> {
    let value = file.settings.get("ONPARENT")?.filter(|value| is_false(&value.text));
    let remark = |value: &Value| Remark {
        what: format!("{}: not brought up at boot", file.name),
        place: file.settings.place(value.line),
    };
    all.remarks.extend(value.map(remark));
    Ok(value.is_some())
}

/// The scripts let an inherited `PREFIX` win over the alias' own `NETMASK`, NetworkManager does not: then
/// nothing is demanded.
fn inherited_prefix(
    settings: &Assignments,
    parent: &Parent<'_>,
    address: Ipv4Addr,
) -> Result<Option<u8>, ConfigError> {
    let own = own_prefix(settings, "", address)?;
    let given = own_prefix(parent.settings, "", address)?;
    let parents_prefix = parent.settings.get("PREFIX")?.is_some();
    Ok(match (own, given) {
        (Some(own), Some(given)) if settings.get("PREFIX")?.is_none() && parents_prefix => {
            Some(own).filter(|_| own == given)
        }
        (own, given) => own.or(given).or_else(|| Some(mask::class(address))),
    })
}

fn parse_v4(settings: &Assignments, value: &Value) -> Result<Ipv4Addr, ConfigError> {
    let place = || settings.place(value.line);
    let expected: HostAddress = value.text.parse().map_err(|error| place().error(error))?;
    match (expected.address, expected.prefix) {
        (IpAddr::V4(address), None) => Ok(address),
        _ => Err(place().error(format!("{} is not a plain IPv4 address", value.text))),
    }
}

/// Adds a promise, unless the kernel binds the address itself.
fn promise(
    s: &Assignments,
    value: &Value,
    address: IpAddr,
    prefix: Option<u8>,
    device: Option<&str>,
    all: &mut Promises,
) {
    let place = s.place(value.line);
    if address.is_loopback() {
        all.remarks.push(Remark {
            what: format!("{}: {address} is the kernel's own", device.unwrap_or("lo")),
            place,
        });
        return;
    }
    let expected = HostAddress { address, prefix };
    all.promises.push(Promise { expected, interface: device.map(str::to_owned), floating: false, place });
}
