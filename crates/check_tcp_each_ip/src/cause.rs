//! Why a target failed, or why nothing can be said about it from here; and the words for each.

use host_net::{Explanation, NeighbourTable};
use net::tls::{Day, End, Fault, Kind, Unverifiable};
use net::{IcmpError, Lack, local_words};
use plugin::reason;
use rustix::io::Errno;

/// Why a target did not answer as it should.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// A TCP reset answered: the host is there, and nothing listens, or a firewall resets.
    Refused,
    /// Nothing came back.
    NoAnswer(Echo),
    /// No host on the link has this address: no answer to ARP or neighbour solicitation.
    NoNeighbour,
    /// An ICMP error came back.
    Icmp(IcmpError),
    /// The system reports what an ICMP error makes of it, and not which one.
    Unreachable(i32),
    /// The service closed the connection before it said anything.
    ClosedSilently,
    /// The service closed the connection after this word of ours, which it did not answer in full: with what
    /// it said.
    ClosedAfter(&'static str, String),
    /// The service closed the connection before this word of ours.
    ClosedBefore(&'static str),
    /// The service said this, and its answer never ended.
    Incomplete(String),
    /// The connection stood, and the service said nothing.
    NoBanner,
    /// The same where TLS was to be asked for.
    NoGreeting,
    /// The connection stood, and the service did not answer what was sent.
    NoReply,
    /// The service answered what came before this word of ours, and not this one in time.
    NoReplyTo(&'static str),
    /// The connection stood, but not for as long as it should.
    ClosedEarly,
    /// The handshake of TLS failed, or the certificate is not accepted.
    Tls(Fault),
    /// The service ended the connection in the handshake of TLS.
    TlsClosed,
    /// The service said nothing, or not enough, in the handshake of TLS.
    TlsSilent,
    /// The service does not offer STARTTLS, or refuses it: in its own words, if it said any.
    NoStartTls(String),
    /// The service refuses all clients now, in these words.
    TurnedAway(String),
    /// A certificate expires too soon, or too late: in how many days, and the limit.
    Expires(End, Box<str>),
    /// The port is open and should not be.
    Open,
    /// The service said something else than what is expected.
    Unexpected(Box<Answer>),
    /// Nothing can be said from here.
    Local(Local),
}

/// An answer in which expected texts are missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    /// Which are missing, in words.
    pub(crate) missing: String,
    /// The start of the answer.
    pub(crate) said: String,
}

/// Whether an address that does not take the connection answers ICMP echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Echo {
    /// It was not asked.
    NotAsked,
    /// It answers.
    Answers,
    /// It does not.
    Silent,
}

/// A fault of this machine or of this run, never the target's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Local {
    /// The deadline came before the first try was over.
    NoTime,
    /// The first try failed, and the deadline came before the second was over.
    Unconfirmed,
    /// No route leads there.
    NoRoute,
    /// A route of this machine forbids it, or its firewall does.
    Prohibited,
    /// A route of this machine says that it is unreachable.
    UnreachableRoute,
    /// A route of this machine throws it away, or the address needs an interface beside it.
    Invalid,
    /// The source is an address of loopback, and the target is not of this machine.
    Loopback,
    /// The interface never leads there.
    Interface,
    /// No route leads there by the interface.
    NoRouteBy,
    /// The same, and the interface has no address of this family.
    NoAddressOn {
        /// Whether the family is IPv6, else IPv4.
        v6: bool,
    },
    /// No local port or no address to connect from.
    Lack(Lack),
    /// No file descriptor is left.
    NoDescriptor,
    /// No memory is left for sockets.
    NoMemory,
    /// The interface towards it is down or has no carrier.
    LinkDown,
    /// The gateway towards it does not answer on the link.
    Gateway,
    /// The table of neighbours is full.
    NeighbourTable,
    /// The table of tracked connections is full.
    Conntrack,
    /// The system has no such protocol family.
    NoFamily,
    /// It is the broadcast address of one of this machine's networks.
    Broadcast,
    /// What the service signs by cannot be verified here.
    Unverifiable(Unverifiable),
    /// Another error of the system's.
    Other(i32),
}

