//! An Ethernet link: probing it for hosts that have an address, and announcing where an address is now.
//!
//! The frames go through packet(7) sockets, so that their source can be no address at all: other hosts would
//! take the sender for the holder of its source address. ping and arping on the holder itself get its own
//! answer.

mod arp;
mod claimant;
pub(crate) mod interface;
mod ndp;

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{LinkAddr, bind, setsockopt, sockopt::BindToDevice};
use plugin::{Deadline, reason};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, eth, ipproto, recv, send,
    socket_with,
};

use crate::ethernet::Mac;
use arp::Claim;
use claimant::Claimant;
pub(crate) use claimant::Claims;

/// RFC 5227: PROBE_NUM, and PROBE_MIN between two probes. One probe is RFC 4862's default for IPv6; three are
/// no worse.
const PROBES: u32 = 3;
const INTERVAL: Duration = Duration::from_secs(1);
/// PROBE_WAIT of RFC 5227: the first probe is sent at a random moment within this time. If two hosts probe
/// for one address, the later one hears the other.
const START: Duration = Duration::from_secs(1);
/// RFC 5227: ANNOUNCE_WAIT, the silence after the last probe that makes an address free.
const SILENCE: Duration = Duration::from_secs(2);
/// What asking takes, and what must be left of the deadline before it begins, so that what is bound then can
/// be checked and recorded.
const ASKING: Duration = Duration::from_secs(4);
const NEEDED: Duration = Duration::from_millis(6_700);
/// How long to listen for another host that has taken an address meanwhile, and what must be left for it.
pub(crate) const CONFLICT_WAIT: Duration = Duration::from_secs(1);
pub(crate) const CONFLICTS_NEEDED: Duration = Duration::from_millis(1_500);

/// The least `--timeout` with which an address can be bound.
pub(crate) const LEAST_TIMEOUT: Duration = Duration::from_secs(7);

/// So many frames are sent at once, and then so long none: the answers must fit into the socket's buffer.
const BATCH: usize = 32;
const PACE: Duration = Duration::from_millis(2);
/// How long it takes at most to read what has come and was not read yet.
const READING: Duration = Duration::from_millis(20);
/// The room for what has come and was not read yet, in octets.
const ROOM: usize = 4 << 20;

/// linux/if_arp.h: ARPHRD_ETHER.
const ARPHRD_ETHER: u16 = 1;

/// Why a link cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no interface of this name.
    #[error("probing on {0}: no such interface")]
    Absent(String),
    /// No ARP and no Neighbor Discovery on Ethernet addresses there.
    #[error("probing on {0}: not an Ethernet interface with ARP, other hosts cannot be probed there")]
    NoEthernet(String),
    /// The interface carries nothing.
    #[error("{0} {1}")]
    NoLink(String, &'static str),
    /// The system refused.
    #[error("probing on {interface}: {what}: {}", reason(&(*.why).into()))]
    Refused {
        /// The interface.
        interface: String,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        why: Errno,
    },
    /// The deadline does not leave the time.
    #[error("probing on {0}: it takes {seconds} s, and too little is left of --timeout", seconds = .1.as_secs())]
    TooLate(String, Duration),
}

/// Nothing could be bound in this time.
#[derive(Debug, thiserror::Error)]
#[error("--timeout={0}: too short, probing takes 4 s, give at least {least}, see --help", least = LEAST_TIMEOUT.as_secs())]
pub struct TooShort(f64);

/// Refuses a `--timeout` in which nothing could be bound.
///
/// # Errors
/// [`TooShort`].
pub(crate) fn check_timeout(deadline: &Deadline) -> Result<(), TooShort> {
    let limit = deadline.limit();
    if limit < LEAST_TIMEOUT { Err(TooShort(limit.as_secs_f64())) } else { Ok(()) }
}

/// What is going on while a link is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// The addresses are to be bound: who probes for one is first.
    ToBind,
    /// They are bound: only who has one is in conflict.
    Bound,
}

/// An interface with the sockets to ask on it.
pub(crate) struct Link {
    interface: String,
    own: Mac,
    /// The hardware addresses of this host, by which its other interfaces on the same link answer.
    hosts: Vec<Mac>,
    arp: OwnedFd,
    /// For sending whole frames of IPv6, and for receiving ICMPv6.
    ipv6: Option<(OwnedFd, OwnedFd)>,
}

