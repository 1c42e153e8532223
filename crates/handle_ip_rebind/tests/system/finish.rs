//! Runs that do not come to their end at once: what they owe is done by the next run. And what a restart does
//! to addresses that no list names.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use suite::host::write;
use suite::needs::missing;
use suite::process::run;
use suite::wait::eventually;

use super::hostile::kill;
use super::site::{HOSTS, Site};

#[test]
fn a_program_is_not_run_where_others_can_put_files_beside_it() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let folder = site.path("shared");
    fs::create_dir(&folder).unwrap();
    let restart = site.script("shared/restart", ". \"${0%/*}/lib.sh\"");
    // What another user can put there.
    write(&folder.join("lib.sh"), &format!("touch {}\n", site.path("obeyed").display()));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).unwrap();
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    let outcome = site.handle();
    let why = "other users can add files there, use a folder that only root can write";
    assert!(outcome.code == Some(2) && outcome.stdout.contains(why), "{outcome:?}");
    assert!(!site.path("obeyed").exists());
}

#[test]
fn an_address_that_no_list_names_is_missed_too() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    let taking = "ip addr del 192.0.2.1/24 dev eth0";
    let restart = site.script("service", taking);
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\", \"network\"]]\n"));
    let line = "IP_REBIND CRITICAL - 192.0.2.1 gone since service network ran \
                (bound again: 192.0.2.31, restarted 1 service)";
    assert_eq!(site.handle().verdict(), (2, line));
    let record = site.records().remove(0);
    let lost = record["addresses"].as_array().unwrap().iter().find(|case| case["fate"] == "lost").unwrap();
    assert_eq!((lost["address"].as_str(), lost["prefix"].as_u64()), (Some("192.0.2.1"), Some(24)));
    // In each further run too, until it is bound again.
    let line = "IP_REBIND CRITICAL - 192.0.2.1 not bound: gone since service network ran";
    for _ in 0..2 {
        assert_eq!(site.handle().verdict(), (2, line));
        assert_eq!(site.records().pop().unwrap()["addresses"][0]["prefix"], 24);
    }
    let tried = site.trial();
    assert_eq!(tried.verdict(), (2, line), "as a run");
    let summary = "\n1 address listed, 0 would be bound on eth0, 1 gone since an earlier run\n";
    assert!(tried.stdout.contains(summary), "{tried:?}");
    assert!(tried.stdout.contains("\n192.0.2.1: not bound: gone since service network ran"), "{tried:?}");
    site.host.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    for _ in 0..2 {
        assert_eq!(site.handle().verdict(), (0, line));
    }

    // Also together with one of the list, and by a command.
    let site = Site::new("192.0.2.31");
    let restart = site.script("service", &format!("{taking}; ip addr del 192.0.2.31/24 dev eth0; true"));
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    let outcome = site.handle();
    let line = "IP_REBIND CRITICAL - 192.0.2.1, 192.0.2.31 gone since service ran (restarted 1 service)";
    assert_eq!(outcome.verdict(), (2, line));
    // An address that is taken off the list is no longer missing.
    write(&site.path("ips"), "192.0.2.2\n");
    site.host.ip(&["addr", "add", "192.0.2.2/24", "dev", "eth0"]);
    let line = "IP_REBIND CRITICAL - 192.0.2.1 not bound: gone since service ran";
    assert_eq!(site.handle().verdict(), (2, line));
    let site = Site::new("192.0.2.31");
    let setup = site.script("setup-ips.pl", &format!("{taking}; ip addr add 192.0.2.31/24 dev eth0"));
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    let line = "IP_REBIND CRITICAL - 192.0.2.1 gone since setup-ips.pl ran (bound again: 192.0.2.31)";
    assert_eq!(site.handle().verdict(), (2, line));
}

