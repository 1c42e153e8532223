//! A MySQL server that shows an account only a part of its tables.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use suite::process::run;

const BINARY: &str = env!("CARGO_BIN_EXE_check_replication");
/// A greeting of MySQL 8.0.36 without TLS.
const GREETING: &[u8] = b"\x4a\0\0\0\x0a8.0.36\0\x07\0\0\0abcdefgh\0\x01\x82\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0caching_sha2_password\0";
const OK: &[u8] = b"\0\0\0\x02\0\0\0";
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
    let column = |name: &str| {
        [b"\x03def\0\0\0", text(name).as_slice(), b"\0\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"].concat()
    };
    let mut bodies = vec![vec![u8::try_from(answer.len()).unwrap()]];
    bodies.extend(answer.iter().map(|(name, _)| column(name)));
    bodies.push(EOF.to_vec());
    bodies.push(answer.iter().flat_map(|(_, value)| text(value)).collect());
    bodies.push(EOF.to_vec());
    (1..).zip(bodies).flat_map(|(number, body)| packet(number, &body)).collect()
}

/// All other statements are refused with an error that names no table.
fn answer(statement: &str) -> Vec<u8> {
    match statement {
        "SHOW REPLICA STATUS" => rows(REPLICA),
        _ if statement.starts_with("SELECT @@global.version") => rows(VARIABLES),
        _ if statement.contains("connection_status") && !statement.contains("by_worker") => rows(SILENT),
        _ => packet(1, b"\xff\x76\x04#42000command denied"),
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

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(GREETING)?;
    hear(&mut stream)?;
    stream.write_all(&packet(2, OK))?;
    loop {
        let asked = hear(&mut stream)?;
        stream.write_all(&answer(&String::from_utf8_lossy(asked.get(1..).unwrap_or_default())))?;
    }
}

#[test]
fn a_silent_source_is_seen_without_a_right_to_the_workers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(serve(stream))));
    let mut command = Command::new(BINARY);
    let outcome = run(command.args([format!("--hostname={address}").as_str(), "--user=mon", "--timeout=4"]));
    let silent = "source silent for 10.0 s, heartbeat due each 2 s: frozen source";
    assert!(outcome.code == Some(2) && outcome.first_line().contains(silent), "{outcome:?}");
}
