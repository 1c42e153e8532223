//! Three real servers: a replica of two sources, two that replicate to each other, and a ring of three, each
//! link broken in turn.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Server, Setup, reset, start_all};
use suite::needs::missing;
use suite::wait::eventually;

use super::{LIMIT, check};

struct Three {
    host: Host,
    servers: [Server; 3],
}

impl Three {
    /// db-01, db-02 and db-03 at 192.0.2.1 to 3, each with a GTID domain and numbers of its own.
    fn start() -> Self {
        let host = Host::create();
        host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n192.0.2.3 db-03\n");
        let setup = |id: u32| {
            let own = ["--gtid-domain-id", "--auto-increment-offset"].map(|option| format!("{option}={id}"));
            let setup =
                Setup::new(id).at(&host, &format!("192.0.2.{id}")).option("--auto-increment-increment=3");
            own.into_iter().fold(setup, Setup::option)
        };
        let servers = start_all([1, 2, 3].map(setup));
        Self { host, servers }
    }

    /// Asserts what the plugin says of these servers.
    fn say(&self, what: &str, hosts: &[u32], arguments: &[&str], expected: (i32, &str)) {
        let hosts: Vec<String> = hosts.iter().map(|id| format!("--hostname=db-0{id}")).collect();
        let all: Vec<&str> = hosts.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        let outcome = check(&self.host, &self.servers[0], &all);
        assert_eq!(outcome.summary(), expected, "{what}: {outcome:?}");
    }

    /// Each of these replicates from the next, and the last from the first.
    fn ring(&self, ids: &[usize]) {
        reset(&self.servers.each_ref());
        for (place, id) in ids.iter().enumerate() {
            let source = ids[(place + 1) % ids.len()];
            self.servers[id - 1].replicate("", &self.servers[source - 1]);
        }
    }
}

#[test]
fn several_sources_both_directions_and_a_ring() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let mut three = Three::start();
    two_sources(&three);
    one_id_for_two_replicas(&three);
    both_directions(&mut three);
    one_writer(&three);
    one_domain(&three);
    transactions(&three);
    ring(&three);
}

fn two_sources(three: &Three) {
    let [a, b, c] = &three.servers;
    c.replicate("shop", a);
    c.replicate("stock", b);
    three.say("both run", &[3], &[], (0, "REPLICATION OK - db-03: 2 channels run, at most 0 s behind"));
    c.sql("STOP SLAVE 'stock'");
    let line = "REPLICATION CRITICAL - db-03 from 192.0.2.2 (channel stock): both threads stopped, no error";
    three.say("one is stopped", &[3], &[], (2, line));
    c.sql("STOP SLAVE 'shop' SQL_THREAD");
    let line = "REPLICATION CRITICAL - db-03 from 192.0.2.1 (channel shop): SQL thread stopped, no error, 1 more fault";
    three.say("both are stopped", &[3], &[], (2, line));
    c.sql("START ALL SLAVES");
    c.await_threads("shop", "Yes", "Yes");
    c.await_threads("stock", "Yes", "Yes");
    three.say(
        "both run again",
        &[3],
        &["--expect-channels=2"],
        (0, "REPLICATION OK - db-03: 2 channels run, at most 0 s behind"),
    );
    c.sql("STOP SLAVE 'stock'; RESET SLAVE 'stock' ALL");
    three.say(
        "one is gone",
        &[3],
        &["--expect-channels=2"],
        (2, "REPLICATION CRITICAL - db-03: 1 of 2 expected channels configured"),
    );
    let line = "REPLICATION CRITICAL - db-03: no channel from 192.0.2.2";
    three.say(
        "its source is missing",
        &[3],
        &["--expect-source=192.0.2.1", "--expect-source=192.0.2.2"],
        (2, line),
    );
}

/// The source ends the connection of the one when the other connects, again and again: no thread has an
/// error.
fn one_id_for_two_replicas(three: &Three) {
    let [a, b, c] = &three.servers;
    reset(&[c, b, a]);
    b.replicate("", a);
    c.sql("SET GLOBAL server_id=2");
    c.change_source("", a, "");
    // As patient as servers are by default, but for a minute: in between they look healthy.
    for replica in [b, c] {
        replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_CONNECT_RETRY=5; START SLAVE");
    }
    let said = || {
        check(&three.host, a, &["--hostname=db-02"]).summary().1.to_owned()
            + &check(&three.host, a, &["--hostname=db-03"]).stdout
    };
    eventually("one of them is connecting", LIMIT, || {
        said().contains("or a replica with the same server id")
    });
    c.sql("STOP SLAVE; RESET SLAVE ALL; SET GLOBAL server_id=3");
    b.await_threads("", "Yes", "Yes");
    three.say("healed", &[2], &[], (0, "REPLICATION OK - db-02 from 192.0.2.1: runs, 0 s behind"));
}