#[test]
fn what_there_was_no_time_for_is_started_by_the_next_run() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let slow = site.script("slow", "exec sleep 60");
    let later = site.script("later", "echo run >>\"$0.runs\"");
    site.configure(&format!("enabled = true\nrestart = [[\"{slow}\"], [\"{later}\"]]\n"));
    let outcome = run(&mut site.command_within("CRITICAL-HARD", 9));
    assert!(outcome.stdout.contains("slow did not end within "), "{outcome:?}");
    let line = "later: not started: no time left, the next run starts it";
    assert!(outcome.code == Some(2) && outcome.stdout.contains(line), "{outcome:?}");
    assert!(!site.path("later.runs").exists());
    // The one that was killed waits for its next try.
    for end in
        [" was killed, waits 1 min after 1 try (finished an earlier run, restarted 1 service)", " 1 try"]
    {
        let outcome = site.handle();
        let line = outcome.first_line();
        let begins = line.starts_with("IP_REBIND CRITICAL - slow did not end within ");
        assert!(outcome.code == Some(2) && begins && line.ends_with(end), "{outcome:?}");
        assert_eq!(fs::read_to_string(site.path("later.runs")).unwrap(), "run\n", "once");
    }
}

#[test]
fn what_a_killed_run_left_is_done_by_the_next_one() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 2001:db8::31");
    let restart = site.script("service", "[ -e \"$0.runs\" ] || { touch \"$0.runs\"; exec sleep 20; }");
    let settings = format!("announce = true\nper-hour = 2\nrestart = [[\"{restart}\"]]\n");
    site.configure(&format!("enabled = true\n{settings}"));
    kill(&site, "the service is restarted", || site.path("service.runs").exists());
    assert!(site.has("192.0.2.31/24"));
    // A dry run leaves it, and says so.
    site.configure(&settings);
    let line =
        "IP_REBIND WARNING - an earlier run ended before it had restarted services, and this is a dry run";
    assert_eq!(site.handle().verdict(), (1, line));
    site.configure(&format!("enabled = true\n{settings}"));
    // The addresses were announced before the service was started.
    let tried = site.trial();
    let line = "IP_REBIND OK - configuration is right: 2 addresses listed, 0 would be bound on eth0, \
                2 to finish for an earlier run";
    assert_eq!(tried.verdict(), (0, line));
    let rest = "\n2001:db8::31: bound\n\
                would probe once more for 192.0.2.31, 2001:db8::31\n\
                would start again: service\n";
    assert!(tried.stdout.ends_with(rest), "{tried:?}");
    let outcome = site.handle();
    let line = "IP_REBIND OK - finished an earlier run, restarted 1 service";
    assert_eq!(outcome.verdict(), (0, line));
    let note = "\nnote: an earlier run ended before it had restarted services: 192.0.2.31, 2001:db8::31\n";
    assert!(outcome.stdout.contains(note), "{outcome:?}");
    let line = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
}

#[test]
fn an_address_that_is_taken_after_the_announcement_of_a_killed_run_is_given_back() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32");
    let restart = site.script("service", "[ -e \"$0.runs\" ] || { touch \"$0.runs\"; exec sleep 20; }");
    site.configure(&format!("enabled = true\nannounce = true\nrestart = [[\"{restart}\"]]\n"));
    kill(&site, "the service is restarted", || site.path("service.runs").exists());
    site.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let why = format!("192.0.2.31 not back: {} has it too on eth0, removed again", mac.trim());
    let line = format!("IP_REBIND CRITICAL - {why} (finished an earlier run, restarted 1 service)");
    let outcome = site.handle();
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && site.has("192.0.2.32/24"));
}

/// No signal that a caller, a terminal or a timer sends ends a run in the middle: it comes to its own end,
/// and what it owed is done. Nor does one leave a file in pieces or the lock behind.
#[test]
fn a_signal_during_a_run_changes_nothing() {
    if missing(&HOSTS) {
        return;
    }
    const SIGNALS: [Signal; 8] = [
        Signal::HUP,
        Signal::TERM,
        Signal::INT,
        Signal::QUIT,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PIPE,
        Signal::USR1,
    ];
    std::thread::scope(|scope| {
        for signal in SIGNALS {
            scope.spawn(move || interrupt(signal));
        }
    });
}

