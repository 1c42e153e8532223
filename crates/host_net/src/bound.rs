//! What is bound on this host: each address with its interface, prefix and flags, each interface with the
//! state of its link.

use std::net::IpAddr;

/// The addresses bound in this network namespace and the interfaces that bear them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bound {
    /// Sorted by index.
    pub interfaces: Vec<Interface>,
    /// Sorted by address, then by the interface's index.
    pub addresses: Vec<BoundAddress>,
    /// How long those addresses stay that are not permanent; unknown of all where the system does not tell.
    pub lifetimes: Vec<Lifetime>,
    /// The other ends of point-to-point links; unknown where the system does not tell.
    pub peers: Vec<Peer>,
    /// Whether this host may route packets that come in by a port of a bridge, as the table broute of
    /// ebtables has it do. The bridge takes them otherwise.
    pub routes_from_ports: bool,
}

/// The other end of a point-to-point link, which another host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address of this end.
    pub local: IpAddr,
    /// The address of the other end. The prefix length of this end's address is that of this one's network.
    pub address: IpAddr,
    /// The index of the interface.
    pub interface: u32,
}

/// The time left to an address that came by DHCP or a router advertisement, or that was bound for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The address.
    pub address: IpAddr,
    /// The index of the interface.
    pub interface: u32,
    /// The seconds until it goes, unless it is renewed.
    pub seconds: u32,
}

/// One address on one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundAddress {
    /// The address of this end, never that of a point-to-point link's peer.
    pub address: IpAddr,
    /// The index of the interface.
    pub interface: u32,
    /// The prefix length, in bits.
    pub prefix: u8,
    /// The kernel's flags; only "permanent" where the system shows none.
    pub flags: Flags,
}

/// The flags of a bound address: the low sixteen bits of linux/if_addr.h's, of IPv4 the low eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flags(pub u16);

