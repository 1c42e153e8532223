//! Databases that a replica renames: its filters go by the new name, as each server has it.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Server, Setup, start_all};
use suite::mysql::{self, program};
use suite::needs::missing;

use super::{await_line, check};

const EXPECTED: [&str; 2] = ["--hostname=db-02", "--expect-database=app"];

/// A filter; the tables u that are there after it was made in app, and what is said.
struct Row {
    filter: &'static str,
    value: &'static str,
    arrives: bool,
    says: &'static str,
}

const CROSSING: &str = "loses what sessions in other databases write to app (here shop), only CREATE, ALTER, \
                        DROP and TRUNCATE if the source has binlog_format ROW";
const LEAVES_OUT: &str = "leaves out the database app (here shop)";

const ROWS: [Row; 8] = [
    Row { filter: "do_db", value: "app", arrives: false, says: LEAVES_OUT },
    Row { filter: "do_db", value: "shop", arrives: true, says: CROSSING },
    Row { filter: "ignore_db", value: "app", arrives: true, says: CROSSING },
    Row { filter: "ignore_db", value: "shop", arrives: false, says: LEAVES_OUT },
    Row { filter: "wild_do_table", value: "app.%", arrives: false, says: LEAVES_OUT },
    Row { filter: "wild_do_table", value: "shop.%", arrives: true, says: CROSSING },
    Row { filter: "wild_ignore_table", value: "app.%", arrives: true, says: CROSSING },
    Row { filter: "wild_ignore_table", value: "shop.%", arrives: false, says: LEAVES_OUT },
];

impl Row {
    /// The state and the line that the plugin says.
    fn line(&self) -> (i32, String) {
        let name = match self.filter {
            "do_db" => "Replicate_Do_DB",
            "ignore_db" => "Replicate_Ignore_DB",
            "wild_do_table" => "Replicate_Wild_Do_Table",
            _ => "Replicate_Wild_Ignore_Table",
        };
        match self.says {
            LEAVES_OUT => (2, format!("CRITICAL - db-02 from 192.0.2.1: {name} {LEAVES_OUT}")),
            crossing => (1, format!("WARNING - db-02 from 192.0.2.1: {name} {crossing}")),
        }
    }
}

/// The table of the next row, and whether it is on the replica. With a filter of tables also one that is made
/// by its whole name, which keeps the old name: it is lost, and would stop the replica without the filter.
fn made(number: usize, row: &Row) -> (String, String) {
    let lost = if row.filter.contains("table") && row.arrives {
        "CREATE TABLE app.lost (id INT); DROP TABLE app.lost; "
    } else {
        ""
    };
    let make = format!("{lost}USE app; CREATE TABLE u{number} (id INT)");
    let count = format!(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='shop' AND table_name='u{number}'"
    );
    (make, count)
}

/// Whether a server has the variable, and the column of a channel: MariaDB 10.5 has neither.
fn tells_renames(replica: &Server) -> bool {
    let tells = !replica.value("SHOW GLOBAL VARIABLES LIKE 'replicate_rewrite_db'").is_empty();
    if !tells {
        eprintln!("passed over: this release of MariaDB tells no replicate_rewrite_db");
    }
    tells
}

fn host() -> Host {
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n192.0.2.3 db-03\n");
    host
}

#[test]
fn filters_of_mariadb_go_by_the_new_name() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = host();
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"));
    let servers = start_all([setup(1), setup(2).option("--replicate-rewrite-db=app->shop")]);
    let [source, replica] = &servers;
    if !tells_renames(replica) {
        return;
    }
    source.sql("SET sql_log_bin=0; CREATE DATABASE app");
    replica.sql(
        "SET sql_log_bin=0; CREATE DATABASE shop; GRANT BINLOG MONITOR, SHOW DATABASES ON *.* TO mon@'%'",
    );
    replica.replicate("", source);
    for (number, row) in ROWS.iter().enumerate() {
        let (filter, value) = (row.filter, row.value);
        replica.sql(&format!("STOP SLAVE; SET GLOBAL replicate_{filter}='{value}'; START SLAVE"));
        replica.await_threads("", "Yes", "Yes");
        let (make, count) = made(number, row);
        source.sql(&make);
        replica.await_applied(source);
        assert_eq!(replica.value(&count) == "1", row.arrives, "{filter} {value}");
        let outcome = check(&host, replica, &EXPECTED);
        let (code, line) = row.line();
        let line = format!("REPLICATION {line}");
        assert_eq!(outcome.summary(), (code, line.as_str()), "{filter} {value}: {outcome:?}");
        replica.sql(&format!("STOP SLAVE; SET GLOBAL replicate_{filter}=''; START SLAVE"));
    }
}

