//! What the file of an alias or of a range promises; it takes from its interface what it does not say itself.

use std::net::Ipv4Addr;

use addresses::short;

use super::addresses::{own_prefix, parse_v4, promise, v6};
use super::assignments::{Assignments, Value, is_false};
use super::interface::{File, Parent};
use crate::mask;
use crate::promise::{ConfigError, Promises, Remark};

/// The file of an alias, or of a `range`.
pub(super) fn read(
    file: &File,
    device: &str,
    parent: &Parent<'_>,
    is_range: bool,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    // NetworkManager knows no ONPARENT.
    match !parent.managed && stays_down(file, all)? {
        true => Ok(()),
        false if is_range => range(file, device, parent, all),
        false => alias(file, device, parent, all),
    }
}

/// Why NetworkManager does not read the file, where nothing else brings its interface up: it has no ranges,
/// and goes by the name of the file of the interface.
pub(super) fn ignored(file: &File, name: &str, parent: &Parent<'_>, is_range: bool) -> Option<String> {
    let device = file.settings.text("DEVICE").ok().filter(|device| *device != file.name);
    match device {
        _ if !parent.managed => None,
        _ if is_range => Some("it is a range".to_owned()),
        _ if parent.file != name => Some(format!("the file of {name} is ifcfg-{}", short(parent.file))),
        Some("") => Some("it has no DEVICE".to_owned()),
        Some(other) => Some(format!("its DEVICE is {}", short(other))),
        None => None,
    }
}

/// An alias: `PREFIX` and `NETMASK` come from the interface where the file has none.
fn alias(file: &File, device: &str, parent: &Parent<'_>, all: &mut Promises) -> Result<(), ConfigError> {
    let settings = &file.settings;
    let read = alias_v4(file, device, parent, all);
    all.survive(read)?;
    // NetworkManager reads IPv4 addresses there alone.
    if parent.managed { Ok(()) } else { v6(settings, Some(device), all) }
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
fn range(file: &File, device: &str, parent: &Parent<'_>, all: &mut Promises) -> Result<(), ConfigError> {
    let settings = &file.settings;
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
