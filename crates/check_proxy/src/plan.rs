//! The requests to one proxy and their order. The stranger comes first, because its answer tells which login
//! the proxy wants. The customer and a random login follow side by side, and then a second try of failed
//! requests. The forbidden targets are last.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use net::HostPort;

use crate::ask::{Passage, Tried};
use crate::challenge::Challenge;
use crate::clients::Clients;
use crate::direct::Suspicion;
use crate::fault::Fault;
use crate::login::{Login, Scheme, choose};
use crate::observation::{Observation, PageObservation, no_thread};
use crate::request_options::{Answer, As, RequestOptions};
use crate::side::side_by_side;
use crate::strangers::Strangers;
use crate::url::Url;

/// What is asked of each proxy.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How.
    pub(crate) options: RequestOptions,
    /// The pages.
    pub(crate) urls: Vec<Url>,
    /// What strangers should get.
    pub(crate) strangers: Strangers,
    /// The customer's login: `None` if none is needed.
    pub(crate) login: Option<Login>,
    /// The login of the unknown user.
    pub(crate) random: Result<Login, Fault>,
    /// The targets that customers must not reach.
    pub(crate) forbidden: Vec<HostPort>,
    /// How often a failed request of the customer is made.
    pub(crate) tries: u8,
    /// How many proxies wait to be asked.
    pub(crate) waiting: AtomicUsize,
    /// For each page, whether it may be its own fault that it does not come.
    pub(crate) suspicions: Vec<Suspicion>,
}

impl Plan {
    /// Asks one proxy all of it: `None` if all of the time is over, when threads would only cost the time
    /// that is left for the report.
    pub(crate) fn ask(&self, proxy: SocketAddr) -> Option<Observation> {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if self.options.is_over() {
            return None;
        }
        let pages = self.urls.iter().zip(&self.suspicions);
        let jobs = pages.map(|(url, suspicion)| move || self.ask_page(proxy, url, suspicion));
        let asked = side_by_side(jobs.collect());
        let failed = |secure| PageObservation {
            secure,
            customer: Some(Answer::unasked(no_thread())),
            ..PageObservation::default()
        };
        let pages: Vec<PageObservation> = self
            .urls
            .iter()
            .zip(asked)
            .map(|(url, page)| page.unwrap_or_else(|| failed(url.secure)))
            .collect();
        let forbidden = self.ask_forbidden(proxy, &pages);
        Some(Observation { pages, forbidden, strangers: self.strangers }.masked(&self.options.secrets))
    }

    fn ask_page(&self, proxy: SocketAddr, url: &Url, suspicion: &Suspicion) -> PageObservation {
        let clients = Clients {
            options: &self.options,
            proxy,
            url,
            suspicion,
            strangers: self.strangers,
            login: self.login.as_ref(),
            random: &self.random,
            tries: self.tries,
            waiting: &self.waiting,
        };
        clients.ask()
    }

    /// Asks for the forbidden targets as the customer does, side by side.
    fn ask_forbidden(&self, proxy: SocketAddr, pages: &[PageObservation]) -> Vec<Tried> {
        if self.strangers == Strangers::Only {
            return Vec::new();
        }
        let answers = || pages.iter().flat_map(|page| [&page.stranger, &page.random].into_iter().flatten());
        let offers: Vec<Challenge> = answers().flat_map(|answer| answer.offers.clone()).collect();
        let silence = |answer: &Answer| answer.fault.as_ref().filter(|fault| fault.is_no_answer()).cloned();
        let silences: Vec<Fault> = answers().filter_map(silence).collect();
        // Which login is wanted is not known then: Basic is sent where the page came by it, and nothing
        // elsewhere.
        let is_served =
            pages.iter().any(|page| page.customer.as_ref().is_some_and(|answer| answer.fault.is_none()));
        let is_silent = offers.is_empty() && silences.len() == answers().count() && !is_served;
        if let Some(fault) = silences.first().filter(|_| is_silent) {
            return self.forbidden.iter().map(|_| Passage::Unasked(fault.clone()).into()).collect();
        }
        let jobs = self.forbidden.iter().map(|target| {
            let offers = &offers;
            move || self.ask_for(proxy, target, offers)
        });
        side_by_side(jobs.collect())
            .into_iter()
            .map(|tried| tried.unwrap_or_else(|| Passage::Unasked(no_thread()).into()))
            .collect()
    }

