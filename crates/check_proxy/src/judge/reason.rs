//! The fault of a page, in words that name the scheme if the page of the other scheme is well.

use crate::fault::{Fault, Tunnel};

/// The fault of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Whether it is the page by https.
    secure: bool,
    text: String,
    naming: Naming,
}

/// The place at which the text of a reason names the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// At the end.
    AtEnd,
    /// In the brackets at the end.
    InBrackets,
    /// Nowhere: the text is about CONNECT, which only https uses.
    Known,
}

impl Reason {
    /// Returns a reason with this text.
    pub(crate) fn new(secure: bool, text: impl Into<String>) -> Self {
        Self { secure, text: text.into(), naming: Naming::AtEnd }
    }

    /// Returns a fault as a reason.
    pub(crate) fn of(secure: bool, fault: &Fault) -> Self {
        let naming = match fault {
            Fault::Status(status) if status.refuses_login() => Naming::InBrackets,
            Fault::Tunnel(
                Tunnel::Silent | Tunnel::SocksClosed | Tunnel::SocksReset | Tunnel::Unverifiable(_),
            ) => Naming::AtEnd,
            Fault::Tunnel(_) => Naming::Known,
            _ => Naming::AtEnd,
        };
        Self { secure, text: fault.brief(), naming }
    }

    /// Returns this reason for a request with a random login.
    pub(crate) fn with_random_login(self) -> Self {
        Self { text: self.text + " with a random login", ..self }
    }

    fn with_scheme(&self) -> String {
        let (text, scheme) = (&self.text, if self.secure { "https" } else { "http" });
        match self.naming {
            Naming::AtEnd => format!("{text} for {scheme}"),
            Naming::InBrackets => {
                text.strip_suffix(')').map_or_else(|| text.clone(), |start| format!("{start} for {scheme})"))
            }
            Naming::Known => text.clone(),
        }
    }
}

/// Returns the texts, each once. A text names the scheme if pages of `both` schemes were asked for and only
/// those of one have the fault.
pub(crate) fn grouped(reasons: &[Reason], both: bool) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for reason in reasons {
        let is_same = |other: &Reason| other.secure != reason.secure && other.text == reason.text;
        let of_both = reasons.iter().any(is_same);
        let text = if both && !of_both { reason.with_scheme() } else { reason.text.clone() };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Status;

    /// The words of a proxy do not decide where the scheme is named.
    #[test]
    fn the_scheme_is_named_where_the_words_do_not_tell_it() {
        let status = |code| Fault::Status(Status { code, ..Status::default() });
        let no_http = |why: &str| Fault::NotHttp(why.to_owned());
        let rows = [
            (true, status(503), "503 for https"),
            (false, status(407), "password refused (407 for http)"),
            (false, status(401), "401 for http"),
            (
                true,
                Fault::Status(Status { code: 401, is_own: true, ..Status::default() }),
                "password refused (401 for https)",
            ),
            (true, Fault::Tunnel(Tunnel::Closed), "CONNECT 200, then closed"),
            (true, Fault::Tunnel(Tunnel::NoTls), "no TLS after CONNECT"),
            (true, Fault::Tunnel(Tunnel::Silent), "tunnel opened, then no answer for https"),
            (false, Fault::Tunnel(Tunnel::SocksReset), "SOCKS reply 0, then reset for http"),
            (false, no_http("CONNECT 200"), "no HTTP: CONNECT 200 for http"),
            (false, no_http("bad after CONNECT"), "no HTTP: bad after CONNECT for http"),
            (false, no_http("denied (407)"), "no HTTP: denied (407) for http"),
        ];
        for (secure, fault, text) in rows {
            let reasons = [Reason::of(secure, &fault)];
            assert_eq!(grouped(&reasons, true), [text]);
            assert_eq!(grouped(&reasons, false), [fault.brief()]);
            assert_eq!(
                grouped(&[false, true].map(|secure| Reason::of(secure, &fault)), true),
                [fault.brief()]
            );
        }
        let random = Reason::of(false, &status(503)).with_random_login();
        assert_eq!(grouped(&[random], true), ["503 with a random login for http"]);
    }
}
