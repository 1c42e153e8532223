//! A real Nagios that runs the shipped event handler, and a broker that takes its events: host and service,
//! SOFT and HARD.

use std::fs;
use std::process::Command;
use std::time::Duration;

use suite::brokers::{ACTIVEMQ, Broker};
use suite::host::{Host, public_folder, succeed, write};
use suite::nagios::{self, Nagios};
use suite::needs::missing;
use suite::wait::holds_within;

use super::{configuration, events, notify};

/// Checks that say what a file says, and exit as its first word tells.
const OBJECTS: &str = "
define command {
    command_name           say
    command_line           /bin/sh @top@/say $ARG1$
}
define host {
    use                    generic-host
    host_name              web1
    address                192.0.2.1
    check_command          say!@top@/host
    check_interval         1
    retry_interval         1
    max_check_attempts     2
}
define service {
    use                    generic-service
    host_name              web1
    service_description    HTTP
    check_command          say!@top@/service
    check_interval         1
    retry_interval         1
    max_check_attempts     3
}
";
const SETTINGS: &str = "enable_event_handlers=1\nenable_environment_macros=1\nglobal_host_event_handler=notify_stomp\n\
    global_service_event_handler=notify_stomp\nexecute_host_checks=1\ncached_host_check_horizon=0\nillegal_macro_output_chars=`~$&|'<>\"\n";

#[test]
fn events_of_hosts_and_services_arrive_soft_and_hard() {
    if missing(&ACTIVEMQ) || missing(&nagios::NEEDS) {
        return;
    }
    let host = Host::create();
    let _broker = Broker::activemq(&host);
    let folder = public_folder();
    let top = folder.path();
    let spool = top.join("spool");
    fs::create_dir(&spool).unwrap();
    succeed(Command::new("chmod").arg("700").arg(&spool));
    succeed(Command::new("chown").arg("nagios:nagios").arg(&spool));
    let file = configuration(top, "/queue/nagios");
    let say = |what: &str, code: u8, text: &str| write(&top.join(what), &format!("{code}\n{text}\n"));
    write(&top.join("say"), "read -r code <\"$1\"; tail -n +2 \"$1\"; exit \"$code\"\n");
    say("host", 0, "PING OK");
    say("service", 0, "HTTP OK");
    host.etc("nagios4/notify_stomp.ini", &fs::read_to_string(&file).unwrap());
    let objects = OBJECTS.replace("@top@", &top.display().to_string());
    let nagios = Nagios::start_with(&host, &objects, SETTINGS);
    nagios.service_when("HTTP", |service| service.current_state == 0 && service.is_hard);
    say(
        "service",
        2,
        "HTTP CRITICAL: <b>\"no\"</b> 'answer' & $x ; \\t \u{e4} | time=5s;1;2 'a b'=3%\nsecond \\ line\nthird | size=4B",
    );
    nagios.service_when("HTTP", |service| service.current_state == 2 && service.is_hard);
    say("service", 0, "HTTP OK");
    nagios.service_when("HTTP", |service| service.current_state == 0 && service.is_hard);
    say("host", 2, "PING CRITICAL");
    // Whoever drains the queue early would miss what comes later, so the spool's own counter tells when all
    // have come.
    let last = || {
        fs::read_dir(spool.join("last")).map_or(0, |names| {
            names.flatten().filter_map(|name| name.file_name().to_str()?.parse().ok()).max().unwrap_or(0)
        })
    };
    assert!(holds_within(Duration::from_secs(30), || last() >= 6), "only {} events", last());
    say("host", 0, "PING OK");
    assert!(holds_within(Duration::from_secs(30), || last() >= 7), "only {} events", last());
    drop(nagios);
    let outcome = notify(&host, &file, &["--cat=/queue/nagios", "--count=7"]);
    let events = events(&outcome.stdout);
    let text = |event: &std::collections::BTreeMap<String, serde_json::Value>, key: &str| {
        event[key].to_string().replace('"', "")
    };
    let seen: Vec<String> = events
        .iter()
        .map(|event| {
            ["kind", "service", "state", "state_type", "attempt", "max_attempts"]
                .map(|key| text(event, key))
                .join(" ")
        })
        .collect();
    let expected = [
        "service HTTP CRITICAL SOFT 1 3",
        "service HTTP CRITICAL SOFT 2 3",
        "service HTTP CRITICAL HARD 3 3",
        "service HTTP OK HARD 3 3",
        "host null DOWN SOFT 1 2",
        "host null DOWN HARD 2 2",
        "host null UP HARD 1 2",
    ];
    // Nagios runs its handlers side by side, so that two events of one moment may arrive either way round.
    let sorted = |mut events: Vec<String>| {
        events.sort();
        events
    };
    assert_eq!(sorted(seen.clone()), sorted(expected.map(str::to_owned).to_vec()));
    let first = &events[seen.iter().position(|event| event == expected[0]).unwrap()];
    assert_eq!(
        (text(first, "hostname"), text(first, "address")),
        ("web1".to_owned(), "192.0.2.1".to_owned())
    );
    // Whatever a plugin says arrives as it said it; only `;` in the text is made `:` by Nagios, when it takes
    // the result.
    assert_eq!(first["output"], "HTTP CRITICAL: <b>\"no\"</b> 'answer' & $x : \\t \u{e4}");
    assert_eq!(first["long_output"], "second \\ line\nthird ");
    let labels: Vec<&str> = first["performance_data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|datum| datum["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["time", "a b", "size"]);
}
