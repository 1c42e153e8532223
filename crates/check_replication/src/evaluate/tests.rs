//! Every captured answer with the exact line that it leads to, and what no server of ours says.

use clap::Parser as _;

use super::*;
use crate::failure::{Failure, Kind, Step};
use crate::fixture;
use crate::heartbeat::{Heartbeats, Zone};
use crate::row::Row;
use crate::{Args, Observations};

mod expectations;
mod groups;
mod heartbeats;

/// What a server called db-02 says that answers as captured.
fn captured(name: &str) -> Answer {
    let (statement, version) = match name.split('-').next() {
        Some("mysql97") => ("SHOW REPLICA STATUS", "9.7.4-2"),
        Some("mariadb118") => ("SHOW ALL SLAVES STATUS", "11.8.9-MariaDB-4 from Debian-log"),
        _ => ("SHOW ALL SLAVES STATUS", "10.11.19-MariaDB-0+deb12u1-log"),
    };
    let address = Some("192.0.2.2:3306".parse().unwrap());
    let server = Server::read("db-02", address, version, &Row::default(), &fixture::rows(name, statement));
    Answer { server, silent: Vec::new(), heartbeats: None, hidden: None, hidden_log: None }
}

fn lines(answer: Answer, options: &[&str]) -> String {
    let args = Args::parse_from(["check_replication"].iter().chain(options));
    let seen = Observations {
        servers: vec![("db-02".to_owned(), Ok(answer))],
        remembered: None,
        user: "nagios".to_owned(),
        seconds: 8.0,
    };
    evaluate(&Policy::new(&args), &seen).render("REPLICATION", 0)
}

fn first_line(name: &str) -> String {
    lines(captured(name), &[]).lines().next().unwrap().to_owned()
}

