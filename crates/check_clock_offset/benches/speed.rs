//! The rows of check_clock_offset: one question to the SNMP agent, and to the NTP server, of another host on
//! one cable.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::process::Command;
use std::thread;

use suite::bench::{self, Bench, Subject, again, command, enter, says};
use suite::clocks::{AGENT_NEEDS, Clock, SERVER_NEEDS};
use suite::host;
use suite::needs::{Need, missing};

/// The most memory resident, in MiB.
const MEMORY: f64 = 5.0;
/// hrSystemDate.0.
const SYSTEM_DATE: &str = ".1.3.6.1.2.1.25.1.2.0";

/// What is asked of whom, and what must be reached.
struct Case {
    what: &'static str,
    own: &'static [&'static str],
    says: &'static str,
    peer: &'static str,
    peer_arguments: &'static [&'static str],
    /// The greatest ratio to the peer.
    target: f64,
}

const CASES: [Case; 2] = [
    Case {
        what: "a clock by SNMP v2c",
        own: &["--hostname=198.51.100.7"],
        says: "CLOCK_OFFSET OK - 198.51.100.7 is right within ",
        peer: "check_snmp",
        peer_arguments: &["-H", "198.51.100.7", "-P", "2c", "-C", "public", "-o", SYSTEM_DATE],
        target: 0.25,
    },
    Case {
        what: "a clock by NTP",
        own: &["--ntp=198.51.100.7"],
        says: "CLOCK_OFFSET OK - this host is right within ",
        peer: "check_ntp_time",
        peer_arguments: &["-H", "198.51.100.7"],
        target: 0.8,
    },
];

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

fn rows(bench: &Bench<'_>) {
    let wanted: Vec<_> = CASES.into_iter().filter(|case| bench.wants(case.what)).collect();
    if wanted.is_empty() || missing(&[Need::Root]) || missing(&AGENT_NEEDS) || missing(&SERVER_NEEDS) {
        return;
    }
    let (host, server) = host::cabled();
    host.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    server.ip(&["addr", "add", "198.51.100.7/24", "dev", "eth0"]);
    let _clocks = (Clock::agent(&server, "+0s"), Clock::server(&server, "+0s", "local stratum 10"));
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter(&host);
            wanted.iter().for_each(|case| case.run(bench));
        });
        inside.join().unwrap();
    });
}

impl Case {
    fn run(&self, bench: &Bench<'_>) {
        let own = || command(bench.own("check_clock_offset"), self.own);
        says(own(), self.says);
        let peer = bench::other(self.peer).map(|path| command(path, self.peer_arguments));
        let mut subjects = vec![Subject::new("check_clock_offset", own()), Subject::new("itself", own())];
        subjects.extend(peer.iter().map(|peer| Subject::new(self.peer, again(peer))));
        let times = bench.in_turn(&mut subjects);
        bench.ratio(&times, (self.what, 0), ("itself (noise)", 1), None);
        let Some(peer) = peer else { return };
        bench.ratio(&times, (self.what, 0), (self.peer, 2), Some(self.target));
        self.memory(bench, &own(), &peer);
    }

    fn memory(&self, bench: &Bench<'_>, own: &Command, peer: &Command) {
        let what = format!("peak resident, {}", self.what);
        bench.memory((&what, bench.peak(own)), (self.peer, bench.peak(peer)), Some(MEMORY));
    }
}
