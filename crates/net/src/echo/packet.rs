//! The octets of echo requests and replies (RFC 792, RFC 4443).

use crate::checksum::checksum;

/// The octets of the header before the payload.
const HEADER: usize = 8;
/// The octets of the payload: the token of the run, the number of the ping, and that number's complement.
const PAYLOAD: usize = 16;
/// The octets of a message.
pub(super) const LENGTH: usize = HEADER + PAYLOAD;
/// Types of messages.
const REQUEST: u8 = 8;
const REPLY: u8 = 0;
const REQUEST_V6: u8 = 128;
const REPLY_V6: u8 = 129;

/// What tells the pings of one run from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(pub(super) [u8; 8]);

/// What a packet is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// It repeats our token and the number of a ping.
    Own(u32),
    /// An echo message that has this identifier and sequence, but not our payload.
    Other { identifier: u16, sequence: u16 },
    /// Something else, such as a late reply to another run's ping.
    Foreign,
}

impl Token {
    /// Returns the identifier that raw sockets use; ping sockets have one of the kernel's.
    pub(super) fn identifier(self) -> u16 {
        let [high, low, ..] = self.0;
        u16::from_be_bytes([high, low])
    }

    /// Returns the request of a ping. A ping socket fills in identifier and checksum itself, and the kernel
    /// the checksum of ICMPv6.
    pub(super) fn request(self, v6: bool, number: u32) -> [u8; LENGTH] {
        let kind = if v6 { REQUEST_V6 } else { REQUEST };
        let [high, low] = self.identifier().to_be_bytes();
        let [.., third, fourth] = number.to_be_bytes();
        let without = [kind, 0, 0, 0, high, low, third, fourth];
        let payload = self.payload(number);
        let [first, second] = checksum(&[&without, &payload]).to_be_bytes();
        let header = [kind, 0, first, second, high, low, third, fourth];
        let mut request = [0; LENGTH];
        for (place, octet) in request.iter_mut().zip(header.into_iter().chain(payload)) {
            *place = octet;
        }
        request
    }

    /// Reads what a socket received; `ip` if the IPv4 header stands before it.
    pub(super) fn reply(self, packet: &[u8], v6: bool, ip: bool) -> Parsed {
        // IPv4's header length stands in its first octet, in words of four octets.
        let skipped = if ip { packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4) } else { 0 };
        let message = packet.get(skipped..).unwrap_or_default();
        let kind = if v6 { REPLY_V6 } else { REPLY };
        self.read(message, kind, |payload, own| payload == own)
    }

    /// Reads our request as an ICMP error quotes it, which may cut its end off.
    pub(super) fn quoted(self, message: &[u8], v6: bool) -> Parsed {
        let kind = if v6 { REQUEST_V6 } else { REQUEST };
        self.read(message, kind, |payload, own| payload.starts_with(own))
    }

    fn read(self, message: &[u8], kind: u8, same: impl Fn(&[u8], &[u8]) -> bool) -> Parsed {
        let Some(([first, 0, _, _, high, low, third, fourth], payload)) =
            message.split_first_chunk::<HEADER>()
        else {
            return Parsed::Foreign;
        };
        if *first != kind {
            return Parsed::Foreign;
        }
        let sequence = [*third, *fourth];
        let number =
            payload.get(8..12).and_then(|number| number.first_chunk()).copied().map(u32::from_be_bytes);
        let fits = |token: Self, number: u32| {
            same(payload, &token.payload(number)) && number.to_be_bytes().ends_with(&sequence)
        };
        match number {
            Some(number) if fits(self, number) => Parsed::Own(number),
            Some(number)
                if Self::of(payload).is_some_and(|other| fits(other, number) && !self.is_near(other)) =>
            {
                Parsed::Foreign
            }
            _ => {
                let (identifier, sequence) =
                    (u16::from_be_bytes([*high, *low]), u16::from_be_bytes(sequence));
                Parsed::Other { identifier, sequence }
            }
        }
    }

    /// Returns the token in a payload.
    fn of(payload: &[u8]) -> Option<Self> {
        payload.first_chunk().copied().map(Self)
    }

    /// Whether another token can be this one with some bits flipped: that of another run differs in half of
    /// them.
    fn is_near(self, other: Self) -> bool {
        (u64::from_ne_bytes(self.0) ^ u64::from_ne_bytes(other.0)).count_ones() <= 8
    }

    fn payload(self, number: u32) -> [u8; PAYLOAD] {
        let [a, b, c, d, e, f, g, h] = self.0;
        let [i, j, k, l] = number.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, !i, !j, !k, !l]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Token = Token([1, 2, 3, 4, 5, 6, 7, 8]);

    fn reply(number: u32) -> [u8; LENGTH] {
        let mut packet = TOKEN.request(false, number);
        packet[0] = REPLY;
        packet
    }

    #[test]
    fn a_request_has_its_checksum() {
        assert_eq!(checksum(&[&TOKEN.request(false, 70_000)]), 0);
    }

    #[test]
    fn only_our_own_payload_and_sequence_count() {
        assert_eq!(TOKEN.reply(&reply(70_000), false, false), Parsed::Own(70_000));
        assert_eq!(
            TOKEN.reply(&TOKEN.request(false, 7), false, false),
            Parsed::Foreign,
            "a request is no reply"
        );
        let other = Parsed::Other { identifier: 0x0102, sequence: 4464 };
        for place in HEADER..LENGTH {
            let mut flipped = reply(70_000);
            flipped[place] ^= 1;
            assert_eq!(TOKEN.reply(&flipped, false, false), other, "octet {place}");
        }
        let mut moved = reply(70_000);
        moved[7] ^= 1;
        assert_eq!(TOKEN.reply(&moved, false, false), Parsed::Other { identifier: 0x0102, sequence: 4465 });
        for length in HEADER..LENGTH {
            assert_eq!(TOKEN.reply(&reply(70_000)[..length], false, false), other, "{length} octets");
        }
        assert_eq!(TOKEN.reply(&[&reply(70_000)[..], &[0]].concat(), false, false), other);
        for length in 0..HEADER {
            assert_eq!(
                TOKEN.reply(&reply(70_000)[..length], false, false),
                Parsed::Foreign,
                "{length} octets"
            );
        }
        assert_eq!(Token([0xf9; 8]).reply(&reply(70_000), false, false), Parsed::Foreign, "of another run");
    }

    #[test]
    fn a_raw_socket_hands_out_the_header_of_ipv4_too() {
        let raw = [&[0x45; 20], &reply(5)[..]].concat();
        assert_eq!(TOKEN.reply(&raw, false, true), Parsed::Own(5));
        assert_eq!(TOKEN.reply(&[0x4f; 30], false, true), Parsed::Foreign);
        assert_eq!(TOKEN.reply(&[], false, true), Parsed::Foreign);
        let mut v6 = TOKEN.request(true, 5);
        v6[0] = REPLY_V6;
        assert_eq!(TOKEN.reply(&v6, true, false), Parsed::Own(5));
    }

    #[test]
    fn an_error_may_quote_the_header_only() {
        let request = TOKEN.request(false, 9);
        assert_eq!(TOKEN.quoted(&request, false), Parsed::Own(9));
        assert_eq!(TOKEN.quoted(&[&request[..], &[0; 8]].concat(), false), Parsed::Own(9));
        assert_eq!(
            TOKEN.quoted(&request[..HEADER], false),
            Parsed::Other { identifier: 0x0102, sequence: 9 }
        );
    }
}
