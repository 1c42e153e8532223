//! Checks whether the configured interface can have this host's addresses. Packets that a bridge or a bond
//! receives by a port do not reach the port itself. So the answers of other hosts would be missed there, and
//! IPv6 addresses would not be usable.

use host_net::{Bound, Interface, Kind};

/// The reason why no address is bound on an interface.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceError {
    /// The interface is a port.
    #[error("interface {port} is a port of {of}: set interface = {of}")]
    Port {
        /// Its name.
        port: String,
        /// The bridge, bond or team on top of it.
        of: String,
    },
    /// The interface is a port of something that may have no addresses itself, such as an Open vSwitch
    /// switch.
    #[error(
        "interface {port} is a port of {of}: set interface to the one that has the addresses of this host"
    )]
    PortOfOther {
        /// Its name.
        port: String,
        /// The interface or switch that it is a port of.
        of: String,
    },
    /// The configuration has another name of the interface, which the kernel's reports do not contain.
    #[error("interface {other} is another name of {name}: set interface = {name}")]
    OtherName {
        /// The other name.
        other: String,
        /// The name.
        name: String,
    },
}

/// Refuses an interface that is a port, or that is configured by another of its names. Later steps report an
/// interface that does not exist.
///
/// # Errors
/// [`InterfaceError`].
pub(crate) fn check(bound: &Bound, name: &str) -> Result<(), InterfaceError> {
    let Some(known) = bound.by_name(name) else { return Ok(()) };
    if known.name != name {
        return Err(InterfaceError::OtherName { other: name.to_owned(), name: known.name.clone() });
    }
    let Some(top) = top(bound, known) else { return Ok(()) };
    let (port, of) = (name.to_owned(), top.name.clone());
    Err(match top.kind {
        Kind::Bridge | Kind::Bond | Kind::Team => InterfaceError::Port { port, of },
        _ => InterfaceError::PortOfOther { port, of },
    })
}

/// Returns the topmost interface that this one is a port of, directly or by other ports. A VRF does not
/// count: it only chooses the routing table of its interfaces, which keep their addresses.
fn top<'a>(bound: &'a Bound, port: &Interface) -> Option<&'a Interface> {
    let above = |below: &Interface| {
        bound.interface(below.controller?).filter(|controller| controller.kind != Kind::Vrf)
    };
    // The kernel allows no circle of ports.
    std::iter::successors(above(port), |below| above(below)).take(bound.interfaces.len()).last()
}

/// Returns the first of the interfaces that are `configured` for an address which is another than this one.
pub(crate) fn other_interface<'a>(
    bound: &Bound,
    mut configured: impl Iterator<Item = &'a str>,
    interface: &str,
) -> Option<&'a str> {
    let own = bound.interfaces.iter().find(|known| known.name == interface);
    let is_own = |name: &str| {
        let named = bound.by_name(name);
        name == interface || named.zip(own).is_some_and(|(named, own)| named.index == own.index)
    };
    configured.find(|name| !is_own(name))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn interface(index: u32, name: &str, kind: Kind, controller: Option<u32>) -> Interface {
        Interface { kind, altnames: vec![format!("enp{index}s0")], controller, ..Interface::new(index, name) }
    }

    #[test]
    fn a_port_is_refused_by_name() {
        let interfaces = vec![
            interface(2, "eth0", Kind::Other, Some(5)),
            interface(3, "eth1", Kind::Other, Some(6)),
            interface(4, "eth2", Kind::Other, Some(7)),
            interface(5, "bond0", Kind::Bond, Some(8)),
            interface(6, "blue", Kind::Vrf, None),
            interface(7, "ovs-system", Kind::Other, None),
            interface(8, "br0", Kind::Bridge, Some(6)),
            // Its controller is in another namespace.
            interface(9, "eth3", Kind::Other, Some(99)),
        ];
        let bound = Bound { interfaces, ..Bound::default() };
        let rows = [
            ("eth0", Some("interface eth0 is a port of br0: set interface = br0")),
            ("bond0", Some("interface bond0 is a port of br0: set interface = br0")),
            ("br0", None),
            ("eth1", None),
            (
                "eth2",
                Some(
                    "interface eth2 is a port of ovs-system: set interface to the one that has the addresses of this host",
                ),
            ),
            ("eth3", None),
            ("eth9", None),
            ("enp8s0", Some("interface enp8s0 is another name of br0: set interface = br0")),
        ];
        for (name, expected) in rows {
            let found = check(&bound, name).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
