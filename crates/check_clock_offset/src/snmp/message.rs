//! The questions as they go over the wire: BER (X.690), a GetRequest of RFC 3416 in a message of RFC 1157,
//! 1901 or 3412.

use snmp2::Oid;
use snmp2::asn1::{TYPE_INTEGER, TYPE_NULL, TYPE_OBJECTIDENTIFIER, TYPE_OCTETSTRING, TYPE_SEQUENCE};
use snmp2::snmp::{MSG_GET, V3_MSG_FLAGS_REPORTABLE};

use super::version::Version;

/// The greatest message that we take, in octets: what UDP can carry, and what `snmp2` allows.
const GREATEST: u32 = 65_507;
/// The number of the user-based security model (RFC 3411).
pub(super) const USM: i64 = 3;

/// A question of version 1 or 2c.
pub(super) fn get(version: Version, community: &[u8], id: i32, oids: &[Oid<'_>]) -> Vec<u8> {
    tlv(
        TYPE_SEQUENCE,
        &[integer(version as i64), tlv(TYPE_OCTETSTRING, &[community.to_vec()]), request(id, oids)],
    )
}

/// A question of version 3 without authentication and privacy.
pub(super) fn get_v3(id: i32, engine: &Engine<'_>, user: &[u8], context: &[u8], oids: &[Oid<'_>]) -> Vec<u8> {
    let octets = |octets: &[u8]| tlv(TYPE_OCTETSTRING, &[octets.to_vec()]);
    let flags = octets(&[V3_MSG_FLAGS_REPORTABLE]);
    let header = tlv(TYPE_SEQUENCE, &[integer(id.into()), integer(GREATEST.into()), flags, integer(USM)]);
    let clock = [integer(engine.boots), integer(engine.time)].concat();
    let parameters = tlv(TYPE_SEQUENCE, &[octets(engine.id), clock, octets(user), octets(&[]), octets(&[])]);
    let scoped = tlv(TYPE_SEQUENCE, &[octets(engine.id), octets(context), request(id, oids)]);
    tlv(TYPE_SEQUENCE, &[integer(Version::V3 as i64), header, octets(&parameters), scoped])
}

/// The agent's SNMP engine (RFC 3411, section 3.1.1), as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Engine<'a> {
    pub(super) id: &'a [u8],
    pub(super) boots: i64,
    pub(super) time: i64,
}

impl Engine<'_> {
    /// Nothing is known of it yet: asking so makes it tell.
    pub(super) const UNKNOWN: Self = Self { id: &[], boots: 0, time: 0 };
}

fn request(id: i32, oids: &[Oid<'_>]) -> Vec<u8> {
    let variable = |oid: &Oid<'_>| {
        let name = tlv(TYPE_OBJECTIDENTIFIER, &[oid.as_bytes().to_vec()]);
        tlv(TYPE_SEQUENCE, &[name, tlv(TYPE_NULL, &[])])
    };
    let variables: Vec<Vec<u8>> = oids.iter().map(variable).collect();
    tlv(MSG_GET, &[integer(id.into()), integer(0), integer(0), tlv(TYPE_SEQUENCE, &variables)])
}

/// A tag, the length of the parts, and the parts.
fn tlv(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let mut octets = vec![tag];
    match content.len() {
        short @ 0..=127 => octets.extend(u8::try_from(short)),
        _ => {
            let digits: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
            octets.extend(u8::try_from(digits.len()).map(|count| 0x80 | count));
            octets.extend(digits);
        }
    }
    octets.extend(content);
    octets
}

/// An INTEGER in the fewest octets.
fn integer(number: i64) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let redundant = |pair: &[u8]| {
        matches!(pair, [0, next] if *next < 0x80) || matches!(pair, [0xff, next] if *next >= 0x80)
    };
    let start = octets.windows(2).take_while(|pair| redundant(pair)).count();
    tlv(TYPE_INTEGER, &[octets.get(start..).unwrap_or_default().to_vec()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_the_fewest_octets() {
        let rows: [(i64, &[u8]); 9] = [
            (0, &[2, 1, 0]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (-1, &[2, 1, 255]),
            (-128, &[2, 1, 128]),
            (-129, &[2, 2, 255, 127]),
            (65_507, &[2, 3, 0, 255, 227]),
            (2_147_483_647, &[2, 4, 127, 255, 255, 255]),
            (4_102_444_800, &[2, 5, 0, 244, 134, 87, 0]),
        ];
        for (number, octets) in rows {
            assert_eq!(integer(number), octets, "{number}");
        }
    }

    #[test]
    fn a_question_is_what_snmpget_sends() {
        let oid = Oid::from(&[1, 3, 6, 1, 2, 1, 25, 1, 2, 0]).unwrap();
        let expected =
            b"\x30\x2a\x02\x01\x01\x04\x06public\xa0\x1d\x02\x04\x12\x34\x56\x78\x02\x01\x00\x02\x01\x00\
                         \x30\x0f\x30\x0d\x06\x09\x2b\x06\x01\x02\x01\x19\x01\x02\x00\x05\x00";
        assert_eq!(get(Version::V2c, b"public", 0x1234_5678, &[oid]), expected);
    }

    #[test]
    fn long_contents_have_long_lengths() {
        assert_eq!(tlv(4, &[vec![7; 127]])[..2], [4, 127]);
        assert_eq!(tlv(4, &[vec![7; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[vec![7; 300]])[..4], [4, 0x82, 1, 44]);
    }
}
