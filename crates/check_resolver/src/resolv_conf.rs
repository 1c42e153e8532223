//! The servers of a resolv.conf as the C library asks them: the first three. A link-local address without its
//! interface is one of the three, and cannot be asked. Without a server the library asks 127.0.0.1.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use host_config::{NotAServer, SERVERS_ASKED, Server};
use net::{Host, HostPort};

/// Which servers of a resolv.conf are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// The servers that are asked, in their order, each once.
    pub servers: Vec<HostPort>,
    /// Which of the servers the C library asks in each of its turns: one that is listed twice has two.
    pub turns: Vec<usize>,
    /// The servers after the third one, which are never asked.
    pub never_asked: Vec<HostPort>,
    /// The lines that the C library passes over in silence although they mean a server.
    pub ignored: Vec<Ignored>,
    /// The domains to search.
    pub search: Vec<String>,
    /// The options that change what the C library does, with the number where one belongs to it.
    pub options: BTreeMap<&'static str, Option<i32>>,
}

/// A line that means a server and does not give one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub why: NotAServer,
}

impl ResolvConf {
    /// Parses the content of the file. Any octets give a result.
    pub fn parse(content: &[u8]) -> Self {
        let read = host_config::ResolvConf::parse(content);
        let mut conf = Self { search: read.search, options: read.options, ..Self::default() };
        for (place, (_, server)) in read.servers.iter().enumerate() {
            let server = host_port(server);
            if place < SERVERS_ASKED {
                conf.turns.push(add(&mut conf.servers, server));
            } else {
                add(&mut conf.never_asked, server);
            }
        }
        let ignored = read.ignored.into_iter();
        conf.ignored.extend(ignored.map(|ignored| Ignored { line: ignored.line, why: ignored.why }));
        conf.ignored.sort_by_key(|ignored| ignored.line);
        let Self { servers, never_asked, .. } = &mut conf;
        never_asked.retain(|server| !servers.contains(server));
        conf
    }
}

/// Adds a server that is not there yet. Returns its place.
fn add(servers: &mut Vec<HostPort>, server: HostPort) -> usize {
    servers.iter().position(|known| *known == server).unwrap_or_else(|| {
        servers.push(server);
        servers.len() - 1
    })
}

/// The server as it is asked. A zone that no interface can have is left out, as the C library does.
fn host_port(server: &Server) -> HostPort {
    match server.address {
        IpAddr::V4(address) => Host::V4(address).into(),
        IpAddr::V6(address) => {
            let host = server.to_string().parse().ok().filter(|_| server.zone.is_some());
            host.unwrap_or(Host::V6(address, None)).into()
        }
    }
}

