//! What NetworkManager shows of a lease by DHCP: where it keeps the state of its devices, for all to read, is
//! the address of the last lease that it took. While that is not bound, the interface has none.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

/// One file a device, by the index of the interface; none of releases that do not keep it.
const DEVICES: &str = "/run/NetworkManager/devices";

/// Returns whether NetworkManager manages an interface of this host, had a lease there, and has it no more.
/// What cannot be read shows nothing.
pub(crate) fn has_no_lease(index: u32, bound: &[IpAddr]) -> bool {
    let state = fs::read_to_string(format!("{DEVICES}/{index}")).ok();
    let lease = state.as_deref().and_then(last_lease);
    lease.is_some_and(|address| !bound.contains(&address.into()))
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
