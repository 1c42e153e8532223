//! The values of this plugin's own options: hostile until parsed.

use std::net::IpAddr;
use std::str::FromStr;

use addresses::HostAddress;
use plugin::State;

/// The value of --ignore: where any address is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// All addresses that begin with the same so many bits.
    Network(IpAddr, u8),
    /// All addresses of this interface.
    Interface(String),
}

impl FromStr for Ignored {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it names no network and no interface");
        }
        Ok(match text.parse() {
            Ok(network) => Ignored::of(network),
            Err(_) => Ignored::Interface(text.to_owned()),
        })
    }
}

impl Ignored {
    /// Returns a network, or without a prefix length one address.
    pub(crate) fn of(HostAddress { address, prefix }: HostAddress) -> Self {
        Ignored::Network(address, prefix.unwrap_or(if address.is_ipv4() { 32 } else { 128 }))
    }

    /// Returns whether an address on an interface is ignored by this.
    pub(crate) fn covers(&self, address: IpAddr, interface: &str) -> bool {
        match (self, address) {
            (Ignored::Interface(name), _) => name == interface,
            (Ignored::Network(IpAddr::V4(network), prefix), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(*prefix)
            }
            (Ignored::Network(IpAddr::V6(network), prefix), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(*prefix)
            }
            _ => false,
        }
    }
}

/// A state that is an alarm.
pub(crate) fn alarm(text: &str) -> Result<State, String> {
    match text.parse() {
        Ok(State::Ok) | Err(_) => Err(format!("{text:?} is not warning, critical or unknown")),
        Ok(state) => Ok(state),
    }
}

/// A state that is an alarm, or OK for a note.
pub(crate) fn alarm_or_note(text: &str) -> Result<State, String> {
    match text {
        "note" => Ok(State::Ok),
        text => alarm(text).map_err(|_| format!("{text:?} is not note, warning, critical or unknown")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_networks_and_interfaces() {
        let rows = [
            ("fe80::/10", "fe80::1", "eth0", true),
            ("fe80::/10", "febf::1", "eth0", true),
            ("fe80::/10", "fec0::1", "eth0", false),
            ("192.0.2.128/25", "192.0.2.127", "eth0", false),
            ("192.0.2.128/25", "192.0.2.129", "eth0", true),
            ("192.0.2.1", "192.0.2.1", "eth0", true),
            ("192.0.2.1", "192.0.2.2", "eth0", false),
            ("0.0.0.0/1", "192.0.2.2", "0.0.0.0/1", true),
            ("docker0", "172.17.0.1", "docker0", true),
            ("docker0", "172.17.0.1", "docker01", false),
            ("::1/0", "192.0.2.1", "eth0", false),
        ];
        for (ignored, address, interface, covered) in rows {
            let parsed: Ignored = ignored.parse().unwrap();
            assert_eq!(
                parsed.covers(address.parse().unwrap(), interface),
                covered,
                "{ignored} {address} {interface}"
            );
        }
    }

    #[test]
    fn reads_what_the_options_take() {
        assert_eq!(alarm("WARNING"), Ok(State::Warning));
        assert!(alarm("ok").is_err() && alarm("").is_err());
        assert_eq!((alarm_or_note("note"), alarm_or_note("critical")), (Ok(State::Ok), Ok(State::Critical)));
        assert!(alarm_or_note("ok").is_err());
    }
}
