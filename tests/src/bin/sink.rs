//! Takes what a writer of performance data sends: `sink PORT FILE` listens on 127.0.0.1, appends everything
//! to the file, and answers a question of HTTP as InfluxDB does.
#![expect(clippy::unwrap_used, reason = "a test's program: whatever goes wrong must end it")]

use std::env;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, file] = arguments.as_slice() else { return };
    let listener = TcpListener::bind(("127.0.0.1", port.parse().unwrap())).unwrap();
    let file = File::options().create(true).append(true).open(file).unwrap();
    for stream in listener.incoming().flatten() {
        let file = file.try_clone().unwrap();
        thread::spawn(move || take(stream, file));
    }
}

/// Keeps what one connection sends, and answers when a question of HTTP has come whole.
fn take(mut stream: TcpStream, mut file: File) {
    let (mut buffer, mut question) = ([0; 65_536], Vec::new());
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let piece = buffer.get(..length).unwrap_or_default();
        file.write_all(piece).unwrap();
        question.extend_from_slice(piece);
        let text = String::from_utf8_lossy(&question);
        if text.starts_with("POST ") && is_whole(&text) {
            let _ = stream
                .write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return;
        }
    }
}

/// Whether the body is as long as its header says.
fn is_whole(question: &str) -> bool {
    let Some((head, body)) = question.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .is_none_or(|length| body.len() >= length)
}
