//! Answers pings to all IPv4 addresses of this host a fixed time after they come: `late_echo MILLISECONDS`.
//! The kernel must leave them alone (icmp_echo_ignore_all). On a busy machine it wants real-time priority
//! (chrt), or its delay is not what it should be.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of benchmarks: where it fails, the benchmark ends"
)]

use std::collections::VecDeque;
use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket};

/// The octets of an IPv4 header without options.
const HEADER: usize = 20;

fn main() {
    let delay = Duration::from_millis(env::args().nth(1).unwrap().parse().unwrap());
    let requests = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)).unwrap();
    // Its packets have a header of their own, with the address that was asked.
    let replies = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::RAW)).unwrap();
    set_socket_recv_buffer_size_force(&requests, 8 << 20).unwrap();
    let mut due: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    loop {
        let pause = due
            .front()
            .map(|(at, _)| Timespec::try_from(at.saturating_duration_since(Instant::now())).unwrap());
        let _ = poll(&mut [PollFd::new(&requests, PollFlags::IN)], pause.as_ref());
        let mut packet = [0; 256];
        while let Ok((_, length)) = recv(&requests, &mut packet[..], RecvFlags::DONTWAIT) {
            let message = packet.get(HEADER..length).unwrap_or_default();
            if message.first() == Some(&8) {
                due.push_back((Instant::now() + delay, reply(&packet[..length])));
            }
        }
        while due.front().is_some_and(|(at, _)| *at <= Instant::now()) {
            let Some((_, packet)) = due.pop_front() else { break };
            let to = Ipv4Addr::from(<[u8; 4]>::try_from(&packet[16..HEADER]).unwrap());
            let _ = sendto(&replies, &packet, SendFlags::empty(), &SocketAddr::from((to, 0)));
        }
    }
}

/// The request as its reply: the addresses the other way round.
fn reply(request: &[u8]) -> Vec<u8> {
    let mut reply = request.to_vec();
    reply[12..16].copy_from_slice(&request[16..HEADER]);
    reply[16..HEADER].copy_from_slice(&request[12..16]);
    reply[HEADER] = 0;
    // One's complement: the type became 8 less, so the checksum becomes as much more (RFC 1624).
    let sum = u32::from(u16::from_be_bytes([request[HEADER + 2], request[HEADER + 3]])) + 0x0800;
    let sum = u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    reply[HEADER + 2..HEADER + 4].copy_from_slice(&sum.to_be_bytes());
    reply
}
