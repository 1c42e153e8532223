//! MySQL servers that are tests: one that shows an account only a part of its tables, and nodes of Galera, as
//! of Percona XtraDB Cluster.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use suite::process::{Outcome, run};

const BINARY: &str = env!("CARGO_BIN_EXE_check_replication");
/// A greeting of MySQL 8.0.36 without TLS.
const GREETING: &[u8] = b"\x4a\0\0\0\x0a8.0.36\0\x07\0\0\0abcdefgh\0\x01\x82\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0caching_sha2_password\0";
const OK: &[u8] = b"\0\0\0\x02\0\0\0";
const PROVIDER: Answer = &[("wsrep_on", "ON"), ("wsrep_provider", "/usr/lib/galera4/libgalera_smm.so")];
const DENIED: &[u8] = b"\xff\x76\x04#42000command denied";
const EOF: &[u8] = b"\xfe\0\0\x02\0";

/// The columns of an answer and its one row.
type Answer = &'static [(&'static str, &'static str)];

const VARIABLES: Answer = &[("version", "8.0.36"), ("server_id", "2")];
const REPLICA: Answer = &[
    ("Replica_IO_State", "Waiting for source to send event"),
    ("Source_Host", "192.0.2.1"),
    ("Source_Port", "3306"),
    ("Source_Server_Id", "1"),
    ("Replica_IO_Running", "Yes"),
    ("Replica_SQL_Running", "Yes"),
    ("Seconds_Behind_Source", "0"),
    ("Last_IO_Errno", "0"),
    ("Last_SQL_Errno", "0"),
    ("Channel_Name", ""),
];
/// The source sent nothing for ten seconds.
const SILENT: Answer = &[
    ("CHANNEL_NAME", ""),
    ("SERVICE_STATE", "ON"),
    ("HEARTBEAT_INTERVAL", "2.000"),
    ("now_at", "1000.5"),
    ("heartbeat_at", "990.5"),
    ("queued_at", "0"),
    ("queueing_at", "0"),
];

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], body].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn rows(answer: Answer) -> Vec<u8> {
    let names: Vec<&str> = answer.iter().map(|(name, _)| *name).collect();
    table(&names, &[answer.iter().map(|(_, value)| *value).collect()])
}

/// Variables and their values, a row for each.
fn variables(answer: &[(&str, &str)]) -> Vec<u8> {
    let rows: Vec<Vec<&str>> = answer.iter().map(|(name, value)| vec![*name, *value]).collect();
    table(&["Variable_name", "Value"], &rows)
}

fn table(names: &[&str], rows: &[Vec<&str>]) -> Vec<u8> {
    let column = |name: &str| {
        [b"\x03def\0\0\0", text(name).as_slice(), b"\0\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"].concat()
    };
    let mut bodies = vec![vec![u8::try_from(names.len()).unwrap()]];
    bodies.extend(names.iter().map(|name| column(name)));
    bodies.push(EOF.to_vec());
    bodies.extend(rows.iter().map(|row| row.iter().flat_map(|value| text(value)).collect()));
    bodies.push(EOF.to_vec());
    (1..).zip(bodies).flat_map(|(number, body)| packet(number, &body)).collect()
}

/// All other statements are refused with an error that names no table.
fn with_few_rights(statement: &str) -> Vec<u8> {
    match statement {
        "SHOW REPLICA STATUS" => rows(REPLICA),
        _ if statement.starts_with("SELECT @@global.version") => rows(VARIABLES),
        _ if statement.contains("connection_status") && !statement.contains("by_worker") => rows(SILENT),
        _ => packet(1, DENIED),
    }
}

/// A node that refuses all queries, and replicates from a server outside.
fn node(statement: &str) -> Vec<u8> {
    match statement {
        "SHOW REPLICA STATUS" => rows(REPLICA),
        _ if statement.starts_with("SELECT @@global.version") => rows(VARIABLES),
        _ if statement.contains("'wsrep_provider'") => variables(PROVIDER),
        _ if statement.contains("SHOW GLOBAL STATUS") => variables(&[
            ("wsrep_provider_name", "Galera"),
            ("wsrep_cluster_status", "non-Primary"),
            ("wsrep_local_state_comment", "Initialized"),
            ("wsrep_cluster_size", "1"),
        ]),
        _ => packet(1, DENIED),
    }
}

/// Reads one packet.
fn hear(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn serve(mut stream: TcpStream, answer: &impl Fn(&str) -> Vec<u8>) -> io::Result<()> {
    stream.write_all(GREETING)?;
    hear(&mut stream)?;
    stream.write_all(&packet(2, OK))?;
    loop {
        let asked = hear(&mut stream)?;
        stream.write_all(&answer(&String::from_utf8_lossy(asked.get(1..).unwrap_or_default())))?;
    }
}

/// Starts a server that answers so, and returns the option that names it.
fn server(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(serve(stream, &answer))));
    format!("--hostname={address}")
}

fn check(servers: &[String]) -> Outcome {
    run(Command::new(BINARY).args(servers).args(["--user=mon", "--timeout=4"]))
}

