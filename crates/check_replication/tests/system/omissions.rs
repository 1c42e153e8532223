//! What no thread and no lag tells: databases that are filtered out, errors that are skipped, commits that
//! wait for a replica, a log that was reset; and a role that is not active.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, PASSWORD, Server, Setup, start_all};
use suite::needs::missing;
use suite::wait::eventually;

use super::{LIMIT, check};

const BOTH: [&str; 2] = ["--hostname=db-01", "--hostname=db-02"];

struct Two {
    host: Host,
    servers: [Server; 2],
}

impl Two {
    /// db-01 and db-02, which replicate to each other.
    fn start(options: &[&str]) -> Self {
        let host = Host::create();
        host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
        let setup = |id: u32| {
            let own = [format!("--gtid-domain-id={id}"), format!("--auto-increment-offset={id}")];
            let setup =
                Setup::new(id).at(&host, &format!("192.0.2.{id}")).option("--auto-increment-increment=2");
            own.into_iter()
                .chain(options.iter().map(|option| (*option).to_owned()))
                .fold(setup, Setup::option)
        };
        let servers = start_all([1, 2].map(setup));
        servers[1].replicate("", &servers[0]);
        servers[0].replicate("", &servers[1]);
        Self { host, servers }
    }

    fn say(&self, what: &str, arguments: &[&str], code: i32, line: &str) {
        let outcome = check(&self.host, &self.servers[0], arguments);
        assert_eq!(outcome.summary(), (code, format!("REPLICATION {line}").as_str()), "{what}: {outcome:?}");
    }
}

/// The setup of an article on two masters behind heartbeat: binlog_do_db = my_application. What a session in
/// another database writes there is not replicated, nor is a database that comes later.
#[test]
fn databases_that_a_filter_leaves_out() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let two = Two::start(&["--binlog-do-db=my_application", "--binlog-format=MIXED"]);
    let [a, b] = &two.servers;
    a.sql(
        "CREATE DATABASE my_application; USE my_application; CREATE TABLE t (id INT); CREATE DATABASE shop",
    );
    b.await_value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='my_application'", "1");
    a.sql("USE shop; INSERT INTO my_application.t VALUES (1); CREATE TABLE u (id INT)");
    a.sql("USE my_application; INSERT INTO t VALUES (2)");
    b.await_value("SELECT GROUP_CONCAT(id) FROM my_application.t", "2");
    two.say("nothing is expected", &BOTH, 0, "OK - 2 servers: 2 channels run, at most 0 s behind");
    let noted = |what: &str, note: &str| {
        let outcome = check(&two.host, a, &["--hostname=db-01", "-v"]);
        assert!(outcome.code == Some(0) && outcome.stdout.contains(note), "{what}: {outcome:?}");
    };
    let note = "\ndb-01: mon may not see the binary log: GRANT BINLOG MONITOR ON *.* TO mon@%\n";
    noted("without the privilege", note);
    let one = ["--hostname=db-01", "--expect-database=shop"];
    let line = "UNKNOWN - db-01: mon may not see the binary log: GRANT BINLOG MONITOR ON *.* TO mon@%";
    two.say("without the privilege", &one, 3, line);
    for server in [a, b] {
        server.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR ON *.* TO mon@'%'");
    }
    noted("with it", "\ndb-01: binlog_do_db my_application\n");
    databases_that_do_not_exist(&two);
    two.say("a new database", &one, 2, "CRITICAL - db-01: binlog_do_db leaves out the database shop");
    let one = ["--hostname=db-01", "--expect-database=my_application"];
    let line = "WARNING - db-01: binlog_do_db loses what sessions in other databases write to my_application";
    two.say("the database of the article", &one, 1, line);
    let accepted = [&one[..], &["--accept-filter=binlog_do_db"]].concat();
    two.say("its filter is accepted", &accepted, 0, "OK - db-01 from 192.0.2.2: runs, 0 s behind");
    let accepted = ["--hostname=db-01", "--expect-database=shop", "--accept-filter=binlog_do_db"];
    let line = "CRITICAL - db-01: binlog_do_db leaves out the database shop";
    two.say("all of a database is never accepted", &accepted, 2, line);
    b.sql("STOP SLAVE; SET GLOBAL replicate_do_db='shop'; START SLAVE");
    b.await_threads("", "Yes", "Yes");
    let line = "CRITICAL - db-02 from 192.0.2.1: Replicate_Do_DB leaves out the database my_application, 1 more fault";
    two.say("a filter of the replica", &["--hostname=db-02", "--expect-database=my_application"], 2, line);
    let line = "WARNING - db-01 and db-02 have different filters, Replicate_Do_DB: none and shop";
    two.say("filters that differ", &BOTH, 1, line);
    let domains = "SET GLOBAL replicate_do_db=''; CHANGE MASTER TO IGNORE_DOMAIN_IDS=(1)";
    b.sql(&format!("STOP SLAVE; {domains}; START SLAVE"));
    b.await_threads("", "Yes", "Yes");
    let line = "WARNING - db-02 from 192.0.2.1: Replicate_Ignore_Domain_Ids may leave out my_application, 1 more fault";
    two.say("a filter of domains", &["--hostname=db-02", "--expect-database=my_application"], 1, line);
    b.sql(
        "STOP SLAVE; SET GLOBAL replicate_do_db='shop'; CHANGE MASTER TO IGNORE_DOMAIN_IDS=(); START SLAVE",
    );
    b.await_threads("", "Yes", "Yes");
    let outcome = check(&two.host, a, &["--hostname=db-02", "-v"]);
    assert!(outcome.stdout.contains("\ndb-02 from 192.0.2.1: Replicate_Do_DB shop\n"), "{outcome:?}");
}