fn both_directions(three: &mut Three) {
    three.ring(&[1, 2]);
    let healthy = (0, "REPLICATION OK - 2 servers: 2 channels run, at most 0 s behind");
    three.say("both ways", &[1, 2], &[], healthy);
    for (replica, source) in [(1, 2), (2, 1)] {
        let server = &three.servers[replica - 1];
        server.sql("STOP SLAVE IO_THREAD");
        let line =
            format!("REPLICATION CRITICAL - db-0{replica} from db-0{source}: IO thread stopped, no error");
        three.say("one way stopped", &[1, 2], &[], (2, &line));
        server.sql("STOP SLAVE; RESET SLAVE ALL");
        let line = format!("REPLICATION CRITICAL - db-0{replica} does not replicate from db-0{source}");
        three.say("one way gone", &[1, 2], &[], (2, &line));
        server.replicate("", &three.servers[source - 1]);
        three.say("both ways again", &[1, 2], &[], healthy);
    }
    let [a, b, _] = &mut three.servers;
    b.sql("SET GLOBAL server_id=1");
    let outcome = check(&three.host, a, &["--hostname=db-01", "--hostname=db-02"]);
    assert!(
        outcome.summary().1.starts_with("REPLICATION CRITICAL - db-01 and db-02 have the same server id 1"),
        "{outcome:?}"
    );
    b.sql("SET GLOBAL server_id=2");
    b.stop();
    a.await_state("", "Slave_IO_Running", "Connecting");
    let outcome = check(&three.host, a, &["--hostname=db-01", "--hostname=db-02"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(
        outcome.stdout.contains("db-02") && !outcome.stdout.contains("does not replicate"),
        "{outcome:?}"
    );
    b.start();
    b.sql("START SLAVE");
    a.await_threads("", "Yes", "Yes");
    b.await_threads("", "Yes", "Yes");
    three.say("both are back", &[1, 2], &[], healthy);
}

fn one_writer(three: &Three) {
    let [a, b, _] = &three.servers;
    let one = ["--expect-writable=one"];
    let both = "REPLICATION CRITICAL - db-01 and db-02 are writable, one expected";
    three.say("both writable", &[1, 2], &one, (2, both));
    b.sql("SET GLOBAL read_only=1");
    assert_eq!(check(&three.host, a, &["--hostname=db-01", "--hostname=db-02", one[0]]).code, Some(0));
    three.say(
        "one read-only",
        &[1, 2],
        &["--expect-writable=all"],
        (2, "REPLICATION CRITICAL - db-02 is read-only"),
    );
    a.sql("SET GLOBAL read_only=1");
    three.say("none writable", &[1, 2], &one, (2, "REPLICATION CRITICAL - no server is writable"));
    a.sql("SET GLOBAL read_only=0");
    b.sql("SET GLOBAL read_only=0; SET GLOBAL auto_increment_increment=1");
    let line = "REPLICATION WARNING - db-01 and db-02: auto_increment collides, steps 3 and 1";
    three.say("same numbers", &[1, 2], &[], (1, line));
    b.sql("SET GLOBAL auto_increment_increment=3");
}

/// Two that write in one GTID domain give numbers twice, which shows by chance. That both are to write is
/// known.
fn one_domain(three: &Three) {
    let [a, b, _] = &three.servers;
    three.ring(&[1, 2]);
    for server in [a, b] {
        server.sql("STOP SLAVE; SET GLOBAL gtid_domain_id=0");
    }
    a.sql("CREATE DATABASE one");
    b.sql("CREATE DATABASE other");
    for server in [a, b] {
        server.sql("START SLAVE");
    }
    a.await_value("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'other'", "1");
    b.await_value("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'one'", "1");
    let line = "REPLICATION WARNING - db-01 and db-02 are to be written to in one GTID domain, 0: give each a gtid_domain_id of its own";
    three.say("both write", &[1, 2], &["--expect-writable=all"], (1, line));
    let healthy = (0, "REPLICATION OK - 2 servers: 2 channels run, at most 0 s behind");
    three.say("the same number twice by chance", &[1, 2], &[], healthy);
    for (server, id) in [(a, 1), (b, 2)] {
        server.sql(&format!("SET GLOBAL gtid_domain_id={id}"));
    }
}

/// A replica that somebody has written to.
fn transactions(three: &Three) {
    let [a, b, c] = &three.servers;
    reset(&[a, b, c]);
    b.replicate("", a);
    let tree = ["--expect-shape=tree"];
    three.say("a tree", &[1, 2], &tree, (0, "REPLICATION OK - db-02 from db-01: runs, 0 s behind"));
    a.sql("CREATE DATABASE shop");
    b.await_applied(a);
    b.await_state("", "Seconds_Behind_Master", "0");
    three.say(
        "the source has written",
        &[1, 2],
        &tree,
        (0, "REPLICATION OK - db-02 from db-01: runs, 0 s behind"),
    );
    b.sql("CREATE TABLE shop.stray (id INT)");
    let line = "REPLICATION WARNING - db-02 has errant transactions, unknown to db-01: up to 2-2-1";
    three.say("the replica was written to", &[1, 2], &tree, (1, line));
    a.replicate("", b);
    a.await_applied(b);
    assert_eq!(check(&three.host, a, &["--hostname=db-01", "--hostname=db-02"]).code, Some(0));
}

fn ring(three: &Three) {
    three.ring(&[1, 2, 3]);
    let healthy = (0, "REPLICATION OK - 3 servers: 3 channels run, at most 0 s behind");
    three.say("a ring", &[1, 2, 3], &[], healthy);
    let [a, b, c] = &three.servers;
    c.sql("STOP SLAVE SQL_THREAD");
    three.say(
        "one link stopped",
        &[1, 2, 3],
        &[],
        (2, "REPLICATION CRITICAL - db-03 from db-01: SQL thread stopped, no error"),
    );
    c.sql("STOP SLAVE; RESET SLAVE ALL");
    three.say(
        "one link gone",
        &[1, 2, 3],
        &[],
        (2, "REPLICATION CRITICAL - db-03 replicates from no other server"),
    );
    c.replicate("", b);
    three.say(
        "a link to the wrong one",
        &[1, 2, 3],
        &[],
        (2, "REPLICATION CRITICAL - ring broken: no other server replicates from db-01"),
    );
    c.sql("STOP SLAVE; RESET SLAVE ALL");
    c.replicate("", a);
    three.say("complete again", &[1, 2, 3], &[], healthy);
}
