//! The far end of paths with vices: it holds addresses in a namespace of its own and answers pings as it is
//! told to. The kernel there answers none. A router stands before it, which answers for addresses that
//! nothing holds.

use std::collections::{BinaryHeap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, bind, ipproto, recvfrom, sendto, socket};
use suite::bench::enter;
use suite::host::{Host, bare};

/// The longest that a stop waits.
const LOOK: Duration = Duration::from_millis(20);

/// How an address answers pings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vice {
    /// How much later than at once.
    pub(crate) delay: Duration,
    /// How much later every second reply is still: they come in another order.
    pub(crate) every_second: Duration,
    /// Of so many pings how many get no answer: the first ones of each.
    pub(crate) loses: (u32, u32),
    /// How many times each reply is sent.
    pub(crate) copies: usize,
    /// The address that the replies come from.
    pub(crate) as_other: Option<&'static str>,
    /// How many octets of the payload are cut off.
    pub(crate) cuts: usize,
    /// Whether a bit of the payload is flipped.
    pub(crate) flips: bool,
}

/// A reply that is due.
struct Due(Instant, Vec<u8>, SocketAddr);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    /// The earliest is the greatest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.cmp(&self.0)
    }
}

/// A monitor and its far end, until it is dropped.
pub(crate) struct FarEnd {
    pub(crate) monitor: Host,
    pub(crate) router: Host,
    vices: Arc<Mutex<HashMap<IpAddr, Vice>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl FarEnd {
    /// Makes the path: the monitor at 198.51.100.1 and 2001:db8:51::1, its gateway at .254 and ::254, and
    /// behind it the addresses, each answering at once.
    pub(crate) fn create(addresses: &[&str]) -> Self {
        let (monitor, router) = (bare(), bare());
        for host in [&monitor, &router] {
            host.sysctl("net/ipv6/conf/all/accept_dad", "0");
            host.sysctl("net/ipv6/conf/default/accept_dad", "0");
            host.sysctl("net/ipv6/conf/default/addr_gen_mode", "0");
        }
        monitor.cable("eth0", &router, "eth0");
        monitor.ip_batch(
            "addr add 198.51.100.1/24 dev eth0\naddr add 2001:db8:51::1/64 dev eth0 nodad\n\
             route add default via 198.51.100.254\nroute add default via 2001:db8:51::254\n",
        );
        let length = |address: &str| if address.contains(':') { "128 nodad" } else { "32" };
        let held = addresses.iter().map(|address| {
            let length = length(address);
            let (bits, nodad) = length.split_once(' ').unwrap_or((length, ""));
            format!("addr add {address}/{bits} dev lo {nodad}\n")
        });
        let own = "addr add 198.51.100.254/24 dev eth0\naddr add 2001:db8:51::254/64 dev eth0 nodad\n";
        router.ip_batch(&(own.to_owned() + &held.collect::<String>()));
        router.sysctl("net/ipv4/ip_forward", "1");
        router.sysctl("net/ipv6/conf/all/forwarding", "1");
        router.sysctl("net/ipv4/icmp_echo_ignore_all", "1");
        router.sysctl("net/ipv6/icmp/echo_ignore_all", "1");
        router.sysctl("net/ipv4/icmp_ratelimit", "0");
        router.sysctl("net/ipv6/icmp/ratelimit", "0");
        let mut far =
            Self { monitor, router, vices: Arc::default(), stop: Arc::default(), threads: Vec::new() };
        let gateways = ["198.51.100.254", "2001:db8:51::254"];
        far.threads =
            addresses.iter().chain(&gateways).map(|address| far.serve(address.parse().unwrap())).collect();
        far
    }

    /// Has an address answer so from now on.
    pub(crate) fn set(&self, address: &str, vice: Vice) {
        self.vices.lock().unwrap().insert(address.parse().unwrap(), vice);
    }

    fn serve(&self, address: IpAddr) -> JoinHandle<()> {
        let (vices, stop, name) = (self.vices.clone(), self.stop.clone(), &self.router);
        let others: Vec<IpAddr> =
            ["192.0.2.250", "2001:db8:2::250"].iter().map(|other| other.parse().unwrap()).collect();
        thread::scope(|scope| {
            // Sockets belong to the namespace in which they are made, so that only that needs a thread
            // inside.
            let inside = scope.spawn(|| {
                enter(name);
                let own = open(address);
                let others: Vec<(IpAddr, OwnedFd)> = others
                    .iter()
                    .filter(|other| other.is_ipv6() == address.is_ipv6() && **other != address)
                    .filter_map(|other| Some((*other, try_open(*other)?)))
                    .collect();
                (own, others)
            });
            let (own, others) = inside.join().unwrap();
            thread::spawn(move || answer(address, &own, &others, &vices, &stop))
        })
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

fn open(address: IpAddr) -> OwnedFd {
    try_open(address).unwrap()
}

/// A raw socket that is bound to the address, so that it receives and sends as this address alone.
fn try_open(address: IpAddr) -> Option<OwnedFd> {
    let (family, protocol) = if address.is_ipv6() {
        (AddressFamily::INET6, ipproto::ICMPV6)
    } else {
        (AddressFamily::INET, ipproto::ICMP)
    };
    let socket = socket(family, SocketType::RAW, Some(protocol)).ok()?;
    bind(&socket, &SocketAddr::new(address, 0)).ok()?;
    Some(socket)
}

fn answer(
    address: IpAddr,
    own: &OwnedFd,
    others: &[(IpAddr, OwnedFd)],
    vices: &Mutex<HashMap<IpAddr, Vice>>,
    stop: &AtomicBool,
) {
    let (mut queue, mut count) = (BinaryHeap::new(), 0_u32);
    while !stop.load(Ordering::SeqCst) {
        let next = queue.peek().map(|Due(at, ..)| at.saturating_duration_since(Instant::now()));
        let pause = Timespec::try_from(next.map_or(LOOK, |next| next.min(LOOK))).unwrap();
        let _ = poll(&mut [PollFd::new(own, PollFlags::IN)], Some(&pause));
        let mut packet = [0; 256];
        while let Ok((length, _, Some(from))) = recvfrom(own, &mut packet[..], RecvFlags::DONTWAIT) {
            let vice = vices.lock().unwrap().get(&address).cloned().unwrap_or_default();
            let from = SocketAddr::try_from(from).unwrap();
            let message = if address.is_ipv6() { &packet[..length] } else { &packet[20..length] };
            if message[0] != if address.is_ipv6() { 128 } else { 8 } {
                continue;
            }
            let place = count % vice.loses.1.max(1);
            count += 1;
            if place < vice.loses.0 {
                continue;
            }
            let late = if count.is_multiple_of(2) { vice.every_second } else { Duration::ZERO };
            for _ in 0..vice.copies.max(1) {
                queue.push(Due(
                    Instant::now() + vice.delay + late,
                    reply(message, &vice, address.is_ipv6()),
                    from,
                ));
            }
        }
        while queue.peek().is_some_and(|Due(at, ..)| *at <= Instant::now()) {
            let Some(Due(_, packet, to)) = queue.pop() else { break };
            let vice = vices.lock().unwrap().get(&address).cloned().unwrap_or_default();
            let other = vice
                .as_other
                .and_then(|other| others.iter().find(|(at, _)| *at == other.parse::<IpAddr>().unwrap()));
            let _ = sendto(
                other.map_or(own, |(_, socket)| socket),
                &packet,
                SendFlags::empty(),
                &SocketAddr::new(to.ip(), 0),
            );
        }
    }
}

/// The reply to a request, by the vice; the kernel fills in the checksum of ICMPv6.
fn reply(request: &[u8], vice: &Vice, v6: bool) -> Vec<u8> {
    let mut reply = request[..request.len() - vice.cuts].to_vec();
    reply[0] = if v6 { 129 } else { 0 };
    if vice.flips {
        reply[20] ^= 1;
    }
    reply[2..4].fill(0);
    let sum = net::checksum(&[&reply]).to_be_bytes();
    reply[2..4].copy_from_slice(&sum);
    reply
}
