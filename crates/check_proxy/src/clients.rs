//! As whom one proxy is asked for one page: a stranger, an unknown user, and the customer. The first two
//! carry no secret, and tell which login the proxy wants.

mod hint;

use std::cell::Cell;
use std::mem;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::challenge::Challenge;
use crate::direct::Suspicion;
use crate::fault::{Fault, Status};
use crate::got::{Got, got};
use crate::login::{Login, Scheme, choose, takes_basic};
use crate::observation::{PageObservation, no_thread};
use crate::request_options::{Answer, As, LEAST, RequestOptions};
use crate::side::{STACK, side_by_side};
use crate::strangers::Strangers;
use crate::url::Url;
use crate::words::random;
use hint::Hint;

/// How long the unknown user waits at most for the answer to a stranger, which says which login is wanted.
const PATIENCE: Duration = Duration::from_secs(1);
/// The least time in which the customer may get the page.
const QUICK: Duration = Duration::from_millis(200);
/// The pause before another try.
const PAUSE: Duration = Duration::from_millis(300);

/// The clients of one page through one proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clients<'a> {
    /// How they ask.
    pub(crate) options: &'a RequestOptions,
    /// The proxy.
    pub(crate) proxy: SocketAddr,
    /// The page.
    pub(crate) url: &'a Url,
    /// Whether it may be the page's own fault that it does not come.
    pub(crate) suspicion: &'a Suspicion,
    /// What strangers should get.
    pub(crate) strangers: Strangers,
    /// The customer's login: `None` if none is needed.
    pub(crate) login: Option<&'a Login>,
    /// The login of the unknown user.
    pub(crate) random: &'a Result<Login, Fault>,
    /// How often a failed request of the customer is made.
    pub(crate) tries: u8,
    /// How many proxies wait to be asked.
    pub(crate) waiting: &'a AtomicUsize,
}

