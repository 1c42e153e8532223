//! What a client without a valid login got from a proxy.

use crate::fault::Fault;
use crate::request_options::Answer;

/// What a client without a valid login got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// A refusal, or no connection: which.
    Refused(Fault),
    /// A connection, and no answer: a refusal if it is not the page that is waited for.
    Silence,
    /// An answer without the page that is mostly a refusal: what. The page's server may say the same.
    NoPage(Fault),
    /// The page, fresh or old, or a way to its server.
    Page,
    /// Something else: what. It proves neither that strangers are refused nor that they are served.
    Else(Fault),
    /// Nothing, because it could not be asked.
    Unasked,
}

/// Returns what an answer is to a client without a valid login. 407 (RFC 9110, section 15.5.8), 403 and 401
/// of the proxy's own, what squid's rules deny, a redirect in place of a tunnel, and an end of the connection
/// refuse. A silence, 401, 403, 405, 429, 451, 511 and a redirect to another host, of which it is not known
/// who says them, do where something proves that the page is up. Nothing else does: a proxy that is open says
/// 503 of a page that is down.
pub(crate) fn got(answer: &Answer) -> Got {
    let fault = match &answer.fault {
        Some(fault) if !answer.came => fault,
        _ => return Got::Page,
    };
    match fault {
        Fault::Status(status) if status.refuses() => Got::Refused(fault.clone()),
        Fault::Refused
        | Fault::NoAnswer
        | Fault::Prohibited
        | Fault::NoNeighbour
        | Fault::Unreachable { .. }
        | Fault::Closed
        | Fault::Reset
        | Fault::SocksMethod
        | Fault::SocksLogin
        | Fault::SocksLoginSilent
        // RFC 1928, section 6: not allowed by the ruleset.
        | Fault::SocksReply(2) => Got::Refused(fault.clone()),
        Fault::Silent => Got::Silence,
        Fault::Status(status) if status.shows_no_page() => Got::NoPage(fault.clone()),
        Fault::Local(_) | Fault::Late | Fault::Short { .. } | Fault::Unspoken(_) | Fault::ColonInUser => {
            Got::Unasked
        }
        fault => Got::Else(fault.clone()),
    }
}

/// Whether the proxy refused by something that it said or did: a silence may have another reason.
pub(crate) fn is_refused(answer: &Option<Answer>) -> bool {
    let is_answer = |answer: &Answer| answer.fault.as_ref().is_some_and(|fault| !fault.is_no_answer());
    answer.as_ref().is_some_and(|answer| is_answer(answer) && matches!(got(answer), Got::Refused(_)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::fault::{Status, Tunnel};
    use crate::http::Reader;
    use crate::secrets::Secrets;

    #[test]
    fn only_a_refusal_refuses() {
        let status = |code| Fault::Status(Status { code, ..Status::default() });
        let denied = |code, error: &str| {
            Fault::Status(Status { code, squid: Some(error.to_owned()), ..Status::default() })
        };
        let status_of = |answer: &str| {
            let answer = format!("HTTP/1.1 {answer}\r\n\r\n");
            let head = Reader::new(Cursor::new(answer.into_bytes())).head().unwrap();
            Fault::Status(head.status(&Secrets::default()))
        };
        let words = |got| match got {
            Got::Refused(_) => "refused".to_owned(),
            Got::Silence => "silence".to_owned(),
            Got::NoPage(fault) => format!("no page: {}", fault.brief()),
            Got::Page => "page".to_owned(),
            Got::Else(fault) => format!("else: {}", fault.brief()),
            Got::Unasked => "unasked".to_owned(),
        };
        let portal = |is_elsewhere, squid: Option<&str>| {
            let (squid, location) = (squid.map(str::to_owned), Some("portal.example.net".to_owned()));
            Fault::Status(Status { code: 302, squid, location, is_elsewhere, ..Status::default() })
        };
        let rows = [
            (status(401), "no page: 401"),
            (status(403), "no page: 403"),
            (Fault::Status(Status { code: 403, is_own: true, ..Status::default() }), "refused"),
            (Fault::Status(Status { code: 401, is_own: true, ..Status::default() }), "refused"),
            (Fault::Status(Status { code: 503, is_own: true, ..Status::default() }), "else: 503"),
            (status(407), "refused"),
            (status(200), "else: 200"),
            (status(302), "else: 302"),
            (status(400), "else: 400"),
            (status(404), "else: 404"),
            (status(405), "no page: 405"),
            (status(429), "no page: 429"),
            (status(451), "no page: 451"),
            (status(511), "no page: 511"),
            (portal(true, None), "no page: 302 to portal.example.net"),
            (portal(true, Some("302")), "refused"),
            (portal(false, None), "else: 302 to portal.example.net"),
            (Fault::Status(Status { code: 302, answers_connect: true, ..Status::default() }), "refused"),
            (status_of("302 F\r\nX-Squid-Error: 302 Access Denied"), "refused"),
            (status_of("307 F\r\nX-Squid-Error: 403 Access Denied"), "refused"),
            (status_of("302 F\r\nX-Squid-Error: ERR_READ_ERROR 0"), "else: 302 ERR_READ_ERROR"),
            (status(502), "else: 502"),
            (denied(503, "ERR_ACCESS_DENIED"), "refused"),
            (
                Fault::Status(Status {
                    code: 200,
                    squid: Some("ERR_TOO_BIG".to_owned()),
                    is_by_rule: true,
                    ..Status::default()
                }),
                "refused",
            ),
            (denied(503, "ERR_CONNECT_FAIL"), "else: 503 ERR_CONNECT_FAIL"),
            (
                Fault::Status(Status { code: 403, from_page: true, ..Status::default() }),
                "else: 403 from the page",
            ),
            (Fault::Silent, "silence"),
            (Fault::NoAnswer, "refused"),
            (Fault::Closed, "refused"),
            (Fault::Reset, "refused"),
            (Fault::Incomplete, "else: answer incomplete at the deadline"),
            (Fault::OtherPage, "else: another page in place of ours"),
            (Fault::TooLong, "else: page longer than 256 KiB"),
            (Fault::NotHttp("x".to_owned()), "else: no HTTP: x"),
            (Fault::Tunnel(Tunnel::Closed), "else: CONNECT 200, then closed"),
            (Fault::Tunnel(Tunnel::Silent), "else: tunnel opened, then no answer"),
            (Fault::SocksMethod, "refused"),
            (Fault::SocksReply(2), "refused"),
            (Fault::SocksReply(5), "else: SOCKS reply 5 (connection refused)"),
            (Fault::SocksLoginSilent, "refused"),
            (Fault::SocksRequestSilent { login: false }, "else: no answer to the request"),
            (Fault::Late, "unasked"),
        ];
        for (fault, expected) in rows {
            let answer = Answer { fault: Some(fault), ..Answer::default() };
            assert_eq!(words(got(&answer)), expected, "{answer:?}");
            assert_eq!(got(&Answer { came: true, ..answer }), Got::Page);
        }
        assert_eq!(got(&Answer::default()), Got::Page);
    }
}
