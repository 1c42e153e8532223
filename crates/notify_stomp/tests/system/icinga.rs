//! A real Icinga 2 that runs the shipped event commands.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use suite::host::{Host, public_folder, succeed, write};
use suite::icinga::{self, Icinga};
use suite::needs::missing;
use suite::stomp::make_spool;
use suite::wait::holds_within;

/// Checks that say what a file says, and exit as its first word tells.
const OBJECTS: &str = r#"
object CheckCommand "say" {
    command = [ "/bin/sh", "@place@/say", "$file$" ]
}
object Host "web1" {
    check_command = "say"
    vars.file = "@place@/host"
    address = "192.0.2.1"
    check_interval = 1s
    retry_interval = 1s
    max_check_attempts = 2
    event_command = "notify_stomp_host"
}
object Service "HTTP" {
    host_name = "web1"
    check_command = "say"
    vars.file = "@place@/service"
    check_interval = 1s
    retry_interval = 1s
    max_check_attempts = 2
    event_command = "notify_stomp_service"
}
"#;

/// The events in a spool that no broker empties, in their order.
fn waiting(spool: &Path) -> Vec<BTreeMap<String, Value>> {
    let mut names: Vec<_> =
        fs::read_dir(spool.join("new")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    names.sort();
    names.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

#[test]
fn events_of_icinga_2_are_complete() {
    if missing(&icinga::NEEDS) {
        return;
    }
    let host = Host::create();
    let folder = public_folder();
    let place = folder.path();
    let spool = make_spool(place);
    succeed(Command::new("chown").arg("nagios:nagios").arg(&spool));
    let settings = format!("broker=127.0.0.1:1\ndestination=/queue/x\nspool={}\nretry=0\n", spool.display());
    host.etc("silent-outage/monitor.ini", &format!("[notify_stomp]\n{settings}"));
    let say = |what: &str, code: u8, text: &str| write(&place.join(what), &format!("{code}\n{text}\n"));
    write(&place.join("say"), "read -r code <\"$1\"; tail -n +2 \"$1\"; exit \"$code\"\n");
    say("host", 0, "PING OK");
    say("service", 0, "HTTP OK");
    let commands = fs::read_to_string(icinga::shipped("silent-outage-stomp.conf")).unwrap();
    let icinga =
        Icinga::start(&host, &(commands + &OBJECTS.replace("@place@", &place.display().to_string())));
    icinga.service_when("HTTP", |service| service.current_state == 0 && service.is_hard);
    let text = "HTTP CRITICAL: <b>\"no\"</b> 'answer' & $x ; $(id) \u{e4} | time=5s;1;2\nsecond line";
    say("service", 2, text);
    let shows = |kind: &str, state: &str, state_type: &str| {
        let is_it = |event: &BTreeMap<String, Value>| {
            event["kind"] == kind && event["state"] == state && event["state_type"] == state_type
        };
        let found = || waiting(&spool).into_iter().find(is_it);
        assert!(
            holds_within(Duration::from_secs(60), || found().is_some()),
            "no {kind} {state} {state_type}"
        );
        found().unwrap()
    };
    let soft = shows("service", "CRITICAL", "SOFT");
    let hard = shows("service", "CRITICAL", "HARD");
    say("host", 2, "PING CRITICAL");
    let down = shows("host", "DOWN", "HARD");
    say("service", 0, "HTTP OK");
    shows("service", "OK", "HARD");
    drop(icinga);
    let rows = [
        ("hostname", Value::from("web1")),
        ("address", Value::from("192.0.2.1")),
        ("service", Value::from("HTTP")),
        ("attempt", Value::from(1)),
        ("max_attempts", Value::from(2)),
        ("downtime_depth", Value::from(0)),
        ("acknowledged", Value::from(false)),
        ("flapping", Value::from(false)),
        ("event_id", Value::Null),
        ("last_event_id", Value::Null),
        ("problem_id", Value::Null),
        ("invalid", Value::Array(Vec::new())),
        // No shell sees it.
        ("output", Value::from("HTTP CRITICAL: <b>\"no\"</b> 'answer' & $x ; $(id) \u{e4} ")),
    ];
    for (key, value) in rows {
        assert_eq!(soft[key], value, "{key}");
    }
    assert_eq!(
        (&hard["last_hard_state"], &soft["last_hard_state"]),
        (&Value::from("CRITICAL"), &Value::Null)
    );
    assert!(soft["state_time"].as_u64().unwrap() > 1_700_000_000, "{}", soft["state_time"]);
    assert_eq!(soft["performance_data"][0]["label"], "time");
    assert_eq!((&down["service"], &down["output"]), (&Value::Null, &Value::from("PING CRITICAL")));
}
