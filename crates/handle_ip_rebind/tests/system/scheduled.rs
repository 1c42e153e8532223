//! The whole way: a real Nagios whose event handler asks real NRPEs to bind again what is missing, on seven
//! hosts at once: one that mends itself, one that runs its own command, and five that must leave it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use suite::host::{Host, public_folder, write};
use suite::nagios::{self, Nagios};
use suite::needs::{Need, missing};
use suite::nrpe::{self, Nrpe, install};
use suite::wait::holds_within;
use tempfile::TempDir;

use suite::host::bare;

/// A server of the test: what it should have, what is taken away, and what then is in the log of its handler
/// and in the monitor.
struct Server {
    name: &'static str,
    /// What check_ip_bound expects, and the list of what may be bound.
    wanted: &'static str,
    list: &'static str,
    /// What the test takes away.
    gone: &'static str,
    /// Of the configuration, what is not as usual.
    settings: &'static str,
    /// The state of the run, and how its summary begins.
    outcome: (&'static str, &'static str),
    /// Whether the service recovers.
    recovers: bool,
}

const SERVERS: [Server; 7] = [
    Server {
        name: "mends",
        wanted: "192.0.2.11 192.0.2.12 2001:db8::11",
        list: "192.0.2.11 192.0.2.12 2001:db8::11/64",
        gone: "192.0.2.12/24 2001:db8::11/64",
        settings: "enabled = true\nrestart = [[\"/bin/echo\", \"restarted\"]]",
        outcome: ("OK", "bound again: 192.0.2.12, 2001:db8::11, restarted 1 service"),
        recovers: true,
    },
    Server {
        name: "commands",
        wanted: "192.0.2.21 192.0.2.22",
        list: "192.0.2.21 192.0.2.22",
        gone: "192.0.2.22/24",
        settings: "enabled = true\ncommand = [\"@folder@/setup-ips.pl\", \"192.0.2.22/24\"]",
        outcome: ("OK", "bound again: 192.0.2.22"),
        recovers: true,
    },
    Server {
        name: "outside",
        wanted: "192.0.2.31 192.0.2.32",
        list: "192.0.2.31",
        gone: "192.0.2.32/24",
        settings: "enabled = true",
        outcome: ("WARNING", "192.0.2.32 left alone: not in the list"),
        recovers: false,
    },
    Server {
        name: "taken",
        wanted: "192.0.2.41 192.0.2.42 2001:db8::42",
        list: "192.0.2.41 192.0.2.42 2001:db8::42",
        gone: "192.0.2.42/24 2001:db8::42/64",
        settings: "enabled = true",
        outcome: ("CRITICAL", "192.0.2.42, 2001:db8::42 left alone: 02:00:00:00:00:42 has it on eth0"),
        recovers: false,
    },
    Server {
        name: "spent",
        wanted: "192.0.2.51 192.0.2.52",
        list: "192.0.2.51 192.0.2.52",
        gone: "192.0.2.52/24",
        settings: "enabled = true\nper-hour = 2",
        outcome: ("CRITICAL", "192.0.2.52 not bound: the budget of 2 an hour is used up"),
        recovers: false,
    },
    Server {
        name: "dry",
        wanted: "192.0.2.61 192.0.2.62",
        list: "192.0.2.61 192.0.2.62",
        gone: "192.0.2.62/24",
        settings: "enabled = false",
        outcome: ("WARNING", "192.0.2.62 would be bound, but this is a dry run"),
        recovers: false,
    },
    Server {
        name: "down",
        wanted: "192.0.2.71 192.0.2.72",
        list: "192.0.2.72",
        gone: "192.0.2.72/24",
        settings: "enabled = true\ninterface = \"eth1\"",
        outcome: ("CRITICAL", "192.0.2.72 left alone: eth1 is down"),
        recovers: false,
    },
];

impl Server {
    /// The host as the shipped example tells to define it.
    fn object(&self, number: usize) -> String {
        let name = self.name;
        format!(
            "define host {{\n use generic-host\n host_name {name}\n address 198.51.100.{number}\n hostgroups silent-outage-hosts,silent-outage-rebind\n}}\n"
        )
    }

    /// Gives a host the addresses and the files of this server. `number` is its own in the network of the
    /// monitor.
    fn set_up(&self, host: &Host, number: usize, folder: &TempDir) {
        let mut batch = format!("addr add 198.51.100.{number}/24 dev eth0\n");
        for address in self.wanted.split(' ') {
            let prefix = if address.contains(':') { "64 nodad" } else { "24" };
            let (prefix, nodad) = prefix.split_once(' ').unwrap_or((prefix, ""));
            writeln!(batch, "addr add {address}/{prefix} dev eth0 {nodad}").unwrap();
        }
        host.ip_batch(&batch);
        let top = folder.path().display().to_string();
        host.etc("ips", &self.wanted.replace(' ', "\n"));
        host.etc("silent-outage/addresses", &self.list.replace(' ', "\n"));
        let interface = if self.settings.contains("interface") { "" } else { "interface = \"eth0\"\n" };
        let usual = format!("files = [\"/etc/silent-outage/addresses\"]\n{interface}");
        let places = format!("log = \"{top}/log\"\nstate = \"{top}/state\"\n");
        host.etc(
            "silent-outage/handle_ip_rebind.toml",
            &format!("{usual}{places}{}\n", self.settings.replace("@folder@", &top)),
        );
    }
}

