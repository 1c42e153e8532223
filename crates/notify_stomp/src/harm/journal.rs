//! The system's log: for what cannot be noted in the spool.

use std::os::unix::net::UnixDatagram;
use std::process;

/// Where syslog and journald listen: syslog(3).
const SOCKET: &str = "/dev/log";
/// Facility daemon, severity critical: RFC 5424, 6.2.1.
const PRIORITY: u8 = (3 << 3) + 2;
/// The most octets of a message: RFC 5424 lets receivers cut longer ones.
const LONGEST: usize = 2000;

/// Logs a message, where there is a log. It never waits: a log that is full takes nothing.
pub(crate) fn critical(text: &str) {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    let message = format!("<{PRIORITY}>notify_stomp[{}]: {text}", process::id());
    let sent = UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        socket.send_to(message.as_bytes(), SOCKET)
    });
    // Where there is no log either, the line of the run alone tells it.
    let _ = sent;
}
