//! Each row of the table of states on real paths, over IPv4 and IPv6.

use std::time::Duration;

use suite::host::{public_folder, succeed};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{Outcome, run};
use tempfile::TempDir;

use crate::far_end::{FarEnd, Vice};
use crate::{NEEDS, private_folder};

/// The first targets of both families, and the address that answers for others.
const TARGETS: [&str; 10] = [
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
    "192.0.2.4",
    "2001:db8:2::1",
    "2001:db8:2::2",
    "2001:db8:2::3",
    "2001:db8:2::4",
    "192.0.2.250",
    "2001:db8:2::250",
];
/// What nothing holds: the router answers for it.
const NOWHERE: [&str; 2] = ["192.0.2.99", "2001:db8:2::99"];

/// A path, and the record of what is learned of it.
pub(crate) struct Lab {
    pub(crate) far: FarEnd,
    folder: TempDir,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let far = FarEnd::create(&TARGETS);
        // Neighbours are found before anything is measured.
        let lab = Self { far, folder: private_folder() };
        lab.run(&["--ip=192.0.2.1", "--ip=2001:db8:2::1", "--no-learn"]);
        lab
    }

    /// Runs the plugin on the monitor: 20 pings within half a second, each run stored.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_by(&[], arguments)
    }

    /// The same by another program, which is given with its own arguments.
    fn run_by(&self, program: &[&str], arguments: &[&str]) -> Outcome {
        let plugin = plugins::binary("check_latency");
        let mut command = match program {
            [] => self.far.monitor.command(plugin),
            [program, own @ ..] => {
                let mut command = self.far.monitor.command(program);
                command.args(own).arg(plugin);
                command
            }
        };
        command.args(["--pings=20", "--interval=0.02", "--wait=0.3", "--learn-every=0", "--learn-runs=3"]);
        if !arguments.iter().any(|argument| argument.starts_with("--timeout")) {
            command.arg("--timeout=8");
        }
        command.arg(format!("--state-file={}", self.folder.path().join("paths.json").display()));
        let outcome = run(command.args(arguments));
        // The other program may have something to say.
        assert!(!program.is_empty() || outcome.stderr.is_empty(), "{arguments:?}: {}", outcome.stderr);
        outcome
    }

    /// Learns these targets.
    pub(crate) fn learn(&self, arguments: &[&str], runs: usize) {
        (0..runs).for_each(|_| assert_eq!(self.run(arguments).code, Some(0)));
    }
}

/// The line without its performance data, with the time of day as HH:MM.
pub(crate) fn line(outcome: &Outcome) -> String {
    let line = outcome.first_line().split(" | ").next().unwrap();
    match line.split_once(" since ") {
        Some((before, after)) => format!("{before} since HH:MM{}", &after[5..]),
        None => line.to_owned(),
    }
}

pub(crate) fn metric(outcome: &Outcome, label: &str) -> String {
    let data = outcome.first_line().split(" | ").nth(1).unwrap();
    let field = data.split(' ').find_map(|field| field.strip_prefix(&format!("{label}="))).unwrap();
    field.split(';').next().unwrap().to_owned()
}

#[test]
fn a_distant_host_is_as_usual_and_a_slower_one_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for address in ["192.0.2.1", "2001:db8:2::1"] {
        let target = format!("--ip={address}");
        let slow = |milliseconds| {
            lab.far.set(address, Vice { delay: Duration::from_millis(milliseconds), ..Vice::default() })
        };
        slow(150);
        lab.learn(&[&target], 4);
        assert_eq!(line(&lab.run(&[&target])), "LATENCY OK - 1 target as usual");
        slow(200);
        assert_eq!(lab.run(&[&target]).code, Some(0), "one run is no trend");
        let told = lab.run(&[&target]);
        let expected = format!("LATENCY WARNING - {address} takes 200 ms (usual 150 ms) since HH:MM");
        // The far end shares the machine with all other tests, and may answer some milliseconds late.
        let rounded = |text: &str| text.replace(['1', '2', '3', '4', '5', '6', '7', '8', '9'], "0");
        assert_eq!(rounded(&line(&told)), rounded(&expected), "{}", told.stdout);
        assert_eq!(told.code, Some(1));
        slow(150);
        assert_eq!(line(&lab.run(&[&target])), "LATENCY OK - 1 target as usual");
    }
}