/// A name with a mistake in it is left out by no filter of the replica, and found by its absence.
fn databases_that_do_not_exist(two: &Two) {
    let [a, b] = &two.servers;
    for server in [a, b] {
        server.sql("SET GLOBAL binlog_format=ROW");
    }
    let one = ["--hostname=db-02", "--expect-database=my_application"];
    let outcome = check(&two.host, a, &one);
    let note = "\ndb-02: mon may not see whether the database my_application exists: GRANT SHOW DATABASES ON *.* TO 'mon'@'%'\n";
    let line = "WARNING - db-02: binlog_do_db loses CREATE, ALTER, DROP and TRUNCATE in my_application by sessions in other databases";
    assert_eq!(outcome.summary(), (1, format!("REPLICATION {line}").as_str()), "{outcome:?}");
    assert!(outcome.stdout.contains(note), "{outcome:?}");
    for server in [a, b] {
        server.sql("SET sql_log_bin=0; GRANT SHOW DATABASES ON *.* TO mon@'%'");
    }
    let outcome = check(&two.host, a, &one);
    assert!(outcome.code == Some(1) && !outcome.stdout.contains("SHOW DATABASES"), "{outcome:?}");
    let typo = ["--hostname=db-02", "--expect-database=my_aplication"];
    let line = "CRITICAL - db-02: binlog_do_db leaves out the database my_aplication, 1 more fault";
    two.say("a name with a mistake", &typo, 2, line);
    let outcome = check(&two.host, a, &typo);
    assert!(outcome.stdout.contains("\nWARNING: db-02: no database my_aplication\n"), "{outcome:?}");
    for server in [a, b] {
        server.sql("SET GLOBAL binlog_format=MIXED");
    }
}

/// Two servers with these options, on a host that knows them as db-01 and db-02.
fn two_with(options: &[&str]) -> Two {
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let servers = start_all([1, 2].map(|id: u32| {
        let setup = Setup::new(id).at(&host, &format!("192.0.2.{id}"));
        options.iter().fold(setup, |setup, option| setup.option(*option))
    }));
    Two { host, servers }
}

