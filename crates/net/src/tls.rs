//! TLS on the client's side, by rustls on ring and what it lacks: which authorities are trusted, how much of
//! a server's certificate is verified, our own certificate, and one wording for each fault.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `authorities` | the files of certificates and keys, and where systems keep those of the authorities |
//! | `verifier` | the verification of a server's certificate, during the handshake or at any time after it |
//! | `chain` | the certificates from a server's to an authority |
//! | `certificate` | what a certificate says of itself |
//! | `asked` | whether a server asked for our own certificate |
//! | `key` | which kinds of keys signatures can be verified by |
//! | `ecdsa` | the ECDSA signatures that ring does not verify |
//! | `p521` | the exchange of keys on the curve P-521 |
//! | `provider` | what TLS is made of |
//! | `hashed` | folders of certificates and lists whose files are named by hashes |
//! | `revocation` | lists of revoked certificates |
//! | `error` | why TLS cannot be set up on our side |
//! | `session` | a connection whose octets the caller moves |
//! | `shown` | what a server showed and asked for, by which an error is read |
//! | `signature` | the signature of a certificate, and which key may have made it |
//! | `ways` | the chains where a signature cannot be verified here |
//! | `fault` | what is wrong with a certificate or a handshake, as data and in words |
//!
//! [`crate::Stream::secure`] makes a connection of it.

mod asked;
mod authorities;
mod certificate;
mod chain;
mod ecdsa;
mod error;
mod fault;
mod hashed;
mod key;
mod p521;
mod provider;
mod revocation;
mod session;
mod shown;
mod signature;
mod verifier;
mod ways;

use std::path::PathBuf;
use std::sync::Arc;

use plugin::Deadline;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, SupportedProtocolVersion, version};

pub use authorities::{Authorities, parse_certificates};
pub use certificate::{Day, End, Whose};
pub use error::TlsError;
pub use fault::Fault;
pub use key::{Kind, Unverifiable};
pub use revocation::RevocationLists;
pub use rustls::CipherSuite;
pub use session::Session;
pub use verifier::Verify;

pub(crate) use shown::Shown;

use asked::Asked;
use verifier::Verifier;

/// A client certificate and its key, for servers that ask for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The PEM file of the certificate, with those between it and its authority.
    pub certificate: PathBuf,
    /// The PEM file of its key.
    pub key: PathBuf,
}

static TLS12: &[&SupportedProtocolVersion] = &[&version::TLS12];
static TLS13: &[&SupportedProtocolVersion] = &[&version::TLS13];

/// The versions of TLS that may be spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// All that are supported.
    #[default]
    All,
    /// TLS 1.2 alone.
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

impl Versions {
    fn supported(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::All => rustls::ALL_VERSIONS,
            Self::Tls12 => TLS12,
            Self::Tls13 => TLS13,
        }
    }

    fn only(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Tls12 => Some("1.2"),
            Self::Tls13 => Some("1.3"),
        }
    }
}

/// What options say of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How much of the server's certificate is verified.
    pub verify: Verify,
    /// The PEM file of the trusted authorities. `None`: those of the folder, or else of the system.
    pub authorities: Option<PathBuf>,
    /// A folder of more of them, in files that are named by hashes.
    pub authorities_folder: Option<PathBuf>,
    /// Where the lists of revoked certificates are.
    pub revocation: RevocationLists,
    /// The ciphers that may be used. `None`: all that are supported.
    pub ciphers: Option<Vec<CipherSuite>>,
    /// Our own certificate.
    pub identity: Option<Identity>,
    /// The versions that may be spoken.
    pub versions: Versions,
}

/// The client's side of TLS, ready for any number of connections. Clones share what was read.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
    /// The one version that may be spoken.
    only: Option<&'static str>,
}

impl Settings {
    /// Reads the files that these settings need, and no others.
    ///
    /// # Errors
    /// [`TlsError`]: a file cannot be read or is not what it should be, or there are no authorities to verify
    /// by.
    pub fn load(&self, deadline: &Deadline) -> Result<Client, TlsError> {
        // A list that cannot be read is an error also where it is not needed, as with openssl.
        let revocations = self.revocation.read(deadline)?;
        let authorities = match (self.verify, &self.authorities, &self.authorities_folder) {
            (Verify::Nothing, _, _) => Authorities::default(),
            (_, Some(path), None) => Authorities::read(path, deadline)?,
            (_, None, Some(folder)) => Authorities::folder(folder, deadline)?,
            // A folder that has none, or is not there, is none where there is a file too.
            (_, Some(path), Some(folder)) => {
                let more = Authorities::folder(folder, deadline).unwrap_or_default();
                Authorities::read(path, deadline)?.and(more)
            }
            (_, None, None) => Authorities::system(deadline)?,
        };
        let authorities = authorities.without(revocations);
        let mut provider = provider::provider();
        if let Some(ciphers) = &self.ciphers {
            provider.cipher_suites.retain(|suite| ciphers.contains(&suite.suite()));
        }
        let provider = Arc::new(provider);
        let verifier = Arc::new(Verifier::new(self.verify, authorities, Arc::clone(&provider)));
        let setup = |error: rustls::Error| TlsError::Setup(Fault::from(&error));
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions.supported())
            .map_err(setup)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::<Verifier>::clone(&verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = authorities::read_chain(&identity.certificate, deadline)?;
                let key = authorities::read_key(&identity.key, deadline)?;
                plugin::note_exposed(&identity.key, "a private key");
                let unusable = |error| match error {
                    rustls::Error::InvalidCertificate(_) => TlsError::Own(identity.certificate.clone()),
                    _ => TlsError::Pair(identity.certificate.clone(), identity.key.clone()),
                };
                builder.with_client_auth_cert(chain, key).map_err(unusable)?
            }
        };
        // Each connection must show the certificate of its own server, where a cluster shares its tickets.
        config.resumption = Resumption::disabled();
        Ok(Client { config: Arc::new(config), verifier, only: self.versions.only() })
    }
}

impl Client {
    /// Begins a connection, whose octets the caller moves, to a server that is called `name`, a host name or
    /// an address.
    ///
    /// # Errors
    /// [`Fault`]: no certificate can be for this name.
    pub fn session(&self, name: &str) -> Result<Session, Fault> {
        let (connection, shown) = self.connection(name)?;
        Ok(Session::new(connection, shown))
    }

    /// Returns the state of a new connection to a server that is called `name`, a host name or an address,
    /// and what reads its errors.
    ///
    /// # Errors
    /// [`Fault`]: no certificate can be for this name.
    pub(crate) fn connection(&self, name: &str) -> Result<(ClientConnection, Shown), Fault> {
        let server = ServerName::try_from(name.to_owned()).map_err(|_| Fault::Name(name.to_owned()))?;
        let verifier = Arc::new(self.verifier.renewed());
        let mut config = ClientConfig::clone(&self.config);
        config.dangerous().set_certificate_verifier(Arc::<Verifier>::clone(&verifier));
        let asked = Arc::new(Asked::new(config.client_auth_cert_resolver));
        config.client_auth_cert_resolver = Arc::<Asked>::clone(&asked);
        let connection = ClientConnection::new(Arc::new(config), server);
        Ok((connection.map_err(|error| Fault::from(&error))?, Shown { verifier, asked, only: self.only }))
    }
}
