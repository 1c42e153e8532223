//! The reboot after which an address is missing, in each order in which a real Nagios can hear of it: its
//! event handler asks real NRPEs, by the shipped configuration and sudo's shipped rule.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use suite::host::{Host, bare, public_folder};
use suite::nagios::{self, Nagios};
use suite::needs::{Need, missing};
use suite::nrpe::{self, Nrpe, install};
use suite::wait::{eventually, holds_within};
use tempfile::TempDir;

use super::site::handler_files;

/// How long to wait for a step: some check intervals of a busy machine.
const LIMIT: Duration = Duration::from_secs(90);
/// The check interval of the services, in seconds.
const INTERVAL: u32 = 6;

/// What Nagios hears first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// That the host is down. It still says so when the service is checked.
    HostDown,
    /// That the address is missing: the host was back between two checks.
    Service,
    /// That NRPE cannot be asked.
    Unknown,
    /// Several outages that ended by themselves, so that the service flaps.
    Flapping,
}

/// A server of the test.
struct Server {
    name: &'static str,
    first: First,
    /// max_check_attempts of its service.
    attempts: u8,
}

const SERVERS: [Server; 6] = [
    Server { name: "host-down", first: First::HostDown, attempts: 3 },
    Server { name: "service", first: First::Service, attempts: 3 },
    Server { name: "unknown", first: First::Unknown, attempts: 3 },
    Server { name: "flapping", first: First::Flapping, attempts: 3 },
    Server { name: "one-attempt", first: First::Service, attempts: 1 },
    Server { name: "five-attempts", first: First::Service, attempts: 5 },
];

impl Server {
    fn objects(&self, number: usize) -> String {
        let Self { name, attempts, .. } = self;
        format!(
            "define host {{\n use generic-host\n host_name {name}\n address 198.51.100.{number}\n \
             check_command test_host\n check_interval 1\n retry_interval 1\n max_check_attempts 1\n}}\n\
             define service {{\n use generic-service\n host_name {name}\n service_description Addresses bound\n \
             check_command check_silent_outage!check_ip_bound\n event_handler handle_silent_outage_rebind\n \
             event_handler_enabled 1\n check_interval {INTERVAL}\n retry_interval 2\n max_check_attempts {attempts}\n}}\n"
        )
    }

    fn service(&self) -> String {
        format!("{}!Addresses bound", self.name)
    }
}

/// A server with its host, its files and its NRPE, which stops while the server boots.
struct Running<'a> {
    server: &'a Server,
    /// The address that it loses, with its prefix length.
    address: String,
    host: &'a Host,
    folder: &'a TempDir,
    installed: &'a TempDir,
    nrpe: RefCell<Option<Nrpe<'a>>>,
    nagios: &'a Nagios,
}

impl Running<'_> {
    fn has_it(&self) -> bool {
        self.host.ip(&["-o", "addr", "show", "dev", "eth0"]).stdout.contains(&format!(" {} ", self.address))
    }

    fn lose(&self) {
        self.host.ip(&["addr", "del", &self.address, "dev", "eth0"]);
    }

    fn is(&self, state: u8) -> bool {
        self.nagios.service(&self.server.service()).is_some_and(|service| service.current_state == state)
    }

    /// Whether the test's host check finds the host up.
    fn answers(&self, is_up: bool) {
        let file = self.nagios.folder().join(format!("{}.down", self.server.name));
        let done = if is_up { std::fs::remove_file(&file) } else { std::fs::write(&file, "") };
        assert!(done.is_ok(), "{}: {done:?}", file.display());
    }

    fn stop_nrpe(&self) {
        self.nrpe.borrow_mut().take();
    }

    fn start_nrpe(&self) {
        *self.nrpe.borrow_mut() = Some(Nrpe::start_installed(self.host, self.installed.path()));
    }

    /// Returns the log of Nagios.
    fn log(&self) -> String {
        std::fs::read_to_string(self.nagios.folder().join("nagios.log")).unwrap_or_default()
    }

    /// Returns the critical events that Nagios has handed to its event handler.
    fn events(&self) -> Vec<String> {
        let log = self.log();
        let head = format!("SERVICE EVENT HANDLER: {};Addresses bound;", self.server.name);
        let events = log.lines().filter_map(|line| line.split_once(&head)?.1.split_once(";handle_"));
        let events = events.map(|(event, _)| event.replace(';', "-"));
        events.filter(|event| event.starts_with("CRITICAL-")).collect()
    }

    /// Returns the event of each run of the handler that did something.
    fn runs(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let records = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let done = records.filter(|record| record["end"] == "done");
        done.filter_map(|record| record["event"].as_str().map(str::to_owned)).collect()
    }

    /// Makes the outage, and waits until Nagios has heard of it in the order of this server. Returns how many
    /// events and runs there were before the address was lost for the last time.
    fn reboot(&self) -> (usize, usize) {
        let before = || (self.events().len(), self.runs().len());
        let name = self.server.name;
        match self.server.first {
            First::HostDown => {
                self.answers(false);
                self.stop_nrpe();
                let is_down = || self.nagios.host_state(name) == Some(1);
                assert!(holds_within(LIMIT, is_down), "{name}: Nagios holds it up:\n{}", self.log());
                let before = before();
                self.lose();
                self.start_nrpe();
                before
            }
            First::Service => {
                let before = before();
                self.lose();
                before
            }
            First::Unknown => {
                self.stop_nrpe();
                eventually("the service is unknown", LIMIT, || self.is(3));
                let before = before();
                self.lose();
                self.start_nrpe();
                before
            }
            First::Flapping => {
                for _ in 0..2 {
                    self.lose();
                    eventually("the service is critical", LIMIT, || self.is(2));
                    self.host.ip(&["addr", "replace", &self.address, "dev", "eth0"]);
                    eventually("the service is well", LIMIT, || self.is(0));
                }
                let before = before();
                self.lose();
                before
            }
        }
    }

    /// Goes through the whole story, and returns how long the address was missing after Nagios knew of it.
    fn heals(&self) -> Duration {
        let (events, runs) = self.reboot();
        eventually("Nagios knows", LIMIT, || self.is(2) || self.has_it());
        let known = Instant::now();
        let healed = holds_within(LIMIT, || self.has_it());
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(healed, "{}: still missing; the handler's log: {log}", self.server.name);
        let after = known.elapsed();
        if self.server.first == First::HostDown {
            assert_eq!(self.nagios.host_state(self.server.name), Some(1), "the host is still held down");
            self.answers(true);
        }
        eventually("the service is well again", LIMIT, || self.is(0));
        self.was_in_time(events, runs);
        after
    }

    /// Checks that the first or the second event of the outage healed it: one for each check, so that these
    /// are two check intervals, however slow the machine is.
    fn was_in_time(&self, events: usize, runs: usize) {
        eventually("the run has ended", LIMIT, || self.runs().len() > runs);
        let (sent, healed) = (self.events().split_off(events), self.runs().swap_remove(runs));
        let place = sent.iter().position(|event| event.starts_with(&healed));
        assert!(place.is_some_and(|place| place < 2), "{}: healed by {healed} of {sent:?}", self.server.name);
    }
}

