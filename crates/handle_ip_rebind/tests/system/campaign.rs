//! Runs that are killed at any moment, and a program's name that NRPE's user exchanges all the time. As part
//! of all tests there are few of them; `REBIND_CAMPAIGN=500 cargo test -p handle_ip_rebind --test system
//! campaign` makes so many.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::host::{public_folder, write};
use suite::needs::{Need, missing};
use suite::nrpe::{install, plugin_folder};
use suite::process::run;
use suite::wait::holds_within;

use super::site::{HOSTS, Site, handler_files};

/// How many hosts work side by side for so many runs.
fn sites(runs: usize) -> usize {
    (runs / 2).clamp(1, 16)
}

/// How many runs there are in all: `few`, or what the environment says.
fn runs(few: usize) -> usize {
    std::env::var("REBIND_CAMPAIGN").ok().and_then(|number| number.parse().ok()).unwrap_or(few)
}

/// Numbers that are spread evenly enough: those of one seed are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A moment of a run: half of them around the binding, which is four seconds after the start.
    fn moment(&mut self) -> Duration {
        let milliseconds = if self.below(2) == 0 { self.below(7_000) } else { 3_800 + self.below(1_600) };
        Duration::from_millis(milliseconds)
    }

    fn signal(&mut self) -> Signal {
        const GENTLE: [Signal; 6] =
            [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::ALARM, Signal::USR1];
        let place = usize::try_from(self.below(12)).unwrap();
        GENTLE.get(place).copied().unwrap_or(Signal::KILL)
    }
}

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    // It may just have ended by itself.
    let _ = kill_process(pid, signal);
}

/// One run that gets a signal at some moment; says whether that killed it in the middle of its work.
fn disturb(site: &Site, random: &mut Random) -> bool {
    for address in ["192.0.2.31/24", "2001:db8::31/64"].into_iter().filter(|address| site.has(address)) {
        site.host.ip(&["addr", "del", address, "dev", "eth0"]);
    }
    let begun = || site.log().iter().filter(|record| record["begun"] == true).count();
    let before = begun();
    let mut child = site.command("CRITICAL-HARD").stdout(Stdio::null()).spawn().unwrap();
    let (moment, signal) = (random.moment(), random.signal());
    holds_within(moment, || child.try_wait().unwrap().is_some());
    send(&child, signal);
    let status = child.wait().unwrap();
    // site.log() parses every line, so that a broken one fails here.
    let is_recorded = begun() > before;
    for address in ["192.0.2.31/24", "2001:db8::31/64"] {
        assert!(is_recorded || !site.has(address), "{address} without a record: {signal:?} after {moment:?}");
    }
    if signal != Signal::KILL {
        assert!(status.code().is_some(), "{signal:?} after {moment:?} ended the run");
    }
    is_recorded && status.code().is_none()
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_a_record_and_whole_files() {
    if missing(&HOSTS) {
        return;
    }
    let (count, in_the_middle) = (runs(8), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..sites(count) {
            let in_the_middle = &in_the_middle;
            scope.spawn(move || {
                let site = Site::new("192.0.2.31 2001:db8::31");
                site.configure("enabled = true\nper-hour = 1000000\nrestart = [[\"/bin/true\"]]\n");
                let mut random = Random(number as u64);
                for _ in 0..count.div_ceil(sites(count)) {
                    in_the_middle.fetch_add(disturb(&site, &mut random).into(), Ordering::Relaxed);
                }
                // Nothing is in the way of the next run.
                for address in
                    ["192.0.2.31/24", "2001:db8::31/64"].into_iter().filter(|address| site.has(address))
                {
                    site.host.ip(&["addr", "del", address, "dev", "eth0"]);
                }
                let line = "IP_REBIND OK - bound again: 192.0.2.31, 2001:db8::31, restarted 1 service";
                assert_eq!(site.handle().verdict(), (0, line));
            });
        }
    });
    println!("{count} runs, {} of them killed after they began to bind", in_the_middle.into_inner());
}

/// A host whose configuration names a link of root in a folder of NRPE's user, who exchanges it all the time;
/// says how often, and whether his program ran.
fn exchange(installed: &std::path::Path, count: usize) -> (usize, bool) {
    let site = Site::new("192.0.2.31");
    let top = public_folder();
    let theirs = top.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let program = |name: &str, text: &str| {
        let path = theirs.join(name);
        write(&path, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let ran = top.path().join("ran");
    program("program", &format!("id -u >>{}", ran.display()));
    std::os::unix::fs::symlink("/bin/true", theirs.join("link")).unwrap();
    let exchange = program(
        "exchange",
        "cd \"${0%/*}\"; n=0; while [ ! -e stop ]; do ln -s /bin/true next; mv -T next link; ln -s program next; mv -T next link; n=$((n + 2)); echo $n >count; done",
    );
    let owner = nrpes_user();
    chown(&theirs, Some(owner), None).unwrap();
    write(&ran, "");
    fs::set_permissions(&ran, fs::Permissions::from_mode(0o666)).unwrap();
    let link = theirs.join("link");
    let settings =
        format!("enabled = true\nper-hour = 1000000\nannounce = false\nrestart = [[\"{}\"]]", link.display());
    handler_files(&site.host, &site.folder, installed, &settings);
    site.host.etc("ips", "192.0.2.31\n");
    let by_nagios = |program: &str| {
        let mut command = site.host.command("setpriv");
        command.args(["--reuid=nagios", "--regid=nagios", "--clear-groups", program]);
        command
    };
    let mut attacker = by_nagios(&exchange.display().to_string()).stdout(Stdio::null()).spawn().unwrap();
    for _ in 0..count {
        let handler = plugin_folder(installed).join("handle_ip_rebind").display().to_string();
        let outcome = run(by_nagios("sudo").args(["-n", &handler, "--event=CRITICAL-HARD", "--timeout=50"]));
        let refused =
            outcome.first_line().contains("others can") || outcome.first_line().contains("chown root ");
        assert!(refused && outcome.first_line().ends_with("(bound again: 192.0.2.31)"), "{outcome:?}");
        site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    }
    write(&theirs.join("stop"), "");
    attacker.wait().unwrap();
    let exchanged = fs::read_to_string(theirs.join("count")).unwrap().trim().parse().unwrap();
    (exchanged, !fs::read(&ran).unwrap().is_empty())
}

/// The number of NRPE's user.
fn nrpes_user() -> u32 {
    run(std::process::Command::new("id").args(["-u", "nagios"])).stdout.trim().parse().unwrap()
}

#[test]
fn what_nrpes_user_puts_in_a_programs_place_is_not_run() {
    if missing(&HOSTS) || missing(&[Need::Program("sudo"), Need::Program("setpriv")]) {
        return;
    }
    let installed = public_folder();
    install(installed.path(), &[]);
    let count = runs(4);
    let seen: Vec<(usize, bool)> = thread::scope(|scope| {
        let sites: Vec<_> = (0..sites(count))
            .map(|_| scope.spawn(|| exchange(installed.path(), count.div_ceil(sites(count)))))
            .collect();
        sites.into_iter().map(|site| site.join().unwrap()).collect()
    });
    println!("{count} runs during {} exchanges", seen.iter().map(|(exchanged, _)| exchanged).sum::<usize>());
    assert!(seen.iter().all(|(exchanged, ran)| *exchanged > 100 && !ran), "{seen:?}");
}
