//! The verification of a server's certificate during the handshake.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::authorities::Authorities;

/// How much of a server's certificate is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verify {
    /// Nothing, nor that the server has its key: as good as no certificate.
    Nothing,
    /// An authority signed it, and it is valid now; for any name.
    Chain,
    /// The same, and it is for the name or address that was asked for.
    #[default]
    Full,
}

/// Verifies as much as it is told to.
#[derive(Debug)]
pub(super) struct Verifier {
    verify: Verify,
    authorities: Authorities,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(verify: Verify, authorities: Authorities, provider: Arc<CryptoProvider>) -> Self {
        Self { verify, authorities, provider }
    }
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
        let name = match self.verify {
            Verify::Nothing => return Ok(ServerCertVerified::assertion()),
            Verify::Chain => None,
            Verify::Full => Some(name.to_str()),
        };
        let chain: Vec<CertificateDer<'_>> =
            [certificate].into_iter().chain(intermediates).cloned().collect();
        let verified = self.authorities.verify(&chain, name.as_deref(), Duration::from_secs(now.as_secs()));
        let wrong = |fault| Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(fault))));
        verified.map(|()| ServerCertVerified::assertion()).map_err(wrong)
    }

    // Without a verified certificate a signature by its key proves nothing, and MySQL's own certificates may
    // be too old for it.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.verify == Verify::Nothing {
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
        if self.verify == Verify::Nothing {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
