//! Files that somebody else had a hand in, a state that is broken, two handlers at once, and one that is
//! killed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::host::{public_folder, write};
use suite::needs::{Need, missing};
use suite::nrpe::{self, Nrpe, install};
use suite::process::run;
use suite::wait::eventually;

use super::site::{HOSTS, Site, side_by_side};

#[test]
fn a_configuration_that_others_can_write_is_not_obeyed() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let config = site.path("config.toml");
    let refused = |part: &str| {
        let outcome = site.handle();
        assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(3), 1), "{outcome:?}");
        let names = outcome.stdout.contains(&config.display().to_string());
        assert!(outcome.stdout.starts_with("IP_REBIND UNKNOWN - configuration") && names, "{outcome:?}");
        assert!(outcome.stdout.contains(part), "{outcome:?}");
    };
    for mode in [0o664, 0o646] {
        fs::set_permissions(&config, fs::Permissions::from_mode(mode)).unwrap();
        refused("configuration: chmod go-w /");
    }
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::chown(&config, Some(64_999), None).unwrap();
    refused("configuration: chown root /");
    let other = site.path("other.toml");
    fs::rename(&config, &other).unwrap();
    std::os::unix::fs::chown(&other, Some(0), None).unwrap();
    symlink(&other, &config).unwrap();
    refused(": a symbolic link, name the file itself");
    fs::remove_file(&config).unwrap();
    refused(": no such file or directory");
    write(
        &config,
        "enabled = true\ninterface = \"eth0\"\nfiles = [\"/etc/ips\"]\ncommand = \"rm -rf /; $(id)\"\n",
    );
    refused(" line 4: command: write a list in square brackets, not string rm -rf /, (id)");
    write(
        &config,
        "enabled = true\ninterface = \"eth0\"\nfiles = [\"/etc/ips\"]\nrestart = [[\"sh\", \"-c\", \"id\"]]\n",
    );
    refused(": restart: sh is not an absolute path: programs are not searched for");
    assert!(!site.has("192.0.2.31/24"));
}

#[test]
fn a_program_that_others_can_write_is_not_run() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let setup = site.script("setup-ips.pl", "touch \"$0.ran\"");
    fs::set_permissions(&setup, fs::Permissions::from_mode(0o777)).unwrap();
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    let outcome = site.handle();
    assert!(outcome.code == Some(2) && outcome.stdout.contains("others can write it"), "{outcome:?}");
    assert!(!site.path("setup-ips.pl.ran").exists());
}

#[test]
fn without_a_state_that_is_understood_nothing_is_done() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let state = site.path("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let refused = |part: &str| {
        let outcome = site.handle();
        assert!(outcome.code == Some(3) && outcome.first_line().contains(part), "{outcome:?}");
        assert!(!site.has("192.0.2.31/24"));
    };
    for (content, what) in [
        ("", "not JSON, line 1 column 0"),
        ("{\"version\":1,\"acted\":[1,", "not JSON, line 1 column 24"),
        ("\0\0\0", "not JSON, line 1 column 1"),
        ("null", "not what this program writes, line 1 column 4"),
        ("[[", "not what this program writes, line 1 column 1"),
    ] {
        write(&state.join("budget.json"), content);
        refused(&format!("/budget.json: {what}: inspect and remove it, nothing is done before"));
    }
    fs::remove_file(state.join("budget.json")).unwrap();
    symlink("/dev/zero", state.join("budget.json")).unwrap();
    refused("a symbolic link");
    fs::remove_file(state.join("budget.json")).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    refused("state: chmod 0700 /");
    // Each of these runs is in the log, with its error.
    let records = site.records();
    assert!(records.len() == 7 && records.iter().all(|record| record["error"].is_string()), "{records:?}");
    // And what cannot be recorded is not done.
    fs::remove_file(site.path("log")).unwrap();
    symlink("/etc/passwd", site.path("log")).unwrap();
    refused("log: ");
}

#[test]
fn a_list_that_others_can_write_is_not_obeyed() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let list = site.path("ips");
    let refused = |part: &str| {
        let outcome = site.handle();
        assert!(outcome.code == Some(3) && outcome.first_line().contains(part), "{outcome:?}");
        assert!(!site.has("192.0.2.31/24"));
    };
    fs::set_permissions(&list, fs::Permissions::from_mode(0o666)).unwrap();
    refused("list: chmod go-w /");
    fs::set_permissions(&list, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::chown(&list, Some(64_999), None).unwrap();
    refused("list: chown root /");
    std::os::unix::fs::chown(&list, Some(0), None).unwrap();
    // A link of root's leads to it as before.
    fs::rename(&list, site.path("own")).unwrap();
    symlink(site.path("own"), &list).unwrap();
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
}

#[test]
fn runs_that_change_nothing_leave_room_in_the_log() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    // As large as after many runs for nothing, without using the disk.
    fs::File::create(site.path("log")).unwrap().set_len((64 << 20) + 1).unwrap();
    fs::set_permissions(site.path("log"), fs::Permissions::from_mode(0o600)).unwrap();
    let outcome = run(&mut site.command("OK-HARD"));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.first_line().starts_with("IP_REBIND WARNING - not recorded: "), "{outcome:?}");
    assert_eq!(fs::metadata(site.path("log")).unwrap().len(), (64 << 20) + 1);
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
    assert!(fs::metadata(site.path("log")).unwrap().len() > (64 << 20) + 1);
}