#[test]
fn filters_of_mysql_go_by_the_new_name() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let Some(program) = program() else { return };
    let host = host();
    let source = mysql::Server::start(program.clone(), &host, "192.0.2.1", 1);
    let replica = mysql::Server::start(program, &host, "192.0.2.2", 2);
    source.sql("SET sql_log_bin=0; CREATE DATABASE app");
    replica.sql("SET sql_log_bin=0; CREATE DATABASE shop; GRANT SHOW DATABASES ON *.* TO mon");
    replica.replicate("", &source);
    let change = |filter: &str, value: &str| {
        let filter = format!("REPLICATE_{filter} = ({value}), REPLICATE_REWRITE_DB = ((app, shop))");
        replica.sql(&format!("STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER {filter}; START REPLICA"));
        replica.await_threads("", "Yes", "Yes");
    };
    for (number, row) in ROWS.iter().enumerate() {
        let (filter, value) = (row.filter, row.value);
        let quoted = if filter.contains("table") { format!("'{value}'") } else { value.to_owned() };
        change(filter, &quoted);
        let (make, count) = made(number, row);
        source.sql(&make);
        replica.await_applied(&source);
        assert_eq!(replica.sql(&count).lines().nth(1) == Some("1"), row.arrives, "{filter} {value}");
        let (code, line) = row.line();
        let arguments = [&EXPECTED[..], &["--tls=require-unverified"]].concat();
        await_line(&host, replica.folder(), filter, &arguments, code, &line);
        change(filter, "");
    }
}

/// One channel renames the database, another one brings it as it is: whether its source has it is known only
/// if that is asked too.
#[test]
fn a_source_that_is_not_asked_may_have_the_old_name() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = host();
    let setup = |id: u32| {
        let setup = Setup::new(id).at(&host, &format!("192.0.2.{id}"));
        setup.option(format!("--gtid-domain-id={id}"))
    };
    let filters = ["--a.replicate-rewrite-db=shop->app", "--binlog-ignore-db=shop"];
    let servers = start_all([setup(1), filters.into_iter().fold(setup(2), Setup::option), setup(3)]);
    let [source, replica, other] = &servers;
    if !tells_renames(replica) {
        return;
    }
    for server in [source, other] {
        server.sql("CREATE DATABASE shop; CREATE TABLE shop.t (v INT)");
    }
    other.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR ON *.* TO mon@'%'");
    replica.sql("SET sql_log_bin=0; CREATE DATABASE app; CREATE TABLE app.t (v INT)");
    replica.sql("GRANT BINLOG MONITOR, SHOW DATABASES ON *.* TO mon@'%'");
    replica.sql(&format!("SET GLOBAL gtid_slave_pos='{}'", source.value("SELECT @@gtid_binlog_pos")));
    replica.replicate("a", source);
    replica.replicate("z", other);
    for server in [source, other] {
        server.sql("INSERT INTO shop.t VALUES (1)");
        replica.await_applied(server);
    }
    let rows = "SELECT (SELECT COUNT(*) FROM app.t) * 10 + (SELECT COUNT(*) FROM shop.t)";
    assert_eq!(replica.value(rows), "11");
    let accepts = ["--expect-database=shop", "--accept-filter=binlog_ignore_db", "--expect-shape=tree"];
    let say = |hosts: &[&str], code: i32, line: &str| {
        let outcome = check(&host, replica, &[hosts, &accepts].concat());
        let line = format!("REPLICATION {line}");
        assert_eq!(outcome.summary(), (code, line.as_str()), "{hosts:?}: {outcome:?}");
        outcome.stdout
    };
    let one = ["--hostname=db-02"];
    let whole = "CRITICAL - db-02: binlog_ignore_db leaves out the database shop";
    say(&one, 2, whole);
    // The account may not see what the source has.
    say(&["--hostname=db-02", "--hostname=db-03"], 2, whole);
    replica.sql("SET sql_log_bin=0; REVOKE SHOW DATABASES ON *.* FROM mon@'%'");
    say(&one, 1, "WARNING - db-02: binlog_ignore_db may leave out the database shop");
    replica.sql("SET sql_log_bin=0; GRANT SHOW DATABASES ON *.* TO mon@'%'; DROP DATABASE shop");
    let said = say(&one, 0, "OK - db-02: 2 channels run, at most 0 s behind");
    assert!(said.contains("\ndb-02: no database shop, missing only if"), "{said}");
    other.sql("SET sql_log_bin=0; GRANT SHOW DATABASES ON *.* TO mon@'%'");
    say(&["--hostname=db-02", "--hostname=db-03"], 2, &format!("{whole}, and db-02: no database shop"));
}
