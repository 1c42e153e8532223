//! A link that is lost, and a run that is stopped, between the probes and the end of the run: what was not
//! checked is not announced and not forgotten.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use suite::host::succeed;
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;

use super::site::{HOSTS, Site};

/// How long a step may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

impl Site {
    /// Runs the handler within so many seconds, and `act` with its number when `moment` has come. Returns its
    /// first line.
    fn handle_and(&self, seconds: u32, moment: impl FnMut() -> bool, act: impl FnOnce(Pid)) -> String {
        let mut command = self.command_within("CRITICAL-HARD", seconds);
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        eventually("the moment has come", LIMIT, moment);
        act(i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap());
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
    }

    /// The neighbour counts the probes for 192.0.2.31.
    fn count_probes(&self) {
        let rules = "table arp probes { chain in { type filter hook input priority 0; arp daddr ip 192.0.2.31 counter; }; }";
        succeed(self.neighbour.command("nft").arg(rules));
    }

    /// Whether so many probes were sent. Two seconds of silence follow the third.
    fn has_probed(&self, times: u32) -> bool {
        let rules = run(self.neighbour.command("nft").args(["list", "table", "arp", "probes"])).stdout;
        rules.contains(&format!("packets {times} "))
    }

    /// The neighbour takes the address while the link is lost.
    fn lose_the_link(&self) {
        self.neighbour.ip(&["link", "set", "eth0", "down"]);
        self.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    }

    fn restore_the_link(&self) {
        self.neighbour.ip(&["link", "set", "eth0", "up"]);
        let is_up = || self.host.ip(&["-o", "link", "show", "eth0"]).stdout.contains("state UP");
        eventually("the carrier is back", LIMIT, is_up);
    }

    fn neighbours_mac(&self) -> String {
        let mac = run(self.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
        mac.trim().to_owned()
    }
}

#[test]
fn without_a_carrier_after_the_probes_nothing_is_bound() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.count_probes();
    let line = site.handle_and(25, || site.has_probed(3), |_| site.lose_the_link());
    assert_eq!(line, "IP_REBIND CRITICAL - 192.0.2.31 left alone: eth0 has no carrier");
    assert!(!site.has("192.0.2.31/24"));
    site.restore_the_link();
    let line =
        format!("IP_REBIND CRITICAL - 192.0.2.31 left alone: {} has it on eth0", site.neighbours_mac());
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn a_carrier_that_is_lost_between_the_probes_is_named() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.count_probes();
    let line = site.handle_and(25, || site.has_probed(1), |_| site.lose_the_link());
    assert_eq!(line, "IP_REBIND CRITICAL - 192.0.2.31 left alone: eth0 has no carrier");
    assert!(!site.has("192.0.2.31/24"));
}

#[test]
fn a_check_that_a_lost_carrier_prevented_is_made_up_for() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let restart = site.script("service", "echo run >>\"$0.runs\"");
    site.configure(&format!("enabled = true\nannounce = true\nrestart = [[\"{restart}\"]]\n"));
    let line = site.handle_and(25, || site.has("192.0.2.31/24"), |_| site.lose_the_link());
    assert_eq!(line, "IP_REBIND CRITICAL - 192.0.2.31 not back: on eth0, which has no carrier");
    assert!(site.has("192.0.2.31/24") && !site.path("service.runs").exists());
    // A run without a carrier changes nothing of it.
    let outcome = site.handle();
    assert!(outcome.first_line().contains("192.0.2.31 left alone: eth0 has no carrier"), "{outcome:?}");
    site.restore_the_link();
    let outcome = site.handle();
    let why = format!("192.0.2.31 not back: {} has it too on eth0, removed again", site.neighbours_mac());
    assert!(outcome.code == Some(2) && outcome.first_line().contains(&why), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && !site.path("service.runs").exists());
}

#[test]
fn a_run_that_was_stopped_too_long_binds_nothing() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.count_probes();
    let began = Instant::now();
    let stop = |pid| {
        kill_process(pid, Signal::STOP).unwrap();
        thread::sleep(Duration::from_millis(9_200).saturating_sub(began.elapsed()));
        kill_process(pid, Signal::CONT).unwrap();
    };
    let line = site.handle_and(10, || site.has_probed(3), stop);
    let late = "IP_REBIND CRITICAL - 192.0.2.31 not bound yet: no time left, the next run binds it";
    // On a busy machine the deadline itself may have passed.
    assert!(line == late || line.starts_with("IP_REBIND UNKNOWN - "), "{line}");
    assert!(!site.has("192.0.2.31/24"));
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
}

#[test]
fn an_address_that_appears_elsewhere_while_the_link_is_probed_is_left_alone() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32");
    site.host.ip_batch("link add eth1 type veth peer name eth2\nlink set eth1 up\nlink set eth2 up\n");
    site.count_probes();
    let appear = |_| site.host.ip_batch("addr add 192.0.2.31/24 dev eth1\n");
    let line = site.handle_and(25, || site.has_probed(3), appear);
    let left = "IP_REBIND CRITICAL - 192.0.2.31 left alone: bound on eth1 meanwhile";
    assert_eq!(line, format!("{left} (bound again: 192.0.2.32)"));
    let here = site.host.ip(&["-o", "-4", "addr", "show", "dev", "eth0"]).stdout;
    assert!(here.contains(" 192.0.2.32/24 ") && !here.contains(" 192.0.2.31/"), "{here}");
}
