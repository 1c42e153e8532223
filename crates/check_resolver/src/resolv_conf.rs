//! resolv.conf(5) as the GNU C library reads it (resolv/res_init.c), which differs from what the page and
//! other readers say:
//!
//! - a keyword begins in the first column, a blank or a tab follows it, and case matters;
//! - what follows the address after a blank is ignored; a carriage return belongs to the address;
//! - an IPv4 address is what inet_aton(3) takes: `127.1`, `0x7f.1`, `010.0.0.1` is 8.0.0.1;
//! - only the first three servers are asked. A link-local address without its interface takes one of the
//!   three places, and cannot be asked;
//! - without a server it asks 127.0.0.1.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use net::{Host, HostPort};

/// How many servers the C library asks (resolv.h, MAXNS).
const ASKED: usize = 3;
/// How many characters of an unusable address are shown.
const SHOWN: usize = 40;

/// What a resolv.conf lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// The servers that are asked, in their order, each once.
    pub servers: Vec<HostPort>,
    /// The servers after the third one, which are never asked.
    pub never_asked: Vec<HostPort>,
    /// The lines that the C library passes over in silence although they mean a server.
    pub ignored: Vec<Ignored>,
}

/// A line that means a server and does not give one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub why: Why,
}

/// Why a line gives no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It ends with a carriage return, as Windows writes files.
    CarriageReturn,
    /// The keyword does not begin in the first column.
    Indented,
    /// No address follows.
    Empty,
    /// This is not an address.
    NotAnAddress(String),
    /// A link-local address without its interface.
    NoInterface(Ipv6Addr),
}

impl ResolvConf {
    /// Parses the content of the file. Any octets give a result.
    pub fn parse(content: &[u8]) -> Self {
        let mut conf = Self::default();
        let mut places = 0;
        for (line, text) in (1..).zip(content.split(|octet| *octet == b'\n')) {
            let Some(value) = value(text) else { continue };
            let parsed = value.and_then(parse_server);
            if matches!(parsed, Ok(_) | Err(Why::NoInterface(_))) {
                places += 1;
            }
            match parsed {
                Err(why) => conf.ignored.push(Ignored { line, why }),
                Ok(server) if places > ASKED => add(&mut conf.never_asked, server),
                Ok(server) => add(&mut conf.servers, server),
            }
        }
        let Self { servers, never_asked, .. } = &mut conf;
        never_asked.retain(|server| !servers.contains(server));
        conf
    }
}

fn add(servers: &mut Vec<HostPort>, server: HostPort) {
    if !servers.contains(&server) {
        servers.push(server);
    }
}

/// What follows the keyword `nameserver`, up to a blank; `None` where the line has none.
fn value(line: &[u8]) -> Option<Result<&[u8], Why>> {
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    // The C library handles lines as strings that end with NUL.
    let line = line.split(|octet| *octet == 0).next().unwrap_or_default();
    let (keyword, indented) = match line.strip_prefix(b"nameserver") {
        Some(rest) => (rest, false),
        None => (line.trim_ascii_start().strip_prefix(b"nameserver")?, true),
    };
    if keyword.is_empty() || keyword == b"\r" {
        return Some(Err(Why::Empty));
    }
    keyword.first().filter(|octet| is_blank(octet))?;
    if indented {
        return Some(Err(Why::Indented));
    }
    let start = keyword.iter().position(|octet| !is_blank(octet)).unwrap_or(keyword.len());
    let value = keyword.get(start..).unwrap_or_default();
    Some(Ok(value.split(is_blank).next().unwrap_or_default()))
}

fn parse_server(value: &[u8]) -> Result<HostPort, Why> {
    if let Some(bare) = value.strip_suffix(b"\r") {
        return Err(if bare.is_empty() { Why::Empty } else { Why::CarriageReturn });
    }
    let text = String::from_utf8_lossy(value);
    let not_an_address = || Why::NotAnAddress(text.chars().take(SHOWN).collect());
    if text.is_empty() {
        return Err(Why::Empty);
    }
    if let Some(address) = inet_aton(&text) {
        return Ok(Host::V4(address).into());
    }
    let (address, zone) =
        text.split_once('%').map_or((&*text, None), |(address, zone)| (address, Some(zone)));
    let address: Ipv6Addr = address.parse().map_err(|_| not_an_address())?;
    match zone {
        Some(zone) if address.is_unicast_link_local() => {
            let host: Result<Host, _> = format!("{address}%{zone}").parse();
            host.map(HostPort::from).map_err(|_| Why::NoInterface(address))
        }
        None if address.is_unicast_link_local() => Err(Why::NoInterface(address)),
        _ => Ok(address.to_ipv4_mapped().map_or(Host::V6(address, None), Host::V4).into()),
    }
}

/// Reads an IPv4 address of one to four numbers, decimal, octal or hexadecimal, of which the last one fills
/// what is left (inet_aton(3)).
fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, firsts) = parts.split_last()?;
    let bits_left = 32_u32.checked_sub(8 * u32::try_from(firsts.len()).ok()?).filter(|bits| *bits > 0)?;
    if firsts.iter().any(|part| *part > 255) || (bits_left < 32 && *last >> bits_left != 0) {
        return None;
    }
    let high = firsts.iter().fold(0_u32, |high, part| high << 8 | part);
    Some(Ipv4Addr::from(high.checked_shl(bits_left).unwrap_or(0) | last))
}

/// Reads a number as strtoul(3) with base 0 does; nothing may follow it.
fn number(text: &str) -> Option<u32> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match hexadecimal {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let all_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if all_digits { u32::from_str_radix(digits, radix).ok() } else { None }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CarriageReturn => f.write_str("it ends with a carriage return"),
            Self::Indented => f.write_str("a blank stands before nameserver"),
            Self::Empty => f.write_str("no address follows nameserver"),
            Self::NotAnAddress(text) => write!(f, "{text} is not an address"),
            Self::NoInterface(address) => write!(f, "{address} needs its interface, as in {address}%eth0"),
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
            ("nameserver 192.0.2.1;x\n", "", "", "1: 192.0.2.1;x is not an address"),
            ("nameserver 192.0.2.1#53\n", "", "", "1: 192.0.2.1#53 is not an address"),
            ("nameserver [::1]\n", "", "", "1: [::1] is not an address"),
            (
                "nameserver192.0.2.1\nNameserver 192.0.2.2\n#nameserver 192.0.2.3\n;nameserver 192.0.2.4\n",
                "",
                "",
                "",
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
                "192.0.2.2 192.0.2.3",
                "192.0.2.4",
                "1: fe80::1 needs its interface, as in fe80::1%eth0",
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
    fn numbers_of_addresses_have_their_limits() {
        let rows = [
            ("255.255.255.255", Some("255.255.255.255")),
            ("4294967295", Some("255.255.255.255")),
            ("4294967296", None),
            ("127.16777215", Some("127.255.255.255")),
            ("127.16777216", None),
            ("256.1", None),
            ("1..2", None),
            ("0x", None),
            ("-1", None),
            ("1.2.3.", None),
        ];
        for (text, address) in rows {
            assert_eq!(inet_aton(text).map(|address| address.to_string()).as_deref(), address, "{text}");
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