/// A run that gets a signal while it restarts a service, and the one after it.
fn interrupt(signal: Signal) {
    let site = Site::new("192.0.2.31");
    let restart =
        site.script("service", "echo run >>\"$0.runs\"; while [ ! -e \"$0.on\" ]; do sleep 0.1; done");
    site.configure(&format!("enabled = true\nannounce = true\nper-hour = 2\nrestart = [[\"{restart}\"]]\n"));
    let child = site.command("CRITICAL-HARD").stdout(Stdio::piped()).spawn().unwrap();
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    let runs = || fs::read_to_string(site.path("service.runs")).unwrap_or_default();
    eventually("the service is restarted", Duration::from_secs(60), || !runs().is_empty());
    // What a run that is ended here would owe is on the disk.
    let owed = |site: &Site| {
        let text = fs::read_to_string(site.path("state/budget.json")).unwrap();
        let memory: serde_json::Value = serde_json::from_str(&text).unwrap();
        memory["owed"]["services"].is_array()
    };
    assert!(owed(&site), "{signal:?}");
    for _ in 0..3 {
        kill_process(pid, signal).unwrap();
    }
    write(&site.path("service.on"), "");
    let output = child.wait_with_output().unwrap();
    let line = String::from_utf8_lossy(&output.stdout);
    assert!(
        line.starts_with("IP_REBIND OK - bound again: 192.0.2.31, restarted 1 service"),
        "{signal:?}: {line}"
    );
    assert_eq!(output.status.code(), Some(0), "{signal:?}");
    assert!(!owed(&site), "{signal:?}");
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, line), "{signal:?}: the lock is free, and nothing is owed");
    assert_eq!(runs(), "run\n", "{signal:?}");
}

#[test]
fn a_host_that_defends_an_announced_address_keeps_it() {
    if missing(&HOSTS) {
        return;
    }
    for announce in [true, false] {
        defend(announce);
    }
}

/// Another host takes an address while a service is restarted.
fn defend(announce: bool) {
    let site = Site::new("192.0.2.31 192.0.2.32");
    site.neighbour.sysctl("net/ipv4/conf/eth0/arp_notify", "1");
    // A Linux host says that it has an address when it changes its hardware address.
    let name = site.neighbour.name();
    let defends = format!(
        "ip -n {name} addr add 192.0.2.31/24 dev eth0; ip -n {name} link set eth0 address 02:00:00:00:00:99"
    );
    let restart = site.script("service", &defends);
    site.configure(&format!("enabled = true\nannounce = {announce}\nrestart = [[\"{restart}\"]]\n"));
    let line = "IP_REBIND CRITICAL - 192.0.2.31 not back: 02:00:00:00:00:99 has it too on eth0, removed again \
                (bound again: 192.0.2.32, restarted 1 service)";
    let outcome = site.handle();
    assert_eq!(outcome.verdict(), (2, line), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && site.has("192.0.2.32/24"));
}

