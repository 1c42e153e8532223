//! Real sockets of both kinds in a network namespace of the test's own thread: each needs root, and is left
//! out without it.

use std::fs;
use std::process::Command;
use std::thread;

use rustix::net::{AddressFamily, SendFlags, SocketType, bind, ipproto, sendto, socket};

use super::*;
use crate::tests::{in_namespace, ip, run};

/// Which sockets a namespace allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ping,
    Raw,
}

/// Runs `test` with each kind of socket in a namespace that has these addresses on its loopback.
fn in_namespaces(addresses: &[&str], test: impl Fn(Kind) + Send + Sync) {
    for kind in [Kind::Ping, Kind::Raw] {
        in_namespace(addresses, || {
            let range = if kind == Kind::Ping { "0 2147483647" } else { "1 0" };
            fs::write("/proc/sys/net/ipv4/ping_group_range", range).unwrap();
            // The answers to pings are not to be limited here.
            fs::write("/proc/sys/net/ipv4/icmp_ratelimit", "0").unwrap();
            test(kind);
        });
    }
}

/// Has these addresses answer with an ICMP error.
fn reject(rules: &[(&str, &str)]) {
    let rules = rules.iter().map(|(to, reject)| format!("{to} echo-request reject with {reject}\n"));
    let table = format!(
        "table inet far {{ chain input {{ type filter hook input priority 0;\n{}}}\n}}\n",
        rules.collect::<String>()
    );
    run(Command::new("nft").arg(table));
}

fn address(text: &str) -> SocketAddr {
    SocketAddr::new(text.parse().unwrap(), 0)
}

fn open(targets: &[&str], kind: Kind) -> Echo {
    let echo = Echo::open(targets.iter().map(|target| address(target)).collect(), &Source::default());
    for v6 in [false, true] {
        assert!(echo.refused(v6).is_none(), "{:?}", echo.refused(v6));
        let needed = targets.iter().any(|target| target.contains(':') == v6);
        assert_eq!(echo.is_raw(v6), needed && kind == Kind::Raw);
    }
    echo
}

/// All that comes until there are `count` events, or for a time in which all that is sent on one machine has
/// come.
fn collect(echo: &mut Echo, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let until = Instant::now() + Duration::from_secs(5);
    while events.len() < count && echo.wait(until, &mut events).unwrap() {}
    events
}

fn results(events: &[Event]) -> Vec<(u32, u32, &'static str)> {
    let name = |result| match result {
        EchoResult::Reply(_) => "reply",
        EchoResult::Duplicate(_) => "duplicate",
        EchoResult::OtherAddress(_) => "other address",
        EchoResult::OtherPayload => "other payload",
        EchoResult::Icmp(icmp) => IcmpError::brief(icmp),
    };
    events.iter().map(|event| (event.target, event.ping, name(event.result))).collect()
}

/// Sends a packet of ICMP from one address of this machine to another.
fn forge(from: &str, to: &str, packet: &[u8]) {
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)).unwrap();
    bind(&socket, &address(from)).unwrap();
    sendto(&socket, packet, SendFlags::empty(), &address(to)).unwrap();
}

#[test]
fn both_families_answer_on_both_kinds_of_sockets() {
    in_namespaces(&["192.0.2.1/32", "2001:db8::1/128"], |kind| {
        let mut echo = open(&["192.0.2.1", "2001:db8::1"], kind);
        let sent: Vec<u32> = [0, 1, 0].iter().map(|target| echo.send(*target).unwrap()).collect();
        assert_eq!(sent, [0, 1, 2]);
        let events = collect(&mut echo, 3);
        let mut seen = results(&events);
        seen.sort_unstable();
        assert_eq!(seen, [(0, 0, "reply"), (0, 2, "reply"), (1, 1, "reply")], "{kind:?}");
        for event in events {
            assert!(
                matches!(event.result, EchoResult::Reply(rtt) if rtt < Duration::from_secs(1)),
                "{event:?}"
            );
        }
        assert!(matches!(echo.send(2), Err(EchoError::NoTarget(2))));
    });
}

