//! `--test-config`: what a run would do, without doing it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use suite::host::{succeed, write};
use suite::needs::{Need, missing};
use suite::wait::eventually;

use super::site::{HOSTS, Site};

#[test]
fn a_trial_says_what_a_run_would_do_and_changes_nothing() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 203.0.113.7");
    site.configure("restart = [[\"/bin/true\"]]\n");
    let outcome = site.trial();
    let lines = "IP_REBIND OK - configuration is right: 3 addresses listed, 2 would be bound on eth0\n\
                 192.0.2.1: bound\n\
                 192.0.2.31: would be bound as /24 on eth0, if no other host has it\n\
                 203.0.113.7: would be bound as /32 on eth0, if no other host has it\n\
                 note: enabled = false, every run is a dry run\n";
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), lines));
    let names: Vec<_> =
        fs::read_dir(site.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.len() == 2, "neither a log nor a state was made: {names:?}");

    let site = Site::new("192.0.2.255 192.0.2.1");
    let outcome = site.trial();
    let line = "IP_REBIND CRITICAL - 192.0.2.255 left alone: the broadcast address of 192.0.2.0/24";
    assert_eq!(outcome.verdict(), (2, line));
    let rest = "\n2 addresses listed, 0 would be bound on eth0, 1 left alone\n\
                192.0.2.1: bound\n\
                192.0.2.255: left alone: the broadcast address of 192.0.2.0/24\n";
    assert!(outcome.stdout.contains(rest), "{outcome:?}");
    assert_eq!(site.handle().verdict(), (2, line), "as a run");
}

