//! The rows of check_resolver: one healthy nameserver and one name, asked beside the C library and alone, and
//! twenty nameservers that never answer; on a host with a resolv.conf of its own.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::net::UdpSocket;
use std::process::Command;

use suite::bench::{self, Bench, Subject, again, command, says};
use suite::daemon::Daemon;
use suite::host::{Host, public_folder};
use suite::needs::{Need, missing, program};
use suite::process::run;

const SERVER: &str = "127.0.0.2";
/// The most memory resident, in MiB.
const MEMORY: f64 = 2.5;
const SILENT: &str = "20 silent nameservers";
const NEEDS: [Need; 4] = [Need::Root, Need::Program("ip"), Need::Program("mount"), Need::Program("dnsmasq")];

/// What is asked, and the greatest ratios to the peers.
struct Case {
    what: &'static str,
    own: &'static [&'static str],
    peers: &'static [(&'static str, &'static [&'static str], f64)],
}

const CHECK_DNS: &[&str] = &["-H", "www.example.com", "-s", SERVER];
const CASES: [Case; 2] = [
    Case {
        what: "1 nameserver, 1 name",
        own: &["--no-system"],
        peers: &[("check_dns", CHECK_DNS, 0.06), ("check_dummy", &["0"], 1.15)],
    },
    Case {
        what: "1 nameserver, 1 name, and the C library's way",
        own: &[],
        peers: &[("check_dns", CHECK_DNS, 0.13)],
    },
];

fn main() {
    if !missing(&NEEDS) {
        bench::run_on(resolving_host, env!("CARGO_PKG_NAME"), rows);
    }
}

fn resolving_host() -> Host {
    let host = Host::create();
    host.etc("resolv.conf", &format!("nameserver {SERVER}\n"));
    host.etc("nsswitch.conf", "hosts: files dns\n");
    host
}

fn rows(bench: &Bench<'_>) {
    let folder = public_folder();
    let mut server = Command::new(program("dnsmasq").unwrap());
    server.args(["-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file="]);
    server.args(["--address=/example.com/192.0.2.80", "--address=/example.com/2001:db8::80"]);
    server.args(["--bind-interfaces", "--listen-address", SERVER]);
    let own = || command(bench.own("check_resolver"), &["--name=www.example.com"]);
    let answers = |_| run(&mut own()).code == Some(0);
    let _server = Daemon::start(&mut server, &folder.path().join("dnsmasq"), answers);
    CASES.iter().filter(|case| bench.wants(case.what)).for_each(|case| case.run(bench));
    if bench.wants(SILENT) {
        silent(bench);
    }
}

impl Case {
    fn run(&self, bench: &Bench<'_>) {
        let own = command(bench.own("check_resolver"), &[&["--name=www.example.com"], self.own].concat());
        says(again(&own), "RESOLVER OK - 1 nameserver resolves 1 name, slowest in ");
        let peers = self.peers.iter().filter_map(|(name, arguments, target)| {
            Some((*name, command(bench::other(name)?, arguments), *target))
        });
        let peers: Vec<_> = peers.collect();
        let mut subjects =
            vec![Subject::new("check_resolver", again(&own)), Subject::new("itself", again(&own))];
        subjects.extend(peers.iter().map(|(name, peer, _)| Subject::new(*name, again(peer))));
        let times = bench.in_turn(&mut subjects);
        bench.ratio(&times, (self.what, 0), ("itself (noise)", 1), None);
        for (place, (name, _, target)) in peers.iter().enumerate() {
            bench.ratio(&times, (self.what, 0), (name, place + 2), Some(*target));
        }
        if let Some((name, peer, _)) = peers.first() {
            let what = format!("peak resident, {}", self.what);
            bench.memory((&what, bench.peak(&own)), (name, bench.peak(peer)), Some(MEMORY));
        }
    }
}

/// All are asked side by side: as long as one takes.
fn silent(bench: &Bench<'_>) {
    let sockets: Vec<UdpSocket> = (0..20).map(|_| UdpSocket::bind("127.0.0.3:0").unwrap()).collect();
    let mut own = command(bench.own("check_resolver"), &["--name=www.example.com"]);
    own.args(sockets.iter().map(|socket| format!("--server={}", socket.local_addr().unwrap())));
    let outcome = run(&mut own);
    let line = outcome.first_line().to_owned();
    assert!(line.starts_with("RESOLVER CRITICAL - 20 of 20 nameservers fail: "), "{line}");
    bench.seconds((SILENT, outcome.elapsed), ("6 s", 6.0));
}