/// The reply waits in the socket while this process is busy elsewhere: its time is the kernel's, which starts
/// to stamp packets a moment after the first socket of the machine asks for it.
#[test]
fn the_time_is_that_of_the_kernel() {
    in_namespaces(&["192.0.2.1/32"], |kind| {
        let mut echo = open(&["192.0.2.1"], kind);
        let exact = |echo: &mut Echo| {
            echo.send(0).unwrap();
            let busy = Instant::now() + Duration::from_millis(60);
            while Instant::now() < busy {
                thread::yield_now();
            }
            matches!(collect(echo, 1)[0].result, EchoResult::Reply(rtt) if rtt < Duration::from_millis(30))
        };
        assert!((0..20).any(|_| exact(&mut echo)), "{kind:?}");
    });
}

/// As many as a plugin with 5,000 targets can meet when a path comes back.
#[test]
fn five_thousand_replies_in_one_burst_are_all_read() {
    in_namespaces(&["198.18.0.0/15"], |kind| {
        let targets: Vec<SocketAddr> = (0..5_000u32)
            .map(|number| SocketAddr::new(std::net::Ipv4Addr::from_bits(0xc612_0001 + number).into(), 0))
            .collect();
        let mut echo = Echo::open(targets, &Source::default());
        for target in 0..5_000 {
            echo.send(target).unwrap();
        }
        let events = collect(&mut echo, 5_000);
        let replies = events.iter().filter(|event| matches!(event.result, EchoResult::Reply(_))).count();
        assert_eq!((replies, events.len(), echo.dropped()), (5_000, 5_000, 0), "{kind:?}");
    });
}

#[test]
fn what_finds_no_room_is_counted() {
    in_namespaces(&["192.0.2.1/32"], |kind| {
        let mut echo = open(&["192.0.2.1"], kind);
        let Ok(socket) = &echo.v4 else { panic!("no socket") };
        nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::RcvBuf, &4_096).unwrap();
        for _ in 0..200 {
            echo.send(0).unwrap();
        }
        let first = collect(&mut echo, 1).len();
        assert!(first < 200, "{kind:?}: {first}");
        // A raw socket counts what its filter would have left out, too.
        let (missing, factor) = (200 - first as u64, if kind == Kind::Raw { 2 } else { 1 });
        assert!(
            (missing..=missing * factor).contains(&echo.dropped()),
            "{kind:?}: {} of {missing}",
            echo.dropped()
        );
    });
}

#[test]
fn a_reply_must_have_source_sequence_and_payload() {
    in_namespaces(&["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"], |kind| {
        // The far end answers nothing by itself, so that only what is forged comes.
        fs::write("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1").unwrap();
        let mut echo = open(&["192.0.2.1", "192.0.2.2"], kind);
        echo.send(0).unwrap();
        echo.send(1).unwrap();
        let Ok(socket) = &echo.v4 else { panic!("no socket") };
        let (token, identifier) = socket.identity();
        let reply = |number, change: &dyn Fn(&mut Vec<u8>)| {
            let mut packet = token.request(false, number).to_vec();
            packet[0] = 0;
            packet[4..6].copy_from_slice(&identifier.to_be_bytes());
            change(&mut packet);
            packet[2..4].fill(0);
            let sum = crate::checksum(&[&packet]).to_be_bytes();
            packet[2..4].copy_from_slice(&sum);
            packet
        };
        let plain = |_: &mut Vec<u8>| {};
        // The address that a reply on a ping or raw socket is sent to is the one that the request came from.
        let back = "192.0.2.1";
        forge("192.0.2.3", back, &reply(1, &plain));
        forge("192.0.2.1", back, &reply(0, &|packet| packet[12] ^= 1));
        forge("192.0.2.1", back, &reply(0, &|packet| packet.truncate(12)));
        forge("192.0.2.1", back, &reply(0, &|packet| packet[8..16].fill(0xaa)));
        forge("192.0.2.1", back, &reply(9, &plain));
        forge("192.0.2.1", back, &reply(0, &plain));
        forge("192.0.2.1", back, &reply(0, &plain));
        let events = collect(&mut echo, 5);
        let expected = [
            (1, 1, "other address"),
            (0, 0, "other payload"),
            (0, 0, "other payload"),
            (0, 0, "reply"),
            (0, 0, "duplicate"),
        ];
        assert_eq!(results(&events), expected, "{kind:?}");
        assert_eq!(events[0].result, EchoResult::OtherAddress("192.0.2.3".parse().unwrap()));
    });
}

