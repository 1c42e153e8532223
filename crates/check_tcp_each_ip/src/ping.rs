//! ICMP echo to addresses that take no connection: is the address there at all?
//!
//! One socket a family serves all addresses: a ping socket (icmp(7)), which the host opens to groups by net.ipv4.ping_group_range,
//! or a raw one, which needs CAP_NET_RAW. There is neither a runtime nor a thread for each address in it.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, ipproto, recvfrom, sendto, socket_with};

/// The time between two requests to the same address.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many requests go out before replies are read.
const BURST: usize = 16;
/// How long replies are waited for before it is looked whether anybody still wants to know.
const LOOK: Duration = Duration::from_millis(20);
/// Types of RFC 792 and RFC 4443.
const ECHO: u8 = 8;
const ECHO_REPLY: u8 = 0;
const ECHO_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;
/// The octets of the header before the payload.
const HEADER: usize = 8;

/// What pinging found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Echoes {
    /// The addresses that were asked.
    pub(crate) asked: BTreeSet<IpAddr>,
    /// Those that answered.
    pub(crate) answered: BTreeSet<IpAddr>,
    /// Why some could not be asked.
    pub(crate) refused: Option<Errno>,
}

impl Echoes {
    /// Takes up what another round found.
    pub(crate) fn add(&mut self, other: Echoes) {
        self.asked.extend(other.asked);
        self.answered.extend(other.answered);
        self.refused = self.refused.or(other.refused);
    }
}

/// Asks each address once a second until `until`, until all have answered, or until `stop`.
pub(crate) fn ping(addresses: &[IpAddr], sources: &[IpAddr], until: Instant, stop: &AtomicBool) -> Echoes {
    let mut echoes = Echoes::default();
    let token = RandomState::new().build_hasher().finish().to_ne_bytes();
    let mut asked: Vec<(Socket, Vec<IpAddr>)> = Vec::new();
    for v6 in [false, true] {
        let family: Vec<IpAddr> = addresses.iter().copied().filter(|address| address.is_ipv6() == v6).collect();
        if family.is_empty() {
            continue;
        }
        match Socket::open(v6, sources, token) {
            Ok(socket) => asked.push((socket, family)),
            Err(errno) => echoes.refused = Some(errno),
        }
    }
    for (_, family) in &asked {
        echoes.asked.extend(family);
    }
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) && Instant::now() < until && echoes.answered.len() < echoes.asked.len() {
        if Instant::now() >= next {
            next += INTERVAL;
            for (socket, family) in &asked {
                socket.ask(family, &mut echoes.answered, until, stop);
            }
        }
        hear(&asked, &mut echoes.answered, next.min(until));
    }
    // One that answers without having been asked is somebody else's.
    let Echoes { asked, answered, .. } = &mut echoes;
    answered.retain(|address| asked.contains(address));
    echoes
}

/// Waits for replies, a moment at most, and reads them.
fn hear(asked: &[(Socket, Vec<IpAddr>)], answered: &mut BTreeSet<IpAddr>, until: Instant) {
    let pause = until.saturating_duration_since(Instant::now()).min(LOOK);
    let mut descriptors: Vec<PollFd<'_>> =
        asked.iter().map(|(socket, _)| PollFd::new(&socket.descriptor, PollFlags::IN)).collect();
    let Ok(pause) = Timespec::try_from(pause) else { return };
    if poll(&mut descriptors, Some(&pause)).is_ok() {
        for (socket, _) in asked {
            socket.hear(answered);
        }
    }
}

/// A socket for the echoes of one family.
struct Socket {
    descriptor: OwnedFd,
    v6: bool,
    /// Raw IPv4 sockets hand out the IP header too.
    raw: bool,
    /// What tells our echoes from those of others.
    token: [u8; 8],
}

impl Socket {
    fn open(v6: bool, sources: &[IpAddr], token: [u8; 8]) -> Result<Self, Errno> {
        let (family, protocol) = if v6 { (AddressFamily::INET6, ipproto::ICMPV6) } else { (AddressFamily::INET, ipproto::ICMP) };
        let open = |kind| socket_with(family, kind, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, Some(protocol));
        let (descriptor, raw) = match open(SocketType::DGRAM) {
            Ok(descriptor) => (descriptor, false),
            Err(errno) => (open(SocketType::RAW).map_err(|_| errno)?, true),
        };
        if let Some(source) = sources.iter().find(|source| source.is_ipv6() == v6) {
            bind(&descriptor, &SocketAddr::new(*source, 0))?;
        }
        Ok(Self { descriptor, v6, raw, token })
    }

