//! The options on TLS.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use net::Host;
use net::tls::{Settings, TlsError, Verify};
use plugin::{Deadline, Range};

use crate::sweep::dialogue::Tls;
use crate::sweep::starttls::StartTls;

/// The options on TLS.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Securing {
    /// Use TLS, and verify the certificate of each address: its chain and its name. The name stands in the
    /// line of the list (192.0.2.10 443 www.example.com), or is that of --sni or --hostname, else the address
    #[arg(long)]
    pub tls: bool,
    /// Ask for TLS by the protocol of the service. Default: TLS from the first octet
    #[arg(long, value_name = "PROTOCOL", requires = "tls")]
    pub starttls: Option<StartTls>,
    /// Name that certificates must be for, and that is sent in the handshake. Default: see --tls
    #[arg(long, value_name = "NAME", requires = "tls")]
    pub sni: Option<Host>,
    /// PEM file of the certificate authorities to trust. Default: those of the system
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub tls_ca: Option<PathBuf>,
    /// How much of a certificate is verified
    #[arg(long, value_name = "LEVEL", requires = "tls", default_value = "full")]
    pub tls_verify: Level,
    /// A target fails if the days until its certificate expires are outside this range, as 14: is for two
    /// weeks. Default: it fails once that has expired
    #[arg(long, value_name = "RANGE", requires = "tls", allow_hyphen_values = true)]
    pub certificate_days: Option<Range>,
}

/// How much of a certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Level {
    /// The chain, the time and the name
    Full,
    /// The chain and the time, for any name
    Chain,
    /// Nothing
    None,
}

impl Securing {
    /// Returns a note on a number alone, which allows no certificate that is valid for longer.
    pub(crate) fn note(&self) -> Option<String> {
        let [_, days] = self.certificate_days.as_ref().filter(|days| days.is_bare())?.ends();
        Some(format!(
            "note: --certificate-days={days} fails each certificate that is valid for longer: is {days}: meant?"
        ))
    }

    /// Whether anything of a certificate is verified.
    pub(crate) fn is_verified(&self) -> bool {
        self.tls_verify != Level::None
    }

    /// Reads what TLS needs: `None` without TLS.
    pub(crate) fn load(&self, deadline: &Deadline) -> Result<Option<Tls>, TlsError> {
        if !self.tls {
            return Ok(None);
        }
        let verify = match self.tls_verify {
            Level::Full => Verify::Full,
            Level::Chain => Verify::Chain,
            Level::None => Verify::Nothing,
        };
        let settings = Settings { verify, authorities: self.tls_ca.clone(), ..Settings::default() };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Ok(Some(Tls { client: settings.load(deadline)?, days: self.certificate_days.clone(), now }))
    }
}
