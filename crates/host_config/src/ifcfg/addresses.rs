//! The static addresses of a file: IPv4 ones by their number, IPv6 ones and those inside of tunnels.

use std::net::{IpAddr, Ipv4Addr};

use addresses::HostAddress;

use super::assignments::{Assignments, Value, is_false};
use crate::mask;
use crate::promise::{ConfigError, Promise, Promises, Remark};

/// `IPADDR` and `IPADDR0` to `IPADDR255`, each with its own `PREFIX` or `NETMASK`: one that is not understood
/// hides no other.
pub(super) fn v4(
    settings: &Assignments,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
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
    if mask::is_none(&value.text) {
        let what = format!("{}: {} binds nothing", device.unwrap_or("lo"), value.text);
        all.remarks.push(settings.place(value.line).remark(what));
        return Ok(());
    }
    let address = parse_v4(settings, value)?;
    let own = own_prefix(settings, number, address)?;
    let prefix = own.unwrap_or_else(|| mask::class(address));
    promise(settings, value, address.into(), Some(prefix), device, all);
    Ok(())
}

/// `PREFIX`, or else `NETMASK`.
pub(super) fn own_prefix(
    settings: &Assignments,
    number: &str,
    address: Ipv4Addr,
) -> Result<Option<u8>, ConfigError> {
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
pub(super) fn tunnel(
    settings: &Assignments,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let Some(value) = settings.get("MY_INNER_IPADDR")? else { return Ok(()) };
    let expected: HostAddress =
        value.text.parse().map_err(|error| settings.place(value.line).error(error))?;
    promise(settings, value, expected.address, expected.prefix, device, all);
    Ok(())
}

/// `IPV6ADDR` and `IPV6ADDR_SECONDARIES`, unless `IPV6INIT` says no: one that is not understood hides no
/// other.
pub(super) fn v6(
    settings: &Assignments,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
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

pub(super) fn parse_v4(settings: &Assignments, value: &Value) -> Result<Ipv4Addr, ConfigError> {
    let place = || settings.place(value.line);
    let expected: HostAddress = value.text.parse().map_err(|error| place().error(error))?;
    match (expected.address, expected.prefix) {
        (IpAddr::V4(address), None) => Ok(address),
        _ => Err(place().error(format!("{} is not a plain IPv4 address", value.text))),
    }
}

/// Adds a promise, unless the kernel binds the address itself.
pub(super) fn promise(
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