#[test]
fn loss_is_told_against_the_usual_one() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for address in ["192.0.2.2", "2001:db8:2::2"] {
        let target = format!("--ip={address}");
        let loses = |lost, of| lab.far.set(address, Vice { loses: (lost, of), ..Vice::default() });
        loses(1, 20);
        lab.learn(&[&target], 4);
        assert_eq!(
            line(&lab.run(&[&target])),
            format!("LATENCY OK - 1 target as usual, most loss 5.0% at {address} (usual 5.0%)")
        );
        loses(16, 20);
        let told = lab.run(&[&target]);
        assert_eq!(line(&told), format!("LATENCY CRITICAL - {address} loses 80% (usual 5.0%) since HH:MM"));
        assert_eq!((metric(&told, "lost"), metric(&told, "abnormal")), ("80%".to_owned(), "1".to_owned()));
        loses(1, 20);
        assert_eq!(lab.run(&[&target]).code, Some(0), "one good run is enough after 80 %");
        loses(8, 20);
        let quiet = lab.run(&[&target]);
        assert_eq!(quiet.code, Some(0), "one bad run is no trend: {}", quiet.stdout);
        lab.run(&[&target]);
        let told = lab.run(&[&target]);
        assert_eq!(
            line(&told),
            format!("LATENCY WARNING - {address} loses 40% (usual 5.0%) since HH:MM"),
            "{}",
            told.stdout
        );
    }
}

#[test]
fn a_target_that_answers_when_it_is_pinged_again_is_alive() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for address in ["192.0.2.2", "2001:db8:2::2"] {
        // The path loses all 20 pings. It answers the five pings that a silent target gets afterwards.
        lab.far.set(address, Vice { loses: (20, 25), ..Vice::default() });
        let told = lab.run(&[&format!("--ip={address}")]);
        let expected = format!("LATENCY CRITICAL - {address} loses 80% (still learning) since HH:MM");
        assert_eq!(line(&told), expected, "{}", told.stdout);
        assert_eq!((metric(&told, "lost"), metric(&told, "silent")), ("80%".to_owned(), "0".to_owned()));
    }
}

#[test]
fn silence_is_told_at_once_with_who_reported_it() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    let rules = "add table inet far; add chain inet far input { type filter hook input priority 0; }; \
                 add rule inet far input ip daddr 192.0.2.3 icmp type echo-request reject with icmp type admin-prohibited; \
                 add rule inet far input ip6 daddr 2001:db8:2::3 icmpv6 type echo-request reject with icmpv6 type admin-prohibited; \
                 add rule inet far input ip daddr 192.0.2.4 drop; add rule inet far input ip6 daddr 2001:db8:2::4 drop";
    succeed(lab.far.router.command("nft").arg(rules));
    lab.far
        .router
        .ip_batch("route add unreachable 192.0.2.99/32\nroute add unreachable 2001:db8:2::99/128\n");
    let rows = [
        ("192.0.2.3", ": prohibited, reported by 192.0.2.3"),
        ("2001:db8:2::3", ": prohibited, reported by 2001:db8:2::3"),
        ("192.0.2.4", ""),
        ("2001:db8:2::4", ""),
        (NOWHERE[0], ": host unreachable, reported by 198.51.100.254"),
        (NOWHERE[1], ": net unreachable, reported by 2001:db8:51::254"),
    ];
    for (address, cause) in rows {
        let told = lab.run(&[&format!("--ip={address}"), "--gateway=none"]);
        assert_eq!(line(&told), format!("LATENCY CRITICAL - {address} does not answer since HH:MM{cause}"));
        assert_eq!((told.code, metric(&told, "silent")), (Some(2), "1".to_owned()));
    }
}

#[test]
fn duplicates_late_and_reordered_replies_are_counted() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for address in ["192.0.2.2", "2001:db8:2::2"] {
        let target = format!("--ip={address}");
        lab.far.set(address, Vice { copies: 2, ..Vice::default() });
        let twice = lab.run(&[&target]);
        assert_eq!((twice.code, metric(&twice, "lost")), (Some(0), "0%".to_owned()), "{}", twice.stdout);
        assert!(metric(&twice, "duplicates").parse::<u32>().unwrap() >= 19, "{}", twice.stdout);
        lab.far.set(address, Vice { every_second: Duration::from_millis(70), ..Vice::default() });
        let reordered = lab.run(&[&target]);
        assert_eq!(
            (reordered.code, metric(&reordered, "lost")),
            (Some(0), "0%".to_owned()),
            "{}",
            reordered.stdout
        );
        lab.far.set(address, Vice { delay: Duration::from_millis(400), ..Vice::default() });
        let late = lab.run(&[&target]);
        assert_eq!(metric(&late, "lost"), "100%", "{}", late.stdout);
        let expected = format!("LATENCY CRITICAL - {address} answers later than 0.3 s since HH:MM");
        assert_eq!((line(&late), metric(&late, "silent")), (expected, "0".to_owned()));
        assert!(metric(&late, "late").parse::<u32>().unwrap() > 5, "{}", late.stdout);
    }
}

