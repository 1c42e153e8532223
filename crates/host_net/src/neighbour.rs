//! The neighbours that the kernel knows (arp(7)), and whether they answer its questions for them (RFC 826,
//! and RFC 4861 section 7.3).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::NlasIterator;
use plugin::Deadline;

use crate::netlink::{NetlinkError, NetlinkSocket};

/// linux/rtnetlink.h.
const RTM_NEWNEIGH: u16 = 28;
const RTM_GETNEIGH: u16 = 30;
/// linux/neighbour.h: struct ndmsg, and the attributes behind it.
const HEADER: usize = 12;
const NDA_DST: u16 = 1;
const NDA_CACHEINFO: u16 = 3;
/// The places of ndm_ifindex, ndm_state and ndm_flags in struct ndmsg, and of ndm_updated in struct
/// nda_cacheinfo.
const INTERFACE: usize = 4;
const STATE: usize = 8;
const FLAGS: usize = 10;
const UPDATED: usize = 8;
/// States: asked by broadcast and no answer yet, asked again by unicast, no answer.
const NUD_INCOMPLETE: u16 = 0x01;
const NUD_PROBE: u16 = 0x10;
const NUD_FAILED: u16 = 0x20;
/// An address that this machine answers for.
const NTF_PROXY: u8 = 0x08;
/// For how long a neighbour may be asked by unicast before it counts as silent: the time between two
/// questions, in the hundredths of a second that the kernel shows (USER_HZ).
const ONE_QUESTION: u32 = 100;

/// A neighbour that the kernel has an entry for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The index of the interface.
    pub interface: u32,
    /// Its address.
    pub address: IpAddr,
    /// Whether it does not answer ARP or neighbour solicitation. One that answered a while ago, and has not
    /// been asked again since, is not silent.
    pub is_silent: bool,
}

impl Neighbour {
    /// Reads all of them.
    ///
    /// # Errors
    /// If the kernel does not answer in time, or refuses.
    pub fn read_all(deadline: &Deadline) -> io::Result<Vec<Self>> {
        let mut neighbours = Vec::new();
        let add = |payload: &[u8]| {
            neighbours.extend(parse(payload)?);
            Ok(())
        };
        let run = |mut dump: NetlinkSocket| dump.run(RTM_GETNEIGH, &[0; HEADER], deadline, RTM_NEWNEIGH, add);
        NetlinkSocket::open().and_then(run).map_err(io::Error::other)?;
        Ok(neighbours)
    }
}

/// One message: `None` if it is about no neighbour of IPv4 or IPv6.
fn parse(payload: &[u8]) -> Result<Option<Neighbour>, NetlinkError> {
    let Some(interface) = number(payload, INTERFACE) else { return Ok(None) };
    let state =
        payload.get(STATE..).and_then(|rest| rest.first_chunk().copied()).map_or(0, u16::from_ne_bytes);
    if payload.get(FLAGS).is_none_or(|flags| flags & NTF_PROXY != 0) {
        return Ok(None);
    }
    let (mut address, mut updated) = (None, 0);
    for attribute in NlasIterator::new(payload.get(HEADER..).unwrap_or_default()) {
        let attribute = attribute?;
        match attribute.kind() {
            NDA_DST => address = read_address(attribute.value()),
            NDA_CACHEINFO => updated = number(attribute.value(), UPDATED).unwrap_or(0),
            _ => {}
        }
    }
    let is_silent =
        state & (NUD_INCOMPLETE | NUD_FAILED) != 0 || (state & NUD_PROBE != 0 && updated >= ONE_QUESTION);
    Ok(address.map(|address| Neighbour { interface, address, is_silent }))
}

fn number(octets: &[u8], place: usize) -> Option<u32> {
    octets.get(place..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// The address of so many octets: `None` if it is none of IP.
pub(crate) fn read_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into());
    v4().or_else(|| <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A message about 192.0.2.1 on interface 7, in this state for so many hundredths of a second.
    fn message(state: u16, flags: u8, updated: u32) -> Vec<u8> {
        let [low, high] = state.to_ne_bytes();
        let header = [&[2, 0, 0, 0][..], &7_u32.to_ne_bytes(), &[low, high, flags, 1]].concat();
        let address = [&8_u16.to_ne_bytes()[..], &NDA_DST.to_ne_bytes(), &[192, 0, 2, 1]].concat();
        let times = [&20_u16.to_ne_bytes()[..], &NDA_CACHEINFO.to_ne_bytes(), &[0; 8]].concat();
        [header, address, times, updated.to_ne_bytes().to_vec(), vec![0; 4]].concat()
    }

    #[test]
    fn a_neighbour_without_an_answer_is_silent() {
        let rows = [
            (NUD_INCOMPLETE, 0, true),
            (NUD_FAILED, 0, true),
            // Reachable, stale, delayed, and one that needs no question.
            (0x02, 900, false),
            (0x04, 900, false),
            (0x08, 400, false),
            (0x40, 0, false),
            // The first question by unicast is under way, and the second.
            (NUD_PROBE, 99, false),
            (NUD_PROBE, 100, true),
        ];
        let address = "192.0.2.1".parse().unwrap();
        for (state, updated, is_silent) in rows {
            let neighbour = Neighbour { interface: 7, address, is_silent };
            assert_eq!(parse(&message(state, 0, updated)).unwrap(), Some(neighbour), "{state:#x} {updated}");
        }
        assert_eq!(parse(&message(NUD_FAILED, NTF_PROXY, 0)).unwrap(), None);
    }

    #[test]
    fn a_short_message_is_no_neighbour() {
        let whole = message(NUD_FAILED, 0, 0);
        for length in 0..=HEADER {
            assert_eq!(parse(&whole[..length]).unwrap(), None, "{length}");
        }
        assert!(parse(&whole[..HEADER + 6]).is_err());
        assert_eq!(read_address(&[1, 2, 3]), None);
    }

    #[test]
    fn this_machine_shows_its_neighbours() {
        Neighbour::read_all(&Deadline::after(Duration::from_secs(8))).unwrap();
    }
}
