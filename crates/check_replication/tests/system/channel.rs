//! One real replica of one real source: everything that can go wrong with a channel, broken and healed, one
//! after the other.

use std::process::{Child, Stdio};

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, PASSWORD, Server, Setup, start_all};
use suite::needs::missing;
use suite::wait::eventually;

use super::{LIMIT, check};

const HEALTHY: (i32, &str) = (0, "REPLICATION OK - db-02 from 192.0.2.1: runs, 0 s behind");

struct Pair {
    host: Host,
    source: Server,
    replica: Server,
}

impl Pair {
    /// A source at 192.0.2.1 called db-01, and at 192.0.2.2 its replica db-02.
    fn start() -> Self {
        let host = Host::create();
        host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
        let replica = Setup::new(2).at(&host, "192.0.2.2");
        let [source, replica] = start_all([Setup::new(1).at(&host, "192.0.2.1"), replica]);
        replica.replicate("", &source);
        source.sql("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, state TEXT); INSERT INTO shop.orders VALUES (1, '')");
        replica.await_applied(&source);
        Self { host, source, replica }
    }

    /// Asserts what the plugin says.
    fn says(&self, what: &str, arguments: &[&str], expected: (i32, &str)) {
        let outcome = check(&self.host, &self.replica, &[&["--hostname=db-02"], arguments].concat());
        assert_eq!(outcome.summary(), expected, "{what}: {:?}", outcome);
    }

    /// On the replica alone, past its binary log.
    fn locally(&self, statements: &str) {
        self.replica.sql(&format!("SET sql_log_bin=0; {statements}"));
    }

    /// Starts both threads, waits until everything is applied, and asserts that the plugin says so.
    fn heal(&self, what: &str) {
        self.replica.sql("START SLAVE");
        self.replica.await_threads("", "Yes", "Yes");
        self.replica.await_applied(&self.source);
        self.replica.await_state("", "Seconds_Behind_Master", "0");
        self.says(&format!("healed of {what}"), &[], HEALTHY);
    }
}

#[test]
fn everything_that_stops_a_thread_is_told_and_its_end_too() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let mut pair = Pair::start();
    pair.says("healthy", &[], HEALTHY);
    stopped_by_hand(&pair);
    stopped_by_data(&pair);
    signalled(&pair);
    parted(&pair);
    refused(&pair);
    source_gone(&mut pair);
    same_id(&pair);
    slow(&pair);
    skips(&pair);
    purged(&pair);
    forgotten(&pair);
}

fn stopped_by_hand(pair: &Pair) {
    pair.replica.sql("STOP SLAVE IO_THREAD");
    pair.says("IO", &[], (2, "REPLICATION CRITICAL - db-02 from 192.0.2.1: IO thread stopped, no error"));
    pair.replica.sql("STOP SLAVE SQL_THREAD");
    pair.says(
        "both",
        &[],
        (2, "REPLICATION CRITICAL - db-02 from 192.0.2.1: both threads stopped, no error"),
    );
    pair.replica.sql("START SLAVE IO_THREAD");
    pair.replica.await_state("", "Slave_IO_Running", "Yes");
    pair.says("SQL", &[], (2, "REPLICATION CRITICAL - db-02 from 192.0.2.1: SQL thread stopped, no error"));
    pair.heal("stopping by hand");
}

fn stopped_by_data(pair: &Pair) {
    pair.locally("INSERT INTO shop.orders VALUES (2, 'local')");
    pair.source.sql("INSERT INTO shop.orders VALUES (2, 'secret')");
    pair.replica.await_state("", "Last_SQL_Errno", "1062");
    pair.says(
        "duplicate",
        &[],
        (2, "REPLICATION CRITICAL - db-02 from 192.0.2.1: SQL thread stopped, error 1062 duplicate key in shop.orders"),
    );
    pair.locally("DELETE FROM shop.orders WHERE id = 2");
    pair.heal("a duplicate key");

    pair.locally("DELETE FROM shop.orders WHERE id = 2");
    pair.source.sql("UPDATE shop.orders SET state = 'paid' WHERE id = 2");
    pair.replica.await_state("", "Last_SQL_Errno", "1032");
    pair.says(
        "missing row",
        &[],
        (2, "REPLICATION CRITICAL - db-02 from 192.0.2.1: SQL thread stopped, error 1032 missing row in shop.orders"),
    );
    pair.locally("INSERT INTO shop.orders VALUES (2, 'secret')");
    pair.heal("a missing row");

    // The statement that fails holds a password.
    pair.locally("CREATE USER shop IDENTIFIED BY 'x'");
    pair.source.sql("CREATE USER shop IDENTIFIED BY 'a-secret-of-the-shop'");
    pair.replica.await_state("", "Last_SQL_Errno", "1396");
    let told = check(&pair.host, &pair.replica, &["--hostname=db-02", "-vv"]);
    let account = "error 1396 account exists already or is missing | ";
    assert!(told.stdout.contains(account) && !told.stdout.contains("a-secret"), "{:?}", told);
    let told = check(&pair.host, &pair.replica, &["--hostname=db-02", "--show-query"]);
    assert!(told.stdout.contains("CREATE USER shop"), "{:?}", told);
    pair.locally("DROP USER shop");
    pair.heal("an account that is there");
}

