//! Giving an interface an address, and taking it away again, by rtnetlink(7): what `ip addr add` and `ip addr
//! del` do.

use std::net::IpAddr;

use addresses::subnet_ends;
use plugin::Deadline;

use crate::netlink::{NetlinkError, NetlinkSocket};

/// linux/rtnetlink.h.
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
/// linux/netlink.h: NLM_F_EXCL | NLM_F_CREATE, so that an address which is there already is an error.
const EXCLUSIVE: u16 = 0x600;
/// linux/if_addr.h.
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_FLAGS: u16 = 8;
const IFA_F_NOPREFIXROUTE: u32 = 0x200;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Why an interface did not get an address, or did not lose it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ChangeError(String);

impl From<NetlinkError> for ChangeError {
    fn from(error: NetlinkError) -> Self {
        Self(error.to_string())
    }
}

/// Whether the kernel adds a route to the subnet of an address that is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixRoute {
    /// As it does for each first address of a subnet.
    Added,
    /// Never, as `ip addr add ... noprefixroute`.
    NotAdded,
}

/// Binds `address` with a prefix length in bits to the interface of this index, for good. IPv4 of a subnet
/// that has room for one gets its broadcast address; IPv6 goes through the kernel's own duplicate address
/// detection.
///
/// # Errors
/// [`ChangeError`]: the kernel refused (as "operation not permitted", or "file exists" where the interface
/// has it), or did not answer before the deadline.
pub fn bind(
    address: IpAddr,
    prefix: u8,
    interface: u32,
    route: PrefixRoute,
    deadline: &Deadline,
) -> Result<(), ChangeError> {
    let _step = deadline.step(format!("binding {address}"));
    let mut body = request(address, prefix, interface);
    if route == PrefixRoute::NotAdded {
        attribute(&mut body, IFA_FLAGS, &IFA_F_NOPREFIXROUTE.to_ne_bytes());
    }
    Ok(NetlinkSocket::open()?.change(RTM_NEWADDR, EXCLUSIVE, &body, deadline)?)
}

/// Takes `address` away from the interface of this index.
///
/// # Errors
/// [`ChangeError`], as for [`bind`].
pub fn unbind(address: IpAddr, prefix: u8, interface: u32, deadline: &Deadline) -> Result<(), ChangeError> {
    let _step = deadline.step(format!("removing {address}"));
    Ok(NetlinkSocket::open()?.change(RTM_DELADDR, 0, &request(address, prefix, interface), deadline)?)
}

/// A struct ifaddrmsg with its attributes.
fn request(address: IpAddr, prefix: u8, interface: u32) -> Vec<u8> {
    let family = if address.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = vec![family, prefix, 0, 0];
    body.extend(interface.to_ne_bytes());
    match address {
        IpAddr::V4(address) => {
            attribute(&mut body, IFA_LOCAL, &address.octets());
            attribute(&mut body, IFA_ADDRESS, &address.octets());
            if let Some((_, broadcast)) = subnet_ends(address, prefix) {
                attribute(&mut body, IFA_BROADCAST, &broadcast.octets());
            }
        }
        IpAddr::V6(address) => attribute(&mut body, IFA_ADDRESS, &address.octets()),
    }
    body
}

/// A struct rtattr. Its values are of 4 or 16 octets, so nothing needs to be filled up.
fn attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    body.extend(length.to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_the_address_as_the_kernel_wants_it() {
        let body = request("192.0.2.10".parse().unwrap(), 24, 7);
        assert_eq!(body.get(..4), Some(&[2, 24, 0, 0][..]));
        assert_eq!(body.len(), 8 + 3 * 8);
        assert!(body.ends_with(&[192, 0, 2, 255]), "its broadcast address");
        assert_eq!(
            request("192.0.2.10".parse().unwrap(), 32, 7).len(),
            8 + 2 * 8,
            "a /32 has no broadcast address"
        );
        assert_eq!(request("2001:db8::1".parse().unwrap(), 64, 7).len(), 8 + 20);
    }
}
