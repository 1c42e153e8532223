//! TLS by rustls on ring: how much of the server's certificate is verified, by whom it must be signed, and our own certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plugin::{Deadline, ReadError, read_file};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

/// How much TLS there must be on a TCP connection; the names are those of the client's --ssl-mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Level {
    /// None.
    Off,
    /// If the server offers it; nothing is verified.
    #[default]
    Prefer,
    /// Always; nothing is verified.
    Require,
    /// Always, and the certificate is signed by an authority of --tls-ca, whatever name it has.
    VerifyCa,
    /// The same, and it is made out to the name or address that was asked.
    VerifyIdentity,
}

/// Files of certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    /// Whom to trust.
    pub(crate) authorities: Option<PathBuf>,
    /// Our own certificate, with those between it and its authority.
    pub(crate) certificate: Option<PathBuf>,
    /// Its key.
    pub(crate) key: Option<PathBuf>,
}

/// Where systems keep the authorities that they trust: Debian and others, Red Hat, Alpine and BSDs.
const SYSTEM: [&str; 3] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// The most octets of a file with certificates.
const LARGEST: u64 = 4 << 20;

/// Why TLS cannot be set up on our side.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file holds no usable certificate or key.
    #[error("reading {}: {what}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Nobody to trust.
    #[error("no authorities to verify the server by: name a file by --tls-ca")]
    Authorities,
    /// rustls refuses it.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The client's side for this level; the files are read here and only now.
///
/// # Errors
/// [`TlsError`]: a file is missing or no certificate, or nobody is trusted.
pub(crate) fn client(level: Level, files: &Files, deadline: &Deadline) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let roots = if level >= Level::VerifyCa { authorities(files, deadline)? } else { RootCertStore::empty() };
    let setup = |error: Error| TlsError::Setup(describe(&error));
    let verifier = Verifier { level, roots, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(setup)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let config = match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => {
            let octets = read_file(key, LARGEST, deadline)?;
            let key_der = PrivateKeyDer::from_pem_slice(&octets).map_err(|error| wrong(key, &error.to_string()))?;
            let chain = certificates(certificate, deadline)?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| wrong(certificate, &describe(&error)))?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn wrong(path: &Path, what: &str) -> TlsError {
    TlsError::File { path: path.to_owned(), what: what.to_owned() }
}

fn certificates(path: &Path, deadline: &Deadline) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let octets = read_file(path, LARGEST, deadline)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(wrong(path, "no certificate in it")),
        Err(error) => Err(wrong(path, &error.to_string())),
    }
}

fn authorities(files: &Files, deadline: &Deadline) -> Result<RootCertStore, TlsError> {
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let path = files.authorities.clone().or_else(system).ok_or(TlsError::Authorities)?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates(&path, deadline)?);
    if added == 0 { Err(wrong(&path, "no usable certificate in it")) } else { Ok(roots) }
}

/// Verifies what the level asks for.
#[derive(Debug)]
struct Verifier {
    level: Level,
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.level >= Level::VerifyCa {
            let parsed = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
            if self.level == Level::VerifyIdentity {
                verify_server_name(&parsed, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    // Who verifies no certificate gains nothing from a signature by its key, and MySQL's own certificates may be too old for it.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.level < Level::VerifyCa {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.level < Level::VerifyCa {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What rustls says, in the words of who set up a database.
pub(crate) fn describe(error: &Error) -> String {
    use CertificateError as C;
    match error {
        // Authorities of the same name, as MySQL makes them by itself, differ in their keys only.
        Error::InvalidCertificate(C::UnknownIssuer | C::BadSignature) => {
            "the server certificate is not signed by a trusted authority".to_owned()
        }
        Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "the server certificate is not made out to this name or address (subjectAltName)".to_owned()
        }
        Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "the server certificate has expired".to_owned(),
        Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "the server certificate is not valid yet".to_owned()
        }
        Error::InvalidCertificate(C::Other(OtherError(inner))) => format!("the server certificate is not usable: {inner}"),
        Error::InvalidCertificate(other) => format!("the server certificate is not usable: {other}"),
        Error::AlertReceived(alert) => format!("TLS alert of the server: {alert:?}"),
        other => format!("TLS: {other}"),
    }
}
