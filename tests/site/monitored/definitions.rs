//! Each command and each service that ships, run once by the daemon that will run it, with the options of the
//! shipped examples: no macro is left in a command line, and each program takes its options. A definition
//! without a row here fails the test, so that a new one is run too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use crate::lab::hurried;
use suite::host::Host;
use suite::icinga::{self, Icinga};
use suite::nagios::{self, Nagios};
use suite::needs::missing;
use suite::nrpe::{self, Nrpe};
use suite::plugins;
use suite::status::Status;
use suite::wait::holds_within;

/// What answers, and how its answer begins.
type Row = (&'static str, &'static str);

const NO_DATABASE: &str = "REPLICATION UNKNOWN - no server: name it by --hostname, --socket or";
/// Where it learns is made by the packages. Here it need not be.
const LEARNS: &str = "LATENCY UNKNOWN - /var/lib/monitoring-plugins does not exist";
const RESOLVES: &str = "RESOLVER CRITICAL - 1 of 1 nameserver fails: 127.0.0.9 refused";

/// The commands of NRPE, those behind a # too.
const COMMANDS: [Row; 22] = [
    ("check_clock_offset", "CLOCK_OFFSET UNKNOWN - none of 3 NTP servers gives a time: 192.0.2.1"),
    ("check_host_files", "HOST_FILES CRITICAL - the name is "),
    ("check_host_files_given", "HOST_FILES CRITICAL - 2 of 2 changed: the name is "),
    ("check_host_files_immutable", "HOST_FILES WARNING - /etc/hostname is not immutable"),
    ("check_ip_bound", "IP_BOUND OK - 2 addresses bound and usable"),
    ("check_ip_bound_any", "IP_BOUND OK - 10 addresses bound here, all usable"),
    ("check_ip_bound_holder", "IP_BOUND WARNING - 1 of 1 address missing: 192.0.2.100"),
    ("check_ip_bound_lenient", "IP_BOUND OK - 2 addresses bound and usable | missing=0;0;2;"),
    ("check_ip_bound_list", "IP_BOUND OK - 2 addresses bound and usable"),
    ("check_ip_bound_node", "IP_BOUND UNKNOWN - no address is expected beside floating ones"),
    ("check_ip_bound_serving", "IP_BOUND CRITICAL - 2 of 2 addresses missing: 192.0.2.1, 2001:db8::1"),
    ("check_ip_bound_strict", "IP_BOUND CRITICAL - no default route, expected via 192.0.2.254"),
    ("check_latency", LEARNS),
    ("check_proxy", "PROXY CRITICAL - 192.0.2.71 refused"),
    ("check_proxy_strangers", "PROXY CRITICAL - 192.0.2.71 refused"),
    ("check_replication", NO_DATABASE),
    ("check_replication_file", NO_DATABASE),
    ("check_replication_heartbeat", NO_DATABASE),
    ("check_replication_source", NO_DATABASE),
    ("check_replication_two", NO_DATABASE),
    ("check_resolver", RESOLVES),
    ("check_tcp_each_ip", "TCP_EACH_IP CRITICAL - 1 of 1 fails, port 80: 198.51.100.1 refused"),
];

/// The services that ship for Nagios and for Icinga.
const SERVICES: [Row; 19] = [
    ("NRPE", "NRPE v"),
    ("Addresses bound", "IP_BOUND OK - 2 addresses bound and usable"),
    ("Clock by NTP", "CLOCK_OFFSET UNKNOWN - none of 3 NTP servers gives a time: 192.0.2.1"),
    ("Name and files", "HOST_FILES CRITICAL - the name is "),
    ("Names resolve", RESOLVES),
    ("Names resolve on the monitor", RESOLVES),
    ("Replication", NO_DATABASE),
    ("Replication both ways", "REPLICATION CRITICAL - 192.0.2.51: connecting: connection refused, 1 more"),
    ("Clock", "CLOCK_OFFSET UNKNOWN - no SNMP answer from 192.0.2.37:161 (v2c, "),
    ("Addresses answer", "TCP_EACH_IP CRITICAL - 2 of 2 targets fail: 192.0.2.10 port 80 refused, 192."),
    ("Addresses answer from here", "TCP_EACH_IP CRITICAL - 1 of 1 fails, port 80: 198.51.100.1 refused"),
    ("Loss and latency", LEARNS),
    ("Loss and latency from here", LEARNS),
    ("Proxy", "PROXY CRITICAL - 192.0.2.71 refused"),
    ("Proxies", "PROXY CRITICAL - 192.0.2.71 refused"),
    ("Proxies from here", "PROXY CRITICAL - 192.0.2.71 refused"),
    ("Status page", "STATUS UNKNOWN - "),
    ("Events to the broker", "STOMP UNKNOWN - making /var/spool/"),
    ("Holds the address", "IP_BOUND WARNING - 1 of 1 address missing: 192.0.2.100"),
];

