//! Two servers that replicate to each other behind a floating address: what the plugin says before, during
//! and after a failover, while a client writes; and what the client finds after one that came too late.

use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use suite::daemon::Daemon;
use suite::host::{Host, bare};
use suite::mariadb::{HOST_NEEDS, PASSWORD, Server, Setup, start_all};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;

use super::{LIMIT, NEIGHBOURS, check};

/// The address that clients know.
const FLOATING: &str = "192.0.2.100";
const BOTH: [&str; 2] = ["--hostname=db-01", "--hostname=db-02"];
/// Longer than any step here takes, so that no writer stays.
const MOST: usize = 5_000;

/// Ends the writer also where the test fails: its scope waits for it.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A switch where the client and the monitor are, with a cable to each server; the servers, which have
/// nothing but that cable; and a keepalived on each, which has the floating address while the other is
/// silent.
struct Site {
    client: Host,
    servers: [Server; 2],
    _keepalived: [Daemon; 2],
    hosts: [Host; 2],
}

impl Site {
    fn start() -> Self {
        let (client, hosts) = (bare(), [bare(), bare()]);
        client.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
        for (host, port) in hosts.iter().zip(["port1", "port2"]) {
            client.cable(port, host, "eth0");
        }
        client.bridge("br0", &["port1", "port2"]);
        client.ip(&["addr", "add", "192.0.2.9/24", "dev", "br0"]);
        let [one, two] = &hosts;
        let servers = start_all([setup(one, 1), setup(two, 2)]);
        let keepalived =
            [keepalived(one, servers[0].folder(), 150), keepalived(two, servers[1].folder(), 100)];
        Self { client, servers, _keepalived: keepalived, hosts }
    }

    /// Each replicates from the other by file and position, as it was done before GTIDs.
    fn replicate(&self) {
        let [a, b] = &self.servers;
        for (replica, source) in [(a, b), (b, a)] {
            replica.sql(&format!(
                "CHANGE MASTER TO MASTER_HOST='{}', MASTER_USER='repl', MASTER_PASSWORD='{PASSWORD}', MASTER_LOG_FILE='bin.000001', \
                 MASTER_LOG_POS=4, MASTER_USE_GTID=no, MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=1; START SLAVE",
                source.address()
            ));
        }
        for server in [a, b] {
            server.await_threads("", "Yes", "Yes");
        }
    }

    fn holds(&self, place: usize) -> bool {
        self.hosts[place]
            .ip(&["-4", "-o", "addr", "show", "dev", "eth0"])
            .stdout
            .contains(&format!(" {FLOATING}/"))
    }

    /// Takes the cable of a server out, or puts it in again.
    fn set_cable(&self, place: usize, state: &str) {
        self.client.ip(&["link", "set", ["port1", "port2"][place], state]);
    }

    /// Waits until the plugin says this line.
    fn say(&self, what: &str, arguments: &[&str], code: i32, line: &str) {
        let ask = || check(&self.client, &self.servers[0], arguments);
        let line = format!("REPLICATION {line}");
        if !suite::wait::holds_within(LIMIT, || ask().summary() == (code, line.as_str())) {
            assert_eq!(ask().summary(), (code, line.as_str()), "{what}");
        }
    }

    /// Runs statements over the floating address: what they print, or nothing if they do not come through.
    fn write(&self, statements: &str) -> Option<String> {
        let mut command = self.client.command("timeout");
        command.args([
            "2",
            "mariadb",
            "--no-defaults",
            "--skip-ssl",
            "--connect-timeout=1",
            "--skip-column-names",
            "--user=app",
        ]);
        command.args([
            &format!("--password={PASSWORD}"),
            "--host",
            FLOATING,
            "my_application",
            "--execute",
            statements,
        ]);
        Some(run(&mut command))
            .filter(|outcome| outcome.code == Some(0))
            .map(|outcome| outcome.stdout.trim().to_owned())
    }

    /// Writes until `stop`, and returns the ids of the rows that a server confirmed.
    fn keep_writing(&self, stop: &AtomicBool) -> Vec<String> {
        let insert = || self.write("INSERT INTO t () VALUES (); SELECT LAST_INSERT_ID()");
        (0..MOST).take_while(|_| !stop.load(Ordering::SeqCst)).filter_map(|_| insert()).collect()
    }
}

/// The configuration of the old articles: one database in the binary log, numbers that do not collide.
fn setup(host: &Host, id: u32) -> Setup<'_> {
    let address = format!("192.0.2.{id}");
    let (own, offset) = (format!("{address}/24"), format!("--auto-increment-offset={id}"));
    host.ip(&["addr", "add", &own, "dev", "eth0"]);
    let options = [
        "--bind-address=0.0.0.0",
        "--binlog-do-db=my_application",
        "--binlog-format=MIXED",
        "--auto-increment-increment=2",
        "--slave-net-timeout=2",
        &offset,
    ];
    options.into_iter().fold(Setup::new(id).at(host, &address), Setup::option)
}

