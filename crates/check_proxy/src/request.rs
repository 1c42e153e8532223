//! One request for a page, on a connection of its own: GET for http, CONNECT for https, and both through a
//! connection of SOCKS5.

mod bumped;

use std::net::SocketAddr;
use std::time::Instant;

use net::tls::Client;
use net::{Stream, Waiting};

use crate::fault::{Fault, Status};
use crate::http::{Head, Reader};
use crate::login::Scheme;
use crate::request_options::{Answer, As, RequestOptions, USER_AGENT, offers, send};
use crate::socks;
use crate::url::Url;
use crate::words::random;
use bumped::is_of_squid;

/// A request for a page.
pub(crate) struct Request<'a> {
    options: &'a RequestOptions,
    /// The proxy, or the page's own server.
    to: SocketAddr,
    url: &'a Url,
    /// As whom a proxy is asked: `None` without one.
    who: Option<As<'a>>,
    nonce: String,
    client: Option<&'a Client>,
    /// Whether the page's certificate is verified.
    verifies: bool,
}

impl<'a> Request<'a> {
    /// Returns a request with a random text of its own. Without `verifies`, any certificate is accepted.
    ///
    /// # Errors
    /// [`Fault::Local`] if the system has no random numbers.
    pub(crate) fn new(
        options: &'a RequestOptions,
        to: SocketAddr,
        url: &'a Url,
        who: Option<As<'a>>,
        verifies: bool,
    ) -> Result<Self, Fault> {
        let client = if verifies { options.client.as_ref() } else { options.unverified.as_ref() };
        Ok(Self { options, to, url, who, nonce: random()?, client, verifies })
    }

    /// Makes the request, and returns what it came to.
    pub(crate) fn make(&self) -> Answer {
        let start = Instant::now();
        let mut answer = Answer::default();
        let asked = match self.who {
            None => self
                .options
                .connect(self.to)
                .and_then(|stream| self.get_behind(stream, Vec::new(), &mut answer)),
            Some(who) if self.options.socks => self.get_through_socks(who, &mut answer),
            Some(who) => {
                answer.scheme = who.scheme().map(Scheme::name);
                match self.url.secure {
                    true => self.get_through_connect(who, &mut answer),
                    false => self.get(who, &mut answer),
                }
            }
        };
        let fault = asked.err().map(|fault| self.options.certain(fault, start, self.who));
        let has_none = matches!(self.who, Some(As::Customer(None)));
        answer.fault = if has_none { fault.map(Fault::without_login) } else { fault };
        answer.took = Some(start.elapsed());
        answer
    }

    fn get(&self, who: As<'_>, answer: &mut Answer) -> Result<(), Fault> {
        let target = self.url.absolute(&self.nonce);
        let line = who.line("GET", &target)?;
        let mut stream = self.options.connect(self.to)?;
        send(&mut stream, &get_request(&target, self.url, &line))?;
        self.read_page(stream, answer)
    }

    fn get_through_connect(&self, who: As<'_>, answer: &mut Answer) -> Result<(), Fault> {
        let (head, reader) = self.options.open_tunnel(self.to, &self.url.authority(), who)?;
        answer.offers = offers(&head);
        let status = self.status(&head, is_of_proxy(&head));
        if !(200..300).contains(&head.code) || status.is_denied() {
            return Err(Fault::Status(Status { answers_connect: true, ..status }));
        }
        let (stream, early) = reader.into_parts();
        let stream = stream.wait_by(&Waiting::until(&self.options.deadline()));
        self.get_behind(stream, early, answer)
    }

    fn get_through_socks(&self, who: As<'_>, answer: &mut Answer) -> Result<(), Fault> {
        let mut stream = self.options.connect(self.to)?;
        socks::open(&mut stream, who.methods(), &self.url.host, self.url.port)?;
        let stream = stream.wait_by(&Waiting::until(&self.options.deadline()));
        self.get_behind(stream, Vec::new(), answer).map_err(Fault::behind_socks)
    }

