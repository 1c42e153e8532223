//! The bound addresses by rtnetlink (rtnetlink(7)): one dump of the links, one of the addresses.
//!
//! It uses netlink-packet-core's and netlink-packet-route's checked views of attributes and headers, and
//! takes from each message just the few attributes that matter here: turning each message into an owned one
//! costs as much again as the kernel's own part.

pub(crate) mod attribute;

use std::net::Ipv4Addr;

use netlink_packet_core::NlasIterator;
use netlink_packet_route::link::{LinkFlags, LinkHeader};
use plugin::Deadline;

use crate::bound::{Bound, BoundAddress, Flags, Interface, Kind, Lifetime, Link, Peer};
use crate::netlink::{NetlinkError, NetlinkSocket};
use attribute::{all_flags, attribute, ip, nested, number};

/// How often a list that changed while it was read is read again.
const TRIES: usize = 20;

/// linux/rtnetlink.h.
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const LINK_HEADER: usize = 16;
const ADDRESS_HEADER: usize = 8;
/// sys/socket.h.
const AF_INET: u8 = 2;
/// The headers (struct nlattr) of an IFA_ADDRESS and of an IFA_LOCAL of an IPv4 address.
const OF_FOUR_OCTETS: [u32; 2] = [header(1), header(2)];
/// linux/rtnetlink.h: RTEXT_FILTER_SKIP_STATS, an answer without counters.
const SKIP_STATISTICS: u32 = 8;

/// The header of an attribute of this type with four octets.
const fn header(kind: u16) -> u32 {
    let ([l0, l1], [k0, k1]) = (8_u16.to_ne_bytes(), kind.to_ne_bytes());
    u32::from_ne_bytes([l0, l1, k0, k1])
}

/// Reads links and addresses until both are consistent.
pub(crate) fn read(deadline: &Deadline) -> Result<Bound, NetlinkError> {
    let mut dump = NetlinkSocket::open()?;
    for _ in 0..TRIES {
        let mut links = Links::default();
        let complete =
            dump.run(RTM_GETLINK, &link_request(), deadline, RTM_NEWLINK, |payload| links.add(payload))?;
        let mut bound = Bound::default();
        let add = |payload: &[u8]| add_address(payload, &mut bound);
        if dump.run(RTM_GETADDR, &[0; ADDRESS_HEADER], deadline, RTM_NEWADDR, add)? && complete {
            return Ok(Bound { interfaces: links.finish(), ..bound });
        }
    }
    Err(NetlinkError::Changing)
}

/// The body of a request for all links: a zero ifinfomsg, then IFLA_EXT_MASK.
fn link_request() -> Vec<u8> {
    let attribute = [8_u16.to_ne_bytes(), 29_u16.to_ne_bytes()].concat();
    [&[0; LINK_HEADER], attribute.as_slice(), &SKIP_STATISTICS.to_ne_bytes()].concat()
}

/// Takes up the address of an RTM_NEWADDR message, unless it is of another family.
fn add_address(payload: &[u8], bound: &mut Bound) -> Result<(), NetlinkError> {
    if let Some(plain) = plain_address(payload) {
        bound.addresses.push(plain);
        return Ok(());
    }
    // struct ifaddrmsg, by hand: this is done once for each of perhaps 60,000 addresses.
    let Some(([_family, prefix, flags, _scope, index @ ..], attributes)) =
        payload.split_first_chunk::<ADDRESS_HEADER>()
    else {
        return Err(NetlinkError::Answer(format!("an address of {} octets", payload.len())));
    };
    let (mut flags, interface) = (Flags((*flags).into()), u32::from_ne_bytes(*index));
    let (mut found, mut peer) = (None, None);
    let mut seconds = None;
    let mut rest = attributes;
    while let Some((kind, value, behind)) = attribute(rest)? {
        rest = behind;
        match kind {
            // On a point-to-point link IFA_ADDRESS is the peer, and IFA_LOCAL this end; IPv6 without a peer
            // has no IFA_LOCAL.
            1 if found.is_none() => found = ip(value),
            2 => {
                let local = ip(value);
                peer = found.filter(|_| found != local);
                found = local;
                // What follows is of interest only for an address that will go by itself.
                if flags.permanent() {
                    break;
                }
            }
            // struct ifa_cacheinfo: first the preferred, then the valid lifetime.
            6 => seconds = value.get(4..).and_then(number),
            // IFA_FLAGS: all of them, of which the header has eight bits.
            8 => flags = all_flags(value).unwrap_or(flags),
            _ => {}
        }
    }
    let Some(address) = found else { return Ok(()) };
    if let (Some(seconds), false) = (seconds, flags.permanent()) {
        bound.lifetimes.push(Lifetime { address, interface, seconds });
    }
    bound.peers.extend(peer.map(|peer| Peer { local: address, address: peer, interface }));
    bound.addresses.push(BoundAddress { address, interface, prefix: *prefix, flags });
    Ok(())
}

