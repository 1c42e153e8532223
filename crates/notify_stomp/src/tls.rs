//! TLS to a broker, by rustls: certificates are always verified.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plugin::{Deadline, ReadError, read_file};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Where systems keep the certificates of authorities: Debian, Red Hat, SUSE, FreeBSD, macOS.
const AUTHORITIES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/etc/ssl/cert.pem",
];
/// The most octets of a file of them.
const LARGEST: u64 = 8 << 20;

/// Why no TLS can be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file has no certificate, or one that is none.
    #[error("--tls-ca {}: {why}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The system has no file of authorities where one is expected.
    #[error("no authorities to verify the broker by: give them by --tls-ca (looked for {})", AUTHORITIES.join(", "))]
    NoAuthorities,
    /// The broker's name cannot be in a certificate.
    #[error("{0} cannot be verified: it is no name that a certificate can have")]
    Name(String),
    /// What rustls does not accept.
    #[error("TLS: {0}")]
    Setting(rustls::Error),
}

/// The settings for all connections of a run.
pub(crate) fn settings(authorities: Option<&Path>, deadline: &Deadline) -> Result<Arc<ClientConfig>, TlsError> {
    let path = match authorities {
        Some(path) => path,
        None => AUTHORITIES.iter().map(Path::new).find(|path| path.exists()).ok_or(TlsError::NoAuthorities)?,
    };
    let pem = read_file(path, LARGEST, deadline)?;
    let wrong = |why: String| TlsError::Authorities { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        match roots.add(certificate) {
            // Of the system's own many, one that is not understood vouches for nobody.
            Err(error) if authorities.is_some() => return Err(wrong(error.to_string())),
            _ => {}
        }
    }
    if roots.is_empty() {
        return Err(wrong("no certificate in it".to_owned()));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let builder = builder.map_err(TlsError::Setting)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The state of one connection to the broker called `host`.
pub(crate) fn client(settings: &Arc<ClientConfig>, host: &str) -> Result<ClientConnection, TlsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
    ClientConnection::new(Arc::clone(settings), name).map_err(TlsError::Setting)
}

/// What rustls says, without the words that only its authors need.
pub(crate) fn reason(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let text = error.to_string();
    Some(
        text.strip_prefix("invalid peer certificate: ")
            .map_or_else(|| text.clone(), |why| format!("its certificate is not valid: {why}")),
    )
}
