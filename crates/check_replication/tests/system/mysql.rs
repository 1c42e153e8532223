//! Real MySQL, on loopback: logging in, threads that stop, a source that is frozen.

use std::env;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use suite::daemon::Daemon;
use suite::host::{public_folder, succeed};
use suite::mysql::program;
use suite::needs::{Need, missing};
use suite::plugins;
use suite::ports;
use suite::process::{Outcome, run};
use suite::wait::{eventually, holds_within};
use tempfile::TempDir;

use super::LIMIT;

const SECRET: &str = "a-word-for-mysql";

/// A running server.
struct MySql {
    daemon: Daemon,
    folder: TempDir,
    port: u16,
}

impl MySql {
    fn start(program: &Path, id: u32) -> Self {
        let folder = public_folder();
        let port = ports::reserved("127.0.0.1").port();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut arguments =
            vec!["--no-defaults".to_owned(), "--user=root".to_owned(), format!("--datadir={}", at("data"))];
        if let Ok(share) = env::var("MYSQLD_SHARE") {
            arguments.extend([
                format!("--lc-messages-dir={share}"),
                format!("--character-sets-dir={share}/charsets"),
            ]);
        }
        succeed(Command::new(program).args(&arguments).arg("--initialize-insecure"));
        arguments.extend([
            format!("--socket={}", at("socket")),
            format!("--pid-file={}", at("pid")),
            format!("--port={port}"),
            format!("--server-id={id}"),
        ]);
        arguments.extend(
            [
                "--bind-address=127.0.0.1",
                "--mysqlx=OFF",
                "--secure-file-priv=",
                "--gtid-mode=ON",
                "--enforce-gtid-consistency=ON",
            ]
            .map(str::to_owned),
        );
        let socket = folder.path().join("socket");
        let mut command = Command::new(program);
        let daemon = Daemon::start(command.args(&arguments), &folder.path().join("log"), |_| {
            UnixStream::connect(&socket).is_ok()
        });
        Self { daemon, folder, port }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sql(&self, statements: &str) -> String {
        let mut client = Command::new("mariadb");
        client
            .args(["--no-defaults", "--user=root", "--batch", "--raw"])
            .arg("--socket")
            .arg(self.at("socket"));
        succeed(client.args(["--execute", statements])).stdout
    }

    /// Past its binary log.
    fn locally(&self, statements: &str) {
        self.sql(&format!("SET sql_log_bin=0; {statements}"));
    }

    /// Waits until a column of the default channel has this value.
    fn await_state(&self, column: &str, value: &str) {
        eventually(&format!("{column}={value}"), LIMIT, || {
            let table = self.sql("SHOW REPLICA STATUS");
            let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let (Some(names), Some(row)) = (lines.next(), lines.next()) else { return false };
            names.iter().zip(row).any(|(name, found)| *name == column && found == value)
        });
    }

    fn replicate(&self, source: &Self) {
        self.sql(&format!(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={}, SOURCE_USER='repl', SOURCE_PASSWORD='{SECRET}', \
             SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_HEARTBEAT_PERIOD=1, SOURCE_CONNECT_RETRY=1; START REPLICA",
            source.port
        ));
        self.await_state("Replica_IO_Running", "Yes");
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.daemon.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn ask(&self, user: &str, options: &[&str]) -> Outcome {
        // The server's own authority, unless something else is tried.
        let authority = format!("ssl-ca={}\n", self.at("data/ca.pem").display());
        self.ask_with(user, &authority, options)
    }

    fn ask_with(&self, user: &str, lines: &str, options: &[&str]) -> Outcome {
        let file = self.at("client.cnf");
        fs::write(&file, format!("[client]\nuser={user}\npassword={SECRET}\n{lines}")).unwrap();
        let mut command = plugins::command("check_replication");
        command
            .arg(format!("--hostname=127.0.0.1:{}", self.port))
            .arg(format!("--defaults-file={}", file.display()));
        let outcome = run(command.args(options));
        assert!(outcome.stderr.is_empty() && !outcome.stdout.contains(SECRET), "{user}: {outcome:?}");
        outcome
    }

    /// Asserts what the plugin says; what is healthy may need a moment to get there.
    fn says(&self, source: &Self, user: &str, options: &[&str], expected: (i32, &str)) {
        let told = || {
            let outcome = self.ask(user, options);
            let line = outcome.first_line().split(" | ").next().unwrap_or_default();
            let line = line.replace(&self.port.to_string(), "R").replace(&source.port.to_string(), "S");
            (outcome.code.unwrap_or(-1), line)
        };
        if expected == HEALTHY && holds_within(LIMIT, || told().1 == expected.1) {
            return;
        }
        let (code, line) = told();
        assert_eq!((code, line.as_str()), expected, "{user} {options:?}");
    }
}

impl Drop for MySql {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

const HEALTHY: (i32, &str) = (0, "REPLICATION OK - 127.0.0.1:R from 127.0.0.1:S: runs, 0 s behind");

#[test]
fn real_mysql_replicates_breaks_and_heals() {
    if missing(&[Need::Root, Need::Program("mariadb")]) {
        return;
    }
    let Some(program) = program() else { return };
    let (source, replica) = (MySql::start(&program, 1), MySql::start(&program, 2));
    let account = |user: &str, right: &str, more: &str| {
        format!(
            "CREATE USER {user}@'127.0.0.1' IDENTIFIED BY '{SECRET}' {more}; GRANT {right} ON *.* TO {user}@'127.0.0.1';"
        )
    };
    source.locally(&account("repl", "REPLICATION SLAVE", ""));
    replica.locally(
        &[
            account("mon", "REPLICATION CLIENT", ""),
            account("seer", "REPLICATION CLIENT", "")
                + "GRANT SELECT ON performance_schema.* TO seer@'127.0.0.1';",
            account("poor", "PROCESS", ""),
            account("expired", "REPLICATION CLIENT", "PASSWORD EXPIRE"),
            account("locked", "REPLICATION CLIENT", "ACCOUNT LOCK"),
            account("x509", "REPLICATION CLIENT", "REQUIRE X509"),
            account("blocked", "REPLICATION CLIENT", "FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 2"),
        ]
        .concat(),
    );
    replica.replicate(&source);
    logins(&source, &replica);
    threads(&source, &replica);
    frozen(&source, &replica);
    replica.sql("STOP REPLICA; RESET REPLICA ALL");
    replica.says(
        &source,
        "mon",
        &[],
        (2, "REPLICATION CRITICAL - 127.0.0.1:R: not a replica: no channel is configured"),
    );
}

fn logins(source: &MySql, replica: &MySql) {
    // The first login of caching_sha2_password wants the whole password, and later ones do not.
    let key = format!("server-public-key-path={}\n", replica.at("data/public_key.pem").display());
    let verified = format!("ssl-ca={}\n", replica.at("data/ca.pem").display());
    let wants = "wants the full password and its certificate is not verified: give --tls-ca FILE (on a MySQL server: ca.pem of its datadir)";
    let wants = format!("REPLICATION UNKNOWN - 127.0.0.1:{} {wants}", replica.port);
    let first = |lines: &str, options: &[&str]| {
        replica.locally("FLUSH PRIVILEGES");
        replica.ask_with("mon", lines, options).first_line().split(" | ").next().unwrap().to_owned()
    };
    for options in [&[][..], &["--tls=off"], &["--tls=prefer"], &["--tls=require"]] {
        assert_eq!(first("", options), wants, "{options:?}");
    }
    assert_eq!(first(&key, &["--tls=require"]), wants, "in TLS the server wants it as it is");
    for (lines, options) in [
        ("", &["--tls=require-unverified"][..]),
        (&key, &[]),
        (&key, &["--tls=off"]),
        (&verified, &[]),
        ("", &[&format!("--tls-ca={}", replica.at("data/ca.pem").display())]),
    ] {
        assert!(first(lines, options).starts_with("REPLICATION OK - "), "{lines} {options:?}");
    }
    assert!(
        replica.ask_with("mon", "", &["--tls=off"]).first_line().starts_with("REPLICATION OK - "),
        "cached"
    );
    replica.locally("FLUSH PRIVILEGES");
    let authority = format!("--tls-ca={}", replica.at("data/ca.pem").display());
    let stranger = format!("--tls-ca={}", source.at("data/ca.pem").display());
    replica.says(source, "mon", &["--tls=verify-ca", &authority], HEALTHY);
    let unknown = |text: &'static str| (3, text);
    let wrong =
        "REPLICATION UNKNOWN - 127.0.0.1:R: the server certificate is not signed by a trusted authority";
    replica.says(source, "mon", &["--tls=verify-ca", &stranger], unknown(wrong));
    let wrong = "REPLICATION UNKNOWN - 127.0.0.1:R: the server certificate has no subjectAltName, needed is 127.0.0.1";
    replica.says(source, "mon", &["--tls=verify-identity", &authority], unknown(wrong));
    let poor = replica.ask("poor", &[]);
    assert_eq!(poor.stdout.lines().nth(1), Some("GRANT REPLICATION CLIENT ON *.* TO 'poor'@'127.0.0.1'"));
    let line = "REPLICATION UNKNOWN - 127.0.0.1:R: the password of expired has expired, error 1862";
    replica.says(source, "expired", &[], unknown(line));
    replica.says(
        source,
        "locked",
        &[],
        unknown("REPLICATION UNKNOWN - 127.0.0.1:R: the account locked is locked, error 3118"),
    );
    let line = "REPLICATION UNKNOWN - 127.0.0.1:R: access denied for x509: wrong user or password, or the account needs a client \
                certificate or another cipher, error 1045";
    replica.says(source, "x509", &[], unknown(line));
    refused_accounts(source, replica);
    replica.sql("SET GLOBAL require_secure_transport=ON");
    let line = "REPLICATION UNKNOWN - 127.0.0.1:R: the server takes only connections with TLS: --tls=require, error 3159";
    replica.says(source, "mon", &["--tls=off"], unknown(line));
    replica.sql("SET GLOBAL require_secure_transport=OFF; SET GLOBAL offline_mode=ON");
    let line = replica.ask("mon", &[]).first_line().replace("6400", "3032");
    let offline = "the server is in offline mode and lets no ordinary account in, error 3032";
    assert!(line.starts_with("REPLICATION CRITICAL - ") && line.contains(offline), "{line}");
    replica.sql("SET GLOBAL offline_mode=OFF");
}

/// An account that is blocked after a wrong password, and names that have none: for each of these MySQL makes
/// up a method.
fn refused_accounts(source: &MySql, replica: &MySql) {
    let authority = format!("ssl-ca={}\n", replica.at("data/ca.pem").display());
    replica.ask_with("blocked", &format!("{authority}password=wrong\n"), &[]);
    let line = "REPLICATION UNKNOWN - 127.0.0.1:R: the account blocked is blocked for 2 days (2 days remaining) due to 1 consecutive \
                failed logins, error 3955";
    replica.says(source, "blocked", &[], (3, line));
    let made_up = |number: u8| {
        let outcome = replica.ask(&format!("none{number}"), &[]);
        let line = outcome.first_line().split(" | ").next().unwrap_or_default();
        let (_, text) = line.split_once(&format!("{}: ", replica.port)).unwrap();
        text.to_owned()
    };
    let said: Vec<String> = (0..16).map(made_up).collect();
    let no_user = "no such user, or it logs in by sha256_password, which this plugin does not do";
    assert!(said.iter().any(|text| text == no_user), "{said:?}");
    let denied = |text: &&String| text.starts_with("access denied for none");
    assert!(said.iter().filter(|text| *text != no_user).all(|text| denied(&text)), "{said:?}");
}

fn threads(source: &MySql, replica: &MySql) {
    let from = "REPLICATION CRITICAL - 127.0.0.1:R from 127.0.0.1:S";
    let critical = |what: &str| format!("{from}: {what}");
    replica.sql("STOP REPLICA IO_THREAD");
    replica.says(source, "mon", &[], (2, &critical("IO thread stopped, no error")));
    replica.sql("START REPLICA; STOP REPLICA SQL_THREAD");
    replica.await_state("Replica_IO_Running", "Yes");
    replica.says(source, "mon", &[], (2, &critical("SQL thread stopped, no error")));
    replica.sql("START REPLICA");
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    eventually("the table", LIMIT, || replica.sql("SHOW DATABASES LIKE 'shop'").contains("shop"));
    replica
        .await_state("Replica_SQL_Running_State", "Replica has read all relay log; waiting for more updates");
    replica.locally("INSERT INTO shop.orders VALUES (1)");
    source.sql("INSERT INTO shop.orders VALUES (1)");
    replica.await_state("Last_SQL_Errno", "1062");
    replica.says(source, "mon", &[], (2, &critical("SQL thread stopped, error 1062 duplicate key")));
    let line = critical("SQL thread stopped, error 1062 duplicate key in shop.orders");
    replica.says(source, "seer", &[], (2, &line));
    replica.locally("DELETE FROM shop.orders");
    replica.sql("START REPLICA");
    replica.await_state("Last_SQL_Errno", "0");
    replica.says(source, "mon", &[], HEALTHY);
    replica.sql("STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='wrong'; START REPLICA");
    replica.await_state("Last_IO_Errno", "1045");
    replica.says(
        source,
        "mon",
        &[],
        (2, &critical("IO thread connecting, error 1045 credentials refused by the source")),
    );
    gave_up(source, replica);
    replica.sql("STOP REPLICA; SET GLOBAL server_id=1");
    replica.replicate_again();
    replica.await_state("Last_IO_Errno", "13117");
    replica.says(source, "mon", &[], (2, &critical("IO thread stopped, error 13117 equal server ids")));
    replica.sql("SET GLOBAL server_id=2; STOP REPLICA");
    replica.sql("START REPLICA");
    replica.await_state("Replica_IO_Running", "Yes");
    // One of two channels stopped: the worst first.
    replica.sql(&format!(
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={}, SOURCE_AUTO_POSITION=1 FOR CHANNEL 'second'",
        source.port
    ));
    replica.says(
        source,
        "mon",
        &[],
        (2, &format!("{from} (channel second): both threads stopped, no error")),
    );
    replica.sql("RESET REPLICA ALL FOR CHANNEL 'second'");
    replica.says(
        source,
        "mon",
        &["--expect-channels=2"],
        (2, "REPLICATION CRITICAL - 127.0.0.1:R: 1 of 2 expected channels configured"),
    );
}

/// A thread that has used up its tries stays stopped when the source is there again.
fn gave_up(source: &MySql, replica: &MySql) {
    let to = |port: u16, tries: u8| {
        let change = format!(
            "SOURCE_PORT={port}, SOURCE_RETRY_COUNT={tries}, SOURCE_CONNECT_RETRY=1, SOURCE_HEARTBEAT_PERIOD=1"
        );
        replica.sql(&format!("STOP REPLICA; CHANGE REPLICATION SOURCE TO {change}; START REPLICA"));
    };
    to(1, 1);
    replica.await_state("Last_IO_Errno", "2003");
    replica.await_state("Replica_IO_Running", "No");
    let line = "REPLICATION CRITICAL - 127.0.0.1:R from 127.0.0.1:1: IO thread stopped, error 2003 source unreachable, gave up after 1 try: \
                START REPLICA";
    replica.says(source, "mon", &[], (2, line));
    to(source.port, 10);
}

impl MySql {
    fn replicate_again(&self) {
        self.sql(&format!("CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='{SECRET}'; START REPLICA"));
    }
}

/// Who may read performance_schema is told of a frozen source within two of its heartbeats.
fn frozen(source: &MySql, replica: &MySql) {
    eventually("a heartbeat", LIMIT, || {
        let count =
            "SELECT COUNT_RECEIVED_HEARTBEATS > 1 FROM performance_schema.replication_connection_status";
        replica.sql(count).ends_with("1\n")
    });
    replica.says(source, "seer", &[], HEALTHY);
    let age = |user: &str| {
        let outcome = replica.ask(user, &["-v"]).stdout;
        let line = outcome
            .lines()
            .find_map(|line| line.split_once(": the last transaction that it applied was committed "));
        line.and_then(|(_, age)| age.strip_suffix(" s ago")?.parse::<f64>().ok())
    };
    source.sql("CREATE TABLE shop.later (id INT)");
    eventually("a transaction was applied", LIMIT, || age("seer").is_some_and(|age| age < 60.0));
    assert_eq!(age("mon"), None);
    source.signal(Signal::STOP);
    eventually("silence", LIMIT, || replica.ask("seer", &[]).code == Some(2));
    let line = replica.ask("seer", &[]).stdout;
    assert!(
        line.contains(": source silent for ")
            && line.contains(" each 1 s: frozen source, or the network is cut | lag=0s;"),
        "{line}"
    );
    // Who may not, knows nothing and says nothing.
    replica.says(source, "mon", &[], HEALTHY);
    source.signal(Signal::CONT);
    eventually("a heartbeat again", LIMIT, || replica.ask("seer", &[]).code == Some(0));
    // The server itself.
    replica.signal(Signal::STOP);
    let line = "REPLICATION CRITICAL - 127.0.0.1:R: connected, but no greeting within 2 s: frozen server";
    replica.says(source, "mon", &["--timeout=2"], (2, line));
    replica.signal(Signal::CONT);
}