/// A trigger of an application that refuses a row, in words that have the row's data in them.
fn signalled(pair: &Pair) {
    pair.locally(
        "CREATE TRIGGER shop.refuse BEFORE INSERT ON shop.orders FOR EACH ROW \
         SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO=30001, MESSAGE_TEXT='card 4111 of Smith'",
    );
    pair.source.sql("SET binlog_format=STATEMENT; USE shop; INSERT INTO orders VALUES (7, 'new')");
    pair.replica.await_state("", "Last_SQL_Errno", "30001");
    let told = check(&pair.host, &pair.replica, &["--hostname=db-02", "-vv"]);
    let line = "SQL thread stopped, error 30001 ... in the database shop | ";
    assert!(told.stdout.contains(line) && !told.stdout.contains("card"), "{told:?}");
    let told = check(&pair.host, &pair.replica, &["--hostname=db-02", "--show-query"]);
    assert!(told.stdout.contains("card 4111 of Smith"), "{told:?}");
    pair.locally("DROP TRIGGER shop.refuse");
    pair.heal("a trigger");
}

/// A statement that failed on the source after a part of it, and does not fail here: an error without a
/// number.
fn parted(pair: &Pair) {
    pair.source
        .sql("CREATE TABLE shop.log (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO shop.log VALUES (2)");
    pair.replica.await_applied(&pair.source);
    pair.locally("DELETE FROM shop.log");
    pair.source.try_sql("SET binlog_format=STATEMENT; INSERT INTO shop.log VALUES (1), (2)");
    pair.replica.await_state("", "Slave_SQL_Running", "No");
    let line = "REPLICATION CRITICAL - db-02 from 192.0.2.1: SQL thread stopped, a statement had another result than on the source";
    pair.says("parted", &[], (2, line));
    pair.locally("DELETE FROM shop.log; INSERT INTO shop.log VALUES (2)");
    pair.heal("a result that differs");
}

fn refused(pair: &Pair) {
    pair.replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='wrong'; START SLAVE");
    pair.replica.await_state("", "Last_IO_Errno", "1045");
    // From MariaDB 11.4 on a replica uses TLS by itself: then its account cannot lack it.
    let by_tls = pair.replica.state("", "Master_SSL_Allowed") == "Yes";
    let or = if by_tls { "" } else { ", or its account needs TLS" };
    let line = format!(
        "REPLICATION CRITICAL - db-02 from 192.0.2.1: IO thread connecting, error 1045 credentials refused by the source{or}"
    );
    pair.says("wrong password", &[], (2, &line));
    pair.replica.sql(&format!("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='{PASSWORD}'"));
    pair.heal("a wrong password");
}

fn source_gone(pair: &mut Pair) {
    pair.source.stop();
    pair.replica.await_state("", "Last_IO_Errno", "2003");
    let line =
        "REPLICATION CRITICAL - db-02 from 192.0.2.1: IO thread connecting, error 2003 source unreachable";
    pair.says("source stopped", &[], (2, line));
    pair.source.start();
    pair.heal("a stopped source");
}

fn same_id(pair: &Pair) {
    pair.replica.sql("STOP SLAVE; SET GLOBAL server_id=1; START SLAVE");
    pair.replica.await_state("", "Last_IO_Errno", "1593");
    let line = "REPLICATION CRITICAL - db-02 from 192.0.2.1: IO thread stopped, error 1593 equal server ids";
    pair.says("same id", &[], (2, line));
    pair.replica.sql("STOP SLAVE; SET GLOBAL server_id=2");
    pair.heal("the same id");
}