#[test]
fn the_monitors_own_network_is_told_apart() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    let list = public_folder();
    let file = list.path().join("list");
    suite::host::write(&file, "192.0.2.1 proxy1\n192.0.2.2 proxy2\n192.0.2.3 proxy3\n192.0.2.4 proxy4\n");
    let list = format!("--file={}", file.display());
    lab.learn(&[&list], 4);
    let dead = |address: &str, dead: bool| {
        lab.far.set(address, Vice { loses: (u32::from(dead), 1), ..Vice::default() })
    };
    ["192.0.2.1", "192.0.2.2", "192.0.2.3"].iter().for_each(|address| dead(address, true));
    let told = lab.run(&[&list]);
    let expected = "LATENCY CRITICAL - 3 of 4 targets: proxy1 does not answer, proxy2 does not answer and 1 more (the gateway is as usual)";
    assert_eq!(line(&told), expected);
    dead("198.51.100.254", true);
    let told = lab.run(&[&list]);
    let own = "LATENCY UNKNOWN - 3 of 4 targets and the gateway 198.51.100.254 are worse at once: the network of this monitor";
    assert_eq!((told.code, line(&told)), (Some(3), own.to_owned()));
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.254"] {
        dead(address, false);
    }
    assert_eq!(line(&lab.run(&[&list])), "LATENCY OK - 4 targets as usual");
    // Of both families, with one target of IPv6.
    let both = [&*list, "--ip=2001:db8:2::1"];
    lab.learn(&both, 4);
    let all = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8:2::1", "198.51.100.254", "2001:db8:51::254"];
    all.iter().for_each(|address| dead(address, true));
    let own = "LATENCY UNKNOWN - 4 of 5 targets and the gateways 198.51.100.254 and 2001:db8:51::254 are worse at once: the network of this monitor";
    assert_eq!(line(&lab.run(&both)), own);
    all.iter().for_each(|address| dead(address, false));
    assert_eq!(line(&lab.run(&both)), "LATENCY OK - 5 targets as usual");
    // One late run of the gateway is no trend: the targets are dead, not this machine's network.
    lab.far.set("198.51.100.254", Vice { delay: Duration::from_millis(60), ..Vice::default() });
    ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].iter().for_each(|address| dead(address, true));
    assert_eq!(lab.run(&[&list]).code, Some(2));
    ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "198.51.100.254"]
        .iter()
        .for_each(|address| dead(address, false));
    assert_eq!(lab.run(&[&list]).code, Some(0));
    let without = lab.run(&[&list, "--gateway=none"]);
    assert_eq!(line(&without), "LATENCY OK - 4 targets as usual");
}

/// The first run of an uplink that loses 55 %: most targets are above what is told of one run, and the
/// gateway is not.
#[test]
fn a_lossy_uplink_is_no_fault_of_the_targets() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for (targets, gateway) in [
        (["192.0.2.1", "192.0.2.2", "192.0.2.3"], "198.51.100.254"),
        (["2001:db8:2::1", "2001:db8:2::2", "2001:db8:2::3"], "2001:db8:51::254"),
    ] {
        let list: Vec<String> = targets.iter().map(|address| format!("--ip={address}")).collect();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        lab.learn(&list, 4);
        let lose = |address: &str, lost| {
            lab.far.set(address, Vice { loses: (lost, 20), ..Vice::default() });
        };
        targets.iter().for_each(|address| lose(address, 12));
        lose(gateway, 2);
        let told = lab.run(&[&list[..], &["--no-learn"]].concat());
        assert!(line(&told).ends_with(" (the gateway loses 10% (usual 0%))"), "{}", told.stdout);
        lose(gateway, 9);
        let told = lab.run(&[&list[..], &["--no-learn"]].concat());
        let own = format!(
            "LATENCY UNKNOWN - 3 of 3 targets and the gateway {gateway} are worse at once: the network of this monitor"
        );
        assert_eq!((told.code, line(&told)), (Some(3), own.clone()));
        // It stays the network of the monitor in runs in which the gateway loses less.
        targets.iter().for_each(|address| lose(address, 8));
        for lost in [8, 8, 2, 1] {
            lose(gateway, lost);
            let told = lab.run(&list);
            assert_eq!((told.code, line(&told)), (Some(3), own.clone()), "{lost}: {}", told.stdout);
        }
    }
}

