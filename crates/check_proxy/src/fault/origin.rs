//! What an error of the connection says: while it is made, while the two talk, and in the handshake of TLS.

use net::{Cause, is_own};

use super::{Fault, Tunnel};

impl Fault {
    /// What an error while connecting to the proxy says.
    pub(crate) fn of_connecting(cause: Cause) -> Self {
        match cause {
            Cause::Refused | Cause::Reset => Fault::Refused,
            Cause::NoAnswer => Fault::NoAnswer,
            Cause::NoNeighbour => Fault::NoNeighbour,
            Cause::Icmp(icmp) if icmp.brief() == "prohibited" => Fault::Prohibited,
            Cause::Icmp(icmp) => {
                Fault::Unreachable { what: icmp.brief(), is_here: icmp.from.is_some_and(is_own) }
            }
            cause => Fault::Local(cause.here().map_or_else(|| cause.to_string(), str::to_owned)),
        }
    }

    /// What an error while talking says, after `any` octets of the answer.
    pub(crate) fn of_talking(cause: Cause, any: bool) -> Self {
        match (cause, any) {
            (Cause::NoAnswer, false) => Fault::Silent,
            (Cause::NoAnswer, true) => Fault::Incomplete,
            (Cause::Closed, _) => Fault::Closed,
            (Cause::Reset, _) => Fault::Reset,
            // ICMP errors on a connection that stands.
            (Cause::Unreachable | Cause::NoRoute, _) => {
                Fault::Unreachable { what: "unreachable", is_here: false }
            }
            (Cause::Prohibited, _) => Fault::Prohibited,
            (cause, _) => Fault::Local(cause.to_string()),
        }
    }

    /// What an error of the TLS handshake in a tunnel says.
    pub(crate) fn of_handshake(cause: Cause) -> Self {
        use net::tls::Fault as Tls;
        Fault::Tunnel(match cause {
            Cause::NoAnswer => Tunnel::Silent,
            Cause::Closed | Cause::ClosedInHandshake => Tunnel::Closed,
            Cause::Reset | Cause::ResetInHandshake => Tunnel::Reset,
            Cause::Tls(Tls::NotTls) => Tunnel::NoTls,
            Cause::Tls(Tls::Unverifiable(..)) => Tunnel::Unverifiable(cause.to_string()),
            Cause::Tls(
                Tls::HandshakeFailure
                | Tls::Alert(_)
                | Tls::TooOld
                | Tls::OnlyVersion(_)
                | Tls::NothingInCommon
                | Tls::WantsCertificate
                | Tls::NoCertificate
                | Tls::Other(_),
            ) => Tunnel::Handshake(cause.to_string()),
            Cause::Tls(_) => Tunnel::Certificate(cause.to_string()),
            cause => Tunnel::Handshake(cause.to_string()),
        })
    }
}
