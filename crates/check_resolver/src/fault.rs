//! Why a nameserver fails, in the words of the first line.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use domain::base::Rtype;
use domain::base::iana::OptRcode;
use net::{IcmpError, Lack};

/// Why a question was not answered as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing came back.
    NoAnswer,
    /// Nothing came back in a time that is too short to call it silence.
    NotYet,
    /// The port is closed.
    Refused,
    /// A router forbids it.
    Prohibited,
    /// A router or the link reports it, in these words.
    Unreachable(&'static str),
    /// This machine itself reports it, in these words: what was sent did not leave it.
    NotSent(&'static str),
    /// This machine has no such interface.
    NoInterface(String),
    /// A link-local address without its interface, for which the C library gets an error at once.
    Unscoped,
    /// This machine cannot send.
    Local(Local),
    /// Answers came, with another id than the question's.
    WrongId,
    /// Answers came from another address or port.
    Elsewhere {
        /// Who was asked.
        asked: SocketAddr,
        /// Who answered.
        from: SocketAddr,
    },
    /// Answers came, to another question.
    OtherQuestion,
    /// The question came back.
    Echo,
    /// An answer cannot be read.
    Malformed(&'static str),
    /// It did not fit into a datagram, and TCP failed.
    Truncated(Tcp),
    /// Only TCP brings answers.
    OnlyTcp,
    /// SERVFAIL, with what the server tells of the cause.
    ServFail(Option<&'static str>),
    /// SERVFAIL that goes when the server shall not validate.
    Dnssec(Option<&'static str>),
    /// Another code than NOERROR and NXDOMAIN.
    Code(OptRcode),
    /// There is no such name.
    NxDomain,
    /// The name has no record of this type: `None` if it has neither A nor AAAA.
    NoData(Option<Rtype>),
    /// A name that must not exist has no record: it exists.
    Exists,
    /// Aliases lead in a circle.
    Loop,
    /// Aliases stand in an order in which the C library finds no address.
    OutOfOrder,
    /// The server only answers for its own zones.
    NotRecursive,
    /// An address that is no host's.
    Nowhere(IpAddr),
    /// An address that is not expected.
    Unexpected(IpAddr),
    /// An answer for a name that cannot exist.
    Invents,
    /// A broken signature is not found.
    NotValidating,
    /// The answer was validated: its signature is not broken.
    Validated,
    /// The answer has no signature, on a server that validates others.
    Unsigned,
    /// The answer was not validated.
    NotValidated,
}

/// Why a question could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// The table of neighbours is full (ENOBUFS).
    NeighbourTable,
    /// The firewall or a route of this machine forbids it (EPERM, EACCES).
    Prohibited,
    /// No local port is left (EADDRNOTAVAIL).
    Port,
    /// Another error of the system.
    Other(String),
}

/// How TCP failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tcp {
    /// The port is closed.
    Refused,
    /// Nothing came.
    NoAnswer,
    /// The server closed the connection before it answered.
    Closed,
    /// What came is not the answer.
    Malformed,
    /// No connection was made, for this reason.
    NotMade(&'static str),
}

impl Fault {
    /// Whether a server that is asked by TLS can be well all the same: its port of plain DNS does not answer,
    /// or a firewall lets no plain DNS through.
    pub(crate) fn is_no_plain_dns(&self) -> bool {
        let is_silent = matches!(self, Self::NoAnswer | Self::NotYet | Self::Refused);
        let is_forbidden = match self {
            Self::Prohibited | Self::OnlyTcp | Self::Local(Local::Prohibited) => true,
            Self::NotSent(why) => [PROHIBITED_HERE, REJECTED_HERE].contains(why),
            _ => false,
        };
        is_silent || is_forbidden
    }

    /// Whether it is only that the server does not validate.
    pub(crate) fn is_of_validation(&self) -> bool {
        matches!(self, Self::NotValidating | Self::NotValidated)
    }

    /// Whether this machine is at fault, and not the server.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }

    /// The address that is wrong: `None` if none is.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Nowhere(address) | Self::Unexpected(address) => Some(*address),
            _ => None,
        }
    }

    /// Whether a zone that fails can look so on a server that is well.
    pub(crate) fn may_be_the_zone(&self) -> bool {
        use Fault::{Code, Dnssec, Loop, NoAnswer, NoData, NxDomain, OutOfOrder, ServFail};
        let is_of_aliases = matches!(self, Loop | OutOfOrder);
        is_of_aliases || matches!(self, NoAnswer | ServFail(_) | Dnssec(_) | Code(_) | NxDomain | NoData(_))
    }

    /// Whether the server told that a signature was there, and what is wrong with it.
    pub(crate) fn has_seen_signature(&self) -> bool {
        matches!(self, Self::Dnssec(Some(EXPIRED | NOT_YET)))
    }

    /// Whether a clock that is off can cause it. unbound 1.17 calls a trusted key whose signature is out of
    /// date missing, and tells no cause from the second question on.
    pub(crate) fn may_be_the_clock(&self) -> bool {
        match self {
            Self::Dnssec(cause) => cause.is_none_or(|why| [EXPIRED, NOT_YET, NO_KEY].contains(&why)),
            _ => false,
        }
    }

    /// What an error in place of a datagram means. `here` is true if this machine made it itself and the
    /// server is another one: no neighbour answers, or its own firewall rejects the question.
    pub(crate) fn from_icmp(icmp: IcmpError, here: bool) -> Self {
        match (icmp.brief(), here) {
            ("port unreachable", false) => Self::Refused,
            ("port unreachable", true) => Self::NotSent(REJECTED_HERE),
            ("prohibited", false) => Self::Prohibited,
            ("prohibited", true) => Self::NotSent(PROHIBITED_HERE),
            (brief, false) => Self::Unreachable(brief),
            (brief, true) => Self::NotSent(brief),
        }
    }
}

/// Returns the name of a response code, and `rcode 11` for one that has none.
pub(crate) fn code_text(code: OptRcode) -> String {
    let text = code.to_string();
    if text.bytes().all(|octet| octet.is_ascii_digit()) { format!("rcode {text}") } else { text }
}

const REJECTED_HERE: &str = "rejected here";
pub(crate) const PROHIBITED_ON_THE_WAY: &str = "prohibited on the way";
pub(crate) const PROHIBITED_HERE: &str = "prohibited here";
pub(crate) const NEIGHBOUR_TABLE: &str = "neighbour table full here";
const EXPIRED: &str = "signature expired";
const NOT_YET: &str = "signature not yet valid";
const NO_KEY: &str = "DNSKEY missing";

/// Returns the name of an extended error (RFC 8914, section 5.2, and IANA's list) in few words: `None` for
/// one that tells nothing.
pub(crate) fn extended(code: u16) -> Option<&'static str> {
    Some(match code {
        1 => "unsupported DNSKEY algorithm",
        2 => "unsupported DS digest",
        3 => "stale answer",
        4 => "forged answer",
        5 => "DNSSEC indeterminate",
        6 => "DNSSEC bogus",
        7 => EXPIRED,
        8 => NOT_YET,
        9 => NO_KEY,
        10 => "signatures missing",
        11 => "no zone key",
        12 => "NSEC missing",
        13 => "cached error",
        14 => "not ready",
        15 => "blocked",
        16 => "censored",
        17 => "filtered",
        18 => "prohibited",
        19 => "stale NXDOMAIN answer",
        20 => "not authoritative",
        21 => "not supported",
        22 => "no reachable authority",
        23 => "network error",
        24 => "invalid data",
        _ => return None,
    })
}

