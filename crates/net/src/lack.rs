//! What a connection lacks on this machine where the system has no address, or no port, to make it from.

use std::io;
use std::net::SocketAddr;

use crate::source::Source;

/// What is missing where connect(2) or bind(2) fails with EADDRNOTAVAIL or EADDRINUSE: the system uses one
/// number for all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// All local ports are taken.
    Port,
    /// No interface has an IPv4 address to connect from.
    Ipv4,
    /// No interface has an IPv6 address to connect from, as where net.ipv6.conf.all.disable_ipv6 is 1.
    Ipv6,
    /// The interface of a link-local target has no IPv6 address yet, or any more.
    LinkLocal,
    /// No interface has the source address.
    Source,
}

impl Lack {
    /// Returns what a TCP connection to `to` lacks that could not be made from `source`. A UDP socket needs
    /// the same address, and a port of its own kind. Nothing is sent.
    pub fn of(to: SocketAddr, source: &Source) -> Self {
        let has_source = source.addresses.iter().any(|address| address.is_ipv6() == to.is_ipv6());
        match source.udp_to(to).and_then(|socket| socket.connect(to)).map_err(|error| error.kind()) {
            Err(io::ErrorKind::AddrNotAvailable) if has_source => Self::Source,
            Err(io::ErrorKind::AddrNotAvailable) => Self::address(to),
            _ => Self::Port,
        }
    }

    /// Returns that no interface has an address of the family of `to`, or not the one that it is on.
    pub(crate) fn address(to: SocketAddr) -> Self {
        match to {
            SocketAddr::V4(_) => Self::Ipv4,
            SocketAddr::V6(to) if to.ip().is_unicast_link_local() => Self::LinkLocal,
            SocketAddr::V6(_) => Self::Ipv6,
        }
    }

    /// Returns it in few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Port => "no local port left",
            Self::Ipv4 => "no IPv4 address here",
            Self::Ipv6 => "no IPv6 address here",
            Self::LinkLocal => "no IPv6 address on its interface",
            Self::Source => "source address not bound here",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::write;
    use std::net::TcpListener;
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;
    use crate::cause::Cause;
    use crate::stream::Connector;
    use crate::tests::in_namespace;
    use crate::udp::Udp;
    use crate::waiting::Waiting;

    /// Why a connection from a source is not made.
    fn why(to: &str, from: &[&str]) -> Option<Lack> {
        let deadline = Deadline::after(Duration::from_secs(5));
        let addresses = from.iter().map(|address| address.parse().unwrap()).collect();
        let source = Source { addresses, interface: None };
        let connector = Connector::new(Waiting::until(&deadline)).from_source(source);
        match connector.connect(to.parse().unwrap(), Duration::from_secs(1)) {
            Err(Cause::Lack(lack)) => Some(lack),
            Err(cause) => panic!("{to}: {cause:?}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn a_link_local_target_needs_an_address_on_its_own_interface() {
        let rows = [("[fe80::1%2]:80", Lack::LinkLocal), ("[2001:db8::1]:80", Lack::Ipv6)];
        for (to, lack) in rows {
            assert_eq!(Lack::address(to.parse().unwrap()), lack, "{to}");
        }
    }

    #[test]
    fn a_machine_without_ipv6_has_ports_left() {
        in_namespace(&["192.0.2.1/32"], || {
            let taker = TcpListener::bind("192.0.2.1:80").unwrap();
            write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").unwrap();
            let rows: [(&str, &[&str], _); 6] = [
                ("[2001:db8::1]:80", &[], Some(Lack::Ipv6)),
                ("[::1]:80", &[], Some(Lack::Ipv6)),
                ("[2001:db8::1]:80", &["2001:db8::9"], Some(Lack::Source)),
                ("192.0.2.1:80", &["192.0.2.9"], Some(Lack::Source)),
                ("192.0.2.1:80", &["2001:db8::9"], None),
                ("192.0.2.1:80", &["192.0.2.1"], None),
            ];
            for (to, from, lack) in rows {
                assert_eq!(why(to, from), lack, "{to} from {from:?}");
            }
            drop(taker);
        });
    }

    #[test]
    fn the_ports_of_a_machine_can_be_used_up() {
        in_namespace(&["192.0.2.1/32", "2001:db8::1/128"], || {
            // A single port for connections, and another socket has it.
            write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000").unwrap();
            let _taken = TcpListener::bind("[::]:40000").unwrap();
            let rows: [(&str, &[&str]); 4] = [
                ("[2001:db8::1]:80", &[]),
                ("192.0.2.1:80", &[]),
                ("192.0.2.1:80", &["192.0.2.1"]),
                ("[2001:db8::1]:80", &["2001:db8::1"]),
            ];
            for (to, from) in rows {
                assert_eq!(why(to, from), Some(Lack::Port), "{to} from {from:?}");
            }
            let _taken = std::net::UdpSocket::bind("[::]:40000").unwrap();
            for (to, from) in rows {
                assert_eq!(why(to, from), Some(Lack::Port), "{to} from {from:?}, and UDP too");
                let addresses = from.iter().map(|address| address.parse().unwrap()).collect();
                let asked = Udp::connect(to.parse().unwrap(), &Source { addresses, interface: None });
                let error = asked.unwrap_err();
                assert_eq!((error.is_here(), error.to_string().as_str()), (true, Lack::Port.words()), "{to}");
            }
            assert!(crate::is_own("192.0.2.1".parse().unwrap()), "an address is own without a port");
            assert!(!crate::is_own("192.0.2.2".parse().unwrap()));
        });
    }
}
