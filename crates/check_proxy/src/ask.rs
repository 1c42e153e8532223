//! What one proxy is asked for: a page, and a target that it must not reach.

use std::net::SocketAddr;
use std::time::Instant;

use net::{HostPort, Stream};

use crate::fault::{Fault, Status, Tunnel};
use crate::http::{Head, Reader};
use crate::login::Scheme;
use crate::request::Request;
use crate::request_options::{Answer, As, RequestOptions, offers};
use crate::socks;
use crate::url::Url;

/// What a proxy does with a target that it must not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It refuses.
    Refused,
    /// It connects.
    Connected,
    /// It says by this that it tried and could not, or that it cannot do anything.
    Failed(Fault),
    /// It says this, which is no refusal and tells of no try.
    Unclear(Fault),
    /// It says nothing.
    Silent,
    /// It could not be asked, or too little time was left for its answer: why.
    Unasked(Fault),
}

/// What asking for a target that must not be reached came to.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    /// What the proxy does.
    pub(crate) passage: Passage,
    /// What it answered, without a fault where it connected.
    pub(crate) answer: Answer,
}

impl From<Passage> for Tried {
    fn from(passage: Passage) -> Self {
        Self { passage, answer: Answer::default() }
    }
}

impl RequestOptions {
    /// Asks for a page through a proxy. Whether strangers get our page does not depend on its certificate:
    /// where that is not accepted or cannot be verified here, they ask again without verifying it. An error
    /// of squid inside that tunnel is the fault for every client.
    pub(crate) fn ask(&self, proxy: SocketAddr, url: &Url, who: As<'_>) -> Answer {
        let answer = self.request(proxy, url, Some(who), true);
        let is_unproved =
            matches!(answer.fault, Some(Fault::Tunnel(Tunnel::Certificate(_) | Tunnel::Unverifiable(_))));
        if !is_unproved {
            return answer;
        }
        let again = self.request(proxy, url, Some(who), false);
        if again.fault.as_ref().is_some_and(Fault::is_of_bumping_proxy) {
            return again;
        }
        Answer { came: again.came, ..answer }
    }

    /// Asks for a page without a proxy.
    pub(crate) fn ask_directly(&self, server: SocketAddr, url: &Url) -> Answer {
        self.request(server, url, None, true)
    }

    fn request(&self, to: SocketAddr, url: &Url, who: Option<As<'_>>, verifies: bool) -> Answer {
        Request::new(self, to, url, who, verifies).map_or_else(Answer::unasked, |request| request.make())
    }

    /// Asks a proxy for a target that it must not reach.
    pub(crate) fn try_forbidden(&self, proxy: SocketAddr, target: &HostPort, who: As<'_>) -> Tried {
        let start = Instant::now();
        let asked = if self.socks {
            let opened = self.connect(proxy).and_then(|mut stream| {
                socks::open(&mut stream, who.methods(), &target.host, target.port_or(80))
            });
            opened.map(|()| (Head::with_code(200), None))
        } else {
            let opened = self.open_tunnel(proxy, &target.to_string(), who);
            opened.map(|(head, reader)| (head, Some(reader)))
        };
        let (passage, fault, offers) = match asked.map_err(|fault| self.certain(fault, start, Some(who))) {
            Ok((head, reader)) => {
                let (passage, fault) = self.passage(&head, reader, target);
                (passage, fault, offers(&head))
            }
            Err(fault) => (passage_by(&fault), Some(fault), Vec::new()),
        };
        let scheme = who.scheme().filter(|_| !self.socks).map(Scheme::name);
        let took = Some(start.elapsed());
        Tried { passage, answer: Answer { fault, offers, scheme, took, ..Answer::default() } }
    }

    /// What an answer to CONNECT, and squid's inside the tunnel, tell of the target, and the fault that they
    /// are: none where it is connected.
    fn passage(
        &self,
        head: &Head,
        reader: Option<Reader<Stream<'static>>>,
        target: &HostPort,
    ) -> (Passage, Option<Fault>) {
        let status = head.status(&self.secrets);
        let fault = Some(Fault::Status(status.clone()));
        match head.code {
            _ if status.refuses_tunnel() => (Passage::Refused, fault),
            200..300 => match reader.map_or(Ok(None), |reader| self.ask_inside(reader, target)) {
                Ok(Some(inside)) => (passage_inside(inside.clone()), Some(Fault::Status(inside))),
                Ok(None) => (Passage::Connected, None),
                Err(short) => (Passage::Unasked(short.clone()), Some(short)),
            },
            500..600 => (Passage::Failed(Fault::Status(status)), fault),
            _ => (Passage::Unclear(Fault::Status(status)), fault),
        }
    }
}