    /// Digest begins with a nonce of its own here too, because the order in which these requests arrive is
    /// not known.
    fn ask_for(&self, proxy: SocketAddr, target: &HostPort, offers: &[Challenge]) -> Tried {
        let ask = |who: As<'_>| self.options.try_forbidden(proxy, target, who);
        let Some(login) = &self.login else { return ask(As::Customer(None)) };
        let scheme = match choose(offers) {
            Ok(Scheme::Digest(_)) => {
                let tried = ask(As::Stranger);
                match choose(&tried.answer.offers) {
                    Ok(scheme @ Scheme::Digest(_)) => scheme,
                    _ => return tried,
                }
            }
            Ok(scheme) => scheme,
            Err(fault) => return Passage::Unasked(fault).into(),
        };
        ask(As::Customer(Some((login, &scheme))))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    /// Of 5,000 proxies the last ones are asked when little time is left: that one had not answered by then
    /// is no fault of its.
    #[test]
    fn a_request_that_the_end_cut_off_tells_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = listener.local_addr().unwrap();
        let [short, long] = [Duration::from_millis(100), Duration::from_secs(30)];
        let url = "http://192.0.2.80/NONCE".parse().unwrap();
        let target = "127.0.0.1:22".parse().unwrap();
        let cut = || RequestOptions::sample(long, short);
        // A busy machine may wait longer than it was told.
        let cut_off = |fault: Option<&Fault>| match fault {
            Some(Fault::Short { what, any: false }) => what.split(" within ").next().map(str::to_owned),
            _ => None,
        };
        let asked = |options: RequestOptions, who: As<'_>| {
            cut_off(options.ask(proxy, &url, who).fault.as_ref()).unwrap_or_default()
        };
        assert_eq!(asked(cut(), As::Stranger), "no answer");
        let Passage::Unasked(late) = cut().try_forbidden(proxy, &target, As::Stranger).passage else {
            panic!("the end cut it off");
        };
        assert_eq!(cut_off(Some(&late)).as_deref(), Some("no answer"));
        // A run so short that it cannot wait as long as a slow helper may take.
        let little = || RequestOptions { least: long, ..RequestOptions::sample(short, long) };
        let login = Login { user: "cust".to_owned(), password: "x".to_owned() };
        let customer = As::Customer(Some((&login, &Scheme::Basic)));
        assert_eq!(asked(little(), customer), "no answer to a login");
        assert_eq!(asked(little(), As::Customer(None)), "no answer");
        assert_eq!(asked(little(), As::Stranger), "no answer");
        // No helper is asked about strangers.
        let second =
            || RequestOptions { least: long, ..RequestOptions::sample(Duration::from_secs(1), long) };
        assert_eq!(second().ask(proxy, &url, As::Stranger).fault, Some(Fault::Silent));
        let whole = || RequestOptions::sample(short, long);
        assert_eq!(whole().ask(proxy, &url, As::Stranger).fault, Some(Fault::Silent));
        assert_eq!(whole().try_forbidden(proxy, &target, As::Stranger).passage, Passage::Silent);
    }

    /// Of 50,000 proxies there is time for some: the rest must not hold up the report.
    #[test]
    fn nothing_is_asked_when_the_time_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let options = RequestOptions::sample(Duration::from_secs(1), Duration::ZERO);
        let urls = ["http://192.0.2.80/NONCE", "https://192.0.2.80/NONCE"].map(|url| url.parse().unwrap());
        let plan = Plan {
            options,
            urls: urls.to_vec(),
            strangers: Strangers::Only,
            login: None,
            random: Err(Fault::Late),
            forbidden: vec!["127.0.0.1:22".parse().unwrap()],
            tries: 2,
            waiting: AtomicUsize::new(1),
            suspicions: Vec::new(),
        };
        let seen = plan.ask(listener.local_addr().unwrap());
        assert!(seen.is_none() && listener.accept().is_err());
    }
}