impl Local {
    /// What an error of socket(2), bind(2) or of the start of connect(2) says about this machine.
    pub(crate) fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::NETUNREACH => Local::NoRoute,
            Errno::ACCESS | Errno::PERM => Local::Prohibited,
            Errno::HOSTUNREACH => Local::UnreachableRoute,
            Errno::INVAL => Local::Invalid,
            Errno::MFILE | Errno::NFILE => Local::NoDescriptor,
            Errno::NOBUFS | Errno::NOMEM => Local::NoMemory,
            Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT => Local::NoFamily,
            Errno::NETDOWN => Local::LinkDown,
            errno => Local::Other(errno.raw_os_error()),
        }
    }

    /// In few words, for the first line.
    pub(crate) fn brief(self) -> String {
        let words = match self {
            Local::NoTime => "not reached in time",
            Local::Unconfirmed => "failed once, no time for the second try",
            Local::NoRoute => shared(Errno::NETUNREACH),
            Local::Prohibited => shared(Errno::ACCESS),
            Local::UnreachableRoute => shared(Errno::HOSTUNREACH),
            Local::Invalid => shared(Errno::INVAL),
            Local::Loopback => "not reachable by --source",
            Local::Interface => "not reachable by --interface",
            Local::NoRouteBy => "no route by --interface",
            Local::NoAddressOn { v6: false } => "no IPv4 address on --interface",
            Local::NoAddressOn { v6: true } => "no IPv6 address on --interface",
            Local::Lack(lack) => lack.words(),
            Local::NoDescriptor => shared(Errno::MFILE),
            Local::NoMemory => shared(Errno::NOMEM),
            Local::LinkDown => shared(Errno::NETDOWN),
            Local::Gateway => Explanation::Gateway.words(),
            Local::NeighbourTable => Explanation::NeighbourTable.words(),
            Local::Conntrack => Explanation::Conntrack.words(),
            Local::NoFamily => shared(Errno::AFNOSUPPORT),
            Local::Broadcast => Explanation::Broadcast.words(),
            Local::Unverifiable(what) => return Fault::Unverifiable(what, None).brief(),
            Local::Other(errno) => return system(errno),
        };
        words.to_owned()
    }

    /// What to do about it.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Local::NoTime => "raise --timeout (and what calls this plugin), or split the list",
            Local::Unconfirmed => "raise --timeout: each try needs its --connect-timeout",
            Local::NoRoute => "this machine has no route to it: see ip route get",
            Local::Prohibited => {
                "a prohibit route or the firewall of this machine forbids it: see ip route get"
            }
            Local::UnreachableRoute => "an unreachable route of this machine: see ip route get",
            Local::Invalid => {
                "a blackhole route of this machine, or an address that needs an interface: see ip route get"
            }
            Local::Loopback => "from a loopback address only this machine can be reached",
            Local::Interface => {
                "lo leads to its own addresses alone, and no other interface to those: leave it out"
            }
            Local::NoRouteBy => "no route leads to it by that interface: see ip route show",
            Local::NoAddressOn { .. } => {
                "that interface has lost its address, and its routes: see ip address"
            }
            Local::Lack(Lack::Port) => "widen net.ipv4.ip_local_port_range, or lower --in-flight",
            Local::Lack(Lack::Ipv4) => "no interface of this machine has an IPv4 address: see ip address",
            Local::Lack(Lack::Ipv6) => {
                "no interface of this machine has an IPv6 address: see ip address, and sysctl net.ipv6.conf"
            }
            Local::Lack(Lack::LinkLocal) => {
                "the interface of this link-local address has none itself yet: see ip address"
            }
            Local::Lack(Lack::Source) => "no interface of this machine has the --source: see ip address",
            Local::NoDescriptor => {
                "raise the limit of open files (LimitNOFILE of the unit), or lower --in-flight"
            }
            Local::NoMemory => {
                "free memory on this machine, raise the limit of the unit (MemoryMax), or lower --in-flight"
            }
            Local::LinkDown => "the interface towards it is down or has no carrier on this machine",
            Local::Gateway => "the gateway of this machine towards it does not answer: see ip route get",
            Local::NeighbourTable => NeighbourTable::REMEDY,
            Local::Conntrack => "raise net.netfilter.nf_conntrack_max on this machine, or lower --rate",
            Local::NoFamily => "this machine has no such protocol, as with IPv6 switched off",
            Local::Broadcast => "no host has it: take it off the list",
            Local::Unverifiable(what) if what.kind == Kind::InTls12 => {
                "this check knows such keys in TLS 1.3 alone: give it to the server"
            }
            Local::Unverifiable(_) => {
                "this check has no method for it, and all else is right: --tls-verify=none leaves it out"
            }
            Local::Other(_) => "this machine cannot make the connection",
        }
    }
}

