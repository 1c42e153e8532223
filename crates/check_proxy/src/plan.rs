//! What is asked of one proxy, and in which order: strangers first, since their answer says which login the
//! proxy wants; then the customer and a login that nobody has, side by side; then the forbidden targets; then
//! again what failed.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use net::HostPort;

use crate::ask::{Answer, As, LEAST, Manner, Passage};
use crate::challenge::Challenge;
use crate::direct::Suspicion;
use crate::fault::{Fault, Status};
use crate::login::{Login, Scheme, choose};
use crate::secrets::Secrets;
use crate::side::side_by_side;
use crate::strangers::Strangers;
use crate::url::Url;
use crate::words::random;

/// How long the customer waits for the answer to a stranger, which says which login is wanted.
const PATIENCE: Duration = Duration::from_secs(1);
/// The pause before another try.
const PAUSE: Duration = Duration::from_millis(300);
/// What is asked of each proxy.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How.
    pub(crate) manner: Manner,
    /// The pages.
    pub(crate) urls: Vec<Url>,
    /// What strangers should get.
    pub(crate) strangers: Strangers,
    /// The customer's login: `None` if none is needed.
    pub(crate) login: Option<Login>,
    /// The targets that customers must not reach.
    pub(crate) forbidden: Vec<HostPort>,
    /// How often a failed request of the customer is made.
    pub(crate) tries: u8,
    /// For each page, whether it may be its own fault that it does not come.
    pub(crate) suspicions: Vec<Suspicion>,
}

/// What one proxy answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// For each page.
    pub(crate) pages: Vec<PageSeen>,
    /// For each forbidden target.
    pub(crate) forbidden: Vec<Passage>,
    /// What strangers should get: where they may have the page, their request brings the challenge for the login,
    /// and no more.
    pub(crate) strangers: Strangers,
}

/// What one proxy answered for one page: `None` for what was not asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageSeen {
    /// Whether it is https.
    pub(crate) secure: bool,
    /// Without a login.
    pub(crate) stranger: Option<Answer>,
    /// With a login that nobody has.
    pub(crate) random: Option<Answer>,
    /// As the customer.
    pub(crate) customer: Option<Answer>,
}

impl Seen {
    /// The same without the secrets, in whatever the proxy said.
    fn masked(mut self, secrets: &Secrets) -> Self {
        let answers = self.pages.iter_mut().flat_map(|page| {
            [&mut page.stranger, &mut page.random, &mut page.customer].into_iter().flatten()
        });
        for answer in answers {
            answer.fault = answer.fault.take().map(|fault| fault.masked(secrets));
        }
        for passage in &mut self.forbidden {
            if let Passage::Unasked(why) = passage {
                *why = secrets.mask(why);
            }
        }
        self
    }
}

