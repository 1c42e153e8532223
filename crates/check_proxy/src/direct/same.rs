//! Whether a proxy tells what the page's own server does without one.

use std::mem::discriminant;

use crate::fault::{Fault, Tunnel};

/// Whether the page's own server does without a proxy what one tells of it: it says the same or is wrong in
/// the same way, or it gives no answer. A proxy tells of that by its own silence, by 5xx or by a reply of
/// SOCKS5. A dead server behind a gateway is 502, 503 or 504, which are one.
pub(crate) fn is_same(direct: &Fault, through: &Fault) -> bool {
    match (direct, through) {
        (_, Fault::Status(status)) if status.is_surely_of_page() => true,
        (Fault::Status(own), Fault::Status(other)) => {
            let is_same = own.code == other.code && own.location == other.location;
            // A tunnel leads to a server that answers, whatever it says.
            !other.answers_connect && (is_same || (own.is_of_gateway() && other.is_of_gateway()))
        }
        (Fault::Tunnel(own), Fault::Tunnel(other)) if discriminant(own) == discriminant(other) => true,
        (own, _) if is_no_answer(own) || own.is_malformed() => {
            is_told_as_no_answer(through) || is_alike(own, through)
        }
        (own, other) => !matches!(own, Fault::Tunnel(_)) && is_alike(own, other),
    }
}

fn is_alike(one: &Fault, other: &Fault) -> bool {
    discriminant(one) == discriminant(other)
}

/// Whether the page's server answers nothing, or not to the end.
fn is_no_answer(direct: &Fault) -> bool {
    matches!(
        direct,
        Fault::Refused
            | Fault::NoAnswer
            | Fault::NoNeighbour
            | Fault::Unreachable { .. }
            | Fault::Silent
            | Fault::Incomplete
            | Fault::Closed
            | Fault::Reset
            | Fault::Cut
            | Fault::Tunnel(Tunnel::Silent | Tunnel::Closed | Tunnel::Reset)
    )
}

/// Whether a proxy tells by this that the page's server answers nothing, or not to the end.
fn is_told_as_no_answer(through: &Fault) -> bool {
    match through {
        Fault::Status(status) => status.code >= 500,
        Fault::SocksReply(_)
        | Fault::SocksRequestSilent { .. }
        | Fault::Tunnel(Tunnel::SocksClosed | Tunnel::SocksReset) => true,
        fault => is_no_answer(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Status;

    /// A page that refuses this machine alone is no excuse for proxies that fail otherwise.
    #[test]
    fn only_what_the_proxies_tell_too_is_the_pages_fault() {
        let status = |code| Fault::Status(Status { code, ..Status::default() });
        let to_connect = |code| Fault::Status(Status { code, answers_connect: true, ..Status::default() });
        let portal = |host: &str| {
            Fault::Status(Status { code: 302, location: Some(host.to_owned()), ..Status::default() })
        };
        let from_page = |code| status(code).in_tunnel();
        let certificate = |why: &str| Fault::Tunnel(Tunnel::Certificate(why.to_owned()));
        let rows = [
            (status(403), status(403), true),
            (status(403), status(502), false),
            (status(403), Fault::Silent, false),
            (status(403), from_page(403), true),
            (status(503), status(503), true),
            (status(503), status(502), true),
            (status(504), status(503), true),
            (status(503), to_connect(502), false),
            (status(503), to_connect(503), false),
            (Fault::Refused, to_connect(503), true),
            (status(500), status(503), false),
            (status(503), status(500), false),
            (portal("a.example"), portal("a.example"), true),
            (portal("a.example"), portal("b.example"), false),
            (Fault::Refused, status(503), true),
            (Fault::Refused, status(403), false),
            (Fault::Refused, from_page(404), true),
            (Fault::Silent, Fault::Silent, true),
            (Fault::Silent, status(504), true),
            (Fault::Silent, Fault::SocksRequestSilent { login: true }, true),
            (Fault::NoAnswer, Fault::SocksReply(4), true),
            (Fault::Tunnel(Tunnel::Silent), Fault::Silent, true),
            (Fault::Tunnel(Tunnel::Closed), Fault::Tunnel(Tunnel::SocksClosed), true),
            (Fault::Refused, Fault::OtherPage, false),
            (Fault::OtherPage, Fault::OtherPage, true),
            (Fault::OtherPage, status(502), false),
            (Fault::NotHttp("a".to_owned()), status(502), true),
            (Fault::NotHttp("a".to_owned()), Fault::NotHttp("b".to_owned()), true),
            (certificate("a"), certificate("b"), true),
            (certificate("a"), Fault::Tunnel(Tunnel::NoTls), false),
            (certificate("a"), status(503), false),
        ];
        for (direct, through, expected) in rows {
            assert_eq!(is_same(&direct, &through), expected, "{direct:?} {through:?}");
        }
    }
}