impl Link {
    /// Opens an interface for asking, for IPv6 too if `ipv6` says so.
    pub(crate) fn open(interface: &str, ipv6: bool) -> Result<Self, LinkError> {
        let refused = |what| move |why| LinkError::Refused { interface: interface.to_owned(), what, why };
        let all = getifaddrs().map_err(|errno| refused("listing the interfaces")(errno_of(errno)))?;
        let all: Vec<InterfaceAddress> = all.collect();
        let mut named = all.iter().filter(|entry| entry.interface_name == interface).peekable();
        if named.peek().is_none() {
            return Err(LinkError::Absent(interface.to_owned()));
        }
        // On a dummy interface, for example, no host ever answers.
        let quiet = named.peek().is_some_and(|entry| entry.flags.contains(InterfaceFlags::IFF_NOARP));
        let address = named.find_map(link_address).filter(|_| !quiet);
        let ethernet = address.filter(|address| address.hatype() == ARPHRD_ETHER && address.halen() == 6);
        let (Some(address), Some(own)) = (ethernet, ethernet.and_then(|address| address.addr())) else {
            return Err(LinkError::NoEthernet(interface.to_owned()));
        };
        // The frames of IPv6 are only sent from here: its protocol is one of which nothing comes in.
        let packets =
            |protocol| packet_socket(&address, protocol).map_err(refused("opening a packet socket"));
        let icmpv6 = || icmpv6_socket(interface).map_err(refused("opening a socket of ICMPv6"));
        let ipv6 = if ipv6 { Some((packets(eth::LOOP)?, icmpv6()?)) } else { None };
        let hosts = hardware_addresses(&all);
        Ok(Self { interface: interface.to_owned(), own: Mac(own), hosts, arp: packets(eth::ARP)?, ipv6 })
    }

    /// Which of these addresses another host on the link has or is about to take, and that host's hardware
    /// address where it says so.
    pub(crate) fn ask(&self, addresses: &[IpAddr], deadline: &Deadline) -> Result<Claims, LinkError> {
        let _step = deadline.step(format!("probing on {}", self.interface));
        if deadline.remaining() < NEEDED {
            return Err(LinkError::TooLate(self.interface.clone(), ASKING));
        }
        let mut claimed = Claims::new();
        let spare = deadline.remaining().saturating_sub(NEEDED) / 2;
        self.listen(
            Instant::now() + START.min(spare).mul_f64(random()),
            addresses,
            Waiting::ToBind,
            &mut claimed,
        )?;
        for number in 1..=PROBES {
            let wait = if number == PROBES { SILENCE } else { INTERVAL };
            // Further probes would disturb a host that began before this one.
            let free: Vec<IpAddr> =
                addresses.iter().copied().filter(|address| !claimed.contains_key(address)).collect();
            self.probe(&free, &free, (wait, Waiting::ToBind), &mut claimed)?;
        }
        Ok(claimed)
    }

    /// Returns which of these addresses, which are bound here now, another host has too: one that took an
    /// address between [`Link::ask`] and the binding. Hosts such as Linux do not answer an announcement, so
    /// this probes again.
    ///
    /// # Errors
    /// [`LinkError`], also if the carrier was lost while the answers were to come.
    pub(crate) fn conflicts(&self, addresses: &[IpAddr], deadline: &Deadline) -> Result<Claims, LinkError> {
        self.conflicts_but(&[], addresses, deadline)
    }

    /// The same without a probe for those that the kernel probes for itself, in the same order.
    ///
    /// # Errors
    /// As [`Link::conflicts`].
    pub(crate) fn conflicts_but(
        &self,
        by_kernel: &[IpAddr],
        addresses: &[IpAddr],
        deadline: &Deadline,
    ) -> Result<Claims, LinkError> {
        let _step = deadline.step(format!("probing on {} for conflicts", self.interface));
        if deadline.remaining() < CONFLICTS_NEEDED {
            return Err(LinkError::TooLate(self.interface.clone(), CONFLICT_WAIT));
        }
        let mut claimed = Claims::new();
        let is_probed = |address: &IpAddr| by_kernel.binary_search(address).is_err();
        let probed: Vec<IpAddr> = addresses.iter().copied().filter(is_probed).collect();
        self.probe(&probed, addresses, (CONFLICT_WAIT, Waiting::Bound), &mut claimed)?;
        // Without a carrier no host could answer.
        self.fault().map_or(Ok(claimed), Err)
    }

