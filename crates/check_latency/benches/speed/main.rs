//! The rows of check_latency: many targets against fping and surge-ping, one against check_icmp.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

mod surge;

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use suite::bench::{self, Bench, Subject, again, command, enter, says, write};
use suite::host::{Host, bare};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;

/// A row of many targets: their number, and the greatest ratios to fping of the time from start to exit, of
/// the processors' time and of the memory.
type Many = (&'static str, u32, Option<f64>, f64, f64);

const MANY: [Many; 2] = [
    ("1,000 targets, 10 pings", 1_000, None, 1.1, 1.2),
    ("5,000 targets, 10 pings", 5_000, Some(0.7), 0.7, 1.0),
];
/// The same of a quick round: surge-ping takes ten seconds for five thousand.
const FEWER: [Many; 2] =
    [("200 targets, 10 pings", 200, None, 1.1, 1.2), ("1,000 targets, 10 pings", 1_000, Some(0.7), 0.7, 1.0)];
const ONE: &str = "1 target, 1 ping";
const BUSY: &str = "worst median, 16 busy loops";
/// What the far end of that row takes for an answer, in seconds.
const DELAY: f64 = 0.03;

fn main() {
    if surge::was_called() {
        return;
    }
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

fn rows(bench: &Bench<'_>) {
    let many = if bench.is_quick() { FEWER } else { MANY };
    let wanted = bench.wants(ONE) || bench.wants(BUSY) || many.iter().any(|(name, ..)| bench.wants(name));
    if !wanted || missing(&[Need::Root, Need::Program("ip")]) {
        return;
    }
    // Two hosts, so that packets take the way that they take elsewhere, and no answer is limited.
    let (monitor, far) = (bare(), bare());
    monitor.cable("eth0", &far, "eth0");
    monitor.ip_batch("addr add 198.51.100.1/24 dev eth0\nroute add 10.0.0.0/8 via 198.51.100.2\n");
    far.ip_batch("addr add 198.51.100.2/24 dev eth0\nroute add local 10.0.0.0/8 dev lo\n");
    for (parameter, value) in
        [("net/ipv4/icmp_ratelimit", "0"), ("net/ipv4/ping_group_range", "0 2147483647")]
    {
        far.sysctl(parameter, value);
        monitor.sysctl(parameter, value);
    }
    measure(bench, &monitor, many);
    if bench.wants(BUSY) && !missing(&[Need::Program("chrt")]) {
        far.sysctl("net/ipv4/icmp_echo_ignore_all", "1");
        busy_machine(bench, &monitor, &far);
    }
}

fn measure(bench: &Bench<'_>, monitor: &Host, many: [Many; 2]) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter(monitor);
            one_target(bench);
            many.into_iter().for_each(|row| many_targets(bench, folder.path(), row));
        });
        inside.join().unwrap();
    });
}

/// What a check of one host costs: nothing but starting, one packet and its answer.
fn one_target(bench: &Bench<'_>) {
    if !bench.wants(ONE) {
        return;
    }
    let options = ["--ip=10.0.0.1", "--pings=1", "--no-learn", "--gateway=none"];
    let own = command(bench.own("check_latency"), &options);
    says(again(&own), "LATENCY OK - 1 target answers");
    let Some(check_icmp) = bench::other("check_icmp") else { return };
    let peer = command(check_icmp, &["-H", "10.0.0.1", "-n", "1"]);
    let mut subjects =
        [Subject::new(ONE, again(&own)), Subject::new("itself", own), Subject::new("check_icmp", peer)];
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (ONE, 0), ("itself (noise)", 1), None);
    bench.ratio(&times, (ONE, 0), ("check_icmp", 2), Some(0.9));
}

/// The options of a run that fping can do too.
const TIMING: [&str; 7] = [
    "--pings=10",
    "--interval=0.2",
    "--wait=2",
    "--rate=20000",
    "--timeout=30",
    "--gateway=none",
    "--learn-every=0",
];