/// Filters of a replica: those of databases go by the default database of a session, those of tables regard
/// no case.
#[test]
fn what_filters_of_a_replica_lose() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let two = two_with(&["--binlog-format=MIXED", "--replicate-do-db=app"]);
    let [source, replica] = &two.servers;
    for server in [source, replica] {
        server.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR, SHOW DATABASES ON *.* TO mon@'%'");
    }
    replica.replicate("", source);
    source.sql("CREATE DATABASE other; CREATE DATABASE app; USE app; CREATE TABLE t (id INT)");
    source.sql("USE other; INSERT INTO app.t VALUES (1); USE app; INSERT INTO t VALUES (2)");
    replica.await_applied(source);
    assert_eq!(replica.value("SELECT GROUP_CONCAT(id) FROM app.t"), "2");
    let alone = ["--hostname=db-02", "--expect-database=app"];
    let both = [&BOTH[..], &["--expect-shape=tree", "--expect-database=app"]].concat();
    let loses = "Replicate_Do_DB loses what sessions in other databases write to app";
    let line = format!(
        "WARNING - db-02 from 192.0.2.1: {loses}, only CREATE, ALTER, DROP and TRUNCATE if the source has binlog_format ROW"
    );
    two.say("alone", &alone, 1, &line);
    two.say("together", &both, 1, &format!("WARNING - db-02 from db-01: {loses}"));
    source.sql("SET GLOBAL binlog_format=ROW");
    source.sql("USE other; INSERT INTO app.t VALUES (3); TRUNCATE app.t; CREATE TABLE app.lost (id INT)");
    replica.await_applied(source);
    assert_eq!(replica.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM app.t"), "2,3");
    let statements = "loses CREATE, ALTER, DROP and TRUNCATE in app by sessions in other databases";
    two.say("by rows", &both, 1, &format!("WARNING - db-02 from db-01: Replicate_Do_DB {statements}"));
    filters_of_tables(&two, &both);
}

fn filters_of_tables(two: &Two, both: &[&str]) {
    let [source, replica] = &two.servers;
    let healthy = "OK - db-02 from db-01: runs, 0 s behind";
    let ignores = "CRITICAL - db-02 from db-01: Replicate_Wild_Ignore_Table leaves out the database app";
    let part = "WARNING - db-02 from db-01: Replicate_Ignore_Table leaves out tables of app";
    let rows = [
        ("wild_do_table='APP.%'", "1", 0, healthy),
        ("wild_do_table='', GLOBAL replicate_wild_ignore_table='AP%.%'", "0", 2, ignores),
        ("wild_ignore_table='', GLOBAL replicate_ignore_table='APP.U'", "0", 1, part),
    ];
    source.sql("DROP TABLE app.lost");
    for (filter, expected, code, line) in rows {
        replica.sql(&format!("STOP SLAVE; SET GLOBAL replicate_do_db='', GLOBAL replicate_{filter}"));
        replica.sql("START SLAVE");
        replica.await_threads("", "Yes", "Yes");
        source.sql("CREATE OR REPLACE TABLE app.u (id INT)");
        replica.await_applied(source);
        let tables =
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='app' AND table_name='u'";
        assert_eq!(replica.value(tables), expected, "{filter}");
        two.say(filter, both, code, line);
        replica.sql("SET sql_log_bin=0; DROP TABLE IF EXISTS app.u");
    }
}