#[test]
fn every_captured_answer_has_its_line() {
    let rows = [
        (
            "mariadb1011-bad-password",
            "CRITICAL - db-02 from 127.0.0.1:13306: IO thread connecting, error 1045 credentials refused by the source, or its account needs TLS | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-both-stop",
            "CRITICAL - db-02 from 127.0.0.1:13306: both threads stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-delay",
            "OK - db-02 from 127.0.0.1:13306: up to date with its delay of 60 s | lag=0s;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-dup-key",
            "CRITICAL - db-02 from 127.0.0.1:13306: SQL thread stopped, error 1062 duplicate key in lab.t | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-healthy",
            "OK - db-02 from 127.0.0.1:13306: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-io-stop",
            "CRITICAL - db-02 from 127.0.0.1:13306: IO thread stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-lag-lock-wait",
            "OK - db-02 from 127.0.0.1:13306: runs, 6 s behind | lag=6s;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-master-down",
            "CRITICAL - db-02 from 127.0.0.1:13306: IO thread connecting, error 2003 source unreachable | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-multisource-c",
            "OK - db-02: 2 channels run, at most 0 s behind | lag_a=0s;60;300;0 lag_b=0s;60;300;0 channels=2;;;0",
        ),
        (
            "mariadb1011-not-replica",
            "CRITICAL - db-02: not a replica: no channel is configured | channels=0;;;0",
        ),
        (
            "mariadb1011-purged",
            "CRITICAL - db-02 from 127.0.0.1:13306: IO thread stopped, error 1236 binary log purged on the source | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-diverged",
            "CRITICAL - db-02 from 127.0.0.1:23306: IO thread stopped, error 1236 diverged: the replica has transactions that the source has not | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-not-in-binlog",
            "CRITICAL - db-02 from 127.0.0.1:23306: IO thread stopped, error 1236 source does not have 1-1-3: it was reset, or the replica is ahead | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-repl-no-privilege",
            "CRITICAL - db-02 from 127.0.0.1:23306: IO thread connecting, error 1597 replication account lacks REPLICATION SLAVE | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-more-gtids",
            "CRITICAL - db-02 from 127.0.0.1:23406: IO thread stopped, error 13114 source does not have its position: it was reset, or the replica is ahead | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-reset-slave",
            "CRITICAL - db-02 from 127.0.0.1:13306: both threads stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-same-id",
            "CRITICAL - db-02 from 127.0.0.1:13306: IO thread stopped, error 1593 equal server ids | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-same-id-a",
            "CRITICAL - db-02 from 127.0.0.1:13307: IO thread stopped, error 1593 equal server ids | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb1011-sql-stop",
            "CRITICAL - db-02 from 127.0.0.1:13306: SQL thread stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-bad-password",
            "CRITICAL - db-02 from 127.0.0.1:13316: IO thread connecting, error 1045 credentials refused by the source | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-delay",
            "OK - db-02 from 127.0.0.1:13316: up to date with its delay of 60 s | lag=0s;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-dup-key",
            "CRITICAL - db-02 from 127.0.0.1:13316: SQL thread stopped, error 1062 duplicate key in lab.t | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-healthy",
            "OK - db-02 from 127.0.0.1:13316: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-io-stop",
            "CRITICAL - db-02 from 127.0.0.1:13316: IO thread stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-lag-lock-wait",
            "OK - db-02 from 127.0.0.1:13316: runs, 6 s behind | lag=6s;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-master-down",
            "CRITICAL - db-02 from 127.0.0.1:13316: IO thread connecting, error 2003 source unreachable | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-multisource-c",
            "OK - db-02: 2 channels run, at most 0 s behind | lag_a=0s;60;300;0 lag_b=0s;60;300;0 channels=2;;;0",
        ),
        (
            "mariadb118-not-replica",
            "CRITICAL - db-02: not a replica: no channel is configured | channels=0;;;0",
        ),
        (
            "mariadb118-same-id",
            "CRITICAL - db-02 from 127.0.0.1:13316: IO thread stopped, error 1593 equal server ids | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mariadb118-same-id-a",
            "CRITICAL - db-02 from 127.0.0.1:13317: IO thread stopped, error 1593 equal server ids | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-bad-password",
            "CRITICAL - db-02 from 127.0.0.1:13406: IO thread connecting, error 1045 credentials refused by the source | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-delay",
            "OK - db-02 from 127.0.0.1:13406: up to date with its delay of 60 s | lag=0s;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-dup-key",
            "CRITICAL - db-02 from 127.0.0.1:13406: SQL thread stopped, error 1062 duplicate key | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-healthy",
            "OK - db-02 from 127.0.0.1:13406: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-io-stop",
            "CRITICAL - db-02 from 127.0.0.1:13406: IO thread stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-lag-lock-wait",
            "OK - db-02 from 127.0.0.1:13406: runs, 6 s behind | lag=6s;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-master-down",
            "CRITICAL - db-02 from 127.0.0.1:13406: IO thread connecting, error 2003 source unreachable | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-no-public-key",
            "OK - db-02 from 127.0.0.1:13406: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0",
        ),
        ("mysql97-not-replica", "CRITICAL - db-02: not a replica: no channel is configured | channels=0;;;0"),
        (
            "mysql97-reset-replica",
            "CRITICAL - db-02 from 127.0.0.1:13406: both threads stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-same-id",
            "CRITICAL - db-02 from 127.0.0.1:13406: IO thread stopped, error 13117 equal server ids | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-sql-stop",
            "CRITICAL - db-02 from 127.0.0.1:13406: SQL thread stopped, no error | lag=U;60;300;0 channels=1;;;0",
        ),
        (
            "mysql97-two-channels",
            "CRITICAL - db-02 from 127.0.0.1:13406 (channel second): both threads stopped, no error | lag_second=U;60;300;0 lag=0s;60;300;0 channels=2;;;0",
        ),
    ];
    let mut wrong = String::new();
    for (name, line) in rows {
        let said = first_line(name);
        if said != format!("REPLICATION {line}") {
            wrong += &format!("(\"{name}\", \"{}\"),\n", said.trim_start_matches("REPLICATION "));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Heartbeats of the source, whose id is 1 unless what it wrote is empty, and of the replica itself, in UTC;
/// now is 12:00.
fn beating(name: &str, written: &str) -> Answer {
    let row = |id: &str, ts: &str| {
        let columns = [
            ("server_id", id),
            ("ts", ts),
            ("utc_now", "2026-11-22 12:00:00"),
            ("local_now", "2026-11-22 13:00:00"),
        ];
        Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
    };
    let own = row("2", "2026-11-22T12:00:00.000000");
    let rows = if written.is_empty() { vec![own] } else { vec![row("1", written), own] };
    let mut answer = Answer { heartbeats: Some(Ok(Heartbeats::read(&rows, Zone::Utc))), ..captured(name) };
    answer.server.server_id = 2;
    answer
}

/// Graphs take both names for one: each keeps its label, whichever channel runs.
#[test]
fn channels_of_like_names_have_labels_of_their_own() {
    for stopped in [0, 1] {
        let mut answer = captured("mariadb118-multisource-c");
        let names = answer.server.channels.iter_mut().zip(["a.b", "a_b"]);
        names.for_each(|(channel, name)| channel.name = name.to_owned());
        answer.server.channels[stopped].sql = SqlState::No;
        let line = lines(answer, &[]);
        let labels = ["lag_a_b=0s;60;300;0 lag_a_b_2=", "lag_a_b_2=0s;60;300;0 lag_a_b="];
        assert!(line.contains(&format!(" | {}", labels[stopped])), "{line}");
    }
}

#[test]
fn heartbeats_have_the_last_word_on_the_lag_and_none_on_the_threads() {
    let rows = [
        ("healthy", "2026-11-22T11:59:59.500000", "OK", "runs, 0.5 s behind by its heartbeat", "0.5s"),
        (
            "healthy",
            "2026-11-22 11:55:00",
            "WARNING",
            "heartbeat 300 s old: writer stopped or source frozen, limit 60, the server itself reports 0 s",
            "300s",
        ),
        (
            "healthy",
            "2026-11-22T11:54:59.990000",
            "CRITICAL",
            "heartbeat 300 s old: writer stopped or source frozen, limit 300, the server itself reports 0 s",
            "300.01s",
        ),
        ("lag-lock-wait", "2026-11-22T12:00:00.000000", "OK", "runs, 0 s behind by its heartbeat", "0s"),
        // By another clock a little, by another zone an hour.
        ("healthy", "2026-11-22T12:00:02.000000", "OK", "runs, 0 s behind by its heartbeat", "0s"),
        (
            "healthy",
            "2026-11-22T13:00:00.000000",
            "UNKNOWN",
            "runs, but its heartbeat is 3600 s in the future: wrong clock or zone, see --heartbeat-utc",
            "U",
        ),
        ("healthy", "", "UNKNOWN", "runs, but the table has no heartbeat of its source", "U"),
        ("healthy", "yesterday", "UNKNOWN", "runs, but ts of its heartbeat is not a time: yesterday", "U"),
        ("healthy", "2026-11-22T11:59:58Z", "OK", "runs, 2 s behind by its heartbeat", "2s"),
        ("healthy", "1795348798", "OK", "runs, 2 s behind by its heartbeat", "2s"),
        (
            "healthy",
            "2026-11-22T10:29:59.000000",
            "CRITICAL",
            "heartbeat 5401 s old: writer stopped, or a time zone, limit 300, the server itself reports 0 s",
            "5401s",
        ),
        (
            "healthy",
            "2026-11-22T06:15:00.000000",
            "CRITICAL",
            "heartbeat 20700 s old: writer stopped, or a time zone, limit 300, the server itself reports 0 s",
            "20700s",
        ),
        // Whole days are no zone, nor is what is further than any zone, nor nearly a quarter.
        (
            "healthy",
            "2026-11-20T12:00:00.000000",
            "CRITICAL",
            "heartbeat 172800 s old: writer stopped or source frozen, limit 300, the server itself reports 0 s",
            "172800s",
        ),
        (
            "healthy",
            "2026-11-21T21:45:00.000000",
            "CRITICAL",
            "heartbeat 51300 s old: writer stopped or source frozen, limit 300, the server itself reports 0 s",
            "51300s",
        ),
        (
            "healthy",
            "2026-11-22T11:29:56.000000",
            "CRITICAL",
            "heartbeat 1804 s old: writer stopped or source frozen, limit 300, the server itself reports 0 s",
            "1804s",
        ),
        ("sql-stop", "2026-11-22T11:00:00.000000", "CRITICAL", "SQL thread stopped, no error", "3600s"),
        // A server that knows of a lag does not contradict.
        (
            "lag-lock-wait",
            "2026-11-22T11:45:00.000000",
            "CRITICAL",
            "900 s behind by its heartbeat, limit 300",
            "900s",
        ),
        (
            "delay",
            "2026-11-22T11:52:00.000000",
            "CRITICAL",
            "420 s behind its delay of 60 s by its heartbeat, limit 300",
            "420s",
        ),
        (
            "delay",
            "2026-11-22T11:58:58.000000",
            "OK",
            "runs, 2 s behind its delay of 60 s by its heartbeat",
            "2s",
        ),
    ];
    for (name, written, state, what, lag) in rows {
        let said =
            lines(beating(&format!("mariadb1011-{name}"), written), &["--heartbeat-table=percona.heartbeat"]);
        let line = format!(
            "REPLICATION {state} - db-02 from 127.0.0.1:13306: {what} | lag={lag};60;300;0 channels=1;;;0"
        );
        assert_eq!(said.lines().next(), Some(line.as_str()), "{name} {written}");
    }
}

#[test]
fn a_table_that_cannot_be_read_hides_nothing() {
    let unread = |name: &str| {
        let failure = Failure::new(Step::Statement, Kind::Server(1146, "no such table".to_owned()));
        Answer { heartbeats: Some(Err(Box::new(failure.into()))), ..captured(name) }
    };
    let options = ["--heartbeat-table=percona.heartbeat"];
    let first = |name: &str| lines(unread(name), &options).lines().next().unwrap().to_owned();
    let line = "REPLICATION CRITICAL - db-02 from 127.0.0.1:13306: SQL thread stopped, no error, 1 more fault | lag=U;60;300;0 channels=1;;;0";
    assert_eq!(first("mariadb1011-sql-stop"), line);
    let line = "REPLICATION UNKNOWN - db-02: the table percona.heartbeat does not exist | lag=0s;60;300;0 channels=1;;;0";
    assert_eq!(first("mariadb1011-healthy"), line);
}

/// The healthy replica of MariaDB 10.11 with other values in these columns.
fn changed(columns: &[(&str, &str)]) -> Answer {
    let mut answer = captured("mariadb1011-healthy");
    let rows = fixture::rows("mariadb1011-healthy", "SHOW ALL SLAVES STATUS");
    let value = |value: &str| (value != "NULL").then(|| value.to_owned());
    let own = columns.iter().map(|(name, text)| ((*name).to_owned(), value(text)));
    let row = Row::new(own.chain(rows.into_iter().flat_map(|row| row.into_columns())));
    answer.server.channels = vec![Channel::read(&row)];
    answer
}
