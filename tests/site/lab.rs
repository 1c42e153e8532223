//! A small site to monitor: a web server, two nodes that share a floating address and have a database each,
//! what we ship on all of them, and a monitor. Each thing that the plugins watch can be broken for real, and
//! healed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use suite::clocks::Clock;
use suite::daemon::Daemon;
use suite::host::{Host, public_folder, write};
use suite::mariadb::{self, PASSWORD, Setup, start_all};
use suite::needs::{Need, program};
use suite::nrpe::{Nrpe, plugin_folder};
use suite::plugins;
use suite::printed::Printed;
use suite::process::run;
use suite::status::{Service, Status};
use suite::wait::{eventually, holds_within};

/// What a test needs that makes a site.
pub(crate) const NEEDS: [Need; 13] = [
    Need::Root,
    Need::Program("ip"),
    Need::Program("ss"),
    Need::Program("mount"),
    Need::Program("nrpe"),
    Need::Program("check_nrpe"),
    Need::Program("snmpd"),
    Need::Program("chronyd"),
    Need::Program("faketime"),
    Need::Program("nft"),
    Need::Program("mariadbd"),
    Need::Program("mariadb"),
    Need::Program("mariadb-install-db"),
];

/// The services of the site that run a plugin, with what each says first when it is broken.
pub(crate) const SERVICES: [(&str, &str); 7] = [
    ("www1!Addresses bound", "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.226"),
    ("www1!Addresses answer", "TCP_EACH_IP CRITICAL - 1 of 2 fails, port 80: 192.0.2.226 net unreachable"),
    ("www1!Clock by NTP", "CLOCK_OFFSET CRITICAL - this host is 1 h slow by NTP server 198.51.100.22"),
    ("www1!Clock", "CLOCK_OFFSET CRITICAL - 198.51.100.10 is 1 h slow"),
    (
        "www1!Name and files",
        "HOST_FILES CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1",
    ),
    (
        "node1!Addresses answer from here",
        "TCP_EACH_IP CRITICAL - 1 of 1 fails, port 80: 198.51.100.10 refused",
    ),
    ("db1!Replication both ways", "REPLICATION CRITICAL - db2 from db1: SQL thread stopped, no error"),
];

/// The services of the site that say OK when all is well, in addition to those.
const OTHERS: [&str; 7] = [
    "www1!NRPE",
    "node1!NRPE",
    "node2!NRPE",
    "node1!Addresses bound",
    "node2!Addresses bound",
    "node1!Holds the address",
    "node1!Floating address",
];

/// The hosts, at 198.51.100.1, .10, .21 and .22.
#[derive(Debug)]
pub(crate) struct Site {
    /// Where Nagios or Icinga runs.
    pub(crate) monitor: Host,
    /// The web server, with 192.0.2.22 and 192.0.2.226.
    pub(crate) www1: Host,
    /// The node that holds 192.0.2.100.
    pub(crate) node1: Host,
    /// The other node, with an NTP server.
    pub(crate) node2: Host,
    /// What the plugins printed.
    pub(crate) printed: Printed,
    lists: TempDir,
}

/// What runs on the hosts. Each may be stopped, and started in another way.
#[derive(Debug)]
pub(crate) struct Servers<'a> {
    site: &'a Site,
    nrpe: Option<Nrpe<'a>>,
    _nodes: [Nrpe<'a>; 2],
    web: Option<Daemon>,
    agent: Option<Clock>,
    ntp: Option<Clock>,
    /// db1 on node1 and db2 on node2, which replicate to each other.
    databases: [mariadb::Server; 2],
}

