//! The verification of a server's certificate during the handshake.
//!
//! More kinds of signatures are offered than can be verified: without the offer a server with such a key ends
//! the handshake, and seems broken.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use webpki::EndEntityCert;

use super::authorities::Authorities;
use super::certificate::{End, not_after};
use super::fault::Fault;
use super::key::{self, Unverifiable, Use};

/// The schemes of keys for RSA-PSS alone, which rustls has no names for (RFC 8446, section 4.2.3), each with
/// the same signature by another key.
const OFFERED_RSA_PSS: [(SignatureScheme, SignatureScheme); 3] = [
    (SignatureScheme::Unknown(0x0809), SignatureScheme::RSA_PSS_SHA256),
    (SignatureScheme::Unknown(0x080a), SignatureScheme::RSA_PSS_SHA384),
    (SignatureScheme::Unknown(0x080b), SignatureScheme::RSA_PSS_SHA512),
];

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

/// Verifies as much as it is told to, for one connection.
#[derive(Debug)]
pub(super) struct Verifier {
    verify: Verify,
    authorities: Arc<Authorities>,
    provider: Arc<CryptoProvider>,
    /// When the first certificate ends of a chain that is accepted.
    first_end: OnceLock<Option<End>>,
}

impl Verifier {
    pub(super) fn new(verify: Verify, authorities: Authorities, provider: Arc<CryptoProvider>) -> Self {
        Self { verify, authorities: Arc::new(authorities), provider, first_end: OnceLock::new() }
    }

    /// Returns the same verifier for another connection.
    pub(super) fn renewed(&self) -> Self {
        let (authorities, provider) = (Arc::clone(&self.authorities), Arc::clone(&self.provider));
        Self { verify: self.verify, authorities, provider, first_end: OnceLock::new() }
    }

    /// Returns when the first certificate ends of the chain that the server showed: its own where the chain
    /// is not verified. `None` until the chain is accepted, and if that cannot be read.
    pub(super) fn first_end(&self) -> Option<End> {
        self.first_end.get().cloned().flatten()
    }

    /// Returns whether the chain that the server showed is accepted.
    pub(super) fn has_accepted(&self) -> bool {
        self.first_end.get().is_some()
    }

    /// Verifies the chain that a server of this name showed, as of `now` after 1970.
    fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>, now: Duration) -> Result<(), Fault> {
        let name = match self.verify {
            Verify::Nothing => return Ok(()),
            Verify::Chain => None,
            Verify::Full => Some(name.to_str()),
        };
        let own = chain.first().ok_or(Fault::NoCertificate)?;
        match (self.authorities.verify(chain, name.as_deref(), now), check_key(own)) {
            // A weak key is the server's fault, whatever cannot be verified.
            (Err(Fault::Unverifiable(..)), Err(weak @ Fault::WeakKey(..))) => Err(weak),
            (verified, of_key) => verified.and(of_key),
        }
    }

    /// When the first certificate of a chain ends, as of `now` after 1970.
    fn end_of(&self, chain: &[CertificateDer<'_>], now: Duration) -> Option<End> {
        match self.verify {
            Verify::Nothing => chain.first().and_then(not_after).map(End::of_server),
            Verify::Chain | Verify::Full => self.authorities.first_end(chain, now),
        }
    }
}

fn wrong(fault: Fault) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(fault))))
}

/// Checks that the signature of a server in the handshake can be verified, by the key of its certificate.
fn check_key(certificate: &CertificateDer<'_>) -> Result<(), Fault> {
    let own = EndEntityCert::try_from(certificate).map_err(Fault::from)?;
    match key::of_server(&own.subject_public_key_info()) {
        Some(Use::Weak(bits)) => Err(Fault::WeakKey(bits, None)),
        Some(Use::Unverifiable(kind)) => {
            Err(Fault::Unverifiable(Unverifiable { kind, of_authority: false }, None))
        }
        Some(Use::Verifiable) | None => Ok(()),
    }
}

/// Verifies a signature by a key for RSA-PSS alone: webpki refuses the name of such keys, and the signature
/// is as good.
fn verify_rsa_pss(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    same: SignatureScheme,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let own = EndEntityCert::try_from(certificate).map_err(|error| wrong(Fault::from(error)))?;
    let info = own.subject_public_key_info();
    let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == same);
    let algorithm = known.and_then(|(_, algorithms)| algorithms.first());
    let verified = key::rsa_pss(&info)
        .zip(algorithm)
        .is_some_and(|(key, algorithm)| algorithm.verify_signature(key, message, signed.signature()).is_ok());
    if verified {
        return Ok(HandshakeSignatureValid::assertion());
    }
    Err(Error::InvalidCertificate(CertificateError::BadSignature))
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
        let chain: Vec<CertificateDer<'_>> =
            [certificate].into_iter().chain(intermediates).cloned().collect();
        let now = Duration::from_secs(now.as_secs());
        self.judge(&chain, name, now).map_err(|fault| wrong(fault.ending(|| self.end_of(&chain, now))))?;
        let _ = self.first_end.set(self.end_of(&chain, now));
        Ok(ServerCertVerified::assertion())
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
        let algorithms = &self.provider.signature_verification_algorithms;
        match OFFERED_RSA_PSS.iter().find(|(offered, _)| *offered == signed.scheme) {
            Some((_, same)) => verify_rsa_pss(message, certificate, signed, *same, algorithms),
            None => verify_tls13_signature(message, certificate, signed, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = self.provider.signature_verification_algorithms.supported_schemes();
        let rsa_pss = OFFERED_RSA_PSS.map(|(offered, _)| offered);
        known.into_iter().chain(rsa_pss).chain([SignatureScheme::ED448]).collect()
    }
}