/// A pending ICMP error of one target fails the next call for another, which then has to be made again.
#[test]
fn the_errors_of_some_targets_cost_the_others_nothing() {
    let addresses = ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "2001:db8::1/128", "2001:db8::2/128"];
    in_namespaces(&addresses, |kind| {
        reject(&[
            ("ip daddr 192.0.2.2 icmp type", "icmp type host-unreachable"),
            ("ip daddr 192.0.2.3 icmp type", "icmp type admin-prohibited"),
            ("ip6 daddr 2001:db8::2 icmpv6 type", "icmpv6 type no-route"),
        ]);
        let mut echo = open(&["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"], kind);
        for _round in 0..20 {
            for target in 0..5 {
                echo.send(target).unwrap();
            }
        }
        let events = collect(&mut echo, 100);
        let count =
            |target, what| results(&events).iter().filter(|seen| (seen.0, seen.2) == (target, what)).count();
        assert_eq!([count(0, "reply"), count(3, "reply")], [20, 20], "{kind:?}");
        assert_eq!(
            [count(1, "host unreachable"), count(2, "prohibited"), count(4, "net unreachable")],
            [20, 20, 20],
            "{kind:?}"
        );
        let from = |event: &&Event| {
            event.target == 1 && matches!(event.result, EchoResult::Icmp(icmp) if icmp.from.is_some())
        };
        assert_eq!(events.iter().filter(from).count(), 20, "{kind:?}");
    });
}

#[test]
fn what_this_machine_cannot_send_is_told_at_once() {
    in_namespaces(&["192.0.2.1/32"], |kind| {
        ip("route add prohibit 198.51.100.0/24");
        let mut echo = open(&["192.0.2.1", "198.51.100.1", "203.0.113.1"], kind);
        let why = |echo: &mut Echo, target| echo.send(target).unwrap_err().to_string();
        assert_eq!(why(&mut echo, 1), "this machine cannot send there: permission denied");
        assert_eq!(why(&mut echo, 2), "this machine cannot send there: network is unreachable");
        assert_eq!(echo.send(0).unwrap(), 0, "a ping that was not sent has no number");
        assert_eq!(results(&collect(&mut echo, 1)), [(0, 0, "reply")]);
    });
}

#[test]
fn a_source_that_is_not_here_is_refused() {
    in_namespaces(&["192.0.2.1/32", "192.0.2.7/32"], |_| {
        let source = |address: &str| Source { addresses: vec![address.parse().unwrap()], interface: None };
        let mut foreign = Echo::open(vec![address("192.0.2.1")], &source("198.51.100.9"));
        assert_eq!(foreign.refused(false).unwrap().kind(), io::ErrorKind::AddrNotAvailable);
        assert!(foreign.refused(true).is_none());
        assert!(matches!(foreign.send(0), Err(EchoError::NoSocket(_))));
        let mut own = Echo::open(vec![address("192.0.2.1")], &source("192.0.2.7"));
        own.send(0).unwrap();
        assert_eq!(results(&collect(&mut own, 1)), [(0, 0, "reply")]);
    });
}

#[test]
fn what_keeps_this_machine_from_sending_is_said() {
    let local = |errno: Errno| EchoError::Local(errno.into()).brief();
    let rows = [
        // One of the shared words, and one that has none.
        (Errno::NETUNREACH, "no route from here"),
        (Errno::MSGSIZE, "message too long"),
    ];
    rows.iter().for_each(|(errno, words)| assert_eq!(local(*errno), *words));
    // The shared words of ENOBUFS name memory: here it is a full queue.
    assert_eq!(EchoError::Full(Errno::NOBUFS.into()).brief(), "no buffer space available");
    assert_eq!(EchoError::NoSocket(Errno::ACCESS.into()).brief(), "permission denied");
    assert_eq!(EchoError::NoTarget(7).brief(), "no target has the number 7");
}

#[test]
fn only_a_missing_permission_is_named_as_one() {
    let permission = "no permission to ping: give check_x cap_net_raw+ep by setcap";
    let rows = [
        (Errno::ACCESS, permission),
        (Errno::PERM, permission),
        (Errno::MFILE, "opening a socket: too many open files"),
        (Errno::AFNOSUPPORT, "opening a socket: address family not supported by protocol"),
    ];
    for (errno, expected) in rows {
        assert_eq!(no_ping_socket(&errno.into(), "check_x"), expected);
    }
}