/// Whether an extended error says that a signature was there, and was out of date.
pub(crate) fn is_out_of_date(code: u16) -> bool {
    matches!(code, 7 | 8)
}

/// Whether an extended error says that the server does not reach those of the zone.
pub(crate) fn is_out_of_reach(code: u16) -> bool {
    matches!(code, 22 | 23)
}

/// Whether an extended error says that an answer is kept beyond its time to live (RFC 8767).
pub(crate) fn is_stale(code: u16) -> bool {
    matches!(code, 3 | 19)
}

/// Whether an extended error says that the server itself withholds or replaces the answer.
pub(crate) fn is_policy(code: u16) -> bool {
    matches!(code, 4 | 15..=18)
}

/// Whether an extended error says that validation failed.
pub(crate) fn is_dnssec(code: u16) -> bool {
    matches!(code, 1 | 2 | 5..=12)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "no answer",
            Self::NotYet => "no answer yet when the time ended",
            Self::Refused => "refused: nothing listens there",
            Self::Prohibited => PROHIBITED_ON_THE_WAY,
            Self::Unreachable(what) | Self::NotSent(what) => what,
            Self::NoInterface(zone) => return write!(f, "no such interface: {zone}"),
            Self::Unscoped => "needs its interface",
            Self::Local(local) => return local.fmt(f),
            Self::WrongId => "answers carry a wrong id",
            Self::Elsewhere { asked, from } if asked.ip() == from.ip() => {
                return write!(f, "answers come from another port, {}", from.port());
            }
            Self::Elsewhere { from, .. } => {
                return write!(f, "answers come from another address, {}", from.ip());
            }
            Self::OtherQuestion => "answers another question",
            Self::Echo => "the question itself came back",
            Self::Malformed(why) => return write!(f, "malformed answer: {why}"),
            Self::Truncated(tcp) => return write!(f, "truncated, and TCP {tcp}"),
            Self::OnlyTcp => "no answer by UDP, TCP answers",
            Self::ServFail(None) => "SERVFAIL",
            Self::ServFail(Some(why)) => return write!(f, "SERVFAIL ({why})"),
            Self::Dnssec(None) => "SERVFAIL by DNSSEC",
            Self::Dnssec(Some(why)) => return write!(f, "SERVFAIL by DNSSEC ({why})"),
            Self::Code(code) => return f.write_str(&code_text(*code)),
            Self::NxDomain => "NXDOMAIN",
            Self::NoData(None) => "no address (NODATA)",
            Self::NoData(Some(kind)) => return write!(f, "no {kind} record (NODATA)"),
            Self::Exists => "no NXDOMAIN but NODATA",
            Self::Loop => "CNAME loop",
            Self::OutOfOrder => "aliases out of order: the C library finds no address",
            Self::NotRecursive => "does not recurse",
            Self::Nowhere(address) => return write!(f, "answers {address}"),
            Self::Unexpected(address) => return write!(f, "answers {address}, which is not expected"),
            Self::Invents => "invents an answer for a name that does not exist",
            Self::NotValidating => "does not validate DNSSEC",
            Self::Validated => "validated (AD=1)",
            Self::Unsigned => "not signed",
            Self::NotValidated => "answers, but not as validated (AD=0)",
        })
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeighbourTable => NEIGHBOUR_TABLE,
            Self::Prohibited => PROHIBITED_HERE,
            Self::Port => Lack::Port.words(),
            Self::Other(why) => why,
        })
    }
}