/// How names are compared: filters with wildcards regard no accents, and filters of databases are compared as
/// they were written, also where the server keeps names in lower case.
#[test]
fn filters_and_names_that_are_nearly_the_same() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let two = two_with(&["--lower-case-table-names=1"]);
    let [source, replica] = &two.servers;
    for server in [source, replica] {
        server.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR, SHOW DATABASES ON *.* TO mon@'%'");
    }
    replica.replicate("", source);
    source.sql("SET NAMES utf8mb4; CREATE DATABASE shop; CREATE DATABASE `café`");
    replica.await_applied(source);
    let healthy = "OK - db-02 from 192.0.2.1: runs, 0 s behind".to_owned();
    let says = |what: &str| format!("db-02 from 192.0.2.1: {what}");
    let crossing = "loses what sessions in other databases write to shop, only CREATE, ALTER, DROP and TRUNCATE if the source has binlog_format ROW";
    // The filter; the database, whether its table arrives, and what is said. MariaDB 11.8 regards accents,
    // and 10.11 does not.
    let rows = [
        (
            "do_db='SHOP'",
            "shop",
            Some(false),
            2,
            format!("CRITICAL - {}", says("Replicate_Do_DB leaves out the database shop")),
        ),
        (
            "do_db='shop'",
            "shop",
            Some(true),
            1,
            format!("WARNING - {}", says(&format!("Replicate_Do_DB {crossing}"))),
        ),
        (
            "do_db='', GLOBAL replicate_wild_ignore_table='cafe.%'",
            "café",
            None,
            1,
            format!("WARNING - {}", says("Replicate_Wild_Ignore_Table may leave out café")),
        ),
        ("wild_ignore_table='', GLOBAL replicate_wild_do_table='café.%'", "café", Some(true), 0, healthy),
    ];
    for (filter, database, arrives, code, line) in rows {
        replica.sql(&format!("SET NAMES utf8mb4; STOP SLAVE; SET GLOBAL replicate_{filter}; START SLAVE"));
        replica.await_threads("", "Yes", "Yes");
        source.sql(&format!("SET NAMES utf8mb4; USE `{database}`; CREATE OR REPLACE TABLE u (id INT)"));
        replica.await_applied(source);
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name='u'";
        let found = replica.value(tables) == "1";
        assert_eq!(found, arrives.unwrap_or(found), "{filter}");
        two.say(filter, &["--hostname=db-02", &format!("--expect-database={database}")], code, &line);
        // The same name in capitals is the same database.
        let capitals = format!("--expect-database={}", database.to_uppercase());
        assert_eq!(check(&two.host, source, &["--hostname=db-02", &capitals]).code, Some(code), "{filter}");
        replica.sql(&format!("SET NAMES utf8mb4; SET sql_log_bin=0; DROP TABLE IF EXISTS `{database}`.u"));
    }
}

#[test]
fn commits_that_wait_and_errors_that_are_skipped() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let two = Two::start(&["--slave-skip-errors=1062"]);
    let [a, b] = &two.servers;
    a.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    b.await_applied(a);
    let semi = ["--hostname=db-01", "--semi-sync"];
    two.say("not enabled", &semi, 1, "WARNING - db-01: semi-sync is not enabled");
    b.sql("SET GLOBAL rpl_semi_sync_slave_enabled=1");
    let line = "WARNING - db-02: semi-sync is enabled as replica and off: enable it on the source, then restart the IO thread";
    two.say("the IO thread began before", &["--hostname=db-02", "--semi-sync"], 1, line);
    a.sql("SET GLOBAL rpl_semi_sync_master_timeout=3600000; SET GLOBAL rpl_semi_sync_master_enabled=1");
    b.sql("STOP SLAVE; START SLAVE");
    a.await_value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='Rpl_semi_sync_master_clients'", "1");
    two.say("both use it", &semi, 0, "OK - db-01 from 192.0.2.2: runs, 0 s behind");
    b.sql("STOP SLAVE IO_THREAD");
    a.await_value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='Rpl_semi_sync_master_clients'", "0");
    two.say("no replica", &semi, 1, "WARNING - db-01: 0 of 1 semi-sync replica connected");
    let mut writer = a.client();
    let mut writer = writer.arg("--execute=INSERT INTO shop.t VALUES (2)").spawn().unwrap();
    let line = "REPLICATION CRITICAL - db-01: 1 commit waits for an acknowledgement, 0 of 1 semi-sync replica connected";
    eventually("a commit waits", LIMIT, || check(&two.host, a, &semi).summary() == (2, line));
    // A replica that takes it all and does not acknowledge it.
    b.sql("SET GLOBAL rpl_semi_sync_slave_enabled=0; START SLAVE");
    b.await_threads("", "Yes", "Yes");
    two.say("of both", &BOTH, 1, "WARNING - a commit on db-01 waits for a semi-sync acknowledgement");
    a.sql("SET GLOBAL rpl_semi_sync_master_enabled=0");
    assert!(writer.wait().unwrap().success());
    for server in [a, b] {
        server.sql("SET GLOBAL rpl_semi_sync_slave_enabled=0; STOP SLAVE; START SLAVE");
        server.await_threads("", "Yes", "Yes");
    }
    let healthy = "OK - 2 servers: 2 channels run, at most 0 s behind";
    two.say("errors may be skipped", &BOTH, 0, healthy);
    b.sql("SET sql_log_bin=0; INSERT INTO shop.t VALUES (9)");
    a.sql("INSERT INTO shop.t VALUES (9)");
    b.await_applied(a);
    let line = "WARNING - db-02: 1 error of its SQL thread skipped since its start, slave_skip_errors is 1062: its data differ";
    two.say("one was skipped", &BOTH, 1, line);
}