fn keepalived(host: &Host, folder: &Path, priority: u8) -> Daemon {
    let instance = format!(
        "vrrp_instance floating {{\n state BACKUP\n nopreempt\n interface eth0\n virtual_router_id 51\n priority {priority}\n \
         advert_int 0.2\n virtual_ipaddress {{\n {FLOATING}/24\n }}\n}}\n"
    );
    host.etc("keepalived/keepalived.conf", &format!("global_defs {{\n vrrp_version 3\n}}\n{instance}"));
    let file = |name: &str| folder.join(name).display().to_string();
    let mut command = host.command("keepalived");
    command.args(["--dont-fork", "--log-console", "--vrrp"]);
    command.args([format!("--pid={}", file("keepalived.pid")), format!("--vrrp_pid={}", file("vrrp.pid"))]);
    Daemon::start(&mut command, &folder.join("keepalived.log"), |_| folder.join("vrrp.pid").exists())
}

#[test]
fn a_failover_while_a_client_writes() {
    if missing(&HOST_NEEDS) || missing(&[Need::Program("keepalived"), Need::Program("timeout")]) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let site = Site::start();
    let [a, b] = &site.servers;
    for server in [a, b] {
        server.sql(&format!(
            "SET sql_log_bin=0; CREATE USER app IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON my_application.* TO app; SET sql_log_bin=1"
        ));
    }
    eventually("db-01 has the floating address", LIMIT, || site.holds(0));
    site.replicate();
    a.sql("CREATE DATABASE my_application; USE my_application; CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)");
    b.await_value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='my_application'", "1");
    failover(&site);
    too_late(&site);
}

fn failover(site: &Site) {
    let [a, b] = &site.servers;
    let well = "OK - 2 servers: 2 channels run, at most 0 s behind";
    let stop = AtomicBool::new(false);
    let confirmed = thread::scope(|scope| {
        let writer = scope.spawn(|| site.keep_writing(&stop));
        let ends = Stop(&stop);
        let counts = |server: &Server, parity: u8| {
            server.value(&format!("SELECT COUNT(*) >= 3 FROM my_application.t WHERE id % 2 = {parity}"))
                == "1"
        };
        eventually("the client writes to db-01", LIMIT, || counts(a, 1) && counts(b, 1));
        site.say("before", &BOTH, 0, well);
        site.set_cable(0, "down");
        eventually("db-02 has the floating address", LIMIT, || site.holds(1) && !site.holds(0));
        eventually("the client writes to db-02", LIMIT, || counts(b, 0));
        b.await_state("", "Slave_IO_Running", "Connecting");
        during(site);
        site.set_cable(0, "up");
        site.say("after", &BOTH, 0, well);
        drop(ends);
        writer.join().unwrap()
    });
    assert!(site.holds(1) && !site.holds(0));
    for server in [a, b] {
        eventually("every confirmed row is on both", LIMIT, || {
            let rows = server.sql("SELECT id FROM my_application.t");
            let rows: Vec<&str> = rows.lines().collect();
            confirmed.iter().all(|id| rows.contains(&id.as_str()))
        });
    }
    assert!(confirmed.len() >= 6 && confirmed.len() < MOST, "{confirmed:?}");
}

/// The one server is not reached, and the other one cannot reach it. Whether the first is silent or not there
/// depends on how long this host remembers its hardware address.
fn during(site: &Site) {
    let outcome = check(&site.client, &site.servers[0], &[&BOTH[..], &["--timeout=2"]].concat());
    let first = ["db-01: no connection within 2 s", "db-01: connecting: no neighbour"];
    let (code, line) = outcome.summary();
    let is_first = |text: &&str| line == format!("REPLICATION CRITICAL - {text}, 1 more fault");
    assert!(code == 2 && first.iter().any(is_first), "{outcome:?}");
    assert!(
        outcome.stdout.contains("\nCRITICAL: db-02 from 192.0.2.1: IO thread connecting, "),
        "{outcome:?}"
    );
}

/// One direction has stopped, and the client sees nothing of it until the failover.
fn too_late(site: &Site) {
    let [a, b] = &site.servers;
    a.sql("SET sql_log_bin=0; INSERT INTO my_application.t VALUES (1000000)");
    assert_eq!(site.write("INSERT INTO t VALUES (1000000), (1000002)").as_deref(), Some(""));
    a.await_state("", "Last_SQL_Errno", "1062");
    let line = "CRITICAL - db-01 from db-02: SQL thread stopped, error 1062 duplicate key in the database my_application";
    site.say("one direction has stopped", &BOTH, 2, line);
    let count = "SELECT COUNT(*) FROM t WHERE id = 1000002";
    assert_eq!(site.write(count).as_deref(), Some("1"));
    assert_eq!(b.state("", "Slave_SQL_Running"), "Yes");
    site.set_cable(1, "down");
    eventually("the client reads from db-01", LIMIT, || site.write(count).is_some());
    assert_eq!(site.write(count).as_deref(), Some("0"), "what was written last is not there");
}