impl fmt::Display for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::NoAnswer => "no answer",
            Self::Closed => "closed",
            Self::Malformed => "malformed",
            Self::NotMade(why) => why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_words() {
        let at = |text: &str| text.parse().unwrap();
        let rows = [
            (
                Fault::Elsewhere { asked: at("192.0.2.1:53"), from: at("192.0.2.1:54") },
                "answers come from another port, 54",
            ),
            (
                Fault::Elsewhere { asked: at("192.0.2.1:53"), from: at("192.0.2.2:53") },
                "answers come from another address, 192.0.2.2",
            ),
            (Fault::Truncated(Tcp::Closed), "truncated, and TCP closed"),
            (Fault::Dnssec(extended(7)), "SERVFAIL by DNSSEC (signature expired)"),
            (Fault::ServFail(extended(22)), "SERVFAIL (no reachable authority)"),
            (Fault::ServFail(extended(0)), "SERVFAIL"),
            (Fault::Code(OptRcode::REFUSED), "REFUSED"),
            (Fault::Code(OptRcode::NOTIMP), "NOTIMP"),
            (Fault::Code(OptRcode::FORMERR), "FORMERR"),
            (Fault::Code(OptRcode::BADVERS), "BADVERS"),
            (Fault::Code(OptRcode::masked_from_int(999)), "rcode 999"),
            (Fault::Code(OptRcode::masked_from_int(11)), "rcode 11"),
            (Fault::NotSent("rejected here"), "rejected here"),
            (Fault::NoInterface("eth9".to_owned()), "no such interface: eth9"),
            (Fault::Local(Local::NeighbourTable), "neighbour table full here"),
        ];
        for (fault, words) in rows {
            assert_eq!(fault.to_string(), words);
        }
    }

    #[test]
    fn signatures_out_of_date_point_at_the_clock() {
        let with = |code: u16| Fault::Dnssec(extended(code)).may_be_the_clock();
        assert!(with(7) && with(8) && with(9) && with(0) && !with(10) && !with(12));
    }
}