/// Reads what most messages of a long dump are, a permanent IPv4 address without another end, at a third of
/// the price: struct ifaddrmsg, IFA_ADDRESS, and IFA_LOCAL, which is the same. `None` for anything else.
fn plain_address(payload: &[u8]) -> Option<BoundAddress> {
    let (header, rest) = payload.split_first_chunk::<ADDRESS_HEADER>()?;
    let [AF_INET, prefix, flags, _scope, index @ ..] = header else { return None };
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (second, _) = rest.split_first_chunk::<8>()?;
    let ([l0, l1, k0, k1, address @ ..], [m0, m1, j0, j1, local @ ..]) = (*first, *second);
    let kinds = [[l0, l1, k0, k1], [m0, m1, j0, j1]].map(u32::from_ne_bytes);
    let flags = Flags((*flags).into());
    (kinds == OF_FOUR_OCTETS && address == local && flags.permanent()).then(|| BoundAddress {
        address: Ipv4Addr::from(local).into(),
        interface: u32::from_ne_bytes(*index),
        prefix: *prefix,
        flags,
    })
}

/// The links of a dump.
#[derive(Default)]
struct Links {
    interfaces: Vec<Interface>,
}

impl Links {
    /// Takes up an RTM_NEWLINK message.
    fn add(&mut self, payload: &[u8]) -> Result<(), NetlinkError> {
        let header = LinkHeader::parse(payload)?;
        let mut interface = Interface {
            loopback: header.flags.contains(LinkFlags::Loopback),
            point_to_point: header.flags.contains(LinkFlags::Pointopoint),
            ..Interface::new(header.index, format!("interface {}", header.index))
        };
        let mut state = 0;
        let mut is_elsewhere = false;
        for attribute in NlasIterator::new(payload.get(LINK_HEADER..).unwrap_or_default()) {
            let attribute = attribute?;
            let value = attribute.value();
            match attribute.kind() {
                1 if interface.hardware.is_empty() => interface.hardware = hardware(value),
                3 => interface.name = String::from_utf8_lossy(value).trim_end_matches('\0').to_owned(),
                5 => interface.lower = number(value).filter(|lower| *lower != 0),
                10 => interface.controller = number(value).filter(|controller| *controller != 0),
                16 => state = value.first().copied().unwrap_or(0),
                18 => {
                    interface.kind = nested(value, &[1]).map(Kind::of).unwrap_or_default();
                    if let Some(own) = own_hardware(value) {
                        interface.hardware = own;
                    }
                }
                26 => {
                    interface.promotes_secondaries = promotes_secondaries(value);
                    interface.ipv6_disabled = ipv6_disabled(value);
                }
                37 => is_elsewhere = true,
                54 => interface.permanent = hardware(value),
                52 => interface.altnames = altnames(value),
                _ => {}
            }
        }
        // The index of an interface in another network namespace (IFLA_LINK_NETNSID) is that of any here.
        interface.lower = interface.lower.filter(|_| !is_elsewhere);
        interface.link = link(header.flags.contains(LinkFlags::Up), state);
        self.interfaces.push(interface);
        Ok(())
    }

    /// The interfaces, now that all ports are known.
    fn finish(mut self) -> Vec<Interface> {
        let with_ports: Vec<u32> =
            self.interfaces.iter().filter_map(|interface| interface.controller).collect();
        for interface in &mut self.interfaces {
            interface.empty_bridge = interface.kind == Kind::Bridge && !with_ports.contains(&interface.index);
        }
        self.interfaces
    }
}

/// A hardware address as the kernel prints it.
fn hardware(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
}

/// The port of a bond has the address of the bond, and its own as IFLA_BOND_SLAVE_PERM_HWADDR.
fn own_hardware(info: &[u8]) -> Option<String> {
    nested(info, &[4]).filter(|kind| kind.starts_with(b"bond\0"))?;
    nested(info, &[5, 4]).map(hardware)
}

/// The state of a link by its administrative state and IFLA_OPERSTATE (linux/if.h, IF_OPER_*). The kernel
/// never leaves the unknown state where a link that tells its carrier has none, so unknown counts as up.
fn link(up: bool, state: u8) -> Link {
    match (up, state) {
        (false, _) => Link::Down,
        (true, 1) => Link::NotPresent,
        (true, 2 | 3) => Link::NoCarrier,
        (true, 4) => Link::Testing,
        (true, 5) => Link::Dormant,
        (true, _) => Link::Up,
    }
}

/// IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF is an array of the interface's settings;
/// IPV4_DEVCONF_PROMOTE_SECONDARIES (linux/ip.h) is the twentieth.
fn promotes_secondaries(value: &[u8]) -> Option<bool> {
    let settings = nested(value, &[2, 1])?;
    number(settings.get(19 * 4..)?).map(|setting| setting != 0)
}

/// IFLA_AF_SPEC, AF_INET6, IFLA_INET6_CONF is an array of settings too; DEVCONF_DISABLE_IPV6 (linux/ipv6.h)
/// is the twenty-seventh.
fn ipv6_disabled(value: &[u8]) -> Option<bool> {
    let settings = nested(value, &[10, 2])?;
    number(settings.get(26 * 4..)?).map(|setting| setting != 0)
}

/// IFLA_PROP_LIST has an IFLA_ALT_IFNAME for each other name.
fn altnames(value: &[u8]) -> Vec<String> {
    let names = NlasIterator::new(value).map_while(Result::ok).filter(|attribute| attribute.kind() == 53);
    names.map(|name| String::from_utf8_lossy(name.value()).trim_end_matches('\0').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Bound, Flags, Kind, Links, Peer, add_address};

    /// An attribute with its header, filled up to four octets.
    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut all = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
        all.resize(all.len().next_multiple_of(4), 0);
        all
    }

    /// An RTM_NEWLINK message of an interface that is up.
    fn link_message(index: u32, name: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut all = vec![0, 0, 1, 0];
        all.extend(index.to_ne_bytes());
        all.extend(0x1_0043_u32.to_ne_bytes());
        all.extend([0; 4]);
        all.extend(attribute(3, format!("{name}\0").as_bytes()));
        all.extend(attribute(16, &[6]));
        all.extend(attributes.concat());
        all
    }

    fn kind(name: &str) -> Vec<u8> {
        attribute(18, &attribute(1, format!("{name}\0").as_bytes()))
    }

    #[test]
    fn a_tunnel_is_point_to_point() {
        let rows = [("eth0", 0x1_1043, false), ("tun0", 0x1_1091, true), ("dummy0", 0x1_00c3, false)];
        for (name, flags, point_to_point) in rows {
            let mut message = link_message(7, name, &[]);
            message[8..12].copy_from_slice(&u32::to_ne_bytes(flags));
            let mut links = Links::default();
            links.add(&message).unwrap();
            assert_eq!(links.finish()[0].point_to_point, point_to_point, "{name}");
        }
    }

    #[test]
    fn reads_the_other_end_and_all_flags() {
        let mut bound = Bound::default();
        let mut add = |family: u8, prefix: u8, attributes: &[Vec<u8>]| {
            let mut all = vec![family, prefix, 0x80, 0];
            all.extend(7_u32.to_ne_bytes());
            all.extend(attributes.concat());
            add_address(&all, &mut bound).unwrap();
        };
        add(2, 32, &[attribute(1, &[192, 0, 2, 9]), attribute(2, &[192, 0, 2, 1])]);
        add(2, 24, &[attribute(1, &[192, 0, 2, 3]), attribute(2, &[192, 0, 2, 3])]);
        add(10, 64, &[attribute(1, &[0x20; 16]), attribute(8, &0x1_0280_u32.to_ne_bytes())]);
        let peer = Peer { local: [192, 0, 2, 1].into(), address: [192, 0, 2, 9].into(), interface: 7 };
        assert_eq!(bound.peers, [peer]);
        let flags: Vec<Flags> = bound.addresses.iter().map(|address| address.flags).collect();
        assert_eq!(flags, [Flags(0x80), Flags(0x80), Flags(0x280)]);
        assert!(flags[2].no_prefix_route() && !flags[0].no_prefix_route());
    }

    #[test]
    fn an_attribute_that_lies_about_its_length_is_an_error() {
        let address = attribute(1, &[192, 0, 2, 1]);
        let add = |attributes: &[u8]| {
            let mut bound = Bound::default();
            let message = [&[2, 24, 0x80, 0, 7, 0, 0, 0][..], attributes].concat();
            add_address(&message, &mut bound).map(|()| bound.addresses.len())
        };
        assert_eq!(add(&address).unwrap(), 1);
        assert_eq!(add(&[]).unwrap(), 0);
        for bad in
            [&address[..7], &address[..3], &[3, 0, 1, 0], &[0; 4], &[address.as_slice(), &[1]].concat()]
        {
            assert!(add(bad).is_err(), "{bad:?}");
        }
    }

    /// A port of a bond shows the address of the bond, and a bridge, a bond or a VLAN that of what it is on.
    #[test]
    fn a_hardware_address_is_that_of_the_interface_below() {
        let card = |last: u8| attribute(1, &[0, 0, 0x5e, 0, 0x53, last]);
        let in_bond = |own: u8| {
            let data = attribute(5, &attribute(4, &[0, 0, 0x5e, 0, 0x53, own]));
            attribute(18, &[attribute(4, b"bond\0"), data].concat())
        };
        let port_of = |index: u32| attribute(10, &index.to_ne_bytes());
        let on = |index: u32| attribute(5, &index.to_ne_bytes());
        let mut links = Links::default();
        let messages = [
            link_message(2, "eth0", &[card(1), port_of(4), in_bond(1)]),
            link_message(3, "eth1", &[card(1), port_of(4), in_bond(2)]),
            link_message(4, "bond0", &[card(1), port_of(5), kind("bond")]),
            link_message(5, "br0", &[card(1), kind("bridge")]),
            link_message(6, "eth2", &[card(3)]),
            link_message(7, "eth2.7", &[card(3), kind("vlan"), on(6)]),
            link_message(8, "eth3", &[card(4)]),
            link_message(9, "eth4", &[card(4)]),
            link_message(10, "tun0", &[]),
            link_message(11, "veth0", &[card(6), on(12), attribute(37, &[0; 4])]),
            link_message(12, "br1", &[card(6), kind("bridge")]),
        ];
        messages.iter().for_each(|message| links.add(message).unwrap());
        let bound = Bound { interfaces: links.finish(), ..Bound::default() };
        let rows = [
            ("00:00:5e:00:53:01", Some("eth0")),
            ("00:00:5E:00:53:02", Some("eth1")),
            ("00:00:5e:00:53:03", Some("eth2")),
            ("00:00:5e:00:53:04", None),
            ("00:00:5e:00:53:05", None),
            ("00:00:5e:00:53:06", Some("veth0")),
            ("", None),
        ];
        for (address, expected) in rows {
            let found = bound.by_hardware(address).map(|interface| interface.name.as_str());
            assert_eq!(found, expected, "{address}");
        }
    }

    /// IFLA_PERM_ADDRESS, which the kernel sends of a card whose driver tells it.
    #[test]
    fn reads_the_address_that_a_card_was_made_with() {
        let mut links = Links::default();
        let card = attribute(54, &[0, 0, 0x5e, 0, 0x53, 2]);
        let messages = [
            link_message(2, "eth0", &[attribute(1, &[0, 0, 0x5e, 0, 0x53, 1]), card]),
            link_message(3, "veth0", &[attribute(1, &[0, 0, 0x5e, 0, 0x53, 3])]),
        ];
        messages.iter().for_each(|message| links.add(message).unwrap());
        let found = links.finish();
        let found: Vec<[&str; 2]> =
            found.iter().map(|each| [each.hardware.as_str(), each.permanent.as_str()]).collect();
        assert_eq!(found, [["00:00:5e:00:53:01", "00:00:5e:00:53:02"], ["00:00:5e:00:53:03", ""]]);
    }

    #[test]
    fn reads_kinds_ports_and_other_names() {
        let mut links = Links::default();
        let other = attribute(52 | 0x8000, &attribute(53, b"enp3s0np0\0"));
        let disabled =
            attribute(26, &attribute(10, &attribute(2, &[vec![0; 26 * 4], vec![1, 0, 0, 0]].concat())));
        let messages = [
            link_message(2, "eno1", &[attribute(10, &4_u32.to_ne_bytes()), other]),
            link_message(3, "eth1", &[disabled]),
            link_message(4, "bond0", &[kind("bond")]),
            link_message(5, "team0", &[kind("team")]),
            link_message(6, "blue", &[kind("vrf")]),
            link_message(7, "br0", &[kind("bridge")]),
            link_message(8, "kube-ipvs0", &[kind("dummy")]),
            link_message(9, "eth0.7", &[kind("vlan"), attribute(5, &2_u32.to_ne_bytes())]),
        ];
        messages.iter().for_each(|message| links.add(message).unwrap());
        let all = links.finish();
        let kinds: Vec<Kind> = all.iter().map(|interface| interface.kind).collect();
        let expected = [
            Kind::Other,
            Kind::Other,
            Kind::Bond,
            Kind::Team,
            Kind::Vrf,
            Kind::Bridge,
            Kind::Dummy,
            Kind::Other,
        ];
        assert_eq!(kinds, expected);
        assert_eq!((all[0].controller, all[0].altnames.as_slice()), (Some(4), &["enp3s0np0".to_owned()][..]));
        assert_eq!((all[0].ipv6_disabled, all[1].ipv6_disabled), (None, Some(true)));
        assert!(all[5].empty_bridge && !all[2].empty_bridge);
    }
}
