//! What NetworkManager shows of a lease by DHCP: where it keeps the state of its devices, for all to read, is
//! the address of the last lease that it took. While that is not bound, the interface has none. Nor has it
//! one where a profile that asks for it is active and none was taken.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use host_net::BoundAddress;

/// One file a device, by the index of the interface; none of releases that do not keep it.
const DEVICES: &str = "/run/NetworkManager/devices";

/// Returns whether NetworkManager manages an interface of this host, had a lease there, and has it no more.
/// What cannot be read shows nothing.
pub(crate) fn has_no_lease(index: u32, bound: &[IpAddr]) -> bool {
    let state = fs::read_to_string(format!("{DEVICES}/{index}")).ok();
    let lease = state.as_deref().and_then(last_lease);
    lease.is_some_and(|address| !bound.contains(&address.into()))
}

/// Returns whether one of the profiles in these files is active on an interface of this host and took no
/// lease, and none of `permanent` is of NetworkManager, which marks its addresses. Only root may read the
/// files. `is_marked`: the kernel shows such marks.
pub(crate) fn has_had_none(index: u32, files: &[&str], permanent: &[&BoundAddress], is_marked: bool) -> bool {
    let by_hand = permanent.iter().all(|each| !each.flags.no_prefix_route());
    if !is_marked || !by_hand {
        return false;
    }
    let Ok(state) = fs::read_to_string(format!("{DEVICES}/{index}")) else { return false };
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    texts.into_iter().any(|profile| uuid(&profile).is_some_and(|uuid| is_without(&state, uuid)))
}

/// The UUID in a keyfile, or in a file of the network scripts.
fn uuid(profile: &str) -> Option<&str> {
    let mut values = profile.lines().filter_map(|line| line.trim_ascii().split_once('='));
    let (_, value) = values.find(|(key, _)| matches!(key.trim_ascii(), "uuid" | "UUID"))?;
    Some(value.trim_ascii().trim_matches(['"', '\'']))
}

/// Whether this profile is active on the device, without a lease. One that NetworkManager made of what it
/// found there has a UUID of its own.
fn is_without(state: &str, uuid: &str) -> bool {
    let value = |key: &str| state.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value("managed") == Some("true")
        && value("connection-uuid") == Some(uuid)
        && value("dhcp4.ip_address").is_none()
}

/// The address of the last lease, where a profile is active on the device. The file is written with each
/// lease, and not when one ends.
fn last_lease(state: &str) -> Option<Ipv4Addr> {
    let value = |key: &str| state.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value("connection-uuid").filter(|_| value("managed") == Some("true"))?;
    value("dhcp4.ip_address")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As NetworkManager 1.42.4 wrote it.
    const STATE: &str = "[device]\nmanaged=true\nperm-hw-addr-fake=52:54:00:00:00:11\n\
                         connection-uuid=30000000-0000-0000-0000-000000000001\nnm-owned=false\n\
                         route-metric-default-effective=100\nnext-server=192.0.2.1\n\n[dhcp4]\n\
                         dhcp4.dhcp_lease_time=120\ndhcp4.expiry=1795865277\ndhcp4.ip_address=192.0.2.58\n\
                         dhcp4.next_server=192.0.2.1\ndhcp4.subnet_mask=255.255.255.0\n";

    /// As NetworkManager 1.42.4 wrote it where no server answered, and where it found an address.
    #[test]
    fn an_active_profile_without_a_lease_has_none() {
        let keyfile = "[connection]\nid=p\nuuid=30000000-0000-0000-0000-000000000001\n[ipv4]\nmethod=auto\n";
        let script = "DEVICE=eth0\nUUID=\"30000000-0000-0000-0000-000000000001\"\n";
        let (without, rest) = STATE.split_once("[dhcp4]").unwrap();
        let rows = [
            (without.to_owned(), keyfile, true),
            (without.to_owned(), script, true),
            (STATE.to_owned(), keyfile, false),
            (without.replace("managed=true", "managed=false"), keyfile, false),
            (without.replace("0001", "0002"), keyfile, false),
            (without.replace("connection-uuid=", "nothing="), keyfile, false),
            (without.to_owned(), "[connection]\nid=p\n", false),
            (rest.to_owned(), keyfile, false),
        ];
        for (state, profile, expected) in rows {
            let found = uuid(profile).is_some_and(|uuid| is_without(&state, uuid));
            assert_eq!(found, expected, "{state} {profile}");
        }
    }

    #[test]
    fn the_state_of_a_device_has_its_last_lease() {
        let rows = [
            (STATE.to_owned(), Some([192, 0, 2, 58])),
            (STATE.replace("managed=true", "managed=false"), None),
            (STATE.replace("connection-uuid=", "nothing="), None),
            // Without a lease, and of a release that does not keep it.
            (STATE.replace("dhcp4.ip_address=", "dhcp4.other="), None),
            (STATE.replace("=192.0.2.58", "=junk"), None),
            (String::new(), None),
        ];
        for (state, expected) in rows {
            assert_eq!(last_lease(&state), expected.map(Ipv4Addr::from), "{state}");
        }
    }
}