    /// Asks once who has the addresses that are `probed`, and listens for this long after who claims one of
    /// the addresses.
    fn probe(
        &self,
        probed: &[IpAddr],
        addresses: &[IpAddr],
        (wait, waiting): (Duration, Waiting),
        claimed: &mut Claims,
    ) -> Result<(), LinkError> {
        for batch in probed.chunks(BATCH) {
            batch.iter().try_for_each(|address| self.send(*address, true))?;
            // Answers come at once, and by the hundred where hundreds are asked: none may be lost for want of
            // room.
            self.listen(Instant::now() + PACE, addresses, waiting, claimed)?;
        }
        self.listen(Instant::now() + wait, addresses, waiting, claimed)
    }

    /// Tells the link that these addresses are here now.
    pub(crate) fn announce(&self, addresses: &[IpAddr]) -> Result<(), LinkError> {
        for batch in addresses.chunks(BATCH) {
            batch.iter().try_for_each(|address| self.send(*address, false))?;
            thread::sleep(PACE);
        }
        Ok(())
    }

    /// Listens for this long, and returns which of these addresses, which are bound here, another host has
    /// too: one that answers the announcement with its own (RFC 5227, section 2.4). What came since the
    /// sockets were last read counts too.
    pub(crate) fn hear(&self, addresses: &[IpAddr], wait: Duration) -> Result<Claims, LinkError> {
        let mut claimed = Claims::new();
        self.listen(Instant::now() + wait.max(READING), addresses, Waiting::Bound, &mut claimed)?;
        Ok(claimed)
    }

    fn send(&self, address: IpAddr, probe: bool) -> Result<(), LinkError> {
        let (socket, frame) = match (address, &self.ipv6) {
            (IpAddr::V4(address), _) if probe => (&self.arp, arp::probe(self.own, address)),
            (IpAddr::V4(address), _) => (&self.arp, arp::announcement(self.own, address)),
            (IpAddr::V6(address), Some((socket, _))) if probe => (socket, ndp::probe(self.own, address)),
            (IpAddr::V6(address), Some((socket, _))) => (socket, ndp::announcement(self.own, address)),
            (IpAddr::V6(_), None) => return Err(self.refused("sending over IPv6", Errno::AFNOSUPPORT)),
        };
        match send(socket, &frame, SendFlags::empty()) {
            Ok(_) => Ok(()),
            // Where the carrier is lost, the kernel drops the frame and calls that a want of buffers.
            Err(errno @ (Errno::NOBUFS | Errno::NETDOWN | Errno::NXIO | Errno::NODEV)) => {
                Err(self.fault().unwrap_or_else(|| self.refused("sending", errno)))
            }
            Err(errno) => Err(self.refused("sending", errno)),
        }
    }

    /// Returns why nothing can be sent, if the interface itself is the cause. The kernel's driver reports the
    /// carrier at once, IFF_RUNNING follows up to a second later.
    pub(crate) fn fault(&self) -> Option<LinkError> {
        let mut all = getifaddrs().ok()?;
        let Some(flags) = all.find(|entry| entry.interface_name == self.interface).map(|entry| entry.flags)
        else {
            return Some(LinkError::Absent(self.interface.clone()));
        };
        let fault = match () {
            () if !flags.contains(InterfaceFlags::IFF_UP) => "is down",
            () if !flags.contains(InterfaceFlags::IFF_RUNNING | InterfaceFlags::IFF_LOWER_UP) => {
                "has no carrier"
            }
            () => return None,
        };
        Some(LinkError::NoLink(self.interface.clone(), fault))
    }

