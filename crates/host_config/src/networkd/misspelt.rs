//! Sections and keys of `.network` files that networkd does not know, and that are almost those by which an
//! interface gets its address: networkd passes over them with a line in its log.

use addresses::{HostAddress, short};

use super::unit::{Assignment, Section};
use crate::promise::Promises;

/// The sections that are read, each with the keys by which an interface gets its address or is told.
const READ: [(&str, &[&str]); 6] = [
    ("Match", &["Name", "MACAddress", "PermanentMACAddress"]),
    ("Link", &[]),
    ("Network", &["Address", "DHCP", "Bridge"]),
    ("Address", &["Address", "Peer"]),
    ("DHCPServer", &["ServerAddress"]),
    ("IPv6Prefix", &["Prefix", "Assign"]),
];

/// Notes a section whose name is almost one of those that are read.
pub(super) fn note_section(section: &Section, to: &mut Promises) {
    let (name, place) = (section.name.value.as_str(), &section.name.place);
    if READ.iter().any(|(known, _)| is_almost(name.trim_ascii(), known)) {
        let name = short(name);
        to.notes.push(format!("note: {place}: networkd knows no section [{name}] and ignores its lines"));
    }
}

/// Notes the keys of a section that are almost those that are read, and those that have an address.
pub(super) fn note_keys(section: &Section, to: &mut Promises) {
    let name = section.name.value.as_str();
    let Some((_, keys)) = READ.iter().find(|(known, _)| *known == name) else { return };
    let of_addresses = matches!(name, "Network" | "Address");
    let is_unknown = |each: &&Assignment| {
        let is_meant = || keys.iter().any(|known| is_almost(&each.key, known));
        let has_address = || {
            let value = each.value.value.as_str();
            of_addresses && value.contains('/') && value.parse::<HostAddress>().is_ok()
        };
        !keys.contains(&each.key.as_str()) && (is_meant() || has_address())
    };
    to.notes.extend(section.assignments.iter().filter(is_unknown).map(|each| {
        let (key, place) = (short(&each.key), &each.value.place);
        format!("note: {place}: networkd knows no key {key} in [{name}] and ignores the line")
    }));
}

/// Whether a word is another one, but for its case and a slip or two.
pub(super) fn is_almost(word: &str, known: &str) -> bool {
    let slips = if known.len() > 5 { 2 } else { 1 };
    word.len().abs_diff(known.len()) <= slips
        && distance(&word.to_ascii_lowercase(), &known.to_ascii_lowercase()) <= slips
}

/// Returns how many octets are added, left out, changed, or swapped with the next.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, here) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, there) in other.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let left_out = at(&last, column + 1).min(at(&next, column)) + 1;
            let mut least = left_out.min(at(&last, column) + usize::from(here != there));
            let is_swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(there)
                && other.get(column - 1) == Some(here);
            if is_swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        (before, last) = (last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::Source;
    use crate::tree::Tree;

    /// As networkd 252 logs them.
    #[test]
    fn a_slip_is_told_and_another_key_is_not() {
        let key = |key: &str, section: &str| {
            Some(format!("networkd knows no key {key} in [{section}] and ignores the line"))
        };
        let section = |name: &str| Some(format!("networkd knows no section [{name}] and ignores its lines"));
        let rows = [
            ("[Network]\nAddress=192.0.2.1/24\n", None),
            ("[Network]\nAddresses=192.0.2.1/24\n", key("Addresses", "Network")),
            ("[Network]\naddress=192.0.2.1/24\n", key("address", "Network")),
            ("[Network]\nAdress=192.0.2.1\n", key("Adress", "Network")),
            ("[Network]\nIP=192.0.2.1/24\n", key("IP", "Network")),
            ("[Network]\nDHPC=yes\n", key("DHPC", "Network")),
            ("[Network]\nDNS=192.0.2.1\nGateway=192.0.2.254\nVXLAN=a\nNTP=b\nDHCPServer=no\n", None),
            ("[Network]\nLLDP=yes\nIPv6Token=::7\nTunnel=a\nKeepConfiguration=yes\n", None),
            ("[Address]\nAddress=192.0.2.1/24\nLabel=a\nScope=link\nBroadcast=192.0.2.255\n", None),
            ("[Address]\nIPAddress=192.0.2.1/24\n", key("IPAddress", "Address")),
            ("[Match]\nnames=eth0\n", key("names", "Match")),
            ("[Match]\nMacAddress=02:00:00:00:00:01\n", key("MacAddress", "Match")),
            ("[Match]\nType=ether\nPath=a\nKind=b\nHost=c\n", None),
            ("[DHCPServer]\nServerAdress=192.0.2.1/24\n", key("ServerAdress", "DHCPServer")),
            ("[Adress]\nAddress=192.0.2.1/24\n", section("Adress")),
            ("[network]\nAddress=192.0.2.1/24\n", section("network")),
            ("[Netwrok]\nAddress=192.0.2.1/24\n", section("Netwrok")),
            (
                "[DHCPv4]\n[Route]\n[LLDP]\n[CAN]\n[Bridge]\n[IPv6RoutePrefix]\n[DHCPServerStaticLease]\n",
                None,
            ),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (text, expected) in rows {
            let file = format!("[Match]\nName=eth0\n{text}");
            let tree = Tree::in_memory([("/etc/systemd/network/a.network", file.as_str())], &deadline);
            let found = Source::Networkd.read(&tree).unwrap().unwrap();
            let told = found.notes.iter().find_map(|note| Some(note.split_once(": networkd knows")?.1));
            let told = told.map(|what| format!("networkd knows{what}"));
            // An [Address] section without an address has a remark of its own.
            assert_eq!(told, expected, "{text}");
        }
    }
}