/// Returns the address to ask: the unspecified one means this machine.
pub(crate) fn asked(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The servers asked, those never asked, and the lines ignored, in words.
    fn read(text: &str) -> (String, String, String) {
        let conf = ResolvConf::parse(text.as_bytes());
        let shown =
            |servers: &[HostPort]| servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let ignored = conf
            .ignored
            .iter()
            .map(|ignored| format!("{}: {}", ignored.line, ignored.why))
            .collect::<Vec<_>>();
        (shown(&conf.servers), shown(&conf.never_asked), ignored.join(", "))
    }

    #[test]
    fn is_read_as_the_c_library_reads_it() {
        let rows = [
            ("", "", "", ""),
            ("nameserver 192.0.2.1\n", "192.0.2.1", "", ""),
            ("nameserver\t192.0.2.1", "192.0.2.1", "", ""),
            ("nameserver 192.0.2.1 # office\nnameserver 192.0.2.2 nonsense\n", "192.0.2.1 192.0.2.2", "", ""),
            (
                "nameserver 192.0.2.1\r\nnameserver 192.0.2.2\n",
                "192.0.2.2",
                "",
                "1: it ends with a carriage return",
            ),
            (
                " nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
                "192.0.2.2",
                "",
                "1: a blank stands before nameserver",
            ),
            (
                "nameserver\nnameserver \n",
                "",
                "",
                "1: no address follows nameserver, 2: no address follows nameserver",
            ),
            ("nameserver \r\n", "", "", "1: no address follows nameserver"),
            ("nameserver 192.0.2.300\n", "", "", "1: 192.0.2.300 is not an address"),
            ("nameserver ns.example.com\n", "", "", "1: ns.example.com is not an address"),
            ("nameserver 192.0.2.1;x\n", "", "", "1: a semicolon follows 192.0.2.1"),
            ("nameserver 192.0.2.1#53\n", "", "", "1: 192.0.2.1#53 is not an address"),
            ("nameserver [::1]\n", "", "", "1: [::1] is not an address"),
            (
                "#nameserver 192.0.2.3\n;nameserver 192.0.2.4\nNameserver 192.0.2.2\n",
                "",
                "",
                "3: nameserver and a blank must stand before the address, not Nameserver",
            ),
            ("search a.example\noptions rotate\ndomain b.example\nnameserver ::1\n", "::1", "", ""),
            (
                "nameserver 127.1\nnameserver 0x7f.2\nnameserver 010.0.0.1\n",
                "127.0.0.1 127.0.0.2 8.0.0.1",
                "",
                "",
            ),
            ("nameserver 0\n", "0.0.0.0", "", ""),
            (
                "nameserver 08.0.0.1\nnameserver 1.2.3.4.5\n",
                "",
                "",
                "1: 08.0.0.1 is not an address, 2: 1.2.3.4.5 is not an address",
            ),
            ("nameserver ::ffff:192.0.2.1\nnameserver ::1%lo\n", "192.0.2.1 ::1", "", ""),
            ("nameserver fe80::1%lo\n", "fe80::1%lo", "", ""),
            (
                "nameserver fe80::1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
                "fe80::1 192.0.2.2 192.0.2.3",
                "192.0.2.4",
                "",
            ),
            (
                "nameserver x\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
                "192.0.2.1 192.0.2.2 192.0.2.3",
                "192.0.2.4",
                "1: x is not an address",
            ),
            // A repeated server takes a place each time, and is asked the same.
            (
                "nameserver ::1\nnameserver ::1\nnameserver ::1\nnameserver ::2\nnameserver ::1\n",
                "::1",
                "::2",
                "",
            ),
            ("nameserver 192.0.2.1\0x\n", "192.0.2.1", "", ""),
        ];
        for (text, servers, never_asked, ignored) in rows {
            assert_eq!(
                read(text),
                (servers.to_owned(), never_asked.to_owned(), ignored.to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_server_has_as_many_turns_as_lines() {
        let rows: [(&str, &[usize]); 5] = [
            ("", &[]),
            ("nameserver ::1\nnameserver ::2\n", &[0, 1]),
            ("nameserver ::1\nnameserver ::1\nnameserver ::2\nnameserver ::3\n", &[0, 0, 1]),
            ("nameserver fe80::1\nnameserver ::2\nnameserver x\n", &[0, 1]),
            ("nameserver ::1\nnameserver ::2\nnameserver ::1\n", &[0, 1, 0]),
        ];
        for (text, turns) in rows {
            assert_eq!(ResolvConf::parse(text.as_bytes()).turns, turns, "{text:?}");
        }
    }

    #[test]
    fn any_octets_and_any_number_of_lines_give_a_result() {
        let conf = ResolvConf::parse(&b"nameserver 192.0.2.1\n".repeat(50_000));
        assert_eq!((conf.servers.len(), conf.never_asked.len()), (1, 0));
        assert_eq!(ResolvConf::parse(&b"nameserver \xff\n".repeat(50_000)).ignored.len(), 50_000);
        assert_eq!(ResolvConf::parse(&[0xff; 70_000]), ResolvConf::default());
    }
}