impl Site {
    /// Makes the hosts, with their configuration as an administrator would write it.
    pub(crate) fn create() -> Self {
        let [monitor, www1, node1, node2] = [(); 4].map(|()| Host::create());
        for (host, port) in [(&www1, "p1"), (&node1, "p2"), (&node2, "p3")] {
            host.cable("eth0", &monitor, port);
        }
        monitor.bridge("br0", &["p1", "p2", "p3"]);
        monitor.ip_batch("addr add 198.51.100.1/24 dev br0\nroute add 192.0.2.0/24 via 198.51.100.10\n");
        www1.ip_batch("addr add 198.51.100.10/24 dev eth0\naddr add 192.0.2.22/32 dev eth0\naddr add 192.0.2.226/32 dev eth0\n");
        // What no longer is its own is answered by an ICMP error, so that nobody has to wait for it.
        www1.sysctl("net/ipv4/ip_forward", "1");
        // As often as it is asked, which is more than once a second where a minute is one.
        www1.sysctl("net/ipv4/icmp_ratelimit", "0");
        node1.ip_batch("addr add 198.51.100.21/24 dev eth0\naddr add 192.0.2.100/32 dev eth0\n");
        node2.ip(&["addr", "add", "198.51.100.22/24", "dev", "eth0"]);
        let lists = public_folder();
        write(&lists.path().join("www1"), "192.0.2.22\n192.0.2.226\n");
        www1.etc("ips", "192.0.2.22\n192.0.2.226\n");
        give_reference(&www1, &lists.path().join(RESOLVER));
        node1.etc("ips", "198.51.100.21\n");
        node2.etc("ips", "198.51.100.22\n");
        www1.etc("silent-outage/nrpe.ini", &tuned("#ntp=192.0.2.1\n", "ntp=198.51.100.22\n"));
        let others = "#file=/etc/silent-outage/addresses-of-others\n#port=80\n";
        node1.etc("silent-outage/nrpe.ini", &tuned(others, "ip=198.51.100.10\nport=80\n"));
        monitor.etc("silent-outage/monitor.ini", "[check_clock_offset]\ncommunity=public\n");
        monitor.etc("hosts", "198.51.100.51 db1\n198.51.100.52 db2\n127.0.0.1 localhost\n");
        monitor.etc("silent-outage/replication.cnf", &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
        Self { monitor, www1, node1, node2, printed: Printed::create(), lists }
    }

    /// The path of the list of www1's addresses, for the monitor.
    pub(crate) fn list(&self) -> String {
        self.lists.path().join("www1").display().to_string()
    }

    /// Starts NRPE, the web server, the SNMP agent, the NTP server and the databases.
    ///
    /// # Panics
    /// If one of them does not start.
    pub(crate) fn serve(&self) -> Servers<'_> {
        let nrpe = Some(self.nrpe(&self.www1));
        let nodes = [self.nrpe(&self.node1), self.nrpe(&self.node2)];
        let second = Setup::new(2).at(&self.node2, "198.51.100.52").option("--read-only");
        let databases = start_all([Setup::new(1).at(&self.node1, "198.51.100.51"), second]);
        let [first, second] = &databases;
        first.replicate("", second);
        second.replicate("", first);
        let mut servers =
            Servers { site: self, nrpe, _nodes: nodes, web: None, agent: None, ntp: None, databases };
        servers.heal();
        servers
    }

    /// The shipped commands, and the one that a node has in addition: an example of the same file.
    fn nrpe<'a>(&self, host: &'a Host) -> Nrpe<'a> {
        let commands = plugins::workspace().join("nrpe-config/nrpe.d/silent-outage-plugins.cfg");
        let commands = fs::read_to_string(commands).unwrap_or_default();
        let holder = commands.lines().filter_map(|line| line.strip_prefix('#'));
        let holder: String =
            holder.filter(|line| line.starts_with("command[check_ip_bound_holder]")).collect();
        assert!(holder.ends_with("--ip=192.0.2.100 --warning=0"), "{holder}");
        let nrpe = Nrpe::start(host, &(holder + "\n"));
        self.printed.keep(&plugin_folder(nrpe.folder()));
        nrpe
    }
}

/// The resolver's file of the web server as it was left, and its name.
const RESOLVER: &str = "resolv.conf";
const NAMESERVER: &str = "nameserver 127.0.0.1\n";

/// Copies of the web server's name and of its resolver's file, which is a link to `resolver`.
fn give_reference(www1: &Host, resolver: &Path) {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    www1.etc("hosts", &format!("127.0.0.1 localhost\n198.51.100.10 {name}\n"));
    for folder in ["", "silent-outage/reference/etc/"] {
        www1.etc(&format!("{folder}hostname"), &format!("{name}\n"));
    }
    www1.etc("silent-outage/reference/etc/resolv.conf", NAMESERVER);
    write(resolver, NAMESERVER);
    www1.etc_link("resolv.conf", resolver);
}

/// The shipped nrpe.ini with one change.
fn tuned(line: &str, own: &str) -> String {
    let file = plugins::workspace().join("nrpe-config/nrpe.ini");
    let text = fs::read_to_string(file).unwrap_or_default();
    assert!(text.contains(line), "no {line} in {text}");
    text.replacen(line, own, 1)
}