#[test]
fn of_two_handlers_one_works() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let both = [scope.spawn(|| site.handle()), scope.spawn(|| site.handle())];
        both.map(|handler| handler.join().unwrap()).into()
    });
    let mut verdicts: Vec<_> = outcomes.iter().map(suite::process::Outcome::verdict).collect();
    verdicts.sort_unstable();
    let busy = "IP_REBIND WARNING - nothing is done: another run is in progress";
    assert_eq!(verdicts, [(0, "IP_REBIND OK - bound again: 192.0.2.31"), (1, busy)]);
    assert_eq!(site.records().len(), 2);
}

/// Kills a handler when `moment` has come.
pub(super) fn kill(site: &Site, what: &str, moment: impl Fn() -> bool) {
    let mut child = site.command("CRITICAL-HARD-3").stdout(Stdio::null()).spawn().unwrap();
    eventually(what, Duration::from_secs(20), moment);
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "killed, not ended");
}

#[test]
fn a_killed_handler_is_in_nobodys_way() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    kill(&site, "a run holds the lock and asks the link", || site.path("state/lock").exists());
    let setup = site.script("setup-ips.pl", "touch \"$0.runs\"; exec sleep 20");
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    kill(&site, "the command runs", || site.path("setup-ips.pl.runs").exists());
    let begun = site.log().pop().unwrap();
    assert_eq!(
        (begun["begun"].as_bool(), begun["summary"].as_str()),
        (Some(true), Some("about to bind 192.0.2.31"))
    );
    // The killed run has used the budget once, also for the runs that finish it. Nothing is broken, and the
    // next run works at once.
    write(&site.path("state/.budget.json.new"), "{\"ver");
    site.configure("enabled = true\n");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
    assert_eq!(site.records().last().unwrap()["acted"].as_u64(), Some(1));
}

#[test]
fn what_ends_nrpe_does_not_end_a_run() {
    if missing(&HOSTS) || missing(&nrpe::NEEDS) || missing(&[Need::Program("sudo")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.host
        .etc("silent-outage/handle_ip_rebind.toml", &fs::read_to_string(site.path("config.toml")).unwrap());
    let installed = public_folder();
    install(installed.path(), &[]);
    let sudoers = installed.path().join("share/doc/silent-outage-plugins/handle_ip_rebind/sudoers");
    site.host.etc("sudoers.d/handle_ip_rebind", &fs::read_to_string(sudoers).unwrap());
    write(&installed.path().join("nrpe.d/impatient.cfg"), "command_timeout=1\n");
    let nrpe = Nrpe::start_installed(&site.host, installed.path());
    let asked = nrpe.check("handle_ip_rebind_CRITICAL-SOFT-2-0-0", &["-t", "20"]);
    assert!(asked.first_line().contains("timed out after 1 seconds"), "{asked:?}");
    assert!(site.records().is_empty(), "the run was over before NRPE gave up");
    drop(nrpe);
    eventually("the run has ended by itself", Duration::from_secs(20), || !site.records().is_empty());
    assert_eq!(site.records().remove(0)["summary"].as_str(), Some("bound again: 192.0.2.31"));
    assert!(site.has("192.0.2.31/24"));
}

/// Runs the handler by a shell that first does `prepare`.
fn after(site: &Site, prepare: &str) -> suite::process::Outcome {
    let handler = site.command("CRITICAL-HARD-3");
    let mut shell = std::process::Command::new("sh");
    let script = format!("{prepare}\nexec \"$0\" \"$@\"");
    run(shell.args(["-c", &script]).arg(handler.get_program()).args(handler.get_args()))
}

#[test]
fn what_the_caller_set_or_ignores_is_of_no_account() {
    if missing(&HOSTS) {
        return;
    }
    side_by_side(
        [
            "trap '' CHLD",
            "ulimit -S -n 12",
            "ulimit -S -f 2; ulimit -S -v 4000000; echo 500 >/proc/self/oom_score_adj",
            "umask 0777",
            "ulimit -S -f 0; trap '' CHLD HUP INT; umask 0",
        ],
        |prepare| {
            let site = Site::new("192.0.2.31");
            let shown =
                "umask; ulimit -f; ulimit -v; cat /proc/self/oom_score_adj; kill -s INT $$; echo not ended";
            let restart = site.script("restart", shown);
            site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
            let outcome = after(&site, prepare);
            assert!(site.has("192.0.2.31/24"), "{prepare}: {outcome:?}");
            // The program runs with the umask, the limits and the signals of a fresh process.
            let line = "IP_REBIND CRITICAL - restart was ended by signal 2 (bound again: 192.0.2.31)";
            assert_eq!(outcome.verdict(), (2, line), "{prepare}");
            assert!(outcome.stdout.contains("(0022 unlimited unlimited 0)"), "{prepare}: {outcome:?}");
            assert_eq!(site.log().len(), 2, "{prepare}: begun and ended");
        },
    );
}

#[test]
fn no_signal_ends_a_run_without_its_record() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let mut child = site.command("CRITICAL-HARD-3").stdout(Stdio::piped()).spawn().unwrap();
    eventually("it works", Duration::from_secs(20), || site.path("state/lock").exists());
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    for signal in [
        Signal::INT,
        Signal::QUIT,
        Signal::HUP,
        Signal::TERM,
        Signal::ALARM,
        Signal::USR1,
        Signal::USR2,
        Signal::XCPU,
    ] {
        kill_process(pid, signal).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(site.records().remove(0)["summary"].as_str(), Some("bound again: 192.0.2.31"));
}