/// The records of a handler's log, of the ends of its runs.
fn records(folder: &TempDir) -> Vec<Value> {
    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter(|record| record["begun"].is_null()).collect()
}

#[test]
fn nagios_has_what_is_missing_bound_again() {
    let own = [Need::Program("sudo")];
    if missing(&nrpe::NEEDS) || missing(&nagios::NEEDS) || missing(&own) {
        return;
    }
    // All on one link: the monitor with its bridge, the servers, and a stranger who has taken two of the
    // addresses.
    let monitor = bare();
    let hosts: Vec<Host> = SERVERS.iter().map(|_| bare()).collect();
    let stranger = bare();
    let ports: Vec<String> = (0..=SERVERS.len()).map(|number| format!("port{number}")).collect();
    for (port, host) in ports.iter().zip(hosts.iter().chain([&stranger])) {
        monitor.cable(port, host, "eth0");
    }
    monitor.bridge("br0", &ports.iter().map(String::as_str).collect::<Vec<_>>());
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "br0"]);
    stranger.ip(&["link", "set", "eth0", "address", "02:00:00:00:00:42"]);

    let folders: Vec<TempDir> = SERVERS.iter().map(|_| public_folder()).collect();
    // sudo's own rule, as it ships, with the folder in which the plugins are here.
    let installed = public_folder();
    install(installed.path(), &[]);
    let shipped = installed.path().join("share/doc/silent-outage-plugins");
    let sudoers = fs::read_to_string(shipped.join("handle_ip_rebind/sudoers")).unwrap();
    for ((number, server), (host, folder)) in (10..).zip(&SERVERS).zip(hosts.iter().zip(&folders)) {
        server.set_up(host, number, folder);
        host.etc("sudoers.d/handle_ip_rebind", &sudoers);
        let script = folder.path().join("setup-ips.pl");
        write(&script, "#!/bin/sh\nexec ip addr add \"$1\" dev eth0\n");
        fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    }
    // On `down` the addresses are to go to another interface than the monitor's, and that is down.
    hosts[6].ip(&["link", "add", "eth1", "type", "veth", "peer", "name", "peer1"]);
    spend(folders[4].path());

    let _daemons: Vec<Nrpe<'_>> =
        hosts.iter().map(|host| Nrpe::start_installed(host, installed.path())).collect();
    let objects = fs::read_to_string(shipped.join("nagios/silent-outage-plugins.cfg")).unwrap();
    let nagios = Nagios::start(
        &monitor,
        &(10..).zip(&SERVERS).fold(objects, |all, (number, server)| all + &server.object(number)),
    );
    let state = |server: &Server| {
        nagios
            .service(&format!("{}!Addresses bound", server.name))
            .map(|service| (service.current_state, service.is_hard))
    };
    let all = |what: &str, wanted: &dyn Fn(&Server) -> bool| {
        let missing =
            || SERVERS.iter().filter(|server| !wanted(server)).map(|server| server.name).collect::<Vec<_>>();
        let well = holds_within(Duration::from_secs(60), || missing().is_empty());
        assert!(
            well,
            "{what}: not {:?}; the logs: {:#?}",
            missing(),
            folders.iter().map(records).collect::<Vec<_>>()
        );
    };
    all("every service is OK at first", &|server| state(server) == Some((0, true)));

    for (server, host) in SERVERS.iter().zip(&hosts) {
        host.ip_batch(
            &server.gone.split(' ').map(|gone| format!("addr del {gone} dev eth0\n")).collect::<String>(),
        );
    }
    stranger.ip_batch("addr add 192.0.2.42/24 dev eth0\naddr add 2001:db8::42/64 dev eth0 nodad\n");

    let decided = |folder: &TempDir, server: &Server| {
        let summary =
            |record: &Value| record["state"] == server.outcome.0 && record["summary"] == server.outcome.1;
        records(folder).iter().any(summary)
    };
    let place = |server: &Server| SERVERS.iter().position(|other| other.name == server.name).unwrap();
    all("every handler says what is expected of it", &|server| decided(&folders[place(server)], server));
    all("what came back is OK again, and all else critical for good", &|server| {
        state(server) == Some((if server.recovers { 0 } else { 2 }, true))
    });
    for (server, folder) in SERVERS.iter().zip(&folders) {
        // The first, soft attempt is none on which to act; what is done is done once.
        let records = records(folder);
        let of = |event: &str| {
            records
                .iter()
                .filter(|record| record["event"] == event)
                .map(|record| record["end"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("CRITICAL-SOFT-1"), ["not_acted_on"], "{}: {records:#?}", server.name);
        assert_eq!(
            records.iter().filter(|record| record["end"] == "done").count(),
            usize::from(server.recovers),
            "{records:#?}"
        );
    }
}

/// Leaves word that all was done already that may be done this hour.
fn spend(folder: &Path) {
    let state = folder.join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, PermissionsExt::from_mode(0o700)).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    write(&state.join("budget.json"), &format!("{{\"version\":1,\"acted\":[{},{}]}}", now - 60, now - 30));
}
