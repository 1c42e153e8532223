//! The addresses of the options of a stanza, as each program reads them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use addresses::HostAddress;

use crate::ifupdown::flavour::Flavour;
use crate::ifupdown::interfaces::Setting;
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

/// The netmask of each address as ifupdown2 has it: it belongs to the address above it.
pub(super) fn paired<'a>(options: &[&'a Setting]) -> Vec<Option<&'a Setting>> {
    let (mut count, mut masks) = (0_usize, Vec::new());
    for option in options {
        match &*option.name {
            "address" => count += 1,
            "netmask" if count > 0 => {
                masks.resize(masks.len().max(count - 1), None);
                masks.push(Some(*option));
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
