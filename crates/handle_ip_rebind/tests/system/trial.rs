//! `--test-config`: what a run would do, without doing it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use suite::needs::missing;
use suite::process::{Outcome, run};

use super::site::{HOSTS, Site};

fn trial(site: &Site) -> Outcome {
    let mut command = site.host.command(suite::plugins::binary("handle_ip_rebind"));
    run(command.arg("--test-config").arg(format!("--config={}", site.path("config.toml").display())))
}

#[test]
fn a_trial_says_what_a_run_would_do_and_changes_nothing() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 203.0.113.7");
    site.configure("restart = [[\"/bin/true\"]]\n");
    let outcome = trial(&site);
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
    let outcome = trial(&site);
    let line = "IP_REBIND WARNING - configuration is right: 2 addresses listed, 0 would be bound on eth0, 1 left alone";
    assert_eq!(outcome.verdict(), (1, line));
    assert!(
        outcome.stdout.contains("\n192.0.2.255: left alone: the broadcast address of 192.0.2.0/24\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_trial_finds_what_a_run_would_refuse() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let refused = |part: &str| {
        let outcome = trial(&site);
        assert!(outcome.code == Some(3) && outcome.first_line().contains(part), "{part}: {outcome:?}");
    };
    let restart = site.script("restart", "true");
    site.configure(&format!("restart = [[\"{restart}\"]]\n"));
    assert_eq!(trial(&site).code, Some(0));
    fs::set_permissions(&restart, fs::Permissions::from_mode(0o757)).unwrap();
    refused("program: chmod go-w /");
    site.configure("files = [\"/nonexistent/ips\"]\n");
    refused("reading /nonexistent/ips: no such file or directory");
    site.configure("log = \"/nonexistent/log\"\n");
    refused("log: opening /nonexistent: no such file or directory");
    site.configure("");
    fs::create_dir(site.path("state")).unwrap();
    fs::set_permissions(site.path("state"), fs::Permissions::from_mode(0o755)).unwrap();
    refused("state: chmod 0700 /");
}
