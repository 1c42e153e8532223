//! Why a request through a proxy did not bring the page, as data, and the words for each.

mod origin;
mod status;

use std::net::IpAddr;
use std::time::Duration;

use crate::secrets::Secrets;
pub(crate) use status::Status;

/// Why a request did not bring the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing can be said from here: a fault of this machine or of this run.
    Local(String),
    /// The time of this run was over before the connection could be made.
    Late,
    /// The connection stood, and the time was too short for what came to tell anything.
    Short {
        /// What came, and in which time.
        what: String,
        /// Whether anything came.
        any: bool,
    },
    /// The proxy's port refused the connection.
    Refused,
    /// The proxy's port took no connection in time.
    NoAnswer,
    /// A firewall or a route prohibits the connection.
    Prohibited,
    /// Nothing on the link has the address.
    NoNeighbour,
    /// A router or the last hop says that the address is not there.
    Unreachable {
        /// In its words.
        what: &'static str,
        /// Whether an address of this machine says so.
        is_here: bool,
    },
    /// The connection stood, and no octet of an answer came.
    Silent,
    /// Some of the answer came, and then the time was over.
    Incomplete,
    /// The proxy closed the connection before its answer.
    Closed,
    /// The proxy reset the connection before its answer.
    Reset,
    /// What came is no HTTP: why.
    NotHttp(String),
    /// The header is larger than it may be.
    HeaderWithoutEnd,
    /// The answer has a status that does not bring the page.
    Status(Status),
    /// Only these schemes are offered for the login, and this check speaks none of them.
    Unspoken(Vec<String>),
    /// The customer has no login, and the proxy wants one: by this status, or by SOCKS5 where there is none.
    LoginWanted(Option<u16>),
    /// Basic cannot carry a user name with a colon (RFC 7617, section 2).
    ColonInUser,
    /// The page ended early.
    Cut,
    /// The page is larger than it may be.
    TooLong,
    /// CONNECT was answered by 200, and then this.
    Tunnel(Tunnel),
    /// The page is another one.
    OtherPage,
    /// The page is ours, with the random text of an earlier request.
    OldCopy,
    /// The page is ours, and saw this address in place of the proxy's.
    LeavesBy(IpAddr),
    /// The page has this text, which it must not have.
    Sees(String),
    /// The SOCKS5 server accepts none of the methods of login that were offered.
    SocksMethod,
    /// The SOCKS5 server refuses the user and the password.
    SocksLogin,
    /// The SOCKS5 server answers the request by this code (RFC 1928, section 6).
    SocksReply(u8),
    /// The SOCKS5 server does not answer the user and the password.
    SocksLoginSilent,
    /// The SOCKS5 server does not answer the request.
    SocksRequestSilent {
        /// Whether it had taken a password before.
        login: bool,
    },
    /// What came is the beginning of SOCKS5, and no HTTP.
    SocksInstead,
    /// What came is no SOCKS5.
    NotSocks,
}

/// What went wrong after CONNECT was answered by 200, or after a SOCKS5 server had connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tunnel {
    /// Nothing came.
    Silent,
    /// It was closed.
    Closed,
    /// It was reset.
    Reset,
    /// The SOCKS5 server closed it.
    SocksClosed,
    /// The SOCKS5 server reset it.
    SocksReset,
    /// What came is no TLS, or no HTTP in it.
    NoTls,
    /// The certificate is not accepted: why.
    Certificate(String),
    /// This program cannot verify the kind of the signature, and the server is well: which kind.
    Unverifiable(String),
    /// The handshake failed before there was a certificate to look at: why.
    Handshake(String),
}

impl Fault {
    /// What is said of [`Fault::Late`].
    pub(crate) const LATE: &str = "not reached in time";

    /// Returns this fault of a customer who has no login.
    pub(crate) fn without_login(self) -> Self {
        match self {
            Fault::Status(status) if status.refuses_login() => Fault::LoginWanted(Some(status.code)),
            Fault::SocksMethod => Fault::LoginWanted(None),
            fault => fault,
        }
    }

    /// Returns this fault of a request through a tunnel that the proxy had opened. A status that is the
    /// proxy's own stays so.
    pub(crate) fn in_tunnel(self) -> Self {
        match self {
            Fault::Silent => Fault::Tunnel(Tunnel::Silent),
            Fault::Closed => Fault::Tunnel(Tunnel::Closed),
            Fault::Reset => Fault::Tunnel(Tunnel::Reset),
            Fault::Status(status) => Fault::Status(Status { from_page: !status.is_own, ..status }),
            fault => fault,
        }
    }

