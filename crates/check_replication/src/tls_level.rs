//! How much TLS a server must speak, and how much of its certificate is verified.

use net::tls::Verify;

/// How much TLS there must be on a TCP connection; the names are those of the client's --ssl-mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum TlsLevel {
    /// No TLS
    Off,
    /// TLS if the server offers it, certificate not verified
    #[default]
    Prefer,
    /// Always TLS, certificate not verified
    Require,
    /// The same, and even the full password is sent to a server whose certificate is not verified
    RequireUnverified,
    /// Always TLS, certificate signed by an authority of --tls-ca, for any name
    VerifyCa,
    /// The same, and the certificate is for the name or address in --hostname
    VerifyIdentity,
}

impl TlsLevel {
    /// Returns how much of the server's certificate is verified.
    pub(crate) fn verify(self) -> Verify {
        match self {
            TlsLevel::Off | TlsLevel::Prefer | TlsLevel::Require | TlsLevel::RequireUnverified => {
                Verify::Nothing
            }
            TlsLevel::VerifyCa => Verify::Chain,
            TlsLevel::VerifyIdentity => Verify::Full,
        }
    }
}