    /// Sends a request to each that has not answered.
    fn ask(&self, addresses: &[IpAddr], answered: &mut BTreeSet<IpAddr>, until: Instant, stop: &AtomicBool) {
        let request = request(self.v6, self.token);
        for (number, address) in (1..).zip(addresses) {
            if !answered.contains(address) {
                // An address that cannot even be asked stays without an answer.
                let _ = sendto(&self.descriptor, &request, SendFlags::empty(), &SocketAddr::new(*address, 0));
            }
            if number % BURST == 0 {
                self.hear(answered);
                if stop.load(Ordering::Relaxed) || Instant::now() >= until {
                    return;
                }
            }
        }
    }

    /// Reads the replies that are there.
    fn hear(&self, answered: &mut BTreeSet<IpAddr>) {
        let mut room = [0; 256];
        // Bounded: on a busy raw socket the echoes of others never end.
        for _ in 0..1024 {
            match recvfrom(&self.descriptor, room.as_mut_slice(), RecvFlags::empty()) {
                Ok((_, length, Some(from))) => {
                    let packet = room.get(..length).unwrap_or(&room);
                    let from = SocketAddr::try_from(from).map(|from| from.ip().to_canonical());
                    if is_reply(packet, self.v6, self.raw, self.token) {
                        answered.extend(from);
                    }
                }
                Ok(_) => {}
                // An error that came back for one address must not end the reading of the others' replies.
                Err(Errno::AGAIN) => return,
                Err(_) => {}
            }
        }
    }
}

/// An echo request. A ping socket fills in identifier and checksum itself, and the kernel the checksum of ICMPv6.
fn request(v6: bool, token: [u8; 8]) -> [u8; 2 * HEADER] {
    let mut request = [0; 2 * HEADER];
    let (header, payload) = request.split_at_mut(HEADER);
    payload.copy_from_slice(&token);
    let [a, b, c, d, ..] = token;
    header.copy_from_slice(&[if v6 { ECHO_V6 } else { ECHO }, 0, 0, 0, a, b, c, d]);
    let [high, low] = checksum(&request).to_be_bytes();
    for (place, octet) in request.iter_mut().skip(2).zip([high, low]) {
        *place = octet;
    }
    request
}

/// The Internet checksum (RFC 1071) of an even number of octets.
fn checksum(octets: &[u8]) -> u16 {
    let words = octets.chunks_exact(2).filter_map(|word| word.first_chunk().copied().map(u16::from_be_bytes));
    let sum: u32 = words.map(u32::from).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(0)
}

fn is_reply(packet: &[u8], v6: bool, raw: bool, token: [u8; 8]) -> bool {
    // IPv4's header length stands in its first octet, in words of four octets.
    let skipped = if raw && !v6 { packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4) } else { 0 };
    let message = packet.get(skipped..).unwrap_or_default();
    let kind = if v6 { ECHO_REPLY_V6 } else { ECHO_REPLY };
    message.first() == Some(&kind) && message.get(HEADER..2 * HEADER) == Some(token.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&request(false, [7; 8])), 0);
    }

    #[test]
    fn only_our_own_echo_counts() {
        let token = [1, 2, 3, 4, 5, 6, 7, 8];
        let mut packet = request(false, token);
        assert!(!is_reply(&packet, false, false, token), "a request is no reply");
        packet[0] = ECHO_REPLY;
        assert!(is_reply(&packet, false, false, token));
        assert!(!is_reply(&packet, false, false, [9; 8]));
        assert!(!is_reply(&packet[..12], false, false, token));
        let raw = [&[0x45; 20], packet.as_slice()].concat();
        assert!(is_reply(&raw, false, true, token));
        assert!(!is_reply(&[0x4f; 30], false, true, token));
        assert!(!is_reply(&[], false, true, token));
        packet[0] = ECHO_REPLY_V6;
        assert!(is_reply(&packet, true, true, token));
    }
}