    /// Returns this fault of a request after a SOCKS5 server had connected.
    pub(crate) fn behind_socks(self) -> Self {
        match self {
            Fault::Tunnel(Tunnel::Closed) => Fault::Tunnel(Tunnel::SocksClosed),
            Fault::Tunnel(Tunnel::Reset) => Fault::Tunnel(Tunnel::SocksReset),
            fault => fault,
        }
    }

    /// Whether the proxy had taken the login and failed then, as far as this answer alone tells.
    pub(crate) fn is_past_login(&self) -> bool {
        match self {
            Fault::Status(status) => status.is_past_login(),
            Fault::SocksReply(code) => *code != 2,
            Fault::Tunnel(Tunnel::Unverifiable(_)) => false,
            Fault::Tunnel(_)
            | Fault::SocksRequestSilent { .. }
            | Fault::Cut
            | Fault::TooLong
            | Fault::OtherPage
            | Fault::OldCopy
            | Fault::Incomplete => true,
            _ => false,
        }
    }

    /// Whether a SOCKS5 server does this, and nothing else.
    pub(crate) fn is_of_socks(&self) -> bool {
        matches!(
            self,
            Fault::SocksMethod
                | Fault::SocksLogin
                | Fault::SocksLoginSilent
                | Fault::SocksReply(_)
                | Fault::SocksRequestSilent { .. }
        )
    }

    /// Whether the proxy said nothing, so that it is not known which login it wants.
    pub(crate) fn is_no_answer(&self) -> bool {
        matches!(
            self,
            Fault::Local(_)
                | Fault::Late
                | Fault::Short { .. }
                | Fault::Refused
                | Fault::NoAnswer
                | Fault::Prohibited
                | Fault::NoNeighbour
                | Fault::Unreachable { .. }
                | Fault::Silent
                | Fault::Incomplete
                | Fault::Unspoken(_)
                | Fault::ColonInUser
        )
    }

    /// Whether no connection was made.
    pub(crate) fn is_unconnected(&self) -> bool {
        matches!(
            self,
            Fault::Refused
                | Fault::NoAnswer
                | Fault::Prohibited
                | Fault::NoNeighbour
                | Fault::Unreachable { .. }
        )
    }

    /// Whether the page came, and something in it is not as it should be.
    pub(crate) fn has_page(&self) -> bool {
        matches!(self, Fault::LeavesBy(_) | Fault::Sees(_))
    }

