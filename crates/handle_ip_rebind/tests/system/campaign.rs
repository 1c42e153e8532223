//! Runs that are killed at any moment, and programs whose names are exchanged all the time. As part of all
//! tests there are few of them; `tests/run --long` makes 500 and 200.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::host::{public_folder, write};
use suite::needs::{Need, missing};
use suite::nrpe::{install, plugin_folder};
use suite::process::run;
use suite::wait::holds_within;

use super::site::{HOSTS, Site, handler_files};

/// How many hosts work side by side: in a campaign that has the machine for itself, and beside other tests.
/// All network namespaces share one lock of the kernel (RTNL), and a run takes it for each look: with many
/// more hosts than processors, runs wait for it longer than their `--timeout`.
const SITES: usize = 16;
const FEW: usize = 4;

/// Held by a campaign, so that one begins when another has ended.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Disturbs so many runs on each of so many hosts, and one run more must do all. Returns how many were killed
/// in the middle of their work.
fn disturb_all(sites: usize, each: usize) -> usize {
    let _alone = alone();
    let in_the_middle = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..sites {
            let in_the_middle = &in_the_middle;
            scope.spawn(move || {
                let site = Site::new("192.0.2.31 2001:db8::31");
                site.configure("enabled = true\nper-hour = 1000000\nrestart = [[\"/bin/true\"]]\n");
                let mut random = Random(number as u64);
                for _ in 0..each {
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
    let killed = in_the_middle.into_inner();
    println!("{} runs, {killed} of them killed after they began to bind", each * sites);
    killed
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_a_record_and_whole_files() {
    if !missing(&HOSTS) {
        disturb_all(FEW, 3);
    }
}

#[test]
#[ignore = "500 runs take minutes, tests/run --long makes them"]
fn five_hundred_runs_that_are_killed_leave_a_record_and_whole_files() {
    if !missing(&HOSTS) {
        let killed = disturb_all(SITES, 500_usize.div_ceil(SITES));
        assert!(killed >= 50, "{killed}");
    }
}

/// A link of root whose target is exchanged all the time, from a program of root to one of another user.
struct Exchanged {
    link: PathBuf,
    good: PathBuf,
    bad: PathBuf,
    /// What the other user's program leaves.
    ran: PathBuf,
}

impl Exchanged {
    fn new(folder: &Path) -> Self {
        let [link, good, bad, ran] = ["link", "good", "bad", "ran"].map(|name| folder.join(name));
        // A binary that prints where a link leads.
        fs::copy("/usr/bin/readlink", &good).unwrap();
        write(&bad, &format!("#!/bin/sh\ntouch {}\n", ran.display()));
        for program in [&good, &bad] {
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        chown(&bad, Some(nrpes_user()), None).unwrap();
        symlink(&good, &link).unwrap();
        Self { link, good, bad, ran }
    }

    /// Exchanges it until `stop`. Each exchange is one rename.
    fn exchange(&self, stop: &AtomicBool) -> usize {
        let next = self.link.with_extension("next");
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            for target in [&self.bad, &self.good] {
                symlink(target, &next).unwrap();
                fs::rename(&next, &self.link).unwrap();
                count += 1;
                thread::sleep(Duration::from_micros(200));
            }
        }
        count
    }
}

/// How often a program was started in one run.
const STARTS: usize = 20;

/// What came of the starts of a program behind a link that is exchanged.
#[derive(Debug, Default)]
struct Starts {
    /// The check found the other user's program.
    refused: usize,
    /// The check found root's program, and that ran.
    ran: usize,
    /// Of these, those at whose start the link led to the other user's program: it was exchanged after the
    /// check.
    reached: usize,
}

/// Stops the exchanging when it is dropped: a run that fails ends the test, too.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Starts programs on each host in so many runs, behind links that are exchanged all the time, until `enough`
/// of them were exchanged between check and start.
fn exchange_all(sites: usize, runs: usize, enough: usize) -> Starts {
    let _alone = alone();
    let (reached, exchanges) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut all = Starts::default();
    thread::scope(|scope| {
        let work = || {
            let site = Site::new("192.0.2.31");
            let exchanged = Exchanged::new(site.folder.path());
            let (link, stop) = (exchanged.link.display(), AtomicBool::new(false));
            let restart = vec![format!("[\"{link}\", \"-n\", \"{link}\"]"); STARTS].join(", ");
            site.configure(&format!("enabled = true\nper-hour = 1000000\nrestart = [{restart}]\n"));
            thread::scope(|scope| {
                let exchanging = scope.spawn(|| exchanged.exchange(&stop));
                let stopping = Stopping(&stop);
                let mut starts = Starts::default();
                for _ in 0..runs {
                    if reached.load(Ordering::Relaxed) >= enough {
                        break;
                    }
                    run(&mut site.command_within("CRITICAL-HARD", 50));
                    let now = judge(&site.records().pop().unwrap(), &exchanged);
                    reached.fetch_add(now.reached, Ordering::Relaxed);
                    starts.add(&now);
                    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
                }
                drop(stopping);
                exchanges.fetch_add(exchanging.join().unwrap(), Ordering::Relaxed);
                assert!(!exchanged.ran.exists(), "the other user's program ran");
                starts
            })
        };
        let sites: Vec<_> = (0..sites).map(|_| scope.spawn(work)).collect();
        for site in sites {
            all.add(&site.join().unwrap());
        }
    });
    println!("{} exchanges: {all:?}", exchanges.into_inner());
    all
}

/// Returns what came of the starts of one run, by its record.
fn judge(record: &serde_json::Value, exchanged: &Exchanged) -> Starts {
    let mut starts = Starts::default();
    for service in record["services"].as_array().unwrap() {
        let output = Path::new(service["output"].as_str().unwrap());
        match service["fault"].as_str() {
            Some(fault) => {
                assert!(fault.contains("chown root "), "{service}");
                starts.refused += 1;
            }
            None => {
                assert!(output == exchanged.good || output == exchanged.bad, "{service}");
                starts.ran += 1;
                starts.reached += usize::from(output == exchanged.bad);
            }
        }
    }
    assert_eq!(starts.refused + starts.ran, STARTS, "{record}");
    starts
}

impl Starts {
    fn add(&mut self, other: &Self) {
        self.refused += other.refused;
        self.ran += other.ran;
        self.reached += other.reached;
    }
}

/// Whoever exchanges the name after the check, the program that was checked runs.
#[test]
fn a_program_that_is_exchanged_between_check_and_start_is_not_run() {
    if !missing(&HOSTS) {
        let starts = exchange_all(FEW, 1, usize::MAX);
        assert!(starts.reached > 0 && starts.refused > 0, "{starts:?}");
    }
}

#[test]
#[ignore = "200 exchanges take minutes, tests/run --long makes them"]
fn of_two_hundred_programs_that_are_exchanged_between_check_and_start_none_is_run() {
    if !missing(&HOSTS) {
        let starts = exchange_all(8, 100, 200);
        assert!(starts.reached >= 200, "{starts:?}");
    }
}

/// A host whose configuration names a link of root in a folder of NRPE's user, who exchanges it all the time;
/// says how often, and whether his program ran.
fn exchange(installed: &Path, count: usize) -> (usize, bool) {
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
    symlink("/bin/true", theirs.join("link")).unwrap();
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

/// Through sudo's shipped rule: its folder is refused, wherever the link in it leads.
fn refuse_all(sites: usize, each: usize) {
    let _alone = alone();
    let installed = public_folder();
    install(installed.path(), &[]);
    let seen: Vec<(usize, bool)> = thread::scope(|scope| {
        let sites: Vec<_> = (0..sites).map(|_| scope.spawn(|| exchange(installed.path(), each))).collect();
        sites.into_iter().map(|site| site.join().unwrap()).collect()
    });
    let exchanges = seen.iter().map(|(exchanged, _)| exchanged).sum::<usize>();
    println!("{} runs during {exchanges} exchanges", sites * each);
    assert!(seen.iter().all(|(exchanged, ran)| *exchanged > 10 && !ran), "{seen:?}");
}

#[test]
fn what_nrpes_user_puts_in_a_programs_place_is_not_run() {
    if !missing(&HOSTS) && !missing(&[Need::Program("sudo"), Need::Program("setpriv")]) {
        refuse_all(FEW, 1);
    }
}

#[test]
#[ignore = "200 runs take minutes, tests/run --long makes them"]
fn what_nrpes_user_puts_in_a_programs_place_is_not_run_two_hundred_times() {
    if !missing(&HOSTS) && !missing(&[Need::Program("sudo"), Need::Program("setpriv")]) {
        refuse_all(SITES, 200_usize.div_ceil(SITES));
    }
}
