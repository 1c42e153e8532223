//! A table of neighbours that is full, for what a program says when no further one fits.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::bench::enter;
use crate::host::Host;

/// Does something while a host asks for more than `limit` neighbours. It has 198.18.0.1/16, on a link where none
/// of them answers.
pub fn crowded<T>(host: &Host, limit: u32, act: impl FnOnce() -> T) -> T {
    let (asking, until) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            enter(host);
            ask(limit, &until);
        });
        // The thread ends when this end of the channel goes, also if `act` panics.
        let _asking = asking;
        act()
    })
}

/// Asks for more neighbours than fit, until the other end of the channel goes.
fn ask(limit: u32, until: &Receiver<()>) {
    while until.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
        for numbers in (256..256 + limit + limit / 2).collect::<Vec<_>>().chunks(100) {
            // What waits for a neighbour fills the socket's buffer.
            let Ok(socket) = UdpSocket::bind("198.18.0.1:0") else { return };
            let _ = socket.set_nonblocking(true);
            for [_, _, high, low] in numbers.iter().map(|number| number.to_be_bytes()) {
                let _ = socket.send_to(b"x", (Ipv4Addr::new(198, 18, high, low), 9));
            }
        }
    }
}
