//! A table of neighbours that is full, for what a program says when no further one fits.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::bench::enter;
use crate::host::Host;

/// Does something while a host asks for more than `limit` neighbours in 198.18.0.0/16, on a new link `v0`
/// where none of them answers. The host also has 203.0.113.1/25 there.
pub fn crowded<T>(host: &Host, limit: u32, act: impl FnOnce() -> T) -> T {
    host.ip_batch(
        "link add v0 type veth peer name v1\naddr add 198.18.0.1/16 dev v0\naddr add 203.0.113.1/25 dev v0\n\
         link set v0 up\nlink set v1 up\n",
    );
    // They stay in the table while they are asked for.
    host.sysctl("net/ipv4/neigh/v0/mcast_solicit", "60");
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