/// What squid's own answer inside a tunnel tells of a target that must not be reached. Another squid may be
/// that target: only what denies is a refusal.
fn passage_inside(status: Status) -> Passage {
    match status.code {
        code if status.is_denied() || code == 403 => Passage::Refused,
        500..600 => Passage::Failed(Fault::Status(status)),
        _ => Passage::Connected,
    }
}

/// What a fault tells of a target that must not be reached.
fn passage_by(fault: &Fault) -> Passage {
    match fault {
        // RFC 1928, section 6: the others say that it is not allowed, not spoken, or nothing that is known.
        Fault::SocksReply(1 | 3..=6) => Passage::Failed(fault.clone()),
        Fault::Silent | Fault::SocksRequestSilent { .. } => Passage::Silent,
        Fault::Closed
        | Fault::Reset
        | Fault::SocksMethod
        | Fault::SocksLogin
        | Fault::SocksReply(2 | 7 | 8) => Passage::Refused,
        Fault::Local(_)
        | Fault::Late
        | Fault::Short { .. }
        | Fault::NoAnswer
        | Fault::SocksLoginSilent
        | Fault::Refused
        | Fault::NoNeighbour
        | Fault::Unreachable { .. }
        | Fault::Prohibited
        | Fault::Unspoken(_)
        | Fault::ColonInUser => Passage::Unasked(fault.clone()),
        fault => Passage::Unclear(fault.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_refusal_refuses_a_tunnel() {
        let options = RequestOptions::sample(Duration::from_secs(1), Duration::from_secs(1));
        let rows = [
            ("200 OK", "connected"),
            ("403 No", "refused"),
            ("451 No", "refused"),
            ("511 No", "refused"),
            ("429 No", "unclear"),
            ("503 No", "tried"),
            ("599 No", "tried"),
            ("600 No", "unclear"),
            ("999 No", "unclear"),
            ("503 No\r\nX-Squid-Error: ERR_CONNECT_FAIL 111", "tried"),
            // What squid makes of deny_info.
            ("503 No\r\nX-Squid-Error: 503:ERR_FORWARDING_DENIED 0", "refused"),
            ("404 No\r\nX-Squid-Error: 404:ERR_TOO_BIG 0", "refused"),
            ("200 No\r\nX-Squid-Error: 200:ERR_ACCESS_DENIED 0", "refused"),
        ];
        for (answer, expected) in rows {
            let answer = format!("HTTP/1.1 {answer}\r\n\r\n");
            let head = Reader::new(Cursor::new(answer.clone().into_bytes())).head().unwrap();
            assert_eq!(
                name(&options.passage(&head, None, &"192.0.2.9:22".parse().unwrap()).0),
                expected,
                "{answer}"
            );
        }
    }

    fn name(passage: &Passage) -> &'static str {
        match passage {
            Passage::Refused => "refused",
            Passage::Connected => "connected",
            Passage::Failed(_) => "tried",
            Passage::Unclear(_) => "unclear",
            Passage::Silent => "silent",
            Passage::Unasked(_) => "unasked",
        }
    }

    #[test]
    fn only_a_refusal_refuses_a_target() {
        let rows = [
            (Fault::Closed, "refused"),
            (Fault::Reset, "refused"),
            (Fault::SocksReply(2), "refused"),
            (Fault::SocksReply(7), "refused"),
            (Fault::SocksReply(8), "refused"),
            (Fault::SocksMethod, "refused"),
            (Fault::SocksReply(1), "tried"),
            (Fault::SocksReply(6), "tried"),
            (Fault::SocksReply(9), "unclear"),
            (Fault::SocksReply(255), "unclear"),
            (Fault::NotSocks, "unclear"),
            (Fault::NotHttp("SSH-2.0".to_owned()), "unclear"),
            (Fault::HeaderWithoutEnd, "unclear"),
            (Fault::Incomplete, "unclear"),
            (Fault::Silent, "silent"),
            (Fault::ColonInUser, "unasked"),
            (Fault::Refused, "unasked"),
        ];
        for (fault, expected) in rows {
            let said = name(&passage_by(&fault));
            assert_eq!(said, expected, "{fault:?}");
        }
    }
}
