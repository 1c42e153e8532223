//! The rows of check_ip_bound: its start, and thousands of addresses bound and expected.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::Command;
use std::thread;

use suite::bench::{self, Bench, Subject, again, command, enter, says, write};
use suite::host::Host;
use suite::needs::{Need, missing};

/// So many addresses on so many interfaces, and what must be reached.
struct Case {
    addresses: u32,
    interfaces: u32,
    /// The greatest ratio to the bare dump.
    dump: f64,
    /// The greatest ratio to `ip`, `awk`, `sort` and `comm`.
    pipeline: Option<f64>,
    /// The most memory resident, in MiB.
    memory: Option<f64>,
}

const CASES: [Case; 3] = [
    Case { addresses: 1_000, interfaces: 2, dump: 1.3, pipeline: Some(1.0 / 3.0), memory: None },
    Case { addresses: 10_000, interfaces: 2, dump: 1.3, pipeline: Some(1.0 / 3.0), memory: None },
    Case { addresses: 60_000, interfaces: 64, dump: 1.4, pipeline: None, memory: Some(12.0) },
];

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

fn rows(bench: &Bench<'_>) {
    start(bench);
    let wanted: Vec<_> = CASES.into_iter().filter(|case| bench.wants(&case.name())).collect();
    if wanted.is_empty() || missing(&[Need::Root, Need::Program("ip")]) {
        return;
    }
    for case in wanted {
        let host = case.host();
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                enter(&host);
                case.run(bench);
            });
            inside.join().unwrap();
        });
    }
}

/// From start to exit with one address.
fn start(bench: &Bench<'_>) {
    const WHAT: &str = "start to exit, --ip 127.0.0.1";
    if !bench.wants(WHAT) {
        return;
    }
    let own = || command(bench.own("check_ip_bound"), &["--ip", "127.0.0.1"]);
    let mut subjects = vec![Subject::new("check_ip_bound", own()), Subject::new("itself", own())];
    let peers = [("check_dummy", &["0"][..], Some(0.9)), ("true", &[], None)];
    let peers = peers.map(|(name, arguments, target)| {
        bench::other(name).map(|path| (name, command(path, arguments), target))
    });
    let peers: Vec<_> = peers.into_iter().flatten().collect();
    subjects.extend(peers.iter().map(|(name, peer, _)| Subject::new(*name, again(peer))));
    says(own(), "IP_BOUND OK - 1 address bound and usable |");
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (WHAT, 0), ("itself (noise)", 1), None);
    for (number, (name, _, target)) in peers.iter().enumerate() {
        bench.ratio(&times, (WHAT, 0), (name, number + 2), *target);
    }
    for (name, peer, target) in &peers {
        let target = target.and(Some(2.5));
        bench.memory(("peak resident, --ip 127.0.0.1", bench.peak(&own())), (name, bench.peak(peer)), target);
    }
}

impl Case {
    fn name(&self) -> String {
        format!("{} addresses on {} interfaces", self.addresses, self.interfaces)
    }

    /// The addresses, each of its own network of /32: from 198.18.0.0/15, which is for benchmarks (RFC 2544).
    fn list(&self) -> Vec<Ipv4Addr> {
        let first = Ipv4Addr::new(198, 18, 0, 1).to_bits();
        (0..self.addresses).map(|number| Ipv4Addr::from_bits(first + number)).collect()
    }

    /// A host that has them all, spread over cables to itself.
    fn host(&self) -> Host {
        let host = Host::create();
        host.sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        for pair in (0..self.interfaces).step_by(2) {
            host.cable(&format!("eth{pair}"), &host, &format!("eth{}", pair + 1));
        }
        let mut batch = String::new();
        for (number, address) in (0..).zip(self.list()) {
            writeln!(batch, "addr add {address}/32 dev eth{}", number % self.interfaces).unwrap();
        }
        // Not by ip_batch of the host: on a busy machine, so many take longer than a test may.
        let folder = tempfile::tempdir().unwrap();
        let batch = write(folder.path(), "batch", &batch);
        let added = Command::new("ip").args(["-n", host.name(), "-batch", &batch]).status();
        assert!(added.as_ref().is_ok_and(|status| status.success()), "adding {}: {added:?}", self.name());
        host
    }

    fn run(&self, bench: &Bench<'_>) {
        let folder = tempfile::tempdir().unwrap();
        let mut lines: Vec<String> = self.list().iter().map(|address| format!("{address}\n")).collect();
        let list = write(folder.path(), "list", &lines.concat());
        lines.sort();
        let sorted = write(folder.path(), "sorted", &lines.concat());

        let own = || command(bench.own("check_ip_bound"), &["--file", &list]);
        let dump = command(bench.own("bare_dump"), &[]);
        let pipeline = "ip -o addr | awk '{ sub(/\\/.*/, \"\", $4); print $4 }' | LC_ALL=C sort | LC_ALL=C comm -23 \"$0\" -";
        let pipeline = command("sh".into(), &["-c", pipeline, &sorted]);
        says(own(), &format!("IP_BOUND OK - {} addresses bound and usable |", self.addresses));
        // The loopback interface has its own: one of each family.
        says(again(&dump), &format!("{} addresses, hash ", self.addresses + 2));
        says(again(&pipeline), "");

        let mut subjects =
            [own(), own(), again(&dump), pipeline].map(|command| Subject::new(self.name(), command));
        let times = bench.in_turn(&mut subjects);
        let name = self.name();
        bench.ratio(&times, (&name, 0), ("itself (noise)", 1), None);
        bench.ratio(&times, (&name, 0), ("bare netlink dump", 2), Some(self.dump));
        bench.ratio(&times, (&name, 0), ("ip -o addr, awk, sort, comm", 3), self.pipeline);
        let what = format!("peak resident, {} addresses", self.addresses);
        bench.memory((&what, bench.peak(&own())), ("bare netlink dump", bench.peak(&dump)), self.memory);
    }
}
