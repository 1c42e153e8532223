//! What one proxy is asked for: a page, and a target that it must not reach.

use std::net::SocketAddr;
use std::time::Instant;

use net::HostPort;

use crate::challenge::Challenge;
use crate::fault::{Fault, Tunnel};
use crate::http::Head;
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
    /// It says nothing.
    Silent,
    /// It could not be asked: why.
    Unasked(String),
}

impl RequestOptions {
    /// Asks for a page through a proxy. Whether strangers get our page does not depend on its certificate:
    /// where that is not accepted, they ask again without verifying it.
    pub(crate) fn ask(&self, proxy: SocketAddr, url: &Url, who: As<'_>) -> Answer {
        let answer = self.request(proxy, url, Some(who), true);
        let is_unverified = matches!(answer.fault, Some(Fault::Tunnel(Tunnel::Certificate(_))));
        if !is_unverified || who.is_customer() {
            return answer;
        }
        let again = self.request(proxy, url, Some(who), false);
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
    pub(crate) fn try_forbidden(
        &self,
        proxy: SocketAddr,
        target: &HostPort,
        who: As<'_>,
    ) -> (Passage, Vec<Challenge>) {
        let start = Instant::now();
        let asked = if self.socks {
            let opened = self.connect(proxy).and_then(|mut stream| {
                socks::open(&mut stream, who.methods(), &target.host, target.port_or(80))
            });
            opened.map(|()| Head::with_code(200))
        } else {
            self.open_tunnel(proxy, &target.to_string(), who).map(|(head, _)| head)
        };
        let asked = asked.map_err(|fault| self.certain(fault, start));
        let passage = match &asked {
            Ok(head) if (200..300).contains(&head.code) => Passage::Connected,
            Ok(head) if head.code >= 500 => Passage::Failed(Fault::Status(head.status(&self.secrets))),
            Ok(_) => Passage::Refused,
            // RFC 1928, section 6: others say that it is not allowed, or not spoken.
            Err(fault @ Fault::SocksReply(1 | 3..=6)) => Passage::Failed(fault.clone()),
            Err(Fault::Silent | Fault::SocksRequestSilent { .. }) => Passage::Silent,
            Err(
                fault @ (Fault::Local(_)
                | Fault::Late
                | Fault::NoAnswer
                | Fault::SocksLoginSilent
                | Fault::Refused
                | Fault::Unreachable
                | Fault::Prohibited),
            ) => Passage::Unasked(fault.brief()),
            Err(_) => Passage::Refused,
        };
        (passage, asked.map(|head| offers(&head)).unwrap_or_default())
    }
}