#[test]
fn a_trial_finds_what_a_run_would_refuse() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let refused = |part: &str| {
        let outcome = site.trial();
        assert!(outcome.code == Some(3) && outcome.first_line().contains(part), "{part}: {outcome:?}");
    };
    let restart = site.script("restart", "true");
    site.configure(&format!("restart = [[\"{restart}\"]]\n"));
    assert_eq!(site.trial().code, Some(0));
    fs::set_permissions(&restart, fs::Permissions::from_mode(0o757)).unwrap();
    refused("restart: chmod go-w /");
    let gone = site.path("gone").display().to_string();
    std::os::unix::fs::symlink(site.path("nosuch"), &gone).unwrap();
    site.configure(&format!("command = [\"{gone}\"]\n"));
    refused(&format!("command: {gone}: opening /"));
    site.configure("restart = [[\"/bin/no-such-program\"]]\n");
    refused("restart: ");
    refused(" /bin/no-such-program: ");
    site.configure("files = [\"/nonexistent/ips\"]\n");
    refused("reading /nonexistent/ips: no such file or directory");
    site.configure("log = \"/nonexistent/log\"\n");
    refused("log: opening /nonexistent: no such file or directory");
    site.configure("");
    fs::create_dir(site.path("state")).unwrap();
    fs::set_permissions(site.path("state"), fs::Permissions::from_mode(0o755)).unwrap();
    refused("state: chmod 0700 /");
    fs::set_permissions(site.path("state"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(site.trial().code, Some(0));
    for shared in ["/etc", "/tmp", "/var/lib", "/"] {
        site.configure(&format!("state = \"{shared}\"\n"));
        let line = format!(
            "IP_REBIND UNKNOWN - state: {shared} has other files in it: state must name a directory of its own"
        );
        assert_eq!(site.trial().verdict(), (3, line.as_str()));
        assert_eq!(site.handle().verdict(), (3, line.as_str()));
    }
    site.configure("");
    for content in ["{}", "{\"version\":1,\"acted\":["] {
        write(&site.path("state/budget.json"), content);
        refused("/state/budget.json: ");
    }
    fs::remove_file(site.path("state/budget.json")).unwrap();
    let names: Vec<_> = fs::read_dir(site.path("state")).unwrap().collect();
    assert!(names.is_empty(), "a trial makes nothing: {names:?}");
    for (interface, what) in [
        ("nope", "probing on nope: no such interface"),
        ("lo", "probing on lo: not an Ethernet interface with ARP, other hosts cannot be probed there"),
    ] {
        site.configure(&format!("interface = \"{interface}\"\n"));
        refused(what);
    }
    write(&site.path("plain"), "echo\n");
    fs::set_permissions(site.path("plain"), fs::Permissions::from_mode(0o755)).unwrap();
    site.configure(&format!("restart = [[\"{}\"]]\n", site.path("plain").display()));
    refused("/plain: neither a binary nor a script with #! in its first line");
}

#[test]
fn a_trial_finds_what_would_keep_a_run_from_acting() {
    if missing(&HOSTS) || missing(&[Need::Program("flock")]) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let verdict = |line: &str| {
        let outcome = site.trial();
        assert_eq!(outcome.verdict(), (1, line));
        let usual = "\n1 address listed, 0 would be bound on eth0\n";
        assert!(outcome.stdout.contains(usual), "{outcome:?}");
    };
    site.configure("on = [\"CRITICAL-SOFT-2\"]\n");
    verdict(
        "IP_REBIND WARNING - on has neither CRITICAL-HARD nor TIMER, no event after a reboot is acted on",
    );
    site.configure("on = [\"CRITICAL-SOFT-2\", \"TIMER\"]\n");
    let outcome = site.trial();
    let note = "note: on has no CRITICAL-HARD, after a reboot only the timer acts\n";
    assert!(outcome.code == Some(0) && outcome.stdout.contains(note), "{outcome:?}");

    site.configure("per-hour = 1\n");
    fs::create_dir(site.path("state")).unwrap();
    fs::set_permissions(site.path("state"), fs::Permissions::from_mode(0o700)).unwrap();
    write(&site.path("state/budget.json"), "{\"version\":1,\"acted\":[4000000000]}");
    verdict("IP_REBIND WARNING - the budget of 1 an hour is used up");
    fs::remove_file(site.path("state/budget.json")).unwrap();

    write(&site.path("state/lock"), "");
    let mut holder = site
        .host
        .command("flock")
        .arg(site.path("state/lock"))
        .args(["cat"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the lock is held", Duration::from_secs(20), || site.trial().code == Some(1));
    verdict("IP_REBIND WARNING - another run is in progress");
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    assert_eq!(site.trial().code, Some(0));
}

#[test]
fn a_trial_knows_whether_a_command_may_continue_without_budget() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 192.0.2.32");
    fs::create_dir(site.path("state")).unwrap();
    fs::set_permissions(site.path("state"), fs::Permissions::from_mode(0o700)).unwrap();
    let command = format!("command = [\"{}\"]\n", site.script("setup", "true"));
    let why = "the budget of 1 an hour is used up";
    let over = format!("IP_REBIND CRITICAL - 192.0.2.31-32 not bound: {why}");
    // A command binds both or none.
    let all_or_none = format!("IP_REBIND CRITICAL - 192.0.2.31 not bound yet: {why}, 1 more fault");
    // A run would bind the one that an earlier run began with, and no other.
    let later = format!("IP_REBIND CRITICAL - 192.0.2.32 not bound yet: {why}");
    let right = "IP_REBIND OK - configuration is right: 3 addresses listed, 2 would be bound on eth0";
    for (command, begun, first, ends) in [
        (command.as_str(), r#""192.0.2.31""#, all_or_none.as_str(), "over_budget"),
        (&command, r#""192.0.2.31","192.0.2.32""#, right, ""),
        ("", r#""192.0.2.33""#, &over, "over_budget"),
        ("", r#""192.0.2.31""#, &later, "done"),
    ] {
        site.configure(&format!("enabled = true\nper-hour = 1\n{command}"));
        let budget = format!(r#"{{"version":1,"acted":[4000000000],"begun":[{begun}]}}"#);
        write(&site.path("state/budget.json"), &budget);
        assert_eq!(site.trial().first_line(), first, "{command} {begun}");
        if !ends.is_empty() {
            let outcome = site.handle();
            assert!(
                outcome.code == Some(2) && outcome.first_line().starts_with(first),
                "as a run: {outcome:?}"
            );
            assert_eq!(site.records().last().unwrap()["end"], ends, "{command} {begun}");
        }
    }
}

#[test]
fn a_trial_finds_a_disk_that_takes_nothing_and_addresses_that_wait() {
    if missing(&HOSTS) || missing(&[Need::Program("mount")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let disk = site.path("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        succeed(Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(&disk));
        Mounted(disk.clone())
    };
    let first = || site.trial().first_line().to_owned();
    for (setting, name) in [("log", "log"), ("state", "state")] {
        site.configure(&format!("{setting} = \"{}/{name}\"\n", disk.display()));
        let mounted = mount("size=64k,mode=755,ro");
        let read_only =
            format!("IP_REBIND WARNING - {name}: {}/{name}: read-only file system", disk.display());
        assert_eq!(first(), read_only);
        drop(mounted);
        let _mounted = mount("size=64k,mode=755");
        assert!(first().starts_with("IP_REBIND OK - "), "{}", first());
        assert!(fs::write(disk.join("large"), vec![0; 1 << 20]).is_err());
        let full = format!("IP_REBIND WARNING - {name}: {}/{name}: no space left on device", disk.display());
        assert_eq!(first(), full);
    }
    site.configure("");
    let log = fs::File::create(site.path("log")).unwrap();
    log.set_len((64 << 20) + 1).unwrap();
    assert!(first().ends_with("/log: full for runs that change nothing, rotate it"), "{}", first());
    log.set_len(1 << 30).unwrap();
    assert!(first().ends_with("/log: full, rotate it"), "{}", first());
    fs::remove_file(site.path("log")).unwrap();

    site.host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    let restart = site.script("service", "ip addr del 192.0.2.31/24 dev eth0");
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    assert_eq!(site.handle().code, Some(2));
    let outcome = site.trial();
    let line = "IP_REBIND CRITICAL - 192.0.2.31 not back: gone since service ran, waits 1 min after 1 try";
    assert_eq!(outcome.verdict(), (2, line));
    let line = "\n1 address listed, 0 would be bound on eth0, 1 waiting for the next try\n";
    assert!(outcome.stdout.contains(line), "{outcome:?}");
    let line = "192.0.2.31: left alone: gone since service ran, waits 1 min after 1 try\n";
    assert!(outcome.stdout.contains(line), "{outcome:?}");
}

/// A file system that is unmounted in the end.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_port_that_could_be_a_prefix_length_is_noted() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let ips = site.path("ips");
    for (line, note) in [
        ("192.0.2.31 24", Some("24 is not a prefix length, write 192.0.2.31/24")),
        ("192.0.2.31,24", Some("24 is not a prefix length, write 192.0.2.31/24")),
        ("192.0.2.31, 24", Some("24 is not a prefix length, write 192.0.2.31/24")),
        ("192.0.2.31\t24,web", Some("24 is not a prefix length, write 192.0.2.31/24")),
        ("2001:db8::31 64 web", Some("64 is not a prefix length, write 2001:db8::31/64")),
        ("192.0.2.31 25,80", None),
        ("192.0.2.31,25,80", None),
        ("192.0.2.31 443", None),
        ("192.0.2.31 /24 25", None),
        ("192.0.2.31/24 25", None),
        ("192.0.2.31 # 24", None),
    ] {
        write(&ips, &format!("192.0.2.1\n{line}\n192.0.2.33 25\n"));
        let noted = note.map_or_else(
            || format!("note: {} line 3: 25 is not a prefix length, ", ips.display()),
            |note| format!("note: {} line 2: {note}\n", ips.display()),
        );
        let tried = site.trial();
        assert!(tried.code == Some(0) && tried.stdout.contains(&noted), "{line}: {tried:?}");
    }
}

#[test]
fn what_check_forbids_is_not_bound() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32");
    for (option, what) in [
        ("--absent=192.0.2.31", "192.0.2.31 must not be bound by --absent"),
        ("--floating=192.0.2.31", "192.0.2.31 is floating by --floating"),
    ] {
        let file = site.path("ips");
        let check = format!("check = [\"--file={}\", \"{option}\"]\n", file.display());
        site.configure(&check);
        let line = format!("IP_REBIND UNKNOWN - check and files contradict: {what}");
        assert_eq!(site.trial().verdict(), (3, line.as_str()));
        site.configure(&format!("enabled = true\n{check}"));
        let outcome = site.handle();
        assert!(outcome.code == Some(3) && outcome.first_line().starts_with(&line), "{outcome:?}");
        assert!(!site.has("192.0.2.31/24"));
    }
    assert!(site.has("192.0.2.32/24"), "the others are bound");
    site.configure("enabled = true\ncheck = [\"--interface=lo\"]\n");
    site.host.ip(&["addr", "del", "192.0.2.32/24", "dev", "eth0"]);
    let line = "IP_REBIND UNKNOWN - check and files contradict: 192.0.2.31-32 must be on lo by --interface";
    let outcome = site.handle();
    assert!(outcome.code == Some(3) && outcome.first_line().starts_with(line), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && !site.has("192.0.2.32/24"));
}