impl Cause {
    /// In few words, for the first line.
    pub(crate) fn brief(&self) -> String {
        match self {
            Cause::Refused => "refused".to_owned(),
            Cause::NoAnswer(Echo::NotAsked) => "silent".to_owned(),
            Cause::NoAnswer(Echo::Answers) => "silent (answers ping)".to_owned(),
            Cause::NoAnswer(Echo::Silent) => "silent (no ping)".to_owned(),
            Cause::NoNeighbour => "no neighbour".to_owned(),
            Cause::Icmp(icmp) => icmp.brief().to_owned(),
            Cause::Unreachable(_) => "unreachable".to_owned(),
            Cause::ClosedSilently => "closed without a word".to_owned(),
            Cause::ClosedAfter(word, _) => format!("closed after {word}"),
            Cause::ClosedBefore(word) => format!("closed before {word}"),
            Cause::Incomplete(_) => "answer incomplete".to_owned(),
            Cause::NoBanner | Cause::NoGreeting => "no banner".to_owned(),
            Cause::NoReply => "no reply".to_owned(),
            Cause::NoReplyTo(word) => format!("no reply to {word}"),
            Cause::ClosedEarly => "closed early".to_owned(),
            Cause::Tls(fault) => fault.brief(),
            Cause::TlsClosed => "closed in the TLS handshake".to_owned(),
            Cause::TlsSilent => "no TLS reply".to_owned(),
            Cause::NoStartTls(_) => "no STARTTLS".to_owned(),
            Cause::TurnedAway(said) => format!("turned away: {said}"),
            Cause::Expires(end, days) => format!("{} expires {} ({days})", end.whose(), Day(end.at)),
            Cause::Open => "open".to_owned(),
            Cause::Unexpected(answer) if answer.missing.is_empty() => "unexpected answer".to_owned(),
            Cause::Unexpected(answer) => format!("unexpected answer without {}", answer.missing),
            Cause::Local(local) => local.brief(),
        }
    }

    /// In full, for the details.
    pub(crate) fn full(&self) -> String {
        match self {
            Cause::NoAnswer(Echo::Answers) => format!("{}: the service or a firewall", self.brief()),
            Cause::NoAnswer(Echo::Silent) => format!("{}: the address or its host", self.brief()),
            Cause::NoNeighbour => "no neighbour: nothing on the link has this address".to_owned(),
            Cause::Icmp(icmp) => icmp.full(),
            Cause::Unreachable(errno) => format!("unreachable ({})", system(*errno)),
            Cause::NoBanner => {
                "connected, but no banner: the service hangs, or it waits for the client to speak first: --send, --tls"
                    .to_owned()
            }
            Cause::NoGreeting => {
                "connected, but no banner: the service hangs, or perhaps TLS from the start: leave --starttls out"
                    .to_owned()
            }
            Cause::NoReply => "connected, but no reply: the service hangs".to_owned(),
            Cause::NoReplyTo(_) => {
                format!("{} in the time of --connect-timeout: the service is slow, or hangs", self.brief())
            }
            Cause::ClosedEarly => "closed early: the connection did not stand for the time of --stay".to_owned(),
            Cause::Tls(fault) => format!("{}: {fault}", fault.brief()),
            Cause::TlsSilent => {
                "connected, but no TLS reply: it does not speak TLS on this port, or hangs".to_owned()
            }
            Cause::NoStartTls(said) if said.is_empty() => {
                "no STARTTLS: the service does not offer it".to_owned()
            }
            Cause::NoStartTls(said) => format!("no STARTTLS: {said}"),
            Cause::Open => "open: the port should be closed".to_owned(),
            Cause::ClosedAfter(_, said) if !said.is_empty() => format!("{}: {said}", self.brief()),
            Cause::Incomplete(said) => format!("answer incomplete after {said}"),
            Cause::Unexpected(answer) => format!("{}: {}", self.brief(), answer.said),
            Cause::Local(local) => format!("{}: {}", local.brief(), local.remedy()),
            cause => cause.brief(),
        }
    }