/// Commands of Nagios that no shipped service runs, with arguments.
const OWN: [(&str, &str, &str); 12] = [
    ("check_clock_offset", "--ntp=127.0.0.9", "CLOCK_OFFSET UNKNOWN - NTP server 127.0.0.9: "),
    ("check_host_files", "--nameserver=127.0.0.9", "HOST_FILES OK - /etc/resolv.conf as given"),
    ("check_ip_bound", "--ip=198.51.100.1 --interface=eth0", "IP_BOUND OK - 1 address bound and usable"),
    ("check_latency", "--ip=192.0.2.10", LEARNS),
    (
        "check_proxy",
        "--ip=192.0.2.71 --url=http://192.0.2.10/?NONCE --expect='pong NONCE' --strangers=only",
        "PROXY CRITICAL - ",
    ),
    ("check_replication", "--hostname=192.0.2.51", "REPLICATION CRITICAL - 192.0.2.51: connecting: "),
    ("check_resolver", "--server=127.0.0.9 --name=www.example.com", "RESOLVER CRITICAL - "),
    ("check_tcp_each_ip", "--ip=192.0.2.10 --port=5666", "TCP_EACH_IP OK - 1 address answers on port 5666"),
    ("notify_stomp", "", "STOMP CRITICAL - event lost: --from-env: no NAGIOS_HOSTNAME in the environment"),
    ("notify_stomp_host", "", "STOMP CRITICAL - event lost: making /var/spool/"),
    ("notify_stomp_service", "", "STOMP CRITICAL - event lost: making /var/spool/"),
    // The state of this service, OK before its first check and UNKNOWN after it, is part of the name.
    ("handle_silent_outage_rebind", "", "NRPE: Command 'handle_ip_rebind_"),
];

fn read(name: &str) -> String {
    fs::read_to_string(plugins::workspace().join("nrpe-config").join(name)).unwrap()
}

/// A shipped ini file with its examples in effect.
fn with_examples(name: &str) -> String {
    let example = |line: &str| match line.strip_prefix('#') {
        Some(option) if !option.starts_with(' ') => format!("{option}\n"),
        _ => format!("{line}\n"),
    };
    // One of them is for a host without the list that the others name.
    read(name).lines().filter(|line| *line != "#bound=").map(example).collect()
}

/// A monitor, and one host that has the addresses of all hosts in the examples.
fn hosts() -> (Host, Host) {
    let (monitor, host) = (Host::create(), Host::create());
    monitor.cable("eth0", &host, "eth0");
    monitor.ip_batch("addr add 198.51.100.1/24 dev eth0\nroute add 192.0.2.0/24 via 198.51.100.10\n");
    host.ip_batch("addr add 198.51.100.10/24 dev eth0\naddr add 198.51.100.5/32 dev eth0\n");
    for last in [10, 21, 22, 31, 37, 51, 52, 71] {
        host.ip(&["addr", "add", &format!("192.0.2.{last}/32"), "dev", "eth0"]);
    }
    for both in [&monitor, &host] {
        both.sysctl("net/ipv4/ping_group_range", "0 2147483647");
        both.etc("silent-outage/proxies", "192.0.2.71\n");
        both.etc("silent-outage/replication.cnf", "[client]\nuser=mon\n");
        both.etc("hosts", "127.0.0.1 localhost\n198.51.100.1 broker.example.com\n");
        both.etc("resolv.conf", "nameserver 127.0.0.9\n");
    }
    for (file, text) in [
        ("silent-outage/nrpe.ini", with_examples("nrpe.ini").as_str()),
        ("silent-outage/addresses", "192.0.2.10\n192.0.2.31\n"),
        ("silent-outage/addresses-of-others", "198.51.100.1\n"),
        ("silent-outage/reference/etc/hostname", "www1\n"),
        ("hostname", "www1\n"),
    ] {
        host.etc(file, text);
    }
    monitor.etc("silent-outage/monitor.ini", &with_examples("monitor.ini"));
    monitor.etc("silent-outage/targets/www1", "192.0.2.10\n");
    monitor.etc("silent-outage/publish_status.toml", &read("publish_status/publish_status.toml"));
    (monitor, host)
}

/// The commands of NRPE by their names, those behind a # too.
fn commands() -> BTreeMap<String, String> {
    let file = read("nrpe.d/silent-outage-plugins.cfg");
    let lines = file.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix("command["));
    lines
        .filter_map(|line| line.split_once("]="))
        .map(|(name, line)| (name.to_owned(), line.to_owned()))
        .collect()
}

/// Asserts that an answer is that of the row.
fn is_answer(name: &str, code: i32, text: &str, expected: &str) {
    let learns = expected == LEARNS && text.starts_with("LATENCY OK - 1 target answers, still learning");
    assert!(learns || text.starts_with(expected), "{name}: {text}, not {expected}");
    assert!(!text.contains('$'), "{name}: a macro is left in {text}");
    let words = [" OK - ", " WARNING - ", " CRITICAL - ", " UNKNOWN - "];
    let word = words.iter().position(|word| text.contains(word)).and_then(|word| i32::try_from(word).ok());
    assert!(word.is_none_or(|word| word == code), "{name}: exit code {code} with {text}");
}