impl Flags {
    /// An IPv4 address beside a primary one of the same subnet, which goes when that goes unless
    /// promote_secondaries is on. The kernel uses the same bit for IPv6 temporary addresses.
    pub fn secondary(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// None of the flags below that tell an address from a plainly usable one.
    pub fn plain(self) -> bool {
        self.0 & (0x08 | 0x20 | 0x40) == 0
    }

    /// Another host on the link has this address: duplicate address detection (RFC 4862) found it.
    pub fn duplicate(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// Returns whether it stays until it is removed; the others have a [`Lifetime`].
    pub fn permanent(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Not to be used for new connections (RFC 4862), but answering.
    pub fn deprecated(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// An IPv6 address that a router advertised: temporary ones are made beside it.
    pub fn advertised(self) -> bool {
        self.0 & 0x100 != 0
    }

    /// An IPv6 address that makes no route to its subnet: an administrator or a program makes one, or none.
    pub fn no_prefix_route(self) -> bool {
        self.0 & 0x200 != 0
    }

    /// Duplicate address detection still runs, and the address cannot be used meanwhile: an optimistic one
    /// (RFC 4429) can.
    pub fn tentative(self) -> bool {
        self.0 & 0x40 != 0 && self.0 & 0x04 == 0
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's number of it.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether it can carry traffic.
    pub link: Link,
    /// Whether it is the loopback interface.
    pub loopback: bool,
    /// Whether it leads to one host alone (IFF_POINTOPOINT), as tun, ppp and WireGuard say of themselves: all
    /// IPv4 addresses behind it have one entry among the neighbours, 0.0.0.0. IPv6 has one for each.
    pub point_to_point: bool,
    /// Whether it is a bridge without any port, which has no carrier while nothing is wrong (docker0 without
    /// containers).
    pub empty_bridge: bool,
    /// What kind of interface it is.
    pub kind: Kind,
    /// Its other names.
    pub altnames: Vec<String>,
    /// Its hardware address as the kernel prints it, of a port of a bond its own one: empty if it has none,
    /// and where the system does not tell.
    pub hardware: String,
    /// The hardware address that its card was made with: empty if it has none, and where the system does not
    /// tell.
    pub permanent: String,
    /// The index of the interface of this host that it is on, as a VLAN is, or of the other end of a pair.
    pub lower: Option<u32>,
    /// The index of the bridge, bond, team or VRF that it is a port of.
    pub controller: Option<u32>,
    /// Whether IPv6 is disabled on it, as far as the system tells.
    pub ipv6_disabled: Option<bool>,
    /// Whether a secondary IPv4 address becomes primary when the primary goes, as far as this interface's own
    /// setting says.
    pub promotes_secondaries: Option<bool>,
}

impl Interface {
    /// Returns an interface of no special kind that is up and of which nothing else is known.
    pub fn new(index: u32, name: impl Into<String>) -> Self {
        Self {
            index,
            name: name.into(),
            link: Link::Up,
            loopback: false,
            point_to_point: false,
            empty_bridge: false,
            kind: Kind::Other,
            altnames: Vec::new(),
            hardware: String::new(),
            permanent: String::new(),
            lower: None,
            controller: None,
            ipv6_disabled: None,
            promotes_secondaries: None,
        }
    }
}

/// The kinds of interface that are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A bridge.
    Bridge,
    /// A bond.
    Bond,
    /// A team.
    Team,
    /// A VRF.
    Vrf,
    /// An interface that carries nothing: it only holds addresses.
    Dummy,
    /// A tunnel of a program (tun or tap).
    Tun,
    /// A tunnel of the kernel's, as of WireGuard: what it carries leaves this host by another interface.
    Tunnel,
    /// Any other, also hardware.
    #[default]
    Other,
}

impl Kind {
    /// Returns the kind by the name that the kernel has for it (IFLA_INFO_KIND).
    pub(crate) fn of(name: &[u8]) -> Self {
        match name.split(|octet| *octet == 0).next().unwrap_or_default() {
            b"bridge" => Kind::Bridge,
            b"bond" => Kind::Bond,
            b"team" => Kind::Team,
            b"vrf" => Kind::Vrf,
            b"dummy" => Kind::Dummy,
            b"tun" => Kind::Tun,
            b"wireguard" | b"ipip" | b"sit" | b"ip6tnl" | b"vti" | b"vti6" | b"xfrm" => Kind::Tunnel,
            b"gre" | b"gretap" | b"ip6gre" | b"ip6gretap" | b"erspan" | b"ip6erspan" => Kind::Tunnel,
            _ => Kind::Other,
        }
    }
}

/// The state of an interface's link: administrative state, then RFC 2863's ifOperStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Up, or up with an unknown operational state, as loopback and tunnels are.
    Up,
    /// Switched off by the administrator.
    Down,
    /// Switched on, without a carrier of its own or of the interface below it.
    NoCarrier,
    /// Waiting for something outside, as for 802.1X.
    Dormant,
    /// In a test mode.
    Testing,
    /// Some hardware of it is not there.
    NotPresent,
}

impl Link {
    /// Returns what is wrong with it, to follow "which": `None` if nothing is.
    pub fn fault(self) -> Option<&'static str> {
        match self {
            Link::Up => None,
            Link::Down => Some("is down"),
            Link::NoCarrier => Some("has no carrier"),
            Link::Dormant => Some("is dormant"),
            Link::Testing => Some("is in a test mode"),
            Link::NotPresent => Some("is not present"),
        }
    }
}

impl Bound {
    /// Returns the interface with this index.
    pub fn interface(&self, index: u32) -> Option<&Interface> {
        let place = self.interfaces.binary_search_by_key(&index, |interface| interface.index).ok()?;
        self.interfaces.get(place)
    }

    /// Returns the interface of this name, or of this other name.
    pub fn by_name(&self, name: &str) -> Option<&Interface> {
        let by_name = self.interfaces.iter().find(|interface| interface.name == name);
        by_name.or_else(|| {
            self.interfaces.iter().find(|interface| interface.altnames.iter().any(|other| other == name))
        })
    }

    /// Returns the interface with this hardware address: `None` if none has it, or if several cards do.
    /// A bridge, a bond or a VLAN has the address of the interface below it, which is the one returned.
    pub fn by_hardware(&self, address: &str) -> Option<&Interface> {
        let has = |interface: &&Interface| interface.hardware.eq_ignore_ascii_case(address);
        let fitting: Vec<&Interface> = self.interfaces.iter().filter(has).collect();
        let is_on_another = |upper: &&Interface| {
            let carries = matches!(upper.kind, Kind::Bridge | Kind::Bond | Kind::Team | Kind::Vrf);
            carries || fitting.iter().any(|each| upper.lower == Some(each.index))
        };
        let mut lowest = fitting.iter().copied().filter(|each| fitting.len() == 1 || !is_on_another(each));
        lowest.next().filter(|_| !address.is_empty() && lowest.next().is_none())
    }

    /// Returns every place where `address` is bound: several, if several interfaces have it.
    pub fn places(&self, address: IpAddr) -> &[BoundAddress] {
        self.lookup().places(address)
    }

    /// A lookup of many addresses, which is fastest where they come in ascending order.
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup { all: &self.addresses, start: 0 }
    }
}

/// Finds addresses among the bound ones, starting where the last one was found.
#[derive(Debug)]
pub struct Lookup<'a> {
    all: &'a [BoundAddress],
    start: usize,
}

