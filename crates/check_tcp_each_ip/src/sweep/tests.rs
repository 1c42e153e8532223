//! Silent targets by the hundred, shared out among threads: none is held back by another.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use host_net::Diagnosis;
use net::Source;
use plugin::{Deadline, Thresholds};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{bind, getsockname, listen, recv, send, socket, socketpair};

use super::*;
use crate::allowed::Allowed;
use crate::cause::{Cause, Echo, Local};
use crate::judged::Judged;
use crate::monitor;
use crate::ping::Pinger;
use crate::sweep::dialogue::{Dialogue, Heard, Script};
use crate::sweep::talk::has_ended;
use crate::sweep::tries::Tries;
use crate::sweep::work::Manner;
use crate::target::Target;
use crate::target::names::Names;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A port whose queue is full, so that no further connection is answered; it holds while the rest lives.
fn silent_port() -> (u16, OwnedFd, Vec<TcpStream>) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::new(HERE, 0)).unwrap();
    listen(&socket, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let taken: Vec<TcpStream> = std::iter::from_fn(|| fill().ok()).take(8).collect();
    assert!((1..8).contains(&taken.len()), "{taken:?}");
    (address.port(), socket, taken)
}

/// What becomes of these targets with so many in flight, threads, and this time for a connection and for all.
fn swept(targets: &[Target], in_flight: usize, threads: usize, [timeout, whole]: [Duration; 2]) -> Found {
    let manner = Manner {
        tries: Tries { timeout, most: 2, enough: 2 },
        in_flight,
        pace: Duration::ZERO,
        script: None,
        quit: Vec::new(),
        stay: Duration::ZERO,
        closed: false,
        source: Source::default(),
        refused_ok: false,
    };
    let none = Thresholds { warning: None, critical: None };
    let allowed =
        Allowed { failed: none.clone().into(), slowest: none, refused: false, closed: false, mismatch: None };
    let deadline = Deadline::after(whole);
    let judged = Judged::new((targets.len(), 0), &allowed, (false, true));
    let until = Instant::now() + whole;
    let pinger = Pinger::new(Source::default(), until, timeout);
    let sweep = Sweep {
        targets,
        names: &Names::default(),
        manner: &manner,
        until,
        deadline: &deadline,
        judged: &judged,
        diagnosis: &Diagnosis::default(),
        pinger: &pinger,
    };
    run(&sweep, threads).unwrap()
}

fn target(port: u16) -> Target {
    Target { address: HERE, scope: 0, port, name: None }
}

/// A service that sends without end holds back no other target.
#[test]
fn a_flood_is_read_in_turns() {
    let (near, far) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK, None).unwrap();
    let script = Script { starttls: None, tls: None, talk: None };
    let mut dialogue = Dialogue::begin(&script, &near, "").unwrap();
    let left = |near: &OwnedFd| {
        let mut room = vec![0; 1 << 20];
        recv(near, room.as_mut_slice(), RecvFlags::empty()).map(|(_, length)| length)
    };
    let fill = || {
        let flood = [b'x'; 4096];
        let parts = std::iter::from_fn(|| send(&far, &flood, SendFlags::empty()).ok()).take(30).count();
        assert!(parts > 20, "{parts}");
    };
    fill();
    assert!(matches!(dialogue.stay(&script, &near), Heard::Waiting));
    assert!(left(&near).is_ok_and(|length| length > 0));
    fill();
    assert!(!has_ended(&near));
    assert!(left(&near).is_ok_and(|length| length > 0));
    drop(far);
    assert!(has_ended(&near));
}

/// Two tries of all of them, and no third one's time: if a single one had to wait for another, it would be
/// unconfirmed.
#[test]
fn each_silent_target_has_both_tries_in_the_time_of_two() {
    let (port, _socket, _taken) = silent_port();
    // Whoever waits for another has a third turn, at 9 s: a busy machine may still be late.
    let time = [Duration::from_secs(3), Duration::from_secs(8)];
    let rows = [(1, 1), (255, 2), (256, 2), (257, 2), (257, 4), (300, 4), (511, 4), (513, 1)];
    assert_eq!(monitor::room(3_000, 0), 3_000, "open files");
    thread::scope(|scope| {
        for (number, threads) in rows {
            scope.spawn(move || {
                let found = swept(&vec![target(port); number], number, threads, time);
                let is_silent = |(_, cause): &&(u32, Cause)| *cause == Cause::NoAnswer(Echo::NotAsked);
                let silent = found.failed.iter().filter(is_silent).count();
                assert_eq!((silent, found.failed.len()), (number, number), "by {threads} threads");
                assert_eq!((found.open, found.second_try), (0, 0));
            });
        }
    });
}

/// The refused ones have their second try long before the first of a silent one is over, and with fewer in
/// flight than there are.
#[test]
fn a_failure_is_confirmed_on_its_own_clock() {
    let (port, _socket, _taken) = silent_port();
    let closed = TcpListener::bind((HERE, 0)).unwrap().local_addr().unwrap().port();
    let mut targets = vec![target(closed); 400];
    targets.extend([target(port); 4]);
    let time = [Duration::from_secs(20), Duration::from_secs(2)];
    let found = swept(&targets, 24, 2, time);
    let of = |cause: &Cause| found.failed.iter().filter(|(_, seen)| seen == cause).count();
    assert_eq!((of(&Cause::Refused), of(&Cause::Local(Local::NoTime))), (400, 4), "{:?}", found.failed);
}

/// Every target is reported exactly once, whatever the windows are.
#[test]
fn none_is_lost_between_threads() {
    let listener = TcpListener::bind((HERE, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(drop));
    for (in_flight, threads) in [(1, 4), (3, 2), (31, 4), (1_000, 3)] {
        let targets = vec![target(port); 700];
        let found = swept(&targets, in_flight, threads, [Duration::from_secs(10), Duration::from_secs(30)]);
        assert_eq!((found.open, found.failed.as_slice()), (700, [].as_slice()), "{in_flight} by {threads}");
    }
}

#[test]
fn no_target_waits_for_a_window_where_all_may_be_in_flight() {
    let windows = |in_flight, targets, threads| {
        (0..threads).map(|number| window((in_flight, targets), (number, threads))).collect::<Vec<_>>()
    };
    assert_eq!(windows(700, 700, 2), [700, 700]);
    assert_eq!(windows(800, 700, 2), [700, 700]);
    assert_eq!(windows(699, 700, 2), [350, 349]);
    assert_eq!(windows(2, 700, 3), [1, 1, 1]);
    assert_eq!(windows(0, 0, 1), [1]);
}
