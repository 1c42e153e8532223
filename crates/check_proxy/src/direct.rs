//! The page without a proxy: asked where the proxies took the password and none of them brought it, so that
//! the page's own fault is told from theirs.

pub(crate) mod same;

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use net::{ResolveError, alternate_families, resolve};
use plugin::{Deadline, State};

use crate::fault::{Fault, Tunnel};
use crate::monitor::explained;
use crate::observation::no_thread;
use crate::request_options::{Answer, LEAST, RequestOptions};
use crate::side::side_by_side;
use crate::url::Url;

/// The time for the page's name, besides that for the request.
const NAME: Duration = Duration::from_millis(700);
/// How long a look at the faults of this machine may take.
const LOOK: Duration = Duration::from_millis(60);
/// The most addresses of the page that are tried, of both families in turn.
pub(crate) const SERVERS: usize = 8;

/// What asking for a page without a proxy came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Direct {
    /// It was not asked.
    #[default]
    Unasked,
    /// It came.
    Serves,
    /// It did not: why.
    Fails(Fault),
    /// It could not be tried from here: why.
    NoWay(String),
}

/// What asking for a page without a proxy came to, and how long that took: `None` if it was not asked.
pub(crate) type Timed = (Direct, Option<Duration>);

/// What the first requests of the customer say of one page while others still run.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    /// How many proxies took the login and brought nothing.
    failed: AtomicUsize,
    /// Whether one brought the page.
    came: AtomicBool,
}

impl Suspicion {
    /// Takes an answer of a proxy to the customer. `has_failed` is whether that proxy was counted before.
    pub(crate) fn note(&self, answer: &Answer, has_failed: &Cell<bool>) {
        match &answer.fault {
            Some(fault) if fault.has_page() => self.came.store(true, Ordering::Relaxed),
            None => self.came.store(true, Ordering::Relaxed),
            Some(fault) if fault.is_past_login() || *fault == Fault::Silent => {
                if !has_failed.replace(true) {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                }
            }
            Some(_) => {}
        }
    }

    /// Whether as many proxies failed, and none brought the page.
    pub(crate) fn is_raised(&self, least: usize) -> bool {
        !self.came.load(Ordering::Relaxed) && self.failed.load(Ordering::Relaxed) >= least
    }
}

/// How many of `total` proxies must have taken the password and brought nothing, so that the page is asked
/// for.
pub(crate) fn least(total: usize) -> usize {
    total.clamp(1, 2)
}

/// The moment at which the page is asked for while some proxies still have their second try.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    options: &'a RequestOptions,
    pages: Vec<(&'a Url, &'a Suspicion)>,
    /// How many proxies are known: those of a name once it is resolved.
    proxies: AtomicUsize,
    at: Instant,
    has_ended: Mutex<bool>,
    ended: Condvar,
}

impl<'a> Watch<'a> {
    /// Watches a run of so many proxies that begins now. A silent page takes a proxy all the time of two
    /// requests: what is left then is too little for one more.
    pub(crate) fn new(
        options: &'a RequestOptions,
        pages: Vec<(&'a Url, &'a Suspicion)>,
        proxies: usize,
    ) -> Self {
        let needed = options.limit.min(LEAST) + NAME;
        let first_try = Instant::now() + options.limit + Duration::from_millis(100);
        let at = options.until.checked_sub(needed).map_or(first_try, |at| at.max(first_try));
        let proxies = AtomicUsize::new(proxies);
        Self { options, pages, proxies, at, has_ended: Mutex::new(false), ended: Condvar::new() }
    }

    /// Takes so many more proxies, those of a name.
    pub(crate) fn add(&self, proxies: usize) {
        self.proxies.fetch_add(proxies, Ordering::Relaxed);
    }