impl<'a> Lookup<'a> {
    /// Returns every place where `address` is bound.
    pub fn places(&mut self, address: IpAddr) -> &'a [BoundAddress] {
        let before = |bound: &BoundAddress| bound.address < address;
        let mut rest = self.all.get(self.start..).unwrap_or_default();
        // Most addresses are the next one, in one place.
        if let [first, after @ ..] = rest
            && first.address == address
            && after.first().is_none_or(|next| next.address != address)
        {
            self.start += 1;
            return std::slice::from_ref(first);
        }
        if rest.first().is_none_or(|first| first.address != address) {
            let behind = self.start.checked_sub(1).and_then(|last| self.all.get(last));
            let from = if behind.is_none_or(before) { rest } else { self.all };
            (_, rest) = from.split_at(from.partition_point(before));
        }
        let end = rest.iter().position(|bound| bound.address != address).unwrap_or(rest.len());
        let (places, rest) = rest.split_at(end);
        self.start = self.all.len() - rest.len();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(address: &str, interface: u32) -> BoundAddress {
        BoundAddress { address: address.parse().unwrap(), prefix: 24, interface, flags: Flags(0x80) }
    }

    #[test]
    fn a_tunnel_of_the_kernel_is_no_card() {
        for (name, kind) in [
            ("wireguard\0", Kind::Tunnel),
            ("ip6gretap\0", Kind::Tunnel),
            ("tun\0", Kind::Tun),
            ("vlan\0", Kind::Other),
        ] {
            assert_eq!(Kind::of(name.as_bytes()), kind, "{name}");
        }
    }

    #[test]
    fn finds_every_place_of_an_address() {
        let addresses = vec![
            bound("192.0.2.1", 2),
            bound("192.0.2.2", 2),
            bound("192.0.2.2", 3),
            bound("2001:db8::1", 2),
        ];
        let all = Bound { addresses: addresses.clone(), ..Bound::default() };
        assert_eq!(all.places("192.0.2.2".parse().unwrap()), &addresses[1..3]);
        assert_eq!(all.places("192.0.2.22".parse().unwrap()), &[]);
        assert_eq!(all.places("2001:db8::1".parse().unwrap()), &addresses[3..]);
        assert_eq!(all.places("2001:db8::2".parse().unwrap()), &[]);
    }

    #[test]
    fn looks_up_in_any_order() {
        let known: Vec<u8> = (0..250).filter(|last| last % 7 < 3).collect();
        let addresses: Vec<_> = known.iter().map(|last| bound(&format!("192.0.2.{last}"), 2)).collect();
        let all = Bound { addresses, ..Bound::default() };
        let steps: [&dyn Fn(u32) -> u32; 4] = [&|i| i, &|i| 249 - i, &|i| i * 97 % 250, &|i| i / 25 * 25];
        for step in steps {
            let mut lookup = all.lookup();
            for last in (0..250).map(step) {
                let last = u8::try_from(last).unwrap();
                let found = lookup.places(IpAddr::from([192, 0, 2, last]));
                assert_eq!(found.len(), usize::from(known.contains(&last)), "{last}");
            }
        }
    }

    #[test]
    fn optimistic_is_usable_while_tentative() {
        assert!(Flags(0x40).tentative());
        assert!(!Flags(0x44).tentative());
        assert!(Flags(0x48).duplicate());
    }
}
