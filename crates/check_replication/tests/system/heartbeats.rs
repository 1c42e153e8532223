//! A real source that is frozen: the replica itself calls it healthy for the whole of its slave_net_timeout.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Server, Setup, start_all};
use suite::needs::missing;
use suite::process::Outcome;
use suite::wait::eventually;

use super::{LIMIT, check};

/// What pt-heartbeat does, once a second, in UTC.
const BEAT: &str = "REPLACE INTO percona.heartbeat VALUES (DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f'), @@server_id)";
/// The table that it does that in.
const TABLE: &str = "CREATE DATABASE percona; \
    CREATE TABLE percona.heartbeat (ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED PRIMARY KEY); \
    GRANT SELECT ON percona.heartbeat TO mon@'%'";
const HEALTHY: &str = "REPLICATION OK - db-02 from 192.0.2.1: runs, 0 s behind";

/// A source at 192.0.2.1, and its replica db-02 at 192.0.2.2, which gives the source `timeout` seconds and
/// wants a heartbeat each second.
fn start(timeout: u32) -> (Host, [Server; 2]) {
    let host = Host::create();
    host.etc("hosts", "192.0.2.2 db-02\n");
    let source = Setup::new(1).at(&host, "192.0.2.1").option("--event-scheduler=ON");
    // Half an hour from UTC, for what is written in another zone.
    let replica = Setup::new(2)
        .at(&host, "192.0.2.2")
        .option(format!("--slave-net-timeout={timeout}"))
        .option("--default-time-zone=+00:30");
    let servers = start_all([source, replica]);
    servers[1].change_source("", &servers[0], ", MASTER_HEARTBEAT_PERIOD=1");
    servers[1].sql("START SLAVE");
    servers[1].await_threads("", "Yes", "Yes");
    (host, servers)
}

fn ask(host: &Host, replica: &Server, arguments: &[&str]) -> Outcome {
    check(host, replica, &[&["--hostname=db-02"], arguments].concat())
}

#[test]
fn by_the_heartbeats_of_the_connection_and_then_by_its_state() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let (host, [source, replica]) = start(6);
    assert_eq!(ask(&host, &replica, &[]).summary(), (0, HEALTHY));
    source.freeze();
    let line = "REPLICATION CRITICAL - db-02 from 192.0.2.1: source silent for 1.8 s, heartbeat due each 1 s: frozen source, or the network is cut";
    assert_eq!(ask(&host, &replica, &[]).summary(), (2, line));
    replica.await_state("", "Slave_IO_Running", "Connecting");
    let outcome = ask(&host, &replica, &[]);
    let line = "REPLICATION CRITICAL - db-02 from 192.0.2.1: IO thread connecting, no error: perhaps a frozen source, a cut network, a binary log that the source cannot open, or a replica with the same server id: see the error log of the replica";
    assert_eq!(outcome.summary(), (2, line));
    source.thaw();
    replica.await_threads("", "Yes", "Yes");
    assert_eq!(ask(&host, &replica, &[]).summary(), (0, HEALTHY));
}

