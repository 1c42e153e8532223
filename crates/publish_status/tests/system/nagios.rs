//! A real Nagios with one of each state: what is published, and what follows when each of them changes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use suite::host::Host;
use suite::nagios::{NEEDS, Nagios};
use suite::needs::missing;
use suite::wait::eventually;

/// How long a change may take from the monitor to the page: a status.dat every two seconds and a run every
/// second.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

const PAGE: &str = r#"
title = "Example Proxies"
url = "https://status.example.com/"
interval = 10
interval_length = 1
show_planned = true
[[group]]
name = "All"
  [[group.component]]
  name = "Soft"
  from = ["hq-soft!wire"]
  [[group.component]]
  name = "Down"
  from = ["hq-down!wire"]
  [[group.component]]
  name = "Unreachable"
  from = ["hq-behind!wire"]
  [[group.component]]
  name = "Never checked"
  from = ["hq-never!wire"]
  [[group.component]]
  name = "Acknowledged"
  from = ["hq-acked!wire"]
  [[group.component]]
  name = "In downtime"
  from = ["hq-planned!wire"]
  [[group.component]]
  name = "Without answer"
  from = ["hq-vague!wire"]
  [[group.component]]
  name = "Slow"
  from = ["hq-slow!wire"]
"#;

pub(crate) const HOSTS: [&str; 9] = [
    "hq-soft",
    "hq-down",
    "hq-router",
    "hq-behind",
    "hq-never",
    "hq-acked",
    "hq-planned",
    "hq-vague",
    "hq-slow",
];

