//! A source that was reset: both threads run, the lag is 0, and the replica skips what the source writes
//! next. And errant transactions, which stay errant.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Server, Setup, reset, start_all};
use suite::needs::missing;
use suite::wait::eventually;

use super::{LIMIT, check};

const BOTH: [&str; 3] = ["--hostname=db-01", "--hostname=db-02", "--expect-shape=tree"];

struct Two {
    host: Host,
    servers: [Server; 2],
}

impl Two {
    fn say(&self, what: &str, arguments: &[&str], code: i32, line: &str) {
        let outcome = check(&self.host, &self.servers[0], arguments);
        assert_eq!(outcome.summary(), (code, format!("REPLICATION {line}").as_str()), "{what}: {outcome:?}");
    }
}

#[test]
fn a_source_that_was_reset_and_transactions_of_a_replica() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}")).option("--gtid-domain-id=1");
    let servers = start_all([1, 2].map(setup));
    let two = Two { host, servers };
    errant(&two);
    reset(&two.servers.each_ref());
    source_reset(&two);
}

/// A replica that goes by positions: MariaDB's IO thread fails once the source has written past them.
#[test]
fn a_source_that_was_reset_under_a_replica_by_positions() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let servers = start_all([1, 2].map(|id| Setup::new(id).at(&host, &format!("192.0.2.{id}"))));
    let two = Two { host, servers };
    let [source, replica] = &two.servers;
    source.sql("RESET MASTER");
    let end = || -> Vec<String> {
        let status = source.sql("SHOW MASTER STATUS");
        status.lines().nth(1).unwrap().split('\t').take(2).map(str::to_owned).collect()
    };
    replica.change_source("", source, "");
    let file = end().swap_remove(0);
    replica.sql(&format!(
        "CHANGE MASTER TO MASTER_USE_GTID=no, MASTER_LOG_FILE='{file}', MASTER_LOG_POS=4; START SLAVE"
    ));
    replica.await_threads("", "Yes", "Yes");
    source.sql("CREATE DATABASE shop");
    replica.await_value("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='shop'", "1");
    two.say("both run", &BOTH, 0, "OK - db-02 from db-01: runs, 0 s behind");
    let before = end().join(":");
    source.sql("RESET MASTER");
    let after = end().join(":");
    let line = format!(
        "CRITICAL - db-02 is ahead of its source db-01 ({before} past {after}): source reset, restored or log lost"
    );
    two.say("the source was reset", &BOTH, 2, &line);
}

fn errant(two: &Two) {
    let [source, replica] = &two.servers;
    replica.replicate("", source);
    replica.sql("CREATE DATABASE stray");
    let line = "WARNING - db-02 has errant transactions, unknown to db-01: up to 1-2-1";
    two.say("the replica was written to", &BOTH, 1, line);
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    replica.await_value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='shop'", "1");
    two.say("and the source since", &BOTH, 1, line);
    let healthy = "OK - db-02 from db-01: runs, 0 s behind";
    for accepted in ["--accept-errant=2", "--accept-errant=1-2-1"] {
        two.say("accepted", &[&BOTH[..], &[accepted]].concat(), 0, healthy);
    }
    replica.sql("DROP DATABASE stray");
    let line = "WARNING - db-02 has errant transactions, unknown to db-01: up to 1-2-3";
    two.say("more than was accepted", &[&BOTH[..], &["--accept-errant=1-2-1"]].concat(), 1, line);
}

