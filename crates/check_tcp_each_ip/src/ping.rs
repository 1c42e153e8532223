//! ICMP echo to addresses that take no connection: is the address there at all?

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use net::{EchoError, EchoEvent, EchoResult, Source};

/// The time between two requests to the same address.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many requests go out before replies are read.
const BURST: usize = 16;
/// How long replies are waited for before it is looked whether they are still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// What pinging found.
#[derive(Debug, Default)]
pub(crate) struct Echoes {
    /// The addresses that were asked.
    pub(crate) asked: BTreeSet<IpAddr>,
    /// Those that answered.
    pub(crate) answered: BTreeSet<IpAddr>,
    /// Why some could not be asked.
    pub(crate) refused: Option<io::Error>,
}

impl Echoes {
    /// Takes up what another round found.
    pub(crate) fn add(&mut self, other: Echoes) {
        self.asked.extend(other.asked);
        self.answered.extend(other.answered);
        self.refused = self.refused.take().or(other.refused);
    }
}

/// Asks each address once a second until `until`, until all have answered, or until `stop`.
pub(crate) fn ping(addresses: &[SocketAddr], source: &Source, until: Instant, stop: &AtomicBool) -> Echoes {
    let echo = net::Echo::open(addresses.to_vec(), source);
    let refused = [false, true].map(|v6| echo.refused(v6));
    let can =
        |address: &&SocketAddr| refused.get(usize::from(address.is_ipv6())).is_some_and(Option::is_none);
    let asked = addresses.iter().filter(can).map(SocketAddr::ip).collect();
    let mut round =
        Round { echo, addresses, events: Vec::new(), echoes: Echoes { asked, ..Echoes::default() } };
    let [v4, v6] = refused;
    round.echoes.refused = v4.or(v6);
    let mut next = Instant::now();
    let over = |now: Instant| now >= until || stop.load(Ordering::Relaxed);
    while !over(Instant::now()) && round.echoes.answered.len() < round.echoes.asked.len() {
        if Instant::now() >= next {
            next += INTERVAL;
            round.ask(|| over(Instant::now()));
        }
        round.hear(next.min(until).min(Instant::now() + LOOK));
    }
    round.echoes
}

/// The addresses and what came of them.
struct Round<'a> {
    echo: net::Echo,
    addresses: &'a [SocketAddr],
    events: Vec<EchoEvent>,
    echoes: Echoes,
}

impl Round<'_> {
    /// Sends a request to each that has not answered, and reads replies now and then.
    fn ask(&mut self, over: impl Fn() -> bool) {
        for (target, address) in (0..).zip(self.addresses) {
            if !self.echoes.answered.contains(&address.ip()) {
                // A queue of this machine that is full is so for a moment. An address that cannot even be
                // asked stays silent.
                if let Err(EchoError::Full(_)) = self.echo.send(target) {
                    self.hear(Instant::now() + LOOK);
                    let _ = self.echo.send(target);
                }
            }
            if usize::try_from(target).is_ok_and(|target| target % BURST == BURST - 1) {
                self.hear(Instant::now());
                if over() {
                    return;
                }
            }
        }
    }

    /// Waits for replies, and reads them.
    fn hear(&mut self, until: Instant) {
        let _ = self.echo.wait(until, &mut self.events);
        for EchoEvent { target, result, .. } in self.events.drain(..) {
            let address = usize::try_from(target).ok().and_then(|target| self.addresses.get(target));
            // With another payload it is no reply, but the address is there.
            if matches!(result, EchoResult::Reply(_) | EchoResult::OtherPayload) {
                self.echoes.answered.extend(address.map(SocketAddr::ip));
            }
        }
    }
}