#[test]
fn nrpe_runs_every_command() {
    if missing(&nrpe::NEEDS) {
        return;
    }
    let (_monitor, host) = hosts();
    let mut commands = commands();
    // The crate of the handler runs these by sudo.
    commands.retain(|name, _| !name.starts_with("handle_ip_rebind"));
    let names: Vec<&str> = commands.keys().map(String::as_str).collect();
    assert_eq!(names, COMMANDS.map(|(name, _)| name), "the commands of NRPE, and the rows");
    let all: String = commands.iter().map(|(name, line)| format!("command[{name}]={line}\n")).collect();
    let daemon = Nrpe::start(&host, &all);
    for (name, expected) in COMMANDS {
        let outcome = daemon.check(name, &["-t", "20"]);
        is_answer(name, outcome.code.unwrap_or(-1), outcome.first_line(), expected);
    }
}

/// A daemon that answers for all hosts of the examples.
fn answering(host: &Host) -> Nrpe<'_> {
    let name = "check_ip_bound_holder";
    Nrpe::start(host, &format!("command[{name}]={}\n", commands()[name]))
}

/// Waits until each service was checked, and compares it with its row: a row for a description is for all
/// hosts. Returns what no service of the monitor used.
fn all_answer(status: &Status, rows: &[Row]) {
    let names = || status.services();
    let done = holds_within(Duration::from_secs(90), || {
        let names = names();
        !names.is_empty() && names.iter().all(|name| status.service(name).is_some())
    });
    assert!(done, "not checked: {:?}", names().iter().find(|name| status.service(name).is_none()));
    let mut used = BTreeSet::new();
    for name in names() {
        let description = name.split_once('!').map_or("", |(_, description)| description);
        let of = |wanted: &str| rows.iter().find(|(row, _)| *row == wanted);
        let (row, expected) = of(&name).or_else(|| of(description)).unwrap_or(&("", "a row"));
        let service = status.service(&name).unwrap_or_default();
        is_answer(&name, service.current_state.into(), &service.plugin_output, expected);
        used.insert(*row);
    }
    let unused: Vec<_> = rows.iter().filter(|(row, _)| !used.contains(row)).collect();
    assert!(unused.is_empty(), "no service for {unused:?}");
}

#[test]
fn nagios_runs_every_command() {
    if missing(&nagios::NEEDS) || missing(&nrpe::NEEDS) {
        return;
    }
    let (monitor, host) = hosts();
    let _nrpe = answering(&host);
    let files = ["silent-outage-plugins", "silent-outage-floating", "silent-outage-passive", "example-hosts"]
        .map(|name| read(&format!("nagios/{name}.cfg")));
    let objects =
        hurried(&files.concat()).replace("freshness_threshold     900", "freshness_threshold     2");
    let own = OWN.map(|(name, arguments, _)| {
        format!(
            "define service {{\nuse generic-service\nhost_name www1\nservice_description {name}\ncheck_command {name}!{arguments}\n}}\n"
        )
    });
    let objects = objects + &own.concat();
    for name in read("nagios/silent-outage-commands.cfg")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("command_name"))
    {
        let used = |line: &str| {
            line.trim()
                .strip_prefix("check_command")
                .is_some_and(|command| command.trim().split('!').next() == Some(name.trim()))
        };
        assert!(objects.lines().any(used), "no service runs {name}");
    }
    let nagios = Nagios::start_with(&monitor, &objects, "service_freshness_check_interval=1\n");
    let more = [
        ("behind-nat!Addresses bound", "UNKNOWN: no result came from the host in time"),
        ("behind-nat!Clock by NTP", "UNKNOWN: no result came from the host in time"),
        ("Floating address", "CLUSTER CRITICAL: floating: 0 ok, 2 warning, 0 unknown, 0 critical"),
    ];
    let own = OWN.map(|(name, _, expected)| (name, expected));
    all_answer(&nagios, &[&SERVICES[..], &more, &own].concat());
}

#[test]
fn icinga_runs_every_service() {
    if missing(&icinga::NEEDS) || missing(&nrpe::NEEDS) {
        return;
    }
    let (monitor, host) = hosts();
    let _nrpe = answering(&host);
    monitor.etc("silent-outage/addresses", "198.51.100.1\n127.0.0.1\n");
    let files =
        ["services", "hosts", "stomp"].map(|name| read(&format!("icinga2/silent-outage-{name}.conf")));
    // The services of the agent run on the monitor itself.
    let objects = hurried(&files.concat())
        .replace("    command_endpoint = host.name\n", "")
        .replace("    zone = \"site\"\n", "");
    let icinga = Icinga::start(&monitor, &objects);
    let none = "no result came from the host in time";
    let more = [
        ("behind-nat!Addresses bound", none),
        ("behind-nat!Clock by NTP", none),
        ("Floating address", "FLOATING CRITICAL - no holder among node1, node2"),
        ("Agent", "No API listener is configured for this instance"),
    ];
    all_answer(&icinga, &[&SERVICES[..], &more].concat());
}
