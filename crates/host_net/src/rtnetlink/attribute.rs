//! Attributes of a message: the first one, what is nested in one, and the values that they have.

use std::net::IpAddr;

use netlink_packet_core::NlasIterator;

use crate::bound::Flags;
use crate::netlink::NetlinkError;

/// The type and the value of an attribute, and what follows it.
pub(super) type Attribute<'a> = (u16, &'a [u8], &'a [u8]);

/// Returns the first attribute (struct nlattr of linux/netlink.h); `None` at the end. By hand, as the header
/// of an address.
pub(super) fn attribute(octets: &[u8]) -> Result<Option<Attribute<'_>>, NetlinkError> {
    let Some((&[l0, l1, k0, k1], _)) = octets.split_first_chunk() else {
        return if octets.is_empty() { Ok(None) } else { Err(cut(octets)) };
    };
    let length = usize::from(u16::from_ne_bytes([l0, l1]));
    let value = octets.get(4..length).ok_or_else(|| cut(octets))?;
    // Two bits of the type are flags (NLA_TYPE_MASK).
    let kind = u16::from_ne_bytes([k0, k1]) & 0x3fff;
    Ok(Some((kind, value, octets.get(length.next_multiple_of(4)..).unwrap_or_default())))
}

#[cold]
fn cut(octets: &[u8]) -> NetlinkError {
    NetlinkError::Answer(format!("an attribute whose length does not fit the {} octets left", octets.len()))
}

/// The low bits of IFA_FLAGS.
pub(super) fn all_flags(value: &[u8]) -> Option<Flags> {
    let [.., high, low] = number(value)?.to_be_bytes();
    Some(Flags(u16::from_be_bytes([high, low])))
}

/// An address of four or sixteen octets.
pub(crate) fn ip(value: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

/// A number of four octets.
pub(crate) fn number(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_ne_bytes)
}

/// The value at the end of a path of nested attributes.
pub(super) fn nested<'a>(value: &'a [u8], path: &[u16]) -> Option<&'a [u8]> {
    let Some((kind, path)) = path.split_first() else { return Some(value) };
    let mut rest = value;
    while let Ok(attribute) = NlasIterator::new(rest).next()? {
        let length = usize::from(attribute.length());
        if attribute.kind() == *kind {
            return nested(rest.get(4..length)?, path);
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}