#[test]
fn a_silent_source_is_seen_without_a_right_to_the_workers() {
    let outcome = check(&[server(with_few_rights)]);
    let silent = "source silent for 10.0 s, heartbeat due each 2 s: frozen source, or the network is cut";
    assert!(outcome.code == Some(2) && outcome.first_line().contains(silent), "{outcome:?}");
}

#[test]
fn a_node_of_galera_that_is_no_mariadb() {
    let outcome = check(&[server(node)]);
    let line = "Galera node is non-Primary (Initialized), sees 1 member: writes are refused";
    assert!(outcome.code == Some(2) && outcome.first_line().contains(line), "{outcome:?}");
}

/// It was started without its cluster, and replicates from a server outside.
#[test]
fn a_node_that_was_started_without_galera() {
    let out = |address: &'static str| {
        check(&[server(move |statement| match statement {
            _ if statement.contains("SHOW GLOBAL STATUS") => variables(&[("wsrep_provider_name", "")]),
            _ if statement.contains("'wsrep_provider'") => variables(&[
                ("wsrep_on", "OFF"),
                ("wsrep_provider", "/usr/lib/galera4/libgalera_smm.so"),
                ("wsrep_cluster_address", address),
            ]),
            _ => with_few_rights(statement),
        })])
    };
    let line = "not in the Galera cluster of its configuration, wsrep_on is OFF";
    let outcome = out("gcomm://192.0.2.1,192.0.2.2");
    assert!(outcome.stdout.contains(line), "{outcome:?}");
    let outcome = out("dummy://");
    assert!(!outcome.stdout.contains("wsrep_on"), "{outcome:?}");
}

/// A node without a channel, with these numbers of the view, one after the other. The last one stays.
fn seeing(id: &'static str, views: &'static [&'static str]) -> String {
    let looks = AtomicUsize::new(0);
    server(move |statement| match statement {
        "SHOW REPLICA STATUS" => table(&["Channel_Name"], &[]),
        _ if statement.starts_with("SELECT @@global.version") => {
            table(&["version", "server_id", "port"], &[vec!["8.0.36", id, id]])
        }
        _ if statement.contains("'wsrep_provider'") => variables(PROVIDER),
        _ if statement.contains("SHOW GLOBAL STATUS") => {
            let look = looks.fetch_add(1, Ordering::SeqCst);
            let view = views.get(look).or(views.last()).copied().unwrap_or_default();
            let pairs = [
                ("wsrep_provider_name", "Galera"),
                ("wsrep_ready", "ON"),
                ("wsrep_cluster_status", "Primary"),
                ("wsrep_local_state", "4"),
                ("wsrep_local_state_comment", "Synced"),
                ("wsrep_cluster_size", "2"),
                ("wsrep_cluster_conf_id", view),
            ];
            variables(&pairs)
        }
        _ => packet(1, DENIED),
    })
}

/// A member that leaves or comes is seen by the one that is asked later: a split stays.
#[test]
fn a_split_is_looked_at_twice() {
    let rows: [(&'static [&'static str], i32, &str); 3] =
        [(&["5"], 0, "OK - "), (&["4", "5"], 0, "OK - "), (&["4", "4"], 2, "CRITICAL - split: ")];
    for (views, code, begin) in rows {
        let outcome = check(&[seeing("1", &["5"]), seeing("2", views)]);
        let line = format!("REPLICATION {begin}");
        assert!(
            outcome.code == Some(code) && outcome.first_line().starts_with(&line),
            "{views:?}: {outcome:?}"
        );
    }
}

/// All other channels run. Each of them has its own lag among the performance data.
#[test]
fn the_broken_one_of_200_channels() {
    let answer = |statement: &str| match statement {
        "SHOW REPLICA STATUS" => {
            let names: Vec<String> = (1..=200).map(|number| format!("c{number}")).collect();
            let columns: Vec<&str> = REPLICA.iter().map(|(column, _)| *column).collect();
            let row = |name: &String| -> Vec<String> {
                let value = |(column, value): &(&str, &str)| match (*column, name.as_str()) {
                    ("Channel_Name", name) => name.to_owned(),
                    ("Seconds_Behind_Source", "c137") => "4000".to_owned(),
                    ("Replica_SQL_Running", "c81") => "No".to_owned(),
                    ("Last_SQL_Errno", "c81") => "1062".to_owned(),
                    _ => (*value).to_owned(),
                };
                REPLICA.iter().map(value).collect()
            };
            let rows: Vec<Vec<String>> = names.iter().map(row).collect();
            let rows: Vec<Vec<&str>> =
                rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            table(&columns, &rows)
        }
        _ => with_few_rights(statement),
    };
    let outcome = check(&[server(answer)]);
    let first = " from 192.0.2.1 (channel c81): SQL thread stopped, error 1062 duplicate key, 1 more fault \
                 | lag_c81=0s;60;300;0 lag_c137=4000s;60;300;0 lag_c1=0s;60;300;0 ";
    assert!(outcome.code == Some(2) && outcome.first_line().contains(first), "{outcome:?}");
    let second = " from 192.0.2.1 (channel c137): 4000 s behind, limit 300";
    assert!(outcome.stdout.lines().nth(3).is_some_and(|line| line.ends_with(second)), "{outcome:?}");
}
