//! The frames of the Address Resolution Protocol (RFC 826) that ask which host has an IPv4 address, and what
//! answers them (RFC 5227).

use std::net::Ipv4Addr;

use crate::ethernet::{HEADER, Mac};

/// An EtherType: ARP.
const ARP: [u8; 2] = [0x08, 0x06];
/// Hardware type Ethernet, protocol type IPv4, addresses of 6 and of 4 octets.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 0x08, 0, 6, 4];
const REQUEST: [u8; 2] = [0, 1];
const REPLY: [u8; 2] = [0, 2];
/// The least that an Ethernet frame holds, without its checksum.
const LEAST: usize = 60;

/// An ARP Probe: who has `address`, asked from 0.0.0.0, so that no host takes the sender for its holder.
pub(crate) fn probe(own: Mac, address: Ipv4Addr) -> Vec<u8> {
    request(own, Ipv4Addr::UNSPECIFIED, address)
}

/// An ARP Announcement: `address` is here now.
pub(crate) fn announcement(own: Mac, address: Ipv4Addr) -> Vec<u8> {
    request(own, address, address)
}

fn request(own: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let (sender, target) = (sender.octets(), target.octets());
    let parts =
        [&Mac::BROADCAST.0[..], &own.0, &ARP, &ETHERNET_IPV4, &REQUEST, &own.0, &sender, &[0; 6], &target];
    let mut frame = parts.concat();
    frame.resize(LEAST, 0);
    frame
}

/// What a frame says of another host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The host sends from this address, so it has it.
    Has(Ipv4Addr, Mac),
    /// The host probes for this address, so it is about to take it (RFC 5227, section 2.1.1).
    Probes(Ipv4Addr, Mac),
}

/// Returns the claim of another host in a frame. `None` if it claims nothing, or if `is_own` knows its
/// sender.
pub(crate) fn claim(frame: &[u8], is_own: impl Fn(Mac) -> bool) -> Option<Claim> {
    let (header, rest) = frame.split_at_checked(HEADER)?;
    let rest = rest.strip_prefix(&ETHERNET_IPV4).filter(|_| header.ends_with(&ARP))?;
    let (operation, rest) = rest.split_first_chunk::<2>()?;
    let (sender, rest) = rest.split_first_chunk::<6>()?;
    let (from, rest) = rest.split_first_chunk::<4>()?;
    let target = rest.get(6..10)?.first_chunk::<4>()?;
    let is_known = *operation == REQUEST || *operation == REPLY;
    let mac = Some(Mac(*sender)).filter(|sender| is_known && !is_own(*sender))?;
    match *from {
        [0, 0, 0, 0] => (*operation == REQUEST).then_some(Claim::Probes((*target).into(), mac)),
        from => Some(Claim::Has(from.into(), mac)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const OTHER: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn claimed(frame: &[u8]) -> Option<Claim> {
        claim(frame, |mac| mac == OWN)
    }

    fn address(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    #[test]
    fn a_probe_is_asked_from_no_address() {
        let frame = probe(OWN, address("192.0.2.31"));
        assert_eq!(frame.len(), 60);
        assert_eq!(frame[..14], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6]);
        assert_eq!(
            frame[14..42],
            [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 31]
        );
        assert_eq!(announcement(OWN, address("192.0.2.31"))[28..32], [192, 0, 2, 31]);
    }

    #[test]
    fn who_sends_from_an_address_or_probes_for_it_claims_it() {
        let taken = Some(Claim::Has(address("192.0.2.31"), OTHER));
        assert_eq!(claimed(&announcement(OTHER, address("192.0.2.31"))), taken);
        let probed = Some(Claim::Probes(address("192.0.2.31"), OTHER));
        assert_eq!(claimed(&probe(OTHER, address("192.0.2.31"))), probed);
        assert_eq!(claimed(&probe(OWN, address("192.0.2.31"))), None, "our own, come back by a loop");
        let mut reply = request(OTHER, address("192.0.2.31"), Ipv4Addr::UNSPECIFIED);
        reply[21] = 2;
        assert_eq!(claimed(&reply), taken);
        reply[21] = 3;
        assert_eq!(claimed(&reply), None, "reverse ARP");
    }

    #[test]
    fn what_is_no_arp_claims_nothing() {
        let whole = announcement(OTHER, address("192.0.2.31"));
        for length in 0..42 {
            assert_eq!(claimed(&whole[..length]), None, "{length} octets");
        }
        assert!(claimed(&whole[..42]).is_some());
        for place in 12..20 {
            let mut frame = whole.clone();
            frame[place] ^= 0x40;
            assert_eq!(claimed(&frame), None, "octet {place}");
        }
    }
}
