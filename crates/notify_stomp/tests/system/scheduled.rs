//! A real Nagios that runs the shipped event handlers, and a broker that takes its events: host and service,
//! SOFT and HARD, many at once, a large host group and large outputs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use suite::brokers::{ACTIVEMQ, Broker};
use suite::host::{Host, public_folder, succeed, write};
use suite::nagios::{self, Nagios};
use suite::needs::missing;
use suite::stomp::make_spool;
use suite::wait::holds_within;

use super::{configuration, events, notify};

type Event = BTreeMap<String, Value>;

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
const SETTINGS: &str = "enable_event_handlers=1\nexecute_host_checks=1\ncached_host_check_horizon=0\nillegal_macro_output_chars=`~$&|'<>\"\n";
/// The event from options, as it is shipped, and from the environment.
const ARGUMENTS: &str =
    "global_host_event_handler=notify_stomp_host\nglobal_service_event_handler=notify_stomp_service\n";
const ENVIRONMENT: &str = "global_host_event_handler=notify_stomp\nglobal_service_event_handler=notify_stomp\n\
    enable_environment_macros=1\nuse_large_installation_tweaks=1\n";

/// What the handlers of a Nagios need in `top`: their configuration, a spool of nagios', and what checks say.
fn prepare(host: &Host, top: &Path, destination: &str) {
    succeed(Command::new("chown").arg("nagios:nagios").arg(make_spool(top)));
    let file = configuration(top, destination);
    host.etc("silent-outage/monitor.ini", &fs::read_to_string(&file).unwrap());
    write(&top.join("say"), "read -r code <\"$1\"; tail -n +2 \"$1\"; exit \"$code\"\n");
}

/// How many events have left the spool. A reader that drains the queue early would miss what comes later.
fn left(top: &Path) -> u64 {
    let names = fs::read_dir(top.join("spool/last")).into_iter().flatten().flatten();
    names.filter_map(|name| name.file_name().to_str()?.parse().ok()).max().unwrap_or(0)
}

/// Waits until so many events have left the spool and none waits in it. On a busy machine a broker can be
/// taken for silent, and the handlers after that only spool: those events go with the flush that a monitor
/// runs every minute.
fn all_left(host: &Host, top: &Path, count: u64) {
    let waiting = || fs::read_dir(top.join("spool/new")).into_iter().flatten().count();
    let is_over = || left(top) >= count && waiting() == 0;
    let flushed = || {
        let arguments = ["--flush", "--user=nagios", "--timeout=20"];
        notify(host, &top.join("notify_stomp.ini"), &arguments);
        is_over()
    };
    let (quickly, patiently) = (Duration::from_secs(20), Duration::from_secs(90));
    let is_over = holds_within(quickly, is_over) || holds_within(patiently, flushed);
    assert!(is_over, "only {} events, {} wait", left(top), waiting());
}

fn text(event: &Event, key: &str) -> String {
    event[key].to_string().replace('"', "")
}

/// The events of a queue as a reader puts them in order that knows the rule of README.md and the JSON alone.
fn ordered(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| {
        let number = |key: &str| event[key].as_u64().unwrap();
        (number("event_id"), event["state_type"] == "HARD", number("attempt"))
    });
    events
}

#[test]
fn events_of_hosts_and_services_arrive_soft_and_hard() {
    if missing(&ACTIVEMQ) || missing(&nagios::NEEDS) {
        return;
    }
    let host = Host::create();
    let _broker = Broker::activemq(&host);
    for (handlers, queue) in [(ARGUMENTS, "/queue/arguments"), (ENVIRONMENT, "/queue/environment")] {
        life(&host, handlers, queue);
    }
}