/// Passive hosts and services, and the page, made with these options, as a service of the monitor.
fn objects(options: &str) -> String {
    let host = |name: &str| {
        let parent = if name == "hq-behind" { "    parents hq-router\n" } else { "" };
        format!(
            "define host {{\n    use generic-host\n    host_name {name}\n    address 203.0.113.77\n{parent}    active_checks_enabled 0\n    \
             passive_checks_enabled 1\n    max_check_attempts 1\n}}\ndefine service {{\n    use generic-service\n    host_name {name}\n    \
             service_description wire\n    check_command nobody\n    active_checks_enabled 0\n    passive_checks_enabled 1\n    \
             max_check_attempts {}\n}}\n",
            if name == "hq-soft" { 3 } else { 1 }
        )
    };
    let page = format!(
        "define command {{\n    command_name page\n    command_line $USER1$/publish_status --config=$USER1$/../page.toml \
         --status-file=$USER1$/../status.dat --output=$USER1$/../out --state=$USER1$/../state {options}\n}}\n"
    );
    let monitor = "define host {\n    use generic-host\n    host_name monitor\n    address 127.0.0.1\n    active_checks_enabled 0\n}\n\
                define service {\n    use generic-service\n    host_name monitor\n    service_description Status page\n    \
                check_command page\n    check_interval 1\n    retry_interval 1\n    max_check_attempts 1\n}\n";
    HOSTS.map(host).concat() + &page + monitor
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Gives Nagios an external command.
pub(crate) fn order(nagios: &Nagios, command: &str) {
    let pipe = nagios.folder().join("nagios.cmd");
    eventually("Nagios takes commands", MINUTE, || pipe.exists());
    fs::write(pipe, format!("[{}] {command}\n", now())).unwrap();
}

pub(crate) fn result(nagios: &Nagios, host: &str, state: u8, output: &str) {
    order(nagios, &format!("PROCESS_SERVICE_CHECK_RESULT;{host};wire;{state};{output}"));
}

/// The published state of a component.
fn state(top: &Path, name: &str) -> Option<String> {
    let summary: Value = serde_json::from_slice(&fs::read(top.join("out/summary.json")).ok()?).ok()?;
    let component = summary["components"].as_array()?.iter().find(|component| component["name"] == name)?;
    Some(component["status"].as_str()?.to_owned())
}

pub(crate) fn becomes(nagios: &Nagios, name: &str, wanted: &str) {
    let top = nagios.folder();
    eventually(&format!("{name} is published as {wanted}"), MINUTE, || {
        state(top, name).as_deref() == Some(wanted)
    });
}

/// Starts a Nagios that publishes with these options, after what `prepare` does to its folder.
pub(crate) fn start(host: &Host, options: &str, more: &str, prepare: impl FnOnce(&Path)) -> Nagios {
    let settings = "check_external_commands=1\ntranslate_passive_host_checks=1\nstatus_update_interval=1\n";
    Nagios::start_prepared(host, &objects(options), &format!("{settings}{more}"), |plugins| {
        let top = plugins.parent().unwrap();
        fs::write(top.join("page.toml"), PAGE).unwrap();
        fs::create_dir(top.join("out")).unwrap();
        prepare(top);
    })
}

/// All but one are checked, and good.
pub(crate) fn all_good(nagios: &Nagios) {
    for name in HOSTS.iter().filter(|name| **name != "hq-never") {
        order(nagios, &format!("PROCESS_HOST_CHECK_RESULT;{name};0;ping fine"));
        result(nagios, name, 0, "all quiet");
    }
    eventually("the first results are in", MINUTE, || nagios.service("hq-slow!wire").is_some());
}

/// One of each state.
pub(crate) fn play_each_state(nagios: &Nagios) {
    all_good(nagios);
    result(nagios, "hq-soft", 2, "<script>alert(1)</script> at 203.0.113.78");
    order(nagios, "PROCESS_HOST_CHECK_RESULT;hq-down;1;cable <b>cut</b>");
    order(nagios, "PROCESS_HOST_CHECK_RESULT;hq-router;1;gone");
    order(nagios, "PROCESS_HOST_CHECK_RESULT;hq-behind;1;gone");
    result(nagios, "hq-acked", 2, "broken wire");
    order(nagios, "ACKNOWLEDGE_SVC_PROBLEM;hq-acked;wire;1;0;1;carolina;known to the night shift");
    let (start, end) = (now(), now() + 3_600);
    order(
        nagios,
        &format!("SCHEDULE_SVC_DOWNTIME;hq-planned;wire;{start};{end};1;0;3600;roberta;new <i>wires</i>"),
    );
    result(nagios, "hq-vague", 3, "no idea at all");
    result(nagios, "hq-slow", 1, "rather slow");
}

#[test]
fn each_state_and_each_change_is_published_within_a_minute() {
    if missing(&NEEDS) {
        return;
    }
    let host = Host::create();
    let nagios = start(&host, "--stale=20 --sanity=off", "", |_| {});
    play_each_state(&nagios);
    let expected = [
        ("Soft", "operational"),
        ("Down", "major_outage"),
        ("Unreachable", "unknown"),
        ("Never checked", "unknown"),
        ("Acknowledged", "major_outage"),
        ("In downtime", "under_maintenance"),
        ("Without answer", "unknown"),
        ("Slow", "degraded_performance"),
    ];
    for (name, status) in expected {
        becomes(&nagios, name, status);
    }
    let page = nagios.hard("monitor!Status page", 0);
    assert!(page.plugin_output.starts_with("STATUS OK - 8 components published, "), "{page:?}");
    assert_eq!(fs::metadata(nagios.folder().join("out/index.html")).unwrap().mode() & 0o777, 0o644);
    nothing_leaks(nagios.folder());

    for _ in 0..2 {
        result(&nagios, "hq-soft", 2, "still");
    }
    becomes(&nagios, "Soft", "major_outage");
    order(&nagios, "PROCESS_HOST_CHECK_RESULT;hq-down;0;ping fine");
    becomes(&nagios, "Down", "operational");
    order(&nagios, "PROCESS_HOST_CHECK_RESULT;hq-router;0;ping fine");
    order(&nagios, "PROCESS_HOST_CHECK_RESULT;hq-behind;0;ping fine");
    becomes(&nagios, "Unreachable", "operational");
    result(&nagios, "hq-never", 0, "at last");
    becomes(&nagios, "Never checked", "operational");
    // A recovery from SOFT never comes as HARD: here it is a hard problem that ends.
    for name in ["hq-acked", "hq-vague", "hq-slow", "hq-soft"] {
        result(&nagios, name, 0, "well again");
    }
    for name in ["Acknowledged", "Without answer", "Slow", "Soft"] {
        becomes(&nagios, name, "operational");
    }
    order(&nagios, "DEL_SVC_DOWNTIME;1");
    becomes(&nagios, "In downtime", "operational");
    let feed = fs::read_to_string(nagios.folder().join("out/feed.atom")).unwrap();
    assert_eq!(feed.matches("<title>Resolved: ").count(), 3, "{feed}");
    nothing_leaks(nagios.folder());
}

/// Asserts that no file has a name, an address, an output, an author or a comment of the monitor.
fn nothing_leaks(top: &Path) {
    let words = [
        "hq-",
        "wire",
        "203.0.113",
        "alert(",
        "cable",
        "gone",
        "carolina",
        "night shift",
        "roberta",
        "idea",
        "rather",
        "ping",
        "quiet",
    ];
    for folder in ["out", "state"] {
        let entries = fs::read_dir(top.join(folder)).unwrap().flatten();
        for entry in entries.filter(|entry| !entry.file_name().to_string_lossy().ends_with(".new")) {
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            for word in words {
                assert!(!text.contains(word), "{} contains {word}", entry.path().display());
            }
        }
    }
}
