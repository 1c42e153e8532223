//! What the lines of a list carry beside their addresses: ports, labels, zones and netmasks.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::address::short;
use crate::netmask::parse_cpanel;
use crate::ports::{PortRange, are_meant, hold_a_port, is_word, parse_ports};

/// What the lines of a list carry beside their addresses, in the order of
/// [`List::entries`](crate::List::entries).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The ports, several ranges of an entry one after the other.
    pub ports: Vec<OwnPorts>,
    /// The labels, at most one of an entry.
    pub labels: Vec<OwnLabel>,
    /// The zones of link-local addresses, at most one of an entry.
    pub zones: Vec<OwnZone>,
    /// The netmasks after addresses that are networks by them: of a host's address it tells nothing.
    pub networks: Vec<OwnNetwork>,
}

/// Ports that a line asks for, by the place of its entry in [`List::entries`](crate::List::entries).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPorts {
    /// The place of the entry.
    pub entry: u32,
    /// The ports.
    pub range: PortRange,
}

/// The label of a line, by the place of its entry in [`List::entries`](crate::List::entries).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLabel {
    /// The place of the entry.
    pub entry: u32,
    /// The label: neither empty, nor an address or a netmask.
    pub label: String,
    /// The field as it is written: the label, and what follows it after a comma.
    pub field: String,
}

/// The zone of the address of a line, by the place of its entry in [`List::entries`](crate::List::entries).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnZone {
    /// The place of the entry.
    pub entry: u32,
    /// The name or number of an interface.
    pub zone: String,
}

/// The netmask of a line that makes its address one of a network, and not of a host in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnNetwork {
    /// The place of the entry.
    pub entry: u32,
    /// The prefix length.
    pub prefix: u8,
}

/// Returns the labels that stand with more than one address, of however many lists: they tell no address from
/// another.
pub fn ambiguous<'a>(labels: impl IntoIterator<Item = (IpAddr, &'a str)>) -> HashSet<&'a str> {
    let mut first: HashMap<&str, IpAddr> = HashMap::new();
    let labels = labels.into_iter();
    labels
        .filter(|(address, label)| first.entry(label).or_insert(*address) != address)
        .map(|(_, label)| label)
        .collect()
}

impl Fields {
    /// Returns the first label that begins with a digit and stands where ports do, right after the address:
    /// where ports matter, it is more likely a mistyped port than a name. `None` if there is none.
    pub fn mistyped_port(&self) -> Option<&OwnLabel> {
        let has_ports =
            |label: &OwnLabel| self.ports.binary_search_by_key(&label.entry, |own| own.entry).is_ok();
        let begins = |label: &&OwnLabel| label.field.starts_with(|c: char| c.is_ascii_digit());
        self.labels.iter().filter(begins).find(|label| !has_ports(label))
    }

    /// Takes what follows the address of an entry: its ports and its label, where white space sets them apart
    /// from it.
    pub(super) fn take(&mut self, entry: u32, rest: &str) -> Result<(), String> {
        let rest = rest.split('#').next().unwrap_or_default();
        let mut fields = rest.split_ascii_whitespace().filter(|field| *field != ",");
        let mut field = fields.next();
        if !rest.starts_with(char::is_whitespace) {
            let after_comma =
                field.map(|field| field.trim_start_matches(',')).filter(|field| are_meant(field));
            return after_comma.map_or(Ok(()), |ports| Err(misplaced(ports, "a comma")));
        }
        let ports = field.filter(|field| is_label(field) && (are_meant(field) || hold_a_port(field)));
        if let Some(ports) = ports {
            let ranges = parse_ports(ports).map_err(|error| error.to_string())?;
            self.ports.extend(ranges.into_iter().map(|range| OwnPorts { entry, range }));
            field = fields.next();
        }
        refuse_ports(field.filter(|field| is_label(field)), ports)?;
        let label = field.and_then(|field| field.split(',').next()).filter(|label| is_label(label));
        let (Some(label), Some(field)) = (label, field) else { return Ok(()) };
        // Several words are a note. Numbers in a note are no ports.
        fields
            .next()
            .filter(|field| are_meant(field))
            .map_or(Ok(()), |after| Err(misplaced(after, "the label")))?;
        self.labels.push(OwnLabel { entry, label: label.to_owned(), field: field.to_owned() });
        Ok(())
    }
}

/// Refuses further ports in the place of the label: after ports in numbers, the name of a service is a label.
fn refuse_ports(field: Option<&str>, ports: Option<&str>) -> Result<(), String> {
    let is_number = |port: &str| port.starts_with(|c: char| c.is_ascii_digit());
    let (Some(field), Some(ports)) = (field, ports) else { return Ok(()) };
    let is_label = is_word(field) && ports.split(',').all(is_number);
    if are_meant(field) && !is_label { Err(misplaced(field, "the ports")) } else { Ok(()) }
}

/// Says that ports stand where none are read.
fn misplaced(ports: &str, place: &str) -> String {
    let ports = short(ports);
    format!(
        "{ports} after {place}: write all ports in the second field, as in 192.0.2.10 80,443 web, and notes after #"
    )
}

/// Returns whether a field is a label: not an address or a netmask in a form that is in use, which panels
/// write after an address.
fn is_label(field: &str) -> bool {
    let address = |text: &str| text.split('/').next().is_some_and(|bare| bare.parse::<IpAddr>().is_ok());
    let hexadecimal =
        |text: &str| text.strip_prefix("0x").is_some_and(|digits| u32::from_str_radix(digits, 16).is_ok());
    !field.is_empty()
        && !field.starts_with('/')
        && !address(field)
        && !hexadecimal(field)
        && parse_cpanel(field).is_none()
}
