//! A source that was reset and has written past what was kept before the next check: its numbers tell
//! nothing, and where its binary log is does.

use suite::host::{Host, write};
use suite::mariadb::{HOST_NEEDS, PASSWORD, Setup};
use suite::mysql::{self, program};
use suite::needs::missing;
use suite::plugins;
use suite::process::run;

use super::check;

const WRITE: &str = "INSERT INTO shop.t VALUES (NULL);";
const WELL: &str = "OK - db-01: not a replica, as expected";
const AGAIN: &str = "CRITICAL - db-01: binary log started again (bin.000002:POSITION, then bin.000001:POSITION): replicas \
                     may have skipped transactions";

/// The line without positions, which differ between releases.
fn line(text: &str) -> String {
    let mut parts = text.split(':').map(str::to_owned);
    let first = parts.next().unwrap_or_default();
    let number = |part: String| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < part.len() { format!(":POSITION{rest}") } else { format!(":{part}") }
    };
    first + &parts.map(number).collect::<String>()
}

#[test]
fn a_source_of_mariadb_whose_numbers_have_caught_up() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n");
    let source = Setup::new(1).at(&host, "192.0.2.1").start();
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)");
    let state = format!("--state={}", source.folder().join("positions").display());
    let alone = ["--hostname=db-01", "--expect=none", &state];
    let say = |what: &str, more: &[&str], code: i32, expected: &str| {
        let outcome = check(&host, &source, &[&alone, more].concat());
        let (found, summary) = outcome.summary();
        assert_eq!((found, line(summary)), (code, format!("REPLICATION {expected}")), "{what}: {outcome:?}");
    };
    say("before", &[], 0, WELL);
    // Without the right nothing more is seen than by the numbers.
    source.sql(&format!("RESET MASTER; {}", WRITE.repeat(4)));
    say("reset, and not allowed to see the log", &[], 0, WELL);
    source.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR ON *.* TO mon@'%'");
    say("allowed", &[], 0, WELL);
    source.sql(&format!("FLUSH LOGS; PURGE BINARY LOGS TO 'bin.000002'; {WRITE}"));
    say("purged", &[], 0, WELL);
    source.sql(&format!("RESET MASTER; {}", WRITE.repeat(9)));
    say("reset", &[], 2, AGAIN);
    source.sql("FLUSH LOGS; FLUSH LOGS; FLUSH LOGS");
    say("it went on", &[], 2, AGAIN);
    say("acknowledged", &["--acknowledge"], 0, WELL);
    say("after that", &[], 0, WELL);
}

#[test]
fn a_source_of_mysql_whose_numbers_have_caught_up() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let Some(program) = program() else { return };
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n");
    let source = mysql::Server::start_with(program, &host, "192.0.2.1", 1, vec!["--log-bin=bin".to_owned()]);
    let file = source.folder().join("client.cnf");
    write(&file, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let say = |what: &str, expected: &str| {
        let mut command = host.command(plugins::binary("check_replication"));
        let outcome = run(command
            .arg(format!("--defaults-file={}", file.display()))
            .arg(format!("--state={}", source.folder().join("positions").display()))
            .args(["--hostname=db-01", "--tls=require-unverified", "--expect=none"]));
        let (_, summary) = outcome.summary();
        assert_eq!(line(summary), format!("REPLICATION {expected}"), "{what}: {outcome:?}");
    };
    let create = "CREATE DATABASE shop; CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY);";
    source.sql(&format!("RESET BINARY LOGS AND GTIDS; {create} FLUSH BINARY LOGS; {WRITE}"));
    say("before", WELL);
    // As a dump restores it: with what it had.
    let had =
        "SET @had = @@global.gtid_executed; RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = @had;";
    source.sql(&format!("{had} {WRITE}"));
    say("rebuilt with what it had", WELL);
    source.sql(&format!("FLUSH BINARY LOGS; {WRITE}"));
    say("it went on", WELL);
    source.sql(&format!("RESET BINARY LOGS AND GTIDS; {}", WRITE.repeat(9)));
    say("reset", AGAIN);
}