/// The first run of a slow uplink, which takes the targets above an absolute limit.
#[test]
fn a_slow_uplink_is_no_fault_of_the_targets() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    let list = ["--ip=192.0.2.1", "--ip=192.0.2.2", "--ip=192.0.2.3", "--limit-critical=150,50%"];
    lab.learn(&list, 4);
    let slow = |address: &str| {
        lab.far.set(address, Vice { delay: Duration::from_millis(200), ..Vice::default() });
    };
    ["192.0.2.1", "192.0.2.2", "192.0.2.3"].iter().for_each(|address| slow(address));
    let told = lab.run(&[&list[..], &["--no-learn"]].concat());
    assert_eq!(told.code, Some(2), "the gateway is quick: {}", told.stdout);
    slow("198.51.100.254");
    let told = lab.run(&list);
    let own = "LATENCY UNKNOWN - 3 of 3 targets and the gateway 198.51.100.254 are worse at once: the network of this monitor";
    assert_eq!((told.code, line(&told)), (Some(3), own.to_owned()));
}

#[test]
fn what_cannot_be_sent_is_no_fault_of_the_target() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    let young = lab.run(&["--ip=192.0.2.1", "-v"]);
    let note = "\nno control yet: the gateway 198.51.100.254 is learned, once it answers pings\n";
    assert!(young.stdout.contains(note), "{}", young.stdout);
    lab.far.monitor.ip(&["route", "del", "default"]);
    let told = lab.run(&["--ip=192.0.2.1", "--ip=198.51.100.254", "-v"]);
    let note = "\nno control of IPv4: there is no default route, --gateway names one\n";
    assert!(told.stdout.contains(note), "{}", told.stdout);
    assert_eq!(line(&told), "LATENCY UNKNOWN - 192.0.2.1 not pinged: no route from here");
    for (kind, why) in [
        ("prohibit", "prohibited here"),
        ("unreachable", "unreachable by a route here"),
        ("blackhole", "not reachable from here"),
    ] {
        lab.far.monitor.ip(&["route", "add", kind, "192.0.2.7/32"]);
        let told = lab.run(&["--ip=192.0.2.7"]);
        assert_eq!(line(&told), format!("LATENCY UNKNOWN - 192.0.2.7 not pinged: {why}"));
        lab.far.monitor.ip(&["route", "del", kind, "192.0.2.7/32"]);
    }
    for (address, what) in
        [("198.51.100.255", "a broadcast address"), ("198.51.100.0", "the address of a network")]
    {
        let refused = lab.run(&[&format!("--ip={address}")]);
        assert_eq!(line(&refused), format!("LATENCY UNKNOWN - {address} not pinged: {what}"));
    }
}

/// The disk takes what is learned later than the run may wait, as one that is broken or busy.
#[test]
fn a_disk_that_does_not_answer_hides_no_fault() {
    if missing(&NEEDS) || missing(&[Need::Program("strace")]) {
        return;
    }
    let lab = Lab::new();
    let slow = [
        "strace",
        "-f",
        "-q",
        "-o",
        "/dev/null",
        "-e",
        "trace=fsync",
        "-e",
        "inject=fsync:delay_enter=6000000",
    ];
    let late = "no result within 3 s: writing PATHS, partial: ";
    let target = ["--ip=192.0.2.1", "--gateway=none", "--timeout=3"];
    let said = || {
        let told = lab.run_by(&slow, &target);
        line(&told).replace(&lab.folder.path().join("paths.json").display().to_string(), "PATHS")
    };
    let first = said();
    assert!(first.starts_with(&format!("LATENCY UNKNOWN - {late}")), "{first}");
    lab.far.set("192.0.2.1", Vice { loses: (1, 1), ..Vice::default() });
    assert_eq!(said(), format!("LATENCY CRITICAL - {late}192.0.2.1 does not answer since HH:MM"));
    assert!(!lab.folder.path().join("paths.json").exists());
}
