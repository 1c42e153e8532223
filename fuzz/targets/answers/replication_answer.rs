//! What a MySQL server says from its greeting to its goodbye: whatever comes, nothing panics, nothing is
//! waited for that does not come, and what is believed is bounded. The seeds are whole conversations of real
//! servers.

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use check_replication::over;

pub(crate) fn run(octets: &[u8]) {
    let (mut server, client) = UnixStream::pair().unwrap();
    // A socket's buffer takes all of it at once.
    server.write_all(octets).unwrap();
    server.shutdown(Shutdown::Write).unwrap();
    let start = Instant::now();
    match over(client, Duration::from_millis(400)) {
        Ok(answer) => assert!(answer.server.channels.len() <= octets.len()),
        Err(refusal) => assert!(!refusal.failure.kind.to_string().is_empty()),
    }
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
}
