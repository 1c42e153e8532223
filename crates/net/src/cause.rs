//! Why a connection could not be made or broke, as data.

use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::icmp_error::IcmpError;
use crate::lack::Lack;
use crate::local::local_words;
use crate::tls::Fault;

/// Why a connection could not be made or broke.
#[derive(Debug)]
pub enum Cause {
    /// The other end refused it: nothing listens there.
    Refused,
    /// The deadline, or the time for this address, came first.
    NoAnswer,
    /// The other end closed the connection in good order.
    Closed,
    /// The other end reset the connection.
    Reset,
    /// This host's firewall or route prohibits it, or the file of a Unix socket does.
    Prohibited,
    /// No route leads there from here.
    NoRoute,
    /// A route of this host says that it is unreachable, or a router that is not known says so.
    Unreachable,
    /// This machine has no port or no address to connect from.
    Lack(Lack),
    /// Nothing on the link has the address.
    NoNeighbour,
    /// A router, or the host itself, says by this that it takes no connection.
    Icmp(IcmpError),
    /// The Unix socket does not exist.
    Missing,
    /// The process was asked to stop.
    Stopped,
    /// The other end sent more octets than the limit, which this is.
    TooMuch(u64),
    /// TLS could not be agreed on, or the certificate is not accepted.
    Tls(Fault),
    /// The other end closed the connection in the TLS handshake.
    ClosedInHandshake,
    /// The other end reset the connection in the TLS handshake, as a server without TLS may: it prints like
    /// [`Cause::ClosedInHandshake`].
    ResetInHandshake,
    /// Another error of the system.
    Io(io::Error),
}

impl Cause {
    /// Returns in few words why this machine could not connect by TCP, if no answer from the network caused
    /// it: `None` for another cause, or one that is not known.
    pub fn here(&self) -> Option<&'static str> {
        match self {
            Cause::Prohibited => local_words(Errno::ACCESS),
            Cause::Unreachable => local_words(Errno::HOSTUNREACH),
            Cause::NoRoute => local_words(Errno::NETUNREACH),
            Cause::Lack(lack) => Some(lack.words()),
            Cause::Io(error) => Errno::from_io_error(error).and_then(local_words),
            _ => None,
        }
    }
}

/// What [`io::Read`] and [`io::Write`] of a connection fail with where no error of the system says it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mark {
    #[error("stopped")]
    Stopped,
    #[error("it sent more than {0} octets")]
    TooMuch(u64),
    #[error("no neighbour")]
    NoNeighbour,
    #[error("{}", .0.words())]
    Lack(Lack),
    #[error("{}", .0.brief())]
    Icmp(IcmpError),
}

impl From<Mark> for io::Error {
    fn from(mark: Mark) -> Self {
        io::Error::other(mark)
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Cause::Tls(error.into());
        }
        match inner.and_then(|inner| inner.downcast_ref::<Mark>()) {
            Some(Mark::Stopped) => return Cause::Stopped,
            Some(Mark::TooMuch(limit)) => return Cause::TooMuch(*limit),
            Some(Mark::NoNeighbour) => return Cause::NoNeighbour,
            Some(Mark::Lack(lack)) => return Cause::Lack(*lack),
            Some(Mark::Icmp(icmp)) => return Cause::Icmp(*icmp),
            None => {}
        }
        match (Errno::from_io_error(&error), error.kind()) {
            (Some(Errno::CONNREFUSED), _) => Cause::Refused,
            (Some(Errno::TIMEDOUT), _) | (None, io::ErrorKind::TimedOut) => Cause::NoAnswer,
            (None, io::ErrorKind::UnexpectedEof) => Cause::Closed,
            (Some(Errno::CONNRESET | Errno::PIPE), _) => Cause::Reset,
            (Some(Errno::ACCESS | Errno::PERM), _) => Cause::Prohibited,
            (Some(Errno::NETUNREACH), _) => Cause::NoRoute,
            (Some(Errno::HOSTUNREACH), _) => Cause::Unreachable,
            (Some(Errno::NOENT), _) => Cause::Missing,
            _ => Cause::Io(error),
        }
    }
}

impl std::error::Error for Cause {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Cause::Refused => "connection refused",
            Cause::NoAnswer => "no answer",
            Cause::Closed => "connection closed",
            Cause::Reset => "connection reset",
            Cause::Prohibited => "permission denied",
            Cause::NoRoute => "no route from here",
            Cause::Unreachable => "host unreachable",
            Cause::NoNeighbour => "no neighbour",
            Cause::Lack(lack) => lack.words(),
            Cause::Icmp(icmp) => icmp.brief(),
            Cause::Missing => "no such file or directory",
            Cause::Stopped => "stopped",
            Cause::TooMuch(limit) => return write!(f, "it sent more than {limit} octets"),
            Cause::Tls(fault) => return fault.fmt(f),
            Cause::ClosedInHandshake | Cause::ResetInHandshake => {
                "closed in the TLS handshake, perhaps no TLS there"
            }
            Cause::Io(error) => return f.write_str(&plugin::reason(error)),
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_says_is_told_apart() {
        let rows = [
            (Errno::ACCESS, Some("prohibited here")),
            (Errno::HOSTUNREACH, Some("unreachable by a route here")),
            (Errno::NETUNREACH, Some("no route from here")),
            (Errno::NETDOWN, Some("link down here")),
            (Errno::CONNREFUSED, None),
            (Errno::TIMEDOUT, None),
            (Errno::CONNRESET, None),
            (Errno::IO, None),
        ];
        for (errno, words) in rows {
            assert_eq!(Cause::from(io::Error::from(errno)).here(), words, "{errno:?}");
        }
        assert_eq!(Cause::NoNeighbour.here(), None);
    }

    #[test]
    fn errors_of_the_system_have_their_cause() {
        let rows = [
            (Errno::CONNREFUSED, "connection refused"),
            (Errno::TIMEDOUT, "no answer"),
            (Errno::CONNRESET, "connection reset"),
            (Errno::PIPE, "connection reset"),
            (Errno::ACCESS, "permission denied"),
            (Errno::PERM, "permission denied"),
            (Errno::NETUNREACH, "no route from here"),
            (Errno::HOSTUNREACH, "host unreachable"),
            (Errno::NOENT, "no such file or directory"),
            (Errno::MFILE, "too many open files"),
        ];
        for (errno, words) in rows {
            assert_eq!(Cause::from(io::Error::from(errno)).to_string(), words);
        }
        assert_eq!(Cause::from(io::Error::from(io::ErrorKind::TimedOut)).to_string(), "no answer");
        assert_eq!(Cause::from(io::Error::from(Mark::TooMuch(7))).to_string(), "it sent more than 7 octets");
    }
}
