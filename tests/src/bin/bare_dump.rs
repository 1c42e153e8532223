//! The least that a program must do to know which addresses are bound: one RTM_GETADDR dump by rtnetlink,
//! read in pieces of 64 KiB and walked by hand into a count and a hash. What benchmarks measure a plugin
//! against that reads addresses; it prints both.

use std::io::{Error, Result};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// Message types and attributes of linux/netlink.h, linux/rtnetlink.h and linux/if_addr.h.
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const REQUEST_DUMP: u16 = 0x301;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// The octets of a message's own header, and of the address message before its attributes.
const HEADER: usize = 16;
const ADDRESS_HEADER: usize = 8;

fn main() -> Result<()> {
    // No protocol is protocol 0: NETLINK_ROUTE.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    send(&socket, &request(), SendFlags::empty())?;
    let mut buffer = vec![0; 64 * 1024];
    let (mut count, mut sum) = (0_u64, 0_u64);
    loop {
        let (length, _) = recv(&socket, buffer.as_mut_slice(), RecvFlags::empty())?;
        let mut rest = buffer.get(..length).unwrap_or_default();
        while let Some((kind, body, next)) = message(rest) {
            match kind {
                RTM_NEWADDR => {
                    count += 1;
                    sum = sum.wrapping_add(hash(local(body)));
                }
                NLMSG_DONE => return print(count, sum),
                NLMSG_ERROR => return Err(Error::other("the kernel refuses the dump")),
                _ => {}
            }
            rest = next;
        }
    }
}

/// The dump of all addresses, of every family.
fn request() -> [u8; HEADER + ADDRESS_HEADER] {
    let mut request = [0; HEADER + ADDRESS_HEADER];
    let fields =
        [(HEADER + ADDRESS_HEADER) as u32, u32::from(RTM_GETADDR) | u32::from(REQUEST_DUMP) << 16, 1];
    for (octets, field) in request.chunks_exact_mut(4).zip(fields) {
        octets.copy_from_slice(&field.to_ne_bytes());
    }
    request
}

/// The first message: its type, its body, and what comes after it.
fn message(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (header, _) = octets.split_first_chunk::<HEADER>()?;
    let [a, b, c, d, e, f, ..] = *header;
    let length = u32::from_ne_bytes([a, b, c, d]) as usize;
    let body = octets.get(HEADER..length)?;
    Some((u16::from_ne_bytes([e, f]), body, octets.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// The address itself: on a point-to-point link IFA_ADDRESS is the peer's.
fn local(body: &[u8]) -> &[u8] {
    let mut attributes = body.get(ADDRESS_HEADER..).unwrap_or_default();
    let mut address: &[u8] = &[];
    while let Some((&[a, b, c, d], _)) = attributes.split_first_chunk::<4>() {
        let length = usize::from(u16::from_ne_bytes([a, b]));
        let Some(value) = attributes.get(4..length) else { break };
        match u16::from_ne_bytes([c, d]) {
            IFA_LOCAL => return value,
            IFA_ADDRESS => address = value,
            _ => {}
        }
        attributes = attributes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    address
}

/// FNV-1a.
fn hash(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}

fn print(count: u64, sum: u64) -> Result<()> {
    rustix::io::write(rustix::stdio::stdout(), format!("{count} addresses, hash {sum:016x}\n").as_bytes())?;
    Ok(())
}
