//! The least that a program must do to know which of many addresses take a TCP connection: one thread, one
//! mio loop, each connected once and closed. What benchmarks measure a plugin against that connects to many:
//! `connect_loop FILE PORT`; it prints how many did.

use std::env;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// As many at once as such a plugin has.
const IN_FLIGHT: usize = 8_192;
/// How long nothing may happen: there are no black holes in what is measured by this.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(file), Some(port)) = (arguments.next(), arguments.next().and_then(|port| port.parse().ok()))
    else {
        return Err(Error::other("connect_loop FILE PORT"));
    };
    let text = fs::read_to_string(file)?;
    let addresses: std::result::Result<Vec<IpAddr>, _> = text.lines().map(str::parse).collect();
    let (open, failed) = connect(&addresses.map_err(Error::other)?, port)?;
    rustix::io::write(rustix::stdio::stdout(), format!("{open} open, {failed} failed\n").as_bytes())?;
    Ok(())
}

fn connect(addresses: &[IpAddr], port: u16) -> Result<(usize, usize)> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut waiting = addresses.iter().enumerate();
    let (mut started, mut open, mut failed) = (0, 0, 0);
    let mut flight: std::collections::HashMap<usize, TcpStream> = std::collections::HashMap::new();
    while open + failed < addresses.len() {
        while started - open - failed < IN_FLIGHT
            && let Some((number, address)) = waiting.next()
        {
            let mut stream = TcpStream::connect(SocketAddr::new(*address, port))?;
            poll.registry().register(&mut stream, Token(number), Interest::WRITABLE)?;
            flight.insert(number, stream);
            started += 1;
        }
        poll.poll(&mut events, Some(PATIENCE))?;
        if events.is_empty() {
            return Err(ErrorKind::TimedOut.into());
        }
        for event in &events {
            let Some(stream) = flight.remove(&event.token().0) else { continue };
            match stream.take_error()? {
                None => open += 1,
                Some(_) => failed += 1,
            }
        }
    }
    Ok((open, failed))
}