/// From OK to CRITICAL and back, a service and then a host.
fn life(host: &Host, handlers: &str, queue: &str) {
    let folder = public_folder();
    let top = folder.path();
    prepare(host, top, queue);
    let say = |what: &str, code: u8, text: &str| write(&top.join(what), &format!("{code}\n{text}\n"));
    say("host", 0, "PING OK");
    say("service", 0, "HTTP OK");
    let objects = OBJECTS.replace("@top@", &top.display().to_string());
    let nagios = Nagios::start_with(host, &objects, &format!("{SETTINGS}{handlers}"));
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
    all_left(host, top, 6);
    say("host", 0, "PING OK");
    all_left(host, top, 7);
    drop(nagios);
    let file = top.join("notify_stomp.ini");
    let outcome =
        notify(host, &file, &[&format!("--cat={queue}"), "--count=7", "--in-order", "--timeout=60"]);
    let shown = events(&outcome.stdout);
    assert_eq!(shown, ordered(shown.clone()), "--in-order is the order of the rule");
    let seen: Vec<String> = shown
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
    assert_eq!(seen, expected);
    let first = &shown[0];
    assert_eq!(
        (text(first, "hostname"), text(first, "address")),
        ("web1".to_owned(), "192.0.2.1".to_owned())
    );
    let numbers: Vec<[String; 3]> = shown
        .iter()
        .map(|event| ["event_id", "last_event_id", "problem_id"].map(|key| text(event, key)))
        .collect();
    // SOFT and HARD of one state have one number, and the state before is named.
    assert!(
        numbers[0] == numbers[1] && numbers[1] == numbers[2] && numbers[3][1] == numbers[0][0],
        "{numbers:?}"
    );
    // The recovery of a service still names the problem that it ends, that of a host none.
    assert!(numbers[0][2] != "0" && numbers[3][2] == numbers[0][2] && numbers[6][2] == "0", "{numbers:?}");
    assert_eq!(
        (&first["invalid"], &first["downtime_depth"]),
        (&Value::from(Vec::<Value>::new()), &Value::from(0))
    );
    assert!(first["monitor_start"].as_u64() > Some(1_700_000_000), "{:?}", first["monitor_start"]);
    if handlers == ARGUMENTS {
        // Nagios takes what a shell could take for more than text.
        assert_eq!(first["output"], "HTTP CRITICAL: bno/b answer  x : \\t \u{e4}");
        return;
    }
    // From the environment, an output arrives as the plugin said it; only `;` in the text is made `:` by
    // Nagios, when it takes the result.
    assert_eq!(first["output"], "HTTP CRITICAL: <b>\"no\"</b> 'answer' & $x : \\t \u{e4}");
    assert_eq!(first["long_output"], "second \\ line\nthird ");
    let data = first["performance_data"].as_array().unwrap();
    let labels: Vec<&str> = data.iter().map(|datum| datum["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["time", "a b", "size"]);
}

/// So many different events of a queue. On a busy machine a receipt comes too late now and then, and the
/// event is sent again: a reader drops a copy by its id, as README.md says.
fn taken(host: &Host, top: &Path, queue: &str, count: usize) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    while all.len() < count {
        let more = format!("--count={}", count - all.len());
        let arguments = [&format!("--cat={queue}"), more.as_str(), "--timeout=60"];
        let outcome = notify(host, &top.join("notify_stomp.ini"), &arguments);
        assert_eq!(outcome.code, Some(0), "{} of {count} events: {outcome:?}", all.len());
        for event in events(&outcome.stdout) {
            if all.iter().all(|known| known["id"] != event["id"]) {
                all.push(event);
            }
        }
    }
    all
}

/// So many hosts in one group export more than the kernel takes as one variable.
const HOSTS: usize = 9000;
/// So many results in one burst.
const BURST: usize = 120;

const LARGE: &str = "
define host {
    use                    generic-host
    name                   member
    hostgroups             all
    active_checks_enabled  0
    check_command          nothing
    register               0
}
define command {
    command_name           nothing
    command_line           /bin/true
}
define hostgroup {
    hostgroup_name         all
}
define service {
    use                    generic-service
    host_name              host-with-a-long-name-0
    service_description    burst
    check_command          nothing
    active_checks_enabled  0
    passive_checks_enabled 1
    max_check_attempts     1
}
define command {
    command_name           large
    command_line           /bin/sh @top@/print
}
define service {
    use                    generic-service
    host_name              host-with-a-long-name-0
    service_description    large
    check_command          large
    check_interval         1
    max_check_attempts     1
}
";

/// 120 passive results that alternate between states in one burst, put in order by their JSON alone; and a
/// check that prints 300 KB in many lines.
#[test]
fn a_large_monitor_and_a_burst() {
    if missing(&ACTIVEMQ) || missing(&nagios::NEEDS) {
        return;
    }
    let host = Host::create();
    let _broker = Broker::activemq(&host);
    for (handlers, queue) in [(ARGUMENTS, "/queue/arguments"), (ENVIRONMENT, "/queue/environment")] {
        burst(&host, handlers, queue);
    }
}

fn burst(host: &Host, handlers: &str, queue: &str) {
    let folder = public_folder();
    let top = folder.path();
    prepare(host, top, queue);
    let script =
        "[ -e \"${0%/*}/on\" ] || exit 0; echo LARGE; head -c 300000 /dev/zero | tr '\\0' x | fold; exit 2\n";
    write(&top.join("print"), script);
    let member = |number| {
        format!(
            "define host {{\nuse member\nhost_name host-with-a-long-name-{number}\naddress 192.0.2.1\n}}\n"
        )
    };
    let objects =
        LARGE.replace("@top@", &top.display().to_string()) + &(0..HOSTS).map(member).collect::<String>();
    let settings =
        format!("{SETTINGS}{handlers}check_external_commands=1\naccept_passive_service_checks=1\n");
    let nagios = Nagios::start_with(host, &objects, &settings);
    nagios.service_when("large", |service| service.current_state == 0 && service.is_hard);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let result = |number: usize| {
        let state = if number % 2 == 1 { 2 } else { 0 };
        format!("[{now}] PROCESS_SERVICE_CHECK_RESULT;host-with-a-long-name-0;burst;{state};n={number}\n")
    };
    let results: String = (1..=BURST).map(result).collect();
    fs::OpenOptions::new()
        .write(true)
        .open(nagios.folder().join("nagios.cmd"))
        .and_then(|mut pipe| std::io::Write::write_all(&mut pipe, results.as_bytes()))
        .unwrap();
    all_left(host, top, BURST as u64);
    // The kernel takes no variable of more than 128 KiB: the environment cannot hold all lines.
    let large = usize::from(handlers == ARGUMENTS);
    if large > 0 {
        write(&top.join("on"), "");
        all_left(host, top, BURST as u64 + 1);
    }
    drop(nagios);
    let all = taken(host, top, queue, BURST + large);
    let (lines, burst): (Vec<Event>, Vec<Event>) =
        all.into_iter().partition(|event| event["service"] == "large");
    let came: Vec<String> = burst.iter().map(|event| text(event, "output")).collect();
    let order: Vec<String> = ordered(burst).iter().map(|event| text(event, "output")).collect();
    assert_eq!(order, (1..=BURST).map(|number| format!("n={number}")).collect::<Vec<_>>());
    println!(
        "{} of {BURST} came out of order",
        came.iter().zip(&order).filter(|(came, order)| came != order).count()
    );
    assert_eq!(lines.len(), large);
    assert!(
        lines.iter().all(|event| event["output"] == "LARGE" && event["state"] == "CRITICAL"),
        "{lines:?}"
    );
}