    /// Whether it may only be that the time was too short.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(
            self,
            Fault::Late
                | Fault::Short { .. }
                | Fault::NoAnswer
                | Fault::Silent
                | Fault::SocksLoginSilent
                | Fault::SocksRequestSilent { .. }
                | Fault::Incomplete
                | Fault::Tunnel(Tunnel::Silent)
        )
    }

    /// Returns this fault of a client that waited for so long, which is too short to tell anything.
    pub(crate) fn cut_short(&self, after: Duration, has_login: bool) -> Self {
        let what = match self {
            Fault::Late | Fault::NoAnswer => return Fault::Late,
            Fault::Silent if has_login => "no answer to a login",
            Fault::Silent => "no answer",
            Fault::Incomplete => "no whole answer",
            Fault::Tunnel(_) => "tunnel opened, no answer",
            fault => fault.words(),
        };
        // Never rounded up to a time that would be enough.
        let what = format!("{what} within {}.{} s", after.as_secs(), after.subsec_millis() / 100);
        Fault::Short { what, any: *self != Fault::Silent }
    }

    /// Whether the proxy itself says this inside of a tunnel that it ends itself.
    pub(crate) fn is_of_bumping_proxy(&self) -> bool {
        matches!(self, Fault::Status(status) if status.is_own && !status.answers_connect && !status.from_page)
    }

    /// Whether what came is no answer as it should be, so that the page may follow unread.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(self, Fault::NotHttp(_) | Fault::HeaderWithoutEnd | Fault::TooLong)
    }

    /// Whether the time was too short to tell anything.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self, Fault::Late | Fault::Short { .. })
    }

    /// Whether the request could not even be made.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Fault::Local(_) | Fault::Late | Fault::Short { .. })
    }

    /// Whether a certificate in a tunnel cannot be verified here.
    pub(crate) fn is_unverifiable(&self) -> bool {
        matches!(self, Fault::Tunnel(Tunnel::Unverifiable(_)))
    }

    /// Masks the secrets in the texts that the proxy sent.
    pub(crate) fn masked(self, secrets: &Secrets) -> Self {
        let masked = |text: String| secrets.mask(&text);
        match self {
            Fault::NotHttp(why) => Fault::NotHttp(masked(why)),
            Fault::Unspoken(schemes) => Fault::Unspoken(schemes.into_iter().map(masked).collect()),
            Fault::Tunnel(Tunnel::Certificate(why)) => Fault::Tunnel(Tunnel::Certificate(masked(why))),
            Fault::Tunnel(Tunnel::Handshake(why)) => Fault::Tunnel(Tunnel::Handshake(masked(why))),
            fault => fault,
        }
    }

    /// In few words, for the first line.
    pub(crate) fn brief(&self) -> String {
        match self {
            Fault::Local(why) | Fault::Short { what: why, .. } => return why.clone(),
            Fault::Status(status) => return status.brief(),
            Fault::Tunnel(tunnel) => return tunnel.brief(),
            Fault::NotHttp(why) => return format!("no HTTP: {why}"),
            Fault::Unspoken(schemes) => {
                return format!("offers {} only, which this check does not speak", schemes.join(" and "));
            }
            Fault::LoginWanted(code) => {
                let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
                return format!("wants a login{code}, none is given");
            }
            Fault::LeavesBy(address) => return format!("leaves by {address}"),
            Fault::Sees(text) => return format!("the page sees {text}"),
            Fault::SocksReply(code) => return format!("SOCKS reply {code} ({})", socks_reply(*code)),
            _ => {}
        }
        self.words().to_owned()
    }

    /// Returns the words for a request to the page's own server, without a proxy and a tunnel.
    pub(crate) fn brief_without_proxy(&self) -> String {
        match self {
            Fault::Tunnel(Tunnel::Silent) => Fault::Silent.brief(),
            Fault::Tunnel(Tunnel::Closed) => Fault::Closed.brief(),
            Fault::Tunnel(Tunnel::Reset) => Fault::Reset.brief(),
            Fault::Tunnel(Tunnel::NoTls) => "no TLS".to_owned(),
            Fault::Tunnel(Tunnel::Certificate(why)) => format!("wrong certificate: {why}"),
            Fault::Tunnel(Tunnel::Handshake(why)) => format!("TLS fails: {why}"),
            Fault::Status(status) => Status { from_page: false, ..status.clone() }.answer(),
            fault => fault.brief(),
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Fault::Late => Self::LATE,
            Fault::Refused => "refused",
            Fault::NoAnswer => "no answer",
            Fault::Prohibited => "prohibited",
            Fault::NoNeighbour => "no neighbour",
            Fault::Unreachable { what, .. } => what,
            Fault::Silent => "connects, no answer",
            Fault::Incomplete => "answer incomplete at the deadline",
            Fault::Closed => "closed without an answer",
            Fault::Reset => "reset without an answer",
            Fault::HeaderWithoutEnd => "header without end",
            Fault::ColonInUser => "wants Basic, which takes no user name with a colon",
            Fault::Cut => "page cut",
            Fault::TooLong => "page longer than 256 KiB",
            Fault::OtherPage => "another page in place of ours",
            Fault::OldCopy => "an old copy of the page",
            Fault::SocksInstead => "no HTTP, perhaps SOCKS5",
            Fault::SocksMethod => "accepts neither our login nor none",
            Fault::SocksLogin => "password refused",
            Fault::SocksLoginSilent => "no answer to the login",
            Fault::SocksRequestSilent { login: true } => "no answer after the login",
            Fault::SocksRequestSilent { login: false } => "no answer to the request",
            _ => "no SOCKS5",
        }
    }
}

impl Tunnel {
    fn brief(&self) -> String {
        match self {
            Tunnel::Silent => "tunnel opened, then no answer".to_owned(),
            Tunnel::Closed => "CONNECT 200, then closed".to_owned(),
            Tunnel::Reset => "CONNECT 200, then reset".to_owned(),
            Tunnel::SocksClosed => "SOCKS reply 0, then closed".to_owned(),
            Tunnel::SocksReset => "SOCKS reply 0, then reset".to_owned(),
            Tunnel::NoTls => "no TLS after CONNECT".to_owned(),
            Tunnel::Certificate(why) => format!("wrong certificate after CONNECT: {why}"),
            Tunnel::Unverifiable(why) => why.clone(),
            Tunnel::Handshake(why) => format!("TLS fails after CONNECT: {why}"),
        }
    }
}

/// The meaning of a code of RFC 1928, section 6.
fn socks_reply(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests;