    /// Whether something at the target's address answered, if not as it should.
    pub(crate) fn is_an_answer(&self) -> bool {
        !matches!(
            self,
            Cause::NoAnswer(_)
                | Cause::NoNeighbour
                | Cause::Icmp(_)
                | Cause::Unreachable(_)
                | Cause::Local(_)
        )
    }

    /// Whether it is a verdict on a certificate that was shown, which no other connection takes back.
    pub(crate) fn is_of_certificate(&self) -> bool {
        match self {
            Cause::Tls(fault) => fault.is_of_certificate(),
            Cause::Expires(..) => true,
            _ => false,
        }
    }

    /// Whether it proves that a port takes no connection: a reset, an ICMP error from what forbids it, or
    /// silence of a host that is there.
    pub(crate) fn proves_closed(&self) -> bool {
        match self {
            Cause::Refused | Cause::NoAnswer(Echo::Answers) => true,
            Cause::Icmp(icmp) => {
                matches!(icmp.brief(), "prohibited" | "port unreachable" | "protocol unreachable")
            }
            _ => false,
        }
    }

    /// Of two tries' causes the one that tells more: the later one, unless it knows less than an ICMP error,
    /// of which routers send only a few a second (RFC 1812, section 4.3.2.8).
    pub(crate) fn after(self, earlier: Cause) -> Cause {
        match (&earlier, &self) {
            (Cause::Local(Local::NoTime), Cause::Local(Local::NoTime)) => self,
            (_, Cause::Local(Local::NoTime)) => Cause::Local(Local::Unconfirmed),
            (Cause::Icmp(_) | Cause::Unreachable(_) | Cause::NoNeighbour, Cause::NoAnswer(_)) => earlier,
            (Cause::Icmp(_), Cause::Unreachable(_)) => earlier,
            _ => self,
        }
    }
}

fn system(errno: i32) -> String {
    reason(&std::io::Error::from_raw_os_error(errno))
}

/// The words that all plugins have for an error of this machine.
fn shared(errno: Errno) -> &'static str {
    local_words(errno).unwrap_or_default()
}

#[cfg(test)]
impl Cause {
    /// An answer in which `missing` is missing.
    pub(crate) fn unexpected(missing: &str, said: &str) -> Self {
        Self::Unexpected(Box::new(Answer { missing: missing.to_owned(), said: said.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_this_machine_has_its_words_and_remedy() {
        let rows = [
            (Errno::NETUNREACH, "no route from here: this machine has no route"),
            (Errno::ACCESS, "prohibited here: a prohibit route or the firewall"),
            (Errno::PERM, "prohibited here: a prohibit route or the firewall"),
            (Errno::HOSTUNREACH, "unreachable by a route here: an unreachable route"),
            (Errno::INVAL, "not reachable from here: a blackhole route"),
            (Errno::MFILE, "no file descriptors left: raise the limit of open files"),
            (Errno::NFILE, "no file descriptors left: raise the limit of open files"),
            (Errno::NOBUFS, "no memory left for sockets here: free memory on this machine"),
            (Errno::NOMEM, "no memory left for sockets here: free memory on this machine"),
            (Errno::AFNOSUPPORT, "protocol family missing here: this machine has no such protocol"),
            (Errno::PROTONOSUPPORT, "protocol family missing here: this machine has no such protocol"),
            (Errno::NETDOWN, "link down here: the interface towards it is down"),
            (Errno::IO, "input/output error: this machine cannot make the connection"),
        ];
        for (errno, words) in rows {
            let full = Cause::Local(Local::from_errno(errno)).full();
            assert!(full.starts_with(words), "{errno:?}: {full}");
        }
        let rows = [
            (Lack::Port, "no local port left: widen net.ipv4.ip_local_port_range"),
            (Lack::Ipv4, "no IPv4 address here: no interface"),
            (Lack::Ipv6, "no IPv6 address here: no interface"),
            (Lack::LinkLocal, "no IPv6 address on its interface: the interface of this link-local"),
            (Lack::Source, "source address not bound here: no interface of this machine has the --source"),
        ];
        for (lack, words) in rows {
            let full = Cause::Local(Local::Lack(lack)).full();
            assert!(full.starts_with(words), "{lack:?}: {full}");
        }
    }
}
