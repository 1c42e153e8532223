//! The bound addresses by getifaddrs(3): for every Unix but Linux, and for Linux where netlink is refused. It
//! shows no flags, and of a link no more than whether it runs.

use std::io;

use if_addrs::{IfAddr, IfOperStatus, get_if_addrs};

use crate::bound::{Bound, BoundAddress, Flags, Interface, Link};

/// IFA_F_PERMANENT: nothing is known against the address.
const PERMANENT: Flags = Flags(0x80);

/// Reads the bound addresses and the interfaces that have one.
pub(crate) fn read() -> io::Result<Bound> {
    let mut bound = Bound::default();
    for entry in get_if_addrs()? {
        let index = entry.index.unwrap_or(0);
        let prefix = match &entry.addr {
            IfAddr::V4(address) => address.prefixlen,
            IfAddr::V6(address) => address.prefixlen,
        };
        bound.addresses.push(BoundAddress {
            address: entry.ip(),
            prefix,
            interface: index,
            flags: PERMANENT,
        });
        if !bound.interfaces.iter().any(|interface| interface.index == index) {
            bound.interfaces.push(Interface {
                loopback: entry.is_loopback(),
                link: if entry.oper_status == IfOperStatus::Up { Link::Up } else { Link::NoCarrier },
                ..Interface::new(index, entry.name)
            });
        }
    }
    bound.interfaces.sort_by_key(|interface| interface.index);
    Ok(bound)
}