fn slow(pair: &Pair) {
    pair.replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=1000; START SLAVE");
    pair.replica.await_threads("", "Yes", "Yes");
    pair.source.sql("INSERT INTO shop.orders VALUES (3, '')");
    eventually("the delayed replica waits", LIMIT, || {
        pair.replica.state("", "SQL_Remaining_Delay").parse::<u32>().is_ok()
    });
    eventually("it is 2 s behind", LIMIT, || behind(&pair.replica) >= 2);
    let outcome = check(&pair.host, &pair.replica, &["--hostname=db-02", "--warning=1"]);
    let line = "REPLICATION OK - db-02 from 192.0.2.1: up to date with its delay of 1000 s | ";
    assert!(outcome.code == Some(0) && outcome.first_line().starts_with(line), "{outcome:?}");
    pair.replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0");
    pair.heal("a delay");

    let mut lock = locked(&pair.replica);
    pair.source.sql("UPDATE shop.orders SET state = 'locked' WHERE id = 1");
    eventually("it is 2 s behind", LIMIT, || behind(&pair.replica) >= 2);
    let outcome = check(&pair.host, &pair.replica, &["--hostname=db-02", "--warning=1", "--critical=300"]);
    let (code, line) = outcome.summary();
    let lag = line
        .strip_prefix("REPLICATION WARNING - db-02 from 192.0.2.1: ")
        .and_then(|rest| rest.strip_suffix(" s behind, limit 1"));
    assert!(code == 1 && lag.is_some_and(|lag| (2..20).contains(&lag.parse().unwrap())), "{:?}", outcome);
    let outcome = check(&pair.host, &pair.replica, &["--hostname=db-02", "--warning=1", "--critical=1"]);
    assert_eq!(outcome.code, Some(2), "{:?}", outcome);
    lock.kill().unwrap();
    lock.wait().unwrap();
    pair.heal("a lock");
}

/// Seconds_Behind_Master.
fn behind(replica: &Server) -> u32 {
    replica.state("", "Seconds_Behind_Master").parse().unwrap_or_default()
}

/// A client that holds a lock on the row with the id 1, until it is killed.
fn locked(replica: &Server) -> Child {
    let mut client = replica.client();
    client.args(["--execute", "BEGIN; SELECT * FROM shop.orders WHERE id = 1 FOR UPDATE; SELECT SLEEP(60)"]);
    let child = client.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    replica.await_value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'",
        "1",
    );
    child
}

/// Nothing had failed, so that what comes next is skipped.
fn skips(pair: &Pair) {
    pair.replica.sql("STOP SLAVE; SET GLOBAL sql_slave_skip_counter=1; START SLAVE");
    pair.replica.await_threads("", "Yes", "Yes");
    let line = "REPLICATION WARNING - db-02 from 192.0.2.1: will skip the next 1 event of its source, sql_slave_skip_counter";
    pair.says("skips", &[], (1, line));
    pair.replica.sql("STOP SLAVE; SET GLOBAL sql_slave_skip_counter=0; START SLAVE");
    pair.heal("a skip");
}

fn purged(pair: &Pair) {
    pair.replica.sql("STOP SLAVE");
    pair.source.sql("INSERT INTO shop.orders VALUES (4, ''); FLUSH BINARY LOGS");
    let last =
        pair.source.sql("SHOW BINARY LOGS").lines().last().unwrap().split('\t').next().unwrap().to_owned();
    pair.source.await_value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Binlog Dump'",
        "0",
    );
    // A log that the engine has yet to bring to the disk stays.
    eventually("the log is purged", LIMIT, || {
        pair.source.sql(&format!("PURGE BINARY LOGS TO '{last}'; SHOW BINARY LOGS")).lines().count() == 2
    });
    pair.replica.sql("START SLAVE");
    pair.replica.await_state("", "Last_IO_Errno", "1236");
    let line = "REPLICATION CRITICAL - db-02 from 192.0.2.1: IO thread stopped, error 1236 binary log purged on the source";
    pair.says("purged", &[], (2, line));
    let position = pair.source.value("SELECT @@gtid_binlog_pos");
    pair.locally("INSERT INTO shop.orders VALUES (4, '')");
    pair.replica.sql(&format!("STOP SLAVE; SET GLOBAL gtid_slave_pos='{position}'"));
    pair.heal("a purged log");
}

fn forgotten(pair: &Pair) {
    pair.replica.sql("STOP SLAVE; RESET SLAVE");
    pair.says(
        "reset",
        &[],
        (2, "REPLICATION CRITICAL - db-02 from 192.0.2.1: both threads stopped, no error"),
    );
    pair.heal("a reset");
    pair.replica.sql("STOP SLAVE; RESET SLAVE ALL");
    pair.says("reset all", &[], (2, "REPLICATION CRITICAL - db-02: not a replica: no channel is configured"));
    pair.says("a pure source", &["--expect=none"], (0, "REPLICATION OK - db-02: not a replica, as expected"));
    pair.replica.change_source("", &pair.source, "");
    pair.heal("a reset of all");
}
