//! SUSE's wicked: `/etc/sysconfig/network/ifcfg-*`, by ifcfg(5). The program itself was not at hand: this is
//! by its manual.
//!
//! A value is that of a shell assignment. `IPADDR` and each `IPADDR_suffix` is an address, with its prefix
//! behind a slash or in `PREFIXLEN` or `NETMASK` of the same suffix; `LABEL_suffix` names an alias and
//! changes nothing here.

use std::net::IpAddr;

use addresses::HostAddress;

use crate::ifcfg::{Assignments, Value};
use crate::mask;
use crate::promise::{ConfigError, Dynamic, Family, Giver, Promise, Promises};
use crate::tree::Tree;

const FOLDER: &str = "/etc/sysconfig/network";
/// Files that are no interface's, and what package managers and editors leave behind.
const IGNORED: [&str; 8] = [".template", "~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"];

/// Returns the promises of all files, in the order of their names.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut all = Promises::default();
    let mut found = false;
    for name in tree.names(FOLDER)? {
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix("ifcfg-")) else { continue };
        if IGNORED.iter().any(|suffix| name.ends_with(suffix)) {
            continue;
        }
        let path = format!("{FOLDER}/ifcfg-{name}");
        let Some(content) = all.readable(tree.read(&path))? else { continue };
        // The file of the loopback interface is on every host, even if another program configures the
        // network.
        found |= name != "lo";
        let settings = Assignments::parse(&path, &content);
        all.unknown.extend(settings.bad());
        let read = interface(name, &settings, &mut all);
        all.survive(read)?;
    }
    let says = found || !all.promises.is_empty() || !all.unknown.is_empty() || !all.unreadable.is_empty();
    Ok(says.then_some(all))
}

fn interface(name: &str, settings: &Assignments, all: &mut Promises) -> Result<(), ConfigError> {
    let mode = settings.text("STARTMODE")?.to_ascii_lowercase();
    if matches!(mode.as_str(), "off" | "manual") {
        all.remarks.push(settings.place(1).remark(format!("{name}: STARTMODE={mode}")));
        return Ok(());
    }
    // hotplug waits for the device, ifplugd for its cable. Of several with a priority, one is up.
    let always = matches!(mode.as_str(), "auto" | "boot" | "onboot" | "nfsroot" | "on");
    let required = always || mode == "ifplugd" && settings.text("IFPLUGD_PRIORITY")?.is_empty();
    if always {
        all.add_name(name);
    } else if !matches!(mode.as_str(), "hotplug" | "ifplugd") && name != "lo" {
        let what = format!("STARTMODE={mode} of {name} is manual by ifcfg(5): its addresses are expected");
        all.notes.push(format!("note: {}: {what}", settings.place(1).file));
    }
    let read = ports(name, settings, all);
    all.survive(read)?;
    let protocol = settings.get("BOOTPROTO")?;
    let text = protocol.map(|protocol| protocol.text.to_ascii_lowercase()).unwrap_or_default();
    if let (Some(protocol), Some(family)) = (protocol, dynamic(&text)) {
        let place = settings.place(protocol.line);
        all.remarks.push(place.remark(format!("{name}: BOOTPROTO={text}")));
        all.dynamic.push(Dynamic {
            interface: name.to_owned(),
            family,
            giver: Giver::Network,
            required,
            spare: false,
            single: false,
            place,
        });
    }
    if text == "none" {
        return Ok(());
    }
    for suffix in settings.suffixes("IPADDR") {
        // One that is not understood hides no other.
        let read = promise(name, settings, &suffix, all);
        all.survive(read)?;
    }
    Ok(())
}

/// Adds the address of a suffix, unless the kernel binds it itself.
fn promise(name: &str, settings: &Assignments, suffix: &str, all: &mut Promises) -> Result<(), ConfigError> {
    let Some(value) = settings.get(&format!("IPADDR{suffix}"))? else { return Ok(()) };
    let place = settings.place(value.line);
    if mask::is_none(&value.text) {
        all.remarks.push(place.remark(format!("{name}: {} binds nothing", value.text)));
        return Ok(());
    }
    let expected = address(settings, suffix, value)?;
    if expected.address.is_loopback() {
        all.remarks.push(place.remark(format!("{name}: {} is the kernel's own", expected.address)));
    } else {
        all.promises.push(Promise { expected, interface: Some(name.to_owned()), floating: false, place });
    }
    Ok(())
}

/// The family of the addresses that a protocol brings: `static+dhcp4` brings one too.
fn dynamic(protocol: &str) -> Option<Family> {
    let any = |word: &str| protocol.split('+').any(|part| part == word);
    match (any("dhcp"), any("dhcp4"), any("dhcp6")) {
        (true, ..) | (_, true, true) => Some(Family::Either),
        (_, true, false) => Some(Family::V4),
        (_, false, true) => Some(Family::V6),
        _ => None,
    }
}

/// `BRIDGE_PORTS`, `BONDING_SLAVE_0` and so on, and what carries a VLAN.
fn ports(name: &str, settings: &Assignments, all: &mut Promises) -> Result<(), ConfigError> {
    let carrier = settings.text("ETHERDEVICE")?;
    all.add_vlan(Some(name), (!carrier.is_empty()).then_some(carrier));
    if let Some(value) = settings.get("BRIDGE_PORTS")? {
        for port in value.text.split_ascii_whitespace() {
            all.add_port(name, Some(port), &settings.place(value.line));
        }
    } else if settings.text("BRIDGE")?.eq_ignore_ascii_case("yes") {
        all.add_port(name, None, &settings.place(1));
    }
    for suffix in settings.suffixes("BONDING_SLAVE") {
        if let Some(value) = settings.get(&format!("BONDING_SLAVE{suffix}"))? {
            all.add_port(name, Some(&value.text), &settings.place(value.line));
        }
    }
    Ok(())
}

/// An address, with its prefix: a slash wins over `PREFIXLEN`, that over `NETMASK`.
fn address(settings: &Assignments, suffix: &str, value: &Value) -> Result<HostAddress, ConfigError> {
    let mut expected = mask::parse(&value.text).map_err(|error| settings.place(value.line).error(error))?;
    for name in ["PREFIXLEN", "NETMASK"] {
        if expected.prefix.is_some() {
            break;
        }
        let name = format!("{name}{suffix}");
        if let Some(mask) = settings.get(&name)? {
            let length = mask::length(&mask.text, expected.address);
            let wrong = || settings.place(mask.line).error(format!("{name}: {} is no netmask", mask.text));
            expected.prefix = Some(length.ok_or_else(wrong)?);
        }
    }
    if let IpAddr::V4(address) = expected.address {
        expected.prefix = expected.prefix.or_else(|| Some(mask::class(address)));
    }
    Ok(expected)
}