#[test]
fn whatever_nagios_hears_first_the_address_comes_back() {
    if missing(&nrpe::NEEDS) || missing(&nagios::NEEDS) || missing(&[Need::Program("sudo")]) {
        return;
    }
    let monitor = bare();
    let hosts: Vec<Host> = SERVERS.iter().map(|_| bare()).collect();
    let folders: Vec<TempDir> = SERVERS.iter().map(|_| public_folder()).collect();
    let ports: Vec<String> = (0..SERVERS.len()).map(|number| format!("port{number}")).collect();
    let installed = public_folder();
    install(installed.path(), &[]);
    for (((number, port), host), folder) in (10..).zip(&ports).zip(&hosts).zip(&folders) {
        monitor.cable(port, host, "eth0");
        host.ip_batch(&format!(
            "addr add 198.51.100.{number}/24 dev eth0\naddr add 192.0.2.{number}/24 dev eth0\n"
        ));
        host.etc("ips", &format!("192.0.2.{number}\n"));
        let on = "on = [\"CRITICAL-SOFT-2\", \"CRITICAL-HARD\", \"TIMER\"]";
        let prefix = "[prefix]\n\"192.0.2.0/24\" = 24";
        handler_files(host, folder, installed.path(), &format!("enabled = true\n{on}\n{prefix}"));
    }
    monitor.bridge("br0", &ports.iter().map(String::as_str).collect::<Vec<_>>());
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "br0"]);
    let objects = (10..).zip(&SERVERS).map(|(number, server)| server.objects(number)).collect::<String>();
    let command = "define command {\n command_name test_host\n command_line /bin/sh -c 'test ! -e $USER1$/../$HOSTNAME$.down || exit 2'\n}\n";
    // Nagios 4.4.6 checks a host no more once it has put off a check that a service asked for, because it
    // has checked the host within this many seconds (15 if nothing is said): the queue has lost the host.
    let horizon = "cached_host_check_horizon=0\n";
    let more = &format!("execute_host_checks=1\nenable_flap_detection=1\n{horizon}");
    let nagios = Nagios::start_with(&monitor, &(objects + command), more);
    let running: Vec<Running<'_>> = (10..)
        .zip(&SERVERS)
        .zip(hosts.iter().zip(&folders))
        .map(|((number, server), (host, folder))| {
            let address = format!("192.0.2.{number}/24");
            let nrpe = RefCell::new(Some(Nrpe::start_installed(host, installed.path())));
            Running { server, address, host, folder, installed: &installed, nrpe, nagios: &nagios }
        })
        .collect();
    eventually("all is well at first", LIMIT, || running.iter().all(|server| server.is(0)));
    std::thread::scope(|scope| {
        let stories: Vec<_> = running
            .into_iter()
            .map(|server| (server.server.name, scope.spawn(move || server.heals())))
            .collect();
        for (name, story) in stories {
            // Shown by --nocapture.
            println!("{name}: back {:.1} s after Nagios knew", story.join().unwrap().as_secs_f64());
        }
    });
}
