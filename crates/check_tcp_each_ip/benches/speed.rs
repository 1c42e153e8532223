//! The rows of check_tcp_each_ip: thousands of open addresses on loopback, black holes among thousands, and
//! the deadline.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use suite::bench::{self, Bench, Subject, again, command, enter, says, write};
use suite::daemon::Daemon;
use suite::host::{Host, succeed};
use suite::needs::{Need, missing};
use suite::process::run as outcome;

const PORT: &str = "18080";

/// Consecutive addresses from 127.1.0.1 on, all of them this machine's.
fn loopback(count: u32) -> String {
    let first = Ipv4Addr::new(127, 1, 0, 1).to_bits();
    (0..count).map(|number| format!("{}\n", Ipv4Addr::from_bits(first + number))).collect()
}

/// Consecutive addresses from 127.100.0.1 on, whose packets are thrown away.
fn dark(count: u32) -> String {
    let first = Ipv4Addr::new(127, 100, 0, 1).to_bits();
    (0..count).map(|number| format!("{}\n", Ipv4Addr::from_bits(first + number))).collect()
}

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

const NAMES: [&str; 8] = [
    "1 open address",
    "1,000 open addresses",
    "10,000 open addresses",
    "100,000 open addresses",
    "1,000 addresses, 100 black holes",
    "50,000 addresses, 5,000 black holes",
    "5,000 black holes alone",
    "the deadline of 1 s",
];

fn rows(bench: &Bench<'_>) {
    if !NAMES.iter().any(|name| bench.wants(name))
        || missing(&[Need::Root, Need::Program("ip"), Need::Program("nft")])
    {
        return;
    }
    let host = Host::create();
    // No queue of the listener's may ever be full.
    for (parameter, value) in [
        ("net/core/somaxconn", "1048576"),
        ("net/ipv4/tcp_max_syn_backlog", "1048576"),
        ("net/ipv4/tcp_syncookies", "0"),
    ] {
        host.sysctl(parameter, value);
    }
    let rules = "add table ip sop; add chain ip sop in { type filter hook input priority 0; }; \
                 add rule ip sop in ip daddr 127.100.0.0/16 drop";
    succeed(host.command("nft").arg(rules));
    let folder = tempfile::tempdir().unwrap();
    let mut open_port = host.command(bench.own("open_port"));
    let log = folder.path().join("log");
    let listens = |_| std::fs::read_to_string(&log).is_ok_and(|said| said.contains("open"));
    let _listener = Daemon::start(open_port.arg(PORT), &log, listens);
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter(&host);
            let [one, thousand, ten, hundred, few_dark, many_dark, all_dark, deadline] = NAMES;
            open_addresses(bench, folder.path(), (one, 1));
            let bench = &bench.slow();
            open_addresses(bench, folder.path(), (thousand, 1_000));
            open_addresses(bench, folder.path(), (ten, 10_000));
            black_holes(bench, folder.path(), few_dark);
            until_the_deadline(bench, folder.path(), deadline);
            // Minutes, which a quick round does not have.
            if !bench.is_quick() {
                very_many(bench, folder.path(), hundred);
                many_black_holes(bench, folder.path(), many_dark);
                black_holes_alone(bench, folder.path(), all_dark);
            }
        });
        inside.join().unwrap();
    });
}

fn own(bench: &Bench<'_>, list: &str, options: &[&str]) -> Command {
    let mut own = command(bench.own("check_tcp_each_ip"), &["--port", PORT, "--file", list]);
    own.args(options);
    own
}

fn nmap(list: &str, options: &[&str]) -> Option<Command> {
    let options = [&["-n", "-Pn", "-sT", "-T4", "-p", PORT, "-iL", list][..], options].concat();
    bench::other("nmap").map(|program| command(program, &options))
}

/// Open addresses against what else can connect to them.
fn open_addresses(bench: &Bench<'_>, folder: &Path, (name, count): (&str, u32)) {
    if !bench.wants(name) {
        return;
    }
    let list = write(folder, "open", &loopback(count));
    let answer = if count == 1 { "TCP_EACH_IP OK - 1 address answers" } else { "TCP_EACH_IP OK - " };
    says(own(bench, &list, &[]), answer);
    let check_tcp = bench::other("check_tcp").filter(|_| count <= 1_000);
    let one_by_one = check_tcp.map(|program| {
        let program = program.display().to_string();
        let all = format!("while read -r address; do {program} -H $address -p {PORT} || exit; done <$0");
        match count {
            1 => command(program.into(), &["-H", "127.1.0.1", "-p", PORT]),
            _ => command("sh".into(), &["-c", &all, &list]),
        }
    });
    let peers = [
        ("itself (noise)", Some(own(bench, &list, &[])), None),
        (
            "bare mio loop",
            Some(command(bench.own("connect_loop"), &[&list, PORT])),
            (count == 10_000).then_some(0.8),
        ),
        ("nmap -sT -T4", nmap(&list, &[]).filter(|_| count == 10_000), Some(1.0)),
        ("check_tcp, one for each", one_by_one, Some(if count == 1 { 0.45 } else { 1.0 / 25.0 })),
    ];
    let peers: Vec<_> =
        peers.into_iter().filter_map(|(peer, command, target)| Some((peer, command?, target))).collect();
    let mut subjects = vec![Subject::new(name, own(bench, &list, &[]))];
    subjects.extend(peers.iter().map(|(peer, command, _)| Subject::new(*peer, again(command))));
    let times = bench.in_turn(&mut subjects);
    for (number, (peer, _, target)) in peers.iter().enumerate() {
        bench.ratio(&times, (name, 0), (peer, number + 1), *target);
    }
}

