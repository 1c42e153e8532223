//! A server over UDP that answers as a test tells it to: for answers that no real daemon gives.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often a server looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Responder {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// Starts a server on a free port of 127.0.0.1 that sends what `answers` makes of each datagram.
    ///
    /// # Errors
    /// No socket can be had.
    pub fn start(answers: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), answers)
    }

    /// The same on an address of loopback that the test chooses.
    ///
    /// # Errors
    /// No socket can be had there.
    pub fn start_on(
        address: SocketAddr,
        mut answers: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
    ) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_read_timeout(Some(LOOK))?;
        let (address, ended) = (socket.local_addr()?, Arc::new(AtomicBool::new(false)));
        let stop = ended.clone();
        let thread = thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while !stop.load(Ordering::SeqCst) {
                let Ok((length, peer)) = socket.recv_from(&mut buffer) else { continue };
                for answer in answers(buffer.get(..length).unwrap_or_default()) {
                    // A peer that has gone away needs no answer.
                    let _ = socket.send_to(&answer, peer);
                }
            }
        });
        Ok(Self { address, ended, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port, as a command line takes it.
    pub fn port(&self) -> String {
        self.address.port().to_string()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