    /// Asks the page's own server, over a connection that leads to it.
    fn get_behind(&self, stream: Stream<'static>, early: Vec<u8>, answer: &mut Answer) -> Result<(), Fault> {
        let mut stream = match self.client {
            Some(client) if self.url.secure => {
                let stream =
                    stream.secure(client, &self.url.bare_host(), early).map_err(Fault::of_handshake)?;
                answer.came = self.verifies && self.is_searched();
                stream
            }
            _ => stream,
        };
        send(&mut stream, &get_request(&self.url.path(&self.nonce), self.url, ""))
            .map_err(Fault::in_tunnel)?;
        self.read_page(stream, answer).map_err(Fault::in_tunnel)
    }

    fn read_page(&self, stream: Stream<'static>, answer: &mut Answer) -> Result<(), Fault> {
        if !self.is_searched() {
            return self.judge_page(&mut Reader::new(stream), answer);
        }
        let mut reader = Reader::recording(stream);
        let judged = self.judge_page(&mut reader, answer);
        if judged.as_ref().is_err_and(Fault::is_malformed) {
            reader.drain();
        }
        answer.came |= self.options.expected.stands_in(reader.record(), &self.nonce);
        judged
    }

    /// Returns whether all of the answer is searched for the page. Clients that are no customers must not get
    /// it.
    fn is_searched(&self) -> bool {
        self.who.is_some_and(|who| !who.is_customer())
    }

    fn status(&self, head: &Head, is_own: bool) -> Status {
        let status = head.status(&self.options.secrets);
        let own = [self.url.bare_host(), self.url.host_line(), self.url.authority()];
        let is_this = |host: &String| own.iter().any(|own| own.eq_ignore_ascii_case(without_port(host, own)));
        Status { is_elsewhere: status.location.as_ref().is_some_and(|host| !is_this(host)), is_own, ..status }
    }

    fn judge_page(&self, reader: &mut Reader<Stream<'static>>, answer: &mut Answer) -> Result<(), Fault> {
        let head = reader.head()?;
        answer.offers = offers(&head);
        let status = self.status(&head, self.is_of_proxy(&head));
        // A proxy that looks into TLS answers in the page's name.
        answer.came &= !status.is_own;
        let (page, fault) = reader.page(&head);
        answer.came |= self.is_searched() && self.options.expected.stands_in(&page, &self.nonce);
        if head.code != 200 || status.is_denied() {
            return Err(Fault::Status(status));
        }
        let proxy = self.who.map(|_| self.to.ip().to_canonical());
        fault.or_else(|| self.options.expected.judge(&page, &self.nonce, proxy)).map_or(Ok(()), Err)
    }

    /// Whether a proxy made the answer to a request for the page: what comes through SOCKS, or without a
    /// proxy, is the page's.
    fn is_of_proxy(&self, head: &Head) -> bool {
        match self.who {
            None => false,
            Some(_) if self.options.socks => false,
            Some(_) if self.url.secure => is_of_squid(head, &head.status(&self.options.secrets)),
            Some(_) => is_of_proxy(head),
        }
    }
}

/// A host without the port, where it has one that `own` has not.
fn without_port<'a>(host: &'a str, own: &str) -> &'a str {
    match host.rsplit_once(':') {
        Some((bare, port)) if bare.len() == own.len() && port.bytes().all(|octet| octet.is_ascii_digit()) => {
            bare
        }
        _ => host,
    }
}

/// Whether a proxy made this answer, and not the page's server: squid and tinyproxy name themselves as the
/// server of their own answers, and pass on the name of the page's.
fn is_of_proxy(head: &Head) -> bool {
    head.code == 407 || head.first("X-Squid-Error").is_some() || head.names_server(&["squid", "tinyproxy"])
}

fn get_request(target: &str, url: &Url, line: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\n{USER_AGENT}Accept: */*\r\nConnection: close\r\n{line}\r\n",
        url.host_line()
    )
}
