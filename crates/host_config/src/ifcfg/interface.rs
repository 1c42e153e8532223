//! What the file of an interface promises.

use super::addresses::{tunnel, v4, v6};
use super::assignments::{Assignments, Value, is_false, is_true, lower};
use super::programs::{Program, Programs};
use super::vlan;
use crate::networkmanager;
use crate::promise::{ConfigError, Dynamic, Family, Giver, Possible, Promise, Promises, Remark};

/// A file.
pub(super) struct File {
    /// Its name after `ifcfg-`.
    pub(super) name: String,
    pub(super) settings: Assignments,
    /// Whether its lines end as on Windows.
    pub(super) has_returns: bool,
}

/// What the files of aliases and ranges inherit.
#[derive(Clone)]
pub(super) struct Parent<'a> {
    /// The name of its file, after `ifcfg-`.
    pub(super) file: &'a str,
    pub(super) device: Option<String>,
    pub(super) up: bool,
    /// Whether nothing but NetworkManager can bring it up.
    pub(super) managed: bool,
    pub(super) settings: &'a Assignments,
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
    // The hardware address tells nothing when the card is gone.
    let by_address = settings.text("DEVICE").is_ok_and(str::is_empty) && card.is_some();
    let named = device.as_deref().filter(|_| up && !by_address);
    named.into_iter().for_each(|name| all.add_name(name));
    let managed = program == Program::Manager && !programs.may_use_scripts();
    let parent = Parent { file: &file.name, device, up, managed, settings };
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
    let (before, first) = (said(all), all.promises.len());
    let protocol = settings
        .get("BOOTPROTO")?
        .filter(|value| matches!(lower(&value.text).as_str(), "dhcp" | "bootp" | "autoip" | "shared"));
    let read = dynamic(file, protocol, parent.device.as_deref(), all);
    all.survive(read)?;
    if let Some(protocol) = protocol {
        let what = format!("{}: {}", file.name, protocol.text);
        all.remarks.push(Remark { what, place: settings.place(protocol.line) });
    }
    beside(protocol, program, settings, parent.device.as_deref(), all)?;
    v6(settings, parent.device.as_deref(), all)?;
    let addresses = all.promises.get(first..).unwrap_or_default().to_vec();
    all.add_unnamed(&addresses, card);
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
    let vlan = vlan::name(settings);
    let name = match (settings.text("DEVICE"), settings.text("HWADDR")) {
        (Err(error), _) => return all.survive(Err(error)).map(|()| None),
        (Ok(""), _) if vlan.is_some() => return Ok(vlan),
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
    protocol: Option<&Value>,
    program: Program,
    settings: &Assignments,
    device: Option<&str>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let managed = program == Program::Manager;
    let place = protocol.map(|value| settings.place(value.line));
    let protocol = protocol.map_or("", |value| &value.text);
    let bound = match (lower(protocol).as_str(), managed) {
        ("dhcp" | "bootp", false) | ("autoip", true) => 0,
        ("shared", true) => 1,
        _ => usize::MAX,
    };
    let mut written = Promises::default();
    v4(settings, device, &mut written)?;
    if bound == 1 && written.promises.is_empty() {
        all.possible.push(networkmanager::shared(device));
        all.dynamic.extend(device.zip(place).map(|(device, place)| Dynamic {
            interface: device.to_owned(),
            family: Family::V4,
            giver: Giver::Shared,
            required: true,
            spare: false,
            single: false,
            place,
        }));
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
    let takes = settings.get("IPV6_AUTOCONF")?.filter(|value| is_true(&value.text));
    let takes = takes.map(|value| settings.place(value.line));
    all.possible.extend(takes.iter().flat_map(|place| Possible::advertised(device, place)));
    let (family, value) = match (v4, v6) {
        (Some(value), None) => (Family::V4, value),
        (None, Some(value)) => (Family::V6, value),
        (Some(value), Some(_)) => (Family::Either, value),
        (None, None) => return Ok(()),
    };
    let place = settings.place(value.line);
    let interface = device.unwrap_or(&file.name).to_owned();
    all.dynamic.push(Dynamic {
        interface,
        family,
        giver: Giver::Network,
        required: device.is_some(),
        spare: false,
        single: false,
        place,
    });
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
