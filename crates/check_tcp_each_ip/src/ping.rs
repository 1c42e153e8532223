//! ICMP echo to addresses that take no connection: is the address there at all?

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use net::{Echo, EchoError, EchoEvent, EchoResult, Source};

use crate::memory::{self, STACK};

/// The time between two requests to the same address.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many requests go out before replies are read.
const BURST: usize = 16;
/// How long replies are waited for before new addresses are looked for.
const LOOK: Duration = Duration::from_millis(20);
/// How long a reply is waited for at least, unless a connection has less time.
const ENOUGH: Duration = Duration::from_millis(500);
/// How long requests wait in all while a queue of this machine is full: it stays so while neighbours do not
/// answer, for whom the kernel keeps requests.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most addresses that are pinged.
const MOST: usize = 65_536;

/// What pinging found.
#[derive(Debug, Default)]
pub(crate) struct Echoes {
    /// The addresses that were asked, and had the time to answer.
    pub(crate) asked: BTreeSet<IpAddr>,
    /// Those that answered.
    pub(crate) answered: BTreeSet<IpAddr>,
    /// Why some could not be asked.
    pub(crate) refused: Option<io::Error>,
}

/// Pings addresses beside other work, on a thread that the first of them starts.
#[derive(Debug)]
pub(crate) struct Pinger {
    source: Source,
    until: Instant,
    enough: Duration,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    addresses: Sender<SocketAddr>,
    /// `None` if the system gives no thread: then nothing is asked.
    thread: Option<JoinHandle<Echoes>>,
}

impl Pinger {
    /// Pings from `source` until `until` at most; a connection has the time `timeout`.
    pub(crate) fn new(source: Source, until: Instant, timeout: Duration) -> Self {
        Self { source, until, enough: ENOUGH.min(timeout), running: Mutex::new(None) }
    }

    /// Asks an address once a second from now on, until it answers.
    pub(crate) fn ping(&self, address: SocketAddr) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.get_or_insert_with(|| self.start());
        let _ = running.addresses.send(address);
    }

    fn start(&self) -> Running {
        let (addresses, receiver) = channel();
        let (source, until, enough) = (self.source.clone(), self.until, self.enough);
        let run = move || Round::new(&source, until, enough).run(&receiver);
        let builder = thread::Builder::new().stack_size(STACK);
        Running { addresses, thread: if memory::is_scarce() { None } else { builder.spawn(run).ok() } }
    }

    /// Waits until the last addresses had the time to answer, and returns what was found.
    pub(crate) fn finish(self) -> Echoes {
        let running = self.running.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(Running { addresses, thread }) = running else { return Echoes::default() };
        drop(addresses);
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

/// The addresses and what came of them.
struct Round {
    echo: Echo,
    until: Instant,
    enough: Duration,
    known: HashSet<SocketAddr>,
    /// By their numbers, with the time of the first request: `None` if there was no room for one yet.
    addresses: Vec<(IpAddr, Option<Instant>)>,
    /// How long requests may still wait for room.
    patience: Duration,
    events: Vec<EchoEvent>,
    answered: BTreeSet<IpAddr>,
}

impl Round {
    fn new(source: &Source, until: Instant, enough: Duration) -> Self {
        Self {
            echo: Echo::open(Vec::new(), source),
            until,
            enough,
            known: HashSet::new(),
            addresses: Vec::new(),
            patience: PATIENCE,
            events: Vec::new(),
            answered: BTreeSet::new(),
        }
    }

    /// Asks what is received, until the sender is gone and the last address had the time to answer.
    fn run(mut self, receiver: &Receiver<SocketAddr>) -> Echoes {
        let mut end = self.until;
        let mut again = Instant::now() + INTERVAL;
        loop {
            if !self.ask_new(receiver) {
                let latest = self.addresses.iter().rev().find_map(|(_, asked)| *asked);
                end = end.min(latest.map_or(end, |asked| asked + self.enough));
                if self.answered.len() == self.addresses.len() {
                    break;
                }
            }
            let now = Instant::now();
            if now >= end {
                break;
            }
            if now >= again {
                again += INTERVAL;
                self.ask_again();
            }
            self.hear(again.min(end).min(now + LOOK));
        }
        self.echoes()
    }

    /// Asks the addresses that have come. Returns whether more may come.
    fn ask_new(&mut self, receiver: &Receiver<SocketAddr>) -> bool {
        loop {
            match receiver.try_recv() {
                Ok(address) if self.known.len() < MOST && self.known.insert(address) => {
                    let number = self.echo.add(address);
                    self.addresses.push((address.ip(), None));
                    self.ask(number);
                }
                Ok(_) => {}
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
            if Instant::now() >= self.until {
                return true;
            }
        }
    }

    /// Sends another request to each that has not answered.
    fn ask_again(&mut self) {
        for number in 0..self.addresses.len() {
            let silent = self.addresses.get(number).is_some_and(|(ip, _)| !self.answered.contains(ip));
            if let (true, Ok(number)) = (silent, u32::try_from(number)) {
                self.ask(number);
            }
            if Instant::now() >= self.until {
                return;
            }
        }
    }

    /// Sends a request, and reads replies now and then.
    fn ask(&mut self, number: u32) {
        let mut sent = self.echo.send(number);
        if matches!(sent, Err(EchoError::Full(_))) && !self.patience.is_zero() {
            let now = Instant::now();
            self.hear(now + LOOK.min(self.patience));
            self.patience = self.patience.saturating_sub(now.elapsed());
            sent = self.echo.send(number);
        }
        // An address that this machine cannot reach at all stays silent.
        if !matches!(sent, Err(EchoError::Full(_)))
            && let Some((_, asked)) =
                usize::try_from(number).ok().and_then(|place| self.addresses.get_mut(place))
        {
            asked.get_or_insert_with(Instant::now);
        }
        if usize::try_from(number).is_ok_and(|number| number % BURST == BURST - 1) {
            self.hear(Instant::now());
        }
    }

    /// Waits for replies, and reads them.
    fn hear(&mut self, until: Instant) {
        let _ = self.echo.wait(until, &mut self.events);
        for EchoEvent { target, result, .. } in self.events.drain(..) {
            let address = usize::try_from(target).ok().and_then(|target| self.addresses.get(target));
            // With another payload it is no reply, but the address is there.
            if matches!(result, EchoResult::Reply(_) | EchoResult::OtherPayload) {
                self.answered.extend(address.map(|(ip, _)| *ip));
            }
        }
    }

    fn echoes(self) -> Echoes {
        let [v4, v6] = [false, true].map(|v6| self.echo.refused(v6));
        let can = |ip: &IpAddr| if ip.is_ipv6() { v6.is_none() } else { v4.is_none() };
        let now = Instant::now();
        let is_over = |asked: &Option<Instant>| asked.is_some_and(|asked| asked + self.enough <= now);
        let asked = self.addresses.iter().filter(|(ip, asked)| can(ip) && is_over(asked));
        let mut asked: BTreeSet<IpAddr> = asked.map(|(ip, _)| *ip).collect();
        asked.extend(&self.answered);
        Echoes { asked, answered: self.answered, refused: v4.or(v6) }
    }
}