/// Whose login is made.
#[derive(Clone, Copy, Debug)]
enum Who<'a> {
    Random(&'a Login),
    Customer(&'a Login),
}

impl<'a> Who<'a> {
    fn by(self, scheme: &'a Scheme) -> As<'a> {
        match self {
            Who::Random(login) => As::Random(login, scheme),
            Who::Customer(login) => As::Customer(login, scheme),
        }
    }
}

impl Plan {
    /// Asks one proxy all of it.
    pub(crate) fn ask(&self, proxy: SocketAddr) -> Seen {
        if self.manner.is_over() {
            return self.late();
        }
        let pages = self.urls.iter().zip(&self.suspicions);
        let jobs = pages.map(|(url, suspicion)| move || self.ask_page(proxy, url, suspicion));
        let asked = side_by_side(jobs.collect());
        let failed = |secure| PageSeen { secure, customer: Some(no_thread()), ..PageSeen::default() };
        let pages: Vec<PageSeen> = self
            .urls
            .iter()
            .zip(asked)
            .map(|(url, page)| page.unwrap_or_else(|| failed(url.secure)))
            .collect();
        let forbidden = self.ask_forbidden(proxy, &pages);
        Seen { pages, forbidden, strangers: self.strangers }.masked(&self.manner.secrets)
    }

    /// What is known of a proxy that is not asked, because all of the time is over: threads would only cost the
    /// time that is left for the report.
    fn late(&self) -> Seen {
        let late = || Some(Answer { fault: Some(Fault::Late), ..Answer::default() });
        let page = |url: &Url| PageSeen { secure: url.secure, customer: late(), ..PageSeen::default() };
        Seen { pages: self.urls.iter().map(page).collect(), forbidden: Vec::new(), strangers: self.strangers }
    }

    fn ask_page(&self, proxy: SocketAddr, url: &Url, suspicion: &Suspicion) -> PageSeen {
        let mut seen = PageSeen { secure: url.secure, ..PageSeen::default() };
        if self.login.is_none() && self.strangers == Strangers::Allow {
            seen.customer = Some(self.again(suspicion, || self.manner.ask(proxy, url, As::Stranger)));
            return seen;
        }
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            let stranger =
                thread::Builder::new().stack_size(crate::side::STACK).spawn_scoped(scope, move || {
                    let answer = self.manner.ask(proxy, url, As::Stranger);
                    // The customer may not have waited for it.
                    let _ = sender.send(answer.offers.clone());
                    answer
                });
            let offers = receiver.recv_timeout(PATIENCE).unwrap_or_default();
            let mut logins = side_by_side(vec![
                (&|| self.ask_as_customer(proxy, url, &offers, suspicion))
                    as &(dyn Fn() -> Option<Answer> + Sync),
                &|| self.ask_at_random(proxy, url, &offers),
            ])
            .into_iter();
            seen.customer = logins.next().flatten().unwrap_or_else(|| Some(no_thread()));
            seen.random = logins.next().flatten().unwrap_or_else(|| Some(no_thread()));
            let stranger = stranger.ok().and_then(|stranger| stranger.join().ok());
            seen.stranger = Some(stranger.unwrap_or_else(no_thread));
        });
        seen
    }

    /// The customer's request, with the login that is wanted.
    fn ask_as_customer(
        &self,
        proxy: SocketAddr,
        url: &Url,
        offers: &[Challenge],
        suspicion: &Suspicion,
    ) -> Option<Answer> {
        let login = self.login.as_ref()?;
        Some(self.again(suspicion, || self.ask_with(proxy, url, offers, Who::Customer(login))))
    }

    /// The request with a login that nobody has. Digest needs a nonce of its own: squid takes each for one
    /// user only.
    fn ask_at_random(&self, proxy: SocketAddr, url: &Url, offers: &[Challenge]) -> Option<Answer> {
        if self.strangers == Strangers::Allow {
            return None;
        }
        let login = Login { user: format!("nobody-{}", random()), password: random() };
        let own = match choose(offers) {
            Ok(Scheme::Digest(_)) => self.manner.ask(proxy, url, As::Stranger).offers,
            _ => offers.to_vec(),
        };
        Some(self.ask_with(proxy, url, &own, Who::Random(&login)))
    }

    /// A request with a login, once more if the proxy wants another scheme than it had said, or only a newer
    /// nonce.
    fn ask_with(&self, proxy: SocketAddr, url: &Url, offers: &[Challenge], who: Who<'_>) -> Answer {
        let refused = |fault| Answer { fault: Some(fault), ..Answer::default() };
        let scheme = match choose(offers) {
            Ok(scheme) => scheme,
            Err(fault) => return refused(fault),
        };
        let answer = self.manner.ask(proxy, url, who.by(&scheme));
        let is_407 = matches!(&answer.fault, Some(Fault::Status(Status { code: 407, from_page: false, .. })));
        if !is_407 || answer.offers.is_empty() {
            return answer;
        }
        match choose(&answer.offers) {
            Err(fault) if offers.is_empty() => refused(fault),
            Ok(newer @ Scheme::Digest(_))
                if matches!(scheme, Scheme::Basic) || answer.offers.iter().any(Challenge::is_stale) =>
            {
                self.manner.ask(proxy, url, who.by(&newer))
            }
            _ => answer,
        }
    }

    /// Makes a request again while it fails, a little later, if enough time is left. What fails because that
    /// is over tells less than what failed before.
    fn again(&self, suspicion: &Suspicion, ask: impl Fn() -> Answer) -> Answer {
        let mut answer = ask();
        suspicion.note(&answer);
        for _ in 1..self.tries {
            let is_final = matches!(answer.fault, None | Some(Fault::Unspoken(_) | Fault::ColonInUser));
            if is_final || Instant::now() + PAUSE + self.manner.limit.min(LEAST) > self.manner.until {
                break;
            }
            thread::sleep(PAUSE);
            let later = ask();
            let is_cut = later.fault.as_ref().is_some_and(Fault::is_timeout) && self.manner.is_over();
            if is_cut {
                break;
            }
            if later.fault.is_none() {
                suspicion.note(&later);
            }
            answer = later;
        }
        answer
    }

    /// Asks for the forbidden targets as the customer does, side by side.
    fn ask_forbidden(&self, proxy: SocketAddr, pages: &[PageSeen]) -> Vec<Passage> {
        if self.strangers == Strangers::Only {
            return Vec::new();
        }
        let offers: Vec<Challenge> = pages
            .iter()
            .filter_map(|page| page.stranger.as_ref())
            .flat_map(|answer| answer.offers.clone())
            .collect();
        let jobs = self.forbidden.iter().map(|target| {
            let offers = &offers;
            move || self.ask_for(proxy, target, offers)
        });
        side_by_side(jobs.collect())
            .into_iter()
            .map(|passage| passage.unwrap_or_else(no_thread_for))
            .collect()
    }

    /// Digest begins with a nonce of its own here too, because the order in which these requests arrive is
    /// not known.
    fn ask_for(&self, proxy: SocketAddr, target: &HostPort, offers: &[Challenge]) -> Passage {
        let ask = |who: As<'_>| self.manner.try_forbidden(proxy, target, who);
        let Some(login) = &self.login else { return ask(As::Stranger).0 };
        let scheme = match choose(offers) {
            Ok(Scheme::Digest(_)) => {
                let (passage, own) = ask(As::Stranger);
                match choose(&own) {
                    Ok(scheme @ Scheme::Digest(_)) => scheme,
                    _ => return passage,
                }
            }
            Ok(scheme) => scheme,
            Err(fault) => return Passage::Unasked(fault.brief()),
        };
        ask(As::Customer(login, &scheme)).0
    }
}

