//! The addresses of the options of a stanza, as each program reads them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use addresses::HostAddress;

use crate::ifupdown::flavour::Flavour;
use crate::ifupdown::interfaces::{Interfaces, Setting};
use crate::mask;
use crate::promise::{ConfigError, Place};

/// One address with its netmask.
pub(super) fn address(
    option: &Setting,
    netmask: Option<&Setting>,
    flavour: Flavour,
) -> Result<HostAddress, ConfigError> {
    let text = value(option, flavour);
    let mut expected = if mask::is_none(text) {
        HostAddress { address: Ipv4Addr::UNSPECIFIED.into(), prefix: None }
    } else {
        mask::parse(text).map_err(|error| option.place.error(error))?
    };
    let winner = netmask.filter(|_| expected.prefix.is_none() || flavour == Flavour::Ifupdown);
    if let Some(netmask) = winner {
        let length = mask::length(value(netmask, flavour), expected.address);
        expected.prefix =
            Some(length.ok_or_else(|| netmask.place.error(format!("{} is no netmask", &*netmask.value)))?);
    }
    Ok(expected)
}

/// The netmasks of all stanzas of an interface as ifupdown2 has them: it puts the stanzas together, each list
/// of options after that of the stanza before, and takes the netmask of the same number.
#[derive(Debug, Default)]
pub(in crate::ifupdown) struct Netmasks<'a> {
    all: Vec<Option<&'a Setting>>,
    /// The number of the first address of each stanza.
    first: HashMap<usize, usize>,
}

impl<'a> Netmasks<'a> {
    /// Returns those of these stanzas, which are of one interface.
    pub(in crate::ifupdown) fn new(interfaces: &'a Interfaces, stanzas: &[usize]) -> Self {
        let (mut netmasks, mut count) = (Self::default(), 0);
        for index in stanzas {
            let Some(stanza) = interfaces.stanzas.get(*index) else { continue };
            netmasks.first.insert(*index, count);
            netmasks.all.extend(paired(&stanza.options));
            count += stanza.options.iter().filter(|option| &*option.name == "address").count();
        }
        netmasks
    }

    /// Returns the netmask of one address of a stanza.
    pub(super) fn of(&self, stanza: usize, address: usize) -> Option<&'a Setting> {
        self.all.get(self.first.get(&stanza)? + address).copied().flatten()
    }
}

/// The netmask of each address of a stanza: it belongs to the address above it.
fn paired(options: &[Setting]) -> Vec<Option<&Setting>> {
    let (mut count, mut masks) = (0_usize, Vec::new());
    for option in options {
        match &*option.name {
            "address" => count += 1,
            "netmask" if count > 0 => {
                masks.resize(masks.len().max(count - 1), None);
                masks.push(Some(option));
            }
            _ => {}
        }
    }
    masks
}

/// The value of an address or a netmask. The shell to which ifupdown hands it takes a comment off, and
/// ifupdown-ng takes the first word of an address; a slash with nothing behind it is no prefix length.
fn value(option: &Setting, flavour: Flavour) -> &str {
    let value = match flavour {
        Flavour::Ifupdown => option.value.split(" #").next(),
        Flavour::IfupdownNg if &*option.name == "address" => option.value.split_ascii_whitespace().next(),
        Flavour::IfupdownNg | Flavour::Ifupdown2 => None,
    };
    let value = value.unwrap_or(&option.value).trim_ascii_end();
    value.strip_suffix('/').unwrap_or(value)
}

/// The address of a 6to4 tunnel: 2002, then the local IPv4 address, then 1 (RFC 3056).
pub(super) fn six_to_four(local: &Setting) -> Result<(HostAddress, Place), ConfigError> {
    let wrong = || local.place.error(format!("{} is not an IPv4 address", &*local.value));
    let octets = local.value.parse::<Ipv4Addr>().map_err(|_| wrong())?.octets();
    let [a, b, c, d] = octets.map(u16::from);
    let address = Ipv6Addr::new(0x2002, a << 8 | b, c << 8 | d, 0, 0, 0, 0, 1);
    Ok((HostAddress { address: IpAddr::V6(address), prefix: Some(16) }, local.place.clone()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::Source;
    use crate::tree::Tree;

    /// As ifupdown2 3.0.0 binds them: without a netmask, it binds the host alone.
    #[test]
    fn a_netmask_may_be_that_of_another_stanza() {
        let rows = [
            (
                "iface eth0\n address 192.0.2.1/24\niface eth0\n address 2001:db8::1\n netmask 64\n",
                "192.0.2.1/24 2001:db8::1",
            ),
            (
                "iface eth0\n address 192.0.2.1\niface eth0\n address 192.0.2.2\n netmask 255.255.255.0\n",
                "192.0.2.1/24 192.0.2.2",
            ),
            (
                "iface eth0\n address 192.0.2.1\n address 192.0.2.2\n netmask 255.255.255.0\niface eth0\n \
                 address 192.0.2.3\n",
                "192.0.2.1 192.0.2.2/24 192.0.2.3",
            ),
            (
                "iface eth0\n address 192.0.2.1\n netmask 255.255.255.0\niface eth0\n address 2001:db8::1\n \
                 netmask 64\n",
                "192.0.2.1/24 2001:db8::1/64",
            ),
            (
                "iface eth0\n address 192.0.2.1/24\niface eth0\n address 2001:db8::1\n netmask 64\niface eth0\n \
                 address 2001:db8::2\n netmask 64\n",
                "192.0.2.1/24 2001:db8::1/64 2001:db8::2",
            ),
        ];
        for (text, expected) in rows {
            let deadline = Deadline::after(Duration::from_secs(60));
            let text = format!("auto eth0\n{text}");
            let files =
                [("/etc/network/interfaces", text.as_str()), ("/etc/network/ifupdown2/ifupdown2.conf", "")];
            let found = Source::Ifupdown.read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
            let all: Vec<String> = found.promises.iter().map(|each| each.expected.to_string()).collect();
            let all: Vec<&str> =
                all.iter().map(|each| each.trim_end_matches("/32").trim_end_matches("/128")).collect();
            assert_eq!(all.join(" "), expected, "{text}");
        }
    }
}