impl Clients<'_> {
    /// Asks as all of them.
    pub(crate) fn ask(&self) -> PageObservation {
        let mut seen = PageObservation { secure: self.url.secure, ..PageObservation::default() };
        if self.login.is_none() && self.strangers == Strangers::Allow {
            seen.customer = Some(self.again(&Cell::default(), |_| Ok(self.ask_as(As::Customer(None)))));
            return seen;
        }
        let hint = &Hint::default();
        thread::scope(|scope| {
            let stranger = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
                let answer = self.ask_as(As::Stranger);
                hint.tell(Some(&answer));
                answer
            });
            if stranger.is_err() {
                hint.tell(Some(&no_answer()));
            }
            // The customer waits for the other one, which needs no thread of its own.
            let ask_at_random = || {
                let answer = self.ask_at_random(hint);
                hint.tell(answer.as_ref());
                answer
            };
            let mut logins =
                side_by_side(vec![&ask_at_random as &(dyn Fn() -> Option<Answer> + Sync), &|| {
                    self.ask_as_customer(hint)
                }])
                .into_iter();
            seen.random = logins.next().flatten().unwrap_or_else(|| Some(no_answer()));
            seen.customer = logins.next().flatten().unwrap_or_else(|| Some(no_answer()));
            let stranger = stranger.ok().and_then(|stranger| stranger.join().ok());
            seen.stranger = Some(stranger.unwrap_or_else(no_answer));
        });
        if self.strangers == Strangers::Refuse && seen.has_served() {
            self.ask_unconnected(&mut seen);
            self.ask_silent(&mut seen);
        }
        seen
    }

    /// Asks once more as those whose connection was not made: the customer has shown since that the port
    /// takes connections, so that this tells nothing of what strangers get.
    fn ask_unconnected(&self, seen: &mut PageObservation) {
        let is_unconnected = |answer: &Option<Answer>| {
            answer.as_ref().is_some_and(|answer| answer.fault.as_ref().is_some_and(Fault::is_unconnected))
        };
        if is_unconnected(&seen.stranger) && !self.options.is_over() {
            seen.stranger = Some(self.ask_as(As::Stranger));
        }
        if is_unconnected(&seen.random) && !self.options.is_over() {
            let hint = Hint::default();
            hint.tell(seen.stranger.as_ref());
            seen.random = self.ask_at_random(&hint);
        }
    }

    /// Asks once more as an unknown user who got no answer, now that no other login is asked: a helper may
    /// take its time for each wrong one, as PAM does, one after the other.
    fn ask_silent(&self, seen: &mut PageObservation) {
        let is_silent =
            |answer: &Answer| matches!(answer.fault, Some(Fault::Silent | Fault::SocksLoginSilent));
        let is_crowded = self.waiting.load(Ordering::Relaxed) > 0;
        let has_time = Instant::now() + PAUSE + self.options.limit.min(LEAST) <= self.options.until;
        let Some(first) = seen.random.take_if(|answer| is_silent(answer) && !is_crowded && has_time) else {
            return;
        };
        let hint = Hint::default();
        hint.tell(seen.stranger.as_ref());
        let later = self.ask_at_random(&hint).unwrap_or_else(no_answer);
        // What breaks off or is cut short tells less of the login than the whole silence before.
        let (mut told, other) = if judges_login(&later) { (later, first) } else { (first, later) };
        if judges_login(&told) {
            told.before.push(other)
        } else {
            told.after.push(other)
        }
        seen.random = Some(told);
    }

    fn ask_as(&self, who: As<'_>) -> Answer {
        self.options.ask(self.proxy, self.url, who)
    }

    /// The customer's request, with the login that is wanted.
    fn ask_as_customer(&self, hint: &Hint) -> Option<Answer> {
        let login = self.login?;
        let has_failed = &Cell::default();
        // Whether the proxy answers those who log in by Basic, and is silent to all others.
        let takes_basic = Cell::new(false);
        Some(self.again(has_failed, |number| match self.offers(hint, number, takes_basic.get()) {
            // It may serve those who log in at once, and them alone: Basic is all that is left to try.
            Err(Fault::Silent) if self.has_time() => {
                // By the end of this request it is too late to ask for the page without a proxy.
                self.suspicion.note(&Answer::unasked(Fault::Silent), has_failed);
                let answer = self.ask_with(&[], login);
                let is_answered = !answer.fault.as_ref().is_some_and(Fault::is_no_answer);
                takes_basic.set(is_answered && answer.scheme == Some(Scheme::Basic.name()));
                match answer.fault {
                    Some(Fault::Local(_) | Fault::Late) => Err(Fault::Silent),
                    // Two silences before tell enough, as where no time is left for this one.
                    Some(Fault::Short { any: false, .. }) => {
                        Ok(Answer { fault: Some(Fault::Silent), ..answer })
                    }
                    _ => Ok(answer),
                }
            }
            offers => Ok(self.ask_with(&offers?, login)),
        }))
    }

    /// Whether the silence so far was long enough for an offer of Digest, and enough time is left for an
    /// answer of a proxy that is well.
    fn has_time(&self) -> bool {
        let &RequestOptions { limit, least, until, .. } = self.options;
        limit >= least && Instant::now() + limit.min(QUICK) <= until
    }

    /// What the proxy offers for this try. Digest takes each nonce once, so another try begins with a new
    /// one; and a proxy that did not answer anything may do so now, unless it `takes_basic` unasked.
    fn offers(&self, hint: &Hint, number: u8, takes_basic: bool) -> Result<Vec<Challenge>, Fault> {
        if self.options.socks || takes_basic {
            return Ok(Vec::new());
        }
        let offers = hint.offers(self.options.until);
        let is_usable = offers.as_ref().is_ok_and(|offers| !matches!(choose(offers), Ok(Scheme::Digest(_))));
        if number == 0 || is_usable {
            return offers;
        }
        let stranger = self.ask_as(As::Stranger);
        match stranger.fault {
            Some(fault) if fault.is_no_answer() => Err(fault),
            _ => Ok(stranger.offers),
        }
    }

    /// The customer's request, once more if the proxy wants Digest although it had not said so, or only a
    /// newer nonce.
    fn ask_with(&self, offers: &[Challenge], login: &Login) -> Answer {
        let scheme = match choose(offers) {
            Ok(scheme) => scheme,
            Err(fault) => return Answer::unasked(fault),
        };
        let answer = self.ask_as(As::Customer(Some((login, &scheme))));
        let is_407 = matches!(&answer.fault, Some(Fault::Status(Status { code: 407, from_page: false, .. })));
        if !is_407 || answer.offers.is_empty() {
            return answer;
        }
        match choose(&answer.offers) {
            Err(fault) if offers.is_empty() => Answer::unasked(fault),
            Ok(newer @ Scheme::Digest(_))
                if matches!(scheme, Scheme::Basic) || answer.offers.iter().any(Challenge::is_stale) =>
            {
                self.ask_as(As::Customer(Some((login, &newer))))
            }
            _ => answer,
        }
    }

    /// Makes a request with a random login for each scheme that is offered, and returns the worst answer.
    fn ask_at_random(&self, hint: &Hint) -> Option<Answer> {
        if self.strangers == Strangers::Allow {
            return None;
        }
        // The greeting of SOCKS offers nothing to wait for.
        let offers =
            if self.options.socks { Vec::new() } else { hint.first(PATIENCE.min(self.options.limit / 2)) };
        let login = match self.random {
            Ok(login) => login,
            Err(fault) => return Some(Answer::unasked(fault.clone())),
        };
        let digest = matches!(choose(&offers), Ok(Scheme::Digest(_))).then(|| self.ask_digest(login));
        let basic = takes_basic(&offers).then(|| self.ask_as(As::Random(login, &Scheme::Basic)));
        let rank = |answer: &Answer| match got(answer) {
            Got::Page => 0,
            Got::Else(_) | Got::NoPage(_) => 1,
            Got::Refused(_) | Got::Silence | Got::Unasked => 2,
        };
        let asked = digest.into_iter().chain(basic).min_by_key(rank);
        let unspoken = || Answer { fault: choose(&offers).err(), ..Answer::default() };
        Some(asked.unwrap_or_else(unspoken))
    }

    /// Digest needs a nonce of its own: squid takes each for one user only.
    fn ask_digest(&self, login: &Login) -> Answer {
        let stranger = self.ask_as(As::Stranger);
        match choose(&stranger.offers) {
            Ok(scheme @ Scheme::Digest(_)) => self.ask_as(As::Random(login, &scheme)),
            _ => stranger,
        }
    }

    /// Makes a request again while it fails, a little later, if enough time is left. What fails because that
    /// is over tells less than what failed before, and is only listed.
    fn again(&self, has_failed: &Cell<bool>, ask: impl Fn(u8) -> Result<Answer, Fault>) -> Answer {
        let mut answer = ask(0).unwrap_or_else(Answer::unasked);
        self.suspicion.note(&answer, has_failed);
        for number in 1..self.tries {
            let is_final = matches!(answer.fault, None | Some(Fault::Unspoken(_) | Fault::ColonInUser));
            // A silence takes the time that others wait for.
            let is_crowded = self.waiting.load(Ordering::Relaxed) > 0
                && answer.fault.as_ref().is_some_and(Fault::is_timeout);
            if is_final
                || is_crowded
                || Instant::now() + PAUSE + self.options.limit.min(LEAST) > self.options.until
            {
                break;
            }
            thread::sleep(PAUSE);
            let Ok(later) = ask(number) else { continue };
            let is_cut = later.fault.as_ref().is_some_and(Fault::is_timeout) && self.options.is_over();
            if is_cut {
                answer.after.push(later);
                break;
            }
            if later.fault.is_none() {
                self.suspicion.note(&later, has_failed);
            }
            let mut before = mem::take(&mut answer.before);
            before.push(answer);
            answer = Answer { before, ..later };
        }
        answer
    }
}

/// Returns the login of an unknown user: one for all requests of a run, because squid asks its helper once
/// for all that wait for the same login.
pub(crate) fn random_login() -> Result<Login, Fault> {
    Ok(Login { user: format!("nobody-{}", random()?), password: random()? })
}

fn no_answer() -> Answer {
    Answer::unasked(no_thread())
}

/// Whether this answer shows that the login was checked.
fn judges_login(answer: &Answer) -> bool {
    let is_refused = [401, 403, 407].into_iter().any(|code| answer.has_status(code));
    is_refused || answer.came || matches!(answer.fault, None | Some(Fault::SocksLogin))
}

#[cfg(test)]
mod tests;