    /// Takes in who claims one of the addresses, until the time has come.
    fn listen(
        &self,
        until: Instant,
        addresses: &[IpAddr],
        waiting_for: Waiting,
        claimed: &mut Claims,
    ) -> Result<(), LinkError> {
        let mut room = [0; 2048];
        loop {
            let mut waiting = vec![PollFd::new(&self.arp, PollFlags::IN)];
            waiting.extend(self.ipv6.iter().map(|(_, icmpv6)| PollFd::new(icmpv6, PollFlags::IN)));
            let remaining = until.saturating_duration_since(Instant::now());
            let waited = plugin::wait_until(&mut waiting, until);
            if !waited.map_err(|errno| self.refused("waiting for answers", errno))? {
                return Ok(());
            }
            let arp = self.receive(&self.arp, &mut room)?;
            let mut found = match arp.and_then(|frame| arp::claim(frame, |mac| self.is_own(mac))) {
                Some(Claim::Has(address, mac)) => Some((address.into(), Some(mac), true)),
                Some(Claim::Probes(address, mac)) if waiting_for == Waiting::ToBind => {
                    Some((address.into(), Some(mac), false))
                }
                // The kernel answers such a probe now, and the other host gives way.
                Some(Claim::Probes(..)) | None => None,
            };
            if let (Some((_, icmpv6)), None) = (&self.ipv6, found) {
                let ndp = self.receive(icmpv6, &mut room)?.and_then(ndp::claim);
                let ndp = ndp.filter(|(_, mac)| !mac.is_some_and(|mac| self.is_own(mac)));
                found = ndp.map(|(address, mac)| (IpAddr::from(address), mac, true));
            }
            if let Some((address, mac, has_it)) = found.filter(|(address, ..)| addresses.contains(address)) {
                Claimant { mac, has_it }.note(address, claimed);
            }
            if remaining.is_zero() {
                return Ok(());
            }
        }
    }

    /// Returns whether an answer comes from this host.
    fn is_own(&self, mac: Mac) -> bool {
        mac == self.own || self.hosts.contains(&mac)
    }

    /// What a socket has: none if nothing is there.
    fn receive<'a>(&self, socket: &OwnedFd, room: &'a mut [u8]) -> Result<Option<&'a [u8]>, LinkError> {
        match recv(socket, &mut *room, RecvFlags::empty()) {
            Ok((length, _)) => Ok(room.get(..length)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(errno) => Err(self.refused("receiving", errno)),
        }
    }

    fn refused(&self, what: &'static str, why: Errno) -> LinkError {
        LinkError::Refused { interface: self.interface.clone(), what, why }
    }
}

/// Returns the hardware addresses of all interfaces of this host that are up. Leaves out those that another
/// host may answer with: a shared one, and that of a guest behind a macvtap.
fn hardware_addresses(all: &[InterfaceAddress]) -> Vec<Mac> {
    let up = all.iter().filter(|entry| entry.flags.contains(InterfaceFlags::IFF_UP));
    let is_of_guest = |name: &str| Path::new("/sys/class/net").join(name).join("macvtap").exists();
    let hosts = up.filter(|entry| !is_of_guest(&entry.interface_name));
    let addresses = hosts.filter_map(link_address).filter(|address| address.halen() == 6);
    let macs = addresses.filter_map(|address| address.addr()).filter(|mac| *mac != [0; 6]).map(Mac);
    macs.filter(|mac| !mac.is_shared()).collect()
}

fn link_address(entry: &InterfaceAddress) -> Option<LinkAddr> {
    entry.address?.as_link_addr().copied()
}

/// Returns a number from 0 to 1, by chance: 1 where the system has no random numbers.
fn random() -> f64 {
    net::udp::random().map_or(1.0, |number| f64::from((number >> 32) as u32) / f64::from(u32::MAX))
}

/// A socket for whole frames of one protocol on the interface of `address`.
fn packet_socket(address: &LinkAddr, protocol: Protocol) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, Some(protocol))?;
    // The system's own list of interfaces gives an address with the interface's number and without a
    // protocol, so that the socket's stays.
    bind(socket.as_raw_fd(), address).map_err(errno_of)?;
    set_socket_recv_buffer_size_force(&socket, ROOM)?;
    Ok(socket)
}

fn icmpv6_socket(interface: &str) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET6, SocketType::RAW, flags, Some(ipproto::ICMPV6))?;
    setsockopt(&socket, BindToDevice, &interface.into()).map_err(errno_of)?;
    set_socket_recv_buffer_size_force(&socket, ROOM)?;
    Ok(socket)
}

fn errno_of(errno: nix::errno::Errno) -> Errno {
    Errno::from_io_error(&io::Error::from(errno)).unwrap_or(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_ethernet_cannot_be_asked() {
        let error = |interface| Link::open(interface, true).err().unwrap().to_string();
        assert_eq!(error("no-such-if"), "probing on no-such-if: no such interface");
        assert!(error("lo").starts_with("probing on lo: not an Ethernet interface"), "{}", error("lo"));
    }
}