fn many_targets(bench: &Bench<'_>, folder: &Path, (name, count, wall, busy, memory): Many) {
    if !bench.wants(name) {
        return;
    }
    let bench = &bench.slow();
    let first = Ipv4Addr::new(10, 1, 0, 1).to_bits();
    let list: String =
        (0..count).map(|number| format!("{}\n", Ipv4Addr::from_bits(first + number))).collect();
    let list = write(folder, &count.to_string(), &list);
    let (file, state) = (
        format!("--file={list}"),
        format!("--state-file={}", folder.join(format!("{count}.json")).display()),
    );
    let own = command(bench.own("check_latency"), &[&[file.as_str(), state.as_str()], &TIMING[..]].concat());
    says(again(&own), &format!("LATENCY OK - {count} targets answer"));
    let Some(fping) = bench::other("fping") else { return };
    // All of it by fping: ten rounds 200 ms apart at the same rate, each reply waited for as long.
    let peer: Command =
        command(fping, &["-q", "-c", "10", "-p", "200", "-i", "0.05", "-t", "2000", "-r", "0", "-f", &list]);
    let other = surge::command(&list, 10, Duration::from_micros(50));
    let mut subjects = [
        Subject::new(name, again(&own)),
        Subject::new("fping", again(&peer)),
        Subject::new("surge-ping", again(&other)),
    ];
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (name, 0), ("fping", 1), wall);
    bench.ratio(&times, (name, 0), ("surge-ping", 2), None);
    let processors = format!("processors, {name}");
    bench.busy((&processors, &own), ("fping", &peer), Some(busy));
    bench.busy((&processors, &own), ("surge-ping", &other), None);
    let (mine, theirs) = (bench.peak(&own), bench.peak(&peer));
    bench.memory(
        (&format!("peak resident, {name}"), mine),
        ("fping", theirs),
        Some((theirs * memory * 10.0).round() / 10.0),
    );
    bench.memory((&format!("peak resident, {name}"), mine), ("surge-ping", bench.peak(&other)), None);
}

/// Processes that are ended with this value.
struct Children(Vec<Child>);

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How far off the worst of 100 medians is while 16 processes want two processors: the far end has real-time
/// priority and answers after exactly 30 ms.
fn busy_machine(bench: &Bench<'_>, monitor: &Host, far: &Host) {
    let mut late = far.command("chrt");
    late.args(["-f", "50"]).arg(bench.own("late_echo")).arg("30");
    let looping = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
    let _children = Children((0..16).map(|_| looping()).chain([late.spawn().unwrap()]).collect());
    let targets: Vec<String> = (1..=100).map(|number| format!("10.2.0.{number}")).collect();
    let mut own = monitor.command(bench.own("check_latency"));
    own.args(["--pings=20", "--interval=0.2", "--no-learn", "--gateway=none", "--each", "--verbose"]);
    own.args(targets.iter().map(|target| format!("--ip={target}")));
    let answers = || run(&mut again(&own)).first_line().contains(" lost=0%");
    eventually("the far end answers", Duration::from_secs(60), answers);
    let seen = run(&mut own);
    let medians = seen.first_line().split(' ').filter_map(|field| {
        let (label, value) = field.split_once('=')?;
        if !label.ends_with("_rtt") || label.ends_with("_usual_rtt") {
            return None;
        }
        value.split('s').next()?.parse::<f64>().ok()
    });
    let own = worst(medians.collect());
    bench.seconds((BUSY, own), ("off by 0.2 ms", 0.0002));
    let folder = tempfile::tempdir().unwrap();
    let list = write(folder.path(), "targets", &(targets.join("\n") + "\n"));
    let surge = in_host(monitor, &surge::command(&list, 20, Duration::from_millis(1)));
    bench.seconds((BUSY, own), ("surge-ping", worst(printed(surge)).as_secs_f64()));
    let Some(fping) = bench::other("fping") else { return };
    let mut peer = monitor.command(fping);
    peer.args(["-q", "-C", "20", "-p", "200", "-i", "1", "-t", "2000", "-r", "0"]).args(&targets);
    bench.seconds((BUSY, own), ("fping", worst(printed(peer)).as_secs_f64()));
}

/// Returns the same command as one that runs on a host.
fn in_host(host: &Host, command: &Command) -> Command {
    let mut inside = host.command(command.get_program());
    inside.args(command.get_args());
    inside
}

/// Returns the median time of each target, in seconds, of a program that prints `ADDRESS : MILLISECONDS ...`
/// as fping does.
fn printed(mut program: Command) -> Vec<f64> {
    let seen = run(&mut program);
    let median = |line: &str| {
        let mut times: Vec<f64> =
            line.split_once(" : ")?.1.split(' ').filter_map(|time| time.parse().ok()).collect();
        times.sort_unstable_by(f64::total_cmp);
        Some(times.get(times.len() / 2)? / 1e3)
    };
    seen.stderr.lines().filter_map(median).collect()
}

/// How far the worst of 100 medians is from the delay.
fn worst(medians: Vec<f64>) -> Duration {
    assert_eq!(medians.len(), 100);
    Duration::from_secs_f64(medians.iter().map(|median| (median - DELAY).abs()).fold(0.0, f64::max))
}