    /// Waits until the last moment for it, and asks for the suspected pages. Returns for each what it came
    /// to.
    pub(crate) fn ask(&self) -> Vec<Timed> {
        let has_ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        let time = self.at.saturating_duration_since(Instant::now());
        let waited = self.ended.wait_timeout_while(has_ended, time, |ended| !*ended);
        let (has_ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_over = *has_ended;
        drop(has_ended);
        // A name that is not resolved by now may stand for none.
        let least = least(self.proxies.load(Ordering::Relaxed));
        let ask = |(url, suspicion): &(&Url, &Suspicion)| {
            let is_due = !is_over && suspicion.is_raised(least);
            if is_due { ask_directly(self.options, url) } else { Timed::default() }
        };
        let jobs = self.pages.iter().map(|page| || ask(page));
        side_by_side(jobs.collect()).into_iter().map(Option::unwrap_or_default).collect()
    }

    /// Ends the waiting: all proxies have answered.
    pub(crate) fn end(&self) {
        *self.has_ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }
}

/// Asks for a page without a proxy: it is served if one of its addresses brings it, as a client tries each.
pub(crate) fn ask_directly(options: &RequestOptions, url: &Url) -> Timed {
    let now = Instant::now();
    let left = options.until.saturating_duration_since(now);
    if left.is_zero() {
        return (Direct::NoWay("no time left".to_owned()), None);
    }
    let direct = match resolve(&url.host, url.port, &Deadline::new(now, left, State::Unknown)) {
        Ok(servers) => ask_servers(options, url, &servers),
        Err(ResolveError::TooSlow { .. } | ResolveError::GaveUp { .. }) => {
            Direct::NoWay("the resolver of this machine did not answer".to_owned())
        }
        Err(error) => Direct::NoWay(error.to_string()),
    };
    (direct, Some(now.elapsed()))
}

/// Asks the page's servers side by side, so that a silent one takes no time from the others. A failure of a
/// server counts before a server that could not be tried.
fn ask_servers(options: &RequestOptions, url: &Url, servers: &[SocketAddr]) -> Direct {
    let servers = alternate_families(servers).into_iter().take(SERVERS);
    let sources = &options.source.addresses;
    let ask = |server: SocketAddr| {
        let fault = options.ask_directly(server, url).fault;
        let deadline = Deadline::after(LOOK);
        let better = fault.as_ref().and_then(|fault| explained(server, sources, fault, &deadline));
        worth(better.or(fault))
    };
    let jobs = servers.map(|server| move || ask(server));
    let all = side_by_side(jobs.collect());
    let all = all.into_iter().map(|direct| direct.unwrap_or_else(|| Direct::NoWay(no_thread().brief())));
    let rank = |direct: &Direct| match direct {
        Direct::Serves => 0,
        Direct::Fails(_) => 1,
        Direct::NoWay(_) => 2,
        Direct::Unasked => 3,
    };
    all.min_by_key(rank).unwrap_or_default()
}

/// Returns what the result of one request means for the page.
fn worth(fault: Option<Fault>) -> Direct {
    match fault {
        None => Direct::Serves,
        Some(Fault::Late | Fault::Short { .. }) => Direct::NoWay("no time left".to_owned()),
        Some(
            fault @ (Fault::Local(_)
            | Fault::Prohibited
            | Fault::Unreachable { is_here: true, .. }
            | Fault::Tunnel(Tunnel::Unverifiable(_))),
        ) => Direct::NoWay(fault.brief()),
        Some(fault) => Direct::Fails(fault),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server of the page, which answers one request.
    fn serving() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut room = [0; 1024];
            let length = stream.read(&mut room).unwrap();
            let request = String::from_utf8_lossy(&room[..length]).into_owned();
            let nonce = request.split([' ', '/']).nth(2).unwrap().to_owned();
            let page = format!("pong {nonce}");
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len()).unwrap();
        });
        address
    }

    #[test]
    fn one_address_that_serves_is_enough() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = (silent.local_addr().unwrap(), silent);
        let no_way = "[2001:db8::1]:1".parse().unwrap();
        let ask = |servers: &[SocketAddr]| {
            let mut options = RequestOptions::sample(Duration::from_millis(500), Duration::from_secs(30));
            // This source address is not bound, so that no IPv6 address can be tried.
            options.source.addresses = vec!["127.0.0.1".parse().unwrap(), "2001:db8::2".parse().unwrap()];
            ask_servers(&options, &"http://192.0.2.80/NONCE".parse().unwrap(), servers)
        };
        let refused = Direct::Fails(Fault::Refused);
        assert_eq!(ask(&[serving()]), Direct::Serves);
        assert_eq!(ask(&[closed, serving()]), Direct::Serves);
        assert_eq!(ask(&[silent.0, serving()]), Direct::Serves);
        assert_eq!(ask(&[no_way, serving()]), Direct::Serves);
        assert_eq!(ask(&[closed]), refused);
        assert_eq!(ask(&[closed, no_way]), refused);
        assert_eq!(ask(&[no_way, closed]), refused);
        assert!(matches!(ask(&[no_way]), Direct::NoWay(_)));
    }
}
