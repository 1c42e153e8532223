//! The packets of Neighbor Discovery (RFC 4861) that ask which host has an IPv6 address, and what
//! answers them (RFC 4862).

use std::net::Ipv6Addr;

use crate::ethernet::Mac;

/// An EtherType: IPv6.
const IPV6: [u8; 2] = [0x86, 0xdd];
const ICMPV6: u8 = 58;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
/// An advertisement's flag: take this in place of what you know.
const OVERRIDE: u8 = 0x20;
/// An option: the link-layer address of the target, in units of eight octets.
const TARGET_LINK_LAYER: [u8; 2] = [2, 1];
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A Neighbor Solicitation from the unspecified address, as duplicate address detection sends it: who has
/// `address`?
pub(crate) fn probe(own: Mac, address: Ipv6Addr) -> Vec<u8> {
    let [.., a, b, c] = address.octets();
    let [_, _, _, _, _, _, target @ ..] = address.segments();
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | (target[0] & 0xff), target[1]);
    let body = [&[SOLICITATION, 0, 0, 0, 0, 0, 0, 0], &address.octets()[..]].concat();
    frame(own, Mac([0x33, 0x33, 0xff, a, b, c]), Ipv6Addr::UNSPECIFIED, group, body)
}

/// An unsolicited Neighbor Advertisement: `address` is here now.
pub(crate) fn announcement(own: Mac, address: Ipv6Addr) -> Vec<u8> {
    let head = [ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0];
    let body = [&head, &address.octets()[..], &TARGET_LINK_LAYER, &own.0].concat();
    frame(own, Mac([0x33, 0x33, 0, 0, 0, 1]), address, ALL_NODES, body)
}

/// The address that an ICMPv6 message claims, and the hardware address of the host that has it, where the
/// message gives it.
pub(crate) fn claim(message: &[u8]) -> Option<(Ipv6Addr, Option<Mac>)> {
    let (head, rest) = message.split_first_chunk::<8>()?;
    let (target, options) = rest.split_first_chunk::<16>()?;
    let is_advertisement = matches!(head, [ADVERTISEMENT, 0, ..]);
    let holder =
        options.strip_prefix(&TARGET_LINK_LAYER).and_then(|mac| mac.first_chunk::<6>().copied()).map(Mac);
    is_advertisement.then(|| ((*target).into(), holder))
}

fn frame(own: Mac, to: Mac, source: Ipv6Addr, destination: Ipv6Addr, mut body: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let [high, low] = checksum(source, destination, &body).to_be_bytes();
    if let Some(place) = body.get_mut(2..4) {
        place.copy_from_slice(&[high, low]);
    }
    let header = [&[0x60, 0, 0, 0][..], &length.to_be_bytes(), &[ICMPV6, 255]].concat();
    [&to.0[..], &own.0, &IPV6, &header, &source.octets(), &destination.octets(), &body].concat()
}

/// The checksum of an ICMPv6 message whose own field is zero (RFC 4443, section 2.3).
fn checksum(source: Ipv6Addr, destination: Ipv6Addr, body: &[u8]) -> u16 {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    net::checksum(&[&source.octets(), &destination.octets(), &length, &[0, 0, 0, ICMPV6], body])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Mac = Mac([2, 0, 0, 0, 0, 1]);

    #[test]
    fn a_probe_goes_to_the_solicited_nodes_group_from_no_address() {
        let frame = probe(OWN, "2001:db8::12:3456".parse().unwrap());
        assert_eq!(frame[..14], [0x33, 0x33, 0xff, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 1, 0x86, 0xdd]);
        assert_eq!(frame[14..22], [0x60, 0, 0, 0, 0, 24, 58, 255]);
        assert_eq!(frame[22..38], [0; 16]);
        assert_eq!(frame[38..54], "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap().octets());
        assert_eq!(frame.len(), 14 + 40 + 24);
    }

    #[test]
    fn the_checksum_of_a_whole_message_comes_out_as_zero() {
        let address: Ipv6Addr = "2001:db8::31".parse().unwrap();
        let group = "ff02::1:ff00:31".parse().unwrap();
        assert_eq!(checksum(Ipv6Addr::UNSPECIFIED, group, &probe(OWN, address)[54..]), 0);
        assert_eq!(checksum(address, ALL_NODES, &announcement(OWN, address)[54..]), 0);
    }

    #[test]
    fn an_advertisement_claims_its_target() {
        let address: Ipv6Addr = "2001:db8::31".parse().unwrap();
        let message = announcement(OWN, address)[54..].to_vec();
        assert_eq!(claim(&message), Some((address, Some(OWN))));
        assert_eq!(claim(&message[..24]), Some((address, None)));
        for length in 0..24 {
            assert_eq!(claim(&message[..length]), None, "{length} octets");
        }
        assert_eq!(claim(&probe(OWN, address)[54..]), None);
    }
}