#[test]
fn many_addresses_are_bound_in_several_runs() {
    if missing(&HOSTS) {
        return;
    }
    let list: Vec<String> =
        (0..6_000).map(|number| format!("198.18.{}.{}/32", number / 250, 1 + number % 250)).collect();
    let site = Site::new(&list.join(" "));
    site.configure("enabled = true\nper-hour = 1\n");
    let piece = || {
        let outcome = run(&mut site.command_within("CRITICAL-HARD", 9));
        let ends = outcome
            .first_line()
            .contains(" not bound yet: no time left, the next run binds it (bound again: ");
        assert!(outcome.code == Some(2) && ends, "{outcome:?}");
        assert_eq!(site.records().last().unwrap()["acted"], 1);
    };
    piece();
    assert_eq!(site.log().len(), 2, "begun and ended");
    assert!(site.has("198.18.0.1/32") && !site.has("198.18.23.250/32"));
    // All runs together use the budget once, even if one of them is killed. Each of them binds addresses.
    // A look at the size takes no time in which the run could bind the rest.
    let size = || fs::metadata(site.path("log")).unwrap().len();
    let before = size();
    kill(&site, "the record of what it begins", || size() > before);
    let bound = site.host.ip(&["-o", "addr"]).stdout.lines().count();
    site.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
    write(&site.path("ips"), &format!("{}\n192.0.2.1/24\n", list.join("\n")));
    let outcome = run(&mut site.command_within("CRITICAL-HARD", 50));
    let line =
        "IP_REBIND CRITICAL - 192.0.2.1 not bound yet: the budget of 1 an hour is used up (bound again: ";
    assert!(outcome.code == Some(2) && outcome.first_line().starts_with(line), "{outcome:?}");
    assert!(site.host.ip(&["-o", "addr"]).stdout.lines().count() > bound && site.has("198.18.23.250/32"));
    let line = "IP_REBIND CRITICAL - 192.0.2.1 not bound: the budget of 1 an hour is used up";
    assert_eq!(site.handle().verdict(), (2, line), "another act");
    assert_eq!(site.trial().verdict(), (2, line), "as a run");
}

#[test]
fn a_timeout_that_binds_nothing_is_refused() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let outcome = run(&mut site.command_within("CRITICAL-HARD", 5));
    let line = "IP_REBIND UNKNOWN - --timeout=5: too short, probing takes 4 s, give at least 7, see --help";
    assert_eq!(outcome.verdict(), (3, line));
    let mut trial = site.host.command(suite::plugins::binary("handle_ip_rebind"));
    trial.args(["--test-config".to_owned(), format!("--config={}", site.path("config.toml").display())]);
    assert_eq!(run(trial.arg("--timeout=5")).verdict(), (3, line), "a trial says what a run would");
}

#[test]
fn what_runs_for_another_interface_left_is_told_after_a_day_without_a_timer() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let link = "link add eth1 type veth peer name eth1-peer\nlink set eth1-peer up\nlink set eth1 up\n";
    site.host.ip_batch(link);
    let service = site.script("service", "[ -e \"$0.fixed\" ]");
    let run_for = |interface: &str| {
        let more = format!("interface = \"{interface}\"\nrestart = [[\"{service}\", \"now\"]]\n");
        site.configure(&format!("enabled = true\n{more}"));
        site.handle()
    };
    let budget = site.path("state/budget.json");
    let written = |time| fs::File::open(&budget).unwrap().set_modified(time).unwrap();
    assert!(run_for("eth0").first_line().starts_with("IP_REBIND CRITICAL - service ended with 1"));
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(run_for("eth1").verdict(), (0, well), "a run for eth0 may come");
    for (seconds, when) in [(-90_000, "the last 25 h ago"), (7_200, "dated in the future")] {
        let now = SystemTime::now();
        let by = Duration::from_secs(i64::unsigned_abs(seconds));
        written(if seconds < 0 { now - by } else { now + by });
        let line = format!("runs for eth0 left work undone, {when}: {}", budget.display());
        let told = run_for("eth1");
        assert_eq!(told.verdict(), (1, format!("IP_REBIND WARNING - {line}").as_str()));
        assert!(told.stdout.contains("\nnot done: service now ended with 1\n"), "{told:?}");
        assert!(site.trial().stdout.starts_with(&format!("IP_REBIND WARNING - {line}")));
        // A run for eth0 that has work, or waits with it, shows that there are such runs.
        assert_eq!(run_for("eth0").code, Some(2));
        assert_eq!(run_for("eth1").verdict(), (0, well));
    }
    written(SystemTime::now() - Duration::from_secs(90_000));
    assert_eq!(run_for("eth1").code, Some(1));
    fs::remove_file(&budget).unwrap();
    assert_eq!(run_for("eth1").verdict(), (0, well));
}
