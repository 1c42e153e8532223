//! The log of a real Nagios, imported, against the history that was measured beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use suite::host::{Host, public_folder};
use suite::nagios::NEEDS;
use suite::needs::missing;
use suite::plugins::binary;
use suite::process;
use suite::wait::{eventually, holds_within};

use crate::nagios::{HOSTS, MINUTE, all_good, becomes, order, play_each_state, result, start};

/// An outage of a history: the public name, the worst state, and how long it lasted if it is over.
type Outage = (String, String, Option<u64>);

fn outages(folder: &Path) -> Vec<Outage> {
    let history: Value = serde_json::from_slice(&fs::read(folder.join("history.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let incidents = history["incidents"].as_array().unwrap().iter();
    let outage =
        |outage: &Value| (text(&outage["component"]), text(&outage["status"]), outage["seconds"].as_u64());
    let mut outages: Vec<_> = incidents.map(outage).collect();
    outages.sort();
    outages
}

#[test]
fn the_log_tells_the_outages_that_were_measured() {
    if missing(&NEEDS) {
        return;
    }
    let host = Host::create();
    let retains =
        "retain_state_information=1\nstate_retention_file=@top@/retention.dat\nlog_initial_states=1\n";
    let nagios = start(&host, "--stale=20 --sanity=off", retains, |_| {});
    all_good(&nagios);
    // The log tells of what is good only by a list of all states: after a rotation, or here after a restart.
    order(&nagios, "RESTART_PROGRAM");
    let log = nagios.folder().join("nagios.log");
    let listed = HOSTS.map(|name| format!("INITIAL SERVICE STATE: {name};wire;OK;HARD;1;all quiet\n"));
    eventually("all states are listed", MINUTE, || {
        let text = fs::read_to_string(&log).unwrap();
        listed.iter().filter(|line| !line.contains("hq-never")).all(|line| text.contains(line.as_str()))
    });
    play_each_state(&nagios);
    for (name, status) in [
        ("Acknowledged", "major_outage"),
        ("Down", "major_outage"),
        ("Slow", "degraded_performance"),
        ("In downtime", "under_maintenance"),
    ] {
        becomes(&nagios, name, status);
    }
    order(&nagios, "PROCESS_HOST_CHECK_RESULT;hq-down;0;ping fine");
    result(&nagios, "hq-acked", 0, "well again");
    for name in ["Acknowledged", "Down"] {
        becomes(&nagios, name, "operational");
    }
    let top = nagios.folder();
    let measured = || outages(&top.join("out"));
    // The history is written after the page.
    let is_over = || measured().len() == 2 && measured().iter().all(|(.., seconds)| seconds.is_some());
    assert!(holds_within(MINUTE, is_over), "{:?}", measured());
    let measured = measured();

    let own = public_folder();
    let (out, state) = (own.path().join("out"), own.path().join("state"));
    fs::create_dir(&out).unwrap();
    let publish = |arguments: &[&str]| {
        let mut command = Command::new(binary("publish_status"));
        command.arg(format!("--config={}", top.join("page.toml").display()));
        command.arg(format!("--status-file={}", top.join("status.dat").display()));
        command.arg(format!("--output={}", out.display())).arg(format!("--state={}", state.display()));
        let outcome = process::run(command.arg("--sanity=off").args(arguments));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome.stdout
    };
    let line = publish(&["--import", &log.display().to_string()]);
    assert!(line.starts_with("STATUS OK - imported 1 day from 1 log, "), "{line}");
    publish(&["--stale=86400"]);
    let imported = outages(&out);
    let names = |outages: &[Outage]| {
        outages.iter().map(|(name, status, _)| format!("{name}: {status}")).collect::<Vec<_>>()
    };
    assert_eq!(names(&imported), ["Acknowledged: major_outage", "Down: major_outage"], "{line}");
    assert_eq!(names(&imported), names(&measured));
    for ((name, _, imported), (.., measured)) in imported.iter().zip(&measured) {
        let (imported, measured) = (imported.unwrap(), measured.unwrap());
        assert!(imported.abs_diff(measured) < 60, "{name}: {imported} s by the log, {measured} s measured");
    }
}