impl Servers<'_> {
    /// Breaks each thing: an address is gone, the NTP server and the agent's clock are an hour off, the web
    /// server's port is closed to the other node, its resolver's file is another one, both nodes hold the
    /// floating address, and one direction of the replication has stopped.
    pub(crate) fn break_all(&mut self) {
        self.site.www1.ip(&["addr", "del", "192.0.2.226/32", "dev", "eth0"]);
        self.site.node2.ip(&["addr", "add", "192.0.2.100/32", "dev", "eth0"]);
        // The other node has no way to the port, while the monitor still has.
        (self.ntp, self.agent) = (None, None);
        self.ntp = Some(Clock::server(&self.site.node2, "+3600s", "local stratum 10"));
        self.agent = Some(Clock::agent(&self.site.www1, "-3600s"));
        self.refuse("-I");
        self.resolve_by("nameserver 198.51.100.53\n");
        self.databases[1].sql("STOP SLAVE SQL_THREAD");
    }

    /// Heals what is broken, or starts what does not run yet.
    pub(crate) fn heal(&mut self) {
        let has = |host: &Host, address: &str| {
            run(host.command("ip").args(["-br", "addr"])).stdout.contains(address)
        };
        if !has(&self.site.www1, "192.0.2.226/32") {
            self.site.www1.ip(&["addr", "add", "192.0.2.226/32", "dev", "eth0"]);
        }
        if has(&self.site.node2, "192.0.2.100/32") {
            self.site.node2.ip(&["addr", "del", "192.0.2.100/32", "dev", "eth0"]);
        }
        (self.ntp, self.agent) = (None, None);
        self.ntp = Some(Clock::server(&self.site.node2, "+0s", "local stratum 10"));
        self.agent = Some(Clock::agent(&self.site.www1, "+0s"));
        match self.web {
            None => self.web = Some(self.open()),
            Some(_) => self.refuse("-D"),
        }
        self.resolve_by(NAMESERVER);
        self.databases[1].sql("START SLAVE");
    }

    /// Rewrites the resolver's file of the web server.
    fn resolve_by(&self, text: &str) {
        write(&self.site.lists.path().join(RESOLVER), text);
    }

    /// Stops the web server's NRPE.
    pub(crate) fn stop_nrpe(&mut self) {
        self.nrpe = None;
    }

    /// Starts the web server's NRPE again.
    pub(crate) fn start_nrpe(&mut self) {
        self.nrpe = Some(self.site.nrpe(&self.site.www1));
    }

    /// A web server on port 80 of all addresses.
    fn open(&self) -> Daemon {
        let log = self.site.lists.path().join("web.log");
        let listens = |_| run(self.site.www1.command("ss").args(["-Hltn"])).stdout.contains("*:80 ");
        Daemon::start(self.site.www1.command(plugins::binary("open_port")).arg("80"), &log, listens)
    }

    /// Lets the web server's host refuse port 80 to the first node, or no more.
    fn refuse(&self, action: &str) {
        let rule = match action {
            "-I" => {
                "add table inet sop; add chain inet sop input { type filter hook input priority 0; }; \
                     add rule inet sop input ip saddr 198.51.100.21 tcp dport 80 reject with tcp reset"
            }
            _ => "delete table inet sop",
        };
        let nft = program("nft").unwrap_or_default();
        let outcome = run(self.site.www1.command(nft).arg(rule));
        assert!(outcome.code == Some(0), "{outcome:?}");
    }
}

/// The whole way: all is well, each thing breaks and its service is critical and hard, it is healed and
/// recovers; then NRPE goes, which is one alarm, and comes back. `rounds` times.
///
/// # Panics
/// If a service is not what it must be.
pub(crate) fn play(site: &Site, servers: &mut Servers<'_>, status: &Status, rounds: usize) {
    let well = || {
        for name in SERVICES.iter().map(|(name, _)| *name).chain(OTHERS) {
            status.hard(name, 0);
        }
    };
    well();
    assert_eq!(status.hard("node2!Holds the address", 1).current_state, 1);
    for _ in 0..rounds {
        servers.break_all();
        for (name, text) in SERVICES {
            let service = status.hard(name, 2);
            assert!(service.plugin_output.starts_with(text), "{name}: {service:?}");
            is_printed(site, name, || status.service(name).filter(|service| service.current_state == 2));
        }
        status.hard("node1!Floating address", 2);
        servers.heal();
        well();
        for (name, _) in SERVICES {
            is_printed(site, name, || status.service(name));
        }
    }
    servers.stop_nrpe();
    status.hard("www1!NRPE", 2);
    let (asked, last) = (status.last_check("www1!NRPE"), status.last_check("www1!Addresses bound"));
    // NRPE is asked every second here, and what depends on it would be every five seconds, or every two where
    // intervals are short.
    let pause = if rounds == 1 { 4 } else { 8 };
    eventually("NRPE is asked again", Duration::from_secs(60), || {
        status.last_check("www1!NRPE") > asked + pause
    });
    assert_eq!(status.last_check("www1!Addresses bound"), last, "checked although NRPE is down");
    servers.start_nrpe();
    well();
}

/// The shipped services for a round alone: five and fifteen minutes, which are seconds in tests, become two
/// and three.
pub(crate) fn hurried(services: &str) -> String {
    let (nagios, icinga) = ("check_interval      ", "check_interval = ");
    let rows = [
        (nagios, "15\n", "3\n"),
        (nagios, "5\n", "2\n"),
        (icinga, "15m\n", "3m\n"),
        (icinga, "5m\n", "2m\n"),
    ];
    rows.iter().fold(services.to_owned(), |text, (name, minutes, fewer)| {
        text.replace(&format!(" {name}{minutes}"), &format!(" {name}{fewer}"))
    })
}

/// Asserts that what the monitor has of a service is what the plugin printed, to the letter.
fn is_printed(site: &Site, name: &str, service: impl Fn() -> Option<Service>) {
    let mut seen = None;
    let same = holds_within(Duration::from_secs(10), || {
        seen = service().map(|service| Service { is_hard: true, ..service });
        seen.as_ref().is_some_and(|service| site.printed.all().contains(service))
    });
    assert!(same, "{name}: nobody printed {seen:?}; printed was {:?}", site.printed.all());
}