/// A replica that is connected while its source is reset, by GTID and by positions.
#[test]
fn a_reset_is_not_called_a_purge() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let [source, replica] =
        start_all([1, 2].map(|id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"))));
    replica.replicate("", &source);
    source.sql("CREATE DATABASE shop; FLUSH LOGS; FLUSH LOGS; CREATE TABLE shop.t (id INT)");
    replica.await_applied(&source);
    let two = Two { host, servers: [source, replica] };
    let [source, replica] = &two.servers;
    let tree = [&BOTH[..], &["--expect-shape=tree"]].concat();
    source.sql("RESET MASTER");
    eventually("the replica asks for the next file", LIMIT, || {
        source.sql("INSERT INTO shop.t VALUES (1)");
        replica.state("", "Last_IO_Errno") == "1236"
    });
    let line = "CRITICAL - db-02 from 192.0.2.1: IO thread stopped, error 1236 binary log purged on the source, or the source was reset";
    two.say("alone", &["--hostname=db-02"], 2, line);
    for server in [source, replica] {
        server.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR ON *.* TO mon@'%'");
    }
    let line = "CRITICAL - db-02 from db-01: IO thread stopped, error 1236 the source was reset: it writes bin.000001, the replica wants bin.000003, 1 more fault";
    two.say("together", &tree, 2, line);
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID=no, MASTER_LOG_FILE='bin.000003', MASTER_LOG_POS=4; START SLAVE");
    replica.await_state("", "Last_IO_Errno", "1236");
    let line = "CRITICAL - db-02 from db-01: IO thread stopped, error 1236 the source was reset: it writes bin.000001, the replica wants bin.000003";
    two.say("together, by positions", &tree, 2, line);
    replica.sql("STOP SLAVE");
    eventually("the file is purged", LIMIT, || {
        let logs = source.sql("FLUSH LOGS; FLUSH LOGS; FLUSH LOGS; FLUSH LOGS; PURGE BINARY LOGS TO 'bin.000004'; SHOW BINARY LOGS");
        logs.contains("bin.000004") && !logs.contains("bin.000003")
    });
    replica.sql("CHANGE MASTER TO MASTER_LOG_FILE='bin.000003', MASTER_LOG_POS=4; START SLAVE");
    replica.await_state("", "Last_IO_Errno", "1236");
    let line = "CRITICAL - db-02 from db-01: IO thread stopped, error 1236 binary log purged on the source";
    two.say("purged", &tree, 2, line);
}

#[test]
fn a_role_that_is_not_active_is_named() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n");
    let server = Setup::new(1).at(&host, "192.0.2.1").start();
    server.sql(&format!(
        "CREATE ROLE idle, monitor; GRANT SLAVE MONITOR ON *.* TO monitor; CREATE USER watch IDENTIFIED BY '{PASSWORD}'; \
         GRANT idle TO watch; GRANT monitor TO watch"
    ));
    let one = ["--hostname=db-01", "--user=watch", "--expect=none"];
    let line = "REPLICATION UNKNOWN - db-01: the role monitor of watch is not active: SET DEFAULT ROLE monitor FOR watch@%";
    assert_eq!(check(&host, &server, &one).summary(), (3, line));
    server.sql("SET DEFAULT ROLE monitor FOR watch");
    assert_eq!(check(&host, &server, &one).code, Some(0));
}