#[test]
fn by_a_table_of_heartbeats_at_once() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let (host, [source, replica]) = start(60);
    source.sql(&format!("{TABLE}; CREATE EVENT percona.beat ON SCHEDULE EVERY 1 SECOND DO {BEAT}"));
    replica.await_value("SELECT COUNT(*) FROM percona.heartbeat WHERE server_id = 1", "1");
    let table = ["--heartbeat-table=percona.heartbeat", "--heartbeat-utc", "--warning=3", "--critical=3600"];
    let outcome = ask(&host, &replica, &table);
    assert!(
        outcome.code == Some(0) && outcome.summary().1.ends_with(" s behind by its heartbeat"),
        "{outcome:?}"
    );

    // Of another program's zone nothing is believed.
    let line = "REPLICATION CRITICAL - db-02 from 192.0.2.1: heartbeat 180";
    let outcome = ask(&host, &replica, &["--heartbeat-table=percona.heartbeat"]);
    assert!(outcome.code == Some(2) && outcome.first_line().starts_with(line), "{outcome:?}");

    // Seconds and milliseconds since 1970 have no zone.
    for (number, digits) in [("UNIX_TIMESTAMP(NOW(6))", 10), ("FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000)", 13)] {
        source.sql(&format!(
            "ALTER EVENT percona.beat DO REPLACE INTO percona.heartbeat VALUES ({number}, @@server_id)"
        ));
        replica.await_value(&format!("SELECT ts RLIKE '^[0-9]{{{digits}}}' FROM percona.heartbeat"), "1");
        let outcome = ask(&host, &replica, &["--heartbeat-table=percona.heartbeat", "--critical=60"]);
        assert!(
            outcome.code == Some(0) && outcome.summary().1.ends_with(" s behind by its heartbeat"),
            "{number}: {outcome:?}"
        );
    }
    source.sql(&format!("ALTER EVENT percona.beat DO {BEAT}"));
    eventually("it beats as before", LIMIT, || ask(&host, &replica, &table).code == Some(0));

    source.freeze();
    eventually("its heartbeat is old", LIMIT, || ask(&host, &replica, &table).code == Some(1));
    let outcome = ask(&host, &replica, &table);
    source.thaw();
    let line = outcome.summary().1;
    assert!(
        line.starts_with("REPLICATION WARNING - db-02 from 192.0.2.1: heartbeat ")
            && line
                .ends_with(" s old: writer stopped or source frozen, limit 3, the server itself reports 0 s"),
        "{outcome:?}"
    );
    eventually("it beats again", LIMIT, || ask(&host, &replica, &table).code == Some(0));

    // Its row is the source's own, not the youngest of all.
    replica
        .sql("SET sql_log_bin=0; INSERT INTO percona.heartbeat VALUES (DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%d %H:%i:%s'), 2)");
    source.sql(
        "ALTER EVENT percona.beat DISABLE; UPDATE percona.heartbeat SET ts = '2026-01-01T00:00:00.000000'",
    );
    replica.await_applied(&source);
    assert_eq!(ask(&host, &replica, &table).code, Some(2), "a row of January");
    source.sql("DELETE FROM percona.heartbeat");
    replica.await_applied(&source);
    let line =
        "REPLICATION UNKNOWN - db-02 from 192.0.2.1: runs, but the table has no heartbeat of its source";
    assert_eq!(ask(&host, &replica, &table).summary(), (3, line));
    let line = "REPLICATION UNKNOWN - db-02: the table percona.beats does not exist, or not for mon | ";
    let outcome = ask(&host, &replica, &["--heartbeat-table=percona.beats"]);
    assert!(outcome.code == Some(3) && outcome.first_line().starts_with(line), "{outcome:?}");
}

/// The layout that MaxScale's own statement creates: each MaxScale writes a row for the source.
#[test]
fn by_the_table_of_maxscale() {
    const MAXSCALE: &str = "CREATE DATABASE maxscale_schema; CREATE TABLE maxscale_schema.replication_heartbeat \
        (maxscale_id INT NOT NULL, master_server_id INT NOT NULL, master_timestamp INT UNSIGNED NOT NULL, \
        PRIMARY KEY (master_server_id, maxscale_id)); \
        GRANT SELECT ON maxscale_schema.replication_heartbeat TO mon@'%'";
    if missing(&HOST_NEEDS) {
        return;
    }
    let (host, [source, replica]) = start(60);
    let table =
        ["--heartbeat-table=maxscale_schema.replication_heartbeat", "--warning=100", "--critical=3600"];
    source.sql(&format!(
        "{MAXSCALE}; INSERT INTO maxscale_schema.replication_heartbeat VALUES (7, 1, UNIX_TIMESTAMP() - 400), \
         (8, 1, UNIX_TIMESTAMP() - 50)"
    ));
    replica.await_applied(&source);
    let says = |what: &str, code: i32, line: &str| {
        let outcome = ask(&host, &replica, &table);
        let is_it = outcome.code == Some(code) && outcome.first_line().starts_with(line);
        assert!(is_it, "{what}: {outcome:?}");
    };
    says("the younger row of two counts", 0, "REPLICATION OK - db-02 from 192.0.2.1: runs, 5");
    source.sql("DELETE FROM maxscale_schema.replication_heartbeat WHERE maxscale_id = 8");
    replica.await_applied(&source);
    says("an old one", 1, "REPLICATION WARNING - db-02 from 192.0.2.1: heartbeat 40");
    source.sql("ALTER TABLE maxscale_schema.replication_heartbeat DROP master_timestamp");
    replica.await_applied(&source);
    let line = "REPLICATION UNKNOWN - db-02: the table maxscale_schema.replication_heartbeat has no columns ts and server_id, so no heartbeats";
    says("neither layout", 3, line);
}
