//! One address, as an option or a line has it: what parses can be a host's, prints as it reads, and names the
//! same number as the standard library.

use std::net::IpAddr;

use addresses::{HostAddress, ZonedAddress};

pub(crate) fn run(text: &str) {
    // An address to connect to is the same one, and may have a zone.
    match text.parse::<ZonedAddress>() {
        Ok(ZonedAddress { host, zone: None }) => assert_eq!(text.parse(), Ok(host)),
        Ok(ZonedAddress { host, zone: Some(zone) }) => {
            assert!(text.contains(&format!("%{zone}")) && host.address.is_ipv6(), "{text:?}");
            assert!(!zone.is_empty() && zone.len() <= 15, "{zone}");
        }
        Err(_) => assert!(text.parse::<HostAddress>().is_err(), "{text:?}"),
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let plain = bare.parse::<IpAddr>().map(|address| address.to_canonical());
    match text.parse::<HostAddress>() {
        Ok(parsed) => {
            let HostAddress { address, prefix } = parsed;
            assert!(!address.is_unspecified() && !address.is_multicast(), "no host can have {address}");
            assert!(
                prefix.is_none_or(|prefix| prefix <= if address.is_ipv4() { 32 } else { 128 }),
                "{parsed}"
            );
            assert_eq!(parsed.to_string().parse(), Ok(parsed), "does not read back");
            assert_eq!(prefix.is_some(), text.contains('/'), "{text:?}");
            if prefix.is_none() {
                assert_eq!(plain.ok(), Some(address), "{text:?}");
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty() && message.chars().count() < 200, "{message}");
            if let Ok(address) = plain {
                let refused = address.is_unspecified()
                    || address.is_multicast()
                    || address.to_string() == "255.255.255.255";
                assert!(refused, "{text:?} is an address, and refused: {message}");
            }
        }
    }
}