fn source_reset(two: &Two) {
    let [source, replica] = &two.servers;
    source.sql("DROP DATABASE shop; CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    replica.sql("DROP DATABASE shop; RESET MASTER");
    replica.replicate("", source);
    replica.await_state("", "Gtid_Slave_Pos", "1-1-3");
    let state = source.folder().join("positions");
    let state = format!("--state={}", state.display());
    let healthy = "OK - db-02 from db-01: runs, 0 s behind";
    let kept = [&BOTH[..], &[state.as_str()]].concat();
    two.say("before", &kept, 0, healthy);
    source.sql("RESET MASTER; INSERT INTO shop.t VALUES (1)");
    let line = "CRITICAL - db-02 is ahead of its source db-01 (1-1-3 past 1-1-1): source reset, restored or log lost";
    two.say("together", &BOTH, 2, line);
    let alone = ["--hostname=db-01", "--expect=none", state.as_str()];
    let line = "CRITICAL - db-01: binary log started again (1-1-3, then 1-1-1): replicas may have skipped transactions";
    two.say("alone, by what is kept", &alone, 2, line);
    replica.sql("STOP SLAVE; START SLAVE");
    replica.await_state("", "Last_IO_Errno", "1236");
    let line = "CRITICAL - db-02 from 192.0.2.1: IO thread stopped, error 1236 source does not have 1-1-3: it was reset, or the replica is ahead";
    two.say("the replica, when it connects again", &["--hostname=db-02"], 2, line);
    // Even the numbers agree after that, and the rows do not.
    source.sql("INSERT INTO shop.t VALUES (2); INSERT INTO shop.t VALUES (3)");
    replica.sql("START SLAVE");
    replica.await_threads("", "Yes", "Yes");
    source.sql("INSERT INTO shop.t VALUES (4)");
    replica.await_value("SELECT GROUP_CONCAT(id) FROM shop.t", "4");
    two.say("together, when the numbers agree", &BOTH, 0, healthy);
    let line = "CRITICAL - db-01: binary log started again (1-1-3, then 1-1-1): replicas may have skipped transactions";
    two.say("by what is kept, when they agree", &kept, 2, line);
    two.say("again", &alone, 2, line);
    let acknowledge = [&alone[..], &["--acknowledge"]].concat();
    two.say("acknowledged", &acknowledge, 0, "OK - db-01: not a replica, as expected");
    let again = check(&two.host, source, &acknowledge);
    assert!(again.stdout.contains("\nOK: db-01: nothing to acknowledge\n"), "{again:?}");
    two.say("after that", &kept, 0, healthy);
    for (file, position, why) in [
        ("bin.000001", 99999, "position 99999 does not exist in bin.000001"),
        ("bin.000099", 4, "binary log purged on the source, or the source was reset"),
    ] {
        replica.sql(&format!(
            "STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID=no, MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}; START SLAVE"
        ));
        replica.await_state("", "Last_IO_Errno", "1236");
        let line = format!("CRITICAL - db-02 from 192.0.2.1: IO thread stopped, error 1236 {why}");
        two.say("by positions", &["--hostname=db-02"], 2, &line);
    }
}

/// MariaDB's own statement for domains that are used no more.
#[test]
fn a_domain_that_was_deleted_is_no_reset() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let servers = start_all([1, 2].map(|id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"))));
    let two = Two { host, servers };
    let [source, replica] = &two.servers;
    let state = format!("--state={}", source.folder().join("positions").display());
    let alone = ["--hostname=db-01", "--expect=none", &state];
    let well = "OK - db-01: not a replica, as expected";
    replica.replicate("", source);
    source.sql("CREATE DATABASE shop; SET gtid_domain_id=5; CREATE DATABASE old");
    replica.await_applied(source);
    two.say("before", &alone, 0, well);
    source.sql("FLUSH LOGS; CREATE DATABASE later; PURGE BINARY LOGS TO 'bin.000002'");
    replica.await_applied(source);
    eventually("the domain is deleted", LIMIT, || {
        source.try_sql("PURGE BINARY LOGS TO 'bin.000002'; FLUSH BINARY LOGS DELETE_DOMAIN_ID=(5)").code
            == Some(0)
    });
    let line =
        "WARNING - db-01 has no domain 5 and its replica db-02 has 5-1-1: deleted there, or source reset";
    two.say("together", &BOTH, 1, line);
    let accepted = [&BOTH[..], &["--accept-errant=5-1-1"]].concat();
    two.say("accepted", &accepted, 0, "OK - db-02 from db-01: runs, 0 s behind");
    let line = "WARNING - db-01: domain 5 is gone from its binary log (5-1-1): deleted there, or the log started again";
    two.say("alone", &alone, 1, line);
    source.sql("CREATE DATABASE last");
    two.say("alone, later", &alone, 1, line);
    two.say("acknowledged", &[&alone[..], &["--acknowledge"]].concat(), 0, well);
    two.say("after that", &alone, 0, well);
    // A log that starts again is another matter.
    source.sql("SET gtid_domain_id=5; CREATE DATABASE again");
    two.say("in use again", &alone, 0, well);
    source.sql("RESET MASTER; CREATE DATABASE first");
    let line = "CRITICAL - db-01: binary log started again (0-1-3, then 0-1-1) and 1 more: replicas may have skipped transactions";
    two.say("reset", &alone, 2, line);
}

/// A floating name that was at the replica once, came back, and goes there for good before the replica has
/// all.
#[test]
fn a_promoted_server_that_was_seen_before_lacks_transactions() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    let servers = start_all([1, 2].map(|id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"))));
    let two = Two { host, servers };
    let [source, replica] = &two.servers;
    let move_to = |id: u8| two.host.etc("hosts", &format!("192.0.2.{id} db\n"));
    let state = format!("--state={}", source.folder().join("positions").display());
    let (as_source, as_replica) = (["--hostname=db", "--expect=none", &state], ["--hostname=db", &state]);
    let well = "OK - db: not a replica, as expected";
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    replica.replicate("", source);
    replica.await_applied(source);
    move_to(1);
    two.say("the source", &as_source, 0, well);
    move_to(2);
    assert_eq!(check(&two.host, source, &as_replica).code, Some(0), "its replica");
    move_to(1);
    two.say("the source again", &as_source, 0, well);
    replica.sql("STOP SLAVE");
    source.sql("INSERT INTO shop.t VALUES (1)");
    two.say("it has written", &as_source, 0, well);
    replica.sql("RESET SLAVE ALL");
    move_to(2);
    let line = "CRITICAL - db: another server lacks what the one before it wrote (0-1-3, then 0-1-2): replicas may have skipped transactions";
    two.say("promoted", &as_source, 2, line);
    replica.sql("INSERT INTO shop.t VALUES (2)");
    two.say("it has written", &as_source, 2, line);
    // A second report, which no check has shown: it was reset since.
    replica.sql("RESET MASTER");
    let acknowledge = [&as_source[..], &["--acknowledge"]].concat();
    let acknowledged = |line: &str, restart: &str| {
        let outcome = check(&two.host, source, &acknowledge);
        assert!(outcome.first_line().starts_with(&format!("REPLICATION {line} | ")), "{outcome:?}");
        let ok = format!("\nOK: db: acknowledged: {restart}\n");
        assert!(outcome.stdout.contains(&ok), "{outcome:?}");
    };
    acknowledged(line, "binary log started again (0-2-3, then none)");
    two.say("what is left", &as_source, 2, line);
    acknowledged(well, "another server lacks what the one before it wrote (0-1-3, then 0-1-2)");
    two.say("after that", &as_source, 0, well);
}