const NO_THREAD: &str = "no thread left here";

fn no_thread() -> Answer {
    Answer { fault: Some(Fault::Local(NO_THREAD.to_owned())), ..Answer::default() }
}

fn no_thread_for() -> Passage {
    Passage::Unasked(NO_THREAD.to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::page::Expected;

    fn manner(limit: Duration, time: Duration) -> Manner {
        Manner {
            socks: false,
            source: net::Source::default(),
            limit,
            until: Instant::now() + time,
            client: None,
            unverified: None,
            secrets: Secrets::default(),
            expected: Expected { text: "pong NONCE".to_owned(), not: Vec::new() },
        }
    }

    /// Of 5,000 proxies the last ones are asked when little time is left: that one had not answered by then is no
    /// fault of its.
    #[test]
    fn a_request_that_the_end_cut_off_tells_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = listener.local_addr().unwrap();
        let [short, long] = [Duration::from_millis(100), Duration::from_secs(30)];
        let url = "http://192.0.2.80/NONCE".parse().unwrap();
        let target = "127.0.0.1:22".parse().unwrap();
        let cut = || manner(long, short);
        assert_eq!(cut().ask(proxy, &url, As::Stranger).fault, Some(Fault::Late));
        let late = Passage::Unasked(Fault::Late.brief());
        assert_eq!(cut().try_forbidden(proxy, &target, As::Stranger).0, late);
        let whole = || manner(short, long);
        assert_eq!(whole().ask(proxy, &url, As::Stranger).fault, Some(Fault::Silent));
        assert_eq!(whole().try_forbidden(proxy, &target, As::Stranger).0, Passage::Silent);
    }

    /// Of 50,000 proxies there is time for some: the rest must not hold up the report.
    #[test]
    fn nothing_is_asked_when_the_time_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let manner = manner(Duration::from_secs(1), Duration::ZERO);
        let urls = ["http://192.0.2.80/NONCE", "https://192.0.2.80/NONCE"].map(|url| url.parse().unwrap());
        let plan = Plan {
            manner,
            urls: urls.to_vec(),
            strangers: Strangers::Only,
            login: None,
            forbidden: vec!["127.0.0.1:22".parse().unwrap()],
            tries: 2,
            suspicions: Vec::new(),
        };
        let seen = plan.ask(listener.local_addr().unwrap());
        let asked = |page: &PageSeen| page.stranger.is_some() || page.random.is_some();
        let late = |page: &PageSeen| page.customer.as_ref().unwrap().fault == Some(Fault::Late);
        assert!(
            seen.pages.len() == 2 && seen.pages.iter().all(|page| late(page) && !asked(page)),
            "{seen:?}"
        );
        assert!(seen.forbidden.is_empty() && listener.accept().is_err());
    }
}