/// A tenth of the time of so many, which is what a tenth of the addresses should take; and the memory.
fn very_many(bench: &Bench<'_>, folder: &Path, name: &str) {
    if !bench.wants(name) {
        return;
    }
    let (list, tenth) =
        (write(folder, "hundred", &loopback(100_000)), write(folder, "ten", &loopback(10_000)));
    let ten = bench.own("check_tcp_each_ip");
    let ten_times =
        "for i in 1 2 3 4 5 6 7 8 9 10; do \"$0\" --port \"$1\" --file \"$2\" --timeout 60 || exit; done";
    let ten_times = command("sh".into(), &["-c", ten_times, &ten.display().to_string(), PORT, &tenth]);
    let whole = own(bench, &list, &["--timeout", "60"]);
    says(again(&whole), "TCP_EACH_IP OK - 100000 addresses answer");
    let memory = bench.peak(&whole);
    let mut subjects = [whole, ten_times].map(|command| Subject::new(name, command));
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (name, 0), ("10,000 ten times over", 1), Some(1.0));
    let loop_memory = bench.peak(&command(bench.own("connect_loop"), &[&list, PORT]));
    bench.memory(("peak resident, 100,000 addresses", memory), ("bare mio loop", loop_memory), Some(16.0));
}

/// Both tries of a black hole take 3.5 s; the rest must fit beside them.
fn black_holes(bench: &Bench<'_>, folder: &Path, name: &str) {
    if !bench.wants(name) {
        return;
    }
    let list = write(folder, "dark", &(loopback(900) + &dark(100)));
    let mut own = own(bench, &list, &[]);
    let line =
        "TCP_EACH_IP CRITICAL - 100 of 1000 fail, port 18080: 127.100.0.1-100 silent (no ping) | failed=100;";
    let seen = outcome(&mut own);
    assert!(seen.first_line().starts_with(line), "{}", seen.stdout);
    bench.seconds((name, seen.elapsed), ("two tries of 3.5 s and 0.3 s", 7.3));
}

fn many_black_holes(bench: &Bench<'_>, folder: &Path, name: &str) {
    if !bench.wants(name) {
        return;
    }
    let list = write(folder, "darker", &(loopback(45_000) + &dark(5_000)));
    let options = ["--tries=1", "--connect-timeout=5", "--timeout=60"];
    let seen = outcome(&mut own(bench, &list, &options));
    let line = "TCP_EACH_IP CRITICAL - 5000 of 50000 fail, port 18080: ";
    assert!(seen.first_line().starts_with(line), "{}", seen.first_line());
    let Some(nmap) = nmap(&list, &["-oG", "-"]) else { return };
    // On a busy machine it may go on for minutes: then its time is at least this.
    let mut bounded = Command::new("timeout");
    bounded.arg(bench.patience().to_string()).arg(nmap.get_program()).args(nmap.get_args());
    let start = Instant::now();
    let code = bounded.output().unwrap().status.code();
    assert!(matches!(code, Some(0 | 124)), "{code:?}");
    let peer = format!("nmap -sT -T4, or {} s, by 2.5", bench.patience());
    bench.seconds((name, seen.elapsed), (&peer, start.elapsed().as_secs_f64() / 2.5));
}

/// An outage of everything takes no longer than that of one, but for 1 s for each 20,000.
fn black_holes_alone(bench: &Bench<'_>, folder: &Path, name: &str) {
    if !bench.wants(name) {
        return;
    }
    let list = write(folder, "alone", &dark(5_000));
    let seen = outcome(&mut own(bench, &list, &[]));
    let line = "TCP_EACH_IP CRITICAL - 5000 of 5000 fail, port 18080: ";
    assert!(seen.first_line().starts_with(line), "{}", seen.first_line());
    bench.seconds((name, seen.elapsed), ("two tries of 3.5 s, 0.3 s and 0.25 s", 7.55));
}

fn until_the_deadline(bench: &Bench<'_>, folder: &Path, name: &str) {
    if !bench.wants(name) {
        return;
    }
    let list = write(folder, "darkest", &dark(50_000));
    let seen = outcome(&mut own(bench, &list, &["--timeout=1", "--connect-timeout=0.98"]));
    assert!(seen.first_line().contains(" | failed=0;;0;0;50000 untested=50000;"), "{}", seen.first_line());
    bench.seconds((name, seen.elapsed), ("it and 50 ms", 1.05));
}
